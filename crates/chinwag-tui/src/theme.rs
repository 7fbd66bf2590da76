//! Colours, by what they mean. Nothing is said by a colour alone.

use ratatui::style::{Color, Modifier, Style};

/// The looks of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// What it is called in the config.
    pub name: &'static str,
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
        name: "terminal",
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
        name: "plain",
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
    pub const CONTRAST: Self = Self {
        name: "contrast",
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
        name: "colour-blind",
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
        name: "light",
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

    /// All themes.
    pub const ALL: &[Self] =
        &[Self::TERMINAL, Self::LIGHT, Self::CONTRAST, Self::COLOUR_BLIND, Self::PLAIN];

    /// The theme with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|theme| theme.name == name).copied()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2.2).
    fn luminance(color: Color) -> f64 {
        let Color::Rgb(r, g, b) = color else { panic!("{color:?} is not ours") };
        let [r, g, b] = [r, g, b].map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    #[test]
    fn what_has_colours_of_ours_can_be_read() {
        for theme in [Theme::LIGHT, Theme::CONTRAST, Theme::COLOUR_BLIND] {
            let least = if theme.name == "contrast" { 7.0 } else { 4.5 };
            for style in [
                theme.text,
                theme.dim,
                theme.name_of_other,
                theme.name_of_me,
                theme.chosen,
                theme.unread,
                theme.status,
                theme.wrong,
                theme.found,
                theme.link,
                theme.code,
            ] {
                let (fg, bg) = (luminance(style.fg.unwrap()), luminance(style.bg.unwrap()));
                let contrast = (fg.max(bg) + 0.05) / (fg.min(bg) + 0.05);
                assert!(contrast >= least, "{}: {style:?} has {contrast:.1}", theme.name);
            }
        }
    }
}
