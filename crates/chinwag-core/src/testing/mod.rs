//! What tests of more than one crate need: a store in memory, and somebody who lies.

mod forger;
mod mem_store;

pub use forger::Forger;
pub use mem_store::MemStore;
