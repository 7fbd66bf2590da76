//! A data folder with a passphrase: real programs on a terminal and behind pipes.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use chinwag_api::method::Page;
use chinwag_api::model::{Account, RecoveryWords, Status};
use harness::PROGRAM;
use harness::home::Home;
use harness::pipes::{Ended, Piped};
use harness::terminal::{CTRL_C, CTRL_D, Terminal};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

/// What the passphrase is where nobody sees it: long, so that it is found wherever it got to.
const WORDS: &str = "correct horse battery staple";

const ASKED: &str = "Passphrase of ";
const NEEDED: &str = "is protected by a passphrase";

/// Somebody with a passphrase, and the key that lay in their folder before.
fn protected() -> (Home, Vec<u8>) {
    let home = Home::of("Ana");
    let key = key_file(&home);
    assert_eq!(key.len(), 32);
    let set = runs_with_lines(&home, &["passphrase", "set", "--passphrase-fd", "3"], &[WORDS]);
    assert_eq!(set.code, 0, "{set:?}");
    (home, key)
}

fn key_file(home: &Home) -> Vec<u8> {
    std::fs::read(home.path("data/key")).unwrap()
}

/// Starts `chinwag` with these lines in file descriptor 3.
fn starts_with_lines(home: &Home, args: &[&str], lines: &[&str]) -> Piped {
    // One for each: whoever is killed at once leaves somebody behind who takes the file away later.
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let path = home.path(&format!("lines{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "exec 3< \"$0\"; rm \"$0\"; exec \"$@\"", &path, PROGRAM]).args(args);
    command.env_clear().envs(home.environment());
    Piped::starts(command, TempDir::new().unwrap())
}

#[track_caller]
fn runs_with_lines(home: &Home, args: &[&str], lines: &[&str]) -> Ended {
    let mut program = starts_with_lines(home, args, lines);
    program.closes_input();
    program.ends()
}

/// The same for a command that reads the passphrase alone.
#[track_caller]
fn does_unlocked(home: &Home, args: &[&str]) -> String {
    let ended = runs_with_lines(home, &[args, &["--passphrase-fd", "3"]].concat(), &[WORDS]);
    assert_eq!(ended.code, 0, "{args:?}: {ended:?}");
    ended.output
}

#[track_caller]
fn assert_fails(ended: &Ended, code: i32, reason: &str) {
    assert_eq!(ended.code, code, "{ended:?}");
    assert!(ended.error.contains(reason), "{ended:?}");
    assert_eq!(ended.output, "", "{ended:?}");
}

/// The config of somebody has this program print their passphrase.
fn command_is(home: &Home, command: &[&str]) {
    std::fs::create_dir_all(home.path("chinwag")).unwrap();
    let text = format!("passphrase_command = {}\n", serde_json::to_string(command).unwrap());
    std::fs::write(home.path("chinwag/config.toml"), text).unwrap();
}

/// Whether a file anywhere in a folder has these bytes in it.
fn is_found(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return is_found(&path, bytes);
        }
        let content = std::fs::read(path).unwrap_or_default();
        content.windows(bytes.len()).any(|part| part == bytes)
    })
}

#[track_caller]
fn assert_unseen(terminal: &Terminal, secrets: &[&str]) {
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    for secret in secrets {
        assert!(!raw.contains(secret), "{secret} was shown:\n{}", terminal.view());
    }
}

// On a terminal.

#[test]
fn a_passphrase_is_typed_twice_to_be_set_and_once_to_be_let_in_and_nobody_sees_it() {
    let home = Home::of("Ana");
    let key = key_file(&home);
    let mut setting = home.sits_at(&["passphrase", "set"]);
    setting.until_last_line("New passphrase:");
    setting.enters("fox");
    setting.until_last_line("The same again:");
    setting.enters("fax");
    setting.until_shows("These were two different ones.");
    setting.until_last_line("New passphrase:");
    setting.enters("fox");
    setting.until_last_line("The same again:");
    setting.enters("fox");
    setting.until_shows("That is a short one");
    setting.until_shows("A passphrase protects this folder from now on");
    assert_eq!(setting.ends(), 0);
    setting.assert_is_as_it_was_found();
    assert_unseen(&setting, &["fox", "fax"]);
    let status = runs_with_lines(&home, &["status", "--passphrase-fd", "3"], &["fox"]);
    assert!(status.output.contains(", with a passphrase"), "{status:?}");
    assert!(!is_found(Path::new(&home.path("data")), &key), "the key is nowhere in the folder");

    let mut asking = home.sits_at(&["id"]);
    asking.until_shows(ASKED);
    asking.enters("hen");
    asking.until_shows("That is not it.");
    asking.enters("fox");
    asking.until_shows("Ana");
    assert_eq!(asking.ends(), 0);
    asking.assert_is_as_it_was_found();
    assert_unseen(&asking, &["fox", "hen"]);
}

