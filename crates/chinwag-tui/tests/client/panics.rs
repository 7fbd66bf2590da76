//! A program that panics leaves the terminal as it found it, and its last words can be read.

use std::io::Read as _;
use std::path::PathBuf;

use pty_process::Size;
use pty_process::blocking::Command;
use rustix::termios::tcgetattr;

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// The example, which `cargo test` builds beside the tests.
fn example() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap();
    folder.join("examples").join("panics")
}

#[test]
fn a_panic_gives_the_terminal_back_once_and_is_said_after_that() {
    let (mut pty, pts) = pty_process::blocking::open().unwrap();
    pty.resize(Size::new(ROWS, COLUMNS)).unwrap();
    let found = tcgetattr(&pty).unwrap();
    let mut child = Command::new(example()).env("TERM", "xterm-256color").spawn(pts).unwrap();
    let mut raw = Vec::new();
    // It ends with an error when the other side is closed.
    let _ = pty.read_to_end(&mut raw);
    assert_eq!(child.wait().unwrap().code(), Some(101), "a panic, and no second one in it");

    let left = tcgetattr(&pty).unwrap();
    assert_eq!(
        (left.local_modes, left.input_modes, left.output_modes),
        (found.local_modes, found.input_modes, found.output_modes)
    );
    let text = String::from_utf8(raw).unwrap();
    for (on, off) in [("\u{1b}[?1049h", "\u{1b}[?1049l"), ("\u{1b}[?2004h", "\u{1b}[?2004l")] {
        let (ons, offs) = (text.matches(on).count(), text.matches(off).count());
        assert_eq!((ons, offs), (1, 1), "{on:?}");
    }
    let (seen, after) = text.split_once("\u{1b}[?1049l").unwrap();
    assert!(seen.contains("still"), "a panic elsewhere takes nothing away");
    assert!(!seen.contains("on purpose"), "nothing is said over what is drawn");
    assert!(after.contains("here, on purpose") && after.contains("elsewhere, on purpose"));
}
