//! Lives many lives and says what came of them. A failure prints the command that replays it.

use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::Instant;

use chinwag_sim::coverage::Coverage;
use chinwag_sim::{Outcome, live};
use clap::Parser;

/// From how many seeds on everything must have been met.
const SEEDS_THAT_MEET_ALL: u64 = 1_000;

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
        let outcome = lived(seed, args.verbose);
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

/// A life; a panic in it is a failure as any other.
fn lived(seed: u64, is_verbose: bool) -> Outcome {
    catch_unwind(|| live(seed, is_verbose)).unwrap_or_else(|_| Outcome {
        trace: 0,
        inputs: 0,
        coverage: Coverage::default(),
        failure: Some("a panic".to_owned()),
    })
}
