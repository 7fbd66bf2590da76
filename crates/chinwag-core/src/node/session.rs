//! Live connections: who is there, what they have, and what goes to and fro.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_crypto::Hash;

use super::Node;
use crate::entry::Seq;
use crate::env::Env;
use crate::identity::{AccountLog, OperationFault, SignedOperation};
use crate::ids::{AccountId, ConversationId, DeviceId};
use crate::input::Link;
use crate::log::{Base, CheckedRun, Run, RunFault};
use crate::output::Event;
use crate::store::{Contact, Invite, StoreError, StoredEntry};
use crate::sync::frontier::Frontier;
use crate::sync::plan::{Gap, next_gaps};
use crate::sync::ranges::{Range, Ranges};
use crate::time::{Mono, Wall};
use crate::violation::Violation;
use crate::wire::limits::{FRAME_MAX, PAGE_BYTES_MAX, PAGE_MAX, PAGES_IN_FLIGHT_MAX};
use crate::wire::message::{Hello, Message, VERSION};

/// How long a peer may take to say who it is, or to send what it said it has: microseconds.
const ANSWER_WITHIN: u64 = 30 * 1_000_000;

type Handled = Result<Result<(), Violation>, StoreError>;

/// One live connection.
#[derive(Debug)]
pub(super) struct Session {
    device: DeviceId,
    standing: Standing,
    /// What our account log was when we said who we are.
    digest_said: Hash,
    /// Whether they have our account log, or it is on its way to them: only then do they know what
    /// to make of what else we send.
    knows_us: bool,
    /// What was asked for and has not come, and by when it must.
    asked: BTreeMap<(ConversationId, DeviceId), Mono>,
    /// Up to which entry each log was handed on, or is known to be there.
    sent: BTreeMap<(ConversationId, DeviceId), u64>,
}

/// How far we are with somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    /// They have to say who they are by then.
    Silent { until: Mono },
    /// They said so, and are known or invited; their account has to confirm it.
    Named { account: AccountId, secret: Option<[u8; 16]>, until: Mono },
    /// They are who they say.
    Open { account: AccountId },
}

impl Session {
    /// When something is due from the other side.
    pub(super) fn deadline(&self) -> Option<Mono> {
        let asked = self.asked.values().min().copied();
        match self.standing {
            Standing::Silent { until } | Standing::Named { until, .. } => Some(until),
            Standing::Open { .. } => asked,
        }
    }
}

fn later(now: Mono) -> Mono {
    Mono::new(now.get().saturating_add(ANSWER_WITHIN))
}

impl Node {
    /// A connection is there: we say who we are.
    pub(super) fn connected(&mut self, env: &Env<'_>, link: Link, device: DeviceId) {
        let Some(own) = &self.own else { return };
        let digest_said = self.digest_of(own.account);
        let hello = Hello {
            version: VERSION,
            account: own.account,
            digest: digest_said,
            secret: self.tickets.get(&device).map(|ticket| ticket.secret),
        };
        let standing = Standing::Silent { until: later(env.mono) };
        let (asked, sent) = (BTreeMap::new(), BTreeMap::new());
        let session = Session { device, standing, digest_said, knows_us: false, asked, sent };
        self.sessions.insert(link, session);
        self.send(link, &Message::Hello(hello));
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
        let device = session.device;
        if !self.is_welcome(hello, device, env.wall) {
            return Ok(Err(Violation::NotWelcome));
        }
        let (account, secret) = (hello.account, hello.secret);
        if let Some(session) = self.sessions.get_mut(&link) {
            session.standing = Standing::Named { account, secret, until: later(env.mono) };
        }
        self.send(link, &Message::Known { digest: self.digest_of(account) });
        if self.digest_of(account) == hello.digest { self.confirm(env, link) } else { Ok(Ok(())) }
    }

    /// Known, ourselves on another device, the one our ticket leads to, or invited.
    fn is_welcome(&self, hello: &Hello, device: DeviceId, now: Wall) -> bool {
        let known = self.contacts.get(&hello.account);
        if let Some(contact) = known {
            return !contact.is_blocked;
        }
        let is_own = self.account() == Some(hello.account);
        let ticket = self.tickets.get(&device);
        let is_awaited = ticket.is_some_and(|ticket| ticket.account == hello.account);
        let invite = hello.secret.and_then(|secret| self.invites.get(&secret));
        let is_invited =
            invite.is_some_and(|invite| invite.expires.is_none_or(|expires| now < expires));
        is_own || is_awaited || is_invited
    }

