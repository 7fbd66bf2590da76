//! Whole lives of nodes, from a seed: people who invite each other and talk, on a network that
//! delays, breaks and blocks, with programs that crash, clocks that jump and peers that lie. After
//! every step and in the end it is checked what must hold. Never shipped.
//!
//! What it is not: a model of the node. It drives the real one, through the driver that the
//! daemon uses. What is made up is everything around it.
//!
//! What always holds: the same seed lives the same life, frame for frame, so that a failure is
//! found again by its number.

mod bundles;
mod cables;
mod checkers;
pub mod coverage;
pub mod crowd;
mod dice;
mod ending;
mod excess;
mod faults;
mod fold;
mod groups;
mod hostile;
mod kept;
mod model;
mod network;
mod programs;
pub mod scenario;
pub mod shrink;
mod sim;
mod trace;
mod watched;
mod workload;

pub use kept::Over;
pub use scenario::{LeftOut, Scenario};
pub use sim::{Life, Outcome, live};
