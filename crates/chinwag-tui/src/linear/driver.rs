//! The rim of the lines: reads standard input, asks the daemon, and prints.

use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::Lines;
use crate::app::App;
use crate::composer::TEXT_MAX;
use crate::driver::{
    AGAIN, ANSWERS_MAX, Connect, Ended, Link, RunError, TICK, ask, connect_after, next_event,
    reloaded, subscribe, tell_program, write,
};
use crate::msg::{Effect, Msg, Tag};
use crate::notify::Notify;
use crate::options::Options;

/// How long what was asked for is waited for when standard input has ended.
const LINGER: Duration = Duration::from_secs(10);

/// Who types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Somebody at a terminal.
    Terminal,
    /// A program: each line is taken when what the one before it asked for was answered.
    Program,
}

/// Runs the client as lines until somebody leaves, standard input ends, or `end` comes.
pub async fn run(
    options: Options,
    input: Input,
    connect: &impl Connect,
    end: impl Future<Output = ()>,
) -> Result<Ended, RunError> {
    let run = format!("lines-{}-{}", std::process::id(), Timestamp::now().as_nanosecond());
    let app = App::new(options, Timestamp::now(), run);
    let mut rim = Rim {
        lines: Lines::new(app, input == Input::Terminal),
        input,
        link: None,
        answers: mpsc::channel(ANSWERS_MAX),
        cursor: None,
        asked: 0,
        ends_by: None,
    };
    rim.live(connect, end).await
}

struct Rim {
    lines: Lines,
    input: Input,
    link: Option<Link>,
    answers: (mpsc::Sender<Msg>, mpsc::Receiver<Msg>),
    cursor: Option<String>,
    /// Questions that were not answered yet.
    asked: usize,
    /// When to leave at the latest: standard input has ended.
    ends_by: Option<Instant>,
}

impl Rim {
    async fn live(
        &mut self,
        connect: &impl Connect,
        end: impl Future<Output = ()>,
    ) -> Result<Ended, RunError> {
        let mut end = std::pin::pin!(end);
        let mut typed = Typed::reading();
        let mut connecting = std::pin::pin!(connect_after(connect, Duration::ZERO));
        let mut tick = Instant::now();
        loop {
            print(self.lines.said())?;
            if self.lines.is_stuck() {
                return Err(RunError::NoAccount);
            }
            if self.ends_by.is_some_and(|by| self.is_idle() || by <= Instant::now()) {
                return Ok(Ended::Left);
            }
            let is_linked = self.link.is_some();
            let is_ready = self.input == Input::Terminal || self.is_idle();
            let is_reading = is_ready && self.ends_by.is_none();
            let msg = tokio::select! {
                biased;
                () = &mut end => return Ok(Ended::Asked),
                () = connect.reload_wanted() => reloaded(connect),
                Some(answer) = self.answers.1.recv() => {
                    if !matches!(answer, Msg::Answer(Tag::Nothing, _)) {
                        self.asked = self.asked.saturating_sub(1);
                    }
                    answer
                }
                event = next_event(&mut self.link), if is_linked => {
                    if let Some(event) = event {
                        if event.cursor.is_some() {
                            self.cursor.clone_from(&event.cursor);
                        }
                        Msg::Event(Box::new(event))
                    } else {
                        self.link = None;
                        connecting.set(connect_after(connect, Duration::ZERO));
                        Msg::Lost("it has ended".to_owned())
                    }
                }
                found = &mut connecting, if !is_linked => {
                    let linked = match found {
                        Ok(link) => match subscribe(&link, &mut self.cursor).await {
                            Ok(()) => Ok(link),
                            Err(error) => Err(error.to_string()),
                        },
                        Err(why) => Err(why),
                    };
                    match linked {
                        Ok(link) => {
                            self.link = Some(link);
                            Msg::Connected
                        }
                        Err(why) => {
                            connecting.set(connect_after(connect, AGAIN));
                            Msg::Lost(why)
                        }
                    }
                }
                line = typed.lines.recv(), if is_reading => {
                    let Some(line) = line else {
                        self.ends_by = Some(Instant::now() + LINGER);
                        continue;
                    };
                    let effects = self.lines.typed(&line);
                    if self.obey(effects, connect).await? {
                        return Ok(Ended::Left);
                    }
                    typed.read_on();
                    continue;
                }
                () = sleep_until(tick) => {
                    tick = Instant::now() + TICK;
                    Msg::Tick(Timestamp::now())
                }
            };
            let effects = self.lines.update(msg);
            if self.obey(effects, connect).await? {
                return Ok(Ended::Left);
            }
        }
    }

