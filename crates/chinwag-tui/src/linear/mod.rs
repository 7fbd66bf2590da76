//! The same client as plain lines, for screen readers, dumb terminals and pipes.
//!
//! No place of the screen is written twice, and nothing is written that a terminal would obey: what
//! happens is a line, and what is typed is a line. Each message has a number, under which it is answered,
//! changed or asked about. What is known, and the commands, are those of the [screen](crate::app).

mod driver;

use std::collections::{HashMap, VecDeque};

use chinwag_api::event::What;
use chinwag_api::model::{Id, Message, MessageState};
use chinwag_text::safe::{one_line, person, short};
use crossterm::event::{KeyCode, KeyEvent};

pub use driver::{Input, run};

use crate::actions::{ACTIONS, Act};

use crate::app::{
    About, App, Choice, List, ListKind, PeersView, Scene, Window, is_ticket, numbered,
};
use crate::msg::{Effect, Msg, Part, Tag};
use crate::timeline::Edge;
use crate::view::message::{self, author, on_one_line, reacted};

/// Messages that keep their number.
const NUMBERED_MAX: usize = 2_000;

/// Messages that are shown when a conversation is opened.
const SHOWN_AT_FIRST: usize = 10;

/// Messages that are shown at once of what was before, or of what was missed.
const SHOWN_AT_ONCE: usize = 20;

/// Characters of what was written in an editor that are said again.
const WRITTEN_SHOWN: usize = 400;

/// Lines that are kept while nothing is there to type them to.
const EARLY_MAX: usize = 4_096;

/// What of everything was already said.
#[derive(Debug, Default)]
struct Told {
    scene: Option<&'static str>,
    window: Option<String>,
    lost: Option<String>,
    conversation: Option<Id>,
    /// Whether what is in the conversation was shown.
    has_shown: bool,
    /// What was typed in it and not sent.
    draft: Option<String>,
}

/// The client as lines.
#[derive(Debug)]
pub struct Lines {
    /// What is known.
    pub app: App,
    said: Vec<String>,
    told: Told,
    /// The messages with the last numbers.
    kept: VecDeque<Message>,
    /// The number of the next message.
    next: u64,
    numbers: HashMap<Id, u64>,
    early: VecDeque<String>,
    /// Whether what was before was asked for and is to be shown when it comes.
    wants_older: bool,
    /// Whether it was asked whether to send what was written in an editor.
    asks_to_send: bool,
    /// Whether what is secret may be shown: where somebody sits at a terminal.
    is_terminal: bool,
}

impl Lines {
    /// Before anything is known.
    pub fn new(mut app: App, is_terminal: bool) -> Self {
        app.options.is_linear = true;
        Self {
            app,
            said: Vec::new(),
            told: Told::default(),
            kept: VecDeque::new(),
            next: 1,
            numbers: HashMap::new(),
            early: VecDeque::new(),
            wants_older: false,
            asks_to_send: false,
            is_terminal,
        }
    }

    /// What is to be printed, line by line.
    pub fn said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    /// Whether there is no account, and nobody who could be asked for a name.
    pub fn is_stuck(&self) -> bool {
        !self.is_terminal && matches!(self.app.scene, Scene::Naming { .. })
    }

    /// Whether everything that was typed was done, as far as it is to be done here.
    pub fn is_done(&self) -> bool {
        self.early.is_empty() && self.app.chats.all().iter().all(|chat| chat.pending.is_empty())
    }

    /// Whether a line that is typed now has to wait.
    pub fn is_waiting(&self) -> bool {
        self.app.is_too_early() || self.app.is_listing()
    }

