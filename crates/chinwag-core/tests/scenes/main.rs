//! Scenes: whole stories of people on one virtual network, and what each of them saw.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod batches;
mod bundles;
mod clients;
mod convergence;
mod delivery;
mod devices;
mod gaps;
mod groups;
mod tickets;
mod vanishing;
#[path = "../world/mod.rs"]
mod world;

use std::collections::BTreeSet;

use chinwag_core::body::Text;
use chinwag_core::entry::{Place, Seq};
use chinwag_core::ids::{ConversationId, DeviceId, EntryId};
use chinwag_core::input::Command;
use chinwag_core::log::Run;
use chinwag_core::node::Config;
use chinwag_core::output::{Answer, Refusal};
use chinwag_core::store::Store;
use chinwag_core::sync::ranges::Range;
use chinwag_core::testing::Forger;
use chinwag_core::ticket::Ticket;
use chinwag_core::wire::codec::Encode;
use chinwag_core::wire::message::Message;
use world::World;

#[test]
fn two_people_meet_over_a_ticket() {
    let mut world = World::of(&["alice", "bob"]);
    let ticket = world.invite("alice", false);
    assert_eq!(world.command("bob", Command::Redeem(ticket)), Ok(Answer::Done));
    world.connect("bob", "alice");
    world.settle();
    assert_eq!(world.transcript(), ["alice: knows bob", "bob: knows alice"]);
}

#[test]
fn a_ticket_is_good_for_one() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    let ticket = world.invite("alice", false);
    for name in ["bob", "carol"] {
        world.command(name, Command::Redeem(ticket.clone())).unwrap();
        world.connect(name, "alice");
        world.settle();
    }
    let expected = [
        "alice: knows bob",
        "bob: knows alice",
        "alice: closes: not a contact, and without a valid invite",
    ];
    assert_eq!(world.transcript(), expected);
}

#[test]
fn a_reusable_ticket_is_good_for_a_class() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    let ticket = world.invite("alice", true);
    for name in ["bob", "carol"] {
        world.command(name, Command::Redeem(ticket.clone())).unwrap();
        world.connect(name, "alice");
        world.settle();
    }
    let known: Vec<_> = world.transcript();
    assert!(known.contains(&"alice: knows carol".to_owned()), "{known:?}");
}

#[test]
fn a_ticket_that_has_ended_is_refused_on_both_sides() {
    let mut world = World::of(&["alice", "bob"]);
    let ticket = world.invite("alice", false);
    world.command("bob", Command::Redeem(ticket.clone())).unwrap();
    world.pass(3_601);
    world.connect("bob", "alice");
    world.settle();
    let closed = "alice: closes: not a contact, and without a valid invite";
    assert_eq!(world.transcript(), [closed]);
    let again = world.command("bob", Command::Redeem(ticket));
    assert_eq!(again, Err(Refusal::TicketExpired));
}

#[test]
fn a_stranger_is_told_nothing() {
    let mut world = World::of(&["alice", "mallory"]);
    world.connect("mallory", "alice");
    world.settle();
    let transcript = world.transcript();
    assert!(
        transcript.iter().all(|line| line.ends_with("without a valid invite")),
        "{transcript:?}"
    );
}

#[test]
fn a_message_arrives_and_is_shown_delivered() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.connect("alice", "bob");
    world.settle();
    world.say("alice", "bob", "hello");
    assert_eq!(world.transcript(), ["alice: has alice 1: hello"]);
    world.settle();
    let expected = ["bob: has alice 1: hello", "alice: alice 1..1 delivered to bob"];
    assert_eq!(world.transcript(), expected);
}

#[test]
fn what_was_said_while_apart_arrives_when_they_meet() {
    let mut world = World::of_friends(&["alice", "bob"]);
    for n in 1..=3 {
        world.say("alice", "bob", &format!("a{n}"));
        world.say("bob", "alice", &format!("b{n}"));
    }
    world.connect("alice", "bob");
    world.settle();
    let all = vec![
        ("alice", vec!["a1".to_owned(), "a2".to_owned(), "a3".to_owned()]),
        ("bob", vec!["b1".to_owned(), "b2".to_owned(), "b3".to_owned()]),
    ];
    assert_eq!(world.history("alice", "bob"), all);
    assert_eq!(world.history("bob", "alice"), all);
    let transcript = world.transcript();
    assert!(transcript.contains(&"alice: alice 1..3 delivered to bob".to_owned()));
    assert!(transcript.contains(&"bob: bob 1..3 delivered to alice".to_owned()));
}

