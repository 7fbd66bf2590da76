//! What a connection to the daemon may rely on, line by line, and what it may not take from others.

mod harness;

use std::time::Duration;

use chinwag_api::error::Kind;
use chinwag_api::event::What;
use chinwag_api::method::{
    AddContact, Connect, ContactAdd, DraftList, DraftSet, EventsSubscribe, Nothing, PeerConnect,
    PeerList, SetDraft, Subscribe, SystemStatus,
};
use chinwag_api::model::ConnectOutcome;
use chinwag_core::ids::{AccountId, DeviceId};
use chinwag_core::ticket::{Address, Ticket};
use chinwag_crypto::{Secret, SigningKey};
use chinwag_daemon::attach;
use harness::{Person, SOON, refused, two_friends};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

/// A program that writes and reads lines itself.
struct Raw(BufReader<UnixStream>);

impl Raw {
    async fn to(person: &Person) -> Self {
        let socket = chinwag_daemon::socket(&person.data_dir()).unwrap();
        Self(BufReader::new(UnixStream::connect(socket).await.unwrap()))
    }

    async fn writes(&mut self, line: &str) {
        self.0.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    async fn asks(&mut self, id: &Value, method: &str, params: &Value) {
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.writes(&request.to_string()).await;
    }

    /// The next line; `None`: the daemon has closed.
    async fn reads(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = tokio::time::timeout(SOON, self.0.read_line(&mut line)).await;
        let read = read.expect("a line in time").unwrap_or(0);
        (read > 0).then(|| serde_json::from_str(&line).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_has_its_answer_before_its_first_event() {
    let alice = Person::new("Alice").await;
    for n in 0..5 {
        alice.say("me", &format!("note {n}")).await;
    }
    for _ in 0..200 {
        let mut raw = Raw::to(&alice).await;
        raw.asks(&json!(7), "events.subscribe", &json!({"after": "0"})).await;
        let first = raw.reads().await.unwrap();
        assert_eq!((&first["id"], &first["result"]["cursor"]), (&json!(7), &json!("0")), "{first}");
        assert_eq!(raw.reads().await.unwrap()["method"], "event");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_has_a_few_subscriptions_and_no_more() {
    let alice = Person::new("Alice").await;
    let (client, _events) = attach(&alice.data_dir()).await.unwrap().unwrap();
    for _ in 0..16 {
        client.call::<EventsSubscribe>(Subscribe::default()).await.unwrap();
    }
    let error = refused(client.call::<EventsSubscribe>(Subscribe::default()).await);
    assert_eq!(error.kind(), Kind::Limit, "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_whose_id_is_null_is_answered_and_one_without_is_not() {
    let alice = Person::new("Alice").await;
    let mut raw = Raw::to(&alice).await;
    raw.writes(r#"{"jsonrpc":"2.0","method":"system.hello"}"#).await;
    raw.asks(&Value::Null, "system.hello", &json!({})).await;
    let answer = raw.reads().await.unwrap();
    assert_eq!(answer.get("id"), Some(&Value::Null), "{answer}");
    assert_eq!(answer["result"]["hasAccount"], true);
    raw.asks(&json!("last"), "system.hello", &json!({})).await;
    assert_eq!(raw.reads().await.unwrap()["id"], "last");
    // What can't name an answer is no request.
    raw.asks(&json!({"a": 1}), "system.hello", &json!({})).await;
    let answer = raw.reads().await.unwrap();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&Value::Null, &json!(-32_600)));
}

/// More connections than there are places, each after this was written to it.
async fn flood(person: &Person, line: &str, is_half_closed: bool) -> Vec<Raw> {
    let mut flood = Vec::new();
    for _ in 0..100 {
        let mut raw = Raw::to(person).await;
        // An error: it was turned away.
        let _ = raw.0.write_all(line.as_bytes()).await;
        if is_half_closed {
            let _ = raw.0.shutdown().await;
        }
        flood.push(raw);
    }
    flood
}

/// Whether somebody who comes now is served.
async fn is_served(person: &Person) -> bool {
    let (client, _events) = attach(&person.data_dir()).await.unwrap().unwrap();
    client.call::<SystemStatus>(Nothing {}).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_say_nothing_keep_nobody_out() {
    let mut alice = Person::new("Alice").await;
    let (listening, mut events) = attach(&alice.data_dir()).await.unwrap().unwrap();
    listening.call::<EventsSubscribe>(Subscribe::default()).await.unwrap();
    for line in ["", "{\"jsonrpc\":\"2.0\",\"id"] {
        let _silent = flood(&alice, line, false).await;
        assert!(is_served(&alice).await, "{line:?}");
    }
    // Whoever listens is silent as well, and is not one of them.
    alice.say("me", "still there?").await;
    let heard = tokio::time::timeout(SOON, events.next()).await.expect("an event");
    assert!(matches!(heard.unwrap().what, What::Message { .. }));
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_have_closed_their_side_and_wait_keep_nobody_out() {
    let (alice, mut bob) = two_friends().await;
    bob.stop().await;
    let wait = r#"{"jsonrpc":"2.0","id":1,"method":"message.send","params":{"to":"Bob","text":"x","waitFor":"read","timeoutMs":600000}}"#;
    let _waiting = flood(&alice, &format!("{wait}\n"), true).await;
    let served = async {
        // A place is free when it was seen that the other side is closed.
        while !is_served(&alice).await {
            tokio::task::yield_now().await;
        }
    };
    let soon = Duration::from_secs(10);
    tokio::time::timeout(soon, served).await.expect("there is room");
}

/// A ticket of somebody whom nobody has ever met.
fn ticket(n: u16, addresses: Vec<Address>) -> String {
    let key = |of: u8| {
        let mut seed = [of; 32];
        seed[..2].copy_from_slice(&n.to_be_bytes());
        *SigningKey::from_seed(&Secret::new(seed)).public().as_bytes()
    };
    let account = AccountId::from_bytes(&key(7)).unwrap();
    let device = DeviceId::from_bytes(&key(9)).unwrap();
    Ticket { account, device, secret: [1; 16], expires_s: 0, addresses }.to_text()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_who_is_named_is_tried_at_once() {
    let (alice, _bob) = two_friends().await;
    // Carol and Dave are nowhere, so each attempt fails at once, and the pauses between them get longer.
    let adds = async |n| {
        let add = AddContact { ticket: ticket(n, Vec::new()), called: None, text: None };
        alice.ask::<ContactAdd>(add).await.id
    };
    let ids = [adds(1).await, adds(2).await];
    let is_at = async |n: usize| {
        let peers = alice.ask::<PeerList>(Nothing {}).await;
        peers.into_iter().find(|peer| peer.contact == ids[n]).unwrap()
    };
    let carol = async || is_at(0).await;
    let pause = async {
        loop {
            let next = carol().await.next_attempt_at;
            let next = next.map(|next| next.parse::<jiff::Timestamp>().unwrap());
            let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(4);
            if next.is_some_and(|next| next > soon) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(SOON, pause).await.expect("a long pause");
    let (before, dave_before) = (carol().await.last_failure, is_at(1).await.last_failure);
    let are_there = |outcomes: Vec<ConnectOutcome>| -> Vec<bool> {
        outcomes.into_iter().map(|outcome| outcome.connected).collect()
    };
    let some = vec!["Bob".to_owned(), ids[1].clone()];
    let some = Connect { contacts: some, timeout_ms: Some(500) };
    let mut there = are_there(alice.ask::<PeerConnect>(some).await);
    there.sort_unstable();
    assert_eq!(there, [false, true]);
    for n in 0..10 {
        alice.tell("Bob", &format!("{n}")).await;
    }
    assert_ne!(is_at(1).await.last_failure, dave_before);
    assert_eq!(carol().await.last_failure, before, "nobody has asked after Carol");
    let all = Connect { contacts: Vec::new(), timeout_ms: Some(500) };
    assert_eq!(are_there(alice.ask::<PeerConnect>(all).await).len(), 3);
    assert_ne!(carol().await.last_failure, before);
    let many = Connect { contacts: vec!["Bob".to_owned(); 1_001], timeout_ms: None };
    let error = refused(alice.client.call::<PeerConnect>(many).await);
    assert_eq!(error.kind(), Kind::Limit, "{error}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_contacts_who_are_away_keep_nobody_from_being_reached() {
    let (alice, mut bob) = two_friends().await;
    // Nobody listens at this address, and nobody says so: it is only bound.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let at = Address::Direct(silent.local_addr().unwrap());
    for n in 0..1_000_u16 {
        let ticket = ticket(n, vec![at.clone()]);
        alice.ask::<ContactAdd>(AddContact { ticket, called: None, text: None }).await;
    }
    bob.restart().await;
    let before = alice.ask::<PeerList>(Nothing {}).await;
    assert_eq!(before.len(), 1_001);
    let connect = Connect { contacts: Vec::new(), timeout_ms: Some(5_000) };
    let connecting = alice.client.call::<PeerConnect>(connect);
    // Meanwhile Bob is told something, and there are not as many sockets as people.
    let telling = alice.tell("Bob", "among a thousand");
    let (outcomes, told) = tokio::join!(connecting, telling);
    assert!(!told.id.is_empty());
    let outcomes = outcomes.unwrap();
    let connected = outcomes.iter().filter(|outcome| outcome.connected).map(|o| o.name.as_str());
    assert_eq!(connected.collect::<Vec<_>>(), ["Bob"]);
    assert_eq!(outcomes.len(), 1_001);
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count();
    assert!(open < 400, "{open} files and sockets are open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_and_not_sent_is_kept_until_it_is_empty_and_within_limits() {
    let alice = Person::new("Alice").await;
    let draft = |text: &str| SetDraft {
        conversation: "me".to_owned(),
        text: text.to_owned(),
        reply_to: None,
        edits: None,
    };
    alice.client.call::<DraftSet>(draft("half a thought")).await.unwrap();
    alice.client.call::<DraftSet>(draft("half a thought, and more")).await.unwrap();
    let drafts = alice.client.call::<DraftList>(Nothing {}).await.unwrap();
    assert_eq!(drafts.len(), 1);
    assert_eq!(drafts[0].text, "half a thought, and more");
    let error = refused(alice.client.call::<DraftSet>(draft(&"x".repeat(128 * 1024 + 1))).await);
    assert_eq!(error.kind(), Kind::Limit, "{error}");
    let id = alice.say("me", "said").await;
    let edits = SetDraft { edits: Some(id.clone()), ..draft("said, and more") };
    alice.client.call::<DraftSet>(edits.clone()).await.unwrap();
    let drafts = alice.client.call::<DraftList>(Nothing {}).await.unwrap();
    assert_eq!((&drafts[0].reply_to, &drafts[0].edits), (&None, &Some(id.clone())));
    let both = SetDraft { reply_to: Some(id), ..edits };
    assert_eq!(refused(alice.client.call::<DraftSet>(both).await).kind(), Kind::Usage);
    let nobody = SetDraft { conversation: "Nobody".to_owned(), ..draft("x") };
    let error = refused(alice.client.call::<DraftSet>(nobody).await);
    assert_eq!(error.kind(), Kind::NotFound, "{error}");
    alice.client.call::<DraftSet>(draft("")).await.unwrap();
    assert!(alice.client.call::<DraftList>(Nothing {}).await.unwrap().is_empty());
}
