//! Any text, in any dialect, under any name and address of ours. What must hold is said at [`split`].

#![no_main]

use chinwag_classroom_fuzz::split;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| split::check(input));
