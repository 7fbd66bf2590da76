//! Scenarios: what sort of life is lived, read from a file. How many people there are and on how
//! many devices, what they do, what goes wrong and how often. Everything has a value when the file
//! does not say; the seed decides the rest.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::dice::Dice;

/// The scenarios that are always there, by name.
pub const NAMED: &[(&str, &str)] = &[
    ("mixed", include_str!("../scenarios/mixed.toml")),
    ("calm", include_str!("../scenarios/calm.toml")),
    ("partitions", include_str!("../scenarios/partitions.toml")),
    ("hostile", include_str!("../scenarios/hostile.toml")),
    ("own-devices", include_str!("../scenarios/own-devices.toml")),
    ("old-backup", include_str!("../scenarios/old-backup.toml")),
    ("full-disk", include_str!("../scenarios/full-disk.toml")),
    ("disappearing", include_str!("../scenarios/disappearing.toml")),
    ("strangers", include_str!("../scenarios/strangers.toml")),
    ("groups", include_str!("../scenarios/groups.toml")),
    ("bundles-only", include_str!("../scenarios/bundles-only.toml")),
];

/// The most people, devices or seconds that a file may ask for.
const NUMBER_MAX: u64 = 100_000;

/// A sort of life.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is about, for people.
    pub about: String,
    /// Who is there.
    #[serde(default)]
    pub(crate) people: People,
    /// How long it takes.
    #[serde(default)]
    pub(crate) time: Time,
    /// What the network is like.
    #[serde(default)]
    pub(crate) network: Lines,
    /// What goes wrong: how often each thing does, beside the others.
    #[serde(default)]
    pub(crate) faults: Faults,
    /// What people do: how often each thing, beside the others.
    #[serde(default)]
    pub(crate) acts: Acts,
}

/// From how many to how many.
type Between = [u64; 2];

/// Who is there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct People {
    /// Honest people.
    pub(crate) honest: Between,
    /// Liars.
    pub(crate) hostile: Between,
    /// Honest people in a life with a crowd.
    pub(crate) crowd: Between,
    /// One life in so many has a crowd; 0: none.
    pub(crate) crowd_once_in: u64,
    /// Of honest people, one in so many takes another device; 0: nobody.
    pub(crate) another_device_once_in: u64,
    /// Devices of one account, those that were removed among them.
    pub(crate) devices_max: usize,
}

/// How long it takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Time {
    /// Seconds with faults and with things that people do.
    pub(crate) faults_s: Between,
    /// The longest time between two faults, in seconds, is between these.
    pub(crate) fault_every_s: Between,
    /// The longest time between two things that somebody does, in seconds.
    pub(crate) act_every_s: u64,
    /// One life in so many has a talk of more than a thousand messages at once; 0: none.
    pub(crate) long_talk_once_in: u64,
}

/// What the network is like.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Lines {
    /// One connection in so many is so slow that patience ends; 0: none.
    pub(crate) slow_once_in: u64,
    /// Seconds after which there is no network any more; 0: there always is one.
    pub(crate) ends_after_s: u64,
}

macro_rules! weights {
    ($(#[$doc:meta])* $name:ident, $what:ident { $($(#[$field_doc:meta])* $field:ident = $default:literal => $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(crate) struct $name { $($field: u64,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $what { $($(#[$field_doc])* $variant,)* }

        impl $what {
            /// Its name in scenarios and on the command line.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($field),)* }
            }
        }

        impl $name {
            /// One of them, by their weights; `None` when all are 0.
            pub(crate) fn pick(&self, dice: &mut Dice) -> Option<$what> {
                let all = [$((self.$field, $what::$variant),)*];
                let mut place = dice.below(all.iter().map(|(weight, _)| weight).sum());
                for (weight, what) in all {
                    if place < weight {
                        return Some(what);
                    }
                    place -= weight;
                }
                None
            }

            /// The names of those that happen.
            fn names(&self) -> Vec<&'static str> {
                let all = [$((self.$field, stringify!($field)),)*];
                all.into_iter().filter(|(weight, _)| *weight > 0).map(|(_, name)| name).collect()
            }
        }
    };
}

weights! {
    /// What goes wrong.
    Faults, FaultKind {
        /// A commit that fails.
        failed_commit = 4 => FailedCommit,
        /// A program that ends in the middle of a step.
        crash_before = 4 => CrashBefore,
        /// A program that ends after the commit, before anything of it gets out.
        crash_after = 2 => CrashAfter,
        /// A program that is ended in peace.
        restart = 2 => Restart,
        /// A connection that breaks.
        cut = 6 => Cut,
        /// A clock that jumps.
        jump = 2 => Jump,
        /// A backup that is made or put back.
        old_backup = 1 => OldBackup,
        /// A direction in which nothing passes.
        partition = 2 => Partition,
        /// A disk on which there is no room.
        full_disk = 1 => FullDisk,
    }
}

