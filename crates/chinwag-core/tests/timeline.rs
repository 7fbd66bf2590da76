//! What is shown of a message after all that was said about it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

use std::collections::{BTreeMap, BTreeSet};

use chinwag_core::body::{Content, Settings, Text};
use chinwag_core::entry::{Place, Seq};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::store::{Local, StoredEntry};
use chinwag_core::testing::Forger;
use chinwag_core::timeline::{Says, Shown, fold};
use chinwag_crypto::{PublicKey, Secret, SigningKey};
use proptest::prelude::*;

const LAPTOP: u8 = 1;
const PHONE: u8 = 2;
const BOBS: u8 = 3;
const STRANGERS: u8 = 4;

fn key(n: u8) -> PublicKey {
    SigningKey::from_seed(&Secret::new([n; 32])).public()
}

fn alice() -> AccountId {
    AccountId::new(key(101))
}

fn bob() -> AccountId {
    AccountId::new(key(102))
}

fn account_of(device: DeviceId) -> Option<AccountId> {
    let devices = [(LAPTOP, alice()), (PHONE, alice()), (BOBS, bob())];
    devices.into_iter().find(|(n, _)| DeviceId::new(key(*n)) == device).map(|(_, of)| of)
}

/// An entry of somebody's device at a rank.
fn entry(by: u8, rank: u64, content: Content) -> StoredEntry {
    entry_in(1, by, rank, content)
}

fn entry_in(conversation: u8, by: u8, rank: u64, content: Content) -> StoredEntry {
    let forger = Forger::of(&Local { account_seed: [0; 32], device_seed: [by; 32] });
    let conversation = ConversationId::from_bytes([conversation; 32]);
    let place = Place::following(Seq::MIN.saturating_add(rank), EntryId::from_bytes([9; 32]));
    let author = DeviceId::new(key(by));
    let run = forger.entry(conversation, author, place.unwrap(), rank, 0, content).unwrap();
    let (header, body) = run.entries.into_iter().next().unwrap();
    StoredEntry { id: header.id(), header, body, signature: Some(run.signature) }
}

fn words(text: &str) -> Text {
    Text { text: text.to_owned(), ..Text::default() }
}

fn hello() -> StoredEntry {
    let reply_to = Some(EntryId::from_bytes([5; 32]));
    entry(LAPTOP, 1, Content::Text(Text { reply_to, ..words("hello") }))
}

fn edit(by: u8, rank: u64, of: EntryId, text: &str) -> StoredEntry {
    entry(by, rank, Content::Edit { of, text: words(text) })
}

fn reaction(by: u8, rank: u64, to: EntryId, emoji: &str, is_on: bool) -> StoredEntry {
    entry(by, rank, Content::Reaction { to, is_on, emoji: emoji.to_owned() })
}

fn shown(message: &StoredEntry, references: &[StoredEntry]) -> Shown {
    fold(message, references, account_of)
}

fn text_of(shown: &Shown) -> &str {
    match &shown.says {
        Says::Text(text) => &text.text,
        other => panic!("no text but {other:?}"),
    }
}

#[test]
fn the_last_edit_by_any_of_the_authors_devices_counts() {
    let message = hello();
    let edits = [edit(PHONE, 9, message.id, "last"), edit(LAPTOP, 8, message.id, "earlier")];
    let shown = shown(&message, &edits);
    assert_eq!(text_of(&shown), "last");
    assert_eq!(shown.edited, Some(edits[0].header.claimed));
    assert_eq!(shown.reply_to, Some(EntryId::from_bytes([5; 32])), "an edit does not change that");
}

#[test]
fn nobody_else_changes_or_takes_back_what_somebody_said() {
    let message = hello();
    let by_others = [
        edit(BOBS, 9, message.id, "something else"),
        edit(STRANGERS, 9, message.id, "something else"),
        entry(BOBS, 10, Content::Retraction { of: message.id }),
        reaction(STRANGERS, 11, message.id, "👍", true),
        edit(LAPTOP, 12, EntryId::from_bytes([3; 32]), "of another message"),
        entry_in(2, LAPTOP, 13, Content::Retraction { of: message.id }),
    ];
    assert_eq!(shown(&message, &by_others), shown(&message, &[]));
}

#[test]
fn of_reactions_the_last_of_each_account_counts() {
    let message = hello();
    let reactions = [
        reaction(LAPTOP, 2, message.id, "👍", true),
        reaction(PHONE, 3, message.id, "👍", false),
        reaction(BOBS, 4, message.id, "👍", false),
        reaction(BOBS, 5, message.id, "👍", true),
        reaction(BOBS, 6, message.id, "🎉", true),
        reaction(PHONE, 7, message.id, "🎉", true),
        reaction(PHONE, 8, message.id, "👎", false),
    ];
    let of_both = BTreeSet::from([alice(), bob()]);
    let expected = [("👍".to_owned(), BTreeSet::from([bob()])), ("🎉".to_owned(), of_both)];
    assert_eq!(shown(&message, &reactions).reactions, BTreeMap::from(expected));
}

#[test]
fn of_what_is_gone_nothing_is_shown_but_that() {
    let message = hello();
    let mut about = vec![
        reaction(BOBS, 2, message.id, "👍", true),
        edit(PHONE, 3, message.id, "changed"),
        entry(PHONE, 4, Content::Retraction { of: message.id }),
    ];
    let gone = |says| Shown { says, reply_to: None, edited: None, reactions: BTreeMap::new() };
    assert_eq!(shown(&message, &about), gone(Says::Retracted));
    about.pop();
    let expired = StoredEntry { body: None, ..message };
    assert_eq!(shown(&expired, &about), gone(Says::Deleted));
}

#[test]
fn settings_are_shown_and_stay_whatever_is_said_about_them() {
    let set = entry(LAPTOP, 1, Content::Settings(Settings::default().with_lifetime(60)));
    let about = [
        entry(LAPTOP, 2, Content::Retraction { of: set.id }),
        edit(LAPTOP, 3, set.id, "no settings"),
    ];
    let says = Says::Settings(Settings::default().with_lifetime(60));
    assert_eq!(shown(&set, &about).says, says);
    assert_eq!(shown(&set, &about).edited, None);
}

proptest! {
    #[test]
    fn the_order_in_which_references_are_handed_over_does_not_matter(
        about in proptest::collection::vec((1..5_u8, 0..6_u8, 0..4_u64), 0..12),
        keys in proptest::collection::vec(any::<u32>(), 12),
    ) {
        let message = hello();
        let make = |(number, (by, what, rank)): (usize, (u8, u8, u64))| match what {
            0..=2 => edit(by, rank, message.id, &format!("edit {number}")),
            3 => entry(by, rank, Content::Retraction { of: message.id }),
            what => reaction(by, rank, message.id, "👍", what == 4),
        };
        let about: Vec<_> = about.into_iter().enumerate().map(make).collect();
        let mut shuffled: Vec<_> = keys.into_iter().zip(about.clone()).collect();
        shuffled.sort_by_key(|(key, _)| *key);
        let shuffled: Vec<_> = shuffled.into_iter().map(|(_, entry)| entry).collect();
        prop_assert_eq!(shown(&message, &about), shown(&message, &shuffled));
    }
}
