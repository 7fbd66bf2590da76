//! The command line: what can be typed, and what its help says.
//!
//! One table for everything that is made of it: parsing, help, completions and man pages. What a
//! family of commands takes stands in a file of its own.

pub(crate) mod account;
pub(crate) mod classroom;
pub(crate) mod groups;
pub(crate) mod messages;
pub(crate) mod people;
pub(crate) mod program;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, CommandFactory, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

/// Peer-to-peer chat: no account with anybody, no server that holds anything.
#[derive(Debug, Parser)]
#[command(name = "chinwag", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Args {
    /// Without a command: the terminal client as plain lines, for screen readers and pipes
    #[arg(long)]
    pub(crate) linear: bool,
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What every command takes.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(next_help_heading = "Options of every command")]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Global {
    /// Where the data is [default: the `chinwag` folder of this system's place for data]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "CHINWAG_DATA_DIR",
        hide_env_values = true
    )]
    pub(crate) data_dir: Option<PathBuf>,
    /// Be somebody else: with a config and data of their own, by this name
    #[arg(long, global = true, value_name = "NAME", value_parser = crate::places::profile)]
    pub(crate) profile: Option<String>,
    /// Read this config file instead of the usual one
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "CHINWAG_CONFIG",
        hide_env_values = true
    )]
    pub(crate) config: Option<PathBuf>,
    /// Say only what was asked for, and errors
    #[arg(long, global = true)]
    pub(crate) quiet: bool,
    /// Say more: whole ids, and what goes on
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Whether to use colours; `NO_COLOR` and `CLICOLOR_FORCE` are heard too
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true
    )]
    pub(crate) color: Color,
    /// Show times in UTC, and read them so
    #[arg(long, global = true)]
    pub(crate) utc: bool,
    /// Listen here instead of on all addresses; only where no daemon runs yet
    #[arg(
        long,
        global = true,
        value_name = "IP:PORT",
        env = "CHINWAG_BIND",
        value_delimiter = ',',
        hide_env_values = true
    )]
    pub(crate) bind: Vec<SocketAddr>,
    /// Neither announce ourselves on the local network nor look for others there
    #[arg(long, global = true, env = "CHINWAG_NO_LAN", hide_env_values = true,
          action = clap::ArgAction::SetTrue,
          value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) no_lan: bool,
    /// Use no relay, whatever the config names
    #[arg(long, global = true, env = "CHINWAG_NO_RELAY", hide_env_values = true,
          action = clap::ArgAction::SetTrue,
          value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) no_relay: bool,
    /// How much to note in the log, which is in the data folder: never what somebody wrote, nor names or
    /// keys [default: info]
    #[arg(long, global = true, value_name = "LEVEL", env = "CHINWAG_LOG", hide_env_values = true)]
    pub(crate) log_level: Option<LogLevel>,
    /// Read the passphrase of the data folder, one line, from this file descriptor
    #[arg(long, global = true, value_name = "N")]
    pub(crate) passphrase_fd: Option<u32>,
}

/// How much is noted in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl From<LogLevel> for chinwag_daemon::LogLevel {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Off => Self::Off,
            LogLevel::Error => Self::Error,
            LogLevel::Warn => Self::Warn,
            LogLevel::Info => Self::Info,
            LogLevel::Debug => Self::Debug,
            LogLevel::Trace => Self::Trace,
        }
    }
}

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    // On a terminal that has them, unless the environment says otherwise.
    #[default]
    Auto,
    Always,
    Never,
}

/// For a command with one answer.
#[derive(Clone, Copy, Debug, Default, ClapArgs)]
pub(crate) struct Json {
    /// Print the answer as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// For a command whose answer is a list.
#[derive(Clone, Copy, Debug, Default, ClapArgs)]
pub(crate) struct JsonList {
    /// Print the answer as one JSON document
    #[arg(long, conflicts_with = "jsonl")]
    pub(crate) json: bool,
    /// Print each item as a JSON object on a line of its own
    #[arg(long)]
    pub(crate) jsonl: bool,
}

/// For a command that writes something to others.
#[derive(Clone, Copy, Debug, Default, ClapArgs)]
pub(crate) struct Linger {
    /// Where no daemon runs: how long to wait for it to be delivered before ending
    #[arg(long, value_name = "SECONDS", default_value_t = 5,
          value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub(crate) linger: u64,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(account::Init),
    /// Show our account and this device
    Id(Json),
    /// Call our account something else
    Rename(account::Rename),
    /// Show the recovery words again
    Words(account::Words),
    /// List the devices of our account
    Devices(JsonList),
    RevokeDevice(account::RevokeDevice),
    Backup(account::Backup),
    Restore(account::Restore),
    Passphrase(account::Passphrase),

    Invite(people::Invite),
    /// List the invites that are open, or take one back
    Invites(people::Invites),
    Add(people::Add),
    /// List contacts, those who did not answer yet, and who is blocked
    Contacts(JsonList),
    /// List strangers who would like to become contacts
    Requests(JsonList),
    /// Make a contact of somebody who asked
    Accept(people::Somebody),
    /// Forget somebody's request
    Decline(people::Somebody),
    /// Keep somebody from reaching us
    Block(people::Somebody),
    /// Let somebody reach us again
    Unblock(people::Somebody),
    Mute(people::Mute),
    /// Have every message of a conversation told again
    Unmute(people::Somebody),
    /// Call a contact something else
    Alias(people::Alias),
    Verify(people::Verify),
    /// Show who is reachable now, by which way, and when they were last heard
    Peers(JsonList),
    Connect(people::Connect),
    /// List devices on the local network that are of nobody we know
    ///
    /// They say that they are there, and not whose they are: whoever it is can give you a ticket, or use
    /// yours.
    Nearby(JsonList),