#[test]
fn delivered_is_said_only_of_what_the_other_has_kept() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.connect("alice", "bob");
    world.settle();
    world.say("alice", "bob", "hello");
    world.person("bob").store.fail_commit_in(0);
    world.settle();
    let lost = "bob: crashed: the store failed: a commit that a test makes fail";
    assert_eq!(world.transcript(), ["alice: has alice 1: hello", lost]);
    world.connect("alice", "bob");
    world.settle();
    let expected = ["bob: has alice 1: hello", "alice: alice 1..1 delivered to bob"];
    assert_eq!(world.transcript(), expected);
}

#[test]
fn a_thousand_messages_arrive_in_pages() {
    let mut world = World::of_friends(&["alice", "bob"]);
    for n in 0..2_500 {
        world.say("alice", "bob", &format!("message {n}"));
    }
    world.transcript();
    world.connect("alice", "bob");
    world.settle();
    assert_eq!(world.history("alice", "bob"), world.history("bob", "alice"));
    let transcript = world.transcript();
    let delivered: Vec<_> = transcript.iter().filter(|l| l.contains("delivered")).collect();
    assert_eq!(delivered.last().unwrap().as_str(), "alice: alice 1..2500 delivered to bob");
    assert!(delivered.len() <= 10, "in pages and not one by one: {}", delivered.len());
}

#[test]
fn a_connection_that_breaks_at_any_message_loses_nothing() {
    for breaks_after in 0..40 {
        let mut world = World::of_friends(&["alice", "bob"]);
        for n in 1..=5 {
            world.say("alice", "bob", &format!("a{n}"));
            world.say("bob", "alice", &format!("b{n}"));
        }
        world.connect("alice", "bob");
        for _ in 0..breaks_after {
            world.deliver_one();
        }
        world.disconnect("alice", "bob");
        world.say("alice", "bob", "a6");
        world.connect("bob", "alice");
        world.settle();
        let ours = world.history("alice", "bob");
        assert_eq!(ours, world.history("bob", "alice"), "broken after {breaks_after}");
        assert_eq!(ours[0].1.len(), 6);
    }
}

#[test]
fn everything_survives_a_restart() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.say("alice", "bob", "before");
    world.restart("alice");
    world.restart("bob");
    world.say("alice", "bob", "after");
    world.connect("alice", "bob");
    world.settle();
    let said = vec!["before".to_owned(), "after".to_owned()];
    assert_eq!(world.history("bob", "alice"), [("alice", said), ("bob", vec![])]);
}

#[test]
fn a_ticket_that_was_redeemed_is_tried_again_after_a_restart() {
    let mut world = World::of(&["alice", "bob"]);
    let ticket = world.invite("alice", false);
    world.command("bob", Command::Redeem(ticket)).unwrap();
    world.restart("bob");
    world.connect("bob", "alice");
    world.settle();
    assert_eq!(world.transcript(), ["alice: knows bob", "bob: knows alice"]);
}

#[test]
fn two_connections_at_once_bring_nothing_twice() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.say("alice", "bob", "before");
    world.transcript();
    world.connect("alice", "bob");
    world.connect("bob", "alice");
    world.settle();
    world.say("alice", "bob", "hello");
    world.settle();
    let seen = world.transcript();
    let times = |line: &str| seen.iter().filter(|l| *l == line).count();
    assert_eq!(times("bob: has alice 1: before"), 1);
    assert_eq!(times("bob: has alice 2: hello"), 1);
}

#[test]
fn whoever_says_nothing_is_let_go() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.connect("alice", "bob");
    world.pass(31);
    assert!(world.transcript().contains(&"alice: closes: no answer in time".to_owned()));
}

#[test]
fn nobody_speaks_before_saying_who_they_are() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let link = world.connect("alice", "bob");
    world.inject("alice", link, vec![2; 33]);
    assert_eq!(world.transcript(), ["alice: closes: a message out of turn"]);
}

