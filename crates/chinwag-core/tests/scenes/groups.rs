//! Groups: who hears what, who is a member, and that all say the same of it.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_core::body::{Body, Content, Kind, Text};
use chinwag_core::entry::{Parents, Place, Seq};
use chinwag_core::identity::Name;
use chinwag_core::ids::{AccountId, ClientId, ConversationId, EntryId};
use chinwag_core::input::{Command, Input, Link, Token};
use chinwag_core::log::Run;
use chinwag_core::membership::{Action, Operation, Removal, Right, Role, Setting};
use chinwag_core::node::Config;
use chinwag_core::output::{Answer, GroupRefusal, Refusal};
use chinwag_core::store::{Contact, Store, StoredEntry};
use chinwag_core::sync::ranges::Range;
use chinwag_core::testing::Forger;
use chinwag_core::wire::codec::Encode;
use chinwag_core::wire::limits::INVITATIONS_OF_ONE_MAX;
use chinwag_core::wire::message::Message;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::world::World;

/// Alice knows the others, who do not know each other, and all of them are in a group of hers.
pub(crate) fn choir(others: &[&'static str], right: Right) -> (World, ConversationId) {
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
    for other in others {
        world.command(other, Command::JoinGroup(group)).unwrap();
    }
    world.settle();
    (world, group)
}

pub(crate) fn all_know_the_same(world: &mut World, group: ConversationId, people: &[&'static str]) {
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
    let (members, _) = world.known_of("carol", group).unwrap();
    assert_eq!(members, [("alice", Role::Owner), ("bob", Role::Member)], "she was shown that");
    world.connect("carol", "bob");
    world.settle();
    assert_eq!(world.said_in("carol", group), ["hello"]);
    assert_eq!(world.said_in("bob", group), ["hello", "without her"]);
    all_know_the_same(&mut world, group, &["alice", "bob"]);
    let (members, _) = world.known_of("bob", group).unwrap();
    assert_eq!(members, [("alice", Role::Owner), ("bob", Role::Member)]);
}

#[test]
fn whoever_was_removed_hears_so_from_the_first_member_they_meet_and_nothing_else() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Member);
    let ticket = world.invite("bob", false);
    world.command("carol", Command::Redeem(ticket)).unwrap();
    world.connect("bob", "carol");
    world.settle();
    for other in ["alice", "bob"] {
        world.disconnect(other, "carol");
    }
    world.say_in("carol", group, "hello?");
    world.say_in("bob", group, "just the three of us");
    world.settle();
    world.remove("alice", group, "carol");
    world.say_in("alice", group, "without her");
    world.settle();
    let alice = world.device("alice");
    let at = world.height("alice", group, alice);
    world.transcript();
    world.connect("carol", "bob");
    world.settle();
    for is_again in [false, true] {
        let (members, _) = world.known_of("carol", group).unwrap();
        assert_eq!(members, [("alice", Role::Owner), ("bob", Role::Member)], "{is_again}");
        assert!(!world.kept_in("carol", group).contains("just the three of us"));
        assert!(!world.kept_in("carol", group).contains("without her"));
        assert_eq!(world.said_in("carol", group), Vec::<String>::new(), "nobody else saw it");
        let shown = (1..=at).filter_map(Seq::new).filter(|seq| {
            world.person("carol").node.is_shown(group, alice, *seq)
                && world.person("carol").store.tip(group, alice, *seq).unwrap().is_some()
        });
        assert!(shown.count() > 0);
        world.restart("carol");
    }
    let told = world.transcript();
    let removal = told.iter().filter(|line| line.starts_with("carol: has alice"));
    assert_eq!(removal.count(), 1, "{told:?}");
    let not_member = Err(Refusal::Group(GroupRefusal::NotMember));
    assert_eq!(world.command("carol", Command::JoinGroup(group)), not_member);
    // Who is let in again gets all of it.
    world.connect("carol", "alice");
    world.settle();
    world.grant("alice", group, "carol", Right::Member);
    world.settle();
    world.say_in("carol", group, "back");
    world.settle();
    world.connect("carol", "bob");
    world.settle();
    assert_eq!(world.said_in("carol", group), ["just the three of us", "without her", "back"]);
    all_know_the_same(&mut world, group, &["alice", "bob", "carol"]);
}

#[test]
fn who_was_shown_a_removal_that_nobody_else_has_hears_what_becomes_of_whoever_made_it_up() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Admin);
    let (bob, carol) = (world.device("bob"), world.account("carol"));
    let store = &world.person("bob").store;
    let height =
        store.frontiers().unwrap().iter().find(|(id, _)| *id == group).unwrap().1.height(bob);
    let last = store.tip(group, bob, Seq::new(height).unwrap()).unwrap().unwrap();
    let forger = Forger::of(&store.local().unwrap().unwrap());
    let removal = Removal { account: carol, keeps: None, heights: BTreeMap::new() };
    let says = Content::Membership(Box::new(Operation::new(Action::Remove(removal))));
    let nowhere = Parents::new([EntryId::from_bytes([7; 32])]);
    let place = Place::following(last.seq, last.id).unwrap();
    let run = forger.naming(nowhere, group, bob, place, last.rank, 0, says).unwrap();
    let link = world.connect("bob", "carol");
    world.settle();
    // An admin may not end an admin's rights: it is Alice who made her a member and no more.
    let account = carol;
    let keeps = Some(Right::Member);
    world.command("alice", Command::Remove { group, account, keeps }).unwrap();
    world.settle();
    let entries = Message::Entries { conversation: group, author: bob, run };
    world.inject("carol", link, entries.to_bytes());
    world.disconnect("bob", "carol");
    world.settle();
    assert_eq!(world.known_of("carol", group).unwrap().0.len(), 2);
    world.say_in("alice", group, "are you there?");
    world.settle();
    assert_eq!(world.said_in("carol", group), ["are you there?"]);
    world.remove("alice", group, "bob");
    world.settle();
    world.say_in("carol", group, "I am");
    world.settle();
    all_know_the_same(&mut world, group, &["alice", "carol"]);
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
    world.command("alice", Command::JoinGroup(other)).unwrap();
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
        let name = Name::new(name).unwrap();
        let setting = Setting::Name(name);
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