    Group(groups::Group),
    /// List the groups we are in, and those we are out of
    Groups(JsonList),

    Chat(messages::Chat),
    Send(messages::Send),
    Listen(messages::Listen),
    /// Show a conversation
    History(messages::History),
    /// Note that a conversation is read
    Read(messages::Read),
    Search(messages::Search),
    /// Change the words of a message of ours
    Edit(messages::Edit),
    /// React to a message
    React(messages::React),
    Retract(messages::Retract),
    /// Say where a message is now, and what is in its way
    Why(messages::Why),
    /// Say for whom a message is
    ///
    /// In a group whoever writes a message writes down for which devices it is: those of the members of
    /// that moment. This shows it, whoever has come or gone since.
    Who(messages::WhoReads),
    /// Show what two people compare to see that they have the same conversation
    Digest(messages::Digest),
    Export(messages::Export),
    /// Carry messages to somebody in a file, without a network
    Bundle(messages::Bundle),

    Daemon(program::Daemon),
    Relay(program::RelayArgs),
    /// Show how the daemon is, and what is wrong
    Status(Json),
    /// Examine the network, the relays, the clock and the disk, and say what would help
    ///
    /// It says in words what is so and what is wrong: whether UDP gets out, how the router in between behaves,
    /// whether each relay is reached and if not, why, whether the clock is right, the disk has room, and who has
    /// the data folder. It asks nobody but the relays in the config, takes about ten seconds where some do not
    /// answer, and changes nothing. Where no node can be run it examines what needs none. Ends with 10 if
    /// something is wrong.
    Doctor(Json),
    /// Show and check the config
    Config(program::Config),
    Completions(program::Completions),
    Man(program::Man),
    /// Print the schema of the local API (JSON Schema)
    Schema,
    /// Speak JSON-RPC 2.0 over standard input and output, one object a line
    ///
    /// Each line of standard input is a request, each line of standard output an answer or a
    /// notification. `chinwag schema` prints what can be asked. When standard input ends, what was
    /// asked is still answered, and then it ends: who listens to events keeps it open.
    Rpc,

    /// Chat with the classroom programs, over plain TCP (not private)
    ///
    /// Speaks the protocol of the classroom programs as they speak it: one connection a message,
    /// plain text. Nothing is encrypted and nobody is authenticated: anybody on the network can
    /// read, change or forge every message. Without a subcommand it shows the menu: send, who is
    /// there, connect back.
    Classroom(classroom::Classroom),
}

/// The commands by what they are for, as the help shows them. Each is in one of them.
const FAMILIES: &[(&str, &[&str])] = &[
    ("Talking", &["chat", "send", "listen", "history", "read", "search", "mute", "unmute"]),
    ("Messages", &["edit", "react", "retract", "why", "who", "digest", "export", "bundle"]),
    (
        "People",
        &[
            "invite", "invites", "add", "contacts", "requests", "accept", "decline", "block",
            "unblock", "alias", "verify", "peers", "nearby", "connect",
        ],
    ),
    ("Groups", &["group", "groups"]),
    (
        "Account",
        &[
            "init",
            "id",
            "rename",
            "words",
            "devices",
            "revoke-device",
            "backup",
            "restore",
            "passphrase",
        ],
    ),
    (
        "Program",
        &[
            "daemon",
            "relay",
            "status",
            "doctor",
            "config",
            "completions",
            "man",
            "schema",
            "rpc",
            "help",
        ],
    ),
    ("Other networks", &["classroom"]),
];

/// What is shown where no command was given.
pub(crate) const SHORT_HELP: &str = "\
Chinwag: peer-to-peer chat, no account with anybody, no server that holds anything.

Usage: chinwag [OPTIONS] <COMMAND>

  chinwag init --name Ana         once: make an account with this device
  chinwag invite --wait           print a ticket to hand to somebody, wait for them
  chinwag add TICKET              on the other side: use it
  chinwag chat Bob                talk
  chinwag daemon                  stay reachable while nothing else of ours runs
  chinwag --linear                the terminal client as plain lines, for screen readers and pipes

chinwag --help lists all commands, chinwag COMMAND --help and chinwag man COMMAND explain one.";

/// The exit codes, for the help and the man page.
const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 internal error, 2 wrong usage, 3 not found or ambiguous, 4 refused, 5 no \
account, or not verified although --require-verified, 6 not reachable in time, 7 over a limit, 8 locked: by another process, or by a passphrase, 9 done in part, 10 something is wrong (doctor), 130 \
interrupted, 143 terminated.";

/// The whole command line, with the commands by families.
pub(crate) fn command() -> clap::Command {
    let command = Args::command();
    let families = families(&command);
    command
        .help_template(
            "{about-with-newline}\n{usage-heading} {usage}\n{before-help}Options:\n{options}\n{after-help}",
        )
        .before_help(families)
        .after_help(EXIT_CODES)
}

fn families(command: &clap::Command) -> String {
    const HELP: &str = "Print this message or the help of a command";
    let about = |name: &str| {
        let found = command.find_subcommand(name).and_then(clap::Command::get_about);
        found.map_or_else(|| HELP.to_owned(), ToString::to_string)
    };
    let mut text = String::new();
    // Writing to a string can't fail.
    for (family, names) in FAMILIES {
        let _ = writeln!(text, "\n{family}:");
        for name in *names {
            let _ = writeln!(text, "  {name:<14} {}", about(name));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn every_command_is_in_one_family() {
        let mut listed: Vec<&str> =
            FAMILIES.iter().flat_map(|(_, names)| *names).copied().collect();
        let command = command();
        let mut there: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        there.push("help");
        listed.sort_unstable();
        there.sort_unstable();
        assert_eq!(listed, there);
    }
}
