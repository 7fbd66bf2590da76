//! What is found out before anything is decided: values, and nothing that could be asked again.

use std::path::PathBuf;
use std::time::Duration;

use chinwag_api::error::ApiError;
use chinwag_core::time::Wall;
use chinwag_net::{Examined, RelayState};

/// All of it.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) node: Node,
    pub(super) net: Net,
    pub(super) clock: Clock,
    pub(super) folder: Folder,
}

/// The node of the data folder.
#[derive(Debug)]
pub(super) enum Node {
    /// There is nothing in the folder yet.
    Untouched,
    /// Another process has the folder, and does not answer.
    Taken,
    /// A passphrase protects the folder, and it was not given, or it was another one.
    Closed(ApiError),
    /// It can't be run.
    Refused(ApiError),
    /// It is the one that looks.
    Runs(Box<Runs>),
}

/// A node that runs.
#[derive(Debug)]
pub(super) struct Runs {
    pub(super) process: u32,
    pub(super) is_daemon: bool,
    pub(super) has_account: bool,
    /// Whether the store was read through, if it can be read.
    pub(super) store: Result<bool, ApiError>,
    pub(super) contacts: Vec<Contact>,
    /// How it goes with the relays, as far as there is a network.
    pub(super) homes: Vec<RelayState>,
    /// Devices that are seen on the local network.
    pub(super) nearby: usize,
    /// What else is wrong, in words.
    pub(super) troubles: Vec<String>,
    pub(super) lan_trouble: Option<String>,
}

/// A contact, and how it goes with reaching them.
#[derive(Clone, Debug)]
pub(super) struct Contact {
    pub(super) name: String,
    pub(super) is_connected: bool,
    /// Why the last attempt failed: a word for programs, and for people.
    pub(super) failed: Option<(&'static str, String)>,
    pub(super) heard: Option<Wall>,
}

/// The network.
#[derive(Debug)]
pub(super) struct Net {
    /// Whether what is said of relays can be used.
    pub(super) relays: Result<(), ApiError>,
    pub(super) lan: bool,
    /// Whether this machine is known to have an address for others in its local network.
    pub(super) is_on_local_network: bool,
    /// Whether we listen on this machine alone.
    pub(super) is_loopback_only: bool,
    pub(super) examined: Examined,
}

/// The clock.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    pub(super) now: Wall,
    /// What relays say of it.
    pub(super) skews: Vec<Skew>,
    /// Since when the node runs, and by how many milliseconds the clock was set since then.
    pub(super) set_since: Option<(Wall, i64)>,
}

/// How far our clock is ahead of a relay's.
#[derive(Clone, Debug)]
pub(super) struct Skew {
    pub(super) relay: String,
    pub(super) millis: i64,
}

/// The data folder.
#[derive(Clone, Debug, Default)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    /// Bytes that are free on its disk.
    pub(super) free: Option<u64>,
    /// Whether it is somebody else's.
    pub(super) is_foreign: bool,
    /// How long it takes until something written is safe, or why it can't be written; none: that was not
    /// tried, as there is nothing yet.
    pub(super) written: Option<Result<Duration, String>>,
    /// Bytes of the database and its log.
    pub(super) size: u64,
    /// What others may look into: names in the folder, an empty one for the folder itself.
    pub(super) open_to_others: Vec<String>,
    /// Who has the folder, as far as the system says.
    pub(super) lock: Lock,
    /// Whether there is a socket that nobody listens on.
    pub(super) has_dead_socket: bool,
}

/// Who has the folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Lock {
    /// Nobody.
    #[default]
    Free,
    /// Somebody: which process, if the system says.
    Taken(Option<u32>),
}
