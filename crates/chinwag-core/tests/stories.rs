//! What must hold of a node whatever others do to it, for the seeds of the fuzzer and for any other
//! script. `fuzz/` tries more of it, with the same checks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

use std::fs;
use std::path::Path;

use proptest::prelude::*;

#[path = "../fuzz/src/node.rs"]
#[allow(unreachable_pub, reason = "it is a part of the fuzzer as well")]
mod node;

#[test]
fn a_node_is_as_it_should_be_after_every_story_that_is_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/node");
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    let let_in = paths.iter().filter(|path| node::story(&fs::read(path).unwrap())).count();
    assert!(let_in >= 3, "of {} stories only {let_in} come to anything", paths.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_node_is_as_it_should_be_after_any_story(
        script in prop::collection::vec(any::<u8>(), 0..1_000)
    ) {
        node::story(&script);
    }
}
