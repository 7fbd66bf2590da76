//! Frames between two devices, measured on loopback against a bare iroh stream.
//!
//! `cargo bench -p chinwag-net --bench frames` runs all of it, in about a minute; with `-- --quick`
//! a short run. How to read it, and what came out: `docs/performance.md`.
//!
//! A round runs each way once, one after the other, and a ratio is taken within its round.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench may break off"
)]

mod bare;
mod ours;

use std::env;
use std::time::Duration;

use tokio::runtime::Runtime;

/// How much is measured.
#[derive(Clone, Copy)]
struct Extent {
    rounds: usize,
    /// Frames there and back, in one run.
    echoes: usize,
    /// Bytes one way, in one run.
    bytes: usize,
}

const FULL: Extent = Extent { rounds: 15, echoes: 3_000, bytes: 200 << 20 };
const QUICK: Extent = Extent { rounds: 3, echoes: 500, bytes: 20 << 20 };

/// Bytes of a short frame.
const SHORT: usize = 100;

/// Bytes of a page of history.
const PAGE: usize = 256 << 10;

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    // `cargo test --all-targets` runs benches too, without asking for a measurement.
    if has("--test") || !has("--bench") {
        return;
    }
    let extent = if has("--quick") { QUICK } else { FULL };
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().unwrap();
    let bare = runtime.block_on(bare::Bare::new());
    let mut ours = runtime.block_on(ours::Ours::new());
    echoes(extent, &runtime, &bare, &mut ours);
    throughput(extent, &runtime, &bare, &mut ours);
    beside_bulk(extent, &runtime, &mut ours);
}

/// A frame of 100 bytes there and back, one at a time.
fn echoes(extent: Extent, runtime: &Runtime, bare: &bare::Bare, ours: &mut ours::Ours) {
    let mut rounds = Rounds::default();
    for _ in 0..=extent.rounds {
        let near = runtime.block_on(bare.echoes(extent.echoes));
        let ours = runtime.block_on(ours.echoes(extent.echoes));
        let each = [near, ours];
        let took = [0, 1].map(|way: usize| each[way].iter().sum());
        rounds.note(took, each);
    }
    println!("\na frame of {SHORT} bytes there and back, one at a time\n");
    rounds.print(["bare iroh stream", "ours, live lane"]);
}

/// Bytes one way, as pages in the bulk lane.
fn throughput(extent: Extent, runtime: &Runtime, bare: &bare::Bare, ours: &mut ours::Ours) {
    let mut rounds = Rounds::default();
    for _ in 0..=extent.rounds {
        let bare = runtime.block_on(bare.carry(extent.bytes));
        let ours = runtime.block_on(ours.carry(extent.bytes));
        rounds.note([bare, ours], [Vec::new(), Vec::new()]);
    }
    println!("\n{} MiB one way, in pages of 256 KiB\n", extent.bytes >> 20);
    let took = rounds.medians();
    rounds.print(["bare iroh stream", "ours, bulk lane"]);
    println!("MB/s: {:?}", took.map(|took| mb_per_s(extent.bytes, took)));
}

/// A live frame there, while bulk flows the same way, and while it does not.
fn beside_bulk(extent: Extent, runtime: &Runtime, ours: &mut ours::Ours) {
    let mut each = runtime.block_on(ours.live(200));
    let mut beside = runtime.block_on(ours.live_beside_bulk(extent.bytes));
    println!("\na live frame one way, to its owner\n");
    println!("quiet:       {}", percentiles(&mut each));
    println!("beside bulk: {} ({} frames)", percentiles(&mut beside), beside.len());
}

/// Two ways of doing one job, round by round.
#[derive(Default)]
struct Rounds {
    took: [Vec<Duration>; 2],
    each: [Vec<Duration>; 2],
}

impl Rounds {
    fn note(&mut self, took: [Duration; 2], each: [Vec<Duration>; 2]) {
        for (way, (took, each)) in took.into_iter().zip(each).enumerate() {
            self.took[way].push(took);
            self.each[way].extend(each);
        }
    }

    fn medians(&self) -> [Duration; 2] {
        [0, 1].map(|way| {
            let mut took = self.took[way][1..].to_vec();
            took.sort();
            took[took.len() / 2]
        })
    }

    /// The first round only warms up.
    fn print(mut self, names: [&str; 2]) {
        let mut ratios: Vec<f64> = self.took[0]
            .iter()
            .zip(&self.took[1])
            .skip(1)
            .map(|(bare, ours)| ours.as_secs_f64() / bare.as_secs_f64())
            .collect();
        ratios.sort_by(f64::total_cmp);
        let [low, middle, high] = [1, 2, 3].map(|quarter| ratios[(ratios.len() - 1) * quarter / 4]);
        for (way, name) in names.into_iter().enumerate() {
            println!("{name:<20} {}", percentiles(&mut self.each[way]));
        }
        println!("ratio                {middle:.2} ({low:.2}–{high:.2})");
    }
}

fn percentiles(each: &mut [Duration]) -> String {
    each.sort();
    if each.is_empty() {
        return String::new();
    }
    let at = |percent: usize| each[(each.len() - 1) * percent / 100].as_micros();
    format!("p50 {} µs, p99 {} µs, worst {} µs", at(50), at(99), at(100))
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn mb_per_s(bytes: usize, took: Duration) -> f64 {
    (bytes as f64 / took.as_secs_f64() / 1e5).round() / 10.0
}
