//! Where questions are asked and lines appear: a terminal with line editing, or plain lines.
//!
//! On a terminal the line editor (rustyline) reads on a thread of its own, and prints what others
//! say above the line that is being typed. Elsewhere (a pipe, a dumb terminal) questions and lines
//! are written one after the other, without a single escape code. Both print through a
//! [`Printer`], so that nothing ever waits for a screen.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc as std_mpsc};
use std::thread;
use std::time::Duration;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Editor, ExternalPrinter, Helper};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::sleep;

use super::printer::{Permit, Printer};
use crate::exit::Failure;
use crate::output::{self, GUTTER};

/// Bytes of a line that is read from a pipe.
const LINE_MAX: u64 = 2 * 1024 * 1024;

/// How long a screen or a pipe may stand still before the program ends without its last lines.
const STANDSTILL_MAX: Duration = Duration::from_secs(1);

/// How long the line editor takes to draw what it was given.
const DRAWING: Duration = Duration::from_millis(20);

/// What somebody typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// A line.
    Line(String),
    /// A line that is not taken, and why: it is longer than any that could be used, or no text.
    NotTaken(&'static str),
    /// Ctrl-C.
    Interrupt {
        /// Whether something had been typed, which is gone now.
        cleared: bool,
    },
    /// Ctrl-D, or the end of a pipe.
    End,
}

/// What is printed.
enum Piece {
    /// A question; the cursor stays behind it. An empty one is not seen.
    Question(String),
    /// The question was answered.
    Answered,
    /// Lines, above the question if one is open.
    Lines(String),
}

/// How many columns the terminal has.
pub(crate) fn columns() -> usize {
    mode::columns()
}

/// The terminal or the pipe.
pub(crate) struct Console {
    asks: std_mpsc::Sender<String>,
    typed: mpsc::Receiver<Typed>,
    printer: Printer<Piece>,
    /// On a terminal: its mode as we found it.
    terminal: Option<mode::Saved>,
}

impl Console {
    /// Takes the terminal if standard input and output are one, and plain lines otherwise.
    pub(crate) fn open() -> Self {
        let (asks, asked) = std_mpsc::channel();
        let (typing, typed) = mpsc::channel(1);
        if let Some((mut editor, mut above)) = editor() {
            let gate = Arc::new(Gate::default());
            editor.set_helper(Some(Doorkeeper(Arc::clone(&gate))));
            let until_reading = Arc::clone(&gate);
            let printer = Printer::new(move |piece| match piece {
                Piece::Lines(lines) => {
                    let folded = output::folded(&lines, mode::columns(), GUTTER);
                    until_reading.wait_until_open();
                    above.print(folded + "\n").map_err(io::Error::other)
                }
                // The editor writes the questions.
                Piece::Question(_) | Piece::Answered => Ok(()),
            });
            thread::spawn(move || edit_lines(editor, &asked, &typing, &gate));
            Self { asks, typed, printer, terminal: Some(mode::Saved::now()) }
        } else {
            let mut plain = Plain::default();
            let printer = Printer::new(move |piece| plain.print(piece));
            thread::spawn(move || read_lines(&asked, &typing));
            Self { asks, typed, printer, terminal: None }
        }
    }

