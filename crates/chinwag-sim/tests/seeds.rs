//! A few lives, as often as the tests run. More: `cargo run --release -p chinwag-sim`.

use chinwag_sim::{Over, live};

const SEEDS: std::ops::Range<u64> = 1..61;

#[test]
fn sixty_lives_end_well() {
    for seed in SEEDS {
        let failure = live(seed, Over::Memory, false).failure;
        let again = format!("cargo run --release -p chinwag-sim -- --replay {seed} --verbose");
        assert_eq!(failure, None, "seed {seed}; replay it with: {again}");
    }
}

#[test]
fn equal_seeds_live_equal_lives_and_others_do_not() {
    let [a, b, other] = [7, 7, 8].map(|seed| live(seed, Over::Memory, false));
    assert_eq!(a, b);
    assert_ne!(a.trace, other.trace);
}
