//! Bad weather: floods, silence, peers that vanish, never end or never answer. Through all of it
//! a normal message from somebody else is shown soon, and the program stays small.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;

use std::collections::{BTreeSet, VecDeque};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use harness::peer::{Deaf, Ear, listen, message, say};
use harness::pipes::Piped;
use harness::port::Port;
use harness::terminal::{CTRL_C, Person};
use harness::{PATIENCE, sockets_to_spare};
use serde_json::Value;
use socket2::SockRef;

/// How soon a normal message is shown, whatever else goes on.
const SOON: Duration = Duration::from_secs(2);

/// How long a peer that hangs may keep anybody waiting, with room for a machine that is busy.
const HANGING_MAX: Duration = Duration::from_secs(5 + 5);

/// What the program may need at its peak.
const MEMORY_MAX_KIB: u64 = 64 * 1_024;

/// One storm at a time: each of them is meant to have the machine for itself.
fn storm() -> MutexGuard<'static, ()> {
    static STORM: Mutex<()> = Mutex::new(());
    STORM.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `chinwag classroom listen --jsonl` in the storm.
struct Ours {
    program: Piped,
    port: Port,
}

impl Ours {
    #[track_caller]
    fn listens() -> Self {
        let port = Port::free();
        let number = port.to_string();
        let args = ["classroom", "listen", "--jsonl", "--address", "127.0.0.1", "--port", &number];
        let program = Piped::chinwag(&args);
        assert_eq!(program.event()["kind"], "listening");
        Self { program, port }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.port.here()).expect("the program accepts")
    }

    /// Somebody else's message is shown soon.
    #[track_caller]
    fn shows_a_normal_message(&self) {
        self.shows_a_normal_message_after();
    }

    /// Somebody else's message is shown soon. The texts that were shown before it.
    #[track_caller]
    fn shows_a_normal_message_after(&self) -> Vec<String> {
        let begin = Instant::now();
        let somebody = Port::free();
        let text = format!("normal message of {somebody}");
        let bytes = message(somebody.here(), "somebody", &text);
        let mut stream = self.connect();
        stream.write_all(&bytes).unwrap();
        drop(stream);
        let mut before = Vec::new();
        self.program.event_within(SOON.saturating_sub(begin.elapsed()), |event| {
            let is_it = event["text"] == text;
            if !is_it {
                before.push(text_of(event));
            }
            is_it
        });
        before
    }

    #[track_caller]
    fn is_still_small(&self, story: &str) {
        match self.program.peak_memory_kib() {
            Some(peak) => assert!(peak < MEMORY_MAX_KIB, "{peak} KiB at its peak"),
            None => harness::skipped(story, "the system does not tell how much memory it had"),
        }
    }
}

fn text_of(event: &Value) -> String {
    event["text"].as_str().unwrap().to_owned()
}

#[test]
fn a_flood_of_messages_is_shown_whole_and_delays_nobody() {
    // At once, and together fewer than the system keeps waiting for us: more of them would wait
    // for the system to try again, and not for the program.
    const FLOODERS: usize = 100;
    const EACH: usize = 100;
    let _storm = storm();
    let (ours, flooder) = (Ours::listens(), Port::free());
    let (ours, flooder) = (&ours, flooder.here());
    thread::scope(|scope| {
        for of in 0..FLOODERS {
            scope.spawn(move || {
                for n in 0..EACH {
                    say(ours.port.here(), &message(flooder, "flood", &format!("{of} {n}")));
                }
            });
        }
        let mut shown = BTreeSet::new();
        for part in 1..=5 {
            while shown.len() < part * FLOODERS * EACH / 5 {
                assert!(shown.insert(text_of(&ours.program.event())), "shown once");
            }
            shown.extend(ours.shows_a_normal_message_after());
        }
        assert_eq!(shown.len(), FLOODERS * EACH);
    });
    ours.is_still_small("a_flood_of_messages");
}

#[test]
fn ten_thousand_that_say_nothing_keep_nobody_out() {
    const ALL: usize = 10_000;
    const NORMAL_EVERY: usize = 500;
    let _storm = storm();
    let ours = Ours::listens();
    let at_once = sockets_to_spare().min(2_000);
    let mut silent = VecDeque::new();
    for n in 1..=ALL {
        silent.push_back(ours.connect());
        if silent.len() > at_once {
            silent.pop_front();
        }
        if n % NORMAL_EVERY == 0 {
            let before = ours.shows_a_normal_message_after();
            assert!(before.is_empty(), "who says nothing is not shown: {before:?}");
        }
    }
    ours.is_still_small("ten_thousand_that_say_nothing");
}

