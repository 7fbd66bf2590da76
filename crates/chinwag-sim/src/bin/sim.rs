//! Lives many lives and says what came of them. A failure prints the command that replays it.

use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::Instant;

use chinwag_sim::coverage::Coverage;
use chinwag_sim::{Outcome, Over, live};
use clap::Parser;

/// From how many seeds on everything must have been met.
const SEEDS_THAT_MEET_ALL: u64 = 1_000;

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
    /// Over which stores.
    #[arg(long, value_enum, default_value_t = Stores::Both)]
    store: Stores,
    /// Print what happens.
    #[arg(long)]
    verbose: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let (first, count) = args.replay.map_or((args.first_seed, args.seeds), |seed| (seed, 1));
    #[allow(clippy::disallowed_methods, reason = "how fast it is, and nothing that it decides")]
    let began = Instant::now();
    let (mut failed, mut inputs, mut coverage) = (0_u64, 0, Coverage::default());
    for seed in first..first.saturating_add(count) {
        let outcome = lived(seed, args.store, args.verbose);
        inputs += outcome.inputs;
        coverage.add(&outcome.coverage);
        if let Some(failure) = outcome.failure {
            failed += 1;
            println!("seed {seed} failed: {failure}");
            println!("  cargo run --release -p chinwag-sim -- --replay {seed} --verbose");
        } else if args.replay.is_some() {
            println!("trace {:016x}", outcome.trace);
        }
    }
    let missing = if count >= SEEDS_THAT_MEET_ALL { coverage.missing() } else { Vec::new() };
    if !missing.is_empty() {
        println!("never met: {}", missing.join(", "));
    }
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    println!(
        "seeds {first}..{}: {} ok, {failed} failed, {inputs} inputs, {} inputs/s, {millis} ms, \
         coverage: {coverage}",
        first + count,
        count - failed,
        inputs.saturating_mul(1_000) / millis,
    );
    ExitCode::from(u8::from(failed > 0 || !missing.is_empty()))
}

/// A life over one store, or over both: then it must go the same way.
fn lived(seed: u64, stores: Stores, is_verbose: bool) -> Outcome {
    match stores {
        Stores::Memory => lived_over(seed, Over::Memory, is_verbose),
        Stores::Sqlite => lived_over(seed, Over::Sqlite, is_verbose),
        Stores::Both => {
            let mut outcome = lived_over(seed, Over::Memory, is_verbose);
            let other = lived_over(seed, Over::Sqlite, false);
            if outcome != other && outcome.failure.is_none() {
                let (a, b, why) = (outcome.trace, other.trace, other.failure);
                let what = format!("trace {a:016x} in memory, {b:016x} on SQLite ({why:?})");
                outcome.failure = Some(what);
            }
            outcome
        }
    }
}

/// A life; a panic in it is a failure as any other.
fn lived_over(seed: u64, over: Over, is_verbose: bool) -> Outcome {
    catch_unwind(|| live(seed, over, is_verbose)).unwrap_or_else(|_| Outcome {
        trace: 0,
        inputs: 0,
        coverage: Coverage::default(),
        failure: Some("a panic".to_owned()),
    })
}
