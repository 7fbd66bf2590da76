//! Where questions are asked and lines appear: a terminal with line editing, or plain lines.
//!
//! On a terminal the line editor (rustyline) reads on a thread of its own, and prints what others
//! say above the line that is being typed. Elsewhere (a pipe, a dumb terminal) questions and lines
//! are written one after the other, without a single escape code.
//!
//! What always holds: printing never blocks the session. The editor takes what is printed one
//! piece at a time and only while it reads, so a session that waited for it could wait for ever;
//! instead, what arrives from the network takes a ticket ([`Console::room`]) and waits itself.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc as std_mpsc};
use std::thread;
use std::time::Duration;

use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use rustyline::{Editor, ExternalPrinter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, sleep};

/// Bytes of a line that is read from a pipe.
const LINE_MAX: u64 = 2 * 1024 * 1024;

/// Lines from the network that wait to be printed.
const ROOM: usize = 64;

/// How long the last lines may take to appear before the program ends.
const LAST_LINES_MAX: Duration = Duration::from_millis(500);

/// What somebody typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// A line.
    Line(String),
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D, or the end of a pipe.
    End,
}

/// The terminal or the pipe.
pub(super) struct Console {
    asks: std_mpsc::Sender<String>,
    typed: mpsc::Receiver<Typed>,
    screen: Screen,
    room: Arc<Semaphore>,
}

enum Screen {
    Terminal(Terminal),
    Plain(Plain),
}

impl Console {
    /// Takes the terminal if standard input and output are one, and plain lines otherwise.
    pub(super) fn open() -> Self {
        let (asks, asked) = std_mpsc::channel();
        let (typing, typed) = mpsc::channel(1);
        let screen = if let Some((terminal, editor)) = Terminal::open() {
            let is_reading = Arc::clone(&terminal.is_reading);
            thread::spawn(move || edit_lines(editor, &asked, &typing, &is_reading));
            Screen::Terminal(terminal)
        } else {
            thread::spawn(move || read_lines(&asked, &typing));
            Screen::Plain(Plain::default())
        };
        Self { asks, typed, screen, room: Arc::new(Semaphore::new(ROOM)) }
    }

    /// Whether lines are edited here, by a person who can wait for an answer while typing the
    /// next line. From a pipe, one thing is done after the other.
    pub(super) fn is_terminal(&self) -> bool {
        matches!(self.screen, Screen::Terminal(_))
    }

    /// Asks a question; the answer comes out of [`Console::typed`].
    pub(super) fn ask(&mut self, prompt: &str) {
        if let Screen::Plain(plain) = &mut self.screen {
            plain.ask(prompt);
        }
        // The thread ends only with standard input, and then `typed` says so.
        let _ = self.asks.send(prompt.to_owned());
    }

    /// What was typed in answer to the last question.
    pub(super) async fn typed(&mut self) -> Typed {
        let typed = self.typed.recv().await.unwrap_or(Typed::End);
        if let Screen::Plain(plain) = &mut self.screen {
            plain.answered();
        }
        typed
    }

    /// Prints lines, above the question if one is open.
    pub(super) fn print(&mut self, text: &str) {
        self.print_holding(text, None);
    }

    /// Prints lines that came from the network.
    pub(super) fn print_incoming(&mut self, text: &str, ticket: OwnedSemaphorePermit) {
        self.print_holding(text, Some(ticket));
    }

    /// A ticket for printing one more thing from the network, when there is room for it.
    pub(super) fn room(&self) -> Arc<Semaphore> {
        Arc::clone(&self.room)
    }

    /// Whether nobody can read what is printed any more.
    pub(super) fn is_gone(&self) -> bool {
        matches!(&self.screen, Screen::Plain(Plain { is_gone: true, .. }))
    }

    /// Lets the last lines appear, and gives the terminal back as it was.
    pub(super) async fn finish(mut self) {
        self.drain(LAST_LINES_MAX / 2).await;
        if matches!(&self.screen, Screen::Terminal(t) if t.waiting() > 0) {
            // The editor takes a line only while it reads, and it stopped reading in between.
            self.ask("");
            self.drain(LAST_LINES_MAX).await;
        }
    }

    async fn drain(&mut self, at_most: Duration) {
        const STEP: Duration = Duration::from_millis(5);
        let Screen::Terminal(terminal) = &self.screen else {
            return;
        };
        let deadline = Instant::now() + at_most;
        while terminal.waiting() > 0 && Instant::now() < deadline {
            sleep(STEP).await;
        }
        if terminal.is_reading.load(Ordering::Relaxed) {
            // The editor has the last line and is about to draw it.
            sleep(STEP * 4).await;
        }
    }

    fn print_holding(&mut self, text: &str, ticket: Option<OwnedSemaphorePermit>) {
        match &mut self.screen {
            Screen::Terminal(terminal) => terminal.print(text, ticket),
            Screen::Plain(plain) => plain.print(text),
        }
    }
}

/// A terminal with a line editor.
struct Terminal {
    lines: std_mpsc::Sender<(String, Option<OwnedSemaphorePermit>)>,
    waiting: Arc<AtomicUsize>,
    is_reading: Arc<AtomicBool>,
    _mode: mode::Saved,
}

