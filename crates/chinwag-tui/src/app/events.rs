//! What the daemon tells.

use chinwag_api::event::{Event, What};
use chinwag_api::mention::words;
use chinwag_api::method::{
    ConversationMarkRead, Nothing, OneConversation, PeerList, RequestList, SystemStatus,
};
use chinwag_api::model::{Contact, GroupInvitation, Id, Message, NotifyLevel};

use jiff::Timestamp;

use super::answers::alike;
use super::{App, page};
use crate::msg::{Ask, Effect, Part, Tag};
use crate::notify::{Kind, Notice};

/// How long somebody is shown to be typing who does not say so again, in seconds.
const TYPING_SHOWN_S: i64 = 8;

/// How many seconds are between two noises, however much comes.
const NOTIFY_EVERY_S: i64 = 2;

impl App {
    pub(super) fn event(&mut self, event: Event) -> Vec<Effect> {
        match event.what {
            What::Message { message } => {
                self.details.has_changed(&message.conversation);
                self.arrived(message)
            }
            What::MessageChanged { message } => {
                self.details.has_changed(&message.conversation);
                if let Some(chat) = self.chats.get_mut(&message.conversation) {
                    if let Some(last) =
                        chat.conversation.last.as_mut().filter(|l| l.id == message.id)
                    {
                        *last = message.clone();
                    }
                    chat.timeline.changed(message);
                }
                Vec::new()
            }
            What::MessageState { conversation, through, state, .. } => {
                if let Some(chat) = self.chats.get_mut(&conversation) {
                    chat.timeline.came_so_far(&through, state);
                }
                Vec::new()
            }
            What::ConversationRead { conversation } => {
                if let Some(chat) = self.chats.get_mut(&conversation) {
                    chat.is_read();
                }
                Vec::new()
            }
            What::Contact { contact } => self.contact_changed(contact),
            What::Request { request } => {
                let name = chinwag_text::safe::person(&request.name, 40);
                let alike = alike(&request.looks_like);
                self.say(format!("{name}{alike} would like to become a contact: /requests"));
                let notice = self.notice(Kind::Request, None, &request.name, Some(&request.text));
                let asked = Ask::of::<RequestList>(Tag::Requests { is_shown: false }, Nothing {});
                notice.and_then(|notice| self.tell(notice)).into_iter().chain([asked]).collect()
            }
            What::GroupInvitation { invitation } => self.invited(&invitation),
            What::Fork { contact, .. } => {
                let name = self.contacts.get(&contact).map(|c| c.name.clone()).unwrap_or_default();
                let name = chinwag_text::safe::person(&name, 40);
                if let Some(chat) = self.chats.with_mut(&contact) {
                    chat.is_forked = true;
                }
                self.wrong(format!(
                    "a device of {name} has written two different things at one place: what it writes \
                     from there on does not count"
                ));
                Vec::new()
            }
            What::Retired { .. } => {
                self.wrong("this device had been copied, and goes on as a new one of your account");
                vec![Ask::of::<chinwag_api::method::AccountShow>(Tag::Account, Nothing {})]
            }
            What::Gap { .. } => self.load_all(),
            What::Peer { contact, device, connected, .. } => {
                self.chats.connected(&contact, &device, connected);
                let mut effects =
                    vec![Ask::of::<SystemStatus>(Tag::Status { is_shown: false }, Nothing {})];
                // By which way, only a question tells.
                if connected {
                    effects.push(Ask::of::<PeerList>(Tag::Peers, Nothing {}));
                }
                effects
            }
            What::ConversationNotify { conversation, level } => {
                if let Some(chat) = self.chats.get_mut(&conversation) {
                    chat.conversation.notify = level;
                }
                Vec::new()
            }
            What::Typing { conversation, on, .. } => {
                let until = Timestamp::from_second(self.now.as_second() + TYPING_SHOWN_S).ok();
                if let Some(chat) = self.chats.get_mut(&conversation) {
                    chat.typing_until = until.filter(|_| on);
                }
                Vec::new()
            }
            What::Classroom { conversation, message } => self.in_class(*conversation, message),
            What::ClassroomChanged {} => self.class_changed(),
            What::Unknown => Vec::new(),
        }
    }

