//! What the commands about our account and its devices take.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::Json;

/// Make an account with this device
#[derive(Debug, ClapArgs)]
#[command(long_about = "Make an account with this device.\n\n\
    The account is a key on this device; nobody else keeps anything of it. Its 24 recovery words are \
    shown once, on a terminal, and never go into a pipe by themselves: whoever has them is the \
    account, and without them and without a backup a lost device is a lost account. `chinwag words` \
    shows them again.")]
pub(crate) struct Init {
    /// What others see: up to 64 bytes; asked for on a terminal
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What this device is called [default: as the machine is]
    #[arg(long, value_name = "NAME")]
    pub(crate) device_name: Option<String>,
    /// Print the recovery words even where it is no terminal
    #[arg(long)]
    pub(crate) show_words: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag rename`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Rename {
    /// What others see from now on: up to 64 bytes
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag words`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Words {
    /// Print them even where it is no terminal
    #[arg(long)]
    pub(crate) show_words: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Take a device off our account
#[derive(Debug, ClapArgs)]
#[command(long_about = "Take a device off our account.\n\n\
    What it writes from now on does not count, for our contacts and for our other devices. This \
    can't be taken back.")]
pub(crate) struct RevokeDevice {
    /// Its id, as `chinwag devices` shows it
    #[arg(value_name = "ID")]
    pub(crate) device: String,
    /// Don't ask
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Write an encrypted backup of everything to a file
#[derive(Debug, ClapArgs)]
#[command(long_about = "Write an encrypted backup of everything to a file.\n\n\
    The recovery words open it: `chinwag restore FILE`.")]
pub(crate) struct Backup {
    /// Where to write it
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Get an account back, from a backup or from its recovery words alone
#[derive(Debug, ClapArgs)]
#[command(long_about = "Get an account back, from a backup or from its recovery words alone.\n\n\
    With FILE, what was written by `chinwag backup` goes into an empty data folder, and this is a new \
    device of the same account. Without, this becomes a device of the account that the words stand \
    for, and nothing else comes back. The 24 words are asked for on a terminal, and read from \
    standard input elsewhere; they are never arguments, which others could see.")]
pub(crate) struct Restore {
    /// The backup
    pub(crate) file: Option<PathBuf>,
    /// What this device is called, without FILE [default: as the machine is]
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    pub(crate) device_name: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}
