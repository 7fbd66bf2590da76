//! The config file: one TOML file, every key optional. A wrong value is an error that names the
//! place; an unknown key is a warning with a suggestion, so that a newer file still works.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use chinwag_tui::actions::{ACTIONS, Keymap, Keys, named};
use chinwag_tui::options::Notify;
use chinwag_tui::theme::Theme;
use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};

use crate::args::LogLevel;
use crate::args::classroom::Preset;
use crate::exit::{Exit, Failure};

/// Bytes of a config file.
const CONFIG_MAX: u64 = 1024 * 1024;

const KNOWN_KEYS: [&str; 21] = [
    "data_dir",
    "lan",
    "bind",
    "log_level",
    "classroom",
    "classroom.enabled",
    "classroom.team",
    "classroom.port",
    "classroom.address",
    "classroom.preset",
    "classroom.bootstrap",
    "ui",
    "ui.theme",
    "ui.mode",
    "ui.keymap",
    "ui.default_keys",
    "ui.keys",
    "ui.notify",
    "ui.title",
    "ui.extended_keys",
    "ui.mouse",
];

/// A config file with every key and what it means; as it stands it says what is so anyway.
pub(crate) const DEFAULT: &str = "\
# The config of chinwag. Every key may be left out; flags and the environment win over it.

# Where the data is.
# data_dir = \"/srv/chinwag\"

# Announce ourselves on the local network, and look for others there.
lan = true

# Listen on these addresses; none: on all of them.
# bind = [\"192.0.2.7:4433\"]

# How much to note in the log, which is in the data folder: off, error, warn, info, debug or trace.
# log_level = \"info\"

# The classroom: plain TCP, not private (chinwag classroom --help).
[classroom]
# Have the daemon and the terminal client in the classroom: its programs appear in the client as
# conversations that are marked as not private, and are kept in memory alone.
enabled = false
# team = \"blue\"
# port = 4000                        # left out, chinwag classroom asks, and the daemon takes a free one
# address = \"10.0.0.5\"               # announced, and listened on
# preset = \"iit-indore\"              # static peers by name
# bootstrap = [\"10.0.0.7:4001\"]      # static peers

# The terminal client: what chinwag without a command shows.
[ui]
# Colours: terminal, light, contrast, colour-blind or plain.
theme = \"terminal\"

# A screen (full), or plain lines for screen readers (linear); chinwag --linear, CHINWAG_ACCESSIBLE=1 and
# TERM=dumb choose lines too.
mode = \"full\"

# Keys: default, or vim for those with a normal mode.
keymap = \"default\"

# false: only the keys in [ui.keys].
default_keys = true

# What a message does that nobody looks at: bell, terminal (a notification of the terminal) or none.
notify = \"bell\"

# Say in the terminal's title how much is unread.
title = true

# Ask terminals that are known for it to tell Shift+Enter from Enter.
extended_keys = true

# Let the mouse choose and scroll from the beginning; Alt+M switches it. With Shift it selects text.
mouse = false

# Keys of an action: one, several, or \"\" for none. The names of actions: docs/command-line.md.
[ui.keys]
# switch = [\"ctrl+p\", \"f2\"]
# help = \"f1\"
";

/// What the config file says.
#[derive(Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Config {
    /// Where the data is.
    pub(crate) data_dir: Option<PathBuf>,
    /// Whether to announce ourselves on the local network and look for others there.
    pub(crate) lan: bool,
    /// Where to listen; none: on all addresses.
    pub(crate) bind: Vec<SocketAddr>,
    /// How much to note in the log.
    pub(crate) log_level: Option<LogLevel>,
    /// The section `[classroom]`.
    pub(crate) classroom: ClassroomConfig,
    /// The section `[ui]`.
    pub(crate) ui: UiConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: None,
            lan: true,
            bind: Vec::new(),
            log_level: None,
            classroom: ClassroomConfig::default(),
            ui: UiConfig::default(),
        }
    }
}

/// The section `[classroom]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct ClassroomConfig {
    /// Whether the daemon and the terminal client are in it.
    pub(crate) enabled: bool,
    /// Our team name.
    pub(crate) team: Option<String>,
    /// The port to listen on.
    pub(crate) port: Option<u16>,
    /// The address to announce and to listen on.
    pub(crate) address: Option<String>,
    /// Static peers by name.
    pub(crate) preset: Option<Preset>,
    /// Static peers, `IP:PORT` each.
    pub(crate) bootstrap: Vec<String>,
}

/// The section `[ui]`.
#[derive(Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct UiConfig {
    /// Colours.
    pub(crate) theme: ThemeName,
    /// A screen, or lines.
    pub(crate) mode: Mode,
    /// Which keys there are.
    pub(crate) keymap: KeymapName,
    /// Whether there are others than those in `keys`.
    pub(crate) default_keys: bool,
    /// What a message does that nobody looks at.
    pub(crate) notify: NotifyName,
    /// Whether the title of the terminal says how much is unread.
    pub(crate) title: bool,
    /// Whether to ask for the keyboard protocol of kitty.
    pub(crate) extended_keys: bool,
    /// Whether the mouse chooses and scrolls from the beginning.
    pub(crate) mouse: bool,
    /// The keys of actions, by their names.
    pub(crate) keys: BTreeMap<String, ActionKeys>,
}

