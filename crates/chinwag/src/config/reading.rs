//! Reads the text of a config file. All that is wrong in it is found, not only what is first, and each
//! fault says where it is and what would be right.

use std::fmt;
use std::ops::Range;

use chinwag_tui::actions::{ACTIONS, Keymap, Keys};
use chinwag_tui::theme::Theme;
use serde::Deserialize as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error, ValueDeserializer};

use super::table::{self, KEYS_OF_ACTIONS};
use super::{ActionKeys, Config};
use crate::themes::Themes;

/// Faults, and warnings, of one file that are told: whoever wrote more of them has another file at hand.
const TOLD_MAX: usize = 100;

/// Faults of one file whose places are looked for: there may be several in a line.
const LOOKED_FOR_MAX: usize = 1_000;

/// Characters of a value that are shown.
const VALUE_SHOWN: usize = 40;

/// Bytes of a name for which a known one is looked for that is like it.
const WORD_MAX: usize = 100;

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// What the file says, as far as it is right.
    pub(crate) config: Config,
    /// Whether it says which relays may be used, none included.
    pub(crate) names_relays: bool,
    /// What is wrong, in the order of the file.
    pub(crate) faults: Vec<Place>,
    /// What does not count, in the order of the file.
    pub(crate) warnings: Vec<Place>,
}

/// Something to say of a place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its byte, by which places are put in order.
    at: usize,
    /// The line, from 1 on.
    line: usize,
    /// The character in it, from 1 on.
    column: usize,
    /// The words.
    pub(crate) words: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.words)
    }
}

impl Place {
    /// The place of a byte of a text.
    pub(crate) fn new(text: &str, at: usize, words: &str) -> Self {
        let before = text.get(..at.min(text.len())).unwrap_or_default();
        let line_before = before.rsplit('\n').next().unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        // What TOML says may have lines of its own.
        let words = words.replace('\n', ", ");
        Self { at, line, column: line_before.chars().count() + 1, words }
    }
}

/// Reads the text of a file, where there are these themes.
pub(super) fn read(text: &str, themes: &Themes) -> Reading {
    let (document, faults) = DeTable::parse_recoverable(text);
    let mut reader = Reader { text, themes, looked_for: 0, reading: Reading::default() };
    for fault in &faults {
        reader.fault(fault.span().unwrap_or_default(), fault.message());
    }
    reader.table("", document.into_inner());
    reader.done()
}

struct Reader<'a> {
    text: &'a str,
    themes: &'a Themes,
    /// Faults whose place was looked for.
    looked_for: usize,
    reading: Reading,
}

impl Reader<'_> {
    fn fault(&mut self, at: Range<usize>, words: &str) {
        // To find a place the text is read up to it, so that is not done for each of a million.
        if self.reading.faults.len() == TOLD_MAX || self.looked_for == LOOKED_FOR_MAX {
            return;
        }
        self.looked_for += 1;
        let place = Place::new(self.text, at.start, words);
        // What follows from a fault on the same line is not another one.
        let is_new = self.reading.faults.iter().all(|fault| fault.line != place.line);
        if is_new {
            self.reading.faults.push(place);
        }
    }

    fn warning(&mut self, at: Range<usize>, words: &str) {
        if self.reading.warnings.len() < TOLD_MAX {
            self.reading.warnings.push(Place::new(self.text, at.start, words));
        }
    }

    fn table(&mut self, section: &str, table: DeTable<'_>) {
        for (key, value) in table {
            let name = match section {
                "" => key.get_ref().to_string(),
                section => format!("{section}.{}", key.get_ref()),
            };
            if section == KEYS_OF_ACTIONS {
                self.keys_of_action(key.get_ref(), key.span(), value);
            } else if let Some(known) = table::named(&name) {
                self.value(known, value);
            } else if table::section(&name).is_some() {
                let at = value.span();
                match value.into_inner() {
                    DeValue::Table(table) => self.table(&name, table),
                    _ => self.fault(at, &format!("{name} is a section: write [{name}]")),
                }
            } else {
                self.warning(key.span(), &unknown(&name));
            }
        }
    }

    fn value(&mut self, key: &'static table::Key, value: Spanned<DeValue<'_>>) {
        let whole = value.span();
        if let Err(error) = (key.set)(&mut self.reading.config, value) {
            let (at, value) = self.of(&error, whole.clone());
            self.fault(at, &format!("{} takes {}, not {value}", key.name, key.takes));
        } else if key.name == "ui.theme" {
            self.theme(whole);
        } else if key.name == "relays" {
            self.reading.names_relays = true;
        }
    }

    /// Whether there is the theme that was named.
    fn theme(&mut self, at: Range<usize>) {
        let name = &self.reading.config.ui.theme;
        if Theme::named(name, &self.themes.all).is_none() {
            let names = self.themes.names();
            self.fault(at, &format!("ui.theme takes one of {names}, not {}", shown(name)));
        }
    }

    fn keys_of_action(&mut self, name: &str, at: Range<usize>, value: Spanned<DeValue<'_>>) {
        let Some(action) = ACTIONS.iter().find(|action| action.name == name) else {
            let names = ACTIONS.iter().map(|action| action.name);
            let suggestion = nearest(name, names).map(|name| format!("did you mean {name:?}?"));
            let suggestion =
                suggestion.unwrap_or_else(|| "docs/command-line.md lists them".to_owned());
            return self.fault(at, &format!("there is no action {}; {suggestion}", shown(name)));
        };
        let whole = value.span();
        let keys = match ActionKeys::deserialize(ValueDeserializer::from(value)) {
            Ok(keys) => keys,
            Err(error) => {
                let (at, value) = self.of(&error, whole);
                let takes = "a key such as \"ctrl+p\", or a list of keys";
                return self
                    .fault(at, &format!("{KEYS_OF_ACTIONS}.{name} takes {takes}, not {value}"));
            }
        };
        match Keymap::new(Keys::None, [(action.name, keys.all())]) {
            Ok(_) => drop(self.reading.config.ui.keys.insert(name.to_owned(), keys)),
            Err(error) => self.fault(whole, &error.to_string()),
        }
    }

    /// Which place an error is about, and what stands there.
    fn of(&self, error: &Error, whole: Range<usize>) -> (Range<usize>, String) {
        let at = error.span().unwrap_or(whole);
        let value = self.text.get(at.clone()).unwrap_or_default();
        (at, chinwag_text::safe::short(value.trim(), VALUE_SHOWN))
    }

    fn done(mut self) -> Reading {
        self.reading.faults.sort_by_key(|place| place.at);
        self.reading.warnings.sort_by_key(|place| place.at);
        self.reading
    }
}

fn shown(name: &str) -> String {
    format!("\"{}\"", chinwag_text::safe::short(name, VALUE_SHOWN))
}

fn unknown(name: &str) -> String {
    let suggestion =
        nearest(name, table::names()).map(|known| format!("; did you mean {known:?}?"));
    let name = shown(name);
    format!("unknown key {name} in the config file{}", suggestion.unwrap_or_default())
}

/// The one of these that was probably meant.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > WORD_MAX {
        return None;
    }
    let distance = |known: &&str| strsim::damerau_levenshtein(word, known);
    known.into_iter().min_by_key(distance).filter(|known| distance(known) <= 3)
}
