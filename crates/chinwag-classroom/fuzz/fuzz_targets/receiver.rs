//! Any bytes into the receiver, in any cuts, with any silences and parts between them. What must hold is said at [`receiver`].

#![no_main]

use chinwag_classroom_fuzz::receiver;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| receiver::check(input));
