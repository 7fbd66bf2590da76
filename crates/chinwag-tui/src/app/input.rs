//! Keys and what they do, where one is.

use chinwag_api::method::{
    AccountCreate, AddContact, ContactAdd, ConversationMarkRead, CreateAccount, EditMessage,
    MessageAudience, MessageEdit, MessageReact, MessageSend, MessageWhy, Nothing, OneConversation,
    OneMessage, React, SendMessage, SetTyping, SystemStatus, TypingSet,
};
use chinwag_api::model::{Id, Message};
use chinwag_api::ticket::LEAD;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use jiff::Timestamp;

use super::chats::{About, Pending};
use super::{App, Asked, List, ListKind, Pager, Scene, Window, page};
use crate::actions::{Act, Place, Two, two_keys};
use crate::composer::Composer;
use crate::keys::Chord;
use crate::msg::{Ask, Effect, Msg, Part, Tag};
use crate::timeline::Edge;
use crate::view::message::{links, words_of};
use crate::view::widths::{spelled, unspelled};

/// Lines that were sent and are remembered.
const HISTORY_MAX: usize = 100;

/// Letters that make a word with the beginning of a ticket look like one.
const TICKET_MIN: usize = 60;

/// The reaction that is meant when none is named.
const LIKED: &str = "👍";

