//! The node: what one device knows and decides. Control flow only; what is decided is in the
//! modules it calls.
//!
//! It is rebuilt from the store when it opens: there is no other state but the live connections.

mod account;
mod bundles;
mod commands;
mod complete;
mod conversation;
mod delivery;
mod disappearing;
mod effects;
mod exchange;
mod feeds;
mod forks;
mod group;
mod invitations;
mod known;
mod people;
mod prekeys;
mod search;
mod session;
mod signals;
mod tickets;
mod writing;

pub use known::KnownLog;
pub use tickets::OpenTicket;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chinwag_crypto::{Hash, SigningKey};

use crate::env::Env;
use crate::event_log::Logged;
use crate::identity::AccountLog;
use crate::ids::{AccountId, ConversationId, DeviceId};
use crate::input::{Command, Input, Link, Token};
use crate::membership::GroupTicket;
use crate::node::conversation::Conversation;
use crate::node::session::Session;
use crate::node::writing::Written;
use crate::output::{Event, Lane, Output};
use crate::store::{Asked, Contact, Invitation, Invite, Prekey, Request, Store, StoreError};
use crate::sync::frontier::Frontier;
use crate::ticket::Ticket;
use crate::time::{Mono, Wall};
use crate::violation::Violation;
use crate::wire::codec::Encode;
use crate::wire::limits::PAGE_MAX;
use crate::wire::message::Message;

/// Entries asked for at once: a page.
const PAGE: u16 = 1_000;
const _: () = assert!(PAGE_MAX == 1_000, "a piece is a page");

/// What a node is told when it opens.
#[allow(clippy::struct_excessive_bools, reason = "switches, each on its own")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whether the store is a copy of another: a backup that was put back. What was written since
    /// it was made is not in it, so this must be another device than the one that wrote it.
    pub is_copy: bool,
    /// Whether others see what we have read. Whoever does not show it does not see it either.
    pub shares_reads: bool,
    /// Whether others see that we are typing, and we see it of them.
    pub shares_typing: bool,
    /// Whether others see that somebody sits here, and we see it of them.
    pub shares_presence: bool,
    /// Whether groups are begun and taken part in. If not, what is said of them is not kept.
    pub takes_groups: bool,
    /// How many entries of a log are asked for at once, at most [`PAGE_MAX`]. More than that and
    /// the newest come first.
    pub page: u16,
}

impl Default for Config {
    fn default() -> Self {
        let (shares_reads, shares_typing, shares_presence) = (true, true, true);
        let takes_groups = true;
        Self {
            is_copy: false,
            shares_reads,
            shares_typing,
            shares_presence,
            takes_groups,
            page: PAGE,
        }
    }
}

/// One device's state machine.
#[derive(Debug, Default)]
pub struct Node {
    config: Config,
    own: Option<Own>,
    accounts: BTreeMap<AccountId, AccountLog>,
    contacts: BTreeMap<AccountId, Contact>,
    invites: BTreeMap<[u8; 16], Invite>,
    /// Tickets that were redeemed here and not yet answered, by the device they lead to.
    tickets: BTreeMap<DeviceId, Ticket>,
    /// Whom we asked to become a contact, by the device.
    asked: BTreeMap<DeviceId, Asked>,
    /// Who asked us.
    requests: BTreeMap<AccountId, Request>,
    /// Groups that we were let into, until we join.
    invitations: BTreeMap<ConversationId, Invitation>,
    /// Tickets to groups that were taken here and have not let us in yet.
    group_tickets: BTreeMap<ConversationId, GroupTicket>,
    /// Into which group a device was asked to let us last.
    last_asked: BTreeMap<DeviceId, ConversationId>,
    prekeys: Vec<Prekey>,
    /// When there is next something to do about them, or about our certificate.
    next_prekeys: Option<Wall>,
    conversations: BTreeMap<ConversationId, Conversation>,
    /// Conversations of which something is kept, with accounts of which nothing is held any more.
    dormant: BTreeSet<ConversationId>,
    /// What a bundle that is being opened says that its sender has of groups.
    carried: BTreeMap<ConversationId, Frontier>,
    /// Groups of which an operation is new.
    stale_groups: BTreeSet<ConversationId>,
    /// Who is no member of a group any more since the last input, and is to be shown why.
    removed: BTreeSet<(ConversationId, AccountId)>,
    sessions: BTreeMap<Link, Session>,
    /// When to look whether enough members of large groups are connected.
    next_search: Option<Mono>,
    /// What we wrote since the last signature, within this batch.
    written: BTreeMap<ConversationId, Written>,
    /// Commands that wait until it is known whether our log was continued elsewhere.
    held: VecDeque<(Token, Command)>,
    /// When the next body is to be deleted.
    next_expiry: Option<Wall>,
    /// The two clocks as they were last seen, to tell when that will be.
    seen: (Mono, Wall),
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

/// Who hands us something: over a live connection, or in a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Peer {
    account: AccountId,
    device: DeviceId,
    link: Option<Link>,
}

