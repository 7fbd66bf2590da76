//! The contract between versions: what this one does not know it ignores, and a client keeps its
//! answers apart however they come.

use chinwag_api::client::{CallError, Client};
use chinwag_api::error::{ApiError, Kind};
use chinwag_api::event::{Event, What};
use chinwag_api::method::{Hello, Nothing, SystemHello, SystemStatus};
use chinwag_api::model::{ContactState, DeviceState, MessageState};
use chinwag_api::wire::{LINE_MAX, Reply, Request, read_line, write_line};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt as _, BufReader, DuplexStream, split};

/// The daemon's end of a connection, spoken by the test.
struct Daemon {
    reader: BufReader<tokio::io::ReadHalf<DuplexStream>>,
    writer: tokio::io::WriteHalf<DuplexStream>,
}

impl Daemon {
    async fn hears(&mut self) -> Request {
        let line = read_line(&mut self.reader).await.unwrap().unwrap();
        serde_json::from_slice(&line).unwrap()
    }

    async fn says(&mut self, reply: &Reply) {
        write_line(&mut self.writer, reply).await.unwrap();
        self.writer.flush().await.unwrap();
    }
}

fn connected() -> (Client, chinwag_api::client::Events, Daemon) {
    let (ours, theirs) = tokio::io::duplex(1024);
    let (client, events) = Client::over(ours);
    let (reader, writer) = split(theirs);
    (client, events, Daemon { reader: BufReader::new(reader), writer })
}

fn welcome(version: &str) -> Value {
    json!({ "api": "1.9", "version": version, "hasAccount": true, "invented": [1, 2] })
}

#[tokio::test]
async fn answers_find_their_questions_in_whatever_order_they_come() {
    let (client, _events, mut daemon) = connected();
    let second = client.clone();
    let asked = tokio::spawn(async move { second.call::<SystemHello>(Hello::default()).await });
    let one = daemon.hears().await;
    let asked_too = tokio::spawn(async move { client.call::<SystemHello>(Hello::default()).await });
    let two = daemon.hears().await;
    daemon.says(&Reply::answer(two.id.unwrap(), Ok(welcome("two")))).await;
    daemon.says(&Reply::answer(one.id.unwrap(), Ok(welcome("one")))).await;
    assert_eq!(asked.await.unwrap().unwrap().version, "one");
    assert_eq!(asked_too.await.unwrap().unwrap().version, "two");
}

#[tokio::test]
async fn an_error_says_what_kind_it_is_and_what_to_do() {
    let (client, _events, mut daemon) = connected();
    let asked = tokio::spawn(async move { client.call::<SystemStatus>(Nothing {}).await });
    let request = daemon.hears().await;
    let error = ApiError::new(Kind::Locked, "the store is locked").hint("unlock it");
    daemon.says(&Reply::answer(request.id.unwrap(), Err(error.clone()))).await;
    let Err(CallError::Api(found)) = asked.await.unwrap() else { panic!("no error") };
    assert_eq!((found.kind().exit_code(), found.what_next()), (8, Some("unlock it")));
    assert_eq!(found, error);
}

#[tokio::test]
async fn whoever_waits_when_the_daemon_goes_is_told() {
    let (client, mut events, mut daemon) = connected();
    let asked = tokio::spawn(async move { client.call::<SystemStatus>(Nothing {}).await });
    daemon.hears().await;
    drop(daemon);
    assert!(matches!(asked.await.unwrap(), Err(CallError::Gone)));
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn whoever_asks_after_the_daemon_has_gone_is_told_at_once() {
    let (client, mut events, daemon) = connected();
    drop(daemon);
    assert_eq!(events.next().await, None);
    assert!(matches!(client.call::<SystemStatus>(Nothing {}).await, Err(CallError::Gone)));
}

#[test]
fn a_state_that_is_not_known_is_no_error() {
    let unknown = json!("teleported");
    assert_eq!(
        serde_json::from_value::<MessageState>(unknown.clone()).unwrap(),
        MessageState::Unknown
    );
    assert_eq!(
        serde_json::from_value::<ContactState>(unknown.clone()).unwrap(),
        ContactState::Unknown
    );
    assert_eq!(serde_json::from_value::<DeviceState>(unknown).unwrap(), DeviceState::Unknown);
    assert!(MessageState::Unknown < MessageState::Saved, "nothing is waited for in vain");
}

#[tokio::test]
async fn a_kind_of_event_that_is_not_known_is_no_error() {
    let (_client, mut events, mut daemon) = connected();
    let event =
        json!({ "cursor": "7", "at": "2026-01-01T00:00:00.000Z", "kind": "aurora", "hue": 3 });
    daemon.says(&Reply::event(event)).await;
    let event = events.next().await.unwrap();
    assert_eq!((event.cursor.as_deref(), event.what), (Some("7"), What::Unknown));
}

#[tokio::test]
async fn a_line_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let mut at = vec![b' '; LINE_MAX];
    at.push(b'\n');
    assert_eq!(read_line(&mut at.as_slice()).await.unwrap().unwrap().len(), LINE_MAX);
    let over = vec![b' '; LINE_MAX + 1];
    assert!(read_line(&mut over.as_slice()).await.is_err());
    assert_eq!(read_line(&mut [].as_slice()).await.unwrap(), None);
}

#[test]
fn an_error_kind_that_is_not_known_is_kept_as_unknown() {
    let error: ApiError = serde_json::from_value(json!({
        "code": -32000, "message": "m", "data": { "kind": "sunspots", "retryable": false }
    }))
    .unwrap();
    assert_eq!(error.kind(), Kind::Unknown);
}

proptest! {
    #[test]
    fn a_client_survives_any_value_in_place_of_an_event(text in ".{0,40}", number: i64) {
        for kind in ["message", "request", "peer", "typing", "gap", &text] {
            let event = json!({ "cursor": text, "at": text, "kind": kind, "message": number });
            let read = serde_json::from_value::<Event>(event);
            prop_assert!(read.is_ok() || ["message", "request", "peer", "typing", "gap"].contains(&kind));
        }
    }
}

#[test]
fn a_parameter_that_nobody_knows_is_refused_and_not_passed_over() {
    let of = |name: &str| serde_json::json!({ "to": "Bob", "text": "the code is 7", name: true });
    let read = |params| serde_json::from_value::<chinwag_api::method::SendMessage>(params);
    assert!(read(of("requireVerified")).unwrap().require_verified);
    let error = read(of("require_verified")).unwrap_err().to_string();
    assert!(error.contains("unknown field `require_verified`"), "{error}");
}
