//! The data that requests and answers are made of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An id as the daemon gives it out: opaque, with a prefix that says what it names, the same on all
/// devices: `ctc_` an account, `dev_` a device, `conv_` a conversation, `msg_` a message, `inv_` an
/// invite. Where a message is asked for, the first letters of its id do if they fit only one. In the
/// classroom `class_` is a peer and the conversation with it, and `cmsg_` a message, both of this device
/// and of this run alone.
pub type Id = String;

/// A moment: RFC 3339 in UTC with milliseconds.
pub type Time = String;

/// Somebody as a person names them: an id of an account, what we call them, their own name, or the
/// beginning of a name that fits only one; `me` is our own account.
pub type Who = String;

/// Our account on this device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its id.
    pub id: Id,
    /// What it is called.
    pub name: String,
    /// This device.
    pub device: Device,
}

/// A device of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// Its id.
    pub id: Id,
    /// What it is called.
    pub name: String,
    /// Whether it is the one that answers.
    pub is_this: bool,
    /// Whether it is connected to the one that answers.
    pub is_connected: bool,
    /// Whether it belongs to its account still, and if not, why.
    pub state: DeviceState,
}

/// Whether a device belongs to its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DeviceState {
    /// It does.
    Current,
    /// Its certificate has ended and was not renewed: it was not used for long.
    Expired,
    /// It went on as another device.
    Retired,
    /// It was taken off the account.
    Revoked,
    /// A state that this version does not know.
    #[serde(other)]
    Unknown,
}

/// The 24 words that stand for an account: whoever has them is it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RecoveryWords(pub Vec<String>);

impl std::fmt::Debug for RecoveryWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryWords(..)")
    }
}

/// How the daemon is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The program's version.
    pub version: String,
    /// Our account; without one, `account.create` or `account.restore` comes first.
    pub account: Option<Account>,
    /// Where the data is.
    pub data_dir: String,
    /// Whether a passphrase protects it.
    #[serde(default)]
    pub has_passphrase: bool,
    /// The process that owns the data.
    pub process: u32,
    /// Whether it stays, or goes with the command that needed it.
    pub is_daemon: bool,
    /// Since when it runs.
    pub since: Time,
    /// Where it can be reached: `IP:PORT` each.
    pub addresses: Vec<String>,
    /// Whether it announces itself on the local network and looks for others there.
    pub lan: bool,
    /// The relays that may be used.
    #[serde(default)]
    pub relays: Vec<Relay>,
    /// Devices that are connected.
    pub connected: u64,
    /// Contacts.
    pub contacts: u64,
    /// Requests of strangers that wait for an answer.
    pub requests: u64,
    /// Groups that we were invited to, and that wait for an answer.
    #[serde(default)]
    pub invitations: u64,
    /// Messages of others that were not read.
    pub unread: u64,
    /// Messages of ours that a contact does not have yet.
    pub undelivered: u64,
    /// Who we are in the classroom, if it is enabled.
    #[serde(default)]
    pub classroom: Option<ClassroomSelf>,
    /// What is wrong, in words; empty when nothing is.
    pub problems: Vec<String>,
}

/// A relay that may be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Relay {
    /// Which one: `https://HOST`.
    pub url: String,
    /// Whether it is our home, where others find us: one of them is, the nearest.
    pub is_home: bool,
    /// Whether we are connected to it. Those that are not our home are asked when somebody is there.
    pub connected: bool,
    /// Why our home can't be reached, in words.
    pub problem: Option<String>,
}

/// What was found when everything around the node was examined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Examination {
    /// When.
    pub at: Time,
    /// Where the data is.
    pub data_dir: String,
    /// Whether nothing is wrong.
    pub is_well: bool,
    /// What was found, one thing after the other.
    pub findings: Vec<Finding>,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What was examined: `node`, `store`, `disk`, `permissions`, `lock`, `clock`, `addresses`, `udp`,
    /// `mapping`, `filtering`, `hairpin`, `relays`, `relay`, `localNetwork`, `contacts`, `contact`, or `problem`
    /// for what has no place of its own.
    pub part: String,
    /// Which one, where there are several: the address of a relay, the name of a contact.
    pub about: Option<String>,
    /// Whether that is as it should be.
    pub verdict: Verdict,
    /// What is so, as a word for programs; docs/doctor.md lists those of each part.
    pub condition: String,
    /// What is so, in a sentence.
    pub text: String,
    /// What would help, where something would.
    pub help: Option<String>,
}

