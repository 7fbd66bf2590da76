//! The terminal or the pipe that a command talks with: lines typed and printed, questions, signals.

pub(crate) mod ask;
pub(crate) mod console;
pub(crate) mod descriptor;
pub(crate) mod input;
pub(crate) mod printer;
pub(crate) mod signals;
