//! What is known and shown, and how it changes.
//!
//! Pure: [`App::update`] takes one message and says what is to be done. It reads no clock and asks nobody;
//! everything that can happen to a person at a screen can be told as a list of messages.

mod answers;
mod by_line;
mod chats;
mod classroom;
mod commands;
mod details;
mod drafts;
mod events;
mod groups;
mod input;
mod mouse;
mod naming;
mod window_keys;
mod windows;

use std::cell::Cell;
use std::collections::BTreeMap;

use chinwag_api::client::CallError;
use chinwag_api::method::{
    AccountShow, ContactList, DraftList, Hello, ListMessages, MessageList, NearbyList, Nothing,
    PeerList, RequestList, SystemHello, SystemStatus,
};
use chinwag_api::model::{Account, Contact, GroupInvitation, Id, Message, Nearby, Request, Status};
use chinwag_text::time::Clock;
use jiff::Timestamp;
use ratatui::layout::Rect;

pub use answers::numbered;
pub use chats::{About, Chat, Chats, Pending};
pub use classroom::NOT_PRIVATE;
pub use details::Details;
pub(crate) use input::is_ticket;
pub use mouse::Target;
pub use windows::{Asked, Choice, List, ListKind, Pager, PeersView, Row, Window};

use crate::composer::Composer;
use crate::layout::Layout;
use crate::msg::{Ask, Effect, Msg, Part, Tag};
use crate::options::{Options, Reloaded};
use crate::timeline::{Edge, PAGE};
use crate::view::message::Look;

/// How many seconds what is noted in the status line is seen.
const NOTE_SHOWN_S: i64 = 8;

/// How often peers are asked for while they are shown, in seconds.
const PEERS_EVERY_S: i64 = 2;

/// After how many seconds without a key one no longer types.
const TYPING_S: i64 = 5;

/// After how many milliseconds it is said that something is under way: the clock is told every quarter of
/// a second, so that half a second has passed for certain.
const SLOW_MS: i64 = 700;

/// Keys that are kept while nothing is there to type them to.
const EARLY_MAX: usize = 4_096;

/// What is noted in the status line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The words.
    pub text: String,
    /// Whether something went wrong.
    pub is_wrong: bool,
    until: Timestamp,
}

/// Where one is.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one")]
pub enum Scene {
    /// Nothing is known yet.
    Beginning,
    /// There is no account: a name is asked for.
    Naming {
        /// What was typed.
        name: Composer,
        /// Whether the account is being made.
        is_asked: bool,
    },
    /// It is asked whose relay may be used, before the account is made and anybody is contacted.
    Choosing {
        /// What the account is to be called.
        name: Composer,
        /// What was typed.
        choice: Composer,
        /// Whether it is being kept.
        is_asked: bool,
    },
    /// The account was made: these are its words.
    Words(Vec<String>),
    /// One talks.
    Talking,
}

/// Everything that is known and shown.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct App {
    /// How it is to be.
    pub options: Options,
    /// Where one is.
    pub scene: Scene,
    /// Our account.
    pub account: Option<Account>,
    /// How the node was, when it was asked.
    pub status: Option<Status>,
    /// The conversations.
    pub chats: Chats,
    /// The contacts, by account.
    pub contacts: BTreeMap<Id, Contact>,
    /// Strangers who would like to become contacts.
    pub requests: Vec<Request>,
    /// Groups that others let us into, and that we have not answered.
    pub invitations: Vec<GroupInvitation>,
    /// Devices on the local network that are of nobody whom we know.
    pub nearby: Vec<Nearby>,
    /// What lies over everything else.
    pub window: Option<Window>,
    /// What is noted in the status line.
    pub note: Option<Note>,
    /// Why there is no connection to the daemon, while there is none.
    pub lost: Option<String>,
    /// What time it is.
    pub now: Timestamp,
    /// Whether the list of conversations is shown, where there is room.
    pub has_list: bool,
    /// What is known of whoever one talks with.
    pub details: Details,
    /// Whether only words are shown.
    pub is_bare: bool,
    /// Whether somebody looks at the terminal.
    pub is_focused: bool,
    /// Whether the mouse chooses and scrolls.
    pub has_mouse: bool,
    /// What stood where when it was drawn last, what lies over the others last.
    pub pointed: Vec<(Rect, Target)>,
    /// Lines at which parts of the screen end, and the window over them, as they are being drawn.
    pub edges: Vec<Rect>,
    /// The place of that window.
    pub boxed: Cell<Option<Rect>>,
    /// Whether letters are keys and no text: the normal mode of the vim keys.
    pub is_normal: bool,
    /// The last key there, if it was the first of two.
    first_key: Option<char>,
    /// Until when asking to leave once more does it.
    leaving_until: Option<Timestamp>,
    /// The message that was selected when a command was begun to be typed: it is about that one.
    meant: Option<Id>,
    /// For names of sendings, which are to be different in every run.
    run: String,
    sendings: u64,
    questions: u64,
    /// Words that were searched for and are marked.
    pub sought: Vec<String>,
    /// Those that were searched for last.
    sought_last: Vec<String>,
    /// When our typing was told last, and where.
    typing: Option<(Id, Timestamp)>,
    peers_asked: Timestamp,
    nearby_asked: Timestamp,
    /// Whether conversations were asked for and not answered yet; and whether to ask once more.
    listing: (bool, bool),
    /// The same for the newest page of the classroom's conversation that is open.
    class_asked: (bool, bool),
    /// What was typed before there was anything to type it to.
    early: Vec<Msg>,
    /// When a noise was made last.
    notified: Timestamp,
    /// What was found last.
    hits: Vec<Message>,
    /// With whom a conversation is opened as soon as there is one.
    open_next: Option<Id>,
    /// What was asked and is not answered yet, and when it was.
    under_way: Vec<(Tag, Timestamp)>,
    drafts: drafts::Drafts,
}

