//! The terminal client on a terminal: real programs, real nodes, and what the screens show.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

mod harness;

use std::time::Duration;

use harness::home::{Home, introduce};
use harness::peer;
use harness::port::Port;
use harness::terminal::{CTRL_C, ENTER, Person, Terminal, View};
use rustix::process::Signal;

const ESC: &str = "\u{1b}";
const UP: &str = "\u{1b}[A";
const CTRL_Q: &str = "\u{11}";
const CTRL_S: &str = "\u{13}";
const CTRL_Z: &str = "\u{1a}";
const ALT_M: &str = "\u{1b}m";
const ALT_1: &str = "\u{1b}1";

/// How long a thousand messages may take, where others use the processor as well.
const LONG: Duration = Duration::from_mins(2);

/// What switches the alternate screen, the cursor and the pasting on, and what switches them off.
const MODES: [(&str, &str); 3] = [
    ("\u{1b}[?1049h", "\u{1b}[?1049l"),
    ("\u{1b}[?2004h", "\u{1b}[?2004l"),
    ("\u{1b}[?25l", "\u{1b}[?25h"),
];

/// Whether everything that was switched on was switched off after it.
#[track_caller]
fn assert_given_back(terminal: &Terminal) {
    let left_on = || {
        let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
        MODES.into_iter().find(|(on, off)| raw.rfind(off) <= raw.rfind(on))
    };
    // What it wrote last may not have been read yet.
    let begun = std::time::Instant::now();
    while let Some((on, _)) = left_on() {
        assert!(begun.elapsed() < harness::PATIENCE, "{on:?} is left on");
        std::thread::sleep(Duration::from_millis(5));
    }
    terminal.assert_is_as_it_was_found();
}

/// Begins with a name, and goes on to the conversations.
#[track_caller]
fn begins(home: &Home, name: &str) -> Terminal {
    let terminal = home.sits_at(&[]);
    terminal.until_shows("What shall others call you?");
    terminal.enters(name);
    terminal.until_shows("Whose relay may be used");
    terminal.types(ENTER);
    let view = terminal.until_shows("Enter when they are written down");
    assert!(view.shows(" 1 ") && view.shows("24 "), "{view}");
    terminal.types(ENTER);
    // What to do first is to be chosen, or not.
    terminal.until_shows("People nearby on this network");
    terminal.types(ESC);
    terminal.until_shows("/nearby");
    terminal
}

/// Leaves, whatever is typed.
#[track_caller]
fn leaves(mut terminal: Terminal) {
    terminal.types(CTRL_Q);
    terminal.types(CTRL_Q);
    assert_eq!(terminal.ends(), 0);
    assert_given_back(&terminal);
}

/// Waits until there is a conversation of this name in the list.
#[track_caller]
fn until_listed(terminal: &Terminal, name: &str) {
    let lead = format!("{name} ");
    let is_it = |line: &String| line.chars().skip(3).collect::<String>().starts_with(&lead);
    terminal.until(&format!("{name} in the list"), |view| view.lines().iter().any(is_it));
}

/// Waits until this is said, over as many rows as it needs.
#[track_caller]
fn until_said(terminal: &Terminal, words: &str) {
    terminal.until(words, |view| {
        let rows: Vec<&str> = view.lines().iter().map(|row| row.trim()).collect();
        rows.join(" ").contains(words)
    });
}

/// The row in which somebody's words are.
#[track_caller]
fn row(view: &View, text: &str) -> String {
    let mut rows = view.lines().iter().filter(|line| line.contains(text));
    rows.next_back().unwrap_or_else(|| panic!("{text} is not shown:\n{view}")).clone()
}

