//! The keys of the config: one table. By it the file is read and checked, what a wrong value may be is
//! said, and an example of the file is written.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeValue, Error, ValueDeserializer};

use super::Config;

/// A part of the file.
#[derive(Debug)]
pub(super) struct Section {
    /// As it stands between brackets; empty: what is before all of them.
    pub(super) name: &'static str,
    /// What it is about.
    about: &'static str,
    /// The lines of the example that are not made of keys.
    further: &'static str,
}

/// A key.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name with that of its section: `ui.theme`.
    pub(crate) name: &'static str,
    /// What the example says it is set to.
    shown: Shown,
    /// Who heeds a change of it when the file is read again.
    pub(crate) live: Live,
    /// What it may be, as words behind "takes".
    pub(super) takes: &'static str,
    /// What it means.
    about: &'static str,
    /// Puts a value where it belongs.
    pub(super) set: fn(&mut Config, Spanned<DeValue<'_>>) -> Result<(), Error>,
}

/// Who heeds a change of a key at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Live {
    /// The terminal client.
    Client,
    /// The daemon.
    Daemon,
    /// Nobody: it counts when the program begins again.
    Never,
}

/// What the example says of a key.
#[derive(Debug)]
enum Shown {
    /// What is so anyway.
    Default(&'static str),
    /// What could be.
    Example(&'static str),
}

fn read<T: DeserializeOwned>(value: Spanned<DeValue<'_>>) -> Result<T, Error> {
    T::deserialize(ValueDeserializer::from(value))
}

macro_rules! keys {
    ($($name:literal $shown:ident($value:literal), $live:ident, $takes:literal, $about:literal => $($field:ident).+;)*) => {
        /// The table, section by section.
        pub(crate) const KEYS: &[Key] = &[$(Key {
            name: $name,
            shown: Shown::$shown($value),
            live: Live::$live,
            takes: $takes,
            about: $about,
            set: |config, value| {
                config.$($field).+ = read(value)?;
                Ok(())
            },
        }),*];
    };
}

/// The sections, in the order of the example.
pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "",
        about: "The config of chinwag. Every key may be left out; flags and the environment win over it.",
        further: "",
    },
    Section {
        name: "classroom",
        about: "The classroom: plain TCP, not private (chinwag classroom --help).",
        further: "",
    },
    Section {
        name: "ui",
        about: "The terminal client: what chinwag without a command shows.",
        further: "",
    },
    Section {
        name: "ui.notifications",
        about: "What is told of what nobody looks at.",
        further: "",
    },
    Section {
        name: KEYS_OF_ACTIONS,
        about: "Keys of an action: one, several, or \"\" for none. The names of actions: docs/command-line.md.",
        further: "\n# switch = [\"ctrl+p\", \"f2\"]\n# help = \"f1\"\n",
    },
];

/// The section whose keys are names of actions.
pub(super) const KEYS_OF_ACTIONS: &str = "ui.keys";

