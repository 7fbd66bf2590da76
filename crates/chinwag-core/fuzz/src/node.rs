//! A node, and all that others may do to it: any bytes are the script of a story.
//!
//! Who is in it: Asha's laptop, which is the node; her phone; Ben, who is a contact; Mallory, who
//! is not. All of them are real, and what they sent to the laptop is kept. The script says who
//! connects when, which of it comes again, changed or not, and what else comes: bytes, messages
//! with numbers of its choice, entries and operations that are rightly signed and wrong in what
//! they say. The keys of Ben, of the phone and of a copy of the laptop are in its hands.
//!
//! What must hold: no panic and no failed step; what comes out of a step is bounded; what is sent
//! is sent on live connections and can be read; there are as many sessions as connections, and no
//! more than the limits allow; a stranger learns nothing but who we are; and a node that is opened
//! again knows the same.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::sync::LazyLock;

use chinwag_core::body::{Body, ContactChange, Content, SALT_LEN, Settings, Text, body_hash};
use chinwag_core::driver::step;
use chinwag_core::entry::{Header, Parents, Place, Seq, sign};
use chinwag_core::env::Env;
use chinwag_core::fork::Fork;
use chinwag_core::identity::{AccountLog, Action, Name, Revocation, SignedOperation};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::input::{Command, Input, Link, Token};
use chinwag_core::log::Run;
use chinwag_core::node::{Config, Node};
use chinwag_core::output::{Answer, Event, Output};
use chinwag_core::store::Store;
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::sync::ranges::Range;
use chinwag_core::testing::MemStore;
use chinwag_core::time::{ClaimedTime, Mono, Wall};
use chinwag_core::wire::codec::Encode;
use chinwag_core::wire::limits::{
    FRAME_MAX, HELD_MAX, SESSIONS_PER_DEVICE_MAX, SESSIONS_UNPROVEN_MAX,
};
use chinwag_core::wire::message::{Have, Message};
use chinwag_crypto::{Secret, SigningKey};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// The steps of a script that count.
const STEPS_MAX: usize = 96;

/// What comes out of one step at most, for each connection (and once more for nobody's): a few
/// messages for each of the conversations that there can be, and what a page has.
const OUTPUTS_MAX: usize = 64;

/// When it begins, in milliseconds.
const START: u64 = 1_700_000_000_000;

/// Plays a story: whether any of its frames was from somebody whom the node had let in.
pub fn story(script: &[u8]) -> bool {
    let mut stage = Stage::new(&CAST);
    let mut script = Script(script);
    for _ in 0..STEPS_MAX {
        let Some(what) = script.byte() else { break };
        stage.play(what, &mut script);
    }
    stage.restart();
    stage.let_in
}

// What was there before.

static CAST: LazyLock<Cast> = LazyLock::new(Cast::meet);

/// Who is in the story, and what they have said.
struct Cast {
    /// What Asha's laptop has kept when the story begins.
    laptop: MemStore,
    asha: AccountId,
    ben: AccountId,
    mallory: AccountId,
    /// Of the laptop, the phone, Ben and Mallory.
    devices: [DeviceId; 4],
    device_keys: [SigningKey; 4],
    /// Of Asha, and of Ben.
    account_keys: [SigningKey; 2],
    /// Asha's with Ben, and her own.
    conversations: [ConversationId; 2],
    /// All that was sent to the laptop, before the story begins and after.
    frames: Vec<Vec<u8>>,
    /// Bundles for it, by Ben and by the phone.
    bundles: Vec<Vec<u8>>,
}

/// One of them, while it is made.
struct Person {
    node: Node,
    store: MemStore,
    rng: ChaCha20Rng,
    /// What it sends, one after the other.
    sent: VecDeque<Vec<u8>>,
}

impl Person {
    fn new(seed: u8) -> Self {
        let rng = ChaCha20Rng::from_seed([seed; 32]);
        let (node, store) = (Node::default(), MemStore::default());
        Self { node, store, rng, sent: VecDeque::new() }
    }

