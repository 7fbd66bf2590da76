//! Logs: what is written can be read and checked, and what was changed is noticed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

use chinwag_core::body::{Body, Content, Kind, Mention, SALT_LEN, Settings, Text, body_hash};
use chinwag_core::entry::{Header, Parents, Place, Seq, Tip, sign};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::log::{Base, Run, RunFault};
use chinwag_core::time::ClaimedTime;
use chinwag_core::wire::codec::{Decode, Encode};
use chinwag_core::wire::limits::RUN_MAX;
use chinwag_crypto::{Hash, Secret, Signature, SigningKey};
use proptest::prelude::*;

/// A device that writes one log.
struct Author {
    key: SigningKey,
    conversation: ConversationId,
    written: Vec<(Header, Vec<u8>)>,
}

impl Author {
    fn new(seed: u8) -> Self {
        let key = SigningKey::from_seed(&Secret::new([seed; 32]));
        Self { key, conversation: ConversationId::from_bytes([9; 32]), written: Vec::new() }
    }

    fn id(&self) -> DeviceId {
        DeviceId::new(self.key.public())
    }

    fn says(&mut self, words: &str) {
        let content = Content::Text(Text { text: words.to_owned(), ..Text::default() });
        let mut salt = [0; SALT_LEN];
        salt[..8].copy_from_slice(&self.written.len().to_be_bytes());
        let body = Body::new(salt, content).unwrap().to_bytes();
        let place = match self.written.last() {
            None => Place::First,
            Some((before, _)) => Place::following(before.seq(), before.id()).unwrap(),
        };
        let header = Header {
            conversation: self.conversation,
            author: self.id(),
            place,
            parents: Parents::default(),
            rank: self.written.len() as u64 + 1,
            claimed: ClaimedTime::new(1_700_000_000_000),
            lifetime_s: 0,
            kind: Kind::TEXT,
            body_len: u32::try_from(body.len()).unwrap(),
            body_hash: body_hash(&body),
        };
        self.written.push((header, body));
    }

    /// The run of these entries, from 0, signed at its end.
    fn run(&self, range: std::ops::Range<usize>) -> Run {
        let entries: Vec<_> =
            self.written[range].iter().map(|(h, b)| (h.clone(), Some(b.clone()))).collect();
        let signature = sign(&self.key, entries.last().unwrap().0.id());
        Run { entries, signature }
    }

    fn check(&self, run: Run, base: Base) -> Result<Base, RunFault> {
        run.check(self.conversation, self.id(), base)
            .map(|c| c.tip().map_or(Base::Empty, Base::Head))
    }
}

fn author_of(count: usize) -> Author {
    let mut author = Author::new(1);
    for n in 0..count {
        author.says(&format!("message {n}"));
    }
    author
}

#[test]
fn one_signature_covers_the_whole_run() {
    let author = author_of(100);
    let base = author.check(author.run(0..60), Base::Empty).unwrap();
    let base = author.check(author.run(60..100), base).unwrap();
    let last = author.written.last().unwrap().0.id();
    assert_eq!(base, Base::Head(Tip { seq: Seq::new(100).unwrap(), id: last, rank: 100 }));
}

#[test]
fn a_run_that_leaves_something_out_is_refused() {
    let author = author_of(10);
    let mut run = author.run(0..10);
    run.entries.remove(4);
    let fault = RunFault::OutOfPlace { at: 4, found: 6, expected: 5 };
    assert_eq!(author.check(run, Base::Empty), Err(fault));
    let later = RunFault::OutOfPlace { at: 0, found: 4, expected: 1 };
    assert_eq!(author.check(author.run(3..10), Base::Empty), Err(later));
}

#[test]
fn nothing_follows_the_last_number_of_all() {
    let mut author = author_of(2);
    let [(last, _), (beyond, _)] = author.written.as_mut_slice() else { unreachable!() };
    let before = Seq::new(u64::MAX - 1).unwrap();
    last.place = Place::following(before, EntryId::from_bytes([7; 32])).unwrap();
    // A number that is one too high can't be said, so a liar says the last one twice.
    beyond.place = Place::following(before, last.id()).unwrap();
    assert!(author.check(author.run(0..1), Base::Unknown).is_ok());
    let both = author.check(author.run(0..2), Base::Unknown);
    assert!(matches!(both, Err(RunFault::OutOfPlace { at: 1, .. })), "{both:?}");
}

#[test]
fn a_run_that_follows_another_past_is_refused() {
    let author = author_of(10);
    let other =
        Base::Head(Tip { seq: Seq::new(5).unwrap(), id: EntryId::from_bytes([7; 32]), rank: 0 });
    assert_eq!(author.check(author.run(5..10), other), Err(RunFault::Unlinked { at: 0 }));
}

#[test]
fn a_run_of_somebody_else_is_refused() {
    let (author, mut other) = (author_of(3), Author::new(2));
    other.says("it was me");
    let run = other.run(0..1);
    assert_eq!(author.check(run.clone(), Base::Empty), Err(RunFault::OtherLog { at: 0 }));
    let mut stolen = author.run(0..3);
    stolen.signature = run.signature;
    assert_eq!(author.check(stolen, Base::Empty), Err(RunFault::NotSigned));
}

#[test]
fn a_run_is_checked_without_deleted_bodies_and_refused_with_changed_ones() {
    let author = author_of(5);
    let mut run = author.run(0..5);
    run.entries[2].1 = None;
    assert!(author.check(run.clone(), Base::Empty).is_ok());
    run.entries[3].1.as_mut().unwrap()[20] ^= 1;
    assert_eq!(author.check(run, Base::Empty), Err(RunFault::OtherBody { at: 3 }));
}

