//! A person with a data folder of their own: real nodes that reach each other on loopback only.

use std::ffi::OsString;
use std::process::Command;
use std::time::Instant;

use serde::de::DeserializeOwned;
use tempfile::TempDir;

use super::pipes::{Ended, Piped};
use super::terminal::Terminal;
use super::{PROGRAM, environment};

/// Somebody, and the folder in which everything of theirs is.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    /// A folder in which there is nothing yet.
    pub(crate) fn empty() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// The same with an account.
    #[track_caller]
    pub(crate) fn of(name: &str) -> Self {
        let home = Self::empty();
        home.does(&["init", "--name", name, "--device-name", "laptop"]);
        home
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// The environment of every program of theirs.
    pub(crate) fn environment(&self) -> Vec<(OsString, OsString)> {
        let mut all: Vec<(OsString, OsString)> = environment(&self.folder)
            .into_iter()
            .map(|(name, value)| (name.into(), value.to_owned()))
            .collect();
        all.push(("CHINWAG_DATA_DIR".into(), self.path("data").into()));
        all.push(("CHINWAG_BIND".into(), "127.0.0.1:0".into()));
        all.push(("CHINWAG_NO_LAN".into(), "1".into()));
        all
    }

    /// Starts `chinwag` behind pipes.
    pub(crate) fn starts(&self, args: &[&str]) -> Piped {
        let mut command = Command::new(PROGRAM);
        command.args(args).env_clear().envs(self.environment());
        Piped::starts(command, TempDir::new().unwrap())
    }

    /// Starts `chinwag` on a terminal.
    pub(crate) fn sits_at(&self, args: &[&str]) -> Terminal {
        Terminal::starts(args, self.environment(), TempDir::new().unwrap())
    }

    /// The same with one more thing in its environment.
    pub(crate) fn sits_at_with(&self, args: &[&str], name: &str, value: &str) -> Terminal {
        let mut environment = self.environment();
        environment.retain(|(known, _)| known != name);
        environment.push((name.into(), value.into()));
        Terminal::starts(args, environment, TempDir::new().unwrap())
    }

    /// Runs `chinwag` to its end, with this on standard input.
    #[track_caller]
    pub(crate) fn runs_with(&self, args: &[&str], input: &[u8]) -> Ended {
        let mut program = self.starts(args);
        program.writes(input);
        program.closes_input();
        program.ends()
    }

    #[track_caller]
    pub(crate) fn runs(&self, args: &[&str]) -> Ended {
        self.runs_with(args, b"")
    }

    /// Runs `chinwag` to its end, with this as its standard output.
    #[track_caller]
    pub(crate) fn runs_onto(&self, args: &[&str], output: std::process::Stdio) -> Ended {
        let mut command = Command::new(PROGRAM);
        command.args(args).env_clear().envs(self.environment()).stdout(output);
        let mut program = Piped::starts_with_output(command, TempDir::new().unwrap());
        program.closes_input();
        program.ends()
    }

    /// Runs `chinwag` to its end, which is a good one, and gives what it printed.
    #[track_caller]
    pub(crate) fn does(&self, args: &[&str]) -> String {
        let ended = self.runs(args);
        assert_eq!(ended.code, 0, "{args:?}: {ended:?}");
        ended.output
    }

    /// The same with `--json`, as the contract promises it.
    #[track_caller]
    pub(crate) fn asks<T: DeserializeOwned>(&self, args: &[&str]) -> T {
        let output = self.does(&[args, &["--json"]].concat());
        assert_eq!(output.lines().count(), 1, "one document: {output}");
        serde_json::from_str(&output).unwrap_or_else(|error| panic!("{args:?}: {error}: {output}"))
    }

    /// Starts the daemon, and waits until it runs.
    #[track_caller]
    pub(crate) fn daemon(&self) -> Piped {
        let daemon = self.starts(&["daemon"]);
        daemon.until_error("the daemon runs");
        daemon
    }
}

/// What somebody waits for, asked for until it is so.
#[track_caller]
pub(crate) fn until_so(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + super::PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
    }
}

/// Makes contacts of two people whose daemons run.
#[track_caller]
pub(crate) fn introduce(ana: &Home, bob: &Home) {
    let ticket = ana.does(&["invite"]);
    let added: chinwag_api::model::Contact = bob.asks(&["add", ticket.trim(), "--timeout", "30"]);
    assert_eq!(added.state, chinwag_api::model::ContactState::Contact);
}
