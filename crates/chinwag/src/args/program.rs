//! What the commands about the program itself take.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use clap_complete::Shell;

use super::Json;

/// Run the daemon: stay reachable until interrupted
#[derive(Debug, ClapArgs)]
#[command(long_about = "Run the daemon: stay reachable until interrupted.\n\n\
    It owns the data folder; every other command of ours speaks to it while it runs, and does its \
    work by itself where none runs. It stays in the foreground, and ends on Ctrl-C, SIGTERM, or \
    `system.shutdown`.")]
pub(crate) struct Daemon {}

/// Run a relay, for devices that have no direct way to each other
#[derive(Debug, ClapArgs)]
#[command(long_about = "Run a relay, for devices that have no direct way to each other.\n\n\
    It hands on packets that it can't read, and sees which devices talk, when, how much, and from which \
    addresses. Nothing is kept. Whoever is to use it names it in the config: relays = [\"https://HOST\"]. \
    It needs no account and no data folder, and a machine that others reach by TCP and UDP. \
    docs/relay.md says how to run it.")]
pub(crate) struct RelayArgs {
    /// Sign a certificate of one's own for these host names or IP addresses; the config of everybody who
    /// uses it has to name it
    #[arg(long, value_name = "NAME", value_delimiter = ',', num_args = 1..,
          conflicts_with_all = ["certificate", "key", "acme"])]
    pub(crate) own: Option<Vec<String>>,
    /// The certificate and those that lead from it to one that browsers trust, in PEM
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "acme")]
    pub(crate) certificate: Option<PathBuf>,
    /// Its private key, in PEM
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub(crate) key: Option<PathBuf>,
    /// Get a certificate for these names from Let's Encrypt, over port 443: to do so is to agree with its
    /// terms
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "contact")]
    pub(crate) acme: Option<Vec<String>>,
    /// A mail address for Let's Encrypt
    #[arg(long, value_name = "MAIL", requires = "acme")]
    pub(crate) contact: Option<String>,
    /// Get it from another authority than Let's Encrypt: the address of its directory
    #[arg(long, value_name = "URL", requires = "acme")]
    pub(crate) acme_directory: Option<String>,
    /// Where certificates that it gets or signs are kept
    #[arg(long, value_name = "DIR", default_value = "relay")]
    pub(crate) folder: PathBuf,
    /// Where devices connect to it (TCP)
    #[arg(long, value_name = "IP:PORT", default_value = "[::]:443")]
    pub(crate) https: SocketAddr,
    /// Where devices find out about login pages in their way (TCP)
    #[arg(long, value_name = "IP:PORT", default_value = "[::]:80")]
    pub(crate) http: SocketAddr,
    /// Where devices learn the address that they are seen from (UDP)
    #[arg(long, value_name = "IP:PORT", default_value = "[::]:7842")]
    pub(crate) quic: SocketAddr,
    /// Tell numbers about it here (`OpenMetrics` over HTTP); keep it away from others
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Let in the devices in this file alone, one id a line
    #[arg(long, value_name = "FILE")]
    pub(crate) allow: Option<PathBuf>,
    /// How many connections there may be at once
    #[arg(long, value_name = "N", default_value_t = 4_096)]
    pub(crate) connections: usize,
    /// How many bytes a second it takes from one connection; what is above waits
    #[arg(long, value_name = "BYTES", default_value = "4194304")]
    pub(crate) rate: Option<NonZeroU32>,
    /// Say where it is as one line of JSON, on standard output
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag config`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Config {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

/// What to do with the config.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Write a config file with every key, what it means and what is so by default
    ///
    /// Where the config file is looked for, or where --config says; never in place of one that is there.
    Init,
    /// Print the config file that `init` writes
    Default,
    /// Print what the config file says, with what is left out filled in
    Show,
    /// Print where the config file is looked for
    Path,
    /// Check the config file: say all that is wrong or unknown, and where
    ///
    /// Ends with 0 when there is nothing to say of it, 2 when something is wrong or unknown.
    Check,
}

/// Print the completions for a shell
#[derive(Debug, ClapArgs)]
#[command(long_about = "Print the completions for a shell.\n\n\
    bash: chinwag completions bash > ~/.local/share/bash-completion/completions/chinwag\n\
    zsh: chinwag completions zsh > a folder in $fpath, as _chinwag\n\
    fish: chinwag completions fish > ~/.config/fish/completions/chinwag.fish")]
pub(crate) struct Completions {
    /// Which shell
    pub(crate) shell: Shell,
}

/// Show the man page of a command
#[derive(Debug, ClapArgs)]
#[command(long_about = "Show the man page of a command.\n\n\
    On a terminal with `man` it is shown as man pages are; elsewhere its source is printed.")]
pub(crate) struct Man {
    /// Which command, like `send` or `bundle export`; none: that of chinwag itself
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub(crate) out: Option<PathBuf>,
}