#[test]
fn who_was_just_told_of_a_group_is_not_taken_to_have_what_it_begins_with() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let group = world.group("alice");
    world.connect("alice", "bob");
    world.settle();
    world.grant("alice", group, "bob", Right::Member);
    world.settle();
    world.command("bob", Command::JoinGroup(group)).unwrap();
    let [alice, bob] = ["alice", "bob"].map(|who| world.device(who));
    while world.on_lanes() != (0, 0) {
        world.deliver_one();
        let kept = world.person("bob").store.frontiers().unwrap();
        let kept = kept.iter().find(|(id, _)| *id == group).map_or(0, |(_, f)| f.height(alice));
        assert!(world.delivered("alice", group, alice, bob) <= kept);
    }
    all_know_the_same(&mut world, group, &["alice", "bob"]);
}

#[test]
fn a_log_that_comes_in_one_piece_and_waits_says_whose_logs_it_waits_for() {
    let (mut world, group) = choir(&["bob"], Right::Member);
    world.say_in("bob", group, "here I am");
    world.settle();
    world.restore_on("alice", "alice's phone");
    let words = |n: usize| {
        let content = Content::Text(Text { text: format!("line {n}"), ..Text::default() });
        Input::Command(Token(0), Command::SayInGroup { group, content, client_id: None })
    };
    // One signature stands for all of them, and for what came before.
    world.input("alice", (0..20).map(words));
    world.settle();
    world.connect("alice's phone", "alice");
    world.settle();
    all_know_the_same(&mut world, group, &["alice", "alice's phone", "bob"]);
}

/// What somebody is invited to: who by, and what it is called.
fn invitations(world: &mut World, of: &str) -> Vec<(AccountId, String)> {
    let invitations = world.person(of).node.invitations();
    let named = invitations.map(|(i, creation)| (i.by, creation.name.as_str().to_owned()));
    named.collect()
}

#[test]
fn a_group_that_somebody_is_let_into_waits_until_they_join() {
    let mut world = World::of_friends(&["alice", "bob", "carol"]);
    let group = world.group("alice");
    for other in ["bob", "carol"] {
        world.connect("alice", other);
        world.grant("alice", group, other, Right::Member);
    }
    world.say_in("alice", group, "welcome");
    world.settle();
    let alice = world.account("alice");
    assert_eq!(invitations(&mut world, "bob"), [(alice, "choir".to_owned())]);
    let kept = world.person("bob").store.frontiers().unwrap();
    assert!(kept.iter().all(|(id, _)| *id != group), "nothing of it is fetched");
    world.restart("bob");
    assert_eq!(invitations(&mut world, "bob").len(), 1, "it is kept");
    // Nobody is there when Bob says yes, and he is away when somebody is.
    assert_eq!(world.command("bob", Command::JoinGroup(group)), Ok(Answer::Done));
    world.restart("bob");
    assert_eq!(invitations(&mut world, "bob"), []);
    world.connect("alice", "bob");
    world.settle();
    assert_eq!(world.said_in("bob", group), ["welcome"]);
    let has_joined = |world: &mut World, who: &str| {
        let account = world.account(who);
        world.person("alice").node.group(group).unwrap().members[&account].has_joined
    };
    assert!(has_joined(&mut world, "bob"), "and he need not say so again");
    assert!(!has_joined(&mut world, "carol"), "nobody has answered for Carol");
    assert_eq!(world.person("bob").store.invitations(), Ok(Vec::new()));
}

#[test]
fn an_invitation_by_somebody_who_does_not_own_the_group_is_as_good() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Admin);
    let ticket = world.invite("bob", false);
    world.join_as("dave");
    world.command("dave", Command::Redeem(ticket)).unwrap();
    world.connect("dave", "bob");
    world.settle();
    world.grant("bob", group, "dave", Right::Member);
    world.say_in("bob", group, "a new voice");
    world.settle();
    world.command("dave", Command::JoinGroup(group)).unwrap();
    world.settle();
    assert_eq!(world.said_in("dave", group), ["a new voice"]);
    all_know_the_same(&mut world, group, &["alice", "bob", "carol", "dave"]);
}

