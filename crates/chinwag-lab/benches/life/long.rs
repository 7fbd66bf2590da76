//! A long history: how soon a device that was away has it, and how soon a daemon that has it answers.

use std::time::{Duration, Instant};

use chinwag_api::client::Client;
use chinwag_api::method::{ContactList, ListMessages, MessageList, Nothing, SystemStatus};
use chinwag_lab::home::{Home, Running};
use chinwag_lab::talk::digest;
use chinwag_lab::until;

use crate::table::{ms, print, rate, spread_ms};
use crate::{Amount, Place, met, said};

/// Messages of a screen.
const SCREEN: u32 = 50;

/// How long fetching may take before the bench gives up.
const PATIENCE: Duration = Duration::from_mins(10);

pub(crate) async fn table(place: &Place, amount: &Amount, is_wanted: &impl Fn(&str) -> bool) {
    let homes = place.homes();
    let [ana, bob] = met(&homes).await;
    // Bob is away while Ana talks.
    assert_eq!(bob.process.end(), 143);
    let saying = said::many(&ana.client, 0..amount.history, None).await;
    let said = rate(amount.history, saying);
    eprintln!("{} messages were said, {said:.0}/s", amount.history);
    if is_wanted("away") {
        away(&ana, &homes[1], amount).await;
    }
    assert_eq!(ana.process.end(), 143);
    if is_wanted("start") {
        start(&homes[0], amount).await;
    }
}

/// When something was so, since the process was started.
struct Back {
    connected: Duration,
    screen: Duration,
    all: Duration,
}

/// Bob comes back.
async fn away(ana: &Running, bob: &Home, amount: &Amount) {
    let entries = digest(&ana.client, "Bob").await.entries;
    let begun = Instant::now();
    let process = bob.start();
    let (client, _events) = bob.connect().await;
    let back = fetched(&client, begun, entries, amount.history).await;
    let (here, there) = (digest(&ana.client, "Bob").await, digest(&client, "Ana").await);
    assert_eq!(here.digest, there.digest);
    let peak = process.status("VmHWM").unwrap() / 1_024;
    assert_eq!(process.end(), 143);
    let fetching = back.all.saturating_sub(back.connected);
    let row = |name: &str, at: Duration, aim: &str| {
        [name.to_owned(), ms(at), ms(at.saturating_sub(back.connected)), aim.to_owned()]
    };
    let rows = [
        row("connected", back.connected, ""),
        row("the newest 50 are shown", back.screen, "300"),
        row("everything is here", back.all, "5,000"),
    ];
    let title = format!("A device that was away fetches {} messages", amount.history);
    print(&title, ["", "ms since its start", "ms since connected", "aim"], &rows);
    let fetched = rate(amount.history, fetching);
    println!("\n{fetched:.0} entries/s; at most {peak} MiB resident at the fetching side");
}

async fn fetched(client: &Client, begun: Instant, entries: u64, history: usize) -> Back {
    until("a connection", PATIENCE, async || {
        let contacts = client.call::<ContactList>(Nothing {}).await.ok()?;
        contacts.iter().any(|contact| contact.connected).then_some(())
    })
    .await;
    let connected = begun.elapsed();
    let mut screen = None;
    let all = until("everything", PATIENCE, async || {
        if screen.is_none() && shows_newest(client, history).await {
            screen = Some(begun.elapsed());
        }
        let here = digest(client, "Ana").await.entries;
        (here >= entries).then(|| begun.elapsed())
    })
    .await;
    // Who has everything shows it.
    if screen.is_none() && shows_newest(client, history).await {
        screen = Some(begun.elapsed());
    }
    Back { connected, screen: screen.expect("the newest messages"), all }
}

/// Whether what a user interface shows first is the newest that was said, without a gap.
async fn shows_newest(client: &Client, history: usize) -> bool {
    let (conversation, limit, before) = ("Ana".to_owned(), Some(SCREEN), None);
    let params = ListMessages { conversation, limit, before };
    let page = client.call::<MessageList>(params).await.unwrap();
    let first = history - usize::try_from(SCREEN).unwrap();
    let shown = page.messages.iter().map(|message| message.text.as_deref().unwrap_or_default());
    shown.eq((first..history).map(said::text))
}

/// From the start of a daemon to its answer.
async fn start(home: &Home, amount: &Amount) {
    let mut took = Vec::new();
    for _ in 0..amount.starts {
        let begun = Instant::now();
        let process = home.start();
        let (client, _events) = home.connect().await;
        client.call::<SystemStatus>(Nothing {}).await.unwrap();
        took.push(begun.elapsed());
        assert_eq!(process.end(), 143);
    }
    let title = format!("Start with {} messages", amount.history);
    let rows = [[
        "process start to the answer of `status`".to_owned(),
        spread_ms(&took),
        "100".to_owned(),
    ]];
    print(&title, ["", "ms", "aim"], &rows);
}
