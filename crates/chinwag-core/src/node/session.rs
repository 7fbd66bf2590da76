//! Live connections: who is there, and how they come to be known.
//!
//! Whoever dials says first who they are. Whoever is dialled answers only those it knows, or who
//! bring a valid invite; of everybody else it learns at most their wish.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_crypto::Hash;

use super::conversation::Conversation;
use super::tickets::Joining;
use super::{Handled, Node, Peer};
use crate::entry::Seq;
use crate::env::Env;
use crate::identity::{AccountLog, SignedOperation};
use crate::ids::{AccountId, ConversationId, DeviceId, EntryId};
use crate::input::Link;
use crate::output::{Event, Output};
use crate::sync::frontier::Frontier;
use crate::sync::ranges::Ranges;
use crate::time::{Mono, Wall};
use crate::violation::Violation;
use crate::wire::codec::Encode as _;
use crate::wire::limits::{SESSIONS_PER_DEVICE_MAX, SESSIONS_UNPROVEN_MAX, STRANGERS_BYTES_MAX};
use crate::wire::message::{Hello, Message, VERSION, Wish};

/// How long a peer may take to say who it is, or to send what it said it has: microseconds.
const ANSWER_WITHIN: u64 = 30 * 1_000_000;

/// One live connection.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) device: DeviceId,
    /// Whether we dialled.
    pub(super) is_dialled: bool,
    standing: Standing,
    /// Whether we said who we are; whom we dialled hears it at once, others when they are welcome.
    greeted: Greeted,
    /// Whether they have our account log, or it is on its way to them: only then do they know what
    /// to make of what else we send.
    knows_us: bool,
    /// Whether we have no key of theirs to seal a bundle with.
    lacks_prekeys: bool,
    /// What was asked for and has not come: from which entry on, and by when it must.
    pub(super) asked: BTreeMap<(ConversationId, DeviceId), (Seq, Mono)>,
    /// Which entries of each log were handed on, or are known to be there.
    pub(super) sent: BTreeMap<(ConversationId, DeviceId), Ranges>,
    /// Up to which entry each log went by [bulk](Lane::Bulk) last.
    pub(super) bulk: BTreeMap<(ConversationId, DeviceId), Seq>,
    /// Logs that can't be put together from what they send.
    pub(super) unfit: BTreeSet<(ConversationId, DeviceId)>,
    /// How much of our own logs we told them of, where it was more than a page.
    pub(super) told: BTreeMap<ConversationId, u64>,
    /// In which conversations they said that our own log goes on.
    pub(super) doubted: BTreeSet<ConversationId>,
    /// What they say they have, or have sent.
    pub(super) claims: BTreeMap<ConversationId, Frontier>,
    /// What they say they have, of groups.
    pub(super) said: BTreeMap<ConversationId, Frontier>,
    /// What they said last of all that they have, of groups.
    pub(super) whole_there: BTreeMap<ConversationId, Frontier>,
    /// Of which groups something that they sent was of no use here.
    pub(super) left_aside: BTreeSet<ConversationId>,
    /// Which operations they were shown by which they are no member any more.
    pub(super) removals_shown: BTreeSet<EntryId>,
    /// Of which groups they were asked to say that.
    pub(super) asked_whole: BTreeSet<ConversationId>,
    /// Which forks they were told of.
    pub(super) forks_told: BTreeSet<(ConversationId, DeviceId)>,
    /// Which conversations they compare anew: what they were sent of them before, they may have
    /// had no use for yet.
    pub(super) anew: BTreeSet<ConversationId>,
    /// What we said last that we know of accounts, in answer to what they know.
    pub(super) accounts_answered: BTreeMap<AccountId, Hash>,
    /// How whose logs begin they were asked, who are not known.
    pub(super) unnamed_asked: BTreeSet<(ConversationId, DeviceId)>,
    /// Into which group they are let, to join.
    pub(super) joining: Option<Joining>,
    /// What they said they have read of entries that were not here then.
    pub(super) reads_ahead: BTreeMap<ConversationId, Frontier>,
}

/// What we said of ourselves.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Greeted {
    /// Nothing yet.
    No,
    /// What our account log was then, and what brings us there.
    With { digest: Hash, wish: Wish },
}

/// How far we are with somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    /// They have to say who they are by then.
    Silent { until: Mono },
    /// They said so, and are known or invited; their account has to confirm it.
    Named { account: AccountId, wish: Wish, until: Mono },
    /// They are a stranger with a request; their account has to confirm who they are.
    Stranger { until: Mono, text: String, shown: AccountLog, bytes: usize },
    /// They are who they say.
    Open { account: AccountId },
}

