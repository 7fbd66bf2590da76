//! What the client hears, and what it wants done.

use chinwag_api::client::CallError;
use chinwag_api::event::Event;
use chinwag_api::method::Method;
use chinwag_api::model::Id;
use crossterm::event::KeyEvent;
use jiff::Timestamp;
use serde_json::Value;

use crate::notify::Notice;
use crate::options::Reloaded;

/// Something that happened.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// Something was done with the mouse.
    Mouse(Mouse),
    /// The terminal has another size; what is drawn next fits it.
    Resize,
    /// The terminal is looked at, or no longer.
    Focus(bool),
    /// A moment has passed; it is now this time.
    Tick(Timestamp),
    /// The daemon tells something.
    Event(Box<Event>),
    /// The daemon answers.
    Answer(Tag, Result<Value, CallError>),
    /// The connection to the daemon is there: at the beginning, and whenever it was made again.
    Connected,
    /// The connection to the daemon is gone, and is being made again.
    Lost(String),
    /// Somebody came back from an editor with this text; `None`: it was left without one.
    Edited(Option<String>),
    /// What became of something that was done outside.
    Said {
        /// In words.
        text: String,
        /// Whether it went wrong.
        is_wrong: bool,
    },
    /// The config was read again. An error: it is wrong.
    Reloaded(Result<Box<Reloaded>, String>),
    /// What was said of relays is kept and heeded. An error: it is not, or makes no sense.
    Chosen(Result<(), String>),
    /// Somebody outside wants us to end.
    End,
}

/// What can be done with the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    /// Its first button was pressed.
    Click {
        /// How many cells are left of it.
        column: u16,
        /// How many are above it.
        row: u16,
    },
    /// The wheel was turned up.
    WheelUp,
    /// The wheel was turned down.
    WheelDown,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// Asks the daemon.
    Ask(Ask),
    /// Makes a noise, or whatever is set for it.
    Notify(Notice),
    /// Reads the config again.
    Reload,
    /// Keeps and heeds what was typed of whose relay may be used; how it went is [told](Msg::Chosen).
    ChooseRelay(String),
    /// Copies a text to the clipboard, through the terminal (OSC 52).
    Copy(String),
    /// Opens an editor with this text.
    Edit(String),
    /// Writes something to the file that was named; how it went is [said](Msg::Said).
    Write {
        /// What.
        what: Written,
        /// The path, as it was typed.
        path: String,
    },
    /// Draws everything anew.
    Redraw,
    /// Whether the terminal is to tell of the mouse.
    Mouse(bool),
    /// Back to the shell, until we are called again.
    Suspend,
    /// Leaves.
    Quit,
}

/// What can be written to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// All messages of a conversation.
    Conversation(Id),
    /// Everything, encrypted.
    Backup,
}

/// A request.
#[derive(Debug, PartialEq)]
pub struct Ask {
    /// What the answer is for.
    pub tag: Tag,
    /// The method, by its name on the wire.
    pub method: &'static str,
    /// What goes in.
    pub params: Value,
}

impl Ask {
    /// A request of the contract. Its parameters are ours, and can be written.
    pub fn of<M: Method>(tag: Tag, params: M::Params) -> Effect {
        let params = serde_json::to_value(params).unwrap_or_default();
        Effect::Ask(Self { tag, method: M::NAME, params })
    }
}

/// What an answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Whether there is an account.
    Hello,
    /// Our account.
    Account,
    /// The account was made.
    Created,
    /// How the node is; shown, or only noted.
    Status {
        /// Whether somebody wants to see it.
        is_shown: bool,
    },
    /// The conversations.
    Conversations,
    /// The contacts; shown, or only noted.
    Contacts {
        /// Whether somebody wants to see them.
        is_shown: bool,
    },
    /// The requests of strangers.
    Requests {
        /// Whether somebody wants to see them.
        is_shown: bool,
    },
    /// Messages of a conversation.
    Page {
        /// Which.
        conversation: Id,
        /// Which part of it.
        part: Part,
    },
    /// Something was said.
    Sent {
        /// Where.
        conversation: Id,
        /// The name of this sending.
        client_id: String,
    },
    /// A message was changed.
    Changed,
    /// Messages were found.
    Found {
        /// Which question it answers: only the newest counts.
        question: u64,
    },
    /// Where a message is.
    Why,
    /// Devices and the ways to them.
    Peers,
    /// Who is on the local network and not known; shown, or only noted.
    Nearby {
        /// Whether somebody wants to see it.
        is_shown: bool,
    },
    /// How connecting went.
    Connected,
    /// We said `connect` in the classroom.
    InClass,
    /// A ticket.
    Ticket,
    /// A card.
    Card,
    /// A ticket was used.
    Added,
    /// A safety number.
    SafetyNumber,
    /// A contact has changed, or a request was answered: this is what to say when it worked.
    Done(String),
    /// The recovery words.
    Words,
    /// A group, to be shown in a window.
    Group,
    /// A group was begun.
    Begun,
    /// A group, to say who reads there now and did not when we last wrote.
    Readers,
    /// Who invites us to groups; shown, or only noted.
    Invitations {
        /// Whether somebody wants to see it.
        is_shown: bool,
    },
    /// How much is told of a conversation.
    Told,
    /// For whom a message is.
    Audience,
    /// A digest, to be shown in a window.
    Digest,
    /// A digest, for what is shown beside the conversation.
    DigestBeside,
    /// The devices of our account.
    Devices,
    /// The invites that are open.
    Invites,
    /// What was typed and not sent.
    Drafts,
    /// What is typed is kept.
    Draft,
    /// Nothing is done with the answer, not even if it is an error.
    Nothing,
}

/// Which part of a conversation was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The newest.
    Newest,
    /// The oldest.
    Oldest,
    /// What is before what is here.
    Older,
    /// What is after what is here.
    Newer,
    /// What is around a message, which is to be selected: first what is before it.
    Before(Id),
    /// Then what is after it.
    After(Id),
}
