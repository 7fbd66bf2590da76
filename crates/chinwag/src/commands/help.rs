//! `completions`, `man` and `schema`: what the program says of itself, made from the tables that it
//! works by.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::{Command as Process, Stdio};

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man as Page;

use crate::args::{self, program::Man};
use crate::exit::{Exit, Failure};
use crate::output;

pub(super) fn completions(shell: Shell) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut args::command(), "chinwag", &mut text);
    output::say(String::from_utf8_lossy(&text).trim_end())?;
    Ok(Exit::Done)
}

pub(super) fn schema() -> Result<Exit, Failure> {
    let document = chinwag_api::schema::openrpc(env!("CARGO_PKG_VERSION"));
    output::say(&format!("{document:#}"))?;
    Ok(Exit::Done)
}

pub(super) fn man(args: &Man) -> Result<Exit, Failure> {
    let mut whole = args::command();
    whole.build();
    if let Some(folder) = &args.out {
        let written = write_all(&whole, folder);
        return written.map(|()| Exit::Done).map_err(|error| {
            let words = format!("can't write into {}", folder.display());
            Failure::new(Exit::Usage, anyhow::Error::new(error).context(words))
        });
    }
    let mut command = &whole;
    for name in &args.command {
        command = command.find_subcommand(name).ok_or_else(|| {
            let failure = Failure::saying(Exit::NotFound, format!("there is no command {name:?}"));
            failure.hint("`chinwag --help` lists them")
        })?;
    }
    let text = page(command).map_err(|error| Failure::new(Exit::Internal, error))?;
    if !(io::stdout().is_terminal() && shown_by_man(&text)) {
        output::say(String::from_utf8_lossy(&text).trim_end())?;
    }
    Ok(Exit::Done)
}

/// The page of one command.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let name = page_name(command);
    let mut text = Vec::new();
    // Without a date: the same program has the same pages.
    let program = concat!("chinwag ", env!("CARGO_PKG_VERSION"));
    let page = Page::new(command.clone()).title(name.to_uppercase()).manual("Chinwag");
    page.source(program).render(&mut text)?;
    Ok(text)
}

/// `chinwag-bundle-export`, as `man` finds it.
fn page_name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

/// Writes the page of each command, and of each below it.
fn write_all(command: &Command, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(format!("{}.1", page_name(command))), page(command)?)?;
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        write_all(below, folder)?;
    }
    Ok(())
}

/// Lets `man` show it, if there is one.
fn shown_by_man(text: &[u8]) -> bool {
    let started = Process::new("man").args(["-l", "-"]).stdin(Stdio::piped()).spawn();
    let Ok(mut process) = started else { return false };
    if let Some(mut input) = process.stdin.take() {
        // It ends early when somebody has read enough.
        let _ = input.write_all(text);
    }
    process.wait().is_ok_and(|status| status.success())
}
