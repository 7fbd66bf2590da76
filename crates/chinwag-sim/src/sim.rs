//! One life: some people, honest and hostile, on one network, from one seed. One heap of what is
//! to happen, one clock, and nothing else that decides.

use std::collections::{BTreeMap, VecDeque};

use chinwag_core::driver::step;
use chinwag_core::env::Env;
use chinwag_core::identity::Name;
use chinwag_core::ids::{AccountId, ConversationId, DeviceId};
use chinwag_core::input::{Command, Input, Link, Token};
use chinwag_core::node::{Config, Node};
use chinwag_core::output::{Event, Output};
use chinwag_core::ticket::Ticket;
use chinwag_core::time::{Mono, Wall};

use crate::coverage::Coverage;
use crate::dice::Dice;
use crate::faults::Fault;
use crate::hostile::Liar;
use crate::kept::{Kept, Over};
use crate::network::{Network, SECOND, Who};
use crate::trace::Trace;
use crate::workload::Model;

/// When lives begin, by a clock that is right.
const START_MS: u64 = 1_700_000_000_000;

/// How long after the faults everything must have arrived.
pub(crate) const CALM: u64 = 240 * SECOND;

/// How long after that nobody may have anything to say.
const QUIET: u64 = 60 * SECOND;

/// Inputs in one transaction.
const BATCH_MAX: usize = 2_000;

/// What came of a life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The hash of all inputs and outputs.
    pub trace: u64,
    /// How many inputs the nodes took.
    pub inputs: u64,
    /// What the life has been through.
    pub coverage: Coverage,
    /// What went wrong.
    pub failure: Option<String>,
}

/// What is to happen.
#[derive(Debug)]
pub(crate) enum What {
    /// Somebody's node takes its inputs.
    Wake(Who),
    /// An end learns of a cable.
    Up(Link, usize),
    /// A frame arrives at an end.
    Arrive(Link, usize, Vec<u8>),
    /// An end learns that a cable is gone.
    Gone(Link, usize),
    /// Somebody's deadline comes.
    Tick(Who),
    /// Somebody does something.
    Act(Who),
    /// Somebody looks whom to connect to.
    Dial(Who),
    /// A ticket reaches somebody.
    Hand(Who, Ticket),
    /// Something goes wrong.
    Fault,
    /// Somebody's program starts again.
    Open(Who),
    /// Faults stop.
    Peace,
}

/// Somebody with one device.
#[derive(Debug)]
pub(crate) struct Person {
    /// `None` while the program is not running.
    pub(crate) node: Option<Node>,
    pub(crate) store: Box<dyn Kept>,
    /// What is put back when the disk is lost: it may be old.
    pub(crate) backup: Option<Box<dyn Kept>>,
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    /// The devices that it was before.
    pub(crate) was: Vec<DeviceId>,
    /// Whether the store is a backup that was put back, and nobody has opened it since.
    pub(crate) is_copy: bool,
    pub(crate) next_fault: Option<Fault>,
    /// How wrong the clock is.
    pub(crate) clock_ms: i64,
    pub(crate) has_jumped: bool,
    /// Somebody who lies, if they do.
    pub(crate) liar: Option<Liar>,
    rng: Dice,
    started: u64,
    inbox: VecDeque<Input>,
    is_woken: bool,
    ticks_at: Option<u64>,
}

/// A life while it is lived.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: u64,
    /// When the faults stop.
    pub(crate) peace: u64,
    pub(crate) fault_every: u64,
    pub(crate) long_talks: u32,
    pub(crate) people: Vec<Person>,
    pub(crate) network: Network,
    pub(crate) dice: Dice,
    pub(crate) model: Model,
    pub(crate) pairs: BTreeMap<ConversationId, [Who; 2]>,
    queue: BTreeMap<(u64, u64), What>,
    next: u64,
    trace: Trace,
    inputs: u64,
    coverage: Coverage,
    failure: Option<String>,
    is_verbose: bool,
}

/// Lives the life of a seed.
pub fn live(seed: u64, over: Over, is_verbose: bool) -> Outcome {
    let mut world = World::new(seed, over, is_verbose);
    let end = world.peace + CALM + QUIET;
    while let Some(((at, _), what)) = world.queue.pop_first() {
        if at > end || world.failure.is_some() {
            break;
        }
        world.now = at;
        world.happen(what);
    }
    if world.failure.is_none() {
        world.check_the_end();
    }
    Outcome {
        trace: world.trace.get(),
        inputs: world.inputs,
        coverage: world.coverage,
        failure: world.failure,
    }
}

