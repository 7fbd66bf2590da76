//! `doctor` where no network has to be laid for it: what it says of the folder, the node and a relay on this
//! machine, and how it ends. What it says behind routers is told in the lab.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;

use chinwag_api::model::{Examination, Finding, Verdict};
use harness::home::{Home, introduce, until_so};
use rustix::process::Signal;

/// What an examination ends with when something is wrong.
const WRONG: i32 = 10;

use Verdict::{Fine, NotKnown, Notable, Wrong};

/// What the doctor says, and its exit code.
fn examined(home: &Home, args: &[&str]) -> (Examination, i32) {
    let ended = home.runs(&[&["doctor", "--json"], args].concat());
    let examination = serde_json::from_str(&ended.output);
    (examination.unwrap_or_else(|error| panic!("{error}: {ended:?}")), ended.code)
}

#[track_caller]
fn finding<'a>(examination: &'a Examination, part: &str) -> &'a Finding {
    let found = examination.findings.iter().find(|finding| finding.part == part);
    found.unwrap_or_else(|| panic!("nothing of {part}: {examination:#?}"))
}

#[track_caller]
fn assert_is(examination: &Examination, part: &str, verdict: Verdict, condition: &str) {
    let finding = finding(examination, part);
    assert_eq!((finding.verdict, &*finding.condition), (verdict, condition), "{examination:#?}");
}

#[test]
fn where_all_is_well_it_ends_with_0_with_a_daemon_and_without() {
    let home = Home::of("Ana");
    let (alone, code) = examined(&home, &[]);
    assert_eq!(code, 0, "{alone:#?}");
    assert_is(&alone, "node", Fine, "forCommand");
    let _daemon = home.daemon();
    let (daemon, code) = examined(&home, &[]);
    assert_eq!((code, daemon.is_well), (0, true), "{daemon:#?}");
    assert_is(&daemon, "node", Fine, "daemon");
    assert_is(&daemon, "store", Fine, "whole");
    assert_is(&daemon, "disk", Fine, &finding(&daemon, "disk").condition.clone());
    assert_is(&daemon, "permissions", Fine, "private");
    assert_is(&daemon, "udp", NotKnown, "noRelay");
    assert_is(&daemon, "relays", Fine, "none");
    let words = home.does(&["doctor"]);
    assert!(words.trim_end().ends_with("Nothing is wrong."), "{words}");
}

#[test]
fn where_nothing_was_begun_it_says_so_and_begins_nothing() {
    let home = Home::empty();
    let (examination, code) = examined(&home, &[]);
    assert_is(&examination, "node", Notable, "noAccount");
    assert_eq!(code, 0, "{examination:#?}");
    assert!(!fs::exists(home.path("data")).unwrap());
}

#[test]
fn a_folder_that_a_process_has_and_nobody_answers_for_is_told_with_the_process() {
    let home = Home::of("Ana");
    let lock = File::options().write(true).open(home.path("data/lock")).unwrap();
    lock.try_lock().unwrap();
    let (examination, code) = examined(&home, &[]);
    assert_is(&examination, "node", NotKnown, "taken");
    assert_is(&examination, "lock", Wrong, "taken");
    assert_is(&examination, "store", NotKnown, "notOpened");
    if cfg!(target_os = "linux") {
        let lock = finding(&examination, "lock");
        assert!(lock.text.contains(&std::process::id().to_string()), "{lock:?}");
    }
    assert_eq!(code, WRONG);
}

#[test]
fn a_damaged_store_is_told_as_one() {
    let home = Home::of("Ana");
    let database = home.path("data/chinwag.db");
    let len = fs::metadata(&database).unwrap().len();
    fs::write(&database, vec![7; usize::try_from(len).unwrap()]).unwrap();
    let (examination, code) = examined(&home, &[]);
    let node = finding(&examination, "node");
    assert_eq!(node.verdict, Wrong, "{examination:#?}");
    assert!(node.help.as_ref().unwrap().contains("restore a backup"), "{node:?}");
    assert_eq!(code, WRONG);
    let words = home.runs(&["doctor"]);
    assert!(words.output.contains("WRONG"), "{words:?}");
}

#[test]
fn a_folder_that_a_passphrase_protects_is_examined_from_outside() {
    let home = Home::of("Ana");
    let set = home.runs_with(&["passphrase", "set", "--passphrase-fd", "0"], b"open sesame\n");
    assert_eq!(set.code, 0, "{set:?}");
    let (examination, code) = examined(&home, &[]);
    assert_is(&examination, "node", NotKnown, "passphrase");
    assert_is(&examination, "permissions", Fine, "private");
    assert_eq!(code, 0, "nothing is wrong: {examination:#?}");
    let given = home.runs_with(&["doctor", "--passphrase-fd", "0"], b"open sesame\n");
    assert!(given.output.contains("is whole"), "{given:?}");
}

#[test]
fn a_file_that_others_could_read_is_private_in_a_folder_that_is_shut() {
    let home = Home::of("Ana");
    // The folder itself is put right by whoever opens it.
    let (folder, key) = (home.path("data"), home.path("data/key"));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let (examination, code) = examined(&home, &[]);
    assert_is(&examination, "permissions", Fine, "private");
    assert_eq!(code, 0, "{examination:#?}");
}

#[test]
fn a_relay_that_does_not_run_is_wrong_and_nobody_else_is_asked() {
    let home = Home::of("Ana");
    // Bound and not listened on: nobody else gets the port meanwhile.
    let port = harness::port::Port::free();
    let relays = format!("relays = [\"https://127.0.0.1:{}\"]\n", port.number());
    fs::write(home.path("relays.toml"), relays).unwrap();
    let (examination, code) = examined(&home, &["--config", &home.path("relays.toml")]);
    assert_is(&examination, "relay", Wrong, "closed");
    assert_is(&examination, "udp", NotKnown, "relaysAway");
    assert_eq!(code, WRONG);
}

#[test]
fn a_contact_who_is_not_reached_is_named_with_the_reason() {
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let _daemon = ana.daemon();
    let bobs = bob.daemon();
    introduce(&ana, &bob);
    bobs.signal(Signal::TERM);
    bobs.ends();
    let is_missed = |examination: &Examination| {
        examination.findings.iter().any(|finding| finding.part == "contact")
    };
    until_so("an attempt fails", || is_missed(&examined(&ana, &[]).0));
    let (examination, code) = examined(&ana, &[]);
    let bob = finding(&examination, "contact");
    assert_eq!((bob.about.as_deref(), bob.verdict), (Some("Bob"), Notable));
    assert!(["nobodyListens", "vanished", "closedThere"].contains(&&*bob.condition), "{bob:?}");
    assert_eq!(code, 0, "to be away is not wrong: {examination:#?}");
}
