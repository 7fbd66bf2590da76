//! Who was away for long: the newest comes first, and what is between is filled in.

use chinwag_core::entry::{Place, Seq};
use chinwag_core::ids::{ConversationId, EntryId};
use chinwag_core::input::{Command, Link};
use chinwag_core::log::Run;
use chinwag_core::node::Config;
use chinwag_core::store::Store;
use chinwag_core::sync::ranges::{Range, Ranges};
use chinwag_core::testing::Forger;
use chinwag_core::wire::codec::Encode;
use chinwag_core::wire::message::Message;

use crate::world::{World, claim};

/// Alice and bob, for whom ten entries are a page.
fn with_small_pages() -> World {
    let mut world = World::of_friends(&["alice", "bob"]);
    for name in ["alice", "bob"] {
        world.reopen(name, Config { page: 10, ..Config::default() });
    }
    world
}

/// Alice, whose phone has met her other device and is apart now, and Bob.
fn with_a_phone() -> World {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.restore_apart("alice", "alice's phone");
    world
}

fn say(world: &mut World, numbers: std::ops::RangeInclusive<u32>) {
    for n in numbers {
        world.say("alice", "bob", &format!("message {n}"));
    }
    world.transcript();
}

/// Which of alice's entries bob has.
fn at_bobs(world: &mut World) -> Vec<(u64, u64)> {
    let conversation = ConversationId::direct(world.account("alice"), world.account("bob"));
    let alice = world.device("alice");
    let frontiers = world.person("bob").store.frontiers().unwrap();
    let here = frontiers.iter().find(|(id, _)| *id == conversation);
    let ranges = here.and_then(|(_, frontier)| frontier.of(alice));
    let ends = |range: Range| (range.from().get(), range.to().get());
    ranges.into_iter().flat_map(Ranges::iter).map(ends).collect()
}

/// Delivers messages until bob has these of alice's entries.
fn until_bob_has(world: &mut World, ranges: &[(u64, u64)]) {
    for _ in 0..1_000 {
        if at_bobs(world) == ranges {
            return;
        }
        world.deliver_one();
    }
    panic!("bob never has {ranges:?}");
}

#[test]
fn who_was_away_sees_the_newest_first() {
    let mut world = with_small_pages();
    say(&mut world, 1..=200);
    world.connect("alice", "bob");
    until_bob_has(&mut world, &[(191, 200)]);
    let seen = world.transcript();
    assert_eq!(seen.first().unwrap(), "bob: has alice 191: message 191");
    world.settle();
    assert_eq!(at_bobs(&mut world), [(1, 200)]);
    assert_eq!(world.digest("bob", "alice"), world.digest("alice", "bob"));
    assert_eq!(world.entries_sent(), 200, "and nothing twice");
    let delivered = "alice: alice 1..200 delivered to bob".to_owned();
    assert!(world.transcript().contains(&delivered));
}

#[test]
fn what_is_shown_above_a_gap_is_delivered_and_what_is_below_is_not() {
    let mut world = with_small_pages();
    say(&mut world, 1..=199);
    let newest = world.say("alice", "bob", "message 200");
    let oldest = {
        let conversation = ConversationId::direct(world.account("alice"), world.account("bob"));
        let alice = world.device("alice");
        world.person("alice").store.tip(conversation, alice, Seq::MIN).unwrap().unwrap().id
    };
    world.connect("alice", "bob");
    until_bob_has(&mut world, &[(191, 200)]);
    for _ in 0..2 {
        // Bob's word that he has it.
        world.deliver_one();
    }
    let mut has = |id| world.delivery("alice", ["alice", "bob"], id).unwrap().0;
    assert_eq!(has(newest), [("bob", true)]);
    assert_eq!(has(oldest), [("bob", false)]);
}

#[test]
fn who_goes_away_again_and_again_in_between_ends_with_everything() {
    let mut world = with_small_pages();
    for round in 0..12 {
        say(&mut world, round * 100 + 1..=round * 100 + 100);
        world.connect("alice", "bob");
        for _ in 0..12 {
            world.deliver_one();
        }
        world.disconnect("alice", "bob");
        world.reopen("bob", Config { page: 10, ..Config::default() });
        let ranges = at_bobs(&mut world);
        assert!(ranges.len() <= 8, "{ranges:?}");
    }
    world.say("bob", "alice", "at last");
    world.connect("alice", "bob");
    world.settle();
    assert_eq!(at_bobs(&mut world), [(1, 1_200)]);
    assert_eq!(world.history("bob", "alice"), world.history("alice", "bob"));
}

