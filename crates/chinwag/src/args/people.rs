//! What the commands about people take.

use clap::{Args as ClapArgs, ValueEnum};

use super::{Json, JsonList};
use crate::show::time;

/// Make a ticket: the line that introduces us to somebody
#[allow(clippy::struct_excessive_bools, reason = "switches, each on its own")]
#[derive(Debug, ClapArgs)]
#[command(long_about = "Make a ticket: the line that introduces us to somebody.\n\n\
    Hand it over where nobody else reads along: it holds a secret, and who has it can become a \
    contact. The other side uses it with `chinwag add`. One of our devices must be running by then: \
    `--wait`, `chinwag chat`, `chinwag listen` and `chinwag daemon` all do.\n\n\
    With --card it is a card: a line without a secret, that may be published. Whoever uses it asks, \
    and becomes a contact when you accept: see `chinwag requests`. It says who we are, which device \
    this is, and at which addresses it can be reached.")]
pub(crate) struct Invite {
    /// Make a card, which holds no secret: whoever uses it asks first
    #[arg(long, conflicts_with_all = ["reusable", "expires", "wait"])]
    pub(crate) card: bool,
    /// More than one may use it
    #[arg(long)]
    pub(crate) reusable: bool,
    /// For how long it is good, like 30m, 12h, 1d, 2w [default: until it is revoked]
    #[arg(long, value_name = "TIME", value_parser = time::parse_seconds)]
    pub(crate) expires: Option<u32>,
    /// Draw it as a QR code as well
    #[arg(long)]
    pub(crate) qr: bool,
    /// Wait until somebody has used it
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag invites`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Invites {
    /// Take this one back
    #[arg(long, value_name = "ID", conflicts_with = "jsonl")]
    pub(crate) revoke: Option<String>,
    #[command(flatten)]
    pub(crate) list: JsonList,
}

/// Use a ticket: its maker becomes a contact, or we join a group
#[derive(Debug, ClapArgs)]
#[command(long_about = "Use a ticket: its maker becomes a contact.\n\n\
    It takes one of their devices to be reached. If none is within the time-out, the ticket is kept, \
    and tried again whenever chinwag runs.\n\n\
    With a card (`chinwag invite --card`) its maker is asked, and becomes a contact when they accept. \
    They see our name, our id and the line given with --text; we hear nothing before they accept.\n\n\
    With a ticket to a group (`chinwag group ticket`) we join it: see `chinwag group join`.")]
pub(crate) struct Add {
    /// The ticket or card; `-` reads it from standard input
    pub(crate) ticket: String,
    /// What to call them [default: by their own name]
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) called: Option<String>,
    /// With a card: one line that says who asks, of at most 280 bytes
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// How long to wait for their answer
    #[arg(long, value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub(crate) timeout: u64,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// A command that takes somebody and nothing else.
#[derive(Debug, ClapArgs)]
pub(crate) struct Somebody {
    /// Who: a name, its beginning, or an id
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Have less told of a conversation: by no bell, no notification and no program
#[derive(Debug, ClapArgs)]
#[command(
    long_about = "Have less told of a conversation: by no bell, no notification and no program.\n\n\
    It is for the clients on this device, whichever is looked at, and kept until it is set again. \
    What comes is counted as unread all the same. With --level mentions a message is still told that \
    names you: with your name behind an @, or with one of the words in [ui.notifications]."
)]
pub(crate) struct Mute {
    /// Which: the name of a contact or a group, its beginning, or an id
    pub(crate) name: String,
    /// How much is told
    #[arg(long, value_name = "LEVEL", default_value = "none")]
    pub(crate) level: Level,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// How much is told of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    /// Nothing
    None,
    /// Only what names you
    Mentions,
    /// Every message
    All,
}

/// `chinwag alias`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Alias {
    /// Who: a name, its beginning, or an id
    pub(crate) name: String,
    /// What to call them; without: by their own name
    pub(crate) new: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Show the safety number that two people compare, and note that it was compared
#[derive(Debug, ClapArgs)]
#[command(
    long_about = "Show the safety number that two people compare, and note that it was compared.\n\n\
    Compare the digits with the other person where nobody can forge them: side by side, or by voice. \
    If they are the same on both sides, nobody is in between. With --json and no flag: the answer of \
    contact.safetyNumber; with --yes or --undo: that of contact.verify."
)]
pub(crate) struct Verify {
    /// Who: a name, its beginning, or an id
    pub(crate) name: String,
    /// They were compared and are the same
    #[arg(long, conflicts_with = "undo")]
    pub(crate) yes: bool,
    /// They are no longer to count as compared
    #[arg(long)]
    pub(crate) undo: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Connect now to those named, or to all contacts
#[derive(Debug, ClapArgs)]
#[command(long_about = "Connect now to those named, or to all contacts.\n\n\
    Ends with 0 when all of them are connected, 9 when some are, 6 when none is.")]
pub(crate) struct Connect {
    /// To whom; none: to all contacts
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// How long to wait
    #[arg(long, value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,
    #[command(flatten)]
    pub(crate) list: JsonList,
}