    fn named(seed: u8, name: &str) -> Self {
        let mut person = Self::new(seed);
        let [name, device_name] = [name, "laptop"].map(|name| Name::new(name).unwrap());
        person.wants(Command::Init { name, device_name });
        person
    }

    fn input(&mut self, input: Input) -> Option<Answer> {
        let wall = Wall::new(START);
        let mut env = Env { mono: Mono::new(0), wall, rng: &mut self.rng, store: &mut self.store };
        let outputs = step(&mut self.node, &mut env, [input]).unwrap();
        let mut answer = None;
        for output in outputs {
            match output {
                Output::Send { bytes, .. } => self.sent.push_back(bytes),
                Output::Reply(_, reply) => answer = Some(reply.unwrap()),
                _ => {}
            }
        }
        answer
    }

    fn wants(&mut self, command: Command) -> Answer {
        self.input(Input::Command(Token(0), command)).unwrap()
    }

    fn says(&mut self, to: AccountId, words: &str) -> EntryId {
        match self.wants(Command::Say { to, content: text(words), client_id: None }) {
            Answer::Entry(id) => id,
            other => panic!("no entry but {other:?}"),
        }
    }

    fn bundle_for(&mut self, account: AccountId, device: DeviceId) -> Vec<u8> {
        let Answer::Bundles(bundles) = self.wants(Command::Export(account)) else {
            panic!("no bundles");
        };
        bundles.into_iter().find(|(to, _)| *to == device).unwrap().1
    }

    fn account(&self) -> AccountId {
        self.node.account().unwrap()
    }

    fn device(&self) -> DeviceId {
        self.node.device().unwrap()
    }

    fn device_key(&self) -> SigningKey {
        SigningKey::from_seed(&Secret::new(self.store.local().unwrap().unwrap().device_seed))
    }

    fn account_key(&self) -> SigningKey {
        SigningKey::from_seed(&Secret::new(self.store.local().unwrap().unwrap().account_seed))
    }
}

/// The one dials the other, and all is said that is to be said; then they part. What is said to
/// `to` is noted.
fn talk(from: &mut Person, to: &mut Person, link: u64, said: &mut Vec<Vec<u8>>) {
    let link = Link(link);
    let (dials, is_dialled) = (from.device(), to.device());
    from.input(Input::Connected { link, device: is_dialled, is_dialled: true });
    to.input(Input::Connected { link, device: dials, is_dialled: false });
    exchange(from, to, link, said);
    from.input(Input::Disconnected { link });
    to.input(Input::Disconnected { link });
}

fn exchange(from: &mut Person, to: &mut Person, link: Link, said: &mut Vec<Vec<u8>>) {
    while !(from.sent.is_empty() && to.sent.is_empty()) {
        while let Some(bytes) = from.sent.pop_front() {
            said.push(bytes.clone());
            to.input(Input::Frame { link, bytes });
        }
        while let Some(bytes) = to.sent.pop_front() {
            from.input(Input::Frame { link, bytes });
        }
    }
}

fn text(words: &str) -> Content {
    Content::Text(Text { text: words.to_owned(), ..Text::default() })
}

