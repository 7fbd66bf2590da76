//! Daemons that are killed again and again while both people write: what was accepted is there once,
//! on both sides, in the same order.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chinwag_api::client::{CallError, Client};
use chinwag_api::method::{MessageSend, SendMessage, Sent};
use chinwag_lab::home::Home;
use chinwag_lab::talk::{history, introduce, until_agreed, until_connected};
use chinwag_lab::{PATIENCE, until};
use tokio::task::{JoinHandle, JoinSet};

/// Sendings of one person that are under way.
const PIPELINE: usize = 64;

/// How long the last of them may take, and the two to agree after it.
const LONG: Duration = Duration::from_mins(20);

/// How much is done: `CHINWAG_LAB_FULL=1` for all of it.
struct Amount {
    sends: usize,
    kills: usize,
}

impl Amount {
    fn chosen() -> Self {
        if std::env::var_os("CHINWAG_LAB_FULL").is_some() {
            return Self { sends: 10_000, kills: 200 };
        }
        Self { sends: 2_000, kills: 40 }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_killed_while_writing_has_every_message_once_and_so_has_the_other() {
    let amount = Amount::chosen();
    let homes = [Arc::new(Home::on_loopback()), Arc::new(Home::on_loopback())];
    let [(ana, _), (bob, _)] = [homes[0].begin("Ana").await, homes[1].begin("Bob").await];
    introduce((&ana.client, "Ana"), (&bob.client, "Bob")).await;
    let begun = Instant::now();
    let accepted = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let writers: Vec<JoinHandle<BTreeMap<String, String>>> = homes
        .iter()
        .zip([("a", "Bob"), ("b", "Ana")])
        .zip(&accepted)
        .map(|((home, (prefix, to)), accepted)| {
            let texts = (0..amount.sends / 2).map(|n| format!("{prefix}-{n}")).collect();
            tokio::spawn(write_all(Arc::clone(home), to, texts, Arc::clone(accepted)))
        })
        .collect();
    let mut processes = [ana.process, bob.process];
    let mut kills = [0; 2];
    for kill in 0..amount.kills {
        // Now one, now the other, and sometimes the same twice; always one who has accepted something
        // since it was started, and every fourth time while the two are connected.
        let which = (kill + kill / 4) % 2;
        kills[which] += 1;
        let due = kills[which] * (amount.sends / 2) / (amount.kills / 2 + 2);
        until("more that is accepted", PATIENCE, async || {
            (accepted[which].load(Ordering::Relaxed) >= due).then_some(())
        })
        .await;
        if kill % 4 == 0 {
            let (client, _events) = homes[which].connect().await;
            until_connected(&client, ["Bob", "Ana"][which], true, PATIENCE).await;
        }
        processes[which].kill();
        processes[which] = homes[which].start();
    }
    let mut sent = Vec::new();
    for writer in writers {
        sent.push(tokio::time::timeout(LONG, writer).await.expect("in time").unwrap());
    }
    let written = begun.elapsed();
    let [(ana, _ana), (bob, _bob)] = [homes[0].connect().await, homes[1].connect().await];
    until_agreed((&ana, "Ana"), (&bob, "Bob"), LONG).await;
    let (here, there) = (history(&ana, "Bob").await, history(&bob, "Ana").await);
    let shape = |messages: &[chinwag_api::model::Message]| -> Vec<(String, Option<String>)> {
        messages.iter().map(|message| (message.id.clone(), message.text.clone())).collect()
    };
    assert_eq!(shape(&here), shape(&there), "the same messages in the same order");
    assert_eq!(here.len(), amount.sends, "nothing twice, and nothing lost");
    for (sent, prefix) in sent.iter().zip(["a-", "b-"]) {
        let theirs = here.iter().filter(|m| m.text.as_ref().unwrap().starts_with(prefix));
        let in_order: Vec<&String> = theirs.clone().map(|m| m.text.as_ref().unwrap()).collect();
        let expected: Vec<String> = (0..sent.len()).map(|n| format!("{prefix}{n}")).collect();
        assert_eq!(in_order, expected.iter().collect::<Vec<_>>(), "as they were written");
        for message in theirs {
            assert_eq!(sent[message.text.as_ref().unwrap()], message.id, "what was answered is so");
        }
    }
    eprintln!(
        "{} sends, {} kills: written in {written:?}, agreed after {:?}",
        amount.sends,
        amount.kills,
        begun.elapsed()
    );
}

type Answered = (String, Result<Sent, CallError>);

/// Has all of these said, [`PIPELINE`] at once; after a lost connection those without an answer again,
/// in their order, under the same names. Gives which message each became.
async fn write_all(
    home: Arc<Home>,
    to: &'static str,
    texts: Vec<String>,
    accepted: Arc<AtomicUsize>,
) -> BTreeMap<String, String> {
    let mut became = BTreeMap::new();
    while became.len() < texts.len() {
        let (client, _events) = home.connect().await;
        let mut left: VecDeque<String> = texts.clone().into();
        left.retain(|text| !became.contains_key(text));
        let mut under_way = JoinSet::new();
        let mut is_gone = false;
        while !(left.is_empty() || is_gone) || !under_way.is_empty() {
            while !is_gone && under_way.len() < PIPELINE {
                let Some(text) = left.pop_front() else { break };
                start(&mut under_way, &client, to, &text).await;
            }
            let Some(answered) = under_way.join_next().await else { break };
            let (text, answer) = answered.unwrap();
            match answer {
                Ok(sent) => {
                    assert!(became.insert(text, sent.id).is_none(), "one answer each");
                    accepted.fetch_add(1, Ordering::Relaxed);
                }
                Err(CallError::Gone) => is_gone = true,
                Err(other) => panic!("{text}: {other}"),
            }
        }
    }
    became
}

/// Begins one sending. It is on its way, behind those before it, when this returns.
async fn start(under_way: &mut JoinSet<Answered>, client: &Client, to: &str, text: &str) {
    let params = SendMessage {
        to: to.to_owned(),
        text: text.to_owned(),
        client_id: Some(text.to_owned()),
        reply_to: None,
        wait_for: None,
        timeout_ms: None,
        require_verified: false,
    };
    let (client, text) = (client.clone(), text.to_owned());
    let mut call = Box::pin(async move { client.call::<MessageSend>(params).await });
    let first = std::future::poll_fn(|context| {
        std::task::Poll::Ready(Future::poll(call.as_mut(), context))
    })
    .await;
    under_way.spawn(async move {
        let answer = match first {
            std::task::Poll::Ready(answer) => answer,
            std::task::Poll::Pending => call.await,
        };
        (text, answer)
    });
}
