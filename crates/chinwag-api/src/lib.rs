//! The local contract: what every user interface of Chinwag may know, and a client for it.
//!
//! One daemon owns the data; terminal, web, command line and bots speak to it with JSON-RPC 2.0, one
//! object a line ([`wire`]). This crate has the data that goes to and fro ([`model`], [`event`]), the
//! table of what can be asked ([`method`]), what can go wrong ([`error`]), what names somebody
//! ([`mention`]) and the [`client`]. It knows nothing of how the daemon does it.
//!
//! What always holds: ids are opaque strings with a prefix that says what they name; times are
//! RFC 3339 in UTC; positions in texts count Unicode scalar values; lists have a limit; whoever reads
//! ignores fields, kinds and values that it does not know, so that within one major version of the
//! contract only additions are made.

pub mod client;
pub mod error;
pub mod event;
pub mod mention;
pub mod method;
pub mod model;
pub mod schema;
pub mod ticket;
pub mod wire;

/// The version of the contract: within one major number only additions are made.
pub const VERSION: &str = "1.0";
