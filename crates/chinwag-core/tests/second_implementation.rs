//! Runs `second_implementation.py`: the protocol pages a second time, in Python, against the same
//! known answers.

#![allow(clippy::expect_used, reason = "a test says what it expects")]

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

#[test]
fn a_second_implementation_comes_to_the_same_answers() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/second_implementation.py");
    let ran = match Command::new("python3").arg("-B").arg(program).output() {
        Ok(ran) => ran,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            assert!(std::env::var_os("CI").is_none(), "there is no python3");
            eprintln!("SKIPPED: there is no python3");
            return;
        }
        Err(error) => panic!("python3 does not run: {error}"),
    };
    let said = String::from_utf8_lossy(&ran.stdout);
    let complained = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}{complained}");
    println!("{said}");
}
