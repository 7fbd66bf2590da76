//! What goes wrong on the machine itself: an answer that nobody can have, a disk without room, files that
//! are damaged or not ours to write. Each is told as what it is, with a code for scripts.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;

use std::fs::OpenOptions;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use chinwag_api::method::{Page, Sent};
use chinwag_api::model::{Card, Contact, ContactState, Request, Status};
use harness::home::{Home, introduce};
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

// Disks and files.

/// A file system of a few megabytes.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(story: &str) -> Option<Self> {
        let folder = tempfile::TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(folder.path());
        if mount.output().is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        harness::skipped(story, "it takes root to mount a small disk");
        None
    }

    /// Leaves no byte of room.
    fn fills(&self) {
        let mut file = std::fs::File::create(self.ballast()).unwrap();
        for len in [4_096, 1] {
            while std::io::Write::write_all(&mut file, &vec![0x55; len]).is_ok() {}
        }
    }

    fn ballast(&self) -> std::path::PathBuf {
        self.0.path().join("ballast")
    }

    fn data(&self) -> String {
        self.0.path().join("data").to_str().unwrap().to_owned()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

#[test]
fn a_full_disk_is_told_as_one_and_forgotten_when_there_is_room() {
    let Some(disk) = SmallDisk::mount("a_full_disk") else { return };
    let data = disk.data();
    let home = Home::empty();
    home.does(&["init", "--name", "Ana", "--data-dir", &data]);
    disk.fills();
    for args in [&["status"][..], &["history", "me"], &["send", "me", "hello"]] {
        let ended = home.runs(&[args, &["--data-dir", &data]].concat());
        assert_fails(&ended, 7, "disk is full");
        assert!(ended.error.contains("make room"), "{ended:?}");
    }
    std::fs::remove_file(disk.ballast()).unwrap();

    let daemon = home.starts(&["daemon", "--data-dir", &data]);
    daemon.until_error("the daemon runs");
    disk.fills();
    let long = "x".repeat(60_000);
    let ended = home.runs_with(&["send", "me", "-", "--data-dir", &data], long.as_bytes());
    assert_fails(&ended, 7, "disk is full");
    std::fs::remove_file(disk.ballast()).unwrap();
    let deadline = std::time::Instant::now() + harness::PATIENCE;
    loop {
        let ended = home.runs(&["status", "--json", "--data-dir", &data]);
        let status = serde_json::from_str::<Status>(&ended.output);
        if status.is_ok_and(|status| status.problems.is_empty()) {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "it is still told: {ended:?}");
    }
}

/// Writes over some bytes of a file.
#[track_caller]
fn spoils(path: &str, at: u64, len: usize) {
    use std::os::unix::fs::FileExt as _;
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&vec![0xa5; len], at).unwrap();
}

#[test]
fn a_damaged_store_is_told_as_one_with_the_way_back() {
    let home = Home::of("Ana");
    let database = home.path("data/chinwag.db");
    let len = std::fs::metadata(&database).unwrap().len();
    // All but the page by which it is opened.
    spoils(&database, 4_096, usize::try_from(len).unwrap() - 4_096);
    for args in [&["status"][..], &["history", "me"]] {
        let ended = home.runs(args);
        assert_fails(&ended, 1, "the store is damaged");
        assert!(ended.error.contains("chinwag restore FILE --data-dir DIR"), "{ended:?}");
        assert!(!ended.error.contains("whether it was done"), "{ended:?}");
    }
}

#[test]
fn a_backup_that_is_not_whole_is_told_as_such() {
    let home = Home::empty();
    let init = home.does(&["init", "--name", "Ana", "--show-words", "--json"]);
    let init: chinwag_api::method::CreatedAccount = serde_json::from_str(&init).unwrap();
    let words = init.words.0.join(" ");
    home.does(&["backup", &home.path("whole")]);
    let whole = std::fs::read(home.path("whole")).unwrap();
    let half = whole.len() / 2 / 4_096 * 4_096;
    let mut changed = whole.clone();
    changed[half..half + 4_096].fill(0xa5);
    let cases: &[(&str, &[u8])] = &[
        ("empty", b""),
        ("changed", &changed),
        ("cut in a page", &whole[..half + 100]),
        ("cut behind a page", &whole[..half]),
        ("cut in the first page", &whole[..1_000]),
    ];
    for (name, bytes) in cases {
        let (backup, data) = (home.path("spoiled"), home.path(&format!("data of {name}")));
        std::fs::write(&backup, bytes).unwrap();
        let ended = home.runs_with(&["restore", &backup, "--data-dir", &data], words.as_bytes());
        assert_fails(&ended, 2, "is damaged, or not whole");
        assert!(ended.error.contains("nothing was restored"), "{name}: {ended:?}");
        assert!(!Path::new(&data).join("chinwag.db").exists(), "{name}");
    }
    let (whole, good) = (home.path("whole"), home.path("good"));
    let ended = home.runs_with(&["restore", &whole, "--data-dir", &good], words.as_bytes());
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[test]
fn a_folder_that_is_not_to_be_written_is_not_made_so() {
    let home = Home::of("Ana");
    let data = home.path("data");
    let mode = || std::fs::metadata(&data).unwrap().permissions().mode() & 0o777;
    for (before, after) in [(0o500, 0o500), (0o755, 0o700)] {
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(before)).unwrap();
        let ended = home.runs(&["status"]);
        assert_eq!(mode(), after);
        // To root everything is permitted.
        if after == 0o500 && ended.code != 0 {
            assert_fails(&ended, 4, "is not to be written");
        }
    }
}

