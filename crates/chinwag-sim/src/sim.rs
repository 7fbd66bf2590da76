//! One life: some people, honest and hostile, on one network, from one seed. One heap of what is
//! to happen, one clock, and nothing else that decides. How programs run is in `programs`.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use chinwag_core::driver::step;
use chinwag_core::env::Env;
use chinwag_core::identity::Name;
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::input::{Command, Input, Link, Token};
use chinwag_core::membership::GroupTicket;
use chinwag_core::node::Node;
use chinwag_core::store::Store;
use chinwag_core::ticket::Ticket;
use chinwag_core::time::{Mono, Wall};

use crate::bundles::Parcel;
use crate::coverage::Coverage;
use crate::dice::Dice;
use crate::faults::Fault;
use crate::groups::{Group, Knows, Noted};
use crate::hostile::Liar;
use crate::kept::{Kept, Over};
use crate::model::{Model, Saying};
use crate::network::{Network, SECOND, Who};
use crate::scenario::{LeftOut, Scenario};
use crate::trace::Trace;
use crate::watched::Watched;

/// When lives begin, by a clock that is right.
pub(crate) const START_MS: u64 = 1_700_000_000_000;

/// How long after the faults everything must have arrived.
pub(crate) const CALM: u64 = 240 * SECOND;

/// How long after that nobody may have anything to say.
const QUIET: u64 = 60 * SECOND;

/// Two who have bundles only carry one to each other so often, when there is peace.
pub(crate) const ROUND_EVERY: u64 = 20 * SECOND;

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
    /// How many devices there were.
    pub devices: usize,
    /// After how many seconds faults stopped.
    pub peace_s: u64,
}

/// Which life to live.
#[derive(Clone, Copy, Debug)]
pub struct Life<'a> {
    /// The seed.
    pub seed: u64,
    /// What sort of life.
    pub scenario: &'a Scenario,
    /// Over which store.
    pub over: Over,
    /// What is left out of it.
    pub left_out: &'a LeftOut,
    /// Whether to tell what happens.
    pub is_verbose: bool,
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
    /// A bundle reaches somebody.
    Carry(Parcel),
    /// Somebody says something, for the first time or again.
    Say(Who, Saying),
    /// Somebody takes another device.
    Join(Who),
    /// Everybody has a bundle carried to everybody, when there is nothing else.
    Round,
    /// The network ends for good.
    EndOfNetwork,
    /// Something goes wrong.
    Fault,
    /// Somebody's program starts again.
    Open(Who),
    /// Somebody begins a group that all others are let into.
    Found(Who),
    /// Somebody answers an invitation to a group.
    AnswerGroup(Who, ConversationId),
    /// A ticket to a group reaches somebody.
    HandToGroup(Who, GroupTicket),
    /// Whoever began a group lets others in.
    Gather(Who, ConversationId),
    /// Faults stop.
    Peace,
}

/// Somebody at one device. Several may be of one account.
#[allow(clippy::struct_excessive_bools, reason = "each says something of its own")]
#[derive(Debug)]
pub(crate) struct Person {
    /// `None` while the program is not running.
    pub(crate) node: Option<Node>,
    pub(crate) store: Watched,
    /// What is put back when the disk is lost: it may be old.
    pub(crate) backup: Option<Box<dyn Kept>>,
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    /// The devices that it was before.
    pub(crate) was: Vec<DeviceId>,
    /// Whether the store is a backup that was put back, and nobody has opened it since.
    pub(crate) is_copy: bool,
    pub(crate) next_fault: Option<Fault>,
    /// Whom the last step made known, or unknown.
    pub(crate) just_changed: BTreeSet<AccountId>,
    /// The devices that were known to be removed before the last step, if it made bundles.
    pub(crate) removed: BTreeSet<DeviceId>,
    /// What those knew of groups whose bundles they open.
    pub(crate) carried: Vec<BTreeMap<ConversationId, Knows>>,
    /// What they know of groups.
    pub(crate) knows: BTreeMap<ConversationId, Knows>,
    /// How wrong the clock is.
    pub(crate) clock_ms: i64,
    pub(crate) has_jumped: bool,
    /// Until when there is no room on the disk.
    pub(crate) full_until: u64,
    /// Whether they are left out of this life.
    pub(crate) is_absent: bool,
    /// Somebody who lies, if they do.
    pub(crate) liar: Option<Liar>,
    pub(crate) rng: Dice,
    pub(crate) started: u64,
    pub(crate) inbox: VecDeque<Input>,
    pub(crate) is_woken: bool,
    pub(crate) ticks_at: Option<u64>,
}

