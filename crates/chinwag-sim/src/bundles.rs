//! Bundles on their way: carried, lost, damaged, brought to somebody else, opened twice.

use std::collections::BTreeMap;

use chinwag_core::bundle::BundleError;
use chinwag_core::ids::{AccountId, ConversationId, DeviceId};
use chinwag_core::input::{Command, Input, Token};
use chinwag_core::node::Node;
use chinwag_core::output::{Answer, Refusal};
use chinwag_core::violation::Violation;

use crate::groups::Knows;
use crate::model::Asked;
use crate::network::{SECOND, Who};
use crate::sim::{ROUND_EVERY, What, World};

/// What becomes of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It arrives.
    Fine,
    /// It arrives twice, the one and the other time.
    Again,
    /// It arrives damaged.
    Garbled,
    /// It is brought to another device.
    Misled,
}

/// A bundle that is carried.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    from: DeviceId,
    to: Who,
    fate: Fate,
    bytes: Vec<u8>,
    /// What its sender knew of groups.
    knew: BTreeMap<ConversationId, Knows>,
}

impl World<'_> {
    /// Bundles were made: somebody carries each, or loses it.
    pub(crate) fn send_out(&mut self, who: Who, bundles: Vec<(DeviceId, Vec<u8>)>) {
        let from = self.people[who].device;
        for (device, bytes) in bundles {
            let Some(to) = self.whose(device) else { continue };
            self.check_addressed(who, device);
            let slowest = if self.now < self.peace { 60 } else { 3 };
            let at = self.now + self.dice.between(1, slowest) * SECOND;
            let knew = self.people[who].knows.clone();
            let fine = Parcel { from, to, fate: Fate::Fine, bytes, knew };
            let chance = if self.now < self.peace { self.dice.below(12) } else { 11 };
            match chance {
                0 => self.cover("bundles lost"),
                1 => {
                    let bytes = self.garbled(&fine.bytes);
                    self.at(at, What::Carry(Parcel { fate: Fate::Garbled, bytes, ..fine }));
                }
                2 => {
                    let other = self.dice.place(self.people.len());
                    let fate = if other == to { Fate::Fine } else { Fate::Misled };
                    self.at(at, What::Carry(Parcel { to: other, fate, ..fine }));
                }
                3 | 4 => {
                    let again = at + self.dice.between(1, 30) * SECOND;
                    let twice = Parcel { fate: Fate::Again, ..fine };
                    self.at(at, What::Carry(twice.clone()));
                    self.at(again, What::Carry(twice));
                }
                _ => self.at(at, What::Carry(fine)),
            }
        }
    }

    /// Notes which devices somebody knows to be removed before a step that makes bundles.
    pub(crate) fn note_removed(&mut self, who: Who, inputs: &[Input]) {
        let makes_some = |input: &Input| {
            matches!(input, Input::Command(_, Command::Export(_) | Command::ExportGroup(_)))
        };
        let node = self.people[who].node.as_ref().filter(|_| inputs.iter().any(makes_some));
        let is_removed = |node: &Node, account: AccountId, device: DeviceId| {
            let known = node.account_log(account).and_then(|log| log.device(device));
            known.is_some_and(|known| !known.is_current())
        };
        let theirs = (0..self.people.len()).flat_map(|other| {
            let account = self.people[other].account;
            self.devices(other).into_iter().map(move |device| (account, device))
        });
        let removed = node.map(|node| {
            let removed = theirs.filter(|(account, device)| is_removed(node, *account, *device));
            removed.map(|(_, device)| device).collect()
        });
        self.people[who].removed = removed.unwrap_or_default();
    }

    /// No bundle is for a device of which it was known that it was removed or is no more.
    fn check_addressed(&mut self, who: Who, device: DeviceId) {
        if self.is_honest(who) && self.people[who].removed.contains(&device) {
            self.fail(&format!("{who} makes a bundle for {device:?}, which was removed"));
        }
    }

    fn garbled(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let at = self.dice.place(bytes.len());
        match self.dice.below(3) {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << self.dice.below(8),
            _ => bytes.push(0),
        }
        bytes
    }

    /// A bundle is there; whoever is not, gets it later.
    pub(crate) fn deliver(&mut self, parcel: Parcel) {
        let person = &self.people[parcel.to];
        if person.is_absent {
            return;
        }
        if person.node.is_none() {
            return self.at(self.now + 3 * SECOND, What::Carry(parcel));
        }
        let Parcel { from, to, fate, bytes, knew } = parcel;
        self.people[to].carried.push(knew);
        let token = Token(self.model.next);
        self.model.next += 1;
        self.model.asked.insert(token, (to, Asked::Import(from, fate)));
        self.give(to, Input::Command(token, Command::Import(bytes)));
    }

    /// A bundle was opened, or was not.
    pub(crate) fn opened(
        &mut self,
        who: Who,
        from: DeviceId,
        fate: Fate,
        reply: Result<Answer, Refusal>,
    ) {
        let is_fair = match (&reply, fate) {
            // One that is sealed to the key of the certificate can be opened as often as one likes.
            (Ok(Answer::Done), Fate::Fine | Fate::Again)
            | (Err(Refusal::Bundle(_)), Fate::Garbled)
            | (Err(Refusal::Bundle(BundleError::OtherDevice)), Fate::Misled)
            | (Err(Refusal::Bundle(BundleError::NoKey)), Fate::Again) => true,
            (Err(Refusal::Revoked), _) => self.is_revoked(who),
            (Err(refusal), Fate::Fine | Fate::Again) => self.may_stay_shut(who, from, refusal),
            _ => false,
        };
        if !is_fair {
            return self.fail(&format!("{who} opens a bundle of {from:?}, {fate:?}: {reply:?}"));
        }
        match (reply, fate) {
            (Ok(_), Fate::Again) => self.cover("bundles brought twice"),
            (Ok(_), _) => self.cover("bundles opened"),
            (Err(Refusal::Bundle(BundleError::NoKey)), _) => self.cover("bundles without a key"),
            (_, Fate::Garbled) => self.cover("garbled bundles refused"),
            (_, Fate::Misled) => self.cover("bundles for others refused"),
            _ => {}
        }
    }

    /// Whether a sound bundle need not be opened.
    fn may_stay_shut(&self, who: Who, from: DeviceId, refusal: &Refusal) -> bool {
        let Some(sender) = self.whose(from) else { return false };
        let has_jumped = self.people[who].has_jumped || self.people[sender].has_jumped;
        let is_renamed = self.has_lost(who) || self.has_lost(sender);
        match refusal {
            // Whoever lies about their keys, or hands others theirs, can open nothing.
            Refusal::Bundle(BundleError::NoKey) if !self.is_honest(who) => true,
            // Neither can who repeats to one what they gave to another: it is sealed to that.
            Refusal::Bundle(BundleError::NotTheirKey) => {
                self.people[who].liar.as_ref().is_some_and(|liar| liar.has_misled(sender))
            }
            Refusal::NoContact(account) => {
                let known = self.people[who].store.contact(*account);
                !known.is_some_and(|known| known.is_contact && !known.is_blocked)
            }
            Refusal::Bundle(BundleError::OtherDevice) => is_renamed,
            Refusal::Bundle(BundleError::NoKey) => is_renamed || has_jumped,
            Refusal::Bundle(BundleError::Violation(Violation::NotCertified)) => {
                has_jumped || is_renamed || self.model.revoked.contains(&from)
            }
            // A liar's own node sends what its own store has; what it says besides is on the wire.
            _ => false,
        }
    }

    /// When there is nothing else, everybody has bundles carried to all they know.
    pub(crate) fn round(&mut self) {
        for who in 0..self.people.len() {
            let own = self.people[who].account;
            let contacts = self.people[who].store.people();
            let known = contacts.filter(|c| c.is_contact && !c.is_blocked).map(|c| c.account);
            let all: Vec<_> = known.chain([own]).collect();
            for to in all {
                self.ask(who, Asked::Export, Command::Export(to));
            }
        }
        self.at(self.now + ROUND_EVERY, What::Round);
    }
}
