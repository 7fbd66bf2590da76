//! For whom something in a group was written: the audience of record.
//!
//! Members come and go, and their devices with them, so who should have an entry can't be read from
//! who is a member later. Its author says it, in the same log: one such entry stands before the
//! first of those that it is about, and counts until the next.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{AccountId, DeviceId};
use crate::wire::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::wire::limits::AUDIENCE_MAX;

/// Accounts, and which of their devices something is for: at most [`AUDIENCE_MAX`] of either. Of an
/// account whose devices were not known then there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience(BTreeMap<AccountId, BTreeSet<DeviceId>>);

impl Audience {
    /// These devices of these accounts. `None`: there are too many.
    pub fn new(devices: BTreeMap<AccountId, BTreeSet<DeviceId>>) -> Option<Self> {
        let count: usize = devices.values().map(BTreeSet::len).sum();
        (devices.len() <= AUDIENCE_MAX && count <= AUDIENCE_MAX).then_some(Self(devices))
    }

    /// The accounts, each with its devices, in order.
    pub fn iter(&self) -> impl Iterator<Item = (AccountId, &BTreeSet<DeviceId>)> {
        self.0.iter().map(|(account, devices)| (*account, devices))
    }
}

impl Encode for Audience {
    fn encode(&self, to: &mut Writer) {
        to.count_u16(self.0.len());
        for (account, devices) in &self.0 {
            to.fixed(account.as_bytes());
            to.count_u16(devices.len());
            for device in devices {
                to.fixed(device.as_bytes());
            }
        }
    }
}

impl Decode for Audience {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut audience = BTreeMap::new();
        let mut room = AUDIENCE_MAX;
        for _ in 0..from.count_u16("accounts", AUDIENCE_MAX)? {
            let account = AccountId::new(from.key("an account")?);
            if audience.last_key_value().is_some_and(|(last, _)| *last >= account) {
                return Err(DecodeError::NotCanonical { what: "the order of accounts" });
            }
            let count = from.count_u16("devices", room)?;
            room = room.saturating_sub(count);
            let mut devices = BTreeSet::new();
            for _ in 0..count {
                let device = DeviceId::new(from.key("a device")?);
                if devices.last().is_some_and(|last| *last >= device) {
                    return Err(DecodeError::NotCanonical { what: "the order of devices" });
                }
                devices.insert(device);
            }
            audience.insert(account, devices);
        }
        Ok(Self(audience))
    }
}
