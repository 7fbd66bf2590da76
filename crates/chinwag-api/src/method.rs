//! The table of what can be asked: for each method its name, what goes in, and what comes out.
//!
//! The server, the client and the schema are made from this one table; so is the page of methods in
//! the documents.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::model::{
    Account, Audience, BundleFile, Card, ConnectOutcome, Contact, Conversation, Device, Digest,
    Draft, Examination, Group, GroupInvitation, GroupJoining, GroupRole, GroupTicket, Id, Imported,
    Invite, Message, MessageState, Nearby, NotifyLevel, OpenGroupTicket, Peer, RecoveryWords,
    Request, SafetyNumber, Status, Ticket, Time, Who, Why,
};

/// One thing that can be asked.
pub trait Method {
    /// Its name on the wire: `noun.verb`.
    const NAME: &'static str;
    /// What it does, in a sentence.
    const DOC: &'static str;
    /// What goes in.
    type Params: Serialize + DeserializeOwned + JsonSchema + Send + 'static;
    /// What comes out.
    type Answer: Serialize + DeserializeOwned + JsonSchema + Send + 'static;
}

/// What one line of the table says, for the schema.
#[derive(Debug)]
pub struct Described {
    /// The name on the wire.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// The schema of what goes in.
    pub params: schemars::Schema,
    /// The schema of what comes out.
    pub answer: schemars::Schema,
}

macro_rules! methods {
    ($($name:literal $method:ident ($params:ty) -> $answer:ty : $doc:literal;)*) => {
        $(
            #[doc = $doc]
            #[derive(Clone, Copy, Debug)]
            pub struct $method;

            impl Method for $method {
                const NAME: &'static str = $name;
                const DOC: &'static str = $doc;
                type Params = $params;
                type Answer = $answer;
            }
        )*

        /// The names of all methods, in the order of the table.
        pub const NAMES: &[&str] = &[$($name),*];

        /// The whole table.
        pub fn table(generator: &mut schemars::SchemaGenerator) -> Vec<Described> {
            vec![$(Described {
                name: $name,
                doc: $doc,
                params: generator.subschema_for::<$params>(),
                answer: generator.subschema_for::<$answer>(),
            }),*]
        }
    };
}