impl Session {
    /// When something is due from the other side.
    pub(super) fn deadline(&self) -> Option<Mono> {
        let asked = self.asked.values().map(|(_, due)| *due).min();
        match self.standing {
            Standing::Silent { until }
            | Standing::Named { until, .. }
            | Standing::Stranger { until, .. } => Some(until),
            Standing::Open { .. } => {
                let to_join = self.joining.and_then(|joining| joining.until);
                asked.into_iter().chain(to_join).min()
            }
        }
    }

    /// How much is held of the account log of a stranger.
    const fn bytes_shown(&self) -> usize {
        match self.standing {
            Standing::Stranger { bytes, .. } => bytes,
            _ => 0,
        }
    }

    /// Whose device it is, once that is proven.
    pub(super) const fn account(&self) -> Option<AccountId> {
        match self.standing {
            Standing::Open { account } => Some(account),
            _ => None,
        }
    }

    /// Whether they have our account log, or it is on its way.
    pub(super) const fn knows_us(&self) -> bool {
        self.knows_us
    }
}

pub(super) fn later(now: Mono) -> Mono {
    Mono::new(now.get().saturating_add(ANSWER_WITHIN))
}

impl Node {
    /// A connection is there: if we dialled, we say who we are.
    pub(super) fn connected(
        &mut self,
        env: &Env<'_>,
        link: Link,
        device: DeviceId,
        is_dialled: bool,
    ) {
        if self.own.is_none() || self.is_revoked() {
            return self.outputs.push_back(Output::Close { link, why: None });
        }
        let of_device = self.sessions.values().filter(|session| session.device == device);
        let unproven = self.sessions.values().filter(|session| session.account().is_none());
        if of_device.count() >= SESSIONS_PER_DEVICE_MAX
            || (!is_dialled && unproven.count() >= SESSIONS_UNPROVEN_MAX)
        {
            let why = Some(Violation::TooManySessions);
            return self.outputs.push_back(Output::Close { link, why });
        }
        let session = Session {
            device,
            is_dialled,
            standing: Standing::Silent { until: later(env.mono) },
            greeted: Greeted::No,
            knows_us: false,
            lacks_prekeys: false,
            asked: BTreeMap::new(),
            sent: BTreeMap::new(),
            bulk: BTreeMap::new(),
            told: BTreeMap::new(),
            unfit: BTreeSet::new(),
            doubted: BTreeSet::new(),
            claims: BTreeMap::new(),
            said: BTreeMap::new(),
            whole_there: BTreeMap::new(),
            asked_whole: BTreeSet::new(),
            left_aside: BTreeSet::new(),
            removals_shown: BTreeSet::new(),
            forks_told: BTreeSet::new(),
            anew: BTreeSet::new(),
            accounts_answered: BTreeMap::new(),
            unnamed_asked: BTreeSet::new(),
            joining: None,
            reads_ahead: BTreeMap::new(),
        };
        self.sessions.insert(link, session);
        if is_dialled {
            self.say_hello(link);
        }
    }

    fn say_hello(&mut self, link: Link) {
        let Some(own) = self.account() else { return };
        let Some(device) = self.sessions.get(&link).map(|session| session.device) else { return };
        let (digest, wish) = (self.digest_of(own), self.wish(device));
        if let Wish::Join { group, .. } = &wish {
            self.last_asked.insert(device, *group);
        }
        if let Some(session) = self.sessions.get_mut(&link) {
            session.greeted = Greeted::With { digest, wish: wish.clone() };
        }
        self.send(link, &Message::Hello(Hello { version: VERSION, account: own, digest, wish }));
    }

    /// They say who they are.
    pub(super) fn hello(&mut self, env: &mut Env<'_>, link: Link, hello: &Hello) -> Handled {
        let Some(session) = self.sessions.get(&link) else { return Ok(Ok(())) };
        if !matches!(session.standing, Standing::Silent { .. }) {
            return Ok(Err(Violation::OutOfTurn));
        }
        if hello.version != VERSION {
            return Ok(Err(Violation::Version(hello.version)));
        }
        let is_greeted = session.greeted != Greeted::No;
        if !self.is_welcome(hello, session.device, env.wall) {
            return Ok(self.stranger(env.mono, link, hello));
        }
        let (account, wish) = (hello.account, hello.wish.clone());
        self.stand(link, Standing::Named { account, wish, until: later(env.mono) });
        if !is_greeted {
            self.say_hello(link);
        }
        self.send(link, &Message::Known { digest: self.digest_of(account) });
        if self.digest_of(account) == hello.digest {
            return self.confirm(env, link);
        }
        // They may lack a part of their own account log as well: a new device does.
        let known = self.operations_of(account);
        if !known.is_empty() {
            self.send_operations(link, known);
        }
        Ok(Ok(()))
    }

