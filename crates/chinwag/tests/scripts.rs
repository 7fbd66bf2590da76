//! The program as scripts use it: the menu behind pipes, `send`, `listen`, exit codes, the config
//! file.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv6Addr, SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use chinwag_classroom::limits::TEXT_MAX;
use harness::peer::{Deaf, Ear, message, say, say_or_give_up};
use harness::pipes::{Ended, Piped, run, run_with};
use harness::port::Port;
use harness::{ESCAPE, PATIENCE, PROGRAM, Running};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How soon a program ends that is told to, when there is nobody whom it has to tell.
const SOON: Duration = Duration::from_secs(5);

/// The transcript with what differs from run to run replaced by what it is.
fn normalised(transcript: &str, names: &[(&Port, &str)]) -> String {
    let mut text = transcript.to_owned();
    for (port, name) in names {
        text = text.replace(&port.to_string(), name);
    }
    text.split_inclusive('\n').map(without_times).collect()
}

/// `[12:34:56]` and `heard 3 s ago (12:34:56)`, without the numbers.
fn without_times(line: &str) -> String {
    if let Some((before, _)) = line.split_once("  heard ") {
        return format!("{before}  heard AGO\n");
    }
    let is_time = |t: &str| t.len() == 10 && t.starts_with('[') && t.ends_with(']');
    match line.split_once(' ') {
        Some((time, rest)) if is_time(time) => format!("[TIME] {rest}"),
        _ => line.to_owned(),
    }
}

/// `chinwag classroom` with these arguments, on loopback.
fn classroom(port: &Port, args: &[&str]) -> Piped {
    let number = port.to_string();
    let ours = ["classroom", "--team", "ana", "--port", &number, "--address", "127.0.0.1"];
    Piped::chinwag(&[&ours, args].concat())
}

/// `chinwag classroom listen`, once it listens.
#[track_caller]
fn listening(port: &Port, args: &[&str]) -> Piped {
    let program = classroom(port, &[&["listen"], args].concat());
    let line = program.line();
    assert!(line.contains(&port.here().to_string()), "{line}");
    program
}

/// `chinwag classroom send` to its end.
#[track_caller]
fn send(args: &[&str]) -> Ended {
    run(&[&["classroom", "send", "--team", "ana"], args].concat())
}

/// What a script expects of a failure: the code, a reason on standard error, nothing else.
#[track_caller]
fn assert_fails(ended: &Ended, code: i32, reason: &str) {
    assert_eq!(ended.code, code, "{ended:?}");
    assert!(ended.error.contains(reason), "{ended:?}");
    assert_eq!(ended.output, "", "{ended:?}");
}

/// The program with this config file, and an environment that is still empty.
fn with_config(path: &str, args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(args).arg("--config").arg(path).env_clear();
    command
}

/// A home with a config file in it, and the path of the file.
fn home_with_config(config: &str) -> (TempDir, String) {
    let home = TempDir::new().unwrap();
    let path = home.path().join("a.toml");
    std::fs::write(&path, config).unwrap();
    (home, path.to_str().unwrap().to_owned())
}

// The menu.

#[test]
fn the_menu_behind_pipes_asks_the_same_and_writes_plain_lines() {
    let (ear, port) = (Ear::opens(), Port::free());
    let mut ours = Piped::chinwag(&["classroom", "--address", "127.0.0.1"]);
    for answer in ["<>", "My Team", "70000", &port.to_string(), "9", ""] {
        ours.enters(answer);
    }
    for answer in ["1", "10.0.0", "127.0.0.1", "0", &ear.port().to_string(), "good morning"] {
        ours.enters(answer);
    }
    assert_eq!(ear.hears(), format!("{} My_Team good morning", port.here()));
    ours.until("it arrived.");
    ours.until("Enter choice: ");
    say(port.here(), &message(ear.address(), "ear", "good\nevening"));
    ours.until("evening");
    ours.until("Enter choice: ");
    ours.enters("2");
    ours.enters("3");
    assert_eq!(ear.hears(), format!("{} My_Team connect", port.here()));
    ours.enters("0");
    assert_eq!(ear.hears(), format!("{} My_Team exit", port.here()));

    let ended = ours.ends();
    assert_eq!(ended.code, 0);
    assert!(!ended.output.contains(ESCAPE));
    let transcript = normalised(&ended.output, &[(&port, "OURS"), (ear.port(), "EAR")]);
    assert_eq!(transcript, include_str!("piped_menu.transcript"), "{transcript}");
}