#[test]
fn what_is_typed_while_a_passphrase_is_tried_is_not_shown_either() {
    let (home, _) = protected();
    let terminal = home.sits_at(&["id"]);
    terminal.until_shows(ASKED);
    terminal.enters("hen");
    // The line ends when it was read: from here on it is tried, which takes a while.
    terminal.until("the end of the line", |view| view.last_line() == Some(""));
    terminal.types("fox");
    terminal.until("the second question", |view| view.count(ASKED) == 2);
    assert_unseen(&terminal, &["fox", "hen"]);
    terminal.types(CTRL_C);
}

#[test]
fn whoever_mistypes_three_times_is_not_let_in() {
    let (home, _) = protected();
    let mut terminal = home.sits_at(&["daemon"]);
    for times in 1..=3 {
        terminal.until("the next question", |view| view.count(ASKED) == times);
        terminal.enters("hen");
    }
    terminal.until_shows("that was not the passphrase of");
    assert_eq!(terminal.ends(), 8);
    terminal.assert_is_as_it_was_found();
}

#[test]
fn whoever_leaves_at_the_question_has_a_terminal_that_shows_what_is_typed() {
    let (home, _) = protected();
    for args in [&["id"][..], &["daemon"], &["passphrase", "remove"], &[]] {
        for (typed, code) in [(CTRL_C, 130), (CTRL_D, 8)] {
            let mut terminal = home.sits_at(args);
            terminal.until_shows(ASKED);
            terminal.types(typed);
            assert_eq!(terminal.ends(), code, "{args:?}:\n{}", terminal.view());
            terminal.assert_is_as_it_was_found();
        }
    }
}

#[test]
fn the_terminal_client_asks_before_it_shows_its_screen() {
    let (home, _) = protected();
    let mut terminal = home.sits_at(&[]);
    terminal.until_shows(ASKED);
    terminal.enters(WORDS);
    terminal.until_shows("/nearby");
    assert_unseen(&terminal, &[WORDS]);
    terminal.types("\u{11}\u{11}");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn a_client_whose_daemon_ends_waits_for_it_and_asks_nobody_again_and_again() {
    let (home, _) = protected();
    let runs = home.path("runs");
    command_is(&home, &["sh", "-c", &format!("echo run >> '{runs}'; echo hen")]);
    let start = || {
        let daemon = starts_with_lines(&home, &["daemon", "--passphrase-fd", "3"], &[WORDS]);
        daemon.until_error("the daemon runs");
        daemon
    };
    let daemon = start();
    let mut terminal = home.sits_at(&[]);
    terminal.until_shows("/nearby");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ends().code, 143);
    // The first attempt has another reason: what the program printed.
    terminal.until_shows(NEEDED);
    assert_eq!(std::fs::read_to_string(&runs).unwrap(), "run\n");
    assert!(!terminal.view().shows(ASKED));
    let _daemon = start();
    home.does(&["send", "me", "here again"]);
    terminal.until_shows("here again");
    terminal.types("\u{11}\u{11}");
    assert_eq!(terminal.ends(), 0);
}

#[test]
fn the_first_start_may_begin_with_a_passphrase() {
    let home = Home::empty();
    let mut terminal = home.sits_at(&["init", "--passphrase", "--name", "Ana"]);
    terminal.until_last_line("New passphrase:");
    terminal.enters("fox");
    terminal.until_last_line("The same again:");
    terminal.enters("fox");
    terminal.until_shows("These words are the account");
    assert_eq!(terminal.ends(), 0);
    assert!(key_file(&home).starts_with(b"chinwag wrapped key"));
    assert_fails(&home.runs(&["id"]), 8, NEEDED);
    let again = ["init", "--passphrase", "--name", "Bob", "--passphrase-fd", "3"];
    assert_fails(&runs_with_lines(&home, &again, &["hen"]), 8, "is not the passphrase of");
    assert_fails(&runs_with_lines(&home, &again, &["fox"]), 4, "there is an account here already");
}

