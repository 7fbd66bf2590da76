//! Any bytes as a sealed text. What must hold is said at [`open`].

#![no_main]

use chinwag_crypto_fuzz::open;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| open::check(input));