#[test]
fn bytes_that_are_no_message_close_the_connection_and_nothing_else() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let link = world.connect("alice", "bob");
    world.settle();
    world.inject("alice", link, b"hello?".to_vec());
    let expected = "alice: closes: a message that can't be read: 104 is no known kind of message";
    assert_eq!(world.transcript(), [expected]);
    world.connect("alice", "bob");
    world.settle();
    world.say("bob", "alice", "still here");
    world.settle();
    assert!(world.transcript().contains(&"alice: has bob 1: still here".to_owned()));
}

#[test]
fn an_invitation_that_breaks_at_any_message_is_taken_up_again() {
    for breaks_after in 0..12 {
        let mut world = World::of(&["alice", "bob"]);
        let ticket = world.invite("alice", false);
        world.command("bob", Command::Redeem(ticket)).unwrap();
        world.connect("bob", "alice");
        for _ in 0..breaks_after {
            world.deliver_one();
        }
        world.disconnect("alice", "bob");
        world.connect("bob", "alice");
        world.settle();
        let met = ["alice: knows bob", "bob: knows alice"];
        assert_eq!(world.transcript(), met, "broken after {breaks_after}");
        world.say("alice", "bob", "hello");
        world.settle();
        assert_eq!(world.history("alice", "bob"), world.history("bob", "alice"));
    }
}

#[test]
fn whoever_invites_may_crash_before_it_is_kept() {
    let mut world = World::of(&["alice", "bob"]);
    let ticket = world.invite("alice", false);
    world.command("bob", Command::Redeem(ticket)).unwrap();
    world.connect("bob", "alice");
    for _ in 0..4 {
        world.deliver_one();
    }
    world.person("alice").store.fail_commit_in(0);
    world.settle();
    let lost = "alice: crashed: the store failed: a commit that a test makes fail";
    assert_eq!(world.transcript(), [lost]);
    world.connect("bob", "alice");
    world.settle();
    assert_eq!(world.transcript(), ["alice: knows bob", "bob: knows alice"]);
}

#[test]
fn of_two_who_come_at_once_with_a_ticket_for_one_one_is_let_in() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    let ticket = world.invite("alice", false);
    for name in ["bob", "carol"] {
        world.command(name, Command::Redeem(ticket.clone())).unwrap();
        world.connect(name, "alice");
    }
    world.settle();
    let expected = [
        "alice: knows bob",
        "alice: closes: not a contact, and without a valid invite",
        "bob: knows alice",
    ];
    assert_eq!(world.transcript(), expected);
}

#[test]
fn two_who_redeem_each_others_tickets_need_no_valid_one() {
    let mut world = World::of(&["alice", "bob"]);
    let (of_alice, of_bob) = (world.invite("alice", false), world.invite("bob", false));
    world.command("bob", Command::Redeem(of_alice)).unwrap();
    world.command("alice", Command::Redeem(of_bob)).unwrap();
    world.pass(3_601);
    world.connect("bob", "alice");
    world.settle();
    assert_eq!(world.transcript(), ["alice: knows bob", "bob: knows alice"]);
}

/// What bob says he has of the conversation with alice.
fn claim(world: &mut World, author: DeviceId, range: Range) -> Vec<u8> {
    let conversation = ConversationId::direct(world.account("alice"), world.account("bob"));
    world::claim(conversation, author, &[range], EntryId::from_bytes([1; 32]))
}

#[test]
fn a_claim_of_more_than_anybody_can_write_costs_no_more_than_another() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let link = world.connect("alice", "bob");
    world.settle();
    let bob = world.device("bob");
    let bytes = claim(&mut world, bob, Range::up_to(Seq::MAX));
    world.inject("alice", link, bytes);
    world.say("alice", "bob", "hello");
    world.settle();
    assert!(world.transcript().contains(&"bob: has alice 1: hello".to_owned()));
}