impl World {
    fn new(seed: u64, over: Over, is_verbose: bool) -> Self {
        let mut dice = Dice::new(seed, 0);
        let honest = dice.between(2, 4);
        let hostile = dice.below(3);
        let peace = dice.between(60, 300) * SECOND;
        let fault_every = dice.between(1, 40) * SECOND;
        let mut world = Self {
            now: 0,
            peace,
            fault_every,
            long_talks: u32::from(dice.once_in(6)),
            people: Vec::new(),
            network: Network::default(),
            dice,
            model: Model::default(),
            pairs: BTreeMap::new(),
            queue: BTreeMap::new(),
            next: 0,
            trace: Trace::default(),
            inputs: 0,
            coverage: Coverage::default(),
            failure: None,
            is_verbose,
        };
        for n in 0..honest + hostile {
            world.come(seed, over, n, n >= honest);
        }
        world.at(0, What::Fault);
        world.at(peace, What::Peace);
        world
    }

    /// Somebody makes an account.
    fn come(&mut self, seed: u64, over: Over, n: u64, is_hostile: bool) {
        let mut rng = Dice::new(seed, n + 1);
        let (mut node, mut store) = (Node::default(), over.empty());
        let clock_ms = if self.dice.once_in(8) { -3 * 365 * 24 * 3_600_000 } else { 0 };
        let wall = Wall::new(START_MS.saturating_add_signed(clock_ms));
        let mut env = Env { mono: Mono::new(0), wall, rng: rng.rng(), store: &mut *store };
        let name = Name::new(&format!("person {n}")).expect("a name");
        let device_name = Name::new("laptop").expect("a name");
        let init = Command::Init { name, device_name };
        step(&mut node, &mut env, [Input::Command(Token(0), init)]).expect("a store in memory");
        let account = node.account().expect("an account");
        let device = node.device().expect("a device");
        let who = self.people.len();
        self.pairs.insert(ConversationId::own(account), [who, who]);
        for (other, person) in self.people.iter().enumerate() {
            self.pairs.insert(ConversationId::direct(account, person.account), [other, who]);
        }
        self.people.push(Person {
            node: Some(node),
            store,
            backup: None,
            account,
            device,
            was: Vec::new(),
            is_copy: false,
            next_fault: None,
            clock_ms,
            has_jumped: clock_ms != 0,
            liar: is_hostile.then(Liar::default),
            rng,
            started: 0,
            inbox: VecDeque::new(),
            is_woken: false,
            ticks_at: None,
        });
        let (acts, dials) = (self.dice.below(5 * SECOND), self.dice.below(20 * SECOND));
        self.at(acts, What::Act(who));
        self.at(dials, What::Dial(who));
    }

    pub(crate) fn at(&mut self, time: u64, what: What) {
        self.queue.insert((time.max(self.now), self.next), what);
        self.next += 1;
    }

    pub(crate) fn cover(&mut self, what: &'static str) {
        self.coverage.hit(what);
    }

    /// Something is wrong. The first thing counts.
    pub(crate) fn fail(&mut self, what: &str) {
        let at = self.now / SECOND;
        self.failure.get_or_insert_with(|| format!("at {at} s: {what}"));
    }

    pub(crate) fn say(&self, line: impl FnOnce() -> String) {
        if self.is_verbose {
            println!(
                "{:>12.6} {}",
                std::time::Duration::from_micros(self.now).as_secs_f64(),
                line()
            );
        }
    }

    pub(crate) fn is_honest(&self, who: Who) -> bool {
        self.people[who].liar.is_none()
    }

    pub(crate) fn who(&self, account: AccountId) -> Option<Who> {
        self.people.iter().position(|person| person.account == account)
    }