methods! {
    "system.hello" SystemHello (Hello) -> Welcome:
        "Says who asks, and learns which version of the contract is spoken.";
    "system.status" SystemStatus (Nothing) -> Status: "How the daemon is, and what is wrong.";
    "system.examine" SystemExamine (Nothing) -> Examination:
        "Examines the network, the relays, the clock, the disk and the node itself, and says what is wrong and what would help. It asks nobody but the relays in use, takes about ten seconds where some do not answer, and changes nothing.";
    "system.shutdown" SystemShutdown (Nothing) -> Nothing:
        "Ends the daemon, after everything that was accepted is on the disk.";
    "relay.choose" RelayChoose (ChooseRelays) -> Nothing:
        "Says which relays are used from now on and until the daemon ends, while there is no account yet and so nobody was contacted. Whoever asks for it writes them into the config as well.";
    "account.create" AccountCreate (CreateAccount) -> CreatedAccount:
        "Makes an account with this device. The words it answers with are the only way to get the account back.";
    "account.restore" AccountRestore (RestoreAccount) -> Account:
        "Makes this a device of the account that the recovery words stand for.";
    "account.show" AccountShow (Nothing) -> Account: "Our account and this device.";
    "account.card" AccountCard (Nothing) -> Card:
        "A line that says where we are, without a secret: who uses it asks to become a contact.";
    "account.rename" AccountRename (RenameAccount) -> Account: "Calls our account something else.";
    "account.words" AccountWords (Nothing) -> RecoveryWords: "The recovery words, again.";
    "device.list" DeviceList (Nothing) -> Vec<Device>: "The devices of our account.";
    "device.revoke" DeviceRevoke (OneDevice) -> Nothing:
        "Takes a device off our account: what it writes from now on does not count.";
    "invite.create" InviteCreate (CreateInvite) -> Ticket:
        "Makes a ticket: the line that introduces us to somebody.";
    "invite.list" InviteList (Nothing) -> Vec<Invite>: "The invites that are open.";
    "invite.revoke" InviteRevoke (OneInvite) -> Nothing: "Takes an invite back.";
    "contact.list" ContactList (Nothing) -> Vec<Contact>:
        "Contacts, those who did not answer yet, and who is blocked.";
    "contact.add" ContactAdd (AddContact) -> Contact:
        "Uses a ticket: its maker becomes a contact as soon as one of their devices is reached. With a card, \
         they are asked, and become one when they accept.";
    "contact.rename" ContactRename (RenameContact) -> Contact: "What we call somebody.";
    "contact.block" ContactBlock (OneContact) -> Contact: "Keeps somebody from reaching us.";
    "contact.unblock" ContactUnblock (OneContact) -> Contact: "Lets somebody reach us again.";
    "contact.safetyNumber" ContactSafetyNumber (OneContact) -> SafetyNumber:
        "The digits that two people compare to be sure of each other's keys.";
    "contact.verify" ContactVerify (VerifyContact) -> Contact:
        "Notes whether the safety number was compared.";
    "request.list" RequestList (Nothing) -> Vec<Request>: "Strangers who would like to become contacts.";
    "request.accept" RequestAccept (OneContact) -> Contact: "Makes a contact of somebody who asked.";
    "request.decline" RequestDecline (OneContact) -> Nothing: "Forgets somebody's request.";
    "peer.list" PeerList (Nothing) -> Vec<Peer>:
        "The devices of contacts and our own: which are connected, and by which way.";
    "peer.connect" PeerConnect (Connect) -> Vec<ConnectOutcome>:
        "Connects now to those named, or to all contacts, some at a time, and says how it went.";
    "nearby.list" NearbyList (Nothing) -> Vec<Nearby>:
        "Devices on the local network that are of nobody we know; a ticket of their owner makes a contact.";
    "conversation.list" ConversationList (ListConversations) -> Vec<Conversation>:
        "Conversations, the one with the newest message first; those of the classroom only if asked for, and last.";
    "conversation.markRead" ConversationMarkRead (OneConversation) -> Nothing:
        "What is here of a conversation is read.";
    "conversation.notify" ConversationNotify (SetNotify) -> Conversation:
        "How much of a conversation clients on this device tell to whoever looks elsewhere; kept until it is set again.";
    "conversation.digest" ConversationDigest (OneConversation) -> Digest:
        "What two people compare to see that they have the same conversation.";
    "conversation.disappear" ConversationDisappear (Disappear) -> Message:
        "After how long new messages of a conversation disappear, for both.";
    "group.create" GroupCreate (CreateGroup) -> Group:
        "Begins a group that we own, and lets contacts into it.";
    "group.show" GroupShow (OneGroup) -> Group: "A group, and who is in it.";
    "group.invite" GroupInvite (InviteToGroup) -> Group:
        "Lets contacts into a group, or members who are no contacts in again.";
    "group.invitations" GroupInvitations (Nothing) -> Vec<GroupInvitation>:
        "Groups that others let us into, and that nobody here has answered.";
    "group.join" GroupJoin (OneGroup) -> Group:
        "Joins a group that we were invited to; what was said there is fetched then.";
    "group.decline" GroupDecline (OneGroup) -> Nothing:
        "Wants nothing of a group that we were invited to. It does not come again.";
    "group.createTicket" GroupCreateTicket (CreateGroupTicket) -> GroupTicket:
        "Makes a ticket to a group: whoever has the line may join, until it is revoked or ends.";
    "group.tickets" GroupTickets (OneGroup) -> Vec<OpenGroupTicket>:
        "The tickets to a group by which people may join now.";
    "group.revokeTicket" GroupRevokeTicket (OneGroupTicket) -> Nothing:
        "Takes a ticket to a group back. Who joined by it stays.";
    "group.useTicket" GroupUseTicket (UseGroupTicket) -> GroupJoining:
        "Uses a ticket to a group: we join as soon as the device that it leads to lets us in.";
    "group.joinings" GroupJoinings (Nothing) -> Vec<GroupJoining>:
        "Groups to which a ticket was used here that has not let us in yet. group.decline takes one back.";
    "group.leave" GroupLeave (OneGroup) -> Group: "Leaves a group. What was said stays here.";
    "group.remove" GroupRemove (OneMember) -> Group:
        "Removes a member: what their devices write from now on does not count, and nothing more is handed to \
         them.";
    "group.setRole" GroupSetRole (SetGroupRole) -> Group: "Makes a member an admin, or an admin a member.";
    "group.change" GroupChange (ChangeGroup) -> Group:
        "Calls a group something else, or says what it is about.";
    "classroom.connect" ClassroomConnect (OnePeer) -> Conversation:
        "Says `connect` to a classroom program, so that it lists us; the conversation with it.";
    "message.send" MessageSend (SendMessage) -> Sent:
        "Says something. The answer comes when it is on the disk, or, with `waitFor`, when it came so far.";
    "message.edit" MessageEdit (EditMessage) -> Message: "Changes the words of a message of ours.";
    "message.react" MessageReact (React) -> Message: "Reacts to a message, or no longer.";
    "message.retract" MessageRetract (OneMessage) -> Message:
        "Has the words of a message of ours deleted everywhere: a device that is hostile can keep a copy.";
    "message.list" MessageList (ListMessages) -> Page: "A page of a conversation.";
    "message.get" MessageGet (OneMessage) -> Message: "One message.";
    "message.search" MessageSearch (Search) -> Page:
        "Messages with all of these words or beginnings of words, the newest first.";
    "message.why" MessageWhy (OneMessage) -> Why:
        "Where a message is now, device by device, and what is in its way.";
    "message.audience" MessageAudience (OneMessage) -> Audience:
        "For whom a message is: in a group which devices its author wrote it for, whoever is a member now.";
    "typing.set" TypingSet (SetTyping) -> Nothing: "Lets a contact know that we are typing, or no longer.";
    "draft.set" DraftSet (SetDraft) -> Nothing:
        "Keeps what is typed in a conversation and not sent, on this device. An empty text removes it.";
    "draft.list" DraftList (Nothing) -> Vec<Draft>: "What was typed and not sent, conversation by conversation.";
    "events.list" EventsList (ListEvents) -> Events: "What happened, from a cursor on.";
    "events.subscribe" EventsSubscribe (Subscribe) -> Subscribed:
        "From now on tells what happens, as notifications `event`, from a cursor on.";
    "bundle.export" BundleExport (OneContact) -> BundleFile:
        "Makes a file that carries to a contact what they are not known to have.";
    "bundle.introduce" BundleIntroduce (Nothing) -> BundleFile:
        "Makes a file that says who we are, for somebody who is to make bundles for us without a network. It holds no secret.";
    "bundle.import" BundleImport (ImportBundle) -> Imported:
        "Takes in a file of bundles, or an introduction.";
    "backup.create" BackupCreate (CreateBackup) -> Nothing:
        "Writes an encrypted backup of everything to a file; the recovery words open it.";
}