    /// Whether everything that was asked for was answered.
    fn is_idle(&self) -> bool {
        self.asked == 0 && !self.lines.is_waiting() && self.lines.is_done()
    }

    /// Opens the person's editor with a text. `None`: it ended with an error.
    async fn edit(&mut self, text: String) -> Option<String> {
        let edited = tokio::task::spawn_blocking(move || crate::editor::edit(&text)).await;
        match edited {
            Ok(Ok(text)) => Some(text),
            Ok(Err(error)) => {
                self.lines.app.wrong(error.to_string());
                None
            }
            Err(_) => None,
        }
    }

    /// Does what is to be done. True: leaving is.
    async fn obey(&mut self, effects: Vec<Effect>, connect: &impl Connect) -> io::Result<bool> {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Ask(request) => {
                    self.asked += usize::from(request.tag != Tag::Nothing);
                    ask(self.link.as_ref(), &self.answers.0, request);
                }
                Effect::Notify(notice) => {
                    let is_bell = self.lines.app.options.notifications.channel == Notify::Bell;
                    if is_bell && self.input == Input::Terminal {
                        write_out("\u{7}")?;
                    }
                    tell_program(&self.lines.app, notice);
                }
                Effect::Reload => effects.extend(self.lines.update(reloaded(connect))),
                Effect::ChooseRelay(typed) => {
                    let chosen = connect.choose_relay(&typed).await;
                    effects.extend(self.lines.update(Msg::Chosen(chosen)));
                }
                Effect::Quit => {
                    print(self.lines.said())?;
                    return Ok(true);
                }
                Effect::Edit(text) => {
                    // What was said before does not come over the editor.
                    print(self.lines.said())?;
                    let edited = self.edit(text).await;
                    effects.extend(self.lines.update(Msg::Edited(edited)));
                }
                Effect::Write { what, path } => {
                    self.asked += 1;
                    write(self.link.as_ref(), &self.answers.0, what, path);
                }
                // What is for a screen.
                Effect::Copy(_) | Effect::Mouse(_) | Effect::Redraw | Effect::Suspend => {}
            }
        }
        Ok(false)
    }
}

/// The lines of standard input, until it ends.
struct Typed {
    lines: mpsc::Receiver<String>,
    more: std::sync::mpsc::Sender<()>,
}

impl Typed {
    /// Begins to read the first.
    fn reading() -> Self {
        let (more, wanted) = std::sync::mpsc::channel();
        let typed = Self { lines: read_lines(wanted), more };
        typed.read_on();
        typed
    }

    /// Reads the next line. Not before one is done with the last: it may have begun an editor, and two may
    /// not read the keys.
    fn read_on(&self) {
        // Standard input may have ended.
        let _ = self.more.send(());
    }
}

/// Reads a line each time one is wanted. Reading can't be broken off: the thread ends with the program, or
/// with standard input.
fn read_lines(wanted: std::sync::mpsc::Receiver<()>) -> mpsc::Receiver<String> {
    let (read, lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        while wanted.recv().is_ok() {
            let mut line = Vec::new();
            let room = u64::try_from(TEXT_MAX).unwrap_or(u64::MAX);
            match input.by_ref().take(room).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\n', '\r']).to_owned();
            if read.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn print(lines: Vec<String>) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut text = String::new();
    for line in lines {
        // Whatever was overlooked before: a terminal is told nothing here.
        text.extend(line.chars().filter(|c| !c.is_control()));
        text.push('\n');
    }
    write_out(&text)
}

fn write_out(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
