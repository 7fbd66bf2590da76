//! The program on a terminal, as a person has it: a pseudo-terminal, and what its screen shows.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use pty_process::Size;
use pty_process::blocking::{Command, Pty};
use rustix::process::Signal;
use rustix::termios::{Termios, tcgetattr};
use tempfile::TempDir;

use super::port::Port;
use super::{PATIENCE, PROGRAM, Running, Seen, environment};

/// Lines that scrolled off the top and are kept.
const SCROLLBACK: usize = 20_000;

pub(crate) const ENTER: &str = "\r";
pub(crate) const CTRL_C: &str = "\u{3}";
pub(crate) const CTRL_D: &str = "\u{4}";

/// What the terminal shows.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// What scrolled off the top, and then the screen.
    lines: Vec<String>,
    /// The line with the cursor.
    cursor: usize,
}

impl View {
    fn of(parser: &mut vt100::Parser) -> Self {
        let screen = parser.screen_mut();
        let columns = screen.size().1.get();
        let above = screen.scrollback_len();
        let mut lines = Vec::with_capacity(above + 24);
        for offset in (1..=above).rev() {
            screen.set_scrollback(offset);
            lines.extend(screen.rows(0, columns).next());
        }
        screen.set_scrollback(0);
        lines.extend(screen.rows(0, columns));
        let cursor = above + usize::from(screen.cursor_position().0);
        let lines = lines.into_iter().map(|line| line.trim_end().to_owned()).collect();
        Self { lines, cursor }
    }

    /// Everything shown so far, line by line.
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Whether a line contains this.
    pub(crate) fn shows(&self, text: &str) -> bool {
        self.count(text) > 0
    }

    /// How many lines contain this.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.lines.iter().filter(|line| line.contains(text)).count()
    }

    /// The last line: the one with the cursor, if nothing stands below it. The program may be
    /// drawing it anew, so wait for it where something else may be drawn at the same time.
    pub(crate) fn last_line(&self) -> Option<&str> {
        let mut below = self.lines[self.cursor + 1..].iter();
        below.all(String::is_empty).then_some(self.lines[self.cursor].as_str())
    }

    /// The line just above the last.
    pub(crate) fn line_above(&self) -> &str {
        self.cursor.checked_sub(1).map_or("", |at| &self.lines[at])
    }
}

impl std::fmt::Display for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (n, line) in self.lines.iter().enumerate() {
            let mark = if n == self.cursor { '>' } else { '|' };
            writeln!(f, "{mark} {line}")?;
        }
        Ok(())
    }
}

/// What came out of the program so far.
struct Tape {
    parser: vt100::Parser,
    raw: Vec<u8>,
}

/// The program on a terminal.
pub(crate) struct Terminal {
    running: Running,
    pty: Arc<Pty>,
    tape: Arc<Seen<Tape>>,
    hangs: Arc<AtomicBool>,
    found: Termios,
    _home: TempDir,
}

impl Terminal {
    /// Starts `chinwag classroom` with these arguments on a terminal of 24 lines of 80 columns.
    pub(crate) fn classroom(args: &[&str]) -> Self {
        Self::chinwag(&[&["classroom"], args].concat())
    }

    /// Starts `chinwag` with these arguments on a terminal of 24 lines of 80 columns.
    pub(crate) fn chinwag(args: &[&str]) -> Self {
        let home = TempDir::new().unwrap();
        let environment = environment(&home).into_iter();
        let environment = environment.map(|(name, value)| (name.into(), value.to_owned()));
        Self::starts(args, environment.collect(), home)
    }

    /// The same in this environment.
    pub(crate) fn starts(
        args: &[&str],
        environment: Vec<(OsString, OsString)>,
        home: TempDir,
    ) -> Self {
        Self::of(PROGRAM, args, environment, home)
    }

    /// Starts any program on a terminal of 24 lines of 80 columns.
    pub(crate) fn of(
        program: &str,
        args: &[&str],
        environment: Vec<(OsString, OsString)>,
        home: TempDir,
    ) -> Self {
        let (pty, pts) = pty_process::blocking::open().unwrap();
        pty.resize(Size::new(24, 80)).unwrap();
        let found = tcgetattr(&pty).unwrap();
        let command = Command::new(program).args(args);
        let command = command.env_clear().envs(environment);
        let running = Running::new(command.spawn(pts).unwrap());
        let pty = Arc::new(pty);
        let parser = vt100::Parser::new(size(24), size(80), SCROLLBACK);
        let tape = Arc::new(Seen::new(Tape { parser, raw: Vec::new() }));
        let hangs = Arc::new(AtomicBool::new(false));
        let (reads, writes, stops) = (Arc::clone(&pty), Arc::clone(&tape), Arc::clone(&hangs));
        thread::spawn(move || record(&reads, &writes, &stops));
        Self { running, pty, tape, hangs, found, _home: home }
    }

    /// Types these characters, as fast as they can be typed.
    pub(crate) fn types(&self, text: &str) {
        (&*self.pty).write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn enters(&self, line: &str) {
        self.types(line);
        self.types(ENTER);
    }

    /// From now on the terminal takes nothing more, or nearly nothing.
    pub(crate) fn hangs(&self) {
        self.hangs.store(true, Ordering::Relaxed);
    }

    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        self.tape.look(|tape| tape.parser.set_size(size(rows), size(columns)));
        self.pty.resize(Size::new(rows, columns)).unwrap();
    }