    /// Whether lines are edited here, by a person who can wait for an answer while typing the
    /// next line. From a pipe, one thing is done after the other.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal.is_some()
    }

    /// Asks a question; the answer comes out of [`Console::typed`].
    pub(crate) fn ask(&mut self, prompt: &str) {
        self.printer.print(Piece::Question(prompt.to_owned()), None);
        // The thread ends only with standard input, and then `typed` says so.
        let _ = self.asks.send(prompt.to_owned());
    }

    /// What was typed in answer to the last question, or the end if nobody can read it any more.
    pub(crate) async fn typed(&mut self) -> Typed {
        let typed = tokio::select! {
            typed = self.typed.recv() => typed.unwrap_or(Typed::End),
            () = self.printer.gone() => Typed::End,
        };
        self.printer.print(Piece::Answered, None);
        typed
    }

    /// Prints lines, above the question if one is open.
    pub(crate) fn print(&mut self, text: &str) {
        self.printer.print(Piece::Lines(text.to_owned()), None);
    }

    /// Prints lines that came from the network.
    pub(crate) fn print_incoming(&mut self, text: String, permit: Permit) {
        self.printer.print(Piece::Lines(text), Some(permit));
    }

    /// Where permits for what came from the network are to be had.
    pub(crate) fn permits(&self) -> Arc<Semaphore> {
        self.printer.permits()
    }

    /// From now on nothing is asked: what is printed appears without a question.
    pub(crate) fn ask_no_more(&mut self) {
        if self.is_terminal() {
            // The editor prints only while it reads.
            self.ask("");
        }
    }

    /// Lets the last lines appear, and gives the terminal back as it was. An error: something could not
    /// be printed, although somebody may want to read it.
    pub(crate) async fn finish(self) -> Result<(), Failure> {
        self.printer.finish(STANDSTILL_MAX).await;
        if self.is_terminal() {
            sleep(DRAWING).await;
            // A terminal that takes nothing has gone, whatever its error is called.
            return Ok(());
        }
        output::written("", self.printer.what_came()).map(drop)
    }
}

type LineEditor = Editor<Doorkeeper, MemHistory>;

/// The line editor and what prints above the line, if this is a terminal that it can draw on.
fn editor() -> Option<(LineEditor, impl ExternalPrinter + Send + 'static)> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return None;
    }
    let config = rustyline::Config::builder().auto_add_history(false).build();
    let mut editor = Editor::with_history(config, MemHistory::new()).ok()?;
    let above = editor.create_external_printer().ok()?;
    Some((editor, above))
}

/// Whether the editor reads. What it is given to print while it does not would appear out of order:
/// at once, before what it still holds from the last time it read.
#[derive(Default)]
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
    /// Whether something stands in the line, as far as the editor has drawn it.
    has_words: AtomicBool,
}

impl Gate {
    fn set(&self, is_open: bool) {
        *self.is_open.lock().unwrap_or_else(PoisonError::into_inner) = is_open;
        self.opened.notify_all();
    }

    fn has_words(&self) -> bool {
        self.has_words.load(Ordering::Relaxed)
    }

    fn wait_until_open(&self) {
        let gate = self.is_open.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.opened.wait_while(gate, |is_open| !*is_open));
    }
}

/// Opens the gate when the editor first draws a line, and closes it when the line is finished.
/// The editor tells both in passing, by asking for hints and for a verdict.
struct Doorkeeper(Arc<Gate>);

impl Hinter for Doorkeeper {
    type Hint = String;

    fn hint(&self, line: &str, _pos: usize, _ctx: &Context<'_>) -> Option<String> {
        self.0.has_words.store(!line.is_empty(), Ordering::Relaxed);
        self.0.set(true);
        None
    }
}

impl Validator for Doorkeeper {
    fn validate(&self, _ctx: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        self.0.set(false);
        Ok(ValidationResult::Valid(None))
    }
}

impl Completer for Doorkeeper {
    type Candidate = String;
}

impl Highlighter for Doorkeeper {}

impl Helper for Doorkeeper {}

/// Reads one line for each question, with editing and with the history of this run. It is kept
/// nowhere else: what was typed is somebody's message.
fn edit_lines(
    mut editor: LineEditor,
    asked: &std_mpsc::Receiver<String>,
    typing: &mpsc::Sender<Typed>,
    gate: &Gate,
) {
    for prompt in asked {
        let read = editor.readline(&prompt);
        gate.set(false);
        let typed = match read {
            Ok(line) => {
                if line.chars().nth(1).is_some() {
                    // An error only says that it is too long to be remembered.
                    let _ = editor.add_history_entry(&line);
                }
                Typed::Line(line)
            }
            Err(ReadlineError::Interrupted) => Typed::Interrupt { cleared: gate.has_words() },
            Err(_) => Typed::End,
        };
        if typing.blocking_send(typed).is_err() {
            return;
        }
    }
}