/// How something that a peer said was taken.
type Handled = Result<Result<(), Violation>, StoreError>;

impl Node {
    /// Opens the node over what is in the store. What comes out is taken with
    /// [`poll`](Self::poll); it may have changed the store, and is committed.
    pub fn open(env: &mut Env<'_>, config: Config) -> Result<Self, StoreError> {
        let mut node = Self { config, ..Self::default() };
        node.load(env)?;
        env.store.begin()?;
        if let Err(error) = node.begin(env) {
            env.store.rollback();
            return Err(error);
        }
        env.store.commit()?;
        Ok(node)
    }

    fn load(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        self.load_account(env)?;
        self.load_people(env)?;
        self.load_conversations(env, None)?;
        self.load_invitations(env)?;
        self.next_expiry = env.store.next_expiry()?;
        Ok(())
    }

    fn begin(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        self.seen = (env.mono, env.wall);
        if self.config.is_copy {
            self.retire(env)?;
        }
        self.heed_own_account(env)?;
        self.keep_prekeys(env)?;
        self.complete_groups(env)?;
        self.join_accepted(env)?;
        self.dial_all();
        self.search_soon(env.mono);
        self.log_events(env, 0)?;
        self.finish(env)
    }

    /// Ends a batch, before it is committed: what was written in it is signed, and handed on.
    pub fn finish(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        self.sign_written(env)
    }

    /// Takes one input of a batch, which ends with [`finish`](Self::finish). It fails only when the
    /// store fails: what a peer does wrong is a [`Violation`], what somebody asks in vain a refusal.
    pub fn handle(&mut self, env: &mut Env<'_>, input: Input) -> Result<(), StoreError> {
        self.seen = (env.mono, env.wall);
        let before = self.outputs.len();
        self.take_input(env, input)?;
        self.log_events(env, before)
    }

    fn take_input(&mut self, env: &mut Env<'_>, input: Input) -> Result<(), StoreError> {
        match input {
            Input::Command(token, command) => self.ordered(env, token, command)?,
            Input::Connected { link, device, is_dialled } => {
                self.keep_prekeys(env)?;
                self.connected(env, link, device, is_dialled);
            }
            Input::Disconnected { link } => self.forget(link),
            Input::Frame { link, bytes } => self.frame(env, link, &bytes)?,
            Input::Tick => {
                self.close_overdue(env.mono);
                self.ask_overdue(env.mono);
                self.search(env);
                self.let_disappear(env)?;
                self.keep_prekeys(env)?;
            }
        }
        self.join_accepted(env)?;
        self.show_removals(env)?;
        self.release_held(env)
    }

    /// Keeps what happened since there were so many outputs, for whoever is not looking now.
    fn log_events(&self, env: &mut Env<'_>, since: usize) -> Result<(), StoreError> {
        let events = self.outputs.iter().skip(since).filter_map(|output| match output {
            Output::Event(event) => Logged::of(event),
            _ => None,
        });
        for event in events {
            env.store.log_event(env.wall, &event)?;
        }
        Ok(())
    }

