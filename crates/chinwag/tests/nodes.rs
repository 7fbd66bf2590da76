//! One data folder and several programs: who runs the node, who uses it, and what becomes of those
//! who use it when it stops answering or ends.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;

use std::process::Command;

use chinwag_api::method::{Page, Sent};
use chinwag_api::model::{Account, MessageState, Status, Why};
use harness::home::{Home, introduce};
use harness::pipes::Piped;
use harness::terminal::CTRL_C;
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

/// More seconds than any story waits: who lingers for so long has not seen that it is for nothing.
const TOO_LONG: &str = "600";

#[track_caller]
fn texts(home: &Home, with: &str) -> Vec<String> {
    let page: Page = home.asks(&["history", with]);
    page.messages.into_iter().filter_map(|message| message.text).collect()
}

#[track_caller]
fn ends(program: Piped, signal: Signal, code: i32) {
    program.signal(signal);
    assert_eq!(program.ends().code, code);
}

#[test]
fn a_daemon_that_stands_still_holds_nobody_up() {
    let home = Home::of("Ana");
    let daemon = home.daemon();
    daemon.signal(Signal::STOP);
    for args in [&["status"][..], &["send", "me", "hello"], &["chat", "me"], &["listen"]] {
        let ended = home.runs(args);
        assert_eq!((ended.code, ended.output.as_str()), (8, ""), "{args:?}: {ended:?}");
        assert!(ended.error.contains("the daemon does not answer"), "{args:?}: {ended:?}");
    }
    daemon.signal(Signal::CONT);
    assert!(home.asks::<Status>(&["status"]).is_daemon);
    ends(daemon, Signal::TERM, 143);
}

#[test]
#[cfg(target_os = "linux")]
fn a_command_that_waits_for_a_daemon_that_stands_still_can_be_interrupted() {
    let home = Home::of("Ana");
    let daemon = home.daemon();
    daemon.signal(Signal::STOP);
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let asking = home.starts(&["contacts"]);
        asking.until_it_hears(signal);
        ends(asking, signal, code);
    }
    daemon.signal(Signal::CONT);
    ends(daemon, Signal::TERM, 143);
}

#[test]
fn a_daemon_that_cannot_listen_where_it_was_told_to_is_code_8() {
    let home = Home::of("Ana");
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = home.runs(&["daemon", "--bind", &address]);
    assert_eq!((ended.code, ended.output.as_str()), (8, ""), "{ended:?}");
    assert!(ended.error.contains(&address) && ended.error.contains("--bind"), "{ended:?}");
    assert!(!ended.error.contains("listening on"), "{ended:?}");
}

#[test]
fn ctrl_c_at_the_first_question_makes_no_account() {
    let home = Home::empty();
    let mut terminal = home.sits_at(&["contacts"]);
    terminal.until_last_line("What should others call you?");
    terminal.types(CTRL_C);
    assert_eq!(terminal.ends(), 130);
    terminal.assert_is_as_it_was_found();
    assert_eq!(home.asks::<Status>(&["status"]).account, None);
}

#[test]
fn commands_at_once_without_a_daemon_are_all_done() {
    const AT_ONCE: usize = 6;
    let home = Home::of("Ana");
    let said: Vec<String> = (0..AT_ONCE).map(|n| format!("number {n}")).collect();
    let sending: Vec<Piped> = said.iter().map(|text| home.starts(&["send", "me", text])).collect();
    for sending in sending {
        let ended = sending.ends();
        assert_eq!(ended.code, 0, "{ended:?}");
    }
    let mut kept = texts(&home, "me");
    kept.sort();
    assert_eq!(kept, said);
}

#[test]
fn commands_of_every_kind_at_once_without_a_daemon_are_all_done() {
    const ROUNDS: usize = 4;
    let home = Home::of("Ana");
    for round in 0..ROUNDS {
        let backups = ["a", "b", "c"].map(|name| home.path(&format!("{name}{round}")));
        let mut all: Vec<Vec<&str>> =
            backups.iter().map(|path| vec!["backup", path.as_str()]).collect();
        all.extend([vec!["invite"], vec!["invite"], vec!["status"], vec!["contacts"]]);
        all.push(vec!["history", "me"]);
        let running: Vec<Piped> = all.iter().map(|args| home.starts(args)).collect();
        for (args, running) in all.iter().zip(running) {
            let ended = running.ends();
            assert_eq!(ended.code, 0, "{args:?}: {ended:?}");
        }
        for path in backups {
            assert!(std::fs::metadata(&path).unwrap().len() > 0, "{path}");
        }
    }
}