#[test]
fn nothing_is_delivered_before_it_is_written() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let link = world.connect("alice", "bob");
    world.settle();
    world.say("alice", "bob", "one");
    let alice = world.device("alice");
    let bytes = claim(&mut world, alice, Range::up_to(Seq::MIN.saturating_add(9)));
    world.inject("alice", link, bytes);
    assert_eq!(
        world.transcript(),
        ["alice: has alice 1: one", "alice: alice 1..1 delivered to bob"]
    );
    world.settle();
    world.say("alice", "bob", "two");
    world.settle();
    assert!(world.transcript().contains(&"bob: has alice 2: two".to_owned()));
}

#[test]
fn what_is_kept_of_others_claims_has_a_limit() {
    let mut world = World::of_friends(&["alice", "bob", "carol"]);
    let link = world.connect("alice", "bob");
    world.settle();
    let (bob, carol) = (world.device("bob"), world.device("carol"));
    for n in 1..100 {
        let at = Seq::MIN.saturating_add(2 * n);
        for author in [bob, carol] {
            let bytes = claim(&mut world, author, Range::new(at, at).unwrap());
            world.inject("alice", link, bytes);
        }
    }
    let receipts = world.person("alice").store.receipts().unwrap();
    let of_bob = receipts.iter().find(|(_, device, _)| *device == bob).unwrap();
    assert_eq!(of_bob.2.iter().map(|(author, _)| author).collect::<Vec<_>>(), [bob]);
    assert_eq!(of_bob.2.of(bob).unwrap().iter().count(), 16);
}

#[test]
fn no_page_is_sent_twice_and_nothing_is_sent_back() {
    let mut world = World::of_friends(&["alice", "bob"]);
    for n in 0..2_500 {
        world.say("alice", "bob", &format!("message {n}"));
    }
    world.connect("alice", "bob");
    world.settle();
    assert_eq!(world.entries_sent(), 2_500);
    world.connect("bob", "alice");
    world.settle();
    world.say("alice", "bob", "on both");
    world.settle();
    assert_eq!(world.entries_sent(), 2_502);
}

#[test]
fn who_is_away_for_years_is_still_known() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.say("alice", "bob", "see you");
    world.pass(5 * 365 * 24 * 3_600);
    world.restart("bob");
    world.transcript();
    world.connect("alice", "bob");
    world.settle();
    let expected = ["bob: has alice 1: see you", "alice: alice 1..1 delivered to bob"];
    assert_eq!(world.transcript(), expected);
}

#[test]
fn a_run_with_one_signature_goes_on_as_it_came_however_long_it_is() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let link = world.connect("alice", "bob");
    world.settle();
    let (author, alice, bob) = (world.device("bob"), world.account("alice"), world.account("bob"));
    let conversation = ConversationId::direct(alice, bob);
    let forger = Forger::of(&world.person("bob").store.local().unwrap().unwrap());
    let mut place = Place::First;
    let mut entries = Vec::new();
    let mut signature = None;
    for _ in 0..6 {
        let words = "x".repeat(500_000);
        let run = forger.run(conversation, author, place, 0, &words).unwrap();
        place = Place::following(place.seq(), run.entries[0].0.id()).unwrap();
        entries.extend(run.entries);
        signature = Some(run.signature);
    }
    let run = Run { entries, signature: signature.unwrap() };
    world.inject("alice", link, Message::Entries { conversation, author, run }.to_bytes());
    // On another connection, where it is not known that they have it.
    world.disconnect("alice", "bob");
    let link = world.connect("alice", "bob");
    for _ in 0..6 {
        world.deliver_one();
    }
    let range = Range::up_to(Seq::MIN);
    world.inject("alice", link, Message::Want { conversation, author, range }.to_bytes());
    assert_eq!(world.entries_sent(), 6);
}

#[test]
fn a_certificate_may_be_renewed_while_another_connection_begins() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let first = world.connect("alice", "bob");
    world.settle();
    world.connect("alice", "bob");
    world.jump(200);
    world.connect("alice", "bob");
    world.deliver_on(first);
    world.settle();
    world.pass(31);
    assert_eq!(world.transcript(), [""; 0]);
}

