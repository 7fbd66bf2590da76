//! The client without a terminal: what happens to it is told as messages, and what it shows is read
//! from a buffer.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;
mod keys;
mod lines;
mod properties;
mod screens;
mod stories;