#[test]
fn two_people_go_from_the_first_start_to_a_verified_contact_and_a_conversation() {
    let homes = [Home::empty(), Home::empty()];
    let (ana, bob) = (begins(&homes[0], "Ana"), begins(&homes[1], "Bob"));
    // Whoever sits at the client may use commands beside it.
    let ticket = homes[0].asks::<chinwag_api::model::Ticket>(&["invite"]).ticket;
    bob.enters(&format!("/add {ticket}"));
    until_listed(&bob, "Ana");
    until_listed(&ana, "Bob");
    ana.enters("/chat Bob");
    bob.enters("/chat Ana");
    ana.until_shows("Bob  connected");
    bob.until_shows("Ana  connected");

    ana.enters("/verify");
    let view = ana.until_shows("Are they the same");
    let is_group = |word: &&str| word.len() == 5 && word.bytes().all(|b| b.is_ascii_digit());
    let words = view.lines().iter().flat_map(|line| line.split_whitespace());
    let groups: Vec<&str> = words.filter(is_group).collect();
    assert_eq!(groups.len(), 12, "{view}");
    bob.enters("/verify");
    bob.until("the same digits", |view| groups.iter().all(|group| view.shows(group)));
    ana.types("y");
    bob.types(ESC);
    bob.until("no window", |view| !view.shows("Are they the same"));
    ana.until_shows("verified");

    ana.enters("hello there");
    bob.until_shows("hello there");
    let view = ana.until("that it is read", |view| view.count("✓✓") == 1);
    assert!(row(&view, "hello there").contains("✓✓"));

    // An answer, a reaction and other words.
    bob.types(UP);
    bob.until_shows("r answer");
    bob.types("r");
    bob.enters("good mornign");
    ana.until_shows("↪ Ana: hello there");
    bob.until_shows("│ good mornign");
    bob.types(UP);
    bob.until_shows("r answer");
    bob.types("e");
    bob.until_shows("changing You");
    bob.types("\u{15}");
    bob.enters("good morning");
    ana.until("the other words", |view| view.shows("good morning") && view.shows("(edited)"));
    ana.types(UP);
    ana.until_shows("r answer");
    ana.types("+");
    bob.until_shows("👍 Ana");

    // A search leads to the place.
    ana.types(ESC);
    ana.until("that nothing is selected", |view| !view.shows("r answer"));
    ana.types(CTRL_S);
    ana.until_shows("Search here");
    ana.types("hello");
    ana.until("the hit", |view| view.count("hello there") > 1 || view.shows("You: hello there"));
    ana.types(ENTER);
    ana.until_shows("r answer");
    ana.types("w");
    let view = ana.until_shows("Where this message is");
    assert!(view.shows("Bob"), "{view}");
    ana.types(ESC);
    ana.until("no window", |view| !view.shows("Where this message is"));
    leaves(ana);
    leaves(bob);
}

#[test]
fn nothing_that_is_typed_is_lost_while_the_other_sends_a_thousand_messages() {
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let bobs = bob.daemon();
    let anas = ana.daemon();
    introduce(&ana, &bob);
    let client = ana.sits_at(&[]);
    client.until_shows("F1 help");
    client.enters("/chat Bob");
    client.until_shows("Bob  ");
    let lines = (1..=1_000).map(|n| format!("number {n}")).collect::<Vec<_>>().join("\n") + "\n";
    let sending = std::thread::scope(|scope| {
        let sending = scope.spawn(|| bob.runs_with(&["chat", "Ana"], lines.as_bytes()));
        // A text of our own, a letter at a time, for as long as it takes.
        for letter in "what is typed here is not lost, whatever comes meanwhile".chars() {
            client.types(&letter.to_string());
            std::thread::yield_now();
        }
        sending.join().unwrap()
    });
    assert_eq!(sending.code, 0, "{sending:?}");
    let view =
        client.until_within(LONG, "the last of a thousand", |view| view.shows("number 1000"));
    let typed = "> what is typed here is not lost, whatever comes meanwhile";
    assert_eq!(view.count(typed), 1, "{view}");
    client.types(ENTER);
    let view =
        client.until("that it is said", |view| view.count(typed) == 0 && !view.shows("saving: "));
    assert!(row(&view, "what is typed").contains("You"), "{view}");
    leaves(client);
    drop((bobs, anas));
}

#[test]
fn the_terminal_is_given_back_whoever_ends_it() {
    let home = Home::of("Ana");
    for signal in [Signal::TERM, Signal::INT] {
        let mut client = home.sits_at(&[]);
        client.until_shows("F1 help");
        client.signal(signal);
        let code = client.ends();
        assert_eq!(code, if signal == Signal::INT { 130 } else { 143 });
        assert_given_back(&client);
    }
}

