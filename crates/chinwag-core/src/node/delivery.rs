//! How far an entry has come, from frontiers alone.

use super::Node;
use crate::delivery::{Delivery, Holder};
use crate::entry::Seq;
use crate::ids::{ConversationId, DeviceId};
use crate::time::Wall;

impl Node {
    /// Which devices of a conversation's members have an entry, and who has read it. `None`: it is
    /// not here, or does not count.
    pub fn delivery(
        &self,
        conversation: ConversationId,
        author: DeviceId,
        seq: Seq,
        now: Wall,
    ) -> Option<Delivery> {
        let state = self.conversations.get(&conversation)?;
        if seq.get() > self.limit(conversation, author) || !state.here.contains(author, seq) {
            return None;
        }
        let own = self.account()?;
        let has_it = |device: DeviceId| {
            let there = state.receipts.get(&device);
            Some(device) == self.device() || there.is_some_and(|there| there.contains(author, seq))
        };
        let mut devices: Vec<Holder> = Vec::new();
        for account in [own].into_iter().chain(state.others(own)) {
            let Some(log) = self.accounts.get(&account) else { continue };
            let of_account = log.devices(now).map(|certificate| certificate.device);
            let others = of_account.filter(|device| *device != author);
            devices.extend(others.map(|device| Holder { account, device, has_it: has_it(device) }));
        }
        devices.sort_unstable();
        let by = self.account_of(conversation, author);
        let has_read = state.reads.iter().filter(|(_, read)| read.contains(author, seq));
        let readers = has_read.map(|(account, _)| *account).filter(|who| Some(*who) != by);
        Some(Delivery { devices, readers: readers.collect() })
    }
}
