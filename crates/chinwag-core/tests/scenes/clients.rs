//! Scenes of what programs rely on: that a command can be repeated, that nothing that happened is
//! missed, and that what was just said does not wait for a long history.

use crate::world::World;
use chinwag_core::body::{Content, Text};
use chinwag_core::event_log::Logged;
use chinwag_core::ids::{ClientId, EntryId};
use chinwag_core::input::Command;
use chinwag_core::output::{Answer, Refusal};
use chinwag_core::store::Store;
use chinwag_core::wire::codec::{Decode, Encode};
use chinwag_core::wire::limits::LIVE_BYTES_MAX;

fn text(words: &str) -> Content {
    Content::Text(Text { text: words.to_owned(), ..Text::default() })
}

fn say_as(world: &mut World, client_id: &str, to: &str, words: &str) -> Result<Answer, Refusal> {
    let to = world.account(to);
    let client_id = Some(ClientId::of(client_id));
    world.command("alice", Command::Say { to, content: text(words), client_id })
}

fn said(answer: Result<Answer, Refusal>) -> EntryId {
    match answer {
        Ok(Answer::Entry(id)) => id,
        other => panic!("no entry but {other:?}"),
    }
}

/// What is in somebody's log of events, after the first so many.
fn logged(world: &mut World, name: &str, after: u64) -> Vec<Logged> {
    let events = world.person(name).store.events(after, 1_000).unwrap();
    events.into_iter().map(|event| event.event).collect()
}

fn last_number(world: &mut World, name: &str) -> u64 {
    world.person(name).store.event_numbers().unwrap().map_or(0, |(_, last)| last)
}

#[test]
fn what_is_said_again_under_the_same_name_is_not_said_twice() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let id = said(say_as(&mut world, "one", "bob", "hello"));
    assert_eq!(say_as(&mut world, "one", "bob", "hello"), Ok(Answer::SaidBefore(id)));
    world.restart("alice");
    assert_eq!(say_as(&mut world, "one", "bob", "hello"), Ok(Answer::SaidBefore(id)));
    let other = said(say_as(&mut world, "two", "bob", "hello"));
    assert_ne!(other, id, "another name is another message");
    world.connect("alice", "bob");
    world.settle();
    let heard = world.transcript().iter().filter(|line| line.starts_with("bob: has")).count();
    assert_eq!(heard, 2);
}

#[test]
fn a_name_stands_for_one_message_only() {
    let mut world = World::of_friends(&["alice", "bob", "carol"]);
    let id = said(say_as(&mut world, "one", "bob", "hello"));
    let used = Err(Refusal::ClientIdUsed(id));
    assert_eq!(say_as(&mut world, "one", "bob", "goodbye"), used);
    assert_eq!(say_as(&mut world, "one", "carol", "hello"), used);
}

#[test]
fn a_message_that_was_taken_back_is_still_the_same_message() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let id = said(say_as(&mut world, "one", "bob", "hello"));
    world.command("alice", Command::Retract(id)).unwrap();
    assert_eq!(say_as(&mut world, "one", "bob", "hello"), Ok(Answer::SaidBefore(id)));
}

#[test]
fn a_name_whose_message_was_never_kept_is_free() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.person("alice").store.fail_commit_in(0);
    let to = world.account("bob");
    let client_id = Some(ClientId::of("one"));
    let say = Command::Say { to, content: text("hello"), client_id };
    world.input("alice", [chinwag_core::input::Input::Command(chinwag_core::input::Token(1), say)]);
    said(say_as(&mut world, "one", "bob", "hello"));
}

#[test]
fn whoever_was_not_looking_learns_what_happened_in_order() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let before = last_number(&mut world, "alice");
    let id = world.say("alice", "bob", "hello");
    world.connect("alice", "bob");
    world.settle();
    let answer = world.say("bob", "alice", "hello yourself");
    world.settle();
    let bob = world.account("bob");
    world.command("alice", Command::MarkRead(bob)).unwrap();
    world.restart("alice");

    let happened = logged(&mut world, "alice", before);
    assert_eq!(happened[0], Logged::Entry(id));
    assert!(matches!(happened[1], Logged::Delivered { height: 1, .. }), "{happened:?}");
    assert_eq!(happened[2], Logged::Entry(answer));
    assert!(matches!(happened[3], Logged::Read { .. }), "{happened:?}");
    assert_eq!(happened.len(), 4);
}

#[test]
fn the_log_of_events_keeps_no_words() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.say("alice", "bob", "the treasure is under the oak");
    world.connect("alice", "bob");
    world.settle();
    for name in ["alice", "bob"] {
        for event in logged(&mut world, name, 0) {
            let bytes = event.to_bytes();
            assert!(!bytes.windows(8).any(|window| window == b"treasure"));
            assert_eq!(Logged::from_bytes(&bytes), Ok(event));
        }
    }
}

#[test]
fn what_was_just_said_overtakes_a_long_history() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let long = "x".repeat(LIVE_BYTES_MAX);
    for _ in 0..3 {
        world.say("alice", "bob", &long);
    }
    world.say("bob", "alice", "are you there?");
    world.connect("alice", "bob");
    while world.on_lanes().1 == 0 {
        world.deliver_one();
    }
    // The history is under way by bulk. What Alice says now to Bob is of the same log, and goes
    // behind it; what Bob says is not held up by it.
    let (live, bulk) = world.on_lanes();
    world.say("alice", "bob", "one more");
    assert_eq!(world.on_lanes().0, live, "a log keeps its order");
    assert!(world.on_lanes().1 >= bulk);
    world.say("bob", "alice", "hello?");
    assert_eq!(world.on_lanes().0, live + 1);
    world.settle();
    let transcript = world.transcript();
    assert!(transcript.contains(&"bob: has alice 4: one more".to_owned()), "{transcript:?}");
}

#[test]
fn a_device_with_two_connections_is_there_until_both_are_gone() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.connect("alice", "bob");
    world.connect("bob", "alice");
    world.settle();
    assert_eq!(world.presence("alice"), ["bob: true"]);
    world.disconnect_one("alice", "bob");
    world.settle();
    assert!(world.presence("alice").is_empty(), "one connection is left");
    world.disconnect("alice", "bob");
    world.settle();
    assert_eq!(world.presence("alice"), ["bob: false"]);
}
