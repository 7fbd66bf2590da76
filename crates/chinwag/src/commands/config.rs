//! `config`: what the config file may say, what it says, where it is, whether it is right.

use std::io::Write as _;
use std::path::PathBuf;

use super::classroom;
use crate::args::Global;
use crate::args::program::ConfigCommand;
use crate::config::{self, ClassroomConfig, Reading};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::places::Places;

pub(super) fn run(global: &Global, command: ConfigCommand) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::Init => return init(global),
        ConfigCommand::Default => {
            output::say(config::example().trim_end())?;
        }
        ConfigCommand::Show => return show(global),
        ConfigCommand::Path => return path(global),
        ConfigCommand::Check => return check(global),
    }
    Ok(Exit::Done)
}

fn show(global: &Global) -> Result<Exit, Failure> {
    let found = config::read(global.config.as_deref(), &Places::of(global)?)?;
    output::warn(&found.warnings());
    let text = toml::to_string(&found.reading.config)
        .map_err(|error| Failure::new(Exit::Internal, error))?;
    output::say(text.trim_end())?;
    Ok(Exit::Done)
}

fn path(global: &Global) -> Result<Exit, Failure> {
    output::say(&output::one_line(&place(global)?.display().to_string()))?;
    Ok(Exit::Done)
}

/// Where the config file is, or would be.
fn place(global: &Global) -> Result<PathBuf, Failure> {
    let path = match &global.config {
        Some(path) => Some(path.clone()),
        None => Places::of(global)?.config_file(),
    };
    path.ok_or_else(|| {
        let failure = Failure::saying(Exit::NotFound, "this system has no place for a config");
        failure.hint("name one with --config")
    })
}

/// Writes the example where the config belongs, in place of nothing.
fn init(global: &Global) -> Result<Exit, Failure> {
    let path = place(global)?;
    config::make_folder_of(&path)?;
    let mut file = output::new_file(&path)?;
    let written = file.write_all(config::example().as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|error| output::not_written(&path, error))?;
    let path = output::one_line(&path.display().to_string());
    output::say_done("the config was written", &format!("Wrote {path}."))?;
    Ok(Exit::Done)
}

/// Says all that is wrong, and all that does not count.
fn check(global: &Global) -> Result<Exit, Failure> {
    let found = config::find(global.config.as_deref(), &Places::of(global)?)?;
    let path = found.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let Reading { config, faults, warnings, .. } = &found.reading;
    for place in faults.iter().chain(warnings) {
        output::remark(&output::one_line(&format!("chinwag: {path}, {place}")));
    }
    let themes: Vec<String> =
        found.themes.wrong.iter().chain(&found.themes.warnings).cloned().collect();
    output::warn(&themes);
    if faults.is_empty() && config.classroom != ClassroomConfig::default() {
        // What is right by itself may be wrong as a whole.
        classroom::of_daemon(&config.classroom)?;
    }
    if !faults.is_empty() || !warnings.is_empty() || !themes.is_empty() {
        return Ok(Exit::Usage);
    }
    output::say(&output::one_line(&match (found.is_there, path.as_str()) {
        (true, path) => format!("Nothing is wrong in {path}."),
        (false, "") => "Nothing is wrong: there is no config.".to_owned(),
        (false, path) => format!("Nothing is wrong: {path} is not there."),
    }))?;
    Ok(Exit::Done)
}