#[test]
fn who_vanishes_in_the_middle_of_a_message_harms_nobody() {
    const VANISHING: usize = 2_000;
    let _storm = storm();
    let (ours, ghost) = (Ours::listens(), Port::free());
    for n in 0..VANISHING {
        let mut stream = ours.connect();
        let bytes = message(ghost.here(), "ghost", "I only wanted to s");
        stream.write_all(&bytes[..n % bytes.len()]).unwrap();
        // The connection is reset instead of closed.
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        drop(stream);
        if n % 500 == 0 {
            ours.shows_a_normal_message();
        }
    }
    ours.shows_a_normal_message();
    ours.is_still_small("who_vanishes_in_the_middle");
}

#[test]
fn a_broken_message_is_shown_as_broken() {
    let (ours, ghost) = (Ours::listens(), Port::free());
    let mut stream = ours.connect();
    stream.write_all(&message(ghost.here(), "ghost", "I only wanted to s")).unwrap();
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
    let event = ours.program.event();
    assert_eq!(event["text"], "I only wanted to s");
    assert_eq!(event["ending"], "brokeOff");
}

#[test]
fn data_without_an_end_fills_neither_memory_nor_time() {
    const ENDLESS: usize = 8 * 1_024 * 1_024;
    const OPEN: usize = 100;
    const EACH: usize = 64 * 1_024;
    let _storm = storm();
    let ours = Ours::listens();
    let mut begun = Vec::new();
    for n in 0..OPEN {
        let mut stream = ours.connect();
        stream.set_nonblocking(true).unwrap();
        if n % 2 == 0 {
            let _ = stream.write(&message(SocketAddr::from(([127, 0, 0, 1], 9)), "x", ""));
        }
        begun.push((stream, EACH));
    }
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut stream = ours.connect();
            let bytes = vec![0xff; 64 * 1_024];
            for _ in 0..ENDLESS / bytes.len() {
                stream.write_all(&bytes).unwrap();
            }
        });
        // As much on each connection as it takes, all of them at the same time, none of them closed.
        scope.spawn(|| {
            let bytes = vec![b'y'; 4 * 1_024];
            while begun.iter().any(|(_, left)| *left > 0) {
                for (stream, left) in &mut begun {
                    let len = bytes.len().min(*left);
                    *left -= stream.write(&bytes[..len]).unwrap_or(0);
                }
                thread::yield_now();
            }
        });
        for _ in 0..3 {
            ours.shows_a_normal_message();
        }
    });
    ours.shows_a_normal_message();
    ours.is_still_small("data_without_an_end");
}

#[test]
fn who_keeps_the_connection_open_is_shown_line_by_line() {
    let (ours, friend) = (Ours::listens(), Port::free());
    let mut stream = ours.connect();
    for text in ["one", "two", "three"] {
        let mut line = message(friend.here(), "friend", text);
        line.push(b'\n');
        stream.write_all(&line).unwrap();
        let event = ours.program.event_within(SOON, |_| true);
        assert_eq!((&event["text"], &event["ending"]), (&text.into(), &"whole".into()));
    }
    // Without a newline it may go on at any moment: shown when it has not for a while.
    stream.write_all(&message(friend.here(), "friend", "and that is all")).unwrap();
    assert_eq!(ours.program.event()["text"], "and that is all");
}

#[test]
fn a_peer_that_never_answers_does_not_hold_up_the_menu() {
    let Some(deaf) = Deaf::that_never_answers() else {
        return harness::skipped("a_peer_that_never_answers", "a full backlog still answers here");
    };
    let (ana, ear) = (Person::joins("ana"), Ear::opens());
    let begin = Instant::now();
    ana.sends(&deaf.port, "are you there?");
    ana.enters("2");
    let view = ana.until_shows("No connected peers yet");
    assert!(!view.shows("no answer"), "the menu came first:\n{view}");
    ana.until_last_line("Enter choice:");
    ana.sends(ear.port(), "you are");
    assert!(ear.hears().ends_with(" ana you are"));
    ana.until_shows(&format!("Not sent to {}: ", deaf.port.here()));
    assert!(begin.elapsed() < HANGING_MAX, "{:?}", begin.elapsed());
    ana.until_last_line("Enter choice:");
}

#[test]
fn a_peer_that_never_reads_does_not_hold_up_the_menu() {
    let (ana, deaf) = (Person::joins("ana"), Deaf::that_never_reads());
    let begin = Instant::now();
    ana.sends(&deaf.port, "are you there?");
    ana.until_shows("nothing says whether it was read");
    assert!(begin.elapsed() < HANGING_MAX, "{:?}", begin.elapsed());
    ana.until_last_line("Enter choice:");
}

