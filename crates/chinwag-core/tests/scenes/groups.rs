//! Groups: who hears what, who is a member, and that all say the same of it.

use chinwag_core::ids::ConversationId;
use chinwag_core::input::Command;
use chinwag_core::membership::{Right, Role};
use chinwag_core::output::{GroupRefusal, Refusal};
use chinwag_core::store::Store;

use crate::world::World;

/// Alice knows the others, who do not know each other, and all of them are in a group of hers.
fn choir(others: &[&'static str], right: Right) -> (World, ConversationId) {
    let mut world = World::of(&[&["alice"], others].concat());
    for other in others {
        let ticket = world.invite("alice", false);
        world.command(other, Command::Redeem(ticket)).unwrap();
        world.connect("alice", other);
        world.settle();
    }
    let group = world.group("alice");
    for other in others {
        world.grant("alice", group, other, right);
    }
    world.settle();
    (world, group)
}

fn all_know_the_same(world: &mut World, group: ConversationId, people: &[&'static str]) {
    let first = world.known_of(people[0], group).expect("a group");
    for person in &people[1..] {
        assert_eq!(world.known_of(person, group).as_ref(), Some(&first), "{person}");
    }
    let said = world.said_in(people[0], group);
    for person in &people[1..] {
        assert_eq!(world.said_in(person, group), said, "{person}");
    }
}

#[test]
fn what_one_member_says_all_are_shown_also_those_who_do_not_know_each_other() {
    let (mut world, group) = choir(&["bob", "carol", "dave"], Right::Member);
    world.say_in("alice", group, "welcome");
    world.settle();
    world.say_in("bob", group, "hello");
    world.settle();
    world.say_in("carol", group, "me too");
    world.settle();
    assert_eq!(world.said_in("dave", group), ["welcome", "hello", "me too"]);
    all_know_the_same(&mut world, group, &["alice", "bob", "carol", "dave"]);
}

#[test]
fn members_who_are_no_contacts_meet_without_who_let_them_in() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Member);
    world.say_in("bob", group, "here");
    world.settle();
    for other in ["bob", "carol"] {
        world.disconnect("alice", other);
    }
    world.say_in("bob", group, "is she gone?");
    world.connect("bob", "carol");
    world.settle();
    world.say_in("carol", group, "yes");
    world.settle();
    assert_eq!(world.said_in("carol", group), ["here", "is she gone?", "yes"]);
    all_know_the_same(&mut world, group, &["bob", "carol"]);
    assert_eq!(world.said_in("alice", group), ["here"]);
    world.connect("carol", "alice");
    world.settle();
    all_know_the_same(&mut world, group, &["alice", "bob", "carol"]);
}

#[test]
fn who_is_let_in_later_hears_of_the_group_when_they_are_met() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Member);
    world.say_in("alice", group, "before");
    world.disconnect("alice", "carol");
    world.settle();
    world.say_in("bob", group, "while she was away");
    world.settle();
    world.restart("carol");
    world.connect("carol", "alice");
    world.settle();
    all_know_the_same(&mut world, group, &["alice", "bob", "carol"]);
    assert_eq!(world.said_in("carol", group), ["before", "while she was away"]);
}

#[test]
fn whoever_is_removed_hears_nothing_more_and_is_not_heard() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Member);
    world.say_in("carol", group, "hello");
    world.settle();
    world.remove("alice", group, "carol");
    world.say_in("alice", group, "without her");
    world.settle();
    assert_eq!(world.said_in("carol", group), ["hello"]);
    // She does not know, and goes on.
    world.say_in("carol", group, "anybody here?");
    world.settle();
    world.connect("carol", "bob");
    world.settle();
    assert_eq!(world.said_in("carol", group), ["hello", "anybody here?"]);
    assert_eq!(world.said_in("bob", group), ["hello", "without her"]);
    all_know_the_same(&mut world, group, &["alice", "bob"]);
    let (members, _) = world.known_of("bob", group).unwrap();
    assert_eq!(members, [("alice", Role::Owner), ("bob", Role::Member)]);
}