#[test]
fn two_devices_of_one_account_share_everything() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.say("bob", "alice", "before");
    world.connect("alice", "bob");
    world.settle();
    world.restore_on("alice", "alice's phone");
    world.connect("alice's phone", "alice");
    world.settle();
    let phone = world.history("alice's phone", "bob");
    assert!(phone.contains(&("bob", vec!["before".to_owned()])), "{phone:?}");
    world.connect("alice's phone", "bob");
    world.settle();
    world.say("alice's phone", "bob", "from the phone");
    world.settle();
    let phone = ("alice's phone", vec!["from the phone".to_owned()]);
    for (name, with) in [("alice", "bob"), ("alice's phone", "bob"), ("bob", "alice")] {
        let history = world.history(name, with);
        assert!(history.contains(&phone), "{name}: {history:?}");
        assert!(history.contains(&("bob", vec!["before".to_owned()])), "{name}: {history:?}");
    }
    assert_eq!(world.digest("alice", "bob"), world.digest("bob", "alice"));
    assert_eq!(world.digest("alice's phone", "bob"), world.digest("bob", "alice"));
}

#[test]
fn a_copy_that_was_put_back_learns_it_from_its_peer_before_it_writes() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.say("alice", "bob", "one");
    let backup = world.person("alice").store.clone();
    world.say("alice", "bob", "two");
    world.connect("alice", "bob");
    world.settle();
    world.disconnect("alice", "bob");
    world.person("alice").store = backup;
    world.restart("alice");
    world.transcript();
    let link = world.connect("alice", "bob");
    // It says so while it is not yet known: it waits.
    for _ in 0..6 {
        world.deliver_one();
    }
    assert!(world.is_connected(link));
    world.settle();
    let seen = world.transcript();
    assert!(seen.contains(&"alice: is another device now".to_owned()), "{seen:?}");
    world.connect("alice", "bob");
    world.settle();
    world.say("alice", "bob", "three");
    world.settle();
    let words = |history: Vec<(&str, Vec<String>)>| -> BTreeSet<String> {
        history.into_iter().flat_map(|(_, said)| said).collect()
    };
    let all: BTreeSet<String> = ["one", "two", "three"].map(str::to_owned).into();
    assert_eq!(words(world.history("bob", "alice")), all);
    assert_eq!(words(world.history("alice", "bob")), all);
    assert_eq!(world.digest("alice", "bob"), world.digest("bob", "alice"));
    assert!(!world.transcript().iter().any(|line| line.contains("forked")));
}

#[test]
fn a_copy_that_knows_it_is_one_is_another_device_before_it_writes() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let backup = world.person("alice").store.clone();
    world.say("alice", "bob", "lost with the disk, but not for bob");
    world.connect("alice", "bob");
    world.settle();
    world.person("alice").store = backup;
    world.reopen("alice", Config { is_copy: true, ..Config::default() });
    world.say("alice", "bob", "at once");
    world.connect("alice", "bob");
    world.settle();
    assert!(!world.transcript().iter().any(|line| line.contains("forked")));
    let history = world.history("bob", "alice");
    assert_eq!(history, world.history("alice", "bob"));
    assert_eq!(history.iter().map(|(_, said)| said.len()).sum::<usize>(), 2);
}

#[test]
fn a_fork_is_kept_shown_and_told_and_nothing_after_it_counts() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.restore_on("alice", "alice's phone");
    world.connect("alice's phone", "alice");
    world.settle();
    world.connect("bob", "alice");
    world.settle();
    world.say("bob", "alice", "the same for all");
    world.settle();
    world.say("bob", "alice", "for alice's laptop");
    world.settle();
    world.disconnect("alice", "alice's phone");
    world.transcript();
    // Bob's key says something else to the phone.
    let author = world.device("bob");
    let conversation = ConversationId::direct(world.account("alice"), world.account("bob"));
    let store = &world.person("bob").store;
    let first = store.tip(conversation, author, Seq::MIN).unwrap().unwrap();
    let second = store.tip(conversation, author, Seq::MIN.saturating_add(1)).unwrap().unwrap();
    let forger = Forger::of(&store.local().unwrap().unwrap());
    let place = Place::following(first.seq, first.id).unwrap();
    let run = forger.run(conversation, author, place, second.rank, "for the phone").unwrap();
    let link = world.connect("bob", "alice's phone");
    world.settle();
    world.inject("alice's phone", link, Message::Entries { conversation, author, run }.to_bytes());
    let seen = world.transcript();
    assert!(seen.contains(&"alice's phone: bob forked at 2".to_owned()), "{seen:?}");
    world.connect("alice", "alice's phone");
    world.settle();
    let seen = world.transcript();
    assert!(seen.contains(&"alice: somebody forked at 2".to_owned()), "{seen:?}");
    assert!(seen.contains(&"bob: is another device now".to_owned()), "{seen:?}");
    assert_eq!(world.digest("alice's phone", "bob"), world.digest("alice", "bob"));
}

