//! Windows that lie over the conversation: lists to choose from, texts to read, peers, questions.

use std::collections::{BTreeMap, VecDeque};

use chinwag_api::model::{Id, Peer};
use ratatui::text::Line;

use crate::code::Code;
use crate::composer::Composer;
use crate::msg::Effect;

/// Round trips of a device that are kept for its little picture.
const ROUND_TRIPS_KEPT: usize = 30;

/// Rows of a list that are shown at once, when nobody says otherwise.
pub(super) const LIST_PAGE: usize = 10;

/// A window.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one")]
pub enum Window {
    /// Something to choose from, narrowed by what is typed.
    List(List),
    /// Something to read.
    Pager(Pager),
    /// Devices and the ways to them.
    Peers(PeersView),
    /// A question.
    Asked(Asked),
}

/// What a list is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// Conversations and commands.
    Switcher,
    /// Conversations with something unread.
    Unread,
    /// Messages that were found: here, or everywhere.
    Search {
        /// Only in this conversation.
        within: Option<Id>,
    },
    /// Messages in which we are named.
    Mentions,
    /// Contacts.
    Contacts,
    /// Strangers who asked.
    Requests,
    /// Conversations of the classroom.
    Classroom,
    /// What can be done first.
    First,
    /// Colours.
    Themes,
}

/// A line to choose.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What is shown, on one line.
    pub line: Line<'static>,
    /// What is matched with what is typed.
    pub text: String,
    /// What is chosen.
    pub choice: Choice,
}

/// What can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A conversation.
    Chat(Id),
    /// A command, by its name in the table.
    Action(&'static str),
    /// A message, in its conversation.
    Message {
        /// The conversation.
        conversation: Id,
        /// The message.
        id: Id,
    },
    /// A contact.
    Contact(Id),
    /// A stranger.
    Request(Id),
    /// A theme.
    Theme(crate::theme::Name),
}

/// A list to choose from.
#[derive(Debug)]
pub struct List {
    /// What it is for.
    pub kind: ListKind,
    /// What was typed.
    pub typed: Composer,
    /// All lines.
    pub rows: Vec<Row>,
    /// Those that fit what was typed, the best first.
    pub shown: Vec<usize>,
    /// Which of these is chosen.
    pub chosen: usize,
    /// Whether one was chosen with a key since something was typed: then the cursor is there.
    pub is_stepped: bool,
    /// What to say while there is nothing.
    pub empty: String,
}

impl List {
    /// A list of these lines.
    pub fn new(kind: ListKind, rows: Vec<Row>, empty: &str) -> Self {
        let shown = (0..rows.len()).collect();
        let (typed, empty) = (Composer::default(), empty.to_owned());
        Self { kind, typed, rows, shown, chosen: 0, is_stepped: false, empty }
    }