#[test]
fn peers_that_hang_do_not_hold_up_quitting() {
    let Some(deaf) = Deaf::that_never_answers() else {
        return harness::skipped("peers_that_hang", "a full backlog still answers here");
    };
    let (ana, ear) = (Person::joins("ana"), Ear::opens());
    say(ana.port.here(), &message(deaf.port.here(), "deaf", "connect"));
    say(ana.port.here(), &message(ear.address(), "ear", "connect"));
    ana.until("both", |view| view.count(") connected") == 2);
    let begin = Instant::now();
    ana.quits();
    assert!(begin.elapsed() < HANGING_MAX, "{:?}", begin.elapsed());
    assert!(ear.hears().ends_with(" ana exit"));
}

#[test]
fn who_does_not_want_to_wait_for_goodbyes_interrupts_twice() {
    let Some(deaf) = Deaf::that_never_answers() else {
        return harness::skipped("who_does_not_want_to_wait", "a full backlog still answers here");
    };
    let mut ana = Person::joins("ana");
    say(ana.port.here(), &message(deaf.port.here(), "deaf", "connect"));
    ana.until_shows(") connected");
    ana.types(CTRL_C);
    ana.until_shows("Telling 1 peer that we leave...");
    ana.types(CTRL_C);
    assert_eq!(ana.terminal.ends(), 130);
    ana.assert_is_as_it_was_found();
}

#[test]
fn static_peers_that_are_away_cost_a_quiet_line_each() {
    let Some(deaf) = Deaf::that_never_answers() else {
        return harness::skipped("static_peers_that_are_away", "a full backlog still answers here");
    };
    let (nobody, ear) = (Port::free(), Ear::opens());
    let [deaf, away, there] =
        [deaf.port.here(), nobody.here(), ear.address()].map(|address| address.to_string());
    let args = ["--bootstrap", &deaf, "--bootstrap", &away, "--bootstrap", &there];
    let ana = Person::joins_with("ana", &args);
    let view = ana.view();
    assert!(!view.shows("no answer"), "the menu came first:\n{view}");
    ana.until_shows(&format!("Static peer {deaf}: "));
    ana.until_shows(&format!("Static peer {away}: nobody listens"));
    ana.until_shows(&format!("Static peer {there}: connected"));
    let view = ana.until_last_line("Enter choice:");
    assert_eq!(view.count("Static peer"), 3, "{view}");
    assert_eq!(view.count("Enter choice:"), 1, "the question was not asked again:\n{view}");
}

#[test]
fn a_thousand_peers_are_all_told() {
    const PEERS: u16 = 1_000;
    if !cfg!(target_os = "linux") {
        return harness::skipped("a_thousand_peers", "one machine has too few addresses here");
    }
    let _storm = storm();
    // All of them are one listener: every address in 127.0.0.0/8 is this machine.
    let (port, theirs) = (Port::free(), Port::free());
    let everywhere = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), theirs.number());
    let listener: TcpListener = listen(everywhere, 1_024).into();
    let hears = move |word: &str| {
        let mut told = BTreeSet::new();
        while told.len() < usize::from(PEERS) {
            let (mut stream, _) = listener.accept().unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            assert!(text.ends_with(word), "{text}");
            told.insert(stream.local_addr().unwrap().ip());
        }
    };
    let number = port.to_string();
    let mut ours = Piped::chinwag(&[
        "classroom",
        "--team",
        "ana",
        "--port",
        &number,
        "--address",
        "127.0.0.1",
    ]);
    ours.until("Enter choice: ");
    for n in 0..PEERS {
        let [high, low] = n.to_be_bytes();
        let claimed = SocketAddr::from(([127, 1, high, low], theirs.number()));
        say(port.here(), &message(claimed, "many", "connect"));
    }
    ours.until(&format!("many (127.1.3.231:{theirs}) connected"));
    ours.enters("2");
    ours.until("Connected peers: 1000\n");
    thread::scope(|scope| {
        scope.spawn(|| {
            hears(" ana connect");
            hears(" ana exit");
        });
        ours.enters("3");
        ours.until("Connecting to 1000 peers...");
        ours.until("Connected to 1000 of 1000.");
        ours.enters("0");
        let ended = ours.ends_within(PATIENCE);
        assert_eq!(ended.code, 0);
        assert!(ended.output.ends_with("Told 1000 of 1000.\nBye.\n"));
    });
}

#[test]
fn names_without_end_do_not_fill_the_memory() {
    let _storm = storm();
    let ours = Ours::listens();
    let name = "x".repeat(40_000);
    for n in 0..1_500_u32 {
        let address = SocketAddr::new(Ipv4Addr::from(0x7f01_0000 + n).into(), 4_000);
        let object = format!(r#"{{"address":"{address}","team":"{name}","text":"connect"}}"#);
        say(ours.port.here(), object.as_bytes());
    }
    ours.shows_a_normal_message();
    ours.is_still_small("names_without_end");
}
