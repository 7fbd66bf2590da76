//! The seeds of the fuzzer, through the checks of the fuzzer. `fuzz/` tries more.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/src/keys.rs"]
#[allow(unreachable_pub, reason = "it is a part of the fuzzer as well")]
mod keys;
#[path = "../../fuzz/src/open.rs"]
#[allow(unreachable_pub, reason = "it is a part of the fuzzer as well")]
mod open;
#[path = "../../fuzz/src/words.rs"]
#[allow(unreachable_pub, reason = "it is a part of the fuzzer as well")]
mod words;
#[path = "../../fuzz/src/wrapped.rs"]
#[allow(unreachable_pub, reason = "it is a part of the fuzzer as well")]
mod wrapped;

/// Every seed of a target through its check.
fn try_all(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|seed| seed.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 10, "{target} has {} seeds", paths.len());
    for path in paths {
        check(&fs::read(path).unwrap());
    }
}

#[test]
fn keys_and_signatures_are_as_they_should_be_for_every_seed() {
    try_all("keys", keys::check);
}

#[test]
fn sealed_texts_are_as_they_should_be_for_every_seed() {
    try_all("open", open::check);
}

#[test]
fn recovery_words_are_as_they_should_be_for_every_seed() {
    try_all("words", words::check);
}

#[test]
fn wrapped_keys_are_as_they_should_be_for_every_seed() {
    try_all("wrapped", wrapped::check);
}
