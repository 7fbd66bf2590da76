//! Colours, by what they mean. Nothing is said by a colour alone.
//!
//! Some themes are shipped; others are files that say how they differ from one of these.

use std::fmt;
use std::str::FromStr as _;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

/// The contrast that text needs to be read well (WCAG 2.2, success criterion 1.4.3).
pub const CONTRAST_MIN: f64 = 4.5;

/// What a theme is called: 1 to [`NAME_MAX`] small letters, digits and hyphens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; NAME_MAX],
    length: usize,
}

/// Bytes of the name of a theme.
pub const NAME_MAX: usize = 32;

impl Name {
    const fn ours(name: &str) -> Self {
        let mut bytes = [0; NAME_MAX];
        let mut length = 0;
        while length < name.len() {
            bytes[length] = name.as_bytes()[length];
            length += 1;
        }
        Self { bytes, length }
    }

    /// A name as it was written; `None`: it is none.
    pub fn new(written: &str) -> Option<Self> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let is_name = (1..=NAME_MAX).contains(&written.len()) && written.chars().all(fits);
        is_name.then(|| Self::ours(written))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// The looks of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// What it is called in the config.
    pub name: Name,
    /// Words.
    pub text: Style,
    /// What is of less importance: times, states, separators.
    pub dim: Style,
    /// Names of others.
    pub name_of_other: Style,
    /// Our own name.
    pub name_of_me: Style,
    /// What is chosen in a list.
    pub chosen: Style,
    /// What is unread, and whoever speaks to us.
    pub unread: Style,
    /// The status line.
    pub status: Style,
    /// What went wrong.
    pub wrong: Style,
    /// What was found, links and code.
    pub found: Style,
    /// Links.
    pub link: Style,
    /// Code.
    pub code: Style,
    /// Borders.
    pub border: Style,
}

const PLAIN: Style = Style::new();

impl Theme {
    /// The sixteen colours of the terminal, as its owner has chosen them: the default.
    pub const TERMINAL: Self = Self {
        name: Name::ours("terminal"),
        text: PLAIN,
        dim: PLAIN.add_modifier(Modifier::DIM),
        name_of_other: PLAIN.fg(Color::Cyan).add_modifier(Modifier::BOLD),
        name_of_me: PLAIN.fg(Color::Green).add_modifier(Modifier::BOLD),
        chosen: PLAIN.add_modifier(Modifier::REVERSED),
        unread: PLAIN.fg(Color::Yellow).add_modifier(Modifier::BOLD),
        status: PLAIN.add_modifier(Modifier::REVERSED),
        wrong: PLAIN.fg(Color::Red).add_modifier(Modifier::BOLD),
        found: PLAIN.fg(Color::Yellow).add_modifier(Modifier::REVERSED),
        link: PLAIN.fg(Color::Blue).add_modifier(Modifier::UNDERLINED),
        code: PLAIN.fg(Color::Magenta),
        border: PLAIN.add_modifier(Modifier::DIM),
    };

    /// No colours: bold, dim, underlined and reversed alone.
    pub const PLAIN: Self = Self {
        name: Name::ours("plain"),
        text: PLAIN,
        dim: PLAIN.add_modifier(Modifier::DIM),
        name_of_other: PLAIN.add_modifier(Modifier::BOLD),
        name_of_me: PLAIN.add_modifier(Modifier::BOLD),
        chosen: PLAIN.add_modifier(Modifier::REVERSED),
        unread: PLAIN.add_modifier(Modifier::BOLD),
        status: PLAIN.add_modifier(Modifier::REVERSED),
        wrong: PLAIN.add_modifier(Modifier::BOLD),
        found: PLAIN.add_modifier(Modifier::REVERSED),
        link: PLAIN.add_modifier(Modifier::UNDERLINED),
        code: PLAIN,
        border: PLAIN,
    };

