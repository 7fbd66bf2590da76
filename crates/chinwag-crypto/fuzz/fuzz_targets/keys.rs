//! Any bytes as keys and signatures. What must hold is said at [`keys`].

#![no_main]

use chinwag_crypto_fuzz::keys;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| keys::check(input));
