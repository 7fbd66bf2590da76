//! Scenes of what is written in one batch: it is signed once, and goes out as one.

use chinwag_core::body::{Content, Text};
use chinwag_core::entry::Seq;
use chinwag_core::ids::{ConversationId, DeviceId, EntryId};
use chinwag_core::input::{Command, Input, Token};
use chinwag_core::output::Answer;
use chinwag_core::store::{Store, StoredEntry};
use chinwag_core::sync::ranges::Range;
use chinwag_core::wire::codec::Encode;
use chinwag_core::wire::message::Message;

use crate::world::World;

/// Alice's inputs that say so many things to Bob.
fn said(world: &mut World, words: impl IntoIterator<Item = String>) -> Vec<Input> {
    let to = world.account("bob");
    let inputs = words.into_iter().enumerate().map(|(at, text)| {
        let content = Content::Text(Text { text, ..Text::default() });
        Input::Command(Token(at as u64), Command::Say { to, content, client_id: None })
    });
    inputs.collect()
}

fn numbers(count: usize) -> impl Iterator<Item = String> {
    (1..=count).map(|at| at.to_string())
}

/// Alice's log in the conversation with Bob, as somebody has it.
fn log(world: &mut World, of: &str) -> Vec<StoredEntry> {
    let (conversation, author) = of_alice(world);
    let all = Range::new(Seq::MIN, Seq::MAX).unwrap();
    world.person(of).store.entries(conversation, author, all, 10_000, usize::MAX).unwrap()
}

fn of_alice(world: &mut World) -> (ConversationId, DeviceId) {
    let (alice, bob) = (world.account("alice"), world.account("bob"));
    (ConversationId::direct(alice, bob), world.device("alice"))
}

/// The places of a log whose entries are signed.
fn signed(log: &[StoredEntry]) -> Vec<u64> {
    let signed = log.iter().filter(|entry| entry.signature.is_some());
    signed.map(|entry| entry.header.seq().get()).collect()
}

#[test]
fn what_is_said_in_one_batch_goes_out_as_one_run_with_one_signature() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.connect("alice", "bob");
    world.settle();
    let before = world.runs_sent();
    let inputs = said(&mut world, numbers(64));
    world.input("alice", inputs);
    world.settle();
    assert_eq!(world.runs_sent() - before, 1);
    for name in ["alice", "bob"] {
        let log = log(&mut world, name);
        assert_eq!((log.len(), signed(&log)), (64, vec![64]), "{name}");
    }
    let delivered = "alice 1..64 delivered to bob";
    let transcript = world.transcript();
    assert!(transcript.iter().any(|line| line.ends_with(delivered)), "{transcript:?}");
}

#[test]
fn a_long_batch_goes_out_in_pieces_that_are_in_nobodys_way() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.connect("alice", "bob");
    world.settle();
    let before = world.runs_sent();
    let inputs = said(&mut world, (0..64).map(|_| "x".repeat(1_000)));
    world.input("alice", inputs);
    assert_eq!(world.on_lanes().1, 0, "nothing goes by bulk");
    world.settle();
    assert_eq!(log(&mut world, "bob").len(), 64);
    let runs = world.runs_sent() - before;
    assert!((5..=6).contains(&runs), "72,000 bytes in pieces of 16,384: {runs}");
}

#[test]
fn no_batch_goes_by_bulk_however_close_to_the_limit_it_comes() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.connect("alice", "bob");
    world.settle();
    for len in (100..400).step_by(3) {
        let inputs = said(&mut world, (0..64).map(|_| "x".repeat(len)));
        world.input("alice", inputs);
        assert_eq!(world.on_lanes().1, 0, "64 texts of {len} bytes");
        world.settle();
    }
}

#[test]
fn what_was_written_in_one_batch_is_handed_on_up_to_its_signature() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let inputs = said(&mut world, numbers(10));
    world.input("alice", inputs);
    let link = world.connect("alice", "bob");
    world.settle();
    // Bob wants to compare what he has.
    let (conversation, author) = of_alice(&mut world);
    let range = Range::new(Seq::new(3).unwrap(), Seq::new(4).unwrap()).unwrap();
    let before = world.entries_sent();
    world.inject("alice", link, Message::Want { conversation, author, range }.to_bytes());
    assert_eq!(world.entries_sent() - before, 8, "3 to 10: the last is signed");
}

#[test]
fn what_is_exported_in_the_batch_in_which_it_was_said_is_in_the_bundle() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let mut inputs = said(&mut world, numbers(3));
    let bob = world.account("bob");
    inputs.push(Input::Command(Token(9), Command::Export(bob)));
    world.input("alice", inputs);
    let replies = std::mem::take(&mut world.person("alice").replies);
    let Some(Ok(Answer::Bundles(bundles))) = replies.into_iter().last() else {
        panic!("no bundles");
    };
    world.command("bob", Command::Import(bundles[0].1.clone())).unwrap();
    assert_eq!(log(&mut world, "bob").len(), 3);
}

#[test]
fn a_message_that_is_edited_and_taken_back_in_its_batch_is_gone_on_both_sides() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.connect("alice", "bob");
    world.settle();
    // The id is known before the entry is written: the same world says the same.
    let id: EntryId = {
        let mut same = World::of_friends(&["alice", "bob"]);
        same.connect("alice", "bob");
        same.settle();
        same.say("alice", "bob", "1")
    };
    let mut inputs = said(&mut world, numbers(1));
    let text = Text { text: "changed".to_owned(), ..Text::default() };
    inputs.push(Input::Command(Token(2), Command::Edit { of: id, text }));
    inputs.push(Input::Command(Token(3), Command::Retract(id)));
    world.input("alice", inputs);
    world.settle();
    for name in ["alice", "bob"] {
        let log = log(&mut world, name);
        assert_eq!(signed(&log), [3], "{name}");
        let kept: Vec<u64> =
            log.iter().filter(|e| e.body.is_some()).map(|e| e.header.seq().get()).collect();
        assert_eq!(kept, [3], "{name}: only that it was taken back");
    }
}

#[test]
fn a_copy_that_learns_it_is_one_in_the_batch_in_which_it_writes_signs_with_its_old_name_first() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.say("alice", "bob", "one");
    let backup = world.person("alice").store.clone();
    let (conversation, author) = of_alice(&mut world);
    world.say("alice", "bob", "two");
    let two = log(&mut world, "alice").pop().unwrap();
    world.connect("alice", "bob");
    world.settle();
    world.disconnect("alice", "bob");
    world.person("alice").store = backup;
    world.restart("alice");
    let link = world.connect("alice", "bob");
    // Both are known to each other, and nothing was said of logs yet.
    for _ in 0..4 {
        world.deliver_one();
    }
    world.transcript();
    let entries = vec![(two.header.clone(), two.body.clone())];
    let run = chinwag_core::log::Run { entries, signature: two.signature.unwrap() };
    let bytes = Message::Entries { conversation, author, run }.to_bytes();
    let mut inputs = said(&mut world, ["not two".to_owned()]);
    inputs.push(Input::Frame { link, bytes });
    world.input("alice", inputs);
    let all = Range::new(Seq::MIN, Seq::MAX).unwrap();
    let old = world.person("alice").store.entries(conversation, author, all, 9, usize::MAX);
    assert_eq!(signed(&old.unwrap()).last(), Some(&2), "the end of a log is signed");
    world.connect("alice", "bob");
    world.settle();
    assert_eq!(world.digest("alice", "bob"), world.digest("bob", "alice"));
}
