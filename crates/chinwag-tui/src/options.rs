//! How the client is to look and to behave: what the config says of it.

use std::path::PathBuf;

use jiff::tz::TimeZone;

use crate::actions::Keymap;
use crate::theme::Theme;

/// What makes a noise when a message comes that nobody looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notify {
    /// Nothing.
    None,
    /// The bell of the terminal.
    #[default]
    Bell,
    /// A notification of the terminal (OSC 9), without a name or a word of what was said.
    Terminal,
}

/// How the client is to be.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Options {
    /// Colours.
    pub theme: Theme,
    /// Keys.
    pub keymap: Keymap,
    /// What makes a noise.
    pub notify: Notify,
    /// Whether the title of the terminal says how much is unread.
    pub title: bool,
    /// In which zone times are shown.
    pub zone: TimeZone,
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
    /// Whether there are only lines of words: then no picture is made, not even of a ticket.
    pub is_linear: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            keymap: Keymap::default(),
            notify: Notify::default(),
            title: true,
            zone: TimeZone::system(),
            extended_keys: true,
            mouse: false,
            layout: None,
            ambiguous_wide: false,
            shortcodes: false,
            joined_emoji: true,
            is_linear: false,
        }
    }
}
