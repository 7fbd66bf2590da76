//! The node: what one device knows and decides. Control flow only; what is decided is in the
//! modules it calls.
//!
//! It is rebuilt from the store when it opens: there is no other state but the live connections.

mod commands;
mod conversation;
mod identity;
mod session;

use std::collections::{BTreeMap, VecDeque};

use chinwag_crypto::SigningKey;

use crate::env::Env;
use crate::identity::AccountLog;
use crate::ids::{AccountId, ConversationId, DeviceId};
use crate::input::{Input, Link};
use crate::node::conversation::Conversation;
use crate::node::session::Session;
use crate::output::{Event, Output};
use crate::store::{Contact, Invite, StoreError};
use crate::ticket::Ticket;
use crate::time::Mono;
use crate::violation::Violation;
use crate::wire::codec::Encode;
use crate::wire::message::Message;

/// One device's state machine.
#[derive(Debug, Default)]
pub struct Node {
    own: Option<Own>,
    accounts: BTreeMap<AccountId, AccountLog>,
    contacts: BTreeMap<AccountId, Contact>,
    invites: BTreeMap<[u8; 16], Invite>,
    /// Tickets that were redeemed here and not yet answered, by the device they lead to.
    tickets: BTreeMap<DeviceId, Ticket>,
    conversations: BTreeMap<ConversationId, Conversation>,
    sessions: BTreeMap<Link, Session>,
    outputs: VecDeque<Output>,
}

/// Who we are.
#[derive(Debug)]
struct Own {
    account_key: SigningKey,
    device_key: SigningKey,
    account: AccountId,
    device: DeviceId,
}

impl Node {
    /// Opens the node over what is in the store.
    pub fn open(env: &mut Env<'_>) -> Result<Self, StoreError> {
        let mut node = Self::default();
        if let Some(local) = env.store.local()? {
            node.own = Some(Own::of(&local));
        }
        for operation in env.store.operations()? {
            node.remember(operation)?;
        }
        for invite in env.store.invites()? {
            node.invites.insert(invite.secret, invite);
        }
        for ticket in env.store.tickets()? {
            node.dial(&ticket);
            node.tickets.insert(ticket.device, ticket);
        }
        for contact in env.store.contacts()? {
            node.know(contact);
        }
        node.load_conversations(env)?;
        env.store.begin()?;
        node.renew(env).inspect_err(|_| env.store.rollback())?;
        env.store.commit()?;
        Ok(node)
    }

    /// Takes one input. It fails only when the store fails: what a peer does wrong is a
    /// [`Violation`], what somebody asks in vain a refusal.
    pub fn handle(&mut self, env: &mut Env<'_>, input: Input) -> Result<(), StoreError> {
        match input {
            Input::Command(token, command) => {
                let reply = self.command(env, command)?;
                self.outputs.push_back(Output::Reply(token, reply));
                Ok(())
            }
            Input::Connected { link, device } => {
                self.renew(env)?;
                self.connected(env, link, device);
                Ok(())
            }
            Input::Disconnected { link } => {
                self.forget(link);
                Ok(())
            }
            Input::Frame { link, bytes } => self.frame(env, link, &bytes),
            Input::Tick => {
                self.close_overdue(env.mono);
                self.renew(env)
            }
        }
    }

    /// What comes out next. Taken after the commit; see [`step`](crate::driver::step).
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When a [`Tick`](Input::Tick) is due, if ever.
    pub fn deadline(&self) -> Option<Mono> {
        self.sessions.values().filter_map(Session::deadline).min()
    }

    /// Our account, once there is one.
    pub fn account(&self) -> Option<AccountId> {
        self.own.as_ref().map(|own| own.account)
    }

    /// Our device, once there is one.
    pub fn device(&self) -> Option<DeviceId> {
        self.own.as_ref().map(|own| own.device)
    }

    /// How many connections are live.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    fn frame(&mut self, env: &mut Env<'_>, link: Link, bytes: &[u8]) -> Result<(), StoreError> {
        if !self.sessions.contains_key(&link) {
            // What was under way when we closed.
            return Ok(());
        }
        let handled = match Message::read(bytes) {
            Ok(message) => self.message(env, link, message)?,
            Err(error) => Err(Violation::Malformed(error)),
        };
        if let Err(violation) = handled {
            self.close(link, violation);
        }
        Ok(())
    }

    fn message(
        &mut self,
        env: &mut Env<'_>,
        link: Link,
        message: Message,
    ) -> Result<Result<(), Violation>, StoreError> {
        match message {
            Message::Hello(hello) => self.hello(env, link, &hello),
            Message::Known { digest } => Ok(self.known(link, digest)),
            Message::Operations(operations) => self.operations(env, link, operations),
            // Requests of strangers come with their inbox.
            Message::Request { .. } => Ok(Err(Violation::NotWelcome)),
            Message::Have { conversation, frontier } => {
                self.have(env, link, conversation, &frontier)
            }
            Message::Want { conversation, author, range } => {
                self.want(env, link, conversation, author, range)
            }
            Message::Entries { conversation, author, run } => {
                self.entries(env, link, conversation, author, run)
            }
        }
    }

    fn send(&mut self, link: Link, message: &Message) {
        self.outputs.push_back(Output::Send { link, bytes: message.to_bytes() });
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn close(&mut self, link: Link, why: Violation) {
        self.forget(link);
        self.outputs.push_back(Output::Close { link, why });
    }

    fn forget(&mut self, link: Link) {
        self.sessions.remove(&link);
    }

    fn dial(&mut self, ticket: &Ticket) {
        let (device, addresses) = (ticket.device, ticket.addresses.clone());
        self.outputs.push_back(Output::Dial { device, addresses });
    }
}
