//! Every dialect from recorded bytes, whole and cut at every place.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

use std::fs;
use std::path::{Path, PathBuf};

use chinwag_classroom::{Closing, Ending, Heard, Output, Receiver};
use serde_json::{Value, json};

/// What a connection from `10.0.0.9` says in these pieces.
fn hear(pieces: &[&[u8]]) -> Vec<Value> {
    let mut receiver = Receiver::new("10.0.0.9:51000".parse().unwrap(), 4_000);
    let mut heard = Vec::new();
    for piece in pieces {
        receiver.push(piece);
        heard.extend(std::iter::from_fn(|| receiver.poll()).map(|output| in_words(&output)));
    }
    receiver.close(Closing::Finished);
    heard.extend(std::iter::from_fn(|| receiver.poll()).map(|output| in_words(&output)));
    heard
}

fn in_words(output: &Output) -> Value {
    let broken = |ending: &Ending| {
        if *ending == Ending::BrokeOff { "broken-" } else { "" }
    };
    match output {
        Output::Answer(bytes) => json!(["answer", String::from_utf8_lossy(bytes)]),
        Output::Heard(heard) => match heard {
            Heard::Message { peer, text, ending, .. } => {
                let what = format!("{}message", broken(ending));
                json!([what, peer.address.to_string(), peer.team, text])
            }
            Heard::Connect { peer, .. } => json!(["connect", peer.address.to_string(), peer.team]),
            Heard::Exit { peer, .. } => json!(["exit", peer.address.to_string(), peer.team]),
            Heard::Unfitting { text, ending } => {
                json!([format!("{}unfitting", broken(ending)), text])
            }
        },
    }
}

/// Every recorded stream with what is to be understood of it.
fn recorded() -> Vec<(String, Vec<u8>, Vec<Value>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut streams: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    streams.retain(|path| path.extension().is_some_and(|e| e == "stream"));
    streams.sort();
    assert!(streams.len() >= 50, "the recorded streams are missing");
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let heard = fs::read_to_string(path.with_extension("heard")).unwrap();
        let heard = heard.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (name, fs::read(&path).unwrap(), heard)
    };
    streams.into_iter().map(read).collect()
}

#[test]
fn every_recorded_stream_is_understood() {
    for (name, bytes, expected) in recorded() {
        assert_eq!(hear(&[&bytes]), expected, "{name}");
    }
}

#[test]
fn where_tcp_cuts_a_stream_in_two_makes_no_difference() {
    for (name, bytes, expected) in recorded() {
        for at in 0..=bytes.len() {
            let (before, after) = bytes.split_at(at);
            assert_eq!(hear(&[before, after]), expected, "{name} cut at byte {at}");
        }
    }
}

#[test]
fn a_stream_that_comes_byte_by_byte_is_understood_all_the_same() {
    for (name, bytes, expected) in recorded() {
        let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(hear(&pieces), expected, "{name}");
    }
}
