//! Groups: what people do in them, what is known of them without any protocol, and what must hold after
//! every step. What must hold in the end is in `ending`.
//!
//! The **audience of record** of an entry are the accounts that are members by the operations in its
//! past: what its author knew. It is widened by operations that its author did not know of, as whoever hands the
//! entry on knows them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use chinwag_core::body::{Content, Kind};
use chinwag_core::entry::{Header, Seq};
use chinwag_core::identity::Name;
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::input::{Command, Link};
use chinwag_core::log::Run;
use chinwag_core::membership::{
    Action, By, GroupTicket, Placed, Right, Role, Setting, State, Topic, Verdict, resolve,
};
use chinwag_core::node::Node;
use chinwag_core::output::{GroupRefusal, Refusal};
use chinwag_core::store::{Invitation, Store, StoredEntry};
use chinwag_core::wire::message::Message;

use crate::model::{Asked, Written};
use crate::network::{SECOND, Who};
use crate::sim::{What, World};

/// From how many devices on a group is a large one.
const LARGE: usize = 13;

/// Whom the founder lets in at once.
const LET_IN_AT_ONCE: usize = 4;

/// What is known of a group.
#[derive(Debug)]
pub(crate) struct Group {
    /// Who began it.
    pub(crate) founder: Who,
    /// All whom anybody ever named, rightly or not.
    pub(crate) named: BTreeSet<AccountId>,
    /// All operations that were ever kept by anybody.
    operations: BTreeMap<EntryId, Placed>,
    /// Who ever had a ticket to it in their hands.
    handed: BTreeSet<AccountId>,
}

/// What somebody knows of a group after a step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Knows {
    operations: Rc<BTreeSet<EntryId>>,
    members: Rc<BTreeSet<AccountId>>,
}

impl Knows {
    /// Whether an account is a member, as they know.
    pub(crate) fn has(&self, account: AccountId) -> bool {
        self.members.contains(&account)
    }
}

/// The entries that come before one: of each log, how many.
type Past = BTreeMap<DeviceId, u64>;

/// What was noted of the entries of groups.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    /// The past of each, itself in it.
    pasts: BTreeMap<EntryId, Rc<Past>>,
    places: BTreeMap<EntryId, (DeviceId, u64)>,
    at: BTreeMap<(ConversationId, DeviceId, u64), EntryId>,
    /// Where logs have two entries at one place, the lowest of these.
    forked: BTreeMap<(ConversationId, DeviceId), u64>,
    /// The accounts that may have the body of each.
    audiences: BTreeMap<EntryId, BTreeSet<AccountId>>,
    /// Who is a member by which operations.
    members: BTreeMap<Vec<EntryId>, Rc<BTreeSet<AccountId>>>,
}

/// What somebody wanted of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// To let somebody in, or make them an admin.
    Grant(AccountId),
    /// To remove somebody.
    Remove(AccountId),
    /// To make a member of an admin.
    Demote,
    /// To leave.
    Leave,
    /// To change a setting.
    Set,
    /// To join.
    Join,
    /// Not to join.
    Decline,
    /// To note that all is read.
    Read,
    /// To tell that one is typing.
    Typing,
    /// To make a ticket.
    MakeTicket,
    /// To take a ticket back.
    RevokeTicket,
    /// To join by a ticket.
    UseTicket,
}

