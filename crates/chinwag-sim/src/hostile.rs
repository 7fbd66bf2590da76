//! Devices that lie. Each is a real node, so that it is a real contact with a real log, and around
//! it somebody who changes what it says, says more, and does not listen.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_core::body::{Content, Text};
use chinwag_core::entry::{Parents, Place, Seq, Tip};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::input::Link;
use chinwag_core::membership::{Action, History, Operation, Removal, Right};
use chinwag_core::output::Lane;
use chinwag_core::store::Store;
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::sync::ranges::Range;
use chinwag_core::testing::Forger;
use chinwag_core::wire::codec::Encode;
use chinwag_core::wire::limits::{ISLANDS_MAX, SESSIONS_PER_DEVICE_MAX};
use chinwag_core::wire::message::{Have, Message};

use crate::dice::Dice;
use crate::excess::excess;
use crate::network::Who;
use crate::sim::{CALM, World};

/// Frames that a liar remembers in order to send them again.
const REMEMBERED: usize = 48;

/// What a frame with one-time keys begins with.
const PREKEYS: u8 = 13;

/// What a lie is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// Bytes that are no message, or half of one, or one with a bit changed.
    Malformed,
    /// A frame that was sent or received before, on whatever connection.
    Replay,
    /// An entry of the victim that the victim did not write.
    OfOthers,
    /// An entry with the signature of another.
    Signature,
    /// An entry with another body.
    Body,
    /// An entry after one that does not exist.
    Unlinked,
    /// A second entry at one place.
    Fork,
    /// Entries at more places of its log, apart from each other, than anybody is to keep.
    Scattered,
    /// Talk of a conversation of others.
    OtherConversation,
    /// A greeting in the name of another account.
    Impersonation,
    /// It says that it has entries, and never sends them.
    Withheld,
    /// It does not read what it is sent.
    Deaf,
    /// Many frames at once, each of them within the limits.
    Flood,
    /// It changes or takes back what the victim said.
    Meddling,
    /// A frame with more in it than is allowed.
    TooMuch,
    /// More connections than are allowed.
    Crowd,
    /// In a group, something that it has no right to do.
    Usurping,
    /// In a group, something that names what is nowhere.
    Orphan,
    /// In a group, something that was written as if nothing had been seen.
    BackDated,
    /// In a group, that it wants to be fed, or not, whatever comes of it.
    Feeding,
}

/// The lies that can be told at any time.
const AT_ANY_TIME: &[Lie] = &[
    Lie::Malformed,
    Lie::Replay,
    Lie::Replay,
    Lie::OfOthers,
    Lie::Signature,
    Lie::Body,
    Lie::Unlinked,
    Lie::Fork,
    Lie::Scattered,
    Lie::OtherConversation,
    Lie::Withheld,
    Lie::Flood,
    Lie::Meddling,
    Lie::TooMuch,
    Lie::Crowd,
];

/// The lies that can be told in a group besides.
const IN_GROUPS: &[Lie] =
    &[Lie::Usurping, Lie::Usurping, Lie::Orphan, Lie::BackDated, Lie::Feeding];

impl Lie {
    /// What it counts as when it is found out.
    pub(crate) const fn found_out(self) -> &'static str {
        match self {
            Self::Malformed => "malformed frames refused",
            Self::Replay => "replayed frames refused",
            Self::OfOthers => "entries of others refused",
            Self::Signature => "forged signatures refused",
            Self::Body => "bodies refused",
            Self::Unlinked => "unlinked entries refused",
            Self::Fork => "forks by liars that were closed on",
            Self::Scattered => "scattered entries",
            Self::OtherConversation => "other conversations refused",
            Self::Impersonation => "impersonations refused",
            Self::Withheld => "withheld answers let go",
            Self::Deaf => "silent peers let go",
            Self::Flood => "floods",
            Self::Meddling => "meddling",
            Self::TooMuch => "frames over a limit refused",
            Self::Crowd => "connections over a limit refused",
            Self::Usurping => "usurping operations in groups",
            Self::Orphan => "entries naming what is nowhere",
            Self::BackDated => "back-dated entries in groups",
            Self::Feeding => "feeds at random",
        }
    }
}

/// Somebody who lies.
#[derive(Debug, Default)]
pub(crate) struct Liar {
    seen: Vec<Vec<u8>>,
    /// Those whom it told of keys that it may have given to others.
    misled: BTreeSet<Who>,
}

/// To whom a lie is told.
pub(crate) struct Victim<'a> {
    /// Their device.
    pub(crate) device: DeviceId,
    /// The conversation with them.
    pub(crate) conversation: ConversationId,
    /// Whether that is a group.
    pub(crate) is_group: bool,
    /// Whoever is there.
    pub(crate) accounts: Vec<AccountId>,
    /// A conversation of two others.
    pub(crate) other: ConversationId,
    /// The liar's own device.
    pub(crate) own: DeviceId,
    /// What the liar's node keeps.
    pub(crate) store: &'a dyn Store,
}

