//! Account logs: everybody who has the same operations reads the same from them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

use std::collections::{BTreeMap, BTreeSet};

use chinwag_core::identity::{
    AccountLog, Action, Certificate, Name, Operation, OperationFault, Revocation, SignedOperation,
    consent,
};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, OperationId};
use chinwag_core::time::{ClaimedTime, Wall};
use chinwag_core::wire::codec::{Decode, Encode};
use chinwag_crypto::{SealKey, Secret, SigningKey};
use proptest::prelude::*;

const NOW: Wall = Wall::new(1_700_000_000_000);

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::new([seed; 32]))
}

fn asha() -> SigningKey {
    key(1)
}

fn account() -> AccountId {
    AccountId::new(asha().public())
}

fn device(seed: u8) -> DeviceId {
    DeviceId::new(key(seed).public())
}

fn name(name: &str) -> Name {
    Name::new(name).unwrap()
}

fn certify(seed: u8, called: &str) -> Action {
    Action::Certify(Certificate {
        device: device(seed),
        name: name(called),
        expires: Wall::new(NOW.get() + 1_000),
        prekey: SealKey::from_seed(&Secret::new([seed; 32])).public(),
        consent: consent(&key(seed), account()),
    })
}

fn revoke(seed: u8, heights: &[(u8, u64)]) -> Action {
    let heights = heights.iter().map(|(c, h)| (ConversationId::from_bytes([*c; 32]), *h));
    Action::Revoke(Revocation { device: device(seed), heights: heights.collect() })
}

/// Writes an action into the log as its owner.
fn write(log: &mut AccountLog, action: Action) -> SignedOperation {
    let signed = log.next(ClaimedTime::from(NOW), action).sign(&asha());
    assert_eq!(log.add(signed.clone()), Ok(true));
    signed
}

fn devices(log: &AccountLog) -> Vec<(DeviceId, String)> {
    log.devices(NOW).map(|c| (c.device, c.name.as_str().to_owned())).collect()
}

#[test]
fn an_account_has_a_name_and_devices() {
    let mut log = AccountLog::new(account());
    write(&mut log, Action::Profile { name: name("Asha") });
    write(&mut log, certify(2, "laptop"));
    write(&mut log, Action::Profile { name: name("Asha R.") });
    assert_eq!(log.name(), Some(&name("Asha R.")));
    assert_eq!(devices(&log), [(device(2), "laptop".to_owned())]);
    assert_eq!(log.devices(Wall::new(NOW.get() + 1_000)).count(), 0, "certificates end");
}

#[test]
fn a_revoked_device_stays_revoked_whatever_is_certified_later() {
    let mut log = AccountLog::new(account());
    write(&mut log, certify(2, "laptop"));
    write(&mut log, revoke(2, &[(5, 10)]));
    write(&mut log, certify(2, "laptop again"));
    assert_eq!(devices(&log), []);
    assert!(log.device(device(2)).unwrap().revoked.is_some());
}

#[test]
fn of_two_revocations_the_more_restrictive_counts() {
    let mut log = AccountLog::new(account());
    write(&mut log, certify(2, "laptop"));
    write(&mut log, revoke(2, &[(5, 10), (6, 3)]));
    write(&mut log, revoke(2, &[(5, 7), (8, 1)]));
    let left = BTreeMap::from([(ConversationId::from_bytes([5; 32]), 7)]);
    assert_eq!(log.device(device(2)).unwrap().revoked, Some(left));
}

#[test]
fn nobody_certifies_a_device_that_did_not_agree() {
    let mut log = AccountLog::new(account());
    let Action::Certify(mut certificate) = certify(2, "not mine") else { unreachable!() };
    certificate.device = device(3);
    let operation = log.next(ClaimedTime::from(NOW), Action::Certify(certificate));
    assert_eq!(log.add(operation.sign(&asha())), Err(OperationFault::NoConsent));
}

#[test]
fn an_operation_of_another_or_signed_by_another_is_refused() {
    let mut log = AccountLog::new(account());
    let mallory = AccountLog::new(AccountId::new(key(7).public()));
    let profile = || Action::Profile { name: name("Mallory") };
    let theirs = mallory.next(ClaimedTime::from(NOW), profile()).sign(&key(7));
    assert_eq!(log.add(theirs), Err(OperationFault::OtherAccount));
    let forged = log.next(ClaimedTime::from(NOW), profile()).sign(&key(7));
    assert_eq!(log.add(forged), Err(OperationFault::NotSigned));
    assert_eq!(log, AccountLog::new(account()));
}

