//! Tickets to groups: who is let in by one, who is not and hears why, and that all say the same of it.

use chinwag_core::body::{Body, Content, Kind};
use chinwag_core::entry::{Parents, Place};
use chinwag_core::identity::AccountLog;
use chinwag_core::ids::{AccountId, ConversationId, EntryId};
use chinwag_core::input::Command;
use chinwag_core::membership::{Action, By, GroupTicket, Operation, Right, Role, prove_ticket};
use chinwag_core::node::Config;
use chinwag_core::output::{Answer, GroupRefusal, Refusal};
use chinwag_core::store::Store;
use chinwag_core::testing::Forger;
use chinwag_core::time::Wall;
use chinwag_core::wire::codec::Encode;
use chinwag_core::wire::limits::GROUP_TICKETS_MAX;
use chinwag_core::wire::message::{Hello, Message, VERSION, Wish};

use crate::groups::{all_know_the_same, choir};
use crate::world::World;

const NOT_GOOD: &str = "closes: a ticket to a group that is not good";

fn make(world: &mut World, by: &'static str, group: ConversationId) -> GroupTicket {
    let command = Command::MakeTicket { group, lifetime_s: Some(3_600), addresses: Vec::new() };
    match world.command(by, command) {
        Ok(Answer::GroupTicket(ticket)) => ticket,
        other => panic!("no ticket but {other:?}"),
    }
}

fn revoke(world: &mut World, by: &'static str, ticket: &GroupTicket) {
    let GroupTicket { group, ticket, .. } = *ticket;
    let revoked = world.command(by, Command::RevokeTicket { group, ticket });
    assert!(matches!(revoked, Ok(Answer::Entry(_))), "{revoked:?}");
}

/// Somebody new comes with a ticket to whom it leads.
fn comes(world: &mut World, who: &'static str, to: &'static str, ticket: &GroupTicket) {
    assert_eq!(world.command(who, Command::UseTicket(ticket.clone())), Ok(Answer::Done));
    world.connect(who, to);
    world.settle();
}

fn members(world: &mut World, of: &str, group: ConversationId) -> Vec<(&'static str, Role)> {
    world.known_of(of, group).map(|(members, _)| members).unwrap_or_default()
}

fn contacts(world: &mut World, of: &str) -> Vec<AccountId> {
    world.person(of).store.contacts().unwrap().iter().map(|contact| contact.account).collect()
}

/// Whether anything of a group is at somebody's.
fn has_heard(world: &mut World, who: &str, group: ConversationId) -> bool {
    let store = &world.person(who).store;
    let entries = store.frontiers().unwrap().iter().any(|(id, _)| *id == group);
    let invitation = store.invitations().unwrap().iter().any(|i| i.group == group);
    entries || invitation || world.known_of(who, group).is_some()
}

#[test]
fn a_stranger_with_a_ticket_becomes_a_member_and_nobodys_contact() {
    let (mut world, group) = choir(&["bob"], Right::Member);
    world.say_in("bob", group, "before");
    world.settle();
    let ticket = make(&mut world, "alice", group);
    let before = contacts(&mut world, "alice");
    world.join_as("zoe");
    comes(&mut world, "zoe", "alice", &ticket);
    world.say_in("zoe", group, "hello");
    world.say_in("bob", group, "welcome");
    world.settle();
    for who in ["alice", "bob", "zoe"] {
        assert_eq!(world.said_in(who, group), ["before", "hello", "welcome"], "{who}");
    }
    all_know_the_same(&mut world, group, &["alice", "bob", "zoe"]);
    let all = [("alice", Role::Owner), ("bob", Role::Member), ("zoe", Role::Member)];
    assert_eq!(members(&mut world, "bob", group), all);
    assert_eq!(contacts(&mut world, "alice"), before);
    assert_eq!(contacts(&mut world, "zoe"), []);
    assert_eq!(world.person("zoe").store.group_tickets(), Ok(Vec::new()), "it has done its work");
    // They meet without who let her in.
    world.disconnect("alice", "zoe");
    world.disconnect("alice", "bob");
    world.connect("bob", "zoe");
    world.say_in("zoe", group, "just us");
    world.settle();
    assert_eq!(world.said_in("bob", group).last().unwrap(), "just us");
}

