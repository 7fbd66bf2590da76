//! Groups: the concurrent cases of the protocol page, and what must hold of any set of operations.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_lossless,
    reason = "a test says what it expects"
)]

use std::fs;
use std::path::Path;

use chinwag_core::ids::{AccountId, DeviceId};
use chinwag_core::membership::{
    Action, By, GrantId, History, Operation, Placed, Removal, Right, Role, State, Verdict, resolve,
};
use chinwag_core::wire::codec::{Decode, Encode};
use chinwag_core::wire::limits::{GROUP_DEVICES_MAX, GROUP_JOINS_MAX, GROUP_OPERATIONS_MAX};
use chinwag_crypto::{Secret, SigningKey};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

#[path = "../examples/groups/mod.rs"]
mod groups;

use groups::drawn::draw;
use groups::{ANN, Group, account, phone};

#[test]
fn concurrent_cases_come_to_what_the_page_says() {
    for (name, group) in groups::scenes::all() {
        let state = group.state();
        for (who, role) in &group.expected.roles {
            assert_eq!(state.role(*who), *role, "{name}");
        }
        for (operation, verdict) in &group.expected.verdicts {
            assert_eq!(state.verdicts.get(operation), Some(verdict), "{name}");
        }
        for (author, seq, is_shown) in &group.expected.counts {
            assert_eq!(state.counts(*author, *seq), *is_shown, "{name}: {seq}");
        }
        if let Some(called) = &group.expected.name {
            assert_eq!(state.name.as_ref().unwrap().as_str(), called, "{name}");
        }
        if let Some(lifetime_s) = group.expected.lifetime_s {
            assert_eq!(state.lifetime_s, lifetime_s, "{name}");
        }
        if let Some(history) = group.expected.history {
            assert_eq!(state.history, Some(history), "{name}");
        }
        comes_in_any_order(&group, &state, name);
    }
}

#[test]
fn the_page_has_a_line_for_each_concurrent_case_and_no_other() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol/membership.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, table) = page.split_once("\n## Concurrent cases\n").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap_or((table, ""));
    let cell = |line: &str| Some(line.strip_prefix("| ")?.split_once(" |")?.0.to_owned());
    let lines: Vec<String> = table.lines().filter_map(cell).skip(1).collect();
    let names: Vec<&str> = groups::scenes::all().into_iter().map(|(name, _)| name).collect();
    assert_eq!(lines, names);
}

/// The same, however the operations come, and also if some come twice.
fn comes_in_any_order(group: &Group, state: &State, what: &str) {
    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    let mut order: Vec<&Placed> = group.operations.iter().collect();
    order.reverse();
    for _ in 0..3 {
        assert_eq!(group.state_of(order.iter().copied()), *state, "{what}");
        for at in (1..order.len()).rev() {
            order.swap(at, rng.next_u32() as usize % (at + 1));
        }
        order.extend(order.first().copied());
    }
}

#[test]
fn what_was_drawn_is_read_as_it_was_written() {
    for seed in 0..500 {
        for placed in draw(seed, 12).operations {
            let operation = placed.operation();
            assert_eq!(Operation::from_bytes(&operation.to_bytes()).as_ref(), Ok(operation));
        }
    }
}

/// So many devices, each of an account of its own.
fn crowd(count: u32) -> Vec<AccountId> {
    let key = |n: u32| {
        let mut seed = [0xc0; 32];
        seed[..4].copy_from_slice(&n.to_be_bytes());
        AccountId::new(SigningKey::from_seed(&Secret::new(seed)).public())
    };
    (0..count).map(key).collect()
}

/// A device that is of the account with the same key.
fn of_itself(account: AccountId) -> DeviceId {
    DeviceId::new(*account.key())
}

fn state_with(group: &Group) -> State {
    resolve(group.id, &group.operations, |account, device| {
        if of_itself(account) == device { u64::MAX } else { group.limit(account, device) }
    })
}