#[test]
fn what_is_said_meanwhile_goes_on_from_the_newest() {
    let mut world = with_small_pages();
    say(&mut world, 1..=100);
    world.connect("alice", "bob");
    until_bob_has(&mut world, &[(91, 100)]);
    say(&mut world, 101..=103);
    world.settle();
    assert_eq!(at_bobs(&mut world), [(1, 103)]);
    assert_eq!(world.entries_sent(), 103);
}

#[test]
fn another_device_that_listens_gets_what_comes_in_whatever_order() {
    let mut world = with_small_pages();
    world.restore_on("bob", "bob's phone");
    world.connect("bob's phone", "bob");
    world.settle();
    say(&mut world, 1..=100);
    world.connect("alice", "bob");
    world.settle();
    assert_eq!(world.digest("bob's phone", "alice"), world.digest("alice", "bob"));
    assert!(world.digest("bob's phone", "alice").is_some());
}

/// Runs that bob's key writes, one entry each: from a place on, so many.
fn branch(world: &mut World, mut place: Place, words: &str, count: usize) -> Vec<Run> {
    let conversation = ConversationId::direct(world.account("alice"), world.account("bob"));
    let author = world.device("bob");
    let forger = Forger::of(&world.person("bob").store.local().unwrap().unwrap());
    let mut runs = Vec::new();
    for _ in 0..count {
        let run = forger.run(conversation, author, place, 0, words).unwrap();
        place = Place::following(place.seq(), run.entries[0].0.id()).unwrap();
        runs.push(run);
    }
    runs
}

fn hand(world: &mut World, link: Link, run: &Run) {
    let conversation = ConversationId::direct(world.account("alice"), world.account("bob"));
    let author = world.device("bob");
    let run = run.clone();
    world.inject("alice", link, Message::Entries { conversation, author, run }.to_bytes());
}

#[test]
fn a_fork_below_an_island_is_found_when_they_meet() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let link = world.connect("alice", "bob");
    world.settle();
    let one = branch(&mut world, Place::First, "to some", 5);
    let after_two = Place::following(Seq::MIN.saturating_add(1), one[1].entries[0].0.id());
    let other = branch(&mut world, after_two.unwrap(), "to others", 3);
    for run in [&one[0], &one[1], &other[1], &other[2]] {
        hand(&mut world, link, run);
    }
    let forked =
        |world: &mut World| world.transcript().iter().any(|line| line.contains("forked at 3"));
    assert!(!forked(&mut world));
    hand(&mut world, link, &one[2]);
    assert!(forked(&mut world));
}

#[test]
fn a_run_that_reaches_over_islands_is_taken_and_handed_on() {
    let mut world = with_a_phone();
    let link = world.connect("alice", "bob");
    world.settle();
    let bob = world.device("bob");
    let runs = branch(&mut world, Place::First, "all", 9);
    for at in [3, 6, 8] {
        hand(&mut world, link, &runs[at]);
    }
    // One run from the second to the eighth, over two islands and up to a third.
    let entries = runs[1..8].iter().flat_map(|run| run.entries.clone()).collect();
    let whole = Run { entries, signature: runs[7].signature };
    hand(&mut world, link, &whole);
    hand(&mut world, link, &runs[0]);
    let alice = world.account("alice");
    world.connect("alice's phone", "alice");
    world.settle();
    let told = world.digest("alice's phone", "bob");
    assert!(told.is_some() && told == world.digest("alice", "bob"));
    let conversation = ConversationId::direct(alice, world.account("bob"));
    let at_nine = Seq::MIN.saturating_add(8);
    assert!(world.person("alice's phone").store.tip(conversation, bob, at_nine).unwrap().is_some());
}

/// One run that has the entries of all, and the signature of the last.
fn together(runs: &[Run]) -> Run {
    let entries = runs.iter().flat_map(|run| run.entries.clone()).collect();
    Run { entries, signature: runs.last().unwrap().signature }
}

/// Which of bob's entries alice's program has kept.
fn at_alices(world: &mut World, name: &str) -> Vec<(u64, u64)> {
    let conversation = ConversationId::direct(world.account("alice"), world.account("bob"));
    let bob = world.device("bob");
    let frontiers = world.person(name).store.frontiers().unwrap();
    let here = frontiers.iter().find(|(id, _)| *id == conversation);
    let ranges = here.and_then(|(_, frontier)| frontier.of(bob));
    let ends = |range: Range| (range.from().get(), range.to().get());
    ranges.into_iter().flat_map(Ranges::iter).map(ends).collect()
}