impl Cast {
    fn meet() -> Self {
        let [mut laptop, mut ben, mut mallory] =
            [(1, "Asha"), (2, "Ben"), (3, "Mallory")].map(|(seed, name)| Person::named(seed, name));
        let account_seed = laptop.store.local().unwrap().unwrap().account_seed;
        let mut phone = Person::new(4);
        let device_name = Name::new("phone").unwrap();
        phone.wants(Command::Restore { account_seed, device_name });
        let mut frames = Vec::new();
        let invite =
            |is_reusable| Command::Invite { is_reusable, lifetime_s: None, addresses: Vec::new() };
        let (asha, device) = (laptop.account(), laptop.device());

        let Answer::Ticket(ticket) = laptop.wants(invite(false)) else { panic!("no ticket") };
        ben.wants(Command::Redeem(ticket));
        talk(&mut ben, &mut laptop, 1, &mut frames);
        talk(&mut phone, &mut laptop, 2, &mut frames);
        let of = ben.says(asha, "hello");
        ben.wants(Command::React { to: of, emoji: "👋".to_owned(), is_on: true });
        laptop.says(ben.account(), "hello, Ben");
        talk(&mut ben, &mut laptop, 3, &mut frames);
        talk(&mut phone, &mut laptop, 4, &mut frames);
        let mut bundles = vec![ben.bundle_for(asha, device)];
        let Answer::Ticket(ticket) = laptop.wants(invite(true)) else { panic!("no ticket") };
        let kept = laptop.store.clone();

        // What only comes in the story, if it comes.
        let edited = Text { text: "hello!".to_owned(), ..Text::default() };
        ben.wants(Command::Edit { of, text: edited });
        ben.says(asha, "are you there?");
        ben.wants(Command::MarkRead(asha));
        phone.says(ben.account(), "on my phone");
        bundles.push(ben.bundle_for(asha, device));
        bundles.push(phone.bundle_for(asha, device));
        talk(&mut ben, &mut laptop, 5, &mut frames);
        talk(&mut phone, &mut laptop, 6, &mut frames);
        let (account, addresses) = (asha, Vec::new());
        let ask = Command::Ask { account, device, addresses, text: "it's me".to_owned() };
        mallory.wants(ask);
        talk(&mut mallory, &mut laptop, 7, &mut frames);
        mallory.wants(Command::Redeem(ticket));
        talk(&mut mallory, &mut laptop, 8, &mut frames);
        Self {
            laptop: kept,
            asha,
            ben: ben.account(),
            mallory: mallory.account(),
            devices: [&laptop, &phone, &ben, &mallory].map(Person::device),
            device_keys: [&laptop, &phone, &ben, &mallory].map(Person::device_key),
            account_keys: [&laptop, &ben].map(Person::account_key),
            conversations: [ConversationId::direct(asha, ben.account()), ConversationId::own(asha)],
            frames,
            bundles,
        }
    }
}

// The script.

/// What is left of the script.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// A byte, 0 after the end.
    fn any(&mut self) -> u8 {
        self.byte().unwrap_or(0)
    }

    fn is(&mut self) -> bool {
        self.any() % 2 == 1
    }

    fn of<'b, T>(&mut self, all: &'b [T]) -> Option<&'b T> {
        let at = usize::from(self.any());
        all.get(at % all.len().max(1))
    }

    /// So many bytes as a byte says, or what is left.
    fn bytes(&mut self) -> &'a [u8] {
        let len = usize::from(self.any()).min(self.0.len());
        let (bytes, rest) = self.0.split_at(len);
        self.0 = rest;
        bytes
    }

    /// A number: a small one, one near the greatest, or any.
    fn number(&mut self) -> u64 {
        match self.any() {
            small @ 0..192 => small.into(),
            large @ 192..240 => u64::MAX - u64::from(large - 192),
            _ => self.0.split_first_chunk().map_or(u64::MAX, |(bytes, rest)| {
                self.0 = rest;
                u64::from_be_bytes(*bytes)
            }),
        }
    }

    fn seq(&mut self) -> Seq {
        Seq::new(self.number()).unwrap_or(Seq::MIN)
    }

    fn range(&mut self) -> Range {
        let (a, b) = (self.seq(), self.seq());
        Range::new(a.min(b), a.max(b)).unwrap_or(Range::up_to(a))
    }

    fn words(&mut self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }
}

/// The node while the story goes on.
struct Stage {
    cast: &'static Cast,
    node: Node,
    store: MemStore,
    rng: ChaCha20Rng,
    mono: u64,
    ahead_ms: u64,
    /// The live connections: to which device, and whether the node dialled.
    live: BTreeMap<Link, (DeviceId, bool)>,
    links: u64,
    /// Whether it is shown by anything that Mallory is no stranger.
    is_mallory_known: bool,
    let_in: bool,
}

