//! The conversations, and which of them is open.

use std::collections::{BTreeMap, VecDeque};

use chinwag_api::model::{Conversation, Id, NotifyLevel};
use chinwag_text::safe;
use jiff::tz::TimeZone;

use crate::composer::Composer;
use crate::timeline::Timeline;

/// Conversations whose messages are kept; those of others are asked for again when they are opened.
const LOADED_MAX: usize = 32;

/// Characters of a name in the list, and of a team, behind which stands where it is.
const NAME_IN_LIST: usize = 40;
const TEAM_IN_LIST: usize = 8;

/// Characters of a kind of way that are shown.
const KIND_SHOWN: usize = 16;

/// Something that was said and is not confirmed to be on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The name of the sending.
    pub client_id: String,
    /// The words.
    pub text: String,
    /// What it answers.
    pub reply_to: Option<Id>,
    /// The message, once it has an id.
    pub id: Option<Id>,
    /// Why it could not be saved.
    pub failed: Option<String>,
}

/// What the words that are typed are for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum About {
    /// A new message.
    #[default]
    New,
    /// An answer to this one.
    Reply(Id),
    /// Other words for this one.
    Edit(Id),
}

/// A conversation.
#[derive(Debug)]
pub struct Chat {
    /// As the daemon tells it.
    pub conversation: Conversation,
    /// What is here of it.
    pub timeline: Timeline,
    /// What is being typed.
    pub composer: Composer,
    /// What it is for.
    pub about: About,
    /// What was typed before, the newest last.
    pub history: Vec<String>,
    /// Which of these is seen.
    pub recalled: Option<usize>,
    /// What was said and is not confirmed.
    pub pending: Vec<Pending>,
    /// Until when they are typing, unless they say it again.
    pub typing_until: Option<jiff::Timestamp>,
    /// What the members of a group call themselves, without us, as far as it was told.
    pub members: Vec<String>,
    /// Whether a device of theirs was caught at writing two different things.
    pub is_forked: bool,
}

impl Chat {
    fn new(conversation: Conversation, zone: &TimeZone) -> Self {
        Self {
            conversation,
            timeline: Timeline::new(zone.clone()),
            composer: Composer::default(),
            about: About::New,
            history: Vec::new(),
            recalled: None,
            pending: Vec::new(),
            typing_until: None,
            members: Vec::new(),
            is_forked: false,
        }
    }

    /// The id of the conversation.
    pub fn id(&self) -> &str {
        &self.conversation.id
    }

    /// Whether it is with our own devices.
    pub fn is_self(&self) -> bool {
        self.conversation.kind == "self"
    }

    /// Whether it is a group.
    pub fn is_group(&self) -> bool {
        self.conversation.kind == "group"
    }

    /// Whether it is with one other person.
    pub fn is_with_somebody(&self) -> bool {
        !self.is_self() && !self.is_group() && !self.is_classroom()
    }

    /// Whether it is one of the classroom, which are not private.
    pub fn is_classroom(&self) -> bool {
        !self.conversation.is_private
    }

    /// Everything that is here is read.
    pub fn is_read(&mut self) {
        (self.conversation.unread, self.conversation.unread_mentions) = (0, 0);
    }

    /// Whether nothing of it is to be told.
    pub fn is_muted(&self) -> bool {
        self.conversation.notify == NotifyLevel::None
    }