#[test]
fn what_is_kept_above_a_gap_has_limits() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let link = world.connect("alice", "bob");
    world.settle();
    let runs = branch(&mut world, Place::First, "scattered", 12_000);
    // Every other one is a range of its own.
    for at in (3..60).step_by(2) {
        hand(&mut world, link, &runs[at]);
    }
    assert_eq!(at_alices(&mut world, "alice").len(), 8);
    // What follows the highest range, as much as there is.
    for from in (18..11_500).step_by(500) {
        hand(&mut world, link, &together(&runs[from..from + 500]));
    }
    let kept = |world: &mut World| {
        at_alices(world, "alice").iter().map(|(from, to)| to - from + 1).sum::<u64>()
    };
    let above = kept(&mut world);
    assert!((9_000..=10_000).contains(&above), "{above}");
    // What follows what is linked is always taken.
    hand(&mut world, link, &together(&runs[..17]));
    assert_eq!(at_alices(&mut world, "alice"), [(1, above + 10)]);
    hand(&mut world, link, &together(&runs[usize::try_from(above).unwrap()..][..1_000]));
    assert_eq!(at_alices(&mut world, "alice"), [(1, above + 1_000)]);
}

#[test]
fn a_newest_page_that_never_links_up_keeps_nothing_out_that_comes_before_it() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let link = world.connect("alice", "bob");
    world.settle();
    let honest = branch(&mut world, Place::First, "honest", 20);
    let after_nothing = Place::following(Seq::MIN.saturating_add(99), honest[0].entries[0].0.id());
    let invented = branch(&mut world, after_nothing.unwrap(), "invented", 3);
    hand(&mut world, link, &together(&invented));
    hand(&mut world, link, &together(&honest));
    assert_eq!(at_alices(&mut world, "alice"), [(1, 20), (101, 103)]);
    let conversation = ConversationId::direct(world.account("alice"), world.account("bob"));
    let bob = world.device("bob");
    let height = world.height("alice", conversation, bob);
    assert_eq!(height, 20, "nothing above the gap is counted");
}

#[test]
fn the_sides_of_a_fork_are_never_handed_on_as_one_run() {
    let mut world = with_a_phone();
    let link = world.connect("alice", "bob");
    world.settle();
    let one = branch(&mut world, Place::First, "to some", 5);
    let after_two = Place::following(Seq::MIN.saturating_add(1), one[1].entries[0].0.id());
    let other = branch(&mut world, after_two.unwrap(), "to others", 6);
    hand(&mut world, link, &together(&one[..1]));
    hand(&mut world, link, &together(&other[3..]));
    // It proves the fork, and comes again when that is known.
    let up_to_five = together(&one[1..]);
    hand(&mut world, link, &up_to_five);
    hand(&mut world, link, &up_to_five);
    assert_eq!(at_alices(&mut world, "alice"), [(1, 8)]);
    world.disconnect("alice", "bob");
    let phone = world.connect("alice's phone", "alice");
    world.settle();
    // It asks for what it was told of before the fork was known.
    let conversation = ConversationId::direct(world.account("alice"), world.account("bob"));
    let author = world.device("bob");
    let range = Range::up_to(Seq::MIN.saturating_add(7));
    let before = world.entries_sent();
    world.inject("alice", phone, Message::Want { conversation, author, range }.to_bytes());
    assert_eq!(world.entries_sent() - before, 5, "the one side, up to its signature");
    world.settle();
    assert!(world.is_connected(phone), "{:?}", world.transcript());
    assert_eq!(world.digest("alice's phone", "bob"), world.digest("alice", "bob"));
}

#[test]
fn an_island_whose_rank_does_not_fit_gives_way_to_what_comes_from_below() {
    let mut world = with_a_phone();
    let link = world.connect("alice", "bob");
    world.settle();
    let conversation = ConversationId::direct(world.account("alice"), world.account("bob"));
    let author = world.device("bob");
    let forger = Forger::of(&world.person("bob").store.local().unwrap().unwrap());
    let high = forger.run(conversation, author, Place::First, 1_000, "first").unwrap();
    let place = Place::following(Seq::MIN, high.entries[0].0.id()).unwrap();
    let low = forger.run(conversation, author, place, 1, "second").unwrap();
    hand(&mut world, link, &low);
    world.disconnect("alice", "bob");
    let bobs = world.connect("alice's phone", "bob");
    world.settle();
    world.inject(
        "alice's phone",
        bobs,
        Message::Entries { conversation, author, run: high }.to_bytes(),
    );
    world.disconnect("alice's phone", "bob");
    let own = world.connect("alice's phone", "alice");
    world.settle();
    assert!(world.is_connected(own), "{:?}", world.transcript());
    for name in ["alice", "alice's phone"] {
        assert_eq!(at_alices(&mut world, name), [(1, 1)], "{name}");
    }
    assert_eq!(world.digest("alice's phone", "bob"), world.digest("alice", "bob"));
}

