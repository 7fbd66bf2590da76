//! How many messages a second, 64 of them on their way at once.

use std::time::Duration;

use chinwag_api::model::MessageState;

use crate::durable::Disk;
use crate::quic::Quic;
use crate::table::{print, rate, spread};
use crate::{Amount, Place, met, part, said};

/// Appends of a round.
const APPENDS: usize = 50;

/// Rates of a round, each a second.
#[derive(Clone, Copy)]
struct Rates {
    /// Answered when they are on the other disk.
    delivered: f64,
    /// Answered when they are on ours.
    saved: f64,
    quic: f64,
    appends: f64,
}

pub(crate) async fn table(place: &Place, amount: &Amount) {
    let homes = place.homes();
    let [ana, bob] = met(&homes).await;
    let mut disk = Disk::within(place.folder.path());
    let quic = Quic::new().await;
    let mut rounds = Vec::new();
    for _ in 0..=amount.rounds {
        let count = amount.burst;
        let delivered = said::many(&ana.client, 0..count, Some(MessageState::Delivered)).await;
        let saved = said::many(&ana.client, 0..count, None).await;
        // Nothing of it is left to do while something else is measured.
        said::delivered(&ana.client, count).await;
        let appends: Duration = (0..APPENDS).map(|_| disk.append()).sum();
        let acked = quic.acked(10 * count, said::WINDOW).await;
        rounds.push(Rates {
            delivered: rate(count, delivered),
            saved: rate(count, saved),
            quic: rate(10 * count, acked),
            appends: rate(APPENDS, appends),
        });
    }
    part([ana, bob]);
    // The first round only warms up.
    show(place, &rounds[1..]);
}

fn show(place: &Place, rounds: &[Rates]) {
    let all = |of: &dyn Fn(&Rates) -> f64, digits| {
        spread(&rounds.iter().map(of).collect::<Vec<_>>(), digits)
    };
    let row = |name: &str, of: &dyn Fn(&Rates) -> f64| {
        let to_quic = all(&|round| of(round) / round.quic, 3);
        let to_append = all(&|round| of(round) / round.appends, 1);
        [name.to_owned(), all(of, 0), to_quic, to_append]
    };
    let rows = [
        row("said and delivered", &|round| round.delivered),
        row("said and saved", &|round| round.saved),
        row("raw QUIC, acknowledged", &|round| round.quic),
        row("appends of 4 KiB with fdatasync, one by one", &|round| round.appends),
    ];
    let title = format!("Messages of 100 bytes, 64 at once, data on {}", place.name);
    print(&title, ["", "a second", "× raw QUIC", "× appends"], &rows);
}
