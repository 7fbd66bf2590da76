//! Groups in which anything happens: what is written by whom, and in whose knowledge, is drawn from
//! a seed.

use std::collections::BTreeMap;

use chinwag_core::entry::Seq;
use chinwag_core::ids::{DeviceId, EntryId};
use chinwag_core::membership::{
    Action, By, History, Operation, Placed, Removal, Right, Setting, prove_ticket,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{Group, PEOPLE, account, device, owner_of, ticket_key, topic};

struct Dice(ChaCha20Rng);

impl Dice {
    /// One of so many.
    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.0.next_u32()).unwrap() % count.max(1)
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn person(&mut self) -> u8 {
        u8::try_from(self.below(usize::from(PEOPLE - 1))).unwrap()
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        of.get(self.below(of.len())).copied()
    }
}

/// A group with one to three owners and at most so many operations after its beginning.
pub fn draw(seed: u64, most: usize) -> Group {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    let mut dice = Dice(ChaCha20Rng::from_seed(bytes));
    let owners: Vec<u8> = (0..=u8::try_from(dice.below(3)).unwrap()).collect();
    let mut group = Group::of(&owners);
    for _ in 0..=dice.below(most) {
        // Clocks jump, and two things may stand at one rank.
        match dice.below(6) {
            0 => group.rank = group.rank.saturating_sub(3),
            1 => group.rank += 2,
            _ => {}
        }
        let before = group.operations.len();
        happens(&mut group, &mut dice);
        if group.operations.len() > before && dice.one_in(12) {
            let author = group.operations[before].author();
            let height = group.height(author);
            group.limits.insert(author, height.saturating_sub(dice.below(3) as u64));
        }
    }
    group
}

fn happens(group: &mut Group, dice: &mut Dice) {
    let author = somebody(group, dice);
    if dice.one_in(8) {
        group.says(author);
    }
    if dice.one_in(20) {
        let height = group.height(author);
        group.rewind(author, height.saturating_sub(1 + dice.below(2) as u64));
    }
    let action = match dice.below(16) {
        0..4 => return joins(group, dice),
        4..8 => grants(dice),
        8..11 => removes(group, dice),
        11 => tickets(dice),
        12 => return joins_by_ticket(group, dice),
        13 => revokes(group, dice),
        _ => Action::Set(setting(dice)),
    };
    let after = after(group, dice, &action);
    group.write(author, Operation { after, action });
}

/// Mostly one who has joined.
fn somebody(group: &Group, dice: &mut Dice) -> DeviceId {
    let joined: Vec<DeviceId> =
        of(group, |action| matches!(action, Action::Join { .. })).map(Placed::author).collect();
    match dice.one_of(&joined).filter(|_| !dice.one_in(8)) {
        _ if dice.one_in(3) => device(0, 0),
        Some(author) => author,
        None => device(dice.person(), u8::from(dice.one_in(3))),
    }
}

fn of(group: &Group, is: fn(&Action) -> bool) -> impl Iterator<Item = &Placed> {
    group.operations.iter().filter(move |operation| is(operation.action()))
}

fn history(dice: &mut Dice) -> History {
    if dice.one_in(3) { History::Everything } else { History::FromNow }
}

fn grants(dice: &mut Dice) -> Action {
    let right = if dice.one_in(2) { Right::Admin } else { Right::Member };
    Action::Grant { account: account(dice.person()), right, history: history(dice) }
}

fn removes(group: &Group, dice: &mut Dice) -> Action {
    let person = dice.person();
    let mut heights: BTreeMap<DeviceId, Seq> = BTreeMap::new();
    for which in 0..2 {
        let theirs = device(person, which);
        let height = group.height(theirs).saturating_sub(dice.below(4).saturating_sub(1) as u64);
        heights.extend(Seq::new(height).filter(|_| !dice.one_in(8)).map(|h| (theirs, h)));
    }
    let keeps = dice.one_in(3).then_some(Right::Member);
    Action::Remove(Removal { account: account(person), keeps, heights })
}