#[test]
fn what_is_kept_behind_a_fork_gives_way_to_what_counts_before_it() {
    let mut world = with_a_phone();
    // Both sides of a fork at 3, each signed at its end only.
    let one = branch(&mut world, Place::First, "to some", 6);
    let after_two = Place::following(Seq::MIN.saturating_add(1), one[1].entries[0].0.id());
    let other = branch(&mut world, after_two.unwrap(), "to others", 5);
    let conversation = ConversationId::direct(world.account("alice"), world.account("bob"));
    let author = world.device("bob");
    let all_of_other = together(&[&one[..2], &other[..]].concat());
    // One has the first side above a gap, the other all of the second.
    for (name, run) in [("alice", together(&one[1..])), ("alice's phone", all_of_other)] {
        let link = world.connect(name, "bob");
        world.settle();
        world.inject(name, link, Message::Entries { conversation, author, run }.to_bytes());
        world.disconnect(name, "bob");
    }
    assert_eq!(at_alices(&mut world, "alice"), [(2, 6)]);
    assert_eq!(at_alices(&mut world, "alice's phone"), [(1, 7)]);
    let own = world.connect("alice's phone", "alice");
    world.settle();
    world.pass(60);
    assert!(world.is_connected(own), "{:?}", world.transcript());
    for name in ["alice", "alice's phone"] {
        assert_eq!(world.height(name, conversation, author), 2, "{name}");
    }
    assert_eq!(at_alices(&mut world, "alice"), [(1, 7)], "the side that reaches down");
    assert_eq!(world.digest("alice's phone", "bob"), world.digest("alice", "bob"));
    world.restart("alice");
    assert_eq!(world.height("alice", conversation, author), 2);
}

#[test]
fn what_counts_of_a_log_comes_after_its_fork_was_found() {
    let mut world = with_a_phone();
    let one = branch(&mut world, Place::First, "to some", 4);
    let after_two = Place::following(Seq::MIN.saturating_add(1), one[1].entries[0].0.id());
    let other = branch(&mut world, after_two.unwrap(), "to others", 2);
    let conversation = ConversationId::direct(world.account("alice"), world.account("bob"));
    let author = world.device("bob");
    for (name, runs) in [("alice", &one[..]), ("alice's phone", &other[1..])] {
        let link = world.connect(name, "bob");
        world.settle();
        for run in runs {
            let run = run.clone();
            world.inject(name, link, Message::Entries { conversation, author, run }.to_bytes());
        }
        world.disconnect(name, "bob");
    }
    assert_eq!(at_alices(&mut world, "alice's phone"), [(4, 4)]);
    // The first three come in one run, and prove the fork; the first two are wanted again.
    let own = world.connect("alice's phone", "alice");
    world.settle();
    world.pass(60);
    assert!(world.is_connected(own), "{:?}", world.transcript());
    assert_eq!(world.digest("alice's phone", "bob"), world.digest("alice", "bob"));
    assert_eq!(world.height("alice's phone", conversation, author), 2);
}

#[test]
fn what_is_wanted_to_prove_a_fork_is_not_waited_for_in_place_of_what_was_asked_for() {
    let mut world = with_a_phone();
    let runs = branch(&mut world, Place::First, "to some", 3);
    let heads: Vec<EntryId> = runs.iter().map(|run| run.entries[0].0.id()).collect();
    let conversation = ConversationId::direct(world.account("alice"), world.account("bob"));
    let author = world.device("bob");
    let bobs = world.connect("alice's phone", "bob");
    world.settle();
    for run in runs {
        let bytes = Message::Entries { conversation, author, run }.to_bytes();
        world.inject("alice's phone", bobs, bytes);
    }
    world.disconnect("alice's phone", "bob");
    let own = world.connect("alice's phone", "alice");
    world.settle();
    // She has more of it, which the phone asks for; then another third entry, and then a fork was
    // found: of what the phone wants nothing counts any more.
    let range = |from, to| Range::new(Seq::new(from).unwrap(), Seq::new(to).unwrap()).unwrap();
    let claims = |places: &[Range], head| claim(conversation, author, places, head);
    let (more, less) = ([range(1, 3), range(8, 8)], [range(1, 2)]);
    let other = EntryId::from_bytes([7; 32]);
    for bytes in [claims(&more, heads[2]), claims(&more, other), claims(&less, heads[1])] {
        world.inject("alice's phone", own, bytes);
    }
    world.pass(60);
    assert!(world.is_connected(own), "{:?}", world.transcript());
}

