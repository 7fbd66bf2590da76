//! `chinwag chat`: a conversation on plain lines.
//!
//! One loop in which the keyboard and what happens meet. `input` decides what a line means, `board`
//! knows what was shown; everything that is done goes through the local API, as any other program
//! could do it.

mod board;
mod input;

use std::time::Duration;

use chinwag_api::event::{Event, What};
use chinwag_api::method::{
    ConversationDigest, ConversationList, ConversationMarkRead, EditMessage, ListConversations,
    ListMessages, MessageEdit, MessageList, MessageReact, MessageRetract, MessageSend, MessageWhy,
    Nothing, OneConversation, OneMessage, PeerList, React, SendMessage,
};
use chinwag_api::model::{Conversation, Id, Message};
use tokio::time::{Instant, sleep_until};

use self::board::Board;
use self::input::{Which, Wish};
use super::send::new_client_id;
use crate::args::messages::Chat as Args;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Heard, Need, Node, until_done};
use crate::output;
use crate::show::message::{self, Style};
use crate::show::people::name;
use crate::terminal::console::{Console, Typed};
use crate::terminal::signals::Signals;
use chinwag_text::words;

/// How long a message may take to be delivered before it is said that it is only saved.
const DELIVERY_USUAL: Duration = Duration::from_millis(800);

/// How long to wait for more before what was shown is marked as read.
const READ_AFTER: Duration = Duration::from_millis(100);

/// Runs the chat until somebody leaves.
pub(super) async fn run(context: &Context, args: Args) -> Result<Exit, Failure> {
    until_done(context, Need::Account, async |node, signals| {
        let heard = node.hear(None).await?;
        let conversation = conversation(node, args.name).await?;
        let mut chat = Chat {
            node,
            context,
            prompt: String::new(),
            conversation,
            console: Console::open(),
            board: Board::default(),
            read_due: None,
            news_due: None,
        };
        let exit = match chat.begin(args.history).await {
            Ok(()) => chat.talk(heard, signals, Duration::from_secs(args.linger.linger)).await,
            Err(failure) => Err(failure),
        };
        let printed = chat.console.finish().await;
        exit.and_then(|exit| printed.map(|()| exit))
    })
    .await
}

/// The conversation with somebody who was named.
async fn conversation(node: &Node, typed: String) -> Result<Conversation, Failure> {
    let params = OneConversation { conversation: typed };
    let id = node.call::<ConversationDigest>(params).await?.conversation;
    let all = node.call::<ConversationList>(ListConversations::default()).await?;
    let found = all.into_iter().find(|conversation| conversation.id == id);
    found.ok_or_else(|| Failure::saying(Exit::NotFound, "there is no conversation with them yet"))
}

/// What can happen to a chat.
enum Happening {
    Typed(Typed),
    Heard(Option<Box<Event>>),
    ReadDue,
    NewsDue,
    TimeIsUp,
    Signal(Exit),
}

struct Chat<'a> {
    node: &'a Node,
    context: &'a Context,
    prompt: String,
    conversation: Conversation,
    console: Console,
    board: Board,
    /// When to mark as read what was shown.
    read_due: Option<Instant>,
    /// When to say of what we sent that it is only saved.
    news_due: Option<Instant>,
}

