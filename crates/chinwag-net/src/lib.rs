//! Connections between devices. The only crate that knows iroh.
//!
//! What it is not: the one who decides. It knows devices and frames; who is welcome and what a frame
//! says is the core's. It contacts nobody but the devices that it is told to dial and, if that is
//! wanted, the local network and the relays that it is told to use.
//!
//! What always holds: the other side of a connection has proven its key, in a handshake whose key
//! exchange is the hybrid X25519MLKEM768 and no other, between any two of us; every queue, buffer and number of
//! connections is bounded ([`limits`]); and nobody who calls [`Network`] waits for the network.

mod back_off;
mod dialling;
mod endpoint;
mod event;
mod examine;
mod lan;
mod lane;
pub mod limits;
mod network;
mod probe;
mod queue;
mod reading;
mod relays;
mod session;
mod state;
mod why;

pub use chinwag_core::output::Lane;
pub use endpoint::StartError;
pub use event::{DialFault, Held, NetEvent, Outcome, PeerPath};
pub use examine::{Examined, ExaminedRelay, OverTcp, OverUdp, RelayFault, UdpFault, examine};
pub use network::{Network, Seed, Settings};
pub use relays::{NoRelay, Relay, RelayState, Relays, TooManyRelays, public_relays};
pub use session::NotSent;
pub use why::{Ended, Why};
