//! How values become bytes and bytes become values.

pub mod codec;
pub mod limits;
pub mod message;
