//! What every command knows: where the data is, how to listen, and how to say things.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use chinwag_daemon::Settings;
use chinwag_text::dates::Dates;
use chinwag_tui::theme::Theme;

use crate::args::{Color, Global};
use crate::commands::classroom;
use crate::config::{self, ClassroomConfig, Config, DatesName, RelayText, TimeName, UiConfig};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::passphrase::Unlocker;
use crate::places::Places;
use crate::show::Paint;
use crate::show::message::Style;
use crate::show::time::Clock;
use crate::terminal::console;

/// What every command knows.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Context {
    data_dir: Option<PathBuf>,
    state_dir: Option<PathBuf>,
    lan: bool,
    bind: Vec<SocketAddr>,
    relays: Vec<RelayText>,
    relay_certificates: Option<PathBuf>,
    log: chinwag_daemon::LogLevel,
    /// The section of the config that is the classroom's.
    pub(crate) classroom: ClassroomConfig,
    /// Whether a node in this process is in the classroom, if that is enabled: not for the moment that a
    /// command takes.
    pub(crate) is_in_class: bool,
    /// The section of the config that is the terminal client's.
    pub(crate) ui: UiConfig,
    /// The themes that there are.
    pub(crate) themes: Vec<Theme>,
    /// What the config file says, before anything was put over it.
    pub(crate) in_file: Config,
    /// Where the config file is, or would be.
    pub(crate) config_file: Option<PathBuf>,
    /// Whether it says which relays may be used, none included.
    pub(crate) names_relays: bool,
    /// Whether no relay is used, whatever the config says.
    pub(crate) no_relay: bool,
    /// Whether times are shown in UTC.
    pub(crate) is_utc: bool,
    /// How times of day and days are written.
    pub(crate) dates: Dates,
    /// What does not count in the config file.
    pub(crate) warnings: Vec<String>,
    /// Where the passphrase of the data folder comes from, and its key once it was given.
    pub(crate) unlocker: Arc<Unlocker>,
    is_quiet: bool,
    /// Whether to say more.
    pub(crate) is_verbose: bool,
    paint: Paint,
}

impl Context {
    /// Reads the config and puts environment and flags over it. Warnings go to standard error.
    pub(crate) fn new(global: &Global) -> Result<Self, Failure> {
        let context = Self::unwarned(global)?;
        output::warn(&context.warnings);
        Ok(context)
    }

    /// The same for whoever tells the warnings elsewhere.
    pub(crate) fn unwarned(global: &Global) -> Result<Self, Failure> {
        let places = Places::of(global)?;
        let found = config::read(global.config.as_deref(), &places)?;
        let warnings = found.warnings();
        let (config_file, names_relays) = (found.path.clone(), found.reading.names_relays);
        let folder = found.path.as_deref().and_then(std::path::Path::parent);
        let beside =
            |path: PathBuf| folder.map_or_else(|| path.clone(), |folder| folder.join(&path));
        let (config, themes) = (found.reading.config, found.themes.all);
        let is_utc = global.utc || config.ui.time == TimeName::Utc;
        let dates = dates_of(config.ui.dates);
        let in_file = config.clone();
        let Config {
            data_dir,
            lan,
            bind,
            relays,
            relay_certificates,
            log_level,
            passphrase_command,
            classroom,
            ui,
        } = config;
        Ok(Self {
            data_dir: data_dir_of(global, &places, data_dir)?,
            state_dir: places.state,
            lan: lan && !global.no_lan,
            relays: if global.no_relay { Vec::new() } else { relays },
            relay_certificates: relay_certificates.filter(|_| !global.no_relay).map(beside),
            bind: if global.bind.is_empty() { bind } else { global.bind.clone() },
            log: global.log_level.or(log_level).map(Into::into).unwrap_or_default(),
            classroom,
            is_in_class: false,
            ui,
            themes,
            in_file,
            config_file,
            names_relays,
            no_relay: global.no_relay,
            is_utc,
            dates,
            warnings,
            unlocker: Arc::new(Unlocker::new(global.passphrase_fd, passphrase_command)),
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
        let state_dir = self.state_dir.clone();
        let relays = self.relays.iter().map(|relay| relay.0.clone()).collect();
        let relay_certificates = self.relay_certificates.clone();
        Ok(Settings {
            data_dir,
            state_dir,
            lan,
            bind,
            relays,
            relay_certificates,
            is_daemon,
            log,
            classroom,
        })
    }

    /// Whether nobody has said yet which relays may be used.
    pub(crate) fn asks_for_relays(&self) -> bool {
        !self.names_relays && !self.no_relay
    }

    /// How much to note in the log.
    pub(crate) fn log(&self) -> chinwag_daemon::LogLevel {
        self.log
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

    /// Where and when we are.
    pub(crate) fn clock(&self) -> Clock {
        Clock::now(self.is_utc, self.dates)
    }

    /// How things are shown.
    pub(crate) fn style(&self) -> Style {
        let columns = std::io::stdout().is_terminal().then(console::columns);
        Style { clock: self.clock(), paint: self.paint, whole_ids: self.is_verbose, columns }
    }
}

/// How dates are written: as the environment says, in the order in which the system's own programs ask it.
fn dates_of(name: DatesName) -> Dates {
    if name == DatesName::Iso {
        return Dates::ISO;
    }
    let set = |name: &str| std::env::var(name).ok().filter(|locale| !locale.is_empty());
    let locale = ["LC_ALL", "LC_TIME", "LANG"].into_iter().find_map(set);
    locale.map(|locale| Dates::of_locale(&locale)).unwrap_or_default()
}

/// Where the data is: the flag and its variable first, then the config, then the usual place.
fn data_dir_of(
    global: &Global,
    places: &Places,
    in_config: Option<PathBuf>,
) -> Result<Option<PathBuf>, Failure> {
    if global.data_dir.is_some() {
        return Ok(global.data_dir.clone());
    }
    if let (Some(chosen_by), Some(config), Some(_)) = (places.chosen_by, &global.config, &in_config)
    {
        let words = format!(
            "{chosen_by} and data_dir in {} say two different places for the data",
            config.display()
        );
        return Err(Failure::saying(Exit::Usage, words).hint("leave one of them away"));
    }
    if in_config.is_some() {
        return Ok(in_config);
    }
    places.check_socket()?;
    Ok(places.data.clone())
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
