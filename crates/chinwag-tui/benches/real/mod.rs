//! The program on a pseudo-terminal, and how long a letter takes to be seen.

use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty};

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Letters that fit in the line that is typed.
const LINE: usize = 50;

const CTRL_C: &str = "\u{3}";

struct Terminal {
    pty: Arc<Pty>,
    chunks: Receiver<Vec<u8>>,
    parser: vt100::Parser,
}

impl Terminal {
    fn types(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).expect("typed");
    }

    /// Takes in what the program writes until the screen is like this.
    fn until(&mut self, what: &str, is_so: impl Fn(&[String]) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let rows: Vec<String> = self.parser.screen().rows(0, COLUMNS).collect();
            if is_so(&rows) {
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let chunk = self.chunks.recv_timeout(left);
            let chunk = chunk.unwrap_or_else(|_| panic!("no {what}:\n{}", rows.join("\n")));
            self.parser.process(&chunk);
        }
    }

    fn until_shows(&mut self, text: &str) {
        self.until(text, |rows| rows.iter().any(|row| row.contains(text)));
    }
}

/// How long each of so many letters takes, in a client with its node in the same process; within tmux, or
/// not.
pub(crate) fn echoes(program: &str, is_in_tmux: bool, count: u32) -> Vec<Duration> {
    let home = tempfile::TempDir::new().expect("a folder");
    let socket = home.path().join("tmux");
    let (pty, pts) = pty_process::blocking::open().expect("a pseudo-terminal");
    pty.resize(Size::new(ROWS, COLUMNS)).expect("its size");
    let command = if is_in_tmux {
        let tmux = Command::new("tmux").arg("-S").arg(&socket).args(["-f", "/dev/null"]);
        // Its own line would take one of the rows; what begins it is no part of the session.
        tmux.args(["set", "-g", "status", "off", ";", "new-session"]).arg(program)
    } else {
        Command::new(program)
    };
    let command = command.arg("--data-dir").arg(home.path().join("data"));
    let command = command.args(["--no-lan", "--bind", "127.0.0.1:0"]).env("TERM", "xterm-256color");
    let command = command.env("HOME", home.path()).env_remove("XDG_CONFIG_HOME").env_remove("TMUX");
    let mut child = command.spawn(pts).expect("the program");
    let pty = Arc::new(pty);
    let (send, chunks) = channel();
    let reads = Arc::clone(&pty);
    thread::spawn(move || {
        let mut chunk = vec![0; 65_536];
        while let Ok(read @ 1..) = (&*reads).read(&mut chunk) {
            if send.send(chunk[..read].to_vec()).is_err() {
                return;
            }
        }
    });
    let size = |of| NonZeroU16::new(of).expect("a size");
    let parser = vt100::Parser::new(size(ROWS), size(COLUMNS), 0);
    let mut terminal = Terminal { pty, chunks, parser };
    terminal.until_shows("What shall others call you?");
    terminal.types("Ana\r");
    terminal.until_shows("Whose relay may be used");
    terminal.types("\r");
    terminal.until_shows("Enter when they are written down");
    terminal.types("\r");
    // What to do first is a list, which goes away by itself for whoever types.
    terminal.until_shows("1 of 5");
    terminal.types("\u{1b}");
    let is_gone = |rows: &[String]| !rows.iter().any(|row| row.contains("1 of 5"));
    terminal.until("no list", is_gone);
    let times = letters(&mut terminal, count);
    if is_in_tmux {
        let mut ends = std::process::Command::new("tmux");
        let _ = ends.arg("-S").arg(&socket).arg("kill-server").status();
    }
    child.kill().expect("ended");
    child.wait().expect("ended");
    times
}

fn letters(terminal: &mut Terminal, count: u32) -> Vec<Duration> {
    let mut typed = String::new();
    let mut times = Vec::new();
    for (letter, _) in ('a'..='z').cycle().zip(0..count) {
        if typed.len() == LINE {
            terminal.types(CTRL_C);
            terminal
                .until("empty line", |rows| rows.iter().any(|row| row.trim_end().ends_with("│>")));
            typed.clear();
        }
        // As fast as somebody types: a key does not come in the frame of the one before.
        thread::sleep(Duration::from_millis(20));
        typed.push(letter);
        let began = Instant::now();
        terminal.types(letter.encode_utf8(&mut [0; 4]));
        // Left of it is the list of conversations.
        let line = format!("│> {typed}");
        terminal.until(&line, |rows| rows.iter().any(|row| row.trim_end().ends_with(&line)));
        times.push(began.elapsed());
    }
    times
}