#[test]
fn of_several_who_make_an_account_at_once_one_does_and_the_others_are_told() {
    const ROUNDS: usize = 3;
    const AT_ONCE: usize = 5;
    for _ in 0..ROUNDS {
        let home = Home::empty();
        let making: Vec<Piped> =
            (0..AT_ONCE).map(|_| home.starts(&["init", "--name", "Ana"])).collect();
        let mut made = 0;
        for making in making {
            let ended = making.ends();
            match ended.code {
                0 => made += 1,
                4 => assert!(ended.error.contains("there is an account"), "{ended:?}"),
                _ => panic!("{ended:?}"),
            }
        }
        assert_eq!(made, 1);
    }
}

#[test]
fn who_uses_the_node_of_another_command_goes_on_when_that_ends() {
    let home = Home::of("Ana");
    let owner = home.starts(&["listen"]);
    owner.until_error("listening");
    let mut chat = home.starts(&["chat", "me", "--history", "0"]);
    let ear = home.starts(&["listen", "--jsonl"]);
    ear.until_error("listening");
    chat.enters("before");
    chat.until("#1 saved");
    ends(owner, Signal::INT, 130);
    chat.enters("after");
    chat.until("#2 saved");
    let said = |text: &str| {
        let event = ear.event_within(harness::PATIENCE, |event| event["kind"] == "message");
        assert_eq!(event["message"]["text"], text, "{event}");
    };
    said("before");
    said("after");
    chat.closes_input();
    assert_eq!(chat.ends().code, 0);
    ends(ear, Signal::INT, 130);
    assert_eq!(texts(&home, "me"), ["before", "after"]);
}

#[test]
fn who_listens_to_a_daemon_that_begins_again_does_not_take_its_place() {
    let home = Home::of("Ana");
    let daemon = home.daemon();
    let ear = home.starts(&["listen", "--jsonl"]);
    ear.until_error("listening");
    ends(daemon, Signal::TERM, 143);
    let daemon = home.daemon();
    home.does(&["send", "me", "still there?"]);
    let event = ear.event_within(harness::PATIENCE, |event| event["kind"] == "message");
    assert_eq!(event["message"]["text"], "still there?");
    ends(ear, Signal::INT, 130);
    ends(daemon, Signal::TERM, 143);
}

#[test]
fn nobody_waits_for_whom_nothing_is_for() {
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let note = ana.runs(&["send", "me", "a note", "--linger", TOO_LONG]);
    assert_eq!((note.code, note.error.as_str()), (0, ""), "{note:?}");
    let id = note.output.split_whitespace().next().unwrap();
    let edited = ana.runs(&["edit", id, "a better note", "--linger", TOO_LONG]);
    assert_eq!((edited.code, edited.error.as_str()), (0, ""), "{edited:?}");

    let (ana_daemon, bob_daemon) = (ana.daemon(), bob.daemon());
    introduce(&ana, &bob);
    ends(bob_daemon, Signal::TERM, 143);
    ends(ana_daemon, Signal::TERM, 143);
    let sent: Sent = ana.asks(&["send", "Bob", "hello", "--linger", "0"]);
    assert_eq!(sent.state, MessageState::Saved);
    let edited = ana.runs(&["edit", id, "the best note", "--linger", TOO_LONG]);
    assert_eq!((edited.code, edited.error.as_str()), (0, ""), "Bob is waited for: {edited:?}");
    ana.does(&["block", "Bob"]);
    let retracted = ana.runs(&["retract", &sent.id, "--linger", TOO_LONG]);
    assert_eq!((retracted.code, retracted.error.as_str()), (0, ""), "{retracted:?}");
}

