//! The program as a script has it: standard input, output and error are pipes.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::{PATIENCE, PROGRAM, Running, Seen, environment};

/// What came out of one pipe so far.
#[derive(Default)]
struct Flow {
    bytes: Vec<u8>,
    /// Bytes that the story has read.
    taken: usize,
}

impl Flow {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The next whole line that the story has not read.
    fn take_line(&mut self) -> Option<String> {
        let rest = &self.bytes[self.taken..];
        let len = rest.iter().position(|&b| b == b'\n')?;
        let line = String::from_utf8(rest[..len].to_vec()).expect("whole lines of UTF-8");
        self.taken += len + 1;
        Some(line)
    }
}

/// The program behind pipes.
pub(crate) struct Piped {
    running: Running,
    input: Option<std::process::ChildStdin>,
    output: Arc<Seen<Flow>>,
    error: Arc<Seen<Flow>>,
    readers: Vec<JoinHandle<()>>,
    pub(crate) home: TempDir,
}

/// How a program ended, and all that it wrote.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) output: String,
    pub(crate) error: String,
}

impl Piped {
    /// Starts `chinwag` with these arguments.
    pub(crate) fn chinwag(args: &[&str]) -> Self {
        Self::chinwag_in(TempDir::new().unwrap(), args)
    }

    pub(crate) fn chinwag_in(home: TempDir, args: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(args).env_clear().envs(environment(&home));
        Self::starts(command, home)
    }

    /// Starts any program.
    pub(crate) fn starts(mut command: Command, home: TempDir) -> Self {
        command.stdout(Stdio::piped());
        Self::starts_with_output(command, home)
    }

    /// The same for one whose standard output goes elsewhere already.
    pub(crate) fn starts_with_output(mut command: Command, home: TempDir) -> Self {
        command.stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        let output: Box<dyn Read + Send> = match child.stdout.take() {
            Some(output) => Box::new(output),
            None => Box::new(std::io::empty()),
        };
        let (output, output_reader) = follow(output);
        let (error, error_reader) = follow(child.stderr.take().unwrap());
        let readers = vec![output_reader, error_reader];
        Self { running: Running::new(child), input, output, error, readers, home }
    }

    /// Writes this to its standard input, as far as it takes it.
    pub(crate) fn writes(&mut self, text: &[u8]) {
        // An error: it has enough and has closed the pipe.
        let _ = self.input.as_mut().unwrap().write_all(text);
    }

    pub(crate) fn enters(&mut self, line: &str) {
        self.writes(format!("{line}\n").as_bytes());
    }

    pub(crate) fn closes_input(&mut self) {
        self.input = None;
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.running.signal(signal);
    }

    /// Waits until it no longer leaves it to the system what this signal does.
    #[cfg(target_os = "linux")]
    #[track_caller]
    pub(crate) fn until_it_hears(&self, signal: Signal) {
        const STEP: Duration = Duration::from_millis(2);
        let path = format!("/proc/{}/status", self.running.id());
        let deadline = std::time::Instant::now() + PATIENCE;
        while std::time::Instant::now() < deadline {
            let status = std::fs::read_to_string(&path).unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            let caught = u64::from_str_radix(line.unwrap().trim(), 16).unwrap();
            if caught >> (signal.as_raw() - 1) & 1 == 1 {
                return;
            }
            thread::sleep(STEP);
        }
        self.in_vain("its ear for signals");
    }

    /// The most memory that it has had so far, in KiB; `None` where the system does not tell.
    pub(crate) fn peak_memory_kib(&self) -> Option<u64> {
        let status = format!("/proc/{}/status", self.running.id());
        let status = std::fs::read_to_string(status).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    }

    /// The next line of its standard output.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        self.line_within(PATIENCE)
    }

    #[track_caller]
    pub(crate) fn line_within(&self, patience: Duration) -> String {
        self.output.wait(patience, Flow::take_line).unwrap_or_else(|| self.in_vain("a line"))
    }

    /// The next line of its standard output, which is a JSON object.
    #[track_caller]
    pub(crate) fn event(&self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Reads events until one is this, within `patience`.
    #[track_caller]
    pub(crate) fn event_within(
        &self,
        patience: Duration,
        mut is_it: impl FnMut(&Value) -> bool,
    ) -> Value {
        let find = |flow: &mut Flow| {
            while let Some(line) = flow.take_line() {
                let event: Value = serde_json::from_str(&line).expect("JSON in each line");
                if is_it(&event) {
                    return Some(event);
                }
            }
            None
        };
        self.output.wait(patience, find).unwrap_or_else(|| self.in_vain("an event"))
    }

    /// Waits until this stands in what the story has not read of standard output, and reads up to
    /// its end.
    #[track_caller]
    pub(crate) fn until(&self, text: &str) {
        let found = self.output.wait(PATIENCE, |flow| {
            let at = find(&flow.bytes[flow.taken..], text.as_bytes())?;
            flow.taken += at + text.len();
            Some(())
        });
        found.unwrap_or_else(|| self.in_vain(&format!("{text:?}")));
    }

    /// Waits until this stands in standard error.
    #[track_caller]
    pub(crate) fn until_error(&self, text: &str) {
        let found = self.error.wait(PATIENCE, |flow| find(&flow.bytes, text.as_bytes()));
        found.unwrap_or_else(|| self.in_vain(&format!("{text:?} on standard error")));
    }

    /// All of its standard output so far.
    pub(crate) fn output(&self) -> String {
        self.output.look(|flow| flow.text())
    }

    /// All of its standard error so far.
    pub(crate) fn error(&self) -> String {
        self.error.look(|flow| flow.text())
    }

    /// Waits for the end.
    #[track_caller]
    pub(crate) fn ends(self) -> Ended {
        self.ends_within(PATIENCE)
    }

    #[track_caller]
    pub(crate) fn ends_within(mut self, patience: Duration) -> Ended {
        let Some(code) = self.running.ends_within(patience) else {
            self.in_vain("its end");
        };
        for reader in std::mem::take(&mut self.readers) {
            reader.join().unwrap();
        }
        Ended { code, output: self.output(), error: self.error() }
    }

    #[track_caller]
    fn in_vain(&self, what: &str) -> ! {
        let (output, error) = (self.output(), self.error());
        panic!("waited in vain for {what}; output:\n{}\nerror:\n{error}", tail(&output));
    }
}

/// Runs `chinwag` with these arguments and nothing on standard input to its end.
#[track_caller]
pub(crate) fn run(args: &[&str]) -> Ended {
    run_with(args, b"")
}

/// The same with this on standard input.
#[track_caller]
pub(crate) fn run_with(args: &[&str], input: &[u8]) -> Ended {
    let mut program = Piped::chinwag(args);
    program.writes(input);
    program.closes_input();
    program.ends()
}

/// The end of a long text.
fn tail(text: &str) -> String {
    const SHOWN: usize = 4_000;
    let skipped = text.chars().count().saturating_sub(SHOWN);
    text.chars().skip(skipped).collect()
}

pub(crate) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|found| found == needle)
}

fn follow(mut pipe: impl Read + Send + 'static) -> (Arc<Seen<Flow>>, JoinHandle<()>) {
    let flow = Arc::new(Seen::new(Flow::default()));
    let writes = Arc::clone(&flow);
    let reader = thread::spawn(move || {
        let mut bytes = [0; 16 * 1_024];
        while let Ok(len @ 1..) = pipe.read(&mut bytes) {
            writes.change(|flow| flow.bytes.extend_from_slice(&bytes[..len]));
        }
    });
    (flow, reader)
}