#[test]
fn an_operation_without_its_past_waits_for_it() {
    let mut log = AccountLog::new(account());
    let first = write(&mut log, certify(2, "laptop"));
    let second = write(&mut log, certify(3, "phone"));
    let mut other = AccountLog::new(account());
    let missing = OperationFault::UnknownParent(first.operation.id());
    assert_eq!(other.add(second.clone()), Err(missing));
    assert_eq!(other.add(first), Ok(true));
    assert_eq!(other.add(second.clone()), Ok(true));
    assert_eq!(other.add(second), Ok(false), "known already");
    assert_eq!(other.digest(), log.digest());
}

#[test]
fn a_height_that_is_made_up_is_refused() {
    let mut log = AccountLog::new(account());
    let operation = Operation {
        height: 1_000_000,
        ..log.next(ClaimedTime::from(NOW), Action::Profile { name: name("Asha") })
    };
    let fault = OperationFault::WrongHeight { found: 1_000_000, expected: 1 };
    assert_eq!(log.add(operation.sign(&asha())), Err(fault));
}

#[test]
fn two_devices_that_wrote_apart_agree_when_they_meet() {
    let mut laptop = AccountLog::new(account());
    write(&mut laptop, Action::Profile { name: name("Asha") });
    let mut phone = laptop.clone();
    let on_laptop = write(&mut laptop, certify(2, "laptop"));
    let on_phone = write(&mut phone, certify(3, "phone"));
    assert_ne!(laptop.digest(), phone.digest());
    laptop.add(on_phone).unwrap();
    phone.add(on_laptop).unwrap();
    assert_eq!(laptop, phone);
    assert_eq!(laptop.devices(NOW).count(), 2);
    let after = write(&mut laptop, Action::Profile { name: name("Asha R.") });
    assert_eq!(after.operation.parents.len(), 2, "it follows both");
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        "[a-z]{1,8}".prop_map(|n| Action::Profile { name: name(&n) }),
        (2_u8..5, "[a-z]{1,8}").prop_map(|(seed, called)| certify(seed, &called)),
        (2_u8..5, 0_u64..9).prop_map(|(seed, height)| revoke(seed, &[(5, height), (6, 9)])),
        (9_u16.., any::<Vec<u8>>()).prop_map(|(kind, bytes)| Action::Unknown { kind, bytes }),
    ]
}

/// Operations of one account, written by several devices that know more or less of each other.
fn history() -> impl Strategy<Value = Vec<SignedOperation>> {
    let step = (action(), 0_usize..3, 0_usize..3);
    proptest::collection::vec(step, 1..12).prop_map(|steps| {
        let mut logs = vec![AccountLog::new(account()); 3];
        let mut written = Vec::new();
        for (action, author, meets) in steps {
            let known: Vec<_> = logs[meets].operations().into_iter().cloned().collect();
            for operation in known {
                logs[author].add(operation).unwrap();
            }
            written.push(write(&mut logs[author], action));
        }
        written
    })
}

/// All that can be added, in this order, until nothing more can.
fn read_in(order: &[SignedOperation]) -> AccountLog {
    let mut log = AccountLog::new(account());
    let mut waiting: Vec<_> = order.to_vec();
    while !waiting.is_empty() {
        let before = waiting.len();
        waiting.retain(|operation| log.add(operation.clone()).is_err());
        assert!(waiting.len() < before, "nothing is missing");
    }
    log
}

proptest! {
    #[test]
    fn the_order_of_arrival_makes_no_difference(
        (history, shuffled) in history().prop_flat_map(|h| (Just(h.clone()), Just(h).prop_shuffle()))
    ) {
        let (a, b) = (read_in(&history), read_in(&shuffled));
        prop_assert_eq!(a.digest(), b.digest());
        prop_assert_eq!(a, b);
    }

    #[test]
    fn an_operation_is_read_as_it_was_written(history in history()) {
        for signed in history {
            prop_assert_eq!(SignedOperation::from_bytes(&signed.to_bytes()), Ok(signed));
        }
    }

    #[test]
    fn any_bytes_are_an_operation_or_an_error(
        bytes in any::<Vec<u8>>(), parents in any::<BTreeSet<u8>>()
    ) {
        let mut prefix = vec![1];
        prefix.extend_from_slice(account().as_bytes());
        prefix.push(u8::try_from(parents.len().min(200)).unwrap());
        for parent in parents.iter().take(200) {
            prefix.extend_from_slice(OperationId::from_bytes([*parent; 32]).as_bytes());
        }
        prefix.extend_from_slice(&bytes);
        for bytes in [bytes, prefix] {
            if let Ok(signed) = SignedOperation::from_bytes(&bytes) {
                prop_assert_eq!(signed.to_bytes(), bytes);
            }
        }
    }
}
