//! Keys as they are written in the config and shown in the help: `ctrl+p`, `alt+shift+r`, `pgup`.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with what is held beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    held: KeyModifiers,
}

/// The names of keys that are no characters.
const NAMES: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("space", KeyCode::Char(' ')),
    ("plus", KeyCode::Char('+')),
];

/// What can be held, in the order in which it is written.
const HELD: &[(&str, KeyModifiers)] =
    &[("ctrl", KeyModifiers::CONTROL), ("alt", KeyModifiers::ALT), ("shift", KeyModifiers::SHIFT)];

impl Chord {
    /// The chord of a key that was pressed. Terminals differ in how they tell capital letters: all of
    /// them become the small letter with `shift`, and of other characters `shift` is a part.
    pub fn of(event: KeyEvent) -> Self {
        Self::new(event.code, event.modifiers)
    }

    fn new(code: KeyCode, held: KeyModifiers) -> Self {
        let held = held & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        match code {
            KeyCode::Char(c) if c.is_uppercase() => {
                let small = c.to_lowercase().next().unwrap_or(c);
                Self { code: KeyCode::Char(small), held: held | KeyModifiers::SHIFT }
            }
            KeyCode::Char(c) if !c.is_alphabetic() => {
                Self { code, held: held - KeyModifiers::SHIFT }
            }
            KeyCode::BackTab => Self { code, held: held - KeyModifiers::SHIFT },
            _ => Self { code, held },
        }
    }

    /// The character that is typed with it, if it is one.
    pub fn typed(self) -> Option<char> {
        let KeyCode::Char(c) = self.code else { return None };
        match self.held {
            KeyModifiers::NONE => Some(c),
            KeyModifiers::SHIFT => c.to_uppercase().next(),
            _ => None,
        }
    }
}

/// Why a key can't be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no key: write one like ctrl+p, alt+down, pgup or f1")]
pub struct NoKey(String);

impl FromStr for Chord {
    type Err = NoKey;

    fn from_str(written: &str) -> Result<Self, NoKey> {
        let fault = || NoKey(written.to_owned());
        let mut held = KeyModifiers::NONE;
        let mut rest = written;
        while let Some((word, after)) = rest.split_once('+') {
            let found = HELD.iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
            // A `+` by itself is a key.
            let Some((_, modifier)) = found else { break };
            held |= *modifier;
            rest = after;
        }
        Ok(Self::new(code(rest).ok_or_else(fault)?, held))
    }
}

fn code(name: &str) -> Option<KeyCode> {
    let mut chars = name.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return Some(KeyCode::Char(c));
    }
    let small = name.to_ascii_lowercase();
    if let Some((_, code)) = NAMES.iter().find(|(known, _)| *known == small) {
        return Some(*code);
    }
    let number = small.strip_prefix('f')?.parse().ok()?;
    (1..=12).contains(&number).then_some(KeyCode::F(number))
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, modifier) in HELD {
            if self.held.contains(*modifier) {
                write!(f, "{}+", capital(name))?;
            }
        }
        match self.code {
            KeyCode::F(number) => write!(f, "F{number}"),
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(c) => write!(f, "{}", c.to_uppercase()),
            code => {
                let name = NAMES.iter().find(|(_, known)| *known == code).map_or("?", |(n, _)| n);
                f.write_str(&capital(name))
            }
        }
    }
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_and_shown() {
        for (written, shown) in [
            ("ctrl+p", "Ctrl+P"),
            ("alt+shift+r", "Alt+Shift+R"),
            ("PgUp", "Pgup"),
            ("f1", "F1"),
            ("+", "+"),
            ("alt+/", "Alt+/"),
            ("ctrl+_", "Ctrl+_"),
        ] {
            assert_eq!(written.parse::<Chord>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for written in ["", "ctrl+", "hyper+x", "f13", "enterr"] {
            assert!(written.parse::<Chord>().is_err(), "{written}");
        }
    }

    #[test]
    fn capitals_are_told_in_one_way() {
        let told = [
            KeyEvent::new(KeyCode::Char('B'), KeyModifiers::ALT),
            KeyEvent::new(KeyCode::Char('B'), KeyModifiers::ALT | KeyModifiers::SHIFT),
            KeyEvent::new(KeyCode::Char('b'), KeyModifiers::ALT | KeyModifiers::SHIFT),
        ];
        for event in told {
            assert_eq!(Chord::of(event), "alt+shift+b".parse().unwrap());
        }
        let question = KeyEvent::new(KeyCode::Char('?'), KeyModifiers::SHIFT);
        assert_eq!(Chord::of(question).typed(), Some('?'));
    }
}