    pub(crate) fn view(&self) -> View {
        self.tape.look(|tape| View::of(&mut tape.parser))
    }

    /// Every byte that the program wrote.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.tape.look(|tape| tape.raw.clone())
    }

    /// Waits until the terminal shows `what`, and returns what it shows then.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&View) -> bool) -> View {
        self.until_within(PATIENCE, what, is_so)
    }

    #[track_caller]
    pub(crate) fn until_within(
        &self,
        patience: Duration,
        what: &str,
        is_so: impl Fn(&View) -> bool,
    ) -> View {
        let seen = self.tape.wait(patience, |tape| {
            let view = View::of(&mut tape.parser);
            is_so(&view).then_some(view)
        });
        match seen {
            Some(view) => view,
            None => panic!("waited {patience:?} in vain for {what}:\n{}", self.view()),
        }
    }

    /// Waits until a line contains this.
    #[track_caller]
    pub(crate) fn until_shows(&self, text: &str) -> View {
        self.until(&format!("{text:?}"), |view| view.shows(text))
    }

    /// Waits until the last line is this: a question, and what has been typed in answer to it.
    #[track_caller]
    pub(crate) fn until_last_line(&self, line: &str) -> View {
        let line = line.trim_end();
        self.until(&format!("the last line {line:?}"), |view| view.last_line() == Some(line))
    }

    /// Waits until a line contains this, and the last line is that.
    #[track_caller]
    pub(crate) fn until_shows_above(&self, text: &str, line: &str) -> View {
        let what = format!("{text:?} above the last line {line:?}");
        self.until(&what, |view| view.shows(text) && view.last_line() == Some(line))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.running.signal(signal);
    }

    /// Its exit code, once it has ended.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> i32 {
        match self.running.ends_within(PATIENCE) {
            Some(code) => code,
            None => panic!("it does not end:\n{}", self.view()),
        }
    }

    /// Whether the terminal is in the mode in which the program found it.
    #[track_caller]
    pub(crate) fn assert_is_as_it_was_found(&self) {
        let now = tcgetattr(&*self.pty).unwrap();
        let modes = |t: &Termios| (t.input_modes, t.output_modes, t.control_modes, t.local_modes);
        assert_eq!(modes(&now), modes(&self.found));
    }

    /// Whether the terminal is in the mode of the line editor.
    pub(crate) fn is_raw(&self) -> bool {
        tcgetattr(&*self.pty).unwrap().local_modes != self.found.local_modes
    }
}

fn size(of: u16) -> NonZeroU16 {
    NonZeroU16::new(of).unwrap()
}

/// Until the program has ended and its terminal is closed, or the terminal hangs.
fn record(mut pty: &Pty, tape: &Seen<Tape>, hangs: &AtomicBool) {
    let mut bytes = [0; 4 * 1_024];
    while let Ok(len @ 1..) = pty.read(&mut bytes) {
        if hangs.load(Ordering::Relaxed) {
            return;
        }
        tape.change(|tape| {
            tape.parser.process(&bytes[..len]);
            tape.raw.extend_from_slice(&bytes[..len]);
        });
    }
}

/// A person at the menu.
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) port: Port,
    pub(crate) terminal: Terminal,
}

impl std::ops::Deref for Person {
    type Target = Terminal;

    fn deref(&self) -> &Terminal {
        &self.terminal
    }
}

impl Person {
    /// Starts the program for somebody, and waits for the menu.
    #[track_caller]
    pub(crate) fn joins(name: &'static str) -> Self {
        Self::joins_with(name, &[])
    }

    #[track_caller]
    pub(crate) fn joins_with(name: &'static str, more: &[&str]) -> Self {
        let port = Port::free();
        let number = port.to_string();
        let mut args = vec!["--team", name, "--port", &number, "--address", "127.0.0.1"];
        args.extend(more);
        let terminal = Terminal::classroom(&args);
        terminal.until_last_line("Enter choice:");
        Self { name, port, terminal }
    }

    /// How others see who says something: team and address.
    pub(crate) fn as_seen(&self) -> String {
        format!("{} ({})", self.name, self.port.here())
    }

    /// Goes through the questions until the text may be typed.
    #[track_caller]
    pub(crate) fn begins_message_to(&self, port: &Port) {
        self.enters("1");
        self.until_last_line("Enter recipient's IP address:");
        self.enters("127.0.0.1");
        self.until_last_line("Enter recipient's port number:");
        self.enters(&port.to_string());
        self.until_last_line("Enter your message:");
    }

    /// Sends one message, and waits until the menu is back.
    #[track_caller]
    pub(crate) fn sends(&self, port: &Port, text: &str) {
        self.begins_message_to(port);
        self.enters(text);
        self.until_last_line("Enter choice:");
    }

    /// Quits, and waits for the end.
    #[track_caller]
    pub(crate) fn quits(mut self) {
        self.enters("0");
        assert_eq!(self.terminal.ends(), 0);
    }
}