    /// White and yellow on black, nothing dim.
    pub const HIGH_CONTRAST: Self = Self {
        name: Name::ours("high-contrast"),
        text: on_black(Color::Rgb(255, 255, 255)),
        dim: on_black(Color::Rgb(220, 220, 220)),
        name_of_other: on_black(Color::Rgb(255, 230, 0)).add_modifier(Modifier::BOLD),
        name_of_me: on_black(Color::Rgb(255, 255, 255)).add_modifier(Modifier::BOLD),
        chosen: PLAIN.fg(Color::Rgb(0, 0, 0)).bg(Color::Rgb(255, 230, 0)),
        unread: on_black(Color::Rgb(255, 230, 0)).add_modifier(Modifier::BOLD),
        status: PLAIN.fg(Color::Rgb(0, 0, 0)).bg(Color::Rgb(255, 255, 255)),
        wrong: on_black(Color::Rgb(255, 150, 150)).add_modifier(Modifier::BOLD),
        found: PLAIN.fg(Color::Rgb(0, 0, 0)).bg(Color::Rgb(255, 230, 0)),
        link: on_black(Color::Rgb(150, 210, 255)).add_modifier(Modifier::UNDERLINED),
        code: on_black(Color::Rgb(255, 230, 0)),
        border: on_black(Color::Rgb(255, 255, 255)),
    };

    /// Blue and orange, which every kind of colour-blindness tells apart (Okabe and Ito, 2008), on black.
    pub const COLOUR_BLIND: Self = Self {
        name: Name::ours("colour-blind"),
        text: on_black(Color::Rgb(235, 235, 235)),
        dim: on_black(Color::Rgb(160, 160, 160)),
        name_of_other: on_black(Color::Rgb(86, 180, 233)).add_modifier(Modifier::BOLD),
        name_of_me: on_black(Color::Rgb(230, 159, 0)).add_modifier(Modifier::BOLD),
        chosen: PLAIN.fg(Color::Rgb(0, 0, 0)).bg(Color::Rgb(86, 180, 233)),
        unread: on_black(Color::Rgb(240, 228, 66)).add_modifier(Modifier::BOLD),
        status: PLAIN.fg(Color::Rgb(0, 0, 0)).bg(Color::Rgb(190, 190, 190)),
        wrong: on_black(Color::Rgb(240, 160, 90)).add_modifier(Modifier::BOLD),
        found: PLAIN.fg(Color::Rgb(0, 0, 0)).bg(Color::Rgb(240, 228, 66)),
        link: on_black(Color::Rgb(86, 180, 233)).add_modifier(Modifier::UNDERLINED),
        code: on_black(Color::Rgb(230, 159, 0)),
        border: on_black(Color::Rgb(160, 160, 160)),
    };

    /// Dark on white.
    pub const LIGHT: Self = Self {
        name: Name::ours("light"),
        text: on_white(Color::Rgb(20, 20, 20)),
        dim: on_white(Color::Rgb(95, 95, 95)),
        name_of_other: on_white(Color::Rgb(0, 70, 130)).add_modifier(Modifier::BOLD),
        name_of_me: on_white(Color::Rgb(0, 95, 60)).add_modifier(Modifier::BOLD),
        chosen: PLAIN.fg(Color::Rgb(255, 255, 255)).bg(Color::Rgb(0, 70, 130)),
        unread: on_white(Color::Rgb(140, 60, 0)).add_modifier(Modifier::BOLD),
        status: PLAIN.fg(Color::Rgb(20, 20, 20)).bg(Color::Rgb(215, 215, 215)),
        wrong: on_white(Color::Rgb(160, 0, 30)).add_modifier(Modifier::BOLD),
        found: PLAIN.fg(Color::Rgb(0, 0, 0)).bg(Color::Rgb(255, 225, 120)),
        link: on_white(Color::Rgb(0, 70, 130)).add_modifier(Modifier::UNDERLINED),
        code: on_white(Color::Rgb(120, 30, 110)),
        border: on_white(Color::Rgb(95, 95, 95)),
    };

