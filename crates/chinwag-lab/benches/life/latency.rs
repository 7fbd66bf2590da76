//! From the request to the answer that a message is on the other disk, one after the other.

use std::time::Duration;

use crate::durable::Disk;
use crate::quic::Quic;
use crate::table::{median, ms, percentile, print, spread};
use crate::{Amount, Place, met, part, said};

/// What was measured, message by message.
#[derive(Default)]
struct Each {
    ours: Vec<Duration>,
    quic: Vec<Duration>,
    appends: Vec<Duration>,
    commits: Vec<Duration>,
}

impl Each {
    fn add(&mut self, round: Self) {
        self.ours.extend(round.ours);
        self.quic.extend(round.quic);
        self.appends.extend(round.appends);
        self.commits.extend(round.commits);
    }

    /// Our median to that of the round trip with two appends, with two commits, and alone.
    fn ratios(&self) -> [f64; 3] {
        let [ours, quic, appends, commits] =
            [&self.ours, &self.quic, &self.appends, &self.commits].map(|each| median(each));
        [quic + appends, quic + commits, quic].map(|limit| ours.as_secs_f64() / limit.as_secs_f64())
    }
}

pub(crate) async fn table(place: &Place, amount: &Amount) {
    let homes = place.homes();
    let [ana, bob] = met(&homes).await;
    let mut disk = Disk::within(place.folder.path());
    let quic = Quic::new().await;
    let (mut all, mut ratios) = (Each::default(), Vec::new());
    for number in 0..=amount.rounds {
        let mut round = Each { quic: quic.echoes(amount.latencies).await, ..Each::default() };
        for n in 0..amount.latencies {
            round.ours.push(said::delivered(&ana.client, n).await);
        }
        for _ in 0..amount.latencies {
            round.appends.push(disk.append() + disk.append());
            round.commits.push(disk.commit() + disk.commit());
        }
        // The first round only warms up.
        if number > 0 {
            ratios.push(round.ratios());
            all.add(round);
        }
    }
    part([ana, bob]);
    show(place, &all, &ratios);
}

fn show(place: &Place, all: &Each, ratios: &[[f64; 3]]) {
    let ratio = |limit: usize| {
        let of_rounds: Vec<f64> = ratios.iter().map(|round| round[limit]).collect();
        spread(&of_rounds, 2)
    };
    let row = |name: &str, each: &[Duration], [a, b, c]: [String; 3]| {
        [name.to_owned(), ms(percentile(each, 50)), ms(percentile(each, 99)), a, b, c]
    };
    let none = || [const { String::new() }; 3];
    let head = ["", "p50 ms", "p99 ms", "× QUIC and appends", "× QUIC and commits", "× QUIC"];
    let rows = [
        row("said and delivered", &all.ours, [ratio(0), ratio(1), ratio(2)]),
        row("raw QUIC, there and back", &all.quic, none()),
        row("two appends of 4 KiB with fdatasync", &all.appends, none()),
        row("two commits of a bare SQLite", &all.commits, none()),
    ];
    let title = format!("One message after the other, data on {}", place.name);
    print(&title, head, &rows);
}
