//! How programs run: inputs are taken as one transaction, programs end and start again.

use std::collections::BTreeSet;

use chinwag_core::driver::step;
use chinwag_core::env::Env;
use chinwag_core::ids::DeviceId;
use chinwag_core::input::{Command, Input, Link};
use chinwag_core::node::{Config, Node};
use chinwag_core::output::{Event, Output};
use chinwag_core::time::{Mono, Wall};
use chinwag_core::wire::message::Message;

use crate::faults::Fault;
use crate::network::{SECOND, Who};
use crate::sim::{Person, START_MS, What, World};

/// Inputs in one transaction.
const BATCH_MAX: usize = 2_000;

impl World<'_> {
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
            store: &mut person.store,
        };
        (env, &mut person.node)
    }

    pub(crate) fn wake(&mut self, who: Who) {
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
        let frames: Vec<Vec<u8>> = match &self.people[who].liar {
            Some(_) => inputs.iter().filter_map(frame_of).collect(),
            None => Vec::new(),
        };
        let is_import = |input: &Input| matches!(input, Input::Command(_, Command::Import(_)));
        let has_bundle = inputs.iter().any(is_import);
        let blocked = self.blocked_by(who);
        let too_much = self.too_much(who, &inputs);
        let (lost, mut closed) = (self.lost_links(who), BTreeSet::new());
        let knew = self.people[who].knows.clone();
        self.note_removed(who, &inputs);
        if !has_bundle {
            self.people[who].carried.clear();
        }
        match self.take(who, inputs, fault) {
            Some(outputs) => {
                self.learn(who, &outputs);
                self.check_event_log(who, &outputs);
                self.check_refused(who, too_much, &outputs);
                if has_bundle && !self.people[who].store.changes.entries.is_empty() {
                    self.cover("entries from bundles");
                }
                self.check_changes(who);
                self.note_knows(who);
                for output in outputs {
                    self.trace.output(&output);
                    if let Output::Send { link, bytes, .. } = &output {
                        self.check_sent_in_group(who, *link, &knew, bytes);
                    }
                    self.check_blocked(who, &blocked, &output);
                    self.check_links(who, &lost, &mut closed, &output);
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
        let writes = |input: &Input| matches!(input, Input::Command(_, Command::Say { .. }));
        let written = inputs.iter().filter(|input| writes(input)).count();
        if matches!(fault, Some(Fault::FailCommit | Fault::CrashBefore)) && written > 0 {
            self.cover("crashes with an uncommitted entry");
        }
        let now = self.now;
        let person = &mut self.people[who];
        let is_full = person.full_until > now;
        if fault == Some(Fault::FailCommit) || is_full {
            person.store.fail_next_commit().expect("a store that can be told to fail");
        }
        let (mut env, node) = Self::env(person, now);
        let node = node.as_mut()?;
        if fault == Some(Fault::CrashBefore) && !is_full {
            env.store.begin().ok()?;
            for input in inputs {
                let _ = node.handle(&mut env, input);
            }
            env.store.rollback();
            return None;
        }
        let result = step(node, &mut env, inputs);
        match (result, fault) {
            (Err(_), _) if is_full => {
                self.cover("commits on a full disk");
                None
            }
            (Ok(outputs), Some(Fault::CrashAfter)) => {
                self.cover("crashes after a commit");
                self.learn(who, &outputs);
                self.check_event_log(who, &outputs);
                None
            }
            (Ok(outputs), _) => {
                if written > 1 {
                    self.cover("things said in one batch");
                }
                Some(outputs)
            }
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

    pub(crate) fn open(&mut self, who: Who) {
        let now = self.now;
        let person = &mut self.people[who];
        if person.node.is_some() || person.is_absent {
            return;
        }
        person.started = now;
        person.ticks_at = None;
        let is_full = person.full_until > now;
        if is_full {
            person.store.fail_next_commit().expect("a store that can be told to fail");
        }
        // Small pages, so that short logs have gaps.
        let page = [2, 5, 1_000].into_iter().cycle().nth(who).unwrap_or(1_000);
        let config = Config { is_copy: person.is_copy, page, ..Config::default() };
        let (mut env, node) = Self::env(person, now);
        match Node::open(&mut env, config) {
            Ok(mut opened) => {
                let outputs: Vec<Output> = std::iter::from_fn(|| opened.poll()).collect();
                let opened_as = opened.device();
                *node = Some(opened);
                person.is_copy = false;
                self.check_nothing_lost(who);
                self.check_event_log(who, &outputs);
                self.check_changes(who);
                self.note_knows(who);
                if let Some(device) = opened_as {
                    // It may have become another in a step whose outputs were lost.
                    self.rename(who, device);
                }
                for output in outputs {
                    self.release(who, output);
                }
                self.schedule_tick(who);
            }
            Err(_) if is_full => {
                self.cover("starts on a full disk");
                let again = now + self.dice.between(1, 8 * SECOND);
                self.at(again, What::Open(who));
            }
            Err(error) => self.fail(&format!("{who} does not open: {error}")),
        }
    }

    /// Somebody goes on as another device: all connections end.
    fn rename(&mut self, who: Who, device: DeviceId) {
        if self.people[who].device == device {
            return;
        }
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
        // What is overdue is due now.
        let due = due.map(|due| due.max(self.now));
        if let Some(due) = due.filter(|due| person.ticks_at.is_none_or(|at| at > *due)) {
            person.ticks_at = Some(due);
            self.at(due, What::Tick(who));
        }
    }

    pub(crate) fn tick(&mut self, who: Who) {
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
            Output::Event(event) => {
                self.say(|| format!("{who}: {}", told(&event)));
                if let Event::Invited { group, .. } = event {
                    self.was_invited(who, group);
                }
            }
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
        Input::Command(_, Command::Import(_)) => "a bundle".to_owned(),
        Input::Command(_, other) => format!("{other:?}"),
        Input::Connected { link, .. } => format!("connected {}", link.0),
        Input::Disconnected { link } => format!("disconnected {}", link.0),
        Input::Frame { link, bytes } => format!("{} on {}", framed(bytes), link.0),
        Input::Tick => "tick".to_owned(),
    };
    inputs.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A frame in a few words.
pub(crate) fn framed(bytes: &[u8]) -> String {
    let Ok(message) = Message::read(bytes) else { return "rubbish".to_owned() };
    match message {
        Message::Hello(hello) => format!("hello of {:?}, {:?}", hello.account, hello.wish),
        Message::Known { .. } => "known".to_owned(),
        Message::Operations { operations, .. } => format!("{} operations", operations.len()),
        Message::Accounts(_) => "accounts".to_owned(),
        Message::Have(have) => {
            let heights = have.frontier.iter().map(|(author, ranges)| {
                let ranges: Vec<(u64, u64)> =
                    ranges.iter().map(|range| (range.from().get(), range.to().get())).collect();
                format!("{author:?} {ranges:?}")
            });
            let heights: Vec<String> = heights.collect();
            format!("have of {:?} ({})", have.conversation, heights.join(", "))
        }
        Message::Want { conversation, author, range } => {
            let (from, to) = (range.from(), range.to());
            format!("want of {conversation:?} {author:?} {from} to {to}")
        }
        Message::Entries { conversation, author, run } => {
            let seqs = run.entries.first().zip(run.entries.last());
            let seqs = seqs.map(|((first, _), (last, _))| (first.seq(), last.seq()));
            format!("entries of {conversation:?} {author:?} {seqs:?}")
        }
        Message::Fork(fork) => format!("fork of {:?} at {}", fork.author(), fork.at()),
        Message::Read { conversation, .. } => format!("read of {conversation:?}"),
        Message::Typing { .. } => "typing".to_owned(),
        Message::Presence { .. } => "presence".to_owned(),
        Message::PrekeysWanted => "prekeys wanted".to_owned(),
        Message::Prekeys(_) => "prekeys".to_owned(),
        Message::Feed { author, is_on, .. } => format!("feed of {author:?}: {is_on}"),
    }
}
