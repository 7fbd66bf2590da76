//! Keeps what the core decides, in an encrypted database: the only SQL in the house.
//!
//! It decides nothing itself. What is true, who may say it and in which order it is shown is the
//! core's; this crate is the core's [`Store`](chinwag_core::store::Store) over SQLite, and what a
//! screen wants of the same data: pages of a conversation and search.
//!
//! What always holds: what [`commit`](chinwag_core::store::Store::commit) acknowledged survives a
//! loss of power; the files are of no use without their key; a data folder has one owner at a time;
//! and a store that is a copy of another knows it. Why it is as it is: `docs/design/store.md`.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

mod backup;
mod connection;
mod delivery;
mod drafts;
mod entries;
mod events;
mod fault;
mod folder;
mod notify;
mod people;
mod reader;
mod schema;
mod search;
mod sql;
mod store;
pub mod testing;
mod witness;

pub use drafts::{DRAFT_MAX, DRAFTS_BYTES_MAX, DRAFTS_MAX, Draft, DraftAbout};
pub use events::Reached;
pub use fault::OpenError;
pub use folder::{DATABASE, LOCK, is_in_use};
pub use notify::Notify;
pub use reader::Reader;
pub use search::{Found, Hit, Query, UNINDEXED_MAX, WORDS_MAX};
pub use store::{Opened, SqliteStore};