#[test]
fn one_ticket_lets_in_as_many_as_come_until_it_is_revoked_and_these_stay() {
    let (mut world, group) = choir(&["bob"], Right::Admin);
    let ticket = make(&mut world, "alice", group);
    for who in ["u", "v", "w", "x"] {
        world.join_as(who);
        comes(&mut world, who, "alice", &ticket);
    }
    let now = Wall::new(1_700_000_000_000);
    let open = world.person("bob").node.open_tickets(group, now);
    let alice = world.account("alice");
    assert_eq!(open.iter().map(|t| (t.by, t.joined)).collect::<Vec<_>>(), [(Some(alice), 4)]);
    revoke(&mut world, "bob", &ticket);
    world.settle();
    world.join_as("zoe");
    world.transcript();
    comes(&mut world, "zoe", "alice", &ticket);
    assert_eq!(world.transcript(), [format!("alice: {NOT_GOOD}")]);
    assert!(!has_heard(&mut world, "zoe", group));
    assert_eq!(world.person("alice").node.open_tickets(group, now), []);
    world.say_in("x", group, "still here");
    world.settle();
    assert_eq!(members(&mut world, "u", group).len(), 6);
    all_know_the_same(&mut world, group, &["alice", "bob", "u", "v", "w", "x"]);
}

#[test]
fn a_ticket_that_has_ended_lets_nobody_in_and_nobody_who_came_before_out() {
    let (mut world, group) = choir(&["bob"], Right::Member);
    let ticket = make(&mut world, "alice", group);
    for who in ["yan", "zoe"] {
        world.join_as(who);
    }
    comes(&mut world, "yan", "alice", &ticket);
    // Zoe says that it goes on for ever: what counts is what the group says.
    let longer = GroupTicket { expires_s: 0, ..ticket.clone() };
    world.command("zoe", Command::UseTicket(longer)).unwrap();
    world.pass(3_601);
    world.transcript();
    world.connect("zoe", "alice");
    world.settle();
    assert_eq!(world.transcript(), [format!("alice: {NOT_GOOD}")]);
    assert!(!has_heard(&mut world, "zoe", group));
    assert_eq!(
        world.command("bob", Command::UseTicket(ticket.clone())),
        Err(Refusal::Group(GroupRefusal::IsMember))
    );
    world.join_as("vic");
    let expired = world.command("vic", Command::UseTicket(ticket));
    assert_eq!(expired, Err(Refusal::TicketExpired));
    assert_eq!(members(&mut world, "alice", group).len(), 3);
}

#[test]
fn a_ticket_is_revoked_while_somebody_comes_with_it_elsewhere() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Admin);
    let ticket = make(&mut world, "alice", group);
    world.settle();
    for other in ["bob", "carol"] {
        world.disconnect("alice", other);
    }
    revoke(&mut world, "bob", &ticket);
    world.join_as("zoe");
    comes(&mut world, "zoe", "alice", &ticket);
    world.say_in("zoe", group, "hello?");
    world.settle();
    assert_eq!(members(&mut world, "zoe", group).len(), 4);
    world.connect("alice", "bob");
    world.settle();
    world.say_in("bob", group, "without her");
    world.settle();
    assert_eq!(members(&mut world, "alice", group).len(), 3);
    assert_eq!(members(&mut world, "zoe", group).len(), 3, "she is shown that she is out");
    assert!(!world.kept_in("zoe", group).contains("without her"));
    assert_eq!(world.said_in("alice", group), ["without her"]);
    world.connect("carol", "bob");
    world.settle();
    all_know_the_same(&mut world, group, &["alice", "bob", "carol"]);
    // Another ticket lets her in.
    let another = make(&mut world, "alice", group);
    world.disconnect("alice", "zoe");
    comes(&mut world, "zoe", "alice", &another);
    world.say_in("zoe", group, "here I am");
    world.settle();
    world.connect("carol", "alice");
    world.settle();
    all_know_the_same(&mut world, group, &["alice", "bob", "carol", "zoe"]);
    assert_eq!(world.said_in("carol", group), ["without her", "here I am"]);
}

/// Somebody says who they are to Alice, and brings this wish.
fn say_hello(world: &mut World, who: &'static str, wish: Wish) {
    world.restart(who);
    let account = world.account(who);
    let link = world.connect(who, "alice");
    let digest = AccountLog::new(account).digest();
    // Before what their own device says.
    let hello = Message::Hello(Hello { version: VERSION, account, digest, wish });
    world.inject("alice", link, hello.to_bytes());
    world.settle();
}

