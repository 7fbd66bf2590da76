//! People at terminals who talk to each other: real programs, real sockets, and what each screen
//! shows while somebody is typing.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;

use harness::peer::{Ear, message, say, say_or_give_up};
use harness::terminal::{CTRL_C, CTRL_D, ENTER, Person, Terminal, View};
use rustix::process::Signal;

/// Lines that contain each of these, in this order, and each of them once.
#[track_caller]
fn assert_each_once_in_order<'a>(view: &View, texts: impl IntoIterator<Item = &'a str>) {
    let mut from = 0;
    for text in texts {
        assert_eq!(view.count(text), 1, "{text:?}:\n{view}");
        let at = view.lines()[from..].iter().position(|line| line.contains(text));
        from += at.unwrap_or_else(|| panic!("{text:?} comes too early:\n{view}"));
    }
}

#[test]
fn what_is_half_typed_stays_below_what_arrives_and_is_sent_whole() {
    let (ana, bob) = (Person::joins("ana"), Person::joins("bob"));
    ana.begins_message_to(&bob.port);
    ana.types("half a tho");
    ana.until_last_line("Enter your message: half a tho");

    for text in ["are you there?", "ana?", "hello?"] {
        bob.sends(&ana.port, text);
        let view = ana.until_shows_above(text, "Enter your message: half a tho");
        assert!(view.line_above().ends_with(&format!("{}: {text}", bob.as_seen())), "{view}");
    }

    ana.enters("ught");
    bob.until_shows(&format!("{}: half a thought", ana.as_seen()));
    let view = ana.until_last_line("Enter choice:");
    assert_each_once_in_order(&view, ["are you there?", "ana?", "hello?", "half a thought"]);
}

#[test]
fn what_is_half_typed_at_the_menu_stays_too() {
    let (ana, bob) = (Person::joins("ana"), Person::joins("bob"));
    ana.types("2");
    ana.until_last_line("Enter choice: 2");
    bob.sends(&ana.port, "hello");
    ana.until_shows_above("hello", "Enter choice: 2");
    ana.types(ENTER);
    ana.until_shows("Connected peers: 1");
}

#[test]
fn typing_in_the_middle_of_a_line_goes_on_where_it_was() {
    const LEFT: &str = "\u{1b}[D";
    let (ana, ear) = (Person::joins("ana"), Ear::opens());
    ana.begins_message_to(ear.port());
    ana.types("one three");
    ana.types(&LEFT.repeat("three".len()));
    ana.until_last_line("Enter your message: one three");
    say(ana.port.here(), &message(ear.address(), "ear", "hello"));
    ana.until_shows_above("hello", "Enter your message: one three");
    ana.enters("two ");
    assert!(ear.hears().ends_with(" ana one two three"));
}

#[test]
fn a_line_longer_than_the_terminal_is_wide_stays_whole_too() {
    let (ana, ear) = (Person::joins("ana"), Ear::opens());
    ana.begins_message_to(ear.port());
    let text = (0..40).map(|n| format!("word{n:02}")).collect::<Vec<_>>().join("-");
    ana.types(&text);
    for (n, words) in ["hello", "two\nlines", &"long ".repeat(60)].into_iter().enumerate() {
        say(ana.port.here(), &message(ear.address(), "ear", &format!("{n}: {words}")));
        let typed = format!("Enter your message: {text}");
        ana.until("the message above the whole line", |view| {
            let lines = view.lines();
            let begin = lines.iter().rposition(|line| line.starts_with("Enter your message:"));
            view.shows(&format!("): {n}: "))
                && begin.is_some_and(|at| lines[at..].concat() == typed)
        });
    }
    ana.types(ENTER);
    assert_eq!(ear.hears(), format!("{} ana {text}", ana.port.here()));
}

#[test]
fn five_people_talk_at_once_while_one_of_them_types() {
    const ROUNDS: usize = 3;
    let ana = Person::joins("ana");
    let others = ["bob", "cem", "dan", "eva"].map(Person::joins);
    ana.begins_message_to(&others[0].port);

    let mut typed = String::new();
    std::thread::scope(|scope| {
        for (n, other) in others.iter().enumerate() {
            let (ana, others) = (&ana, &others);
            scope.spawn(move || {
                let neighbour = &others[(n + 1) % others.len()];
                for round in 0..ROUNDS {
                    other.sends(&ana.port, &format!("{} to ana {round}", other.name));
                    other.sends(&neighbour.port, &format!("{} next door {round}", other.name));
                }
            });
        }
        for c in "somebody has to say it: good morning".chars() {
            ana.types(&c.to_string());
            typed.push(c);
            ana.until_last_line(&format!("Enter your message: {typed}"));
        }
    });

    for (n, other) in others.iter().enumerate() {
        let neighbour = &others[(n + 1) % others.len()];
        for round in 0..ROUNDS {
            let text = format!("{}: {} to ana {round}", other.as_seen(), other.name);
            assert_eq!(ana.until_shows(&text).count(&text), 1);
            let text = format!("{}: {} next door {round}", other.as_seen(), other.name);
            assert_eq!(neighbour.until_shows(&text).count(&text), 1);
        }
    }
    ana.until_last_line(&format!("Enter your message: {typed}"));
    ana.types(ENTER);
    others[0].until_shows(&format!("{}: {typed}", ana.as_seen()));
}

