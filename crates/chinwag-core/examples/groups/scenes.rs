//! The concurrent cases of `docs/protocol/membership.md`, each with its verdict. A scene has the name
//! of its line in the table there.

use chinwag_core::membership::Right::{Admin, Member};
use chinwag_core::membership::{By, History, Role, Setting, Verdict};

use super::{ANN, BEN, CAT, DAN, EVE, Group, device, laptop, phone, seq};

/// All scenes, by their names.
pub fn all() -> Vec<(&'static str, Group)> {
    vec![
        ("added while removed", added_while_removed()),
        ("added twice, removed once", added_twice_removed_once()),
        ("removed, then added again", removed_then_added_again()),
        ("removed twice", removed_twice()),
        ("removed before joining", removed_before_joining()),
        ("two admins remove each other", two_admins_remove_each_other()),
        ("two owners remove each other", two_owners_remove_each_other()),
        ("one owner makes an admin, the other removes them", owner_against_owner()),
        ("removed while acting", removed_while_acting()),
        ("what a removed admin did before", what_a_removed_admin_did_before()),
        ("back-dated after the removal", back_dated()),
        ("the removal falls with the admin", the_removal_falls()),
        ("demoted while acting", demoted_while_acting()),
        ("removed by an admin, demoted by an owner", removed_and_demoted()),
        ("left while removed", left_while_removed()),
        ("left after being removed", left_after_removal()),
        ("left while added", left_while_added()),
        ("left, then added again", left_then_added_again()),
        ("steps down", steps_down()),
        ("the last owner leaves", the_last_owner_leaves()),
        ("renamed twice at once", renamed_twice()),
        ("renamed by an owner and an admin at once", renamed_by_an_owner()),
        ("renamed one after the other", renamed_in_turn()),
        ("renamed while demoted", renamed_while_demoted()),
        ("two timers at once", two_timers()),
        ("two history policies at once", two_histories()),
        ("joined while the ticket is revoked", joined_while_revoked()),
        ("a ticket revoked twice", revoked_twice()),
        ("the ticket of a removed admin", ticket_of_a_removed_admin()),
        ("removed, then back by a ticket", removed_then_ticket()),
        ("left, then back by a ticket", left_then_ticket()),
        ("an admin makes an admin", an_admin_makes_an_admin()),
        ("a member decides", a_member_decides()),
        ("a stranger decides", a_stranger_decides()),
        ("a device of two accounts", a_device_of_two_accounts()),
        ("a second device", a_second_device()),
        ("an admin's log is forked", a_fork()),
    ]
}

/// Ann owns it; Ben and Cat are admins.
fn two_admins() -> Group {
    let mut group = Group::of(&[ANN]);
    group.admit(ANN, BEN, Admin);
    group.admit(ANN, CAT, Admin);
    group
}

fn added_while_removed() -> Group {
    let mut group = two_admins();
    let first = group.admit(BEN, DAN, Member);
    let removal = group.remove(BEN, DAN);
    let again = group.grant(CAT, DAN, Member, &[]);
    group.is(DAN, None);
    group.comes_to(first, Verdict::EndedBy(removal));
    group.comes_to(again, Verdict::EndedBy(removal));
    group.counts(removal);
    group
}

fn added_twice_removed_once() -> Group {
    let mut group = two_admins();
    let one = group.admit(BEN, DAN, Member);
    let other = group.grant(CAT, DAN, Member, &[]);
    let removal = group.remove(ANN, DAN);
    group.is(DAN, None);
    group.comes_to(one, Verdict::EndedBy(removal));
    group.comes_to(other, Verdict::EndedBy(removal));
    group
}

fn removed_then_added_again() -> Group {
    let mut group = two_admins();
    group.admit(BEN, DAN, Member);
    let before = group.says(phone(DAN));
    let removal = group.remove(BEN, DAN);
    let between = group.says(phone(DAN));
    let again = group.grant(CAT, DAN, Member, &[removal]);
    let joins = group.join(phone(DAN), DAN, By::Grant(again));
    let after = group.says(phone(DAN));
    group.is(DAN, Some(Role::Member));
    group.counts(again);
    group.counts(joins);
    group.shows(phone(DAN), before, true);
    group.shows(phone(DAN), between, false);
    group.shows(phone(DAN), after, true);
    group
}

fn removed_twice() -> Group {
    let mut group = two_admins();
    group.admit(BEN, DAN, Member);
    let first = group.says(phone(DAN));
    let one = group.remove(BEN, DAN);
    let second = group.says(phone(DAN));
    let other = group.remove(CAT, DAN);
    group.is(DAN, None);
    group.counts(one);
    group.counts(other);
    group.shows(phone(DAN), first, true);
    group.shows(phone(DAN), second, false);
    group
}