#[test]
fn a_proof_that_was_made_up_opens_nothing_and_tells_nothing() {
    let (mut world, group) = choir(&["bob"], Right::Member);
    let ticket = make(&mut world, "alice", group);
    let other = world.group("alice");
    world.settle();
    world.join_as("yan");
    world.join_as("zoe");
    let (yan, zoe) = (world.account("yan"), world.account("zoe"));
    let (yans, zoes) = (world.device("yan"), world.device("zoe"));
    let forged = GroupTicket { seed: [7; 32], ..ticket.clone() };
    let wish = |group, ticket: EntryId, proof| Wish::Join { group, ticket, proof };
    let wishes = [
        wish(group, ticket.ticket, prove_ticket(&forged.key(), group, zoe, zoes)),
        // What Yan's device proved, by hers.
        wish(group, ticket.ticket, prove_ticket(&ticket.key(), group, yan, yans)),
        wish(group, ticket.ticket, prove_ticket(&ticket.key(), group, zoe, yans)),
        // A group without that ticket, one that is not here, and a ticket that is not there.
        wish(other, ticket.ticket, prove_ticket(&ticket.key(), other, zoe, zoes)),
        wish(
            ConversationId::from_bytes([9; 32]),
            ticket.ticket,
            prove_ticket(&ticket.key(), group, zoe, zoes),
        ),
        wish(group, EntryId::from_bytes([9; 32]), prove_ticket(&ticket.key(), group, zoe, zoes)),
    ];
    for wish in wishes {
        world.transcript();
        say_hello(&mut world, "zoe", wish);
        assert_eq!(world.transcript(), [format!("alice: {NOT_GOOD}")]);
        assert!(!has_heard(&mut world, "zoe", group));
    }
    assert_eq!(members(&mut world, "alice", group).len(), 2);
}

#[test]
fn whoever_was_removed_stays_out_with_a_ticket_and_whoever_left_comes_back() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Member);
    let ticket = make(&mut world, "alice", group);
    world.settle();
    world.remove("alice", group, "bob");
    world.remove("carol", group, "carol");
    world.settle();
    for who in ["bob", "carol"] {
        world.disconnect("alice", who);
        comes(&mut world, who, "alice", &ticket);
    }
    world.say_in("carol", group, "I changed my mind");
    world.settle();
    let left = [("alice", Role::Owner), ("carol", Role::Member)];
    assert_eq!(members(&mut world, "alice", group), left);
    all_know_the_same(&mut world, group, &["alice", "carol"]);
    assert!(!world.kept_in("bob", group).contains("I changed my mind"));
    // Also if he writes that he joins, as a program that takes no notice would.
    let bob = world.account("bob");
    assert_eq!(world.person("alice").node.group(group).unwrap().role(bob), None);
    assert_eq!(world.person("bob").store.group_tickets().unwrap().len(), 1, "he goes on trying");
    assert_eq!(world.command("bob", Command::DeclineGroup(group)), Ok(Answer::Done));
    assert_eq!(world.person("bob").store.group_tickets(), Ok(Vec::new()));
}

#[test]
fn a_member_who_decides_nothing_lets_somebody_in_by_a_ticket_that_names_them() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Member);
    let ticket = make(&mut world, "alice", group);
    world.settle();
    let (account, device) = (world.account("bob"), world.device("bob"));
    let by_bob = GroupTicket { account, device, ..ticket };
    world.disconnect("alice", "bob");
    world.join_as("zoe");
    comes(&mut world, "zoe", "bob", &by_bob);
    world.say_in("zoe", group, "hello");
    world.settle();
    assert_eq!(world.said_in("bob", group), ["hello"]);
    world.connect("bob", "alice");
    world.settle();
    all_know_the_same(&mut world, group, &["alice", "bob", "carol", "zoe"]);
    assert_eq!(world.said_in("carol", group), ["hello"]);
}