#[test]
fn two_hundred_messages_while_somebody_types_are_shown_once_each_and_in_order() {
    const A_CHARACTER: usize = 5;
    let text = "typing this takes two hundred messages!!";
    let (ana, ear) = (Person::joins("ana"), Ear::opens());
    ana.begins_message_to(ear.port());

    let mut texts = Vec::new();
    for c in text.chars() {
        for _ in 0..A_CHARACTER {
            let n = texts.len();
            texts.push(format!("ear ({}): message {n:03}", ear.address()));
            say(ana.port.here(), &message(ear.address(), "ear", &format!("message {n:03}")));
        }
        ana.types(&c.to_string());
    }

    assert_eq!(texts.len(), 200);
    ana.until_shows(&texts[199]);
    let view = ana.until_last_line(&format!("Enter your message: {text}"));
    assert_each_once_in_order(&view, texts.iter().map(String::as_str));
    ana.types(ENTER);
    assert_eq!(ear.hears(), format!("{} ana {text}", ana.port.here()));
}

/// Two hundred messages, while lines are finished as fast as they can be; what is shown then.
fn lines_are_finished_while_messages_arrive(texts: &[String]) -> View {
    let (ana, ear) = (Person::joins("ana"), Ear::opens());
    for text in texts {
        say(ana.port.here(), &message(ear.address(), "ear", text));
        ana.enters("x");
    }
    let last = texts.last().unwrap();
    ana.until("all", |view| view.count("type 1, 2, 3 or 0") == texts.len() && view.shows(last));
    ana.until_last_line("Enter choice:")
}

#[test]
fn no_message_is_lost_between_two_questions() {
    let texts: Vec<_> = (0..200).map(|n| format!("text {n:03}")).collect();
    let view = lines_are_finished_while_messages_arrive(&texts);
    for text in &texts {
        assert_eq!(view.count(text), 1, "{text}:\n{view}");
    }
}

#[test]
fn messages_between_two_questions_have_lines_of_their_own_and_stay_in_order() {
    let texts: Vec<_> = (0..200).map(|n| format!("text {n:03}")).collect();
    let view = lines_are_finished_while_messages_arrive(&texts);
    for line in view.lines().iter().filter(|line| line.contains(": text ")) {
        assert!(line.starts_with('['), "{line:?}:\n{view}");
    }
    assert_each_once_in_order(&view, texts.iter().map(String::as_str));
}

#[test]
fn answers_typed_ahead_are_taken_one_after_the_other() {
    let (ana, ear) = (Person::joins("ana"), Ear::opens());
    ana.types(&format!("1\r127.0.0.1\r{}\rtyped ahead\r2\r", ear.port()));
    assert_eq!(ear.hears(), format!("{} ana typed ahead", ana.port.here()));
    ana.until_shows("No connected peers yet");
    ana.until_last_line("Enter choice:");
}

#[test]
fn who_was_heard_is_listed_and_connecting_lists_both_ways() {
    let (ana, bob) = (Person::joins("ana"), Person::joins("bob"));
    bob.sends(&ana.port, "hello");
    ana.until_shows("hello");
    ana.enters("2");
    let view = ana.until_shows("Connected peers: 1");
    assert!(view.shows(&format!("1. {}  bob", bob.port.here())), "{view}");

    bob.enters("2");
    bob.until_shows("No connected peers yet");
    ana.enters("3");
    ana.until_shows("Connected to 1 of 1.");
    bob.until_shows(&format!("{} connected", ana.as_seen()));
    bob.enters("2");
    let view = bob.until_shows("Connected peers: 1");
    assert!(view.shows(&format!("1. {}  ana", ana.port.here())), "{view}");
}

#[test]
fn who_quits_is_taken_off_the_lists_of_the_others() {
    let (ana, bob, cem) = (Person::joins("ana"), Person::joins("bob"), Person::joins("cem"));
    for other in [&bob, &cem] {
        other.sends(&ana.port, "hello");
    }
    ana.until("both", |view| {
        view.shows("bob (") && view.shows("cem (") && view.count("hello") == 2
    });
    ana.enters("3");
    ana.until_shows("Connected to 2 of 2.");
    let left = format!("{} left", ana.as_seen());
    ana.quits();
    for other in [&bob, &cem] {
        other.until_shows(&left);
        other.enters("2");
        other.until_shows("No connected peers yet");
    }
}