// Without a terminal.

#[test]
fn where_there_is_nobody_to_ask_it_ends_with_8_and_says_what_to_do() {
    let (home, _) = protected();
    for args in
        [&["id"][..], &["daemon"], &["rpc"], &["--linear"], &["send", "me", "hello"], &["status"]]
    {
        let ended = home.runs(args);
        assert_fails(&ended, 8, NEEDED);
        assert!(ended.error.contains("--passphrase-fd or by passphrase_command"), "{ended:?}");
    }
    assert_fails(&home.runs(&["passphrase", "set"]), 4, "has a passphrase already");
    assert_fails(&Home::of("Bob").runs(&["passphrase", "set"]), 2, "nobody to ask");
    assert_fails(&Home::empty().runs(&["passphrase", "set"]), 3, "init --passphrase");
    let status: Value = home.asks(&["passphrase", "status"]);
    assert_eq!(status["hasPassphrase"], true);
    assert_eq!(status["argon2id"]["memoryKib"], 65_536);
}

#[test]
fn a_file_descriptor_lets_in_whoever_has_the_right_line_in_it() {
    let (home, _) = protected();
    assert!(does_unlocked(&home, &["id"]).contains("Ana"));
    let id = ["id", "--passphrase-fd", "3"];
    assert_fails(&runs_with_lines(&home, &id, &["hen"]), 8, "is not the passphrase of");
    assert_fails(&runs_with_lines(&home, &id, &[""]), 2, "the passphrase is empty");
    assert_fails(&runs_with_lines(&home, &id, &[&"x".repeat(1_025)]), 7, "over the limit");
    assert_fails(&home.runs(&["id", "--passphrase-fd", "77"]), 2, "can't read file descriptor 77");
    assert_fails(&home.runs(&["id", "--passphrase-fd", "0"]), 2, "there is no passphrase");
}

#[test]
fn a_passphrase_in_front_of_a_text_is_never_taken_for_a_part_of_it() {
    let (home, _) = protected();
    let send = ["send", "me", "-", "--passphrase-fd", "0"];
    let input = format!("{WORDS}\nhello\n");
    let alone = home.runs_with(&send, input.as_bytes());
    assert_eq!(alone.code, 0, "{alone:?}");
    // And not where it is not needed.
    let daemon = starts_with_lines(&home, &["daemon", "--passphrase-fd", "3"], &[WORDS]);
    daemon.until_error("the daemon runs");
    let beside_it = home.runs_with(&send, input.as_bytes());
    assert_eq!(beside_it.code, 0, "{beside_it:?}");
    let page: Page = home.asks(&["history", "me"]);
    let texts: Vec<_> =
        page.messages.iter().filter_map(|message| message.text.as_deref()).collect();
    assert_eq!(texts, ["hello", "hello"]);
}

#[test]
fn while_a_daemon_runs_nobody_is_asked_and_its_folder_is_told_to_be_taken() {
    let (home, key) = protected();
    let daemon = starts_with_lines(&home, &["daemon", "--passphrase-fd", "3"], &[WORDS]);
    daemon.until_error("the daemon runs");
    assert!(home.asks::<Status>(&["status"]).is_daemon);
    let mut terminal = home.sits_at(&["id"]);
    terminal.until_shows("Ana");
    assert_eq!(terminal.ends(), 0);
    assert!(!terminal.view().shows(ASKED));
    for args in [&["daemon"][..], &["passphrase", "change"]] {
        let second = home.runs(args);
        assert_eq!(second.code, 8, "{second:?}");
        assert!(!second.error.contains(NEEDED), "{second:?}");
    }
    let folder = home.path("data");
    assert!(!is_found(Path::new(&folder), &key), "the key is nowhere in the folder");
    assert!(!is_found(Path::new(&folder), WORDS.as_bytes()), "nor is the passphrase");
}

