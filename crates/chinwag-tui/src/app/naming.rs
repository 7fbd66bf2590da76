//! Naming somebody, and being named: what is completed behind an `@`, how much is told of a conversation, and
//! whose name looks like that of somebody else.

use chinwag_api::method::{ConversationNotify, SetNotify};
use chinwag_api::model::{Contact, Conversation, NotifyLevel};
use chinwag_text::safe::{one_line, person};

use super::answers::alike;
use super::{App, Chat};
use crate::actions::Act;
use crate::msg::{Ask, Effect, Tag};

/// Characters of a name that are completed.
const NAME_MAX: usize = 64;

impl App {
    /// `/mute` and `/unmute`: how much is told of the conversation that is named, or that is open.
    pub(super) fn mute(&mut self, act: Act, args: &str) -> Vec<Effect> {
        let (name, level) = match args.split_once("--level") {
            Some((name, level)) => (name.trim(), level.trim()),
            None if ["none", "mentions", "all"].contains(&args.trim()) => ("", args.trim()),
            None => (args.trim(), if act == Act::Unmute { "all" } else { "none" }),
        };
        let level = match level {
            "none" => NotifyLevel::None,
            "mentions" => NotifyLevel::Mentions,
            "all" => NotifyLevel::All,
            _ => {
                self.wrong("/mute NAME, with --level none, mentions or all behind it");
                return Vec::new();
            }
        };
        let open = self.chats.current().map(|chat| chat.id().to_owned());
        let named = (!name.is_empty()).then(|| name.to_owned());
        let Some(conversation) = named.or(open) else { return Vec::new() };
        vec![Ask::of::<ConversationNotify>(Tag::Told, SetNotify { conversation, level })]
    }

    /// How much is told of a conversation from now on.
    pub(super) fn told(&mut self, conversation: &Conversation) {
        let name = person(&conversation.name, 40);
        if let Some(chat) = self.chats.get_mut(&conversation.id) {
            chat.conversation.notify = conversation.notify;
        }
        self.say(match conversation.notify {
            NotifyLevel::None => format!("nothing of {name} is told any more; /unmute ends it"),
            NotifyLevel::Mentions => format!("of {name} only what names you is told"),
            NotifyLevel::All | NotifyLevel::Unknown => format!("everything of {name} is told"),
        });
    }

    /// Whom a contact could be taken for, behind their name.
    pub fn looks_like(&self, contact: &str) -> String {
        self.contacts.get(contact).map(|contact| alike(&contact.looks_like)).unwrap_or_default()
    }

    /// What stands before the cursor from an `@` on, and the names that it can become. None: nobody is being
    /// named. A name may have blanks in it.
    pub(super) fn named_here(&self, chat: &Chat, before: &str) -> Option<(String, Vec<String>)> {
        let at = before.rfind('@')?;
        let typed = before.get(at..)?;
        let is_within = before.get(..at)?.chars().next_back().is_some_and(char::is_alphanumeric);
        if is_within || typed.contains('\n') || typed.chars().count() > NAME_MAX {
            return None;
        }
        let small = typed.get(1..)?.to_lowercase();
        let fits = |name: &str| name.to_lowercase().starts_with(&small);
        let fitting = |names: Vec<(String, String)>| -> Vec<String> {
            // What would be shown otherwise than it is could not be typed either.
            let names = names.into_iter().filter(|(_, own)| one_line(own) == *own);
            let fit = names.filter(|(called, own)| fits(called) || fits(own));
            fit.map(|(_, own)| format!("@{own} ")).collect()
        };
        let mut fit = fitting(self.names_in(chat));
        if fit.is_empty() && !chat.is_classroom() {
            // Of others one speaks too.
            fit = fitting(self.contacts.values().map(names_of).collect());
        }
        let is_one_word = !typed.contains(char::is_whitespace);
        (is_one_word || !fit.is_empty()).then(|| (typed.to_owned(), fit))
    }

    /// Who is in a conversation beside us: what we call them, and what they call themselves, by which they
    /// are named.
    fn names_in(&self, chat: &Chat) -> Vec<(String, String)> {
        if chat.is_group() {
            return chat.members.iter().map(|own| (self.called(own), own.clone())).collect();
        }
        if let Some(peer) = &chat.conversation.classroom {
            return vec![(peer.team.clone(), peer.team.clone())];
        }
        let name = chat.conversation.name.clone();
        let contact = self.contacts.get(&chat.conversation.contact).map(names_of);
        vec![contact.unwrap_or_else(|| (name.clone(), name))]
    }

    /// What we call the contact who calls themselves so.
    fn called(&self, own: &str) -> String {
        let mut contacts = self.contacts.values();
        let contact = contacts.find(|contact| contact.own_name.as_deref() == Some(own));
        contact.map_or_else(|| own.to_owned(), |contact| contact.name.clone())
    }
}

/// What we call a contact, and what they call themselves.
fn names_of(contact: &Contact) -> (String, String) {
    let own = contact.own_name.clone().unwrap_or_else(|| contact.name.clone());
    (contact.name.clone(), own)
}