impl World<'_> {
    // What people do.

    /// Somebody begins a group, and invites all others to become contacts.
    pub(crate) fn found(&mut self, who: Who) {
        let own = self.people[who].account;
        let others = (0..self.people.len()).filter(|other| self.people[*other].account != own);
        let guests: Vec<Who> = others.collect();
        let invite = Command::Invite { is_reusable: true, lifetime_s: None, addresses: Vec::new() };
        self.ask(who, Asked::Invite(guests, true), invite);
        self.begin_group(who);
    }

    pub(crate) fn begin_group(&mut self, who: Who) {
        let name = Name::new(&format!("group {}", self.model.next)).expect("a name");
        self.ask(who, Asked::Found, Command::CreateGroup(name));
    }

    pub(crate) fn founded(&mut self, who: Who, id: EntryId) {
        let Some(entry) = self.store(who).entry(id).ok().flatten() else {
            return self.fail(&format!("{who} answers for a group that it has not"));
        };
        let id = entry.header.conversation;
        let named = BTreeSet::from([self.people[who].account]);
        self.groups.insert(
            id,
            Group { founder: who, named, operations: BTreeMap::new(), handed: BTreeSet::new() },
        );
        self.cover("groups begun");
        self.at(self.now + 2 * SECOND, What::Gather(who, id));
    }

    /// The founder lets contacts in, until all are.
    pub(crate) fn gather(&mut self, who: Who, id: ConversationId) {
        if self.now >= self.peace {
            return;
        }
        let named = self.groups.get(&id).map(|group| group.named.clone()).unwrap_or_default();
        let people = self.people[who].store.people().filter(|c| c.is_contact && !c.is_blocked);
        let missing: Vec<AccountId> =
            people.map(|contact| contact.account).filter(|a| !named.contains(a)).collect();
        for account in missing.into_iter().take(LET_IN_AT_ONCE) {
            let right = if self.dice.once_in(4) { Right::Admin } else { Right::Member };
            let command = Command::Grant { group: id, account, right };
            self.ask(who, Asked::Deed(id, Deed::Grant(account)), command);
        }
        let again = self.now + self.dice.between(2, 6) * SECOND;
        self.at(again, What::Gather(who, id));
    }

    /// A group that somebody has, and what they are in it.
    fn some_group(&mut self, who: Who) -> Option<(ConversationId, Role)> {
        let own = self.people[who].account;
        let node = self.people[who].node.as_ref()?;
        let groups = node.groups().filter_map(|(id, state)| Some((id, state.role(own)?)));
        let all: Vec<_> = groups.collect();
        self.dice.pick(&all)
    }

    fn members_there(&self, who: Who, id: ConversationId) -> Vec<(AccountId, Role)> {
        let state = self.people[who].node.as_ref().and_then(|node| node.group(id));
        let members = state.into_iter().flat_map(|state| state.members.iter());
        members.map(|(account, member)| (*account, member.role)).collect()
    }

    pub(crate) fn grant_in_group(&mut self, who: Who) {
        let Some((group, _)) = self.some_group(who) else { return };
        let named = self.groups.get(&group).map(|group| group.named.clone()).unwrap_or_default();
        let contacts = self.people[who].store.people().filter(|c| c.is_contact);
        let all: BTreeSet<AccountId> = contacts.map(|c| c.account).chain(named).collect();
        let all: Vec<AccountId> = all.into_iter().collect();
        let Some(account) = self.dice.pick(&all) else { return };
        let right = if self.dice.once_in(3) { Right::Admin } else { Right::Member };
        let command = Command::Grant { group, account, right };
        self.ask(who, Asked::Deed(group, Deed::Grant(account)), command);
    }

    pub(crate) fn remove_in_group(&mut self, who: Who) {
        let Some((group, role)) = self.some_group(who) else { return };
        let own = self.people[who].account;
        let members = self.members_there(who, group);
        let below: Vec<(AccountId, Role)> =
            members.into_iter().filter(|(account, of)| *account != own && *of < role).collect();
        let Some((account, of)) = self.dice.pick(&below) else { return };
        let demotes = of == Role::Admin && self.dice.once_in(2);
        let keeps = demotes.then_some(Right::Member);
        let deed = if demotes { Deed::Demote } else { Deed::Remove(account) };
        self.ask(who, Asked::Deed(group, deed), Command::Remove { group, account, keeps });
    }

    /// Whoever began a group stays in it.
    pub(crate) fn leave_group(&mut self, who: Who) {
        let Some((group, _)) = self.some_group(who) else { return };
        let account = self.people[who].account;
        let founder = self.groups.get(&group).map(|group| self.people[group.founder].account);
        if founder == Some(account) {
            return;
        }
        let keeps = self.dice.once_in(4).then_some(Right::Member);
        let command = Command::Remove { group, account, keeps };
        self.ask(who, Asked::Deed(group, Deed::Leave), command);
    }

    pub(crate) fn set_in_group(&mut self, who: Who) {
        let Some((group, _)) = self.some_group(who) else { return };
        let number = self.model.next;
        let setting = match self.dice.below(3) {
            0 => Setting::Topic(Topic::new(&format!("topic {number}")).expect("a topic")),
            _ => Setting::Name(Name::new(&format!("name {number}")).expect("a name")),
        };
        self.ask(who, Asked::Deed(group, Deed::Set), Command::SetGroup(group, setting));
    }

    /// Somebody was invited to a group, and says after a while whether they join.
    pub(crate) fn was_invited(&mut self, who: Who, id: ConversationId) {
        self.cover("invitations shown");
        let later = self.now + self.dice.between(1, 8 * SECOND);
        self.at(later, What::AnswerGroup(who, id));
    }

    pub(crate) fn answer_group(&mut self, who: Who, id: ConversationId) {
        let invitations = self.people[who].store.invitations().unwrap_or_default();
        let is_open = |i: &Invitation| i.group == id && i.answer.is_none();
        if !invitations.iter().any(is_open) {
            return;
        }
        let (deed, command) = if self.dice.once_in(12) {
            (Deed::Decline, Command::DeclineGroup(id))
        } else {
            (Deed::Join, Command::JoinGroup(id))
        };
        self.ask(who, Asked::Deed(id, deed), command);
    }

    pub(crate) fn join_group(&mut self, who: Who) {
        let invitations = self.people[who].store.invitations().unwrap_or_default();
        if let Some(open) = invitations.iter().find(|invitation| invitation.answer.is_none()) {
            return self.answer_group(who, open.group);
        }
        let Some((group, _)) = self.some_group(who) else { return };
        self.ask(who, Asked::Deed(group, Deed::Join), Command::JoinGroup(group));
    }

    pub(crate) fn say_in_group(&mut self, who: Who) {
        let Some((group, _)) = self.some_group(who) else { return };
        for _ in 0..if self.dice.once_in(6) { self.dice.between(2, 12) } else { 1 } {
            let content = Content::Text(self.words(who));
            let command = Command::SayInGroup { group, content: content.clone(), client_id: None };
            self.ask(who, Asked::InGroup(group, content), command);
        }
    }

    /// Changes, takes back, or reacts to what was said in a group.
    pub(crate) fn change_in_group(&mut self, who: Who) {
        let Some((group, _)) = self.some_group(who) else { return };
        let own = self.people[who].account;
        let recent = self.people[who].store.timeline(group, None, 12).unwrap_or_default();
        let texts: Vec<_> = recent.iter().filter(|e| e.header.kind == Kind::TEXT).collect();
        let Some(entry) = texts.get(self.dice.place(texts.len())) else { return };
        let (of, is_theirs) = (entry.id, self.account_of(entry.header.author) == Some(own));
        let (content, command) = match self.dice.below(3) {
            0 if is_theirs => {
                let text = self.words(who);
                (Content::Edit { of, text: text.clone() }, Command::Edit { of, text })
            }
            1 if is_theirs => (Content::Retraction { of }, Command::Retract(of)),
            _ => {
                let (emoji, is_on) = ("👍".to_owned(), !self.dice.once_in(3));
                let content = Content::Reaction { to: of, is_on, emoji: emoji.clone() };
                (content, Command::React { to: of, emoji, is_on })
            }
        };
        self.ask(who, Asked::InGroup(group, content), command);
    }

    /// Whether there is a reason to decline what was wanted of a group: whoever was a member when it was
    /// meant may be none any more.
    pub(crate) fn is_fair_in_group(&self, who: Who, refusal: &Refusal) -> bool {
        match refusal {
            Refusal::Group(refusal) => *refusal != GroupRefusal::NotTaken,
            Refusal::NoEntry(_) | Refusal::Busy | Refusal::TicketExpired | Refusal::OwnTicket => {
                true
            }
            Refusal::NoContact(account) => {
                !self.store(who).contact(*account).is_some_and(|contact| contact.is_contact)
            }
            Refusal::Revoked => self.is_revoked(who),
            _ => false,
        }
    }

    pub(crate) fn read_in_group(&mut self, who: Who) {
        let Some((group, _)) = self.some_group(who) else { return };
        let (deed, command) = match self.dice.below(3) {
            0 => (Deed::Typing, Command::TypingIn(group, self.dice.once_in(2))),
            _ => (Deed::Read, Command::MarkReadIn(group)),
        };
        self.ask(who, Asked::Deed(group, deed), command);
    }

    pub(crate) fn carry_in_group(&mut self, who: Who) {
        if let Some((group, _)) = self.some_group(who) {
            self.ask(who, Asked::Export, Command::ExportGroup(group));
        }
    }

    /// Whoever decides makes a ticket to a group, or takes one back.
    pub(crate) fn ticket_to_group(&mut self, who: Who) {
        let Some((group, role)) = self.some_group(who) else { return };
        let state = self.people[who].node.as_ref().and_then(|node| node.group(group));
        let tickets: Vec<EntryId> =
            state.into_iter().flat_map(|state| state.tickets.keys().copied()).collect();
        if role == Role::Member {
            return;
        }
        if self.dice.once_in(3)
            && let Some(ticket) = self.dice.pick(&tickets)
        {
            let command = Command::RevokeTicket { group, ticket };
            return self.ask(who, Asked::Deed(group, Deed::RevokeTicket), command);
        }
        let lifetime_s = self.dice.once_in(4).then_some(30);
        let command = Command::MakeTicket { group, lifetime_s, addresses: Vec::new() };
        self.ask(who, Asked::Deed(group, Deed::MakeTicket), command);
    }

    /// A ticket goes to some people, whoever they are.
    pub(crate) fn hand_out_to_group(&mut self, ticket: &GroupTicket) {
        for _ in 0..self.dice.between(1, 3) {
            let guest = self.dice.place(self.people.len());
            let account = self.people[guest].account;
            if let Some(group) = self.groups.get_mut(&ticket.group) {
                group.handed.insert(account);
                group.named.insert(account);
            }
            let later = self.now + self.dice.between(1, 10 * SECOND);
            self.at(later, What::HandToGroup(guest, ticket.clone()));
        }
    }

    pub(crate) fn hand_to_group(&mut self, guest: Who, ticket: GroupTicket) {
        if self.now < self.peace {
            let asked = Asked::Deed(ticket.group, Deed::UseTicket);
            self.ask(guest, asked, Command::UseTicket(ticket));
        }
    }

    /// Whether somebody ever had a ticket to a group.
    pub(crate) fn was_handed(&self, who: Who) -> bool {
        let account = self.people[who].account;
        self.groups.values().any(|group| group.handed.contains(&account))
    }

    // What is known without any protocol.

    fn typed_in(&mut self, who: Who, id: ConversationId) {
        let own = self.people[who].account;
        let named = self.groups.get(&id).map(|group| group.named.clone()).unwrap_or_default();
        self.model.typed.extend(named.into_iter().map(|other| (own, other)));
    }

    /// Something was said in a group.
    pub(crate) fn wrote_in(
        &mut self,
        who: Who,
        id: ConversationId,
        content: Content,
        entry: EntryId,
    ) {
        let account = self.people[who].account;
        let Some(stored) = self.store(who).entry(entry).ok().flatten() else {
            return self.fail(&format!("{who} answers for an entry that it has not"));
        };
        if let Content::Retraction { of } = &content {
            self.model.retracted.insert((account, *of));
        }
        let written = Written {
            id: entry,
            by: who,
            account,
            conversation: id,
            content,
            device: stored.header.author,
            position: stored.position(),
            lifetime_s: stored.header.lifetime_s,
            is_sure: self.is_honest(who) && !self.model.revoked.contains(&stored.header.author),
        };
        self.model.written.insert(entry, written);
        self.cover("things said in groups");
    }

    /// Somebody did something in a group.
    pub(crate) fn count_deed(&mut self, who: Who, id: ConversationId, deed: Deed) {
        self.cover(match deed {
            Deed::Grant(_) => "grants",
            Deed::Remove(_) => "removals",
            Deed::Demote => "demotions",
            Deed::Leave => "leavings",
            Deed::Set => "settings of groups",
            Deed::Join => "joinings",
            Deed::Decline => "invitations declined",
            Deed::Read => "groups read",
            Deed::Typing => "typing in groups",
            Deed::MakeTicket => "tickets to groups made",
            Deed::RevokeTicket => "tickets to groups revoked",
            Deed::UseTicket => "tickets to groups used",
        });
        match deed {
            Deed::Read => self.read_all_in(who, id),
            Deed::Typing => self.typed_in(who, id),
            _ => {}
        }
        let own = self.people[who].account;
        if let Deed::Remove(other) = deed
            && self.removed_unseen(who, id, other, own)
        {
            self.cover("mutual removals");
        }
        if let Deed::Grant(other) = deed
            && self.removed_unseen(who, id, own, other)
        {
            self.cover("grants while removed");
        }
    }

    /// Whether somebody has removed an account, and it is not known here.
    fn removed_unseen(&self, who: Who, id: ConversationId, by: AccountId, whom: AccountId) -> bool {
        let Some(group) = self.groups.get(&id) else { return false };
        let known = self.people[who].knows.get(&id).cloned().unwrap_or_default();
        let is_mutual = by != self.people[who].account;
        group.operations.values().any(|operation| {
            let is_about = matches!(operation.action(), Action::Remove(r) if r.account == whom);
            let is_by = !is_mutual || self.account_of(operation.author()) == Some(by);
            is_about && is_by && !known.operations.contains(&operation.id())
        })
    }

    /// Notes the entries of groups that a step has kept.
    pub(crate) fn note_entries(&mut self, who: Who) {
        if self.groups.is_empty() {
            return;
        }
        for id in self.store(who).changes.entries.clone() {
            let Some(entry) = self.store(who).entry(id).ok().flatten() else { continue };
            if self.groups.contains_key(&entry.header.conversation) {
                self.note_entry(who, &entry);
            }
        }
    }

    fn note_entry(&mut self, who: Who, entry: &StoredEntry) {
        let group = entry.header.conversation;
        if let Ok(placed) = Placed::read(&entry.header, entry.body.as_deref().unwrap_or_default())
            && let Some(group) = self.groups.get_mut(&group)
        {
            if let Action::Grant { account, .. } = placed.action() {
                group.named.insert(*account);
            }
            group.operations.entry(placed.id()).or_insert(placed);
        }
        if !self.noted.pasts.contains_key(&entry.id) {
            self.note_past(who, entry);
        }
        self.check_came(who, entry);
    }

    /// The past of an entry, and who is its audience.
    fn note_past(&mut self, who: Who, entry: &StoredEntry) {
        let header = &entry.header;
        let mut past = Past::new();
        for before in header.parents.iter().chain(header.place.backlink()) {
            for (author, height) in self.noted.pasts.get(&before).into_iter().flat_map(|p| p.iter())
            {
                let upto = past.entry(*author).or_default();
                *upto = (*upto).max(*height);
            }
        }
        past.insert(header.author, header.seq().get());
        self.noted.pasts.insert(entry.id, Rc::new(past));
        let (author, seq) = (header.author, header.seq().get());
        self.noted.places.insert(entry.id, (author, seq));
        let first = *self.noted.at.entry((header.conversation, author, seq)).or_insert(entry.id);
        if first != entry.id {
            let at = self.noted.forked.entry((header.conversation, author)).or_insert(seq);
            *at = (*at).min(seq);
        }
        if self.people[who].device != header.author || !self.is_honest(who) {
            return;
        }
        self.check_knows(who, entry);
        let known = self.known_to(entry.header.conversation, entry.id);
        let members = self.members_by(entry.header.conversation, &known);
        let mut audience = (*members).clone();
        audience.insert(self.people[who].account);
        self.noted.audiences.insert(entry.id, audience);
    }

    /// The operations in the past of an entry.
    fn known_to(&self, id: ConversationId, entry: EntryId) -> Vec<EntryId> {
        let (Some(group), Some(past)) = (self.groups.get(&id), self.noted.pasts.get(&entry)) else {
            return Vec::new();
        };
        // Of a log with two sides it is not told apart which was seen.
        let is_one = |o: &Placed| {
            let at = self.noted.forked.get(&(id, o.author()));
            at.is_none_or(|at| o.seq().get() < *at)
        };
        let is_past =
            |o: &&Placed| past.get(&o.author()).is_some_and(|h| o.seq().get() <= *h) && is_one(o);
        group.operations.values().filter(is_past).map(Placed::id).collect()
    }

    /// Who is a member by these operations, forks and revocations left aside.
    fn members_by(&mut self, id: ConversationId, known: &[EntryId]) -> Rc<BTreeSet<AccountId>> {
        if let Some(members) = self.noted.members.get(known) {
            return Rc::clone(members);
        }
        let limit = |account: AccountId, device: DeviceId| {
            if self.account_of(device) == Some(account) { u64::MAX } else { 0 }
        };
        let state = self.resolved(id, known.iter().copied(), limit);
        let members: Rc<BTreeSet<AccountId>> = Rc::new(state.members.keys().copied().collect());
        self.noted.members.insert(known.to_vec(), Rc::clone(&members));
        members
    }

    fn resolved(
        &self,
        id: ConversationId,
        operations: impl Iterator<Item = EntryId>,
        limit: impl Fn(AccountId, DeviceId) -> u64,
    ) -> State {
        let all = self.groups.get(&id).map(|group| &group.operations);
        resolve(id, operations.filter_map(|operation| all?.get(&operation)), limit)
    }

    /// How much of a log counts at somebody as that of an account.
    fn limit_at(&self, who: Who, id: ConversationId, account: AccountId, device: DeviceId) -> u64 {
        let log = self.people[who].node.as_ref().and_then(|node| node.account_log(account));
        let left = match log.and_then(|log| log.device(device)).map(|device| device.revoked) {
            Some(Some(heights)) => heights.get(&id).copied().unwrap_or(0),
            Some(None) => u64::MAX,
            None => 0,
        };
        let forks = self.store(who).forks().unwrap_or_default();
        let fork = forks.iter().find(|f| (f.conversation(), f.author()) == (id, device));
        left.min(fork.map_or(u64::MAX, |fork| fork.at().get() - 1))
    }

    /// What somebody knows of groups after a step, in the place of what they knew before.
    pub(crate) fn note_knows(&mut self, who: Who) {
        let Some(node) = &self.people[who].node else { return };
        let old = &self.people[who].knows;
        let mut new = BTreeMap::new();
        let mut is_refused = false;
        for (id, state) in node.groups() {
            let known = old.get(&id).filter(|known| {
                known.operations.len() == state.verdicts.len()
                    && known.members.iter().eq(state.members.keys())
            });
            let known = known.cloned().unwrap_or_else(|| {
                is_refused |= state.verdicts.values().any(|v| *v == Verdict::NoRight);
                Knows {
                    operations: Rc::new(state.verdicts.keys().copied().collect()),
                    members: Rc::new(state.members.keys().copied().collect()),
                }
            });
            new.insert(id, known);
        }
        let changed: Vec<ConversationId> = new
            .iter()
            .filter(|(id, now)| {
                old.get(id).is_none_or(|old| !Rc::ptr_eq(&old.operations, &now.operations))
            })
            .map(|(id, _)| *id)
            .collect();
        let is_waiting = new.keys().any(|id| node.waiting(*id) > 0);
        self.people[who].knows = new;
        if is_waiting {
            self.cover("entries that wait");
        }
        if is_refused {
            self.cover("operations without a right");
        }
        for id in changed {
            self.check_rights(who, id);
        }
    }

    // What must hold.

    /// Whoever is a member was let in by an owner, or by whom an owner made an admin; and whoever was
    /// let in by an owner is one, unless one of these or they themselves ended that. This is told
    /// without the core's own rules, and so leaves aside what is taken back.
    fn check_rights(&mut self, who: Who, id: ConversationId) {
        let (Some(group), true) = (self.groups.get(&id), self.is_honest(who)) else { return };
        let known = self.people[who].knows.get(&id).cloned().unwrap_or_default();
        let by = |operation: &Placed| self.account_of(operation.author());
        let owners: BTreeSet<AccountId> = group
            .operations
            .values()
            .filter_map(|operation| match operation.action() {
                Action::Create(creation) => Some(&creation.owners),
                _ => None,
            })
            .flatten()
            .copied()
            .collect();
        let let_in = |deciders: &BTreeSet<AccountId>, at_least: Right| -> BTreeSet<AccountId> {
            let all = group.operations.values();
            let theirs = all.filter(|o| by(o).is_some_and(|by| deciders.contains(&by)));
            let granted = theirs.filter_map(|operation| match operation.action() {
                Action::Grant { account, right, .. } if *right >= at_least => Some(*account),
                _ => None,
            });
            granted.collect()
        };
        let deciders = &owners | &let_in(&owners, Right::Admin);
        let may = &deciders | &let_in(&deciders, Right::Member);
        let may = &may
            | &joined_by_tickets(group.operations.values(), |operation| {
                by(operation).is_some_and(|by| deciders.contains(&by))
            });
        let usurper = known.members.iter().find(|member| !may.contains(member)).copied();
        let ends = |account: &AccountId| {
            group.operations.values().any(|operation| {
                let is_about =
                    matches!(operation.action(), Action::Remove(r) if r.account == *account);
                let by = by(operation);
                is_about && (by == Some(*account) || by.is_some_and(|by| deciders.contains(&by)))
            })
        };
        let founder = &self.people[group.founder];
        let is_sound = group.founder < self.people.len()
            && self.is_honest_account(founder.account)
            && !self.has_account_lost(founder.account)
            && self.of(founder.account).iter().all(|who| !self.is_revoked(*who));
        let by_founder = known.operations.iter().filter_map(|operation| {
            let operation = group.operations.get(operation)?;
            match operation.action() {
                Action::Grant { account, .. } if by(operation) == Some(founder.account) => {
                    Some(*account)
                }
                _ => None,
            }
        });
        let is_robbed =
            |account: &AccountId| is_sound && !known.members.contains(account) && !ends(account);
        let mut by_founder = by_founder;
        let robbed = by_founder.find(is_robbed);
        if let Some(usurper) = usurper {
            self.fail(&format!("{who} takes {usurper:?} for a member, whom nobody let in who may"));
        }
        if let Some(robbed) = robbed {
            self.fail(&format!(
                "{who} takes {robbed:?} for no member, whom nobody removed who may"
            ));
        }
    }

    /// What is written in a group has in its past every operation that its author knew of before.
    fn check_knows(&mut self, who: Who, entry: &StoredEntry) {
        let id = entry.header.conversation;
        let operation = Placed::read(&entry.header, entry.body.as_deref().unwrap_or_default());
        if operation.is_ok_and(|o| matches!(o.action(), Action::Unknown { .. })) {
            // It goes before what is written, where one entry has no room for all.
            return self.cover("more operations than an entry names");
        }
        let Some(before) = self.people[who].knows.get(&id).cloned() else { return };
        let known: BTreeSet<EntryId> = self.known_to(id, entry.id).into_iter().collect();
        let Some(group) = self.groups.get(&id) else { return };
        let missing: Vec<&Placed> =
            before.operations.difference(&known).filter_map(|o| group.operations.get(o)).collect();
        let counts = |operation: &&&Placed| {
            let account = self.account_of(operation.author());
            let limit = account.map_or(0, |a| self.limit_at(who, id, a, operation.author()));
            operation.seq().get() <= limit
        };
        // What begins it is known before it is kept; and of a log with two sides not which was seen.
        let is_first = |o: &&&Placed| {
            let is_forked = self.noted.forked.contains_key(&(id, o.author()));
            !matches!(o.action(), Action::Create(_)) && !is_forked
        };
        let missing = missing.iter().filter(is_first).find(counts);
        if let Some((author, seq)) = missing.map(|missing| (missing.author(), missing.seq())) {
            let wrote = entry.header.seq();
            self.fail(&format!(
                "{who} writes {wrote} in a group as if it had not seen {seq} of {author:?}"
            ));
        }
    }

    /// The body of an entry came to somebody: they are of its audience. What a liar hands to whom, nobody
    /// can hinder.
    fn check_came(&mut self, who: Who, entry: &StoredEntry) {
        let account = self.people[who].account;
        self.widen_by_bundles(who, entry, account);
        if self.is_end_of(account, &entry.header, entry.body.as_deref()) {
            return;
        }
        let Some(audience) = self.noted.audiences.get(&entry.id) else { return };
        let is_there = audience.contains(&account) || entry.body.is_none();
        let named = self.groups.get(&entry.header.conversation).map(|group| &group.named);
        let has_liar = named.into_iter().flatten().any(|account| !self.is_honest_account(*account));
        if !is_there && !has_liar && self.is_honest(who) {
            let (author, seq) = (entry.header.author, entry.header.seq());
            self.fail(&format!("{who} has {seq} of {author:?}, which was not for them"));
        }
    }

    /// What comes in a bundle is for whom its sender took for a member when it was made.
    fn widen_by_bundles(&mut self, who: Who, entry: &StoredEntry, account: AccountId) {
        let id = entry.header.conversation;
        let audience = self.noted.audiences.get(&entry.id);
        if audience.is_none_or(|audience| audience.contains(&account)) {
            return;
        }
        let known = self.known_to(id, entry.id);
        for knew in self.people[who].carried.clone() {
            let there = knew.get(&id).cloned().unwrap_or_default();
            let all: BTreeSet<EntryId> =
                there.operations.iter().copied().chain(known.iter().copied()).collect();
            let all: Vec<EntryId> = all.into_iter().collect();
            let is_in = if all.len() == there.operations.len() {
                there.members.contains(&account)
            } else {
                self.members_by(id, &all).contains(&account)
            };
            if let Some(audience) = self.noted.audiences.get_mut(&entry.id).filter(|_| is_in) {
                audience.insert(account);
            }
        }
    }

    /// Whether somebody, who knew this before the step, may speak of a group to an account.
    fn may_speak(
        &self,
        who: Who,
        before: &BTreeMap<ConversationId, Knows>,
        id: ConversationId,
        to: AccountId,
    ) -> bool {
        let after = &self.people[who].knows;
        let is_member = |known: &BTreeMap<ConversationId, Knows>| {
            known.get(&id).is_some_and(|known| known.members.contains(&to))
        };
        to == self.people[who].account
            || is_member(before)
            || is_member(after)
            || self.is_let_in_between(who, before, id, to)
    }

    /// Whether a step brought something that let an account in, also if something else in it ended that.
    fn is_let_in_between(
        &self,
        who: Who,
        before: &BTreeMap<ConversationId, Knows>,
        id: ConversationId,
        to: AccountId,
    ) -> bool {
        let nothing = Knows::default();
        let [before, after] =
            [before, &self.people[who].knows].map(|known| known.get(&id).unwrap_or(&nothing));
        let Some(group) = self.groups.get(&id) else { return false };
        let mut new = after.operations.difference(&before.operations);
        new.any(|operation| {
            let operation = group.operations.get(operation);
            operation.is_some_and(|operation| match operation.action() {
                Action::Grant { account, .. } | Action::Join { account, .. } => *account == to,
                _ => false,
            })
        })
    }

    /// What goes out about a group goes to its members, and entries to their audience.
    pub(crate) fn check_sent_in_group(
        &mut self,
        who: Who,
        link: Link,
        before: &BTreeMap<ConversationId, Knows>,
        bytes: &[u8],
    ) {
        let Some(5 | 7 | 8 | 9 | 10 | 14) = bytes.first().copied() else { return };
        let Some(id) = bytes.get(1..33).and_then(|id| id.try_into().ok()) else { return };
        let id = ConversationId::from_bytes(id);
        if !self.groups.contains_key(&id) || !self.is_honest(who) {
            return;
        }
        let Some(to) = self.network.cable(link).map(|cable| cable.other(who)) else { return };
        let account = self.people[to].account;
        let is_empty = matches!(
            Message::read(bytes),
            Ok(Message::Have(have)) if have.frontier.iter().next().is_none()
        );
        if bytes.first() == Some(&7)
            && let Ok(Message::Entries { run, .. }) = Message::read(bytes)
            && let [(header, body)] = run.entries.as_slice()
            && self.is_end_of(account, header, body.as_deref())
        {
            // Whoever was removed is shown that, and nothing else.
            return self.cover("removals shown");
        }
        if self.is_about_a_ticket(who, id, account, bytes) {
            return;
        }
        if !is_empty && !self.may_speak(who, before, id, account) {
            let said = crate::programs::framed(bytes);
            let why = format!("{who} speaks of a group to {to}, who is no member: {said}");
            return self.fail(&why);
        }
        if bytes.first() == Some(&7)
            && account != self.people[who].account
            && let Ok(Message::Entries { run, .. }) = Message::read(bytes)
        {
            let bodies = run.entries.iter().filter(|(_, body)| body.is_some());
            let ids: Vec<EntryId> = bodies.map(|(header, _)| header.id()).collect();
            for entry in ids {
                self.check_audience(who, before, id, entry, account, to);
            }
        }
    }

    /// Whether an entry ends the membership of an account: its removal, or the revocation of a ticket by
    /// which it joined.
    fn is_end_of(&self, account: AccountId, header: &Header, body: Option<&[u8]>) -> bool {
        if is_removal_of(account, header, body) {
            return true;
        }
        let Ok(placed) = Placed::read(header, body.unwrap_or_default()) else { return false };
        let Action::Revoke { ticket, joined } = placed.action() else { return false };
        let group = self.groups.get(&header.conversation);
        let mut all = group.into_iter().flat_map(|group| group.operations.values());
        all.any(|operation| match operation.action() {
            Action::Join { account: of, by: By::Ticket { ticket: by, .. } } => {
                *of == account && by == ticket && !joined.contains(&operation.id())
            }
            _ => false,
        })
    }

    /// Whether what goes out shows how a group begins to somebody who has a ticket to it, or is somebody's own
    /// log by which they join by one: whoever lets them in is of its audience.
    fn is_about_a_ticket(
        &mut self,
        who: Who,
        id: ConversationId,
        to: AccountId,
        bytes: &[u8],
    ) -> bool {
        if bytes.first() != Some(&7) {
            return false;
        }
        let Ok(Message::Entries { author, run, .. }) = Message::read(bytes) else { return false };
        let read = |(header, body): &(Header, Option<Vec<u8>>)| {
            Placed::read(header, body.as_deref().unwrap_or_default()).ok()
        };
        let operations: Vec<Option<Placed>> = run.entries.iter().map(read).collect();
        let has_ticket = self.groups.get(&id).is_some_and(|group| group.handed.contains(&to));
        if let [Some(placed)] = operations.as_slice()
            && matches!(placed.action(), Action::Create(_))
            && has_ticket
        {
            self.cover("groups shown for a ticket");
            self.widen(&run, to);
            return true;
        }
        let joins =
            |placed: &Placed| matches!(placed.action(), Action::Join { by: By::Ticket { .. }, .. });
        let is_join = operations.last().and_then(Option::as_ref).is_some_and(joins);
        if !is_join || author != self.people[who].device {
            return false;
        }
        self.cover("joinings by tickets");
        self.widen(&run, to);
        true
    }

    fn widen(&mut self, run: &Run, to: AccountId) {
        for (header, _) in &run.entries {
            if let Some(audience) = self.noted.audiences.get_mut(&header.id()) {
                audience.insert(to);
            }
        }
    }

    fn check_audience(
        &mut self,
        who: Who,
        before: &BTreeMap<ConversationId, Knows>,
        id: ConversationId,
        entry: EntryId,
        account: AccountId,
        to: Who,
    ) {
        let audience = self.noted.audiences.get(&entry);
        if audience.is_none_or(|audience| audience.contains(&account)) {
            return;
        }
        let known = self.known_to(id, entry);
        let nothing = Knows::default();
        let mut is_widened = self.is_let_in_between(who, before, id, account);
        for there in [before.get(&id), self.people[who].knows.get(&id)] {
            let there = there.unwrap_or(&nothing);
            let all: BTreeSet<EntryId> =
                there.operations.iter().copied().chain(known.iter().copied()).collect();
            let limit = |account, device| self.limit_at(who, id, account, device);
            is_widened |= if all.len() == there.operations.len() {
                there.members.contains(&account)
            } else {
                self.resolved(id, all.into_iter(), limit).members.contains_key(&account)
            };
        }
        if !is_widened {
            let place = self.noted.places.get(&entry).copied();
            let here = &self.people[who].knows.get(&id).unwrap_or(&nothing).operations;
            let operations = self.groups.get(&id).map(|group| &group.operations);
            let unknown = known.iter().filter(|operation| !here.contains(operation));
            let unknown: Vec<(DeviceId, u64)> = unknown
                .filter_map(|operation| operations?.get(operation))
                .map(|operation| (operation.author(), operation.seq().get()))
                .collect();
            return self.fail(&format!(
                "{who} hands {place:?} to {to}, for whom it was not, and does not know {unknown:?}"
            ));
        }
        self.cover("audiences widened");
        if let Some(audience) = self.noted.audiences.get_mut(&entry) {
            audience.insert(account);
        }
    }

    /// Whether anybody ever removed an account from a group.
    pub(crate) fn was_removed(&self, account: AccountId) -> bool {
        let all = self.groups.values().flat_map(|group| group.operations.values());
        all.into_iter()
            .any(|o| matches!(o.action(), Action::Remove(removal) if removal.account == account))
    }

    // In the end.

    /// Who talks to each other about a group has the same of it; and if nothing was lost and nobody lies, all
    /// members have all that its members wrote.
    pub(crate) fn check_groups(&mut self) {
        self.check_taken_back();
        let ids: Vec<ConversationId> = self.groups.keys().copied().collect();
        for id in ids {
            self.check_heights(id);
            let all = 0..self.people.len();
            let there: Vec<Who> = all.filter(|who| self.is_there_in(*who, id)).collect();
            for (n, a) in there.iter().enumerate() {
                for b in there.iter().skip(n + 1) {
                    if self.are_together(*a, *b, id) {
                        self.check_same_group(*a, *b, id);
                    }
                }
            }
            if there.len() >= LARGE {
                self.cover("large groups");
            }
            self.check_whole_group(id, &there);
        }
    }

    /// What somebody wrote beyond what the founder's removal of them left is shown to nobody who knows
    /// of that, unless they were let in again. This too is told without the core's own rules.
    fn check_heights(&mut self, id: ConversationId) {
        let Some(group) = self.groups.get(&id) else { return };
        let founder = self.people[group.founder].account;
        let is_sound = |account| {
            let all = self.of(account);
            self.is_honest_account(account) && all.iter().all(|who| !self.is_revoked(*who))
        };
        let is_back = |whom: AccountId| {
            group.operations.values().any(|operation| {
                let is_after = !operation.operation().after.is_empty();
                is_after && matches!(operation.action(), Action::Grant { account, .. } if *account == whom)
            })
        };
        let mut shown = None;
        for operation in group.operations.values() {
            let Action::Remove(removal) = operation.action() else { continue };
            let by = self.account_of(operation.author());
            if by != Some(founder) || !is_sound(founder) || is_back(removal.account) {
                continue;
            }
            for who in 0..self.people.len() {
                let known = self.people[who].knows.get(&id);
                let has_it = known.is_some_and(|known| known.operations.contains(&operation.id()));
                let Some(node) = self.people[who].node.as_ref().filter(|_| has_it) else {
                    continue;
                };
                for log in node.logs(id) {
                    let left = removal.heights.get(&log.author).map_or(0, |height| height.get());
                    let is_theirs = self.account_of(log.author) == Some(removal.account);
                    let is_other = removal.account != founder && removal.keeps.is_none();
                    let mut beyond = (left + 1..=log.height).filter_map(Seq::new);
                    if is_theirs && is_other && self.is_honest(who) {
                        let first = beyond.find(|seq| node.is_shown(id, log.author, *seq));
                        shown = shown.or(first.map(|seq| (who, log.author, seq)));
                    }
                }
            }
        }
        if let Some((who, author, seq)) = shown {
            self.fail(&format!("{who} shows {seq} of {author:?}, beyond what a removal left"));
        }
    }

    /// What its author took back in a group is gone where both are complete.
    fn check_taken_back(&mut self) {
        let mut kept = None;
        for written in self.model.written.values() {
            let Content::Retraction { of } = &written.content else { continue };
            if !self.groups.contains_key(&written.conversation) {
                continue;
            }
            let has_both = |who: &Who| {
                let entry = self.store(*who).entry(*of).ok().flatten();
                self.is_honest(*who)
                    && self.is_shown_at(
                        *who,
                        written.conversation,
                        written.device,
                        written.position.seq,
                    )
                    && entry.is_some_and(|entry| {
                        let (author, seq) = (entry.header.author, entry.header.seq());
                        let is_theirs = self.account_of(author) == Some(written.account);
                        let is_here = self.is_shown_at(*who, written.conversation, author, seq);
                        is_theirs && is_here && entry.body.is_some()
                    })
            };
            kept = kept.or_else(|| (0..self.people.len()).find(has_both));
        }
        if let Some(who) = kept {
            self.fail(&format!("{who} keeps in a group what its author took back"));
        }
    }

    /// Whether an entry of a group is complete at somebody.
    pub(crate) fn is_shown_at(
        &self,
        who: Who,
        id: ConversationId,
        author: DeviceId,
        seq: Seq,
    ) -> bool {
        let logs = self.people[who].node.as_ref().map(|node| node.logs(id)).unwrap_or_default();
        logs.iter().any(|log| log.author == author && log.height >= seq.get())
    }

    /// Whether somebody honest has a group, and takes themselves for a member.
    fn is_there_in(&self, who: Who, id: ConversationId) -> bool {
        let person = &self.people[who];
        let state = person.node.as_ref().and_then(|node| node.group(id));
        let is_member = state.is_some_and(|state| state.role(person.account).is_some());
        is_member && self.is_honest(who) && !self.is_revoked(who) && !person.is_absent
    }

    /// Whether two are connected and take each other for members.
    fn are_together(&self, a: Who, b: Who, id: ConversationId) -> bool {
        let hears = |one: Who, other: Who| {
            let Person2 { account, device } = self.person(other);
            self.people[one].node.as_ref().is_some_and(|node| {
                let is_member = node.group(id).is_some_and(|state| state.role(account).is_some());
                is_member && node.connected_devices().contains(&device)
            })
        };
        hears(a, b) && hears(b, a)
    }

    fn person(&self, who: Who) -> Person2 {
        Person2 { account: self.people[who].account, device: self.people[who].device }
    }

    fn check_same_group(&mut self, a: Who, b: Who, id: ConversationId) {
        self.cover("groups compared");
        let [of_a, of_b] = [a, b].map(|who| self.group_at(who, id));
        if of_a != of_b {
            self.fail(&format!("{a} and {b} do not have the same of a group: {of_a:?}, {of_b:?}"));
        }
        let [of_a, of_b] = [a, b].map(|who| self.order_at(who, id));
        if of_a != of_b {
            self.fail(&format!("{a} and {b} do not show the same of a group in the same order"));
        }
    }

    fn group_at(&self, who: Who, id: ConversationId) -> Option<AtEnd> {
        let node = self.people[who].node.as_ref()?;
        let state = node.group(id)?;
        let members = state.members.iter().map(|(account, member)| (*account, member.role));
        let digest = node.history_digest(self.store(who), id).ok().flatten();
        let logs = node.logs(id).into_iter().filter(|log| log.height > 0);
        Some(AtEnd {
            digest: digest.map(|digest| *digest.as_bytes()),
            members: members.collect(),
            name: state.name.clone(),
            topic: state.topic.clone(),
            logs: logs.map(|log| (log.author, log.height)).collect(),
        })
    }

    /// What each member has read, as somebody knows.
    fn reads_at(
        &self,
        who: Who,
        id: ConversationId,
        members: &BTreeSet<AccountId>,
    ) -> BTreeMap<(AccountId, DeviceId), u64> {
        let Some(node) = &self.people[who].node else { return BTreeMap::new() };
        let logs: Vec<DeviceId> = node.logs(id).into_iter().map(|log| log.author).collect();
        let of = |by: &AccountId| {
            let by = *by;
            logs.iter().map(move |author| ((by, *author), node.read(id, *author, by)))
        };
        members.iter().flat_map(of).filter(|(_, height)| *height > 0).collect()
    }

    fn order_at(&self, who: Who, id: ConversationId) -> Vec<EntryId> {
        let Some(node) = &self.people[who].node else { return Vec::new() };
        let timeline = self.store(who).timeline(id, None, usize::MAX).unwrap_or_default();
        let is_shown = |e: &&StoredEntry| node.is_shown(id, e.header.author, e.header.seq());
        timeline.iter().filter(is_shown).map(|entry| entry.id).collect()
    }

    fn check_whole_group(&mut self, id: ConversationId, there: &[Who]) {
        let Some(group) = self.groups.get(&id) else { return };
        let (founder, named) = (group.founder, group.named.clone());
        let is_sound = named.iter().all(|account| {
            self.is_honest_account(*account) && !self.has_account_lost(*account) && {
                let all = self.of(*account);
                all.iter().all(|who| !self.is_revoked(*who) && !self.people[*who].is_absent)
            }
        });
        let has_network = self.life.scenario.network.ends_after_s == 0;
        if !is_sound || !has_network || !there.contains(&founder) {
            return;
        }
        self.cover("groups that are whole");
        let members: BTreeSet<AccountId> =
            self.members_there(founder, id).into_iter().map(|(account, _)| account).collect();
        let first = self.group_at(founder, id);
        let theirs: Vec<Who> = members.iter().flat_map(|account| self.of(*account)).collect();
        for who in theirs.iter().copied() {
            let has_it = self.group_at(who, id);
            let invitations = self.store(who).invitations().unwrap_or_default();
            let is_invited = invitations.iter().any(|invitation| invitation.group == id);
            if has_it.is_none() && (is_invited || !self.knows(who, founder)) {
                continue;
            }
            if has_it.is_some()
                && self.reads_at(who, id, &members) != self.reads_at(founder, id, &members)
            {
                self.fail(&format!("{who} and {founder} do not agree what was read in a group"));
            }
            if has_it != first {
                self.fail(&format!(
                    "{who} does not have of a group what {founder} has: {has_it:?}, {first:?}"
                ));
            }
        }
        let sure = self.model.written.values().filter(|w| w.conversation == id && w.is_sure);
        let sure: Vec<(EntryId, DeviceId, Seq)> = sure
            .filter(|w| members.contains(&w.account))
            .map(|w| (w.id, w.device, w.position.seq))
            .collect();
        let height = |author: &DeviceId| {
            first.as_ref().and_then(|first| first.logs.get(author)).copied().unwrap_or(0)
        };
        let lost = sure.iter().find(|(_, device, seq)| height(device) < seq.get());
        if let Some((_, device, seq)) = lost {
            self.fail(&format!("{seq} of {device:?} did not come to all of a group"));
        }
    }
}

