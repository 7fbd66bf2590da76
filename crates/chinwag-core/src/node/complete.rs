//! What of a group is complete: entries with all that they name.
//!
//! An entry of a group that comes before what its author knew is kept, and waits. It counts, is shown
//! and is handed on once all that it names is here. So whoever hands on what somebody said knows of every
//! removal that its author knew of, and nobody gets the words of an author who had seen them removed.

use std::collections::BTreeMap;

use super::Node;
use super::conversation::Conversation;
use crate::entry::{Header, Parents, Seq, Tip};
use crate::env::Env;
use crate::ids::{ConversationId, DeviceId, EntryId};
use crate::input::Link;
use crate::log::Run;
use crate::store::{Store, StoreError, StoredEntry};
use crate::sync::frontier::Frontier;
use crate::sync::ranges::{Range, Ranges};
use crate::wire::limits::{PAGE_BYTES_MAX, PAGE_MAX, PARENTS_MAX};

/// Entries of a log that are looked at in one go.
const AT_ONCE: usize = 256;

/// How many of our own last entries are looked at, to find what they have named.
const LOOKED_BACK: u64 = 256;

/// How much of a group's logs is complete.
#[derive(Debug, Default)]
pub(super) struct Complete {
    /// The last entry of each log that is complete, with all before it.
    tips: BTreeMap<DeviceId, Tip>,
    /// What the first entries that are not wait for.
    waits: BTreeMap<DeviceId, Wait>,
    /// Up to where our own log has named the others. `None`: it was not looked at yet.
    named: Option<BTreeMap<DeviceId, Seq>>,
}

/// What an entry waits for.
#[derive(Clone, Copy, Debug)]
enum Wait {
    /// An entry that is not here, nobody knows whose.
    Entry(EntryId),
    /// An entry that waits itself.
    Place(DeviceId, Seq),
    /// The rest of what it was signed with.
    Signature,
}

/// Entries that have become complete, of one log.
pub(super) type Completed = (DeviceId, Vec<StoredEntry>);

impl Complete {
    /// How many entries of a log are complete.
    pub(super) fn height(&self, author: DeviceId) -> u64 {
        self.tips.get(&author).map_or(0, |tip| tip.seq.get())
    }

    /// The last complete entry of a log.
    pub(super) fn tip(&self, author: DeviceId) -> Option<&Tip> {
        self.tips.get(&author)
    }

    fn frontier(&self) -> Frontier {
        let mut frontier = Frontier::default();
        self.tips.iter().for_each(|(author, tip)| frontier.insert(*author, Range::up_to(tip.seq)));
        frontier
    }

    /// Our own log is another now.
    pub(super) fn begin_anew(&mut self) {
        self.named = None;
    }

    /// A log ends before this place now, with this entry.
    pub(super) fn end_before(&mut self, author: DeviceId, place: Seq, last: Option<Tip>) {
        if self.height(author) < place.get() {
            return;
        }
        match last {
            Some(last) => drop(self.tips.insert(author, last)),
            None => drop(self.tips.remove(&author)),
        }
    }
}

impl Conversation {
    /// Where an entry stands that is here, by its id; the last ones from memory.
    fn place_of(
        &self,
        store: &dyn Store,
        id: ConversationId,
        entry: EntryId,
    ) -> Result<Option<(DeviceId, Seq)>, StoreError> {
        if let Some((author, tip)) = self.tips.iter().find(|(_, tip)| tip.id == entry) {
            return Ok(Some((*author, tip.seq)));
        }
        let entry = store.entry(entry)?.filter(|entry| entry.header.conversation == id);
        Ok(entry.map(|entry| (entry.header.author, entry.header.seq())))
    }
}

impl Node {
    fn complete_in(&self, id: ConversationId) -> Option<&Complete> {
        self.group_in(id).map(|group| &group.complete)
    }

    /// Takes from the store how much of a group is complete.
    pub(super) fn load_complete(
        &mut self,
        env: &Env<'_>,
        id: ConversationId,
        frontier: &Frontier,
    ) -> Result<(), StoreError> {
        let mut tips = BTreeMap::new();
        for (author, ranges) in frontier.iter() {
            let Some(height) = Seq::new(ranges.height()) else { continue };
            tips.extend(env.store.tip(id, author, height)?.map(|tip| (author, tip)));
        }
        if let Some(group) = self.group_in_mut(id) {
            group.complete.tips = tips;
        }
        Ok(())
    }

