//! What must hold. The cheap checks run after every step, on what came out of it and on what is
//! kept; those of whole logs when a program starts again and in the end.

use chinwag_core::body::{Body, Content, body_hash};
use chinwag_core::entry::{Seq, is_signed};
use chinwag_core::ids::{ConversationId, DeviceId, EntryId};
use chinwag_core::input::Link;
use chinwag_core::node::Node;
use chinwag_core::output::{Event, Output};
use chinwag_core::store::{Store, StoredEntry};
use chinwag_core::sync::ranges::Range;
use chinwag_core::violation::Violation;
use chinwag_core::wire::limits::{RANGES_MAX, SESSIONS_PER_DEVICE_MAX};
use chinwag_core::wire::message::{Have, Message};

use crate::network::{SECOND, Who};
use crate::sim::World;
use crate::workload::Handed;

impl World {
    fn store(&self, who: Who) -> &dyn Store {
        &*self.people[who].store
    }

    /// Whether somebody ever went on from an old backup.
    fn has_lost(&self, who: Who) -> bool {
        !self.people[who].was.is_empty() || self.people[who].is_copy
    }

    fn height(&self, who: Who, conversation: ConversationId, author: DeviceId) -> u64 {
        let frontiers = self.store(who).frontiers().unwrap_or_default();
        let here = frontiers.iter().find(|(id, _)| *id == conversation);
        here.map_or(0, |(_, frontier)| frontier.height(author))
    }

