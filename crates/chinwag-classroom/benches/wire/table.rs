//! Rounds, medians and ratios.

use std::fmt;
use std::time::Duration;

/// How long to measure.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    /// How often each way of a table is run.
    pub(crate) rounds: usize,
    /// Messages of one run, each on a connection of its own.
    pub(crate) connections: usize,
    /// Bytes of one run without connections.
    pub(crate) bytes: usize,
}

impl Extent {
    pub(crate) const FULL: Self = Self { rounds: 15, connections: 2_000, bytes: 4 << 20 };
    pub(crate) const QUICK: Self = Self { rounds: 3, connections: 400, bytes: 1 << 20 };
}

/// What one run of one way came to.
pub(crate) struct Run {
    /// How much was done: messages, or bytes.
    pub(crate) done: usize,
    /// In what time.
    pub(crate) took: Duration,
    /// How long each single one took, where that was measured.
    pub(crate) each: Vec<Duration>,
}

/// What a table counts.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    Messages,
    Bytes,
}

/// One way of doing the job of a table.
struct Way<'a> {
    name: &'static str,
    run: Box<dyn FnMut() -> Run + 'a>,
    runs: Vec<Run>,
}

/// Ways of doing one job. The first is the machine's own limit.
pub(crate) struct Ways<'a> {
    unit: Unit,
    ways: Vec<Way<'a>>,
}

impl<'a> Ways<'a> {
    pub(crate) fn counting(unit: Unit) -> Self {
        Self { unit, ways: Vec::new() }
    }

    pub(crate) fn way(mut self, name: &'static str, run: impl FnMut() -> Run + 'a) -> Self {
        self.ways.push(Way { name, run: Box::new(run), runs: Vec::new() });
        self
    }

    /// Runs every way once before it counts, and then in rounds.
    pub(crate) fn measure(mut self, rounds: usize) -> Table {
        for way in &mut self.ways {
            (way.run)();
        }
        for _ in 0..rounds {
            for way in &mut self.ways {
                let run = (way.run)();
                way.runs.push(run);
            }
        }
        let limit: Vec<f64> = self.ways[0].runs.iter().map(Run::seconds_each).collect();
        let row = |way: &Way<'_>| Row::new(way.name, &way.runs, &limit);
        Table { unit: self.unit, rows: self.ways.iter().map(row).collect() }
    }
}

impl Run {
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn seconds_each(&self) -> f64 {
        self.took.as_secs_f64() / self.done as f64
    }
}

/// Medians over the rounds, and the ratio to the limit.
pub(crate) struct Table {
    unit: Unit,
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    per_second: f64,
    /// Of a whole run.
    took_ms: f64,
    p50_us: Option<f64>,
    p99_us: Option<f64>,
    /// How many times as long as the limit, in the same round: the quartiles.
    ratio: [f64; 3],
}

impl Row {
    fn new(name: &'static str, runs: &[Run], limit: &[f64]) -> Self {
        let seconds: Vec<f64> = runs.iter().map(Run::seconds_each).collect();
        let ratios = seconds.iter().zip(limit).map(|(ours, limit)| ours / limit).collect();
        let percentile_us = |percent: usize| {
            let of_run = |run: &Run| percentile(as_us(&run.each), percent);
            (!runs[0].each.is_empty()).then(|| percentile(runs.iter().map(of_run).collect(), 50))
        };
        let took = runs.iter().map(|run| run.took.as_secs_f64() * 1e3).collect();
        let ratio = [25, 50, 75].map(|percent| percentile(Vec::clone(&ratios), percent));
        Self {
            name,
            per_second: 1.0 / percentile(seconds, 50),
            took_ms: percentile(took, 50),
            p50_us: percentile_us(50),
            p99_us: percentile_us(99),
            ratio,
        }
    }
}

fn as_us(durations: &[Duration]) -> Vec<f64> {
    durations.iter().map(|duration| duration.as_secs_f64() * 1e6).collect()
}

fn percentile(mut values: Vec<f64>, percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() - 1) * percent / 100]
}

/// As `docs/performance.md` has it.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = match self.unit {
            Unit::Messages => "messages/s",
            Unit::Bytes => "MB/s",
        };
        let line = |f: &mut fmt::Formatter<'_>, cells: [&str; 6]| {
            let [name, rate, took, p50, p99, ratio] = cells;
            writeln!(
                f,
                "| {name:<52} | {rate:>10} | {took:>8} | {p50:>6} | {p99:>6} | {ratio:>18} |"
            )
        };
        line(f, ["", rate, "ms", "p50 µs", "p99 µs", "× the first"])?;
        line(
            f,
            [&"-".repeat(52), "---------:", "-------:", "-----:", "-----:", "-----------------:"],
        )?;
        for row in &self.rows {
            let rate = match self.unit {
                Unit::Messages => format!("{:.0}", row.per_second),
                Unit::Bytes => format!("{:.1}", row.per_second / 1e6),
            };
            let us = |us: Option<f64>| us.map_or(String::new(), |us| format!("{us:.0}"));
            let [low, middle, high] = row.ratio;
            let ratio = format!("{middle:.2} ({low:.2}–{high:.2})");
            let took = format!("{:.1}", row.took_ms);
            line(f, [row.name, &rate, &took, &us(row.p50_us), &us(row.p99_us), &ratio])?;
        }
        Ok(())
    }
}