#[test]
fn a_wrong_answer_is_told_in_one_line_and_asked_again() {
    let port = Port::free();
    let mut ours = classroom(&port, &[]);
    let wrong = [
        ("Enter choice: ", "1 2", "type 1, 2, 3 or 0"),
        ("Enter choice: ", "\u{1b}[A", "type 1, 2, 3 or 0"),
        ("Enter recipient's IP address: ", "300.1.1.1", "neither an IP address nor a host name"),
        ("Enter recipient's IP address: ", "", "neither an IP address nor a host name"),
        ("Enter recipient's IP address: ", "1.2.3.4:5", "neither an IP address nor a host name"),
        ("Enter recipient's port number: ", "65536", "a number from 1 to 65535"),
        ("Enter recipient's port number: ", "-1", "a number from 1 to 65535"),
        ("Enter recipient's port number: ", "http", "a number from 1 to 65535"),
    ];
    let mut question = "Enter choice: ";
    ours.until(question);
    for (next, answer, reason) in wrong {
        if next != question {
            ours.enters(if next.contains("IP") { "1" } else { "127.0.0.1" });
            ours.until(next);
            question = next;
        }
        ours.enters(answer);
        let (blank, line) = (ours.line(), ours.line());
        assert_eq!(blank, "", "the line of the question ends");
        assert!(line.contains(reason), "{answer:?}: {line}");
        ours.until(question);
    }
    ours.closes_input();
    let ended = ours.ends();
    assert_eq!(ended.code, 0);
    assert!(!ended.output.contains(ESCAPE), "what was typed is not obeyed either");
}

#[test]
fn the_end_of_input_quits_as_option_0_does() {
    let (ear, port) = (Ear::opens(), Port::free());
    let mut ours = classroom(&port, &[]);
    ours.until("Enter choice: ");
    say(port.here(), &message(ear.address(), "ear", "hello"));
    ours.until("hello");
    ours.closes_input();
    assert_eq!(ear.hears(), format!("{} ana exit", port.here()));
    let ended = ours.ends();
    assert_eq!(ended.code, 0);
    assert!(ended.output.ends_with("Told 1 of 1.\nBye.\n"), "{ended:?}");
}

#[test]
fn what_a_script_asked_for_is_done_before_its_end_quits() {
    let (ear, port) = (Ear::opens(), Port::free());
    let mut ours = classroom(&port, &[]);
    ours.writes(format!("1\n127.0.0.1\n{}\nfirst\n", ear.port()).as_bytes());
    ours.writes(format!("1\n127.0.0.1\n{}\nlast", ear.port()).as_bytes());
    ours.closes_input();
    let ended = ours.ends();
    assert_eq!(ended.code, 0);
    assert_eq!(ended.output.matches("it arrived.").count(), 2, "{ended:?}");
    for text in ["first", "last"] {
        assert_eq!(ear.hears(), format!("{} ana {text}", port.here()));
    }
}

#[test]
fn the_end_of_input_at_the_first_question_quits_too() {
    assert_eq!(run(&["classroom", "--address", "127.0.0.1"]).code, 0);
}

#[test]
fn a_signal_makes_the_menu_say_goodbye() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 143), (Signal::INT, 0)] {
        let (ear, port) = (Ear::opens(), Port::free());
        let ours = classroom(&port, &[]);
        ours.until("Enter choice: ");
        say(port.here(), &message(ear.address(), "ear", "hello"));
        ours.until("hello");
        ours.signal(signal);
        assert_eq!(ours.ends().code, code, "{signal:?}");
        assert!(ear.heard_more(), "{signal:?}: nobody was told");
        assert_eq!(ear.hears(), format!("{} ana exit", port.here()));
    }
}

// Sending.

#[test]
fn a_text_that_was_sent_is_code_0() {
    let ear = Ear::opens();
    let to = ear.address().to_string();
    let sent = send(&[&to, "two words", "--port", "4000", "--address", "127.0.0.1"]);
    assert_eq!(sent.code, 0, "{sent:?}");
    assert_eq!(sent.output, format!("Sent to {to}: it arrived.\n"));
    assert_eq!(sent.error, "");
    assert_eq!(ear.hears(), "127.0.0.1:4000 ana two words");
}

