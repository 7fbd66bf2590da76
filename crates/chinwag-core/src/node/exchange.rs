//! What goes to and fro: who has what, who wants what, and entries.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::session::{Session, later};
use super::{Handled, Node, Peer};
use crate::entry::Seq;
use crate::env::Env;
use crate::ids::{ConversationId, DeviceId, EntryId};
use crate::input::Link;
use crate::log::{Base, CheckedEntry, CheckedRun, Run, RunFault};
use crate::output::{Event, Lane};
use crate::store::{Store, StoreError, StoredEntry};
use crate::sync::frontier::Frontier;
use crate::sync::plan::{has_room_for, lowest_gap, next_gap};
use crate::sync::ranges::{Range, Ranges};
use crate::time::Mono;
use crate::violation::Violation;
use crate::wire::codec::Encode as _;
use crate::wire::limits::{
    FRAME_MAX, LIVE_BYTES_MAX, PAGE_BYTES_MAX, PAGE_MAX, PAGES_IN_FLIGHT_MAX,
};
use crate::wire::message::{Have, Message};

/// Entries asked for at once, at most: a page.
const PIECE: Seq = Seq::MIN.saturating_add(999);
const _: () = assert!(PAGE_MAX == 1_000, "a piece is a page");

/// Why something of a log is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    /// It is not here.
    Lack,
    /// It is here, and may be another there: then it proves a fork.
    Doubt,
}

impl Node {
    /// What they have: a receipt for what we sent, and a list of what we lack.
    pub(super) fn have(&mut self, env: &mut Env<'_>, from: Peer, have: &Have) -> Handled {
        let id = have.conversation;
        self.accepted(env, from, id)?;
        if self.account() == Some(from.account) && !self.conversations.contains_key(&id) {
            // A contact that we have not heard of yet; when we do, we compare again.
            return Ok(Ok(()));
        }
        match self.hears(from, id) {
            Err(violation) => return Ok(Err(violation)),
            Ok(false) => {
                if self.is_invited_to(id) {
                    // It is asked for if somebody here wants to join.
                    self.note_claims(env.mono, from, have);
                }
                if let Some(link) = from.link.filter(|_| self.group(id).is_some()) {
                    // What they have may be what tells that they are a member.
                    self.note_claims(env.mono, from, have);
                    self.complete(env, id, None, true)?;
                    self.ask(env.mono, link);
                    self.show_removal(env, link, id)?;
                }
                return Ok(Ok(()));
            }
            Ok(true) => {}
        }
        self.note_claims(env.mono, from, have);
        for (author, ranges) in have.frontier.iter() {
            let known = self.note_receipt(env, id, from.device, author, ranges)?;
            self.note_sent(from.link, id, author, &known);
        }
        self.compare_heads(env, from, have)?;
        self.complete(env, id, None, true)?;
        if let Some(link) = from.link {
            if have.wants_answer && self.ready(link).is_some() {
                self.send_forks(link, id);
                self.send_have(link, id, None, false);
                if have.is_whole && self.group(id).is_some() {
                    // They may have had no use for it before.
                    self.send_read(link, id);
                }
            }
            self.catch_up(env, link, id)?;
            self.ask(env.mono, link);
        }
        Ok(Ok(()))
    }

    /// Notes what they say they have, for as long as the connection lasts. What we asked for and
    /// they do not have after all is not waited for.
    fn note_claims(&mut self, now: Mono, from: Peer, have: &Have) {
        let id = have.conversation;
        let is_group = self.group(id).is_some() || self.is_invited_to(id);
        let Some(session) = from.link.and_then(|link| self.sessions.get_mut(&link)) else { return };
        if is_group {
            let said = session.said.entry(id).or_default();
            have.frontier.iter().for_each(|(author, ranges)| said.replace(author, ranges.clone()));
            if have.is_whole {
                session.said.insert(id, have.frontier.clone());
                session.whole_there.insert(id, have.frontier.clone());
                session.asked_whole.remove(&id);
            }
        }
        let claims = session.claims.entry(id).or_default();
        if have.is_whole {
            *claims = Frontier::default();
        }
        if have.is_whole && have.wants_answer {
            session.anew.insert(id);
            session.forks_told.retain(|(of, _)| *of != id);
        }
        for (author, ranges) in have.frontier.iter() {
            claims.replace(author, ranges.clone());
        }
        let mut in_vain = Vec::new();
        session.asked.retain(|(of, author), (seq, _)| {
            let is_said = have.is_whole || have.frontier.of(*author).is_some();
            let is_there = *of != id || !is_said || have.frontier.contains(*author, *seq);
            in_vain.extend((!is_there).then_some(*author));
            is_there
        });
        self.named(now, from, have, &in_vain);
    }