    fn stand(&mut self, link: Link, standing: Standing) {
        if let Some(session) = self.sessions.get_mut(&link) {
            session.standing = standing;
        }
    }

    /// Known, ourselves on another device, the one our ticket leads to, or invited.
    fn is_welcome(&self, hello: &Hello, device: DeviceId, now: Wall) -> bool {
        if self.is_blocked(hello.account) {
            return false;
        }
        self.is_contact(hello.account)
            || self.account() == Some(hello.account)
            || self.is_fellow(hello.account)
            || self.is_awaited(hello.account)
            || self.leads_to_group(hello.account)
            || self.invite_of(&hello.wish, now).is_some()
            || self.opened_by(&hello.wish, hello.account, device, now).is_some()
    }

    /// Somebody we don't know: they may leave a request, if they can show that they are who they
    /// say. They learn nothing of us but that we can be reached.
    fn stranger(&mut self, now: Mono, link: Link, hello: &Hello) -> Result<(), Violation> {
        let text = match &hello.wish {
            Wish::Request(text) => text,
            // One answer, whatever is wrong: it does not say whether there is such a group here.
            Wish::Join { .. } => return Err(Violation::TicketNotGood),
            Wish::Nothing | Wish::Redeem(_) => return Err(Violation::NotWelcome),
        };
        let (account, text) = (hello.account, text.clone());
        if !self.has_room_for_request(account) || self.is_blocked(account) {
            return Err(Violation::NotWelcome);
        }
        let shown = AccountLog::new(account);
        self.stand(link, Standing::Stranger { until: later(now), text, shown, bytes: 0 });
        self.send(link, &Message::Known { digest: AccountLog::new(account).digest() });
        Ok(())
    }

    /// They know so much of our account: if that is not all, they get it. They wait for it as well
    /// if it is all, but more than what we said it is: a newer part came to them another way.
    pub(super) fn known(&mut self, link: Link, digest: Hash) -> Result<(), Violation> {
        let Some(own) = self.account() else { return Ok(()) };
        let Some(session) = self.sessions.get(&link) else { return Err(Violation::OutOfTurn) };
        let Greeted::With { digest: said, wish } = &session.greeted else {
            return Err(Violation::OutOfTurn);
        };
        // Whom we ask does not say who they are before they want to.
        let is_request = matches!(wish, Wish::Request(_));
        if matches!(session.standing, Standing::Silent { .. }) && !is_request {
            return Err(Violation::OutOfTurn);
        }
        if digest != self.digest_of(own) || digest != *said {
            let operations = self.operations_of(own);
            self.send_operations(link, operations);
        }
        if let Some(session) = self.sessions.get_mut(&link) {
            session.knows_us = true;
        }
        self.begin_session(link);
        Ok(())
    }

    /// Account logs: before somebody is known, what makes them so; afterwards, what is new.
    pub(super) fn operations(
        &mut self,
        env: &mut Env<'_>,
        link: Link,
        operations: Vec<SignedOperation>,
        is_last: bool,
    ) -> Handled {
        let Some(session) = self.sessions.get(&link) else { return Ok(Ok(())) };
        let device = session.device;
        let account = match session.standing {
            Standing::Silent { .. } => return Ok(Err(Violation::OutOfTurn)),
            Standing::Stranger { .. } => {
                return self.introduced(env, link, operations, is_last);
            }
            Standing::Named { account, .. } | Standing::Open { account } => account,
        };
        let is_theirs = operations.first().is_none_or(|o| o.operation.account == account);
        let from = Peer { account, device, link: Some(link) };
        if let Err(violation) = self.learn(env, from, operations)? {
            return Ok(Err(violation));
        }
        let is_named = matches!(self.standing(link), Some(Standing::Named { .. }));
        if is_named && is_last && is_theirs { self.confirm(env, link) } else { Ok(Ok(())) }
    }

