//! What real daemons take: how soon a message is on the other disk, how many a second, how soon a daemon
//! with a long history answers, how soon one that was away has everything, how soon two that were off
//! have talked, and what one costs that only waits.
//!
//! `cargo bench --workspace --bench life` prints all tables, in about five minutes; `-- latency` or
//! `-- away throughput` those, `-- --quick` a tenth of it. How to read them, and what came out:
//! `docs/performance.md`.
//!
//! Not a statistics machine. What stands beside a figure is measured in the same round, so that what
//! else the machine does weighs on both; a ratio is taken within its round.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench may break off"
)]

mod alone;
mod durable;
mod latency;
mod long;
mod meeting;
#[path = "../../../chinwag-net/benches/frames/quic.rs"]
mod quic;
mod said;
mod table;
mod throughput;

use std::path::PathBuf;
use std::time::Duration;

use chinwag_lab::home::{Home, Running};
use chinwag_lab::talk::introduce;
use tempfile::TempDir;

/// How much is measured.
pub(crate) struct Amount {
    /// Rounds of what is compared with something.
    rounds: usize,
    /// Messages of a round, one after the other.
    latencies: usize,
    /// Messages of a round, many at once.
    burst: usize,
    /// Messages that a daemon has, or fetches.
    history: usize,
    /// Starts.
    starts: usize,
    /// How long a daemon is watched while it waits.
    idle: Duration,
}

const FULL: Amount = Amount {
    rounds: 15,
    latencies: 40,
    burst: 4_000,
    history: 100_000,
    starts: 9,
    idle: Duration::from_mins(1),
};
const QUICK: Amount = Amount {
    rounds: 3,
    latencies: 20,
    burst: 1_000,
    history: 10_000,
    starts: 3,
    idle: Duration::from_secs(10),
};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    // `cargo test --all-targets` runs benches too, without asking for a measurement.
    if has("--test") || !has("--bench") {
        return;
    }
    let amount = if has("--quick") { QUICK } else { FULL };
    let words: Vec<&String> = args.iter().filter(|arg| !arg.starts_with("--")).collect();
    let is_wanted = |name: &str| words.is_empty() || words.iter().any(|word| name == *word);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(all(&amount, is_wanted));
}

async fn all(amount: &Amount, is_wanted: impl Fn(&str) -> bool) {
    if is_wanted("latency") {
        for place in Place::all() {
            latency::table(&place, amount).await;
        }
    }
    if is_wanted("throughput") {
        for place in Place::all() {
            throughput::table(&place, amount).await;
        }
    }
    if is_wanted("away") || is_wanted("start") {
        long::table(&Place::disk(), amount, &is_wanted).await;
    }
    if is_wanted("meeting") {
        for place in Place::all() {
            meeting::table(&place, amount).await;
        }
    }
    if is_wanted("idle") {
        alone::table(&Place::disk(), amount).await;
    }
}

/// Where the data of the two is.
pub(crate) struct Place {
    name: &'static str,
    folder: TempDir,
}

impl Place {
    /// On a disk and in memory, where a sync costs nothing.
    fn all() -> Vec<Self> {
        let memory = PathBuf::from("/dev/shm");
        let memory = memory.is_dir().then(|| Self::within("memory", memory));
        [Some(Self::disk()), memory].into_iter().flatten().collect()
    }

    /// On a real disk: that of the build, because the usual one for temporary files may be memory.
    fn disk() -> Self {
        let program = chinwag_lab::home::program();
        Self::within("disk", program.parent().expect("it is in a folder").to_owned())
    }

    fn within(name: &'static str, folder: PathBuf) -> Self {
        Self { name, folder: TempDir::new_in(folder).unwrap() }
    }

    fn homes(&self) -> [Home; 2] {
        ["ana", "bob"].map(|who| Home::on_loopback().with_data_in(&self.folder.path().join(who)))
    }
}

/// Ana and Bob, whose daemons run and who know each other.
async fn met(homes: &[Home; 2]) -> [Running; 2] {
    let [(ana, _), (bob, _)] = [homes[0].begin("Ana").await, homes[1].begin("Bob").await];
    introduce((&ana.client, "Ana"), (&bob.client, "Bob")).await;
    [ana, bob]
}

/// Ends them in good order.
fn part(running: [Running; 2]) {
    for running in running {
        assert_eq!(running.process.end(), 143);
    }
}