#[test]
fn a_change_is_waited_for_until_it_is_delivered_and_no_longer() {
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let (ana_daemon, bob_daemon) = (ana.daemon(), bob.daemon());
    introduce(&ana, &bob);
    let sent: Sent = bob.asks(&["send", "Ana", "hello", "--wait", "delivered"]);
    ends(ana_daemon, Signal::TERM, 143);
    // Ana has said nothing herself, so no message of hers tells of its way.
    let reacted = ana.runs(&["react", &sent.id, "👍", "--linger", TOO_LONG]);
    assert_eq!((reacted.code, reacted.error.as_str()), (0, ""), "{reacted:?}");
    let page: Page = bob.asks(&["history", "Ana"]);
    assert_eq!(page.messages[0].reactions[0].by, ["Ana"]);
    let why: Why = ana.asks(&["why", &sent.id]);
    let changes: Vec<_> = why.changes.iter().map(|c| (c.kind.as_str(), c.state)).collect();
    assert_eq!(changes, [("reaction", MessageState::Delivered)]);
    assert!(why.text[1].starts_with("your reaction of "), "{why:?}");

    ends(bob_daemon, Signal::TERM, 143);
    let again = ana.runs(&["react", &sent.id, "👍", "--remove", "--linger", "1"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.error.contains("not delivered yet"), "{again:?}");
    let why: Why = ana.asks(&["why", &sent.id]);
    assert!(why.changes[0].state < MessageState::Delivered, "{why:?}");
    assert!(why.text[1].ends_with("waits here, not delivered yet"), "{why:?}");
}

#[test]
fn a_command_says_what_it_has_changed() {
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let (_ana_daemon, _bob_daemon) = (ana.daemon(), bob.daemon());
    introduce(&ana, &bob);
    assert_eq!(ana.does(&["alias", "Bob", "Bobby"]), "Bob is called Bobby here from now on.\n");
    assert_eq!(ana.does(&["rename", "Anna"]), "You are called Anna from now on.\n");
    assert_eq!(ana.asks::<Account>(&["id"]).name, "Anna");
    let nobody = ana.runs(&["connect", "nobody"]);
    assert_eq!(nobody.code, 3, "{nobody:?}");
    assert!(!nobody.error.contains("connecting"), "{nobody:?}");
    for words in ["", " "] {
        let nothing = ana.runs(&["search", words]);
        assert_eq!((nothing.code, nothing.output.as_str()), (2, ""), "{nothing:?}");
        assert!(nothing.error.contains("no word to search for"), "{nothing:?}");
    }
}

#[test]
fn a_program_that_asks_no_more_hears_no_more() {
    let home = Home::of("Ana");
    let requests = concat!(
        r#"{"jsonrpc":"2.0","id":1,"method":"events.subscribe","params":{}}"#,
        "\n",
        r#"{"jsonrpc":"2.0","id":2,"method":"message.send","params":{"to":"me","text":"hi"}}"#,
        "\n",
    );
    let ended = home.runs_with(&["rpc"], requests.as_bytes());
    assert_eq!(ended.code, 0, "{ended:?}");
    let lines = ended.output.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let answered: Vec<Value> =
        lines.map(|line| line["id"].clone()).filter(|id| !id.is_null()).collect();
    assert_eq!(answered.len(), 2, "{ended:?}");
}

// Where everything is.

/// `chinwag` with nothing of ours in its environment but these, in a home that is `home`.
fn somewhere(home: &TempDir, more: &[(&str, &str)], args: &[&str]) -> Piped {
    let mut command = Command::new(harness::PROGRAM);
    command.args(args).env_clear().envs(harness::environment(home));
    command.envs([("CHINWAG_BIND", "127.0.0.1:0"), ("CHINWAG_NO_LAN", "1")]);
    command.envs(more.iter().copied());
    Piped::starts(command, TempDir::new().unwrap())
}

#[track_caller]
fn who(home: &TempDir, more: &[(&str, &str)], args: &[&str]) -> String {
    let ended = somewhere(home, more, &[args, &["id", "--json"]].concat()).ends();
    assert_eq!(ended.code, 0, "{ended:?}");
    serde_json::from_str::<Account>(&ended.output).unwrap().name
}

#[test]
fn a_profile_is_somebody_else() {
    let home = TempDir::new().unwrap();
    for (profile, name) in [(&[][..], "Ana"), (&["--profile", "work"][..], "Dr Ana")] {
        let ended = somewhere(&home, &[], &[profile, &["init", "--name", name]].concat()).ends();
        assert_eq!(ended.code, 0, "{ended:?}");
    }
    assert_eq!(who(&home, &[], &[]), "Ana");
    assert_eq!(who(&home, &[], &["--profile", "work"]), "Dr Ana");
    let path = somewhere(&home, &[], &["--profile", "work", "config", "path"]).ends().output;
    let expected = home.path().join("chinwag-profiles/work/config.toml");
    assert_eq!(path.trim_end(), expected.display().to_string());
}

#[test]
fn two_words_for_the_place_of_the_data_are_one_too_many() {
    type Words<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
    let home = TempDir::new().unwrap();
    let config = home.path().join("a.toml");
    std::fs::write(&config, "data_dir = \"/nowhere\"\n").unwrap();
    let config = config.to_str().unwrap();
    let cases: [Words<'_>; 4] = [
        (&[], &["--profile", "work", "--data-dir", "x"]),
        (&[("CHINWAG_DATA_DIR", "x")], &["--profile", "work"]),
        (&[], &["--profile", "work", "--config", config]),
        (&[("CHINWAG_HOME", "/nowhere")], &["--config", config]),
    ];
    for (more, args) in cases {
        let ended = somewhere(&home, more, &[args, &["status"]].concat()).ends();
        assert_eq!((ended.code, ended.output.as_str()), (2, ""), "{args:?}: {ended:?}");
        assert!(ended.error.contains("two different places for the data"), "{ended:?}");
        assert!(ended.error.contains("leave one of them away"), "{ended:?}");
        assert!(!ended.error.contains("Usage:"), "{ended:?}");
    }
}

#[test]
fn a_home_has_all_of_it_and_leaves_nothing_elsewhere() {
    let (outside, home) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let path = home.path().join("stick");
    let more = [("CHINWAG_HOME", path.to_str().unwrap())];
    assert_eq!(somewhere(&outside, &more, &["init", "--name", "Ana"]).ends().code, 0);
    assert_eq!(somewhere(&outside, &more, &["config", "init"]).ends().code, 0);
    let daemon = somewhere(&outside, &more, &["daemon"]);
    daemon.until_error("the daemon runs");
    for there in ["config.toml", "data/api.sock", "data/key", "state/witnesses"] {
        assert!(path.join(there).exists(), "{there}");
    }
    assert_eq!(who(&outside, &more, &[]), "Ana");
    ends(daemon, Signal::TERM, 143);
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0, "nothing is elsewhere");
    // What is named by itself is where it was said to be.
    let data = home.path().join("other");
    let other = [more[0], ("CHINWAG_DATA_DIR", data.to_str().unwrap())];
    assert_eq!(somewhere(&outside, &other, &["init", "--name", "Bob"]).ends().code, 0);
    assert!(data.join("key").exists());
}