    /// A stranger shows their account, in one message or several: of it only the name is kept, with
    /// the request.
    fn introduced(
        &mut self,
        env: &mut Env<'_>,
        link: Link,
        operations: Vec<SignedOperation>,
        is_last: bool,
    ) -> Handled {
        let more: usize = operations.iter().map(|operation| operation.to_bytes().len()).sum();
        let held: usize = self.sessions.values().map(Session::bytes_shown).sum();
        let Some(session) = self.sessions.get_mut(&link) else { return Ok(Ok(())) };
        let device = session.device;
        let Standing::Stranger { text, shown, bytes, .. } = &mut session.standing else {
            return Ok(Err(Violation::OutOfTurn));
        };
        if held.saturating_add(more) > STRANGERS_BYTES_MAX {
            return Ok(Err(Violation::TooManySessions));
        }
        *bytes = bytes.saturating_add(more);
        if operations.into_iter().any(|operation| shown.add(operation).is_err()) {
            return Ok(Err(Violation::WrongOperation));
        }
        if !is_last {
            return Ok(Ok(()));
        }
        let is_theirs = shown.devices(env.wall).any(|certificate| certificate.device == device);
        let Some(name) = shown.name().cloned().filter(|_| is_theirs) else {
            return Ok(Err(Violation::NotCertified));
        };
        let (account, text) = (shown.account(), std::mem::take(text));
        self.requested(env, account, device, name, text)?;
        self.close(link, None);
        Ok(Ok(()))
    }

    /// Their account is known: is this device theirs? Then the session is open, and whoever came
    /// with a ticket is a contact.
    fn confirm(&mut self, env: &mut Env<'_>, link: Link) -> Handled {
        let (Some(Standing::Named { account, wish, .. }), Some(device)) =
            (self.standing(link), self.sessions.get(&link).map(|s| s.device))
        else {
            return Ok(Ok(()));
        };
        if !self.is_device_of(account, device, env.wall) {
            return Ok(Err(Violation::NotCertified));
        }
        let opened = self.opened_by(&wish, account, device, env.wall);
        if let Err(violation) = self.admit(env, account, &wish, opened.is_some())? {
            return Ok(Err(violation));
        }
        if self.is_blocked(account) {
            return Ok(Err(Violation::NotWelcome));
        }
        let was_here = self.connected_devices().contains(&device);
        self.stand(link, Standing::Open { account });
        if !was_here {
            self.tell(Event::Peer { account, device, is_here: true });
        }
        self.search_soon(env.mono);
        let joining = opened.map(|group| self.joining(group, account, env.mono));
        let lacks_prekeys = env.store.peer_prekeys(device)?.is_empty();
        if let Some(session) = self.sessions.get_mut(&link) {
            session.lacks_prekeys = lacks_prekeys;
            session.joining = joining;
        }
        self.begin_session(link);
        Ok(Ok(()))
    }

    /// Both sides know each other: each says what it has.
    fn begin_session(&mut self, link: Link) {
        let Some(account) = self.ready(link) else { return };
        if self.account() == Some(account) {
            self.send(link, &Message::Accounts(self.digests_for(account)));
        }
        if self.sessions.get(&link).is_some_and(|session| session.lacks_prekeys) {
            self.send(link, &Message::PrekeysWanted);
        }
        let joining = self.sessions.get(&link).and_then(|session| session.joining);
        if let Some(creation) = joining.and_then(|joining| self.how_it_begins(joining.group)) {
            // They may join, and hear the rest when they have.
            self.send(link, &creation);
        }
        let mut shared = self.shared_with(account);
        // Whoever used a ticket of ours, or asked, takes us for a contact by the first of these, and
        // of groups hears from contacts only.
        shared.sort_by_key(|id| self.group(*id).is_some());
        for id in shared {
            self.introduce_group(link, id);
            self.send_forks(link, id);
            self.send_have(link, id, None, false);
            self.send_read(link, id);
        }
    }

    /// The account at the other end, once it can make sense of whatever we send.
    pub(super) fn ready(&self, link: Link) -> Option<AccountId> {
        let session = self.sessions.get(&link)?;
        session.account().filter(|_| session.knows_us)
    }

    fn standing(&self, link: Link) -> Option<Standing> {
        self.sessions.get(&link).map(|session| session.standing.clone())
    }

    /// Who is at the other end of a connection, once that is proven.
    pub(super) fn peer(&self, link: Link) -> Option<Peer> {
        let session = self.sessions.get(&link)?;
        Some(Peer { account: session.account()?, device: session.device, link: Some(link) })
    }

    /// Checks that somebody is a member of a conversation.
    pub(super) fn member(&self, from: Peer, id: ConversationId) -> Result<(), Violation> {
        let is_ours = self.account() == Some(from.account);
        let has = |conversation: &Conversation| conversation.has(from.account);
        let is_member = is_ours || self.conversations.get(&id).is_some_and(has);
        if is_member { Ok(()) } else { Err(Violation::NotMember) }
    }