/// Nothing goes in, or comes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Nothing {}

/// Parameters of [`SystemHello`].
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Hello {
    /// What asks: a program and its version.
    pub client: Option<String>,
}

/// What [`SystemHello`] answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// The version of the contract, [`VERSION`](crate::VERSION).
    pub api: String,
    /// The version of the program.
    pub version: String,
    /// Whether there is an account.
    pub has_account: bool,
}

/// The relays that may be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChooseRelays {
    /// Each as the config writes it: `https://HOST[:PORT]`; none: no relay is used.
    pub relays: Vec<String>,
}

/// Parameters of [`AccountCreate`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateAccount {
    /// What the account is called: up to 64 bytes.
    pub name: String,
    /// What the device is called; without: as the machine is.
    #[serde(default)]
    pub device_name: Option<String>,
}

/// What [`AccountCreate`] answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedAccount {
    /// The account.
    pub account: Account,
    /// Its recovery words.
    pub words: RecoveryWords,
}

/// Parameters of [`AccountRestore`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestoreAccount {
    /// The 24 words.
    pub words: RecoveryWords,
    /// What the device is called; without: as the machine is.
    #[serde(default)]
    pub device_name: Option<String>,
}

/// Parameters of [`AccountRename`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenameAccount {
    /// The new name.
    pub name: String,
}

/// A device of ours.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OneDevice {
    /// Its id.
    pub device: Id,
}