    /// Notes that a device has entries of a member's, and tells of those of ours that it did not
    /// have before. The result is what was noted.
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
    ) -> Result<Ranges, StoreError> {
        let is_ours = self.is_ours(author);
        let is_known = self.account_of(id, author).is_some();
        let Some(conversation) = self.conversations.get_mut(&id).filter(|_| is_known) else {
            return Ok(Ranges::default());
        };
        let known = conversation.receipts.get(&device);
        let mut receipt = known.cloned().unwrap_or_default();
        let before = receipt.height(author);
        // Of our account's logs only what is here can be known to be written.
        let here = conversation.here.of(author).and_then(Ranges::highest).map_or(0, Seq::get);
        let written = if is_ours { here } else { u64::MAX };
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
            if !self.is_ours(device) {
                self.begin_to_disappear(env, id, author, before, height)?;
            }
        }
        Ok(ranges)
    }

    /// Whether a log that both have is the same: if not, the entries are asked for that prove it.
    fn compare_heads(
        &mut self,
        env: &mut Env<'_>,
        from: Peer,
        have: &Have,
    ) -> Result<(), StoreError> {
        let id = have.conversation;
        for (author, head) in &have.heads {
            let there = have.frontier.height(*author);
            let Some(seq) = Seq::new(there).filter(|_| there <= self.height(id, *author)) else {
                continue;
            };
            let ours = self.tip_at(env.store, id, *author, seq)?;
            if ours.is_some_and(|ours| ours.id != *head) {
                let range = Range::up_to(seq).highest(PIECE);
                self.want_of(env.mono, from.link, id, *author, range, Why::Doubt);
            }
        }
        Ok(())
    }

    fn want_of(
        &mut self,
        now: Mono,
        link: Option<Link>,
        conversation: ConversationId,
        author: DeviceId,
        range: Range,
        why: Why,
    ) {
        let Some(link) = link else { return };
        let own = self.device();
        let Some(session) = self.sessions.get_mut(&link) else { return };
        // Who says once that our own log goes on, and does not show it, is not asked again: they
        // would hold us up for as long as they like.
        if Some(author) == own && !session.doubted.insert(conversation) {
            return;
        }
        // What was asked before is waited for: it is what they were told. A doubt is said beside it,
        // and nothing waits for that.
        match session.asked.entry((conversation, author)) {
            Entry::Vacant(asked) => {
                asked.insert((range.from(), later(now)));
            }
            Entry::Occupied(_) if why == Why::Lack => return,
            Entry::Occupied(_) => {}
        }
        let is_known = self.account_of(conversation, author).is_some();
        if let Some(group) = self.group_in_mut(conversation).filter(|_| is_known) {
            match why {
                Why::Lack => group.spread.asked(author, link, now),
                Why::Doubt => group.spread.opened(author, link),
            }
        }
        self.send(link, &Message::Want { conversation, author, range });
    }

    /// What they want. What they were sent and do not have yet is on its way on this connection,
    /// which keeps the order: it is not sent twice, unless it came before they knew what to make of
    /// it. What they have already they want to compare.
    pub(super) fn want(
        &mut self,
        env: &mut Env<'_>,
        from: Peer,
        id: ConversationId,
        author: DeviceId,
        range: Range,
    ) -> Handled {
        match self.hears(from, id) {
            Err(violation) => return Ok(Err(violation)),
            Ok(false) => return Ok(Ok(())),
            Ok(true) => {}
        }
        let Some(link) = from.link else { return Ok(Ok(())) };
        // Whoever asks is fed from now on.
        self.told_feed(from, id, Some(author), true);
        let Some(session) = self.sessions.get(&link) else { return Ok(Ok(())) };
        let sent = session.sent.get(&(id, author));
        let is_sent = sent.is_some_and(|sent| sent.contains(range.from()));
        let claims = session.claims.get(&id);
        let is_there = claims.is_some_and(|claims| claims.contains(author, range.from()));
        if is_sent && !is_there && !session.anew.contains(&id) {
            return Ok(Ok(()));
        }
        match page(env.store, id, author, range, self.to_hand_on(id, author))? {
            Some(run) => self.send_run(link, id, author, run),
            // It is not here after all: they need not wait.
            None => self.send_have(link, id, None, false),
        }
        Ok(Ok(()))
    }

    /// How much of a log is handed to others: what counts, and of a group what is complete.
    pub(super) fn to_hand_on(&self, id: ConversationId, author: DeviceId) -> u64 {
        let complete = self.group_in(id).map_or(u64::MAX, |group| group.complete.height(author));
        self.limit(id, author).min(complete)
    }

    /// Hands somebody a run.
    fn send_run(&mut self, link: Link, id: ConversationId, author: DeviceId, run: Run) {
        self.note_sent(Some(link), id, author, &places(&run));
        self.send_entries(link, id, author, run);
    }

    /// Sends entries on the lane where they are not in anybody's way. A log keeps its order: while a
    /// part of it is under way by bulk, the rest goes behind it.
    fn send_entries(&mut self, link: Link, id: ConversationId, author: DeviceId, run: Run) {
        if !self.may_hear(link, id) {
            return;
        }
        let Some(last) = run.entries.last().map(|(header, _)| header.seq()) else { return };
        let bytes = Message::Entries { conversation: id, author, run }.to_bytes();
        let Some(session) = self.sessions.get_mut(&link) else { return };
        let there = self.conversations.get(&id).and_then(|c| c.receipts.get(&session.device));
        let is_there = |seq: &Seq| there.is_some_and(|there| there.contains(author, *seq));
        let is_under_way = session.bulk.get(&(id, author)).is_some_and(|sent| !is_there(sent));
        let lane =
            if is_under_way || bytes.len() > LIVE_BYTES_MAX { Lane::Bulk } else { Lane::Live };
        if lane == Lane::Bulk {
            session.bulk.insert((id, author), last);
        }
        self.send_on(link, lane, bytes);
    }

    /// Entries, asked for or new.
    pub(super) fn entries(
        &mut self,
        env: &mut Env<'_>,
        from: Peer,
        id: ConversationId,
        author: DeviceId,
        run: Run,
    ) -> Handled {
        self.let_in_by(env, from, id, author, &run)?;
        if !self.conversations.contains_key(&id) {
            self.told_of_group(env, from, id, author, &run)?;
            self.note_left_aside(from.link, id);
            return Ok(Ok(()));
        }
        if let Err(violation) = self.hears(from, id) {
            return Ok(Err(violation));
        }
        let Some((first, last)) = run.entries.first().zip(run.entries.last()) else {
            return Ok(Err(Violation::WrongRun(RunFault::Empty)));
        };
        let Some(range) = Range::new(first.0.seq(), last.0.seq()) else {
            return Ok(Err(Violation::WrongRun(RunFault::Empty)));
        };
        let session = from.link.and_then(|link| self.sessions.get_mut(&link));
        let asked = session.and_then(|session| session.asked.remove(&(id, author)));
        if self.account_of(id, author).is_none()
            && !self.named_by_ticket(env, from, id, author, &run)
        {
            // A contact or device that we have not heard of yet; when we do, we compare again.
            self.note_left_aside(from.link, id);
            return Ok(Ok(()));
        }
        self.note_sent(from.link, id, author, &Ranges::of(range));
        let is_group = self.group(id).is_some();
        if let Some(session) = from.link.and_then(|link| self.sessions.get_mut(&link))
            && is_group
        {
            // Nobody hands on what is not complete there.
            session.said.entry(id).or_default().merge(author, &Ranges::of(range));
        }
        let taken = match self.take(env, from, id, author, range, run)? {
            Ok(taken) => taken,
            Err(violation) => return Ok(Err(violation)),
        };
        if let Some(link) = from.link {
            self.was_fed(env.mono, link, (id, author), taken, asked.is_some());
            self.ask(env.mono, link);
        }
        Ok(Ok(()))
    }

    /// Takes in what is new of a run. It may be known, beyond a gap, or the proof of a fork.
    fn take(
        &mut self,
        env: &mut Env<'_>,
        from: Peer,
        id: ConversationId,
        author: DeviceId,
        range: Range,
        run: Run,
    ) -> Result<Result<Taken, Violation>, StoreError> {
        let Some(conversation) = self.conversations.get(&id) else { return Ok(Ok(Taken::No)) };
        let here = conversation.here.of(author).cloned().unwrap_or_default();
        let limit = self.limit(id, author);
        if range.to().get() > limit
            && let Some(link) = from.link
        {
            // They do not know that this log was forked.
            self.send_forks(link, id);
        }
        if range.from().get() > limit {
            return Ok(Ok(Taken::No));
        }
        if !has_room_for(&here, range) {
            // It is asked for when there are fewer gaps, and is to be sent again then.
            self.has_too(env, from, id, author, range)?;
            if let Some(link) = from.link {
                self.send_have(link, id, None, true);
            }
            return Ok(Ok(Taken::No));
        }
        if let Some(at) = self.difference(env, id, author, limit, &run)? {
            return Ok(self.forked(env, id, author, at, run)?.map(|()| Taken::No));
        }
        let is_new = |seq: Seq| seq.get() <= limit && !here.contains(seq);
        if !run.entries.iter().any(|(header, _)| is_new(header.seq())) {
            self.has_too(env, from, id, author, range)?;
            self.send_have_to(from, id, author);
            return Ok(Ok(Taken::Known));
        }
        let is_linked = range.from().get() <= self.kept(id, author).saturating_add(1);
        let checked = match self.check(env, id, author, range, &run)? {
            Ok(checked) => checked,
            Err(Unfit::Fork(at)) => {
                return Ok(self.forked(env, id, author, at, run)?.map(|()| Taken::No));
            }
            Err(Unfit::RankAbove(next, checked)) if is_linked => {
                // What is linked from below stands, and what came above it does not fit to it.
                self.give_way(env, id, author, next)?;
                checked
            }
            Err(Unfit::Rank | Unfit::RankAbove(..)) => {
                self.leave_aside(from, id, author);
                return Ok(Ok(Taken::No));
            }
            Err(Unfit::Wrong(fault)) => return Ok(Err(Violation::WrongRun(fault))),
        };
        if let Some(place) = self.in_the_way(env, id, author, limit, &checked)? {
            self.give_way(env, id, author, place)?;
        }
        self.accept(env, id, author, &checked, from.link)?;
        self.has_too(env, from, id, author, range)?;
        self.note_claimed(env, id, author)?;
        self.send_have_to(from, id, author);
        if self.device() == Some(author) {
            // It is ours, and we have not written it: we are a copy, or were copied.
            self.retire(env)?;
        }
        Ok(Ok(Taken::New))
    }

    /// Leaves a log as it is, and does not ask them for it any more: what its author signed can't be
    /// put together, and whoever handed it on could not know.
    fn leave_aside(&mut self, from: Peer, id: ConversationId, author: DeviceId) {
        if let Some(session) = from.link.and_then(|link| self.sessions.get_mut(&link)) {
            session.unfit.insert((id, author));
        }
    }

    /// The first place at which a run that goes on beyond what counts, up to its signature, meets
    /// another entry.
    fn in_the_way(
        &self,
        env: &Env<'_>,
        id: ConversationId,
        author: DeviceId,
        limit: u64,
        run: &CheckedRun,
    ) -> Result<Option<Seq>, StoreError> {
        let beyond = run.entries().iter().filter(|entry| entry.header().seq().get() > limit);
        for entry in beyond {
            let seq = entry.header().seq();
            let ours = self.tip_at(env.store, id, author, seq)?;
            if ours.is_some_and(|ours| ours.id != entry.id()) {
                return Ok(Some(seq));
            }
        }
        Ok(None)
    }

    /// Forgets the end of a log from a place on, which is above a gap or beyond what counts: a run
    /// brings something that counts, and can't be kept beside it.
    fn give_way(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        author: DeviceId,
        from: Seq,
    ) -> Result<(), StoreError> {
        env.store.forget_from(id, author, from)?;
        let last =
            Seq::new(from.get() - 1).map(|seq| env.store.tip(id, author, seq)).transpose()?;
        if let Some(group) = self.group_in_mut(id) {
            group.complete.end_before(author, from, last.flatten());
            group.forget_from(author, from);
        }
        if let Some(conversation) = self.conversations.get_mut(&id) {
            let here = conversation.here.of(author).map(|here| here.at_most(from.get() - 1));
            conversation.here.replace(author, here.unwrap_or_default());
        }
        Ok(())
    }

    /// Checks a run against the entry before it and the one after it, where these are here and count.
    fn check(
        &self,
        env: &Env<'_>,
        id: ConversationId,
        author: DeviceId,
        range: Range,
        run: &Run,
    ) -> Result<Result<CheckedRun, Unfit>, StoreError> {
        let before = Seq::new(range.from().get() - 1);
        let base = match before {
            None => Base::Empty,
            Some(seq) => self.tip_at(env.store, id, author, seq)?.map_or(Base::Unknown, Base::Head),
        };
        let checked = match (run.clone().check(id, author, base), before) {
            (Ok(checked), _) => checked,
            (Err(RunFault::Unlinked { at: 0 }), Some(before)) => {
                return Ok(Err(Unfit::Fork(before)));
            }
            (Err(RunFault::RankFalls { at: 0 }), _) => return Ok(Err(Unfit::Rank)),
            (Err(fault), _) => return Ok(Err(Unfit::Wrong(fault))),
        };
        let here = self.conversations.get(&id).and_then(|c| c.here.of(author));
        let is_here = |next: &Seq| here.is_some_and(|here| here.contains(*next));
        let next = range.to().checked_add(1).filter(is_here);
        let next = next.filter(|next| next.get() <= self.limit(id, author));
        let next = next.and_then(|next| Range::new(next, next));
        let Some((last, next)) = checked.tip().zip(next) else { return Ok(Ok(checked)) };
        let next = env.store.entries(id, author, next, 1, 0)?;
        Ok(match next.first().map(|entry| &entry.header) {
            Some(next) if next.place.backlink() != Some(last.id) => Err(Unfit::Fork(range.to())),
            Some(next) if next.rank < last.rank => Err(Unfit::RankAbove(next.seq(), checked)),
            _ => Ok(checked),
        })
    }

    /// The first place, of those that count, at which a run differs from what is here.
    fn difference(
        &self,
        env: &Env<'_>,
        id: ConversationId,
        author: DeviceId,
        limit: u64,
        run: &Run,
    ) -> Result<Option<Seq>, StoreError> {
        let here = self.conversations.get(&id).and_then(|c| c.here.of(author));
        let differs = |(seq, id_there): &(Seq, EntryId)| -> Result<bool, StoreError> {
            let ours = self.tip_at(env.store, id, author, *seq)?;
            Ok(ours.is_some_and(|ours| ours.id != *id_there))
        };
        for range in here.into_iter().flat_map(Ranges::iter) {
            let is_both = |seq: Seq| range.from() <= seq && seq <= range.to() && seq.get() <= limit;
            let both = run.entries.iter().filter(|(header, _)| is_both(header.seq()));
            let both: Vec<(Seq, EntryId)> =
                both.map(|(header, _)| (header.seq(), header.id())).collect();
            // A log is linked: if the last is the same, all before it are, down to a gap.
            match both.last() {
                Some(last) if differs(last)? => {}
                _ => continue,
            }
            for place in &both {
                if differs(place)? {
                    return Ok(Some(place.0));
                }
            }
        }
        Ok(None)
    }

    /// Keeps what is new of a checked run, does what it wants, and hands it to everybody else who
    /// is connected.
    pub(super) fn accept(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        author: DeviceId,
        run: &CheckedRun,
        from: Option<Link>,
    ) -> Result<(), StoreError> {
        let Some(conversation) = self.conversations.get_mut(&id) else { return Ok(()) };
        let here = conversation.here.of(author).cloned().unwrap_or_default();
        let had_gaps = conversation.has_gaps();
        let parts = run.parts(|seq| !here.contains(seq));
        for part in &parts {
            env.store.append(part)?;
            if let Some(range) = part.range() {
                conversation.here.insert(author, range);
            }
        }
        if let Some((last, signature)) = run.tip().zip(run.signature())
            && here.contains(last.seq)
        {
            // What comes before it can be handed on with this signature.
            env.store.put_signature(last.id, signature)?;
        }
        conversation.highest_rank = conversation.highest_rank.max(run.tip().map(|tip| tip.rank));
        let height = conversation.here.height(author);
        let known = conversation.tips.get(&author).map_or(0, |tip| tip.seq.get());
        if let Some(height) = Seq::new(height).filter(|height| height.get() > known) {
            let tip = match run.tip().filter(|tip| tip.seq == height) {
                Some(tip) => Some(tip),
                None => env.store.tip(id, author, height)?,
            };
            conversation.tips.extend(tip.map(|tip| (author, tip)));
        }
        let is_late = had_gaps || conversation.has_gaps();
        let is_group = conversation.group().is_some();
        if run.entries().first().is_some_and(|entry| entry.header().seq() == Seq::MIN) {
            self.keep_creation(env, id, author)?;
        }
        if let Some(run) = what_is_new(run, &here).filter(|_| !is_group) {
            self.hand_to_all(id, author, &run, from);
        }
        let limit = self.limit(id, author);
        let last = run.tip().map_or(0, |tip| tip.seq.get());
        if let Some(beyond) = Seq::new(limit.saturating_add(1)).filter(|_| last > limit) {
            // A run may go on beyond where its log was cut off, to the next signature.
            self.hide(env, id, author, beyond)?;
        }
        let tip = self.conversations.get(&id).and_then(|c| c.tips.get(&author));
        if tip.is_some_and(|tip| tip.seq.get() > limit) {
            // Also where a gap was closed below what had come from beyond.
            self.refresh_cuts(env)?;
        }
        if is_group {
            self.note_operations(id, &parts);
            self.complete(env, id, Some((author, from)), is_late)?;
            return self.refresh_stale_groups(env);
        }
        let new = parts.iter().flat_map(CheckedRun::entries);
        let counting = new.filter(|entry| entry.header().seq().get() <= limit);
        for entry in counting {
            let (header, body) = entry.clone().into_parts();
            let entry = StoredEntry { id: entry.id(), header, body, signature: None };
            self.take_effect(env, id, entry, is_late)?;
        }
        self.read_after_all(env, id)
    }

    /// Hands what is new to everybody who is connected and lacks it.
    pub(super) fn hand_to_all(
        &mut self,
        id: ConversationId,
        author: DeviceId,
        run: &Run,
        from: Option<Link>,
    ) {
        // Nobody is handed what they sent or wrote, on whatever connection it came. But who wrote it hears
        // that it is here: they do not send what we may have from others already.
        let from = from.and_then(|link| self.sessions.get(&link)).map(|session| session.device);
        let lacks = |session: &Session| Some(session.device) != from;
        let lacking = self.sessions.iter().filter(|(_, session)| lacks(session));
        let links: Vec<Link> = lacking.map(|(link, _)| *link).collect();
        for link in links {
            let Some(peer) = self.peer(link).filter(|_| self.ready(link).is_some()) else {
                continue;
            };
            match self.member(peer, id) {
                Ok(()) if peer.device == author => self.send_have(link, id, Some(author), false),
                Ok(()) => self.hand_on(link, id, author, run),
                Err(_) => {}
            }
        }
    }

    /// Sends a run to somebody who has, or was sent, what comes before it. Others are told that it is
    /// here: they ask for it when they have use for it, and if they have it, they know that we do too.
    fn hand_on(&mut self, link: Link, id: ConversationId, author: DeviceId, run: &Run) {
        let Some((first, _)) = run.entries.first() else { return };
        let before = Seq::new(first.seq().get() - 1);
        let Some(session) = self.sessions.get(&link) else { return };
        let sent = session.sent.get(&(id, author));
        let has = |seq: Seq| sent.is_some_and(|sent| sent.contains(seq));
        let is_fed = self.feeds(link, id, author);
        if is_fed && !has(first.seq()) && before.is_none_or(has) {
            self.send_run(link, id, author, run.clone());
        } else {
            self.send_have(link, id, Some(author), false);
        }
    }

    /// Sends what we wrote while they did not know of it, if that is no more than a page. Otherwise
    /// they are told how much it is, once, and ask for what they want first.
    fn catch_up(
        &mut self,
        env: &mut Env<'_>,
        link: Link,
        id: ConversationId,
    ) -> Result<(), StoreError> {
        let Some(own) = self.device().filter(|own| self.feeds(link, id, *own)) else {
            return Ok(());
        };
        let ours = self.height(id, own);
        let Some(height) = Seq::new(ours).filter(|_| self.ready(link).is_some()) else {
            return Ok(());
        };
        let piece = self.piece();
        let Some(session) = self.sessions.get_mut(&link) else { return Ok(()) };
        let sent = session.sent.get(&(id, own)).cloned().unwrap_or_default();
        let missing = Ranges::of(Range::up_to(height)).without(&sent);
        let Some(range) = missing.iter().next() else { return Ok(()) };
        if missing.count() > piece.get() {
            if session.told.insert(id, ours).is_none_or(|told| told < ours) {
                self.send_have(link, id, Some(own), false);
            }
            return Ok(());
        }
        if let Some(run) = page(env.store, id, own, range, ours)? {
            self.send_run(link, id, own, run);
        }
        Ok(())
    }

    /// How many entries are asked for at once.
    fn piece(&self) -> Seq {
        Seq::new(self.config.page.into()).unwrap_or(PIECE).min(PIECE)
    }

    /// Asks for what they have and we don't, a page at a time for each log: the newest first, but
    /// for what our own devices share, and what may be of our own log. Whether they have more
    /// of that than we do is asked as well: then it was continued elsewhere.
    pub(super) fn ask(&mut self, now: Mono, link: Link) {
        for (id, author) in self.lacking(link) {
            if !self.has_room_to_ask(link) {
                break;
            }
            if self.may_ask(now, link, id, author) {
                self.ask_for(now, link, id, author);
            }
        }
        let groups: Vec<ConversationId> = self.groups().map(|(id, _)| id).collect();
        for id in groups {
            self.ask_for_whole(link, id);
        }
    }

    /// Whether more may be asked for on a connection, before something comes.
    pub(super) fn has_room_to_ask(&self, link: Link) -> bool {
        self.sessions.get(&link).is_some_and(|session| session.asked.len() < PAGES_IN_FLIGHT_MAX)
    }

    /// Asks for the next of a log that they have and we don't.
    pub(super) fn ask_for(&mut self, now: Mono, link: Link, id: ConversationId, author: DeviceId) {
        if let Some(range) = self.lacking_of(link, id, author) {
            if self.may_be_named(link, id, author)
                && let Some(session) = self.sessions.get_mut(&link)
            {
                session.unnamed_asked.insert((id, author));
            }
            self.want_all_again(link, id);
            self.want_of(now, Some(link), id, author, range, Why::Lack);
        }
    }

    /// Whether a log of a group is of somebody who is not known, and may have joined by a ticket: a member
    /// is asked once how it begins.
    fn may_be_named(&self, link: Link, id: ConversationId, author: DeviceId) -> bool {
        let is_asked = |session: &Session| session.unnamed_asked.contains(&(id, author));
        self.group(id).is_some()
            && self.account_of(id, author).is_none()
            && !self.sessions.get(&link).is_some_and(is_asked)
            && self.peer(link).is_some_and(|peer| self.member(peer, id).is_ok())
    }

    /// The logs of which they have what we don't, and did not ask them for yet.
    fn lacking(&self, link: Link) -> Vec<(ConversationId, DeviceId)> {
        let Some(session) = self.sessions.get(&link) else { return Vec::new() };
        let claims = session.claims.iter();
        let logs = claims.flat_map(|(id, there)| there.iter().map(|(author, _)| (*id, author)));
        logs.filter(|(id, author)| self.lacking_of(link, *id, *author).is_some()).collect()
    }

    /// What they have next of a log and we don't, and did not ask them for yet.
    pub(super) fn lacking_of(
        &self,
        link: Link,
        id: ConversationId,
        author: DeviceId,
    ) -> Option<Range> {
        let session = self.sessions.get(&link)?;
        let log = (id, author);
        if session.unfit.contains(&log) || session.asked.contains_key(&log) {
            return None;
        }
        let there = session.claims.get(&id)?.of(author)?;
        // Also what does not count: it takes up room.
        let here =
            self.conversations.get(&id).and_then(|conversation| conversation.here.of(author));
        let ours = here.cloned().unwrap_or_default();
        let is_unnamed = self.may_be_named(link, id, author);
        let limit = if is_unnamed { self.piece().get() } else { self.limit(id, author) };
        let there = there.at_most(limit);
        // In a group as well: what somebody decided comes before what they said next.
        let is_own = Some(author) == self.device();
        let is_among_ours = self.account().map(ConversationId::own) == Some(id);
        if is_own || is_among_ours || self.group(id).is_some() {
            lowest_gap(&ours, &there, self.piece())
        } else {
            next_gap(&ours, &there, self.piece())
        }
    }

    /// What they sent of a group was of no use here: they do not send it again unless they are told.
    fn note_left_aside(&mut self, link: Option<Link>, id: ConversationId) {
        let is_of_group = self.group(id).is_some() || self.is_invited_to(id);
        let session = link.and_then(|link| self.sessions.get_mut(&link));
        if let Some(session) = session.filter(|_| is_of_group) {
            session.left_aside.insert(id);
        }
    }

    /// Tells somebody of whom something was left aside that it is compared anew, before it is asked
    /// for. Who is not known to be a member hears nothing else.
    fn want_all_again(&mut self, link: Link, id: ConversationId) {
        let session = self.sessions.get_mut(&link);
        if !session.is_some_and(|session| session.left_aside.remove(&id)) {
            return;
        }
        if self.may_hear(link, id) {
            return self.send_have(link, id, None, true);
        }
        let (frontier, heads) = (Frontier::default(), BTreeMap::new());
        let (is_whole, wants_answer) = (true, true);
        let have = Have { conversation: id, frontier, heads, is_whole, wants_answer };
        self.send(link, &Message::Have(have));
    }

    /// Whether somebody says that they have more of our own log than we do, and we wait for them
    /// to show it.
    pub(super) fn is_in_doubt(&self, of: Option<ConversationId>) -> bool {
        let own = self.device();
        let waits = |session: &Session| {
            let mut asked = session.asked.keys();
            asked.any(|(id, author)| Some(*author) == own && of.is_none_or(|of| of == *id))
        };
        self.sessions.values().any(waits)
    }

    /// Notes that a device has what it sent us.
    fn has_too(
        &mut self,
        env: &mut Env<'_>,
        from: Peer,
        id: ConversationId,
        author: DeviceId,
        range: Range,
    ) -> Result<(), StoreError> {
        let ranges = Ranges::of(range);
        self.note_receipt(env, id, from.device, author, &ranges)?;
        if let Some(session) = from.link.and_then(|link| self.sessions.get_mut(&link)) {
            session.claims.entry(id).or_default().merge(author, &ranges);
        }
        Ok(())
    }

    /// More of a log is here: of our account's, others may have said before that they have it, which
    /// was not believed then.
    fn note_claimed(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        author: DeviceId,
    ) -> Result<(), StoreError> {
        if !self.is_ours(author) {
            return Ok(());
        }
        let claimed = |(link, session): (&Link, &Session)| {
            let ranges = session.claims.get(&id)?.of(author)?.clone();
            self.peer(*link).filter(|peer| self.member(*peer, id).is_ok()).map(|p| (p, ranges))
        };
        let claimed: Vec<(Peer, Ranges)> = self.sessions.iter().filter_map(claimed).collect();
        for (peer, ranges) in claimed {
            self.note_receipt(env, id, peer.device, author, &ranges)?;
        }
        Ok(())
    }

    fn send_have_to(&mut self, to: Peer, id: ConversationId, author: DeviceId) {
        if let Some(link) = to.link {
            self.send_have(link, id, Some(author), false);
        }
    }

    /// Says what is here: of one log, or of all.
    pub(super) fn send_have(
        &mut self,
        link: Link,
        id: ConversationId,
        only: Option<DeviceId>,
        wants_answer: bool,
    ) {
        if !self.may_hear(link, id) {
            return;
        }
        let have = self.what_is_here(id, only, wants_answer);
        self.send(link, &Message::Have(have));
    }

    /// What is here of one log, or of all.
    pub(super) fn what_is_here(
        &self,
        id: ConversationId,
        only: Option<DeviceId>,
        wants_answer: bool,
    ) -> Have {
        let (mut frontier, mut heads) = (Frontier::default(), BTreeMap::new());
        for (author, ranges) in self.frontier(id).iter() {
            if only.is_none_or(|only| only == author) {
                ranges.iter().for_each(|range| frontier.insert(author, range));
                heads.extend(self.head(id, author).map(|head| (author, head)));
            }
        }
        Have { conversation: id, frontier, heads, is_whole: only.is_none(), wants_answer }
    }

    pub(super) fn note_sent(
        &mut self,
        link: Option<Link>,
        id: ConversationId,
        author: DeviceId,
        ranges: &Ranges,
    ) {
        let session = link.and_then(|link| self.sessions.get_mut(&link));
        if let Some(session) = session.filter(|_| !ranges.is_empty()) {
            let sent = session.sent.entry((id, author)).or_default();
            ranges.iter().for_each(|range| sent.insert(range));
            *sent = std::mem::take(sent).bounded();
        }
    }
}

