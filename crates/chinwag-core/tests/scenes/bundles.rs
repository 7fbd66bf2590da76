//! What is carried by a file.

use chinwag_core::bundle::BundleError;
use chinwag_core::identity::{AccountLog, Action};
use chinwag_core::ids::{AccountId, PrekeyId};
use chinwag_core::input::Command;
use chinwag_core::node::Config;
use chinwag_core::output::{Answer, Refusal};
use chinwag_core::store::Store;
use chinwag_core::time::ClaimedTime;
use chinwag_crypto::{Secret, SigningKey};

use crate::world::World;

const DAY_S: u64 = 24 * 3_600;

/// The bundles that somebody makes for somebody.
fn export(world: &mut World, from: &'static str, to: &str) -> Vec<Vec<u8>> {
    let to = world.account(to);
    match world.command(from, Command::Export(to)) {
        Ok(Answer::Bundles(bundles)) => bundles.into_iter().map(|(_, bytes)| bytes).collect(),
        other => panic!("no bundles but {other:?}"),
    }
}

/// The one bundle that somebody makes for somebody is carried there.
fn carry(world: &mut World, from: &'static str, to: &'static str) -> Result<Answer, Refusal> {
    let bundles = export(world, from, to);
    let [bundle] = bundles.try_into().expect("one bundle");
    world.command(to, Command::Import(bundle))
}

#[test]
fn a_bundle_carries_what_a_session_would() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.say("alice", "bob", "by stick");
    let bob = world.account("bob");
    let exported = world.command("alice", Command::Export(bob)).unwrap();
    let Answer::Bundles(bundles) = exported else { panic!("{exported:?}") };
    assert_eq!(bundles.len(), 1);
    world.transcript();
    let import = || Command::Import(bundles[0].1.clone());
    assert_eq!(world.command("bob", import()), Ok(Answer::Done));
    assert_eq!(world.transcript(), ["bob: has alice 1: by stick"]);
    let again = world.command("bob", import());
    assert_eq!(again, Err(Refusal::Bundle(BundleError::NoKey)), "it was for one bundle");
    for at in (0..bundles[0].1.len()).step_by(97) {
        let mut changed = bundles[0].1.clone();
        changed[at] ^= 1;
        assert!(world.command("bob", Command::Import(changed)).is_err());
    }
    assert_eq!(world.command("alice", import()), Err(Refusal::Bundle(BundleError::OtherDevice)));
}

#[test]
fn a_one_time_key_opens_only_what_is_from_the_device_that_it_was_given_to() {
    let mut world = World::of_friends(&["alice", "bob", "carol"]);
    let bob = world.device("bob");
    let given = world.person("alice").store.peer_prekeys(bob).unwrap();
    world.person("carol").store.put_peer_prekeys(bob, &given).unwrap();
    let stolen = carry(&mut world, "carol", "bob");
    assert_eq!(stolen, Err(Refusal::Bundle(BundleError::NotTheirKey)));
    assert_eq!(carry(&mut world, "alice", "bob"), Ok(Answer::Done), "the key is still there");
}

/// Gives an account a log that is longer than one message may be.
fn write_a_long_account_log(world: &mut World, name: &str) -> usize {
    let account = world.account(name);
    let store = &mut world.person(name).store;
    let seed = Secret::new(store.local().unwrap().unwrap().account_seed);
    let key = SigningKey::from_seed(&seed);
    let mut log = AccountLog::new(account);
    for operation in store.operations().unwrap() {
        if operation.operation.account == account {
            log.add(operation).unwrap();
        }
    }
    for _ in 0..40 {
        let action = Action::Unknown { kind: 99, bytes: vec![7; 150_000] };
        let operation = log.next(ClaimedTime::default(), action).sign(&key);
        store.add_operation(&operation).unwrap();
        log.add(operation).unwrap();
    }
    log.len()
}

fn operations_of(world: &mut World, at: &str, of: AccountId) -> usize {
    let operations = world.person(at).store.operations().unwrap();
    operations.iter().filter(|o| o.operation.account == of).count()
}

#[test]
fn an_account_log_of_any_length_goes_into_a_bundle_and_over_a_session() {
    for by_bundle in [true, false] {
        let mut world = World::of_friends(&["alice", "bob"]);
        let len = write_a_long_account_log(&mut world, "alice");
        world.restart("alice");
        if by_bundle {
            assert_eq!(carry(&mut world, "alice", "bob"), Ok(Answer::Done));
        } else {
            world.connect("alice", "bob");
            world.settle();
        }
        let alice = world.account("alice");
        assert_eq!(operations_of(&mut world, "bob", alice), len, "by bundle: {by_bundle}");
    }
}