/// Whether something is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It is.
    Fine,
    /// It can't be known here.
    NotKnown,
    /// It is not wrong, and explains what may be noticed.
    Notable,
    /// It is not.
    Wrong,
    /// A verdict that this version does not know.
    #[serde(other)]
    Unknown,
}

/// A line that introduces us to somebody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// The line to hand over. It holds a secret: who has it can become a contact.
    pub ticket: String,
    /// The same for a QR code, with as many of our addresses as one of 41 modules has room for. Empty: an
    /// older daemon answers.
    #[serde(default)]
    pub qr: String,
    /// The id of the invite, to revoke it by.
    pub invite: Id,
    /// Whether more than one may use it.
    pub reusable: bool,
    /// When it ends; without: when it is revoked.
    pub expires_at: Option<Time>,
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ticket({}, ..)", self.invite)
    }
}

/// A line that says where we are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Card {
    /// The line. It holds no secret, and may be published.
    pub card: String,
    /// The same for a QR code, with as many of our addresses as one of 41 modules has room for. Empty: an
    /// older daemon answers.
    #[serde(default)]
    pub qr: String,
}

/// An invite that is open: its ticket was not used up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invite {
    /// Its id.
    pub id: Id,
    /// Whether more than one may use it.
    pub reusable: bool,
    /// When it ends.
    pub expires_at: Option<Time>,
}

/// Somebody whom we know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// The account's id.
    pub id: Id,
    /// What we call them if we do, their own name otherwise.
    pub name: String,
    /// Their own name, as they say it.
    pub own_name: Option<String>,
    /// The conversation with them, if they are a contact.
    pub conversation: Option<Id>,
    /// How they stand to us.
    pub state: ContactState,
    /// Whether the safety number was compared.
    pub verified: bool,
    /// Whether a device of theirs is connected.
    pub connected: bool,
    /// Messages of theirs that were not read.
    pub unread: u64,
    /// How much of the conversation with them is told to whoever looks elsewhere.
    #[serde(default)]
    pub notify: NotifyLevel,
    /// When a device of theirs was last connected.
    pub last_heard_at: Option<Time>,
    /// Names of others that this one looks like: of contacts, of those who ask, and ours. Three at most.
    #[serde(default)]
    pub looks_like: Vec<String>,
}

/// How somebody stands to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ContactState {
    /// We know each other.
    Contact,
    /// A ticket of theirs was used here, or they were asked, and they did not answer yet.
    Waiting,
    /// Kept from reaching us.
    Blocked,
    /// A state that this version does not know.
    #[serde(other)]
    Unknown,
}

/// What two people compare to be sure of each other's keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SafetyNumber {
    /// Whose, with ours.
    pub contact: Contact,
    /// Twelve groups of five digits; the same for both.
    pub groups: Vec<String>,
}

/// A stranger who would like to become a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The account's id.
    pub id: Id,
    /// What they call themselves.
    pub name: String,
    /// Their one line.
    pub text: String,
    /// When it came.
    pub received_at: Time,
    /// Names of others that this one looks like: of contacts, of those who ask, and ours. Three at most.
    #[serde(default)]
    pub looks_like: Vec<String>,
}

/// A device of a contact or of ours, and the way to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    /// Whose device.
    pub contact: Id,
    /// What they are called.
    pub name: String,
    /// The device.
    pub device: Id,
    /// Whether it is connected.
    pub connected: bool,
    /// The way there, while it is connected.
    pub path: Option<Path>,
    /// When it was last connected.
    pub last_heard_at: Option<Time>,
    /// How the last attempt to connect failed, if it did.
    pub last_failure: Option<Failure>,
    /// When the next attempt is made.
    pub next_attempt_at: Option<Time>,
}

/// A device that says on the local network that it is there, and is of nobody whom we know. Nothing of it
/// is proven, and whose it is it does not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Nearby {
    /// The device.
    pub device: Id,
    /// Where it says it is: `IP:PORT` each.
    pub addresses: Vec<String>,
}

