//! What is done by whole lines instead of keys, for the [linear client](crate::linear).

use chinwag_api::method::{
    EditMessage, MessageAudience, MessageEdit, MessageRetract, MessageWhy, OneMessage,
};
use chinwag_api::model::{Id, Message};

use super::commands::sure;
use super::{App, Asked, Window};
use crate::actions::{Act, Action};
use crate::msg::{Ask, Effect, Part, Tag};
use crate::timeline::Edge;

impl App {
    /// The command that a line with a slash names, and what stands behind it. None: there is no such
    /// command, and that was said.
    pub fn command_of<'a>(&mut self, line: &'a str) -> Option<(&'static Action, &'a str)> {
        self.parsed(line)
    }

    /// Whether the conversations are being listed: who has just become a contact is not among them yet.
    pub fn is_listing(&self) -> bool {
        matches!(self.scene, super::Scene::Talking) && self.listing.0
    }

    /// Says something where one is, or in answer to a message, in its conversation.
    pub fn say_by_line(&mut self, text: &str, answers: Option<&Message>) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Some(message) = answers {
            effects.extend(self.open(&message.conversation));
        }
        let reply_to = answers.map(|message| message.id.clone());
        effects.extend(self.say_to_current(text.to_owned(), reply_to));
        effects
    }

    /// Does something with a message that was shown before.
    pub fn with_message(&mut self, act: Act, message: &Message, args: &str) -> Vec<Effect> {
        let (args, is_sure) = if act == Act::Retract { sure(args) } else { (args, false) };
        let mut effects = self.about_message(act, message, args);
        effects.extend(self.answer_yes(is_sure));
        effects
    }

    fn about_message(&mut self, act: Act, message: &Message, args: &str) -> Vec<Effect> {
        let (id, is_mine) = (message.id.clone(), message.author.is_me);
        let chat = self.chats.get(&message.conversation);
        let is_plain = chat.is_some_and(super::Chat::is_classroom);
        match act {
            Act::Reply | Act::Edit | Act::React | Act::Retract if is_plain => {
                self.wrong(super::classroom::PLAIN_ONLY);
                Vec::new()
            }
            Act::Reply | Act::Edit if args.is_empty() => {
                self.wrong("the words stand behind the number");
                Vec::new()
            }
            Act::Reply => self.say_by_line(args, Some(message)),
            Act::Edit if is_mine && message.gone.is_none() => {
                let params = EditMessage { id, text: args.to_owned() };
                vec![Ask::of::<MessageEdit>(Tag::Changed, params)]
            }
            Act::Edit => {
                self.wrong("only words of your own can be changed");
                Vec::new()
            }
            Act::React => Self::react(message, args),
            Act::Retract if is_mine => {
                let question =
                    "Take this message back? Its words are deleted on all devices of both; \
                                a program that was changed can keep a copy."
                        .to_owned();
                let then = vec![Ask::of::<MessageRetract>(Tag::Changed, OneMessage { id })];
                self.window = Some(Window::Asked(Asked::new(question, then)));
                Vec::new()
            }
            Act::Retract => {
                self.wrong("only messages of your own can be taken back");
                Vec::new()
            }
            Act::Who => vec![Ask::of::<MessageAudience>(Tag::Audience, OneMessage { id })],
            _ => vec![Ask::of::<MessageWhy>(Tag::Why, OneMessage { id })],
        }
    }

    /// Chooses the `n`th of the list that is open, counted from 1. None: there is no such line, and the
    /// list stays.
    pub fn choose_nth(&mut self, n: usize) -> Option<Vec<Effect>> {
        let Some(Window::List(list)) = &mut self.window else { return None };
        let at = n.checked_sub(1).filter(|at| *at < list.shown.len())?;
        list.chosen = at;
        Some(self.choose())
    }

    /// Asks for what is before the part of the conversation that is here, if there is something.
    pub fn older(&mut self) -> Option<Effect> {
        let chat = self.chats.current_mut()?;
        if chat.timeline.older != Edge::Open {
            return None;
        }
        let oldest = chat.timeline.oldest()?.id.clone();
        chat.timeline.older = Edge::Asked;
        let id: Id = chat.id().to_owned();
        Some(super::page(&id, Part::Older, Some(oldest)))
    }
}
