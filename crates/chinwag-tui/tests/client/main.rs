//! The client without a terminal: what happens to it is told as messages, and what it shows is read
//! from a buffer.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod classroom;
mod codes;
mod everyday;
mod focus;
mod groups;
mod harness;
mod keys;
mod lines;
mod naming;
#[cfg(unix)]
mod panics;
mod properties;
mod screens;
mod screenshots;
mod settings;
mod stories;
mod widths;