#[test]
fn what_was_declined_does_not_come_again_and_takes_no_room() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.connect("alice", "bob");
    world.settle();
    let groups: Vec<_> = (0..INVITATIONS_OF_ONE_MAX + 2).map(|_| world.group("alice")).collect();
    for group in &groups {
        world.grant("alice", *group, "bob", Right::Member);
        world.settle();
    }
    assert_eq!(invitations(&mut world, "bob").len(), INVITATIONS_OF_ONE_MAX);
    let not_invited = Err(Refusal::Group(GroupRefusal::NotInvited));
    assert_eq!(world.command("bob", Command::DeclineGroup(groups[9])), not_invited);
    for group in &groups[..2] {
        assert_eq!(world.command("bob", Command::DeclineGroup(*group)), Ok(Answer::Done));
        assert_eq!(world.command("bob", Command::DeclineGroup(*group)), not_invited);
    }
    world.restart("bob");
    assert_eq!(invitations(&mut world, "bob").len(), INVITATIONS_OF_ONE_MAX - 2);
    world.connect("alice", "bob");
    world.settle();
    let open: Vec<ConversationId> =
        world.person("bob").node.invitations().map(|(i, _)| i.group).collect();
    assert_eq!(
        open.iter().copied().collect::<BTreeSet<_>>(),
        groups[2..].iter().copied().collect()
    );
    // Whoever is blocked has invited nobody.
    let alice = world.account("alice");
    world.command("bob", Command::Block(alice, true)).unwrap();
    assert_eq!(invitations(&mut world, "bob"), []);
}

#[test]
fn who_has_joined_on_one_device_is_not_asked_on_another() {
    let (mut world, group) = choir(&["bob"], Right::Member);
    world.restore_on("bob", "bob's phone");
    world.connect("bob's phone", "bob");
    world.settle();
    assert_eq!(invitations(&mut world, "bob's phone"), []);
    all_know_the_same(&mut world, group, &["alice", "bob", "bob's phone"]);
}

#[test]
fn who_is_let_in_before_they_know_that_they_are_a_contact_is_invited() {
    let mut world = World::of(&["alice", "bob"]);
    let ticket = world.invite("alice", false);
    world.command("bob", Command::Redeem(ticket)).unwrap();
    let [alice, bob] = ["alice", "bob"].map(|who| world.account(who));
    let link = world.connect("bob", "alice");
    let knows = |world: &mut World, who: &str, whom| {
        world.person(who).node.contacts().any(|contact| contact.account == whom)
    };
    while !knows(&mut world, "alice", bob) {
        assert!(world.deliver_one_on(link));
    }
    world.disconnect("alice", "bob");
    assert!(!knows(&mut world, "bob", alice));
    for _ in 0..INVITATIONS_OF_ONE_MAX {
        let group = world.group("alice");
        world.grant("alice", group, "bob", Right::Member);
    }
    world.connect("bob", "alice");
    world.settle();
    assert_eq!(invitations(&mut world, "bob").len(), INVITATIONS_OF_ONE_MAX);
}

#[test]
fn what_came_before_somebody_joined_comes_again() {
    let (mut world, group) = choir(&["bob"], Right::Admin);
    let ticket = world.invite("bob", false);
    world.join_as("carol");
    world.command("carol", Command::Redeem(ticket)).unwrap();
    world.connect("bob", "carol");
    world.settle();
    world.grant("bob", group, "carol", Right::Member);
    world.settle();
    // What is new goes to Carol at once, who has not answered yet.
    world.join_as("dave");
    let ticket = world.invite("alice", false);
    world.command("dave", Command::Redeem(ticket)).unwrap();
    world.connect("alice", "dave");
    world.settle();
    world.grant("alice", group, "dave", Right::Member);
    world.settle();
    world.command("dave", Command::JoinGroup(group)).unwrap();
    world.settle();
    world.command("carol", Command::JoinGroup(group)).unwrap();
    world.settle();
    world.transcript();
    world.pass(40);
    world.settle();
    assert!(world.transcript().iter().all(|line| !line.contains("closes")), "all is answered");
    all_know_the_same(&mut world, group, &["alice", "bob", "carol", "dave"]);
}

#[test]
fn what_was_read_in_a_group_and_who_types_its_members_are_told_and_nobody_else() {
    let (mut world, group) = choir(&["bob", "carol", "eve"], Right::Member);
    world.say_in("alice", group, "read this");
    world.settle();
    world.remove("alice", group, "eve");
    world.settle();
    world.connect("bob", "carol");
    world.connect("bob", "eve");
    world.settle();
    world.transcript();
    world.command("bob", Command::MarkReadIn(group)).unwrap();
    world.command("bob", Command::TypingIn(group, true)).unwrap();
    world.settle();
    let told = world.transcript();
    for who in ["alice", "carol"] {
        assert!(told.contains(&format!("{who}: bob has read it")), "{told:?}");
        assert!(told.contains(&format!("{who}: bob types: true")), "{told:?}");
    }
    assert!(told.iter().all(|line| !line.starts_with("eve")), "{told:?}");
    let [alice, bob] = ["alice", "bob"].map(|who| (world.device(who), world.account(who)));
    let height = world.height("bob", group, alice.0);
    assert_eq!(world.person("carol").node.read(group, alice.0, bob.1), height);
    // Whoever was away hears it when they come back.
    world.restart("carol");
    world.connect("carol", "bob");
    world.settle();
    assert_eq!(world.person("carol").node.read(group, alice.0, bob.1), height);
    let not_member = Err(Refusal::Group(GroupRefusal::NotMember));
    world.join_as("mallory");
    assert_eq!(world.command("mallory", Command::MarkReadIn(group)), not_member);
    assert_eq!(world.command("mallory", Command::TypingIn(group, true)), not_member);
}