    fn digest_of(&self, account: AccountId) -> Hash {
        let log = self.accounts.get(&account);
        log.map_or_else(|| AccountLog::new(account).digest(), AccountLog::digest)
    }

    /// They know so much of our account: if that is not all, they get it. They wait for it as well
    /// if it is all, but more than what we said it is: a newer part came to them another way.
    pub(super) fn known(&mut self, link: Link, digest: Hash) -> Result<(), Violation> {
        let Some(account) = self.account() else { return Ok(()) };
        let Some(session) = self.sessions.get(&link) else { return Err(Violation::OutOfTurn) };
        if matches!(session.standing, Standing::Silent { .. }) {
            return Err(Violation::OutOfTurn);
        }
        if (digest != self.digest_of(account) || digest != session.digest_said)
            && let Some(log) = self.accounts.get(&account)
        {
            let operations = log.operations().into_iter().cloned().collect();
            self.send(link, &Message::Operations(operations));
        }
        if let Some(session) = self.sessions.get_mut(&link) {
            session.knows_us = true;
        }
        self.say_what_is_here(link);
        Ok(())
    }

    /// What is new in our account log goes to everybody who has the rest.
    pub(super) fn tell_operations(&mut self, operations: &[SignedOperation]) {
        let knowing = self.sessions.iter().filter(|(_, session)| session.knows_us);
        let links: Vec<Link> = knowing.map(|(link, _)| *link).collect();
        for link in links {
            self.send(link, &Message::Operations(operations.to_vec()));
        }
    }

    /// The first receipts of a session that both sides have opened.
    fn say_what_is_here(&mut self, link: Link) {
        let Some(account) = self.ready(link) else { return };
        for conversation in self.shared_with(account) {
            self.send_have(link, conversation, None);
        }
    }

    /// The account at the other end, once it can make sense of whatever we send.
    fn ready(&self, link: Link) -> Option<AccountId> {
        match self.sessions.get(&link)? {
            Session { standing: Standing::Open { account }, knows_us: true, .. } => Some(*account),
            _ => None,
        }
    }

    /// Their account log.
    pub(super) fn operations(
        &mut self,
        env: &mut Env<'_>,
        link: Link,
        operations: Vec<SignedOperation>,
    ) -> Handled {
        let standing = self.standing(link);
        let Some(Standing::Named { account, .. } | Standing::Open { account }) = standing else {
            return Ok(Err(Violation::OutOfTurn));
        };
        let mut log =
            self.accounts.get(&account).cloned().unwrap_or_else(|| AccountLog::new(account));
        let mut new = Vec::new();
        for operation in operations {
            match log.add(operation.clone()) {
                Ok(true) => new.push(operation),
                Ok(false) => {}
                Err(OperationFault::TooMany | OperationFault::UnknownParent(_)) => break,
                Err(_) => return Ok(Err(Violation::WrongOperation)),
            }
        }
        for operation in &new {
            env.store.add_operation(operation)?;
        }
        self.accounts.insert(account, log);
        match self.standing(link) {
            Some(Standing::Named { .. }) => self.confirm(env, link),
            _ => Ok(Ok(())),
        }
    }

    /// Their account is known: is this device theirs? Then the session is open, and whoever came
    /// with a ticket is a contact.
    fn confirm(&mut self, env: &mut Env<'_>, link: Link) -> Handled {
        let (Some(Standing::Named { account, secret, .. }), Some(device)) =
            (self.standing(link), self.sessions.get(&link).map(|s| s.device))
        else {
            return Ok(Ok(()));
        };
        if !self.is_device_of(account, device, env.wall) {
            return Ok(Err(Violation::NotCertified));
        }
        if let Err(violation) = self.admit(env, account, device, secret)? {
            return Ok(Err(violation));
        }
        if let Some(session) = self.sessions.get_mut(&link) {
            session.standing = Standing::Open { account };
        }
        self.say_what_is_here(link);
        Ok(Ok(()))
    }

