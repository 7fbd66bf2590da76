//! What the commands about our account and its devices take.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::Json;
use crate::relays::Choice;

/// Make an account with this device
#[derive(Debug, ClapArgs)]
#[command(long_about = "Make an account with this device.\n\n\
    The account is a key on this device; nobody else keeps anything of it. Its 24 recovery words are \
    shown once, on a terminal, and never go into a pipe by themselves: whoever has them is the \
    account, and without them and without a backup a lost device is a lost account. `chinwag words` \
    shows them again.\n\n\
    Nobody is contacted before it is said whose relay may be used, which is written into the config \
    (`relays`, where it can be changed). A relay helps devices that have no direct way to each other; it \
    sees which devices talk, when, how much, and from which addresses, and never what is said. With lan \
    none is used: devices meet on the same network, or where they can be reached.")]
pub(crate) struct Init {
    /// What others see: up to 64 bytes; asked for on a terminal
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What this device is called [default: as the machine is]
    #[arg(long, value_name = "NAME")]
    pub(crate) device_name: Option<String>,
    /// Whose relay may be used: lan (nobody's), `https://HOST` (that one), or public (those of the iroh project);
    /// asked for on a terminal with the name [default: lan]
    #[arg(long, value_name = "RELAY")]
    pub(crate) relay: Option<Choice>,
    /// Print the recovery words even where it is no terminal
    #[arg(long)]
    pub(crate) show_words: bool,
    /// Protect the data folder by a passphrase from its beginning: its key never lies on the disk as it is
    #[arg(long)]
    pub(crate) passphrase: bool,
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
    /// Protect the data folder by a passphrase from its beginning
    #[arg(long)]
    pub(crate) passphrase: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Protect the data folder by a passphrase
#[derive(Debug, ClapArgs)]
#[command(long_about = "Protect the data folder by a passphrase.\n\n\
    Everything on the disk is encrypted with a key, which lies beside it in a file for its owner alone. A \
    passphrase wraps that key: without it nothing that is kept can be read, by us neither. There is no way \
    around a passphrase that is forgotten but the recovery words, with a backup if there is one.\n\n\
    It is asked for when a node begins: by the daemon, by the terminal client, and by every command where no \
    daemon runs; never by a command that speaks to a daemon. Where there is no terminal it comes from \
    --passphrase-fd, or from passphrase_command in the config. It is never an argument or in the \
    environment, where others could see it.\n\n\
    The data is not encrypted anew: whoever had the key file before still has the key, and so has a backup \
    of the disk that it is in. To have a key that was never on the disk as it is, write a backup and restore \
    it into another folder: chinwag restore FILE --passphrase. That one is another device of the same \
    account.")]
pub(crate) struct Passphrase {
    #[command(subcommand)]
    pub(crate) command: PassphraseCommand,
}

/// What to do with the passphrase.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum PassphraseCommand {
    /// Set a passphrase where there is none
    ///
    /// It is asked for twice on a terminal, or comes from --passphrase-fd or `passphrase_command`. No daemon
    /// may run meanwhile.
    Set(Json),
    /// Set another passphrase
    ///
    /// The old one is asked for as always, the new one twice on a terminal, or it comes from
    /// --new-passphrase-fd. No daemon may run meanwhile.
    Change(NewPassphrase),
    /// Have no passphrase any more
    ///
    /// The passphrase is asked for. Then the key lies beside the data as it is. No daemon may run meanwhile.
    Remove(Json),
    /// Say whether there is a passphrase, and what it costs to try one
    Status(Json),
}

/// `chinwag passphrase change`.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(crate) struct NewPassphrase {
    /// The new one is a line of this file descriptor; where it is that of the old one, the next line
    #[arg(long, value_name = "N")]
    pub(crate) new_passphrase_fd: Option<u32>,
    #[command(flatten)]
    pub(crate) json: Json,
}