    /// Keeps how much of a group is complete, as what this device has of it.
    pub(super) fn keep_complete(
        &self,
        env: &mut Env<'_>,
        id: ConversationId,
    ) -> Result<(), StoreError> {
        match self.complete_in(id).zip(self.device()) {
            Some((complete, own)) => env.store.put_receipt(id, own, &complete.frontier()),
            None => Ok(()),
        }
    }

    /// Looks in all groups for what is complete now.
    pub(super) fn complete_groups(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        let ids: Vec<ConversationId> = self.groups().map(|(id, _)| id).collect();
        ids.into_iter().try_for_each(|id| self.complete(env, id, None, false))
    }

    /// Finds what is complete now of a group, and does what follows from it: operations count, what is
    /// new is handed on, and takes effect. `came` says of which log something came, and from whom.
    pub(super) fn complete(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        came: Option<(DeviceId, Option<Link>)>,
        is_late: bool,
    ) -> Result<(), StoreError> {
        loop {
            let new = self.advance(env, id)?;
            if new.is_empty() {
                return Ok(());
            }
            self.keep_complete(env, id)?;
            // Who is no member any more by what is in it is not handed the rest of it.
            self.take_operations(env, id, &new)?;
            for (author, entries) in &new {
                let from = came.filter(|(of, _)| of == author).and_then(|(_, from)| from);
                self.hand_completed(id, *author, entries, from);
            }
            for (author, entries) in new {
                let limit = self.limit(id, author);
                let counts = |entry: &StoredEntry| entry.header.seq().get() <= limit;
                for entry in entries.into_iter().filter(counts) {
                    self.take_effect(env, id, entry, is_late)?;
                }
            }
            self.read_after_all(env, id)?;
        }
    }

    /// Moves on in each log as far as it is complete.
    fn advance(&mut self, env: &Env<'_>, id: ConversationId) -> Result<Vec<Completed>, StoreError> {
        let mut new = Vec::new();
        loop {
            let mut more = self.advance_once(env, id, &Frontier::default())?;
            if more.is_empty() && self.is_waiting(id) {
                more = self.advance_once(env, id, &self.vouched_for(id))?;
            }
            if more.is_empty() {
                return Ok(new);
            }
            new.extend(more);
        }
    }

    fn advance_once(
        &mut self,
        env: &Env<'_>,
        id: ConversationId,
        vouched: &Frontier,
    ) -> Result<Vec<Completed>, StoreError> {
        let mut new = Vec::new();
        let Some(conversation) = self.conversations.get(&id) else { return Ok(new) };
        let logs: Vec<DeviceId> = conversation.here.iter().map(|(author, _)| author).collect();
        for author in logs {
            let vouched = vouched.height(author);
            if self.is_due(env, id, author, vouched)? {
                let entries = self.advance_log(env, id, author, vouched)?;
                if !entries.is_empty() {
                    new.push((author, entries));
                }
            }
        }
        Ok(new)
    }

    /// Whether there is more of a log than is complete, and what it waits for is here.
    fn is_due(
        &self,
        env: &Env<'_>,
        id: ConversationId,
        author: DeviceId,
        vouched: u64,
    ) -> Result<bool, StoreError> {
        let Some(complete) = self.complete_in(id) else { return Ok(false) };
        let height = complete.height(author);
        if self.kept(id, author) <= height {
            return Ok(false);
        }
        Ok(match complete.waits.get(&author) {
            _ if vouched > height => true,
            None | Some(Wait::Signature) => true,
            Some(Wait::Entry(parent)) => env.store.entry(*parent)?.is_some(),
            Some(Wait::Place(of, seq)) => self.is_complete_at(id, *of, *seq),
        })
    }

    /// Whether an entry that is here is complete. What does not count is as good as complete: nothing
    /// of it has an effect.
    fn is_complete_at(&self, id: ConversationId, author: DeviceId, seq: Seq) -> bool {
        let height = self.complete_in(id).map_or(0, |complete| complete.height(author));
        seq.get() <= height || seq.get() > self.limit(id, author)
    }