#[test]
fn a_thousand_devices_are_let_in_and_no_more_and_those_above_come_first() {
    let mut group = Group::of(&[ANN]);
    let crowd = crowd(1_001);
    let history = History::FromNow;
    let mut joins = Vec::new();
    for account in &crowd {
        let action = Action::Grant { account: *account, right: Right::Member, history };
        let grant = group.write(phone(ANN), Operation::new(action));
        let action = Action::Join { account: *account, by: By::Grant(grant) };
        joins.push(group.write(of_itself(*account), Operation::new(action)));
    }
    let state = state_with(&group);
    assert_eq!((state.devices.len(), state.room()), (GROUP_DEVICES_MAX, 0));
    let verdict = |state: &State, of: usize| state.verdicts[&joins[of]];
    assert_eq!(verdict(&state, 998), Verdict::Counts);
    assert_eq!(verdict(&state, 999), Verdict::NoRoom);
    assert_eq!(verdict(&state, 1_000), Verdict::NoRoom);
    // An admin who comes later takes the place of the last member.
    group.admit(ANN, groups::BEN, Right::Admin);
    let state = state_with(&group);
    assert_eq!(state.role(account(groups::BEN)), Some(Role::Admin));
    assert_eq!(verdict(&state, 997), Verdict::Counts);
    assert_eq!(verdict(&state, 998), Verdict::NoRoom);
}

#[test]
fn of_a_log_so_many_operations_and_so_many_joins_are_looked_at() {
    let mut group = Group::of(&[ANN]);
    let grant = group.grant(ANN, groups::BEN, Right::Member, &[]);
    let mut last = group.join(phone(groups::BEN), groups::BEN, By::Grant(grant));
    for _ in 1..GROUP_JOINS_MAX {
        last = group.join(phone(groups::BEN), groups::BEN, By::Grant(grant));
    }
    let over = group.join(phone(groups::BEN), groups::BEN, By::Grant(grant));
    let written = group.operations.iter().filter(|o| o.author() == phone(ANN)).count();
    let mut within = grant;
    for _ in written..GROUP_OPERATIONS_MAX {
        within = group.call(ANN, "Choir", &[]);
    }
    let beyond = group.remove(ANN, groups::BEN);
    let state = group.state();
    assert_eq!(state.verdicts[&last], Verdict::JoinedBefore);
    assert_eq!(state.verdicts[&over], Verdict::TooMany);
    assert_eq!(state.verdicts[&within], Verdict::Counts);
    assert_eq!(state.verdicts[&beyond], Verdict::TooMany);
    assert_eq!(state.role(account(groups::BEN)), Some(Role::Member));
}

/// Prints how long it takes: `cargo test --release … -- --ignored --nocapture`.
#[test]
#[ignore = "it measures"]
fn how_long_a_state_takes() {
    let measure = |what: &str, group: &Group| {
        let begin = std::time::Instant::now();
        let state = state_with(group);
        let (took, count) = (begin.elapsed(), group.operations.len());
        println!("{what}: {count} operations, {} devices, {took:?}", state.devices.len());
    };
    let mut group = Group::of(&[ANN]);
    let history = History::FromNow;
    for account in crowd(999) {
        let action = Action::Grant { account, right: Right::Member, history };
        let grant = group.write(phone(ANN), Operation::new(action));
        let action = Action::Join { account, by: By::Grant(grant) };
        group.write(of_itself(account), Operation::new(action));
    }
    measure("a full group", &group);
    // An admin adds and removes one account, over and over, and it joins as often as it may.
    let mut group = Group::of(&[ANN]);
    let mut after = Vec::new();
    for _ in 0..2_000 {
        let grant = group.grant(ANN, groups::BEN, Right::Member, &after);
        group.join(phone(groups::BEN), groups::BEN, By::Grant(grant));
        after = vec![group.remove(ANN, groups::BEN)];
    }
    measure("one account in and out", &group);
    // As many admins as there is room for, and each has removed and granted everybody it can.
    let mut group = Group::of(&[ANN]);
    let admins = crowd(500);
    for account in &admins {
        let action = Action::Grant { account: *account, right: Right::Admin, history };
        let grant = group.write(phone(ANN), Operation::new(action));
        let action = Action::Join { account: *account, by: By::Grant(grant) };
        group.write(of_itself(*account), Operation::new(action));
    }
    for round in 0..100 {
        for author in &admins {
            let heights = std::collections::BTreeMap::new();
            let removal = Removal { account: account(groups::BEN), keeps: None, heights };
            let action = if round % 2 == 0 {
                Action::Remove(removal)
            } else {
                Action::Grant { account: account(groups::BEN), right: Right::Member, history }
            };
            let id = group.write(of_itself(*author), Operation::new(action));
            if round % 2 == 1 {
                group.join(phone(groups::BEN), groups::BEN, By::Grant(id));
            }
        }
    }
    measure("500 admins against one account", &group);
    let mut group = Group::of(&[ANN]);
    let mut after = Vec::new();
    for n in 0..4_000 {
        after = vec![group.call(ANN, if n % 2 == 0 { "Altos" } else { "Basses" }, &after)];
    }
    measure("renamed over and over", &group);
}

