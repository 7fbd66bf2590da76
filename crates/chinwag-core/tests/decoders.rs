//! What must hold of every decoder, for the seeds of the fuzzer, for what is like them, and for
//! anything else. `fuzz/` tries more of it, with the same checks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};

#[path = "../fuzz/src/decoders.rs"]
#[allow(unreachable_pub, reason = "it is a part of the fuzzer as well")]
mod decoders;
#[path = "../examples/fuzz_seeds.rs"]
#[expect(dead_code, reason = "an example has a main")]
mod example;

use decoders::ALL;

/// What the fuzzer begins with, by target; and what it found.
static SEEDS: LazyLock<BTreeMap<&'static str, Vec<Vec<u8>>>> = LazyLock::new(|| {
    ALL.iter().map(|(name, _)| (*name, files(&example::folder().join(name)))).collect()
});

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn of_the_seeds_of_every_decoder_some_are_read_and_some_refused() {
    for (name, check) in ALL {
        let read = SEEDS[name].iter().filter(|seed| check(seed)).count();
        let refused = SEEDS[name].len() - read;
        assert!(read >= 2 && refused >= 2, "{name}: {read} are read and {refused} are refused");
    }
}

#[test]
fn the_seeds_are_those_of_the_encodings_as_they_are() {
    for ((target, name), bytes) in example::all() {
        let file = fs::read(example::folder().join(target).join(&name));
        assert_eq!(
            file.ok().as_ref(),
            Some(&bytes),
            "{target}/{name}: cargo run -p chinwag-core --example fuzz_seeds"
        );
    }
}

#[test]
fn every_decoder_has_a_fuzz_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for (name, _) in ALL {
        let path = format!("fuzz_targets/{name}.rs");
        let target = fs::read_to_string(folder.join(&path)).unwrap();
        assert!(target.contains(&format!("decoders::{name}(input)")), "{path}");
        assert!(manifest.contains(&format!("path = \"{path}\"")), "{path}");
    }
}

#[test]
fn what_was_cut_is_read_as_it_should_be() {
    for (name, check) in ALL {
        for seed in &SEEDS[name] {
            // All lengths of what is short, some of what is long.
            let step = 1 + seed.len() / 100;
            for len in (0..seed.len()).step_by(step) {
                check(&seed[..len]);
            }
        }
    }
}

/// What happens to bytes on their way.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    Flip(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Repeat(Index, Index),
    Cut(Index),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let len = bytes.len();
        if len == 0 {
            return;
        }
        match self {
            Self::Set(at, byte) => bytes[at.index(len)] = *byte,
            Self::Flip(at, bit) => bytes[at.index(len)] ^= 1 << bit,
            Self::Insert(at, byte) => bytes.insert(at.index(len), *byte),
            Self::Remove(at) => drop(bytes.remove(at.index(len))),
            Self::Repeat(from, to) => {
                bytes.extend_from_within(from.index(len)..from.index(len).max(to.index(len)));
            }
            Self::Cut(at) => bytes.truncate(at.index(len)),
        }
    }
}

fn any_change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    let byte = || prop_oneof![any::<u8>(), select(vec![0, 1, 16, 17, 64, 65, 0x7f, 0x80, 0xff])];
    prop_oneof![
        (at(), byte()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (at(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (at(), byte()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        at().prop_map(Change::Remove),
        (at(), at()).prop_map(|(from, to)| Change::Repeat(from, to)),
        at().prop_map(Change::Cut),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_read_as_they_should_be(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for (_, check) in ALL {
            check(&bytes);
        }
    }

    #[test]
    fn what_is_like_a_seed_is_read_as_it_should_be(
        seed in any::<Index>(),
        changes in prop::collection::vec(any_change(), 1..5),
    ) {
        for (name, check) in ALL {
            let seeds = &SEEDS[name];
            let mut bytes = seeds[seed.index(seeds.len())].clone();
            for change in &changes {
                change.apply(&mut bytes);
            }
            check(&bytes);
        }
    }
}