    /// Light on a dark grey.
    pub const DARK: Self = Self {
        name: Name::ours("dark"),
        text: on_dark(Color::Rgb(222, 222, 222)),
        dim: on_dark(Color::Rgb(150, 150, 150)),
        name_of_other: on_dark(Color::Rgb(120, 190, 235)).add_modifier(Modifier::BOLD),
        name_of_me: on_dark(Color::Rgb(140, 205, 150)).add_modifier(Modifier::BOLD),
        chosen: PLAIN.fg(Color::Rgb(24, 24, 24)).bg(Color::Rgb(120, 190, 235)),
        unread: on_dark(Color::Rgb(240, 200, 110)).add_modifier(Modifier::BOLD),
        status: PLAIN.fg(Color::Rgb(222, 222, 222)).bg(Color::Rgb(60, 60, 60)),
        wrong: on_dark(Color::Rgb(245, 130, 120)).add_modifier(Modifier::BOLD),
        found: PLAIN.fg(Color::Rgb(24, 24, 24)).bg(Color::Rgb(240, 200, 110)),
        link: on_dark(Color::Rgb(120, 190, 235)).add_modifier(Modifier::UNDERLINED),
        code: on_dark(Color::Rgb(215, 165, 225)),
        border: on_dark(Color::Rgb(150, 150, 150)),
    };

    /// All themes that are shipped.
    pub const ALL: &[Self] = &[
        Self::TERMINAL,
        Self::LIGHT,
        Self::DARK,
        Self::HIGH_CONTRAST,
        Self::COLOUR_BLIND,
        Self::PLAIN,
    ];

    /// The one of these themes with this name, or the shipped one that it once meant.
    pub fn named(name: &str, among: &[Self]) -> Option<Self> {
        let name = match name {
            "default" => "terminal",
            "contrast" => "high-contrast",
            "color-blind" => "colour-blind",
            name => name,
        };
        among.iter().find(|theme| theme.name.as_str() == name).copied()
    }

    /// What is least easy to read of all that has two colours of its own, and its contrast (WCAG 2.2):
    /// from 1 to 21. `None`: nothing has.
    pub fn least_contrast(&self) -> Option<(&'static str, f64)> {
        let all = self.texts().into_iter();
        let all = all.filter_map(|(name, style)| Some((name, contrast(style.fg?, style.bg?)?)));
        all.min_by(|(_, one), (_, other)| one.total_cmp(other))
    }

    /// The styles in which there is text, by their names in a file.
    fn texts(&self) -> [(&'static str, Style); 11] {
        [
            ("text", self.text),
            ("dim", self.dim),
            ("name_of_other", self.name_of_other),
            ("name_of_me", self.name_of_me),
            ("chosen", self.chosen),
            ("unread", self.unread),
            ("status", self.status),
            ("wrong", self.wrong),
            ("found", self.found),
            ("link", self.link),
            ("code", self.code),
        ]
    }
}

/// The contrast of two colours, if both are ours to say.
fn contrast(one: Color, other: Color) -> Option<f64> {
    let (one, other) = (luminance(one)?, luminance(other)?);
    Some((one.max(other) + 0.05) / (one.min(other) + 0.05))
}

/// Relative luminance (WCAG 2.2).
fn luminance(color: Color) -> Option<f64> {
    let Color::Rgb(r, g, b) = color else { return None };
    let [r, g, b] = [r, g, b].map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    Some(0.2126 * r + 0.7152 * g + 0.0722 * b)
}

/// A theme as it is written in a file: how it differs from one that is shipped.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ThemeFile {
    base: Option<String>,
    text: Look,
    dim: Look,
    name_of_other: Look,
    name_of_me: Look,
    chosen: Look,
    unread: Look,
    status: Look,
    wrong: Look,
    found: Look,
    link: Look,
    code: Look,
    border: Look,
}

/// A style as it is written: what is not said is as in the base.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Look {
    fg: Option<Colour>,
    bg: Option<Colour>,
    bold: Option<bool>,
    dim: Option<bool>,
    italic: Option<bool>,
    underlined: Option<bool>,
    reversed: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Colour(Color);

impl TryFrom<String> for Colour {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        Color::from_str(&written).map(Self).map_err(|_| {
            format!("{written:?} is no colour: write \"#rrggbb\", a name like \"red\", or a number to 255")
        })
    }
}