    /// Moves on in one log. The result is what is complete that was not.
    fn advance_log(
        &mut self,
        env: &Env<'_>,
        id: ConversationId,
        author: DeviceId,
        vouched: u64,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let (kept, limit) = (self.kept(id, author), self.limit(id, author));
        // What we write is signed at the end of the batch.
        let is_own = self.device() == Some(author);
        let before = self.complete_in(id).map_or(0, |complete| complete.height(author));
        let (mut all, mut signed, mut wait): (Vec<StoredEntry>, usize, _) = (Vec::new(), 0, None);
        let mut next = Seq::new(before.saturating_add(1));
        while let Some(range) = next.zip(Seq::new(kept)).and_then(|(a, b)| Range::new(a, b)) {
            let page = env.store.entries(id, author, range, AT_ONCE, PAGE_BYTES_MAX)?;
            next = page.last().and_then(|last| last.header.seq().checked_add(1));
            for entry in page {
                let seq = entry.header.seq().get();
                if seq > vouched {
                    wait = self.lacks(env.store, id, &entry.header)?;
                }
                if wait.is_some() {
                    next = None;
                    break;
                }
                let is_end = entry.signature.is_some() || is_own || seq == limit;
                all.push(entry);
                if is_end {
                    signed = all.len();
                }
            }
        }
        all.truncate(signed);
        let last = all.last().map(|last| last.header.tip(last.id));
        let seen = self.places_of(env.store, id, all.iter().filter(|_| is_own))?;
        if let Some(group) = self.group_in_mut(id) {
            group.complete.tips.extend(last.map(|last| (author, last)));
            let rest = (kept > group.complete.height(author)).then_some(Wait::Signature);
            match wait.or(rest) {
                Some(wait) => drop(group.complete.waits.insert(author, wait)),
                None => drop(group.complete.waits.remove(&author)),
            }
            if let Some(named) = &mut group.complete.named {
                add_places(named, seen);
            }
        }
        Ok(all)
    }

    /// The first of what an entry names that is not complete here.
    fn lacks(
        &self,
        store: &dyn Store,
        id: ConversationId,
        header: &Header,
    ) -> Result<Option<Wait>, StoreError> {
        let Some(conversation) = self.conversations.get(&id) else { return Ok(None) };
        for parent in header.parents.iter() {
            match conversation.place_of(store, id, parent)? {
                None => return Ok(Some(Wait::Entry(parent))),
                Some((author, seq)) if !self.is_complete_at(id, author, seq) => {
                    return Ok(Some(Wait::Place(author, seq)));
                }
                Some(_) => {}
            }
        }
        Ok(None)
    }

    /// Whether anything that is here and counts waits.
    fn is_waiting(&self, id: ConversationId) -> bool {
        let Some(complete) = self.complete_in(id) else { return false };
        complete.waits.keys().any(|author| self.kept(id, *author) > complete.height(*author))
    }

    /// What others say is complete there, of whom all that they say they have is here. What an entry
    /// names and can't be had, because it is behind the place of a fork, is nowhere then: with all
    /// that counts of what they have, we know of the removals that its author knew of.
    fn vouched_for(&self, id: ConversationId) -> Frontier {
        let Some(conversation) = self.conversations.get(&id) else { return Frontier::default() };
        let is_here = |author: DeviceId, there: &Ranges| {
            let here = conversation.here.of(author).cloned().unwrap_or_default();
            let counting = there.at_most(self.limit(id, author));
            self.account_of(id, author).is_some() && counting.without(&here).is_empty()
        };
        let mut vouched = Frontier::default();
        let on_sessions = self.sessions.values().filter_map(|session| session.whole_there.get(&id));
        for there in on_sessions.chain(self.carried.get(&id)) {
            if there.iter().all(|(author, ranges)| is_here(author, ranges)) {
                there.iter().for_each(|(author, ranges)| vouched.merge(author, ranges));
            }
        }
        vouched
    }

    /// Asks somebody for all that they have, where something that they said they have still waits
    /// here and nothing else is under way.
    pub(super) fn ask_for_whole(&mut self, link: Link, id: ConversationId) {
        let Some(session) = self.sessions.get(&link) else { return };
        let nothing = Frontier::default();
        let said = session.said.get(&id).unwrap_or(&nothing);
        let whole = session.whole_there.get(&id).unwrap_or(&nothing);
        let Some(complete) = self.complete_in(id) else { return };
        let waits = |author: &DeviceId| {
            let height = complete.height(*author);
            let said = said.of(*author).and_then(Ranges::highest).map_or(0, Seq::get);
            let is_said = said > height && whole.height(*author) <= height;
            is_said && self.kept(id, *author) > height
        };
        let is_under_way = session.asked.keys().any(|(of, _)| *of == id);
        let is_to_ask = !is_under_way && complete.waits.keys().any(waits);
        if !is_to_ask || session.asked_whole.contains(&id) || !self.may_hear(link, id) {
            return;
        }
        if let Some(session) = self.sessions.get_mut(&link) {
            session.asked_whole.insert(id);
        }
        self.send_have(link, id, None, true);
    }