#[test]
fn joining_by_a_ticket_that_breaks_at_any_message_is_taken_up_again() {
    for breaks_after in 0..30 {
        let (mut world, group) = choir(&["bob"], Right::Member);
        world.say_in("bob", group, "before");
        let ticket = make(&mut world, "alice", group);
        world.settle();
        world.join_as("zoe");
        world.command("zoe", Command::UseTicket(ticket)).unwrap();
        world.connect("zoe", "alice");
        for _ in 0..breaks_after {
            world.deliver_one();
        }
        world.restart(if breaks_after % 2 == 0 { "zoe" } else { "alice" });
        world.connect("zoe", "alice");
        world.connect("alice", "bob");
        world.settle();
        world.say_in("zoe", group, "hello");
        world.settle();
        assert_eq!(world.said_in("bob", group), ["before", "hello"], "broken after {breaks_after}");
        all_know_the_same(&mut world, group, &["alice", "bob", "zoe"]);
        let store = &world.person("zoe").store;
        let joins = store.timeline(group, None, 100).unwrap().into_iter().filter(|entry| {
            let content = entry.body.as_deref().map(|body| {
                Body::from_bytes(Kind::MEMBERSHIP, body).ok()
            });
            matches!(content.flatten().map(|body| body.content().clone()),
                Some(Content::Membership(operation)) if matches!(operation.action, Action::Join { .. }))
        });
        assert_eq!(joins.count(), 3, "each joins once");
        assert_eq!(world.person("zoe").store.invitations(), Ok(Vec::new()));
    }
}

#[test]
fn a_device_that_is_let_in_and_does_not_join_is_let_go() {
    let (mut world, group) = choir(&["bob"], Right::Member);
    let ticket = make(&mut world, "alice", group);
    world.join_as("zoe");
    world.command("zoe", Command::UseTicket(ticket)).unwrap();
    world.settle();
    world.reopen("zoe", Config { takes_groups: false, ..Config::default() });
    world.transcript();
    world.connect("zoe", "alice");
    world.settle();
    assert_eq!(world.transcript(), Vec::<String>::new());
    world.pass(31);
    assert_eq!(world.transcript(), ["alice: closes: no answer in time"]);
    assert_eq!(members(&mut world, "alice", group).len(), 2);
}

#[test]
fn a_contact_comes_with_a_ticket_as_strangers_do() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let group = world.group("alice");
    world.connect("alice", "bob");
    world.settle();
    let ticket = make(&mut world, "alice", group);
    world.command("bob", Command::UseTicket(ticket)).unwrap();
    world.connect("bob", "alice");
    world.settle();
    world.say_in("bob", group, "here");
    world.settle();
    assert_eq!(world.said_in("alice", group), ["here"]);
    all_know_the_same(&mut world, group, &["alice", "bob"]);
}

#[test]
fn tickets_to_two_groups_and_to_a_person_lead_to_one_device() {
    let (mut world, group) = choir(&["bob"], Right::Member);
    let other = world.group("alice");
    let tickets = [group, other].map(|group| make(&mut world, "alice", group));
    let invite = world.invite("alice", false);
    world.join_as("zoe");
    for ticket in tickets {
        world.command("zoe", Command::UseTicket(ticket)).unwrap();
    }
    world.command("zoe", Command::Redeem(invite)).unwrap();
    for _ in 0..3 {
        world.connect("zoe", "alice");
        world.settle();
    }
    for group in [group, other] {
        all_know_the_same(&mut world, group, &["alice", "zoe"]);
        assert!(members(&mut world, "alice", group).contains(&("zoe", Role::Member)));
    }
    let alice = world.account("alice");
    assert_eq!(contacts(&mut world, "zoe"), [alice]);
}

#[test]
fn another_device_of_somebody_who_joined_by_a_ticket_joins_by_the_same_right() {
    let (mut world, group) = choir(&["bob"], Right::Member);
    let ticket = make(&mut world, "alice", group);
    world.join_as("zoe");
    comes(&mut world, "zoe", "alice", &ticket);
    world.restore_on("zoe", "zoe's phone");
    world.connect("zoe's phone", "zoe");
    world.settle();
    world.say_in("zoe's phone", group, "from the bus");
    world.settle();
    assert_eq!(world.said_in("bob", group), ["from the bus"]);
    all_know_the_same(&mut world, group, &["alice", "bob", "zoe", "zoe's phone"]);
}

