//! The classroom programs' chat, spoken as they speak it: plain TCP, one connection a message,
//! `IP:PORT TEAM MESSAGE`, nothing encrypted and nobody authenticated.
//!
//! What it is: the wire of a family of programs that grew from one exercise. Each of them listens
//! on a port, sends by connecting, and knows its peers only by what they claim of themselves. This
//! crate reads every way of writing that was found among them ([`Dialect`]), answers each peer in
//! the way it was heard, and keeps the list of who was heard ([`Peers`]).
//!
//! What it is not: private. Any peer may claim any address and any team. So this crate sees no
//! key, no contact and no secret, and depends on nothing else of ours.
//!
//! What always holds: any bytes in any cuts are read without a panic and in bounded memory
//! ([`limits`]), nothing received is dropped without a word ([`Heard::Unfitting`]), and how TCP
//! cut the bytes makes no difference to what was heard. Only silence does, where nothing else ends a
//! message ([`Silence`]).
//!
//! Deciding is apart from doing: [`Receiver`], [`Dialect`] and [`Peers`] are pure; [`Listener`]
//! and [`Sender`] move bytes.

#![warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod address;
mod dialect;
pub mod limits;
mod listener;
mod peers;
mod receiver;
mod sender;
mod team;

pub use dialect::{Act, Claim, Dialect, JsonKeys, Outgoing, Silence};
pub use listener::{BindError, Incoming, Listener};
pub use peers::{Peer, Peers};
pub use receiver::{Closing, Ending, Heard, Output, Receiver};

pub use sender::{Delivery, SendError, Sender};
pub use team::{Team, TeamError};
