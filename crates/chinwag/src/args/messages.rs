//! What the commands about messages and conversations take.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::{Json, JsonList, Linger};

/// Chat with somebody, line by line
#[derive(Debug, ClapArgs)]
#[command(long_about = "Chat with somebody, line by line.\n\n\
    What arrives appears above the line that is being typed, and counts as read. Each message has a \
    number, by which /reply, /edit, /react, /retract and /why name it; /help lists them. A line that \
    begins with // is sent with one slash. Ctrl-C clears the line, or leaves if it is empty; so do \
    Ctrl-D and /quit. On pipes each line of standard input is sent, and what arrives is printed.")]
pub(crate) struct Chat {
    /// With whom: a name, its beginning, or an id; `me` for notes to our own devices
    pub(crate) name: String,
    /// How many messages of before are shown
    #[arg(long, value_name = "N", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub(crate) history: u32,
    #[command(flatten)]
    pub(crate) linger: Linger,
}

/// Send one message
#[derive(Debug, ClapArgs)]
#[command(long_about = "Send one message.\n\n\
    Ends with 0 as soon as it is saved here: it goes out by itself whenever chinwag runs and the other \
    side can be reached. With --wait it ends with 0 when the message came that far, and with 6 when \
    it did not within the time-out; it stays saved then. Prints the id and how far it has come.\n\n\
    With --client-id a repetition is no second message: a script that isn't sure may just try again.")]
pub(crate) struct Send {
    /// To whom: a name, its beginning, or an id; `me` for a note to our own devices
    pub(crate) name: String,
    /// The text; `-` reads it from standard input
    #[arg(allow_hyphen_values = true)]
    pub(crate) text: String,
    /// How far it must have come
    #[arg(long, value_name = "STATE")]
    pub(crate) wait: Option<WaitFor>,
    /// How long to wait for that
    #[arg(long, value_name = "SECONDS", default_value_t = 30, requires = "wait",
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: u64,
    /// The message that it answers
    #[arg(long, value_name = "ID")]
    pub(crate) reply_to: Option<String>,
    /// A name for this sending, up to 128 bytes: the same again is the same message
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// Send nothing to whom the safety number was not compared with (exit code 5)
    #[arg(long)]
    pub(crate) require_verified: bool,
    #[command(flatten)]
    pub(crate) linger: Linger,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// How far a message must have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WaitFor {
    /// A device of theirs has it on its disk
    Delivered,
    /// They have read it, and let us know
    Read,
}

/// Show what happens until interrupted
#[derive(Debug, ClapArgs)]
#[command(long_about = "Show what happens until interrupted.\n\n\
    With --jsonl each line is one event. Most have a `cursor`: with --after and the last one that was \
    seen, nothing is missed. Where no daemon runs, this is one as long as it lasts.")]
pub(crate) struct Listen {
    /// Print one JSON object per event
    #[arg(long)]
    pub(crate) jsonl: bool,
    /// Begin after this cursor [default: with what happens from now on]
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
}

/// `chinwag history`.
#[derive(Debug, ClapArgs)]
pub(crate) struct History {
    /// With whom: a name, its beginning, or an id
    pub(crate) name: String,
    /// How many messages at most
    #[arg(long, value_name = "N", default_value_t = 50,
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
    /// Only messages before this one
    #[arg(long, value_name = "ID")]
    pub(crate) before: Option<String>,
    #[command(flatten)]
    pub(crate) list: JsonList,
}

/// `chinwag read`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Read {
    /// With whom: a name, its beginning, or an id
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) linger: Linger,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Find messages by their words
#[derive(Debug, ClapArgs)]
#[command(long_about = "Find messages by their words.\n\n\
    All of the words must be in a message, up to eight; those of two and more letters may be \
    beginnings. The newest come first. Times are a day (2026-11-26), a moment (2026-11-26T10:00, \
    here unless it says otherwise), or how long ago (2h, 3d).")]
