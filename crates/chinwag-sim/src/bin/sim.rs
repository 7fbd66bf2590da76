//! Lives many lives and says what came of them, in the order of their seeds, on all cores. A
//! failure prints the smallest part of the life that still fails, and the command that replays it.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use chinwag_sim::coverage::{Coverage, WANTED, WANTED_IN_GROUPS};
use chinwag_sim::scenario::{LeftOut, Scenario};
use chinwag_sim::shrink::{lived, shrink};
use chinwag_sim::{Life, Outcome, Over};
use clap::Parser;

/// From how many seeds on everything must have been met.
const SEEDS_THAT_MEET_ALL: u64 = 1_000;

/// The scenario that is to meet everything.
const MIXED: &str = "mixed";

/// The scenario that is to meet everything that there is in groups.
const GROUPS: &str = "groups";

/// After how many seeds it is said how far it is.
const TOLD_EVERY: u64 = 1_000;

/// Outcomes that wait for an earlier one.
const WAITING_MAX: usize = 1_024;

/// What the nodes keep their data in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Stores {
    /// Memory: the fastest.
    Memory,
    /// SQLite.
    Sqlite,
    /// Both, with equal traces.
    Both,
}

/// Lives of nodes on a virtual network, each from a seed.
#[derive(Debug, Parser)]
struct Args {
    /// How many seeds.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    first_seed: u64,
    /// Live this one again, and nothing else.
    #[arg(long)]
    replay: Option<u64>,
    /// What sort of life: a name, or a file.
    #[arg(long, default_value = MIXED)]
    scenario: String,
    /// Over which stores.
    #[arg(long, value_enum, default_value_t = Stores::Both)]
    store: Stores,
    /// How many lives at once; 0: one for each core.
    #[arg(long, default_value_t = 0)]
    jobs: usize,
    /// End with the first failure.
    #[arg(long)]
    fail_fast: bool,
    /// Do not look for the smallest part of a life that fails.
    #[arg(long)]
    no_shrink: bool,
    /// Leave out these faults and acts.
    #[arg(long, value_delimiter = ',')]
    without: Vec<String>,
    /// Leave out these people, by their numbers.
    #[arg(long, value_delimiter = ',')]
    without_people: Vec<usize>,
    /// No faults and no acts after so many seconds.
    #[arg(long)]
    until: Option<u64>,
    /// Print what happens.
    #[arg(long)]
    verbose: bool,
}

/// What all seeds came to.
#[derive(Default)]
struct Total {
    ok: u64,
    failed: u64,
    inputs: u64,
    coverage: Coverage,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let scenario = match Scenario::find(&args.scenario) {
        Ok(scenario) => scenario,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    if let Some(unknown) =
        args.without.iter().find(|part| !scenario.parts().contains(&part.as_str()))
    {
        eprintln!(
            "{unknown} is not in scenario {}: {}",
            args.scenario,
            scenario.parts().join(", ")
        );
        return ExitCode::from(2);
    }
    #[allow(clippy::disallowed_methods, reason = "how fast it is, and nothing that it decides")]
    let began = Instant::now();
    let total = live_all(&args, &scenario);
    let count = total.ok + total.failed;
    let wanted = match args.scenario.as_str() {
        _ if count < SEEDS_THAT_MEET_ALL => &[],
        MIXED => WANTED,
        GROUPS => WANTED_IN_GROUPS,
        _ => &[],
    };
    let missing = total.coverage.missing(wanted);
    if !missing.is_empty() {
        println!("never met: {}", missing.join(", "));
    }
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    println!(
        "{}, {count} seeds from {}: {} ok, {} failed, {} inputs, {} inputs/s, {millis} ms, \
         coverage: {}",
        args.scenario,
        args.replay.unwrap_or(args.first_seed),
        total.ok,
        total.failed,
        total.inputs,
        total.inputs.saturating_mul(1_000) / millis,
        total.coverage,
    );
    ExitCode::from(u8::from(total.failed > 0 || !missing.is_empty()))
}

/// Lives all seeds on several threads, and takes the outcomes in the order of the seeds.
fn live_all(args: &Args, scenario: &Scenario) -> Total {
    let (first, count) = args.replay.map_or((args.first_seed, args.seeds), |seed| (seed, 1));
    let end = first.saturating_add(count);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = if args.jobs == 0 { cores } else { args.jobs };
    let (next, is_over) = (AtomicU64::new(first), AtomicBool::new(false));
    let left_out = LeftOut {
        parts: args.without.iter().cloned().collect(),
        people: args.without_people.iter().copied().collect(),
        after_s: args.until,
    };
    let life = |seed| {
        let is_verbose = args.verbose;
        Life { seed, scenario, over: Over::Memory, left_out: &left_out, is_verbose }
    };
    let mut total = Total::default();
    std::thread::scope(|scope| {
        let (outcomes, arrived) = sync_channel(WAITING_MAX);
        for _ in 0..jobs {
            let (outcomes, next, is_over, life) = (outcomes.clone(), &next, &is_over, &life);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || outcomes.send((seed, over(&life(seed), args.store))).is_err()
                    {
                        return;
                    }
                }
            });
        }
        drop(outcomes);
        let (mut waiting, mut due) = (BTreeMap::new(), first);
        for (seed, outcome) in arrived {
            waiting.insert(seed, outcome);
            while let Some(outcome) = waiting.remove(&due) {
                let failed = report(args, &life(due), outcome, &mut total);
                due += 1;
                if count > TOLD_EVERY && (due - first).is_multiple_of(TOLD_EVERY) {
                    println!("{} seeds: {} failed", due - first, total.failed);
                }
                if failed && args.fail_fast {
                    is_over.store(true, Ordering::Relaxed);
                    return;
                }
            }
        }
    });
    total
}

/// Counts an outcome, and tells of a failure. Whether it is one.
fn report(args: &Args, life: &Life<'_>, outcome: Outcome, total: &mut Total) -> bool {
    total.inputs += outcome.inputs;
    total.coverage.add(&outcome.coverage);
    let seed = life.seed;
    let Some(failure) = &outcome.failure else {
        total.ok += 1;
        if args.replay.is_some() {
            println!("trace {:016x}", outcome.trace);
        }
        return false;
    };
    total.failed += 1;
    println!("seed {seed} failed: {failure}");
    let again = |left_out: &LeftOut| {
        let scenario = &args.scenario;
        let options = left_out.options();
        format!("-- --scenario {scenario} --replay {seed}{options} --store memory --verbose")
    };
    println!("  cargo run --release -p chinwag-sim {}", again(life.left_out));
    if !args.no_shrink && args.replay.is_none() && lived(life).failure.is_some() {
        let (left_out, smaller) = shrink(life, outcome);
        let failure = smaller.failure.unwrap_or_default();
        println!("smaller, {} inputs: {failure}", smaller.inputs);
        println!("  cargo run --release -p chinwag-sim {}", again(&left_out));
    }
    true
}

/// A life over one store, or over both: then it must go the same way.
fn over(life: &Life<'_>, stores: Stores) -> Outcome {
    match stores {
        Stores::Memory => lived(life),
        Stores::Sqlite => lived(&Life { over: Over::Sqlite, ..*life }),
        Stores::Both => {
            let mut outcome = lived(life);
            let other = lived(&Life { over: Over::Sqlite, is_verbose: false, ..*life });
            if outcome != other && outcome.failure.is_none() {
                let (a, b, why) = (outcome.trace, other.trace, other.failure);
                let what = format!("trace {a:016x} in memory, {b:016x} on SQLite ({why:?})");
                outcome.failure = Some(what);
            }
            outcome
        }
    }
}
