//! What goes wrong on the machine itself: an answer that nobody can have, a disk without room, files that
//! are damaged or not ours to write. Each is told as what it is, with a code for scripts.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;

use std::fs::OpenOptions;

use chinwag_api::method::Page;
use harness::home::Home;
use harness::pipes::Ended;

#[track_caller]
fn assert_fails(ended: &Ended, code: i32, reason: &str) {
    assert_eq!(ended.code, code, "{ended:?}");
    assert!(ended.error.contains(reason), "{ended:?}");
    assert_eq!(ended.output, "", "{ended:?}");
}

// Answers that nobody can have.

/// Runs `chinwag` with a standard output that is full.
#[cfg(target_os = "linux")]
#[track_caller]
fn runs_onto_a_full_disk(home: &Home, args: &[&str]) -> Ended {
    home.runs_onto(args, OpenOptions::new().write(true).open("/dev/full").unwrap().into())
}

#[test]
#[cfg(target_os = "linux")]
fn an_answer_that_cannot_be_written_is_a_failure_that_says_what_was_done() {
    let home = Home::empty();
    let init = ["init", "--name", "Ana", "--show-words"];
    let cases: &[(&[&str], &str)] = &[
        (&init, "the account was made, and the answer could not be written"),
        (&["send", "me", "hello"], "the message was saved, and the answer could not be written"),
        (&["invite"], "the ticket was made, and the answer could not be written"),
        (&["rename", "Anna"], "it was done, and the answer could not be written"),
        (&["history", "me"], "the answer could not be written"),
        (&["contacts"], "the answer could not be written"),
        (&["invite", "--card"], "the answer could not be written"),
        (&["status", "--json"], "the answer could not be written"),
        (&["export", "me"], "the answer could not be written"),
        (&["bundle", "introduce", "-"], "the answer could not be written"),
        (&["schema"], "the answer could not be written"),
        (&["--help"], "the answer could not be written"),
    ];
    for (args, reason) in cases {
        let ended = runs_onto_a_full_disk(&home, args);
        assert_fails(&ended, 1, reason);
        assert!(ended.error.contains("No space left"), "{args:?}: {ended:?}");
    }
    let page: Page = home.asks(&["history", "me"]);
    assert_eq!(page.messages.len(), 1, "it was saved, as it was said");
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let home = Home::of("Ana");
    home.does(&["send", "me", "hello"]);
    for args in [&["history", "me"][..], &["export", "me"], &["contacts"], &["status", "--json"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = home.runs_onto(args, writer.into());
        assert_eq!((ended.code, ended.error.as_str()), (0, ""), "{args:?}: {ended:?}");
    }
}
