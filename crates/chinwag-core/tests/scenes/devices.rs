//! What two devices of one account tell each other, and what they hear from others.

use chinwag_core::body::{ContactChange, Content, Kind};
use chinwag_core::entry::{Place, Seq};
use chinwag_core::ids::{AccountId, ConversationId};
use chinwag_core::input::{Command, Link};
use chinwag_core::store::Store;
use chinwag_core::sync::ranges::Range;
use chinwag_core::testing::Forger;
use chinwag_core::wire::codec::Encode;
use chinwag_core::wire::message::Message;

use crate::world::{World, claim};

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
    world.restore_apart("alice", "alice's phone");
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

#[test]
fn what_was_said_to_be_there_before_it_was_here_is_delivered_when_it_comes_another_way() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.restore_apart("alice", "alice's phone");
    for n in 1..=4 {
        world.say("alice", "bob", &format!("message {n}"));
    }
    let id = ConversationId::direct(world.account("alice"), world.account("bob"));
    let (author, to) = (world.device("alice"), world.device("bob"));
    let bobs = world.connect("alice's phone", "bob");
    world.settle();
    let last = Seq::new(4).unwrap();
    let tip = world.person("alice").store.tip(id, author, last).unwrap().unwrap();
    world.inject("alice's phone", bobs, claim(id, author, &[Range::up_to(last)], tip.id));
    assert_eq!(world.delivered("alice's phone", id, author, to), 0, "nobody knows that it exists");
    let own = world.connect("alice's phone", "alice");
    world.deliver_on(own);
    assert_eq!(world.delivered("alice's phone", id, author, to), 4);
}

/// Alice with a laptop and a phone, connected, and Bob, whom both know.
fn with_phone() -> (World, Link) {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.restore_on("alice", "alice's phone");
    let link = world.connect("alice's phone", "alice");
    world.settle();
    (world, link)
}

/// The phone's key says to the laptop what to hold of somebody.
fn decide_on_phone(world: &mut World, link: Link, change: ContactChange) {
    let (account, author) = (world.account("alice"), world.device("alice's phone"));
    let conversation = ConversationId::own(account);
    let store = &world.person("alice").store;
    let frontiers = store.frontiers().unwrap();
    let own = frontiers.iter().find(|(id, _)| *id == conversation);
    let height = own.map_or(0, |(_, frontier)| frontier.height(author));
    let tip = Seq::new(height).and_then(|seq| store.tip(conversation, author, seq).unwrap());
    let place = tip.and_then(|tip| Place::following(tip.seq, tip.id)).unwrap_or(Place::First);
    let forger = Forger::of(&world.person("alice's phone").store.local().unwrap().unwrap());
    let content = Content::Contact(change);
    let run = forger.entry(conversation, author, place, u64::MAX / 2, 0, content).unwrap();
    let entries = Message::Entries { conversation, author, run };
    world.inject("alice", link, entries.to_bytes());
}

fn change_of(account: AccountId) -> ContactChange {
    ContactChange {
        account,
        called: None,
        is_contact: false,
        is_verified: false,
        is_blocked: false,
    }
}

#[test]
fn a_device_that_is_removed_hears_nothing_more() {
    let (mut world, link) = with_phone();
    let with_bob = world.connect("alice's phone", "bob");
    world.connect("alice", "bob");
    world.settle();
    let phone = world.device("alice's phone");
    world.command("alice", Command::Revoke(phone)).unwrap();
    assert!(!world.is_connected(link), "whoever removes it lets go of it");
    world.settle();
    assert!(!world.is_connected(with_bob), "whoever hears of it lets go of it");
    world.say("bob", "alice", "not for the phone");
    for other in ["alice", "bob"] {
        world.connect("alice's phone", other);
        world.settle();
    }
    let said = world.history("alice's phone", "bob");
    assert!(said.iter().all(|(_, said)| said.is_empty()), "{said:?}");
}

#[test]
fn nobody_is_a_contact_of_themselves_whatever_another_device_says() {
    let (mut world, link) = with_phone();
    let alice = world.account("alice");
    decide_on_phone(&mut world, link, ContactChange { is_blocked: true, ..change_of(alice) });
    assert!(world.is_connected(link), "it does not part from its own devices");
    let contacts = world.person("alice").store.contacts().unwrap();
    assert!(contacts.iter().all(|contact| contact.account != alice), "{contacts:?}");
}

#[test]
fn a_conversation_with_somebody_who_is_no_contact_any_more_survives_a_restart() {
    let (mut world, link) = with_phone();
    let with_bob = world.connect("alice", "bob");
    world.settle();
    world.say("bob", "alice", "hello");
    world.settle();
    let before = world.digest("alice", "bob");
    let bob = world.account("bob");
    decide_on_phone(&mut world, link, change_of(bob));
    assert!(!world.is_connected(with_bob), "bob is a stranger now");
    assert_eq!(world.digest("alice", "bob"), before);
    world.restart("alice");
    assert_eq!(world.digest("alice", "bob"), before);
    assert!(before.is_some());
}

