//! What the commands about the program itself take.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use clap_complete::Shell;

/// Run the daemon: stay reachable until interrupted
#[derive(Debug, ClapArgs)]
#[command(long_about = "Run the daemon: stay reachable until interrupted.\n\n\
    It owns the data folder; every other command of ours speaks to it while it runs, and does its \
    work by itself where none runs. It stays in the foreground, and ends on Ctrl-C, SIGTERM, or \
    `system.shutdown`.")]
pub(crate) struct Daemon {}

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
