//! How what the daemon answers is said to a person. Pure: values go in, text comes out.
//!
//! Whatever another person wrote is made safe on the way (`output`). Colour only ever repeats what
//! the words say.

pub(crate) mod account;
pub(crate) mod doctor;
pub(crate) mod event;
pub(crate) mod groups;
pub(crate) mod message;
pub(crate) mod people;
pub(crate) mod table;
pub(crate) use chinwag_text::time;

/// Characters of a name that are shown.
pub(crate) const NAME_SHOWN: usize = 32;

/// Letters of an id that are shown behind its prefix: among a million ids hardly ever the same twice.
const ID_SHOWN: usize = 10;

/// Puts emphasis on text, or doesn't.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Paint {
    /// Whether colours are used.
    pub(crate) is_on: bool,
}

impl Paint {
    /// What matters less.
    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// What matters more.
    pub(crate) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.is_on && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// The beginning of an id, which is enough to name it, or all of it.
pub(crate) fn id(id: &str, is_whole: bool) -> String {
    let safe = crate::output::short(id, 256);
    if is_whole {
        return safe;
    }
    let prefix = safe.find('_').map_or(0, |at| at + 1);
    safe.chars().take(prefix + ID_SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_shown_by_its_beginning() {
        assert_eq!(id("msg_abcdefghijklmnop", false), "msg_abcdefghij");
        assert_eq!(id("msg_abcdefghijklmnop", true), "msg_abcdefghijklmnop");
        assert_eq!(id("short", false), "short");
    }

    #[test]
    fn without_colour_nothing_is_added() {
        assert_eq!(Paint { is_on: false }.bold("x"), "x");
        assert_eq!(Paint { is_on: true }.dim("x"), "\u{1b}[2mx\u{1b}[0m");
    }
}