fn removed_before_joining() -> Group {
    let mut group = two_admins();
    let grant = group.grant(BEN, DAN, Member, &[]);
    let removal = group.remove(CAT, DAN);
    let joins = group.join(phone(DAN), DAN, By::Grant(grant));
    group.is(DAN, None);
    group.comes_to(joins, Verdict::Lost(removal));
    group.shows(phone(DAN), seq(1), false);
    group
}

fn two_admins_remove_each_other() -> Group {
    let mut group = two_admins();
    let one = group.remove(BEN, CAT);
    let other = group.remove(CAT, BEN);
    group.is(BEN, Some(Role::Admin));
    group.is(CAT, Some(Role::Admin));
    group.counts(one);
    group.counts(other);
    group
}

fn two_owners_remove_each_other() -> Group {
    let mut group = Group::of(&[ANN, BEN]);
    group.own(BEN);
    group.remove(ANN, BEN);
    group.remove(BEN, ANN);
    group.is(ANN, Some(Role::Owner));
    group.is(BEN, Some(Role::Owner));
    group
}

fn owner_against_owner() -> Group {
    let mut group = Group::of(&[ANN, BEN]);
    group.own(BEN);
    group.admit(ANN, CAT, Member);
    let removal = group.remove(BEN, CAT);
    let grant = group.grant(ANN, CAT, Admin, &[]);
    group.is(CAT, None);
    group.comes_to(grant, Verdict::EndedBy(removal));
    group
}

fn removed_while_acting() -> Group {
    let mut group = two_admins();
    let removal = group.remove(ANN, BEN);
    let grant = group.grant(BEN, DAN, Member, &[]);
    let words = group.says(phone(BEN));
    group.is(BEN, None);
    group.is(DAN, None);
    group.comes_to(grant, Verdict::Lost(removal));
    group.shows(phone(BEN), words, false);
    group
}

fn what_a_removed_admin_did_before() -> Group {
    let mut group = two_admins();
    let grant = group.admit(BEN, DAN, Member);
    group.remove(ANN, BEN);
    group.is(BEN, None);
    group.is(DAN, Some(Role::Member));
    group.counts(grant);
    group
}

fn back_dated() -> Group {
    let mut group = two_admins();
    group.admit(ANN, DAN, Member);
    let removal = group.remove(ANN, BEN);
    // As if it had been long ago: but in their own log it comes after what counts.
    group.rank = 0;
    let grant = group.grant(BEN, EVE, Member, &[]);
    let other = group.remove(BEN, DAN);
    group.is(EVE, None);
    group.is(DAN, Some(Role::Member));
    group.comes_to(grant, Verdict::Lost(removal));
    group.comes_to(other, Verdict::Lost(removal));
    group
}

fn the_removal_falls() -> Group {
    let mut group = two_admins();
    let grant = group.admit(ANN, DAN, Member);
    let removal = group.remove(ANN, BEN);
    let falls = group.remove(BEN, DAN);
    group.is(DAN, Some(Role::Member));
    group.counts(grant);
    group.comes_to(falls, Verdict::Lost(removal));
    group
}

fn demoted_while_acting() -> Group {
    let mut group = Group::of(&[ANN]);
    let member = group.admit(ANN, BEN, Member);
    let admin = group.admit(ANN, BEN, Admin);
    let demotion = group.demote(ANN, BEN);
    let grant = group.grant(BEN, DAN, Member, &[]);
    let words = group.says(phone(BEN));
    group.is(BEN, Some(Role::Member));
    group.is(DAN, None);
    group.counts(member);
    group.comes_to(admin, Verdict::EndedBy(demotion));
    group.comes_to(grant, Verdict::Lost(demotion));
    group.shows(phone(BEN), words, true);
    group
}

fn removed_and_demoted() -> Group {
    let mut group = two_admins();
    let member = group.admit(ANN, BEN, Member);
    let removal = group.remove(CAT, BEN);
    group.demote(ANN, BEN);
    group.is(BEN, None);
    group.comes_to(member, Verdict::EndedBy(removal));
    group
}

fn left_while_removed() -> Group {
    let mut group = two_admins();
    group.admit(BEN, DAN, Member);
    let first = group.says(phone(DAN));
    let removal = group.remove(BEN, DAN);
    let second = group.says(phone(DAN));
    let leaves = group.remove(DAN, DAN);
    group.is(DAN, None);
    group.counts(removal);
    group.comes_to(leaves, Verdict::Lost(removal));
    group.shows(phone(DAN), first, true);
    group.shows(phone(DAN), second, false);
    group
}

fn left_after_removal() -> Group {
    let mut group = two_admins();
    group.admit(ANN, DAN, Member);
    let right = group.remove(BEN, DAN);
    let removal = group.remove(ANN, BEN);
    // Ben says that nothing of his ever counted, and with it not what he did to Dan.
    let leaves = group.remove_at(BEN, BEN, None, std::collections::BTreeMap::new());
    group.is(DAN, None);
    group.counts(right);
    group.comes_to(leaves, Verdict::Lost(removal));
    group
}