#[test]
fn without_a_port_the_truth_is_announced_that_nobody_listens() {
    let ear = Ear::opens();
    assert_eq!(send(&[&ear.address().to_string(), "x", "--address", "127.0.0.1"]).code, 0);
    assert_eq!(ear.hears(), "127.0.0.1:0 ana x");
}

#[test]
fn a_hyphen_reads_the_text_from_standard_input() {
    let ear = Ear::opens();
    let to = ear.address().to_string();
    let args = ["classroom", "send", "--team", "ana", "--address", "127.0.0.1", &to, "-"];
    for (input, text) in [("one\ntwo\n", "one\ntwo"), ("one\r\n", "one"), (" ñ ", " ñ ")] {
        assert_eq!(run_with(&args, input.as_bytes()).code, 0);
        assert_eq!(ear.hears(), format!("127.0.0.1:0 ana {text}"));
    }
}

#[test]
fn a_text_may_begin_with_a_hyphen() {
    let ear = Ear::opens();
    let to = ear.address().to_string();
    assert_eq!(send(&["--address", "127.0.0.1", &to, "-1 degrees"]).code, 0);
    assert_eq!(ear.hears(), "127.0.0.1:0 ana -1 degrees");
}

#[test]
fn json_says_whether_it_arrived() {
    let ear = Ear::opens();
    let to = ear.address().to_string();
    let sent = send(&["--json", &to, "hello"]);
    let document: Value = serde_json::from_str(&sent.output).unwrap();
    assert_eq!(document, json!({ "to": to, "state": "arrived" }));

    let deaf = Deaf::that_never_reads();
    let to = deaf.port.here().to_string();
    let sent = send(&["--json", &to, "hello"]);
    let document: Value = serde_json::from_str(&sent.output).unwrap();
    assert_eq!(document, json!({ "to": to, "state": "unconfirmed" }));
    assert_eq!(sent.code, 0, "it was sent: {sent:?}");

    let nobody = Port::free();
    let to = nobody.here().to_string();
    let sent = send(&["--json", &to, "hello"]);
    let document: Value = serde_json::from_str(&sent.output).unwrap();
    assert_eq!(document["state"], "failed");
    assert!(document["reason"].as_str().unwrap().contains("nobody listens"), "{document}");
    assert_eq!(sent.code, 6);
}

#[test]
fn wrong_arguments_are_code_2() {
    let wrong: [&[&str]; 14] = [
        &["127.0.0.1", "x"],
        &["127.0.0.1:0", "x"],
        &["127.0.0.1:65536", "x"],
        &["::1:4000", "x"],
        &["a b:4000", "x"],
        &["", "x"],
        &["127.0.0.1:4000"],
        &["127.0.0.1:4000", "x", "y"],
        &["127.0.0.1:4000", "x", "--timeout", "0"],
        &["127.0.0.1:4000", "x", "--port", "0"],
        &["127.0.0.1:4000", "x", "--address", "localhost"],
        &["127.0.0.1:4000", "x", "--bootstrap", "10.0.0.1"],
        &["127.0.0.1:4000", "x", "--preset", "nowhere"],
        &["127.0.0.1:4000", "x", "--config", "no/such/file"],
    ];
    for args in wrong {
        let ended = send(args);
        assert_eq!(ended.code, 2, "{args:?}: {ended:?}");
        assert_eq!(ended.output, "", "{args:?}");
        assert!(!ended.error.is_empty(), "{args:?}");
    }
    let team = run(&["classroom", "send", "--team", "<>", "127.0.0.1:4000", "x"]);
    assert_fails(&team, 2, "a team name needs at least one letter or digit");
}

#[test]
fn standard_input_that_is_no_text_is_code_2() {
    let args = ["classroom", "send", "--team", "ana", "127.0.0.1:4000", "-"];
    assert_fails(&run_with(&args, b"caf\xe9"), 2, "standard input is not UTF-8 text");
}

#[test]
fn a_host_name_that_nobody_knows_is_code_3() {
    let ended = send(&["no-such-host.invalid:4000", "x", "--timeout", "60"]);
    assert_fails(&ended, 3, "no host is known by the name no-such-host.invalid");
}

#[test]
fn where_nobody_listens_is_code_6() {
    let nobody = Port::free();
    assert_fails(&send(&[&nobody.here().to_string(), "x"]), 6, "nobody listens there");
}

