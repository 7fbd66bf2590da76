//! What must hold after every step: it is looked at what the step changed and what came out of it.
//! What must hold in the end is in `ending`.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_core::body::{Content, Kind};
use chinwag_core::entry::{Parents, Seq};
use chinwag_core::event_log::Logged;
use chinwag_core::fork::Fork;
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::input::{Input, Link};
use chinwag_core::node::Node;
use chinwag_core::output::{Event, Output};
use chinwag_core::store::{Store, StoredEntry};
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::sync::ranges::{Range, Ranges};
use chinwag_core::violation::Violation;
use chinwag_core::wire::codec::DecodeError;
use chinwag_core::wire::limits::{ABOVE_GAP_MAX, ISLANDS_MAX, RANGES_MAX, SESSIONS_PER_DEVICE_MAX};
use chinwag_core::wire::message::{Have, Message};

use crate::fold::content_of;
use crate::network::{SECOND, Who};
use crate::sim::{Person, World};
use crate::watched::{Changes, Watched};

/// References of one entry that are looked at.
const REFERENCES: usize = 1_000;

impl World<'_> {
    pub(crate) fn store(&self, who: Who) -> &Watched {
        &self.people[who].store
    }

    /// Whether somebody ever went on from an old backup.
    pub(crate) fn has_lost(&self, who: Who) -> bool {
        !self.people[who].was.is_empty() || self.people[who].is_copy
    }

    /// Whether an account was ever gone on with from an old backup, on any device.
    pub(crate) fn has_account_lost(&self, account: AccountId) -> bool {
        self.of(account).iter().any(|who| self.has_lost(*who))
    }

    pub(crate) fn is_member(&self, id: ConversationId, device: DeviceId) -> bool {
        self.account_of(device).is_some_and(|account| self.members(id).contains(&account))
    }

    /// Whoever is, or ever was named as, a member of a conversation.
    pub(crate) fn members(&self, id: ConversationId) -> Vec<AccountId> {
        let pair = self.pairs.get(&id).into_iter().flatten().copied();
        let named = self.groups.get(&id).into_iter().flat_map(|group| group.named.iter().copied());
        pair.chain(named).collect()
    }

    /// Whom somebody has blocked, as far as it is kept.
    pub(crate) fn blocked_by(&self, who: Who) -> BTreeSet<AccountId> {
        let blocked = self.store(who).people().filter(|contact| contact.is_blocked);
        blocked.map(|contact| contact.account).collect()
    }

    /// After every step: what it changed.
    pub(crate) fn check_changes(&mut self, who: Who) {
        let changes = std::mem::take(&mut self.people[who].store.changes);
        self.people[who].just_changed = changes.people().collect();
        if !self.is_honest(who) {
            return;
        }
        self.check_receipts(who, &changes);
        self.check_reads(who, &changes);
        self.check_bodies(who, &changes);
        self.check_sessions(who);
    }

    /// There are no more sessions than connections, and to no device more than it may have.
    fn check_sessions(&mut self, who: Who) {
        let mut lines: BTreeMap<Who, usize> = BTreeMap::new();
        for (_, cable) in self.network.of(who) {
            *lines.entry(cable.other(who)).or_default() += 1;
        }
        let most = |(other, lines): (&Who, &usize)| {
            let devices = 1 + self.people[*other].was.len();
            (*lines).min(devices * SESSIONS_PER_DEVICE_MAX)
        };
        // The node may not have heard yet of what is gone.
        let is_gone = |input: &&Input| matches!(input, Input::Disconnected { .. });
        let gone = self.people[who].inbox.iter().filter(is_gone).count();
        let most = lines.iter().map(most).sum::<usize>() + gone;
        let sessions = self.people[who].node.as_ref().map_or(0, Node::sessions);
        if sessions > most {
            self.fail(&format!("{who} has {sessions} sessions, and may have {most}: {lines:?}"));
        }
    }

    /// The connection on which something over a limit comes before all else that a step takes.
    pub(crate) fn too_much(&self, who: Who, inputs: &[Input]) -> Option<Link> {
        let Some(Input::Frame { link, bytes }) = inputs.first() else { return None };
        let cable = self.network.cable(*link)?;
        let is_live = cable.is_whole && cable.is_open[cable.end_of(who)];
        let is_it = cable.too_much.as_ref() == Some(bytes);
        Some(*link).filter(|_| is_live && is_it && self.is_honest(who))
    }

    /// What is over a limit is refused for that, before anything is made of it.
    pub(crate) fn check_refused(&mut self, who: Who, link: Option<Link>, outputs: &[Output]) {
        let Some(link) = link else { return };
        let close = outputs.iter().find_map(|output| match output {
            Output::Close { link: of, why } if *of == link => Some(why),
            _ => None,
        });
        let is_refused =
            |why| matches!(why, &Some(Violation::Malformed(DecodeError::OverLimit { .. })));
        if !close.is_some_and(is_refused) {
            self.fail(&format!("{who} takes what is over a limit: {close:?}"));
        }
    }

    /// What a step kept of what happened is what it told of, and nothing else.
    pub(crate) fn check_event_log(&mut self, who: Who, outputs: &[Output]) {
        let events = outputs.iter().filter_map(|output| match output {
            Output::Event(event) => Logged::of(event),
            _ => None,
        });
        let told: Vec<Logged> = events.collect();
        let changes = &self.store(who).changes;
        if told.is_empty() && changes.logged == 0 {
            return;
        }
        let after = changes.logged_before;
        let kept = self.store(who).events(after, told.len() + 1).unwrap_or_default();
        let is_next = kept.iter().zip(after + 1..).all(|(event, number)| event.number == number);
        let kept: Vec<Logged> = kept.into_iter().map(|logged| logged.event).collect();
        if !is_next || kept != told {
            self.fail(&format!("{who} told of {told:?}, and keeps that {kept:?} happened"));
        }
    }

    fn check_receipts(&mut self, who: Who, changes: &Changes) {
        for (id, device, frontier) in &changes.receipts {
            let are_members = frontier.iter().all(|(author, _)| self.is_member(*id, author));
            let ranges = frontier.iter().map(|(_, ranges)| ranges.iter().count()).max();
            if !are_members || ranges > Some(RANGES_MAX) {
                self.fail(&format!("{who} keeps what strangers have, or {ranges:?} ranges"));
            }
            let Some(to) = self.whose(*device).filter(|to| self.is_there(*to, *device)) else {
                continue;
            };
            for (author, there) in frontier.iter() {
                self.check_delivered(who, *id, author, there, to);
            }
        }
    }

    /// Whether somebody honest is this device still, with all that it ever had.
    fn is_there(&self, who: Who, device: DeviceId) -> bool {
        let person = &self.people[who];
        self.is_honest(who) && person.device == device && !person.is_copy
    }

    fn check_delivered(
        &mut self,
        who: Who,
        id: ConversationId,
        author: DeviceId,
        delivered: &Ranges,
        to: Who,
    ) {
        let there = self.store(to).of(id, author).cloned().unwrap_or_default();
        if !delivered.without(&there).is_empty() {
            self.fail(&format!(
                "{who} takes {delivered:?} of {author:?} for delivered to {to}, who has {there:?}"
            ));
        }
    }

    /// Nobody is taken to have read more than they said they have.
    fn check_reads(&mut self, who: Who, changes: &Changes) {
        for (id, account, read) in &changes.reads {
            if !self.is_honest_account(*account) || self.has_account_lost(*account) {
                continue;
            }
            let nothing = Frontier::default();
            let said = self.model.read.get(&(*id, *account)).unwrap_or(&nothing);
            let too_much =
                read.iter().find(|(author, _)| read.height(*author) > said.height(*author));
            if let Some((author, _)) = too_much {
                let (read, said) = (read.height(author), said.height(author));
                self.fail(&format!(
                    "{who} takes {read} of {author:?} for read by {account:?}, who read {said}"
                ));
            }
        }
    }

    /// Bodies that are gone had to go, and those that have to go are gone.
    fn check_bodies(&mut self, who: Who, changes: &Changes) {
        for id in &changes.deleted {
            self.check_deleted(who, *id);
        }
        for id in &changes.entries {
            let Some(entry) = self.store(who).entry(*id).ok().flatten() else { continue };
            self.check_arrived(who, &entry);
            // In a group it waits, and is looked at in the end.
            if self.groups.contains_key(&entry.header.conversation) {
                continue;
            }
            match content_of(&entry) {
                Some(Content::Retraction { of }) => self.check_retraction(who, &entry, of),
                Some(Content::Edit { of, .. } | Content::Reaction { to: of, .. }) => {
                    self.check_not_of_nothing(who, &entry, of);
                }
                Some(Content::Text(_)) => self.check_not_retracted(who, &entry),
                _ => {}
            }
        }
    }

    fn check_arrived(&mut self, who: Who, entry: &StoredEntry) {
        let (id, author) = (entry.header.conversation, entry.header.author);
        if !self.is_member(id, author) {
            self.fail(&format!("{who} keeps an entry of {author:?}, who is no member"));
        }
        if let Some(by) = self.whose(author)
            && by != who
            && self.people[by].account == self.people[who].account
        {
            self.cover("entries from own devices");
        }
        self.check_gaps(who, id, author);
    }

    /// Whatever its author signs, and wherever: a log is in a few ranges, those above its first gap
    /// and what is before it, and not too much is above that gap.
    fn check_gaps(&mut self, who: Who, id: ConversationId, author: DeviceId) {
        let Some(here) = self.store(who).of(id, author) else { return };
        let (ranges, above) = (here.iter().count(), here.count() - here.height());
        if ranges > ISLANDS_MAX + 1 || above > ABOVE_GAP_MAX as u64 {
            self.fail(&format!(
                "{who} keeps a log in {ranges} ranges, {above} above its first gap"
            ));
        }
        if ranges >= ISLANDS_MAX {
            self.cover("logs in as many ranges as may be");
        }
    }

    /// The body of a message may be deleted when it was to disappear, or when its author took it
    /// back; that of an edit or a reaction, when the message is gone.
    fn check_deleted(&mut self, who: Who, id: EntryId) {
        let Some(entry) = self.store(who).entry(id).ok().flatten() else { return };
        let Some(author) = self.account_of(entry.header.author) else { return };
        let written = self.model.written.get(&id).map(|written| &written.content);
        if let Some(Content::Edit { of, .. } | Content::Reaction { to: of, .. }) = written {
            let message = self.store(who).entry(*of).ok().flatten();
            if message.is_none_or(|message| message.body.is_some()) {
                self.fail(&format!("{who} deletes what is said of a message that it has"));
            }
        } else if entry.header.lifetime_s > 0 {
            self.cover("bodies disappeared");
        } else if self.is_taken_back(who, id, author) {
            self.cover("retracted bodies deleted");
        } else if self.is_honest_account(author) {
            self.fail(&format!("{who} deletes what {author:?} said and did not take back"));
        }
    }

    /// Whether an account has taken back an entry, as far as somebody could know.
    fn is_taken_back(&self, who: Who, of: EntryId, by: AccountId) -> bool {
        let is_known = self.model.retracted.contains(&(by, of));
        is_known || self.retractions(who, of).iter().any(|e| self.is_by(e, by))
    }

    fn is_by(&self, entry: &StoredEntry, account: AccountId) -> bool {
        self.account_of(entry.header.author) == Some(account)
    }

    fn retractions(&self, who: Who, of: EntryId) -> Vec<StoredEntry> {
        let mut all = self.store(who).references(of, REFERENCES).unwrap_or_default();
        all.retain(|reference| reference.header.kind == Kind::RETRACTION);
        all
    }

    /// A retraction came: what it takes back is gone, and what that was changed to.
    fn check_retraction(&mut self, who: Who, retraction: &StoredEntry, of: EntryId) {
        let Some(by) = self.account_of(retraction.header.author) else { return };
        let Some(target) = self.store(who).entry(of).ok().flatten() else {
            return self.cover("retractions before what they retract");
        };
        // A retraction that a fork or a revocation cuts off does not count.
        let counts = self.retractions(who, of).iter().any(|e| e.id == retraction.id);
        let is_theirs =
            self.is_by(&target, by) && target.header.conversation == retraction.header.conversation;
        if !counts || !is_theirs || !target.header.kind.is_shown() {
            return;
        }
        let edits = self.store(who).references(of, REFERENCES).unwrap_or_default();
        let edits = edits.iter().filter(|e| e.header.kind == Kind::EDIT && self.is_by(e, by));
        let is_kept = target.body.is_some() || edits.clone().any(|edit| edit.body.is_some());
        if is_kept {
            self.fail(&format!("{who} keeps a body that its author took back"));
        }
    }

    /// What came after it was taken back comes without its body.
    fn check_not_retracted(&mut self, who: Who, entry: &StoredEntry) {
        let Some(author) = self.account_of(entry.header.author) else { return };
        let is_retracted = self.retractions(who, entry.id).iter().any(|e| self.is_by(e, author));
        if is_retracted {
            self.fail(&format!("{who} keeps a body that its author had taken back"));
        }
    }

    /// What is said of a message that is gone is gone as well.
    fn check_not_of_nothing(&mut self, who: Who, entry: &StoredEntry, of: EntryId) {
        let message = self.store(who).entry(of).ok().flatten();
        // What a fork or a revocation cuts off says nothing.
        let mut said = self.store(who).references(of, REFERENCES).unwrap_or_default().into_iter();
        let counts = said.any(|reference| reference.id == entry.id);
        if counts && message.is_some_and(|message| message.body.is_none()) {
            self.fail(&format!("{who} keeps what is said of a message that is gone"));
        }
    }

    /// What is written names all that its author had seen of the others last.
    pub(crate) fn check_parents(&mut self, who: Who, entry: &StoredEntry) {
        let (id, own) = (entry.header.conversation, entry.header.author);
        let store = self.store(who);
        let is_of_others = |id: &EntryId| {
            let came = store.entry(*id).ok().flatten();
            came.is_some_and(|came| came.header.author != own)
        };
        // What came in the same step may have come before or after it.
        if !self.is_honest(who) || store.changes.entries.iter().any(is_of_others) {
            return;
        }
        let forked: Vec<DeviceId> = store
            .forks()
            .unwrap_or_default()
            .iter()
            .filter(|f| f.conversation() == id)
            .map(Fork::author)
            .collect();
        let others =
            store.logs(id).filter(|(author, _)| *author != own && !forked.contains(author));
        let heads = others.filter_map(|(author, height)| {
            Some(store.tip(id, author, Seq::new(height)?).ok()??.id)
        });
        // A fork that was found in the same step may have been found after it was written.
        let is_newly_forked = |id: &EntryId| {
            let seen = store.entry(*id).ok().flatten();
            seen.is_some_and(|seen| store.changes.forked.contains(&seen.header.author))
        };
        let named = entry.header.parents.iter().filter(|id| !is_newly_forked(id));
        if Parents::new(heads) != Parents::new(named) {
            self.fail(&format!("{who} writes as if it had not seen what it has"));
        }
    }

    /// What is written disappears if the conversation's last settings say so.
    pub(crate) fn check_lifetime(&mut self, who: Who, entry: &StoredEntry) {
        let id = entry.header.conversation;
        if !entry.header.kind.is_message() || !self.is_honest(who) {
            return;
        }
        let settings = self.store(who).latest(id, Kind::SETTINGS).ok().flatten();
        let is_of_this_step = settings
            .as_ref()
            .is_some_and(|settings| self.store(who).changes.entries.contains(&settings.id));
        let expected = match settings.as_ref().map(content_of) {
            None => 0,
            Some(Some(Content::Settings(settings))) => settings.lifetime_s().unwrap_or(0),
            // It has disappeared itself.
            Some(_) => return,
        };
        let found = entry.header.lifetime_s;
        if !is_of_this_step && found != expected {
            self.fail(&format!("{who} writes what stays for {found} s and not for {expected} s"));
        }
    }

    /// Whatever comes out of a node.
    pub(crate) fn check_output(&mut self, who: Who, output: &Output) {
        if !self.is_honest(who) {
            return;
        }
        match output {
            Output::Send { link, bytes, .. } => self.check_sent(who, *link, bytes),
            Output::Close { link, why: Some(why) } => self.check_close(who, *link, why),
            Output::Event(event) => self.check_event(who, event),
            _ => {}
        }
    }

    fn check_event(&mut self, who: Who, event: &Event) {
        match event {
            Event::Entry { id, header, .. } => {
                let device = header.author;
                if let Some(author) = self.whose(device).filter(|a| self.is_there(*a, device))
                    && !self.store(author).has(header.conversation, device, header.seq())
                {
                    self.fail(&format!("{who} has {id:?} of {author} that {author} has not"));
                }
            }
            Event::Delivered { conversation, author, height, to } => {
                let device = *to;
                if let Some(to) = self.whose(device).filter(|to| self.is_there(*to, device)) {
                    let delivered: Ranges =
                        Seq::new(*height).map(Range::up_to).into_iter().collect();
                    self.check_delivered(who, *conversation, *author, &delivered, to);
                }
            }
            Event::Fork { author, .. } => {
                self.cover("forks shown");
                if self.whose(*author).is_some_and(|author| self.is_honest(author)) {
                    self.fail(&format!("{who} shows a fork of somebody honest"));
                }
            }
            Event::Read { account, .. } if *account != self.people[who].account => {
                self.cover("read marks of others");
            }
            Event::Typing { account, .. } => self.check_typing(who, *account),
            Event::Presence { account, .. } => {
                self.cover("presence shown");
                if self.is_honest_account(*account) && !self.model.was_there.contains(account) {
                    self.fail(&format!("{who} sees {account:?}, who did not say they are there"));
                }
            }
            Event::Request { account, .. } => {
                self.cover("requests shown");
                if !self.model.asks.contains(&(*account, self.people[who].account)) {
                    self.fail(&format!("{who} shows a request that nobody made"));
                }
            }
            _ => {}
        }
    }

    fn check_typing(&mut self, who: Who, account: AccountId) {
        self.cover("typing shown");
        let is_said = self.model.typed.contains(&(account, self.people[who].account));
        if self.is_honest_account(account) && !is_said {
            self.fail(&format!("{who} sees {account:?} type, who types to somebody else"));
        }
    }

    /// Somebody who was blocked before this step and is still reaches nobody by it, and nobody
    /// speaks to them but to say who is there.
    pub(crate) fn check_blocked(
        &mut self,
        who: Who,
        before: &BTreeSet<AccountId>,
        output: &Output,
    ) {
        if before.is_empty() || !self.is_honest(who) {
            return;
        }
        let of_link = |link: &Link| {
            // A liar may be taken for whoever they say they are.
            let other = self.network.cable(*link)?.other(who);
            Some(self.people[other].account).filter(|_| self.is_honest(other))
        };
        let about = match output {
            Output::Send { link, bytes, .. } if bytes.first() != Some(&1) => of_link(link),
            Output::Event(
                Event::Typing { account, .. }
                | Event::Presence { account, .. }
                | Event::Request { account, .. }
                | Event::Peer { account, is_here: true, .. },
            ) => Some(*account),
            _ => None,
        };
        let is_blocked = |account: &AccountId| {
            let known = self.store(who).contact(*account);
            before.contains(account) && known.is_some_and(|known| known.is_blocked)
        };
        if let Some(account) = about.filter(is_blocked) {
            self.fail(&format!("{who} has blocked {account:?}, and yet: {output:?}"));
        }
    }

    /// The connections of somebody to devices that they know were removed or are no more.
    pub(crate) fn lost_links(&self, who: Who) -> BTreeSet<Link> {
        let Some(node) = &self.people[who].node else { return BTreeSet::new() };
        let is_lost = |other: Who| {
            let Person { account, device, .. } = self.people[other];
            let log = node.account_log(account).and_then(|log| log.device(device));
            log.is_some_and(|device| !device.is_current())
        };
        let lost = self.network.of(who).filter(|(_, cable)| is_lost(cable.other(who)));
        lost.map(|(link, _)| link).collect()
    }

    /// Nothing goes out on a connection that was closed before, and nothing but who there is to
    /// whoever was removed.
    pub(crate) fn check_links(
        &mut self,
        who: Who,
        lost: &BTreeSet<Link>,
        closed: &mut BTreeSet<Link>,
        output: &Output,
    ) {
        match output {
            Output::Close { link, .. } => drop(closed.insert(*link)),
            Output::Send { link, bytes, .. } if self.is_honest(who) => {
                let is_introduction = matches!(bytes.first(), Some(1..=3));
                if closed.contains(link) || (lost.contains(link) && !is_introduction) {
                    self.fail(&format!("{who} speaks on {link:?}, which is over: {output:?}"));
                }
            }
            _ => {}
        }
    }

    /// Entries go to the conversation's members, and a node claims only what it has kept.
    fn check_sent(&mut self, who: Who, link: Link, bytes: &[u8]) {
        let Some(to) = self.network.cable(link).map(|cable| cable.other(who)) else { return };
        let Some(kind @ (5 | 7 | 9 | 10)) = bytes.first().copied() else { return };
        let Some(id) = bytes.get(1..33).and_then(|id| id.try_into().ok()) else { return };
        let id = ConversationId::from_bytes(id);
        let own = self.people[who].account;
        // Between devices of one account all is spoken of that the account is a member of.
        let accounts = [own, self.people[to].account];
        let members = self.members(id);
        // What says nothing goes to whoever spoke of a group first.
        let is_empty = self.groups.contains_key(&id)
            && matches!(Message::read(bytes), Ok(Message::Have(have)) if have.frontier.iter().next().is_none());
        if !is_empty && !accounts.iter().all(|account| members.contains(account)) {
            self.fail(&format!("{who} tells {to} of a conversation of others"));
        }
        if kind == 5
            && let Ok(Message::Have(Have { frontier, .. })) = Message::read(bytes)
        {
            for (author, ranges) in frontier.iter() {
                let here = self.store(who).of(id, author).cloned();
                if !ranges.without(&here.unwrap_or_default()).is_empty() {
                    self.fail(&format!("{who} says it has what it has not kept: {ranges:?}"));
                }
                if ranges.height() == 0 || ranges.iter().count() > 1 {
                    self.cover("gaps told of");
                }
            }
        }
    }

    /// Between honest nodes a connection is closed only for a reason that the network gave, or
    /// people.
    fn check_close(&mut self, who: Who, link: Link, why: &Violation) {
        let Some(cable) = self.network.cable(link) else { return };
        let (other, lie, is_troubled) = (cable.other(who), cable.lie, cable.is_troubled);
        if !self.is_honest(other) {
            if let Some(lie) = lie {
                self.cover(lie.found_out());
            }
            return;
        }
        let is_fair = match why {
            // Whoever was removed and does not know it yet has no standing.
            _ if self.is_revoked(who) => true,
            // Whoever was removed and does not know it is not answered.
            // Who takes themselves for a member does not join once more.
            Violation::TooSlow => {
                is_troubled || self.is_not_answered(who, other) || self.was_handed(other)
            }
            // Here it may not be known yet that there is such a ticket.
            Violation::TicketNotGood => self.was_handed(other),
            Violation::TooManySessions => {
                self.network.between(who, other) >= SESSIONS_PER_DEVICE_MAX
            }
            Violation::NotWelcome => self.may_be_refused(who, other),
            Violation::NotCertified => {
                let has_jumped = self.people[who].has_jumped || self.people[other].has_jumped;
                self.is_revoked(other) || (has_jumped && self.now < self.peace + 60 * SECOND)
            }
            _ => false,
        };
        if !is_fair {
            self.fail(&format!("{who} closes on {other}: {why}"));
        }
        match why {
            Violation::NotCertified if self.is_revoked(other) => {
                self.cover("revoked devices refused");
            }
            Violation::NotCertified => self.cover("expired certificates refused"),
            Violation::NotWelcome => self.count_stranger(who, other),
            Violation::TicketNotGood => self.cover("tickets to groups not good"),
            _ => {}
        }
    }

    /// Whether somebody takes themselves for a member of a group in which another does not.
    fn is_not_answered(&self, who: Who, other: Who) -> bool {
        let own = self.people[who].account;
        let theirs = &self.people[other].knows;
        let is_out =
            |(id, _): (&ConversationId, _)| theirs.get(id).is_some_and(|known| !known.has(own));
        // Who was let in again since is not answered what they asked for before.
        self.people[who].knows.iter().any(is_out) || self.was_removed(own)
    }

    /// Whether somebody is a stranger here, or blocked. Of two with one device each, both know
    /// each other or neither does; another device of one's own may not have heard of it yet.
    fn may_be_refused(&self, who: Who, other: Who) -> bool {
        let [own, theirs] = [who, other].map(|who| self.people[who].account);
        if own == theirs {
            return false;
        }
        // What a step closes first, it may learn of afterwards.
        if self.people[who].just_changed.contains(&theirs) {
            return true;
        }
        let known = self.store(who).contact(theirs);
        let is_blocked = known.is_some_and(|known| known.is_blocked);
        let has_more = [own, theirs].iter().any(|account| self.of(*account).len() > 1);
        let may_be_apart = self.has_lost(who)
            || has_more
            || self.model.asks.contains(&(theirs, own))
            || self.model.asks.contains(&(own, theirs));
        let is_known = self.knows(who, other) || (self.knows(other, who) && !may_be_apart);
        is_blocked || !is_known
    }

    fn count_stranger(&mut self, who: Who, other: Who) {
        let theirs = self.people[other].account;
        if self.store(who).contact(theirs).is_some_and(|known| known.is_blocked) {
            return self.cover("blocked people refused");
        }
        self.cover("strangers refused");
        let tickets = self.store(other).tickets().unwrap_or_default();
        let invites = self.store(who).invites().unwrap_or_default();
        let device = self.people[who].device;
        let is_used = |secret| invites.iter().all(|invite| invite.secret != secret);
        if tickets.iter().any(|t| t.device == device && is_used(t.secret)) {
            self.cover("invites used up by another");
        }
    }

    /// When a program starts again, and in the end: what was answered for is there.
    pub(crate) fn check_nothing_lost(&mut self, who: Who) {
        let store = self.store(who);
        let own = self.model.written.values().filter(|w| w.by == who && w.is_sure);
        let is_lost = |id: &EntryId| store.entry(*id).ok().flatten().is_none();
        let lost = own.filter(|written| is_lost(&written.id)).count();
        if self.is_honest(who) && lost > 0 {
            self.fail(&format!("{who} has lost {lost} entries that it had answered for"));
        }
    }

    pub(crate) fn knows(&self, who: Who, other: Who) -> bool {
        let known = self.store(who).contact(self.people[other].account);
        known.is_some_and(|contact| contact.is_contact)
    }
}