    fn contact_changed(&mut self, contact: Contact) -> Vec<Effect> {
        let name = chinwag_text::safe::person(&contact.name, 40);
        // The first whom one can talk with is whom one waited for.
        let is_first = self.chats.are_empty();
        let first = is_first.then(|| contact.id.clone());
        let mut effects = Vec::new();
        let was_known = self
            .contacts
            .insert(contact.id.clone(), contact)
            .is_some_and(|before| before.conversation.is_some());
        if !was_known {
            self.say(format!("{name} is a contact now"));
            let notice = self.notice(Kind::Contact, None, &name, None);
            effects.extend(notice.and_then(|notice| self.tell(notice)));
            self.open_next = self.open_next.take().or(first);
        }
        effects.extend(self.list_anew());
        effects
    }

    fn invited(&mut self, invitation: &GroupInvitation) -> Vec<Effect> {
        let by = chinwag_text::safe::person(&invitation.by_name, 40);
        let name = chinwag_text::safe::person(&invitation.name, 40);
        self.say(format!("{by} invites you to the group {name}: /groups"));
        let (by, name) = (&invitation.by_name, &invitation.name);
        let notice = self.notice(Kind::Invitation, None, by, Some(name));
        let told = notice.and_then(|notice| self.tell(notice));
        told.into_iter().chain([super::groups::ask_invitations(false)]).collect()
    }

    pub(super) fn arrived(&mut self, message: Message) -> Vec<Effect> {
        let conversation = message.conversation.clone();
        let names_us = message.mentions_me;
        let is_for_us = names_us || self.has_a_word_of_ours(&message);
        let (is_focused, is_me) = (self.is_focused, message.author.is_me);
        let is_current = self.chats.current().is_some_and(|chat| chat.id() == conversation);
        let kind = if is_for_us { Kind::Mention } else { Kind::Message };
        let place = Some(conversation.clone());
        let notice = self.notice(kind, place, &message.author.name, message.text.as_deref());
        let Some(chat) = self.chats.get_mut(&conversation) else { return self.list_anew() };
        let is_told = match chat.conversation.notify {
            NotifyLevel::None => false,
            NotifyLevel::Mentions => is_for_us,
            NotifyLevel::All | NotifyLevel::Unknown => true,
        };
        // What was done in a group is not what somebody said.
        let is_done = message.kind == "membership";
        let is_settings = is_done || message.kind == "settings";
        let mut effects = Vec::new();
        chat.pending.retain(|pending| pending.id.as_ref() != Some(&message.id));
        chat.conversation.last = Some(message.clone());
        if !is_me {
            chat.typing_until = None;
        }
        let is_in_order = chat.timeline.is_loaded && chat.timeline.arrived(message);
        if chat.timeline.is_loaded && !is_in_order {
            effects.push(page(&conversation, Part::Newest, None));
        }
        let is_seen = is_current && is_focused && chat.timeline.is_at_end();
        if !is_me && is_seen {
            let params = OneConversation { conversation: conversation.clone() };
            effects.push(Ask::of::<ConversationMarkRead>(Tag::Nothing, params));
        } else if !is_me && !is_done {
            chat.conversation.unread += 1;
            chat.conversation.unread_mentions += u64::from(names_us);
            if chat.conversation.unread == 1 && is_current {
                chat.timeline.mark_unread(1);
            }
            let notice = notice.filter(|_| is_told);
            effects.extend(notice.and_then(|notice| self.tell(notice)));
        }
        self.chats.raise(&conversation);
        if is_settings {
            effects.extend(self.list_anew());
        }
        if is_done && is_current {
            effects.extend(self.ask_who_reads());
        }
        effects
    }

    fn notice(
        &self,
        kind: Kind,
        conversation: Option<Id>,
        sender: &str,
        text: Option<&str>,
    ) -> Option<Notice> {
        let when = (self.now, &self.options.zone);
        self.options.notifications.notice(kind, when, conversation, sender, text)
    }

    /// Tells something, unless something was told just now.
    fn tell(&mut self, notice: Notice) -> Option<Effect> {
        if self.now.as_second() - self.notified.as_second() < NOTIFY_EVERY_S {
            return None;
        }
        self.notified = self.now;
        Some(Effect::Notify(notice))
    }

    /// Whether a message of somebody else has one of the words in it that we want to hear of.
    fn has_a_word_of_ours(&self, message: &Message) -> bool {
        let wanted = &self.options.notifications.words;
        let text = message.text.as_deref().filter(|_| !message.author.is_me).unwrap_or_default();
        wanted.iter().any(|word| !words(text, word).is_empty())
    }
}