impl Liar {
    /// Remembers a frame.
    pub(crate) fn saw(&mut self, frame: &[u8], dice: &mut Dice) {
        if self.seen.len() < REMEMBERED {
            self.seen.push(frame.to_vec());
        } else {
            let place = dice.place(REMEMBERED);
            self.seen[place] = frame.to_vec();
        }
    }

    /// Whether it told somebody of keys that it may have given to others.
    pub(crate) fn has_misled(&self, who: Who) -> bool {
        self.misled.contains(&who)
    }

    /// A lie, as frames.
    pub(crate) fn lie(&self, to: &Victim<'_>, dice: &mut Dice) -> Option<(Lie, Vec<Vec<u8>>)> {
        let lie = if to.is_group && dice.once_in(3) {
            dice.pick(IN_GROUPS)?
        } else {
            dice.pick(AT_ANY_TIME)?
        };
        let frames = match lie {
            Lie::Malformed => vec![self.malformed(dice)?],
            Lie::Replay => vec![self.seen.get(dice.place(self.seen.len()))?.clone()],
            Lie::OtherConversation => vec![talk(to.other, to.device, dice)],
            Lie::Withheld => vec![claim(to, dice)],
            Lie::Flood => flood(to, dice),
            Lie::TooMuch => vec![excess(to, dice)?],
            Lie::Scattered => scattered(to, dice)?,
            Lie::Crowd => Vec::new(),
            Lie::Feeding => feeds(to, dice),
            Lie::Usurping | Lie::Orphan | Lie::BackDated => vec![in_group(to, lie, dice)?],
            Lie::OfOthers => vec![entry(to, to.device, lie, dice)?],
            _ => vec![entry(to, to.own, lie, dice)?],
        };
        Some((lie, frames))
    }

    fn malformed(&self, dice: &mut Dice) -> Option<Vec<u8>> {
        let mut frame = self.seen.get(dice.place(self.seen.len()))?.clone();
        let at = dice.place(frame.len());
        match dice.below(3) {
            0 => frame.truncate(at),
            1 => *frame.get_mut(at)? ^= 1 << dice.below(8),
            _ => frame.push(7),
        }
        Some(frame)
    }
}

fn talk(other: ConversationId, author: DeviceId, dice: &mut Dice) -> Vec<u8> {
    let everything = Range::up_to(Seq::MAX);
    match dice.below(2) {
        0 => Message::Want { conversation: other, author, range: everything }.to_bytes(),
        _ => have(other, Frontier::default()),
    }
}

/// More than the liar has: of its own log, of the victim's, and of nobody's.
fn claim(to: &Victim<'_>, dice: &mut Dice) -> Vec<u8> {
    let mut frontier = Frontier::default();
    let bits = dice.between(1, 40);
    let height = dice.between(1, 1 << bits);
    let author = if dice.once_in(3) { to.device } else { to.own };
    for n in 0..dice.between(1, 15) {
        let at = Seq::MIN.saturating_add(height + 3 * n);
        if let Some(range) = Range::new(at, at) {
            frontier.insert(author, range);
        }
    }
    // What is said to be here from the first on would swallow what was said before.
    if dice.once_in(2) {
        frontier.insert(author, Range::up_to(Seq::MIN.saturating_add(dice.below(height))));
    }
    have(to.conversation, frontier)
}

fn have(conversation: ConversationId, frontier: Frontier) -> Vec<u8> {
    claimed(conversation, frontier).to_bytes()
}

/// What says that all this is there.
pub(crate) fn claimed(conversation: ConversationId, frontier: Frontier) -> Message {
    // Without heads nothing would be claimed; these are nobody's.
    let heads = frontier.iter().map(|(author, _)| (author, EntryId::from_bytes([0; 32]))).collect();
    let (is_whole, wants_answer) = (false, false);
    Message::Have(Have { conversation, frontier, heads, is_whole, wants_answer })
}

fn flood(to: &Victim<'_>, dice: &mut Dice) -> Vec<Vec<u8>> {
    let want = |_| {
        let range = Range::up_to(Seq::MAX);
        Message::Want { conversation: to.conversation, author: to.device, range }.to_bytes()
    };
    (0..dice.between(5, 20)).map(want).collect()
}

