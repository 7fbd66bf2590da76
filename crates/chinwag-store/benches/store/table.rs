//! Rounds, medians, ratios, and tables as `docs/performance.md` has them.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// One way of doing the job of a table, and the seconds an entry took in each round.
struct Way<'a> {
    name: &'static str,
    run: Box<dyn FnMut() -> Run + 'a>,
    seconds: Vec<f64>,
}

/// What one run of one way came to.
pub(crate) struct Run {
    /// How many entries.
    pub(crate) entries: usize,
    /// In what time.
    pub(crate) took: Duration,
}

/// Ways of doing one job.
#[derive(Default)]
pub(crate) struct Ways<'a>(Vec<Way<'a>>);

impl<'a> Ways<'a> {
    pub(crate) fn way(mut self, name: &'static str, run: impl FnMut() -> Run + 'a) -> Self {
        self.0.push(Way { name, run: Box::new(run), seconds: Vec::new() });
        self
    }

    /// Runs every way in rounds. The ratios are rates, to the ways of these numbers: 2.00 is twice
    /// as fast.
    pub(crate) fn measure(mut self, rounds: usize, limits: &[usize]) -> String {
        for _ in 0..rounds {
            for way in &mut self.0 {
                let Run { entries, took } = (way.run)();
                way.seconds.push(took.as_secs_f64() / count(entries));
            }
        }
        let names: Vec<&str> = limits.iter().map(|limit| self.0[*limit].name).collect();
        let heads = names.iter().map(|name| format!("rate × {name}")).collect::<Vec<_>>();
        let mut text = line("", "entries/s", heads.iter().map(String::as_str));
        text += &rule(1 + heads.len());
        for way in &self.0 {
            let rate = format!("{:.0}", 1.0 / percentile(&way.seconds, 50));
            let ratios: Vec<String> =
                limits.iter().map(|limit| ratio(&self.0[*limit].seconds, &way.seconds)).collect();
            text += &line(way.name, &rate, ratios.iter().map(String::as_str));
        }
        text
    }
}

/// How many times as fast, in the same round: the median, and the middle half.
fn ratio(limit: &[f64], ours: &[f64]) -> String {
    let ratios: Vec<f64> = limit.iter().zip(ours).map(|(limit, ours)| limit / ours).collect();
    let [low, middle, high] = [25, 50, 75].map(|percent| percentile(&ratios, percent));
    format!("{middle:.2} ({low:.2}–{high:.2})")
}

/// How long answers take, on the clock and on the processor. Where the machine is shared, the one
/// says what one waited and the other what the answer cost.
#[derive(Default)]
pub(crate) struct Answers {
    clock_ms: Vec<f64>,
    processor_ms: Vec<f64>,
}

impl Answers {
    pub(crate) fn head() -> String {
        let heads = ["p99 ms", "max ms", "p50 on the processor", "p99 on the processor", "aim"];
        line("", "p50 ms", heads) + &rule(6)
    }

    /// Measures one answer.
    pub(crate) fn time<T>(&mut self, answer: impl FnOnce() -> T) -> T {
        let (begin, busy) = (Instant::now(), processor_time());
        let answered = answer();
        self.clock_ms.push(begin.elapsed().as_secs_f64() * 1e3);
        self.processor_ms.extend(busy.zip(processor_time()).map(|(a, b)| (b - a) * 1e3));
        answered
    }

    pub(crate) fn line(&self, name: &str, aim: &str) -> String {
        let of = |times: &[f64], percent| match times {
            [] => String::new(),
            times => format!("{:.2}", percentile(times, percent)),
        };
        let cells = [
            of(&self.clock_ms, 99),
            of(&self.clock_ms, 100),
            of(&self.processor_ms, 50),
            of(&self.processor_ms, 99),
            aim.to_owned(),
        ];
        line(name, &of(&self.clock_ms, 50), cells.iter().map(String::as_str))
    }
}

/// What this thread has used of the processor, in seconds.
#[cfg(unix)]
#[allow(clippy::cast_precision_loss, reason = "seconds and nanoseconds of one run")]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere nobody says")]
fn processor_time() -> Option<f64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Some(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
}

#[cfg(not(unix))]
fn processor_time() -> Option<f64> {
    None
}

fn line<'a>(name: &str, first: &str, others: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = format!("| {name:<44} | {first:>9} |");
    for cell in others {
        let _ = write!(line, " {cell:>18} |");
    }
    line + "\n"
}

fn rule(columns: usize) -> String {
    format!("| {} |{}\n", "-".repeat(44), " ---: |".repeat(columns))
}

pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begin = Instant::now();
    let done = work();
    (begin.elapsed(), done)
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn count(entries: usize) -> f64 {
    entries as f64
}

fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() - 1) * percent / 100]
}
