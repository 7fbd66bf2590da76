//! Real connections over real sockets: on loopback, and where the machine allows it between two
//! network namespaces.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may break off")]

mod connections;
mod crossing;
mod examining;
mod harness;
mod hostile;
mod lan;
mod lanes;
mod process;
mod redialling;
mod relays;
mod sessions;
mod vanishing;