fn left_while_added() -> Group {
    let mut group = two_admins();
    group.admit(BEN, DAN, Member);
    let leaves = group.remove(DAN, DAN);
    let again = group.grant(CAT, DAN, Member, &[]);
    group.is(DAN, None);
    group.comes_to(again, Verdict::EndedBy(leaves));
    let at = seq(group.height(phone(DAN)));
    group.shows(phone(DAN), at, true);
    group
}

fn left_then_added_again() -> Group {
    let mut group = two_admins();
    group.admit(BEN, DAN, Member);
    let leaves = group.remove(DAN, DAN);
    let again = group.grant(CAT, DAN, Member, &[leaves]);
    group.is(DAN, Some(Role::Member));
    group.counts(again);
    group
}

fn steps_down() -> Group {
    let mut group = Group::of(&[ANN]);
    group.admit(ANN, BEN, Member);
    let admin = group.admit(ANN, BEN, Admin);
    let down = group.demote(BEN, BEN);
    let grant = group.grant(BEN, DAN, Member, &[]);
    group.is(BEN, Some(Role::Member));
    group.is(DAN, None);
    group.counts(down);
    group.comes_to(admin, Verdict::EndedBy(down));
    group.comes_to(grant, Verdict::Lost(down));
    group
}

fn the_last_owner_leaves() -> Group {
    let mut group = two_admins();
    let leaves = group.remove(ANN, ANN);
    let admin = group.grant(ANN, DAN, Admin, &[]);
    let member = group.grant(BEN, EVE, Member, &[]);
    let back = group.own(ANN);
    group.is(ANN, None);
    group.is(DAN, None);
    group.is(EVE, Some(Role::Member));
    group.comes_to(admin, Verdict::Lost(leaves));
    group.counts(member);
    group.comes_to(back, Verdict::Lost(leaves));
    group
}

fn renamed_twice() -> Group {
    let mut group = two_admins();
    let one = group.call(BEN, "Altos", &[]);
    let other = group.call(CAT, "Basses", &[]);
    group.comes_to(one, Verdict::Outweighed);
    group.counts(other);
    group.expected.name = Some("Basses".to_owned());
    group
}

fn renamed_by_an_owner() -> Group {
    let mut group = two_admins();
    let one = group.call(ANN, "Altos", &[]);
    let other = group.call(BEN, "Basses", &[]);
    group.counts(one);
    group.comes_to(other, Verdict::Outweighed);
    group.expected.name = Some("Altos".to_owned());
    group
}

fn renamed_in_turn() -> Group {
    let mut group = two_admins();
    let one = group.call(ANN, "Altos", &[]);
    // A clock that is behind, and an owner's word: whoever knows it may change it.
    group.rank = 0;
    let other = group.call(BEN, "Basses", &[one]);
    group.comes_to(one, Verdict::Replaced);
    group.counts(other);
    group.expected.name = Some("Basses".to_owned());
    group
}

fn renamed_while_demoted() -> Group {
    let mut group = Group::of(&[ANN]);
    group.admit(ANN, BEN, Admin);
    let one = group.call(BEN, "Altos", &[]);
    let demotion = group.demote(ANN, BEN);
    let other = group.call(BEN, "Basses", &[]);
    group.counts(one);
    group.comes_to(other, Verdict::Lost(demotion));
    group.expected.name = Some("Altos".to_owned());
    group
}

fn two_timers() -> Group {
    let mut group = two_admins();
    let day = group.set(BEN, Setting::Lifetime(86_400), &[]);
    let never = group.set(CAT, Setting::Lifetime(0), &[]);
    group.counts(day);
    group.comes_to(never, Verdict::Outweighed);
    group.expected.lifetime_s = Some(86_400);
    group
}

fn two_histories() -> Group {
    let mut group = two_admins();
    let from_now = group.set(BEN, Setting::History(History::FromNow), &[]);
    let all = group.set(CAT, Setting::History(History::Everything), &[]);
    group.counts(from_now);
    group.comes_to(all, Verdict::Outweighed);
    group.expected.history = Some(History::FromNow);
    group
}

fn joined_while_revoked() -> Group {
    let mut group = two_admins();
    let ticket = group.ticket(BEN, 0);
    let seen = group.join_by(DAN, ticket, 0, &[]);
    let revocation = group.revoke(CAT, ticket, &[seen]);
    let late = group.join_by(EVE, ticket, 0, &[]);
    group.is(DAN, Some(Role::Member));
    group.is(EVE, None);
    group.comes_to(ticket, Verdict::EndedBy(revocation));
    group.counts(seen);
    group.comes_to(late, Verdict::NotLetIn);
    group
}