/// How many sets are tried. More with `CHINWAG_GROUP_SETS`, from seed `CHINWAG_GROUP_SEED` on.
fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let from = number("CHINWAG_GROUP_SEED").unwrap_or(0);
    from..from + number("CHINWAG_GROUP_SETS").unwrap_or(8_000)
}

#[test]
fn any_set_of_operations_gives_one_membership_and_nobody_is_above_their_right() {
    let mut seen = std::collections::BTreeMap::<String, u64>::new();
    for seed in seeds() {
        let group = draw(seed, 12);
        let state = group.state();
        let what = format!("CHINWAG_GROUP_SEED={seed} CHINWAG_GROUP_SETS=1");
        comes_in_any_order(&group, &state, &what);
        everybody_was_let_in(&group, &state, &what);
        what_has_no_effect_may_be_missing(&group, &state, &what);
        a_removal_is_strong(&group, &what);
        for verdict in state.verdicts.values() {
            let name = format!("{verdict:?}");
            *seen.entry(name.split('(').next().unwrap().to_owned()).or_default() += 1;
        }
    }
    // All that can become of an operation has happened, but for what takes thousands of them.
    if seeds().count() >= 1_000 {
        for verdict in [
            "Counts",
            "EndedBy",
            "Replaced",
            "Outweighed",
            "NotJoined",
            "OtherAccount",
            "CutOff",
            "NoRight",
            "Lost",
            "NotLetIn",
            "JoinedBefore",
        ] {
            assert!(seen.get(verdict).is_some_and(|times| *times >= 5), "{verdict}: {seen:?}");
        }
    }
    println!("{seen:?}");
}

fn everybody_was_let_in(group: &Group, state: &State, what: &str) {
    assert_eq!(
        state.verdicts.keys().copied().collect::<Vec<_>>(),
        {
            let mut ids: Vec<_> = group.operations.iter().map(Placed::id).collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        },
        "each operation has a verdict: {what}"
    );
    let creation = group.operations.iter().find_map(|operation| match operation.action() {
        Action::Create(creation) => Some(creation),
        _ => None,
    });
    let owners = &creation.unwrap().owners;
    for (who, member) in &state.members {
        assert_eq!(
            member.role == Role::Owner,
            owners.contains(who) && !left(group, state, *who),
            "{what}"
        );
        if member.role != Role::Owner {
            let role_of = |author| state.devices.get(&author).map(|d| (d.account, d));
            let granted = group.operations.iter().any(|operation| {
                let by = role_of(operation.author());
                match operation.action() {
                    Action::Grant { account, right, .. } => {
                        account == who
                            && right.role() == member.role
                            && state.verdicts[&operation.id()] == Verdict::Counts
                            && by.is_some_and(|(by, _)| {
                                *right == Right::Member || owners.contains(&by)
                            })
                    }
                    Action::Join { account, by: By::Ticket { .. } } => {
                        account == who && member.role == Role::Member
                    }
                    _ => false,
                }
            });
            assert!(granted, "{what}");
        }
    }
    for (device, joined) in &state.devices {
        assert_eq!(groups::owner_of(*device), Some(joined.account), "{what}");
        let is_member = state.role(joined.account);
        assert!(joined.role <= is_member, "{what}");
    }
}