#[test]
fn a_client_whose_terminal_is_gone_ends() {
    use std::io::Read as _;
    let home = Home::of("Ana");
    let (pty, pts) = pty_process::blocking::open().unwrap();
    pty.resize(pty_process::Size::new(24, 80)).unwrap();
    let command = pty_process::blocking::Command::new(harness::PROGRAM);
    let command = command.env_clear().envs(home.environment());
    let mut client = harness::Running::new(command.spawn(pts).unwrap());
    let (mut seen, mut bytes) = (Vec::new(), [0; 4_096]);
    while !String::from_utf8_lossy(&seen).contains("F1 help") {
        let count = (&pty).read(&mut bytes).unwrap();
        seen.extend_from_slice(&bytes[..count]);
    }
    drop(pty);
    assert_eq!(client.ends_within(harness::PATIENCE), Some(143));
}

#[test]
fn a_config_that_is_read_again_counts_at_once_as_far_as_it_can() {
    let home = Home::of("Ana");
    let config = home.path("config.toml");
    std::fs::write(&config, "lan = false\n").unwrap();
    let client = home.sits_at(&["--config", &config]);
    client.until_shows("F1 help");
    std::fs::write(&config, "lan = true\n[ui]\nmouse = true\n").unwrap();
    client.signal(Signal::HUP);
    until_said(&client, "the config was read again; counts when chinwag is started again: lan");
    // It was told before the words were drawn.
    assert!(String::from_utf8_lossy(&client.raw()).contains("\u{1b}[?1000h"));
    // What is wrong changes nothing, and says where it is.
    std::fs::write(&config, "[ui]\nmouse = 7\n").unwrap();
    client.enters("/reload");
    until_said(&client, "line 2, column 9: ui.mouse takes true or false, not 7");
    assert!(!String::from_utf8_lossy(&client.raw()).contains("\u{1b}[?1000l"));
    leaves(client);
}

#[test]
fn lines_read_the_config_again_too() {
    let home = Home::of("Ana");
    let config = home.path("config.toml");
    std::fs::write(&config, "").unwrap();
    let lines = home.runs_with(&["--linear", "--config", &config], b"/reload\n/quit\n");
    assert_eq!(lines.code, 0, "{lines:?}");
    assert!(lines.output.contains("System: the config was read again\n"), "{lines:?}");
}

#[test]
fn a_key_that_nobody_knows_is_told_where_the_client_begins() {
    let home = Home::of("Ana");
    let config = home.path("config.toml");
    std::fs::write(&config, "[ui]\nthem = \"light\"\n").unwrap();
    let client = home.sits_at(&["--config", &config]);
    until_said(&client, "unknown key \"ui.them\" in the config file; did you mean \"ui.theme\"?");
    leaves(client);
}

#[test]
fn a_theme_of_ones_own_is_a_file_beside_the_config() {
    let home = Home::of("Ana");
    let config = home.path("config.toml");
    std::fs::create_dir(home.path("themes")).unwrap();
    let theme = "base = \"dark\"\n[status]\nbg = \"#123456\"\nfg = \"#ffffff\"\n";
    std::fs::write(home.path("themes/mine.toml"), theme).unwrap();
    std::fs::write(&config, "[ui]\ntheme = \"mine\"\n").unwrap();
    let client = home.sits_at(&["--config", &config]);
    client.until_shows("F1 help");
    assert!(String::from_utf8_lossy(&client.raw()).contains("48;2;18;52;86"));
    client.enters("/theme");
    client.until("the themes", |view| view.shows("high-contrast") && view.shows("used now"));
    client.types(ESC);
    client.enters("/theme light");
    client.until_shows("theme light");
    leaves(client);
    // One that is wrong is named with its place, and is no theme.
    std::fs::write(home.path("themes/mine.toml"), "[status]\nbg = 7\n").unwrap();
    let check = home.runs(&["config", "check", "--config", &config]);
    assert_eq!(check.code, 2);
    assert!(check.error.contains("themes/mine.toml: line 2, column 6: "), "{check:?}");
    assert!(check.error.contains("ui.theme takes one of terminal, light, dark"), "{check:?}");
}