#[test]
fn another_device_of_a_member_learns_of_the_group_and_writes_in_it() {
    let (mut world, group) = choir(&["bob"], Right::Member);
    world.say_in("alice", group, "between us");
    world.settle();
    world.restore_on("bob", "bob's phone");
    world.connect("bob's phone", "bob");
    world.settle();
    all_know_the_same(&mut world, group, &["alice", "bob", "bob's phone"]);
    world.disconnect("bob", "bob's phone");
    world.connect("bob's phone", "alice");
    world.settle();
    world.say_in("bob's phone", group, "also here");
    world.settle();
    assert_eq!(world.said_in("bob", group), ["between us", "also here"]);
    all_know_the_same(&mut world, group, &["alice", "bob", "bob's phone"]);
}

#[test]
fn a_contact_who_is_no_member_hears_nothing_of_the_group() {
    let (mut world, group) = choir(&["bob", "eve"], Right::Member);
    let other = world.group("bob");
    world.grant("bob", other, "alice", Right::Member);
    world.settle();
    world.say_in("alice", other, "not for eve");
    world.settle();
    assert_eq!(world.said_in("bob", other), ["not for eve"]);
    assert_eq!(world.known_of("eve", other), None);
    let there = world.person("eve").store.frontiers().unwrap();
    assert!(there.iter().all(|(id, _)| *id != other), "nothing of it is kept");
    assert!(there.iter().any(|(id, _)| *id == group));
}

#[test]
fn what_is_decided_apart_comes_to_the_same() {
    let (mut world, group) = choir(&["bob", "carol", "dave"], Right::Admin);
    for person in ["bob", "carol", "dave"] {
        world.command(person, Command::JoinGroup(group)).unwrap();
    }
    world.settle();
    for other in ["bob", "carol", "dave"] {
        world.disconnect("alice", other);
    }
    // Alice takes Dave off while he writes, and Bob and Carol each name it.
    world.remove("alice", group, "dave");
    world.say_in("dave", group, "I go on");
    for (person, name) in [("bob", "altos"), ("carol", "basses")] {
        let name = chinwag_core::identity::Name::new(name).unwrap();
        let setting = chinwag_core::membership::Setting::Name(name);
        world.command(person, Command::SetGroup(group, setting)).unwrap();
    }
    for (a, b) in [("bob", "dave"), ("bob", "carol"), ("alice", "bob"), ("alice", "carol")] {
        world.connect(a, b);
        world.settle();
    }
    all_know_the_same(&mut world, group, &["alice", "bob", "carol"]);
    let (members, _) = world.known_of("carol", group).unwrap();
    let there = [("alice", Role::Owner), ("bob", Role::Admin), ("carol", Role::Admin)];
    assert_eq!(members, there);
    assert_eq!(world.said_in("bob", group), Vec::<String>::new(), "it is beyond what alice had");
}

#[test]
fn a_group_is_the_same_after_a_restart() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Member);
    world.say_in("bob", group, "hello");
    world.settle();
    let before = world.known_of("bob", group);
    for person in ["alice", "bob", "carol"] {
        world.restart(person);
    }
    assert_eq!(world.known_of("bob", group), before);
    world.connect("bob", "carol");
    world.connect("alice", "bob");
    world.settle();
    world.say_in("carol", group, "still here");
    world.settle();
    all_know_the_same(&mut world, group, &["alice", "bob", "carol"]);
}

#[test]
fn who_may_not_is_told_so() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Member);
    let [alice, carol] = ["alice", "carol"].map(|who| world.account(who));
    let remove = |account| Command::Remove { group, account, keeps: None };
    let no_right = Err(Refusal::Group(GroupRefusal::NoRight(Role::Admin)));
    assert_eq!(world.command("bob", remove(carol)), no_right);
    assert_eq!(world.command("bob", remove(alice)), Err(Refusal::Group(GroupRefusal::IsOwner)));
    world.remove("bob", group, "bob");
    world.settle();
    let not_member = Err(Refusal::Group(GroupRefusal::NotMember));
    assert_eq!(world.command("bob", Command::JoinGroup(group)), not_member);
    assert_eq!(world.known_of("alice", group).unwrap().0.len(), 2);
    world.grant("alice", group, "bob", Right::Member);
    world.settle();
    world.say_in("bob", group, "back again");
    world.settle();
    assert_eq!(world.said_in("carol", group), ["back again"]);
}
