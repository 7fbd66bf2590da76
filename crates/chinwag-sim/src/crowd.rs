//! Crowds: how what is new spreads in a group of many devices, of which some come and go.
//!
//! Who feeds whom and who looks for whom is decided by the core's own [`Spread`] and [`neighbours`]. What is made
//! up is everything else: a message is a number, a device has it or not, and a frame takes as long as the way is. So a
//! thousand devices live in seconds; that nodes do the same is for the [lives](crate::live) to show.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};

use chinwag_core::sync::neighbours::{Found, SEARCH_EVERY_US, neighbours, next_tries};
use chinwag_core::sync::spread::{Change, Spread};
use chinwag_core::time::Mono;

use crate::dice::Dice;

/// Microseconds in a second, and in a millisecond.
const S: u64 = 1_000_000;
const MS: u64 = 1_000;

/// When a device that went without a word is missed, as sessions are.
const MISSED_AFTER: u64 = 13 * S;

/// How often a device tries whom it looks for and has not reached.
const DIAL_EVERY: u64 = SEARCH_EVERY_US;

/// Whoever came so long ago counts as there.
const SETTLED: u64 = 10 * S;

/// How long everybody has to get what was written last.
const REST: u64 = 30 * S;

/// When whoever wrote writes again, if they do.
const MORE_AFTER: u64 = 100 * MS;

/// Ways that are measured for the mean of them.
const WAYS: u32 = 10_000;

/// Messages of the past that are compared when two meet.
const COMPARED: usize = 200;

/// Of a large group so many candidates of each sort are looked at: more are never needed.
const CANDIDATES: u32 = 64;

/// What a crowd is like.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    /// Devices.
    pub devices: u32,
    /// How many of them ever write.
    pub authors: u32,
    /// How many of a hundred leave in a minute; they come back within two. Half of them go without a word.
    pub churn: u64,
    /// Seconds before anything is counted.
    pub warm_up_s: u64,
    /// Seconds in which it is; each has one message.
    pub counted_s: u64,
    /// Chance.
    pub seed: u64,
}

/// What became of the messages of a crowd.
#[derive(Clone, Debug)]
pub struct Spreading {
    /// Deliveries that were due and never were: to devices that were there all the time.
    pub missed: usize,
    /// Copies that arrived for each device that got one.
    pub copies: f64,
    /// How often a message was named for each device that got one.
    pub named: f64,
    /// Until the last device that was there had it, of each message, ascending: ms.
    pub last_ms: Vec<f64>,
    /// Connections of a device.
    pub degree: f64,
    /// How long a way takes, in the mean: ms.
    pub way_ms: f64,
}

impl Spreading {
    /// Until the last device had it, for so many of a hundred messages: ms.
    pub fn last(&self, percent: usize) -> f64 {
        let at = (self.last_ms.len() * percent / 100).min(self.last_ms.len().saturating_sub(1));
        self.last_ms.get(at).copied().unwrap_or(0.0)
    }