impl ThemeFile {
    /// The theme that is meant. An error: there is no such base.
    pub fn theme(&self, name: Name) -> Result<Theme, String> {
        let base = self.base.as_deref().unwrap_or("terminal");
        let Some(base) = Theme::named(base, Theme::ALL) else {
            let names: Vec<&str> = Theme::ALL.iter().map(|theme| theme.name.as_str()).collect();
            return Err(format!("base takes one of {}, not {base:?}", names.join(", ")));
        };
        Ok(Theme {
            name,
            text: self.text.over(base.text),
            dim: self.dim.over(base.dim),
            name_of_other: self.name_of_other.over(base.name_of_other),
            name_of_me: self.name_of_me.over(base.name_of_me),
            chosen: self.chosen.over(base.chosen),
            unread: self.unread.over(base.unread),
            status: self.status.over(base.status),
            wrong: self.wrong.over(base.wrong),
            found: self.found.over(base.found),
            link: self.link.over(base.link),
            code: self.code.over(base.code),
            border: self.border.over(base.border),
        })
    }
}

impl Look {
    fn over(&self, base: Style) -> Style {
        let mut style = base;
        style.fg = self.fg.map(|Colour(color)| color).or(style.fg);
        style.bg = self.bg.map(|Colour(color)| color).or(style.bg);
        for (wanted, modifier) in [
            (self.bold, Modifier::BOLD),
            (self.dim, Modifier::DIM),
            (self.italic, Modifier::ITALIC),
            (self.underlined, Modifier::UNDERLINED),
            (self.reversed, Modifier::REVERSED),
        ] {
            style = match wanted {
                Some(true) => style.add_modifier(modifier),
                Some(false) => style.remove_modifier(modifier),
                None => style,
            };
        }
        style
    }
}

impl Default for Theme {
    fn default() -> Self {
        Self::TERMINAL
    }
}

const fn on_black(color: Color) -> Style {
    PLAIN.fg(color).bg(Color::Rgb(0, 0, 0))
}

const fn on_white(color: Color) -> Style {
    PLAIN.fg(color).bg(Color::Rgb(255, 255, 255))
}

const fn on_dark(color: Color) -> Style {
    PLAIN.fg(color).bg(Color::Rgb(24, 24, 24))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_colours_of_ours_can_be_read() {
        for theme in [Theme::LIGHT, Theme::DARK, Theme::HIGH_CONTRAST, Theme::COLOUR_BLIND] {
            let least = if theme == Theme::HIGH_CONTRAST { 7.0 } else { CONTRAST_MIN };
            for (name, style) in theme.texts() {
                let contrast = contrast(style.fg.unwrap(), style.bg.unwrap()).unwrap();
                assert!(contrast >= least, "{}: {name} has {contrast:.1}", theme.name);
            }
        }
    }

    #[test]
    fn what_has_the_colours_of_the_terminal_is_the_terminals_to_make_readable() {
        assert_eq!(Theme::TERMINAL.least_contrast(), None);
        assert_eq!(Theme::PLAIN.least_contrast(), None);
    }

    #[test]
    fn contrast_is_measured_as_it_is_by_others() {
        let white = Color::Rgb(255, 255, 255);
        let of = |grey| contrast(Color::Rgb(grey, grey, grey), white).unwrap();
        assert!((of(0) - 21.0).abs() < 0.01);
        assert!((of(255) - 1.0).abs() < 0.01);
        // The lightest grey that may be text on white.
        assert!(of(118) >= 4.5 && of(119) < 4.5);
    }

    #[test]
    fn a_theme_has_one_name_and_shipped_ones_are_found_by_their_old_ones() {
        for theme in Theme::ALL {
            assert_eq!(Name::new(theme.name.as_str()), Some(theme.name));
            assert_eq!(Theme::named(theme.name.as_str(), Theme::ALL), Some(*theme));
        }
        assert_eq!(Theme::named("contrast", Theme::ALL), Some(Theme::HIGH_CONTRAST));
        assert_eq!(Theme::named("pink", Theme::ALL), None);
        for wrong in ["", "A", "a b", "../a", &"x".repeat(NAME_MAX + 1)] {
            assert_eq!(Name::new(wrong), None, "{wrong}");
        }
    }
}