#[test]
fn who_is_let_in_again_hears_what_was_read_meanwhile() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Member);
    world.connect("bob", "carol");
    world.say_in("alice", group, "read this");
    world.settle();
    world.remove("alice", group, "carol");
    world.settle();
    world.command("bob", Command::MarkReadIn(group)).unwrap();
    world.settle();
    let (alice, bob) = (world.device("alice"), world.account("bob"));
    assert_eq!(world.person("carol").node.read(group, alice, bob), 0);
    world.grant("alice", group, "carol", Right::Member);
    world.settle();
    let read = world.person("alice").node.read(group, alice, bob);
    assert!(read > 0);
    assert_eq!(world.person("carol").node.read(group, alice, bob), read);
}

/// Bob and Carol, who are connected and no contacts: she uses a ticket of his.
#[track_caller]
fn become_contacts_by_a_ticket(world: &mut World, link: Link) {
    let ticket = world.invite("bob", false);
    world.command("carol", Command::Redeem(ticket)).unwrap();
    assert!(!world.is_connected(link), "what brings her there is said at the beginning");
    world.connect("bob", "carol");
    world.settle();
    let [bob, carol] = ["bob", "carol"].map(|who| world.account(who));
    for (who, whom) in [("bob", carol), ("carol", bob)] {
        let is_contact = |c: &Contact| c.account == whom && c.is_contact;
        assert!(world.person(who).node.contacts().any(is_contact), "{who}");
    }
}

#[test]
fn members_who_are_connected_become_contacts_by_a_ticket() {
    let (mut world, _) = choir(&["bob", "carol"], Right::Member);
    let link = world.connect("bob", "carol");
    world.settle();
    become_contacts_by_a_ticket(&mut world, link);
}

#[test]
fn who_is_connected_still_after_a_group_of_both_becomes_a_contact_by_a_ticket() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Member);
    let link = world.connect("bob", "carol");
    world.settle();
    world.remove("alice", group, "bob");
    world.settle();
    assert!(world.is_connected(link));
    become_contacts_by_a_ticket(&mut world, link);
}

#[test]
fn who_is_let_in_again_learns_of_the_devices_that_came_meanwhile() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Member);
    world.remove("alice", group, "bob");
    world.settle();
    world.restore_on("carol", "carol's phone");
    world.connect("carol's phone", "carol");
    world.settle();
    world.say_in("carol's phone", group, "from my phone");
    world.settle();
    // Bob is connected to Alice all the time, and said what he knows of Carol when he came.
    world.grant("alice", group, "bob", Right::Member);
    world.settle();
    world.say_in("carol", group, "there you are");
    world.settle();
    assert_eq!(world.said_in("bob", group), ["from my phone", "there you are"]);
    all_know_the_same(&mut world, group, &["alice", "bob", "carol", "carol's phone"]);
}

/// What somebody's device writes at a place of its log in a group, in place of what it wrote there.
fn other_side(world: &mut World, of: &str, group: ConversationId, at: Seq) -> Run {
    let author = world.device(of);
    let store = &world.person(of).store;
    let forger = Forger::of(&store.local().unwrap().unwrap());
    let before = at.get().checked_sub(1).and_then(Seq::new);
    let before = before.and_then(|before| store.tip(group, author, before).unwrap());
    let place = before.and_then(|tip| Place::following(tip.seq, tip.id)).unwrap_or(Place::First);
    let rank = store.tip(group, author, at).unwrap().unwrap().rank;
    forger.run(group, author, place, rank, "something else").unwrap()
}

#[test]
fn whom_somebody_let_in_behind_a_fork_all_leave_out_whether_they_saw_it_before_or_not() {
    let (mut world, group) = choir(&["bob", "carol", "dave"], Right::Admin);
    world.disconnect("alice", "carol");
    world.settle();
    let bob = world.device("bob");
    let at = Seq::new(world.height("alice", group, bob) + 1).unwrap();
    // Erin is let in by Bob, joins, and Alice and Dave see it.
    world.join_as("erin");
    let ticket = world.invite("bob", false);
    world.command("erin", Command::Redeem(ticket)).unwrap();
    world.connect("bob", "erin");
    world.settle();
    world.grant("bob", group, "erin", Right::Member);
    world.settle();
    world.command("erin", Command::JoinGroup(group)).unwrap();
    world.settle();
    world.say_in("erin", group, "hello");
    world.settle();
    assert_eq!(world.said_in("dave", group), ["hello"]);
    world.say_in("alice", group, "hello erin");
    world.settle();
    // Carol has another side of what Bob wrote, and meets them then.
    let run = other_side(&mut world, "bob", group, at);
    world.disconnect("bob", "erin");
    let link = world.connect("bob", "carol");
    while world.deliver_one_on(link) && world.height("carol", group, bob) + 1 < at.get() {}
    let entries = Message::Entries { conversation: group, author: bob, run };
    world.inject("carol", link, entries.to_bytes());
    world.disconnect("bob", "carol");
    world.disconnect("bob", "alice");
    world.restart("dave");
    for (one, other) in [("carol", "alice"), ("carol", "dave"), ("alice", "dave")] {
        world.connect(one, other);
        world.settle();
    }
    all_know_the_same(&mut world, group, &["alice", "carol", "dave"]);
    assert_eq!(world.said_in("carol", group), ["hello erin"]);
    world.restart("alice");
    world.connect("alice", "carol");
    world.settle();
    all_know_the_same(&mut world, group, &["alice", "carol", "dave"]);
    // Somebody else lets Erin in: what she said before is there at all of them.
    world.connect("dave", "alice");
    let erin = world.account("erin");
    world
        .command("alice", Command::Grant { group, account: erin, right: Right::Member })
        .unwrap_err();
    let ticket = world.invite("alice", false);
    world.command("erin", Command::Redeem(ticket)).unwrap();
    world.connect("alice", "erin");
    world.settle();
    world.grant("alice", group, "erin", Right::Member);
    world.settle();
    world.say_in("erin", group, "here again");
    world.settle();
    all_know_the_same(&mut world, group, &["alice", "carol", "dave", "erin"]);
}