impl Stage {
    fn new(cast: &'static Cast) -> Self {
        let mut stage = Self {
            cast,
            node: Node::default(),
            store: cast.laptop.clone(),
            rng: ChaCha20Rng::from_seed([5; 32]),
            mono: 0,
            ahead_ms: 0,
            live: BTreeMap::new(),
            links: 0,
            is_mallory_known: false,
            let_in: false,
        };
        stage.open();
        stage
    }

    fn open(&mut self) {
        let (mono, wall) = self.now();
        let mut env = Env { mono, wall, rng: &mut self.rng, store: &mut self.store };
        self.node = Node::open(&mut env, Config::default()).expect("a node over what it kept");
        self.live.clear();
        let outputs: Vec<Output> = std::iter::from_fn(|| self.node.poll()).collect();
        self.came_out(outputs);
    }

    fn now(&self) -> (Mono, Wall) {
        (Mono::new(self.mono), Wall::new(START + self.ahead_ms + self.mono / 1_000))
    }

    /// One step of the script.
    fn play(&mut self, what: u8, script: &mut Script<'_>) {
        match what % 16 {
            0 => self.connect(script),
            1 => self.disconnect(script),
            2 => self.pass(script),
            3 => self.said_before(script, false),
            4 | 5 => self.said_before(script, true),
            6 => self.bytes(script),
            7 => self.half_made(script),
            8 => self.have(script),
            9 => self.want(script),
            10 | 11 => self.forged_entries(script),
            12 => self.forged_fork(script),
            13 => self.forged_operation(script),
            14 => self.command(script),
            _ => match script.any() % 8 {
                0 => self.restart(),
                _ => self.bundle(script),
            },
        }
    }

    fn connect(&mut self, script: &mut Script<'_>) {
        let (Some(device), is_dialled) = (script.of(&self.cast.devices), script.is()) else {
            return;
        };
        let link = Link(self.links);
        self.links += 1;
        self.live.insert(link, (*device, is_dialled));
        self.input(Input::Connected { link, device: *device, is_dialled });
    }

    fn disconnect(&mut self, script: &mut Script<'_>) {
        let link = self.link(script);
        self.live.remove(&link);
        self.input(Input::Disconnected { link });
    }

    /// Up to four minutes, or as many days.
    fn pass(&mut self, script: &mut Script<'_>) {
        let much = u64::from(script.any());
        if script.is() {
            self.ahead_ms += much * 24 * 3_600 * 1_000;
        } else {
            self.mono += much * 1_000_000;
        }
        self.input(Input::Tick);
    }

    /// A live connection, most often; or one that is none.
    fn link(&self, script: &mut Script<'_>) -> Link {
        let live: Vec<Link> = self.live.keys().copied().collect();
        script.of(&live).copied().unwrap_or(Link(u64::MAX))
    }

    fn frame(&mut self, script: &mut Script<'_>, bytes: Vec<u8>) {
        let link = self.link(script);
        self.input(Input::Frame { link, bytes });
    }

    fn message(&mut self, script: &mut Script<'_>, message: &Message) {
        self.frame(script, message.to_bytes());
    }

    fn said_before(&mut self, script: &mut Script<'_>, is_changed: bool) {
        let mut bytes = script.of(&self.cast.frames).cloned().unwrap_or_default();
        if is_changed {
            change(&mut bytes, script);
        }
        self.frame(script, bytes);
    }

    fn bytes(&mut self, script: &mut Script<'_>) {
        let bytes = script.bytes().to_vec();
        self.frame(script, bytes);
    }

    /// A message of any kind that begins with a conversation and an author, and goes on anyhow.
    fn half_made(&mut self, script: &mut Script<'_>) {
        let mut bytes = vec![script.any() % 16];
        bytes.extend_from_slice(self.conversation(script).as_bytes());
        if script.is() {
            bytes.extend_from_slice(self.author(script).as_bytes());
        }
        bytes.extend_from_slice(script.bytes());
        self.frame(script, bytes);
    }