/// That it wants everything or nothing, of the victim, of itself, and of whoever there is.
fn feeds(to: &Victim<'_>, dice: &mut Dice) -> Vec<Vec<u8>> {
    let frontiers = to.store.frontiers().unwrap_or_default();
    let here = frontiers.iter().find(|(id, _)| *id == to.conversation);
    let known = here.into_iter().flat_map(|(_, frontier)| frontier.iter());
    let authors = known.map(|(author, _)| author).chain([to.device, to.own]);
    let conversation = to.conversation;
    let all = authors.map(Some).chain([None]);
    let feed = |author| {
        let is_on = dice.once_in(2);
        Message::Feed { conversation, author, is_on }.to_bytes()
    };
    all.map(feed).collect()
}

/// Entries that the liar signed, and between them gaps that nobody can fill.
fn scattered(to: &Victim<'_>, dice: &mut Dice) -> Option<Vec<Vec<u8>>> {
    let forger = Forger::of(&to.store.local().ok()??);
    let (next, rank) = next_place(to, to.own);
    let mut before = next.seq();
    let mut frames = Vec::with_capacity(ISLANDS_MAX + 2);
    for n in 0..ISLANDS_MAX + 2 {
        before = before.saturating_add(dice.between(2, 9));
        let place = Place::After(before, EntryId::from_bytes([9; 32]));
        let run = forger.run(to.conversation, to.own, place, rank, &format!("far {n}"))?;
        let entries = Message::Entries { conversation: to.conversation, author: to.own, run };
        frames.push(entries.to_bytes());
    }
    Some(frames)
}

/// What is said of a message of the victim as if it were one's own.
fn meddling(to: &Victim<'_>, dice: &mut Dice) -> Option<Content> {
    let timeline = to.store.timeline(to.conversation, None, REMEMBERED).ok()?;
    let theirs: Vec<EntryId> =
        timeline.iter().filter(|e| e.header.author == to.device).map(|e| e.id).collect();
    let of = dice.pick(&theirs)?;
    let text = Text { text: "what they never said".to_owned(), ..Text::default() };
    Some(if dice.once_in(2) { Content::Retraction { of } } else { Content::Edit { of, text } })
}

/// The last entry of a log at the liar's.
fn head(to: &Victim<'_>, author: DeviceId) -> Option<Tip> {
    let frontiers = to.store.frontiers().ok()?;
    let (_, here) = frontiers.iter().find(|(id, _)| *id == to.conversation)?;
    to.store.tip(to.conversation, author, Seq::new(here.height(author))?).ok()?
}

/// Where the next entry of a log goes, and its rank.
pub(crate) fn next_place(to: &Victim<'_>, author: DeviceId) -> (Place, u64) {
    let head = head(to, author);
    let next = head.and_then(|tip| Place::following(tip.seq, tip.id)).unwrap_or(Place::First);
    (next, head.map_or(0, |tip| tip.rank))
}

/// A wrong entry.
fn entry(to: &Victim<'_>, author: DeviceId, lie: Lie, dice: &mut Dice) -> Option<Vec<u8>> {
    let forger = Forger::of(&to.store.local().ok()??);
    let head = head(to, author);
    let (next, rank) = next_place(to, author);
    let place = match lie {
        Lie::Unlinked => Place::After(head?.seq, EntryId::from_bytes([7; 32])),
        Lie::Fork if dice.once_in(2) => to.store.entry(head?.id).ok()??.header.place,
        _ => next,
    };
    let words = format!("lie {}", dice.below(1_000));
    let mut run = match lie {
        Lie::Meddling => {
            let content = meddling(to, dice)?;
            forger.entry(to.conversation, author, place, rank, 0, content)?
        }
        _ => forger.run(to.conversation, author, place, rank, &words)?,
    };
    match lie {
        Lie::Signature => {
            let other = forger.run(to.conversation, author, place, rank, "something else")?;
            run.signature = other.signature;
        }
        Lie::Body => run.entries.first_mut()?.1.as_mut()?.push(1),
        _ => {}
    }
    Some(Message::Entries { conversation: to.conversation, author, run }.to_bytes())
}

/// What only members of a group can do.
fn in_group(to: &Victim<'_>, lie: Lie, dice: &mut Dice) -> Option<Vec<u8>> {
    let forger = Forger::of(&to.store.local().ok()??);
    let (place, rank) = next_place(to, to.own);
    let account = dice.pick(&to.accounts)?;
    let action = match dice.below(3) {
        0 => Action::Grant { account, right: Right::Admin, history: History::Everything },
        1 => Action::Grant { account, right: Right::Member, history: History::Everything },
        _ => Action::Remove(Removal { account, keeps: None, heights: BTreeMap::default() }),
    };
    let said = format!("as if nothing had been, {}", dice.below(1_000));
    let text = Content::Text(Text { text: said, ..Text::default() });
    let operation = Content::Membership(Box::new(Operation::new(action)));
    let (parents, content) = match lie {
        Lie::Orphan => {
            let nowhere = EntryId::from_bytes([u8::try_from(dice.below(250)).unwrap_or(0); 32]);
            (Parents::new([nowhere]), if dice.once_in(2) { text } else { operation })
        }
        Lie::Usurping => (Parents::default(), operation),
        _ => (Parents::default(), text),
    };
    let run = forger.naming(parents, to.conversation, to.own, place, rank, 0, content)?;
    let author = to.own;
    Some(Message::Entries { conversation: to.conversation, author, run }.to_bytes())
}

