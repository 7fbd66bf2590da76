//! The `chinwag` program: reads the command line, runs one command, and turns how it went into
//! words on standard error and an exit code.

mod args;
mod commands;
mod config;
mod exit;
mod output;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command};
use crate::exit::{Exit, Failure};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    let done = match args.command {
        Command::Classroom(classroom) => commands::classroom::run(classroom),
    };
    done.unwrap_or_else(|failure| report(&failure)).into()
}

/// Help and versions go to standard output and are no failure; everything else is one.
fn usage(error: &clap::Error) -> ExitCode {
    // If standard output is closed there is nobody to tell.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
}

/// One sentence, the causes below it, and what to do next.
fn report(failure: &Failure) -> Exit {
    let chain: Vec<String> = failure.error.chain().map(ToString::to_string).collect();
    for (depth, cause) in chain.iter().enumerate() {
        let lead = if depth == 0 { "chinwag: " } else { "  because: " };
        output::remark(&format!("{lead}{}", output::one_line(cause)));
    }
    if let Some(hint) = &failure.hint {
        output::remark(&format!("  {}", output::one_line(hint)));
    }
    failure.exit
}