    /// Takes what happened, and says what is to be done.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let what = match &msg {
            Msg::Event(event) => Some(event.what.clone()),
            _ => None,
        };
        let page = match &msg {
            Msg::Answer(Tag::Page { conversation, part }, _) => {
                Some((conversation.clone(), part.clone()))
            }
            _ => None,
        };
        let is_found = matches!(&msg, Msg::Answer(Tag::Found { .. }, _));
        let is_written = matches!(&msg, Msg::Edited(Some(_)));
        let mut effects = self.app.update(msg);
        if is_written {
            self.tell_written();
            effects.extend(self.app.keep_drafts());
        }
        match what {
            Some(What::Message { message } | What::Classroom { message: Some(message), .. }) => {
                self.tell_message(&message, false);
            }
            Some(What::MessageChanged { message }) => self.tell_change(&message),
            Some(What::MessageState { through, state, .. }) => self.tell_state(&through, state),
            _ => {}
        }
        effects.extend(self.tell(page, is_found));
        while !self.early.is_empty() && !self.is_waiting() {
            let Some(line) = self.early.pop_front() else { break };
            effects.extend(self.typed(&line));
        }
        effects
    }

    /// Takes a line that was typed.
    pub fn typed(&mut self, line: &str) -> Vec<Effect> {
        if self.is_waiting() {
            if self.early.len() < EARLY_MAX {
                self.early.push_back(line.to_owned());
            }
            return Vec::new();
        }
        let mut effects = match self.app.scene {
            Scene::Naming { .. } | Scene::Choosing { .. } => {
                self.told.scene = None;
                let mut effects = self.app.update(Msg::Paste(line.to_owned()));
                effects.extend(self.enter());
                effects
            }
            Scene::Words(_) => self.enter(),
            _ => self.talk(line),
        };
        effects.extend(self.tell(None, false));
        effects
    }

    fn enter(&mut self) -> Vec<Effect> {
        self.app.update(Msg::Key(KeyEvent::from(KeyCode::Enter)))
    }

    fn talk(&mut self, line: &str) -> Vec<Effect> {
        let word = line.trim();
        if std::mem::take(&mut self.asks_to_send) {
            let is = |answer: &str| word.eq_ignore_ascii_case(answer);
            if is("yes") || is("y") {
                return self.send_written();
            }
            self.system("not sent; /editor opens it again");
            // Whatever else was typed was meant for somebody, and is not an answer.
            if is("no") || is("n") || word.is_empty() {
                return Vec::new();
            }
        }
        match &self.app.window {
            Some(Window::Asked(_)) => {
                let is_yes = word.eq_ignore_ascii_case("yes") || word.eq_ignore_ascii_case("y");
                let key = KeyCode::Char(if is_yes { 'y' } else { 'n' });
                let effects = self.app.update(Msg::Key(KeyEvent::from(key)));
                self.told.window = None;
                if !is_yes {
                    self.system("not done");
                }
                // Whatever else was typed was meant for somebody, and is not an answer.
                let is_no = word.eq_ignore_ascii_case("no") || word.eq_ignore_ascii_case("n");
                if is_yes || is_no || word.is_empty() {
                    return effects;
                }
            }
            Some(Window::List(_)) => {
                if let Ok(n) = word.parse::<usize>() {
                    let Some(effects) = self.app.choose_nth(n) else {
                        self.wrong("there is no such line");
                        return Vec::new();
                    };
                    self.told.window = None;
                    return effects;
                }
                (self.app.window, self.told.window) = (None, None);
            }
            _ => (self.app.window, self.told.window) = (None, None),
        }
        if word.is_empty() {
            Vec::new()
        } else if line.starts_with('/') && !line.starts_with("//") {
            self.command(line)
        } else if is_ticket(line) {
            self.app.ask_about_ticket(line.trim())
        } else {
            let text = line.strip_prefix('/').unwrap_or(line);
            self.app.say_by_line(text, None)
        }
    }

    fn command(&mut self, line: &str) -> Vec<Effect> {
        let Some((action, args)) = self.app.command_of(line) else { return Vec::new() };
        match action.act {
            act @ (Act::Reply | Act::React | Act::Edit | Act::Retract | Act::Why | Act::Who) => {
                self.with_number(act, args)
            }
            Act::Help => {
                self.help();
                Vec::new()
            }
            Act::PageUp => {
                self.wants_older = true;
                self.tell_older().into_iter().collect()
            }
            Act::Search if args.is_empty() => {
                self.wrong("say for what: /search WORDS");
                Vec::new()
            }
            Act::Words if !self.is_terminal => {
                self.wrong("the recovery words are shown on a terminal only");
                Vec::new()
            }
            Act::Editor if !self.is_terminal => {
                self.wrong("an editor needs a terminal");
                Vec::new()
            }
            Act::Editor => vec![Effect::Edit(self.draft().unwrap_or_default())],
            Act::Theme | Act::ClearScreen => {
                self.wrong("that is for the screen; these are lines");
                Vec::new()
            }
            act => self.app.run(act, args),
        }
    }

    /// What is typed where one is and not sent.
    fn draft(&self) -> Option<String> {
        let chat = self.app.chats.current()?;
        Some(chat.composer.text()).filter(|text| !text.trim().is_empty())
    }

    /// Says what was written in an editor, and asks whether it is to be sent.
    fn tell_written(&mut self) {
        let draft = self.draft();
        self.told.draft.clone_from(&draft);
        match draft {
            Some(text) => {
                let is_for = self.is_for();
                self.system(format!("You have written{is_for}: {}", in_one_line(&text)));
                self.system("Send it? yes or no");
                self.asks_to_send = true;
            }
            None => self.system("nothing is written"),
        }
    }

    fn send_written(&mut self) -> Vec<Effect> {
        self.told.draft = None;
        self.app.send_typed()
    }

    /// What the words are for that are typed where one is, in words of ours.
    fn is_for(&self) -> String {
        let number = |id: &Id| match self.numbers.get(id) {
            Some(number) => format!("message {number}"),
            None => "a message".to_owned(),
        };
        match self.app.chats.current().map(|chat| &chat.about) {
            Some(About::Reply(id)) => format!(", in answer to {}", number(id)),
            Some(About::Edit(id)) => format!(", as other words for {}", number(id)),
            _ => String::new(),
        }
    }

    /// Says what was typed here before and not sent.
    fn tell_draft(&mut self) {
        let draft = self.draft();
        if self.told.draft == draft {
            return;
        }
        self.told.draft.clone_from(&draft);
        if let Some(text) = draft {
            let is_for = self.is_for();
            self.system(format!("Typed here before and not sent{is_for}: {}", in_one_line(&text)));
            if self.is_terminal {
                self.system("/editor opens it, and then it can be sent.");
            }
        }
    }

    /// A command about a message: `/reply 12 words`.
    fn with_number(&mut self, act: Act, args: &str) -> Vec<Effect> {
        let (number, rest) = args.split_once(char::is_whitespace).unwrap_or((args, ""));
        let message = match number.parse::<u64>() {
            Ok(number) => self.numbered(number).cloned(),
            // The last one is meant where nothing else can be.
            Err(_) if args.is_empty() && matches!(act, Act::Why | Act::Who) => {
                self.kept.iter().rev().find(|message| message.author.is_me).cloned()
            }
            Err(_) => None,
        };
        if let Some(message) = message {
            self.app.with_message(act, &message, rest.trim())
        } else {
            self.wrong("which message? Its number stands before it, and behind the command");
            Vec::new()
        }
    }

    // Numbers.

    fn numbered(&self, number: u64) -> Option<&Message> {
        let first = self.next - u64::try_from(self.kept.len()).unwrap_or(0);
        let at = usize::try_from(number.checked_sub(first)?).ok()?;
        self.kept.get(at)
    }

    fn kept_mut(&mut self, id: &str) -> Option<(u64, &mut Message)> {
        let number = *self.numbers.get(id)?;
        let first = self.next - u64::try_from(self.kept.len()).unwrap_or(0);
        let at = usize::try_from(number.checked_sub(first)?).ok()?;
        self.kept.get_mut(at).map(|message| (number, message))
    }

    fn number(&mut self, message: &Message) -> u64 {
        let number = self.next;
        self.next += 1;
        self.numbers.insert(message.id.clone(), number);
        self.kept.push_back(message.clone());
        if self.kept.len() > NUMBERED_MAX
            && let Some(gone) = self.kept.pop_front()
        {
            self.numbers.remove(&gone.id);
        }
        number
    }

    // What is said.

    fn system(&mut self, text: impl AsRef<str>) {
        self.said.push(format!("System: {}", text.as_ref()));
    }

    fn wrong(&mut self, text: impl AsRef<str>) {
        self.said.push(format!("Error: {}", text.as_ref()));
    }

    /// A line that belongs to the one before. Its blanks keep it from passing for one with a role.
    fn further(&mut self, text: impl AsRef<str>) {
        self.said.push(format!("  {}", text.as_ref()));
    }

    /// Says what is different from what was said.
    fn tell(&mut self, page: Option<(Id, Part)>, is_found: bool) -> Vec<Effect> {
        self.tell_connection();
        if let Some(note) = self.app.note.take() {
            if note.is_wrong { self.wrong(note.text) } else { self.system(note.text) }
        }
        self.tell_scene();
        let effects = self.tell_conversation(page);
        self.tell_window(is_found);
        effects
    }

    fn tell_connection(&mut self) {
        if self.told.lost == self.app.lost {
            return;
        }
        self.told.lost.clone_from(&self.app.lost);
        match self.app.lost.clone() {
            Some(why) => {
                self.system(format!(
                    "not connected to the node ({}); trying again",
                    one_line(&why)
                ));
            }
            None => self.system("connected to the node again"),
        }
    }

    fn tell_scene(&mut self) {
        let name = match self.app.scene {
            Scene::Beginning => "beginning",
            Scene::Naming { is_asked: true, .. } => "making",
            Scene::Naming { .. } => "naming",
            Scene::Choosing { is_asked: true, .. } => "keeping",
            Scene::Choosing { .. } => "choosing",
            Scene::Words(_) => "words",
            Scene::Talking => "talking",
        };
        if self.told.scene == Some(name) || self.is_stuck() {
            return;
        }
        self.told.scene = Some(name);
        match &self.app.scene {
            Scene::Naming { is_asked: true, .. } => self.system("making the keys"),
            Scene::Naming { .. } => {
                self.system("Chinwag, from device to device, everything encrypted.");
                self.system("What shall others call you? It can be changed later.");
            }
            Scene::Choosing { is_asked: false, .. } => {
                for paragraph in self.app.options.relay_question.clone() {
                    self.system(paragraph);
                }
                self.system("lan, https://HOST or public? Enter alone is lan.");
            }
            Scene::Words(words) => {
                let rows = numbered(words, 4);
                self.system(
                    "These 24 words are the only way to get your account back when this device is \
                     lost. Whoever has them is you: write them on paper. /words shows them again.",
                );
                for row in rows {
                    self.further(row);
                }
                self.system("Enter when they are written down.");
            }
            _ => {}
        }
    }

    fn tell_conversation(&mut self, page: Option<(Id, Part)>) -> Vec<Effect> {
        let Some(chat) = self.app.chats.current() else { return Vec::new() };
        let id = chat.id().to_owned();
        if self.told.conversation.as_deref() != Some(&id) {
            self.told.conversation = Some(id.clone());
            self.told.has_shown = false;
            self.told.draft = None;
            self.asks_to_send = false;
            self.wants_older = false;
            self.tell_where();
        }
        let Some(chat) = self.app.chats.current() else { return Vec::new() };
        if !chat.timeline.is_loaded {
            return Vec::new();
        }
        let is_newest = page.as_ref().is_some_and(|(of, part)| *of == id && *part == Part::Newest);
        if !self.told.has_shown || is_newest {
            let count = if self.told.has_shown { SHOWN_AT_ONCE } else { SHOWN_AT_FIRST };
            let last: Vec<Message> = chat.timeline.messages().rev().take(count).cloned().collect();
            self.told.has_shown = true;
            for message in last.into_iter().rev() {
                self.tell_message(&message, true);
            }
        }
        self.tell_draft();
        self.tell_found();
        if self.wants_older && page.is_some_and(|(of, part)| of == id && part == Part::Older) {
            return self.tell_older().into_iter().collect();
        }
        Vec::new()
    }

    /// Says the message that a search led to.
    fn tell_found(&mut self) {
        let Some(chat) = self.app.chats.current_mut() else { return };
        let Some(found) = chat.timeline.selected().cloned() else { return };
        chat.timeline.select(None);
        match self.numbers.get(&found.id).copied() {
            Some(number) => self.system(format!("It is message {number}: {}", on_one_line(&found))),
            None => self.tell_message(&found, true),
        }
    }

    fn tell_where(&mut self) {
        let Some(chat) = self.app.chats.current() else { return };
        let name = chat.name(40);
        let is_classroom = chat.is_classroom();
        let is_self = chat.is_self();
        let (unread, mentions) = (chat.conversation.unread, chat.conversation.unread_mentions);
        let for_you = if mentions > 0 { format!(", {mentions} for you") } else { String::new() };
        let is_alone = self.app.chats.are_empty();
        match (is_self, unread) {
            (true, _) => self.system("You are in your notes to yourself."),
            (false, 0) => self.system(format!("You are in the conversation with {name}.")),
            (false, n) => {
                self.system(format!(
                    "You are in the conversation with {name}; {n} unread{for_you}."
                ));
            }
        }
        if is_classroom {
            self.system(format!("This is {}.", crate::app::NOT_PRIVATE));
        }
        if is_alone {
            self.system("To meet somebody: /invite makes a ticket, /add TICKET uses one.");
            self.system("/help lists the commands.");
        }
    }

    /// Says a message, with the next number, if it was not said before.
    fn tell_message(&mut self, message: &Message, has_time: bool) {
        if self.numbers.contains_key(&message.id) {
            return;
        }
        let quoted = message.reply_to.as_ref().map(|quote| match self.numbers.get(&quote.id) {
            Some(number) => format!(", in answer to {number}"),
            None => match &quote.excerpt {
                Some(words) => format!(", in answer to \"{}\"", short(words, 40)),
                None => ", in answer to what is not here".to_owned(),
            },
        });
        let number = self.number(message);
        let current = self.app.chats.current().map(crate::app::Chat::id);
        let place = match self.app.chats.get(&message.conversation) {
            // Wherever one is, and whoever they say they are.
            Some(chat) if chat.is_classroom() => {
                let address = chat.conversation.classroom.as_ref().map(|peer| &peer.address);
                let address = address.map(|address| one_line(address)).unwrap_or_default();
                format!(", in the classroom with {address}, not private")
            }
            Some(chat) if current != Some(chat.id()) && chat.is_self() => {
                ", in your notes".to_owned()
            }
            Some(chat) if current != Some(chat.id()) && message.author.is_me => {
                format!(", to {}", chat.name(40))
            }
            Some(chat) if current != Some(chat.id()) => ", elsewhere".to_owned(),
            Some(_) => String::new(),
            None => ", elsewhere".to_owned(),
        };
        let when = if has_time {
            let when = self.app.clock().moment(&message.sent_at);
            format!(", {}", when.get(..16).unwrap_or(&when))
        } else {
            String::new()
        };
        let state = message.state.filter(|_| has_time && message.author.is_me);
        let state = state.map(|state| format!(", {}", message::state(state))).unwrap_or_default();
        let edited = if message.edited && message.gone.is_none() { " (edited)" } else { "" };
        let named = if message.mentions_me { ", names you" } else { "" };
        let reactions: Vec<String> = message.reactions.iter().map(reacted).collect();
        let reactions = match reactions.join("; ") {
            none if none.is_empty() => none,
            some => format!(" ({some})"),
        };
        self.said.push(format!(
            "{number} {}{named}{place}{when}{state}{}: {}{edited}{reactions}",
            who(message),
            quoted.unwrap_or_default(),
            on_one_line(message),
        ));
    }

    fn tell_change(&mut self, message: &Message) {
        let Some((number, before)) = self.kept_mut(&message.id) else { return };
        let before = std::mem::replace(before, message.clone());
        let who = who(message);
        if before.gone != message.gone {
            self.system(format!("Message {number} of {who} is gone: {}", on_one_line(message)));
        } else if before.text != message.text {
            self.said.push(format!("{number} {who}, with other words: {}", on_one_line(message)));
        }
        if before.reactions != message.reactions {
            let reactions: Vec<String> = message.reactions.iter().map(reacted).collect();
            let says = if reactions.is_empty() { "none".to_owned() } else { reactions.join("; ") };
            self.system(format!("Reactions to message {number}: {says}"));
        }
    }

    fn tell_state(&mut self, through: &str, state: MessageState) {
        let Some((number, last)) = self.kept_mut(through) else { return };
        let (conversation, device) = (last.conversation.clone(), last.author.device.clone());
        let is_news = last.author.is_me && last.state.is_some_and(|before| before < state);
        for message in &mut self.kept {
            let is_ours = message.author.is_me
                && message.conversation == conversation
                && message.author.device == device;
            if is_ours && message.state.is_some_and(|before| before < state) {
                message.state = Some(state);
            }
            if message.id == through {
                break;
            }
        }
        if is_news {
            self.system(format!("Message {number} is {}.", message::state(state)));
        }
    }

    /// Says what was before what was said, or asks for it.
    fn tell_older(&mut self) -> Option<Effect> {
        let chat = self.app.chats.current()?;
        let before = chat.timeline.messages().position(|m| self.numbers.contains_key(&m.id));
        let before = before.unwrap_or(chat.timeline.len());
        let from = before.saturating_sub(SHOWN_AT_ONCE);
        let older: Vec<Message> =
            chat.timeline.messages().skip(from).take(before - from).cloned().collect();
        let is_waiting = chat.timeline.older != Edge::Closed;
        if !older.is_empty() {
            self.wants_older = false;
            self.system(format!("{} messages of before:", older.len()));
            for message in older {
                self.tell_message(&message, true);
            }
            return None;
        }
        if !is_waiting {
            self.wants_older = false;
            self.system("nothing is before that");
            return None;
        }
        self.app.older()
    }

    fn tell_window(&mut self, is_found: bool) {
        match self.app.window.take() {
            None => self.told.window = None,
            Some(Window::Pager(pager)) => {
                let title = pager.title.split(';').next().unwrap_or_default().to_owned();
                self.system(title);
                for line in pager.lines.iter().map(ToString::to_string) {
                    if !line.trim().is_empty() {
                        self.further(line);
                    }
                }
            }
            Some(Window::Peers(peers)) if peers.is_told => self.tell_peers(&peers),
            Some(Window::Asked(asked)) => {
                if self.told.window.as_ref() != Some(&asked.question) {
                    self.told.window = Some(asked.question.clone());
                    let lines: Vec<String> =
                        asked.question.lines().map(str::trim).map(one_line).collect();
                    let lines: Vec<&str> =
                        lines.iter().map(String::as_str).filter(|l| !l.is_empty()).collect();
                    self.system(lines.join(" ").replace("y notes", "yes notes"));
                    self.system("yes or no?");
                }
                self.app.window = Some(Window::Asked(asked));
            }
            Some(Window::List(list)) => self.tell_list(list, is_found),
            waiting => self.app.window = waiting,
        }
    }

    fn tell_list(&mut self, mut list: List, is_found: bool) {
        let is_search = matches!(list.kind, ListKind::Search { .. } | ListKind::Mentions);
        let key = format!("{:?}", list.kind);
        if self.told.window.as_ref() == Some(&key) || (is_search && !is_found) {
            self.app.window = Some(Window::List(list));
            return;
        }
        // Commands have names of their own here.
        list.rows.retain(|row| !matches!(row.choice, Choice::Action(_)));
        list.shown = (0..list.rows.len()).collect();
        if list.rows.is_empty() {
            let empty = if is_search { "nothing was found".to_owned() } else { list.empty };
            self.system(empty);
            return;
        }
        for (n, row) in list.rows.iter().enumerate() {
            self.said.push(format!("  {}. {}", n + 1, row.line.to_string().trim_end()));
        }
        self.system("The number of a line chooses it.");
        self.told.window = Some(key);
        self.app.window = Some(Window::List(list));
    }

    fn tell_peers(&mut self, view: &PeersView) {
        let clock = self.app.clock();
        if view.peers.is_empty() {
            self.system("nobody is known yet: /invite, /add");
        }
        for peer in &view.peers {
            let says = match (&peer.path, &peer.last_heard_at) {
                (Some(path), _) => format!(
                    "connected, {} {}, round trip {}, since {}",
                    one_line(&path.kind),
                    one_line(&path.address),
                    chinwag_text::time::round_trip(path.rtt_ms).trim(),
                    clock.ago(&path.since),
                ),
                (None, Some(at)) => format!("not connected, heard {}", clock.ago(at)),
                (None, None) => "not connected, never heard".to_owned(),
            };
            let failure = peer.last_failure.as_ref().filter(|_| !peer.connected);
            let failure = failure.map(|f| format!(": {}", one_line(&f.text))).unwrap_or_default();
            let alike = self.app.looks_like(&peer.contact);
            self.further(format!("{}{alike}, {says}{failure}", person(&peer.name, 40)));
        }
    }

    fn help(&mut self) {
        self.system("What is typed is said; what begins with a slash is a command.");
        self.system("The number before a message names it: /reply 12 TEXT, /why 12.");
        for action in ACTIONS {
            let Some(word) = action.word else { continue };
            let args = match action.act {
                Act::Theme | Act::ClearScreen => continue,
                Act::Reply | Act::Edit => "NUMBER TEXT".to_owned(),
                Act::Retract => "NUMBER [--yes]".to_owned(),
                Act::Why | Act::Who => "NUMBER".to_owned(),
                Act::React => "NUMBER [EMOJI]".to_owned(),
                _ => action.args.to_owned(),
            };
            self.further(format!("/{word} {args}: {}", action.doc).replace(" :", ":"));
        }
        self.system("// begins a text with a slash.");
    }
}

/// A text of several lines as one, with a slash between them; a long one as far as it tells which it is.
fn in_one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    short(&lines.join(" / "), WRITTEN_SHOWN)
}

/// Who says something. Nobody's name is that of a role.
fn who(message: &Message) -> String {
    let name = author(message);
    let is_role = ["system", "error"].iter().any(|role| name.eq_ignore_ascii_case(role));
    if is_role { format!("\"{name}\"") } else { name }
}