impl App {
    /// Before anything is known. `run` is different each time the program runs.
    pub fn new(options: Options, now: Timestamp, run: String) -> Self {
        let warning = warning(&options.warnings);
        let mut app = Self {
            has_mouse: options.mouse,
            options,
            scene: Scene::Beginning,
            account: None,
            status: None,
            chats: Chats::default(),
            contacts: BTreeMap::new(),
            requests: Vec::new(),
            invitations: Vec::new(),
            nearby: Vec::new(),
            window: None,
            note: None,
            lost: None,
            now,
            has_list: true,
            details: Details::default(),
            is_bare: false,
            is_focused: true,
            pointed: Vec::new(),
            edges: Vec::new(),
            boxed: Cell::default(),
            is_normal: false,
            first_key: None,
            leaving_until: None,
            meant: None,
            run,
            sendings: 0,
            questions: 0,
            sought: Vec::new(),
            sought_last: Vec::new(),
            typing: None,
            peers_asked: Timestamp::UNIX_EPOCH,
            nearby_asked: Timestamp::UNIX_EPOCH,
            listing: (false, false),
            class_asked: (false, false),
            early: Vec::new(),
            notified: Timestamp::UNIX_EPOCH,
            hits: Vec::new(),
            open_next: None,
            under_way: Vec::new(),
            drafts: drafts::Drafts::default(),
        };
        if let Some(warning) = warning {
            app.wrong(warning);
        }
        app
    }

    /// Which parts of the screen are shown.
    pub fn layout(&self) -> Layout {
        Layout { list: self.has_list, details: self.details.is_open }
    }

    /// Shows these parts of the screen.
    pub fn set_layout(&mut self, layout: Layout) {
        (self.has_list, self.details.is_open) = (layout.list, layout.details);
    }

    /// How messages look now.
    pub fn look(&self) -> Look {
        Look {
            theme: self.options.theme,
            clock: self.clock(),
            is_bare: self.is_bare,
            sought: self.sought.clone(),
            me: self.account.as_ref().map(|account| account.name.clone()),
            words: self.options.notifications.words.clone(),
            columns: self.options.columns(),
            shortcodes: self.options.shortcodes,
        }
    }

    /// Where and when we are.
    pub fn clock(&self) -> Clock {
        Clock { now: self.now, zone: self.options.zone.clone(), dates: self.options.dates }
    }

