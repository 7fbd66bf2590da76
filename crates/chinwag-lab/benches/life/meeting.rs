//! Two that were off: from their start to a message that is on the other disk.

use std::time::Instant;

use crate::table::{print, spread_ms};
use crate::{Amount, Place, met, part, said};

pub(crate) async fn table(place: &Place, amount: &Amount) {
    let homes = place.homes();
    part(met(&homes).await);
    let mut took = Vec::new();
    for n in 0..amount.starts {
        let begun = Instant::now();
        let processes = [homes[0].start(), homes[1].start()];
        let (client, _events) = homes[0].connect().await;
        said::delivered(&client, n).await;
        took.push(begun.elapsed());
        for process in processes {
            assert_eq!(process.end(), 143);
        }
    }
    let title = format!("Two cold processes that know each other, data on {}", place.name);
    let row =
        ["start to the first delivered message".to_owned(), spread_ms(&took), "500".to_owned()];
    print(&title, ["", "ms", "aim"], &[row]);
}