#[test]
fn who_does_not_answer_in_time_is_code_6() {
    let Some(deaf) = Deaf::that_never_answers() else {
        return harness::skipped(
            "who_does_not_answer_in_time",
            "a full backlog still answers here",
        );
    };
    let ended = send(&["--timeout", "1", &deaf.port.here().to_string(), "x"]);
    assert_fails(&ended, 6, "no answer within 1 s");
}

#[test]
fn a_text_over_the_limit_is_code_7() {
    let nobody = Port::free().here().to_string();
    let args = ["classroom", "send", "--team", "ana", &nobody, "-"];
    let fits = "x".repeat(TEXT_MAX);
    assert_fails(&run_with(&args, fits.as_bytes()), 6, "nobody listens");
    assert_fails(&run_with(&args, (fits.clone() + "\r\n").as_bytes()), 6, "nobody listens");
    let too_long = [
        fits.clone() + "x",
        fits.clone() + "\r\nand more",
        fits.clone() + "\nand more",
        "x".repeat(3 * TEXT_MAX),
        "🙂".repeat(TEXT_MAX),
    ];
    for text in too_long {
        let ended = run_with(&args, text.as_bytes());
        assert_fails(&ended, 7, "over the limit of 1048576");
    }
}

#[test]
fn sending_says_the_same_code_when_nobody_reads_what_it_says() {
    let ear = Ear::opens();
    let mut command = Command::new(PROGRAM);
    let to = ear.address().to_string();
    command.args(["classroom", "--address", "127.0.0.1", "send", &to, "hello"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let home = TempDir::new().unwrap();
    command.env_clear().envs(harness::environment(&home));
    let mut child = command.spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(Running::new(child).ends_within(PATIENCE), Some(0));
    assert!(ear.hears().ends_with(" hello"));
}

#[test]
fn static_peers_are_refused_where_there_is_no_start() {
    let args = ["classroom", "--bootstrap", "127.0.0.1:9", "send", "127.0.0.1:9", "x"];
    assert_fails(&run(&args), 2, "connect at the start");
}

#[test]
fn a_peer_that_goes_away_in_the_middle_of_a_long_text_is_code_9() {
    let port = Port::free();
    let listener = TcpListener::bind(port.here()).unwrap();
    let hears_one = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        drop(listener);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let ended = send(&["--address", "127.0.0.1", &port.here().to_string(), &"x".repeat(5_000)]);
    assert_fails(&ended, 9, "only 1 of 5 parts were sent");
    assert!(hears_one.join().unwrap().len() <= 1_024);
}

// Listening.

#[test]
fn what_is_heard_is_one_json_object_a_line() {
    let (port, ear) = (Port::free(), Port::free());
    let ours = classroom(&port, &["listen", "--jsonl"]);
    let event = ours.event();
    assert_eq!(event["kind"], "listening");
    assert_eq!(event["address"], port.here().to_string());
    for (text, kind) in [("two\nlines", "message"), ("connect", "connect"), ("EXIT", "exit")] {
        say(port.here(), &message(ear.here(), "ear", text));
        let event = ours.event();
        assert_eq!(event["kind"], kind);
        assert_eq!(event["from"], ear.here().to_string());
        assert_eq!(event["team"], "ear");
        assert_eq!(event["text"], if kind == "message" { json!(text) } else { Value::Null });
    }
    say(port.here(), b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(ours.event()["kind"], "unfitting");
}

#[test]
fn listening_needs_a_port() {
    assert_fails(&run(&["classroom", "listen"]), 2, "--port");
}

#[test]
fn a_port_that_another_program_has_is_code_8() {
    let port = Port::free();
    let _other = TcpListener::bind(port.here()).unwrap();
    let number = port.to_string();
    let words = ["--team", "ana", "--address", "127.0.0.1", "--port", &number];
    let listen = run(&[&["classroom", "listen"][..], &words].concat());
    assert_fails(&listen, 8, "already in use");
    let menu = run(&[&["classroom"][..], &words].concat());
    assert_eq!(menu.code, 8, "{menu:?}");
    assert!(menu.error.contains("already in use"), "{menu:?}");
}

#[test]
fn a_typed_port_that_another_program_has_is_asked_again() {
    let (taken, port) = (Port::free(), Port::free());
    let _other = TcpListener::bind(taken.here()).unwrap();
    let mut ours = Piped::chinwag(&["classroom", "--team", "ana", "--address", "127.0.0.1"]);
    ours.enters(&taken.to_string());
    ours.until("already in use");
    ours.enters(&port.to_string());
    ours.until(&format!("Server listening on {}...", port.here()));
}

#[test]
fn listening_ends_with_the_code_of_its_signal() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 143)] {
        let port = Port::free();
        let ours = listening(&port, &["--jsonl"]);
        ours.signal(signal);
        assert_eq!(ours.ends().code, code, "{signal:?}");
    }
}

