//! `config`: what the config file may say, what it says, where it is, whether it is right.

use crate::args::Global;
use crate::args::program::ConfigCommand;
use crate::config;
use crate::exit::{Exit, Failure};
use crate::output;

pub(super) fn run(global: &Global, command: ConfigCommand) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::Default => {
            output::say(config::DEFAULT.trim_end())?;
        }
        ConfigCommand::Show => return show(global),
        ConfigCommand::Path => return path(global),
        ConfigCommand::Check => return check(global),
    }
    Ok(Exit::Done)
}

fn show(global: &Global) -> Result<Exit, Failure> {
    let mut warn = |warning: String| output::remark(&format!("chinwag: {warning}"));
    let config = config::read(global.config.as_deref(), &mut warn)?;
    let text = toml::to_string(&config).map_err(|error| Failure::new(Exit::Internal, error))?;
    output::say(text.trim_end())?;
    Ok(Exit::Done)
}

fn path(global: &Global) -> Result<Exit, Failure> {
    let path = global.config.clone().or_else(config::usual_path);
    let Some(path) = path else {
        let failure = Failure::saying(Exit::NotFound, "this system has no place for a config");
        return Err(failure.hint("name one with --config"));
    };
    output::say(&output::one_line(&path.display().to_string()))?;
    Ok(Exit::Done)
}

fn check(global: &Global) -> Result<Exit, Failure> {
    let mut warnings = 0;
    let mut warn = |warning: String| {
        warnings += 1;
        output::remark(&format!("chinwag: {}", output::one_line(&warning)));
    };
    config::read(global.config.as_deref(), &mut warn)?;
    Ok(if warnings == 0 { Exit::Done } else { Exit::Usage })
}