/// Parameters of [`InviteCreate`].
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CreateInvite {
    /// Whether more than one may use it.
    pub reusable: bool,
    /// For how many seconds it is good; without: until it is revoked.
    pub expires_in_s: Option<u32>,
}

/// An invite.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OneInvite {
    /// Its id.
    pub invite: Id,
}

/// Parameters of [`GroupCreateTicket`].
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateGroupTicket {
    /// The group: its id, its name, or the beginning of its name.
    pub group: String,
    /// For how many seconds it is good; without: until it is revoked.
    #[serde(default)]
    pub expires_in_s: Option<u32>,
}

/// A ticket to a group.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OneGroupTicket {
    /// The group: its id, its name, or the beginning of its name.
    pub group: String,
    /// The id of the ticket, or the beginning of it, as the list has it.
    pub ticket: Id,
}

/// Parameters of [`GroupUseTicket`].
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UseGroupTicket {
    /// The ticket.
    pub ticket: String,
}

impl std::fmt::Debug for UseGroupTicket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UseGroupTicket(..)")
    }
}

/// Parameters of [`ContactAdd`].
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddContact {
    /// The ticket, or the card.
    pub ticket: String,
    /// What to call them.
    #[serde(default, rename = "as")]
    pub called: Option<String>,
    /// With a card: one line for them, of at most 280 bytes.
    #[serde(default)]
    pub text: Option<String>,
}

/// Somebody.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OneContact {
    /// Who.
    pub contact: Who,
}

/// Parameters of [`ContactRename`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenameContact {
    /// Who.
    pub contact: Who,
    /// What to call them; without: by their own name.
    #[serde(default)]
    pub name: Option<String>,
}

/// Parameters of [`ContactVerify`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyContact {
    /// Who.
    pub contact: Who,
    /// Whether the digits were compared and are the same.
    pub verified: bool,
}

/// Parameters of [`PeerConnect`].
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Connect {
    /// To whom, a thousand at most; none: to all contacts, and whom tickets and cards lead to.
    pub contacts: Vec<Who>,
    /// How long to wait; without: ten seconds.
    pub timeout_ms: Option<u64>,
}

/// A conversation.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OneConversation {
    /// The contact, or the conversation's id.
    pub conversation: Who,
}

/// Parameters of [`ConversationList`].
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListConversations {
    /// Whether those of the classroom are listed as well. Only for whoever shows that they are not
    /// private.
    pub classroom: bool,
}

/// Parameters of [`GroupCreate`].
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateGroup {
    /// What it is called: up to 64 bytes.
    pub name: String,
    /// Contacts who are let in at once, a hundred at most.
    #[serde(default)]
    pub contacts: Vec<Who>,
}

/// A group.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OneGroup {
    /// Its name, or its id.
    pub group: Who,
}

/// Parameters of [`GroupInvite`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InviteToGroup {
    /// Its name, or its id.
    pub group: Who,
    /// Whom, a hundred at most.
    pub contacts: Vec<Who>,
}

/// Parameters of [`GroupRemove`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OneMember {
    /// The group's name, or its id.
    pub group: Who,
    /// The member.
    pub member: Who,
}

/// Parameters of [`GroupSetRole`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetGroupRole {
    /// The group's name, or its id.
    pub group: Who,
    /// The member; an admin who names themselves becomes a member.
    pub member: Who,
    /// `admin` or `member`.
    pub role: GroupRole,
}

/// Parameters of [`GroupChange`]. What is not given stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeGroup {
    /// The group's name, or its id.
    pub group: Who,
    /// What it is called.
    #[serde(default)]
    pub name: Option<String>,
    /// What it is about: up to 512 bytes; empty: nothing is said.
    #[serde(default)]
    pub topic: Option<String>,
}

/// Parameters of [`ClassroomConnect`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnePeer {
    /// Where it listens: `IP:PORT`, `[IPv6]:PORT` or `NAME:PORT`.
    pub address: String,
}

/// Parameters of [`ConversationDisappear`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Disappear {
    /// The contact, or the conversation's id.
    pub conversation: Who,
    /// After how many seconds; 0: never.
    pub after_s: u32,
}

/// Parameters of [`ConversationNotify`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetNotify {
    /// The contact, or the conversation's id.
    pub conversation: Who,
    /// How much: `all`, `mentions` or `none`.
    pub level: NotifyLevel,
}