/// The way to a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Path {
    /// `direct`, or `relay` when one is in between.
    pub kind: String,
    /// The address at the other end, or that of the relay.
    pub address: String,
    /// The round trip, in milliseconds.
    pub rtt_ms: f64,
    /// Since when.
    pub since: Time,
    /// Whether we dialled.
    pub is_dialled: bool,
    /// Bytes that came and went.
    pub received_bytes: u64,
    /// Bytes that went.
    pub sent_bytes: u64,
}

/// How something failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// When.
    pub at: Time,
    /// A word for programs, that does not change.
    pub reason: String,
    /// A sentence for people.
    pub text: String,
}

/// How a wish to connect to somebody went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectOutcome {
    /// Who.
    pub contact: Id,
    /// What they are called.
    pub name: String,
    /// Whether a device of theirs is connected now.
    pub connected: bool,
    /// Why not.
    pub failure: Option<Failure>,
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    /// Its id.
    pub id: Id,
    /// `direct` with one contact, `group`, `self` with our own devices, or `classroom` with a classroom
    /// program.
    pub kind: String,
    /// Whether it is encrypted from device to device. Not so in the classroom: anybody on the network can
    /// read, change and forge what is said there, and whoever shows it says so.
    #[serde(default = "yes")]
    pub is_private: bool,
    /// The contact, our own account, or the classroom peer; of a group its own id, as of the conversation.
    pub contact: Id,
    /// What it is called.
    pub name: String,
    /// Messages of others that were not read.
    pub unread: u64,
    /// How many of these name us ([`Message::mentions_me`]), as far as is looked: among the newest 1,000 of each
    /// device that writes there, and 100 at most.
    #[serde(default)]
    pub unread_mentions: u64,
    /// How much of it is told to whoever looks elsewhere.
    #[serde(default)]
    pub notify: NotifyLevel,
    /// After how many seconds messages disappear; 0: never.
    pub disappear_after_s: u32,
    /// The newest message.
    pub last: Option<Message>,
    /// Which program is on the other end, in the classroom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classroom: Option<ClassroomPeer>,
    /// How we stand to it, if it is a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupStanding>,
}

/// How much of a conversation a client tells to whoever looks elsewhere: by a bell, a notification, a program.
/// What is unread is counted whatever it is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum NotifyLevel {
    /// Nothing.
    None,
    /// Only messages that name us.
    Mentions,
    /// Every message.
    #[default]
    All,
    /// A level that this version does not know.
    #[serde(other)]
    Unknown,
}

/// How we stand to a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupStanding {
    /// What it is about; empty: nobody said.
    pub topic: String,
    /// What we are in it; without: we are out of it.
    pub role: Option<GroupRole>,
    /// Whether a device of ours has joined. It does as soon as it is known here that we were let in.
    pub joined: bool,
    /// How many accounts are members, ours among them if it is one.
    pub members: u64,
}

/// What somebody is in a group. The higher decides about the lower.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum GroupRole {
    /// Reads and writes.
    Member = 1,
    /// Decides who is a member.
    Admin = 2,
    /// Decides who is an admin. Whoever began the group is; nobody else becomes one.
    Owner = 3,
    /// A role that this version does not know.
    #[serde(other)]
    Unknown = 0,
}

/// A group that somebody let us into, until it is answered. Nothing of it is fetched before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupInvitation {
    /// The group.
    pub group: Id,
    /// What it was called when it began.
    pub name: String,
    /// Who told us of it.
    pub by: Id,
    /// What they are called.
    pub by_name: String,
    /// When.
    pub received_at: Time,
}

/// A line that lets strangers into a group.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupTicket {
    /// The line to hand over. It holds a secret: who has it can join.
    pub ticket: String,
    /// The same for a QR code, with as many of our addresses as one of 53 modules has room for.
    pub qr: String,
    /// Its id, to revoke it by.
    pub id: Id,
    /// The group.
    pub group: Id,
    /// When it ends; without: when it is revoked.
    pub expires_at: Option<Time>,
}

impl std::fmt::Debug for GroupTicket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GroupTicket({}, ..)", self.id)
    }
}

/// A ticket to a group by which people may join now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenGroupTicket {
    /// Its id.
    pub id: Id,
    /// Who made it, if that is known.
    pub by: Option<Id>,
    /// What they are called.
    pub by_name: Option<String>,
    /// How many devices have joined by it.
    pub joined: u64,
    /// When it ends; without: when it is revoked.
    pub expires_at: Option<Time>,
}