/// What became of entries that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// There is more of their log now, or other.
    New,
    /// All of them were here.
    Known,
    /// They are left aside, or prove a fork.
    No,
}

/// Why a run can't be taken in.
enum Unfit {
    /// It does not fit to the entry at or after this place.
    Fork(Seq),
    /// It ranks below the entry before it: its author lies, and not necessarily whoever sent it, who
    /// may not have what it does not fit to.
    Rank,
    /// It fits, but the entry after it, at this place, ranks below it.
    RankAbove(Seq, CheckedRun),
    /// It is wrong in itself.
    Wrong(RunFault),
}

/// A run from its first new entry on. `None`: it is not signed yet, what is written here is handed
/// on once it is.
fn what_is_new(run: &CheckedRun, here: &Ranges) -> Option<Run> {
    let signature = *run.signature()?;
    let is_known = |entry: &&CheckedEntry| here.contains(entry.header().seq());
    let new = run.entries().iter().skip_while(is_known);
    let entries = new.map(|entry| (entry.header().clone(), entry.body().map(<[u8]>::to_vec)));
    Some(Run { entries: entries.collect(), signature })
}

/// The numbers of a run's entries.
fn places(run: &Run) -> Ranges {
    let ends = run.entries.first().zip(run.entries.last());
    let range = ends.and_then(|(first, last)| Range::new(first.0.seq(), last.0.seq()));
    range.map(Ranges::of).unwrap_or_default()
}