#[test]
fn what_a_removed_device_decided_last_counts_nowhere() {
    let mut world = World::of(&["alice", "carol"]);
    for name in ["alice's phone", "alice's tablet"] {
        world.restore_apart("alice", name);
    }
    // The phone meets carol, and only the tablet hears of it.
    world.connect("alice's phone", "alice's tablet");
    let ticket = world.invite("alice's phone", false);
    world.command("carol", Command::Redeem(ticket)).unwrap();
    world.connect("carol", "alice's phone");
    world.settle();
    world.say("carol", "alice", "hello");
    world.settle();
    let known = |world: &mut World, name: &str| world.person(name).store.contacts().unwrap();
    assert_eq!(known(&mut world, "alice's tablet").len(), 1);
    world.disconnect("alice's phone", "alice's tablet");
    let phone = world.device("alice's phone");
    world.command("alice", Command::Revoke(phone)).unwrap();
    world.connect("alice", "alice's tablet");
    world.settle();
    for name in ["alice", "alice's tablet"] {
        assert_eq!(known(&mut world, name), [], "{name}");
        assert_eq!(world.digest(name, "carol"), None, "{name}");
    }
    // Somebody who is met again is who they were.
    let ticket = world.invite("alice", false);
    world.command("carol", Command::Redeem(ticket)).unwrap();
    world.connect("carol", "alice");
    world.settle();
    for name in ["alice", "alice's tablet"] {
        let said = world.history(name, "carol");
        assert!(said.contains(&("carol", vec!["hello".to_owned()])), "{name}: {said:?}");
    }
    let digest = world.digest("alice", "carol");
    assert_eq!(world.digest("alice's tablet", "carol"), digest);
    world.restart("alice's tablet");
    assert_eq!(world.digest("alice's tablet", "carol"), digest);
}

#[test]
fn what_was_revoked_while_nobody_held_its_author_is_not_shown_when_they_are_met_again() {
    let mut world = World::of(&["bob", "alice"]);
    for (of, name) in
        [("alice", "alice's phone"), ("alice", "alice's tablet"), ("bob", "bob's phone")]
    {
        world.restore_apart(of, name);
    }
    // One phone meets the other, and only the tablet hears of it.
    world.connect("alice's phone", "alice's tablet");
    let ticket = world.invite("alice's phone", false);
    world.command("bob's phone", Command::Redeem(ticket)).unwrap();
    world.connect("bob's phone", "alice's phone");
    world.settle();
    world.say("bob's phone", "alice", "hello");
    world.settle();
    let id = ConversationId::direct(world.account("alice"), world.account("bob"));
    let shown = |world: &mut World| {
        let shown = world.person("alice's tablet").store.timeline(id, None, 10).unwrap();
        shown.iter().filter(|entry| entry.header.kind == Kind::TEXT).count()
    };
    assert_eq!(shown(&mut world), 1);
    // Both phones are removed by who has heard of nothing, and the tablet hears of both at once, of its
    // own account first: it held bob by the phone only.
    assert!(world.account("alice") < world.account("bob"));
    let link = world.connect("bob's phone", "alice's tablet");
    world.settle();
    let mut operations = Vec::new();
    for (by, name) in [("alice", "alice's phone"), ("bob", "bob's phone")] {
        let (account, phone) = (world.account(by), world.device(name));
        world.command(by, Command::Revoke(phone)).unwrap();
        let all = world.person(by).store.operations().unwrap();
        operations.extend(all.into_iter().filter(|of| of.operation.account == account));
    }
    let message = Message::Operations { operations, is_last: true };
    world.inject("alice's tablet", link, message.to_bytes());
    assert_eq!(world.person("alice's tablet").store.contacts().unwrap(), []);
    let ticket = world.invite("alice", false);
    world.command("bob", Command::Redeem(ticket)).unwrap();
    world.connect("bob", "alice");
    world.settle();
    world.connect("alice", "alice's tablet");
    world.settle();
    assert_eq!(world.person("alice's tablet").store.contacts().unwrap().len(), 1);
    assert_eq!(shown(&mut world), 0);
    let digest = world.digest("alice", "bob");
    assert_eq!(world.digest("alice's tablet", "bob"), digest);
}

#[test]
fn a_new_device_asks_when_it_knows_what_it_is_called() {
    let mut world = World::of(&["alice", "bob"]);
    world.restore_on("alice", "alice's phone");
    let (account, device) = (world.account("bob"), world.device("bob"));
    let ask = Command::Ask { account, device, addresses: Vec::new(), text: "it's me".to_owned() };
    world.command("alice's phone", ask).unwrap();
    world.connect("alice's phone", "bob");
    world.settle();
    let seen = world.transcript();
    assert!(seen.iter().all(|line| !line.contains("does not certify")), "{seen:?}");
    world.connect("alice's phone", "alice");
    world.settle();
    world.connect("alice's phone", "bob");
    world.settle();
    let seen = world.transcript();
    assert!(seen.contains(&"bob: alice asks as alice: it's me".to_owned()), "{seen:?}");
}

#[test]
fn a_device_that_did_not_know_of_whom_it_was_told_a_fork_is_told_again() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.connect("alice", "bob");
    world.settle();
    world.say("bob", "alice", "the one");
    world.settle();
    let (alice, bob, author) = (world.account("alice"), world.account("bob"), world.device("bob"));
    let conversation = ConversationId::direct(alice, bob);
    let forger = Forger::of(&world.person("bob").store.local().unwrap().unwrap());
    let run = forger.run(conversation, author, Place::First, 7, "the other").unwrap();
    let link = world.connect("bob", "alice");
    world.settle();
    world.inject("alice", link, Message::Entries { conversation, author, run }.to_bytes());
    let seen = world.transcript();
    assert!(seen.contains(&"alice: bob forked at 1".to_owned()), "{seen:?}");
    // The phone hears of the fork before it hears of bob.
    world.restore_on("alice", "alice's phone");
    world.connect("alice's phone", "alice");
    world.settle();
    assert_eq!(world.digest("alice's phone", "bob"), world.digest("alice", "bob"));
}