    pub(crate) fn whose(&self, device: DeviceId) -> Option<Who> {
        self.people.iter().position(|p| p.device == device || p.was.contains(&device))
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Wake(who) => self.wake(who),
            What::Up(link, end) => self.up(link, end),
            What::Arrive(link, end, bytes) => self.arrive(link, end, bytes),
            What::Gone(link, end) => self.gone(link, end),
            What::Tick(who) => self.tick(who),
            What::Act(who) => self.act(who),
            What::Dial(who) => self.dial(who),
            What::Hand(guest, ticket) => self.hand(guest, ticket),
            What::Fault => self.fault(),
            What::Open(who) => self.open(who),
            What::Peace => self.peace(),
        }
    }

    /// Puts an input before a node, which takes it soon, with what else comes until then.
    pub(crate) fn give(&mut self, who: Who, input: Input) {
        let person = &mut self.people[who];
        if person.node.is_none() {
            return;
        }
        person.inbox.push_back(input);
        if !person.is_woken {
            person.is_woken = true;
            let soon = self.now + self.dice.below(3_000);
            self.at(soon, What::Wake(who));
        }
    }

    fn env(person: &mut Person, now: u64) -> (Env<'_>, &mut Option<Node>) {
        let wall = (START_MS + now / 1_000).saturating_add_signed(person.clock_ms);
        let env = Env {
            mono: Mono::new(now - person.started),
            wall: Wall::new(wall),
            rng: person.rng.rng(),
            store: &mut *person.store,
        };
        (env, &mut person.node)
    }

    fn wake(&mut self, who: Who) {
        let person = &mut self.people[who];
        person.is_woken = false;
        let inputs: Vec<Input> = person.inbox.drain(..person.inbox.len().min(BATCH_MAX)).collect();
        if inputs.is_empty() || person.node.is_none() {
            return;
        }
        let fault = person.next_fault.take();
        for input in &inputs {
            self.trace.input(input);
        }
        self.inputs += u64::try_from(inputs.len()).unwrap_or(0);
        self.say(|| format!("{who} takes {}", described(&inputs)));
        let frames: Vec<Vec<u8>> = inputs.iter().filter_map(frame_of).collect();
        match self.take(who, inputs, fault) {
            Some(outputs) => {
                self.check_kept(who);
                for output in outputs {
                    self.trace.output(&output);
                    self.release(who, output);
                }
                self.lie(who, &frames);
                self.schedule_tick(who);
            }
            None => self.crash(who),
        }
    }

    /// One step. `None`: the program is gone.
    fn take(&mut self, who: Who, inputs: Vec<Input>, fault: Option<Fault>) -> Option<Vec<Output>> {
        let says = |input: &Input| matches!(input, Input::Command(_, Command::Say { .. }));
        if matches!(fault, Some(Fault::FailCommit | Fault::CrashBefore)) && inputs.iter().any(says)
        {
            self.cover("crashes with an uncommitted entry");
        }
        let now = self.now;
        let person = &mut self.people[who];
        if fault == Some(Fault::FailCommit) {
            person.store.fail_next_commit().expect("a store that can be told to fail");
        }
        let (mut env, node) = Self::env(person, now);
        let node = node.as_mut()?;
        if fault == Some(Fault::CrashBefore) {
            env.store.begin().ok()?;
            for input in inputs {
                let _ = node.handle(&mut env, input);
            }
            env.store.rollback();
            return None;
        }
        let result = step(node, &mut env, inputs);
        match (result, fault) {
            (Ok(_), Some(Fault::CrashAfter)) => {
                self.cover("crashes after a commit");
                None
            }
            (Ok(outputs), _) => Some(outputs),
            (Err(_), Some(Fault::FailCommit)) => {
                self.cover("commits failed");
                None
            }
            (Err(error), _) => {
                self.fail(&format!("{who} fails by itself: {error}"));
                None
            }
        }
    }

    /// The program ends; it starts again some time later.
    pub(crate) fn crash(&mut self, who: Who) {
        let person = &mut self.people[who];
        if person.node.take().is_none() {
            return;
        }
        self.say(|| format!("{who} is gone"));
        let person = &mut self.people[who];
        person.inbox.clear();
        let links: Vec<Link> = self.network.of(who).map(|(link, _)| link).collect();
        for link in links {
            self.drop_end(link, who);
        }
        let again = self.now + self.dice.between(1, 20 * SECOND);
        self.at(again, What::Open(who));
    }

    fn open(&mut self, who: Who) {
        let now = self.now;
        let person = &mut self.people[who];
        person.started = now;
        person.ticks_at = None;
        let config = Config { is_copy: std::mem::take(&mut person.is_copy), ..Config::default() };
        let (mut env, node) = Self::env(person, now);
        match Node::open(&mut env, config) {
            Ok(mut opened) => {
                let outputs: Vec<Output> = std::iter::from_fn(|| opened.poll()).collect();
                *node = Some(opened);
                self.check_nothing_lost(who);
                for output in outputs {
                    self.release(who, output);
                }
            }
            Err(error) => self.fail(&format!("{who} does not open: {error}")),
        }
    }

    /// Somebody goes on as another device: all connections end.
    fn rename(&mut self, who: Who, device: DeviceId) {
        self.say(|| format!("{who} is {device:?} now"));
        let person = &mut self.people[who];
        let old = std::mem::replace(&mut person.device, device);
        person.was.push(old);
        let is_theirs =
            |link: &Link| self.network.cable(*link).is_some_and(|c| c.ends.contains(&who));
        let links: Vec<Link> = self.network.whole().into_iter().filter(is_theirs).collect();
        for link in links {
            self.cut(link);
        }
    }

    /// All devices that somebody is or was, the first one first.
    pub(crate) fn devices(&self, who: Who) -> Vec<DeviceId> {
        let person = &self.people[who];
        person.was.iter().copied().chain([person.device]).collect()
    }

    fn schedule_tick(&mut self, who: Who) {
        let person = &mut self.people[who];
        let due =
            person.node.as_ref().and_then(Node::deadline).map(|due| due.get() + person.started);
        if let Some(due) = due.filter(|due| person.ticks_at.is_none_or(|at| at > *due)) {
            person.ticks_at = Some(due);
            self.at(due, What::Tick(who));
        }
    }

    fn tick(&mut self, who: Who) {
        let person = &mut self.people[who];
        if person.ticks_at != Some(self.now) {
            return;
        }
        person.ticks_at = None;
        let due = person.node.as_ref().and_then(Node::deadline);
        if due.is_some_and(|due| due.get() + person.started <= self.now) {
            self.give(who, Input::Tick);
        } else {
            self.schedule_tick(who);
        }
    }

    fn release(&mut self, who: Who, output: Output) {
        self.check_output(who, &output);
        match output {
            Output::Reply(token, reply) => self.answered(token, reply),
            Output::Send { link, lane, bytes } => self.tell(who, link, lane, bytes),
            Output::Dial { device, .. } => {
                if let Some(other) = self.whose(device) {
                    self.connect(who, other);
                }
            }
            Output::Close { link, why } => {
                self.say(|| format!("{who} closes {link:?}: {why:?}"));
                self.close(who, link);
            }
            Output::Rename { device } => self.rename(who, device),
            Output::Event(event) => self.say(|| format!("{who}: {}", told(&event))),
        }
    }
}