#[test]
fn listening_ends_when_nobody_reads_it_any_more() {
    let port = Port::free();
    let mut command = Command::new(PROGRAM);
    let number = port.to_string();
    command.args(["classroom", "listen", "--jsonl", "--address", "127.0.0.1", "--port", &number]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let home = TempDir::new().unwrap();
    command.env_clear().envs(harness::environment(&home));
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut running = Running::new(child);
    assert!(output.read_line(&mut String::new()).unwrap() > 0, "it listens");
    drop(output);
    assert_eq!(running.ends_within(PATIENCE), Some(0));
}

#[test]
fn a_reader_that_pauses_does_not_keep_the_program_from_ending() {
    for args in [&["listen", "--jsonl"][..], &[]] {
        let (port, ear) = (Port::free(), Port::free());
        let mut command = Command::new(PROGRAM);
        let number = port.to_string();
        command.args(["classroom", "--team", "ana", "--address", "127.0.0.1", "--port", &number]);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let home = TempDir::new().unwrap();
        command.env_clear().envs(harness::environment(&home));
        let mut child = command.spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        let mut running = Running::new(child);
        assert!(output.read(&mut [0]).unwrap() > 0, "it runs");
        let bytes = message(ear.here(), "ear", &"x".repeat(900));
        // As long as messages are taken: then the pipe is full and so is everything before it.
        while say_or_give_up(port.here(), &bytes).is_ok() {}
        running.signal(Signal::TERM);
        assert_eq!(running.ends_within(SOON), Some(143), "{args:?}");
    }
}

#[test]
fn over_ipv6_it_is_all_the_same() {
    let port = Port::free();
    let address = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port.number());
    if TcpListener::bind(address).is_err() {
        return harness::skipped("over_ipv6", "no IPv6 on this machine");
    }
    let number = port.to_string();
    let ours = Piped::chinwag(&["classroom", "listen", "--address", "::1", "--port", &number]);
    assert_eq!(ours.line(), format!("Server listening on {address}..."));
    let to = address.to_string();
    assert_eq!(send(&["--address", "::1", "--port", &number, &to, "hello"]).code, 0);
    assert!(ours.line().ends_with(&format!(" ana ({address}): hello")));
}

#[test]
fn static_peers_are_greeted_and_told_at_the_end() {
    let (port, ear, nobody) = (Port::free(), Ear::opens(), Port::free());
    let (there, away) = (ear.address().to_string(), nobody.here().to_string());
    let ours = listening(&port, &["--bootstrap", &there, "--bootstrap", &away]);
    ours.until_error(&format!("Static peer {there}: connected"));
    ours.until_error(&format!("Static peer {away}: nobody listens"));
    assert_eq!(ear.hears(), format!("{} ana connect", port.here()));
    ours.signal(Signal::TERM);
    assert_eq!(ear.hears(), format!("{} ana exit", port.here()));
}

#[test]
fn no_byte_of_a_peer_is_obeyed_by_the_terminal_that_shows_it() {
    let attack = "\u{1b}[2J\u{1b}]52;c;x\u{7}\u{9b}31m\r\u{8}\u{7f}\u{202e}\u{200b}end";
    let mut raw = b"\x1b[2J\x9b31m\xff\x07".to_vec();
    raw.extend(attack.as_bytes());
    let ear = Port::free();
    for args in [&[][..], &["--jsonl"]] {
        let port = Port::free();
        let ours = listening(&port, args);
        say(port.here(), &message(ear.here(), "r\u{1b}[5m\u{202e}", attack));
        say(port.here(), &message(ear.here(), "\u{1b}c\u{9b}m", "connect"));
        say(port.here(), &raw);
        let lines = [ours.line(), ours.line(), ours.line()];
        for c in lines.concat().chars() {
            assert!(!c.is_control() && c != '\u{202e}' && c != '\u{200b}', "{c:?} in {lines:?}");
        }
        if !args.is_empty() {
            let event: Value = serde_json::from_str(&lines[0]).unwrap();
            assert_eq!(event["text"], attack, "a program gets the text as it came");
            assert_eq!(event["team"], "r\u{1b}[5m\u{202e}");
        }
    }
}

