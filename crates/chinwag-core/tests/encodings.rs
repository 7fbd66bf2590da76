//! What is written is read as it was: messages with all that they hold, forks, bundles, tickets,
//! contacts. Operations are in `identity.rs`, headers and other bodies in `logs.rs`, frontiers in
//! `sync.rs`, and what holds of any bytes in `decoders.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;

use chinwag_core::body::{Body, ContactChange, Content, Kind, SALT_LEN, body_hash};
use chinwag_core::bundle::{Bundle, Sealed};
use chinwag_core::entry::{Header, Parents, Place, Seq, sign};
use chinwag_core::fork::Fork;
use chinwag_core::identity::{
    Action, Certificate, Name, Operation, Revocation, SignedOperation, consent,
};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId, OperationId, PrekeyId};
use chinwag_core::log::Run;
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::sync::ranges::Range;
use chinwag_core::ticket::{Address, Ticket};
use chinwag_core::time::{ClaimedTime, Wall};
use chinwag_core::wire::codec::{Decode, Encode};
use chinwag_core::wire::limits::{ADDRESSES_MAX, RELAY_URL_MAX};
use chinwag_core::wire::message::{Have, Hello, Message, Wish};
use chinwag_crypto::{Hash, SealKey, SealPublic, Secret, Signature, SigningKey};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::sample::Index;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::new([seed; 32]))
}

fn prekey(seed: u8) -> SealKey {
    SealKey::from_seed(&Secret::new([seed; 32]))
}

// What the encodings consist of.

fn account() -> impl Strategy<Value = AccountId> {
    any::<u8>().prop_map(|seed| AccountId::new(key(seed).public()))
}

fn device() -> impl Strategy<Value = DeviceId> {
    any::<u8>().prop_map(|seed| DeviceId::new(key(seed).public()))
}

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash::from_bytes)
}

fn entry() -> impl Strategy<Value = EntryId> {
    hash().prop_map(EntryId::new)
}

fn conversation() -> impl Strategy<Value = ConversationId> {
    hash().prop_map(ConversationId::new)
}

fn signature() -> impl Strategy<Value = Signature> {
    any::<[u8; 64]>().prop_map(|bytes| Signature::from_bytes(&bytes))
}

fn name() -> impl Strategy<Value = Name> {
    "[a-zäéш🙂][a-zäéш🙂 ]{0,6}[a-zäéш🙂]".prop_map(|name| Name::new(&name).unwrap())
}

fn seal_public() -> impl Strategy<Value = SealPublic> {
    any::<u8>().prop_map(|seed| prekey(seed).public())
}

/// Any number, the lowest and highest often among them.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![1_u64..20, any::<u64>(), Just(0), Just(u64::MAX - 1), Just(u64::MAX)]
}

fn range() -> impl Strategy<Value = Range> {
    (number(), number()).prop_map(|(a, b)| {
        let [low, high] = [a.min(b), a.max(b)].map(|n| Seq::new(n).unwrap_or(Seq::MIN));
        Range::new(low, high).unwrap()
    })
}

fn frontier() -> impl Strategy<Value = Frontier> {
    btree_map(device(), vec(range(), 1..6), 0..4).prop_map(|authors| {
        let mut frontier = Frontier::default();
        for (author, ranges) in authors {
            for range in ranges {
                frontier.insert(author, range);
            }
        }
        frontier
    })
}

fn place() -> impl Strategy<Value = Place> {
    let later = (number(), any::<[u8; 32]>()).prop_map(|(seq, before)| {
        let before = (before != [0; 32]).then(|| EntryId::from_bytes(before))?;
        Place::following(Seq::new(seq)?, before)
    });
    later.prop_map(|place| place.unwrap_or(Place::First))
}

prop_compose! {
    fn header()(
        (conversation, author, place) in (conversation(), device(), place()),
        parents in vec(entry(), 0..20),
        (rank, claimed, lifetime_s, kind) in (number(), number(), any::<u32>(), any::<u16>()),
        (body_len, body_hash) in (0_u32..=512 * 1_024, hash()),
    ) -> Header {
        Header {
            conversation,
            author,
            place,
            parents: Parents::new(parents),
            rank,
            claimed: ClaimedTime::new(claimed),
            lifetime_s,
            kind: Kind::new(kind),
            body_len,
            body_hash,
        }
    }
}

fn run() -> impl Strategy<Value = Run> {
    let body = proptest::option::of(vec(any::<u8>(), 0..100));
    let entries = vec((header(), body), 0..4);
    (entries, signature()).prop_map(|(entries, signature)| Run { entries, signature })
}