    /// Takes what happened, and says what is to be done.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let mut effects = self.take(msg);
        if !self.early.is_empty() && !self.is_too_early() {
            for typed in std::mem::take(&mut self.early) {
                effects.extend(self.take(typed));
            }
        }
        for effect in &effects {
            if let Effect::Ask(ask) = effect
                && ask.tag != Tag::Nothing
            {
                self.under_way.push((ask.tag.clone(), self.now));
            }
        }
        effects
    }

    /// What takes long: what it is, and for how many seconds it was waited for.
    pub fn slow(&self) -> Option<(&'static str, i64)> {
        let waited = |since: &Timestamp| self.now.as_millisecond() - since.as_millisecond();
        let (tag, since) = self.under_way.iter().rfind(|(_, since)| waited(since) >= SLOW_MS)?;
        Some((doing(tag), waited(since) / 1_000))
    }

    /// Whether what is typed would be typed to nobody: much is still being loaded.
    pub fn is_too_early(&self) -> bool {
        match self.scene {
            Scene::Beginning => true,
            Scene::Talking => self.window.is_none() && self.chats.current().is_none(),
            _ => false,
        }
    }

    fn take(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) if input::is_ctrl_c(key) && self.is_too_early() => vec![Effect::Quit],
            Msg::Key(_) | Msg::Paste(_) if self.is_too_early() => {
                if self.early.len() < EARLY_MAX {
                    self.early.push(msg);
                }
                Vec::new()
            }
            Msg::Key(key) => self.key(key),
            Msg::Paste(text) => self.paste(&text),
            Msg::Mouse(mouse) => self.mouse(mouse),
            // It may have been smaller for a moment, and what did not fit is gone.
            Msg::Resize => vec![Effect::Redraw],
            Msg::Focus(is_focused) => {
                self.is_focused = is_focused;
                self.read_what_is_seen()
            }
            Msg::Tick(now) => self.tick(now),
            Msg::Event(event) => self.event(*event),
            Msg::Answer(tag, answer) => {
                if let Some(at) = self.under_way.iter().position(|(asked, _)| *asked == tag) {
                    self.under_way.remove(at);
                }
                self.answer(tag, answer)
            }
            Msg::Connected => self.connected(),
            Msg::Lost(why) => {
                self.lost = Some(why);
                self.under_way.clear();
                Vec::new()
            }
            Msg::Edited(text) => {
                if let (Some(text), Some(chat)) = (text, self.chats.current_mut()) {
                    chat.composer = Composer::with(text.trim_end_matches('\n'));
                }
                vec![Effect::Redraw]
            }
            Msg::Said { text, is_wrong } => {
                self.note_down(&text, is_wrong);
                Vec::new()
            }
            Msg::Reloaded(Ok(reloaded)) => self.reloaded(*reloaded),
            Msg::Reloaded(Err(why)) => {
                self.wrong(format!("nothing was changed: {why}"));
                Vec::new()
            }
            Msg::Chosen(chosen) => self.chosen(chosen),
            Msg::End => vec![Effect::Quit],
        }
    }

    /// Everything is asked for anew: much may have happened meanwhile.
    fn connected(&mut self) -> Vec<Effect> {
        self.lost = None;
        self.listing = (true, false);
        self.class_asked = (false, false);
        let client = Some(format!("chinwag tui {}", env!("CARGO_PKG_VERSION")));
        vec![Ask::of::<SystemHello>(Tag::Hello, Hello { client })]
    }

    fn load_all(&mut self) -> Vec<Effect> {
        self.listing = (true, false);
        let mut effects = vec![
            Ask::of::<AccountShow>(Tag::Account, Nothing {}),
            Ask::of::<ContactList>(Tag::Contacts { is_shown: false }, Nothing {}),
            classroom::list(),
            Ask::of::<RequestList>(Tag::Requests { is_shown: false }, Nothing {}),
            groups::ask_invitations(false),
            Ask::of::<SystemStatus>(Tag::Status { is_shown: false }, Nothing {}),
            Ask::of::<PeerList>(Tag::Peers, Nothing {}),
            Ask::of::<DraftList>(Tag::Drafts, Nothing {}),
        ];
        // What is not looked at is loaded when it is opened.
        let current = self.chats.current().map(|chat| chat.id().to_owned());
        for chat in self.chats.all_mut() {
            if Some(chat.id()) != current.as_deref() {
                chat.timeline.is_loaded = false;
            }
        }
        if let Some(id) = current {
            effects.push(page(&id, Part::Newest, None));
        }
        effects
    }

    /// Asks for the conversations; not again while an answer is awaited.
    fn list_anew(&mut self) -> Vec<Effect> {
        if self.listing.0 {
            self.listing.1 = true;
            return Vec::new();
        }
        self.listing = (true, false);
        vec![classroom::list()]
    }

    fn tick(&mut self, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        if self.note.as_ref().is_some_and(|note| note.until <= now) {
            self.note = None;
        }
        let mut effects = Vec::new();
        let is_old = |then: Timestamp, s: i64| now.as_second() - then.as_second() >= s;
        if is_old(self.peers_asked, PEERS_EVERY_S) {
            self.peers_asked = now;
            if self.details.is_open {
                effects.extend(self.look_after_details());
            } else if matches!(self.window, Some(Window::Peers(_))) {
                effects.push(Ask::of::<PeerList>(Tag::Peers, Nothing {}));
            }
        }
        let is_alone = matches!(self.scene, Scene::Talking) && self.chats.are_empty();
        if is_alone && self.lost.is_none() && is_old(self.nearby_asked, PEERS_EVERY_S) {
            self.nearby_asked = now;
            effects.push(Ask::of::<NearbyList>(Tag::Nearby { is_shown: false }, Nothing {}));
        }
        if self.typing.as_ref().is_some_and(|(_, since)| is_old(*since, TYPING_S)) {
            effects.extend(self.typing_ends());
        }
        effects.extend(self.keep_drafts_now_and_then());
        effects
    }

    /// Notes something in the status line.
    pub fn say(&mut self, text: impl AsRef<str>) {
        self.note_down(text.as_ref(), false);
    }

    /// Notes something that went wrong.
    pub fn wrong(&mut self, text: impl AsRef<str>) {
        self.note_down(text.as_ref(), true);
    }

    /// What was done is not said over what is chosen now.
    fn hush(&mut self) {
        self.note = self.note.take().filter(|note| note.is_wrong);
    }

    fn note_down(&mut self, text: &str, is_wrong: bool) {
        let until = Timestamp::from_second(self.now.as_second() + NOTE_SHOWN_S);
        let until = until.unwrap_or(Timestamp::MAX);
        self.note = Some(Note { text: chinwag_text::safe::one_line(text), is_wrong, until });
    }

    fn failed(&mut self, error: &CallError) {
        let hint = match error {
            CallError::Api(error) => error.what_next().map(|hint| format!("; {hint}")),
            _ => None,
        };
        self.wrong(format!("{error}{}", hint.unwrap_or_default()));
    }

    /// A name for a sending: the same again would be the same message.
    fn sending(&mut self) -> String {
        self.sendings += 1;
        format!("{}-{}", self.run, self.sendings)
    }

    /// Takes what the config says now, as far as that can be while the client runs.
    fn reloaded(&mut self, reloaded: Reloaded) -> Vec<Effect> {
        let Reloaded { options, fixed } = reloaded;
        let before = std::mem::replace(&mut self.options, options);
        (self.options.is_linear, self.options.extended_keys) =
            (before.is_linear, before.extended_keys);
        self.is_normal &= self.options.keymap.is_vim;
        let zone = self.options.zone.clone();
        for chat in self.chats.all_mut() {
            chat.timeline.set_zone(zone.clone());
        }
        self.restyle();
        let mut said = "the config was read again".to_owned();
        if !fixed.is_empty() {
            said.push_str("; counts when chinwag is started again: ");
            said.push_str(&fixed.join(", "));
        }
        match warning(&self.options.warnings) {
            Some(warning) => self.wrong(format!("{said}; {warning}")),
            None => self.say(said),
        }
        let mut effects = vec![Effect::Redraw];
        if self.options.mouse != before.mouse {
            self.has_mouse = self.options.mouse;
            effects.push(Effect::Mouse(self.has_mouse));
        }
        effects
    }

    fn restyle(&mut self) {
        for chat in self.chats.all_mut() {
            chat.timeline.restyle();
        }
    }

    /// Asks for more of what is looked at, if one comes near its edge.
    fn more(&mut self) -> Option<Effect> {
        let chat = self.chats.current_mut()?;
        let id = chat.id().to_owned();
        let timeline = &mut chat.timeline;
        if timeline.wants()? {
            let oldest = timeline.oldest()?.id.clone();
            timeline.older = Edge::Asked;
            Some(page(&id, Part::Older, Some(oldest)))
        } else {
            let newest = timeline.newest()?.id.clone();
            timeline.newer = Edge::Asked;
            Some(page(&id, Part::Newer, Some(newest)))
        }
    }
}

