//! People on one virtual network, for telling stories about: who is there, who is connected, who
//! says what, and what each of them saw. Time passes only when the story says so.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chinwag_core::body::{Body, Content, Kind, Text};
use chinwag_core::driver::step;
use chinwag_core::entry::Seq;
use chinwag_core::env::Env;
use chinwag_core::identity::Name;
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::input::{Command, Input, Link, Token};
use chinwag_core::membership::{Audience, Right, Role};
use chinwag_core::node::{Config, Node};
use chinwag_core::output::{Answer, Event, Lane, Output, Refusal};
use chinwag_core::store::{Store, StoredEntry};
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::sync::ranges::Range;
use chinwag_core::testing::MemStore;
use chinwag_core::ticket::Ticket;
use chinwag_core::time::{Mono, Wall};
use chinwag_core::wire::codec::Encode as _;
use chinwag_core::wire::message::{Have, Message};
use chinwag_crypto::Hash;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// What is waited for no longer than this is part of settling: microseconds.
const SOON: u64 = 1_000_000;

const START: u64 = 1_700_000_000_000;

/// The people, the network between them, and what was seen.
pub(crate) struct World {
    people: BTreeMap<&'static str, Person>,
    /// Messages under way on the live lanes: to whom, on which connection, what.
    under_way: VecDeque<(&'static str, Link, Vec<u8>)>,
    /// Those on the bulk lanes: they are overtaken by all that is live, as far as may be.
    by_bulk: VecDeque<(&'static str, Link, Vec<u8>)>,
    /// The two ends of each connection.
    links: BTreeMap<Link, [&'static str; 2]>,
    next_link: u64,
    mono: u64,
    ahead_ms: u64,
    transcript: Vec<String>,
    /// Who was told of whom that they are there, or no longer.
    presence: Vec<(&'static str, String)>,
    /// Entries that were sent, as often as they were.
    entries_sent: usize,
    runs_sent: usize,
}

/// Which devices have something, and who has read it.
pub(crate) type Reached = (Vec<(&'static str, bool)>, Vec<&'static str>);

/// The members of a group with what they are, and a hash of all that is in it.
pub(crate) type Known = (Vec<(&'static str, Role)>, Option<Hash>);

/// One person with one device.
pub(crate) struct Person {
    pub(crate) node: Node,
    pub(crate) store: MemStore,
    rng: ChaCha20Rng,
    pub(crate) replies: VecDeque<Result<Answer, Refusal>>,
}

impl World {
    pub(crate) fn of(names: &[&'static str]) -> Self {
        let mut world = Self {
            people: BTreeMap::new(),
            under_way: VecDeque::new(),
            by_bulk: VecDeque::new(),
            links: BTreeMap::new(),
            next_link: 0,
            mono: 0,
            ahead_ms: 0,
            transcript: Vec::new(),
            presence: Vec::new(),
            entries_sent: 0,
            runs_sent: 0,
        };
        for name in names {
            world.join_as(name);
        }
        world
    }

    /// Somebody else comes into the story.
    pub(crate) fn join_as(&mut self, name: &'static str) {
        let rng = ChaCha20Rng::seed_from_u64(self.people.len() as u64);
        let (node, store) = (Node::default(), MemStore::default());
        let person = Person { node, store, rng, replies: VecDeque::new() };
        self.people.insert(name, person);
        let device_name = Name::new("laptop").unwrap();
        let init = Command::Init { name: Name::new(name).unwrap(), device_name };
        assert!(matches!(self.command(name, init), Ok(Answer::Account(_))));
    }

    /// People who are each other's contacts, and not connected.
    pub(crate) fn of_friends(names: &[&'static str]) -> Self {
        let mut world = Self::of(names);
        for (n, a) in names.iter().enumerate() {
            for b in &names[n + 1..] {
                let ticket = world.invite(a, false);
                world.command(b, Command::Redeem(ticket)).unwrap();
                world.connect(a, b);
                world.settle();
                world.disconnect(a, b);
            }
        }
        world.transcript.clear();
        world.presence.clear();
        world
    }

    pub(crate) fn person(&mut self, name: &str) -> &mut Person {
        self.people.get_mut(name).expect("a person of the story")
    }

    pub(crate) fn account(&mut self, name: &str) -> AccountId {
        self.person(name).node.account().expect("an account")
    }

    pub(crate) fn device(&mut self, name: &str) -> DeviceId {
        self.person(name).node.device().expect("a device")
    }

    pub(crate) fn invite(&mut self, name: &'static str, is_reusable: bool) -> Ticket {
        let invite =
            Command::Invite { is_reusable, lifetime_s: Some(3_600), addresses: Vec::new() };
        match self.command(name, invite) {
            Ok(Answer::Ticket(ticket)) => ticket,
            other => panic!("no ticket but {other:?}"),
        }
    }

    /// Somebody wants something, and what is answered.
    pub(crate) fn command(
        &mut self,
        name: &'static str,
        command: Command,
    ) -> Result<Answer, Refusal> {
        self.input(name, [Input::Command(Token(0), command)]);
        self.person(name).replies.pop_back().expect("a reply")
    }

    pub(crate) fn say(&mut self, from: &'static str, to: &str, words: &str) -> EntryId {
        let to = self.account(to);
        let content = Content::Text(Text { text: words.to_owned(), ..Text::default() });
        match self.command(from, Command::Say { to, content, client_id: None }) {
            Ok(Answer::Entry(id)) => id,
            other => panic!("no entry but {other:?}"),
        }
    }

    /// Somebody takes another device into their account, by its recovery words.
    pub(crate) fn restore_on(&mut self, of: &'static str, name: &'static str) {
        let account_seed = self.person(of).store.local().unwrap().unwrap().account_seed;
        let rng = ChaCha20Rng::seed_from_u64(1_000 + self.people.len() as u64);
        let (node, store) = (Node::default(), MemStore::default());
        self.people.insert(name, Person { node, store, rng, replies: VecDeque::new() });
        let device_name = Name::new("phone").unwrap();
        self.command(name, Command::Restore { account_seed, device_name }).unwrap();
    }

    /// The same, and the two devices have met, and are apart.
    pub(crate) fn restore_apart(&mut self, of: &'static str, name: &'static str) {
        self.restore_on(of, name);
        self.connect(name, of);
        self.settle();
        self.disconnect(name, of);
    }

    pub(crate) fn is_connected(&self, link: Link) -> bool {
        self.links.contains_key(&link)
    }

    /// How many entries of a log count at somebody.
    pub(crate) fn height(&mut self, of: &str, id: ConversationId, author: DeviceId) -> u64 {
        let logs = self.person(of).node.logs(id);
        logs.iter().find(|log| log.author == author).map_or(0, |log| log.height)
    }

    /// What somebody's conversation with somebody comes down to.
    pub(crate) fn digest(&mut self, of: &str, with: &str) -> Option<Hash> {
        let id = ConversationId::direct(self.account(of), self.account(with));
        let Person { node, store, .. } = self.person(of);
        node.history_digest(store, id).unwrap()
    }

    /// Which of these people's devices have an entry of the conversation of two, as somebody sees
    /// it, and who of the people has read it.
    pub(crate) fn delivery(
        &mut self,
        of: &str,
        between: [&str; 2],
        entry: EntryId,
    ) -> Option<Reached> {
        let [a, b] = between.map(|name| self.account(name));
        let (id, (_, wall)) = (ConversationId::direct(a, b), self.now());
        let Person { node, store, .. } = self.person(of);
        let header = store.entry(entry).unwrap()?.header;
        let delivery = node.delivery(id, header.author, header.seq(), wall)?;
        let mut devices: Vec<_> =
            delivery.devices.iter().map(|to| (self.whose(to.device), to.has_it)).collect();
        devices.sort_unstable();
        Some((devices, delivery.readers.into_iter().map(|reader| self.who(reader)).collect()))
    }

    /// Somebody begins a group.
    pub(crate) fn group(&mut self, by: &'static str) -> ConversationId {
        match self.command(by, Command::CreateGroup(Name::new("choir").unwrap())) {
            Ok(Answer::Entry(id)) => {
                self.person(by).store.entry(id).unwrap().unwrap().header.conversation
            }
            other => panic!("no group but {other:?}"),
        }
    }

    pub(crate) fn grant(
        &mut self,
        by: &'static str,
        group: ConversationId,
        to: &str,
        right: Right,
    ) {
        let account = self.account(to);
        self.command(by, Command::Grant { group, account, right }).unwrap();
    }

    pub(crate) fn remove(&mut self, by: &'static str, group: ConversationId, whom: &str) {
        let account = self.account(whom);
        self.command(by, Command::Remove { group, account, keeps: None }).unwrap();
    }

    pub(crate) fn say_in(&mut self, from: &'static str, group: ConversationId, words: &str) {
        let content = Content::Text(Text { text: words.to_owned(), ..Text::default() });
        self.command(from, Command::SayInGroup { group, content, client_id: None }).unwrap();
    }

    /// What is said in a group, as somebody is shown it.
    pub(crate) fn said_in(&mut self, of: &str, group: ConversationId) -> Vec<String> {
        let Person { node, store, .. } = self.person(of);
        let entries = store.timeline(group, None, 1_000).unwrap();
        let shown = entries.iter().rev().filter(|entry| {
            let header = &entry.header;
            header.kind == Kind::TEXT && node.is_shown(group, header.author, header.seq())
        });
        shown.map(|entry| words(&entry.header, entry.body.as_deref())).collect()
    }

    /// For whom an entry of a group was written, as its author says it to somebody.
    pub(crate) fn audience_of(&mut self, of: &str, entry: &StoredEntry) -> Option<Audience> {
        let Person { node, store, .. } = self.person(of);
        node.audience_of(store, entry).unwrap()
    }

    /// All words of a group that somebody keeps, shown or not.
    pub(crate) fn kept_in(&mut self, of: &str, group: ConversationId) -> BTreeSet<String> {
        let store = &self.person(of).store;
        let entries = store.timeline(group, None, 1_000).unwrap();
        let texts = entries.iter().filter(|entry| entry.header.kind == Kind::TEXT);
        texts.map(|entry| words(&entry.header, entry.body.as_deref())).collect()
    }

    /// Whom somebody looks for.
    pub(crate) fn wanted(&mut self, of: &str) -> Vec<&'static str> {
        let (_, wall) = self.now();
        let wanted = self.person(of).node.wanted(wall);
        wanted.into_keys().map(|device| self.whose(device)).collect()
    }

    /// What somebody knows of a group: its members, and a hash of all that is in it.
    pub(crate) fn known_of(&mut self, of: &str, group: ConversationId) -> Option<Known> {
        let Person { node, store, .. } = self.person(of);
        let digest = node.history_digest(store, group).unwrap();
        let roles: Vec<_> = node.group(group)?.members.iter().map(|(a, m)| (*a, m.role)).collect();
        let mut members: Vec<_> =
            roles.into_iter().map(|(account, role)| (self.who(account), role)).collect();
        members.sort_unstable();
        Some((members, digest))
    }

    pub(crate) fn connect(&mut self, a: &'static str, b: &'static str) -> Link {
        let link = Link(self.next_link);
        self.next_link += 1;
        self.links.insert(link, [a, b]);
        let (device_a, device_b) = (self.device(a), self.device(b));
        self.input(a, [Input::Connected { link, device: device_b, is_dialled: true }]);
        self.input(b, [Input::Connected { link, device: device_a, is_dialled: false }]);
        link
    }

    /// Of whom somebody was told that they are there or no longer, since the last time.
    pub(crate) fn presence(&mut self, of: &str) -> Vec<String> {
        let told = std::mem::take(&mut self.presence);
        told.into_iter().filter(|(name, _)| *name == of).map(|(_, line)| line).collect()
    }

    /// The first of the connections between two breaks.
    pub(crate) fn disconnect_one(&mut self, a: &'static str, b: &'static str) {
        let is_between = |ends: &[&'static str; 2]| ends.contains(&a) && ends.contains(&b);
        let first = self.links.iter().find(|(_, ends)| is_between(ends)).map(|(link, _)| *link);
        self.cut(first.expect("a connection"));
    }

    /// All connections between two break, with what is under way on them.
    pub(crate) fn disconnect(&mut self, a: &'static str, b: &'static str) {
        let is_between = |ends: &[&'static str; 2]| ends.contains(&a) && ends.contains(&b);
        let broken: Vec<Link> =
            self.links.iter().filter(|(_, ends)| is_between(ends)).map(|(l, _)| *l).collect();
        for link in broken {
            self.cut(link);
        }
    }

    fn cut_all(&mut self, name: &'static str) {
        let is_theirs = |ends: &[&'static str; 2]| ends.contains(&name);
        let broken: Vec<Link> =
            self.links.iter().filter(|(_, ends)| is_theirs(ends)).map(|(l, _)| *l).collect();
        for link in broken {
            self.cut(link);
        }
    }

    fn cut(&mut self, link: Link) {
        self.under_way.retain(|(_, on, _)| *on != link);
        self.by_bulk.retain(|(_, on, _)| *on != link);
        for name in self.links.remove(&link).into_iter().flatten() {
            self.input(name, [Input::Disconnected { link }]);
        }
    }

    fn next_under_way(&mut self) -> Option<(&'static str, Link, Vec<u8>)> {
        self.under_way.pop_front().or_else(|| self.by_bulk.pop_front())
    }

    /// How many messages are under way on the live lanes, and how many by bulk.
    pub(crate) fn on_lanes(&self) -> (usize, usize) {
        (self.under_way.len(), self.by_bulk.len())
    }

    /// Delivers what is under way, and what comes of it, also what is waited for no longer than
    /// [`SOON`], until nothing is.
    pub(crate) fn settle(&mut self) {
        for _ in 0..10_000 {
            if let Some((to, link, bytes)) = self.next_under_way() {
                self.input(to, [Input::Frame { link, bytes }]);
            } else if !self.tick_soon() {
                return;
            }
        }
        panic!("they never stop talking");
    }

    /// Lets the time pass that the first of them waits for. False: nobody waits for anything that is soon.
    fn tick_soon(&mut self) -> bool {
        let due = |(name, person): (&&'static str, &Person)| {
            person.node.deadline().map(|due| (due.get(), *name))
        };
        let first = self.people.iter().filter_map(due).min();
        let Some((due, name)) = first.filter(|(due, _)| *due <= self.mono + SOON) else {
            return false;
        };
        self.mono = self.mono.max(due);
        self.input(name, [Input::Tick]);
        true
    }

    /// Delivers what is under way on one connection, before all else.
    pub(crate) fn deliver_on(&mut self, link: Link) {
        self.under_way.extend(self.by_bulk.drain(..));
        while self.deliver_one_on(link) {}
    }

    /// Delivers the next message on one connection. False: there is none.
    pub(crate) fn deliver_one_on(&mut self, link: Link) -> bool {
        let at = self.under_way.iter().position(|(_, on, _)| *on == link);
        let next = at.and_then(|at| self.under_way.remove(at));
        let Some((to, link, bytes)) = next else { return false };
        self.input(to, [Input::Frame { link, bytes }]);
        true
    }

    /// How many entries of a log somebody knows to be at a device.
    pub(crate) fn delivered(
        &mut self,
        of: &str,
        id: ConversationId,
        author: DeviceId,
        to: DeviceId,
    ) -> u64 {
        self.person(of).node.delivered(id, author, to)
    }

    /// All clocks jump ahead, and no time passes.
    pub(crate) fn jump(&mut self, days: u64) {
        self.ahead_ms += days * 24 * 3_600 * 1_000;
    }

    /// Delivers one message.
    pub(crate) fn deliver_one(&mut self) {
        if let Some((to, link, bytes)) = self.next_under_way() {
            self.input(to, [Input::Frame { link, bytes }]);
        }
    }

    /// Hands somebody bytes on a connection, as its other end would.
    pub(crate) fn inject(&mut self, to: &'static str, link: Link, bytes: Vec<u8>) {
        self.input(to, [Input::Frame { link, bytes }]);
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        self.mono += seconds * 1_000_000;
        let names: Vec<&'static str> = self.people.keys().copied().collect();
        for name in names {
            let due = self.person(name).node.deadline();
            if due.is_some_and(|due| due.get() <= self.mono) {
                self.input(name, [Input::Tick]);
            }
        }
    }

    /// Somebody's program ends and starts again, from what it has kept.
    pub(crate) fn restart(&mut self, name: &'static str) {
        self.reopen(name, Config::default());
    }

    pub(crate) fn reopen(&mut self, name: &'static str, config: Config) {
        let (mono, wall) = self.now();
        let person = self.person(name);
        let mut env = Env { mono, wall, rng: &mut person.rng, store: &mut person.store };
        person.node = Node::open(&mut env, config).unwrap();
        while person.node.poll().is_some() {}
        self.cut_all(name);
    }

    /// How many entries were sent, each as often as it was.
    pub(crate) fn entries_sent(&self) -> usize {
        self.entries_sent
    }

    /// How many runs they were sent in.
    pub(crate) fn runs_sent(&self) -> usize {
        self.runs_sent
    }

    fn now(&self) -> (Mono, Wall) {
        (Mono::new(self.mono), Wall::new(START + self.ahead_ms + self.mono / 1_000))
    }

    pub(crate) fn input(&mut self, name: &'static str, inputs: impl IntoIterator<Item = Input>) {
        let (mono, wall) = self.now();
        let person = self.people.get_mut(name).expect("a person of the story");
        let mut env = Env { mono, wall, rng: &mut person.rng, store: &mut person.store };
        match step(&mut person.node, &mut env, inputs) {
            Ok(outputs) => outputs.into_iter().for_each(|output| self.output(name, output)),
            Err(error) => {
                self.note(name, &format!("crashed: {error}"));
                self.restart(name);
            }
        }
    }

    fn output(&mut self, name: &'static str, output: Output) {
        match output {
            Output::Reply(_, reply) => self.person(name).replies.push_back(reply),
            Output::Send { link, lane, bytes } => {
                if let Ok(Message::Entries { run, .. }) = Message::read(&bytes) {
                    self.entries_sent += run.entries.len();
                    self.runs_sent += 1;
                }
                let ends = self.links.get(&link).copied().unwrap_or_default();
                if let Some(to) = ends.into_iter().find(|end| !end.is_empty() && *end != name) {
                    let lane =
                        if lane == Lane::Bulk { &mut self.by_bulk } else { &mut self.under_way };
                    lane.push_back((to, link, bytes));
                }
            }
            Output::Dial { .. } => {}
            Output::Rename { .. } => self.cut_all(name),
            Output::Close { link, why } => {
                if let Some(why) = why {
                    self.note(name, &format!("closes: {why}"));
                }
                self.cut(link);
            }
            Output::Event(event) => self.event(name, event),
        }
    }

    fn event(&mut self, name: &'static str, event: Event) {
        let line = match event {
            Event::Contact { account } => format!("knows {}", self.who(account)),
            // What an account's devices share about contacts is seen as its effect.
            Event::Entry { header, .. } if header.kind == Kind::CONTACT => return,
            Event::Entry { header, body, .. } => {
                let author = self.whose(header.author);
                format!("has {author} {}: {}", header.seq(), words(&header, body.as_deref()))
            }
            Event::Delivered { author, height, to, .. } => {
                format!("{} 1..{height} delivered to {}", self.whose(author), self.whose(to))
            }
            Event::Request { account, name, text } => {
                format!("{} asks as {}: {text}", self.who(account), name.as_str())
            }
            Event::Peer { account, is_here, .. } => {
                let line = format!("{}: {is_here}", self.who(account));
                return self.presence.push((name, line));
            }
            Event::ContactChanged { .. } => return,
            Event::Invited { by, name, .. } => {
                format!("{} invites to {}", self.who(by), name.as_str())
            }
            Event::Read { account, .. } => format!("{} has read it", self.who(account)),
            Event::Typing { account, is_on, .. } => {
                format!("{} types: {is_on}", self.who(account))
            }
            Event::Presence { account, is_active, .. } => {
                format!("{} is there: {is_active}", self.who(account))
            }
            Event::Deleted { .. } => "a body is deleted".to_owned(),
            Event::Fork { author, at, .. } => format!("{} forked at {at}", self.whose(author)),
            Event::Retired { .. } => "is another device now".to_owned(),
        };
        self.note(name, &line);
    }

    fn note(&mut self, name: &str, line: &str) {
        self.transcript.push(format!("{name}: {line}"));
    }

    /// What was seen since the last time.
    pub(crate) fn transcript(&mut self) -> Vec<String> {
        std::mem::take(&mut self.transcript)
    }

    fn who(&self, account: AccountId) -> &'static str {
        let is_them = |person: &Person| person.node.account() == Some(account);
        self.people.iter().find(|(_, p)| is_them(p)).map_or("somebody", |(name, _)| name)
    }

    pub(crate) fn whose(&self, device: DeviceId) -> &'static str {
        let is_theirs = |person: &Person| person.node.device() == Some(device);
        self.people.iter().find(|(_, p)| is_theirs(p)).map_or("somebody", |(name, _)| name)
    }

    /// What somebody has of the conversation with somebody: each author's words, in order.
    pub(crate) fn history(&mut self, of: &str, with: &str) -> Vec<(&'static str, Vec<String>)> {
        let conversation = ConversationId::direct(self.account(of), self.account(with));
        let everything = Range::new(Seq::MIN, Seq::MAX).unwrap();
        let ours = [self.device(of), self.device(with)];
        let store = &self.person(of).store;
        let frontiers = store.frontiers().unwrap();
        let here = frontiers.iter().find(|(id, _)| *id == conversation).map(|(_, f)| f.clone());
        let known = here.iter().flat_map(|f| f.iter().map(|(author, _)| author));
        let authors: BTreeSet<DeviceId> = known.chain(ours).collect();
        let logs: Vec<_> = authors
            .iter()
            .map(|author| {
                let entries =
                    store.entries(conversation, *author, everything, 100_000, usize::MAX).unwrap();
                let said: Vec<String> =
                    entries.iter().map(|e| words(&e.header, e.body.as_deref())).collect();
                (*author, said)
            })
            .collect();
        let mut history: Vec<_> =
            logs.into_iter().map(|(author, said)| (self.whose(author), said)).collect();
        history.sort_unstable();
        history
    }
}

fn words(header: &chinwag_core::entry::Header, body: Option<&[u8]>) -> String {
    let Some(body) = body else { return "(deleted)".to_owned() };
    match Body::from_bytes(header.kind, body).map(|body| body.content().clone()) {
        Ok(Content::Text(text)) => text.text,
        other => format!("{other:?}"),
    }
}

/// What somebody says who has these places of a log, the first of them up to this entry, and does not say all
/// that they have.
pub(crate) fn claim(
    conversation: ConversationId,
    author: DeviceId,
    places: &[Range],
    head: EntryId,
) -> Vec<u8> {
    let mut frontier = Frontier::default();
    for range in places {
        frontier.insert(author, *range);
    }
    let heads = BTreeMap::from([(author, head)]);
    let (is_whole, wants_answer) = (false, false);
    Message::Have(Have { conversation, frontier, heads, is_whole, wants_answer }).to_bytes()
}