/// The ids of the keys that bundles for somebody may be sealed to.
fn prekeys(world: &mut World, name: &str) -> Vec<PrekeyId> {
    let prekeys = world.person(name).store.prekeys().unwrap();
    prekeys.into_iter().map(|prekey| prekey.id).collect()
}

#[test]
fn a_key_is_destroyed_when_it_is_thirty_days_old() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let first = prekeys(&mut world, "alice");
    assert_eq!(first.len(), 5, "four for bob, and the certificate's");
    for _ in 0..30 * 24 - 1 {
        world.pass(3_600);
    }
    let left = prekeys(&mut world, "alice");
    assert!(first.iter().all(|key| left.contains(key)), "an hour before");
    world.pass(3_601);
    let left = prekeys(&mut world, "alice");
    assert!(!first.iter().any(|key| left.contains(key)));
}

#[test]
fn who_was_away_for_months_can_open_what_was_sealed_meanwhile() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let alice = world.device("alice");
    world.person("bob").store.put_peer_prekeys(alice, &[]).unwrap();
    world.say("bob", "alice", "see you");
    world.pass(60 * DAY_S);
    let waiting = export(&mut world, "bob", "alice").remove(0);
    world.restart("alice");
    world.pass(6 * DAY_S);
    assert_eq!(world.command("alice", Command::Import(waiting.clone())), Ok(Answer::Done));
    world.pass(2 * DAY_S);
    let late = world.command("alice", Command::Import(waiting));
    assert_eq!(late, Err(Refusal::Bundle(BundleError::NoKey)), "a week after she was back");
}

#[test]
fn one_time_keys_are_not_used_when_a_newer_certificate_is_known() {
    let mut world = World::of_friends(&["alice", "bob"]);
    for _ in 0..8 {
        world.pass(DAY_S);
    }
    assert_eq!(carry(&mut world, "bob", "alice"), Ok(Answer::Done), "with his new certificate");
    for _ in 0..25 {
        world.pass(DAY_S);
    }
    // What bob gave alice for one bundle each is destroyed by now.
    assert_eq!(carry(&mut world, "alice", "bob"), Ok(Answer::Done));
}

fn introduce(world: &mut World, name: &'static str) -> Vec<u8> {
    match world.command(name, Command::Introduce) {
        Ok(Answer::Introduction(bytes)) => bytes,
        other => panic!("no introduction but {other:?}"),
    }
}

/// Two who have only exchanged a line and files: alice's ticket and introduction, bob's bundle.
fn friends_by_files() -> World {
    let mut world = World::of(&["alice", "bob"]);
    let ticket = world.invite("alice", false);
    let introduction = introduce(&mut world, "alice");
    world.command("bob", Command::Redeem(ticket)).unwrap();
    world.command("bob", Command::Meet(introduction)).unwrap();
    assert_eq!(carry(&mut world, "bob", "alice"), Ok(Answer::Done));
    assert_eq!(world.transcript(), ["alice: knows bob"]);
    assert_eq!(carry(&mut world, "alice", "bob"), Ok(Answer::Done));
    assert_eq!(world.transcript(), ["bob: knows alice"]);
    world
}

#[test]
fn two_who_never_share_a_network_go_on_by_files_alone() {
    let mut world = friends_by_files();
    // Three years, in which they meet every twenty days.
    for round in 0..55 {
        world.say("alice", "bob", &format!("alice {round}"));
        assert_eq!(carry(&mut world, "alice", "bob"), Ok(Answer::Done), "in round {round}");
        world.pass(10 * DAY_S);
        world.say("bob", "alice", &format!("bob {round}"));
        assert_eq!(carry(&mut world, "bob", "alice"), Ok(Answer::Done), "in round {round}");
        world.pass(10 * DAY_S);
    }
    assert_eq!(world.history("alice", "bob"), world.history("bob", "alice"));
    assert_eq!(world.history("alice", "bob")[0].1.len(), 55);
    assert_eq!(world.digest("alice", "bob"), world.digest("bob", "alice"));
    let seen = world.transcript();
    assert!(seen.contains(&"alice: alice 1..55 delivered to bob".to_owned()), "{seen:?}");
}

#[test]
fn what_was_read_is_told_by_a_file() {
    let mut world = friends_by_files();
    world.say("alice", "bob", "hello");
    carry(&mut world, "alice", "bob").unwrap();
    let alice = world.account("alice");
    world.command("bob", Command::MarkRead(alice)).unwrap();
    carry(&mut world, "bob", "alice").unwrap();
    assert!(world.transcript().contains(&"alice: bob has read it".to_owned()));
}