/// A life while it is lived.
#[derive(Debug)]
pub(crate) struct World<'a> {
    pub(crate) life: Life<'a>,
    pub(crate) now: u64,
    /// When the faults stop.
    pub(crate) peace: u64,
    pub(crate) fault_every: u64,
    pub(crate) act_every: u64,
    pub(crate) long_talks: u32,
    pub(crate) people: Vec<Person>,
    pub(crate) network: Network,
    pub(crate) dice: Dice,
    pub(crate) model: Model,
    /// Whether news came out in the end that a liar had kept.
    pub(crate) has_late_news: bool,
    /// The members of every conversation.
    pub(crate) pairs: BTreeMap<ConversationId, [AccountId; 2]>,
    /// The groups.
    pub(crate) groups: BTreeMap<ConversationId, Group>,
    /// What was noted of their entries.
    pub(crate) noted: Noted,
    /// Signatures that the checkers have found good.
    pub(crate) signed: HashSet<(EntryId, [u8; 64])>,
    queue: BTreeMap<(u64, u64), What>,
    next: u64,
    pub(crate) trace: Trace,
    pub(crate) inputs: u64,
    coverage: Coverage,
    failure: Option<String>,
}

/// Lives a life.
pub fn live(life: &Life<'_>) -> Outcome {
    let mut world = World::new(*life);
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
        devices: world.people.len(),
        peace_s: world.peace / SECOND,
    }
}

impl<'a> World<'a> {
    fn new(life: Life<'a>) -> Self {
        let mut dice = Dice::new(life.seed, 0);
        let Scenario { people, time, network, .. } = life.scenario;
        let [honest, hostile] = [people.honest, people.hostile].map(|[a, b]| dice.between(a, b));
        let is_crowd = people.crowd_once_in > 0 && dice.once_in(people.crowd_once_in);
        let [few, many] = people.crowd;
        let honest = if is_crowd { dice.between(few, many) } else { honest };
        let peace = dice.between(time.faults_s[0], time.faults_s[1]) * SECOND;
        let peace = life.left_out.after_s.map_or(peace, |until| peace.min(until * SECOND));
        let fault_every = dice.between(time.fault_every_s[0], time.fault_every_s[1]) * SECOND;
        let has_long_talk = time.long_talk_once_in > 0 && dice.once_in(time.long_talk_once_in);
        let mut world = Self {
            life,
            now: 0,
            peace,
            fault_every,
            act_every: time.act_every_s * SECOND * if is_crowd { 4 } else { 1 },
            long_talks: u32::from(has_long_talk),
            people: Vec::new(),
            network: Network::new(network.slow_once_in),
            dice,
            model: Model::default(),
            has_late_news: false,
            pairs: BTreeMap::new(),
            groups: BTreeMap::new(),
            noted: Noted::default(),
            signed: HashSet::new(),
            queue: BTreeMap::new(),
            next: 0,
            trace: Trace::default(),
            inputs: 0,
            coverage: Coverage::default(),
            failure: None,
        };
        for n in 0..honest + hostile {
            world.come(n >= honest);
        }
        for who in 0..world.people.len() {
            world.plan_devices(who);
        }
        if network.ends_after_s > 0 {
            world.at(network.ends_after_s * SECOND, What::EndOfNetwork);
        }
        if world.has("gather") {
            world.at(SECOND / 2, What::Found(0));
        }
        world.at(0, What::Fault);
        world.at(peace, What::Peace);
        world
    }

    /// Decides when somebody takes other devices.
    fn plan_devices(&mut self, who: Who) {
        let rule = &self.life.scenario.people;
        let (once_in, max) = (rule.another_device_once_in, rule.devices_max);
        for _ in 1..max {
            let takes_one = once_in > 0 && self.dice.once_in(once_in);
            let when = self.dice.below(self.peace * 3 / 4);
            if takes_one && self.is_honest(who) {
                self.at(when, What::Join(who));
            }
        }
    }

    /// Somebody makes an account.
    fn come(&mut self, is_hostile: bool) {
        let n = self.people.len();
        let name = Name::new(&format!("person {n}")).expect("a name");
        let device_name = Name::new("laptop").expect("a name");
        self.arrive_with(Command::Init { name, device_name }, is_hostile.then(Liar::default));
        let account = self.people[n].account;
        self.pairs.insert(ConversationId::own(account), [account, account]);
        for other in self.people[..n].iter().map(|person| person.account) {
            self.pairs.insert(ConversationId::direct(account, other), [account, other]);
        }
    }