/// A group to which a ticket was used here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupJoining {
    /// The group.
    pub group: Id,
    /// What it is called, once that is known.
    pub name: Option<String>,
    /// Whether we are in. Then the ticket has done its work, and is forgotten.
    pub joined: bool,
    /// Whom the ticket leads to.
    pub by: Id,
    /// Their device that is to let us in.
    pub device: Id,
    /// When the ticket ends; without: when it is revoked.
    pub expires_at: Option<Time>,
    /// What is in the way, in a word for programs; without: nothing, or nothing is known yet.
    pub reason: Option<String>,
    /// The same for people.
    pub text: String,
}

/// A group, and who is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// Its conversation.
    pub conversation: Conversation,
    /// Who reads what is written now, other than when this device last wrote here; without: nothing was
    /// written, or nothing has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience_change: Option<AudienceChange>,
    /// The members, ourselves among them: owners first, then admins, then the others by name.
    pub members: Vec<GroupMember>,
}

/// A member of a group.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GroupMember {
    /// The account.
    pub id: Id,
    /// What they are called here.
    pub name: String,
    /// Whether it is our own account.
    pub is_me: bool,
    /// Whether they are a contact of ours: whom we have met by a ticket of our own.
    pub is_contact: bool,
    /// What they are.
    pub role: GroupRole,
    /// Whether a device of theirs has joined; otherwise they have not answered yet.
    pub joined: bool,
    /// Whether a device of theirs is connected.
    pub connected: bool,
    /// When a device of theirs was last connected.
    pub last_heard_at: Option<Time>,
}

const fn yes() -> bool {
    true
}

/// A program of the classroom, as it says of itself: nothing of it is checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClassroomPeer {
    /// Where it says that it listens: `IP:PORT`. Port 0: it does not listen, and can't be answered.
    pub address: String,
    /// The team that it says it is, in any letters; empty: it says none.
    pub team: String,
    /// Where it really comes from, if that is another machine than it says.
    pub origin: Option<String>,
    /// Whether it was heard, and has not said goodbye since.
    pub is_here: bool,
}

/// Who we are in the classroom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClassroomSelf {
    /// Where we say that we listen; without: we don't listen now, and `problems` says why.
    pub address: Option<String>,
    /// Our team.
    pub team: String,
}

/// What was typed in a conversation and not sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// The conversation.
    pub conversation: Id,
    /// The words.
    pub text: String,
    /// The message that they answer.
    #[serde(default)]
    pub reply_to: Option<Id>,
    /// The message of ours whose words they are to be.
    #[serde(default)]
    pub edits: Option<Id>,
}

/// A message as it is shown now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id.
    pub id: Id,
    /// Where it belongs.
    pub conversation: Id,
    /// What it is: `text`, `settings`, `membership` for what was done in a group (its `text` says it in words
    /// of ours, without who did it), `unfitting` for bytes that came in the classroom and are no message of
    /// it, or another word for a kind that this version does not know.
    pub kind: String,
    /// Who wrote it.
    pub author: Author,
    /// When, as its author's clock says.
    pub sent_at: Time,
    /// The words, with edits applied; without: they are gone, or it has none.
    pub text: Option<String>,
    /// What it answers.
    pub reply_to: Option<Quote>,
    /// Whether its words were changed.
    pub edited: bool,
    /// Why its words are gone: `retracted` or `expired`.
    pub gone: Option<String>,
    /// Whether somebody else names us in it: our name stands behind an `@`, as a word of its own. It is found
    /// here and not said by them, so what we are called now counts. In the classroom our name is our team.
    #[serde(default)]
    pub mentions_me: bool,
    /// Reactions, each emoji once.
    pub reactions: Vec<Reaction>,
    /// How far one of ours has come; without: it is somebody else's. In a group: how far it has come to
    /// all members who have joined, so it is delivered when the last of them has it.
    pub state: Option<MessageState>,
    /// How many members have one of ours in a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
    /// How the words of a classroom message ended, if not where they should: they go on in the next
    /// (`continues`), or `brokeOff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<String>,
}

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Author {
    /// The account.
    pub id: Id,
    /// What they are called; ours is our own name.
    pub name: String,
    /// With which device.
    pub device: Id,
    /// Whether it is our own account.
    pub is_me: bool,
}

