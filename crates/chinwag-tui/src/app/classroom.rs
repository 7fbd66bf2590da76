//! The classroom: conversations that are not private, with programs of which nothing is checked.

use chinwag_api::method::{ClassroomConnect, ConversationList, ListConversations, OnePeer};
use chinwag_api::model::{Conversation, Message};
use ratatui::text::{Line, Span};

use super::windows::{Choice, List, ListKind, Row};
use super::{App, Chat, Window, page};
use crate::msg::{Ask, Effect, Part, Tag};

/// What is said of it wherever there is room.
pub const NOT_PRIVATE: &str = "not private: anybody can read and forge it";

/// Why less can be done there.
pub(super) const PLAIN_ONLY: &str =
    "the classroom knows plain messages alone: no answers to one of them, no reactions, no changes";

/// What is said of a message that was on its way when the node ended.
const UNKNOWN: &str = "the node ended meanwhile: nothing says whether it went";

impl App {
    /// Something happened in the classroom.
    pub(super) fn in_class(
        &mut self,
        conversation: Conversation,
        message: Option<Message>,
    ) -> Vec<Effect> {
        let zone = self.options.zone.clone();
        let (unread, mentions) = (conversation.unread, conversation.unread_mentions);
        let chat = self.chats.put(conversation, &zone);
        if let Some(message) = message {
            return self.arrived(message);
        }
        // It may have been read elsewhere.
        (chat.conversation.unread, chat.conversation.unread_mentions) = (unread, mentions);
        Vec::new()
    }

    /// More happened there than was told: what is shown of it is asked for anew, but not again while the
    /// answer to that is awaited.
    pub(super) fn class_changed(&mut self) -> Vec<Effect> {
        let mut effects = self.list_anew();
        let current = self.chats.current().filter(|chat| chat.is_classroom());
        let current = current.map(|chat| chat.id().to_owned());
        for chat in self.chats.all_mut().filter(|chat| chat.is_classroom()) {
            if Some(chat.id()) != current.as_deref() {
                chat.timeline.is_loaded = false;
            }
        }
        if let Some(id) = current {
            if self.class_asked.0 {
                self.class_asked.1 = true;
            } else {
                self.class_asked = (true, false);
                effects.push(page(&id, Part::Newest, None));
            }
        }
        effects
    }

    /// The newest of a conversation came, or could not be had. If more happened there meanwhile it is asked
    /// for once more.
    pub(super) fn class_paged(&mut self, conversation: &str) -> Vec<Effect> {
        let is_classroom = self.chats.get(conversation).is_some_and(Chat::is_classroom);
        if !is_classroom {
            return Vec::new();
        }
        let again = std::mem::take(&mut self.class_asked).1;
        if again { self.class_changed() } else { Vec::new() }
    }

    /// What was on its way when the node ended is not sent again by itself: it may have arrived, and no
    /// program there would know that it is the same.
    pub(super) fn give_up_on_class(&mut self) {
        for chat in self.chats.all_mut().filter(|chat| chat.is_classroom()) {
            for pending in chat.pending.iter_mut().filter(|pending| pending.failed.is_none()) {
                pending.failed = Some(UNKNOWN.to_owned());
            }
        }
    }

    /// Who is there, or a connection to somebody there.
    pub(super) fn classroom(&mut self, args: &str) -> Vec<Effect> {
        if args.is_empty() {
            self.show_classroom();
            return Vec::new();
        }
        if let Some(id) = self.in_class_at(args) {
            return self.open(&id);
        }
        let params = OnePeer { address: args.to_owned() };
        vec![Ask::of::<ClassroomConnect>(Tag::InClass, params)]
    }

    /// We said `connect` there.
    pub(super) fn connected_in_class(&mut self, conversation: Conversation) -> Vec<Effect> {
        let (zone, id) = (self.options.zone.clone(), conversation.id.clone());
        self.chats.put(conversation, &zone);
        self.open(&id)
    }

    /// The conversation with the program at this address.
    pub(super) fn in_class_at(&self, address: &str) -> Option<String> {
        let mut all = self.chats.all().iter().filter(|chat| chat.is_classroom());
        let is_it = |chat: &&Chat| {
            let peer = chat.conversation.classroom.as_ref();
            peer.is_some_and(|peer| peer.address == address && peer.origin.is_none())
        };
        all.find(is_it).map(|chat| chat.id().to_owned())
    }

    fn show_classroom(&mut self) {
        let theme = self.options.theme;
        let rows = self.chats.all().iter().filter(|chat| chat.is_classroom()).map(|chat| {
            let name = chat.name(60);
            let line = Line::from(vec![
                Span::raw(name.clone()),
                Span::styled(format!("  {}", chat.presence_in_class()), theme.dim),
            ]);
            Row { line, text: name, choice: Choice::Chat(chat.id().to_owned()) }
        });
        let rows = rows.collect();
        let us = self.status.as_ref().and_then(|status| status.classroom.as_ref());
        let empty = us.map_or_else(
            || "not enabled: enabled = true in [classroom] of the config".to_owned(),
            |us| format!("nobody was heard yet; we are {}", in_class_as(us)),
        );
        self.window = Some(Window::List(List::new(ListKind::Classroom, rows, &empty)));
    }
}

/// Who we are in the classroom, in words.
pub(super) fn in_class_as(us: &chinwag_api::model::ClassroomSelf) -> String {
    let team = chinwag_text::safe::name(&us.team, 64);
    match &us.address {
        Some(address) => format!("{team} at {}", chinwag_text::safe::one_line(address)),
        None => format!("{team}, and can't listen"),
    }
}

/// Asks for all conversations, and shows which are not private.
pub(super) fn list() -> Effect {
    Ask::of::<ConversationList>(Tag::Conversations, ListConversations { classroom: true })
}