fn revoked_twice() -> Group {
    let mut group = two_admins();
    let ticket = group.ticket(BEN, 0);
    let dan = group.join_by(DAN, ticket, 0, &[]);
    group.revoke(CAT, ticket, &[dan]);
    let eve = group.join_by(EVE, ticket, 0, &[]);
    group.revoke(ANN, ticket, &[dan, eve]);
    group.is(DAN, Some(Role::Member));
    group.is(EVE, None);
    group.comes_to(eve, Verdict::NotLetIn);
    group
}

fn ticket_of_a_removed_admin() -> Group {
    let mut group = two_admins();
    let before = group.ticket(BEN, 0);
    let removal = group.remove(ANN, BEN);
    let after = group.ticket(BEN, 1);
    let dan = group.join_by(DAN, before, 0, &[]);
    let eve = group.join_by(EVE, after, 1, &[]);
    group.is(DAN, Some(Role::Member));
    group.is(EVE, None);
    group.counts(before);
    group.comes_to(after, Verdict::Lost(removal));
    group.counts(dan);
    group.comes_to(eve, Verdict::NotLetIn);
    group
}

fn removed_then_ticket() -> Group {
    let mut group = two_admins();
    let ticket = group.ticket(BEN, 0);
    group.join_by(DAN, ticket, 0, &[]);
    let removal = group.remove(CAT, DAN);
    let back = group.join_by(DAN, ticket, 0, &[removal]);
    group.is(DAN, None);
    group.comes_to(back, Verdict::Lost(removal));
    group
}

fn left_then_ticket() -> Group {
    let mut group = two_admins();
    let ticket = group.ticket(BEN, 0);
    group.join_by(DAN, ticket, 0, &[]);
    let leaves = group.remove(DAN, DAN);
    let back = group.join_by(DAN, ticket, 0, &[leaves]);
    group.is(DAN, Some(Role::Member));
    group.counts(back);
    group
}

fn an_admin_makes_an_admin() -> Group {
    let mut group = two_admins();
    let grant = group.admit(BEN, DAN, Admin);
    group.is(DAN, None);
    group.comes_to(grant, Verdict::NoRight);
    group
}

fn a_member_decides() -> Group {
    let mut group = two_admins();
    group.admit(BEN, DAN, Member);
    group.admit(BEN, EVE, Member);
    let removal = group.remove(DAN, EVE);
    let name = group.call(DAN, "Dan's", &[]);
    let ticket = group.ticket(DAN, 0);
    group.is(EVE, Some(Role::Member));
    for operation in [removal, name, ticket] {
        group.comes_to(operation, Verdict::NoRight);
    }
    group.expected.name = Some("Choir".to_owned());
    group
}

fn a_stranger_decides() -> Group {
    let mut group = two_admins();
    let grant = group.grant(EVE, DAN, Member, &[]);
    let owner = group.own(EVE);
    let words = group.says(phone(EVE));
    group.is(DAN, None);
    group.is(EVE, None);
    group.comes_to(grant, Verdict::NotJoined);
    group.comes_to(owner, Verdict::NotLetIn);
    group.shows(phone(EVE), words, false);
    group
}

fn a_device_of_two_accounts() -> Group {
    let mut group = two_admins();
    group.admit(BEN, DAN, Member);
    let eve = group.grant(BEN, EVE, Member, &[]);
    // Of the account whose log does not certify it, and then as if it were of both.
    let not_theirs = group.join(phone(DAN), EVE, By::Grant(eve));
    let nobodys = group.join(device(EVE, 0), DAN, By::Grant(eve));
    group.comes_to(not_theirs, Verdict::OtherAccount);
    group.comes_to(nobodys, Verdict::NotJoined);
    group
}

fn a_second_device() -> Group {
    let mut group = two_admins();
    let grant = group.admit(BEN, DAN, Member);
    let joins = group.join(laptop(DAN), DAN, By::Grant(grant));
    let again = group.join(laptop(DAN), DAN, By::Grant(grant));
    let words = group.says(laptop(DAN));
    group.counts(joins);
    group.comes_to(again, Verdict::JoinedBefore);
    group.shows(laptop(DAN), words, true);
    group
}

fn a_fork() -> Group {
    let mut group = two_admins();
    let before = group.grant(BEN, DAN, Member, &[]);
    let height = group.height(phone(BEN));
    let one = group.grant(BEN, EVE, Member, &[]);
    group.rewind(phone(BEN), height);
    let other = group.call(BEN, "Ben's", &[]);
    group.limits.insert(phone(BEN), height);
    group.is(DAN, Some(Role::Member));
    group.is(EVE, None);
    group.counts(before);
    group.comes_to(one, Verdict::CutOff);
    group.comes_to(other, Verdict::CutOff);
    group
}