keys! {
    "data_dir" Example("\"/srv/chinwag\""), Never, "the path of a folder",
        "Where the data is." => data_dir;
    "lan" Default("true"), Never, "true or false",
        "Announce ourselves on the local network, and look for others there." => lan;
    "bind" Example("[\"192.0.2.7:4433\"]"), Never, "a list of addresses like \"192.0.2.7:4433\"",
        "Listen on these addresses; none: on all of them." => bind;
    "relays" Example("[\"https://relay.example\"]"), Never, "a list of relays like \"https://relay.example\"",
        "The relays that may be used where there is no direct way (docs/relay.md); none: no relay. The first start asks." => relays;
    "relay_certificates" Example("\"/etc/chinwag/relay.pem\""), Never, "the path of a file",
        "Certificates in PEM that are trusted to speak for relays, beside those that browsers trust; from the config's folder on." => relay_certificates;
    "log_level" Example("\"info\""), Daemon, "off, error, warn, info, debug or trace",
        "How much to note in the log, which is in the data folder: off, error, warn, info, debug or trace." => log_level;
    "passphrase_command" Example("[\"pass\", \"show\", \"chinwag\"]"), Never, "a list: a program and its arguments",
        "A program that prints the passphrase of the data folder, as its first line; run as it is, without a shell." => passphrase_command;

    "classroom.enabled" Default("false"), Never, "true or false",
        "Have its programs in the daemon and the client, as conversations that are not private." => classroom.enabled;
    "classroom.team" Example("\"blue\""), Never, "a name in quotation marks",
        "Our team name." => classroom.team;
    "classroom.port" Example("4000"), Never, "a port from 1 to 65535",
        "Where to listen; left out, chinwag classroom asks, and the daemon takes a free one." => classroom.port;
    "classroom.address" Example("\"10.0.0.5\""), Never, "an address like \"10.0.0.5\"",
        "The address to announce, and to listen on." => classroom.address;
    "classroom.preset" Example("\"iit-indore\""), Never, "the name of a preset: \"iit-indore\"",
        "Static peers by name." => classroom.preset;
    "classroom.bootstrap" Example("[\"10.0.0.7:4001\"]"), Never, "a list of addresses like \"10.0.0.7:4001\"",
        "Static peers." => classroom.bootstrap;

    "ui.theme" Default("\"terminal\""), Client, "the name of a theme",
        "Colours: terminal, light, dark, high-contrast, colour-blind or plain; or a file in themes/, by its name." => ui.theme;
    "ui.mode" Default("\"full\""), Never, "full or linear",
        "A screen (full), or plain lines for screen readers (linear); so do --linear, CHINWAG_ACCESSIBLE=1, TERM=dumb." => ui.mode;
    "ui.keymap" Default("\"default\""), Client, "default or vim",
        "Keys: default, or vim for those with a normal mode." => ui.keymap;
    "ui.default_keys" Default("true"), Client, "true or false",
        "false: only the keys in [ui.keys]." => ui.default_keys;
    "ui.notify" Default("\"bell\""), Client, "bell, terminal or none",
        "What makes a noise when something comes that nobody looks at: bell, terminal (a notification of the terminal) or none." => ui.notify;
    "ui.title" Default("true"), Client, "true or false",
        "Say in the terminal's title how much is unread." => ui.title;
    "ui.extended_keys" Default("true"), Never, "true or false",
        "Ask terminals that are known for it to tell Shift+Enter from Enter." => ui.extended_keys;
    "ui.mouse" Default("false"), Client, "true or false",
        "Let the mouse choose and scroll from the beginning; Alt+M switches it. With Shift it selects text." => ui.mouse;
    "ui.ambiguous" Default("\"narrow\""), Client, "narrow or wide",
        "How wide the terminal draws characters of ambiguous width, Greek and Cyrillic among them: narrow, or wide as in some terminals of East Asia." => ui.ambiguous;
    "ui.emoji" Default("\"signs\""), Client, "signs or shortcodes",
        "Emoji: signs, or shortcodes (:tada:) for terminals that can't draw them." => ui.emoji;
    "ui.time" Default("\"local\""), Client, "local or utc",
        "Times as they are here (local), or in UTC (utc); --utc does the same once, for every command." => ui.time;
    "ui.dates" Default("\"locale\""), Client, "locale or iso",
        "Times of day and days as in the country that LC_TIME names (locale), or as 14:03 and 2026-11-26 (iso)." => ui.dates;
    "ui.motion" Default("\"on\""), Client, "on or off",
        "off: nothing moves by itself, neither pictures of round trips nor seconds that are counted." => ui.motion;

    "ui.notifications.on" Default("[\"message\", \"mention\", \"request\", \"contact\", \"invitation\"]"), Client, "a list of message, mention, request, contact and invitation",
        "Of what: messages, messages with your name behind an @, who asks, who has become a contact, who invites you to a group." => ui.notifications.on;
    "ui.notifications.words" Example("[\"deploy\", \"Big Fox\"]"), Client, "a list of words",
        "Words that are marked, and make a message one for you, as your name behind an @ does." => ui.notifications.words;
    "ui.notifications.sender" Default("false"), Client, "true or false",
        "Say who it is from." => ui.notifications.sender;
    "ui.notifications.content" Default("false"), Client, "true or false",
        "Say what was said." => ui.notifications.content;
    "ui.notifications.quiet" Example("\"22:00-07:00\""), Client, "hours like \"22:00-07:00\"",
        "When nothing is told." => ui.notifications.quiet;
    "ui.notifications.command" Example("[\"/usr/local/bin/tell\"]"), Client, "a list: a program and its arguments",
        "A program that is told as well: a JSON object on its standard input." => ui.notifications.command;
}

/// The key with this name.
pub(super) fn named(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The section with this name.
pub(super) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

/// The keys of which two configs say different things.
pub(crate) fn changed(one: &Config, other: &Config) -> Vec<&'static Key> {
    let (one, other) = (toml::Value::try_from(one).ok(), toml::Value::try_from(other).ok());
    let of = |config: &Option<toml::Value>, name: &str| {
        name.split('.').try_fold(config.clone()?, |table, part| table.get(part).cloned())
    };
    KEYS.iter().filter(|key| of(&one, key.name) != of(&other, key.name)).collect()
}

/// All names that there are.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let sections = SECTIONS.iter().map(|section| section.name).filter(|name| !name.is_empty());
    KEYS.iter().map(|key| key.name).chain(sections)
}

/// A config file with every key, what it means and what is so by default: as it stands it changes nothing.
pub(crate) fn example() -> String {
    let sections: Vec<String> = SECTIONS.iter().map(example_of).collect();
    sections.join("\n")
}

fn example_of(section: &Section) -> String {
    let heading = match section.name {
        "" => format!("# {}\n", section.about),
        name => format!("# {}\n[{name}]\n", section.about),
    };
    let keys = KEYS.iter().filter_map(|key| {
        let (before, name) = key.name.rsplit_once('.').unwrap_or(("", key.name));
        let line = match key.shown {
            Shown::Default(value) => format!("{name} = {value}"),
            Shown::Example(value) => format!("# {name} = {value}"),
        };
        (before == section.name).then(|| format!("\n# {}\n{line}\n", key.about))
    });
    heading + &keys.collect::<String>() + section.further
}