    /// Whoever came with an invite is a contact. Whom our own ticket leads to may stay, and is a
    /// contact when they [say so](Self::accepted): to take the sending of their account for a yes
    /// would make a contact of somebody to whom we are none, when the connection breaks there.
    fn admit(
        &mut self,
        env: &mut Env<'_>,
        account: AccountId,
        device: DeviceId,
        secret: Option<[u8; 16]>,
    ) -> Handled {
        let invite = secret.and_then(|secret| self.invites.get(&secret)).cloned();
        if let Some(Invite { secret, is_reusable: false, .. }) = &invite {
            env.store.remove_invite(secret)?;
            self.invites.remove(secret);
        }
        if self.contacts.contains_key(&account) || self.account() == Some(account) {
            return Ok(Ok(()));
        }
        let is_awaited = self.tickets.get(&device).is_some_and(|t| t.account == account);
        if invite.is_none() && !is_awaited {
            // Another came with the same invite while this one's account was on its way.
            return Ok(Err(Violation::NotWelcome));
        }
        // Two who each redeemed a ticket of the other both want it, whatever became of the invites.
        if invite.is_some() || secret.is_some() {
            self.befriend(env, account)?;
        }
        Ok(Ok(()))
    }

    /// They speak of the conversation with us, so we are their contact, for good: now the ticket
    /// that led to them has done its work.
    fn accepted(
        &mut self,
        env: &mut Env<'_>,
        link: Link,
        id: ConversationId,
    ) -> Result<(), StoreError> {
        let Some(Session { device, standing: Standing::Open { account }, .. }) =
            self.sessions.get(&link)
        else {
            return Ok(());
        };
        let (device, account) = (*device, *account);
        let is_ours = self.account().is_some_and(|own| id == ConversationId::direct(own, account));
        if !is_ours || self.tickets.get(&device).is_none_or(|ticket| ticket.account != account) {
            return Ok(());
        }
        env.store.remove_ticket(device)?;
        self.tickets.remove(&device);
        if self.contacts.contains_key(&account) { Ok(()) } else { self.befriend(env, account) }
    }

    /// Makes somebody a contact, and says so on every connection that is open to them.
    fn befriend(&mut self, env: &mut Env<'_>, account: AccountId) -> Result<(), StoreError> {
        let contact = Contact { account, called: None, is_verified: false, is_blocked: false };
        env.store.put_contact(&contact)?;
        self.know(contact);
        self.tell(Event::Contact { account });
        let links: Vec<Link> = self.sessions.keys().copied().collect();
        for link in links {
            if self.ready(link) == Some(account) {
                self.say_what_is_here(link);
            }
        }
        Ok(())
    }

    /// What they have: a receipt for what we sent, and a list of what we lack.
    pub(super) fn have(
        &mut self,
        env: &mut Env<'_>,
        link: Link,
        id: ConversationId,
        frontier: &Frontier,
    ) -> Handled {
        self.accepted(env, link, id)?;
        let device = match self.member(link, id) {
            Ok(device) => device,
            Err(violation) => return Ok(Err(violation)),
        };
        for (author, ranges) in frontier.iter() {
            let known = self.note_receipt(env, id, device, author, ranges)?;
            self.note_sent(link, id, author, ranges.height().min(known));
        }
        self.catch_up(env, link, id)?;
        self.ask(env.mono, link);
        Ok(Ok(()))
    }

    /// Notes that a device has entries of a member's, and tells of those of ours that it did not
    /// have before. The result is its height in that log.
    ///
    /// Of authors that are not known nothing is noted, and of our own log nothing that we did not
    /// write: a liar would fill our memory and be shown what it never got.
    fn note_receipt(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        device: DeviceId,
        author: DeviceId,
        ranges: &Ranges,
    ) -> Result<u64, StoreError> {
        let (is_ours, is_own) = (self.is_ours(author), self.device() == Some(author));
        let is_known = is_ours || self.is_members(id, author);
        let Some(conversation) = self.conversations.get_mut(&id).filter(|_| is_known) else {
            return Ok(0);
        };
        let known = conversation.receipts.get(&device);
        let mut receipt = known.cloned().unwrap_or_default();
        let before = receipt.height(author);
        let written = if is_own { conversation.here.height(author) } else { u64::MAX };
        let ranges = ranges.at_most(written);
        if !ranges.is_empty() {
            receipt.merge(author, &ranges);
        }
        let height = receipt.height(author);
        if !ranges.is_empty() && known != Some(&receipt) {
            env.store.put_receipt(id, device, &receipt)?;
            conversation.receipts.insert(device, receipt);
        }
        if height > before && author != device && is_ours {
            self.tell(Event::Delivered { conversation: id, author, height, to: device });
        }
        Ok(height)
    }

