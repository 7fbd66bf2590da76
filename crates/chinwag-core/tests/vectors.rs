//! The known answers in `docs/protocol/vectors/`: that they are what the example writes, and that
//! they are true.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

use std::fs;

use chinwag_core::body::{Body, Kind, body_hash};
use chinwag_core::entry::{Header, Seq, Tip};
use chinwag_core::identity::{AccountLog, Name, SignedOperation};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::introduction::Introduction;
use chinwag_core::log::{Base, Run};
use chinwag_core::membership::GroupTicket;
use chinwag_core::ticket::Ticket;
use chinwag_core::time::Wall;
use chinwag_core::wire::codec::{Decode, Encode};
use chinwag_core::wire::message::Message;
use chinwag_crypto::Signature;
use data_encoding::HEXLOWER;
use serde_json::Value;

#[path = "../examples/protocol_vectors.rs"]
#[expect(dead_code, reason = "an example has a main")]
mod example;

fn file(name: &str) -> Value {
    let path = example::folder().join(format!("{name}.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    if let Some(hex) = value.as_str() {
        return HEXLOWER.decode(hex.as_bytes()).unwrap();
    }
    let times = usize::try_from(value["times"].as_u64().unwrap()).unwrap();
    [bytes(&value["bytes"]), bytes(&value["then"]).repeat(times)].concat()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().unwrap()
}

fn kind(value: &Value) -> Kind {
    Kind::new(value["kind"].as_u64().unwrap().try_into().unwrap())
}

/// Every valid vector of `T` is read, and written in the same bytes; no invalid one is read.
fn agree<T: Decode + Encode>(valid: &Value, invalid: &Value) {
    for vector in list(valid) {
        let bytes = bytes(&vector["bytes"]);
        let read = T::from_bytes(&bytes).unwrap_or_else(|e| panic!("{}: {e}", vector["name"]));
        assert_eq!(read.to_bytes(), bytes, "{}", vector["name"]);
    }
    for vector in list(invalid) {
        assert!(T::from_bytes(&bytes(&vector["bytes"])).is_err(), "{}", vector["reason"]);
    }
}

#[test]
fn the_files_are_what_the_example_writes() {
    for (name, written) in example::all() {
        assert!(
            file(name) == written,
            "{name}.json differs: if the protocol was to change, run the example"
        );
    }
}

#[test]
fn headers_and_bodies_are_those_of_the_vectors() {
    let log = file("log");
    agree::<Header>(&log["headers"], &log["invalid_headers"]);
    for vector in list(&log["headers"]) {
        let id = Header::from_bytes(&bytes(&vector["bytes"])).unwrap().id();
        assert_eq!(id, EntryId::from_bytes(array(&vector["id"])));
    }
    for vector in list(&log["bodies"]) {
        let bytes = bytes(&vector["bytes"]);
        let read = Body::from_bytes(kind(vector), &bytes).unwrap();
        assert!(read.to_bytes() == bytes, "{}", vector["name"]);
        assert_eq!(body_hash(&bytes).to_hex(), text(&vector["hash"]));
    }
    for vector in list(&log["invalid_bodies"]) {
        let read = Body::from_bytes(kind(vector), &bytes(&vector["bytes"]));
        assert!(read.is_err(), "{}", vector["reason"]);
    }
    for vector in list(&log["direct"]) {
        let [a, b] = ["a", "b"].map(|who| AccountId::from_bytes(&array(&vector[who])).unwrap());
        let id = ConversationId::from_bytes(array(&vector["id"]));
        assert_eq!(ConversationId::direct(a, b), id);
    }
}

fn base(value: &Value) -> Base {
    match value["seq"].as_u64() {
        Some(seq) => Base::Head(Tip {
            seq: Seq::new(seq).unwrap(),
            id: EntryId::from_bytes(array(&value["id"])),
            rank: value["rank"].as_u64().unwrap(),
        }),
        None => Base::Empty,
    }
}

/// What the run of a vector leads to. `None`: it is refused.
fn check(vector: &Value) -> Option<Base> {
    let entry = |entry: &Value| {
        let header = Header::from_bytes(&bytes(&entry["header"])).unwrap();
        (header, entry["body"].is_string().then(|| bytes(&entry["body"])))
    };
    let entries = list(&vector["entries"]).iter().map(entry).collect();
    let run = Run { entries, signature: Signature::from_bytes(&array(&vector["signature"])) };
    let conversation = ConversationId::from_bytes(array(&vector["conversation"]));
    let author = DeviceId::from_bytes(&array(&vector["author"])).unwrap();
    run.check(conversation, author, base(&vector["base"]))
        .ok()
        .and_then(|checked| checked.tip())
        .map(Base::Head)
}

#[test]
fn runs_are_accepted_and_refused_as_the_vectors_say() {
    let log = file("log");
    for vector in list(&log["runs"]) {
        assert_eq!(check(vector), Some(base(&vector["head"])), "{}", vector["name"]);
    }
    for vector in list(&log["invalid_runs"]) {
        assert_eq!(check(vector), None, "{}", vector["reason"]);
    }
}

/// The log of a vector's account with the operations of these names.
fn account(vectors: &Value, vector: &Value, names: &Value) -> AccountLog {
    let mut log = AccountLog::new(AccountId::from_bytes(&array(&vector["account"])).unwrap());
    for name in list(names) {
        let called = list(&vectors["operations"]).iter().find(|v| v["name"] == *name).unwrap();
        log.add(SignedOperation::from_bytes(&bytes(&called["bytes"])).unwrap()).unwrap();
    }
    log
}

#[test]
fn account_logs_say_what_the_vectors_say() {
    let vectors = file("identity");
    agree::<SignedOperation>(&vectors["operations"], &vectors["invalid_operations"]);
    for vector in list(&vectors["logs"]) {
        let log = account(&vectors, vector, &vector["operations"]);
        assert_eq!(log.digest().to_hex(), text(&vector["digest"]));
        assert_eq!(log.name().map(Name::as_str), vector["name"].as_str());
        let now = Wall::new(vector["now"].as_u64().unwrap());
        let current = |v: &&Value| v["current"] == true;
        let expected = list(&vector["devices"]).iter().filter(current).map(|v| array(&v["device"]));
        let found = log.devices(now).map(|certificate| *certificate.device.as_bytes());
        assert_eq!(found.collect::<Vec<[u8; 32]>>(), expected.collect::<Vec<_>>());
    }
    for vector in list(&vectors["refused"]) {
        let mut log = account(&vectors, vector, &vector["known"]);
        let operation = SignedOperation::from_bytes(&bytes(&vector["bytes"])).unwrap();
        assert!(log.add(operation).is_err(), "{}", vector["reason"]);
    }
}

#[test]
fn operations_and_tickets_of_groups_are_those_of_the_vectors() {
    let vectors = file("membership");
    for vector in list(&vectors["bodies"]) {
        let bytes = bytes(&vector["bytes"]);
        let read = Body::from_bytes(Kind::MEMBERSHIP, &bytes).unwrap();
        assert!(read.to_bytes() == bytes, "{}", vector["name"]);
    }
    for vector in list(&vectors["invalid_bodies"]) {
        let read = Body::from_bytes(Kind::MEMBERSHIP, &bytes(&vector["bytes"]));
        assert!(read.is_err(), "{}", vector["reason"]);
    }
    for vector in list(&vectors["tickets"]) {
        let ticket: GroupTicket = text(&vector["text"]).parse().unwrap();
        assert_eq!(ticket.to_bytes(), bytes(&vector["bytes"]), "{}", vector["name"]);
        assert_eq!(ticket.to_text(), text(&vector["text"]));
    }
    for vector in list(&vectors["invalid_tickets"]) {
        assert!(text(&vector["text"]).parse::<GroupTicket>().is_err(), "{}", vector["reason"]);
    }
}

#[test]
fn introductions_are_those_of_the_vectors() {
    let vectors = file("identity");
    for vector in list(&vectors["introductions"]) {
        let bytes = bytes(&vector["bytes"]);
        let read = Introduction::parse(&bytes).unwrap();
        assert!(read.to_bytes() == bytes, "{}", vector["name"]);
        assert_eq!(*read.log(), account(&vectors, vector, &vector["operations"]));
    }
    for vector in list(&vectors["invalid_introductions"]) {
        let read = Introduction::parse(&bytes(&vector["bytes"]));
        assert!(read.is_err(), "{}", vector["reason"]);
    }
}

#[test]
fn tickets_are_those_of_the_vectors() {
    let vectors = file("ticket");
    agree::<Ticket>(&vectors["tickets"], &Value::Array(Vec::new()));
    for vector in list(&vectors["tickets"]) {
        let ticket = Ticket::from_bytes(&bytes(&vector["bytes"])).unwrap();
        assert_eq!(ticket.to_text(), text(&vector["text"]));
        assert_eq!(text(&vector["text"]).parse(), Ok(ticket));
    }
    for vector in list(&vectors["pasted"]) {
        let ticket: Ticket = text(&vector["text"]).parse().unwrap();
        assert_eq!(ticket.to_bytes(), bytes(&vector["bytes"]), "{}", vector["name"]);
    }
    for vector in list(&vectors["invalid"]) {
        assert!(text(&vector["text"]).parse::<Ticket>().is_err(), "{}", vector["reason"]);
    }
}

#[test]
fn messages_are_those_of_the_vectors() {
    let vectors = file("session");
    agree::<Message>(&vectors["messages"], &Value::Array(Vec::new()));
    for vector in list(&vectors["invalid"]) {
        assert!(Message::read(&bytes(&vector["bytes"])).is_err(), "{}", vector["reason"]);
    }
}