#[test]
fn whoever_suspends_it_finds_everything_as_it_was() {
    let home = Home::of("Ana");
    let client = home.sits_at(&[]);
    client.until_shows("F1 help");
    client.types("half a thought");
    client.until_shows("> half a thought");
    client.types(CTRL_Z);
    client.until("the shell's screen", |view| !view.shows("half a thought"));
    assert_given_back(&client);
    // It may stop only after the first of them.
    let is_back = || client.view().shows("> half a thought");
    for _ in 0..300 {
        client.signal(Signal::CONT);
        if is_back() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    client.until_shows("> half a thought");
    client.types(CTRL_C);
    client.until("an empty line", |view| !view.shows("half a thought"));
    leaves(client);
}

#[test]
fn the_mouse_is_taken_when_it_is_asked_for_and_given_back() {
    let home = Home::of("Ana");
    let client = home.sits_at(&[]);
    client.until_shows("F1 help");
    client.enters("a note");
    client.until("that it is saved", |view| view.shows("You │ a note") && !view.shows("saving"));
    let raw = |client: &Terminal| String::from_utf8_lossy(&client.raw()).into_owned();
    assert!(!raw(&client).contains("\u{1b}[?1000h"));
    client.types(ALT_M);
    let view = client.until_shows("the mouse chooses and scrolls");
    let row = view.lines().iter().position(|line| line.contains("You │ a note")).unwrap() + 1;
    client.types(&format!("\u{1b}[<0;40;{row}M\u{1b}[<0;40;{row}m"));
    client.until_shows("r answer");
    leaves(client);
    let client = home.sits_at(&[]);
    client.until_shows("You │ a note");
    client.types(ALT_M);
    client.until_shows("the mouse chooses and scrolls");
    client.types(CTRL_Z);
    client.until("the shell's screen", |view| !view.shows("a note"));
    let given_back = raw(&client);
    assert!(given_back.rfind("\u{1b}[?1000l") > given_back.rfind("\u{1b}[?1000h"));
    for _ in 0..300 {
        client.signal(Signal::CONT);
        if client.view().shows("You │ a note") {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    client.until_shows("You │ a note");
    let taken_again = raw(&client);
    assert!(taken_again.rfind("\u{1b}[?1000l") < taken_again.rfind("\u{1b}[?1000h"));
    leaves(client);
}

#[test]
fn a_storm_of_sizes_breaks_nothing() {
    let home = Home::of("Ana");
    let client = home.sits_at(&[]);
    client.until_shows("F1 help");
    client.types("still here");
    for (rows, columns) in [(1, 1), (12, 40), (60, 200), (2, 3), (24, 10), (3, 100), (24, 80)] {
        client.resize(rows, columns);
    }
    client.until_shows("> still here");

    // A key that comes at the same time hides no change of size, and no change of size a key.
    for (key, shown) in [("!", "> still here!"), ("\u{7f}", "> still here")].repeat(100) {
        client.resize(24, 79);
        client.types(key);
        client.resize(24, 80);
        client.until(&format!("{shown:?} and everything around it"), |view| {
            view.shows("F1 help") && view.lines().iter().any(|line| line.ends_with(shown))
        });
    }
    leaves(client);
}

#[test]
fn the_client_goes_on_when_the_daemon_is_started_again() {
    let home = Home::of("Ana");
    let daemon = home.daemon();
    let client = home.sits_at(&[]);
    client.until_shows("F1 help");
    client.enters("before");
    client.until("that it is saved", |view| view.shows("You │ before") && !view.shows("saving"));
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ends().code, 143);
    let again = home.daemon();
    client.enters("after");
    client.until("that it is saved", |view| view.shows("You │ after") && !view.shows("saving"));
    client.types(ALT_1);
    leaves(client);
    drop(again);
}

#[test]
fn a_program_of_the_classroom_is_a_conversation_that_says_that_it_is_not_private() {
    let home = Home::of("Ana");
    let (port, config) = (Port::free(), home.path("class.toml"));
    let section = "[classroom]\nenabled = true\nteam = \"blue\"\naddress = \"127.0.0.1\"\n";
    std::fs::write(&config, format!("{section}port = {port}\n")).unwrap();
    let client = home.sits_at(&["--config", &config]);
    client.until_shows("F1 help");
    // A command beside it is not in the classroom a second time, and does not get in the way.
    assert!(home.does(&["status", "--config", &config]).contains("Node"));

    let red = Person::joins("red");
    red.sends(&port, "anybody here?");
    red.until_shows("it arrived");
    client.until_shows("─ not private ─");
    client.enters(&format!("/chat {}", red.port.here()));
    let view = client.until_shows("│ anybody here?");
    assert!(view.shows("not private: anybody can read"), "{view}");
    client.until_shows("not private>");
    client.enters("yes, at the screen");
    red.until_shows(&format!("blue ({}): yes, at the screen", port.here()));
    let view = client.until("that it arrived", |view| view.shows("✓         You │ yes"));
    assert!(!view.shows("sending: "), "{view}");

    // What would steer the terminal is shown, also in the name of a team.
    let liar = "192.0.2.9:1 \u{1b}[2Jboss \u{1b}]0;owned\u{7}come\nhere";
    peer::say(port.here(), liar.as_bytes());
    client.until_shows("! ␛_2Jboss? 1");
    client.enters("/classroom");
    client.until_shows("127.0.0.1 as 192.0.2.9:1 ␛_2Jboss");
    client.types(ESC);
    client.until("no window", |view| !view.shows("as 192.0.2.9:1"));

    // Whoever leaves is told, and so is everybody when we do.
    red.enters("2");
    red.until_shows(&format!("{}  blue", port.here()));
    leaves(client);
    red.until_shows(&format!("blue ({}) left", port.here()));
    red.quits();
}

#[test]
fn nothing_that_is_typed_is_lost_while_the_classroom_is_flooded() {
    let home = Home::of("Ana");
    let (port, config) = (Port::free(), home.path("class.toml"));
    let section = "[classroom]\nenabled = true\nteam = \"blue\"\naddress = \"127.0.0.1\"\n";
    std::fs::write(&config, format!("{section}port = {port}\n")).unwrap();
    let client = home.sits_at(&["--config", &config]);
    client.until_shows("F1 help");
    let red = peer::Ear::opens();
    peer::say(port.here(), &peer::message(red.address(), "red", "here I am"));
    client.until_shows("─ not private ─");
    client.enters(&format!("/chat {}", red.address()));
    client.until_shows("│ here I am");
    let flood = |n: usize| format!("{} red number {n}\n", red.address());
    let all: String = (1..=5_000).map(flood).collect();
    std::thread::scope(|scope| {
        scope.spawn(|| peer::say(port.here(), all.as_bytes()));
        for letter in "typed meanwhile".chars() {
            client.types(&letter.to_string());
            std::thread::yield_now();
        }
    });
    let view = client.until_within(LONG, "the last of all", |view| view.shows("number 5000"));
    assert!(view.shows("not private> typed meanwhile"), "{view}");
    client.types(ENTER);
    assert_eq!(red.hears(), format!("{} blue typed meanwhile", port.here()));
    client.until("that it arrived", |view| view.shows("✓         You │ typed meanwhile"));
    leaves(client);
}

/// Begins as lines with a name, and goes on to the conversations.
#[track_caller]
fn begins_in_lines(home: &Home, name: &str) -> Terminal {
    let terminal = home.sits_at(&["--linear"]);
    terminal.until_shows("System: What shall others call you?");
    terminal.enters(name);
    terminal.until_shows("System: lan, https://HOST or public?");
    terminal.types(ENTER);
    let view = terminal.until_shows("System: Enter when they are written down.");
    assert!(view.shows("24 "), "{view}");
    terminal.types(ENTER);
    terminal.until_shows("System: /help lists the commands.");
    terminal
}

/// Whether nothing was written that a terminal obeys, but for ends of lines and the bell.
#[track_caller]
fn assert_plain(terminal: &Terminal) {
    let raw = String::from_utf8(terminal.raw()).unwrap();
    let obeyed = |c: &char| c.is_control() && !matches!(c, '\n' | '\r' | '\u{7}');
    assert_eq!(raw.chars().filter(obeyed).collect::<String>(), "", "{raw:?}");
    let drawn =
        |c: &char| ('\u{2500}'..='\u{259f}').contains(c) || ('\u{2800}'..='\u{28ff}').contains(c);
    assert_eq!(raw.chars().filter(drawn).collect::<String>(), "", "{raw:?}");
}

#[test]
fn two_people_meet_and_talk_in_plain_lines() {
    let homes = [Home::empty(), Home::empty()];
    let (mut ana, mut bob) = (begins_in_lines(&homes[0], "Ana"), begins_in_lines(&homes[1], "Bob"));
    let ticket = homes[0].asks::<chinwag_api::model::Ticket>(&["invite"]).ticket;
    ana.enters("/invite");
    ana.until_shows("System: A ticket");
    bob.enters(&format!("/add {ticket}"));
    bob.until_shows("System: Ana is a contact now");
    ana.until_shows("System: Bob is a contact now");
    bob.enters("/chat Ana");
    bob.until_shows("System: You are in the conversation with Ana.");
    ana.enters("/chat Bob");
    ana.until_shows("System: You are in the conversation with Bob.");

    ana.enters("hello there");
    bob.until_shows("1 Ana: hello there");
    ana.until_shows("1 You: hello there");
    ana.until_shows("System: Message 1 is read.");
    bob.enters("/reply 1 good morning");
    ana.until_shows("2 Bob, in answer to 1: good morning");
    // It has a number for him when he sees it himself.
    bob.until_shows("2 You, in answer to 1: good morning");
    bob.enters("/edit 2 good evening");
    ana.until_shows("2 Bob, with other words: good evening");
    ana.enters("/react 2");
    bob.until_shows("System: Reactions to message 2: 👍 Ana");
    ana.enters("/why 1");
    ana.until_shows("System: Where this message is");
    ana.enters("/nonsense");
    ana.until_shows("Error: there is no command /nonsense");
    ana.enters("/help");
    ana.until_shows("/reply NUMBER TEXT: ");
    for person in [&mut ana, &mut bob] {
        person.enters("/quit");
        assert_eq!(person.ends(), 0);
        assert_plain(person);
        person.assert_is_as_it_was_found();
    }
}

#[test]
fn lines_work_on_pipes_where_each_waits_for_what_was_asked_before_it() {
    let home = Home::of("Ana");
    let ended = home.runs_with(&["--linear"], b"/status\nnote to myself\n/why\n//slash\n");
    assert_eq!(ended.code, 0, "{ended:?}");
    let at = |words: &str| ended.output.find(words).unwrap_or_else(|| panic!("{words}: {ended:?}"));
    assert!(at("System: Status") < at("You: note to myself"), "{ended:?}");
    assert!(at("You: note to myself") < at("System: Where this message is"), "{ended:?}");
    at("You: /slash");
    assert!(home.does(&["history", "me"]).contains("note to myself"));
    let nobody = Home::empty().runs_with(&["--linear"], b"hello\n");
    assert_eq!(nobody.code, 5, "{nobody:?}");
    let both = home.runs(&["id", "--linear"]);
    assert_eq!(both.code, 2, "{both:?}");
}

#[test]
fn an_editor_has_the_keys_for_itself_and_what_is_written_is_asked_about() {
    let home = Home::of("Ana");
    let editor = home.path("editor.sh");
    // It reads what is typed, as an editor does.
    std::fs::write(&editor, "echo ready; read line; echo \"$line\" >> \"$1\"\n").unwrap();
    let mut client = home.sits_at_with(&["--linear"], "EDITOR", &format!("sh {editor}"));
    client.until_shows("System: You are in your notes");
    client.enters("/editor");
    client.until_shows("ready");
    client.enters("written with care");
    client.until_shows("System: You have written: ");
    client.until_shows("System: Send it? yes or no");
    client.enters("yes");
    client.until_shows("1 You: ");
    client.enters("/quit");
    assert_eq!(client.ends(), 0);
    assert!(home.does(&["history", "me"]).contains("written with care"));
}

#[test]
fn a_terminal_that_is_dumb_and_a_config_that_says_so_get_lines() {
    let home = Home::of("Ana");
    let config = home.path("lines.toml");
    std::fs::write(&config, "[ui]\nmode = \"linear\"\n").unwrap();
    let mut by_config = home.sits_at(&["--config", &config]);
    by_config.until_shows("System: You are in your notes");
    by_config.types("\u{4}");
    assert_eq!(by_config.ends(), 0, "the end of input leaves");
    for (name, value) in [("TERM", "dumb"), ("CHINWAG_ACCESSIBLE", "1")] {
        let mut by_environment = home.sits_at_with(&[], name, value);
        by_environment.until_shows("System: You are in your notes");
        by_environment.enters("/quit");
        assert_eq!(by_environment.ends(), 0);
        assert_plain(&by_environment);
    }
}

#[test]
fn what_is_typed_and_not_sent_is_there_again_after_leaving_and_after_a_kill() {
    let home = Home::of("Ana");
    let client = home.sits_at(&[]);
    client.until_shows("F1 help");
    client.types("half a thought");
    client.until_shows("> half a thought");
    leaves(client);
    let daemon = home.daemon();
    let client = home.sits_at(&[]);
    client.until_shows("> half a thought");
    client.types(" and more");
    client.until_shows("> half a thought and more");
    let is_kept = || {
        let request = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"draft.list\"}\n";
        let kept = home.runs_with(&["rpc"], request.as_bytes());
        assert_eq!(kept.code, 0, "{kept:?}");
        kept.output.contains("half a thought and more")
    };
    let begun = std::time::Instant::now();
    while !is_kept() {
        assert!(begun.elapsed() < harness::PATIENCE, "it is not kept");
    }
    // It is killed.
    drop(client);
    let again = home.sits_at(&[]);
    again.until_shows("> half a thought and more");
    leaves(again);
    drop(daemon);
}

#[test]
fn of_what_is_muted_a_program_hears_only_what_names_one_and_it_stays_so() {
    let (ana, bob) = (Home::of("Ana"), Home::of("Bob"));
    let told = ana.path("told");
    let config = format!(
        "[ui.notifications]\ncommand = [\"/bin/sh\", \"-c\", \"cat >> '{told}'\"]\nsender = true\n"
    );
    std::fs::write(ana.path("a.toml"), config).unwrap();
    let (daemon, _bobs) = (ana.daemon(), bob.daemon());
    introduce(&ana, &bob);
    let client = ana.sits_at(&["--config", &ana.path("a.toml")]);
    until_listed(&client, "Bob");
    client.enters("/chat Ana");
    client.until_shows("notes to yourself");
    client.enters("/mute Bob --level mentions");
    until_said(&client, "of Bob only what names you is told");
    bob.does(&["send", "Ana", "just so", "--wait", "delivered"]);
    client.until_shows("∅@ 1 │");
    bob.does(&["send", "Ana", "for you, @ANA: come", "--wait", "delivered"]);
    client.until_shows("∅@ 2 @1 │");
    let lines = || std::fs::read_to_string(&told).unwrap_or_default();
    harness::home::until_so("it is told", || lines().ends_with('\n'));
    assert_eq!(lines().lines().count(), 1, "{}", lines());
    assert!(lines().contains("\"kind\":\"mention\"") && lines().contains("\"Bob\""), "{}", lines());
    client.enters("/mentions");
    client.until_shows("Bob: for you, @ANA: come");
    client.types(ESC);
    client.until("no window", |view| !view.shows("You are named here"));
    leaves(client);

    // The node keeps it, for every client of it.
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ends().code, 143);
    let _daemon = ana.daemon();
    let client = ana.sits_at(&["--config", &ana.path("a.toml")]);
    until_listed(&client, "Bob");
    client.until_shows("∅@");
    client.enters("/chat Ana");
    let said = ana.does(&["unmute", "Bob"]);
    assert_eq!(said.trim_end(), "Everything of Bob is told.");
    client.until("the sign is gone", |view| !view.shows("∅"));
    let found: chinwag_api::method::Page = ana.asks(&["search", "--mentions"]);
    let found: Vec<_> = found.messages.into_iter().map(|message| message.text.unwrap()).collect();
    assert_eq!(found, ["for you, @ANA: come"]);
    leaves(client);
}
