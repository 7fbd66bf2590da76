//! Whom of a group is looked for: in a small one everybody, in a large one some
//! [neighbours](crate::sync::neighbours).

use std::collections::BTreeSet;

use chinwag_crypto::{Hasher, Label};

use super::Node;
use crate::env::Env;
use crate::ids::{ConversationId, DeviceId};
use crate::input::Link;
use crate::output::Output;
use crate::sync::neighbours::{ALL_MAX, Found, SEARCH_EVERY_US, neighbours, next_tries};
use crate::time::{Mono, Wall};

const RING: Label = Label::new("chinwag/group-ring/1");

impl Node {
    /// The other devices of a group, of whose accounts none is blocked.
    fn others_in(&self, id: ConversationId, now: Wall) -> Vec<DeviceId> {
        let members = self.group(id).into_iter().flat_map(|state| state.members.keys());
        let members = members.filter(|account| !self.is_blocked(**account));
        members.flat_map(|account| self.devices_of(*account, now)).collect()
    }

    /// Whom of a group to look for.
    pub(super) fn looked_for(&self, id: ConversationId, now: Wall) -> BTreeSet<DeviceId> {
        let tries = self.group_in(id).map_or(0, |group| group.tries);
        self.neighbours_in(id, now, tries).0
    }

    /// Whom of a group to look for after so many tries, and whether enough of them are here.
    fn neighbours_in(
        &self,
        id: ConversationId,
        now: Wall,
        tries: u32,
    ) -> (BTreeSet<DeviceId>, Found) {
        let Some(own) = self.device() else { return (BTreeSet::new(), Found::Enough) };
        let others = self.others_in(id, now);
        let here = self.connected_devices();
        let place = |device: DeviceId| drawn(id, &[device]);
        let lot = |device: DeviceId| drawn(id, &[own, device]);
        neighbours(place(own), &others, place, lot, |device| here.contains(&device), tries)
    }

    /// Somebody came or went: it is looked in a while whether enough are here, where that matters.
    pub(super) fn search_soon(&mut self, now: Mono) {
        let is_large = |id: ConversationId| self.others_in(id, self.seen.1).len() > ALL_MAX;
        if self.next_search.is_none() && self.groups().any(|(id, _)| is_large(id)) {
            self.next_search = Some(Mono::new(now.get().saturating_add(SEARCH_EVERY_US)));
        }
    }

    /// Looks for more members of the groups of whom too few are here, and ends connections that we made
    /// and that are of no use any more.
    pub(super) fn search(&mut self, env: &Env<'_>) {
        if self.next_search.is_none_or(|due| due > env.mono) {
            return;
        }
        self.next_search = None;
        let before: BTreeSet<DeviceId> = self.wanted(env.wall).into_keys().collect();
        let ids: Vec<ConversationId> = self.groups().map(|(id, _)| id).collect();
        for id in ids {
            let tries = self.group_in(id).map_or(0, |group| group.tries);
            let next = next_tries(tries, |tries| self.neighbours_in(id, env.wall, tries).1);
            let changed = self.group_in_mut(id).filter(|_| next != tries);
            if let Some(group) = changed {
                group.tries = next;
                self.search_soon(env.mono);
            }
        }
        let wanted: BTreeSet<DeviceId> = self.wanted(env.wall).into_keys().collect();
        for device in wanted.difference(&before) {
            self.outputs.push_back(Output::Dial { device: *device, addresses: Vec::new() });
        }
        let surplus = self.sessions.iter().filter(|(_, session)| {
            session.is_dialled && session.account().is_some() && !wanted.contains(&session.device)
        });
        let surplus: Vec<Link> = surplus.map(|(link, _)| *link).collect();
        for link in surplus {
            self.close(link, None);
        }
    }
}

/// A number that the group draws for these devices.
fn drawn(id: ConversationId, devices: &[DeviceId]) -> u64 {
    let mut hasher = Hasher::new(RING);
    hasher.update(id.as_bytes());
    for device in devices {
        hasher.update(device.as_bytes());
    }
    let hash = hasher.finish();
    hash.as_bytes().first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}