/// The entries of a range that fit into a message, up to one that is signed. Nothing, if the range
/// begins beyond `limit`; but to be signed it may end beyond.
pub(super) fn page(
    store: &dyn Store,
    id: ConversationId,
    author: DeviceId,
    range: Range,
    limit: u64,
) -> Result<Option<Run>, StoreError> {
    if range.from().get() > limit {
        return Ok(None);
    }
    // A run came to us in one message, so its signature is within one. Where only the whole message
    // reaches it, the rest of that run goes alone, and fits as it did then.
    for bytes in [PAGE_BYTES_MAX, FRAME_MAX / 2, FRAME_MAX] {
        let from = Range::new(range.from(), Seq::MAX).unwrap_or(range);
        let entries = store.entries(id, author, from, PAGE_MAX, bytes)?;
        let entries = linked(entries, range.from());
        let last = range.to().get().min(limit);
        let wanted = entries.iter().take_while(|e| e.header.seq().get() <= last).count();
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

/// The entries from the first number on up to a gap, or to where they are not one log: beyond what
/// counts there may be those of the other side of a fork.
fn linked(mut entries: Vec<StoredEntry>, first: Seq) -> Vec<StoredEntry> {
    if entries.first().is_none_or(|entry| entry.header.seq() != first) {
        return Vec::new();
    }
    let pairs = entries.iter().zip(entries.iter().skip(1));
    let follows = |(one, next): &(&StoredEntry, &StoredEntry)| {
        one.header.seq().checked_add(1) == Some(next.header.seq())
            && next.header.place.backlink() == Some(one.id)
    };
    let count = pairs.take_while(follows).count();
    entries.truncate(count.saturating_add(1));
    entries
}
