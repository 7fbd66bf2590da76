//! `cargo xtask tidy`: what the compiler cannot check about the workspace as a whole.
//!
//! [`workspace`] reads, [`rules`] decide, [`tables`] hold what the rules compare with. Only this
//! file prints. A finding is one line that names the thing and says what to do about it.

mod rules;
mod tables;
mod workspace;

use std::path::Path;
use std::process::ExitCode;

use workspace::Workspace;

/// Prints every finding about the workspace that `root` lies in, and fails when there is one.
pub(crate) fn run(root: &Path) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::read(root)?;
    let findings = rules::findings(&workspace);
    if findings.is_empty() {
        println!(
            "tidy: {} crates, {} direct dependencies, nothing to say",
            workspace.crates.len(),
            workspace.third_party().len(),
        );
        return Ok(ExitCode::SUCCESS);
    }
    for finding in findings {
        println!("{finding}");
    }
    Ok(ExitCode::FAILURE)
}