    /// Somebody takes another device, while the first one lives.
    fn join(&mut self, who: Who) {
        let Some(local) = self.people[who].store.local().ok().flatten() else { return };
        let device_name = Name::new("phone").expect("a name");
        let account_seed = local.account_seed;
        self.arrive_with(Command::Restore { account_seed, device_name }, None);
        self.cover("devices added");
    }

    /// A device begins, with its first command.
    fn arrive_with(&mut self, first: Command, liar: Option<Liar>) {
        let who = self.people.len();
        let mut rng = Dice::new(self.life.seed, u64::try_from(who).unwrap_or(0) + 1);
        let (mut node, mut store) = (Node::default(), Watched::empty(self.life.over));
        let is_wrong = self.dice.once_in(8) && self.has("jump");
        let clock_ms = if is_wrong { -3 * 365 * 24 * 3_600_000 } else { 0 };
        let wall = Wall::new((START_MS + self.now / 1_000).saturating_add_signed(clock_ms));
        let mut env = Env { mono: Mono::new(0), wall, rng: rng.rng(), store: &mut store };
        step(&mut node, &mut env, [Input::Command(Token(0), first)]).expect("a store in memory");
        let is_absent = self.life.left_out.people.contains(&who);
        self.people.push(Person {
            account: node.account().expect("an account"),
            device: node.device().expect("a device"),
            node: Some(node).filter(|_| !is_absent),
            store,
            backup: None,
            was: Vec::new(),
            is_copy: false,
            next_fault: None,
            just_changed: BTreeSet::new(),
            removed: BTreeSet::new(),
            carried: Vec::new(),
            knows: BTreeMap::new(),
            clock_ms,
            has_jumped: clock_ms != 0,
            full_until: 0,
            is_absent,
            liar,
            rng,
            started: self.now,
            inbox: VecDeque::new(),
            is_woken: false,
            ticks_at: None,
        });
        let (acts, dials) = (self.dice.below(5 * SECOND), self.dice.below(20 * SECOND));
        self.at(self.now + acts, What::Act(who));
        self.at(self.now + dials, What::Dial(who));
    }

    /// Whether a fault or an act is part of this life.
    pub(crate) fn has(&self, part: &str) -> bool {
        let left_out = &self.life.left_out.parts;
        self.life.scenario.parts().contains(&part) && !left_out.contains(part)
    }

    /// Whether a fault or an act that the dice chose is left out.
    pub(crate) fn is_left_out(&self, part: &str) -> bool {
        self.life.left_out.parts.contains(part)
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
        if self.life.is_verbose {
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

    /// Whether all devices of an account are honest.
    pub(crate) fn is_honest_account(&self, account: AccountId) -> bool {
        self.of(account).iter().all(|who| self.is_honest(*who))
    }

    /// The devices of an account.
    pub(crate) fn of(&self, account: AccountId) -> Vec<Who> {
        let theirs = self.people.iter().enumerate().filter(|(_, p)| p.account == account);
        theirs.map(|(who, _)| who).collect()
    }

    /// Those of an account that take part and were not removed from it.
    pub(crate) fn current(&self, account: AccountId) -> Vec<Who> {
        let mut all = self.of(account);
        all.retain(|who| !self.people[*who].is_absent && !self.is_revoked(*who));
        all
    }

    /// Whether a device was removed from its account.
    pub(crate) fn is_revoked(&self, who: Who) -> bool {
        self.model.revoked.contains(&self.people[who].device)
    }

    pub(crate) fn whose(&self, device: DeviceId) -> Option<Who> {
        self.people.iter().position(|p| p.device == device || p.was.contains(&device))
    }

    /// The account that a device is or was of.
    pub(crate) fn account_of(&self, device: DeviceId) -> Option<AccountId> {
        self.whose(device).map(|who| self.people[who].account)
    }

    /// All accounts.
    pub(crate) fn accounts(&self) -> BTreeSet<AccountId> {
        self.people.iter().map(|person| person.account).collect()
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
            What::Carry(parcel) => self.deliver(parcel),
            What::Say(who, saying) => self.say_once(who, saying),
            What::Join(who) => self.join(who),
            What::Round => self.round(),
            What::EndOfNetwork => self.end_network(),
            What::Fault => self.fault(),
            What::Open(who) => self.open(who),
            What::Found(who) => self.found(who),
            What::AnswerGroup(who, id) => self.answer_group(who, id),
            What::HandToGroup(guest, ticket) => self.hand_to_group(guest, ticket),
            What::Gather(who, id) => self.gather(who, id),
            What::Peace => self.peace(),
        }
    }
}
