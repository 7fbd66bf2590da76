//! The seeds of the fuzzer and the recorded streams through the checks of the fuzzer. `fuzz/` tries
//! more.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

use std::fs;
use std::path::Path;

#[path = "../fuzz/src/receiver.rs"]
#[allow(unreachable_pub, reason = "it is a part of the fuzzer as well")]
mod receiver;
#[path = "../fuzz/src/split.rs"]
#[allow(unreachable_pub, reason = "it is a part of the fuzzer as well")]
mod split;

/// Every file of a folder through a check.
fn try_all(folder: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|seed| seed.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 10, "{} has {} files", folder.display(), paths.len());
    for path in paths {
        check(&fs::read(path).unwrap());
    }
}

#[test]
fn the_receiver_is_as_it_should_be_for_every_seed() {
    try_all("fuzz/seeds/receiver", receiver::check);
}

#[test]
fn the_receiver_is_as_it_should_be_for_all_test_data() {
    try_all("testdata", receiver::check);
}

#[test]
fn texts_are_split_as_they_should_be_for_every_seed() {
    try_all("fuzz/seeds/split", split::check);
}
