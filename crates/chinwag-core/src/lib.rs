//! What is true in Chinwag, as pure functions and values: who somebody is, what was written, in
//! which order, and how all of it is encoded.
//!
//! What it is not: able to do anything. It sees no socket, no database, no clock and no randomness
//! of the system; whatever it needs of these is an argument.
//!
//! What always holds: a value that exists was checked ([`entry::Header`], [`log::CheckedRun`],
//! [`identity::AccountLog`], [`ticket::Ticket`]); each value has exactly one encoding
//! ([`wire::codec`]), so that a hash names it; and any bytes are decoded in bounded time and
//! memory ([`wire::limits`]), to a value or to an error that says what is wrong.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

pub mod body;
pub mod bundle;
pub mod delivery;
pub mod driver;
pub mod entry;
pub mod env;
pub mod event_log;
pub mod fork;
pub mod identity;
pub mod ids;
pub mod input;
pub mod introduction;
pub mod log;
pub mod membership;
pub mod node;
pub mod output;
pub mod store;
pub mod sync;
pub mod testing;
pub mod ticket;
pub mod time;
pub mod timeline;
pub mod violation;
pub mod wire;
