//! Messages of 100 bytes, said to Bob.

use std::time::{Duration, Instant};

use chinwag_api::client::Client;
use chinwag_api::method::{MessageSend, SendMessage};
use chinwag_api::model::MessageState;
use tokio::task::JoinSet;

/// Messages that are on their way at once.
pub(crate) const WINDOW: usize = 64;

/// What the message with this number says.
pub(crate) fn text(n: usize) -> String {
    format!("{n:0>100}")
}

/// Says one, and waits for the answer that it is on the other disk.
pub(crate) async fn delivered(client: &Client, n: usize) -> Duration {
    let begun = Instant::now();
    say(client, n, Some(MessageState::Delivered)).await;
    begun.elapsed()
}

/// Says many, [`WINDOW`] at once, each answered when it has come so far; without: when it is on our disk.
pub(crate) async fn many(
    client: &Client,
    numbers: std::ops::Range<usize>,
    state: Option<MessageState>,
) -> Duration {
    let begun = Instant::now();
    let mut under_way = JoinSet::new();
    for n in numbers {
        if under_way.len() == WINDOW {
            under_way.join_next().await.unwrap().unwrap();
        }
        let client = client.clone();
        under_way.spawn(async move { say(&client, n, state).await });
    }
    while let Some(said) = under_way.join_next().await {
        said.unwrap();
    }
    begun.elapsed()
}

async fn say(client: &Client, n: usize, state: Option<MessageState>) {
    let params = SendMessage {
        to: "Bob".to_owned(),
        text: text(n),
        client_id: None,
        reply_to: None,
        wait_for: state,
        timeout_ms: Some(60_000),
        require_verified: false,
    };
    let sent = client.call::<MessageSend>(params).await.unwrap();
    assert!(state.is_none_or(|state| sent.state >= state), "{sent:?}");
}
