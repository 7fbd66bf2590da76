//! A few lives, as often as the tests run. More: `cargo run --release -p chinwag-sim`.

use std::sync::atomic::{AtomicUsize, Ordering};

use chinwag_sim::scenario::NAMED;
use chinwag_sim::shrink::lived;
use chinwag_sim::{LeftOut, Life, Outcome, Over, Scenario};

/// Lives of the scenario with something of everything.
const MIXED: u64 = 12;

/// Lives of each of the others.
const EACH: u64 = 2;

/// Lives that found what hardly any other does.
const RARE: [(&str, u64); 7] = [
    ("groups", 8),
    ("mixed", 810_128),
    ("mixed", 824_508),
    ("mixed", 824_545),
    ("own-devices", 700_824),
    ("own-devices", 700_894),
    ("own-devices", 702_100),
];

fn live(name: &str, seed: u64, left_out: &LeftOut) -> Outcome {
    let scenario = Scenario::find(name).expect("a scenario");
    let over = Over::Memory;
    lived(&Life { seed, scenario: &scenario, over, left_out, is_verbose: false })
}

#[test]
fn a_few_lives_of_every_scenario_end_well() {
    let of = |name: &'static str| 1..=if name == "mixed" { MIXED } else { EACH };
    let all = NAMED.iter().flat_map(|(name, _)| of(name).map(move |seed| (*name, seed)));
    let all: Vec<(&str, u64)> = all.chain(RARE).collect();
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some((name, seed)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let failure = live(name, *seed, &LeftOut::default()).failure;
                    let again = format!(
                        "cargo run --release -p chinwag-sim -- --scenario {name} --replay {seed}"
                    );
                    assert_eq!(failure, None, "{name}, seed {seed}; replay it with: {again}");
                }
            });
        }
    });
}

#[test]
fn equal_seeds_live_equal_lives_and_others_do_not() {
    let [a, b, other] = [7, 7, 8].map(|seed| live("mixed", seed, &LeftOut::default()));
    assert_eq!(a, b);
    assert_ne!(a.trace, other.trace);
}

#[test]
fn what_is_left_out_of_a_life_does_not_happen() {
    let left_out = LeftOut {
        parts: ["jump".to_owned(), "full_disk".to_owned()].into(),
        people: [0].into(),
        after_s: Some(30),
    };
    let outcome = live("mixed", 3, &left_out);
    let met = outcome.coverage.to_string();
    assert_eq!((outcome.failure, outcome.peace_s), (None, 30));
    assert!(!met.contains("clock jumps") && !met.contains("full disk"), "{met}");
}
