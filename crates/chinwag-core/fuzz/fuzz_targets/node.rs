//! Any bytes as a story of a node and of all that others do to it. What must hold is said at
//! [`node`].

#![no_main]

use chinwag_core_fuzz::node;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    node::story(input);
});
