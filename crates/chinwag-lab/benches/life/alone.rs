//! A daemon with one connected contact that nobody asks anything: its memory, and how often it wakes.

use std::time::Duration;

use chinwag_api::method::{Nothing, SystemStatus};
use chinwag_lab::{PATIENCE, until};

use crate::table::print;
use crate::{Amount, Place, met, part, said};

/// How long what is left to tidy after the last message may take.
const TIDIED_AFTER: Duration = Duration::from_secs(3);

pub(crate) async fn table(place: &Place, amount: &Amount) {
    let homes = place.homes();
    let [ana, bob] = met(&homes).await;
    said::many(&ana.client, 0..amount.burst, None).await;
    until("nothing undelivered", PATIENCE, async || {
        let status = ana.client.call::<SystemStatus>(Nothing {}).await.ok()?;
        (status.undelivered == 0).then_some(())
    })
    .await;
    tokio::time::sleep(TIDIED_AFTER).await;
    let before = wake_ups(ana.process.id());
    tokio::time::sleep(amount.idle).await;
    let mut rows = Vec::new();
    for (name, woken) in wake_ups(ana.process.id()) {
        let earlier = before.iter().find(|(known, _)| *known == name).map_or(0, |(_, n)| *n);
        let woken = u32::try_from(woken - earlier).unwrap();
        rows.push([name, format!("{:.2}", f64::from(woken) / amount.idle.as_secs_f64())]);
    }
    let rss = ana.process.status("VmRSS").unwrap() / 1_024;
    part([ana, bob]);
    let seconds = amount.idle.as_secs();
    let title = format!("Idle for {seconds} s with one contact: {rss} MiB resident (aim 40)");
    print(&title, ["thread", "wake-ups/s"], &rows);
}

/// How often the threads of a process went to sleep by themselves, which is how often they were woken;
/// those of one name together.
fn wake_ups(process: u32) -> Vec<(String, u64)> {
    let mut all = std::collections::BTreeMap::new();
    for thread in std::fs::read_dir(format!("/proc/{process}/task")).unwrap().flatten() {
        // One that has ended meanwhile woke nobody.
        let Ok(status) = std::fs::read_to_string(thread.path().join("status")) else { continue };
        let after = |word: &str| status.lines().find_map(|line| line.strip_prefix(word));
        let (Some(name), Some(woken)) = (after("Name:"), after("voluntary_ctxt_switches:")) else {
            continue;
        };
        *all.entry(name.trim().to_owned()).or_default() += woken.trim().parse::<u64>().unwrap();
    }
    all.into_iter().collect()
}