#[test]
fn whose_keys_are_all_gone_is_introduced_again() {
    let mut world = friends_by_files();
    for _ in 0..100 {
        world.pass(DAY_S);
    }
    world.say("alice", "bob", "after a long time");
    assert_eq!(carry(&mut world, "alice", "bob"), Err(Refusal::Bundle(BundleError::NoKey)));
    let introduction = introduce(&mut world, "bob");
    assert_eq!(world.command("alice", Command::Meet(introduction)), Ok(Answer::Done));
    assert_eq!(carry(&mut world, "alice", "bob"), Ok(Answer::Done));
    assert_eq!(world.history("alice", "bob"), world.history("bob", "alice"));
}

#[test]
fn a_file_of_a_stranger_without_an_invitation_is_refused_and_nothing_is_kept() {
    let mut world = World::of(&["alice", "bob", "carol"]);
    let ticket = world.invite("alice", false);
    let (alice, carol) = (world.account("alice"), world.account("carol"));
    let of_carol = introduce(&mut world, "carol");
    assert_eq!(world.command("alice", Command::Meet(of_carol)), Err(Refusal::NoContact(carol)));
    assert_eq!(world.command("bob", Command::Export(alice)), Err(Refusal::NoContact(alice)));
    world.command("bob", Command::Redeem(ticket.clone())).unwrap();
    assert_eq!(world.command("bob", Command::Export(alice)), Err(Refusal::NoDevice(alice)));
    let of_alice = introduce(&mut world, "alice");
    for name in ["bob", "carol"] {
        world.command(name, Command::Redeem(ticket.clone())).unwrap();
        world.command(name, Command::Meet(of_alice.clone())).unwrap();
    }
    assert_eq!(carry(&mut world, "bob", "alice"), Ok(Answer::Done));
    assert_eq!(
        carry(&mut world, "carol", "alice"),
        Err(Refusal::NoContact(carol)),
        "it was for one"
    );
    assert_eq!(operations_of(&mut world, "alice", carol), 0);
}

#[test]
fn an_introduction_can_be_cut_short_and_not_changed() {
    let mut world = World::of(&["alice", "bob"]);
    let ticket = world.invite("alice", false);
    world.command("bob", Command::Redeem(ticket)).unwrap();
    let introduction = introduce(&mut world, "alice");
    let alice = world.account("alice");
    for at in (0..introduction.len()).step_by(5) {
        let mut changed = introduction.clone();
        changed[at] ^= 1;
        assert!(world.command("bob", Command::Meet(changed)).is_err(), "changed at {at}");
        let short = introduction[..at].to_vec();
        assert!(world.command("bob", Command::Meet(short)).is_err(), "cut at {at}");
    }
    assert_eq!(operations_of(&mut world, "bob", alice), 0);
    assert_eq!(world.command("bob", Command::Meet(introduction)), Ok(Answer::Done));
}

#[test]
fn two_devices_of_one_account_need_no_network_either() {
    let mut world = friends_by_files();
    world.say("alice", "bob", "from the laptop");
    carry(&mut world, "alice", "bob").unwrap();
    world.say("bob", "alice", "an answer");
    carry(&mut world, "bob", "alice").unwrap();
    world.restore_on("alice", "alice's phone");
    let phone = introduce(&mut world, "alice's phone");
    world.command("alice", Command::Meet(phone)).unwrap();
    let own = world.account("alice");
    let exported = world.command("alice", Command::Export(own)).unwrap();
    let Answer::Bundles(bundles) = exported else { panic!("{exported:?}") };
    let bundle = bundles[0].1.clone();
    assert_eq!(world.command("alice's phone", Command::Import(bundle)), Ok(Answer::Done));
    assert_eq!(world.digest("alice's phone", "bob"), world.digest("bob", "alice"));
    assert!(world.digest("bob", "alice").is_some());
}

#[test]
fn who_goes_on_as_another_device_seals_nothing_to_keys_that_the_old_one_was_given() {
    let mut world = World::of_friends(&["alice", "bob"]);
    let config = Config { is_copy: true, ..Config::default() };
    world.reopen("alice", config);
    assert_eq!(carry(&mut world, "alice", "bob"), Ok(Answer::Done));
}

#[test]
fn a_stranger_with_an_account_log_of_any_length_may_ask() {
    let mut world = World::of(&["alice", "bob"]);
    write_a_long_account_log(&mut world, "bob");
    // His device is the last thing in it.
    world.reopen("bob", Config { is_copy: true, ..Config::default() });
    let (account, device) = (world.account("alice"), world.device("alice"));
    let ask = Command::Ask { account, device, addresses: Vec::new(), text: "it's me".to_owned() };
    world.command("bob", ask).unwrap();
    world.connect("bob", "alice");
    world.settle();
    assert_eq!(world.transcript(), ["alice: bob asks as bob: it's me"]);
}
