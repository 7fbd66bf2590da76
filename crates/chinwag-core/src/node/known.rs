//! What the node knows, for whoever shows it. Nothing here changes anything.

use std::collections::{BTreeMap, BTreeSet};

use super::Node;
use super::conversation::{Conversation, With};
use crate::entry::Seq;
use crate::fork::Fork;
use crate::ids::{AccountId, ConversationId, DeviceId};
use crate::store::{Asked, Contact, Invite, Request};
use crate::sync::ranges::Ranges;
use crate::ticket::{Address, Ticket};
use crate::time::Wall;

/// One log of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownLog {
    /// Whose.
    pub author: DeviceId,
    /// How many of its entries are here without a gap, and count.
    pub height: u64,
    /// Where it was forked, if it was.
    pub forked_at: Option<Seq>,
}

impl Node {
    /// Contacts, and who is blocked.
    pub fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.values()
    }

    /// Who asked to become a contact.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        self.requests.values().filter(|request| !request.is_declined)
    }

    /// Invites that are open.
    pub fn invites(&self) -> impl Iterator<Item = &Invite> {
        self.invites.values()
    }

    /// Tickets that were redeemed here and not answered yet.
    pub fn tickets(&self) -> impl Iterator<Item = &Ticket> {
        self.tickets.values()
    }

    /// Whom we asked to become a contact and who did not answer yet.
    pub fn asked(&self) -> impl Iterator<Item = &Asked> {
        self.asked.values()
    }

    /// The conversations, each with the other account, or our own. Of those with somebody who is no
    /// contact, the ones in which something was said.
    pub fn conversations(&self) -> impl Iterator<Item = (ConversationId, AccountId)> {
        self.conversations.iter().filter_map(|(id, conversation)| {
            let (with, is_known) = match conversation.with {
                With::Ourselves => (self.account()?, true),
                With::Other(account) => (account, self.is_contact(account)),
                With::Group(_) => return None,
            };
            let is_there = is_known || conversation.here.iter().next().is_some();
            is_there.then_some((*id, with))
        })
    }

    /// The conversation with an account, if there is one.
    pub fn conversation_of(&self, account: AccountId) -> Option<ConversationId> {
        self.conversation_with(account).filter(|id| self.conversations.contains_key(id))
    }

    /// Whose device wrote in a conversation, now or before.
    pub fn author_of(&self, id: ConversationId, device: DeviceId) -> Option<AccountId> {
        self.account_of(id, device)
    }

    /// The logs of a conversation.
    pub fn logs(&self, id: ConversationId) -> Vec<KnownLog> {
        let Some(conversation) = self.conversations.get(&id) else { return Vec::new() };
        let known = |author| KnownLog {
            author,
            height: self.height(id, author),
            forked_at: conversation.forks.get(&author).map(Fork::at),
        };
        conversation.here.iter().map(|(author, _)| known(author)).collect()
    }

    /// How many entries of a group are here that wait for what they name.
    pub fn waiting(&self, id: ConversationId) -> u64 {
        let here = self.conversations.get(&id).into_iter().flat_map(|c| c.here.iter());
        let waiting = |author| self.kept(id, author).saturating_sub(self.height(id, author));
        here.map(|(author, _)| waiting(author)).sum()
    }

    /// How many entries of a log a device is known to have, without a gap.
    pub fn delivered(&self, id: ConversationId, author: DeviceId, to: DeviceId) -> u64 {
        let receipts = self.conversations.get(&id).and_then(|c| c.receipts.get(&to));
        receipts.map_or(0, |there| there.height(author))
    }

    /// How many entries of a log an account is known to have read.
    pub fn read(&self, id: ConversationId, author: DeviceId, by: AccountId) -> u64 {
        let reads = self.conversations.get(&id).and_then(|c| c.reads.get(&by));
        reads.map_or(0, |read| read.height(author))
    }

    /// Up to which entry a log was handed to a connection to a device, or is known to be there, without
    /// a gap.
    pub fn sent(&self, id: ConversationId, author: DeviceId, to: DeviceId) -> u64 {
        let sessions = self.sessions.values().filter(|session| session.device == to);
        sessions
            .filter_map(|session| session.sent.get(&(id, author)).map(Ranges::height))
            .max()
            .unwrap_or(0)
    }

    /// After how many seconds new messages of a conversation disappear; 0: never.
    pub fn lifetime_s(&self, id: ConversationId) -> u32 {
        self.conversations.get(&id).map_or(0, Conversation::lifetime_s)
    }

    /// The devices with which a session is open.
    pub fn connected_devices(&self) -> BTreeSet<DeviceId> {
        let open = self.sessions.values().filter(|session| session.account().is_some());
        open.map(|session| session.device).collect()
    }

    /// The devices of an account that entries are for: those that are certified now, but for this
    /// one.
    pub fn devices_of(&self, account: AccountId, now: Wall) -> Vec<DeviceId> {
        let own = self.device();
        let certified = self.accounts.get(&account).into_iter().flat_map(|log| log.devices(now));
        certified.map(|c| c.device).filter(|device| Some(*device) != own).collect()
    }

    /// Whom to keep dialling, and where tickets say that they are: the devices of contacts and our
    /// own, of groups all others or, in large ones, some, and whom tickets and requests lead to.
    pub fn wanted(&self, now: Wall) -> BTreeMap<DeviceId, Vec<Address>> {
        let mut wanted = BTreeMap::new();
        if self.is_revoked() {
            return wanted;
        }
        let contacts = self.contacts.values().filter(|c| c.is_contact && !c.is_blocked);
        let contacts = contacts.map(|contact| contact.account);
        for account in contacts.chain(self.account()) {
            wanted.extend(self.devices_of(account, now).into_iter().map(|d| (d, Vec::new())));
        }
        for (id, _) in self.groups() {
            wanted.extend(self.looked_for(id, now).into_iter().map(|d| (d, Vec::new())));
        }
        let tickets = self.tickets.values().filter(|ticket| !ticket.is_expired(now));
        wanted.extend(tickets.map(|ticket| (ticket.device, ticket.addresses.clone())));
        let tickets = self.group_tickets.values().filter(|ticket| !ticket.is_expired(now));
        wanted.extend(tickets.map(|ticket| (ticket.device, ticket.addresses.clone())));
        let asked = self.asked.values().filter(|_| self.is_named());
        wanted.extend(asked.map(|asked| (asked.device, asked.addresses.clone())));
        wanted
    }
}