impl Default for UiConfig {
    fn default() -> Self {
        Self {
            theme: ThemeName::default(),
            mode: Mode::default(),
            keymap: KeymapName::default(),
            default_keys: true,
            notify: NotifyName::default(),
            title: true,
            extended_keys: true,
            mouse: false,
            keys: BTreeMap::new(),
        }
    }
}

impl UiConfig {
    /// The keys of the client, or what is wrong with them.
    pub(crate) fn bound(&self) -> anyhow::Result<Keymap> {
        let keys = match self.keymap {
            _ if !self.default_keys => Keys::None,
            KeymapName::Default => Keys::Default,
            KeymapName::Vim => Keys::Vim,
        };
        if let Some(name) = self.keys.keys().find(|name| named(name).is_none()) {
            let names = ACTIONS.iter().map(|action| action.name);
            let suggestion = nearest(name, names).map(|name| format!("; did you mean {name:?}?"));
            let suggestion =
                suggestion.unwrap_or_else(|| "; docs/command-line.md lists them".to_owned());
            anyhow::bail!("ui.keys: there is no action {name:?}{suggestion}");
        }
        let given = self.keys.iter().map(|(name, keys)| (name.as_str(), keys.all()));
        Keymap::new(keys, given).context("ui.keys")
    }
}

/// The name of a theme that there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ThemeName(pub(crate) Theme);

impl TryFrom<String> for ThemeName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let names = Theme::ALL.iter().map(|theme| theme.name).collect::<Vec<_>>().join(", ");
        let fault = || format!("there is no theme {name:?}: it is one of {names}");
        Theme::named(&name).map(Self).ok_or_else(fault)
    }
}

impl From<ThemeName> for String {
    fn from(theme: ThemeName) -> Self {
        theme.0.name.to_owned()
    }
}

/// How the client shows everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    #[default]
    Full,
    Linear,
}

/// Which keys there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeymapName {
    #[default]
    Default,
    Vim,
}

/// What a message does that nobody looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NotifyName {
    None,
    #[default]
    Bell,
    Terminal,
}

impl From<NotifyName> for Notify {
    fn from(name: NotifyName) -> Self {
        match name {
            NotifyName::None => Self::None,
            NotifyName::Bell => Self::Bell,
            NotifyName::Terminal => Self::Terminal,
        }
    }
}

/// The keys of an action: one, or several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "the keys of an action are a key such as \"ctrl+p\", or a list of keys"
)]
pub(crate) enum ActionKeys {
    One(String),
    Several(Vec<String>),
}

impl ActionKeys {
    fn all(&self) -> Vec<&str> {
        match self {
            Self::One(key) => vec![key],
            Self::Several(keys) => keys.iter().map(String::as_str).collect(),
        }
    }
}

/// Reads the file that was named, or the usual one if it is there. Warnings go to `warn`.
pub(crate) fn read(named: Option<&Path>, warn: &mut dyn FnMut(String)) -> Result<Config, Failure> {
    let usual = usual_path();
    let Some(path) = named.or(usual.as_deref()) else {
        return Ok(Config::default());
    };
    let text = match read_text(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => {
            return Ok(Config::default());
        }
        Err(error) => {
            let error = anyhow::Error::new(error);
            let error = error.context(format!("can't read the config file {}", path.display()));
            return Err(Failure::new(Exit::Usage, error));
        }
    };
    parse(&text, warn)
        .with_context(|| format!("the config file {} is wrong", path.display()))
        .map_err(|error| Failure::new(Exit::Usage, error))
}

/// Where the config file is looked for if none is named.
pub(crate) fn usual_path() -> Option<PathBuf> {
    let dirs = etcetera::choose_base_strategy().ok()?;
    Some(dirs.config_dir().join("chinwag").join("config.toml"))
}

fn read_text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let mut file = File::open(path)?.take(CONFIG_MAX + 1);
    file.read_to_string(&mut text)?;
    if text.len() as u64 > CONFIG_MAX {
        let words = format!("it is over the limit of {CONFIG_MAX} bytes");
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, words));
    }
    Ok(text)
}

fn parse(text: &str, warn: &mut dyn FnMut(String)) -> anyhow::Result<Config> {
    let mut unknown = Vec::new();
    let document = toml::Deserializer::parse(text)?;
    let config: Config = serde_ignored::deserialize(document, |key| unknown.push(key.to_string()))?;
    config.ui.bound()?;
    for key in unknown {
        warn(unknown_key(&key));
    }
    Ok(config)
}

fn unknown_key(key: &str) -> String {
    let suggestion = nearest(key, KNOWN_KEYS).map(|known| format!("; did you mean {known:?}?"));
    format!("unknown key {key:?} in the config file{}", suggestion.unwrap_or_default())
}

