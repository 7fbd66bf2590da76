//! How the client is to look and to behave: what the config says of it.

use std::path::PathBuf;

use chinwag_text::dates::Dates;
use jiff::tz::TimeZone;

use crate::actions::Keymap;
use crate::notify::Rules;
use crate::theme::Theme;
use crate::view::widths::Columns;

/// How the client is to be.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Options {
    /// Colours.
    pub theme: Theme,
    /// Keys.
    pub keymap: Keymap,
    /// All colours that there are.
    pub themes: Vec<Theme>,
    /// What is told of what nobody looks at.
    pub notifications: Rules,
    /// Whether the title of the terminal says how much is unread.
    pub title: bool,
    /// In which zone times are shown.
    pub zone: TimeZone,
    /// How times of day and days are written.
    pub dates: Dates,
    /// Whether Enter is told with what is held beside it (the keyboard protocol of kitty); it is asked
    /// for where the terminal is known to have it.
    pub extended_keys: bool,
    /// Whether the mouse chooses and scrolls from the beginning; it can be switched.
    pub mouse: bool,
    /// Where it is kept which parts of the screen are shown; without: it is not.
    pub layout: Option<PathBuf>,
    /// Whether characters of ambiguous width (UAX #11) take two columns, as in some terminals of East Asia.
    pub ambiguous_wide: bool,
    /// Whether emoji are shown as their names between colons.
    pub shortcodes: bool,
    /// Whether emoji that are joined of several are shown as one: not where a multiplexer is in between, which
    /// counts otherwise than the terminal.
    pub joined_emoji: bool,
    /// Whether anything moves by itself: pictures of round trips, and seconds that are counted.
    pub motion: bool,
    /// Whether there are only lines of words: then no picture is made, not even of a ticket.
    pub is_linear: bool,
    /// What does not count in the config file: said when one begins.
    pub warnings: Vec<String>,
    /// What is asked at the first start of whose relay may be used, paragraph by paragraph. None: nothing is asked.
    pub relay_question: Vec<String>,
}

impl Options {
    /// How the terminal counts columns.
    pub fn columns(&self) -> Columns {
        Columns { is_wide: self.ambiguous_wide }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            keymap: Keymap::default(),
            themes: Theme::ALL.to_vec(),
            notifications: Rules::default(),
            title: true,
            zone: TimeZone::system(),
            dates: Dates::default(),
            extended_keys: true,
            mouse: false,
            layout: None,
            ambiguous_wide: false,
            shortcodes: false,
            joined_emoji: true,
            motion: true,
            is_linear: false,
            warnings: Vec::new(),
            relay_question: Vec::new(),
        }
    }
}

/// What a config that was read again says.
#[derive(Clone, Debug)]
pub struct Reloaded {
    /// How the client is to be from now on.
    pub options: Options,
    /// The keys that were changed and count only when the program begins again.
    pub fixed: Vec<String>,
}