weights! {
    /// What people do.
    Acts, Act {
        /// Say something.
        say = 30 => Say,
        /// Make a ticket, for one or for several.
        invite = 8 => Invite,
        /// Change what was said.
        edit = 3 => Edit,
        /// React to what was said, or no longer.
        react = 3 => React,
        /// Take back what was said.
        retract = 2 => Retract,
        /// Let what will be said disappear, or stay.
        settings = 1 => Settings,
        /// Read what is here.
        read = 3 => Read,
        /// Type.
        typing = 1 => Typing,
        /// Sit down before the device, or leave.
        presence = 1 => Presence,
        /// Ask somebody to become a contact.
        ask = 1 => Ask,
        /// Answer who asked.
        answer = 2 => Answer,
        /// Block somebody, or no longer.
        block = 1 => Block,
        /// Give somebody a name, or compare the safety number.
        call = 1 => Call,
        /// Carry a bundle to somebody.
        carry = 2 => Carry,
        /// Remove another device.
        revoke = 1 => Revoke,
        /// Begin a group; and the first one begins one at once, and lets all in.
        gather = 0 => Gather,
        /// Let somebody into a group, or make them an admin.
        grant = 0 => Grant,
        /// Remove somebody from a group, or make a member of an admin.
        remove = 0 => Remove,
        /// Leave a group, or step down.
        leave = 0 => Leave,
        /// Change what a group is called, or is about.
        rename = 0 => Rename,
        /// Join a group.
        join = 0 => Join,
        /// Say something in a group.
        say_in_group = 0 => SayInGroup,
        /// Change, take back or react to what was said in a group.
        change_in_group = 0 => ChangeInGroup,
        /// Read a group, or type in it.
        read_in_group = 0 => ReadInGroup,
        /// Carry bundles to all of a group.
        carry_in_group = 0 => CarryInGroup,
        /// Make a ticket to a group and give it to some, or take one back.
        ticket_to_group = 0 => TicketToGroup,
    }
}

impl Default for People {
    fn default() -> Self {
        let (honest, hostile, crowd) = ([2, 4], [0, 2], [13, 50]);
        let (another_device_once_in, devices_max, crowd_once_in) = (4, 2, 0);
        Self { honest, hostile, crowd, crowd_once_in, another_device_once_in, devices_max }
    }
}

impl Default for Time {
    fn default() -> Self {
        Self { faults_s: [60, 300], fault_every_s: [1, 40], act_every_s: 12, long_talk_once_in: 6 }
    }
}

impl Default for Lines {
    fn default() -> Self {
        Self { slow_once_in: 25, ends_after_s: 0 }
    }
}

impl Scenario {
    /// The scenario with this name, or in this file. An error in words: there is none, or it is
    /// wrong.
    pub fn find(name: &str) -> Result<Self, String> {
        let named = NAMED.iter().find(|(known, _)| *known == name);
        let text = match named {
            Some((_, text)) => (*text).to_owned(),
            None => std::fs::read_to_string(Path::new(name)).map_err(|error| {
                let known: Vec<&str> = NAMED.iter().map(|(known, _)| *known).collect();
                format!("there is no scenario {name} ({error}); there are {}", known.join(", "))
            })?,
        };
        Self::read(&text).map_err(|error| format!("scenario {name}: {error}"))
    }

    /// Reads a scenario. An error in words: it is wrong.
    pub fn read(text: &str) -> Result<Self, String> {
        let scenario: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let People { honest, hostile, crowd, .. } = scenario.people;
        let Time { faults_s, fault_every_s, .. } = scenario.time;
        for [from, to] in [honest, hostile, crowd, faults_s, fault_every_s] {
            if from > to || to > NUMBER_MAX {
                return Err(format!("[{from}, {to}] is no range of numbers up to {NUMBER_MAX}"));
            }
        }
        if honest[0] == 0 || faults_s[0] == 0 || fault_every_s[0] == 0 {
            return Err("a life needs somebody, some time, and some time between faults".to_owned());
        }
        Ok(scenario)
    }

    /// The names of all that can be switched off.
    pub fn parts(&self) -> Vec<&'static str> {
        [self.faults.names(), self.acts.names()].concat()
    }
}

/// What of a life is left out, to find out what a failure needs. The seed decides all the rest as
/// before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Faults and acts, by their names in scenarios.
    pub parts: BTreeSet<String>,
    /// People who do not take part: their numbers.
    pub people: BTreeSet<usize>,
    /// All faults and acts after so many seconds.
    pub after_s: Option<u64>,
}

impl LeftOut {
    /// As options of the program.
    pub fn options(&self) -> String {
        let mut options = Vec::new();
        if !self.parts.is_empty() {
            let parts: Vec<&str> = self.parts.iter().map(String::as_str).collect();
            options.push(format!(" --without {}", parts.join(",")));
        }
        if !self.people.is_empty() {
            let people: Vec<String> = self.people.iter().map(ToString::to_string).collect();
            options.push(format!(" --without-people {}", people.join(",")));
        }
        if let Some(after_s) = self.after_s {
            options.push(format!(" --until {after_s}"));
        }
        options.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_that_is_named_can_be_read() {
        for (name, text) in NAMED {
            let read = Scenario::read(text);
            assert!(read.is_ok(), "{name}: {read:?}");
        }
    }

    #[test]
    fn a_scenario_with_a_word_that_nobody_knows_is_refused_with_the_word() {
        let wrong = Scenario::read("about = \"\"\n[faults]\nfloods = 3");
        assert!(wrong.is_err_and(|error| error.contains("floods")));
    }

    #[test]
    fn what_is_never_to_happen_is_never_picked() {
        let text = "about = \"\"\n[faults]\nfailed_commit = 0\ncrash_before = 0\ncrash_after = 0\n\
                    restart = 0\ncut = 1\njump = 0\nold_backup = 0\npartition = 0\nfull_disk = 0";
        let scenario = Scenario::read(text).expect("a scenario");
        let mut dice = Dice::new(1, 1);
        for _ in 0..100 {
            assert_eq!(scenario.faults.pick(&mut dice), Some(FaultKind::Cut));
        }
    }
}
