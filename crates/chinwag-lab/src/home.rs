//! A person with a data folder of their own, and the process that owns it.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chinwag_api::client::{Client, Events};
use chinwag_api::method::{AccountCreate, CreateAccount};
use chinwag_api::model::RecoveryWords;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::PATIENCE;

/// The program under test: it stands beside the programs of the tests.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let profile = test.ancestors().nth(2).expect("tests are in target/PROFILE/deps");
    let program = profile.join("chinwag");
    assert!(
        program.is_file(),
        "{} is missing: `cargo test --workspace` (or `cargo build --workspace`) builds it",
        program.display()
    );
    program
}

/// Somebody, and the folder in which everything of theirs is.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    data_dir: PathBuf,
    namespace: Option<String>,
    environment: Vec<(String, String)>,
}

impl Home {
    /// Reaches others on loopback only.
    pub fn on_loopback() -> Self {
        Self::made(None, &[("CHINWAG_BIND", "127.0.0.1:0"), ("CHINWAG_NO_LAN", "1")])
    }

    /// Lives in a network namespace, with everything as it is by default.
    pub fn in_namespace(name: &str) -> Self {
        Self::made(Some(name.to_owned()), &[])
    }

    fn made(namespace: Option<String>, environment: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a folder for temporary files");
        let data_dir = folder.path().join("data");
        let environment =
            environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Self { folder, data_dir, namespace, environment }
    }

    /// The same with the data in another folder.
    #[must_use]
    pub fn with_data_in(mut self, data_dir: &Path) -> Self {
        data_dir.clone_into(&mut self.data_dir);
        self
    }

    /// The same with this in the environment of its processes.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    /// Writes this into the usual config file, over what was there.
    pub fn configure(&self, text: &str) {
        let folder = self.folder.path().join("chinwag");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("config.toml"), text).expect("a config");
    }

    /// Puts this into the environment of its processes from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.unset(name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Takes this out of the environment of its processes from now on.
    pub fn unset(&mut self, name: &str) {
        self.environment.retain(|(known, _)| known != name);
    }

    /// Where the data is.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Everything of theirs, the data and what stands beside it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `chinwag` with these arguments, as this person runs it.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = match &self.namespace {
            Some(name) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", name]).arg(program());
                command
            }
            None => Command::new(program()),
        };
        let home = self.folder.path();
        command.args(args).env_clear().env("HOME", home).env("XDG_CONFIG_HOME", home);
        command.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("CHINWAG_DATA_DIR", &self.data_dir).env("TZ", "UTC");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Starts the daemon. It may not run yet.
    pub fn start(&self) -> Process {
        let errors = std::fs::File::create(self.folder.path().join("stderr")).expect("a file");
        let mut command = self.command(&["daemon"]);
        Process(command.stderr(errors).spawn().expect("chinwag starts"))
    }

    /// What the daemon said on standard error since its last start.
    pub fn errors(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stderr")).unwrap_or_default()
    }

    /// A connection to the daemon, once it runs.
    pub async fn connect(&self) -> (Client, Events) {
        // Not with `until`: futures of async closures can't move between threads yet.
        let socket = self.data_dir.join("api.sock");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok(connected) = Client::connect(&socket).await {
                return connected;
            }
            let errors = self.errors();
            assert!(Instant::now() < deadline, "no daemon at {}: {errors}", socket.display());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Starts the daemon and makes an account there.
    pub async fn begin(&self, name: &str) -> (Running, RecoveryWords) {
        let running = self.run().await;
        let device_name = Some(format!("{name}-laptop"));
        let params = CreateAccount { name: name.to_owned(), device_name };
        let made = running.client.call::<AccountCreate>(params).await.expect("an account");
        (running, made.words)
    }

    /// Starts the daemon and connects to it.
    pub async fn run(&self) -> Running {
        let process = self.start();
        let (client, unheard) = self.connect().await;
        Running { process, client, _unheard: unheard }
    }
}

/// A daemon and a connection to it.
#[derive(Debug)]
pub struct Running {
    /// The process.
    pub process: Process,
    /// The connection.
    pub client: Client,
    _unheard: Events,
}

/// A process, killed when the story is over.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts any program.
    pub fn starting(command: &mut Command) -> Self {
        Self(command.spawn().expect("the program starts"))
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Ends it at once, as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).expect("it runs");
    }

    /// Asks it to end, and waits for it. Gives its exit code; 143 is how it ends in good order, and
    /// below zero is the number of the signal that killed it.
    pub fn end(mut self) -> i32 {
        self.signal(Signal::TERM);
        self.ends_within(PATIENCE).expect("it ends when it is asked to")
    }

    /// Its exit code, once it has ended; `None` when it does not end within this time.
    pub fn ends_within(&mut self, patience: Duration) -> Option<i32> {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Some(status) = self.0.try_wait().expect("it can be waited for") {
                return Some(exit_code(status));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }

    /// What stands after this word in what the system says of it (`/proc/PID/status`).
    pub fn status(&self, word: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse().ok()
    }
}

fn exit_code(status: std::process::ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| -signal)).expect("it has ended")
}

impl Drop for Process {
    fn drop(&mut self) {
        // Errors: it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