#[test]
fn a_stranger_may_ask_and_learns_nothing_until_the_answer() {
    let mut world = World::of(&["alice", "bob"]);
    let (account, device) = (world.account("alice"), world.device("alice"));
    let text = "it's bob from the train".to_owned();
    let ask = Command::Ask { account, device, addresses: Vec::new(), text };
    world.command("bob", ask).unwrap();
    let link = world.connect("bob", "alice");
    world.settle();
    assert_eq!(world.transcript(), ["alice: bob asks as bob: it's bob from the train"]);
    assert!(!world.is_connected(link));
    let bob = world.account("bob");
    world.command("alice", Command::Accept(bob)).unwrap();
    world.connect("alice", "bob");
    world.settle();
    assert_eq!(world.transcript(), ["alice: knows bob", "bob: knows alice"]);
}

#[test]
fn a_card_says_where_somebody_is_and_who_uses_it_asks() {
    let mut world = World::of(&["alice", "bob"]);
    let card = Ticket::card(world.account("alice"), world.device("alice"), Vec::new());
    let card: Ticket = card.to_text().parse().unwrap();
    assert!(card.is_card());
    world.command("bob", Command::Redeem(card)).unwrap();
    world.connect("bob", "alice");
    world.settle();
    assert_eq!(world.transcript(), ["alice: bob asks as bob: "]);
    let bob = world.account("bob");
    world.command("alice", Command::Accept(bob)).unwrap();
    world.connect("alice", "bob");
    world.settle();
    assert_eq!(world.transcript(), ["alice: knows bob", "bob: knows alice"]);
    let invitation = world.invite("alice", true);
    assert!(!invitation.is_card());
}

/// Asks for somebody else's contact, as who has their card does.
fn ask(world: &mut World, from: &'static str, of: &str, text: &str) {
    let (account, device) = (world.account(of), world.device(of));
    let ask = Command::Ask { account, device, addresses: Vec::new(), text: text.to_owned() };
    world.command(from, ask).unwrap();
}

#[test]
fn who_was_asked_and_is_blocked_meanwhile_does_not_hear_who_asked() {
    let mut world = World::of(&["alice", "bob"]);
    ask(&mut world, "bob", "alice", "please");
    let link = world.connect("bob", "alice");
    assert!(world.deliver_one_on(link), "his wish, without his name");
    let alice = world.account("alice");
    world.command("bob", Command::Block(alice, true)).unwrap();
    world.settle();
    assert!(!world.is_connected(link));
    world.connect("bob", "alice");
    world.settle();
    let seen = world.transcript();
    assert!(!seen.iter().any(|line| line.contains("asks")), "{seen:?}");
}

#[test]
fn who_was_asked_and_came_another_way_and_is_blocked_then_does_not_hear_who_asked() {
    let mut world = World::of(&["alice", "bob"]);
    world.restore_on("alice", "alice's phone");
    world.connect("alice", "alice's phone");
    world.settle();
    ask(&mut world, "bob", "alice", "please");
    let link = world.connect("bob", "alice");
    assert!(world.deliver_one_on(link), "his wish, without his name");
    // Meanwhile they become contacts by a ticket, and are no more.
    let ticket = world.invite("alice's phone", false);
    world.command("bob", Command::Redeem(ticket)).unwrap();
    let other = world.connect("bob", "alice's phone");
    world.deliver_on(other);
    let alice = world.account("alice");
    world.command("bob", Command::Block(alice, true)).unwrap();
    world.settle();
    assert!(!world.is_connected(link));
    let seen = world.transcript();
    assert!(!seen.iter().any(|line| line.contains("asks")), "{seen:?}");
}

