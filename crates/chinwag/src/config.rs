//! The config file: one TOML file, every key optional. A wrong value is an error that names the
//! place; an unknown key is a warning with a suggestion, so that a newer file still works.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};

use crate::args::LogLevel;
use crate::args::classroom::Preset;
use crate::exit::{Exit, Failure};

/// Bytes of a config file.
const CONFIG_MAX: u64 = 1024 * 1024;

const KNOWN_KEYS: [&str; 10] = [
    "data_dir",
    "lan",
    "bind",
    "log_level",
    "classroom",
    "classroom.team",
    "classroom.port",
    "classroom.address",
    "classroom.preset",
    "classroom.bootstrap",
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
# team = \"blue\"
# port = 4000
# address = \"10.0.0.5\"               # announced, and listened on
# preset = \"iit-indore\"              # static peers by name
# bootstrap = [\"10.0.0.7:4001\"]      # static peers
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
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: None,
            lan: true,
            bind: Vec::new(),
            log_level: None,
            classroom: ClassroomConfig::default(),
        }
    }
}

/// The section `[classroom]`.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct ClassroomConfig {
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
    let config = serde_ignored::deserialize(document, |key| unknown.push(key.to_string()))?;
    for key in unknown {
        warn(unknown_key(&key));
    }
    Ok(config)
}

fn unknown_key(key: &str) -> String {
    let distance = |known: &&&str| strsim::damerau_levenshtein(key, known);
    let nearest = KNOWN_KEYS.iter().min_by_key(distance).filter(|known| distance(known) <= 3);
    let suggestion = nearest.map(|known| format!("; did you mean {known:?}?"));
    format!("unknown key {key:?} in the config file{}", suggestion.unwrap_or_default())
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
}
