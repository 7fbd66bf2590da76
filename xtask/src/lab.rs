//! `lab`: has the lab try who reaches whom, and writes what it found into `docs/reach.md`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use std::process::ExitCode;

/// The page.
const PAGE: &str = "docs/reach.md";

/// Between these two lines of the page is what the lab writes.
const BEGIN: &str = "<!-- written by `cargo xtask lab` -->";
const END: &str = "<!-- until here -->";

/// Runs the stories with the long outages, and puts their tables into the page.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    let status = Command::new(env!("CARGO"))
        .args(["test", "--workspace", "--locked", "--test", "reach", "--", "--test-threads", "1"])
        .env("CHINWAG_REACH_TABLES", folder.path())
        .status()
        .context("cargo can't be run")?;
    if !status.success() {
        bail!("not everybody was reached: the page stays as it is");
    }
    let pairs = fs::read_to_string(folder.path().join("pairs.md"))
        .context("the lab wrote no table: it takes root, `ip netns`, `nft` and `conntrack`")?;
    let near = fs::read_to_string(folder.path().join("nearby.md"))
        .context("the lab did not say how soon two on one network see each other")?;
    let written = format!("{pairs}\n{}\n{near}", changes(folder.path())?);
    let page = fs::read_to_string(PAGE).with_context(|| PAGE.to_owned())?;
    let (Some((before, _)), Some((_, after))) = (page.split_once(BEGIN), page.split_once(END))
    else {
        bail!("{PAGE} has no place for the tables");
    };
    fs::write(PAGE, format!("{before}{BEGIN}\n\n{written}\n{END}{after}"))?;
    println!("lab: {PAGE} says what was found");
    Ok(ExitCode::SUCCESS)
}

/// The table of what changes under way, from one line of each story.
fn changes(folder: &Path) -> anyhow::Result<String> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("change-")) {
            lines.push(fs::read_to_string(path)?);
        }
    }
    lines.sort();
    Ok(format!(
        "| What changes | Until what was said is delivered |\n|---|--:|\n{}",
        lines.concat()
    ))
}
