//! What a command says: results on standard output, everything else on standard error.

use std::io::Write as _;

pub(crate) use chinwag_text::safe::{folded, json, lines, name, one_line, person, short};

/// What stands before the further lines of a message.
pub(crate) const GUTTER: &str = "    | ";

/// Writes a line on standard output. False: nobody reads it any more.
pub(crate) fn say(line: &str) -> bool {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).is_ok()
}

/// Writes a line on standard error, if somebody reads it.
pub(crate) fn remark(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