/// Parameters of [`MessageSend`].
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendMessage {
    /// To whom, or the conversation's id.
    pub to: Who,
    /// The words.
    pub text: String,
    /// A name for this sending, up to 128 bytes: the same again is the same message, not a second.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The message that it answers.
    #[serde(default)]
    pub reply_to: Option<Id>,
    /// How far the message must have come before the answer is given: `delivered` or `read`.
    #[serde(default)]
    pub wait_for: Option<MessageState>,
    /// How long to wait for that; without: 30 seconds. Then the answer says how far it came.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// Whether it is refused, and nothing saved, unless the safety number with them was compared.
    #[serde(default)]
    pub require_verified: bool,
}

/// What [`MessageSend`] answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// The message.
    pub id: Id,
    /// How far it has come.
    pub state: MessageState,
    /// Whether it was there already: a repetition of the same `clientId`.
    pub is_repeated: bool,
}

/// Parameters of [`MessageEdit`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditMessage {
    /// The message.
    pub id: Id,
    /// Its words from now on.
    pub text: String,
}

/// Parameters of [`MessageReact`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct React {
    /// The message.
    pub id: Id,
    /// The emoji.
    pub emoji: String,
    /// Whether the reaction ends.
    #[serde(default)]
    pub remove: bool,
}

/// A message.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OneMessage {
    /// Its id, or the beginning of it.
    pub id: Id,
}

/// Parameters of [`MessageList`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListMessages {
    /// The contact, or the conversation's id.
    pub conversation: Who,
    /// How many at most; without: 50. At most 1,000.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Only messages before this one.
    #[serde(default)]
    pub before: Option<Id>,
    /// Only messages after this one, the nearest of them; an empty id is before all. Not together with
    /// `before`.
    #[serde(default)]
    pub after: Option<Id>,
}

/// Parameters of [`MessageSearch`].
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Search {
    /// The words, up to eight; those of two and more letters may be beginnings. With `mentionsMe` there may be
    /// none.
    pub words: String,
    /// Only messages that name us.
    pub mentions_me: bool,
    /// Only messages of this account.
    pub from: Option<Who>,
    /// Only in this conversation.
    #[serde(rename = "in")]
    pub within: Option<Who>,
    /// Only messages sent before.
    pub before: Option<Time>,
    /// Only messages sent after.
    pub after: Option<Time>,
    /// How many at most; without: 20. At most 200.
    pub limit: Option<u32>,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// Messages, and where there are more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// The messages; of a conversation the oldest first, of a search the newest.
    pub messages: Vec<Message>,
    /// How to ask for the next page: of a conversation `before`, or `after` where that was asked, of a
    /// search `cursor`. Without: there are no more.
    pub next: Option<String>,
}

/// Parameters of [`TypingSet`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetTyping {
    /// To whom.
    pub to: Who,
    /// Whether we are typing.
    pub on: bool,
}

/// Parameters of [`DraftSet`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetDraft {
    /// The contact, or the conversation's id.
    pub conversation: Who,
    /// The words, at most 128 KiB; empty: there are none any more.
    pub text: String,
    /// The id of the message that they answer, if they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Id>,
    /// The id of the message whose words they are to be, if it is one of ours that is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edits: Option<Id>,
}

/// Parameters of [`EventsList`].
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListEvents {
    /// The cursor of the last event that was seen; without: from the oldest that is kept.
    pub after: Option<String>,
    /// How many at most; without: 100. At most 1,000.
    pub limit: Option<u32>,
}

/// What [`EventsList`] answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Events {
    /// The events, the oldest first.
    pub events: Vec<Event>,
    /// The cursor to go on with.
    pub cursor: String,
}

/// Parameters of [`EventsSubscribe`].
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Subscribe {
    /// The cursor of the last event that was seen; without: only what happens from now on.
    pub after: Option<String>,
}

/// What [`EventsSubscribe`] answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subscribed {
    /// The cursor from which on events will be told.
    pub cursor: String,
}

/// Parameters of [`BundleImport`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportBundle {
    /// The file's content, in base64.
    pub base64: String,
}

/// Parameters of [`BackupCreate`].
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateBackup {
    /// Where to write it: an absolute path.
    pub path: String,
}