/// The one of these that was probably meant.
fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |known: &&str| strsim::damerau_levenshtein(word, known);
    known.into_iter().min_by_key(distance).filter(|known| distance(known) <= 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_with_warnings(text: &str) -> (anyhow::Result<Config>, Vec<String>) {
        let mut warnings = Vec::new();
        let config = parse(text, &mut |warning| warnings.push(warning));
        (config, warnings)
    }

    #[test]
    fn an_empty_file_is_a_config() {
        let (config, warnings) = parse_with_warnings("");
        assert_eq!(config.unwrap(), Config::default());
        assert!(warnings.is_empty());
    }

    #[test]
    fn the_default_file_says_what_is_so_anyway() {
        let (config, warnings) = parse_with_warnings(DEFAULT);
        assert_eq!(config.unwrap(), Config::default());
        assert!(warnings.is_empty());
    }

    #[test]
    fn every_key_of_the_default_file_is_known() {
        let keys =
            DEFAULT.replace("# data", "data").replace("# bind", "bind").replace("# log", "log");
        let all: String = keys.lines().map(uncommented).collect();
        let (config, warnings) = parse_with_warnings(&all);
        let config = config.unwrap();
        assert_eq!(warnings, [""; 0]);
        assert_eq!(config.classroom.port, Some(4_000));
        assert_eq!(config.bind.len(), 1);
    }

    /// `# key = value` without its `#`.
    fn uncommented(line: &str) -> String {
        let bare = line.strip_prefix("# ").filter(|rest| rest.contains(" = "));
        format!("{}\n", bare.unwrap_or(line))
    }

    #[test]
    fn a_full_file_is_understood() {
        let text = r#"
            [classroom]
            team = "blue"
            port = 4000
            address = "10.0.0.5"
            preset = "iit-indore"
            bootstrap = ["10.0.0.7:4001"]
        "#;
        let (config, warnings) = parse_with_warnings(text);
        let classroom = config.unwrap().classroom;
        assert_eq!(classroom.port, Some(4_000));
        assert_eq!(classroom.preset, Some(Preset::IitIndore));
        assert_eq!(classroom.bootstrap, ["10.0.0.7:4001"]);
        assert!(warnings.is_empty());
    }

    #[test]
    fn an_unknown_key_is_a_warning_that_suggests_the_known_one() {
        let (config, warnings) = parse_with_warnings("[classroom]\nteem = \"blue\"\nzzzzzzzz = 1");
        assert!(config.is_ok());
        assert_eq!(
            warnings,
            [
                r#"unknown key "classroom.teem" in the config file; did you mean "classroom.team"?"#,
                r#"unknown key "classroom.zzzzzzzz" in the config file"#,
            ]
        );
    }

    #[test]
    fn a_wrong_value_names_its_place() {
        let (config, _) = parse_with_warnings("[classroom]\nport = 70000");
        assert!(format!("{:#}", config.unwrap_err()).contains("line 2"));
    }

    #[test]
    fn the_section_of_the_client_is_understood() {
        let text = r#"
            [ui]
            theme = "light"
            mode = "linear"
            keymap = "vim"
            notify = "none"
            [ui.keys]
            switch = ["ctrl+g", "f2"]
            help = ""
        "#;
        let (config, warnings) = parse_with_warnings(text);
        let ui = config.unwrap().ui;
        assert_eq!(warnings, [""; 0]);
        assert_eq!((ui.mode, ui.notify), (Mode::Linear, NotifyName::None));
        assert_eq!(ui.theme.0.name, "light");
        let keymap = ui.bound().unwrap();
        assert!(keymap.is_vim);
        assert_eq!(keymap.keys(chinwag_tui::actions::Act::Switch), ["Ctrl+G", "F2"]);
        assert!(keymap.keys(chinwag_tui::actions::Act::Help).is_empty());
    }

    #[test]
    fn what_is_wrong_in_the_section_of_the_client_is_named_with_what_is_allowed() {
        let wrong = [
            ("[ui]\ntheme = \"pink\"", "terminal, light, contrast, colour-blind, plain"),
            ("[ui]\nkeymap = \"emacs\"", "vim"),
            ("[ui]\nmode = \"tree\"", "linear"),
            ("[ui]\nnotify = \"drum\"", "bell"),
            ("[ui.keys]\nswitsh = \"f2\"", "did you mean \"switch\"?"),
            ("[ui.keys]\nswitch = \"ctrl+nothing\"", "the key of \"switch\""),
            ("[ui.keys]\nswitch = 7", "a key such as \"ctrl+p\""),
        ];
        for (text, allowed) in wrong {
            let (config, _) = parse_with_warnings(text);
            let error = format!("{:#}", config.unwrap_err());
            assert!(error.contains(allowed), "{text}: {error}");
        }
        let (_, warnings) = parse_with_warnings("[ui]\nkeymaps = 1");
        assert!(warnings[0].contains("did you mean \"ui.keymap\"?"), "{warnings:?}");
    }
}