#[test]
fn ctrl_c_and_ctrl_d_quit_as_option_0_does() {
    for key in [CTRL_C, CTRL_D] {
        let (mut ana, bob) = (Person::joins("ana"), Person::joins("bob"));
        bob.sends(&ana.port, "hello");
        ana.until_shows("hello");
        ana.types(key);
        ana.until_shows("Told 1 of 1.");
        assert_eq!(ana.terminal.ends(), 0);
        ana.assert_is_as_it_was_found();
        bob.until_shows(&format!("{} left", ana.as_seen()));
    }
}

#[test]
fn ctrl_c_and_ctrl_d_quit_before_the_menu_as_well() {
    for key in [CTRL_C, CTRL_D] {
        let mut terminal = Terminal::classroom(&[]);
        terminal.until_last_line("Enter your team name:");
        terminal.types(key);
        assert_eq!(terminal.ends(), 0);
        terminal.assert_is_as_it_was_found();
    }
}

#[test]
fn a_terminated_program_says_goodbye_and_gives_the_terminal_back() {
    let (mut ana, bob) = (Person::joins("ana"), Person::joins("bob"));
    bob.sends(&ana.port, "hello");
    ana.until_shows("hello");
    ana.begins_message_to(&bob.port);
    ana.types("this will never be");
    ana.until_last_line("Enter your message: this will never be");
    assert!(ana.is_raw(), "the line editor has the terminal");

    ana.signal(Signal::TERM);
    assert_eq!(ana.terminal.ends(), 143);
    ana.assert_is_as_it_was_found();
    let view = bob.until_shows(&format!("{} left", ana.as_seen()));
    assert!(!view.shows("this will never be"), "{view}");
}

#[test]
fn a_lost_terminal_ends_the_program_like_a_signal() {
    let (mut ana, bob) = (Person::joins("ana"), Person::joins("bob"));
    bob.sends(&ana.port, "hello");
    ana.until_shows("hello");
    ana.signal(Signal::HUP);
    assert_eq!(ana.terminal.ends(), 143);
    bob.until_shows(&format!("{} left", ana.as_seen()));
}

#[test]
fn a_terminal_that_hangs_does_not_keep_the_program_from_ending() {
    let (mut ana, ear) = (Person::joins("ana"), Ear::opens());
    ana.hangs();
    let bytes = message(ear.address(), "ear", &"x".repeat(900));
    while say_or_give_up(ana.port.here(), &bytes).is_ok() {}
    ana.signal(Signal::TERM);
    assert_eq!(ana.terminal.ends(), 143);
}

#[test]
fn pasted_lines_are_one_message() {
    let (ana, ear) = (Person::joins("ana"), Ear::opens());
    ana.begins_message_to(ear.port());
    ana.types("\u{1b}[200~first line\rsecond line\r\r  fourth line\u{1b}[201~");
    ana.until_shows("fourth line");
    say(ana.port.here(), &message(ear.address(), "ear", "in between"));
    ana.until_shows("in between");
    ana.enters(", and typed");
    let expected = "first line\nsecond line\n\n  fourth line, and typed";
    assert_eq!(ear.hears(), format!("{} ana {expected}", ana.port.here()));
}

#[test]
fn a_resize_while_typing_loses_nothing() {
    let (ana, ear) = (Person::joins("ana"), Ear::opens());
    ana.begins_message_to(ear.port());
    let mut text = String::from("this line is longer than the smallest of the screens");
    ana.types(&text);
    for (rows, columns) in [(10, 30), (3, 12), (50, 200), (24, 80)] {
        ana.resize(rows, columns);
        let word = format!(" {columns}");
        ana.types(&word);
        text.push_str(&word);
        say(ana.port.here(), &message(ear.address(), "ear", &format!("at {columns}")));
    }
    ana.until_shows("at 80");
    ana.types(ENTER);
    assert_eq!(ear.hears(), format!("{} ana {text}", ana.port.here()));
}

#[test]
fn scripts_emoji_and_long_lines_are_typed_and_shown_whole() {
    let (ana, bob) = (Person::joins("ana"), Person::joins("bob"));
    for text in ["नमस्ते दुनिया", "שלום עולם", "日本語のテキスト", "👩‍👩‍👧‍👦 é ñ", "x"]
    {
        ana.sends(&bob.port, text);
        bob.until_shows(&format!("{}: {text}", ana.as_seen()));
    }
}

#[test]
fn a_peer_cannot_steer_the_terminal() {
    let (ana, ear) = (Person::joins("ana"), Ear::opens());
    let attack = "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\rEnter choice: 0";
    say(ana.port.here(), &message(ear.address(), "r\u{1b}[5m", attack));
    let view = ana.until_shows_above("r␛_5m", "Enter choice:");
    assert!(view.shows("␛[2J␛]0;title␇"), "{view}");
    let raw = String::from_utf8_lossy(&ana.raw()).into_owned();
    for sequence in ["\u{1b}[2J", "\u{1b}]0;", "\u{7}", "\u{9b}", "\u{1b}[5m"] {
        assert!(!raw.contains(sequence), "{sequence:?} reached the terminal");
    }
}