#[test]
fn a_home_whose_socket_would_have_too_long_a_path_is_refused_with_the_reason() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("x".repeat(100));
    let more = [("CHINWAG_HOME", path.to_str().unwrap())];
    let ended = somewhere(&home, &more, &["init", "--name", "Ana"]).ends();
    assert_eq!((ended.code, ended.output.as_str()), (2, ""), "{ended:?}");
    assert!(ended.error.contains("CHINWAG_HOME is too long by"), "{ended:?}");
    assert!(!path.exists(), "nothing was made");
}

#[test]
fn a_daemon_reads_its_config_again_and_says_what_counts() {
    let home = Home::of("Ana");
    let config = home.path("config.toml");
    std::fs::write(&config, "lan = false\n").unwrap();
    let daemon = home.starts(&["daemon", "--config", &config]);
    daemon.until_error("the daemon runs");
    let log = home.path("data/log/chinwag.log");
    assert!(!std::fs::read_to_string(&log).unwrap().contains("DEBUG"));
    std::fs::write(&config, "log_level = \"debug\"\nlan = true\n").unwrap();
    daemon.signal(Signal::HUP);
    daemon.until_error("counts when the daemon is started again: lan\n");
    home.does(&["status"]);
    assert!(std::fs::read_to_string(&log).unwrap().contains("DEBUG"));
    std::fs::write(&config, "lan = 3\n").unwrap();
    daemon.signal(Signal::HUP);
    daemon.until_error("nothing was changed: ");
    daemon.until_error("line 1, column 7: lan takes true or false, not 3");
    ends(daemon, Signal::TERM, 143);
}
