//! The `chinwag` program: reads the command line, runs one command, and turns how it went into
//! words on standard error and an exit code.

mod args;
mod commands;
mod config;
mod context;
mod exit;
mod node;
mod output;
mod passphrase;
mod places;
mod relays;
mod show;
mod terminal;
mod themes;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::FromArgMatches;

use crate::args::Args;
use crate::exit::{Exit, Failure};

fn main() -> ExitCode {
    let parsed = args::command().try_get_matches().and_then(|found| Args::from_arg_matches(&found));
    let args = match parsed {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    let Some(command) = args.command else { return no_command(&args.global, args.linear) };
    if args.linear {
        let kind = clap::error::ErrorKind::ArgumentConflict;
        return usage(&args::command().error(kind, "--linear is for chinwag without a command"));
    }
    commands::run(&args.global, command).unwrap_or_else(|failure| report(&failure)).into()
}

/// A person gets the terminal client, a script is shown that something is missing.
fn no_command(global: &args::Global, is_linear: bool) -> ExitCode {
    if is_linear || (std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return commands::tui::run(global, is_linear)
            .unwrap_or_else(|failure| report(&failure))
            .into();
    }
    output::remark(args::SHORT_HELP);
    Exit::Usage.into()
}

/// Help and versions go to standard output and are no failure; everything else is one.
fn usage(error: &clap::Error) -> ExitCode {
    let printed = error.print();
    if error.use_stderr() {
        return Exit::Usage.into();
    }
    output::written("", printed).map_or_else(|failure| report(&failure), |_| Exit::Done).into()
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
