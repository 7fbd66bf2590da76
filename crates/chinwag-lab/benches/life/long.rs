//! A long history: how soon a device that was away has it, and how soon a daemon that has it answers.

use std::time::{Duration, Instant};

use chinwag_api::client::Client;
use chinwag_api::method::{ContactList, ListMessages, MessageList, Nothing, SystemStatus};
use chinwag_api::model::Id;
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
    let newest = screen(&ana.client, "Bob").await;
    let begun = Instant::now();
    let process = bob.start();
    let (client, _events) = bob.connect().await;
    let back = fetched(&client, begun, entries, &newest).await;
    let (here, there) = (digest(&ana.client, "Bob").await, digest(&client, "Ana").await);
    assert_eq!(here.digest, there.digest);
    let peak = process.status("VmHWM").unwrap() / 1_024;
    assert_eq!(process.end(), 143);
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
    let fetched = rate(amount.history, back.all.saturating_sub(back.connected));
    println!("\n{fetched:.0} entries/s; at most {peak} MiB resident at the fetching side");
}

async fn fetched(client: &Client, begun: Instant, entries: u64, newest: &[Id]) -> Back {
    until("a connection", PATIENCE, async || {
        let contacts = client.call::<ContactList>(Nothing {}).await.ok()?;
        contacts.iter().any(|contact| contact.connected).then_some(())
    })
    .await;
    let connected = begun.elapsed();
    let mut shown = None;
    let all = until("everything", PATIENCE, async || {
        if shown.is_none() && screen(client, "Ana").await == newest {
            shown = Some(begun.elapsed());
        }
        let here = digest(client, "Ana").await.entries;
        (here >= entries).then(|| begun.elapsed())
    })
    .await;
    // The last may have come between the two questions.
    if shown.is_none() {
        assert_eq!(screen(client, "Ana").await, newest);
    }
    Back { connected, screen: shown.unwrap_or_else(|| begun.elapsed()), all }
}

/// The messages that a user interface shows first.
async fn screen(client: &Client, with: &str) -> Vec<Id> {
    let (conversation, limit, before) = (with.to_owned(), Some(SCREEN), None);
    let params = ListMessages { conversation, limit, before, after: None };
    let page = client.call::<MessageList>(params).await.unwrap();
    page.messages.into_iter().map(|message| message.id).collect()
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
