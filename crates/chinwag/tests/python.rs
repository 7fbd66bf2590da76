//! Ours and a program in Python that was written from the description of the protocol alone.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;

use std::process::{Command, Stdio};

use harness::PATIENCE;
use harness::pipes::{Piped, run_with};
use harness::port::Port;
use harness::terminal::Person;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The existing programs take at most this many bytes for one message.
const RECV: u64 = 1_024;

/// The program in Python, and what it has to say.
struct Python {
    program: Piped,
    port: Port,
}

impl Python {
    /// `None`, and a word about it, where there is no Python. On the project's own machines there
    /// is.
    fn joins(story: &str) -> Option<Self> {
        if !is_here() {
            harness::missing(story, "python3");
            return None;
        }
        let port = Port::free();
        let mut command = Command::new("python3");
        command.args([
            "-X",
            "utf8",
            "-u",
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python_peer.py"),
        ]);
        command.args([&port.to_string(), "snakes"]);
        let program = Piped::starts(command, TempDir::new().unwrap());
        let python = Self { program, port };
        assert_eq!(python.says("LISTENING"), json!(python.port.number()));
        Some(python)
    }

    fn address(&self) -> String {
        self.port.here().to_string()
    }

    /// The next line, which begins with this word.
    #[track_caller]
    fn says(&self, word: &str) -> Value {
        let line = self.program.line();
        let value = line.strip_prefix(word).unwrap_or_else(|| panic!("{word}, not {line:?}"));
        serde_json::from_str(value).unwrap()
    }

    /// The next message: its sender's address and its text.
    #[track_caller]
    fn gets(&self) -> (String, String) {
        let got = self.says("GOT");
        let part = |name: &str| got[name].as_str().unwrap().to_owned();
        (part("from"), part("text"))
    }

    fn sends(&mut self, to: &Port, text: &str) {
        let text = serde_json::to_string(text).unwrap();
        self.program.enters(&format!("SEND 127.0.0.1 {to} {text}"));
        self.says("SENT");
    }

    fn lists(&mut self) -> Value {
        self.program.enters("PEERS");
        self.says("PEERS")
    }
}

fn is_here() -> bool {
    let mut python = Command::new("python3");
    python.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

/// A text of this many characters that take one to four bytes each.
fn mixed_scripts(chars: usize) -> String {
    let sample = "Plain words, ñandú, Здравствуй мир, नमस्ते दुनिया, שלום עולם, 日本語の文, 🙂👩‍👩‍👧‍👦 \n";
    sample.chars().cycle().take(chars - 1).chain(['.']).collect()
}

#[test]
fn they_talk_connect_and_leave_as_two_of_a_kind_would() {
    let Some(mut python) = Python::joins("they_talk_connect_and_leave") else { return };
    let ana = Person::joins("ana");
    let ana_address = ana.port.here().to_string();

    python.sends(&ana.port, "hello from Python");
    ana.until_shows(&format!("snakes ({}): hello from Python", python.address()));
    ana.sends(&python.port, "hello to Python");
    assert_eq!(python.gets(), (ana_address.clone(), "hello to Python".to_owned()));

    ana.enters("3");
    ana.until_shows("Connected to 1 of 1.");
    assert_eq!(python.gets(), (ana_address.clone(), "connect".to_owned()));
    assert_eq!(python.lists(), json!([ana_address]));

    python.sends(&ana.port, "EXIT");
    ana.until_shows(&format!("snakes ({}) left", python.address()));
    ana.enters("2");
    ana.until_shows("No connected peers yet");

    python.sends(&ana.port, "connect");
    ana.until_shows(&format!("snakes ({}) connected", python.address()));
    ana.quits();
    assert_eq!(python.gets(), (ana_address, "exit".to_owned()));
    assert_eq!(python.lists(), json!([]));
}

#[test]
fn a_long_text_reaches_python_in_messages_that_it_can_take() {
    let Some(python) = Python::joins("a_long_text_reaches_python") else { return };
    let text = mixed_scripts(10_000);
    let to = python.address();
    let sent = run_with(&["classroom", "send", "--team", "ana", &to, "-"], text.as_bytes());
    assert_eq!(sent.code, 0, "{sent:?}");

    let mut parts = Vec::new();
    while parts.iter().map(|(_, part): &(u64, String)| part.len()).sum::<usize>() < text.len() {
        let got = python.says("GOT");
        assert!(got["bytes"].as_u64().unwrap() <= RECV, "{got}");
        assert_eq!(got["team"], "ana");
        parts.push((got["n"].as_u64().unwrap(), got["text"].as_str().unwrap().to_owned()));
    }
    parts.sort();
    let whole: String = parts.into_iter().map(|(_, part)| part).collect();
    assert!(whole == text, "the parts in their order are the text");
}

#[test]
fn a_long_text_from_python_is_one_event() {
    let Some(mut python) = Python::joins("a_long_text_from_python") else { return };
    let port = Port::free();
    let number = port.to_string();
    let ours = Piped::chinwag(&[
        "classroom",
        "listen",
        "--jsonl",
        "--address",
        "127.0.0.1",
        "--port",
        &number,
    ]);
    assert_eq!(ours.event()["kind"], "listening");
    for text in [mixed_scripts(10_000), "🙂".repeat(10_000)] {
        python.sends(&port, &text);
        let event = ours.event_within(PATIENCE, |_| true);
        assert_eq!(event["kind"], "message");
        assert_eq!(event["from"], python.address());
        assert_eq!(event["team"], "snakes");
        assert_eq!(event["ending"], "whole");
        assert!(event["text"] == text, "the event has the whole text");
    }
}