impl Chat<'_> {
    fn style(&self) -> Style {
        Style { columns: None, ..self.context.style() }
    }

    /// Says with whom, and what was said before.
    async fn begin(&mut self, history: u32) -> Result<(), Failure> {
        let who = name(&self.conversation.name);
        if self.console.is_terminal() {
            self.prompt = format!("{who}> ");
            let connected = self.is_connected().await?;
            let there = if connected { "connected" } else { "away: what you say is kept for them" };
            let there = if self.conversation.kind == "self" { "your own devices" } else { there };
            self.console.print(&format!("Chat with {who} ({there}). /help lists the commands."));
        }
        if history > 0 {
            self.show_history(history).await?;
        }
        self.console.ask(&self.prompt);
        Ok(())
    }

    async fn is_connected(&self) -> Result<bool, Failure> {
        let peers = self.node.call::<PeerList>(Nothing {}).await?;
        let is_theirs = |contact: &Id| *contact == self.conversation.contact;
        Ok(peers.iter().any(|peer| peer.connected && is_theirs(&peer.contact)))
    }

    async fn show_history(&mut self, count: u32) -> Result<(), Failure> {
        let params = ListMessages {
            conversation: self.conversation.id.clone(),
            limit: Some(count),
            before: None,
            after: None,
        };
        for message in &self.node.call::<MessageList>(params).await?.messages {
            self.show(message, false);
        }
        Ok(())
    }

    async fn talk(
        &mut self,
        mut heard: Heard,
        signals: &mut Signals,
        linger: Duration,
    ) -> Result<Exit, Failure> {
        let exit = loop {
            let leaves = match self.next(&mut heard, signals, None).await {
                Happening::Typed(typed) => self.typed(typed).await?,
                Happening::Heard(Some(event)) => self.heard(&event),
                Happening::Heard(None) => {
                    tokio::select! {
                        exit = signals.received() => return Ok(exit),
                        again = self.node.hear_on(&mut heard) => again?,
                    }
                    None
                }
                Happening::ReadDue => self.mark_read().await?,
                Happening::NewsDue => {
                    self.news_due = None;
                    self.say_news(true)
                }
                Happening::TimeIsUp => None,
                Happening::Signal(Exit::Interrupted) if self.console.is_terminal() => {
                    self.typed(Typed::Interrupt { cleared: false }).await?
                }
                Happening::Signal(exit) => return Ok(exit),
            };
            if let Some(exit) = leaves {
                break exit;
            }
        };
        self.leave(exit, heard, signals, linger).await
    }

    async fn next(
        &mut self,
        heard: &mut Heard,
        signals: &mut Signals,
        until: Option<Instant>,
    ) -> Happening {
        let due = |at: Option<Instant>| at.unwrap_or_else(Instant::now);
        let (read, news, end) = (due(self.read_due), due(self.news_due), due(until));
        // A pipe that has ended would say so again and again.
        let may_type = until.is_none() || self.console.is_terminal();
        tokio::select! {
            exit = signals.received() => Happening::Signal(exit),
            event = heard.next() => Happening::Heard(event.map(Box::new)),
            typed = self.console.typed(), if may_type => Happening::Typed(typed),
            () = sleep_until(read), if self.read_due.is_some() => Happening::ReadDue,
            () = sleep_until(news), if self.news_due.is_some() => Happening::NewsDue,
            () = sleep_until(end), if until.is_some() => Happening::TimeIsUp,
        }
    }

    /// Does what was typed. `Some`: it was the end.
    async fn typed(&mut self, typed: Typed) -> Result<Option<Exit>, Failure> {
        match typed {
            Typed::Interrupt { cleared: true } => {}
            Typed::Interrupt { cleared: false } | Typed::End => return Ok(Some(Exit::Done)),
            Typed::NotTaken(why) => {
                self.console.print(&format!("that line is {why}: it was not sent"));
            }
            Typed::Line(line) => match input::parse(&line) {
                Wish::Quit => return Ok(Some(Exit::Done)),
                wish => {
                    if let Err(failure) = self.fulfil(wish).await {
                        self.say_failure(&failure)?;
                    }
                }
            },
        }
        self.console.ask(&self.prompt);
        Ok(None)
    }

    /// Says why something was not done; gives up where nothing more can be.
    fn say_failure(&mut self, failure: &Failure) -> Result<(), Failure> {
        if failure.exit == Exit::Internal {
            return Err(Failure::saying(failure.exit, &failure.error));
        }
        let mut words = output::one_line(&self.board.in_numbers(&format!("{:#}", failure.error)));
        if let Some(hint) = &failure.hint {
            words = format!("{words}; {}", output::one_line(hint));
        }
        self.console.print(&words);
        Ok(())
    }

    async fn fulfil(&mut self, wish: Wish) -> Result<(), Failure> {
        match wish {
            Wish::Nothing | Wish::Quit => Ok(()),
            Wish::Say(text) => self.send(text, None).await,
            Wish::Reply(to, text) => {
                let to = self.id(&to)?;
                self.send(text, Some(to)).await
            }
            // What a change looks like is told as an event.
            Wish::Edit(which, text) => {
                let params = EditMessage { id: self.id(&which)?, text };
                self.node.call::<MessageEdit>(params).await.map(drop)
            }
            Wish::React { to, emoji, remove } => {
                let params = React { id: self.id(&to)?, emoji, remove };
                self.node.call::<MessageReact>(params).await.map(drop)
            }
            Wish::Retract(which) => {
                let params = OneMessage { id: self.id(&which)? };
                self.node.call::<MessageRetract>(params).await.map(drop)
            }
            Wish::Why(which) => self.say_why(which).await,
            Wish::History(count) => self.show_history(count).await,
            Wish::Help => {
                self.console.print(input::HELP);
                Ok(())
            }
            Wish::Wrong(words) => {
                self.console.print(&words);
                Ok(())
            }
        }
    }

    fn id(&self, which: &Which) -> Result<Id, Failure> {
        self.board.id(which).ok_or_else(|| {
            Failure::saying(Exit::NotFound, "no message has this number here; nothing was done")
        })
    }

    async fn send(&mut self, text: String, reply_to: Option<Id>) -> Result<(), Failure> {
        let params = SendMessage {
            to: self.conversation.id.clone(),
            text,
            // The same again, should the node end before it answers, is the same message.
            client_id: Some(new_client_id()),
            reply_to,
            wait_for: None,
            timeout_ms: None,
            require_verified: false,
        };
        let sent = self.node.call::<MessageSend>(params).await?;
        self.board.number_sent(&sent.id, sent.state);
        self.news_due.get_or_insert_with(|| Instant::now() + DELIVERY_USUAL);
        Ok(())
    }

    async fn say_why(&mut self, which: Option<Which>) -> Result<(), Failure> {
        let id = match which {
            Some(which) => self.id(&which)?,
            None => self.board.last_of_ours().ok_or_else(|| {
                Failure::saying(Exit::NotFound, "none of the messages here is yours")
            })?,
        };
        let why = self.node.call::<MessageWhy>(OneMessage { id }).await?;
        let style = self.style();
        self.console.print(&message::why(&why, &style));
        Ok(())
    }

    /// Shows what happened, if it belongs here.
    fn heard(&mut self, event: &Event) -> Option<Exit> {
        match &event.what {
            What::Message { message } if self.is_ours(&message.conversation) => {
                if self.board.number_of(&message.id).is_none() {
                    self.show(message, false);
                }
                None
            }
            What::MessageChanged { message } if self.is_ours(&message.conversation) => {
                if self.board.number_of(&message.id).is_some() {
                    self.show(message, true);
                }
                None
            }
            What::MessageState { conversation, through, state, .. }
                if self.is_ours(conversation) =>
            {
                self.board.came(through, *state);
                self.say_news(false)
            }
            What::Peer { contact, name: who, connected, .. }
                if *contact == self.conversation.contact && self.console.is_terminal() =>
            {
                let is = if *connected { "connected" } else { "away" };
                self.say_aside(&format!("{} is {is}", name(who)));
                None
            }
            _ => None,
        }
    }

    fn is_ours(&self, conversation: &str) -> bool {
        conversation == self.conversation.id
    }

    fn show(&mut self, message: &Message, is_changed: bool) {
        self.board.note(message);
        let (number, _) = self.board.number(&message.id, message.state);
        let style = self.style();
        let time = style.clock.time_of_day(&message.sent_at);
        let what = match message.state {
            _ if is_changed => " changed",
            Some(state) => &format!(" {}", message::state(state)),
            None => "",
        };
        let lead = format!("#{number} {time}{what}  ");
        let is_ours = |id: &str| self.board.is_ours(id);
        let row = message::row(message, &lead, is_ours, &style);
        self.console.print(&row);
        if !message.author.is_me {
            self.read_due.get_or_insert_with(|| Instant::now() + READ_AFTER);
        }
    }

    fn say_news(&mut self, has_waited: bool) -> Option<Exit> {
        for news in self.board.news(has_waited) {
            self.say_aside(&news);
        }
        None
    }

    fn say_aside(&mut self, words: &str) {
        let line = self.style().paint.dim(&format!("· {words}"));
        self.console.print(&line);
    }

    async fn mark_read(&mut self) -> Result<Option<Exit>, Failure> {
        self.read_due = None;
        let params = OneConversation { conversation: self.conversation.id.clone() };
        self.node.call::<ConversationMarkRead>(params).await?;
        Ok(None)
    }

    /// Marks what was shown as read, and where no daemon runs waits until what was said is
    /// delivered, but no longer than `linger` or than somebody likes.
    async fn leave(
        &mut self,
        exit: Exit,
        mut heard: Heard,
        signals: &mut Signals,
        linger: Duration,
    ) -> Result<Exit, Failure> {
        self.console.ask_no_more();
        if self.read_due.is_some() {
            self.mark_read().await?;
        }
        let until = Instant::now() + linger;
        if self.node.is_here() && self.board.undelivered() > 0 && self.console.is_terminal() {
            self.console
                .print("Waiting for the last words to be delivered; Ctrl-C ends the waiting.");
        }
        while self.node.is_here() && self.board.undelivered() > 0 {
            match self.next(&mut heard, signals, Some(until)).await {
                Happening::Heard(Some(event)) => {
                    self.heard(&event);
                }
                Happening::Typed(Typed::Line(_) | Typed::NotTaken(_)) => self.console.ask_no_more(),
                Happening::ReadDue => self.read_due = None,
                Happening::NewsDue => self.news_due = None,
                Happening::Signal(Exit::Interrupted) if self.console.is_terminal() => break,
                Happening::Signal(exit) => return Ok(exit),
                Happening::Typed(_) | Happening::Heard(None) | Happening::TimeIsUp => break,
            }
        }
        self.say_news(true);
        match self.board.undelivered() {
            0 => {}
            n => self.console.print(&format!(
                "{} saved and not delivered yet: sent whenever chinwag runs.",
                words::MESSAGE.count(n as u64)
            )),
        }
        if self.console.is_terminal() {
            self.console.print("Bye.");
        }
        Ok(exit)
    }
}