    /// Brings what is shown into agreement with what was typed.
    pub fn narrow(&mut self) {
        use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
        use nucleo_matcher::{Config, Matcher, Utf32Str};
        self.chosen = 0;
        if matches!(self.kind, ListKind::Search { .. }) {
            self.shown = (0..self.rows.len()).collect();
            return;
        }
        let typed = self.typed.text();
        let pattern =
            Pattern::new(&typed, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut scored: Vec<(u32, usize)> = Vec::new();
        for (n, row) in self.rows.iter().enumerate() {
            let text = Utf32Str::new(&row.text, &mut buffer);
            if let Some(score) = pattern.score(text, &mut matcher) {
                scored.push((score, n));
            }
        }
        // A conversation with a word that begins like this is meant before anything that can be done, and those
        // that fit equally well stay in their order.
        let small = typed.to_lowercase();
        let is_meant = |row: &Row| {
            let text = row.text.to_lowercase();
            let begins = text.split_whitespace().any(|word| word.starts_with(&small));
            matches!(row.choice, Choice::Chat(_)) && !small.is_empty() && begins
        };
        scored.sort_by_key(|(score, n)| (!is_meant(&self.rows[*n]), std::cmp::Reverse(*score), *n));
        self.shown = scored.into_iter().map(|(_, n)| n).collect();
    }

    /// What is chosen.
    pub fn choice(&self) -> Option<&Choice> {
        self.shown.get(self.chosen).and_then(|n| self.rows.get(*n)).map(|row| &row.choice)
    }

    /// Chooses another.
    pub fn step(&mut self, by: isize) {
        let last = self.shown.len().saturating_sub(1);
        self.is_stepped = true;
        self.chosen = self.chosen.saturating_add_signed(by).min(last);
    }
}

/// A text to read.
#[derive(Debug)]
pub struct Pager {
    /// What it is.
    pub title: String,
    /// Its lines; wide ones are folded when they are drawn.
    pub lines: Vec<Line<'static>>,
    /// How many rows are above what is seen.
    pub scrolled: usize,
    /// How many rows there are, and how many are seen, as it was drawn last.
    pub drawn: (usize, usize),
    /// What `y` copies.
    pub copies: Option<String>,
    /// What it says as a QR code; it is drawn below it where there is room.
    pub code: Option<Code>,
    /// Whether the code is seen, alone on the screen.
    pub is_code: bool,
    /// The lines folded to this many columns, as they were drawn last.
    pub folded: Option<(usize, Vec<Line<'static>>)>,
}

impl Pager {
    /// A text.
    pub fn new(title: impl Into<String>, lines: Vec<Line<'static>>) -> Self {
        Self {
            title: title.into(),
            lines,
            scrolled: 0,
            drawn: (0, 0),
            copies: None,
            code: None,
            is_code: false,
            folded: None,
        }
    }

    /// One that can be seen as a QR code.
    #[must_use]
    pub fn coded(mut self, code: Option<Code>) -> Self {
        self.code = code;
        self
    }

    /// One of which `y` copies this.
    #[must_use]
    pub fn copying(mut self, copies: impl Into<String>) -> Self {
        self.copies = Some(copies.into());
        self
    }

    /// Moves by rows.
    pub fn scroll(&mut self, by: isize) {
        let last = self.drawn.0.saturating_sub(self.drawn.1);
        self.scrolled = self.scrolled.saturating_add_signed(by).min(last);
    }
}

/// Devices and the ways to them.
#[derive(Debug, Default)]
pub struct PeersView {
    /// As they are now.
    pub peers: Vec<Peer>,
    /// The last round trips of each, in milliseconds.
    pub round_trips: BTreeMap<Id, VecDeque<f64>>,
    /// How many lines are above what is seen.
    pub scrolled: usize,
    /// Whether they were told at all.
    pub is_told: bool,
}

impl PeersView {
    /// Takes what the daemon tells.
    pub fn told(&mut self, peers: Vec<Peer>) {
        for peer in &peers {
            let Some(path) = &peer.path else { continue };
            let kept = self.round_trips.entry(peer.device.clone()).or_default();
            if kept.len() == ROUND_TRIPS_KEPT {
                kept.pop_front();
            }
            kept.push_back(path.rtt_ms);
        }
        self.peers = peers;
        self.is_told = true;
    }
}

/// A question, before something that can't be taken back.
#[derive(Debug)]
pub struct Asked {
    /// The question.
    pub question: String,
    /// What is done if it is answered with yes.
    pub then: Vec<Effect>,
    /// A third answer: its word, and what is done then.
    pub or: Option<(&'static str, Vec<Effect>)>,
}

impl Asked {
    /// A question with two answers.
    pub fn new(question: impl Into<String>, then: Vec<Effect>) -> Self {
        Self { question: question.into(), then, or: None }
    }

    /// One with a third answer.
    #[must_use]
    pub fn or(mut self, word: &'static str, then: Vec<Effect>) -> Self {
        self.or = Some((word, then));
        self
    }
}
