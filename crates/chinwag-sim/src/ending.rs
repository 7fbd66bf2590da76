//! What must hold in the end, some minutes after the last fault: who belongs together has the same,
//! and it is what the model says.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_core::body::{Content, body_hash};
use chinwag_core::entry::{Seq, is_signed};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::store::{Contact, Store, StoredEntry};
use chinwag_core::sync::ranges::{Range, Ranges};

use crate::fold::{content_of, expected};
use crate::model::{Handed, Written};
use crate::network::Who;
use crate::sim::World;

impl World<'_> {
    pub(crate) fn check_the_end(&mut self) {
        for who in 0..self.people.len() {
            if self.people[who].is_absent {
                continue;
            }
            self.check_nothing_lost(who);
            if self.is_honest(who) {
                self.check_logs(who);
                self.check_disappeared(who);
            }
            self.count_certificates(who);
        }
        self.check_friends();
        for account in self.accounts() {
            if self.is_honest_account(account) {
                self.check_own(account);
            }
        }
        self.check_groups();
        for (id, [a, b]) in self.pairs.clone() {
            if a != b && self.is_honest_account(a) && self.is_honest_account(b) {
                self.check_pair(id, a, b);
            }
        }
    }

    fn count_certificates(&mut self, who: Who) {
        let operations = self.store(who).operations().unwrap_or_default();
        let own = self.people[who].account;
        let devices = self.of(own).len();
        if operations.iter().filter(|o| o.operation.account == own).count() > 1 + devices {
            self.cover("certificates renewed");
        }
    }

    fn log(&self, who: Who, id: ConversationId, author: DeviceId) -> Vec<StoredEntry> {
        let all = Range::up_to(Seq::MAX);
        self.store(who).entries(id, author, all, usize::MAX, usize::MAX).unwrap_or_default()
    }

    /// Every log is linked and signed, from gap to gap; nobody else's is there. That there is no gap
    /// between those who still talk follows from what they have in common.
    fn check_logs(&mut self, who: Who) {
        for (id, frontier) in self.store(who).frontiers().unwrap_or_default() {
            let authors: Vec<DeviceId> = frontier.iter().map(|(author, _)| author).collect();
            let is_own = self.is_member(id, self.people[who].device);
            if !is_own || !authors.iter().all(|author| self.is_member(id, *author)) {
                self.fail(&format!("{who} keeps entries of others"));
            }
            let forks = self.store(who).forks().unwrap_or_default();
            for author in authors {
                let fork = forks.iter().find(|f| (f.conversation(), f.author()) == (id, author));
                let forked_at = fork.map_or(u64::MAX, |fork| fork.at().get());
                let log = self.log(who, id, author);
                let ranges = frontier.of(author).cloned().unwrap_or_default();
                let is_all: Ranges = log
                    .iter()
                    .filter_map(|entry| Range::new(entry.header.seq(), entry.header.seq()))
                    .collect();
                if is_all != ranges {
                    self.fail(&format!("{who} has {is_all:?} of a log and says {ranges:?}"));
                }
                if let Err(fault) = self.check_log(&log, id, author, forked_at) {
                    self.fail(&format!("{who} keeps a log of {author:?} with {fault}"));
                }
            }
        }
    }

    /// Checks a log anew, and not with the node's own check: what that misses is to be found.
    fn check_log(
        &mut self,
        log: &[StoredEntry],
        id: ConversationId,
        author: DeviceId,
        forked_at: u64,
    ) -> Result<(), String> {
        let mut before: Option<&StoredEntry> = None;
        for entry in log {
            let (header, number) = (&entry.header, entry.header.seq().get());
            let is_next = before.map_or(0, |before| before.header.seq().get()) + 1 == number;
            let is_linked = header.place.backlink() == before.map(|before| before.id);
            let ends = before.is_some_and(|before| before.signature.is_none());
            let faults = [
                (header.conversation != id || header.author != author, "an entry of another log"),
                // Behind a fork there may be the one side of it and then the other.
                (is_next && number < forked_at && !is_linked, "a wrong backlink"),
                (!is_next && ends, "a gap after what is not signed"),
                (header.id() != entry.id, "a wrong id"),
                (has_wrong_body(entry), "a wrong body"),
                (!self.is_well_signed(entry, author), "a wrong signature"),
            ];
            if let Some((_, fault)) = faults.into_iter().find(|(is_wrong, _)| *is_wrong) {
                return Err(format!("{fault} at {number}"));
            }
            before = Some(entry);
        }
        let is_signed = log.last().is_none_or(|last| last.signature.is_some());
        if is_signed { Ok(()) } else { Err("an end that is not signed".to_owned()) }
    }

    /// An entry within a run has no signature: that of the run's last covers it.
    fn is_well_signed(&mut self, entry: &StoredEntry, author: DeviceId) -> bool {
        let Some(signature) = &entry.signature else { return true };
        let what = (entry.id, *signature.as_bytes());
        let is_good = self.signed.contains(&what) || is_signed(author.key(), entry.id, signature);
        if is_good {
            self.signed.insert(what);
        }
        is_good
    }

    /// What was read has disappeared, by a clock that was always right.
    fn check_disappeared(&mut self, who: Who) {
        let person = &self.people[who];
        let (own, device) = (person.account, person.device);
        if person.has_jumped || self.has_lost(who) {
            return;
        }
        let reads = self.store(who).reads().unwrap_or_default();
        let receipts = self.store(who).receipts().unwrap_or_default();
        let mut late = 0;
        for written in self.model.written.values().filter(|w| w.lifetime_s > 0) {
            let (id, author, seq) =
                (written.conversation, written.device, written.position.seq.get());
            let is_read = reads.iter().any(|(of, by, frontier)| {
                (*of, *by) == (id, own) && frontier.height(author) >= seq
            });
            let is_delivered = receipts.iter().any(|(of, to, frontier)| {
                let is_other = self.account_of(*to) != Some(own);
                *of == id && is_other && frontier.height(author) >= seq
            });
            let is_ours = written.account == own;
            let has_begun = if is_ours { author == device && is_delivered } else { is_read };
            let entry = self.store(who).entry(written.id).ok().flatten();
            if has_begun && entry.is_some_and(|entry| entry.body.is_some()) {
                late += 1;
            }
        }
        if late > 0 {
            self.fail(&format!("{who} keeps {late} bodies whose time is over"));
        }
    }

    /// Who redeemed a ticket that can't fail is a contact, and a ticket for one made one contact.
    fn check_friends(&mut self) {
        if self.life.scenario.network.ends_after_s > 0 {
            return;
        }
        let handed = self.model.handed.clone();
        let is_sound = |ticket: &&Handed| self.is_sound(ticket);
        let sound: Vec<Handed> = handed.iter().filter(is_sound).copied().collect();
        for ticket in &sound {
            self.check_good(ticket, &handed);
        }
        for ticket in sound.iter().filter(|ticket| !ticket.is_reusable) {
            let is_met = |other: &&Handed| {
                other.secret == ticket.secret
                    && self.knows(other.host, other.guest)
                    && !self.have_asked(other)
                    && handed.iter().filter(|third| self.are_same_two(third, other)).count() == 1
            };
            if sound.iter().filter(is_met).count() > 1 {
                self.fail(&format!("a ticket of {} for one made two contacts", ticket.host));
            }
        }
    }

    /// Whether both are honest, take part, kept what they had and are devices of their accounts.
    fn is_sound(&self, ticket: &Handed) -> bool {
        let both = [ticket.host, ticket.guest];
        let accounts = both.map(|who| self.people[who].account);
        both.iter().all(|who| self.is_honest(*who) && !self.people[*who].is_absent)
            && accounts.iter().all(|account| !self.has_account_lost(*account))
            && !self.have_parted(accounts[0], accounts[1])
    }

    /// Whether there was ever a reason for which two may not know each other although one knows
    /// the other: one blocked the other, or a device that knew was removed.
    fn have_parted(&self, a: AccountId, b: AccountId) -> bool {
        let blocks = &self.model.blocks;
        let devices = self.of(a).into_iter().chain(self.of(b));
        let are_removed = devices.into_iter().any(|who| self.is_revoked(who));
        blocks.contains(&(a, b)) || blocks.contains(&(b, a)) || are_removed
    }

    fn have_asked(&self, ticket: &Handed) -> bool {
        let [a, b] = [ticket.host, ticket.guest].map(|who| self.people[who].account);
        self.model.asks.contains(&(a, b)) || self.model.asks.contains(&(b, a))
    }

    fn are_same_two(&self, a: &Handed, b: &Handed) -> bool {
        let of = |ticket: &Handed| [ticket.host, ticket.guest].map(|who| self.people[who].account);
        let ([a, b], [c, d]) = (of(a), of(b));
        (a, b) == (c, d) || (a, b) == (d, c)
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

    /// The devices of an account know the same people, and have the same of their memory.
    fn check_own(&mut self, account: AccountId) {
        let devices = self.current(account);
        let contacts = |who: Who| self.store(who).contacts().unwrap_or_default();
        let Some(first) = devices.first().copied() else { return };
        let known: Vec<Contact> = contacts(first);
        let other = devices.iter().find(|who| contacts(**who) != known).copied();
        if let Some(other) = other {
            self.fail(&format!("{first} and {other}, of one account, know different people"));
        }
        self.check_same(ConversationId::own(account), &devices);
        let mut liars = self.accounts();
        liars.retain(|other| !self.is_honest_account(*other));
        for liar in liars {
            // Whatever a liar told to one of them and to another, they agree about it.
            let id = ConversationId::direct(account, liar);
            self.check_same(id, &devices);
        }
    }

    fn check_same(&mut self, id: ConversationId, devices: &[Who]) {
        let digests: BTreeMap<Who, _> =
            devices.iter().map(|who| (*who, self.digest(*who, id))).collect();
        let Some((first, digest)) = digests.first_key_value() else { return };
        if let Some((other, _)) = digests.iter().find(|(_, other)| *other != digest) {
            self.fail(&format!("{first} and {other} do not have the same history"));
        }
    }

    fn digest(&self, who: Who, id: ConversationId) -> Option<[u8; 32]> {
        let node = self.people[who].node.as_ref()?;
        let digest = node.history_digest(self.store(who), id).ok()??;
        Some(*digest.as_bytes())
    }

    /// All devices of both have the same, which is what was written, and know it of each other.
    fn check_pair(&mut self, id: ConversationId, a: AccountId, b: AccountId) {
        let devices = [self.current(a), self.current(b)].concat();
        let (Some(of_a), Some(of_b)) =
            (self.current(a).first().copied(), self.current(b).first().copied())
        else {
            return;
        };
        if self.knows(of_a, of_b) != self.knows(of_b, of_a) {
            let has_lost = self.has_account_lost(a) || self.has_account_lost(b);
            let has_ended = self.life.scenario.network.ends_after_s > 0;
            if !has_lost && !has_ended && !self.have_parted(a, b) {
                self.fail(&format!("{of_a} and {of_b}: only one knows the other"));
            }
            // Whoever has forgotten a contact has to be introduced again.
            return;
        }
        if !self.knows(of_a, of_b) || self.is_blocked(a, b) || self.is_blocked(b, a) {
            return;
        }
        self.check_same(id, &devices);
        for who in &devices {
            self.check_written(*who, id);
            self.check_fold(*who, id);
        }
        for (from, to) in [(a, b), (b, a)] {
            self.check_receipts_of(id, from, to);
            self.check_reads_of(id, from, &devices);
        }
    }

    fn is_blocked(&self, by: AccountId, of: AccountId) -> bool {
        let blocks = |who: &Who| self.store(*who).contact(of).is_some_and(|c| c.is_blocked);
        self.current(by).iter().any(blocks)
    }

    /// How much of a log counts: what a revocation cuts off does not.
    fn counting(&self, who: Who, id: ConversationId, author: DeviceId) -> u64 {
        self.store(who).height(id, author).min(self.left(who, id, author))
    }

    /// How much of a log a revocation leaves.
    fn left(&self, who: Who, id: ConversationId, author: DeviceId) -> u64 {
        let log = self.account_of(author).zip(self.people[who].node.as_ref());
        let log = log.and_then(|(account, node)| node.account_log(account));
        match log.and_then(|log| log.device(author)).map(|device| device.revoked) {
            Some(Some(heights)) => heights.get(&id).copied().unwrap_or(0),
            Some(None) => u64::MAX,
            None => 0,
        }
    }

    /// Whether an entry is shown: also above a gap that stays, because a disk was lost.
    fn is_here(&self, who: Who, written: &Written) -> bool {
        let (id, author, seq) = (written.conversation, written.device, written.position.seq);
        self.store(who).has(id, author, seq) && seq.get() <= self.left(who, id, author)
    }

    /// What is here was written, as it is; and what must be here is here.
    fn check_written(&mut self, who: Who, id: ConversationId) {
        let logs: Vec<(DeviceId, u64)> = self.store(who).logs(id).collect();
        for (author, height) in logs {
            if self.counting(who, id, author) < height {
                self.cover("entries cut off by a revocation");
            }
            for entry in self.log(who, id, author) {
                let written = self.model.written.get(&entry.id);
                let is_lost = written.is_none() && !self.has_lost_device(author);
                let content = content_of(&entry);
                let is_other = written.zip(content).is_some_and(|(w, c)| w.content != c);
                if is_lost || is_other {
                    self.fail(&format!("{who} has {:?}, which nobody wrote", entry.header.seq()));
                }
            }
        }
        let sure = self.model.written.values().filter(|w| w.conversation == id && w.is_sure);
        let lacks = |w: &&Written| self.counting(who, id, w.device) < w.position.seq.get();
        let lacking: Vec<String> =
            sure.filter(lacks).map(|w| format!("{} of {:?}", w.position.seq, w.device)).collect();
        if !lacking.is_empty() {
            self.fail(&format!("{who} lacks entries: {}", lacking.join(", ")));
        }
    }

    fn has_lost_device(&self, device: DeviceId) -> bool {
        self.whose(device).is_some_and(|who| self.has_lost(who))
    }

    /// What a screen shows is what the model says.
    fn check_fold(&mut self, who: Who, id: ConversationId) {
        let is_here = |w: &&Written| self.is_here(who, w);
        let written = self.model.written.values().filter(|w| w.conversation == id);
        let expected = expected(written.filter(is_here));
        let shown = self.shown(who, id);
        if shown.len() != expected.len() {
            let there: BTreeSet<EntryId> = shown.iter().map(|shown| shown.id).collect();
            let meant: BTreeSet<EntryId> = expected.iter().map(|e| e.shown.id).collect();
            let place = |id: &EntryId| match self.model.written.get(id) {
                Some(w) => format!("{} of {:?}", w.position.seq, w.device),
                None => "what nobody wrote".to_owned(),
            };
            let others: Vec<String> = there.symmetric_difference(&meant).map(place).collect();
            let (shown, expected) = (shown.len(), expected.len());
            let others = others.join(", ");
            return self.fail(&format!("{who} shows {shown} of {expected}, but for {others}"));
        }
        let is_wrong = |(expected, shown): &(&crate::fold::Expected, &crate::fold::Shown)| {
            // What a revocation cut off may have taken it back before: it may be gone, and so may
            // what was said of it by whoever had deleted it.
            let is_taken_back = self.is_ever_retracted(shown.id);
            !(expected.fits(shown) || is_taken_back && expected.may_be_without_changes(shown))
        };
        let wrong = expected.iter().zip(&shown).find(is_wrong);
        let wrong = wrong.map(|(expected, shown)| format!("{who} shows {shown:?}: {expected:?}"));
        if let Some(wrong) = wrong {
            self.fail(&wrong);
        }
    }

    fn is_ever_retracted(&self, id: EntryId) -> bool {
        let author = self.model.written.get(&id).map(|written| written.account);
        author.is_some_and(|author| self.model.retracted.contains(&(author, id)))
    }

    /// Whoever wrote something knows of every device of the other that has it.
    fn check_receipts_of(&mut self, id: ConversationId, from: AccountId, to: AccountId) {
        let authors: Vec<DeviceId> =
            self.of(from).into_iter().flat_map(|who| self.devices(who)).collect();
        for who in self.current(from) {
            let receipts = self.store(who).receipts().unwrap_or_default();
            for other in self.current(to) {
                let device = self.people[other].device;
                let of = |(c, d, _): &&(_, _, _)| *c == id && *d == device;
                let frontier = receipts.iter().find(of).map(|(_, _, frontier)| frontier);
                for author in &authors {
                    let known = frontier.map_or(0, |frontier| frontier.height(*author));
                    let there = self.counting(other, id, *author);
                    if known < there {
                        self.fail(&format!(
                            "{who} knows of {known} delivered to {other}, of {there}"
                        ));
                    }
                }
            }
        }
    }

    /// What an account has read is known to all its devices and to those of the other.
    fn check_reads_of(&mut self, id: ConversationId, account: AccountId, devices: &[Who]) {
        let members = self.pairs.get(&id).into_iter().flatten();
        let all: Vec<Who> = members.flat_map(|member| self.of(*member)).collect();
        if all.iter().any(|who| self.has_lost(*who) || self.is_revoked(*who)) {
            // They do not read it again, and who knew it may not be there any more.
            return;
        }
        let of = |who: Who| -> BTreeMap<DeviceId, u64> {
            let reads = self.store(who).reads().unwrap_or_default();
            let found = reads.into_iter().find(|(c, by, _)| *c == id && *by == account);
            let frontier = found.map(|(_, _, frontier)| frontier).unwrap_or_default();
            // What was read before a revocation cut it off is not read any more.
            let heights = frontier.iter().map(|(author, ranges)| {
                (author, ranges.height().min(self.counting(who, id, author)))
            });
            heights.filter(|(_, height)| *height > 0).collect()
        };
        let all: Vec<_> = devices.iter().map(|who| (*who, of(*who))).collect();
        let Some((first, known)) = all.first().cloned() else { return };
        if let Some((other, of_other)) = all.iter().find(|(_, other)| *other != known) {
            self.fail(&format!(
                "{first} and {other} do not agree what {account:?} has read: {known:?}, \
                 {of_other:?}"
            ));
        }
    }

    /// Whether somebody may still have something to say: so long after the faults.
    pub(crate) fn is_quiet_time(&self) -> bool {
        self.now > self.peace + crate::sim::CALM
    }
}

fn has_wrong_body(entry: &StoredEntry) -> bool {
    entry.body.as_ref().is_some_and(|body| body_hash(body) != entry.header.body_hash)
        || matches!(content_of(entry), Some(Content::Unknown { .. }))
}
