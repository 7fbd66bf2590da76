//! What `--json` prints, command by command: the shapes that programs rely on, as they were agreed
//! on in `tests/golden/json/`. What differs each time (ids, times, keys, ports, versions) stands there
//! as a placeholder.
//!
//! `CHINWAG_GOLDEN=rewrite cargo test --test documents` writes them anew; then look at what differs.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;

use std::collections::BTreeMap;
use std::path::Path;

use chinwag_api::method::Sent;
use chinwag_api::model::{
    Card, Contact, ContactState, Device, MessageState, RecoveryWords, Request, Ticket, Why,
};
use harness::home::Home;
use serde_json::{Map, Value, json};

/// Fields that hold something else each time, and never anything that a person has written.
const DIFFERENT: [&str; 16] = [
    "address",
    "addresses",
    "base64",
    "card",
    // Whether somebody is connected already is told in the stories.
    "connected",
    "cursor",
    "dataDir",
    "digest",
    "groups",
    "process",
    "qr",
    "receivedBytes",
    "rttMs",
    "sentBytes",
    "ticket",
    "version",
];

/// The same document with placeholders for what differs each time.
fn placed(name: &str, value: Value) -> Value {
    match value {
        Value::Null => Value::Null,
        _ if DIFFERENT.contains(&name) => json!(format!("<{name}>")),
        Value::Array(items) => items.into_iter().map(|item| placed(name, item)).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            let fields = fields.map(|(name, value)| (name.clone(), placed(&name, value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::String(text) => Value::String(placed_text(name, text)),
        value => value,
    }
}

fn placed_text(name: &str, text: String) -> String {
    let is_id = |kind: &str| {
        let rest = text.strip_prefix(kind).and_then(|rest| rest.strip_prefix('_'));
        rest.is_some_and(|rest| rest.len() >= 16 && rest.chars().all(char::is_alphanumeric))
    };
    if let Some((kind, _)) = text.split_once('_').filter(|(kind, _)| is_id(kind)) {
        return format!("<{kind}>");
    }
    if text.parse::<jiff::Timestamp>().is_ok() {
        return "<time>".to_owned();
    }
    // Sentences that name a time or an address; what they say is told in the stories.
    let has_moment = text.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with("20"));
    if matches!(name, "text" | "problems") && (has_moment || text.contains("127.0.0.1")) {
        return "<sentence>".to_owned();
    }
    text
}

/// What differs from what was agreed on.
struct Golden {
    differences: Vec<String>,
}

impl Golden {
    #[track_caller]
    fn check(&mut self, name: &str, home: &Home, args: &[&str]) -> Value {
        let document: Value = home.asks(args);
        self.compare(name, document.clone());
        document
    }

    /// What `listen --jsonl` says of all that happened: one event of each kind.
    #[track_caller]
    fn listen(&mut self, home: &Home) {
        let mut kinds = BTreeMap::new();
        let listening = home.starts(&["listen", "--jsonl", "--after", "0"]);
        let last: Sent = home.asks(&["send", "me", "the last one"]);
        listening.event_within(harness::PATIENCE, |event| {
            let kind = event["kind"].as_str().unwrap().to_owned();
            kinds.entry(kind).or_insert_with(|| event.clone());
            event["message"]["id"] == last.id
        });
        // Whether these happen while somebody listens is by chance.
        kinds.retain(|kind, _| !["peer", "typing"].contains(&kind.as_str()));
        self.compare("listen", kinds.into_values().collect());
    }

    #[track_caller]
    fn compare(&mut self, name: &str, document: Value) {
        let shape = serde_json::to_string_pretty(&placed("", document)).unwrap() + "\n";
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/json");
        let path = folder.join(format!("{name}.json"));
        if std::env::var_os("CHINWAG_GOLDEN").is_some_and(|value| value == "rewrite") {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &shape).unwrap();
        }
        let agreed = std::fs::read_to_string(&path).unwrap_or_default();
        if agreed != shape {
            let path = path.display();
            self.differences.push(format!("{path}\nagreed:\n{agreed}\nnow:\n{shape}"));
        }
    }
}

/// Carol asks Ana, who declines, and thinks it over.
fn asked(golden: &mut Golden, ana: &Home) {
    let card: Card = ana.asks(&["invite", "--card"]);
    let carol = Home::of("Carol");
    let _daemon = carol.daemon();
    let ask = |text| carol.asks::<Contact>(&["add", &card.card, "--text", text, "--timeout", "0"]);
    assert_eq!(ask("it's Carol").state, ContactState::Waiting);
    until_asked(ana, "it's Carol");
    let requests = golden.check("requests", ana, &["requests"]);
    golden.check("decline", ana, &["decline", "Carol"]);
    let id = requests[0]["id"].as_str().unwrap();
    golden.check("accept", ana, &["accept", id]);
    // The rest is about two. By the id, as her name may not have come yet.
    ana.does(&["block", id]);
}

/// Waits until somebody has asked with this line.
#[track_caller]
fn until_asked(home: &Home, text: &str) {
    let deadline = std::time::Instant::now() + harness::PATIENCE;
    let is_there = |requests: Vec<Request>| requests.iter().any(|request| request.text == text);
    while !is_there(home.asks(&["requests"])) {
        assert!(std::time::Instant::now() < deadline, "nobody asks");
    }
}

/// A group of one's own, a ticket to it, and who joins by that.
fn tickets_to_a_group(golden: &mut Golden, ana: &Home, bob: &Home) {
    ana.does(&["group", "create", "Choir"]);
    let ticket = golden.check("group-ticket", ana, &["group", "ticket", "Choir"]);
    let line = ticket["ticket"].as_str().unwrap();
    golden.check("group-join-by-ticket", bob, &["group", "join", line, "--timeout", "30"]);
    golden.check("group-joinings", bob, &["group", "joinings"]);
    let tickets = golden.check("group-tickets", ana, &["group", "tickets", "Choir"]);
    let id = tickets[0]["id"].as_str().unwrap();
    golden.check("group-revoke", ana, &["group", "revoke", "Choir", id]);
}

/// Waits until all that was made of a message is delivered.
#[track_caller]
fn until_delivered(home: &Home, id: &str) {
    let deadline = std::time::Instant::now() + harness::PATIENCE;
    let waits = |why: &Why| why.changes.iter().any(|c| c.state < MessageState::Delivered);
    while waits(&home.asks(&["why", id])) {
        assert!(std::time::Instant::now() < deadline, "it does not arrive");
    }
}

#[test]
fn every_document_has_the_shape_that_was_agreed_on() {
    let mut golden = Golden { differences: Vec::new() };
    let (ana, bob) = (Home::empty(), Home::of("Bob"));
    golden.check("status-without-account", &ana, &["status"]);
    let init = ["init", "--name", "Ana", "--device-name", "laptop"];
    golden.check("init", &ana, &init);
    let (_ana_daemon, _bob_daemon) = (ana.daemon(), bob.daemon());

    golden.check("id", &ana, &["id"]);
    golden.check("passphrase-status", &ana, &["passphrase", "status"]);
    golden.check("rename", &ana, &["rename", "Anna"]);
    golden.check("devices", &ana, &["devices"]);
    golden.check("invite", &ana, &["invite", "--reusable"]);
    let invites = golden.check("invites", &ana, &["invites"]);
    let invite = invites[0]["id"].as_str().unwrap();
    golden.check("invites-revoke", &ana, &["invites", "--revoke", invite]);

    let ticket: Ticket = ana.asks(&["invite"]);
    golden.check("add", &bob, &["add", &ticket.ticket, "--timeout", "30"]);
    golden.check("status", &ana, &["status"]);
    golden.check("contacts", &ana, &["contacts"]);
    golden.check("card", &ana, &["invite", "--card"]);
    asked(&mut golden, &ana);
    golden.check("alias", &ana, &["alias", "Bob", "Bobby"]);
    golden.check("verify", &ana, &["verify", "Bobby"]);
    golden.check("verify-yes", &ana, &["verify", "Bobby", "--yes"]);
    golden.check("connect", &ana, &["connect", "Bobby"]);
    golden.check("peers", &ana, &["peers"]);

    let saying = ["send", "Bobby", "helo", "--wait", "delivered", "--client-id", "job-1"];
    let sent = golden.check("send", &ana, &saying);
    let id = sent["id"].as_str().unwrap();
    golden.check("send-again", &ana, &saying);
    golden.check("why", &ana, &["why", id]);
    golden.check("edit", &ana, &["edit", id, "hello"]);
    golden.check("react", &ana, &["react", id, "👍"]);
    until_delivered(&ana, id);
    golden.check("why-of-what-was-changed", &ana, &["why", id]);
    golden.check("history", &ana, &["history", "Bobby"]);
    golden.check("search", &ana, &["search", "hello"]);
    golden.check("digest", &ana, &["digest", "Bobby"]);
    let answer = ["send", "Anna", "hi", "--reply-to", id, "--wait", "delivered"];
    golden.check("send-reply", &bob, &answer);
    golden.check("history-with-a-reply", &ana, &["history", "Bobby", "--limit", "1"]);
    golden.check("retract", &ana, &["retract", id]);
    golden.check("read", &ana, &["read", "Bobby"]);
    golden.check("bundle-export", &ana, &["bundle", "export", "--for", "Bobby", "-"]);
    golden.check("bundle-introduce", &ana, &["bundle", "introduce", &bob.path("ana")]);
    golden.check("bundle-import", &bob, &["bundle", "import", &bob.path("ana")]);
    golden.check("backup", &ana, &["backup", &ana.path("backup")]);
    golden.check("block", &ana, &["block", "Bobby"]);
    golden.check("unblock", &ana, &["unblock", "Bobby"]);
    golden.check("mute", &ana, &["mute", "Bobby", "--level", "mentions"]);
    golden.check("unmute", &ana, &["unmute", "Bobby"]);
    golden.listen(&ana);
    tickets_to_a_group(&mut golden, &ana, &bob);

    let words: RecoveryWords = ana.asks(&["words", "--show-words"]);
    golden.compare("words", words.0.iter().map(|_| json!("<word>")).collect());
    let (words, other) = (words.0.join(" "), Home::empty());
    let restored = other.runs_with(&["restore", &ana.path("backup"), "--json"], words.as_bytes());
    assert_eq!(restored.code, 0, "{restored:?}");
    golden.compare("restore", serde_json::from_str(&restored.output).unwrap());
    let devices: Vec<Device> = other.asks(&["devices"]);
    let first = devices.iter().find(|device| !device.is_this).unwrap();
    golden.check("revoke-device", &other, &["revoke-device", &first.id, "--yes"]);
    assert!(golden.differences.is_empty(), "{}", golden.differences.join("\n"));
}