/// What is said at the beginning of what does not count in the config.
fn warning(warnings: &[String]) -> Option<String> {
    let first = warnings.first()?;
    Some(match warnings.len() - 1 {
        0 => first.clone(),
        more => format!("{first}; and {more} more: chinwag config check"),
    })
}

/// What is being done, while an answer is awaited.
fn doing(tag: &Tag) -> &'static str {
    match tag {
        Tag::Page { .. } => "loading messages",
        Tag::Conversations => "loading the conversations",
        Tag::Found { .. } => "searching",
        Tag::Why => "asking where it is",
        Tag::Connected => "connecting to everybody",
        Tag::InClass => "connecting in the classroom",
        Tag::Added => "looking for whoever made the ticket",
        Tag::Sent { .. } => "saving",
        Tag::Created => "making the keys",
        Tag::Ticket | Tag::Card => "making a ticket",
        Tag::Digest => "comparing",
        _ => "asking the node",
    }
}

/// Asks for a part of a conversation; `than` is the message it is older or newer than.
fn page(conversation: &str, part: Part, than: Option<Id>) -> Effect {
    let (before, after) = match part {
        Part::Newest => (None, None),
        // An empty id is before all.
        Part::Oldest => (None, Some(Id::new())),
        Part::Older | Part::Before(_) => (than, None),
        Part::Newer | Part::After(_) => (None, than),
    };
    let params =
        ListMessages { conversation: conversation.to_owned(), limit: Some(PAGE), before, after };
    Ask::of::<MessageList>(Tag::Page { conversation: conversation.to_owned(), part }, params)
}
