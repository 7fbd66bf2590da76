//! Conversations: what is here of them, and what others are known to have.

use std::collections::BTreeMap;

use super::Node;
use crate::entry::{Parents, Place, Seq};
use crate::env::Env;
use crate::ids::{AccountId, ConversationId, DeviceId, EntryId};
use crate::log::Base;
use crate::store::StoreError;
use crate::sync::frontier::Frontier;

/// A conversation of two.
#[derive(Debug)]
pub(super) struct Conversation {
    /// The other account.
    pub(super) with: AccountId,
    /// What is here.
    pub(super) here: Frontier,
    /// The newest entry of each log.
    pub(super) heads: BTreeMap<DeviceId, (Seq, EntryId)>,
    /// What each device is known to have.
    pub(super) receipts: BTreeMap<DeviceId, Frontier>,
}

impl Conversation {
    fn new(with: AccountId) -> Self {
        let (here, heads, receipts) = (Frontier::default(), BTreeMap::new(), BTreeMap::new());
        Self { with, here, heads, receipts }
    }

    /// What a log is checked against.
    pub(super) fn base(&self, author: DeviceId) -> Base {
        match self.heads.get(&author) {
            Some((seq, id)) => Base::Head(*seq, *id),
            None => Base::Empty,
        }
    }

    /// Where the next entry of a log goes.
    pub(super) fn next_place(&self, author: DeviceId) -> Place {
        let head = self.heads.get(&author);
        head.and_then(|(seq, id)| Place::following(*seq, *id)).unwrap_or(Place::First)
    }

    /// What an author has seen of the others.
    pub(super) fn parents(&self, author: DeviceId) -> Parents {
        let others = self.heads.iter().filter(|(device, _)| **device != author);
        Parents::new(others.map(|(_, (_, id))| *id))
    }
}

impl Node {
    pub(super) fn add_conversation(&mut self, with: AccountId) {
        let Some(own) = &self.own else { return };
        let id = ConversationId::direct(own.account, with);
        self.conversations.entry(id).or_insert_with(|| Conversation::new(with));
    }

    /// Brings what the store has of the conversations into memory.
    pub(super) fn load_conversations(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        for (id, frontier) in env.store.frontiers()? {
            let Some(conversation) = self.conversations.get_mut(&id) else { continue };
            for (author, _) in frontier.iter() {
                if let Some(head) = env.store.head(id, author)? {
                    conversation.heads.insert(author, head);
                }
            }
            conversation.here = frontier;
        }
        for (id, device, frontier) in env.store.receipts()? {
            if let Some(conversation) = self.conversations.get_mut(&id) {
                conversation.receipts.insert(device, frontier);
            }
        }
        Ok(())
    }

    /// The conversations that an account is a member of.
    pub(super) fn shared_with(&self, account: AccountId) -> Vec<ConversationId> {
        let is_ours = self.account() == Some(account);
        let shared = self.conversations.iter().filter(|(_, c)| is_ours || c.with == account);
        shared.map(|(id, _)| *id).collect()
    }
}
