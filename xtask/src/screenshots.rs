//! The pictures of the README. The client draws them itself, in a test that also notices when they are old.

use std::process::{Command, ExitCode};

use anyhow::Context as _;

/// The test that compares the pictures with what the client draws, or writes them.
const TEST: &str = "the_pictures_of_the_readme_are_what_the_program_draws";

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let status = Command::new(env!("CARGO"))
        .args(["test", "--locked", "-p", "chinwag-tui", "--test", "client", TEST])
        .env("CHINWAG_GOLDEN", "rewrite")
        .status()
        .context("can't start cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