#[test]
fn who_was_away_hears_from_any_member_who_came_by_a_ticket() {
    let (mut world, group) = choir(&["bob", "carol"], Right::Member);
    let ticket = make(&mut world, "alice", group);
    world.settle();
    world.disconnect("alice", "carol");
    for who in ["yan", "zoe"] {
        world.join_as(who);
        comes(&mut world, who, "alice", &ticket);
        world.say_in(who, group, who);
        world.settle();
    }
    // Zoe's words name those of Yan, and Carol has heard of neither.
    world.disconnect("alice", "bob");
    world.connect("carol", "bob");
    world.settle();
    assert_eq!(world.said_in("carol", group), ["yan", "zoe"]);
    all_know_the_same(&mut world, group, &["alice", "bob", "carol", "zoe"]);
}

#[test]
fn only_those_who_decide_make_and_revoke_tickets_and_there_is_an_end_of_them() {
    let (mut world, group) = choir(&["bob"], Right::Member);
    let make_one = || Command::MakeTicket { group, lifetime_s: None, addresses: Vec::new() };
    let no_right = Err(Refusal::Group(GroupRefusal::NoRight(Role::Admin)));
    assert_eq!(world.command("bob", make_one()), no_right);
    let first = make(&mut world, "alice", group);
    world.settle();
    let revoke_it = Command::RevokeTicket { group, ticket: first.ticket };
    assert_eq!(world.command("bob", revoke_it.clone()), no_right);
    for _ in 1..GROUP_TICKETS_MAX {
        make(&mut world, "alice", group);
    }
    let too_many = Err(Refusal::Group(GroupRefusal::TooManyTickets));
    assert_eq!(world.command("alice", make_one()), too_many);
    assert!(world.command("alice", revoke_it.clone()).is_ok());
    let again = world.command("alice", revoke_it);
    assert_eq!(again, Err(Refusal::Group(GroupRefusal::NoTicket)));
    assert!(world.command("alice", make_one()).is_ok());
    assert_eq!(
        world.command("alice", Command::UseTicket(first)),
        Err(Refusal::Group(GroupRefusal::IsMember))
    );
}

#[test]
fn a_contact_who_writes_that_they_join_by_a_ticket_that_has_ended_is_not_heard() {
    for is_over in [false, true] {
        let mut world = World::of_friends(&["alice", "bob"]);
        let group = world.group("alice");
        let ticket = make(&mut world, "alice", group);
        if is_over {
            world.pass(3_601);
        }
        let link = world.connect("bob", "alice");
        world.settle();
        let (account, author) = (world.account("bob"), world.device("bob"));
        let key = ticket.key();
        let proof = prove_ticket(&key, group, account, author);
        let by = By::Ticket { ticket: ticket.ticket, key: key.public(), proof };
        let join = Operation::new(Action::Join { account, by });
        let forger = Forger::of(&world.person("bob").store.local().unwrap().unwrap());
        let says = Content::Membership(Box::new(join));
        let nothing = Parents::default();
        let run = forger.naming(nothing, group, author, Place::First, 1, 0, says).unwrap();
        let entries = Message::Entries { conversation: group, author, run };
        world.inject("alice", link, entries.to_bytes());
        world.settle();
        let bob = [("bob", Role::Member)];
        let there = if is_over { &[][..] } else { &bob };
        assert_eq!(members(&mut world, "alice", group)[1..], *there);
    }
}

#[test]
fn whoever_comes_with_a_ticket_is_shown_how_the_group_begins_and_no_more_before_they_join() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let group = world.group("alice");
    for words in ["to myself", "and again"] {
        world.say_in("alice", group, words);
    }
    world.grant("alice", group, "bob", Right::Admin);
    world.connect("alice", "bob");
    world.settle();
    world.command("bob", Command::JoinGroup(group)).unwrap();
    world.settle();
    // He has alice's log in one piece, and knows what he has kept.
    world.restart("bob");
    let ticket = make(&mut world, "bob", group);
    world.join_as("zoe");
    assert_eq!(world.command("zoe", Command::UseTicket(ticket)), Ok(Answer::Done));
    world.connect("zoe", "bob");
    let before = world.entries_sent();
    let is_shown = (0..100).any(|_| {
        world.deliver_one();
        world.entries_sent() > before
    });
    assert!(is_shown, "{:?}", world.transcript());
    assert_eq!(world.entries_sent() - before, 1);
    world.settle();
    assert_eq!(world.said_in("zoe", group), ["to myself", "and again"]);
}
