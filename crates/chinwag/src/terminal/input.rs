//! Standard input as data: all of it, up to a limit.

use std::io::Read;

use crate::exit::{Exit, Failure};

/// All of standard input, or whatever `too_long` says of more than `max` bytes.
pub(crate) fn bytes(max: usize, too_long: impl FnOnce() -> Failure) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(max as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::new(Exit::Usage, error))?;
    if bytes.len() > max { Err(too_long()) } else { Ok(bytes) }
}

/// All of standard input as text, without the newline at its end.
pub(crate) fn text(max: usize, too_long: impl FnOnce() -> Failure) -> Result<String, Failure> {
    let bytes = bytes(max, too_long)?;
    let mut text = String::from_utf8(bytes)
        .map_err(|_| Failure::saying(Exit::Usage, "standard input is not UTF-8 text"))?;
    if text.ends_with('\n') {
        text.pop();
    }
    if text.ends_with('\r') {
        text.pop();
    }
    Ok(text)
}