    /// Hands on what has become complete, in pieces that are signed.
    fn hand_completed(
        &mut self,
        id: ConversationId,
        author: DeviceId,
        entries: &[StoredEntry],
        from: Option<Link>,
    ) {
        let (mut piece, mut bytes, mut signature) = (Vec::new(), 0, None);
        let mut segment: Vec<StoredEntry> = Vec::new();
        for entry in entries {
            segment.push(entry.clone());
            let Some(signed) = entry.signature else { continue };
            let len: usize =
                segment.iter().map(|entry| entry.body.as_ref().map_or(0, Vec::len)).sum();
            let is_full = piece.len() + segment.len() > PAGE_MAX || bytes + len > PAGE_BYTES_MAX;
            if let Some(signature) = signature.filter(|_| is_full) {
                let run = Run { entries: std::mem::take(&mut piece), signature };
                self.hand_to_all(id, author, &run, from);
                bytes = 0;
            }
            bytes += len;
            piece.extend(segment.drain(..).map(|entry| (entry.header, entry.body)));
            signature = Some(signed);
        }
        // What we write is handed on when it is signed.
        if let Some(signature) = signature {
            self.hand_to_all(id, author, &Run { entries: piece, signature }, from);
        }
    }

    // What our own entries name.

    /// What the next entry of our own log names in a group: of the logs that have grown since they were
    /// named the newest entry that is complete and counts, first of those with operations. And whether
    /// all of the latter have room.
    pub(super) fn to_name(&self, id: ConversationId, own: DeviceId) -> (Parents, bool) {
        let Some(group) = self.group_in(id) else { return (Parents::default(), true) };
        let named = group.complete.named.as_ref();
        let (mut due, mut rest) = (Vec::new(), Vec::new());
        for author in group.complete.tips.keys().filter(|author| **author != own) {
            let upto = named.and_then(|named| named.get(author)).map_or(0, |seq| seq.get());
            let height = self.height(id, *author);
            let Some(head) = self.head(id, *author).filter(|_| height > upto) else { continue };
            if group.has_more(*author, upto) { due.push(head) } else { rest.push(head) }
        }
        let has_room = due.len() <= PARENTS_MAX;
        due.extend(rest);
        due.truncate(PARENTS_MAX);
        (Parents::new(due), has_room)
    }

    /// Where the entries stand that these name.
    fn places_of<'a>(
        &self,
        store: &dyn Store,
        id: ConversationId,
        entries: impl Iterator<Item = &'a StoredEntry>,
    ) -> Result<Vec<(DeviceId, Seq)>, StoreError> {
        let Some(conversation) = self.conversations.get(&id) else { return Ok(Vec::new()) };
        let mut places = Vec::new();
        for parent in entries.flat_map(|entry| entry.header.parents.iter()) {
            places.extend(conversation.place_of(store, id, parent)?);
        }
        Ok(places)
    }

    /// Finds what our last entries have named, if that is not known yet.
    pub(super) fn find_named(
        &mut self,
        env: &Env<'_>,
        id: ConversationId,
    ) -> Result<(), StoreError> {
        let Some(own) = self.device() else { return Ok(()) };
        let Some(complete) = self.complete_in(id).filter(|complete| complete.named.is_none())
        else {
            return Ok(());
        };
        let last = complete.height(own);
        let first = Seq::new(last.saturating_sub(LOOKED_BACK).saturating_add(1));
        let range = first.zip(Seq::new(last)).and_then(|(a, b)| Range::new(a, b));
        let entries = match range {
            Some(range) => env.store.entries(id, own, range, PAGE_MAX, usize::MAX)?,
            None => Vec::new(),
        };
        let seen = self.places_of(env.store, id, entries.iter())?;
        if let Some(group) = self.group_in_mut(id) {
            let mut named = BTreeMap::new();
            add_places(&mut named, seen);
            group.complete.named = Some(named);
        }
        Ok(())
    }
}

fn add_places(named: &mut BTreeMap<DeviceId, Seq>, places: Vec<(DeviceId, Seq)>) {
    for (author, seq) in places {
        let upto = named.entry(author).or_insert(seq);
        *upto = (*upto).max(seq);
    }
}