#[test]
fn whoever_listens_to_a_daemon_that_ends_is_told_that_a_passphrase_is_needed() {
    let (home, _) = protected();
    let daemon = starts_with_lines(&home, &["daemon", "--passphrase-fd", "3"], &[WORDS]);
    daemon.until_error("the daemon runs");
    let mut terminal = home.sits_at(&["listen", "--jsonl"]);
    terminal.until_shows("listening");
    let unlocked =
        starts_with_lines(&home, &["listen", "--jsonl", "--passphrase-fd", "3"], &[WORDS]);
    unlocked.until_error("listening");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ends().code, 143);
    // Who brought the passphrase is the next node; who sits at a terminal is not asked in the middle.
    harness::home::until_so("the next node", || home.runs(&["id"]).code == 0);
    drop(unlocked);
    assert_eq!(terminal.ends(), 8, "{}", terminal.view());
    assert!(!terminal.view().shows(ASKED));
}

#[test]
fn a_program_of_the_config_lets_in_without_a_terminal() {
    let (home, _) = protected();
    command_is(&home, &["sh", "-c", &format!("echo '{WORDS}'; echo more of it")]);
    assert!(home.does(&["id"]).contains("Ana"));
    let daemon = home.daemon();
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ends().code, 143);
    for (command, why) in [
        (&["echo", "hen"][..], "what passphrase_command printed is not the passphrase of"),
        (&["sh", "-c", "echo hen; exit 3"], "passphrase_command failed: exit status: 3"),
        (&["true"], "the passphrase is empty"),
        (&["yes"], "it prints over 65536 bytes"),
        (&["no-such-program-of-ours"], "no-such-program-of-ours: No such file"),
        (&["echo"], "the passphrase is empty"),
    ] {
        command_is(&home, command);
        assert_fails(&home.runs(&["id"]), 8, why);
    }
    // Who says it otherwise is heard first.
    assert!(does_unlocked(&home, &["id"]).contains("Ana"));
}

#[test]
fn the_program_of_the_config_is_run_as_it_stands_there_and_may_set_the_passphrase_too() {
    let home = Home::of("Ana");
    command_is(&home, &["echo", "$HOME; false"]);
    home.does(&["passphrase", "set"]);
    assert!(home.does(&["id"]).contains("Ana"));
    let literal = runs_with_lines(&home, &["id", "--passphrase-fd", "3"], &["$HOME; false"]);
    assert_eq!(literal.code, 0, "{literal:?}");
}

// Changing and removing it.

#[test]
fn a_passphrase_is_changed_and_the_one_before_opens_nothing_more() {
    let (home, _) = protected();
    let change = ["passphrase", "change", "--passphrase-fd", "3", "--new-passphrase-fd", "3"];
    assert_fails(&runs_with_lines(&home, &change, &["hen", "fox"]), 8, "is not the passphrase");
    assert_fails(&runs_with_lines(&home, &change, &[WORDS]), 2, "there is no passphrase");
    assert!(does_unlocked(&home, &["id"]).contains("Ana"), "nothing was changed");
    let changed = runs_with_lines(&home, &change, &[WORDS, "fox"]);
    assert_eq!(changed.code, 0, "{changed:?}");
    let id = ["id", "--passphrase-fd", "3"];
    assert_fails(&runs_with_lines(&home, &id, &[WORDS]), 8, "is not the passphrase");
    let mut terminal = home.sits_at(&["passphrase", "change"]);
    terminal.until_shows(ASKED);
    terminal.enters("fox");
    terminal.until_last_line("New passphrase:");
    terminal.enters("owl");
    terminal.until_last_line("The same again:");
    terminal.enters("owl");
    assert_eq!(terminal.ends(), 0);
    assert_eq!(runs_with_lines(&home, &id, &["owl"]).code, 0);
}

#[test]
fn a_passphrase_that_was_removed_is_needed_no_more() {
    let (home, key) = protected();
    let mut terminal = home.sits_at(&["passphrase", "remove"]);
    terminal.until_shows(ASKED);
    terminal.enters(WORDS);
    terminal.until_shows("no passphrase any more");
    assert_eq!(terminal.ends(), 0);
    assert_eq!(key_file(&home), key);
    assert!(home.does(&["id"]).contains("Ana"));
    assert_eq!(home.asks::<Value>(&["passphrase", "status"])["hasPassphrase"], false);
    assert_fails(&home.runs(&["passphrase", "remove"]), 4, "has no passphrase");
}

