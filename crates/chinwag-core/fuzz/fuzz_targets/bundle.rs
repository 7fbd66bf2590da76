//! Any bytes as a bundle, as what is sealed in one, and as its content. What must hold is said at [`decoders`].

#![no_main]

use chinwag_core_fuzz::decoders;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    decoders::bundle(input);
});
