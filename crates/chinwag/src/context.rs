//! What every command knows: where the data is, how to listen, and how to say things.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;

use chinwag_daemon::Settings;

use crate::args::{Color, Global};
use crate::commands::classroom;
use crate::config::{self, ClassroomConfig, Config, UiConfig};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::show::Paint;
use crate::show::message::Style;
use crate::show::time::Clock;
use crate::terminal::console;

/// What every command knows.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Context {
    data_dir: Option<PathBuf>,
    lan: bool,
    bind: Vec<SocketAddr>,
    log: chinwag_daemon::LogLevel,
    /// The section of the config that is the classroom's.
    pub(crate) classroom: ClassroomConfig,
    /// Whether a node in this process is in the classroom, if that is enabled: not for the moment that a
    /// command takes.
    pub(crate) is_in_class: bool,
    /// The section of the config that is the terminal client's.
    pub(crate) ui: UiConfig,
    is_quiet: bool,
    /// Whether to say more.
    pub(crate) is_verbose: bool,
    paint: Paint,
}

impl Context {
    /// Reads the config and puts environment and flags over it. Warnings go to standard error.
    pub(crate) fn new(global: &Global) -> Result<Self, Failure> {
        let mut warn =
            |warning: String| output::remark(&format!("chinwag: {}", output::one_line(&warning)));
        let config = config::read(global.config.as_deref(), &mut warn)?;
        let Config { data_dir, lan, bind, log_level, classroom, ui } = config;
        Ok(Self {
            data_dir: global.data_dir.clone().or(data_dir).or_else(chinwag_daemon::usual_data_dir),
            lan: lan && !global.no_lan,
            bind: if global.bind.is_empty() { bind } else { global.bind.clone() },
            log: global.log_level.or(log_level).map(Into::into).unwrap_or_default(),
            classroom,
            is_in_class: false,
            ui,
            is_quiet: global.quiet,
            is_verbose: global.verbose,
            paint: Paint { is_on: uses_colour(global.color) },
        })
    }

    /// Where the data is.
    pub(crate) fn data_dir(&self) -> Result<&PathBuf, Failure> {
        self.data_dir.as_ref().ok_or_else(|| {
            let failure = Failure::saying(Exit::Usage, "this system has no place for data");
            failure.hint("say where it is with --data-dir")
        })
    }

    /// How to run a node.
    pub(crate) fn settings(&self, is_daemon: bool) -> Result<Settings, Failure> {
        let data_dir = self.data_dir()?.clone();
        let (lan, bind, log) = (self.lan, self.bind.clone(), self.log);
        let is_in_class = self.classroom.enabled && (is_daemon || self.is_in_class);
        let classroom = is_in_class.then(|| classroom::of_daemon(&self.classroom)).transpose()?;
        Ok(Settings { data_dir, lan, bind, is_daemon, log, classroom })
    }

    /// Says something besides the answer, unless it is to be quiet.
    pub(crate) fn remark(&self, line: &str) {
        if !self.is_quiet {
            output::remark(line);
        }
    }

    /// Says what only somebody who asked for more wants to know.
    pub(crate) fn detail(&self, line: &str) {
        if self.is_verbose {
            output::remark(line);
        }
    }

    /// Whether colours are used.
    pub(crate) fn has_colours(&self) -> bool {
        self.paint.is_on
    }

    /// How things are shown.
    pub(crate) fn style(&self, is_utc: bool) -> Style {
        let columns = std::io::stdout().is_terminal().then(console::columns);
        let clock = Clock::now(is_utc);
        Style { clock, paint: self.paint, whole_ids: self.is_verbose, columns }
    }
}

/// Whether standard output is to have colours: the flag first, then what the environment says
/// (<https://no-color.org>, <https://bixense.com/clicolors>), then whether it is a terminal.
fn uses_colour(flag: Color) -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let is_dumb = set("TERM").is_some_and(|term| term == "dumb");
    match flag {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR").is_some() => false,
        Color::Auto if set("CLICOLOR_FORCE").is_some_and(|force| force != "0") => true,
        Color::Auto => std::io::stdout().is_terminal() && !is_dumb,
    }
}
