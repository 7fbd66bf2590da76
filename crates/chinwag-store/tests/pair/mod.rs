//! Two people, each a real node over a store of its own, and the connection between them: for tests
//! that end the one or the other in the middle of it.
//!
//! What they are told is a promise: it must be true whatever happens after it.

#![allow(dead_code, reason = "each test file uses its own part of the pair")]
#![allow(missing_docs, unreachable_pub, reason = "a test's words, seen by nobody else")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

use std::collections::VecDeque;

use chinwag_core::body::{Content, Text};
use chinwag_core::driver::step;
use chinwag_core::env::Env;
use chinwag_core::identity::Name;
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::input::{Command, Input, Link, Token};
use chinwag_core::node::{Config, Node};
use chinwag_core::output::{Answer, Event, Output, Refusal};
use chinwag_core::store::{Store, StoreError};
use chinwag_core::ticket::Ticket;
use chinwag_core::time::{Mono, Wall};
use chinwag_crypto::Hash;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

const LINK: Link = Link(1);

/// Messages under way; nobody says so much at once.
const TALK_MAX: usize = 10_000;

/// What somebody was told, or what is known of them elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// They have this account.
    Account(AccountId),
    /// They have this entry.
    Entry(EntryId),
    /// They have an author's log up to here.
    Log { conversation: ConversationId, author: DeviceId, height: u64 },
}

impl Promise {
    pub fn is_kept_by(&self, store: &dyn Store, node: &Node) -> bool {
        match *self {
            Self::Account(account) => node.account() == Some(account),
            Self::Entry(id) => store.entry(id).unwrap().is_some(),
            Self::Log { conversation, author, height } => {
                height_of(store, conversation, author) >= height
            }
        }
    }
}

/// How far somebody has a log, without a gap.
pub fn height_of(store: &dyn Store, conversation: ConversationId, author: DeviceId) -> u64 {
    let frontiers = store.frontiers().unwrap();
    let here = frontiers.iter().find(|(id, _)| *id == conversation);
    here.map_or(0, |(_, frontier)| frontier.height(author))
}

/// One of the two, with one device.
pub struct Person<S> {
    name: &'static str,
    pub node: Node,
    pub store: S,
    rng: ChaCha20Rng,
    mono: u64,
    replies: Vec<Result<Answer, Refusal>>,
    /// What goes to the other one.
    sent: VecDeque<Vec<u8>>,
    /// What is promised of them.
    pub promised: Vec<Promise>,
    /// What the other one is said to have.
    pub delivered: Vec<Promise>,
    /// Forks, and connections that were closed for a violation: there must be none.
    pub alarms: Vec<String>,
}

impl<S: Store> Person<S> {
    /// Opens somebody's node, who has an account already or makes one now. The seed is for new
    /// keys and salts, and should be another one each time.
    pub fn open(name: &'static str, mut store: S, seed: u64) -> Result<Self, StoreError> {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut env = Env { mono: Mono::new(0), wall: wall(0), rng: &mut rng, store: &mut store };
        let node = Node::open(&mut env, Config::default())?;
        let mut person = Self {
            name,
            node,
            store,
            rng,
            mono: 0,
            replies: Vec::new(),
            sent: VecDeque::new(),
            promised: Vec::new(),
            delivered: Vec::new(),
            alarms: Vec::new(),
        };
        if person.node.account().is_none() {
            let (name, device_name) = (Name::new(name).unwrap(), Name::new("laptop").unwrap());
            person.command(Command::Init { name, device_name })?.unwrap();
        }
        Ok(person)
    }

    pub fn account(&self) -> AccountId {
        self.node.account().expect("an account")
    }

    pub fn device(&self) -> DeviceId {
        self.node.device().expect("a device")
    }

    /// They want something, and what is answered.
    pub fn command(&mut self, command: Command) -> Result<Result<Answer, Refusal>, StoreError> {
        self.input(Input::Command(Token(0), command))?;
        Ok(self.replies.pop().expect("a reply"))
    }

