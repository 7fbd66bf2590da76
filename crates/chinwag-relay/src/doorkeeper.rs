//! Who is let in, and how many.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use iroh_base::EndpointId;
use iroh_relay::server::{Access, AccessControl, ClientRequest, ConnectionId};

use crate::CONNECTIONS_PER_DEVICE_MAX;

/// Who is there, and who was not let in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections.
    pub connections: usize,
    /// Devices that have one or more.
    pub devices: usize,
    /// Connections that were let in since the relay began.
    pub let_in: u64,
    /// Connections that were not, since then.
    pub turned_away: u64,
}

/// Lets in those who may come, as many as there is room for.
#[derive(Debug)]
pub(crate) struct Doorkeeper {
    connections_max: usize,
    allowed: Option<BTreeSet<[u8; 32]>>,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    /// How many connections each device has.
    of: BTreeMap<[u8; 32], usize>,
    counts: Counts,
}

impl Doorkeeper {
    pub(crate) fn new(connections_max: usize, allowed: Option<BTreeSet<[u8; 32]>>) -> Self {
        Self { connections_max, allowed, inside: Mutex::default() }
    }

    pub(crate) fn counts(&self) -> Counts {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        Counts { devices: inside.of.len(), ..inside.counts }
    }

    /// Lets a device in, or says why not. Whoever is let in leaves once.
    fn enter(&self, device: [u8; 32]) -> Result<(), &'static str> {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let has = inside.of.get(&device).copied().unwrap_or(0);
        let refused = match &self.allowed {
            Some(allowed) if !allowed.contains(&device) => Some("it is not for this device"),
            _ if inside.counts.connections >= self.connections_max => Some("it is full"),
            _ if has >= CONNECTIONS_PER_DEVICE_MAX => Some("this device is here too often already"),
            _ => None,
        };
        if let Some(why) = refused {
            inside.counts.turned_away += 1;
            return Err(why);
        }
        inside.of.insert(device, has + 1);
        inside.counts.connections += 1;
        inside.counts.let_in += 1;
        Ok(())
    }

    fn leave(&self, device: [u8; 32]) {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(has) = inside.of.remove(&device) else { return };
        if has > 1 {
            inside.of.insert(device, has - 1);
        }
        inside.counts.connections = inside.counts.connections.saturating_sub(1);
    }
}

impl AccessControl for Doorkeeper {
    async fn on_connect(&self, request: &ClientRequest) -> Access {
        match self.enter(*request.endpoint_id().as_bytes()) {
            Ok(()) => Access::Allow,
            Err(why) => Access::Deny { reason: Some(why.to_owned()) },
        }
    }

    fn on_disconnect(&self, endpoint_id: EndpointId, _: ConnectionId) {
        self.leave(*endpoint_id.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_let_in_as_there_is_room_for_and_places_become_free() {
        let keeper = Doorkeeper::new(2, None);
        assert_eq!(keeper.enter([1; 32]), Ok(()));
        assert_eq!(keeper.enter([2; 32]), Ok(()));
        assert!(keeper.enter([3; 32]).is_err());
        keeper.leave([1; 32]);
        assert_eq!(keeper.enter([3; 32]), Ok(()));
        let counts = Counts { connections: 2, devices: 2, let_in: 3, turned_away: 1 };
        assert_eq!(keeper.counts(), counts);
    }

    #[test]
    fn one_device_does_not_take_all_places() {
        let keeper = Doorkeeper::new(100, None);
        for _ in 0..CONNECTIONS_PER_DEVICE_MAX {
            assert_eq!(keeper.enter([1; 32]), Ok(()));
        }
        assert!(keeper.enter([1; 32]).is_err());
        assert_eq!(keeper.enter([2; 32]), Ok(()));
        keeper.leave([1; 32]);
        assert_eq!(keeper.enter([1; 32]), Ok(()));
        assert_eq!(keeper.counts().devices, 2);
    }

    #[test]
    fn only_those_on_the_list_are_let_in() {
        let keeper = Doorkeeper::new(100, Some([[1; 32]].into()));
        assert_eq!(keeper.enter([1; 32]), Ok(()));
        assert!(keeper.enter([2; 32]).is_err());
    }
}