impl App {
    pub(super) fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        let chord = Chord::of(key);
        if !is_leave(&self.options.keymap, chord) {
            self.leaving_until = None;
        }
        match self.scene {
            // What is typed waits.
            Scene::Beginning => Vec::new(),
            Scene::Naming { .. } => self.naming(key, chord),
            Scene::Choosing { .. } => self.choosing(key, chord),
            Scene::Words(_) => self.words_read(key, chord),
            Scene::Talking if self.window.is_some() => {
                let is_first = matches!(&self.window,
                    Some(Window::List(list)) if list.kind == ListKind::First);
                if !is_first || chord.typed().is_none() {
                    return self.window_key(chord);
                }
                // Whoever types at once knows what to do.
                self.window = None;
                self.take(Msg::Key(key))
            }
            Scene::Talking => self.talking(key, chord),
        }
    }

    fn naming(&mut self, key: KeyEvent, chord: Chord) -> Vec<Effect> {
        let act = self.options.keymap.act(Place::Input, chord);
        let Scene::Naming { name, is_asked } = &mut self.scene else { return Vec::new() };
        let goes_on = act == Some(Act::Send) || key.code == KeyCode::Enter;
        if goes_on && !*is_asked && !name.text().trim().is_empty() {
            if !self.options.relay_question.is_empty() {
                let (name, choice) = (std::mem::take(name), Composer::default());
                self.scene = Scene::Choosing { name, choice, is_asked: false };
                return Vec::new();
            }
            *is_asked = true;
            return vec![create(name)];
        }
        if is_ctrl_c(key) || self.options.keymap.act(Place::Everywhere, chord) == Some(Act::Quit) {
            return vec![Effect::Quit];
        }
        edit_line(name, act, chord);
        Vec::new()
    }

    /// Nobody is contacted before there is an account, and there is none before this was answered.
    fn choosing(&mut self, key: KeyEvent, chord: Chord) -> Vec<Effect> {
        let act = self.options.keymap.act(Place::Input, chord);
        let Scene::Choosing { choice, is_asked, .. } = &mut self.scene else { return Vec::new() };
        if (act == Some(Act::Send) || key.code == KeyCode::Enter) && !*is_asked {
            *is_asked = true;
            return vec![Effect::ChooseRelay(choice.text())];
        }
        if is_ctrl_c(key) || self.options.keymap.act(Place::Everywhere, chord) == Some(Act::Quit) {
            return vec![Effect::Quit];
        }
        edit_line(choice, act, chord);
        Vec::new()
    }

    /// What was chosen is kept: the account is made. Or it is asked again.
    pub(super) fn chosen(&mut self, chosen: Result<(), String>) -> Vec<Effect> {
        let Scene::Choosing { name, choice, is_asked } = &mut self.scene else { return Vec::new() };
        if let Err(why) = chosen {
            *is_asked = false;
            choice.clear();
            self.wrong(why);
            return Vec::new();
        }
        let name = std::mem::take(name);
        let effects = vec![create(&name)];
        self.options.relay_question.clear();
        self.scene = Scene::Naming { name, is_asked: true };
        effects
    }

    fn words_read(&mut self, key: KeyEvent, chord: Chord) -> Vec<Effect> {
        if is_ctrl_c(key) || self.options.keymap.act(Place::Everywhere, chord) == Some(Act::Quit) {
            return vec![Effect::Quit];
        }
        let act = self.options.keymap.act(Place::Input, chord);
        if act != Some(Act::Send) && key.code != KeyCode::Enter {
            return Vec::new();
        }
        self.scene = Scene::Talking;
        if !self.options.is_linear {
            self.show_first_steps();
        }
        self.load_all()
    }

    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        let line = || text.replace(['\r', '\n'], " ");
        match (&mut self.scene, &mut self.window) {
            (Scene::Naming { name: typed, .. } | Scene::Choosing { choice: typed, .. }, _) => {
                typed.paste(&line());
            }
            (Scene::Talking, Some(Window::List(List { kind: ListKind::First, .. })))
                if is_ticket(text) =>
            {
                return self.ask_about_ticket(text.trim());
            }
            (Scene::Talking, Some(Window::List(list))) => {
                list.typed.paste(&line());
                return self.narrowed();
            }
            (Scene::Talking, None) => {
                let Some(chat) = self.chats.current_mut() else { return Vec::new() };
                chat.timeline.select(None);
                if !chat.composer.paste(text) {
                    let words = format!(
                        "{} bytes are too many to paste here: `chinwag send NAME - < FILE` takes more",
                        text.len()
                    );
                    self.wrong(words);
                }
                return self.typed();
            }
            _ => {}
        }
        Vec::new()
    }

    fn talking(&mut self, key: KeyEvent, chord: Chord) -> Vec<Effect> {
        let is_selecting = self.selected().is_some();
        if is_selecting && let Some(act) = self.options.keymap.act(Place::Selected, chord) {
            return self.on_selected(act, "");
        }
        if let Some(act) = self.options.keymap.act(Place::Everywhere, chord) {
            return self.act(act, key);
        }
        if self.is_normal {
            return self.normal(key, chord);
        }
        if is_selecting {
            // Whoever types is done with selecting, but a command may be about what was selected.
            let Some(typed) = chord.typed() else { return Vec::new() };
            let is_empty = self.chats.current().is_some_and(|chat| chat.composer.is_empty());
            let selected = self.selected().map(|message| message.id.clone());
            self.meant = selected.filter(|_| typed == '/' && is_empty);
            self.select(None);
        }
        self.input(chord)
    }

    /// A key in the normal mode.
    fn normal(&mut self, key: KeyEvent, chord: Chord) -> Vec<Effect> {
        if self.chats.current().is_some_and(|chat| chat.composer.is_choosing()) {
            return self.visual(chord);
        }
        let first = self.first_key.take();
        if let Some(letter) = chord.typed().filter(|_| first.is_some()) {
            return two_keys(first, letter).map(|two| self.two(two, key)).unwrap_or_default();
        }
        let Some(act) = self.options.keymap.act(Place::Normal, chord) else {
            self.first_key = chord.typed().filter(|letter| two_keys(None, *letter).is_some());
            return Vec::new();
        };
        match act {
            Act::Visual => match self.chats.current_mut() {
                Some(chat) if !chat.composer.is_empty() => {
                    chat.composer.choose();
                    Vec::new()
                }
                _ => self.do_input(Act::Select),
            },
            Act::Insert | Act::Append | Act::InsertStart | Act::InsertEnd => {
                self.is_normal = false;
                let Some(chat) = self.chats.current_mut() else { return Vec::new() };
                match act {
                    Act::Append if !chat.composer.is_at_line_end() => chat.composer.act(Act::Right),
                    Act::InsertStart => chat.composer.act(Act::LineStart),
                    Act::InsertEnd => chat.composer.act(Act::LineEnd),
                    _ => false,
                };
                Vec::new()
            }
            Act::OpenBelow | Act::OpenAbove => {
                self.is_normal = false;
                let Some(chat) = self.chats.current_mut() else { return Vec::new() };
                chat.composer.open_line(act == Act::OpenAbove);
                self.typed()
            }
            Act::Command => {
                self.is_normal = false;
                self.select(None);
                let Some(chat) = self.chats.current_mut() else { return Vec::new() };
                if chat.composer.is_empty() {
                    chat.composer.type_char('/');
                } else {
                    self.say("something else is typed: send it, or clear it with Ctrl+C first");
                }
                Vec::new()
            }
            Act::SelectUp => self.step_selection(true),
            Act::SelectDown => self.step_selection(false),
            Act::Send | Act::Clear | Act::Select => self.do_input(act),
            act if self.chats.current_mut().is_some_and(|chat| chat.composer.act(act)) => {
                self.typed()
            }
            act => self.act(act, key),
        }
    }

    /// Two keys in a row.
    fn two(&mut self, two: Two, key: KeyEvent) -> Vec<Effect> {
        let Some(chat) = self.chats.current_mut() else { return Vec::new() };
        let composer = &mut chat.composer;
        let types = match two {
            Two::First => return Vec::new(),
            Two::Act(act) => return self.act(act, key),
            Two::CopyLine => {
                composer.copy_line();
                false
            }
            Two::CutWord => {
                composer.cut_word();
                false
            }
            Two::CutLine(types) => {
                composer.cut_line();
                types
            }
            Two::Cut(act, types) => {
                composer.act(act);
                types
            }
        };
        self.is_normal = !types;
        self.typed()
    }

    /// A key while a part of what is typed is being chosen.
    fn visual(&mut self, chord: Chord) -> Vec<Effect> {
        let act = self.options.keymap.act(Place::Visual, chord);
        let (Some(act), Some(chat)) = (act, self.chats.current_mut()) else { return Vec::new() };
        let composer = &mut chat.composer;
        match act {
            Act::VisualCut | Act::VisualChange => {
                composer.cut_chosen();
                self.is_normal = act != Act::VisualChange;
            }
            Act::VisualCopy => composer.copy_chosen(),
            Act::VisualLeave => composer.choose_nothing(),
            act => {
                composer.act(act);
            }
        }
        self.typed()
    }

    fn input(&mut self, chord: Chord) -> Vec<Effect> {
        if let Some(act) = self.options.keymap.act(Place::Input, chord) {
            return self.do_input(act);
        }
        let Some(chat) = self.chats.current_mut() else { return Vec::new() };
        if let Some(c) = chord.typed() {
            if !chat.composer.type_char(c) {
                self.wrong("there is no more room in this message");
            } else if c == ':' && !self.options.shortcodes {
                chat.composer.spell_emoji();
            }
            return self.typed();
        }
        Vec::new()
    }

    /// Does what a key of the line that is typed means.
    fn do_input(&mut self, act: Act) -> Vec<Effect> {
        let Some(chat) = self.chats.current_mut() else {
            return if act == Act::Clear { self.leave() } else { Vec::new() };
        };
        match act {
            Act::Send => self.send(),
            Act::Normal => {
                chat.about = About::New;
                self.is_normal = true;
                Vec::new()
            }
            Act::Select => {
                if chat.about != About::New {
                    if let About::Edit(_) = std::mem::take(&mut chat.about) {
                        // The words of the message that was to be changed are no new message.
                        let typed = chat.composer.take();
                        chat.remember(typed);
                    }
                    self.say("a new message again");
                    return Vec::new();
                }
                self.step_selection(true)
            }
            Act::Clear => {
                if chat.composer.is_empty() && chat.about == About::New {
                    return self.leave();
                }
                chat.composer.clear();
                chat.about = About::New;
                self.typed()
            }
            Act::Editor => vec![Effect::Edit(chat.composer.text())],
            Act::Complete => self.complete(),
            Act::Up | Act::Down | Act::HistoryBack => self.vertical(act),
            act if chat.composer.act(act) => self.typed(),
            _ => Vec::new(),
        }
    }

    /// Up and down: in the text, then in what was typed before, then in the messages.
    fn vertical(&mut self, act: Act) -> Vec<Effect> {
        let Some(chat) = self.chats.current_mut() else { return Vec::new() };
        match act {
            Act::Up if chat.composer.is_empty() && chat.recalled.is_none() => {
                return self.step_selection(true);
            }
            Act::Up if !chat.composer.is_at_top() => chat.composer.up(),
            Act::Down if !chat.composer.is_at_bottom() => chat.composer.down(),
            Act::Down => chat.recall(false),
            _ => chat.recall(true),
        }
        Vec::new()
    }

    /// Does what can be done anywhere.
    pub(super) fn act(&mut self, act: Act, key: KeyEvent) -> Vec<Effect> {
        match act {
            Act::NumberedChat => {
                let n = self.options.keymap.nth(act, Chord::of(key));
                let id = n.and_then(|n| self.chats.all().get(n));
                match id.map(|chat| chat.id().to_owned()) {
                    Some(id) => self.open(&id),
                    None => Vec::new(),
                }
            }
            Act::NextChat => self.step_chat(1),
            Act::PreviousChat => self.step_chat(-1),
            Act::NextActive => self.next_active(),
            Act::PageUp | Act::PageDown | Act::LineUp | Act::LineDown | Act::Top | Act::Bottom => {
                self.move_view(act)
            }
            Act::FirstUnread => self.first_unread(),
            Act::MarkRead => self.mark_read(),
            Act::MarkAllRead => {
                let unread: Vec<Id> = self
                    .chats
                    .all()
                    .iter()
                    .filter(|chat| chat.conversation.unread > 0)
                    .map(|chat| chat.id().to_owned())
                    .collect();
                unread.iter().flat_map(|id| self.mark_read_of(id)).collect()
            }
            Act::FoundNext => self.step_found(1),
            Act::FoundPrevious => self.step_found(-1),
            Act::ToggleList => {
                self.has_list = !self.has_list;
                Vec::new()
            }
            Act::ToggleDetails => self.toggle_details(),
            Act::ToggleMouse => self.toggle_mouse(),
            Act::ToggleBare => {
                self.is_bare = !self.is_bare;
                self.restyle();
                Vec::new()
            }
            Act::Redraw => vec![Effect::Redraw],
            Act::Suspend => vec![Effect::Suspend],
            Act::Quit => self.leave(),
            other => self.command(other, ""),
        }
    }

    /// Leaves when it is asked for twice, one soon after the other.
    pub(super) fn leave(&mut self) -> Vec<Effect> {
        if self.is_leaving() {
            return vec![Effect::Quit];
        }
        let until = Timestamp::from_second(self.now.as_second() + super::NOTE_SHOWN_S);
        self.leaving_until = until.ok();
        self.say_leaving();
        if self.lost.is_some() {
            return Vec::new();
        }
        // How much is on its way may be another number by now.
        vec![Ask::of::<SystemStatus>(Tag::Status { is_shown: false }, Nothing {})]
    }

    /// Says that once more leaves, and what is not done by then.
    pub(super) fn say_leaving(&mut self) {
        let all = self.chats.all().iter().flat_map(|chat| &chat.pending);
        let unsaved = all.filter(|pending| pending.id.is_none()).count();
        // A daemon goes on without us.
        let ends = self.status.as_ref().filter(|status| !status.is_daemon);
        let undelivered = ends.map_or(0, |status| status.undelivered);
        let mut words = vec!["press again to leave".to_owned()];
        match unsaved {
            0 => {}
            1 => words.push("a message is not saved yet".to_owned()),
            n => words.push(format!("{n} messages are not saved yet")),
        }
        match undelivered {
            0 => {}
            1 => {
                words.push("a message is not delivered, and waits until Chinwag runs again".into());
            }
            n => words
                .push(format!("{n} messages are not delivered, and wait until Chinwag runs again")),
        }
        self.say(words.join("; "));
    }

    /// Whether one is asked whether to leave.
    pub(super) fn is_leaving(&self) -> bool {
        self.leaving_until.is_some_and(|until| self.now < until)
    }

    // Which conversation.

    fn step_chat(&mut self, by: isize) -> Vec<Effect> {
        let count = self.chats.all().len();
        if count == 0 {
            return Vec::new();
        }
        let now = self.chats.position();
        let next = now.map_or(0, |now| now.saturating_add_signed(by).min(count - 1));
        let id = self.chats.all().get(next).map(|chat| chat.id().to_owned());
        id.map(|id| self.open(&id)).unwrap_or_default()
    }

    pub(super) fn last_chat(&mut self) -> Vec<Effect> {
        self.chats.last().cloned().map(|id| self.open(&id)).unwrap_or_default()
    }

    fn next_active(&mut self) -> Vec<Effect> {
        let active = self.chats.all().iter().filter(|chat| chat.conversation.unread > 0);
        // Whoever names us comes first, and what is not to be told last, wherever it was said.
        let best = active
            .max_by_key(|chat| {
                let conversation = &chat.conversation;
                let mentions = conversation.unread_mentions * u64::from(!chat.is_muted());
                (
                    mentions > 0 && conversation.is_private,
                    !chat.is_muted(),
                    conversation.is_private,
                    mentions,
                )
            })
            .map(|chat| chat.id().to_owned());
        if let Some(id) = best {
            self.open(&id)
        } else {
            self.say("nothing is unread");
            Vec::new()
        }
    }

    /// Opens a conversation.
    pub(super) fn open(&mut self, id: &str) -> Vec<Effect> {
        let mut effects = self.typing_ends();
        effects.extend(self.keep_drafts());
        if !self.chats.open(id) {
            return effects;
        }
        self.open_next = None;
        self.sought.clear();
        self.announce();
        self.restyle();
        let Some(chat) = self.chats.current_mut() else { return effects };
        chat.timeline.select(None);
        if chat.timeline.is_loaded {
            let unread = chat.conversation.unread;
            chat.timeline.mark_unread(unread);
        } else {
            effects.push(page(id, Part::Newest, None));
        }
        effects.extend(self.read_what_is_seen());
        effects.extend(self.look_after_details());
        effects.extend(self.ask_who_reads());
        effects
    }

    /// Says which conversation is open now, if it was another before. In lines that is said anyway.
    fn announce(&mut self) {
        if self.options.is_linear || self.chats.last().is_none() {
            return;
        }
        let Some(chat) = self.chats.current() else { return };
        let name = chat.name(40);
        let public = if chat.is_classroom() { ", not private" } else { "" };
        let unread = match (chat.conversation.unread, chat.conversation.unread_mentions) {
            (0, _) => String::new(),
            (n, 0) => format!(", {n} unread"),
            (n, mentions) => format!(", {n} unread, {mentions} for you"),
        };
        self.say(if chat.is_self() {
            format!("your notes to yourself{unread}")
        } else {
            format!("conversation with {name}{public}{unread}")
        });
    }

    // What is read.

    /// Whoever has a conversation open at its end, and looks, has read it.
    pub(super) fn read_what_is_seen(&mut self) -> Vec<Effect> {
        let Some(chat) = self.chats.current() else { return Vec::new() };
        let is_seen = self.is_focused
            && chat.timeline.is_loaded
            && chat.timeline.is_at_end()
            && chat.conversation.unread > 0;
        if is_seen { self.mark_read() } else { Vec::new() }
    }

    pub(super) fn mark_read(&mut self) -> Vec<Effect> {
        let id = self.chats.current().map(|chat| chat.id().to_owned());
        id.map(|id| self.mark_read_of(&id)).unwrap_or_default()
    }

    fn mark_read_of(&mut self, id: &str) -> Vec<Effect> {
        if let Some(chat) = self.chats.get_mut(id) {
            chat.is_read();
        }
        let params = OneConversation { conversation: id.to_owned() };
        vec![Ask::of::<ConversationMarkRead>(Tag::Nothing, params)]
    }

    fn first_unread(&mut self) -> Vec<Effect> {
        let look = self.look();
        let Some(chat) = self.chats.current_mut() else { return Vec::new() };
        if let Some(id) = chat.timeline.first_unread() {
            chat.timeline.select(Some(id));
            chat.timeline.show_selected(&look);
            self.more().into_iter().collect()
        } else {
            self.say("nothing here was unread");
            Vec::new()
        }
    }

    pub(super) fn move_view(&mut self, act: Act) -> Vec<Effect> {
        if self.details.scroll(act) {
            return Vec::new();
        }
        let look = self.look();
        let Some(chat) = self.chats.current_mut() else { return Vec::new() };
        let id = chat.id().to_owned();
        let timeline = &mut chat.timeline;
        if timeline.is_cleared() {
            timeline.is_loaded = false;
            return vec![page(&id, Part::Newest, None)];
        }
        match act {
            Act::PageUp => timeline.page(true, &look),
            Act::PageDown => timeline.page(false, &look),
            Act::LineUp => timeline.up(1, &look),
            Act::LineDown => timeline.down(1, &look),
            Act::Top if timeline.older != Edge::Closed => {
                timeline.top(&look);
                timeline.older = Edge::Asked;
                return vec![page(&id, Part::Oldest, None)];
            }
            Act::Top => timeline.top(&look),
            _ if timeline.newer != Edge::Closed => {
                timeline.is_loaded = false;
                return vec![page(&id, Part::Newest, None)];
            }
            _ => timeline.end(),
        }
        timeline.select_seen(&look);
        let mut effects: Vec<Effect> = self.more().into_iter().collect();
        effects.extend(self.read_what_is_seen());
        effects
    }

    /// Moves what is seen by rows.
    pub(super) fn scroll(&mut self, is_up: bool, rows: usize) -> Vec<Effect> {
        let look = self.look();
        let Some(chat) = self.chats.current_mut() else { return Vec::new() };
        let timeline = &mut chat.timeline;
        if is_up {
            timeline.up(rows, &look);
        } else {
            timeline.down(rows, &look);
        }
        timeline.select_seen(&look);
        let mut effects: Vec<Effect> = self.more().into_iter().collect();
        effects.extend(self.read_what_is_seen());
        effects
    }

    // What is selected.

    pub(super) fn selected(&self) -> Option<&Message> {
        self.chats.current().and_then(|chat| chat.timeline.selected())
    }

    pub(super) fn select(&mut self, id: Option<Id>) {
        if let Some(chat) = self.chats.current_mut() {
            chat.timeline.select(id);
        }
    }

    fn step_selection(&mut self, is_up: bool) -> Vec<Effect> {
        let look = self.look();
        self.hush();
        let Some(chat) = self.chats.current_mut() else { return Vec::new() };
        if !chat.timeline.move_selection(is_up, &look) {
            chat.timeline.select(None);
            chat.timeline.end();
        }
        self.more().into_iter().collect()
    }

    /// Does something with the message that is selected.
    pub(super) fn on_selected(&mut self, act: Act, arg: &str) -> Vec<Effect> {
        match act {
            Act::SelectUp => return self.step_selection(true),
            Act::SelectDown => return self.step_selection(false),
            Act::Leave => {
                self.select(None);
                // What was found was seen.
                if !std::mem::take(&mut self.sought).is_empty() {
                    self.restyle();
                }
                return Vec::new();
            }
            _ => {}
        }
        let meant = self.meant.take();
        let meant = meant.and_then(|id| self.chats.current()?.timeline.get(&id)).cloned();
        let Some(message) = self.selected().cloned().or(meant) else {
            self.wrong("no message is selected: Esc, or Up while nothing is typed, selects one");
            return Vec::new();
        };
        let is_plain = self.chats.current().is_some_and(super::Chat::is_classroom);
        match act {
            Act::Reply | Act::Edit | Act::React | Act::Retract if is_plain => {
                self.wrong(super::classroom::PLAIN_ONLY);
                Vec::new()
            }
            Act::Reply if arg.is_empty() => {
                self.about(About::Reply(message.id), None);
                Vec::new()
            }
            Act::Reply => self.say_to_current(arg.to_owned(), Some(message.id)),
            Act::Edit if arg.is_empty() => self.edit(message),
            Act::Edit if message.author.is_me && message.gone.is_none() => {
                let (id, text) = (message.id, arg.to_owned());
                vec![Ask::of::<MessageEdit>(Tag::Changed, EditMessage { id, text })]
            }
            Act::React => Self::react(&message, arg),
            Act::Retract => self.ask_to_retract(&message),
            Act::Copy => self.copy(&message),
            Act::Open => {
                self.show_whole(&message);
                Vec::new()
            }
            Act::Why => vec![Ask::of::<MessageWhy>(Tag::Why, OneMessage { id: message.id })],
            Act::Who => {
                vec![Ask::of::<MessageAudience>(Tag::Audience, OneMessage { id: message.id })]
            }
            _ => Vec::new(),
        }
    }

    fn about(&mut self, about: About, text: Option<&str>) {
        self.is_normal = false;
        if let Some(chat) = self.chats.current_mut() {
            chat.timeline.select(None);
            chat.about = about;
            if let Some(text) = text {
                chat.composer = Composer::with(text);
            }
        }
    }

    fn edit(&mut self, message: Message) -> Vec<Effect> {
        match message.text {
            Some(text) if message.author.is_me && message.gone.is_none() => {
                let has_text = self.chats.current().is_some_and(|c| !c.composer.is_empty());
                if has_text {
                    self.wrong("something else is typed: send it, or clear it with Ctrl+C first");
                } else {
                    let text = if self.options.shortcodes { spelled(&text) } else { text };
                    self.about(About::Edit(message.id), Some(&text));
                }
            }
            _ => self.wrong("only words of your own can be changed"),
        }
        Vec::new()
    }

    pub(super) fn react(message: &Message, emoji: &str) -> Vec<Effect> {
        let emoji = if emoji.is_empty() { LIKED } else { emoji };
        let remove = message.reactions.iter().any(|r| r.emoji == emoji && r.is_mine);
        let params = React { id: message.id.clone(), emoji: emoji.to_owned(), remove };
        vec![Ask::of::<MessageReact>(Tag::Changed, params)]
    }

    fn ask_to_retract(&mut self, message: &Message) -> Vec<Effect> {
        if !message.author.is_me {
            self.wrong("only messages of your own can be taken back");
            return Vec::new();
        }
        let then = vec![Ask::of::<chinwag_api::method::MessageRetract>(
            Tag::Changed,
            OneMessage { id: message.id.clone() },
        )];
        let question = "Take this message back? Its words are deleted on all devices of both; a \
                        program that was changed can keep a copy."
            .to_owned();
        self.window = Some(Window::Asked(Asked::new(question, then)));
        Vec::new()
    }

    fn copy(&mut self, message: &Message) -> Vec<Effect> {
        let Some(text) = message.text.clone() else {
            self.wrong("there are no words to copy");
            return Vec::new();
        };
        self.say("copied, if the terminal allows it");
        self.select(None);
        vec![Effect::Copy(text)]
    }

    fn show_whole(&mut self, message: &Message) {
        let text = message.text.clone().unwrap_or_default();
        let found: Vec<String> = text
            .lines()
            .flat_map(|line| links(line).into_iter().map(|(from, to)| line[from..to].to_owned()))
            .collect();
        let look = self.look();
        let copies = found.first().cloned().unwrap_or_else(|| text.clone());
        let title =
            if found.is_empty() { "Message" } else { "Message; its first link can be copied" };
        let lines = words_of(&text, &look, usize::MAX / 2);
        self.window = Some(Window::Pager(Pager::new(title, lines).copying(copies)));
    }

    // What is typed.

    fn send(&mut self) -> Vec<Effect> {
        let Some(chat) = self.chats.current_mut() else { return Vec::new() };
        let typed = chat.composer.text();
        if typed.trim().is_empty() {
            let has_failed = chat.pending.iter().any(|pending| pending.failed.is_some());
            return if has_failed { self.try_again(true) } else { Vec::new() };
        }
        // What a message is changed to is taken as it stands: it may begin with a slash.
        let is_edit = matches!(chat.about, About::Edit(_));
        if !is_edit && typed.starts_with('/') && !typed.starts_with("//") {
            return self.slash(&typed);
        }
        if !is_edit && is_ticket(&typed) {
            return self.ask_about_ticket(typed.trim());
        }
        self.send_typed()
    }

    /// Sends what is typed, whatever it is, as what it is for.
    pub(crate) fn send_typed(&mut self) -> Vec<Effect> {
        let Some(chat) = self.chats.current_mut() else { return Vec::new() };
        let typed = chat.composer.take();
        let about = std::mem::take(&mut chat.about);
        let is_edit = matches!(about, About::Edit(_));
        let doubled = typed.strip_prefix('/').filter(|rest| !is_edit && rest.starts_with('/'));
        let text = doubled.unwrap_or(&typed);
        // Who sees names in their place types names.
        let text = if self.options.shortcodes { unspelled(text) } else { text.to_owned() };
        chat.remember(typed);
        let mut effects = match about {
            About::Edit(id) => {
                vec![Ask::of::<MessageEdit>(Tag::Changed, EditMessage { id, text })]
            }
            About::Reply(id) => self.say_to_current(text, Some(id)),
            About::New => self.say_to_current(text, None),
        };
        effects.extend(self.typing_ends());
        effects.extend(self.keep_drafts());
        effects
    }

    /// A ticket is a secret, and hardly meant to be said: it is asked about first.
    pub(crate) fn ask_about_ticket(&mut self, ticket: &str) -> Vec<Effect> {
        if let Some(chat) = self.chats.current_mut() {
            let typed = chat.composer.take();
            chat.remember(typed);
        }
        let question = "This is a ticket or a card: whoever made it becomes a contact, or is asked. Use \
                        it? (As a message a ticket gives its secret away; with a blank in front it is \
                        sent.)";
        let params = AddContact { ticket: ticket.to_owned(), called: None, text: None };
        let then = vec![Ask::of::<ContactAdd>(Tag::Added, params)];
        self.window = Some(Window::Asked(Asked::new(question, then)));
        self.typing_ends()
    }

    pub(super) fn say_to_current(&mut self, text: String, reply_to: Option<Id>) -> Vec<Effect> {
        let client_id = self.sending();
        let Some(chat) = self.chats.current_mut() else { return Vec::new() };
        chat.timeline.end();
        chat.timeline.mark_unread(0);
        let pending = Pending { client_id, text, reply_to, id: None, failed: None };
        let effect = sending(chat.id(), &pending);
        chat.pending.push(pending);
        vec![effect]
    }

    /// Tries once more to say what could not be saved; in the classroom only where somebody asks for it.
    pub(super) fn try_again(&mut self, is_asked: bool) -> Vec<Effect> {
        let mut effects = Vec::new();
        let current = self.chats.current().map(|chat| chat.id().to_owned());
        for chat in self.chats.all_mut() {
            let id = chat.id().to_owned();
            if chat.is_classroom() && !(is_asked && current.as_ref() == Some(&id)) {
                continue;
            }
            for pending in chat.pending.iter_mut().filter(|pending| pending.id.is_none()) {
                pending.failed = None;
                effects.push(sending(&id, pending));
            }
        }
        effects
    }

    /// Something was typed: they may be told that we type.
    pub(super) fn typed(&mut self) -> Vec<Effect> {
        let Some(chat) = self.chats.current() else { return Vec::new() };
        let text = chat.composer.text();
        let says_something =
            !text.trim().is_empty() && (!text.starts_with('/') || text.starts_with("//"));
        if !says_something || chat.is_self() || chat.is_classroom() {
            return self.typing_ends();
        }
        let id = chat.id().to_owned();
        let to = chat.conversation.contact.clone();
        let is_told = self.typing.as_ref().is_some_and(|(told, since)| {
            *told == id && self.now.as_second() - since.as_second() < super::TYPING_S - 1
        });
        if is_told {
            return Vec::new();
        }
        let mut effects = match &self.typing {
            Some((told, _)) if *told != id => self.typing_ends(),
            _ => Vec::new(),
        };
        self.typing = Some((id, self.now));
        effects.push(Ask::of::<TypingSet>(Tag::Nothing, SetTyping { to, on: true }));
        effects
    }

    pub(super) fn typing_ends(&mut self) -> Vec<Effect> {
        let Some((id, _)) = self.typing.take() else { return Vec::new() };
        let to = self.chats.get(&id).map(|chat| chat.conversation.contact.clone());
        let tell = |to| Ask::of::<TypingSet>(Tag::Nothing, SetTyping { to, on: false });
        to.map(tell).into_iter().collect()
    }
}

