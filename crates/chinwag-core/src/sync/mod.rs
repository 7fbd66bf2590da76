//! Finding out what the other side has, and what is missing here.

pub mod frontier;
pub mod neighbours;
pub mod plan;
pub mod ranges;
pub mod spread;