fn action() -> impl Strategy<Value = Action> {
    let heights = btree_map(conversation(), number(), 0..4);
    prop_oneof![
        name().prop_map(|name| Action::Profile { name }),
        (any::<u8>(), name(), number(), seal_public(), account()).prop_map(
            |(device, name, expires, prekey, account)| {
                let (consent, expires) = (consent(&key(device), account), Wall::new(expires));
                let device = DeviceId::new(key(device).public());
                Action::Certify(Certificate { device, name, expires, prekey, consent })
            }
        ),
        (device(), heights)
            .prop_map(|(device, heights)| Action::Revoke(Revocation { device, heights })),
        device().prop_map(|device| Action::Retire { device }),
        (5_u16.., vec(any::<u8>(), 0..50))
            .prop_map(|(kind, bytes)| Action::Unknown { kind, bytes }),
    ]
}

fn operation() -> impl Strategy<Value = SignedOperation> {
    let parents = btree_set(hash().prop_map(OperationId::new), 0..=16);
    let times = (number(), number().prop_map(ClaimedTime::new));
    (account(), parents, times, action(), signature()).prop_map(
        |(account, parents, (height, claimed), action, signature)| SignedOperation {
            operation: Operation { account, parents, height, claimed, action },
            signature,
        },
    )
}

fn wish() -> impl Strategy<Value = Wish> {
    prop_oneof![
        Just(Wish::Nothing),
        any::<[u8; 16]>().prop_map(Wish::Redeem),
        ".{0,70}".prop_map(Wish::Request),
        (conversation(), entry(), signature()).prop_map(|(group, ticket, proof)| Wish::Join {
            group,
            ticket,
            proof
        }),
    ]
}

fn have() -> impl Strategy<Value = Have> {
    let said = (conversation(), any::<bool>(), any::<bool>());
    (said, frontier(), vec(entry(), 4)).prop_map(
        |((conversation, is_whole, wants_answer), frontier, heads)| {
            let begun = frontier.iter().filter(|(_, ranges)| ranges.height() > 0);
            let heads = begun.map(|(author, _)| author).zip(heads).collect();
            Have { conversation, frontier, heads, is_whole, wants_answer }
        },
    )
}

/// The proof that a device wrote two entries at one place, or after two different ones.
fn fork() -> impl Strategy<Value = Fork> {
    let same_place = (place(), header(), header());
    (any::<u8>(), same_place, any::<bool>()).prop_filter_map(
        "the same twice",
        |(author, (place, a, b), goes_on)| {
            let key = key(author);
            let author = DeviceId::new(key.public());
            let conversation = a.conversation;
            let runs = [a, b].map(|header| {
                let first = Header { conversation, author, place, ..header };
                let next = Place::following(first.seq(), first.id()).filter(|_| goes_on);
                let next = next.map(|place| Header { place, ..first.clone() });
                let headers: Vec<Header> = [first].into_iter().chain(next).collect();
                let signature = sign(&key, headers.last().unwrap().id());
                Run { entries: headers.into_iter().map(|h| (h, None)).collect(), signature }
            });
            let [a, b] = runs;
            Fork::prove(conversation, author, a, b).ok()
        },
    )
}

fn message() -> impl Strategy<Value = Message> {
    let hello = (any::<u16>(), account(), hash(), wish());
    let of_log = || (conversation(), device());
    prop_oneof![
        hello.prop_map(|(version, account, digest, wish)| {
            Message::Hello(Hello { version, account, digest, wish })
        }),
        hash().prop_map(|digest| Message::Known { digest }),
        (vec(operation(), 0..3), any::<bool>())
            .prop_map(|(operations, is_last)| Message::Operations { operations, is_last }),
        btree_map(account(), hash(), 0..4).prop_map(Message::Accounts),
        have().prop_map(Message::Have),
        (of_log(), range()).prop_map(|((conversation, author), range)| {
            Message::Want { conversation, author, range }
        }),
        (of_log(), run()).prop_map(|((conversation, author), run)| {
            Message::Entries { conversation, author, run }
        }),
        fork().prop_map(|fork| Message::Fork(Box::new(fork))),
        (conversation(), frontier())
            .prop_map(|(conversation, frontier)| Message::Read { conversation, frontier }),
        (conversation(), any::<bool>())
            .prop_map(|(conversation, is_on)| Message::Typing { conversation, is_on }),
        any::<bool>().prop_map(|is_active| Message::Presence { is_active }),
        Just(Message::PrekeysWanted),
        vec(seal_public(), 0..3).prop_map(Message::Prekeys),
    ]
}

fn address() -> impl Strategy<Value = Address> {
    let url = vec(prop::char::range('/', 'ÿ'), 0..=RELAY_URL_MAX / 2);
    prop_oneof![
        (any::<[u8; 4]>(), any::<u16>()).prop_map(|to| Address::Direct(SocketAddr::from(to))),
        (any::<[u8; 16]>(), any::<u16>()).prop_map(|to| Address::Direct(SocketAddr::from(to))),
        url.prop_map(|url| Address::Relay(url.into_iter().collect())),
    ]
}

