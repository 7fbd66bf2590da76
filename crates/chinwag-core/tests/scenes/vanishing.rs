//! What is taken back, and what disappears.

use chinwag_core::body::{Content, Settings};
use chinwag_core::ids::EntryId;
use chinwag_core::input::Command;
use chinwag_core::output::Refusal;
use chinwag_core::store::Store;
use chinwag_core::wire::codec::Decode;

use crate::text;
use crate::world::World;

/// Alice and bob, connected.
fn together() -> World {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.connect("alice", "bob");
    world.settle();
    world
}

fn set(world: &mut World, who: &'static str, with: &str, settings: Settings) -> EntryId {
    let to = world.account(with);
    let content = Content::Settings(settings);
    let answer = world.command(who, Command::Say { to, content, client_id: None });
    world.settle();
    match answer {
        Ok(chinwag_core::output::Answer::Entry(id)) => id,
        other => panic!("no entry but {other:?}"),
    }
}

/// A setting that this version does not know.
fn of_the_future() -> Settings {
    Settings::from_bytes(&[1, 0, 9, 0, 1, 7]).unwrap()
}

fn react(world: &mut World, who: &'static str, to: EntryId) {
    let react = Command::React { to, emoji: "🎉".to_owned(), is_on: true };
    world.command(who, react).unwrap();
    world.settle();
}

fn has_body(world: &mut World, name: &str, id: EntryId) -> bool {
    world.person(name).store.entry(id).unwrap().unwrap().body.is_some()
}

/// How many edits of and reactions to a message have a body.
fn bodies_about(world: &mut World, name: &str, id: EntryId) -> usize {
    let references = world.person(name).store.references(id, 100).unwrap();
    references.iter().filter(|entry| entry.body.is_some()).count()
}

fn lifetime_of_next(world: &mut World, from: &'static str, to: &str) -> u32 {
    let said = world.say(from, to, "how long?");
    world.person(from).store.entry(said).unwrap().unwrap().header.lifetime_s
}

#[test]
fn what_is_retracted_is_deleted_everywhere_with_what_it_was_changed_to() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.connect("alice", "bob");
    world.settle();
    let said = world.say("alice", "bob", "hello");
    world.command("alice", Command::Edit { of: said, text: text("hello there") }).unwrap();
    world.settle();
    assert_eq!(world.command("bob", Command::Retract(said)), Err(Refusal::NotYours(said)));
    world.command("alice", Command::Retract(said)).unwrap();
    world.settle();
    for name in ["alice", "bob"] {
        let store = &world.person(name).store;
        assert_eq!(store.entry(said).unwrap().unwrap().body, None, "{name}");
        let edits = store.references(said, 10).unwrap();
        assert_eq!(edits.iter().filter(|e| e.body.is_some()).count(), 1, "the retraction: {name}");
    }
}

#[test]
fn what_disappears_is_there_until_it_is_read_and_then_for_so_long() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.connect("alice", "bob");
    world.settle();
    let to = world.account("bob");
    let content = Content::Settings(Settings::default().with_lifetime(60));
    world.command("alice", Command::Say { to, content, client_id: None }).unwrap();
    world.settle();
    let said = world.say("alice", "bob", "a secret");
    world.settle();
    world.pass(59);
    let is_there = |world: &mut World, name: &str| {
        world.person(name).store.entry(said).unwrap().unwrap().body.is_some()
    };
    assert!(is_there(&mut world, "alice") && is_there(&mut world, "bob"));
    world.pass(2);
    assert!(!is_there(&mut world, "alice"), "it was delivered a minute ago");
    assert!(is_there(&mut world, "bob"), "it was not read");
    let with = world.account("alice");
    world.command("bob", Command::MarkRead(with)).unwrap();
    world.restart("bob");
    world.pass(61);
    assert!(!is_there(&mut world, "bob"));
}

#[test]
fn what_was_said_about_a_message_disappears_with_it() {
    let mut world = together();
    set(&mut world, "alice", "bob", Settings::default().with_lifetime(60));
    let said = world.say("alice", "bob", "a secret");
    world.settle();
    let bob_reads = |world: &mut World| {
        let with = world.account("alice");
        world.command("bob", Command::MarkRead(with)).unwrap();
    };
    bob_reads(&mut world);
    world.pass(50);
    world.command("alice", Command::Edit { of: said, text: text("a better secret") }).unwrap();
    world.settle();
    react(&mut world, "bob", said);
    bob_reads(&mut world);
    assert_eq!(bodies_about(&mut world, "bob", said), 2);
    world.pass(11);
    for name in ["alice", "bob"] {
        assert!(!has_body(&mut world, name, said), "{name}");
        assert_eq!(bodies_about(&mut world, name, said), 0, "{name}");
    }
}

#[test]
fn what_is_said_about_a_message_that_is_gone_does_not_stay() {
    let mut world = together();
    let said = world.say("alice", "bob", "hello");
    world.settle();
    world.disconnect("alice", "bob");
    react(&mut world, "bob", said);
    world.command("alice", Command::Retract(said)).unwrap();
    world.connect("alice", "bob");
    world.settle();
    for name in ["alice", "bob"] {
        assert!(!has_body(&mut world, name, said), "{name}");
        assert_eq!(bodies_about(&mut world, name, said), 1, "the retraction alone: {name}");
    }
}

#[test]
fn a_restart_does_not_change_how_long_messages_stay() {
    let mut world = together();
    set(&mut world, "alice", "bob", Settings::default().with_lifetime(3_600));
    set(&mut world, "bob", "alice", of_the_future());
    assert_eq!(lifetime_of_next(&mut world, "alice", "bob"), 3_600);
    world.restart("alice");
    assert_eq!(lifetime_of_next(&mut world, "alice", "bob"), 3_600);
}

#[test]
fn settings_neither_disappear_nor_are_taken_back() {
    let mut world = together();
    let to_an_hour = set(&mut world, "alice", "bob", Settings::default().with_lifetime(3_600));
    let to_a_minute = set(&mut world, "alice", "bob", Settings::default().with_lifetime(60));
    let retract = world.command("alice", Command::Retract(to_an_hour));
    assert_eq!(retract, Err(Refusal::NoEntry(to_an_hour)));
    let with = world.account("alice");
    world.command("bob", Command::MarkRead(with)).unwrap();
    world.pass(4_000);
    for name in ["alice", "bob"] {
        assert!(has_body(&mut world, name, to_a_minute), "{name}");
        world.restart(name);
    }
    assert_eq!(lifetime_of_next(&mut world, "bob", "alice"), 60);
}
