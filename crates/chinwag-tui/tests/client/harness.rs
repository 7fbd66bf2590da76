//! Somebody at a screen, with a daemon that answers what the story says.

use chinwag_api::event::{Event, What};
use chinwag_api::mention::mentions;
use chinwag_api::model::{
    Account, Author, ClassroomPeer, Contact, ContactState, Conversation, Device, DeviceState,
    Message, MessageState, NotifyLevel, Status,
};
use chinwag_tui::app::App;
use chinwag_tui::msg::{Effect, Msg, Part, Tag};
use chinwag_tui::options::Options;
use chinwag_tui::theme::Theme;
use chinwag_tui::view;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use serde_json::{Value, json};

/// When everything happens.
pub(crate) const NOW: &str = "2026-11-26T12:00:00Z";

/// Somebody at a screen.
pub(crate) struct Desk {
    pub(crate) app: App,
    /// What was wanted and not looked at yet.
    pub(crate) wanted: Vec<Effect>,
}

impl Desk {
    /// The program has begun, and is connected.
    pub(crate) fn begun() -> Self {
        Self::with(Theme::TERMINAL)
    }

    pub(crate) fn with(theme: Theme) -> Self {
        let options = Options { theme, zone: TimeZone::UTC, ..Options::default() };
        let app = App::new(options, NOW.parse().unwrap(), "run".to_owned());
        let mut desk = Self { app, wanted: Vec::new() };
        desk.tell(Msg::Connected);
        desk
    }

    /// Somebody called Ana, who knows Bob and Carol, and talks with Bob.
    pub(crate) fn of_ana(theme: Theme, messages: &[Message]) -> Self {
        let mut desk = Self::with(theme);
        desk.answer(Tag::Hello, json!({"api": "1", "version": "0.1.0", "hasAccount": true}));
        desk.answer(Tag::Account, serde_json::to_value(account()).unwrap());
        let contacts = [contact("Bob"), contact("Carol")];
        desk.answer(Tag::Contacts { is_shown: false }, serde_json::to_value(contacts).unwrap());
        let mut chats = [chat("Bob"), chat("Carol"), chat("Ana")];
        chats[1].unread = 3;
        "self".clone_into(&mut chats[2].kind);
        desk.answer(Tag::Conversations, serde_json::to_value(&chats).unwrap());
        desk.answer(Tag::Status { is_shown: false }, serde_json::to_value(status()).unwrap());
        desk.page(Part::Newest, messages, false);
        desk.wanted.clear();
        desk
    }

    pub(crate) fn tell(&mut self, msg: Msg) {
        let effects = self.app.update(msg);
        self.wanted.extend(effects);
    }

    pub(crate) fn answer(&mut self, tag: Tag, value: Value) {
        self.tell(Msg::Answer(tag, Ok(value)));
    }

    /// A part of the conversation with Bob.
    pub(crate) fn page(&mut self, part: Part, messages: &[Message], has_more: bool) {
        let tag = Tag::Page { conversation: "conv_Bob".to_owned(), part };
        let next = has_more.then_some("msg_next");
        self.answer(tag, json!({ "messages": messages, "next": next }));
    }

    pub(crate) fn hear(&mut self, what: What) {
        let at = NOW.to_owned();
        self.tell(Msg::Event(Box::new(Event { cursor: Some("1".to_owned()), at, what })));
    }

    /// Presses a key, as the help writes it.
    pub(crate) fn press(&mut self, key: &str) {
        let (held, name) = match key.rsplit_once('+') {
            Some((held, name)) if !name.is_empty() => (held, name),
            _ => ("", key),
        };
        let mut modifiers = KeyModifiers::NONE;
        for (word, modifier) in [
            ("Ctrl", KeyModifiers::CONTROL),
            ("Alt", KeyModifiers::ALT),
            ("Shift", KeyModifiers::SHIFT),
        ] {
            if held.contains(word) {
                modifiers |= modifier;
            }
        }
        let code = match name {
            "Enter" => KeyCode::Enter,
            "Esc" => KeyCode::Esc,
            "Tab" => KeyCode::Tab,
            "Up" => KeyCode::Up,
            "Down" => KeyCode::Down,
            "PgUp" => KeyCode::PageUp,
            "PgDn" => KeyCode::PageDown,
            "Home" => KeyCode::Home,
            "End" => KeyCode::End,
            "Backspace" => KeyCode::Backspace,
            "F1" => KeyCode::F(1),
            one => KeyCode::Char(one.chars().next().unwrap()),
        };
        self.tell(Msg::Key(KeyEvent::new(code, modifiers)));
    }

