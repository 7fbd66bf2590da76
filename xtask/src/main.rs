//! The project's own chores, started with `cargo xtask`.
//!
//! Nothing here is shipped, and nothing here knows the code of the other crates: the chores look at
//! manifests, at text, and at what other tools say.

mod check;
mod lab;
mod screenshots;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// The project's own chores.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Chore {
    /// Run all of CI here, in order, and stop at the first step that fails
    Check,
    /// Try who reaches whom behind which router, and write it into `docs/reach.md`; as root
    Lab,
    /// Draw the pictures of the README anew: `docs/images`
    Screenshots,
    /// Compare the workspace with the rules of the house
    Tidy {
        /// A folder of the workspace to look at
        #[arg(long, value_name = "DIR", default_value = ".")]
        root: PathBuf,
    },
}

fn main() -> ExitCode {
    let done = match Chore::parse() {
        Chore::Check => check::run(),
        Chore::Lab => lab::run(),
        Chore::Screenshots => screenshots::run(),
        Chore::Tidy { root } => tidy::run(&root),
    };
    // In our own words: returned from here, an error would bring a backtrace along.
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
