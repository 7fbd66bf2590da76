//! What must hold, whoever tries it: the fuzzer with its targets, and `tests/corpus.rs` with the
//! seeds.

pub mod receiver;
pub mod split;
