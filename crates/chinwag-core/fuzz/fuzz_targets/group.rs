//! Any bytes as an operation of a group, as a group's ticket, and as what happens in a group. What must
//! hold is said at [`decoders`].

#![no_main]

use chinwag_core_fuzz::decoders;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    decoders::group(input);
});