#[test]
fn what_proves_a_fork_is_asked_for_beside_what_is_waited_for() {
    let mut world = with_a_phone();
    let some = branch(&mut world, Place::First, "to some", 3);
    let head = some[2].entries[0].0.id();
    let conversation = ConversationId::direct(world.account("alice"), world.account("bob"));
    let author = world.device("bob");
    let bobs = world.connect("alice's phone", "bob");
    let own = world.connect("alice's phone", "alice");
    world.settle();
    for run in some {
        let bytes = Message::Entries { conversation, author, run }.to_bytes();
        world.inject("alice's phone", bobs, bytes);
    }
    let range = |from, to| Range::new(Seq::new(from).unwrap(), Seq::new(to).unwrap()).unwrap();
    let mut asked = |ranges: &[Range], head: EntryId| {
        let (before, _) = world.on_lanes();
        let have = claim(conversation, author, ranges, head);
        world.inject("alice's phone", own, have);
        world.on_lanes().0 - before
    };
    let more = [range(1, 3), range(8, 8)];
    assert_eq!(asked(&more, head), 1, "what is not here");
    assert_eq!(asked(&more, head), 0, "it is waited for");
    assert_eq!(asked(&more, EntryId::from_bytes([7; 32])), 1, "the first three, which are others");
}

/// How much alice knows to be at bob's phone, which had so many messages of her connection before it
/// got all from bob.
fn delivered_through_another(before: usize) -> u64 {
    let mut world = with_small_pages();
    world.restore_on("bob", "bob's phone");
    world.connect("bob's phone", "bob");
    world.connect("alice", "bob");
    world.settle();
    world.connect("alice", "bob's phone");
    world.settle();
    world.disconnect("alice", "bob");
    world.disconnect("alice", "bob's phone");
    world.disconnect("bob", "bob's phone");
    say(&mut world, 1..=30);
    world.connect("alice", "bob");
    world.settle();
    world.transcript();
    // The phone has none of it yet, and gets it from bob.
    let from_alice = world.connect("alice", "bob's phone");
    for _ in 0..before {
        world.deliver_one_on(from_alice);
    }
    let from_bob = world.connect("bob", "bob's phone");
    world.deliver_on(from_bob);
    world.settle();
    let conversation = ConversationId::direct(world.account("alice"), world.account("bob"));
    let (alice, phone) = (world.device("alice"), world.device("bob's phone"));
    world.delivered("alice", conversation, alice, phone)
}

#[test]
fn who_wrote_it_hears_that_it_came_from_another() {
    for before in 0..12 {
        assert_eq!(delivered_through_another(before), 30, "after {before} messages");
    }
}

#[test]
fn what_closes_a_gap_below_where_a_log_is_cut_off_is_known_to_be_here() {
    let mut world = with_a_phone();
    for name in ["alice", "alice's phone", "bob"] {
        world.reopen(name, Config { page: 10, ..Config::default() });
    }
    world.connect("alice", "bob");
    world.settle();
    world.disconnect("alice", "bob");
    let say = |world: &mut World, numbers: std::ops::RangeInclusive<u32>| {
        for n in numbers {
            world.say("alice's phone", "bob", &format!("message {n}"));
        }
    };
    say(&mut world, 1..=28);
    world.connect("alice's phone", "alice");
    world.settle();
    world.disconnect("alice's phone", "alice");
    say(&mut world, 29..=30);
    // Bob gets the newest from the phone, and the rest from her other device, which takes the phone off.
    let (alice, bob) = (world.account("alice"), world.account("bob"));
    let id = ConversationId::direct(alice, bob);
    let phone = world.device("alice's phone");
    world.connect("alice's phone", "bob");
    let is_above_a_gap = |world: &mut World| {
        let frontiers = world.person("bob").store.frontiers().unwrap();
        let here =
            frontiers.iter().find(|(of, _)| *of == id).and_then(|(_, f)| f.of(phone).cloned());
        here.is_some_and(|here| here.contains(Seq::MIN.saturating_add(29)))
    };
    while !is_above_a_gap(&mut world) {
        world.deliver_one();
    }
    world.disconnect("alice's phone", "bob");
    world.command("alice", Command::Revoke(phone)).unwrap();
    world.connect("alice", "bob");
    world.settle();
    assert_eq!(world.height("bob", id, phone), 28);
    let to = world.device("bob");
    assert_eq!(world.delivered("alice", id, phone, to), 28);
    assert_eq!(world.digest("bob", "alice"), world.digest("alice", "bob"));
}