    pub(crate) fn types(&mut self, text: &str) {
        for c in text.chars() {
            self.tell(Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
        }
    }

    /// The last request of a method, which must have been made, and its parameters.
    pub(crate) fn asked(&self, method: &str) -> &Value {
        let mut asks = self.wanted.iter().rev().filter_map(|effect| match effect {
            Effect::Ask(ask) if ask.method == method => Some(&ask.params),
            _ => None,
        });
        asks.next().unwrap_or_else(|| panic!("{method} was not asked: {:?}", self.wanted))
    }

    pub(crate) fn has_asked(&self, method: &str) -> bool {
        self.wanted.iter().any(|e| matches!(e, Effect::Ask(ask) if ask.method == method))
    }

    /// The screen, and where the cursor is.
    pub(crate) fn buffer(&mut self, columns: u16, rows: u16) -> (Buffer, (u16, u16)) {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal.draw(|frame| view::draw(frame, &mut self.app)).unwrap();
        let cursor = terminal.get_cursor_position().unwrap();
        (terminal.backend().buffer().clone(), (cursor.x, cursor.y))
    }

    /// What is seen, row by row.
    pub(crate) fn screen(&mut self, columns: u16, rows: u16) -> String {
        text_of(&self.buffer(columns, rows).0)
    }
}

/// The rows of a buffer, without blanks at their ends.
pub(crate) fn text_of(buffer: &Buffer) -> String {
    use unicode_width::UnicodeWidthStr as _;
    let mut screen = String::new();
    for y in 0..buffer.area.height {
        let mut row = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            row.push_str(symbol);
            x += u16::try_from(symbol.width().max(1)).unwrap();
        }
        screen.push_str(row.trim_end());
        screen.push('\n');
    }
    screen
}

pub(crate) fn account() -> Account {
    let device = Device {
        id: "dev_ana".into(),
        name: "desk".into(),
        is_this: true,
        is_connected: false,
        state: DeviceState::Current,
    };
    Account { id: "ctc_Ana".into(), name: "Ana".into(), device }
}

pub(crate) fn contact(name: &str) -> Contact {
    Contact {
        id: format!("ctc_{name}"),
        name: name.to_owned(),
        own_name: Some(name.to_owned()),
        conversation: Some(format!("conv_{name}")),
        state: ContactState::Contact,
        verified: name == "Bob",
        connected: false,
        unread: 0,
        notify: NotifyLevel::All,
        last_heard_at: Some("2026-11-26T11:30:00Z".into()),
        looks_like: Vec::new(),
    }
}

pub(crate) fn chat(name: &str) -> Conversation {
    Conversation {
        id: format!("conv_{name}"),
        kind: "direct".into(),
        is_private: true,
        contact: format!("ctc_{name}"),
        name: name.to_owned(),
        unread: 0,
        unread_mentions: 0,
        notify: NotifyLevel::All,
        disappear_after_s: 0,
        last: None,
        classroom: None,
        group: None,
    }
}

/// The conversation with a program of the classroom.
pub(crate) fn class(address: &str, team: &str) -> Conversation {
    let id = format!("class_{address}");
    Conversation {
        id: id.clone(),
        kind: "classroom".into(),
        is_private: false,
        contact: id,
        name: format!("{address} {team}"),
        unread: 0,
        unread_mentions: 0,
        notify: NotifyLevel::All,
        disappear_after_s: 0,
        last: None,
        group: None,
        classroom: Some(ClassroomPeer {
            address: address.into(),
            team: team.into(),
            origin: None,
            is_here: true,
        }),
    }
}

/// What such a program says, the `n`th there.
pub(crate) fn class_message(n: u32, of: &Conversation, text: &str) -> Message {
    let mut said = message(n, "red", text);
    (said.id, said.conversation) = (format!("cmsg_{n}"), of.id.clone());
    (said.author.id, said.author.device) = (of.id.clone(), String::new());
    said.author.name.clone_from(&of.classroom.as_ref().unwrap().team);
    said
}

fn status() -> Status {
    Status {
        version: "0.1.0".into(),
        account: Some(account()),
        data_dir: "data".into(),
        has_passphrase: false,
        process: 4711,
        is_daemon: true,
        since: "2026-11-26T08:00:00Z".into(),
        addresses: vec!["192.0.2.7:4433".into()],
        lan: true,
        relays: Vec::new(),
        connected: 1,
        contacts: 2,
        requests: 0,
        invitations: 0,
        unread: 3,
        undelivered: 1,
        classroom: None,
        problems: Vec::new(),
    }
}

/// A message of Ana's (`You`) or of somebody else's to her, the `n`th of a conversation: one a minute.
pub(crate) fn message(n: u32, author: &str, text: &str) -> Message {
    let is_me = author == "You";
    let sent = Timestamp::from_second(1_795_000_000 + i64::from(n) * 60).unwrap();
    Message {
        id: format!("msg_{n}"),
        conversation: "conv_Bob".into(),
        kind: "text".into(),
        author: Author {
            id: if is_me { "ctc_Ana".into() } else { format!("ctc_{author}") },
            name: if is_me { "Ana".into() } else { author.to_owned() },
            device: if is_me { "dev_ana".into() } else { format!("dev_{author}") },
            is_me,
        },
        sent_at: format!("{sent:.3}"),
        text: Some(text.to_owned()),
        reply_to: None,
        edited: false,
        gone: None,
        mentions_me: !is_me && !mentions(text, "Ana").is_empty(),
        reactions: Vec::new(),
        state: is_me.then_some(MessageState::Saved),
        reach: None,
        ending: None,
    }
}

/// Many messages, in turns.
pub(crate) fn talk(numbers: std::ops::Range<u32>) -> Vec<Message> {
    let of = |n: u32| {
        message(n, if n.is_multiple_of(2) { "You" } else { "Bob" }, &format!("number {n}"))
    };
    numbers.map(of).collect()
}