#[test]
fn who_only_looks_makes_nothing() {
    let home = Home::empty();
    let status: Status = home.asks(&["status"]);
    assert_eq!(status.account, None);
    assert!(home.does(&["status"]).contains("none yet: chinwag init makes one"));
    assert!(!Path::new(&home.path("data")).exists());
}

#[test]
fn nothing_takes_the_place_of_a_file_that_is_there() {
    let home = Home::of("Ana");
    home.does(&["send", "me", "hello"]);
    let there = home.path("letter");
    std::fs::write(&there, "dear").unwrap();
    for args in
        [&["export", "me", "-o", &there][..], &["bundle", "introduce", &there], &["backup", &there]]
    {
        let ended = home.runs(args);
        assert_fails(&ended, 4, "is there already");
        assert!(ended.error.contains("give another name"), "{ended:?}");
    }
    assert_eq!(std::fs::read(&there).unwrap(), b"dear");
    let nowhere = home.path("nowhere/file");
    for args in [&["export", "me", "-o", &nowhere][..], &["backup", &nowhere]] {
        assert_fails(&home.runs(args), 3, "nowhere/file");
    }
    assert_fails(&home.runs(&["backup", "-"]), 2, "not to standard output");
    assert_fails(&home.runs(&["contacts", "--data-dir", &there]), 2, &there);
}

// What people are called, and what is asked of them.

#[test]
fn what_is_over_a_limit_or_empty_is_told_with_its_own_code() {
    let home = Home::of("Ana");
    let sent: Sent = home.asks(&["send", "me", "hello"]);
    let long = "x".repeat(500);
    assert_fails(&home.runs(&["rename", &long]), 7, "a name of 500 bytes");
    assert_fails(&home.runs(&["react", &sent.id, &long]), 7, "a reaction of 500 bytes");
    assert_fails(&home.runs(&["react", &sent.id, ""]), 2, "a reaction needs an emoji");
}

#[test]
fn a_hint_that_is_a_command_may_be_pasted_into_a_shell() {
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let (_ana_daemon, _bob_daemon) = (ana.daemon(), bob.daemon());
    introduce(&ana, &bob);
    let contacts: Vec<Contact> = ana.asks(&["contacts"]);
    let id = &contacts[0].id;
    let cases = [
        ("Bob Smith", "`chinwag verify 'Bob Smith'`".to_owned()),
        ("x; touch /tmp/pwned #", format!("`chinwag verify {id}`")),
        ("it's $(me)", format!("`chinwag verify {id}`")),
        ("--yes", format!("`chinwag verify {id}`")),
    ];
    for (name, hint) in cases {
        ana.does(&["alias", id, "--", name]);
        let ended = ana.runs(&["send", id, "the code", "--require-verified"]);
        assert_fails(&ended, 5, &hint);
        assert!(ended.error.contains("--yes"), "{ended:?}");
    }
}

#[test]
fn the_beginning_of_an_id_does_for_the_whole() {
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let (_ana_daemon, _bob_daemon) = (ana.daemon(), bob.daemon());
    introduce(&ana, &bob);
    let contacts: Vec<Contact> = ana.asks(&["contacts"]);
    let begins: String = contacts[0].id.chars().take("ctc_".len() + 8).collect();
    ana.does(&["alias", &begins, "Robert"]);
    assert_fails(&ana.runs(&["alias", &begins[..11], "Bert"]), 3, "nobody here is called");
    ana.does(&["block", "Robert"]);
    let ended = ana.runs(&["send", "Robert", "hello?"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.error.contains("you blocked them"), "{ended:?}");
}

#[test]
fn who_has_not_answered_is_no_contact_yet_whatever_is_asked() {
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let (_ana_daemon, _bob_daemon) = (ana.daemon(), bob.daemon());
    let card: Card = ana.asks(&["invite", "--card"]);
    let waiting: Contact = bob.asks(&["add", &card.card, "--as", "Davy", "--timeout", "0"]);
    assert_eq!(waiting.state, ContactState::Waiting);
    let deadline = std::time::Instant::now() + harness::PATIENCE;
    while ana.asks::<Vec<Request>>(&["requests"]).is_empty() {
        assert!(std::time::Instant::now() < deadline, "nobody asks");
    }
    for args in [
        &["send", "Davy", "hello"][..],
        &["chat", "Davy"],
        &["history", "Davy"],
        &["digest", "Davy"],
        &["export", "Davy"],
    ] {
        assert_fails(&bob.runs(args), 3, "Davy is no contact yet: they have not answered");
    }
    // Who asks can be kept away by name.
    let blocked: Contact = ana.asks(&["block", "Bob"]);
    assert_eq!(blocked.state, ContactState::Blocked);
}

#[test]
fn a_line_that_is_no_text_is_not_sent() {
    let home = Home::of("Ana");
    let ended = home.runs_with(&["chat", "me"], b"caf\xe9\nwhole\n");
    assert!(ended.output.contains("that line is not UTF-8 text: it was not sent"), "{ended:?}");
    let page: Page = home.asks(&["history", "me"]);
    assert_eq!(page.messages.len(), 1, "{page:?}");
}