    /// The same for a tree as it should be, in which each hands on to as many as they are connected to but one: ms.
    pub fn ideal_ms(&self, devices: u32) -> f64 {
        let (mut reached, mut width, mut levels) = (1.0, self.degree, 0.0);
        while reached < f64::from(devices) {
            reached += width;
            width *= (self.degree - 1.0).max(1.0);
            levels += 1.0;
        }
        levels * self.way_ms
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Frame {
    Entry { message: usize, is_asked: bool },
    Name(usize),
    Want(usize),
    Feed { author: Option<u32>, is_on: bool },
    All(Vec<usize>),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Arrive { from: u32, to: u32, cable: u64, frame: Frame },
    Due(u32),
    Write,
    WriteMore(u32),
    Leave,
    Back(u32),
    Gone { at: u32, who: u32, cable: u64 },
    Dial(u32),
    Meet(u32, u32),
}

#[derive(Debug, Default)]
struct Device {
    is_here: bool,
    since: u64,
    cables: BTreeMap<u32, u64>,
    /// To whom it connected itself.
    dialled: BTreeSet<u32>,
    /// How often too few were found of those who were looked for.
    tries: u32,
    spread: Spread<u32, u32>,
    has: HashSet<usize>,
    /// Who said that they have what is missing here.
    claims: BTreeMap<usize, Vec<u32>>,
    asked: BTreeSet<(usize, u32)>,
}

struct Written {
    author: u32,
    at: u64,
    last: u64,
    /// Who was there, and stayed.
    due: HashSet<u32>,
}

struct World {
    crowd: Crowd,
    now: u64,
    queue: BinaryHeap<Reverse<(u64, u64, What)>>,
    next: u64,
    dice: Dice,
    places: Vec<[u64; 2]>,
    devices: Vec<Device>,
    messages: Vec<Written>,
    /// When the last frame arrives on a way.
    arrivals: HashMap<(u32, u32), u64>,
    copies: u64,
    firsts: u64,
    named: u64,
}

/// Lets a crowd talk.
pub fn talk(crowd: Crowd) -> Spreading {
    let mut dice = Dice::new(crowd.seed, 0);
    let mut world = World {
        crowd,
        now: 0,
        queue: BinaryHeap::new(),
        next: 0,
        places: (0..crowd.devices).map(|_| [dice.below(1_000), dice.below(1_000)]).collect(),
        devices: Vec::new(),
        messages: Vec::new(),
        arrivals: HashMap::new(),
        copies: 0,
        firsts: 0,
        named: 0,
        dice,
    };
    for _ in 0..crowd.devices {
        world.devices.push(Device { is_here: true, ..Device::default() });
    }
    for who in 0..crowd.devices {
        world.dial(who);
        let at = world.dice.between(DIAL_EVERY, 2 * DIAL_EVERY);
        world.at(at, What::Dial(who));
    }
    world.at(SETTLED + S, What::Write);
    if crowd.churn > 0 {
        world.at(SETTLED + S, What::Leave);
    }
    let end = (crowd.warm_up_s + crowd.counted_s) * S + REST;
    while let Some(Reverse((at, _, what))) = world.queue.pop() {
        if at > end {
            break;
        }
        world.now = at;
        world.happen(what);
    }
    world.spreading()
}

impl World {
    fn at(&mut self, time: u64, what: What) {
        self.queue.push(Reverse((time.max(self.now), self.next, what)));
        self.next += 1;
    }

    fn device(&mut self, who: u32) -> &mut Device {
        &mut self.devices[who as usize]
    }

    /// How long the way between two takes: as far as they are apart, a twentieth more or less.
    fn way(&mut self, a: u32, b: u32) -> u64 {
        let places = [a, b].map(|who| self.places[who as usize]);
        let apart = |axis: usize| places[0][axis].abs_diff(places[1][axis]);
        let squared = apart(0).pow(2) + apart(1).pow(2);
        let us = 10 * MS + squared.isqrt() * 120 * MS / 1_000;
        us * self.dice.between(950, 1_050) / 1_000
    }

    fn send(&mut self, from: u32, to: u32, frame: Frame) {
        let Some(cable) = self.device(from).cables.get(&to).copied() else { return };
        let at = self.now + self.way(from, to);
        let last = self.arrivals.entry((from, to)).or_default();
        *last = at.max(*last + 1);
        let at = *last;
        self.at(at, What::Arrive { from, to, cable, frame });
    }

    fn is_counted(&self) -> bool {
        let from = self.crowd.warm_up_s * S;
        (from..from + self.crowd.counted_s * S).contains(&self.now)
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Arrive { from, to, cable, frame } => {
                let device = self.device(to);
                if device.is_here && device.cables.get(&from) == Some(&cable) {
                    self.arrive(from, to, frame);
                    self.wait(to);
                }
            }
            What::Due(who) => {
                let now = Mono::new(self.now);
                for author in self.device(who).spread.overdue(now) {
                    self.look_again(who, author);
                }
                self.wait(who);
            }
            What::WriteMore(author) => self.write_by(author),
            What::Write => self.write(),
            What::Leave => self.leave(),
            What::Back(who) => {
                let now = self.now;
                let device = self.device(who);
                (device.is_here, device.since, device.tries) = (true, now, 0);
                self.dial(who);
            }
            What::Gone { at, who, cable } => {
                if self.device(at).cables.get(&who) == Some(&cable) {
                    self.part(at, who);
                    self.dial(at);
                }
            }
            What::Dial(who) => {
                self.search(who);
                self.dial(who);
                let again = self.now + DIAL_EVERY + self.dice.below(S);
                self.at(again, What::Dial(who));
            }
            What::Meet(a, b) => self.meet(a, b),
        }
    }

    /// When something is due for a device, that it is looked at.
    fn wait(&mut self, who: u32) {
        if let Some(due) = self.device(who).spread.deadline() {
            self.at(due.get(), What::Due(who));
        }
    }

    /// Somebody who is there writes something.
    fn write(&mut self) {
        if self.now >= (self.crowd.warm_up_s + self.crowd.counted_s) * S {
            return;
        }
        let is_here = |author: &u32| self.is_settled(*author);
        let authors: Vec<u32> = (0..self.crowd.authors).filter(is_here).collect();
        if let Some(author) = self.dice.pick(&authors) {
            self.write_by(author);
        }
        self.at(self.now + S, What::Write);
    }

    fn is_settled(&self, who: u32) -> bool {
        let device = &self.devices[who as usize];
        device.is_here && device.since + SETTLED <= self.now
    }

    /// Somebody writes, and every third time something else right after it.
    fn write_by(&mut self, author: u32) {
        if !self.is_settled(author) {
            return;
        }
        let (message, at) = (self.messages.len(), self.now);
        let due = (0..self.crowd.devices).filter(|who| self.is_settled(*who)).collect();
        self.messages.push(Written { author, at, last: at, due });
        self.device(author).has.insert(message);
        self.hand_on(author, message, None);
        if self.dice.once_in(3) {
            self.at(at + MORE_AFTER, What::WriteMore(author));
        }
    }

    fn hand_on(&mut self, who: u32, message: usize, from: Option<u32>) {
        let author = self.messages[message].author;
        let claims = self.device(who).claims.remove(&message).unwrap_or_default();
        let peers: Vec<u32> = self.device(who).cables.keys().copied().collect();
        for peer in peers.into_iter().filter(|peer| Some(*peer) != from) {
            let feeds = self.device(who).spread.feeds(peer, author, author == who);
            if feeds && !claims.contains(&peer) {
                self.send(who, peer, Frame::Entry { message, is_asked: false });
            } else {
                self.named += u64::from(self.is_counted());
                self.send(who, peer, Frame::Name(message));
            }
        }
    }

    fn arrive(&mut self, from: u32, who: u32, frame: Frame) {
        match frame {
            Frame::Entry { message, is_asked } => self.entry(from, who, message, is_asked),
            Frame::Name(message) => {
                let author = self.messages[message].author;
                self.device(who).spread.named(author, from);
                self.claim(from, who, message);
                self.ask(who, from);
            }
            Frame::All(messages) => {
                for message in messages {
                    self.claim(from, who, message);
                }
                self.ask(who, from);
            }
            Frame::Want(message) => {
                let author = self.messages[message].author;
                self.device(who).spread.told(from, Some(author), true);
                self.send(who, from, Frame::Entry { message, is_asked: true });
            }
            Frame::Feed { author, is_on } => self.device(who).spread.told(from, author, is_on),
        }
    }

    fn claim(&mut self, from: u32, who: u32, message: usize) {
        let device = self.device(who);
        if !device.has.contains(&message) {
            device.claims.entry(message).or_default().push(from);
        }
    }

    fn entry(&mut self, from: u32, who: u32, message: usize, is_asked: bool) {
        let (now, is_counted) = (self.now, self.is_counted());
        let author = self.messages[message].author;
        let device = &mut self.devices[who as usize];
        device.asked.remove(&(message, from));
        self.copies += u64::from(is_counted);
        let is_new = device.has.insert(message);
        let mut change = None;
        if is_new {
            device.spread.came(author, from);
        } else if !is_asked {
            change = device.spread.came_again(author, from);
        }
        device.spread.answered(author, from, is_new, Mono::new(now));
        if is_new {
            self.firsts += u64::from(is_counted);
            let written = &mut self.messages[message];
            if device.since <= written.at && written.due.contains(&who) {
                written.last = written.last.max(now);
            }
            self.hand_on(who, message, Some(from));
        }
        self.say(who, change);
        self.look_again(who, author);
    }

    fn say(&mut self, who: u32, changes: impl IntoIterator<Item = Change<u32, u32>>) {
        for Change { link, author, is_on } in changes {
            self.send(who, link, Frame::Feed { author, is_on });
        }
    }

    /// What is missing here of a log, and somebody has, and was not asked for yet.
    fn lacking(&self, who: u32, from: u32, author: u32) -> Vec<usize> {
        let device = &self.devices[who as usize];
        let is_of = |message: usize| self.messages[message].author == author;
        if device.asked.iter().any(|(message, peer)| *peer == from && is_of(*message)) {
            return Vec::new();
        }
        let claims = device.claims.iter();
        let theirs = claims.filter(|(message, peers)| is_of(**message) && peers.contains(&from));
        theirs.map(|(message, _)| *message).collect()
    }

    /// Asks for what somebody has, is missing here, and is not to be waited for.
    fn ask(&mut self, who: u32, from: u32) {
        let claims = self.devices[who as usize].claims.iter();
        let theirs = claims.filter(|(_, peers)| peers.contains(&from));
        let authors: BTreeSet<u32> =
            theirs.map(|(message, _)| self.messages[*message].author).collect();
        for author in authors {
            self.ask_for(who, from, author);
        }
    }

    /// True: it was asked for.
    fn ask_for(&mut self, who: u32, from: u32, author: u32) -> bool {
        let lacking = self.lacking(who, from, author);
        let now = Mono::new(self.now);
        let device = self.device(who);
        if lacking.is_empty() || !device.spread.may_ask(author, from, now) {
            return false;
        }
        device.spread.asked(author, from, now);
        for message in lacking {
            self.device(who).asked.insert((message, from));
            self.send(who, from, Frame::Want(message));
        }
        true
    }

    /// Asks somebody for what is still missing of a log, if it is not waited for.
    fn look_again(&mut self, who: u32, author: u32) {
        let device = &self.devices[who as usize];
        let peers = device.cables.keys().copied();
        let mut peers: Vec<u32> =
            peers.filter(|peer| !self.lacking(who, *peer, author).is_empty()).collect();
        let is_asked = device.asked.iter().any(|(m, _)| self.messages[*m].author == author);
        let spread = &mut self.device(who).spread;
        if peers.is_empty() && !is_asked {
            return spread.settled(author);
        }
        spread.order(author, &mut peers);
        let _ = peers.into_iter().any(|peer| self.ask_for(who, peer, author));
    }

    fn leave(&mut self) {
        let here = |who: &u32| self.devices[*who as usize].is_here;
        let here: Vec<u32> = (0..self.crowd.devices).filter(here).collect();
        if let Some(who) = self.dice.pick(&here) {
            let says_so = self.dice.once_in(2);
            let device = self.device(who);
            device.is_here = false;
            device.spread = Spread::default();
            device.claims.clear();
            device.asked.clear();
            device.dialled.clear();
            for (at, cable) in std::mem::take(&mut device.cables) {
                let after = if says_so { self.way(who, at) } else { MISSED_AFTER };
                self.at(self.now + after, What::Gone { at, who, cable });
            }
            let back = self.now + self.dice.between(20 * S, 100 * S);
            self.at(back, What::Back(who));
        }
        let every = 100 * 60 * S / (self.crowd.churn * u64::from(self.crowd.devices));
        let again = self.now + self.dice.between(1, 2 * every);
        self.at(again, What::Leave);
    }

    /// Looks for more where too few are here, and ends connections that are of no use any more.
    fn search(&mut self, who: u32) {
        let tries = self.device(who).tries;
        self.device(who).tries = next_tries(tries, |tries| self.wanted(who, tries).1);
        let (wanted, _) = self.wanted(who, self.devices[who as usize].tries);
        let ours = self.device(who).dialled.iter().filter(|other| !wanted.contains(other));
        let surplus: Vec<u32> = ours.copied().collect();
        for other in surplus {
            self.hang_up(who, other);
        }
    }

    fn dial(&mut self, who: u32) {
        if !self.device(who).is_here {
            return;
        }
        let (wanted, _) = self.wanted(who, self.devices[who as usize].tries);
        for other in wanted {
            let is_there = self.device(other).is_here;
            if is_there && !self.device(who).cables.contains_key(&other) {
                let at = self.now + 2 * self.way(who, other);
                self.at(at, What::Meet(who, other));
            }
        }
    }

    fn wanted(&self, who: u32, tries: u32) -> (BTreeSet<u32>, Found) {
        let all = self.crowd.devices;
        let lot = |other: u32| {
            (u64::from(who) << 32 | u64::from(other)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        };
        let some = |n: u32| {
            let drawn =
                (u64::from(who) * 1_000_003 + u64::from(n)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
            u32::try_from((drawn >> 20) % u64::from(all)).unwrap_or(0)
        };
        let others: BTreeSet<u32> = if all <= 2 * CANDIDATES {
            (0..all).collect()
        } else {
            let next = (1..=CANDIDATES).map(|n| (who + n) % all);
            next.chain((0..CANDIDATES).map(some)).collect()
        };
        let others: Vec<u32> = others.into_iter().filter(|other| *other != who).collect();
        let cables = &self.devices[who as usize].cables;
        let place = |other: u32| u64::from(other.wrapping_sub(who).wrapping_add(all) % all);
        neighbours(0, &others, place, lot, |other| cables.contains_key(&other), tries)
    }

    fn meet(&mut self, a: u32, b: u32) {
        let is_met = self.device(a).cables.contains_key(&b);
        if is_met || !self.device(a).is_here || !self.device(b).is_here {
            return;
        }
        let cable = self.next;
        for (who, other) in [(a, b), (b, a)] {
            self.device(who).cables.insert(other, cable);
        }
        self.device(a).dialled.insert(b);
        for (who, other) in [(a, b), (b, a)] {
            let change = self.device(who).spread.begin(other, other);
            self.say(who, change);
            let from = self.messages.len().saturating_sub(COMPARED);
            let has = &self.devices[who as usize].has;
            let all = (from..self.messages.len()).filter(|m| has.contains(m)).collect();
            self.send(who, other, Frame::All(all));
        }
    }

    /// Ends a connection; the other end learns of it a way later.
    fn hang_up(&mut self, who: u32, other: u32) {
        if let Some(cable) = self.device(who).cables.get(&other).copied() {
            self.part(who, other);
            let at = self.now + self.way(who, other);
            self.at(at, What::Gone { at: other, who, cable });
        }
    }

    fn part(&mut self, at: u32, who: u32) {
        let device = self.device(at);
        device.cables.remove(&who);
        device.dialled.remove(&who);
        device.asked.retain(|(_, peer)| *peer != who);
        for peers in device.claims.values_mut() {
            peers.retain(|peer| *peer != who);
        }
        let changes = device.spread.end(who);
        self.say(at, changes);
        self.wait(at);
    }

    #[allow(clippy::cast_precision_loss, reason = "counts of things that were counted one by one")]
    fn spreading(mut self) -> Spreading {
        let from = self.crowd.warm_up_s * S;
        let counted = self.messages.iter().enumerate().filter(|(_, written)| written.at >= from);
        let (mut missed, mut last_ms) = (0, Vec::new());
        for (message, written) in counted {
            let lacks = |who: &&u32| {
                let device = &self.devices[**who as usize];
                device.is_here && device.since <= written.at && !device.has.contains(&message)
            };
            missed += written.due.iter().filter(lacks).count();
            last_ms.push((written.last - written.at) as f64 / MS as f64);
        }
        last_ms.sort_by(f64::total_cmp);
        let here = self.devices.iter().filter(|device| device.is_here);
        let degrees: Vec<usize> = here.map(|device| device.cables.len()).collect();
        let degree = degrees.iter().sum::<usize>() as f64 / degrees.len() as f64;
        let mut ways = 0;
        for _ in 0..WAYS {
            let [a, b] = [(), ()].map(|()| self.dice.below(self.crowd.devices.into()));
            ways += self.way(u32::try_from(a).unwrap_or(0), u32::try_from(b).unwrap_or(0));
        }
        let way_ms = ways as f64 / f64::from(WAYS) / MS as f64;
        let firsts = self.firsts as f64;
        let (copies, named) = (self.copies as f64 / firsts, self.named as f64 / firsts);
        Spreading { missed, copies, named, last_ms, degree, way_ms }
    }
}