/// Carries the bundles that somebody makes for a group to those whom they are for.
fn carry(world: &mut World, from: &'static str, group: ConversationId, to: &[&'static str]) {
    let Ok(Answer::Bundles(bundles)) = world.command(from, Command::ExportGroup(group)) else {
        panic!("no bundles");
    };
    for (device, bytes) in bundles {
        if let Some(who) = to.iter().find(|who| world.device(who) == device) {
            assert_eq!(world.command(who, Command::Import(bytes)), Ok(Answer::Done));
        }
    }
}

#[test]
fn a_group_goes_on_by_bundles_alone() {
    let (mut world, group) = choir(&["bob", "carol", "dave"], Right::Member);
    for other in ["bob", "carol", "dave"] {
        world.disconnect("alice", other);
    }
    world.say_in("bob", group, "by post");
    // Bob and Carol are no contacts.
    carry(&mut world, "bob", group, &["carol", "alice"]);
    assert_eq!(world.said_in("carol", group), ["by post"]);
    world.say_in("carol", group, "so it goes");
    carry(&mut world, "carol", group, &["alice"]);
    world.remove("alice", group, "dave");
    world.say_in("alice", group, "without dave");
    carry(&mut world, "alice", group, &["bob", "carol", "dave"]);
    carry(&mut world, "bob", group, &["alice", "carol", "dave"]);
    assert_eq!(world.said_in("bob", group), ["by post", "so it goes", "without dave"]);
    assert!(world.kept_in("dave", group).is_empty(), "nothing is made for him");
    all_know_the_same(&mut world, group, &["alice", "bob", "carol"]);
}

#[test]
fn a_bundle_of_a_group_says_all_that_a_new_device_needs() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Admin);
    let ticket = world.invite("bob", false);
    world.join_as("dave");
    world.command("dave", Command::Redeem(ticket)).unwrap();
    world.connect("bob", "dave");
    world.settle();
    world.disconnect("bob", "dave");
    world.grant("bob", group, "dave", Right::Member);
    world.say_in("carol", group, "who comes?");
    world.settle();
    carry(&mut world, "bob", group, &["dave"]);
    assert_eq!(invitations(&mut world, "dave").len(), 1);
    world.command("dave", Command::JoinGroup(group)).unwrap();
    carry(&mut world, "bob", group, &["dave"]);
    assert_eq!(world.said_in("dave", group), ["who comes?"]);
    carry(&mut world, "dave", group, &["bob", "alice", "carol"]);
    all_know_the_same(&mut world, group, &["bob", "dave"]);
}

/// Dave has removed Carol, Alice knows it and says something; Bob, who knows neither, hears so many
/// messages of Alice and meets Carol then.
fn relayed_after(messages: usize) -> (World, ConversationId, bool) {
    let (mut world, group) = choir(&["bob", "carol", "dave", "erin"], Right::Admin);
    for person in ["bob", "carol", "dave", "erin"] {
        world.command(person, Command::JoinGroup(group)).unwrap();
    }
    world.settle();
    for other in ["bob", "carol", "dave", "erin"] {
        world.disconnect("alice", other);
    }
    let account = world.account("carol");
    let keeps = Some(Right::Member);
    world.command("alice", Command::Remove { group, account, keeps }).unwrap();
    world.connect("alice", "dave");
    world.connect("alice", "bob");
    world.settle();
    world.disconnect("alice", "bob");
    world.remove("dave", group, "carol");
    world.settle();
    world.say_in("alice", group, "without carol");
    let link = world.connect("bob", "alice");
    let delivered = (0..messages).take_while(|_| world.deliver_one_on(link)).count();
    world.disconnect("alice", "bob");
    (world, group, delivered == messages)
}

#[test]
fn who_lacks_a_removal_does_not_hand_on_what_was_said_knowing_of_it() {
    let mut has_waited = false;
    for messages in 8.. {
        let (mut world, group, goes_on) = relayed_after(messages);
        let is_kept = world.kept_in("bob", group).contains("without carol");
        let is_shown = !world.said_in("bob", group).is_empty();
        has_waited |= is_kept && !is_shown;
        world.restart("bob");
        assert_eq!(!world.said_in("bob", group).is_empty(), is_shown, "after {messages} messages");
        world.connect("bob", "carol");
        world.settle();
        let there = world.kept_in("carol", group);
        assert!(!there.contains("without carol"), "after {messages} messages");
        // Nothing waits for longer than that: Bob hears the rest, and hands all of it on.
        world.connect("bob", "dave");
        world.settle();
        world.connect("bob", "erin");
        world.settle();
        assert_eq!(world.said_in("erin", group), ["without carol"], "after {messages} messages");
        all_know_the_same(&mut world, group, &["alice", "bob", "erin"]);
        if !goes_on {
            break;
        }
    }
    assert!(has_waited, "what Alice said comes before the removal now and then");
}