/// Reads one line for each question from a pipe.
fn read_lines(asked: &std_mpsc::Receiver<String>, typing: &mpsc::Sender<Typed>) {
    let mut input = io::stdin().lock();
    for _prompt in asked {
        let typed = read_line(&mut input).unwrap_or(Typed::End);
        if typing.blocking_send(typed).is_err() {
            return;
        }
    }
}

/// Reads one line. Of one over the limit nothing is kept, and nothing is left for the next.
fn read_line(input: &mut impl BufRead) -> io::Result<Typed> {
    let mut line = Vec::new();
    if input.take(LINE_MAX).read_until(b'\n', &mut line)? == 0 {
        return Ok(Typed::End);
    }
    if line.len() as u64 == LINE_MAX && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
        return Ok(Typed::NotTaken("too long"));
    }
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // What could only be sent with other letters in their place is not sent.
    Ok(std::str::from_utf8(line)
        .map_or(Typed::NotTaken("not UTF-8 text"), |line| Typed::Line(line.to_owned())))
}

/// Plain lines: what was asked and printed, one after the other.
#[derive(Default)]
struct Plain {
    /// The question that is open, and stands at the end of what was written.
    question: Option<String>,
}

impl Plain {
    fn print(&mut self, piece: Piece) -> io::Result<()> {
        let text = match piece {
            Piece::Question(prompt) if prompt.is_empty() => return Ok(()),
            Piece::Question(prompt) => {
                self.question = Some(prompt.clone());
                prompt
            }
            Piece::Answered => match self.question.take() {
                // Nobody has typed a newline that would show.
                Some(_) if !io::stdin().is_terminal() => "\n".to_owned(),
                _ => return Ok(()),
            },
            Piece::Lines(lines) => match &self.question {
                Some(prompt) => format!("\n{lines}\n{prompt}"),
                None => format!("{lines}\n"),
            },
        };
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }
}

#[cfg(unix)]
mod mode {
    //! The terminal's mode as we found it. The editor puts it back after each line, but not when
    //! the program ends while a line is being typed, or panics.

    use std::io::{self, Write};
    use std::sync::{Mutex, PoisonError, mpsc};
    use std::thread;
    use std::time::Duration;

    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

    /// Columns of a terminal that does not say how many it has.
    const COLUMNS_USUAL: usize = 80;

    /// How many columns the terminal has.
    pub(crate) fn columns() -> usize {
        let size = tcgetwinsize(io::stdout());
        size.map(|size| size.ws_col.into()).ok().filter(|&n| n > 0).unwrap_or(COLUMNS_USUAL)
    }

    /// How long a terminal may take for the last few bytes. One that hangs takes none.
    const LAST_BYTES_MAX: Duration = Duration::from_millis(200);

    static FOUND: Mutex<Option<Termios>> = Mutex::new(None);

    /// Puts the mode back when dropped, and on a panic.
    pub(crate) struct Saved(());

    impl Saved {
        pub(crate) fn now() -> Self {
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
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = found.take() else { return };
        let Ok(now) = tcgetattr(io::stdin()) else { return };
        if now.local_modes == found.local_modes {
            return;
        }
        write_last_bytes();
        // Not after what is still to be written: a terminal that hangs never writes it.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &found);
    }

    /// Ends the line that was being typed, and bracketed paste.
    fn write_last_bytes() {
        let (done, is_done) = mpsc::channel();
        thread::spawn(move || {
            let mut out = io::stdout();
            let _ = out.write_all(b"\x1b[?2004l\n").and_then(|()| out.flush());
            let _ = done.send(());
        });
        let _ = is_done.recv_timeout(LAST_BYTES_MAX);
    }
}

#[cfg(not(unix))]
mod mode {
    //! Elsewhere the system gives the console back by itself, and folds lines as it likes.

    /// How many columns the terminal has, as far as we know.
    pub(crate) fn columns() -> usize {
        usize::MAX
    }

    pub(crate) struct Saved(());

    impl Saved {
        pub(crate) fn now() -> Self {
            Self(())
        }
    }
}