    /// Whether somebody who speaks of a conversation is a member. Of a group others may speak as well:
    /// what we lack of it may be what says that they are in it. They are told nothing. And what is
    /// said of a conversation that we do not know may be of a group that we have no room for.
    pub(super) fn hears(&self, from: Peer, id: ConversationId) -> Result<bool, Violation> {
        let is_known = self.conversations.contains_key(&id);
        match self.member(from, id) {
            Ok(()) => Ok(true),
            Err(_) if self.group(id).is_some() || !is_known => Ok(false),
            Err(violation) => Err(violation),
        }
    }

    /// Whether whoever is at the other end may be told what is in a conversation.
    pub(super) fn may_hear(&self, link: Link, id: ConversationId) -> bool {
        let is_member = |peer| self.member(peer, id).is_ok();
        self.group(id).is_none() || self.peer(link).is_some_and(is_member)
    }

    pub(super) fn close(&mut self, link: Link, why: Option<Violation>) {
        self.forget(link);
        self.outputs.push_back(Output::Close { link, why });
    }

    /// Closes all connections to an account.
    pub(super) fn close_all(&mut self, account: AccountId) {
        let is_theirs = |session: &Session| match &session.standing {
            Standing::Open { account: of } | Standing::Named { account: of, .. } => *of == account,
            _ => false,
        };
        let theirs = self.sessions.iter().filter(|(_, session)| is_theirs(session));
        let links: Vec<Link> = theirs.map(|(link, _)| *link).collect();
        for link in links {
            self.close(link, None);
        }
    }

    /// Closes the connections to these devices on which nobody has said yet who they are.
    pub(super) fn close_unproven(&mut self, devices: &[DeviceId]) {
        let is_silent = |session: &Session| {
            matches!(session.standing, Standing::Silent { .. }) && devices.contains(&session.device)
        };
        let silent = self.sessions.iter().filter(|(_, session)| is_silent(session));
        let links: Vec<Link> = silent.map(|(link, _)| *link).collect();
        for link in links {
            self.close(link, None);
        }
    }

    /// Closes the connections to devices that their accounts took off or that go on as others: they
    /// have heard of it, and hear nothing else. All of them, if it is this device that was taken off.
    pub(super) fn close_removed(&mut self) {
        let is_over = self.is_revoked();
        let is_removed = |session: &Session| {
            let log = session.account().and_then(|account| self.accounts.get(&account));
            let known = log.and_then(|log| log.device(session.device));
            known.is_some_and(|known| !known.is_current())
        };
        let removed = self.sessions.iter().filter(|(_, session)| is_over || is_removed(session));
        let links: Vec<Link> = removed.map(|(link, _)| *link).collect();
        for link in links {
            self.close(link, None);
        }
    }

    pub(super) fn forget(&mut self, link: Link) {
        let Some(session) = self.sessions.remove(&link) else { return };
        // Of two connections that cross one goes: its device stays.
        let is_here = self.connected_devices().contains(&session.device);
        if let Some(account) = session.account().filter(|_| !is_here) {
            self.tell(Event::Peer { account, device: session.device, is_here: false });
        }
        self.feed_from_others(link);
        self.search_soon(self.seen.0);
    }

    /// Closes the connections on which something is overdue.
    pub(super) fn close_overdue(&mut self, now: Mono) {
        let is_overdue = |session: &Session| session.deadline().is_some_and(|due| due <= now);
        let overdue: Vec<Link> =
            self.sessions.iter().filter(|(_, s)| is_overdue(s)).map(|(link, _)| *link).collect();
        for link in overdue {
            self.close(link, Some(Violation::TooSlow));
        }
    }
}

impl Node {
    /// Compares anew what is here and there, in all conversations with an account: with everybody
    /// who is connected.
    pub(super) fn compare_again(&mut self, account: AccountId) {
        let naming = self.groups_naming(account);
        let ids: BTreeSet<ConversationId> =
            self.shared_with(account).into_iter().chain(naming).collect();
        self.compare_again_in(&ids);
    }

    /// Compares anew what is here and there in these conversations.
    pub(super) fn compare_again_in(&mut self, ids: &BTreeSet<ConversationId>) {
        let links: Vec<Link> = self.sessions.keys().copied().collect();
        for link in links {
            let Some(peer) = self.peer(link).filter(|_| self.ready(link).is_some()) else {
                continue;
            };
            for id in ids {
                if self.member(peer, *id).is_ok() {
                    self.send_have(link, *id, None, true);
                }
            }
        }
    }
}