    /// What comes out next. Taken after the commit; see [`step`](crate::driver::step).
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When a [`Tick`](Input::Tick) is due, if ever.
    pub fn deadline(&self) -> Option<Mono> {
        let overdue = self.sessions.values().filter_map(Session::deadline).min();
        let waits = self.next_to_ask().into_iter().chain(self.next_search);
        overdue
            .into_iter()
            .chain(waits)
            .chain(self.next_deletion())
            .chain(self.next_prekeys())
            .min()
    }

    /// Our account, once there is one.
    pub fn account(&self) -> Option<AccountId> {
        self.own.as_ref().map(|own| own.account)
    }

    /// Our device, once there is one.
    pub fn device(&self) -> Option<DeviceId> {
        self.own.as_ref().map(|own| own.device)
    }

    /// What is known of an account.
    pub fn account_log(&self, account: AccountId) -> Option<&AccountLog> {
        self.accounts.get(&account)
    }

    /// How many connections are live.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// A hash that is the same for all who have the same of a conversation, entry for entry, and
    /// for nobody else.
    pub fn history_digest(
        &self,
        store: &dyn Store,
        conversation: ConversationId,
    ) -> Result<Option<Hash>, StoreError> {
        self.digest_of_conversation(store, conversation)
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
            self.close(link, Some(violation));
        }
        Ok(())
    }

    /// What somebody says on a connection: first who they are, then the rest.
    fn message(&mut self, env: &mut Env<'_>, link: Link, message: Message) -> Handled {
        match message {
            Message::Hello(hello) => self.hello(env, link, &hello),
            Message::Known { digest } => Ok(self.known(link, digest)),
            Message::Operations { operations, is_last } => {
                self.operations(env, link, operations, is_last)
            }
            message => match self.peer(link) {
                Some(peer) => self.told(env, peer, message),
                None => Ok(Err(Violation::OutOfTurn)),
            },
        }
    }

    /// What a known device says, on a connection or in a bundle.
    fn told(&mut self, env: &mut Env<'_>, from: Peer, message: Message) -> Handled {
        let told_of = match &message {
            Message::Entries { author, .. } => Some(*author),
            Message::Fork(fork) => Some(fork.author()),
            _ => None,
        };
        if told_of.is_some() && told_of == self.device() {
            // It is compared with what we have of our own log, signatures and all.
            self.sign_written(env)?;
        }
        match message {
            Message::Hello(_) | Message::Known { .. } => Ok(Err(Violation::OutOfTurn)),
            Message::Operations { operations, .. } => self.learn(env, from, operations),
            Message::Accounts(digests) => Ok(self.told_accounts(from, &digests)),
            Message::Have(have) => self.have(env, from, &have),
            Message::Want { conversation, author, range } => {
                self.want(env, from, conversation, author, range)
            }
            Message::Entries { conversation, author, run } => {
                self.entries(env, from, conversation, author, run)
            }
            Message::Fork(fork) => self.told_fork(env, from, &fork),
            Message::Read { conversation, frontier } => {
                self.told_read(env, from, conversation, &frontier)
            }
            Message::Typing { conversation, is_on } => {
                Ok(self.told_typing(from, conversation, is_on))
            }
            Message::Presence { is_active } => {
                self.told_presence(from, is_active);
                Ok(Ok(()))
            }
            Message::PrekeysWanted => self.give_prekeys(env, from).map(Ok),
            Message::Prekeys(keys) => {
                env.store.put_peer_prekeys(from.device, &keys)?;
                Ok(Ok(()))
            }
            Message::Feed { conversation, author, is_on } => {
                self.told_feed(from, conversation, author, is_on);
                Ok(Ok(()))
            }
        }
    }

    fn send(&mut self, link: Link, message: &Message) {
        self.send_on(link, Lane::Live, message.to_bytes());
    }

    /// Sends something, unless the connection was closed in this step.
    fn send_on(&mut self, link: Link, lane: Lane, bytes: Vec<u8>) {
        if self.sessions.contains_key(&link) {
            self.outputs.push_back(Output::Send { link, lane, bytes });
        }
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}
