//! What is carried by a file.

use chinwag_core::bundle::BundleError;
use chinwag_core::identity::{AccountLog, Action};
use chinwag_core::ids::{AccountId, PrekeyId};
use chinwag_core::input::Command;
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