/// Who says that they join by a ticket that somebody made who might, and has its key.
fn joined_by_tickets<'a>(
    operations: impl Iterator<Item = &'a Placed> + Clone,
    may: impl Fn(&Placed) -> bool,
) -> BTreeSet<AccountId> {
    let made = operations.clone().filter(|operation| may(operation));
    let made = made.filter_map(|operation| match operation.action() {
        Action::Ticket { key, .. } => Some((operation.id(), *key)),
        _ => None,
    });
    let made: BTreeMap<EntryId, _> = made.collect();
    let joined = operations.filter_map(|operation| match operation.action() {
        Action::Join { account, by: By::Ticket { ticket, key, .. } } => {
            (made.get(ticket) == Some(key)).then_some(*account)
        }
        _ => None,
    });
    joined.collect()
}

/// Whether an entry is the removal of an account.
fn is_removal_of(account: AccountId, header: &Header, body: Option<&[u8]>) -> bool {
    let placed = Placed::read(header, body.unwrap_or_default());
    placed.is_ok_and(
        |placed| matches!(placed.action(), Action::Remove(removal) if removal.account == account),
    )
}

struct Person2 {
    account: AccountId,
    device: DeviceId,
}

/// What somebody has of a group in the end.
#[derive(Debug, PartialEq, Eq)]
struct AtEnd {
    digest: Option<[u8; 32]>,
    members: Vec<(AccountId, Role)>,
    name: Option<Name>,
    topic: Topic,
    logs: BTreeMap<DeviceId, u64>,
}

impl World<'_> {
    /// A group that a liar's node and their victim are both in, as the liar knows.
    pub(crate) fn group_with(&mut self, who: Who, to: Who) -> Option<ConversationId> {
        let theirs = self.people[to].account;
        let node: Option<&Node> = self.people[who].node.as_ref();
        let groups = node.into_iter().flat_map(Node::groups);
        let shared = groups.filter(|(_, state)| state.members.contains_key(&theirs));
        let all: Vec<ConversationId> = shared.map(|(id, _)| id).collect();
        self.dice.pick(&all)
    }
}