type LineEditor = Editor<(), MemHistory>;

impl Terminal {
    fn open() -> Option<(Self, LineEditor)> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return None;
        }
        let config = rustyline::Config::builder().auto_add_history(false).build();
        let mut editor = Editor::with_history(config, MemHistory::new()).ok()?;
        // An error: the terminal is one that the editor can't draw on.
        let mut printer = editor.create_external_printer().ok()?;
        let (lines, to_print) = std_mpsc::channel::<(String, Option<OwnedSemaphorePermit>)>();
        let waiting = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&waiting);
        thread::spawn(move || {
            for (line, _ticket) in to_print {
                // An error: the terminal is gone, and its end of input will say so.
                let _ = printer.print(line);
                left.fetch_sub(1, Ordering::Relaxed);
            }
        });
        let is_reading = Arc::new(AtomicBool::new(false));
        Some((Self { lines, waiting, is_reading, _mode: mode::Saved::now() }, editor))
    }

    fn print(&self, text: &str, ticket: Option<OwnedSemaphorePermit>) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // The printing thread lives as long as we do.
        let _ = self.lines.send((format!("{text}\n"), ticket));
    }

    fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// Reads one line for each question, with editing and with the history of this run. It is kept
/// nowhere else: what was typed is somebody's message.
fn edit_lines(
    mut editor: LineEditor,
    asked: &std_mpsc::Receiver<String>,
    typing: &mpsc::Sender<Typed>,
    is_reading: &AtomicBool,
) {
    for prompt in asked {
        is_reading.store(true, Ordering::Relaxed);
        let read = editor.readline(&prompt);
        is_reading.store(false, Ordering::Relaxed);
        let typed = match read {
            Ok(line) => {
                if line.chars().nth(1).is_some() {
                    // An error only says that it is too long to be remembered.
                    let _ = editor.add_history_entry(&line);
                }
                Typed::Line(line)
            }
            Err(ReadlineError::Interrupted) => Typed::Interrupt,
            Err(_) => Typed::End,
        };
        if typing.blocking_send(typed).is_err() {
            return;
        }
    }
}

/// Reads one line for each question from a pipe. A line over the limit is cut there.
fn read_lines(asked: &std_mpsc::Receiver<String>, typing: &mpsc::Sender<Typed>) {
    let mut input = io::stdin().lock();
    for _prompt in asked {
        let mut line = Vec::new();
        let typed = match (&mut input).take(LINE_MAX).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => Typed::End,
            Ok(_) => {
                let line = line.strip_suffix(b"\n").unwrap_or(&line);
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                Typed::Line(String::from_utf8_lossy(line).into_owned())
            }
        };
        if typing.blocking_send(typed).is_err() {
            return;
        }
    }
}

/// Plain lines: what was asked and printed, one after the other.
#[derive(Default)]
struct Plain {
    /// The question that is open, and stands at the end of what was written.
    question: Option<String>,
    /// Standard output is closed.
    is_gone: bool,
}

impl Plain {
    fn ask(&mut self, prompt: &str) {
        self.write(prompt);
        self.question = Some(prompt.to_owned());
    }

    fn answered(&mut self) {
        self.question = None;
        if !io::stdin().is_terminal() {
            // Nobody has typed a newline that would show.
            self.write("\n");
        }
    }

    fn print(&mut self, text: &str) {
        match self.question.clone() {
            Some(prompt) => self.write(&format!("\n{text}\n{prompt}")),
            None => self.write(&format!("{text}\n")),
        }
    }

    fn write(&mut self, text: &str) {
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        self.is_gone |= written.is_err();
    }
}

#[cfg(unix)]
mod mode {
    //! The terminal's mode as we found it. The editor puts it back after each line, but not when
    //! the program ends while a line is being typed, or panics.

    use std::io::{self, Write};
    use std::sync::{Mutex, PoisonError};

    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

    static FOUND: Mutex<Option<Termios>> = Mutex::new(None);

    /// Puts the mode back when dropped, and on a panic.
    pub(super) struct Saved(());

    impl Saved {
        pub(super) fn now() -> Self {
            *FOUND.lock().unwrap_or_else(PoisonError::into_inner) = tcgetattr(io::stdin()).ok();
            let hook = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                put_back();
                hook(panic);
            }));
            Self(())
        }
    }

    impl Drop for Saved {
        fn drop(&mut self) {
            put_back();
        }
    }

    fn put_back() {
        const BRACKETED_PASTE_OFF: &[u8] = b"\x1b[?2004l";
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = found.take() else { return };
        let Ok(now) = tcgetattr(io::stdin()) else {
            return;
        };
        if now.local_modes == found.local_modes {
            return;
        }
        let _ = io::stdout().write_all(BRACKETED_PASTE_OFF).and_then(|()| {
            writeln!(io::stdout())?;
            io::stdout().flush()
        });
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &found);
    }
}

#[cfg(not(unix))]
mod mode {
    //! Elsewhere the system gives the console back by itself.

    pub(super) struct Saved(());

    impl Saved {
        pub(super) fn now() -> Self {
            Self(())
        }
    }
}