    /// Whether a device is or was one of the other member's.
    fn is_members(&self, id: ConversationId, device: DeviceId) -> bool {
        let with = self.conversations.get(&id).and_then(|c| self.accounts.get(&c.with));
        with.is_some_and(|log| log.device(device).is_some())
    }

    /// Whether a device is one of our account's, this one or another.
    fn is_ours(&self, device: DeviceId) -> bool {
        let log = self.account().and_then(|account| self.accounts.get(&account));
        log.is_some_and(|log| log.device(device).is_some())
    }

    /// What they want. What they were sent and do not have yet is on its way on this connection,
    /// which keeps the order: it is not sent twice.
    pub(super) fn want(
        &mut self,
        env: &mut Env<'_>,
        link: Link,
        id: ConversationId,
        author: DeviceId,
        range: Range,
    ) -> Handled {
        if let Err(violation) = self.member(link, id) {
            return Ok(Err(violation));
        }
        let sent = self.sessions.get(&link).and_then(|s| s.sent.get(&(id, author))).copied();
        if range.from().get() <= sent.unwrap_or(0) {
            return Ok(Ok(()));
        }
        if let Some(run) = page(env, id, author, range)? {
            if let Some((last, _)) = run.entries.last() {
                self.note_sent(link, id, author, last.seq().get());
            }
            self.send(link, &Message::Entries { conversation: id, author, run });
        }
        Ok(Ok(()))
    }

    /// Entries, asked for or new.
    pub(super) fn entries(
        &mut self,
        env: &mut Env<'_>,
        link: Link,
        id: ConversationId,
        author: DeviceId,
        run: Run,
    ) -> Handled {
        let device = match self.member(link, id) {
            Ok(device) => device,
            Err(violation) => return Ok(Err(violation)),
        };
        let Some((first, last)) = run.entries.first().zip(run.entries.last()) else {
            return Ok(Err(Violation::WrongRun(RunFault::Empty)));
        };
        let (first, height) = (first.0.seq().get(), last.0.seq().get());
        if !self.is_authors_to_write(id, author, height) {
            return Ok(Err(Violation::ForeignAuthor));
        }
        if let Some(session) = self.sessions.get_mut(&link) {
            session.asked.remove(&(id, author));
        }
        let Some(conversation) = self.conversations.get(&id) else { return Ok(Ok(())) };
        let base = conversation.base(author);
        let ours = conversation.here.height(author);
        self.note_sent(link, id, author, height);
        if first > ours.saturating_add(1) {
            // New entries that overtook what is on its way: they come again after it.
            self.has_too(env, id, device, author, height)?;
            self.ask(env.mono, link);
            return Ok(Ok(()));
        }
        let Some(run) = newer_than(run, base) else {
            self.send_have(link, id, Some(author));
            self.ask(env.mono, link);
            return Ok(Ok(()));
        };
        let checked = match run.check(id, author, base) {
            Ok(checked) => checked,
            Err(fault) => return Ok(Err(Violation::WrongRun(fault))),
        };
        self.accept(env, id, author, &checked, Some(link))?;
        self.has_too(env, id, device, author, height)?;
        self.send_have(link, id, Some(author));
        self.ask(env.mono, link);
        Ok(Ok(()))
    }