prop_compose! {
    fn ticket()(
        (account, device) in (account(), device()),
        secret in any::<[u8; 16]>(),
        expires_s in any::<u32>(),
        addresses in vec(address(), 0..=ADDRESSES_MAX),
    ) -> Ticket {
        Ticket { account, device, secret, expires_s, addresses }
    }
}

prop_compose! {
    fn contact()(
        (account, called) in (account(), proptest::option::of(name())),
        (is_contact, is_verified, is_blocked) in any::<(bool, bool, bool)>(),
    ) -> ContactChange {
        ContactChange { account, called, is_contact, is_verified, is_blocked }
    }
}

proptest! {
    #[test]
    fn a_message_is_read_as_it_was_written(message in message()) {
        prop_assert_eq!(Message::read(&message.to_bytes()), Ok(message));
    }

    #[test]
    fn what_is_like_a_message_is_no_message_or_another(
        message in message(), at in any::<Index>(), flip in 1_u8..
    ) {
        let mut bytes = message.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(other) = Message::read(&bytes) {
            prop_assert_ne!(&other, &message);
            prop_assert_eq!(other.to_bytes(), bytes);
        }
    }

    #[test]
    fn no_part_of_a_message_is_one(message in message(), len in any::<Index>()) {
        let bytes = message.to_bytes();
        prop_assert!(Message::read(&bytes[..len.index(bytes.len())]).is_err());
    }

    #[test]
    fn a_change_anywhere_in_the_proof_of_a_fork_is_noticed(
        fork in fork(), at in any::<Index>(), flip in 1_u8..
    ) {
        let mut bytes = fork.to_bytes();
        prop_assert_eq!(Fork::from_bytes(&bytes), Ok(fork));
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert!(Fork::from_bytes(&bytes).is_err());
    }

    #[test]
    fn a_ticket_is_read_as_it_was_written_however_it_is_pasted(
        ticket in ticket(),
        blanks in vec((any::<Index>(), prop::sample::select(vec!["\n", " ", "\u{a0}", "\r\n"])), 0..9),
        is_upper in any::<bool>(),
    ) {
        prop_assert_eq!(Ticket::from_bytes(&ticket.to_bytes()), Ok(ticket.clone()));
        let text = ticket.to_text();
        let mut pasted = if is_upper { text.to_uppercase() } else { text };
        // From the last to the first, so that every place is still one between two characters.
        let mut at: BTreeMap<usize, &str> = BTreeMap::new();
        at.extend(blanks.iter().map(|(at, blank)| (at.index(pasted.len() + 1), *blank)));
        for (at, blank) in at.into_iter().rev() {
            pasted.insert_str(at, blank);
        }
        prop_assert_eq!(pasted.parse(), Ok(ticket));
    }

    #[test]
    fn what_is_said_of_a_contact_is_read_as_it_was_written(
        salt in any::<[u8; SALT_LEN]>(), change in contact()
    ) {
        let body = Body::new(salt, Content::Contact(change)).unwrap();
        let bytes = body.to_bytes();
        prop_assert_eq!(Body::from_bytes(Kind::CONTACT, &bytes), Ok(body));
        prop_assert_ne!(body_hash(&bytes), body_hash(&bytes[SALT_LEN..]));
    }
}

proptest! {
    // Unoptimised, each of these takes tens of milliseconds.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_bundle_is_opened_as_it_was_sealed_and_with_anything_changed_is_not(
        (account, from, to, seed) in (account(), any::<u8>(), device(), any::<u8>()),
        messages in vec(message(), 0..4),
        at in any::<Index>(),
        flip in 1_u8..,
    ) {
        let device_key = key(from);
        let bundle = Bundle { account, device: DeviceId::new(device_key.public()), to, messages };
        let (prekey, mut rng) = (prekey(seed), ChaCha20Rng::from_seed([seed; 32]));
        let mut bytes = bundle.seal(&device_key, &prekey.public(), &mut rng).unwrap();
        let sealed = Sealed::parse(&bytes).unwrap();
        prop_assert_eq!((sealed.to(), sealed.prekey()), (to, PrekeyId::of(&prekey.public())));
        prop_assert_eq!(sealed.open(&prekey), Ok(bundle));
        // Anywhere, and in what a carrier reads.
        for at in [at.index(bytes.len()), at.index(79)] {
            bytes[at] ^= flip;
            prop_assert!(Sealed::parse(&bytes).and_then(|sealed| sealed.open(&prekey)).is_err());
            bytes[at] ^= flip;
        }
    }
}