pub(crate) struct Search {
    /// The words
    #[arg(required_unless_present = "mentions", num_args = 1..)]
    pub(crate) words: Vec<String>,
    /// Only messages that name you: with your name behind an @, as a word of its own
    #[arg(long)]
    pub(crate) mentions: bool,
    /// Only messages of this account
    #[arg(long, value_name = "NAME")]
    pub(crate) from: Option<String>,
    /// Only in the conversation with this contact
    #[arg(long = "in", value_name = "NAME")]
    pub(crate) within: Option<String>,
    /// Only messages sent before
    #[arg(long, value_name = "TIME")]
    pub(crate) before: Option<String>,
    /// Only messages sent after
    #[arg(long, value_name = "TIME")]
    pub(crate) after: Option<String>,
    /// How many messages at most
    #[arg(long, value_name = "N", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) limit: u32,
    /// Where the page before ended
    #[arg(long, value_name = "CURSOR")]
    pub(crate) cursor: Option<String>,
    #[command(flatten)]
    pub(crate) list: JsonList,
}

/// `chinwag edit`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Edit {
    /// The message: its id, or the beginning of it
    pub(crate) id: String,
    /// Its words from now on; `-` reads them from standard input
    #[arg(allow_hyphen_values = true)]
    pub(crate) text: String,
    #[command(flatten)]
    pub(crate) linger: Linger,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag react`.
#[derive(Debug, ClapArgs)]
pub(crate) struct React {
    /// The message: its id, or the beginning of it
    pub(crate) id: String,
    /// The emoji
    pub(crate) emoji: String,
    /// End the reaction
    #[arg(long)]
    pub(crate) remove: bool,
    #[command(flatten)]
    pub(crate) linger: Linger,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Have the words of a message of ours deleted everywhere
#[derive(Debug, ClapArgs)]
#[command(long_about = "Have the words of a message of ours deleted everywhere.\n\n\
    On our devices they go at once; those of the contact are asked, and do it when they hear of it. A \
    device that is hostile can keep a copy.")]
pub(crate) struct Retract {
    /// The message: its id, or the beginning of it
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) linger: Linger,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag why`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Why {
    /// The message: its id, or the beginning of it
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag digest`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Digest {
    /// With whom: a name, its beginning, or an id
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Write a whole conversation in a form that needs no Chinwag to be read
#[derive(Debug, ClapArgs)]
#[command(
    long_about = "Write a whole conversation in a form that needs no Chinwag to be read.\n\n\
    The oldest message comes first. As JSON Lines each line is a message as the local API has it, as \
    Markdown it is for people."
)]
pub(crate) struct Export {
    /// With whom: a name, its beginning, or an id
    pub(crate) name: String,
    /// In which form
    #[arg(long, default_value = "jsonl")]
    pub(crate) format: Form,
    /// Write it to this file, which must not be there yet [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// JSON Lines: one message a line
    Jsonl,
    /// Markdown, for people
    Markdown,
}

/// `chinwag who`.
#[derive(Debug, ClapArgs)]
pub(crate) struct WhoReads {
    /// Its id, or at least 8 letters of it
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag bundle`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Bundle {
    #[command(subcommand)]
    pub(crate) command: BundleCommand,
}

/// To or from the file.
#[derive(Debug, Subcommand)]
pub(crate) enum BundleCommand {
    /// Make a file that carries to a contact what they are not known to have
    Export(BundleExport),
    /// Take in such a file, or an introduction
    Import(BundleImport),
    /// Make a file that says who you are, for somebody whom no network connects with you
    ///
    /// Two who never share a network begin like this: one makes a ticket and an introduction, and
    /// hands over both; the other uses the ticket (`chinwag add`), takes the introduction in (`chinwag
    /// bundle import`), and makes a bundle for the first. From then on bundles alone are enough. An
    /// introduction holds no secret, but your name.
    Introduce(BundleIntroduce),
}

/// `chinwag bundle introduce`.
#[derive(Debug, ClapArgs)]
pub(crate) struct BundleIntroduce {
    /// Where to write it, which must not be there yet; `-` for standard output
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag bundle export`.
#[derive(Debug, ClapArgs)]
pub(crate) struct BundleExport {
    /// Where to write it, which must not be there yet; `-` for standard output
    pub(crate) file: PathBuf,
    /// For whom
    #[arg(long = "for", value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag bundle import`.
#[derive(Debug, ClapArgs)]
pub(crate) struct BundleImport {
    /// The file; `-` for standard input
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) json: Json,
}