    /// After every step: what is kept of others, and how much.
    pub(crate) fn check_kept(&mut self, who: Who) {
        if !self.is_honest(who) {
            return;
        }
        for (id, device, frontier) in self.store(who).receipts().unwrap_or_default() {
            let pair = self.pairs.get(&id).copied().unwrap_or_default();
            let is_members = |(author, _)| self.whose(author).is_some_and(|w| pair.contains(&w));
            let ranges = frontier.iter().map(|(_, ranges)| ranges.iter().count()).max();
            if !frontier.iter().all(is_members) || ranges > Some(RANGES_MAX) {
                self.fail(&format!("{who} keeps what strangers have, or {ranges:?} ranges"));
            }
            let Some(to) = self.whose(device).filter(|to| self.is_there(*to, device)) else {
                continue;
            };
            for (author, _) in frontier.iter() {
                self.check_delivered(who, id, author, frontier.height(author), to);
            }
        }
        let links = self.network.of(who).count();
        let sessions = self.people[who].node.as_ref().map_or(0, Node::sessions);
        // What is under way to the node is not there yet.
        if sessions > links + 64 {
            self.fail(&format!("{who} has {sessions} sessions on {links} connections"));
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
        height: u64,
        to: Who,
    ) {
        let there = self.height(to, id, author);
        if height > there {
            self.fail(&format!(
                "{who} takes {height} of {author:?} for delivered to {to}, who has {there}"
            ));
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
            Output::Event(Event::Entry { id, header, .. }) => {
                let device = header.author;
                if let Some(author) = self.whose(device).filter(|a| self.is_there(*a, device))
                    && self.store(author).entry(*id).ok().flatten().is_none()
                {
                    self.fail(&format!("{who} has an entry of {author} that {author} has not"));
                }
            }
            Output::Event(Event::Delivered { conversation, author, height, to }) => {
                let device = *to;
                if let Some(to) = self.whose(device).filter(|to| self.is_there(*to, device)) {
                    self.check_delivered(who, *conversation, *author, *height, to);
                }
            }
            Output::Event(Event::Fork { author, .. }) => {
                self.cover("forks shown");
                if self.whose(*author).is_some_and(|author| self.is_honest(author)) {
                    self.fail(&format!("{who} shows a fork of somebody honest"));
                }
            }
            _ => {}
        }
    }

    /// Entries go to the conversation's two, and a node claims only what it has kept.
    fn check_sent(&mut self, who: Who, link: Link, bytes: &[u8]) {
        let Some(to) = self.network.cable(link).map(|cable| cable.other(who)) else { return };
        let Some(kind @ (5 | 7)) = bytes.first().copied() else { return };
        let Some(id) = bytes.get(1..33).and_then(|id| id.try_into().ok()) else { return };
        let id = ConversationId::from_bytes(id);
        if !self.pairs.get(&id).is_some_and(|pair| pair.contains(&who) && pair.contains(&to)) {
            self.fail(&format!("{who} tells {to} of a conversation of others"));
        }
        if kind == 5
            && let Ok(Message::Have(Have { frontier, .. })) = Message::read(bytes)
        {
            for (author, ranges) in frontier.iter() {
                let here = self.height(who, id, author);
                if ranges.highest().map_or(0, Seq::get) > here {
                    self.fail(&format!(
                        "{who} says it has what it has not kept: {ranges:?}, {here}"
                    ));
                }
            }
        }
    }

    /// Between honest nodes a connection is closed only for a reason that the network gave.
    fn check_close(&mut self, who: Who, link: Link, why: &Violation) {
        let Some(cable) = self.network.cable(link) else { return };
        let (other, lie, is_troubled) = (cable.other(who), cable.lie, cable.is_troubled);
        if !self.is_honest(other) {
            if let Some(lie) = lie {
                self.cover(lie.found_out());
            }
            return;
        }
        let knows = |a: Who, b: Who| {
            let contacts = self.store(a).contacts().unwrap_or_default();
            contacts.iter().any(|c| c.is_contact && c.account == self.people[b].account)
        };
        let is_fair = match why {
            Violation::TooSlow => is_troubled,
            Violation::TooManySessions => {
                self.network.between(who, other) >= SESSIONS_PER_DEVICE_MAX
            }
            Violation::NotWelcome if self.has_lost(who) => !knows(who, other),
            Violation::NotWelcome => !knows(who, other) && !knows(other, who),
            Violation::NotCertified => {
                let has_jumped = self.people[who].has_jumped || self.people[other].has_jumped;
                has_jumped && self.now < self.peace + 60 * SECOND
            }
            _ => false,
        };
        if !is_fair {
            self.fail(&format!("{who} closes on {other}: {why}"));
        }
        match why {
            Violation::NotCertified => self.cover("expired certificates refused"),
            Violation::NotWelcome => {
                self.cover("strangers refused");
                let tickets = self.store(other).tickets().unwrap_or_default();
                let invites = self.store(who).invites().unwrap_or_default();
                let device = self.people[who].device;
                let is_used = |secret| invites.iter().all(|invite| invite.secret != secret);
                if tickets.iter().any(|t| t.device == device && is_used(t.secret)) {
                    self.cover("invites used up by another");
                }
            }
            _ => {}
        }
    }

    /// When a program starts again, and in the end: what was answered for is there.
    pub(crate) fn check_nothing_lost(&mut self, who: Who) {
        let said: Vec<EntryId> = self
            .model
            .said
            .iter()
            .filter(|((from, _), _)| *from == who)
            .flat_map(|(_, said)| said.iter().map(|(id, _)| *id))
            .collect();
        let lost = said.iter().filter(|id| self.store(who).entry(**id).ok().flatten().is_none());
        let lost = lost.count();
        if self.is_honest(who) && lost > 0 {
            self.fail(&format!("{who} has lost {lost} entries that it had answered for"));
        }
    }

    pub(crate) fn check_the_end(&mut self) {
        for who in 0..self.people.len() {
            self.check_nothing_lost(who);
            if self.is_honest(who) {
                self.check_logs(who);
            }
            let operations = self.store(who).operations().unwrap_or_default();
            let own = self.people[who].account;
            if operations.iter().filter(|o| o.operation.account == own).count() > 2 {
                self.cover("certificates renewed");
            }
        }
        self.check_friends();
        for (id, [a, b]) in self.pairs.clone() {
            if a != b && self.is_honest(a) && self.is_honest(b) {
                self.check_pair(id, a, b);
            }
        }
    }

    fn log(&self, who: Who, id: ConversationId, author: DeviceId) -> Vec<StoredEntry> {
        let all = Range::up_to(Seq::MAX);
        self.store(who).entries(id, author, all, usize::MAX, usize::MAX).unwrap_or_default()
    }

    /// Every log is without a gap, linked and signed; nobody else's is there.
    fn check_logs(&mut self, who: Who) {
        for (id, frontier) in self.store(who).frontiers().unwrap_or_default() {
            let is_member = |w: Option<Who>| {
                w.is_some_and(|w| self.pairs.get(&id).is_some_and(|pair| pair.contains(&w)))
            };
            let authors: Vec<DeviceId> = frontier.iter().map(|(author, _)| author).collect();
            if !is_member(Some(who)) || !authors.iter().all(|a| is_member(self.whose(*a))) {
                self.fail(&format!("{who} keeps entries of others"));
            }
            for author in authors {
                if let Err(fault) = check_log(&self.log(who, id, author), id, author) {
                    self.fail(&format!("{who} keeps a log of {author:?} with {fault}"));
                }
            }
        }
    }

    /// Who redeemed a ticket that can't fail is a contact, and a ticket for one made one contact.
    fn check_friends(&mut self) {
        let handed = self.model.handed.clone();
        let is_honest = |ticket: &&Handed| {
            let both = [ticket.host, ticket.guest];
            both.iter().all(|who| self.is_honest(*who) && !self.has_lost(*who))
        };
        let honest: Vec<Handed> = handed.iter().filter(is_honest).copied().collect();
        for ticket in &honest {
            self.check_good(ticket, &handed);
        }
        for ticket in honest.iter().filter(|ticket| !ticket.is_reusable) {
            let is_met = |other: &&Handed| {
                other.secret == ticket.secret
                    && self.knows(other.host, other.guest)
                    && handed.iter().filter(|third| are_same_two(third, other)).count() == 1
            };
            if honest.iter().filter(is_met).count() > 1 {
                self.fail(&format!("a ticket of {} for one made two contacts", ticket.host));
            }
        }
    }

    /// A newer ticket to a device takes the place of an older one: if one may fail, all may.
    fn check_good(&mut self, ticket: &Handed, handed: &[Handed]) {
        let Handed { host, guest, secret, .. } = *ticket;
        let of_both = handed.iter().filter(|other| other.host == host && other.guest == guest);
        let is_good = of_both.clone().all(|other| other.is_good);
        let redeemed = &self.model.redeemed;
        let is_redeemed = redeemed.iter().any(|(who, t)| *who == guest && t.secret == secret);
        if is_good && is_redeemed && !(self.knows(host, guest) && self.knows(guest, host)) {
            self.fail(&format!("{guest} redeemed a ticket of {host}, and they are no contacts"));
        }
    }

    pub(crate) fn knows(&self, who: Who, other: Who) -> bool {
        let contacts = self.store(who).contacts().unwrap_or_default();
        contacts.iter().any(|c| c.is_contact && c.account == self.people[other].account)
    }

    /// Both have the same, which is what was said, and know it of each other.
    fn check_pair(&mut self, id: ConversationId, a: Who, b: Who) {
        if self.knows(a, b) != self.knows(b, a) {
            if !self.has_lost(a) && !self.has_lost(b) {
                self.fail(&format!("{a} and {b}: only one knows the other"));
            }
            // Whoever has forgotten a contact has to be introduced again.
            return;
        }
        for (author, reader) in [(a, b), (b, a)] {
            self.check_author(id, author, reader);
        }
        let digest = |who: Who| self.digest(who, id);
        if digest(a) != digest(b) {
            self.fail(&format!("{a} and {b} do not have the same history"));
        }
    }

    fn digest(&self, who: Who, id: ConversationId) -> Option<[u8; 32]> {
        let node = self.people[who].node.as_ref()?;
        let digest = node.history_digest(self.store(who), id).ok()??;
        Some(*digest.as_bytes())
    }

    fn check_author(&mut self, id: ConversationId, author: Who, reader: Who) {
        let mut all = Vec::new();
        for device in self.devices(author) {
            let log = self.log(author, id, device);
            if log != with_signatures_of(self.log(reader, id, device), &log) {
                let there = self.height(reader, id, device);
                self.fail(&format!("{reader} has {there} of {author}'s {}", log.len()));
            }
            let receipts = self.store(author).receipts().unwrap_or_default();
            let of = |(c, d, _): &&(_, _, _)| *c == id && *d == self.people[reader].device;
            let known = receipts.iter().find(of).map_or(0, |(_, _, f)| f.height(device));
            if known != u64::try_from(log.len()).unwrap_or(u64::MAX) {
                self.fail(&format!("{author} knows of {known} delivered, of {}", log.len()));
            }
            all.extend(log);
        }
        self.check_said(author, reader, &all);
    }

    /// What was answered for is in the log, in its order and in its words. What was committed and
    /// never answered for may be between.
    fn check_said(&mut self, author: Who, reader: Who, log: &[StoredEntry]) {
        let said = self.model.said.get(&(author, reader)).cloned().unwrap_or_default();
        let mut log = log.iter();
        for (id, words) in said {
            let found = log.find(|entry| entry.id == id);
            if found.and_then(words_of).as_ref() != Some(&words) {
                self.fail(&format!("{author} said \"{words}\", and the log says otherwise"));
            }
        }
    }
}

fn are_same_two(a: &Handed, b: &Handed) -> bool {
    (a.host, a.guest) == (b.host, b.guest) || (a.host, a.guest) == (b.guest, b.host)
}

/// Whoever got a page has a signature for its last entry only.
fn with_signatures_of(mut log: Vec<StoredEntry>, of: &[StoredEntry]) -> Vec<StoredEntry> {
    for (entry, original) in log.iter_mut().zip(of) {
        entry.signature = entry.signature.and(original.signature).or(original.signature);
    }
    log
}

fn words_of(entry: &StoredEntry) -> Option<String> {
    match Body::from_bytes(entry.header.kind, entry.body.as_deref()?).ok()?.content() {
        Content::Text(text) => Some(text.text.clone()),
        _ => None,
    }
}

/// Checks a whole log anew, and not with the node's own check: what that misses is to be found.
fn check_log(log: &[StoredEntry], id: ConversationId, author: DeviceId) -> Result<(), String> {
    let mut before: Option<EntryId> = None;
    for (number, entry) in (1..).zip(log) {
        let header = &entry.header;
        let faults = [
            (header.conversation != id || header.author != author, "an entry of another log"),
            (header.seq().get() != number, "a gap"),
            (header.place.backlink() != before, "a wrong backlink"),
            (header.id() != entry.id, "a wrong id"),
            (entry.body.as_ref().is_some_and(|b| body_hash(b) != header.body_hash), "a wrong body"),
            (!is_well_signed(entry, author), "a wrong signature"),
        ];
        if let Some((_, fault)) = faults.into_iter().find(|(is_wrong, _)| *is_wrong) {
            return Err(format!("{fault} at {number}"));
        }
        before = Some(entry.id);
    }
    let is_signed = log.last().is_none_or(|last| last.signature.is_some());
    if is_signed { Ok(()) } else { Err("an end that is not signed".to_owned()) }
}

/// An entry within a run has no signature: that of the run's last covers it.
fn is_well_signed(entry: &StoredEntry, author: DeviceId) -> bool {
    entry.signature.as_ref().is_none_or(|of| is_signed(author.key(), entry.id, of))
}