    /// How much is told of it, in words; without: everything.
    pub fn told_in_words(&self) -> Option<&'static str> {
        match self.conversation.notify {
            NotifyLevel::None => Some("muted"),
            NotifyLevel::Mentions => Some("muted but for what names you"),
            NotifyLevel::All | NotifyLevel::Unknown => None,
        }
    }

    /// The same as a sign, for the list.
    pub fn told_as_sign(&self) -> &'static str {
        match self.conversation.notify {
            NotifyLevel::None => "∅",
            NotifyLevel::Mentions => "∅@",
            NotifyLevel::All | NotifyLevel::Unknown => "",
        }
    }

    /// What it is called, safe to show and of at most so many characters of what others say. In the
    /// classroom what is certain stands first: where the other side comes from.
    pub fn name(&self, max: usize) -> String {
        let Some(peer) = &self.conversation.classroom else {
            return safe::person(&self.conversation.name, max);
        };
        let address = safe::one_line(&peer.address);
        let address = address.strip_suffix(":0").unwrap_or(&address);
        let from = peer.origin.as_deref().map(|ip| format!("{} as ", safe::one_line(ip)));
        let team = safe::name(&peer.team, max);
        format!("{}{address} {team}", from.unwrap_or_default()).trim_end().to_owned()
    }

    /// The same where there is little room and words above say that it is not private: the team first.
    pub fn short_name(&self) -> String {
        let Some(peer) = &self.conversation.classroom else { return self.name(NAME_IN_LIST) };
        let team = safe::name(&peer.team, TEAM_IN_LIST);
        let name = match &peer.origin {
            Some(origin) => format!("{team}? {}", safe::one_line(origin)),
            None => format!("{team} {}", safe::one_line(&peer.address)),
        };
        name.trim_start().to_owned()
    }

    /// Whether the program on the other end is there, in the classroom.
    pub fn presence_in_class(&self) -> &'static str {
        match &self.conversation.classroom {
            Some(peer) if peer.address.ends_with(":0") => "does not listen, can't be answered",
            Some(peer) if !peer.is_here => "has left",
            _ => "was heard",
        }
    }
}

/// The conversations, in the order in which they are shown.
#[derive(Debug, Default)]
pub struct Chats {
    all: Vec<Chat>,
    current: Option<Id>,
    last: Option<Id>,
    /// Those whose messages are here, the one that was opened last at the end.
    recent: VecDeque<Id>,
    /// Devices that are connected, by account, and the kind of way to each if it is known.
    connected: BTreeMap<Id, BTreeMap<Id, Option<String>>>,
}

impl Chats {
    /// All of them.
    pub fn all(&self) -> &[Chat] {
        &self.all
    }