#[test]
fn whoever_is_killed_in_the_middle_has_the_old_state_or_the_new_one() {
    let (home, key) = protected();
    let mut was_cut = [0, 0];
    for round in 0..12 {
        let (command, is_protected) =
            if round % 2 == 0 { ("remove", true) } else { ("set", false) };
        let args = ["passphrase", command, "--passphrase-fd", "3"];
        let program = starts_with_lines(&home, &args, &[WORDS]);
        // Killed in the moment in which the new key is there beside the old one, or when it has its place.
        let deadline = Instant::now() + harness::PATIENCE;
        loop {
            let names = std::fs::read_dir(home.path("data")).unwrap().flatten();
            let is_beside = names
                .into_iter()
                .any(|entry| entry.file_name().to_string_lossy().ends_with(".partial"));
            let is_done = (key_file(&home) != key) != is_protected;
            if is_beside || is_done {
                break;
            }
            assert!(Instant::now() < deadline, "{}", program.error());
        }
        drop(program);
        let is_protected_now = key_file(&home) != key;
        was_cut[usize::from(is_protected_now == is_protected)] += 1;
        let account: Account = if is_protected_now {
            serde_json::from_str(&does_unlocked(&home, &["id", "--json"])).unwrap()
        } else {
            home.asks(&["id"])
        };
        assert_eq!(account.name, "Ana");
        let is_plain_somewhere = is_found(Path::new(&home.path("data")), &key);
        assert_eq!(is_plain_somewhere, !is_protected_now, "after {command}");
        // The next round begins from where it should have come to.
        if is_protected_now == is_protected {
            let ended = runs_with_lines(&home, &args, &[WORDS]);
            assert_eq!(ended.code, 0, "{ended:?}");
        }
    }
    assert!(was_cut[1] > 0, "some were killed before the new key counted: {was_cut:?}");
}

#[test]
fn whoever_began_with_a_passphrase_and_got_no_further_goes_on_with_it() {
    let home = Home::empty();
    let too_long = "x".repeat(80);
    let init = |name| ["init", "--passphrase", "--name", name, "--passphrase-fd", "3"];
    let lines = [WORDS, WORDS];
    assert_eq!(runs_with_lines(&home, &init(&too_long), &lines).code, 7);
    let again = runs_with_lines(&home, &init("Ana"), &[WORDS]);
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.error.contains("has a passphrase already, and keeps it"), "{again:?}");
    assert!(does_unlocked(&home, &["id"]).contains("Ana"));
    assert_fails(&home.runs(&["id"]), 8, "protected by a passphrase");
}

// What goes on as ever.

#[test]
fn a_backup_of_a_protected_folder_comes_back_with_a_passphrase_or_without() {
    let (home, _) = protected();
    does_unlocked(&home, &["send", "me", "remember this", "--linger", "0"]);
    let words = does_unlocked(&home, &["words", "--show-words", "--json"]);
    let words: RecoveryWords = serde_json::from_str(&words).unwrap();
    let backup = home.path("backup");
    does_unlocked(&home, &["backup", &backup]);
    let words = words.0.join(" ");

    let fresh = Home::empty();
    let restore = ["restore", &backup, "--passphrase", "--passphrase-fd", "3"];
    let mut restored = starts_with_lines(&fresh, &restore, &["fox"]);
    restored.enters(&words);
    restored.closes_input();
    let restored = restored.ends();
    assert_eq!(restored.code, 0, "{restored:?}");
    assert!(key_file(&fresh).starts_with(b"chinwag wrapped key"));
    let history = ["history", "me", "--passphrase-fd", "3"];
    let history = runs_with_lines(&fresh, &history, &["fox"]);
    assert!(history.output.contains("remember this"), "{history:?}");

    let plain = Home::empty();
    assert_eq!(plain.runs_with(&["restore", &backup], words.as_bytes()).code, 0);
    assert!(plain.does(&["history", "me"]).contains("remember this"));
}
