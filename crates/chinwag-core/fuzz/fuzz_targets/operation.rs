//! Any bytes as an operation of an account log. What must hold is said at [`decoders`].

#![no_main]

use chinwag_core_fuzz::decoders;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    decoders::operation(input);
});
