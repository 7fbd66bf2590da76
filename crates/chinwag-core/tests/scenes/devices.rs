//! What two devices of one account tell each other, and what they hear from others.

use chinwag_core::ids::ConversationId;
use chinwag_core::input::Command;
use chinwag_core::store::Store;

use crate::world::World;

/// Up to where alice has read what bob wrote, as one of her devices keeps it.
fn read_of_bob(world: &mut World, on: &str) -> u64 {
    let (alice, bob, device) = (world.account("alice"), world.account("bob"), world.device("bob"));
    let id = ConversationId::direct(alice, bob);
    let reads = world.person(on).store.reads().unwrap();
    let own = reads.iter().find(|(of, by, _)| (*of, *by) == (id, alice));
    own.map_or(0, |(_, _, frontier)| frontier.height(device))
}

#[test]
fn what_was_read_on_one_device_is_read_on_another_where_it_comes_later() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.restore_on("alice", "alice's phone");
    world.connect("alice", "alice's phone");
    world.settle();
    world.disconnect("alice", "alice's phone");
    world.say("bob", "alice", "hello");
    world.connect("alice", "bob");
    world.settle();
    let bob = world.account("bob");
    world.command("alice", Command::MarkRead(bob)).unwrap();
    world.connect("alice", "alice's phone");
    world.settle();
    assert_eq!(read_of_bob(&mut world, "alice's phone"), 1);
}

#[test]
fn what_came_before_its_author_was_known_comes_again() {
    let mut world = World::of(&["alice", "bob"]);
    world.restore_on("alice", "alice's phone");
    world.connect("alice", "alice's phone");
    world.settle();
    let ticket = world.invite("alice", false);
    world.command("bob", Command::Redeem(ticket)).unwrap();
    let link = world.connect("bob", "alice");
    world.deliver_on(link);
    // The phone hears of bob and of what he says at once, and what he says is no use to it yet.
    world.say("bob", "alice", "hello");
    world.deliver_on(link);
    world.settle();
    let said = world.history("alice's phone", "bob");
    assert!(said.contains(&("bob", vec!["hello".to_owned()])), "{said:?}");
    let closes = world.transcript().into_iter().filter(|line| line.contains("closes")).count();
    assert_eq!(closes, 0);
}

#[test]
fn a_device_hears_that_what_another_one_wrote_was_delivered() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.restore_on("alice", "alice's phone");
    for (a, b) in [("alice", "alice's phone"), ("alice's phone", "bob"), ("alice", "bob")] {
        world.connect(a, b);
        world.settle();
    }
    let (alice, bob) = (world.account("alice"), world.account("bob"));
    let (author, to) = (world.device("alice"), world.device("bob"));
    for n in 1..=3 {
        world.say("alice", "bob", &format!("message {n}"));
        world.settle();
    }
    let receipts = world.person("alice's phone").store.receipts().unwrap();
    let id = ConversationId::direct(alice, bob);
    let known = receipts.iter().find(|(of, device, _)| (*of, *device) == (id, to));
    assert_eq!(known.map(|(_, _, frontier)| frontier.height(author)), Some(3));
}
