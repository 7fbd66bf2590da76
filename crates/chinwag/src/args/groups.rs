//! What the commands about groups take.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::{Json, JsonList};
use crate::show::time;

/// Begin and keep groups: conversations of several people
#[derive(Debug, ClapArgs)]
#[command(long_about = "Begin and keep groups: conversations of several people.\n\n\
    A group has no server: each member's devices have all of it, and whoever was away gets what they \
    missed from any of the others. Who began it owns it: owners decide who is an admin, admins decide \
    who is a member, and anybody may leave.\n\n\
    A group is talked in like with somebody: chinwag send GROUP TEXT, chinwag chat GROUP, chinwag \
    history GROUP, chinwag digest GROUP.")]
pub(crate) struct Group {
    #[command(subcommand)]
    pub(crate) command: GroupCommand,
}

/// What to do with a group.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    /// Begin a group that we own
    Create(GroupCreate),
    /// Show a group and who is in it
    Show(OneGroup),
    /// Let contacts into a group
    Invite(GroupInvite),
    /// List the groups that others let us into, until we answer
    Invitations(JsonList),
    /// Join a group that we were invited to, or by a ticket
    ///
    /// Nothing of it is fetched before, and it takes nobody's name. With a ticket it takes the device that
    /// it leads to to be reached; if that is not within the time-out, the ticket is kept, and tried again
    /// whenever chinwag runs.
    Join(GroupJoin),
    /// Make a ticket to a group: whoever has it may join
    ///
    /// As many as have the line, until it is revoked or ends: hand it over where nobody else reads along.
    /// They become members, and nobody's contacts. Only owners and admins make one.
    Ticket(GroupTicket),
    /// List the tickets to a group by which people may join now
    Tickets(GroupTickets),
    /// Take a ticket to a group back
    ///
    /// Who joined by it stays; nobody else joins by it any more.
    Revoke(GroupRevoke),
    /// List the groups that we wait to be let into by a ticket, and what is in the way
    Joinings(JsonList),
    /// Want nothing of a group that we were invited to, or wait to be let into
    ///
    /// It does not come again.
    Decline(OneGroup),
    /// Leave a group; what was said stays here
    Leave(GroupLeave),
    /// Remove a member from a group
    ///
    /// What their devices write from then on does not count, whenever they say it was written. What
    /// they have, they keep.
    Remove(GroupRemove),
    /// Make a member an admin, or an admin a member
    Role(GroupRole),
    /// Call a group something else
    Rename(GroupRename),
    /// Say what a group is about
    Topic(GroupTopic),
}

/// `chinwag group show` and `decline`.
#[derive(Debug, ClapArgs)]
pub(crate) struct OneGroup {
    /// Which: its name, the beginning of it, or its id
    pub(crate) group: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag group join`.
#[derive(Debug, ClapArgs)]
pub(crate) struct GroupJoin {
    /// Which: its name, the beginning of it, its id, or a ticket to it
    pub(crate) group: String,
    /// With a ticket: for how many seconds to wait until we are let in; 0: not at all
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) timeout: u64,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag group ticket`.
#[derive(Debug, ClapArgs)]
pub(crate) struct GroupTicket {
    /// Which: its name, the beginning of it, or its id
    pub(crate) group: String,
    /// For how long it is good, like 30m, 12h, 1d, 2w [default: until it is revoked]
    #[arg(long, value_name = "TIME", value_parser = time::parse_seconds)]
    pub(crate) expires: Option<u32>,
    /// Draw it as a QR code as well
    #[arg(long)]
    pub(crate) qr: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag group tickets`.
#[derive(Debug, ClapArgs)]
pub(crate) struct GroupTickets {
    /// Which: its name, the beginning of it, or its id
    pub(crate) group: String,
    #[command(flatten)]
    pub(crate) list: JsonList,
}

/// `chinwag group revoke`.
#[derive(Debug, ClapArgs)]
pub(crate) struct GroupRevoke {
    /// Which: its name, the beginning of it, or its id
    pub(crate) group: String,
    /// The id of the ticket, as the list has it
    pub(crate) ticket: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag group create`.
#[derive(Debug, ClapArgs)]
pub(crate) struct GroupCreate {
    /// What it is called
    pub(crate) name: String,
    /// Contacts to let in at once
    #[arg(value_name = "CONTACT")]
    pub(crate) contacts: Vec<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag group invite`.
#[derive(Debug, ClapArgs)]
pub(crate) struct GroupInvite {
    /// Which: its name, the beginning of it, or its id
    pub(crate) group: String,
    /// Whom
    #[arg(value_name = "CONTACT", required = true)]
    pub(crate) contacts: Vec<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag group leave`.
#[derive(Debug, ClapArgs)]
pub(crate) struct GroupLeave {
    /// Which: its name, the beginning of it, or its id
    pub(crate) group: String,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag group remove`.
#[derive(Debug, ClapArgs)]
pub(crate) struct GroupRemove {
    /// Which: its name, the beginning of it, or its id
    pub(crate) group: String,
    /// Whom
    pub(crate) member: String,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag group role`.
#[derive(Debug, ClapArgs)]
pub(crate) struct GroupRole {
    /// Which: its name, the beginning of it, or its id
    pub(crate) group: String,
    /// Whose role
    pub(crate) member: String,
    /// What they are from now on
    pub(crate) role: Role,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// What a member can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    // Who is in the group is theirs to decide.
    Admin,
    Member,
}

/// `chinwag group rename`.
#[derive(Debug, ClapArgs)]
pub(crate) struct GroupRename {
    /// Which: its name, the beginning of it, or its id
    pub(crate) group: String,
    /// What to call it, for everybody
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// `chinwag group topic`.
#[derive(Debug, ClapArgs)]
pub(crate) struct GroupTopic {
    /// Which: its name, the beginning of it, or its id
    pub(crate) group: String,
    /// What it is about; without: nothing is said of it any more
    pub(crate) topic: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}