#[test]
fn whose_ticket_was_used_and_is_blocked_meanwhile_is_not_looked_for() {
    let mut world = World::of(&["alice", "bob"]);
    let ticket = world.invite("alice", false);
    world.command("bob", Command::Redeem(ticket)).unwrap();
    let alice = world.account("alice");
    world.command("bob", Command::Block(alice, true)).unwrap();
    world.restart("bob");
    assert_eq!(world.person("bob").store.tickets().unwrap(), []);
    world.connect("bob", "alice");
    world.settle();
    let contacts = world.person("alice").store.contacts().unwrap();
    assert!(contacts.is_empty(), "{contacts:?}");
}

#[test]
fn a_request_that_was_declined_does_not_come_again() {
    let mut world = World::of(&["alice", "bob"]);
    ask(&mut world, "bob", "alice", "please");
    world.connect("bob", "alice");
    world.settle();
    let bob = world.account("bob");
    world.command("alice", Command::Decline(bob)).unwrap();
    world.transcript();
    ask(&mut world, "bob", "alice", "pretty please");
    for _ in 0..3 {
        world.restart("alice");
        world.connect("bob", "alice");
        world.settle();
    }
    assert_eq!(world.transcript(), ["alice: closes: not a contact, and without a valid invite"; 3]);
    let requests = world.person("alice").store.requests().unwrap();
    assert_eq!(requests.iter().map(|request| request.is_declined).collect::<Vec<_>>(), [true]);
    // It can be thought over.
    world.command("alice", Command::Accept(bob)).unwrap();
    world.connect("alice", "bob");
    world.settle();
    assert_eq!(world.transcript(), ["alice: knows bob", "bob: knows alice"]);
}

#[test]
fn two_who_ask_each_other_are_contacts() {
    let mut world = World::of(&["alice", "bob"]);
    ask(&mut world, "alice", "bob", "it's alice");
    ask(&mut world, "bob", "alice", "it's bob");
    world.connect("bob", "alice");
    world.settle();
    world.connect("alice", "bob");
    world.settle();
    let seen = world.transcript();
    assert!(seen.contains(&"alice: knows bob".to_owned()), "{seen:?}");
    assert!(seen.contains(&"bob: knows alice".to_owned()), "{seen:?}");
}

#[test]
fn asking_somebody_who_has_asked_is_accepting() {
    let mut world = World::of(&["alice", "bob"]);
    ask(&mut world, "bob", "alice", "it's bob");
    world.connect("bob", "alice");
    world.settle();
    ask(&mut world, "alice", "bob", "it's alice");
    world.connect("alice", "bob");
    world.settle();
    let seen = world.transcript();
    assert_eq!(seen[1..], ["alice: knows bob", "bob: knows alice"], "{seen:?}");
}

#[test]
fn whoever_is_blocked_is_kept_out() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.connect("alice", "bob");
    world.settle();
    let bob = world.account("bob");
    world.command("alice", Command::Block(bob, true)).unwrap();
    world.connect("bob", "alice");
    world.say("bob", "alice", "why?");
    world.settle();
    assert!(!world.transcript().contains(&"alice: has bob 1: why?".to_owned()));
    world.command("alice", Command::Block(bob, false)).unwrap();
    world.connect("bob", "alice");
    world.settle();
    assert!(world.transcript().contains(&"alice: has bob 1: why?".to_owned()));
}

#[test]
fn what_was_read_and_who_types_is_seen_while_it_is_shared() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.connect("alice", "bob");
    world.settle();
    world.say("alice", "bob", "hello");
    world.settle();
    world.transcript();
    let alice = world.account("alice");
    world.command("bob", Command::MarkRead(alice)).unwrap();
    world.command("bob", Command::Typing(alice, true)).unwrap();
    world.settle();
    let seen = world.transcript();
    assert!(seen.contains(&"alice: bob has read it".to_owned()), "{seen:?}");
    assert!(seen.contains(&"alice: bob types: true".to_owned()), "{seen:?}");
}

fn text(words: &str) -> Text {
    Text { text: words.to_owned(), ..Text::default() }
}