impl World<'_> {
    /// What a node says goes out; a liar says something else now and then.
    pub(crate) fn tell(&mut self, who: Who, link: Link, lane: Lane, bytes: Vec<u8>) {
        if self.is_honest(who) {
            return self.send(who, link, lane, bytes);
        }
        let lie = self.network.cable(link).and_then(|cable| cable.lie);
        let is_hello = bytes.first() == Some(&1);
        if let Some(liar) = &mut self.people[who].liar {
            liar.saw(&bytes, &mut self.dice);
        }
        if lie == Some(Lie::Deaf) || (lie == Some(Lie::Withheld) && bytes.first() == Some(&7)) {
            return;
        }
        if is_hello && self.dice.once_in(8) {
            self.mark(link, Lie::Deaf);
        } else if is_hello && self.dice.once_in(6) {
            self.mark(link, Lie::Impersonation);
            let mut bytes = bytes;
            let other = self.people[self.dice.place(self.people.len())].account;
            bytes[3..35].copy_from_slice(other.as_bytes());
            self.send(who, link, lane, bytes);
        } else {
            self.send(who, link, lane, bytes);
        }
    }

    fn mark(&mut self, link: Link, lie: Lie) {
        if let Some(cable) = self.network.cable_mut(link) {
            cable.lie = Some(lie);
        }
    }

    /// A liar who heard something says more than its node does.
    pub(crate) fn lie(&mut self, who: Who, heard: &[Vec<u8>]) {
        let links: Vec<(Link, Who)> =
            self.network.of(who).map(|(link, cable)| (link, cable.other(who))).collect();
        let person = &mut self.people[who];
        let Some(liar) = &mut person.liar else { return };
        for frame in heard {
            liar.saw(frame, &mut self.dice);
        }
        // In the end all lies must have been found out, or be the same for all.
        let is_over = self.now > self.peace + CALM / 2;
        if is_over || links.is_empty() || !self.dice.once_in(3) {
            return;
        }
        let (link, to) = links[self.dice.place(links.len())];
        let (own, theirs) = (self.people[who].account, self.people[to].account);
        let others: Vec<ConversationId> = self
            .pairs
            .iter()
            .filter(|(_, pair)| !pair.contains(&own) && pair.contains(&theirs))
            .map(|(id, _)| *id)
            .collect();
        let group = if self.groups.is_empty() { None } else { self.group_with(who, to) };
        let group = group.filter(|_| !self.dice.once_in(3));
        let victim = Victim {
            device: self.people[to].device,
            conversation: group.unwrap_or(ConversationId::direct(own, theirs)),
            is_group: group.is_some(),
            accounts: if group.is_some() {
                self.accounts().into_iter().collect()
            } else {
                Vec::new()
            },
            other: self.dice.pick(&others).unwrap_or(ConversationId::direct(own, own)),
            own: self.people[who].device,
            store: &self.people[who].store,
        };
        let Some(liar) = &self.people[who].liar else { return };
        let Some((lie, frames)) = liar.lie(&victim, &mut self.dice) else { return };
        let is_told = [Lie::Flood, Lie::Meddling, Lie::Scattered].contains(&lie);
        if is_told || IN_GROUPS.contains(&lie) {
            self.cover(lie.found_out());
        }
        if group.is_some() {
            self.cover("lies told in groups");
        }
        if lie == Lie::Crowd {
            return self.crowd(who, to);
        }
        self.mark(link, lie);
        if let Some(liar) = &mut self.people[who].liar
            && frames.iter().any(|frame| frame.first() == Some(&PREKEYS))
        {
            liar.misled.insert(to);
        }
        if let Some(cable) = self.network.cable_mut(link).filter(|_| lie == Lie::TooMuch) {
            cable.too_much = frames.first().cloned();
        }
        for frame in frames {
            self.send(who, link, Lane::Live, frame);
        }
    }
    /// A liar connects once more than is allowed, whatever connections there are already.
    fn crowd(&mut self, who: Who, to: Who) {
        for _ in 0..=SESSIONS_PER_DEVICE_MAX {
            if let Some(link) = self.connect(who, to) {
                self.mark(link, Lie::Crowd);
            }
        }
    }
}
