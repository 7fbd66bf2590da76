//! What is known of the way to each device: how attempts failed, and when it was last there.
//!
//! Kept in memory and bounded: it explains what is happening now. When a device was last heard is in
//! the store.

use std::collections::{BTreeMap, VecDeque};

use chinwag_core::ids::DeviceId;
use chinwag_core::ticket::Address;
use chinwag_core::time::Wall;
use chinwag_net::{DialFault, Outcome, Why};

/// Failures that are kept of each device.
const FAILURES_MAX: usize = 8;

/// Devices of which something is kept.
const DEVICES_MAX: usize = 8_192;

/// One attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FailedAttempt {
    pub(crate) at: Wall,
    /// A word for programs.
    pub(crate) reason: &'static str,
    /// For people.
    pub(crate) text: String,
    /// Where the device was looked for.
    pub(crate) addresses: Vec<Address>,
}

/// The attempts to reach one device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attempts {
    /// The newest first.
    pub(crate) failures: VecDeque<FailedAttempt>,
    pub(crate) next: Option<Wall>,
}

/// The attempts to reach everybody.
#[derive(Debug, Default)]
pub(crate) struct Ledger(BTreeMap<DeviceId, Attempts>);

impl Ledger {
    pub(crate) fn of(&self, device: DeviceId) -> Attempts {
        self.0.get(&device).cloned().unwrap_or_default()
    }

    /// An attempt is over.
    pub(crate) fn note(
        &mut self,
        device: DeviceId,
        addresses: Vec<Address>,
        outcome: &Outcome,
        now: Wall,
    ) {
        match outcome {
            Outcome::Connected => {
                if let Some(attempts) = self.0.get_mut(&device) {
                    attempts.next = None;
                }
            }
            Outcome::Failed { why, next_in } => {
                let text = why.to_string();
                let failed = FailedAttempt { at: now, reason: word(why), text, addresses };
                self.failed(device, failed);
                if let Some(attempts) = self.0.get_mut(&device) {
                    attempts.next = Some(crate::time::after(now, *next_in));
                }
            }
        }
    }

    /// Something failed on the way to a device.
    pub(crate) fn failed(&mut self, device: DeviceId, failed: FailedAttempt) {
        if self.0.len() >= DEVICES_MAX && !self.0.contains_key(&device) {
            return;
        }
        let failures = &mut self.0.entry(device).or_default().failures;
        failures.push_front(failed);
        failures.truncate(FAILURES_MAX);
    }
}

/// The word for programs.
pub(crate) const fn word(why: &DialFault) -> &'static str {
    match why {
        DialFault::NoAddress => "noAddress",
        DialFault::RelayNotInUse(_) => "relayNotInUse",
        DialFault::RelayAway(_) => "relayAway",
        DialFault::NotAtRelay(_) => "notAtRelay",
        DialFault::Ourselves => "ourselves",
        DialFault::NobodyAnswers => "nobodyAnswers",
        DialFault::NobodyListens => "nobodyListens",
        DialFault::NoRoute => "noRoute",
        DialFault::WrongDevice => "wrongDevice",
        DialFault::Incompatible(_) => "incompatible",
        DialFault::TurnedDown(why) => closed(*why),
        DialFault::ShutOut => "shutOut",
        DialFault::Other(_) => "other",
    }
}

/// The word for why the other side closes a connection.
pub(crate) const fn closed(why: Why) -> &'static str {
    match why {
        Why::NotWelcome => "notWelcome",
        Why::TicketNotGood => "ticketNotGood",
        Why::NotCertified => "notCertified",
        Why::CannotKeep => "cannotKeep",
        Why::Version => "incompatible",
        Why::ShutOut => SHUT_OUT,
        _ => "closedThere",
    }
}

/// Follows from what was the matter before.
const SHUT_OUT: &str = "shutOutThere";

impl Attempts {
    /// What is the matter: the newest failure that is more than the consequence of another.
    pub(crate) fn cause(&self) -> Option<&FailedAttempt> {
        let is_cause = |failed: &&FailedAttempt| failed.reason != SHUT_OUT;
        self.failures.iter().find(is_cause).or(self.failures.front())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chinwag_core::ids::DeviceId;
    use chinwag_crypto::{Secret, SigningKey};

    use super::*;

    #[test]
    fn the_newest_failures_are_kept_and_a_connection_ends_the_waiting() {
        let device = DeviceId::new(SigningKey::from_seed(&Secret::new([1; 32])).public());
        let mut ledger = Ledger::default();
        for n in 0..20 {
            let next_in = Duration::from_secs(n);
            let outcome = Outcome::Failed { why: DialFault::NobodyAnswers, next_in };
            ledger.note(device, Vec::new(), &outcome, Wall::new(n));
        }
        let attempts = ledger.of(device);
        assert_eq!(attempts.failures.len(), FAILURES_MAX);
        assert_eq!(attempts.failures[0].at, Wall::new(19));
        assert_eq!(attempts.next, Some(Wall::new(19_019)));
        ledger.note(device, Vec::new(), &Outcome::Connected, Wall::new(20));
        assert_eq!(ledger.of(device).next, None);
    }
}