#[test]
fn a_run_has_at_least_one_entry_and_at_most_the_limit() {
    let author = author_of(1);
    let signature = author.run(0..1).signature;
    let empty = Run { entries: Vec::new(), signature };
    assert_eq!(author.check(empty, Base::Empty), Err(RunFault::Empty));
    let long = author_of(RUN_MAX + 1);
    assert!(long.check(long.run(0..RUN_MAX), Base::Empty).is_ok());
    let over = RunFault::TooLong(RUN_MAX + 1);
    assert_eq!(long.check(long.run(0..RUN_MAX + 1), Base::Empty), Err(over));
}

fn hash() -> impl Strategy<Value = [u8; 32]> {
    any::<[u8; 32]>()
}

fn account() -> impl Strategy<Value = AccountId> {
    any::<[u8; 32]>()
        .prop_map(|seed| AccountId::new(SigningKey::from_seed(&Secret::new(seed)).public()))
}

fn text() -> impl Strategy<Value = Text> {
    let mention = (account(), 0_u32..4, 1_u32..4);
    let mentions = proptest::collection::vec(mention, 0..4);
    (proptest::option::of(hash()), mentions, ".{24,60}").prop_map(|(reply_to, mentions, text)| {
        let mut start = 0;
        let mentions = mentions.into_iter().map(|(account, gap, len)| {
            start += gap;
            let mention = Mention { account, start, len };
            start += len;
            mention
        });
        Text { reply_to: reply_to.map(EntryId::from_bytes), mentions: mentions.collect(), text }
    })
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        text().prop_map(Content::Text),
        (hash(), text()).prop_map(|(of, text)| Content::Edit { of: EntryId::from_bytes(of), text }),
        (hash(), any::<bool>(), "[a-z🙂👍]{1,16}").prop_map(|(to, is_on, emoji)| {
            Content::Reaction { to: EntryId::from_bytes(to), is_on, emoji }
        }),
        hash().prop_map(|of| Content::Retraction { of: EntryId::from_bytes(of) }),
        any::<u32>().prop_map(|s| Content::Settings(Settings::default().with_lifetime(s))),
        (8_u16.., proptest::collection::vec(any::<u8>(), 0..100))
            .prop_map(|(kind, bytes)| { Content::Unknown { kind: Kind::new(kind), bytes } }),
    ]
}

fn header() -> impl Strategy<Value = Header> {
    let place = prop_oneof![
        Just(Place::First),
        (1..u64::MAX - 1, hash()).prop_filter_map("zeros are no backlink", |(seq, before)| {
            let before = (before != [0; 32]).then(|| EntryId::from_bytes(before))?;
            Place::following(Seq::new(seq)?, before)
        }),
    ];
    let parents = proptest::collection::vec(hash(), 0..20);
    let numbers = (any::<u64>(), any::<u32>(), any::<u16>(), 0_u32..512 * 1_024);
    (hash(), account(), place, parents, numbers, hash()).prop_map(
        |(conversation, author, place, parents, (claimed, lifetime_s, kind, body_len), hash)| {
            Header {
                conversation: ConversationId::from_bytes(conversation),
                author: DeviceId::new(*author.key()),
                place,
                parents: Parents::new(parents.into_iter().map(EntryId::from_bytes)),
                rank: claimed,
                claimed: ClaimedTime::new(claimed),
                lifetime_s,
                kind: Kind::new(kind),
                body_len,
                body_hash: Hash::from_bytes(hash),
            }
        },
    )
}

proptest! {
    #[test]
    fn a_body_is_read_as_it_was_written(salt in any::<[u8; SALT_LEN]>(), content in content()) {
        let kind = content.kind();
        let body = Body::new(salt, content).unwrap();
        prop_assert_eq!(Body::from_bytes(kind, &body.to_bytes()), Ok(body));
    }

    #[test]
    fn a_header_is_read_as_it_was_written(header in header()) {
        prop_assert_eq!(Header::from_bytes(&header.to_bytes()), Ok(header));
    }

    #[test]
    fn what_can_be_read_is_written_in_the_same_bytes(
        header in header(), at in any::<prop::sample::Index>(), flip in 1_u8..
    ) {
        let mut bytes = header.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(other) = Header::from_bytes(&bytes) {
            prop_assert_ne!(&other, &header);
            prop_assert_eq!(other.to_bytes(), bytes);
        }
    }

    #[test]
    fn any_bytes_are_a_body_or_an_error(kind in 0_u16..8, bytes in any::<Vec<u8>>()) {
        if let Ok(body) = Body::from_bytes(Kind::new(kind), &bytes) {
            prop_assert_eq!(body.to_bytes(), bytes);
        }
    }

    #[test]
    fn any_bytes_are_a_header_or_an_error(bytes in any::<Vec<u8>>()) {
        if let Ok(header) = Header::from_bytes(&bytes) {
            prop_assert_eq!(header.to_bytes(), bytes);
        }
    }

    #[test]
    fn a_change_anywhere_in_a_run_is_noticed(
        which in 0_usize..5, at in any::<prop::sample::Index>(), flip in 1_u8..
    ) {
        let author = author_of(5);
        let mut run = author.run(0..5);
        let mut bytes = run.entries[which].0.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(changed) = Header::from_bytes(&bytes) {
            run.entries[which].0 = changed;
            prop_assert!(author.check(run, Base::Empty).is_err());
        }
    }

    #[test]
    fn a_changed_signature_is_noticed(at in 0_usize..64, flip in 1_u8..) {
        let author = author_of(2);
        let mut run = author.run(0..2);
        let mut bytes = *run.signature.as_bytes();
        bytes[at] ^= flip;
        run.signature = Signature::from_bytes(&bytes);
        prop_assert_eq!(author.check(run, Base::Empty), Err(RunFault::NotSigned));
    }
}