    pub fn say(&mut self, to: AccountId, words: &str) -> Result<EntryId, StoreError> {
        let content = Content::Text(Text { text: words.to_owned(), ..Text::default() });
        match self.command(Command::Say { to, content, client_id: None })? {
            Ok(Answer::Entry(id)) => Ok(id),
            other => panic!("no entry but {other:?}"),
        }
    }

    pub fn invite(&mut self) -> Result<Ticket, StoreError> {
        let invite =
            Command::Invite { is_reusable: true, lifetime_s: Some(3_600), addresses: Vec::new() };
        match self.command(invite)? {
            Ok(Answer::Ticket(ticket)) => Ok(ticket),
            other => panic!("no ticket but {other:?}"),
        }
    }

    pub fn digest(&self, conversation: ConversationId) -> Option<Hash> {
        self.node.history_digest(&self.store, conversation).unwrap()
    }

    pub fn input(&mut self, input: Input) -> Result<(), StoreError> {
        self.mono += 1_000;
        let (mono, wall) = (Mono::new(self.mono), wall(self.mono / 1_000));
        let mut env = Env { mono, wall, rng: &mut self.rng, store: &mut self.store };
        for output in step(&mut self.node, &mut env, [input])? {
            self.output(output);
        }
        Ok(())
    }

    /// Everything that had got out before somebody's end reaches the other one.
    pub fn hand_over<T: Store>(&mut self, to: &mut Person<T>) -> Result<(), StoreError> {
        for bytes in std::mem::take(&mut self.sent) {
            to.input(Input::Frame { link: LINK, bytes })?;
        }
        Ok(())
    }

    fn output(&mut self, output: Output) {
        match output {
            Output::Reply(_, reply) => {
                match &reply {
                    Ok(Answer::Account(account)) => self.promised.push(Promise::Account(*account)),
                    Ok(Answer::Entry(id)) => self.promised.push(Promise::Entry(*id)),
                    _ => {}
                }
                self.replies.push(reply);
            }
            Output::Send { bytes, .. } => self.sent.push_back(bytes),
            Output::Event(Event::Entry { id, .. }) => self.promised.push(Promise::Entry(id)),
            Output::Event(Event::Delivered { conversation, author, height, .. }) => {
                self.delivered.push(Promise::Log { conversation, author, height });
            }
            Output::Event(event @ (Event::Fork { .. } | Event::Retired { .. })) => {
                self.alarms.push(format!("{}: {event:?}", self.name));
            }
            Output::Close { why: Some(why), .. } => {
                self.alarms.push(format!("{} closes: {why}", self.name));
            }
            _ => {}
        }
    }
}

fn wall(ms: u64) -> Wall {
    Wall::new(1_700_000_000_000 + ms)
}

/// Connects the two, who become contacts if they are none.
pub fn connect<A: Store, B: Store>(a: &mut Person<A>, b: &mut Person<B>) -> Result<(), StoreError> {
    b.input(Input::Disconnected { link: LINK })?;
    b.sent.clear();
    let (of_a, of_b) = (a.device(), b.device());
    a.input(Input::Connected { link: LINK, device: of_b, is_dialled: true })?;
    b.input(Input::Connected { link: LINK, device: of_a, is_dialled: false })?;
    settle(a, b)
}

/// Makes the two each other's contacts, over a new connection.
pub fn befriend<A: Store, B: Store>(
    a: &mut Person<A>,
    b: &mut Person<B>,
) -> Result<(), StoreError> {
    let ticket = a.invite()?;
    b.command(Command::Redeem(ticket))?.unwrap();
    connect(a, b)
}

/// Delivers what is under way, and what comes of it, until nothing is.
pub fn settle<A: Store, B: Store>(a: &mut Person<A>, b: &mut Person<B>) -> Result<(), StoreError> {
    for _ in 0..TALK_MAX {
        if let Some(bytes) = a.sent.pop_front() {
            b.input(Input::Frame { link: LINK, bytes })?;
        } else if let Some(bytes) = b.sent.pop_front() {
            a.input(Input::Frame { link: LINK, bytes })?;
        } else {
            return Ok(());
        }
    }
    panic!("they never stop talking");
}