    fn conversation(&self, script: &mut Script<'_>) -> ConversationId {
        match script.any() % 4 {
            0 | 1 => self.cast.conversations[0],
            2 => self.cast.conversations[1],
            _ => ConversationId::direct(self.cast.asha, self.cast.mallory),
        }
    }

    fn author(&self, script: &mut Script<'_>) -> DeviceId {
        script.of(&self.cast.devices).copied().unwrap_or(self.cast.devices[0])
    }

    fn have(&mut self, script: &mut Script<'_>) {
        let conversation = self.conversation(script);
        let (mut frontier, mut heads) = (Frontier::default(), BTreeMap::new());
        for _ in 0..script.any() % 4 {
            let author = self.author(script);
            for _ in 0..=script.any() % 3 {
                frontier.insert(author, script.range());
            }
            heads.insert(author, self.entry(script, conversation, author));
        }
        let message = if script.is() {
            Message::Read { conversation, frontier }
        } else {
            let (is_whole, wants_answer) = (script.is(), script.is());
            Message::Have(Have { conversation, frontier, heads, is_whole, wants_answer })
        };
        self.message(script, &message);
    }

    /// The id of an entry that is here, or of none.
    fn entry(
        &self,
        script: &mut Script<'_>,
        conversation: ConversationId,
        author: DeviceId,
    ) -> EntryId {
        let seq = script.seq();
        let tip = self.store.tip(conversation, author, seq);
        tip.ok().flatten().map_or(EntryId::from_bytes([9; 32]), |tip| tip.id)
    }

    fn want(&mut self, script: &mut Script<'_>) {
        let (conversation, author) = (self.conversation(script), self.author(script));
        let message = Message::Want { conversation, author, range: script.range() };
        self.message(script, &message);
    }

    /// Entries that are rightly signed: the next of a log, or others in its place.
    fn forged_entries(&mut self, script: &mut Script<'_>) {
        let conversation = self.conversation(script);
        let at = usize::from(script.any()) % self.cast.devices.len();
        let run = self.forge(script, conversation, at);
        let author = self.cast.devices[at];
        self.message(script, &Message::Entries { conversation, author, run });
    }

    fn forged_fork(&mut self, script: &mut Script<'_>) {
        let conversation = self.conversation(script);
        let at = usize::from(script.any()) % self.cast.devices.len();
        let (a, b) = (self.forge(script, conversation, at), self.forge(script, conversation, at));
        if let Ok(fork) = Fork::prove(conversation, self.cast.devices[at], a, b) {
            self.message(script, &Message::Fork(Box::new(fork)));
        }
    }

    fn forge(&self, script: &mut Script<'_>, conversation: ConversationId, at: usize) -> Run {
        let author = self.cast.devices[at];
        let mut place = self.place(script, conversation, author);
        let mut entries = Vec::new();
        for _ in 0..=script.any() % 4 {
            let content = self.content(script, conversation);
            let kind = content.kind();
            let Ok(body) = Body::new([script.any(); SALT_LEN], content) else { break };
            let body = body.to_bytes();
            let header = Header {
                conversation,
                author,
                place,
                parents: Parents::new([self.entry(script, conversation, author)]),
                rank: script.number(),
                claimed: ClaimedTime::new(script.number()),
                lifetime_s: u32::from(script.any() % 3),
                kind,
                body_len: u32::try_from(body.len()).unwrap_or(u32::MAX),
                body_hash: body_hash(&body),
            };
            let next = Place::following(header.seq(), header.id());
            entries.push((header, script.is().then_some(body)));
            let Some(next) = next else { break };
            place = next;
        }
        let last = entries.last().map_or(EntryId::from_bytes([9; 32]), |(header, _)| header.id());
        Run { entries, signature: sign(&self.cast.device_keys[at], last) }
    }

