//! Bodies that disappear: when their time begins, and what is done when it is over.
//!
//! The time is kept by the wall clock, so that it goes on while the program does not run. A clock
//! that is ahead makes bodies disappear early, and one that is behind makes them stay until it is
//! right again.

use super::Node;
use crate::entry::Seq;
use crate::env::Env;
use crate::ids::{ConversationId, DeviceId};
use crate::store::{StoreError, StoredEntry};
use crate::sync::ranges::{Range, Ranges};
use crate::time::{Mono, Wall};

/// Bodies deleted, or looked at, in one step.
const AT_ONCE: usize = 1_000;

/// How far ahead the wall clock is trusted, in milliseconds: it may jump.
const LOOK_AGAIN_MS: u64 = 3_600 * 1_000;

impl Node {
    /// The time of the entries after number `from` up to `to` begins now. Of others' it begins
    /// when we read them; of ours, when somebody else has them: until then nobody else could ever
    /// read them.
    pub(super) fn begin_to_disappear(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        author: DeviceId,
        from: u64,
        to: u64,
    ) -> Result<(), StoreError> {
        let has_any = self.may_disappear(id);
        let mut next = Seq::new(from.saturating_add(1));
        while let Some(range) = next.zip(Seq::new(to)).and_then(|(a, b)| Range::new(a, b)) {
            if !has_any {
                return Ok(());
            }
            let entries = env.store.entries(id, author, range, AT_ONCE, usize::MAX)?;
            let disappears = |entry: &&StoredEntry| {
                entry.header.lifetime_s > 0 && entry.header.kind.is_message()
            };
            for entry in entries.iter().filter(disappears) {
                let lifetime_ms = u64::from(entry.header.lifetime_s) * 1_000;
                let due = Wall::new(env.wall.get().saturating_add(lifetime_ms));
                env.store.put_expiry(entry.id, due)?;
                self.next_expiry = Some(self.next_expiry.map_or(due, |next| next.min(due)));
            }
            next = entries.last().and_then(|last| last.header.seq().checked_add(1));
        }
        Ok(())
    }

    /// Whether entries of a conversation may have a lifetime: there are settings, or there were
    /// some that were cut off since.
    fn may_disappear(&self, id: ConversationId) -> bool {
        let Some(conversation) = self.conversations.get(&id) else { return false };
        let is_cut = |(author, ranges): (DeviceId, &Ranges)| {
            ranges.highest().is_some_and(|highest| self.limit(id, author) < highest.get())
        };
        conversation.lifetime.is_some() || conversation.here.iter().any(is_cut)
    }

    /// A lifetime is set in a conversation for the first time: entries that have one may be here
    /// already, delivered and read, because the log that sets it came last.
    pub(super) fn begin_what_has_begun(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
    ) -> Result<(), StoreError> {
        let (Some(own), Some(conversation)) = (self.account(), self.conversations.get(&id)) else {
            return Ok(());
        };
        let read = conversation.reads.get(&own);
        let others = conversation.receipts.iter().filter(|(device, _)| !self.is_ours(**device));
        let others: Vec<_> = others.map(|(_, frontier)| frontier).collect();
        let begun = conversation.here.iter().map(|(author, _)| {
            let delivered = others.iter().map(|frontier| frontier.height(author)).max();
            let read = read.map_or(0, |read| read.height(author));
            (author, if self.is_ours(author) { delivered.unwrap_or(0) } else { read })
        });
        let begun: Vec<_> = begun.collect();
        begun
            .into_iter()
            .try_for_each(|(author, to)| self.begin_to_disappear(env, id, author, 0, to))
    }

    /// Deletes the bodies whose time is over.
    pub(super) fn let_disappear(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        if self.next_expiry.is_none_or(|due| due > env.wall) {
            return Ok(());
        }
        for id in env.store.expired(env.wall, AT_ONCE)? {
            if let Some(message) = env.store.entry(id)? {
                self.delete_message(env, &message)?;
            }
        }
        self.next_expiry = env.store.next_expiry()?;
        Ok(())
    }

    /// When the next body is to be deleted, by the clock that does not jump.
    pub(super) fn next_deletion(&self) -> Option<Mono> {
        self.next_expiry.map(|due| self.by_mono(due))
    }

    /// When a time will have come, by the clock that does not jump; or when to look again.
    pub(super) fn by_mono(&self, due: Wall) -> Mono {
        let (mono, wall) = self.seen;
        let left_ms = due.get().saturating_sub(wall.get()).min(LOOK_AGAIN_MS);
        Mono::new(mono.get().saturating_add(left_ms.saturating_mul(1_000)))
    }
}