/// The message that another one answers, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    /// Its id.
    pub id: Id,
    /// Who wrote it; without: it is not here.
    pub author: Option<String>,
    /// How it begins; without: it is not here, or its words are gone.
    pub excerpt: Option<String>,
}

/// One emoji under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// The names of those who reacted with it.
    pub by: Vec<String>,
    /// Whether we did.
    pub is_mine: bool,
}

/// How far a message of ours has come: the furthest that is certain.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum MessageState {
    /// It is on this disk, and nowhere else yet.
    Saved = 1,
    /// It was handed to a connection; whether it arrived is not known.
    Sent = 2,
    /// A device of the contact has it on its disk; in the classroom: the program there has taken it to its
    /// end.
    Delivered = 3,
    /// The contact has read it, and lets us know.
    Read = 4,
    /// A state that this version does not know; less than all others.
    #[serde(other)]
    Unknown = 0,
}

/// How many members of a group have a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reach {
    /// Members who have joined, without ourselves.
    pub members: u64,
    /// Of these, who has it on a device.
    pub delivered: u64,
    /// Of these, who has read it and lets us know.
    pub read: u64,
}

/// For whom a message is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Audience {
    /// The message.
    pub message: Message,
    /// Whether its author wrote down for whom it is, as is done in groups. Otherwise these are those who may
    /// read it now.
    pub recorded: bool,
    /// The accounts, by name.
    pub readers: Vec<Reader>,
}

/// Somebody for whom a message is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reader {
    /// The account.
    pub id: Id,
    /// What they are called here.
    pub name: String,
    /// Whether it is our own account.
    pub is_me: bool,
    /// Their devices that it is for.
    pub devices: Vec<Id>,
    /// Whether they are in the conversation now.
    pub is_member: bool,
    /// How far it has come to them, if it is one of ours, and they are somebody else.
    pub state: Option<MessageState>,
}

/// Who reads in a group now and did not when this device last wrote there, and the other way round.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AudienceChange {
    /// The names of those who were not there.
    pub added: Vec<String>,
    /// The names of those who are not there any more.
    pub removed: Vec<String>,
}

/// Where a message is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// The message.
    pub message: Message,
    /// Each device that it is for.
    pub devices: Vec<DeviceWhy>,
    /// What we have made of it since, the last first, eight at most: edits, reactions, a retraction. Each
    /// goes out by itself.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// All of it in sentences.
    pub text: Vec<String>,
}

/// Something that we have made of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Its own id.
    pub id: Id,
    /// `edit`, `reaction` or `retraction`; there may be more.
    pub kind: String,
    /// When it was made.
    pub at: Time,
    /// How far it has come.
    pub state: MessageState,
}

/// How far a message has come to one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeviceWhy {
    /// Whose device.
    pub contact: Id,
    /// What they are called.
    pub name: String,
    /// The device.
    pub device: Id,
    /// What the device is called.
    pub device_name: String,
    /// How far it has come.
    pub state: MessageState,
    /// Whether the device is connected.
    pub connected: bool,
    /// What is in the way; a word for programs, that does not change.
    pub reason: Option<String>,
    /// What is in the way, and what happens next: a sentence for people.
    pub text: String,
    /// How the last attempts to connect failed, the newest first.
    pub failures: Vec<Failure>,
    /// When the next attempt is made.
    pub next_attempt_at: Option<Time>,
}

/// What two people compare to see that they have the same conversation, entry for entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Digest {
    /// The conversation.
    pub conversation: Id,
    /// Groups of letters and digits; the same for both when both have the same.
    pub digest: String,
    /// How many entries there are.
    pub entries: u64,
    /// Each log in it.
    pub logs: Vec<DigestLog>,
}

/// One log in a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DigestLog {
    /// Whose.
    pub name: String,
    /// Whose device's.
    pub device: Id,
    /// How many entries of it are here without a gap.
    pub height: u64,
    /// Whether it was forked, and from which place on.
    pub forked_at: Option<u64>,
}

/// A file that carries messages to somebody without a network, or introduces us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BundleFile {
    /// How many devices it is for.
    pub devices: u64,
    /// Its content, in base64.
    pub base64: String,
}

/// What a bundle file or an introduction brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// Bundles in it that were for this device.
    pub bundles: u64,
    /// Bundles in it that were for other devices, and were left alone.
    pub for_others: u64,
    /// If it was an introduction: who was introduced, so that bundles can be made for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduced: Option<String>,
}