fn sending(conversation: &str, pending: &Pending) -> Effect {
    let tag =
        Tag::Sent { conversation: conversation.to_owned(), client_id: pending.client_id.clone() };
    let params = SendMessage {
        to: conversation.to_owned(),
        text: pending.text.clone(),
        client_id: Some(pending.client_id.clone()),
        reply_to: pending.reply_to.clone(),
        wait_for: None,
        timeout_ms: None,
        require_verified: false,
    };
    Ask::of::<MessageSend>(tag, params)
}

impl super::Chat {
    pub(super) fn remember(&mut self, typed: String) {
        self.recalled = None;
        if self.history.last() != Some(&typed) {
            self.history.push(typed);
        }
        if self.history.len() > HISTORY_MAX {
            self.history.remove(0);
        }
    }

    /// Shows what was typed before that; nothing that is typed now is lost by it.
    fn recall(&mut self, is_back: bool) {
        let now = self.recalled.unwrap_or(self.history.len());
        let next = if is_back { now.checked_sub(1) } else { Some(now + 1) };
        let Some(next) = next.filter(|next| *next <= self.history.len()) else { return };
        let typed = self.composer.text();
        match self.history.get_mut(now) {
            Some(line) => *line = typed,
            None if typed.is_empty() => {}
            None => self.history.push(typed),
        }
        let text = self.history.get(next).cloned();
        self.recalled = text.is_some().then_some(next);
        self.composer = Composer::with(text.as_deref().unwrap_or_default());
    }
}