fn frame_of(input: &Input) -> Option<Vec<u8>> {
    match input {
        Input::Frame { bytes, .. } => Some(bytes.clone()),
        _ => None,
    }
}

fn told(event: &Event) -> String {
    match event {
        Event::Contact { account } => format!("knows {account:?}"),
        Event::Entry { id, header, .. } => {
            format!("has {} of {:?}: {id:?}", header.seq(), header.author)
        }
        Event::Delivered { author, height, to, .. } => {
            format!("{height} of {author:?} delivered to {to:?}")
        }
        other => format!("{other:?}"),
    }
}

fn described(inputs: &[Input]) -> String {
    let one = |input: &Input| match input {
        Input::Command(_, Command::Say { .. }) => "say".to_owned(),
        Input::Command(_, Command::Redeem(_)) => "redeem".to_owned(),
        Input::Command(_, Command::Invite { .. }) => "invite".to_owned(),
        Input::Command(_, other) => format!("{other:?}"),
        Input::Connected { link, .. } => format!("connected {}", link.0),
        Input::Disconnected { link } => format!("disconnected {}", link.0),
        Input::Frame { link, bytes } => {
            let kinds = ["", "hello", "known", "operations", "request", "have", "want", "entries"];
            let kind = bytes.first().and_then(|kind| kinds.get(usize::from(*kind)));
            format!("{} on {}", kind.unwrap_or(&"rubbish"), link.0)
        }
        Input::Tick => "tick".to_owned(),
    };
    inputs.iter().map(one).collect::<Vec<_>>().join(", ")
}