/// Whether an owner said that they are one no more.
fn left(group: &Group, state: &State, who: AccountId) -> bool {
    let Some(by) = state.grants[&(who, GrantId::Creation)].ended_by else { return false };
    let leaves = group.operations.iter().find(|operation| operation.id() == by).unwrap();
    assert_eq!(groups::owner_of(leaves.author()), Some(who), "an owner was removed");
    assert_eq!(state.verdicts[&by], Verdict::Counts);
    true
}

fn what_has_no_effect_may_be_missing(group: &Group, state: &State, what: &str) {
    for operation in &group.operations {
        let has_none = matches!(
            state.verdicts[&operation.id()],
            Verdict::NoRight | Verdict::NotJoined | Verdict::Lost(_) | Verdict::JoinedBefore
        );
        // Whoever names one names what is before it in its log, whether it counts or not.
        let id = operation.id();
        let is_named = group.operations.iter().any(|other| other.operation().after.contains(&id));
        let is_join = matches!(operation.action(), Action::Join { .. });
        if has_none && !is_named && !is_join {
            let others = group.operations.iter().filter(|other| other.id() != operation.id());
            let without = group.state_of(others);
            assert_eq!(without.members, state.members, "{what}");
            assert_eq!(without.devices, state.devices, "{what}");
        }
    }
}

/// Whether a fork of somebody's log, which nobody has noticed yet, is at a place where they would
/// write now.
fn is_shorter_than_it_was(group: &Group, who: u8) -> bool {
    group.operations.iter().any(|operation| {
        let is_theirs = groups::owner_of(operation.author()) == Some(account(who));
        is_theirs && operation.seq().get() > group.height(operation.author())
    })
}

/// Whoever an owner removes is out, and nothing that they write from then on changes anything, but
/// that they are gone themselves; until somebody who knows of it lets them in again.
fn a_removal_is_strong(group: &Group, what: &str) {
    let state = group.state();
    let is_owner = state.devices.get(&phone(ANN)).and_then(|joined| joined.role);
    let is_cut = group.limits.contains_key(&phone(ANN)) || is_shorter_than_it_was(group, ANN);
    if is_owner != Some(Role::Owner) || is_cut {
        return;
    }
    for who in 1..groups::PEOPLE {
        let role = state.role(account(who));
        let is_below = role.is_some_and(|role| role < Role::Owner);
        if !is_below || is_shorter_than_it_was(group, who) {
            continue;
        }
        let mut later = group.clone();
        let removal = later.remove(ANN, who);
        let removed = later.state();
        assert_eq!(removed.role(account(who)), None, "{what}");
        later.rank = 0;
        later.grant(who, who, Right::Member, &[removal]);
        for other in 1..groups::PEOPLE {
            later.grant(who, other, Right::Member, &[removal]);
            later.remove_at(who, other, None, std::collections::BTreeMap::new());
        }
        later.call(who, "mine", &[]);
        let after = later.state();
        // Who leaves when already out takes their own words along; no more.
        assert_eq!(after.members, removed.members, "{what}");
        assert_eq!(after.name, removed.name, "{what}");
        for (device, joined) in &after.devices {
            if joined.account != account(who) {
                assert_eq!(Some(joined), removed.devices.get(device), "{what}");
            }
        }
        let known: Vec<_> = after.removals[&account(who)].iter().copied().collect();
        later.grant(ANN, who, Right::Member, &known);
        assert_eq!(later.state().role(account(who)), Some(Role::Member), "{what}");
    }
}