    /// Keeps a checked run, tells of it, and hands it to everybody else who is connected.
    pub(super) fn accept(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        author: DeviceId,
        run: &CheckedRun,
        from: Option<Link>,
    ) -> Result<(), StoreError> {
        env.store.append(run)?;
        let Some(conversation) = self.conversations.get_mut(&id) else { return Ok(()) };
        if let Base::Head(seq, head) = run.base() {
            conversation.heads.insert(author, (seq, head));
            conversation.here.insert(author, Range::up_to(seq));
        }
        for entry in run.entries() {
            let (header, body) = (entry.header().clone(), entry.body().map(<[u8]>::to_vec));
            self.tell(Event::Entry { id: entry.id(), header, body });
        }
        // Nobody is handed what they sent or wrote, on whatever connection it came.
        let from = from.and_then(|link| self.sessions.get(&link)).map(|session| session.device);
        let lacks = |session: &Session| Some(session.device) != from && session.device != author;
        let lacking = self.sessions.iter().filter(|(_, session)| lacks(session));
        let links: Vec<Link> = lacking.map(|(link, _)| *link).collect();
        for link in links {
            if self.ready(link).is_some() && self.member(link, id).is_ok() {
                self.hand_on(link, id, author, run);
            }
        }
        Ok(())
    }

    /// Sends a run to somebody who has all that comes before it. Others get it when they have.
    fn hand_on(&mut self, link: Link, id: ConversationId, author: DeviceId, run: &CheckedRun) {
        let Some((first, last)) = run.entries().first().zip(run.entries().last()) else { return };
        let (first, last) = (first.header().seq().get(), last.header().seq().get());
        let Some(session) = self.sessions.get_mut(&link) else { return };
        let sent = session.sent.entry((id, author)).or_default();
        if sent.saturating_add(1) != first {
            return;
        }
        *sent = last;
        let entries = run.entries().iter();
        let entries = entries.map(|e| (e.header().clone(), e.body().map(<[u8]>::to_vec))).collect();
        let run = Run { entries, signature: *run.signature() };
        self.send(link, &Message::Entries { conversation: id, author, run });
    }

    /// Sends what we wrote while they did not know of it: one page, the rest as they ask.
    fn catch_up(
        &mut self,
        env: &mut Env<'_>,
        link: Link,
        id: ConversationId,
    ) -> Result<(), StoreError> {
        let Some(own) = self.device() else { return Ok(()) };
        let Some(conversation) = self.conversations.get(&id) else { return Ok(()) };
        let ours = conversation.here.height(own);
        let sent = self.sessions.get(&link).and_then(|s| s.sent.get(&(id, own))).copied();
        let next = Seq::new(sent.unwrap_or(0).saturating_add(1));
        let Some(range) = next.zip(Seq::new(ours)).and_then(|(from, to)| Range::new(from, to))
        else {
            return Ok(());
        };
        if let Some(run) = page(env, id, own, range)? {
            if let Some((last, _)) = run.entries.last() {
                self.note_sent(link, id, own, last.seq().get());
            }
            self.send(link, &Message::Entries { conversation: id, author: own, run });
        }
        Ok(())
    }

    /// Asks for what they have and we don't, a page at a time for each log.
    fn ask(&mut self, now: Mono, link: Link) {
        let Some(Session { device, standing: Standing::Open { account }, asked, .. }) =
            self.sessions.get(&link)
        else {
            return;
        };
        let (device, account, own) = (*device, *account, self.device());
        let mut under_way: BTreeSet<_> = asked.keys().copied().collect();
        let piece = Seq::MIN.saturating_add(u64::try_from(PAGE_MAX - 1).unwrap_or(0));
        for id in self.shared_with(account) {
            let Some(conversation) = self.conversations.get(&id) else { continue };
            let Some(there) = conversation.receipts.get(&device) else { continue };
            for Gap { author, range } in next_gaps(&conversation.here, there, piece) {
                let is_full = under_way.len() >= PAGES_IN_FLIGHT_MAX;
                if is_full || Some(author) == own || !under_way.insert((id, author)) {
                    continue;
                }
                if let Some(session) = self.sessions.get_mut(&link) {
                    session.asked.insert((id, author), later(now));
                }
                self.send(link, &Message::Want { conversation: id, author, range });
            }
        }
    }

    /// Notes that a device has what it sent us.
    fn has_too(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        device: DeviceId,
        author: DeviceId,
        height: u64,
    ) -> Result<(), StoreError> {
        let Some(height) = Seq::new(height) else { return Ok(()) };
        self.note_receipt(env, id, device, author, &Ranges::of(Range::up_to(height)))?;
        Ok(())
    }

