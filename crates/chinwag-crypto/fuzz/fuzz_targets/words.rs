//! Any text as recovery words. What must hold is said at [`words`].

#![no_main]

use chinwag_crypto_fuzz::words;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| words::check(input));
