//! What `chinwag classroom` takes.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

/// `chinwag classroom`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Classroom {
    #[command(subcommand)]
    pub(crate) command: Option<ClassroomCommand>,
    #[command(flatten)]
    pub(crate) identity: Identity,
    #[command(flatten)]
    pub(crate) static_peers: StaticPeers,
}

/// What to do in the classroom, for scripts.
#[derive(Debug, Subcommand)]
pub(crate) enum ClassroomCommand {
    /// Send one text and end
    ///
    /// Exit codes: 0 sent, 2 wrong arguments, 3 no such host, 6 not reachable within the time-out,
    /// 7 text too long, 9 only a part of a long text arrived.
    Send(Send),
    /// Show what arrives until interrupted
    Listen(Listen),
}

/// Who we are in the classroom.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct Identity {
    /// Our team name: one word
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        hide_env_values = true,
        env = "CHINWAG_CLASSROOM_TEAM"
    )]
    pub(crate) team: Option<String>,
    /// The port to listen on, 1 to 65535; with `send`, where answers should go
    #[arg(
        long,
        global = true,
        value_name = "PORT",
        hide_env_values = true,
        env = "CHINWAG_CLASSROOM_PORT"
    )]
    pub(crate) port: Option<String>,
    /// The address to announce and to listen on [default: announce that of the default route,
    /// listen on all]
    #[arg(
        long,
        global = true,
        value_name = "IP",
        hide_env_values = true,
        env = "CHINWAG_CLASSROOM_ADDRESS"
    )]
    pub(crate) address: Option<String>,
}

/// Whom to connect to at the start.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct StaticPeers {
    /// Connect to these static peers at start
    #[arg(long, value_enum)]
    pub(crate) preset: Option<Preset>,
    /// Connect to this peer at start; may be given several times
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) bootstrap: Vec<String>,
}

/// Static peers that are known by a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Preset {
    /// The two of the IIT Indore campus network: 10.206.4.201:1255 and 10.206.5.228:6555
    IitIndore,
}

/// `chinwag classroom send`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Send {
    /// Whom to send to.
    #[arg(value_name = "IP:PORT", help = "Whom to send to: IP:PORT, [IPv6]:PORT or NAME:PORT")]
    pub(crate) to: String,
    /// The text; `-` reads it from standard input
    #[arg(allow_hyphen_values = true)]
    pub(crate) text: String,
    /// How long to wait for the peer
    #[arg(long, value_name = "SECONDS", default_value_t = 5,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,
    /// Print the result as one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// `chinwag classroom listen`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Listen {
    /// Print one JSON object per event
    #[arg(long)]
    pub(crate) jsonl: bool,
    #[command(flatten)]
    pub(crate) static_peers: StaticPeers,
}