#[test]
fn who_has_heard_of_more_than_an_entry_can_name_names_it_in_several() {
    let others: Vec<&'static str> = (0..19).map(|n| &*format!("member {n}").leak()).collect();
    let (mut world, group) = choir(&others, Right::Member);
    for other in &others {
        world.command(other, Command::JoinGroup(group)).unwrap();
    }
    world.settle();
    world.say_in("alice", group, "so many");
    let alice = world.device("alice");
    let everything = Range::up_to(Seq::MAX);
    let log = world.person("alice").store.entries(group, alice, everything, 1_000, usize::MAX);
    let named: BTreeSet<EntryId> =
        log.unwrap().iter().flat_map(|entry| entry.header.parents.iter()).collect();
    for other in &others {
        let device = world.device(other);
        let joined = world.person("alice").store.tip(group, device, Seq::MIN).unwrap().unwrap();
        assert!(named.contains(&joined.id), "{other}");
    }
    world.settle();
    world.say_in("alice", group, "and nothing new");
    let log = world.person("alice").store.entries(group, alice, everything, 1_000, usize::MAX);
    let last = log.unwrap().pop().unwrap();
    assert_eq!(last.header.parents.iter().count(), 0, "what was named is not named again");
    world.settle();
    all_know_the_same(&mut world, group, &["alice", others[18]]);
}

const PEOPLE: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

/// One story of five people, drawn from a seed: who meets whom, who decides what, who says what.
struct Story {
    world: World,
    group: ConversationId,
    dice: ChaCha20Rng,
    connected: BTreeSet<(usize, usize)>,
    /// What was said, whom its author had removed who was no member then, and which of the grants they
    /// knew.
    said: Vec<(String, BTreeSet<&'static str>, BTreeSet<EntryId>)>,
    let_in: Vec<(&'static str, EntryId)>,
    removed: BTreeSet<(&'static str, &'static str)>,
}

impl Story {
    fn of(seed: u64) -> Self {
        let (mut world, group) = choir(&PEOPLE[1..], Right::Member);
        for other in &PEOPLE[1..] {
            world.disconnect("alice", other);
        }
        let dice = ChaCha20Rng::seed_from_u64(seed);
        let connected = BTreeSet::new();
        Self {
            world,
            group,
            dice,
            connected,
            said: Vec::new(),
            let_in: Vec::new(),
            removed: BTreeSet::new(),
        }
    }

    fn below(&mut self, count: usize) -> usize {
        self.dice.next_u32() as usize % count
    }

    fn goes_on(&mut self) {
        let [a, b] = [self.below(5), self.below(5)];
        let (by, other) = (PEOPLE[a], PEOPLE[b]);
        let account = self.world.account(other);
        let group = self.group;
        match self.below(16) {
            0..4 => self.meet_or_part(a, b),
            4..8 => self.say(by),
            // What somebody may not do is declined, and changes nothing.
            // Alice, who owns it, stays: whoever left is told nothing, and could not be asked.
            8 | 9 if b != 0 => {
                let keeps = (self.below(3) == 0).then_some(Right::Member);
                // Most of it is done by who may.
                let by = if self.below(2) == 0 { "alice" } else { by };
                if self.world.command(by, Command::Remove { group, account, keeps }).is_ok() {
                    self.removed.insert((by, other));
                }
            }
            10 => {
                let right = if self.below(2) == 0 { Right::Admin } else { Right::Member };
                let by = if self.below(2) == 0 { "alice" } else { by };
                let grant = Command::Grant { group, account, right };
                if let Ok(Answer::Entry(id)) = self.world.command(by, grant) {
                    self.let_in.push((other, id));
                }
            }
            11 => {
                let name = Name::new(["altos", "basses", "tenors"][self.below(3)]).unwrap();
                let _ = self.world.command(by, Command::SetGroup(group, Setting::Name(name)));
            }
            12 => {
                self.world.restart(by);
                self.connected.retain(|(x, y)| *x != a && *y != a);
            }
            13 => {
                let _ = self.world.command(by, Command::JoinGroup(group));
            }
            _ => self.world.settle(),
        }
    }

    fn meet_or_part(&mut self, a: usize, b: usize) {
        let pair = (a.min(b), a.max(b));
        if a == b {
            return;
        }
        if self.connected.remove(&pair) {
            self.world.disconnect(PEOPLE[pair.0], PEOPLE[pair.1]);
        } else {
            self.connected.insert(pair);
            self.world.connect(PEOPLE[pair.0], PEOPLE[pair.1]);
        }
    }

    fn say(&mut self, by: &'static str) {
        let words = format!("{} by {by}", self.said.len());
        let content = Content::Text(Text { text: words.clone(), ..Text::default() });
        if self
            .world
            .command(by, Command::SayInGroup { group: self.group, content, client_id: None })
            .is_ok()
        {
            let (members, _) = self.world.known_of(by, self.group).unwrap();
            let is_in = |who: &&str| members.iter().any(|(name, _)| name == who);
            let removed = self.removed.iter().filter(|(remover, _)| *remover == by);
            let out = removed.map(|(_, who)| *who).filter(|who| !is_in(who)).collect();
            let grants: Vec<EntryId> = self.let_in.iter().map(|(_, grant)| *grant).collect();
            let store = &self.world.person(by).store;
            let known = grants.into_iter().filter(|id| store.entry(*id).unwrap().is_some());
            self.said.push((words, out, known.collect()));
        }
    }

    /// Everybody meets everybody, some of them again, until nobody has anything new to say.
    fn heals(&mut self) {
        for _ in 0..4 {
            for (n, a) in PEOPLE.iter().enumerate() {
                for b in &PEOPLE[n + 1..] {
                    self.world.disconnect(a, b);
                    self.world.connect(a, b);
                }
            }
            self.world.settle();
        }
    }

    /// Nobody has the words of a message whose author had removed them, unless somebody let them in of
    /// which the author did not know.
    fn nobody_else_was_told(&mut self) {
        for person in PEOPLE {
            let here: BTreeSet<String> = self.world.kept_in(person, self.group);
            for (words, out, known) in &self.said {
                let mut grants = self.let_in.iter().filter(|(who, _)| *who == person);
                let may = !out.contains(person) || grants.any(|(_, id)| !known.contains(id));
                assert!(may || !here.contains(words), "{person} has {words}");
            }
        }
    }
}

#[test]
fn whatever_happens_in_a_group_its_members_come_to_the_same_and_nobody_else_is_told() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let from: u64 = number("CHINWAG_STORY_SEED").unwrap_or(0);
    for seed in from..from + number("CHINWAG_STORIES").unwrap_or(8) {
        println!("CHINWAG_STORY_SEED={seed} CHINWAG_STORIES=1");
        let mut story = Story::of(seed);
        for _ in 0..60 {
            story.goes_on();
            story.nobody_else_was_told();
        }
        story.heals();
        let (members, _) = story.world.known_of("alice", story.group).unwrap();
        let members: Vec<&'static str> = members.into_iter().map(|(name, _)| name).collect();
        all_know_the_same(&mut story.world, story.group, &members);
        story.nobody_else_was_told();
    }
}

#[test]
fn who_takes_part_in_no_groups_keeps_nothing_of_one() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.reopen("bob", Config { takes_groups: false, ..Config::default() });
    let name = Name::new("choir").unwrap();
    let refused = Err(Refusal::Group(GroupRefusal::NotTaken));
    assert_eq!(world.command("bob", Command::CreateGroup(name)), refused);
    world.connect("alice", "bob");
    world.settle();
    let group = world.group("alice");
    world.grant("alice", group, "bob", Right::Member);
    world.say_in("alice", group, "welcome");
    world.settle();
    world.say("alice", "bob", "and the rest goes on");
    world.settle();
    assert!(world.known_of("bob", group).is_none());
    let kept = world.person("bob").store.frontiers().unwrap();
    assert!(kept.iter().all(|(id, _)| *id != group), "{kept:?}");
    let transcript = world.transcript();
    let came = "bob: has alice 1: and the rest goes on".to_owned();
    assert!(transcript.contains(&came), "{transcript:?}");
}

