//! How far an entry has come: which devices have it, and who has read it.

use std::collections::BTreeSet;

use crate::ids::{AccountId, DeviceId};

/// How far an entry has come. It is kept here; of the others it is what they have
/// said to this device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The devices of all members but the author's own, in the order of accounts and devices: those
    /// that are their account's now.
    pub devices: Vec<Holder>,
    /// Who has read it, of all members but the one who wrote it.
    pub readers: BTreeSet<AccountId>,
}

/// A device that should have an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder {
    /// Whose device it is.
    pub account: AccountId,
    /// The device.
    pub device: DeviceId,
    /// Whether it has said to this device that it has the entry.
    pub has_it: bool,
}

impl Delivery {
    /// Whether a device of this account has the entry.
    pub fn has_reached(&self, account: AccountId) -> bool {
        self.devices.iter().any(|holder| holder.account == account && holder.has_it)
    }

    /// Whether all devices have the entry.
    pub fn has_reached_all(&self) -> bool {
        self.devices.iter().all(|holder| holder.has_it)
    }
}