    fn send_have(&mut self, link: Link, id: ConversationId, only: Option<DeviceId>) {
        let Some(conversation) = self.conversations.get(&id) else { return };
        let mut frontier = Frontier::default();
        for (author, ranges) in conversation.here.iter() {
            if only.is_none_or(|only| only == author) {
                ranges.iter().for_each(|range| frontier.insert(author, range));
            }
        }
        self.send(link, &Message::Have { conversation: id, frontier });
    }

    fn note_sent(&mut self, link: Link, id: ConversationId, author: DeviceId, height: u64) {
        if let Some(session) = self.sessions.get_mut(&link) {
            let sent = session.sent.entry((id, author)).or_default();
            *sent = (*sent).max(height);
        }
    }

    fn standing(&self, link: Link) -> Option<Standing> {
        self.sessions.get(&link).map(|session| session.standing.clone())
    }

    /// The device at the other end, if its account is a member of the conversation.
    fn member(&self, link: Link, id: ConversationId) -> Result<DeviceId, Violation> {
        let session = self.sessions.get(&link).ok_or(Violation::OutOfTurn)?;
        let Standing::Open { account } = session.standing else {
            return Err(Violation::OutOfTurn);
        };
        let conversation = self.conversations.get(&id).ok_or(Violation::NotMember)?;
        let is_member = conversation.with == account || self.account() == Some(account);
        if is_member { Ok(session.device) } else { Err(Violation::NotMember) }
    }

    /// Whether an author may have so many entries in a conversation.
    fn is_authors_to_write(&self, id: ConversationId, author: DeviceId, height: u64) -> bool {
        let Some(conversation) = self.conversations.get(&id) else { return false };
        let members = [Some(conversation.with), self.account()];
        members.into_iter().flatten().any(|member| self.counts_for(member, author, id, height))
    }

    /// Closes the connections on which something is overdue.
    pub(super) fn close_overdue(&mut self, now: Mono) {
        let is_overdue = |session: &Session| session.deadline().is_some_and(|due| due <= now);
        let overdue: Vec<Link> =
            self.sessions.iter().filter(|(_, s)| is_overdue(s)).map(|(link, _)| *link).collect();
        for link in overdue {
            self.close(link, Violation::TooSlow);
        }
    }
}

/// The entries of a range that fit into a message, up to one that is signed.
fn page(
    env: &mut Env<'_>,
    id: ConversationId,
    author: DeviceId,
    range: Range,
) -> Result<Option<Run>, StoreError> {
    // A run came to us in one message, so its signature is within one. Where only the whole message
    // reaches it, the rest of that run goes alone, and fits as it did then.
    for bytes in [PAGE_BYTES_MAX, FRAME_MAX / 2, FRAME_MAX] {
        let from = Range::new(range.from(), Seq::MAX).unwrap_or(range);
        let entries = env.store.entries(id, author, from, PAGE_MAX, bytes)?;
        let wanted = entries.iter().take_while(|e| e.header.seq() <= range.to()).count();
        let is_signed = |entry: &StoredEntry| entry.signature.is_some();
        let after = entries.iter().skip(wanted.saturating_sub(1)).position(is_signed);
        let upto = match after {
            _ if bytes == FRAME_MAX => entries.iter().position(is_signed),
            Some(more) => Some(wanted.saturating_sub(1) + more),
            None => entries.iter().rposition(is_signed),
        };
        let Some(upto) = upto else { continue };
        let Some(signature) = entries.get(upto).and_then(|entry| entry.signature) else { continue };
        let entries = entries.into_iter().take(upto + 1).map(|e| (e.header, e.body)).collect();
        return Ok(Some(Run { entries, signature }));
    }
    Ok(None)
}

/// The part of a run that comes after what we have; `None` when there is none. A run that differs
/// from what we have is left whole, so that its check fails.
fn newer_than(run: Run, base: Base) -> Option<Run> {
    let Base::Head(seq, head) = base else { return Some(run) };
    let known = run.entries.iter().filter(|(header, _)| header.seq() <= seq).count();
    let at_head = run.entries.iter().find(|(header, _)| header.seq() == seq);
    if at_head.is_some_and(|(header, _)| header.id() != head) {
        return Some(run);
    }
    let entries: Vec<_> = run.entries.into_iter().skip(known).collect();
    (!entries.is_empty()).then_some(Run { entries, signature: run.signature })
}
