//! Frames with more in them than is allowed, each over one limit. But for that each could be
//! taken: a node without that limit takes it, or refuses it later than it has to.

use std::sync::LazyLock;

use chinwag_core::body::body_hash;
use chinwag_core::entry::{Header, Place, Seq, sign};
use chinwag_core::ids::{DeviceId, EntryId};
use chinwag_core::log::Run;
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::sync::ranges::Range;
use chinwag_core::testing::Forger;
use chinwag_core::wire::codec::Encode;
use chinwag_core::wire::limits::{
    AUTHORS_MAX, BODY_MAX, FRAME_MAX, OPERATIONS_MAX, PAGE_MAX, PARENTS_MAX, PREKEYS_MAX,
    RANGES_MAX,
};
use chinwag_core::wire::message::Message;
use chinwag_crypto::{Secret, SigningKey};

use crate::dice::Dice;
use crate::hostile::{Victim, claimed, next_place};

/// Where the parents of the first entry of a message are counted: after kind, conversation, author
/// and count of the message, and version, conversation, author, place and backlink of the entry.
const PARENTS_AT: usize = 1 + 32 + 32 + 2 + 1 + 32 + 32 + 8 + 32;

/// What there is too much of.
#[derive(Clone, Copy)]
enum Excess {
    Bytes,
    Ranges,
    Authors,
    Entries,
    Body,
    Parents,
    Operations,
    Prekeys,
}

const ALL: &[Excess] = &[
    Excess::Bytes,
    Excess::Ranges,
    Excess::Authors,
    Excess::Entries,
    Excess::Body,
    Excess::Parents,
    Excess::Operations,
    Excess::Prekeys,
];

/// One author more than there may be: it takes a while to make so many keys.
static AUTHORS: LazyLock<Vec<DeviceId>> = LazyLock::new(|| {
    let device = |n: usize| {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&n.to_le_bytes());
        DeviceId::new(SigningKey::from_seed(&Secret::new(seed)).public())
    };
    (0..=AUTHORS_MAX).map(device).collect()
});

/// A frame that is over a limit.
pub(crate) fn excess(to: &Victim<'_>, dice: &mut Dice) -> Option<Vec<u8>> {
    let message = match dice.pick(ALL)? {
        Excess::Bytes => return Some(vec![12; FRAME_MAX + 1]),
        Excess::Parents => return parents(to),
        Excess::Ranges => ranges(to),
        Excess::Authors => authors(to),
        Excess::Entries => entries(to)?,
        Excess::Body => body(to)?,
        Excess::Operations => {
            let operation = to.store.operations().ok()?.into_iter().next()?;
            Message::Operations { operations: vec![operation; OPERATIONS_MAX + 1], is_last: true }
        }
        Excess::Prekeys => {
            let prekey = to.store.peer_prekeys(to.device).ok()?.into_iter().next()?;
            Message::Prekeys(vec![prekey; PREKEYS_MAX + 1])
        }
    };
    Some(message.to_bytes())
}

fn ranges(to: &Victim<'_>) -> Message {
    let mut frontier = Frontier::default();
    // Every other one: they do not touch.
    let apart = (2..).step_by(2).filter_map(Seq::new);
    for range in apart.filter_map(|seq| Range::new(seq, seq)).take(RANGES_MAX + 1) {
        frontier.insert(to.own, range);
    }
    claimed(to.conversation, frontier)
}

fn authors(to: &Victim<'_>) -> Message {
    let mut frontier = Frontier::default();
    AUTHORS.iter().for_each(|author| frontier.insert(*author, Range::up_to(Seq::MIN)));
    Message::Read { conversation: to.conversation, frontier }
}

fn entries(to: &Victim<'_>) -> Option<Message> {
    let (mut place, rank) = next_place(to, to.own);
    let template = one_entry(to)?.entries.into_iter().next()?.0;
    let mut entries = Vec::with_capacity(PAGE_MAX + 1);
    for _ in 0..PAGE_MAX {
        let header = Header { place, ..template.clone() };
        place = Place::following(header.seq(), header.id())?;
        entries.push((header, None));
    }
    let forger = Forger::of(&to.store.local().ok()??);
    let last = forger.run(to.conversation, to.own, place, rank, "too much")?;
    entries.extend(last.entries);
    let run = Run { entries, signature: last.signature };
    Some(Message::Entries { conversation: to.conversation, author: to.own, run })
}

fn body(to: &Victim<'_>) -> Option<Message> {
    let body = vec![7; BODY_MAX + 1];
    let template = one_entry(to)?.entries.into_iter().next()?.0;
    let body_len = u32::try_from(body.len()).ok()?;
    let header = Header { body_len, body_hash: body_hash(&body), ..template };
    let key = SigningKey::from_seed(&Secret::new(to.store.local().ok()??.device_seed));
    let signature = sign(&key, header.id());
    let run = Run { entries: vec![(header, Some(body))], signature };
    Some(Message::Entries { conversation: to.conversation, author: to.own, run })
}

/// An entry with too many parents. Its signature is one without them.
fn parents(to: &Victim<'_>) -> Option<Vec<u8>> {
    let run = one_entry(to)?;
    let message = Message::Entries { conversation: to.conversation, author: to.own, run };
    let mut bytes = message.to_bytes();
    let count = u8::try_from(PARENTS_MAX + 1).ok()?;
    let parents = (1..=count).flat_map(|n| *EntryId::from_bytes([n; 32]).as_bytes());
    bytes.splice(PARENTS_AT..=PARENTS_AT, std::iter::once(count).chain(parents));
    Some(bytes)
}

/// What the liar could write next.
fn one_entry(to: &Victim<'_>) -> Option<Run> {
    let (place, rank) = next_place(to, to.own);
    let forger = Forger::of(&to.store.local().ok()??);
    forger.run(to.conversation, to.own, place, rank, "much")
}
