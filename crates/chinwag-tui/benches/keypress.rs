//! From a key to the bytes for the terminal, as a table: `cargo bench -p chinwag-tui --bench keypress`.
//!
//! A conversation of 100,000 messages among 1,000 conversations, with a back end that answers at once, and
//! a hundred messages that come each second. A key costs what it does to the client, what came just before
//! it, and the frame: drawn by `ratatui`, compared with the one before, and written by `crossterm` to
//! nowhere. What the daemon and the terminal add is not in it. `-- --quick` for a short run.
//!
//! `-- --program target/release/chinwag` measures instead how long the program itself takes on a
//! pseudo-terminal, with its node: from the letter that is typed to the screen that shows it. With `--tmux` it
//! runs in tmux there.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench says what it expects")]

#[cfg(unix)]
mod real;

#[path = "../tests/client/harness.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod harness;

use std::cell::Cell;
use std::io::{self, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

use chinwag_api::event::What;
use chinwag_api::model::{Message, Reaction};
use chinwag_tui::msg::{Ask, Effect, Tag};
use chinwag_tui::theme::Theme;
use chinwag_tui::view;
use harness::{Desk, account, chat, message};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use serde_json::{Value, json, to_value};

/// Columns and rows of the terminal: a large window on a usual screen.
const SIZE: (u16, u16) = (140, 40);

/// What a key press may take, at the 99th percentile.
const AIM: Duration = Duration::from_millis(16);

/// Messages that come each second, and keys: so many come between two of them.
const EVENTS_A_KEY: u32 = 100 / 20;

/// The head of the table.
const HEAD: &str = "| A key | keys | p50 | p99 | most | bytes each |\n|---|--:|--:|--:|--:|--:|";

const WORDS: &str = "the fox came back at night and sat under the lamp by the canal where the boats \
                     are tied up in winter, and nobody who walked past it there said a word";

/// Counts what would have gone to the terminal.
#[derive(Clone, Default)]
struct Sink(Rc<Cell<usize>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.set(self.0.get() + bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Bench {
    desk: Desk,
    terminal: Terminal<CrosstermBackend<Sink>>,
    written: Sink,
    /// Messages of the long conversation.
    total: u32,
    events: Vec<Duration>,
    answers: Vec<Duration>,
}

fn main() {
    let is_quick = std::env::args().any(|arg| arg == "--quick");
    let scale = if is_quick { 10 } else { 1 };
    #[cfg(unix)]
    if let Some(program) = std::env::args().skip_while(|arg| arg != "--program").nth(1) {
        println!("{HEAD}");
        let is_in_tmux = std::env::args().any(|arg| arg == "--tmux");
        let what = if is_in_tmux { "a letter, typed in tmux" } else { "a letter, typed" };
        row(what, real::echoes(&program, is_in_tmux, 1_000 / scale), 0);
        return;
    }
    let mut bench = Bench::new(100_000 / scale, 1_000);
    println!("{HEAD}");
    let beginning = rss();
    let mut worst = Duration::ZERO;
    let mut line = |what: &str, (times, bytes): (Vec<Duration>, usize)| {
        worst = worst.max(row(what, times, bytes));
    };
    let mut keys = WORDS.chars().cycle();
    line(
        "typing",
        bench.keys(2_000 / scale, || {
            let key = keys.next().unwrap();
            (if key == ' ' { "Space".to_owned() } else { key.to_string() }, false)
        }),
    );
    bench.desk.press("Ctrl+c");
    line("selecting", bench.keys(1_000 / scale, || ("Up".to_owned(), false)));
    bench.desk.press("Esc");
    bench.press("Alt+End");
    let to_the_top = bench.until_the_top();
    line("a page up, through all of it", to_the_top);
    let after_paging = rss();
    line("a page down", bench.keys(500 / scale, || ("PgDn".to_owned(), false)));
    bench.press("Alt+End");
    line("another conversation", bench.keys(1_000 / scale, || ("Alt+Down".to_owned(), false)));
    let switched = rss();
    bench.desk.types("/chat Bob");
    bench.press("Enter");
    line("a size", bench.keys(200 / scale, || (String::new(), true)));
    bench.press("Ctrl+p");
    let mut letters = "the boats, a fox".chars().cycle();
    line(
        "the switcher, a letter",
        bench.keys(160 / scale, || {
            (letters.next().unwrap().to_string().replace(' ', "Space"), false)
        }),
    );
    row("(a message comes, no frame)", std::mem::take(&mut bench.events), 0);
    row("(a page of 100 is taken in, no frame)", std::mem::take(&mut bench.answers), 0);
    println!(
        "\nMemory (RSS): {beginning} MB with {} conversations, {after_paging} MB when {} messages were",
        1_000, bench.total
    );
    println!(
        "paged through, {switched} MB when the conversations were opened one after the other."
    );
    let verdict = if worst <= AIM { "is held" } else { "is MISSED" };
    println!(
        "\nThe aim, {AIM:?} at the 99th percentile, {verdict}: the slowest line has {worst:.2?}."
    );
}

impl Bench {
    fn new(total: u32, conversations: usize) -> Self {
        let written = Sink::default();
        let terminal = terminal(&written, SIZE);
        let desk = Desk::with(Theme::TERMINAL);
        let mut bench =
            Self { desk, terminal, written, total, events: Vec::new(), answers: Vec::new() };
        let welcome = json!({"api": "1", "version": "0.1.0", "hasAccount": true});
        bench.desk.answer(Tag::Hello, welcome);
        bench.desk.answer(Tag::Account, to_value(account()).unwrap());
        let names = (1..conversations).map(|n| format!("Person {n}"));
        let chats: Vec<_> =
            std::iter::once("Bob".to_owned()).chain(names).map(|n| chat(&n)).collect();
        bench.desk.answer(Tag::Conversations, to_value(chats).unwrap());
        bench.serve();
        bench.draw();
        bench
    }

    fn draw(&mut self) {
        let app = &mut self.desk.app;
        self.terminal.draw(|frame| view::draw(frame, app)).unwrap();
    }

    fn press(&mut self, key: &str) {
        self.desk.press(key);
        self.serve();
        self.draw();
    }

    /// Answers everything that was asked, until nothing is.
    fn serve(&mut self) {
        while !self.desk.wanted.is_empty() {
            for effect in std::mem::take(&mut self.desk.wanted) {
                let Effect::Ask(ask) = effect else { continue };
                let Some(answer) = self.answer(&ask) else { continue };
                let began = Instant::now();
                self.desk.answer(ask.tag, answer);
                self.answers.push(began.elapsed());
            }
        }
    }

    fn answer(&self, ask: &Ask) -> Option<Value> {
        if ask.method != "message.list" {
            return None;
        }
        let conversation = ask.params["conversation"].as_str().unwrap();
        let total = if conversation == "conv_Bob" { self.total } else { 300 };
        let number = |key: &str| {
            let id = ask.params[key].as_str()?;
            id.strip_prefix("msg_")?.parse::<u32>().ok()
        };
        let limit = u32::try_from(ask.params["limit"].as_u64().unwrap()).unwrap();
        let (from, to) = match (number("before"), number("after")) {
            (Some(before), _) => (before.saturating_sub(limit), before),
            (_, Some(after)) => (after + 1, (after + 1 + limit).min(total)),
            _ => (total.saturating_sub(limit), total),
        };
        let has_more = if number("after").is_some() { to < total } else { from > 0 };
        let messages: Vec<Message> = (from..to).map(|n| said(conversation, n)).collect();
        Some(json!({ "messages": messages, "next": has_more.then_some("msg_next") }))
    }

    /// A message comes.
    fn event(&mut self) {
        let message = said("conv_Bob", self.total);
        self.total += 1;
        let began = Instant::now();
        self.desk.hear(What::Message { message });
        self.events.push(began.elapsed());
        self.desk
            .wanted
            .retain(|effect| matches!(effect, Effect::Ask(a) if a.method == "message.list"));
    }

    /// How long each of these keys takes, and how many bytes they write. True: another size instead.
    fn keys(
        &mut self,
        count: u32,
        mut key: impl FnMut() -> (String, bool),
    ) -> (Vec<Duration>, usize) {
        let before = self.written.0.get();
        let times = (0..count)
            .map(|n| {
                let (key, is_size) = key();
                self.key(&key, is_size.then_some(n))
            })
            .collect();
        (times, self.written.0.get() - before)
    }

    fn key(&mut self, key: &str, size: Option<u32>) -> Duration {
        for _ in 1..EVENTS_A_KEY {
            self.event();
        }
        self.draw();
        let message = said("conv_Bob", self.total);
        self.total += 1;
        let began = Instant::now();
        self.desk.hear(What::Message { message });
        if let Some(n) = size {
            let columns = SIZE.0 - u16::try_from(n % 60).unwrap();
            let rows = SIZE.1 - u16::try_from(n % 7).unwrap();
            // As `Screen::clear` does it.
            self.terminal = terminal(&self.written, (columns, rows));
            self.desk.tell(chinwag_tui::msg::Msg::Resize);
        } else if key == "Space" {
            self.desk.types(" ");
        } else {
            self.desk.press(key);
        }
        self.draw();
        let took = began.elapsed();
        self.serve();
        took
    }

    /// Pages up until nothing older is there.
    fn until_the_top(&mut self) -> (Vec<Duration>, usize) {
        let before = self.written.0.get();
        let mut times = Vec::new();
        loop {
            times.push(self.key("PgUp", None));
            let timeline = &self.desk.app.chats.current().unwrap().timeline;
            if timeline.oldest().is_some_and(|oldest| oldest.id == "msg_0") {
                return (times, self.written.0.get() - before);
            }
        }
    }
}

fn terminal(written: &Sink, size: (u16, u16)) -> Terminal<CrosstermBackend<Sink>> {
    let viewport = Viewport::Fixed(Rect::new(0, 0, size.0, size.1));
    let backend = CrosstermBackend::new(written.clone());
    Terminal::with_options(backend, TerminalOptions { viewport }).unwrap()
}

/// The `n`th message of a conversation: of many lengths, some with a link, a reaction, an end of line.
fn said(conversation: &str, n: u32) -> Message {
    let length = usize::try_from(n.wrapping_mul(2_654_435_761) % 140).unwrap() + 5;
    let mut text = WORDS[..length.min(WORDS.len())].to_owned();
    if n % 10 == 3 {
        text.push_str(" https://example.org/a/place/with/a/name");
    }
    if n % 25 == 4 {
        text.push_str("\nand `more` below");
    }
    let mut message = message(n, if n.is_multiple_of(3) { "You" } else { "Bob" }, &text);
    conversation.clone_into(&mut message.conversation);
    if n % 12 == 5 {
        let by = vec!["Ana".to_owned()];
        message.reactions.push(Reaction { emoji: "🎉".to_owned(), by, is_mine: true });
    }
    message
}

/// Prints a line, and gives its 99th percentile.
fn row(what: &str, mut times: Vec<Duration>, bytes: usize) -> Duration {
    times.sort_unstable();
    let Some(most) = times.last() else { return Duration::ZERO };
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    let ms = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1_000.0);
    let (half, nearly_all, each) = (ms(at(50)), ms(at(99)), bytes / times.len());
    println!("| {what} | {} | {half} | {nearly_all} | {} | {each} |", times.len(), ms(*most));
    at(99)
}

/// What of this process is in memory, in megabytes.
fn rss() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1_024
}