/// Whether what is typed is a ticket and nothing else. Where it was copied from it may have been broken
/// over lines.
pub(crate) fn is_ticket(typed: &str) -> bool {
    let compact: String = typed.split_whitespace().collect();
    let letters = compact.strip_prefix(LEAD).filter(|_| typed.starts_with(LEAD));
    letters.is_some_and(|letters| {
        letters.len() >= TICKET_MIN && letters.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

fn create(name: &Composer) -> Effect {
    let params = CreateAccount { name: name.text().trim().to_owned(), device_name: None };
    Ask::of::<AccountCreate>(Tag::Created, params)
}

/// Edits a text of one line.
pub(super) fn edit_line(line: &mut Composer, act: Option<Act>, chord: Chord) {
    match act {
        Some(Act::Newline) => {}
        Some(Act::Clear) => line.clear(),
        Some(act) if line.act(act) => {}
        _ => {
            if let Some(c) = chord.typed() {
                line.type_char(c);
            }
        }
    }
}

pub(super) fn is_ctrl_c(key: KeyEvent) -> bool {
    key.code == KeyCode::Char('c') && key.modifiers == KeyModifiers::CONTROL
}

fn is_leave(keymap: &crate::actions::Keymap, chord: Chord) -> bool {
    keymap.act(Place::Everywhere, chord) == Some(Act::Quit)
        || keymap.act(Place::Input, chord) == Some(Act::Clear)
}