// The config file, and help.

#[test]
fn the_config_file_says_who_we_are_and_whom_to_greet() {
    let (port, ear) = (Port::free(), Ear::opens());
    let config = format!(
        "[classroom]\nteam = \"from-file\"\nport = {port}\naddress = \"127.0.0.1\"\n\
         bootstrap = [\"{}\"]\n",
        ear.address()
    );
    let (home, path) = home_with_config(&config);
    let ours = Piped::chinwag_in(home, &["classroom", "listen", "--config", &path]);
    assert_eq!(ear.hears(), format!("{} from-file connect", port.here()));
    assert_eq!(ours.line(), format!("Server listening on {}...", port.here()));
}

#[test]
fn the_usual_config_file_is_read_unless_another_is_named() {
    let (port, ear) = (Port::free(), Ear::opens());
    let home = TempDir::new().unwrap();
    let folder = home.path().join("chinwag");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), "[classroom]\nteam = \"usual\"\n").unwrap();
    let (to, number) = (ear.address().to_string(), port.to_string());
    let args = ["classroom", "send", "--address", "127.0.0.1", "--port", &number, &to, "x"];
    assert_eq!(Piped::chinwag_in(home, &args).ends().code, 0);
    assert_eq!(ear.hears(), format!("{} usual x", port.here()));
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let ear = Ear::opens();
    let to = ear.address().to_string();
    let args = ["classroom", "send", "--address", "127.0.0.1", &to, "x"];
    let cases: [(Option<&str>, &[&str], &str); 3] = [
        (None, &[], "file"),
        (Some("environment"), &[], "environment"),
        (Some("environment"), &["--team", "flag"], "flag"),
    ];
    for (environment, flags, expected) in cases {
        let (home, path) = home_with_config("[classroom]\nteam = \"file\"\n");
        let mut command = with_config(&path, &[&args, flags].concat());
        command.envs(environment.map(|team| ("CHINWAG_CLASSROOM_TEAM", team)));
        let ended = Piped::starts(command, home).ends();
        assert_eq!(ended.code, 0, "{ended:?}");
        assert_eq!(ear.hears(), format!("127.0.0.1:0 {expected} x"));
    }
}

#[test]
fn an_unknown_key_is_a_warning_with_a_suggestion() {
    let ear = Ear::opens();
    let to = ear.address().to_string();
    let (home, path) = home_with_config("[classroom]\nteem = \"red\"\n");
    let args = ["classroom", "send", "--team", "ana", "--config", &path, &to, "x"];
    let ended = Piped::chinwag_in(home, &args).ends();
    assert_eq!(ended.code, 0, "{ended:?}");
    let warning = r#"line 2, column 1: unknown key "classroom.teem" in the config file; did you mean "classroom.team"?"#;
    assert_eq!(ended.error, format!("chinwag: {warning}\n"));
}

#[test]
fn a_wrong_value_in_the_config_file_is_code_2() {
    for wrong in ["port = 70000", "port = \"x\"", "team = 3", "preset = \"nowhere\"", "team = "] {
        let (home, path) = home_with_config(&format!("[classroom]\n{wrong}\n"));
        let args = ["classroom", "send", "--config", &path, "127.0.0.1:4000", "x"];
        let ended = Piped::chinwag_in(home, &args).ends();
        assert_fails(&ended, 2, "the config file");
        assert!(ended.error.contains("line 2"), "{wrong}: {ended:?}");
    }
}

#[test]
fn a_value_that_only_reads_as_wrong_is_code_2_too() {
    for wrong in ["team = \"<>\"", "port = 0", "address = \"here\"", "bootstrap = [\"10.0.0.1\"]"] {
        let (home, path) = home_with_config(&format!("[classroom]\n{wrong}\n"));
        let args = ["classroom", "send", "--config", &path, "127.0.0.1:4000", "x"];
        let ended = Piped::chinwag_in(home, &args).ends();
        assert_eq!(ended.code, 2, "{wrong}: {ended:?}");
        assert_eq!(ended.output, "");
    }
}