    /// After the last entry that is here, after another, or wherever.
    fn place(
        &self,
        script: &mut Script<'_>,
        conversation: ConversationId,
        author: DeviceId,
    ) -> Place {
        let frontiers = self.store.frontiers().unwrap_or_default();
        let here = frontiers.iter().find(|(id, _)| *id == conversation);
        let height = here.map_or(0, |(_, frontier)| frontier.height(author));
        let seq = match script.any() % 4 {
            0 | 1 => Seq::new(height),
            2 => Seq::new(height.saturating_sub(script.any().into())),
            _ => Seq::new(script.number()),
        };
        let Some(seq) = seq else { return Place::First };
        let tip = self.store.tip(conversation, author, seq).ok().flatten();
        let before = tip.map_or(EntryId::from_bytes([9; 32]), |tip| tip.id);
        Place::following(seq, before).unwrap_or(Place::First)
    }

    fn content(&self, script: &mut Script<'_>, conversation: ConversationId) -> Content {
        let author = self.author(script);
        let of = self.entry(script, conversation, author);
        match script.any() % 8 {
            0 => Content::Edit { of, text: Text { text: script.words(), ..Text::default() } },
            1 => Content::Reaction { to: of, is_on: script.is(), emoji: "👍".to_owned() },
            2 => Content::Retraction { of },
            3 => Content::Settings(Settings::default().with_lifetime(script.any().into())),
            4 | 5 => Content::Contact(ContactChange {
                account: self.account(script),
                called: script.is().then(|| Name::new("so").ok()).flatten(),
                is_contact: script.is(),
                is_verified: script.is(),
                is_blocked: script.is(),
            }),
            _ => text(&script.words()),
        }
    }

    fn account(&self, script: &mut Script<'_>) -> AccountId {
        let all = [self.cast.ben, self.cast.mallory, self.cast.asha];
        script.of(&all).copied().unwrap_or(self.cast.ben)
    }

    /// What Asha or Ben may decide: or what somebody does who has their words.
    fn forged_operation(&mut self, script: &mut Script<'_>) {
        let mut operations = Vec::new();
        let which = usize::from(script.is());
        let account = [self.cast.asha, self.cast.ben][which];
        let mut log =
            self.node.account_log(account).cloned().unwrap_or_else(|| AccountLog::new(account));
        for _ in 0..=script.any() % 3 {
            let action = self.action(script);
            let mut operation = log.next(ClaimedTime::new(script.number()), action);
            if script.any().is_multiple_of(8) {
                operation.height = script.number();
            }
            let signed: SignedOperation = operation.sign(&self.cast.account_keys[which]);
            let _ = log.add(signed.clone());
            operations.push(signed);
        }
        let message = Message::Operations { operations, is_last: script.is() };
        self.message(script, &message);
    }

    fn action(&self, script: &mut Script<'_>) -> Action {
        let device = self.author(script);
        match script.any() % 4 {
            0 => Action::Retire { device },
            1 => {
                let conversation = self.conversation(script);
                let heights = BTreeMap::from([(conversation, script.number())]);
                Action::Revoke(Revocation { device, heights })
            }
            2 => Action::Profile { name: Name::new("another name").unwrap() },
            _ => Action::Unknown { kind: 99, bytes: script.bytes().to_vec() },
        }
    }

    fn command(&mut self, script: &mut Script<'_>) {
        let to = self.account(script);
        let (conversation, author) = (self.conversation(script), self.author(script));
        let entry = self.entry(script, conversation, author);
        let command = match script.any() % 12 {
            0 | 1 => Command::Say { to, content: text(&script.words()), client_id: None },
            2 => Command::Edit { of: entry, text: Text::default() },
            3 => Command::React { to: entry, emoji: "👍".to_owned(), is_on: script.is() },
            4 => Command::Retract(entry),
            5 => Command::MarkRead(to),
            6 => Command::Typing(to, script.is()),
            7 => Command::Presence(script.is()),
            8 => Command::Export(to),
            9 => Command::Block(to, script.is()),
            10 => Command::Accept(to),
            _ => Command::Revoke(author),
        };
        self.input(Input::Command(Token(0), command));
    }

