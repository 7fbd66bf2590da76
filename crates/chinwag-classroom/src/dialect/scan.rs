//! Small steps over bytes that may not all be there yet.

use super::Opening;

/// What a step found.
pub(super) enum Step<'a> {
    /// A token, and the bytes after its delimiter.
    Token(&'a [u8], &'a [u8]),
    /// Not enough bytes to tell.
    Unfinished,
    /// Not what was looked for.
    Foreign,
}

impl Step<'_> {
    /// What a step that found no token makes of the opening.
    pub(super) fn without_token(&self) -> Opening {
        match self {
            Step::Unfinished => Opening::Unfinished,
            Step::Foreign | Step::Token(..) => Opening::Foreign,
        }
    }
}

/// The bytes up to `delimiter`, at most `max` of them, on one line.
pub(super) fn until(bytes: &[u8], delimiter: u8, max: usize) -> Step<'_> {
    let window = bytes.get(..max + 1).unwrap_or(bytes);
    match window.iter().position(|&b| b == delimiter || b == b'\n') {
        Some(at) => match (bytes.get(at), bytes.get(..at), bytes.get(at + 1..)) {
            (Some(&found), Some(token), Some(rest)) if found == delimiter => {
                Step::Token(token, rest)
            }
            _ => Step::Foreign,
        },
        None if window.len() > max => Step::Foreign,
        None => Step::Unfinished,
    }
}

/// What follows `prefix`.
pub(super) fn after<'a>(bytes: &'a [u8], prefix: &[u8]) -> Step<'a> {
    if let Some(rest) = bytes.strip_prefix(prefix) {
        Step::Token(&[], rest)
    } else if prefix.starts_with(bytes) {
        Step::Unfinished
    } else {
        Step::Foreign
    }
}

/// How many digits the bytes begin with.
pub(super) fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// The port that these digits write: 1 to 65535.
pub(super) fn port(digits: &[u8]) -> Option<u16> {
    let port: u16 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (port != 0).then_some(port)
}
