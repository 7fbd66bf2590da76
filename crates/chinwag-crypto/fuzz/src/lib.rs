//! What must hold, whoever tries it: the fuzzer with its targets, and `tests/corpus.rs` with the
//! seeds.

pub mod keys;
pub mod open;
pub mod words;
pub mod wrapped;
