//! The terminal client: what `chinwag` shows when it is started without a command.
//!
//! A program of messages. [`app`] is what is known and shown; its `update` takes one [message](msg::Msg)
//! (a key, an event of the daemon, an answer) and says what is to be done; [`view`] draws it. Both are
//! pure, so that every screen can be tested without a terminal. [`driver`] is the rim: it reads the
//! terminal, asks the daemon and does what was said. Nothing here knows more of Chinwag than the local
//! contract.

pub mod actions;
pub mod app;
pub mod code;
pub mod composer;
pub mod driver;
mod editor;
mod files;
pub mod keys;
pub mod layout;
pub mod linear;
pub mod msg;
pub mod notify;
pub mod options;
pub mod terminal;
pub mod theme;
pub mod timeline;
pub mod view;
