//! Any bytes as a wrapped key. What must hold is said at [`wrapped`].

#![no_main]

use chinwag_crypto_fuzz::wrapped;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| wrapped::check(input));