#[test]
fn what_is_said_again_in_a_group_under_the_same_name_is_one_message() {
    let (mut world, group) = choir(&["bob"], Right::Member);
    let say = |world: &mut World, words: &str| {
        let content = Content::Text(Text { text: words.to_owned(), ..Text::default() });
        let client_id = Some(ClientId::of("one"));
        world.command("bob", Command::SayInGroup { group, content, client_id })
    };
    let Ok(Answer::Entry(id)) = say(&mut world, "hello") else { panic!("it was not said") };
    assert_eq!(say(&mut world, "hello"), Ok(Answer::SaidBefore(id)));
    assert_eq!(say(&mut world, "goodbye"), Err(Refusal::ClientIdUsed(id)));
    world.settle();
    assert_eq!(world.said_in("alice", group), ["hello"]);
}

#[test]
fn members_see_what_others_have_read_and_that_they_type_and_nobody_else_does() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Member);
    world.say_in("alice", group, "who reads this?");
    world.settle();
    world.remove("alice", group, "carol");
    world.settle();
    world.transcript();
    world.command("bob", Command::MarkReadIn(group)).unwrap();
    world.command("bob", Command::TypingIn(group, true)).unwrap();
    world.settle();
    let seen = world.transcript();
    assert!(seen.contains(&"alice: bob has read it".to_owned()), "{seen:?}");
    assert!(seen.contains(&"alice: bob types: true".to_owned()), "{seen:?}");
    assert!(!seen.iter().any(|line| line.starts_with("carol")), "{seen:?}");
    let (alice, bob) = (world.device("alice"), world.account("bob"));
    assert!(
        world.person("alice").store.reads().unwrap().iter().any(|(id, account, read)| {
            (*id, *account) == (group, bob) && read.height(alice) > 0
        })
    );
    // Who was removed knows it, and is not heard.
    let not_member = Err(Refusal::Group(GroupRefusal::NotMember));
    assert_eq!(world.command("carol", Command::TypingIn(group, true)), not_member);
    world.command("carol", Command::MarkReadIn(group)).unwrap();
    world.settle();
    assert_eq!(world.transcript(), ["carol: carol has read it"]);
}

/// For whom something was written, as the one who wrote it says: names in order.
fn written_for(
    world: &mut World,
    of: &str,
    group: ConversationId,
    words: &str,
) -> Vec<&'static str> {
    let entries = world.person(of).store.timeline(group, None, 1_000).unwrap();
    let says = |entry: &&StoredEntry| {
        let body = entry.body.as_deref().and_then(|b| Body::from_bytes(entry.header.kind, b).ok());
        matches!(body.as_ref().map(Body::content), Some(Content::Text(text)) if text.text == words)
    };
    let entry = entries.iter().find(says).expect("it is here");
    let audience = world.audience_of(of, entry).expect("its author says for whom it is");
    let devices = audience.iter().flat_map(|(_, devices)| devices.iter().copied());
    let mut names: Vec<_> = devices.map(|device| world.whose(device)).collect();
    names.sort_unstable();
    names
}

