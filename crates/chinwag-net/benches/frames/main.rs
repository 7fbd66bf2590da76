//! Frames between two devices, measured on loopback against raw QUIC and against a bare iroh stream.
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
mod quic;

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
    let mut ways = Ways {
        quic: runtime.block_on(quic::Quic::new()),
        bare: runtime.block_on(bare::Bare::new()),
        ours: runtime.block_on(ours::Ours::new()),
    };
    echoes(extent, &runtime, &mut ways);
    throughput(extent, &runtime, &mut ways);
    beside_bulk(extent, &runtime, &mut ways.ours);
}

/// Three ways to get a frame there. Raw QUIC has two threads of its own.
struct Ways {
    quic: quic::Quic,
    bare: bare::Bare,
    ours: ours::Ours,
}

/// A frame of 100 bytes there and back, one at a time.
fn echoes(extent: Extent, runtime: &Runtime, ways: &mut Ways) {
    let mut rounds = Rounds::default();
    for _ in 0..=extent.rounds {
        let quic = runtime.block_on(ways.quic.echoes(extent.echoes));
        let bare = runtime.block_on(ways.bare.echoes(extent.echoes));
        let ours = runtime.block_on(ways.ours.echoes(extent.echoes));
        rounds.note([quic, bare, ours]);
    }
    println!("\n**A frame of {SHORT} bytes there and back, one at a time**\n");
    println!("|                    | p50 µs | p99 µs | × raw QUIC       |");
    println!("| ------------------ | -----: | -----: | ---------------: |");
    for (way, name) in ["raw QUIC", "bare iroh stream", "ours, live lane"].iter().enumerate() {
        let [p50, p99] = [50, 99].map(|percent| percentile(&mut rounds.each[way], percent));
        println!("| {name:<18} | {p50:>6} | {p99:>6} | {:>16} |", rounds.ratio(way));
    }
}

/// Bytes one way, as pages in the bulk lane.
fn throughput(extent: Extent, runtime: &Runtime, ways: &mut Ways) {
    let mut rounds = Rounds::default();
    for _ in 0..=extent.rounds {
        let quic = runtime.block_on(ways.quic.carry(extent.bytes));
        let bare = runtime.block_on(ways.bare.carry(extent.bytes));
        let ours = runtime.block_on(ways.ours.carry(extent.bytes));
        rounds.note([quic, bare, ours].map(|took| vec![took]));
    }
    println!("\n**{} MiB one way, in pages of 256 KiB**\n", extent.bytes >> 20);
    println!("|                    | MB/s   | × raw QUIC's time |");
    println!("| ------------------ | -----: | ----------------: |");
    for (way, name) in ["raw QUIC", "bare iroh stream", "ours, bulk lane"].iter().enumerate() {
        let mb_per_s = mb_per_s(extent.bytes, rounds.median(way));
        println!("| {name:<18} | {mb_per_s:>6.0} | {:>17} |", rounds.ratio(way));
    }
}

/// A live frame there, while bulk flows the same way, and while it does not.
fn beside_bulk(extent: Extent, runtime: &Runtime, ours: &mut ours::Ours) {
    let mut quiet = runtime.block_on(ours.live(200));
    let mut beside = runtime.block_on(ours.live_beside_bulk(extent.bytes));
    println!("\n**A live frame one way, to its owner**\n");
    println!("|                    | p50 µs | p99 µs | worst µs |");
    println!("| ------------------ | -----: | -----: | -------: |");
    for (name, each) in [("quiet", &mut quiet), ("beside bulk", &mut beside)] {
        let [p50, p99, worst] = [50, 99, 100].map(|percent| percentile(each, percent));
        println!("| {name:<18} | {p50:>6} | {p99:>6} | {worst:>8} |");
    }
}

/// Three ways of doing one job, round by round. The first round only warms up.
#[derive(Default)]
struct Rounds {
    took: [Vec<Duration>; 3],
    each: [Vec<Duration>; 3],
    has_warmed_up: bool,
}

impl Rounds {
    fn note(&mut self, round: [Vec<Duration>; 3]) {
        if !std::mem::replace(&mut self.has_warmed_up, true) {
            return;
        }
        for (way, each) in round.into_iter().enumerate() {
            self.took[way].push(each.iter().sum());
            self.each[way].extend(each);
        }
    }

    fn median(&self, way: usize) -> Duration {
        let mut took = self.took[way].clone();
        took.sort();
        took[took.len() / 2]
    }

    /// How long it took to the first way in the same round: the median, and the middle half.
    fn ratio(&self, way: usize) -> String {
        let rounds = self.took[0].iter().zip(&self.took[way]);
        let mut ratios: Vec<f64> =
            rounds.map(|(limit, took)| took.as_secs_f64() / limit.as_secs_f64()).collect();
        ratios.sort_by(f64::total_cmp);
        let [low, middle, high] = [1, 2, 3].map(|quarter| ratios[(ratios.len() - 1) * quarter / 4]);
        format!("{middle:.2} ({low:.2}–{high:.2})")
    }
}

fn percentile(each: &mut [Duration], percent: usize) -> u128 {
    each.sort();
    each[(each.len() - 1) * percent / 100].as_micros()
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn mb_per_s(bytes: usize, took: Duration) -> f64 {
    bytes as f64 / took.as_secs_f64() / 1e6
}