    fn bundle(&mut self, script: &mut Script<'_>) {
        let mut bytes = script.of(&self.cast.bundles).cloned().unwrap_or_default();
        if script.is() {
            change(&mut bytes, script);
        }
        self.input(Input::Command(Token(0), Command::Import(bytes)));
    }

    // What must hold.

    fn input(&mut self, input: Input) {
        let (mono, wall) = self.now();
        let mut env = Env { mono, wall, rng: &mut self.rng, store: &mut self.store };
        let outputs = step(&mut self.node, &mut env, [input]).expect("memory does not fail");
        self.came_out(outputs);
    }

    fn came_out(&mut self, outputs: Vec<Output>) {
        // Commands that were held back come out all at once.
        let bound = OUTPUTS_MAX * (self.live.len() + 1) + HELD_MAX;
        assert!(outputs.len() <= bound, "{} outputs at once", outputs.len());
        for output in outputs {
            match output {
                Output::Send { link, bytes, .. } => self.sent(link, &bytes),
                Output::Close { link, .. } => drop(self.live.remove(&link)),
                Output::Rename { .. } => self.live.clear(),
                Output::Event(event) => self.happened(&event),
                Output::Reply(..) | Output::Dial { .. } => {}
            }
        }
        self.sessions_are_bounded();
    }

    fn sent(&mut self, link: Link, bytes: &[u8]) {
        let (device, _) = *self.live.get(&link).expect("a live connection");
        assert!(bytes.len() <= FRAME_MAX, "a frame of {} bytes", bytes.len());
        let message = Message::read(bytes).expect("what we send can be read");
        let is_introduction = matches!(
            message,
            Message::Hello(_) | Message::Known { .. } | Message::Operations { .. }
        );
        let is_stranger = device == self.cast.devices[3] && !self.is_mallory_known;
        assert!(is_introduction || !is_stranger, "a stranger is told {message:?}");
    }

    fn happened(&mut self, event: &Event) {
        match event {
            Event::Contact { account } => self.is_mallory_known |= *account == self.cast.mallory,
            Event::Peer { account, is_here: true, .. } => {
                self.let_in = true;
                self.is_mallory_known |= *account == self.cast.mallory;
            }
            _ => {}
        }
    }

    fn sessions_are_bounded(&self) {
        assert_eq!(self.node.sessions(), self.live.len(), "sessions, and connections");
        for device in self.cast.devices {
            let of_device = self.live.values().filter(|(of, _)| *of == device).count();
            assert!(of_device <= SESSIONS_PER_DEVICE_MAX, "{of_device} sessions with a device");
        }
        assert!(self.live.len() <= SESSIONS_UNPROVEN_MAX + SESSIONS_PER_DEVICE_MAX * 4);
    }

    /// Opened again, it knows what it knew.
    fn restart(&mut self) {
        let before = self.known();
        self.open();
        assert_eq!(self.known(), before, "it knows something else than before it was closed");
    }

    /// What the node knows.
    fn known(&self) -> impl PartialEq + Debug + use<> {
        let digest = |id: &ConversationId| self.node.history_digest(&self.store, *id).unwrap();
        let log = |account: &AccountId| self.node.account_log(*account).cloned();
        let [with_ben, own] = self.cast.conversations.each_ref().map(digest);
        let logs = [self.cast.asha, self.cast.ben].each_ref().map(log);
        (self.node.account(), self.node.device(), with_ben, own, logs)
    }
}

/// Changes one to three bytes, or cuts the rest off.
fn change(bytes: &mut Vec<u8>, script: &mut Script<'_>) {
    for _ in 0..=script.any() % 3 {
        let at = u16::from_be_bytes([script.any(), script.any()]);
        let at = usize::from(at) % bytes.len().max(1);
        if script.any().is_multiple_of(8) {
            bytes.truncate(at);
        } else if let Some(byte) = bytes.get_mut(at) {
            *byte ^= script.any();
        }
    }
}
