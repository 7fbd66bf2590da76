//! What must hold, whoever tries it: the fuzzer with its targets, and `tests/` with the seeds.

pub mod decoders;
pub mod node;
