//! All of CI, locally: a list of commands, run in order until one fails.
//!
//! The list is the whole knowledge. `.ci/run` runs the same commands; a test holds the two
//! together.

use std::fmt;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};

/// The steps, the quick ones first, so that a typing mistake is told within seconds.
const STEPS: &[Step] = &[
    Step::new("format", "cargo fmt --all --check"),
    Step::new("tidy", "cargo xtask tidy"),
    Step::new("clippy", "cargo clippy --workspace --all-targets --locked -- -D warnings"),
    Step::new("test", "cargo test --workspace --locked"),
    Step {
        env: Some(("RUSTDOCFLAGS", "-D warnings")),
        ..Step::new("doc", "cargo doc --workspace --no-deps --locked")
    },
    Step::new("simulator", "cargo run --release -p chinwag-sim --locked -- --seeds 1000"),
    Step { tool: Some(CARGO_DENY), ..Step::new("deny", "cargo deny check bans licenses sources") },
];

/// Judges licences and sources by `deny.toml`. Its fourth check, advisories, needs the network and
/// is left out.
const CARGO_DENY: Tool =
    Tool { probe: "cargo deny --version", install: "cargo install --locked cargo-deny" };

/// One command of the check, in words a shell splits the same way we do: at spaces.
struct Step {
    name: &'static str,
    command: &'static str,
    env: Option<(&'static str, &'static str)>,
    tool: Option<Tool>,
}

/// A program that not everybody has: a step that needs it is skipped without it.
struct Tool {
    /// Succeeds when the tool is installed.
    probe: &'static str,
    /// Installs it.
    install: &'static str,
}

/// Runs every step. The error of the first that fails says how to run that step alone.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    run_steps(STEPS)?;
    println!("\ncheck: passed in {:.1} s", started.elapsed().as_secs_f32());
    Ok(ExitCode::SUCCESS)
}

fn run_steps(steps: &[Step]) -> anyhow::Result<()> {
    for step in steps {
        println!("\n== {}: {step}", step.name);
        match &step.tool {
            Some(tool) if !tool.is_installed() => {
                println!("{}: skipped; to have it, {}", step.name, tool.install);
            }
            _ => step.run()?,
        }
    }
    Ok(())
}

impl Step {
    const fn new(name: &'static str, command: &'static str) -> Self {
        Self { name, command, env: None, tool: None }
    }

    fn run(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        let status = command(self.command)
            .envs(self.env)
            .status()
            .with_context(|| format!("{} did not start; is cargo in your PATH?", self.name))?;
        if !status.success() {
            bail!("{} failed; to run it alone: {self}", self.name);
        }
        println!("{}: passed in {:.1} s", self.name, started.elapsed().as_secs_f32());
        Ok(())
    }
}

/// As it is typed into a shell.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, value)) = self.env {
            write!(f, "{name}=\"{value}\" ")?;
        }
        f.write_str(self.command)
    }
}

impl Tool {
    fn is_installed(&self) -> bool {
        command(self.probe)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

/// A command from its line; every line here begins with a program.
fn command(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Step = Step::new("good", "true");
    const BAD: Step =
        Step { env: Some(("RUSTDOCFLAGS", "-D warnings")), ..Step::new("bad", "false") };

    #[test]
    fn the_first_failing_step_ends_the_check_and_says_how_to_run_it_alone() {
        let never_reached = Step::new("late", "no-such-program");
        let said = run_steps(&[GOOD, BAD, never_reached]).unwrap_err().to_string();
        assert_eq!(said, r#"bad failed; to run it alone: RUSTDOCFLAGS="-D warnings" false"#);
    }

    #[test]
    fn a_step_whose_tool_is_missing_is_skipped() {
        let missing = Tool { probe: "no-such-program --version", install: "nobody can" };
        let skipped = Step { tool: Some(missing), ..BAD };
        run_steps(&[skipped, GOOD]).unwrap();
    }

    #[test]
    fn ci_runs_every_step_that_needs_no_extra_tool() {
        let ci = include_str!("../../.ci/run");
        for step in STEPS.iter().filter(|step| step.tool.is_none()) {
            let line = step.to_string();
            assert!(ci.contains(&line), ".ci/run does not run: {line}");
        }
    }
}