#[test]
fn each_message_keeps_for_which_devices_it_was() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Member);
    world.restore_on("bob", "bob's phone");
    world.connect("bob", "bob's phone");
    world.connect("bob's phone", "alice");
    world.settle();
    world.say_in("alice", group, "all of you");
    world.say_in("alice", group, "and once more");
    world.settle();
    world.remove("alice", group, "carol");
    world.say_in("alice", group, "without her");
    world.settle();
    let all = ["bob", "bob's phone", "carol"];
    for reader in ["alice", "bob"] {
        assert_eq!(written_for(&mut world, reader, group, "all of you"), all);
        assert_eq!(written_for(&mut world, reader, group, "and once more"), all);
        let left = ["bob", "bob's phone"];
        assert_eq!(written_for(&mut world, reader, group, "without her"), left);
    }
    // It is said when it changes, also after a restart, and not with each message.
    world.restart("alice");
    world.say_in("alice", group, "still without her");
    let said = |world: &mut World| {
        let mut said = 0;
        let mut before = None;
        let store = &world.person("alice").store;
        while let Some(entry) = store.latest_before(group, Kind::AUDIENCE, before).unwrap() {
            before = Some(entry.position());
            said += 1;
        }
        said
    };
    assert_eq!(said(&mut world), 2);
    assert_eq!(world.said_in("alice", group).len(), 4, "it has no line of its own");
}

/// Connects everybody with everybody, but for those whom alice is connected to.
fn all_meet(world: &mut World, people: &[&'static str]) {
    for (n, one) in people.iter().enumerate() {
        for other in &people[n + 1..] {
            world.connect(one, other);
        }
    }
    world.settle();
}

#[test]
fn in_a_group_everybody_gets_what_is_new_once_whoever_wrote_it() {
    let others = ["bob", "carol", "dave", "erin", "frank", "grace", "heidi"];
    let (mut world, group) = choir(&others, Right::Member);
    all_meet(&mut world, &others);
    for one in others {
        world.say_in(one, group, "good morning");
        world.settle();
    }
    let before = world.entries_sent();
    for one in ["bob", "heidi", "dave", "bob"] {
        world.say_in(one, group, "hello");
        world.settle();
    }
    assert_eq!(world.entries_sent() - before, 4 * others.len(), "one for each of the others");
    all_know_the_same(&mut world, group, &["alice", "bob", "heidi"]);
}

#[test]
fn who_was_fed_by_somebody_who_is_gone_gets_what_is_new_from_another() {
    let others = ["bob", "carol", "dave", "erin"];
    let (mut world, group) = choir(&others, Right::Member);
    all_meet(&mut world, &others);
    // Bob and carol do not meet: alice feeds her what he writes.
    world.disconnect("bob", "carol");
    world.say_in("bob", group, "is anybody here?");
    world.settle();
    for gone in ["alice", "dave", "erin"] {
        world.say_in("bob", group, gone);
        world.settle();
        world.disconnect(gone, "carol");
        if gone == "erin" {
            world.connect("bob", "carol");
        }
        world.settle();
    }
    let said = world.said_in("bob", group);
    assert_eq!(said.len(), 4);
    assert_eq!(world.said_in("carol", group), said);
}

#[test]
fn in_a_large_group_a_few_are_looked_for_and_more_while_too_few_are_there() {
    const OTHERS: [&str; 34] = [
        "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b1", "b2", "b3", "b4", "b5", "b6",
        "b7", "b8", "b9", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "d1", "d2", "d3",
        "d4", "d5", "d6", "d7",
    ];
    let mut world = World::of(&[&["alice"], &OTHERS[..]].concat());
    let group = world.group("alice");
    for other in OTHERS {
        let ticket = world.invite("alice", false);
        world.command(other, Command::Redeem(ticket)).unwrap();
        world.connect("alice", other);
        world.settle();
        world.disconnect("alice", other);
        world.grant("alice", group, other, Right::Member);
    }
    world.connect("alice", "a1");
    world.settle();
    world.command("a1", Command::JoinGroup(group)).unwrap();
    world.settle();
    let few = world.wanted("a1").len();
    assert!(few <= 5, "{few}: a contact, and some of the others");
    world.disconnect("alice", "a1");
    let mut before = 0;
    for _ in 0..7 {
        let now = world.wanted("a1").len();
        assert!(now > before, "{now} after {before}");
        before = now;
        if now == OTHERS.len() {
            break;
        }
        world.pass(11);
    }
    assert_eq!(before, OTHERS.len(), "nobody answers: everybody is looked for");
}

#[test]
fn what_whoever_was_asked_first_does_not_have_is_asked_of_who_named_it() {
    let (mut world, group) = choir(&["bob", "carol", "dave"], Right::Member);
    all_meet(&mut world, &["bob", "carol", "dave"]);
    for other in ["alice", "bob", "carol"] {
        world.disconnect("dave", other);
    }
    world.say_in("bob", group, "one");
    world.settle();
    for other in ["alice", "bob"] {
        world.disconnect("carol", other);
    }
    world.say_in("bob", group, "two");
    world.settle();
    world.disconnect("alice", "bob");
    // Carol has the first and alice both, and both say so before either has sent any.
    let carols = world.connect("dave", "carol");
    let alices = world.connect("dave", "alice");
    for _ in 0..8 {
        world.deliver_one_on(carols);
        world.deliver_one_on(alices);
    }
    world.settle();
    assert_eq!(world.said_in("dave", group), ["one", "two"]);
}