fn joins(group: &mut Group, dice: &mut Dice) {
    let grants: Vec<EntryId> =
        of(group, |action| matches!(action, Action::Grant { .. })).map(Placed::id).collect();
    let grant = dice.one_of(&grants).filter(|_| !dice.one_in(5));
    let to = group.operations.iter().find_map(|operation| match operation.action() {
        Action::Grant { account, .. } if Some(operation.id()) == grant => Some(*account),
        _ => None,
    });
    let person = (0..PEOPLE).find(|person| to == Some(account(*person)));
    let person = person.filter(|_| !dice.one_in(12)).unwrap_or_else(|| dice.person() / 2);
    let by = grant.map_or(By::Creation, By::Grant);
    let author =
        device(if dice.one_in(20) { dice.person() } else { person }, u8::from(!dice.one_in(2)));
    group.join(author, person, by);
}

fn tickets(dice: &mut Dice) -> Action {
    let key = ticket_key(u8::try_from(dice.below(2)).unwrap()).public();
    Action::Ticket { key, history: history(dice), expires_s: 0 }
}

fn joins_by_ticket(group: &mut Group, dice: &mut Dice) {
    let tickets: Vec<EntryId> =
        of(group, |action| matches!(action, Action::Ticket { .. })).map(Placed::id).collect();
    let Some(ticket) = dice.one_of(&tickets) else { return joins(group, dice) };
    let person = dice.person();
    let author = device(person, 0);
    let key = ticket_key(u8::try_from(dice.below(2)).unwrap());
    let proof = prove_ticket(key, group.id, account(person), author);
    let by = By::Ticket { ticket, key: key.public(), proof };
    let action = Action::Join { account: account(person), by };
    let after = after(group, dice, &action);
    group.write(author, Operation { after, action });
}

fn revokes(group: &Group, dice: &mut Dice) -> Action {
    let tickets: Vec<EntryId> =
        of(group, |action| matches!(action, Action::Ticket { .. })).map(Placed::id).collect();
    let ticket = dice.one_of(&tickets).unwrap_or(EntryId::from_bytes([7; 32]));
    let joined = of(group, |action| matches!(action, Action::Join { .. })).map(Placed::id);
    let joined = joined.filter(|_| !dice.one_in(3)).collect();
    Action::Revoke { ticket, joined }
}

fn setting(dice: &mut Dice) -> Setting {
    match dice.below(5) {
        0 => Setting::Lifetime([0, 60, 3_600][dice.below(3)]),
        1 => Setting::History(history(dice)),
        2 => Setting::Unknown { number: 99, value: vec![u8::try_from(dice.below(3)).unwrap()] },
        3 => topic(["", "songs", "more songs"][dice.below(3)]),
        _ => {
            let names = ["Altos", "Basses", "Tenors"];
            let name = chinwag_core::identity::Name::new(names[dice.below(3)]).unwrap();
            Setting::Name(name)
        }
    }
}

/// What it says that it is after: some of what it could be.
fn after(group: &Group, dice: &mut Dice, action: &Action) -> std::collections::BTreeSet<EntryId> {
    let is_about = |other: &Action| match (action, other) {
        (Action::Grant { account: to, .. }, Action::Remove(removal)) => removal.account == *to,
        (Action::Join { account: who, .. }, Action::Remove(removal)) => removal.account == *who,
        (Action::Set(this), Action::Set(other)) => this.number() == other.number(),
        _ => false,
    };
    let could_be = group.operations.iter().filter(|operation| is_about(operation.action()));
    let mut after: std::collections::BTreeSet<EntryId> =
        could_be.filter(|_| !dice.one_in(3)).map(Placed::id).collect();
    if dice.one_in(20) {
        after.insert(EntryId::from_bytes([9; 32]));
    }
    if dice.one_in(20) {
        after.extend(dice.one_of(&group.operations.iter().map(Placed::id).collect::<Vec<_>>()));
    }
    after
}

/// Whether everything in it is of known devices: a check of this file.
pub fn is_sound(group: &Group) -> bool {
    group.operations.iter().all(|operation| owner_of(operation.author()).is_some())
}