    /// All of them, to be changed.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Chat> {
        self.all.iter_mut()
    }

    /// The one that is open.
    pub fn current(&self) -> Option<&Chat> {
        self.get(self.current.as_deref()?)
    }

    /// The one that is open, to be changed.
    pub fn current_mut(&mut self) -> Option<&mut Chat> {
        let current = self.current.clone()?;
        self.get_mut(&current)
    }

    /// Where the one that is open stands.
    pub fn position(&self) -> Option<usize> {
        let current = self.current.as_deref()?;
        self.all.iter().position(|chat| chat.id() == current)
    }

    /// The conversation with this id.
    pub fn get(&self, id: &str) -> Option<&Chat> {
        self.all.iter().find(|chat| chat.id() == id)
    }

    /// The conversation with this id, to be changed.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Chat> {
        self.all.iter_mut().find(|chat| chat.id() == id)
    }

    /// The conversation with somebody.
    pub fn with(&self, contact: &str) -> Option<&Chat> {
        self.all.iter().find(|chat| chat.conversation.contact == contact && !chat.is_self())
    }

    /// The conversation with somebody, to be changed.
    pub fn with_mut(&mut self, contact: &str) -> Option<&mut Chat> {
        let id = self.with(contact)?.id().to_owned();
        self.get_mut(&id)
    }

    /// Opens one; `false`: it is the one that is open.
    pub fn open(&mut self, id: &str) -> bool {
        if self.current.as_deref() == Some(id) {
            return false;
        }
        self.last = self.current.replace(id.to_owned());
        self.recent.retain(|recent| recent != id);
        self.recent.push_back(id.to_owned());
        if self.recent.len() > LOADED_MAX
            && let Some(old) = self.recent.pop_front()
            && let Some(chat) = self.get_mut(&old)
        {
            chat.timeline.forget();
        }
        true
    }

    /// The one that was open before.
    pub fn last(&self) -> Option<&Id> {
        self.last.as_ref()
    }

    /// Takes the conversations as the daemon lists them. What is not among them any more goes.
    pub fn listed(&mut self, conversations: Vec<Conversation>, zone: &TimeZone) {
        let mut before: BTreeMap<Id, Chat> =
            self.all.drain(..).map(|chat| (chat.id().to_owned(), chat)).collect();
        for conversation in conversations {
            let chat = match before.remove(&conversation.id) {
                Some(chat) => Chat { conversation, ..chat },
                None => Chat::new(conversation, zone),
            };
            self.all.push(chat);
        }
    }

    /// Puts a conversation on top, as the one with the newest message.
    ///
    /// Those of the classroom stay below all that are private.
    pub fn raise(&mut self, id: &str) {
        if let Some(at) = self.all.iter().position(|chat| chat.id() == id) {
            let first = if self.all[at].is_classroom() { self.first_of_class() } else { 0 };
            if let Some(moved) = self.all.get_mut(first..=at) {
                moved.rotate_right(1);
            }
        }
    }

    /// Where the conversations of the classroom begin.
    pub fn first_of_class(&self) -> usize {
        self.all.iter().position(Chat::is_classroom).unwrap_or(self.all.len())
    }

    /// Takes one of the classroom as it is now, but for what of it was not read: that is counted here.
    pub fn put(&mut self, conversation: Conversation, zone: &TimeZone) -> &mut Chat {
        let at = self.all.iter().position(|chat| chat.id() == conversation.id);
        let at = if let Some(at) = at {
            let chat = &mut self.all[at];
            let before = &mut chat.conversation;
            let (unread, unread_mentions) = (before.unread, before.unread_mentions);
            let last = before.last.take();
            chat.conversation = Conversation { unread, unread_mentions, last, ..conversation };
            at
        } else {
            let at = self.first_of_class();
            let conversation = Conversation { unread: 0, unread_mentions: 0, ..conversation };
            self.all.insert(at, Chat::new(conversation, zone));
            at
        };
        &mut self.all[at]
    }

    /// Whether there is nobody to talk with in private yet.
    pub fn are_empty(&self) -> bool {
        self.all.iter().all(|chat| chat.is_self() || chat.is_classroom())
    }

    /// Notes whether a device of somebody is connected.
    pub fn connected(&mut self, contact: &str, device: &str, is_connected: bool) {
        let devices = self.connected.entry(contact.to_owned()).or_default();
        if is_connected {
            devices.entry(device.to_owned()).or_default();
        } else {
            devices.remove(device);
        }
    }

    /// Notes by which kind of way a device is connected.
    pub fn connected_by(&mut self, contact: &str, device: &str, kind: &str) {
        let devices = self.connected.entry(contact.to_owned()).or_default();
        devices.insert(device.to_owned(), Some(kind.to_owned()));
    }

    /// What is unusual of the way to somebody, in words that are safe to show: none, or none that is direct.
    pub fn way_to(&self, contact: &str) -> Option<String> {
        let devices = self.connected.get(contact).filter(|devices| !devices.is_empty());
        let Some(devices) = devices else { return Some("not connected".to_owned()) };
        let is_usual = |kind: &Option<String>| kind.as_deref().is_none_or(|kind| kind == "direct");
        if devices.values().any(is_usual) {
            return None;
        }
        let kind = devices.values().flatten().next()?;
        Some(format!("connected by {}", safe::short(kind, KIND_SHOWN)))
    }

    /// Forgets who is connected, to be told anew.
    pub fn forget_connected(&mut self) {
        self.connected.clear();
    }

    /// Whether a device of somebody is connected.
    pub fn is_connected(&self, contact: &str) -> bool {
        self.connected.get(contact).is_some_and(|devices| !devices.is_empty())
    }

    /// Unread messages, and those of them that name us.
    pub fn unread(&self) -> (u64, u64) {
        self.all.iter().fold((0, 0), |(unread, mentions), chat| {
            (unread + chat.conversation.unread, mentions + chat.conversation.unread_mentions)
        })
    }

    /// What the title of the terminal says of what is unread: nothing of what is not to be told.
    pub fn unread_and_told(&self) -> u64 {
        let told = |chat: &Chat| match chat.conversation.notify {
            NotifyLevel::None => 0,
            NotifyLevel::Mentions => chat.conversation.unread_mentions,
            NotifyLevel::All | NotifyLevel::Unknown => chat.conversation.unread,
        };
        self.all.iter().map(told).sum()
    }
}
