//! The config file: one TOML file, every key optional. A wrong value is an error that names the
//! place; an unknown key is a warning with a suggestion, so that a newer file still works. Which keys
//! there are stands in one [table].

mod reading;
mod table;
mod writing;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chinwag_daemon::Relay;
use chinwag_tui::actions::{Keymap, KeymapError, Keys};
use chinwag_tui::notify::{Kind, Notify, Quiet, Rules};
use chinwag_tui::theme::Theme;
use serde::{Deserialize, Serialize};

pub(crate) use self::reading::{Place, Reading};
pub(crate) use self::table::{Live, changed, example};
pub(crate) use self::writing::{make_folder_of, name_relays};
use crate::args::LogLevel;
use crate::args::classroom::Preset;
use crate::exit::{Exit, Failure};
use crate::places::Places;
use crate::themes::Themes;

/// Bytes of a config file.
const CONFIG_MAX: u64 = 1024 * 1024;

/// What the config file says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Config {
    /// Where the data is.
    pub(crate) data_dir: Option<PathBuf>,
    /// Whether to announce ourselves on the local network and look for others there.
    pub(crate) lan: bool,
    /// Where to listen; none: on all addresses.
    pub(crate) bind: Vec<SocketAddr>,
    /// The relays that may be used; none: devices meet directly or not at all.
    pub(crate) relays: Vec<RelayText>,
    /// A file of certificates that are trusted to speak for relays.
    pub(crate) relay_certificates: Option<PathBuf>,
    /// How much to note in the log.
    pub(crate) log_level: Option<LogLevel>,
    /// A program that prints the passphrase, with its arguments.
    pub(crate) passphrase_command: Vec<String>,
    /// The section `[classroom]`.
    pub(crate) classroom: ClassroomConfig,
    /// The section `[ui]`.
    pub(crate) ui: UiConfig,
}

/// A relay as the config file writes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct RelayText(pub(crate) Relay);

impl TryFrom<String> for RelayText {
    type Error = chinwag_daemon::NoRelay;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl From<RelayText> for String {
    fn from(text: RelayText) -> Self {
        text.0.to_string()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: None,
            lan: true,
            bind: Vec::new(),
            relays: Vec::new(),
            relay_certificates: None,
            log_level: None,
            passphrase_command: Vec::new(),
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
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct UiConfig {
    /// Colours.
    pub(crate) theme: String,
    /// A screen, or lines.
    pub(crate) mode: Mode,
    /// Which keys there are.
    pub(crate) keymap: KeymapName,
    /// Whether there are others than those in `keys`.
    pub(crate) default_keys: bool,
    /// What a message does that nobody looks at.
    pub(crate) notify: Notify,
    /// Whether the title of the terminal says how much is unread.
    pub(crate) title: bool,
    /// Whether to ask for the keyboard protocol of kitty.
    pub(crate) extended_keys: bool,
    /// Whether the mouse chooses and scrolls from the beginning.
    pub(crate) mouse: bool,
    /// How wide characters of ambiguous width are.
    pub(crate) ambiguous: Ambiguous,
    /// How emoji are shown.
    pub(crate) emoji: EmojiAs,
    /// Where times are.
    pub(crate) time: TimeName,
    /// How they are written.
    pub(crate) dates: DatesName,
    /// Whether anything moves by itself.
    pub(crate) motion: Motion,
    /// The section `[ui.notifications]`.
    pub(crate) notifications: Notifications,
    /// The keys of actions, by their names.
    pub(crate) keys: BTreeMap<String, ActionKeys>,
}

impl Default for UiConfig {
    fn default() -> Self {
        Self {
            theme: Theme::default().name.to_string(),
            mode: Mode::default(),
            keymap: KeymapName::default(),
            default_keys: true,
            notify: Notify::default(),
            title: true,
            extended_keys: true,
            mouse: false,
            ambiguous: Ambiguous::default(),
            emoji: EmojiAs::default(),
            time: TimeName::default(),
            dates: DatesName::default(),
            motion: Motion::default(),
            notifications: Notifications::default(),
            keys: BTreeMap::new(),
        }
    }
}

impl UiConfig {
    /// The keys of the client.
    pub(crate) fn bound(&self) -> Result<Keymap, KeymapError> {
        let keys = match self.keymap {
            _ if !self.default_keys => Keys::None,
            KeymapName::Default => Keys::Default,
            KeymapName::Vim => Keys::Vim,
        };
        Keymap::new(keys, self.keys.iter().map(|(name, keys)| (name.as_str(), keys.all())))
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

/// How wide the terminal draws characters of ambiguous width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ambiguous {
    #[default]
    Narrow,
    Wide,
}

/// How emoji are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EmojiAs {
    #[default]
    Signs,
    Shortcodes,
}

/// Which keys there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeymapName {
    #[default]
    Default,
    Vim,
}

/// Where times are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TimeName {
    #[default]
    Local,
    Utc,
}

/// How times of day and days are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DatesName {
    #[default]
    Locale,
    Iso,
}

/// Whether anything moves by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Motion {
    #[default]
    On,
    Off,
}

/// The section `[ui.notifications]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Notifications {
    /// Of what.
    pub(crate) on: Vec<Kind>,
    /// Words that make a message one for us.
    pub(crate) words: Vec<String>,
    /// Whether it is said who it is from.
    pub(crate) sender: bool,
    /// Whether it is said what was said.
    pub(crate) content: bool,
    /// When nothing is told.
    pub(crate) quiet: Option<Quiet>,
    /// A program that is told as well.
    pub(crate) command: Vec<String>,
}

impl Default for Notifications {
    fn default() -> Self {
        let Rules { on, words, sender, content, quiet, command, .. } = Rules::default();
        Self { on, words, sender, content, quiet, command }
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

/// What was found where the config is looked for.
#[derive(Debug)]
pub(crate) struct Found {
    /// Where it is, or would be. `None`: this system has no place for it.
    pub(crate) path: Option<PathBuf>,
    /// Whether there is a file.
    pub(crate) is_there: bool,
    /// What it says, and what there is to say of it.
    pub(crate) reading: Reading,
    /// The themes beside it.
    pub(crate) themes: Themes,
}

impl Found {
    /// What there is to say of the file and of themes that is no reason not to run.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let in_file = self.reading.warnings.iter().map(ToString::to_string);
        let themes = self.themes.wrong.iter().chain(&self.themes.warnings).cloned();
        in_file.chain(themes).collect()
    }
}

/// Looks for the file that was named, or for the usual one, and reads it. Beside it are the themes.
pub(crate) fn find(named: Option<&Path>, places: &Places) -> Result<Found, Failure> {
    let path = named.map(Path::to_owned).or_else(|| places.config_file());
    let mut found =
        Found { path, is_there: false, reading: Reading::default(), themes: Themes::default() };
    let Some(path) = &found.path else { return Ok(found) };
    let folder = path.parent().map(|folder| folder.join("themes"));
    found.themes = folder.map(|folder| Themes::with_those_in(&folder)).unwrap_or_default();
    match read_text(path) {
        Ok(text) => {
            found.reading = reading::read(&text, &found.themes);
            found.is_there = true;
            Ok(found)
        }
        Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => Ok(found),
        Err(error) => {
            let error = anyhow::Error::new(error);
            let error = error.context(format!("can't read the config file {}", path.display()));
            Err(Failure::new(Exit::Usage, error))
        }
    }
}

/// The config that counts. An error: something in the file is wrong.
pub(crate) fn read(named: Option<&Path>, places: &Places) -> Result<Found, Failure> {
    let found = find(named, places)?;
    let Some(first) = found.reading.faults.first() else { return Ok(found) };
    let path = found.path.as_deref().unwrap_or(Path::new("")).display();
    let error = anyhow::anyhow!("{first}").context(format!("the config file {path} is wrong"));
    let failure = Failure::new(Exit::Usage, error);
    Err(match found.reading.faults.len() - 1 {
        0 => failure,
        more => failure.hint(format!("there is more ({more}): chinwag config check lists it")),
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Config {
        let read = reading::read(text, &Themes::default());
        assert_eq!((read.faults, read.warnings), (Vec::new(), Vec::new()), "{text}");
        read.config
    }

    fn faults(text: &str) -> Vec<String> {
        reading::read(text, &Themes::default()).faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_empty_file_is_a_config() {
        assert_eq!(of(""), Config::default());
    }

    #[test]
    fn the_example_says_what_is_so_anyway() {
        assert_eq!(of(&example()), Config::default());
    }

    #[test]
    fn every_key_is_in_the_example_and_each_line_of_it_is_understood() {
        let uncommented: String = example().lines().map(uncommented).collect();
        let config = of(&uncommented);
        assert_eq!(config.classroom.port, Some(4_000));
        assert_eq!(config.bind.len(), 1);
        assert_eq!(config.ui.keys.len(), 2);
        let written = toml::Value::try_from(&config).unwrap();
        for key in table::KEYS {
            let mut value = Some(&written);
            for part in key.name.split('.') {
                value = value.and_then(|table| table.get(part));
            }
            assert!(value.is_some(), "{} is in the example", key.name);
        }
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
        let classroom = of(text).classroom;
        assert_eq!(classroom.port, Some(4_000));
        assert_eq!(classroom.preset, Some(Preset::IitIndore));
        assert_eq!(classroom.bootstrap, ["10.0.0.7:4001"]);
    }

    #[test]
    fn an_unknown_key_is_a_warning_that_suggests_the_known_one() {
        let read = reading::read(
            "[classroom]\nteem = \"blue\"\nzzzzzzzz = 1\n[uii]\n",
            &Themes::default(),
        );
        assert_eq!(read.faults, []);
        let warnings: Vec<String> = read.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            warnings,
            [
                r#"line 2, column 1: unknown key "classroom.teem" in the config file; did you mean "classroom.team"?"#,
                r#"line 3, column 1: unknown key "classroom.zzzzzzzz" in the config file"#,
                r#"line 4, column 2: unknown key "uii" in the config file; did you mean "ui"?"#,
            ]
        );
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_place_and_what_would_be_right() {
        let text = "lan = 3\nui = 1\n[classroom]\nport = 70000\nteam = oops\n\
                    preset = \"nowhere\"\nport = 1\n\nbootstrap = [\n  1]\n";
        assert_eq!(
            faults(text),
            [
                "line 1, column 7: lan takes true or false, not 3",
                "line 2, column 6: ui is a section: write [ui]",
                "line 4, column 8: classroom.port takes a port from 1 to 65535, not 70000",
                "line 5, column 8: string values must be quoted, expected literal string",
                "line 6, column 10: classroom.preset takes the name of a preset: \"iit-indore\", not \"nowhere\"",
                "line 7, column 1: duplicate key",
                "line 10, column 3: classroom.bootstrap takes a list of addresses like \"10.0.0.7:4001\", not 1",
            ]
        );
    }

    #[test]
    fn what_is_right_beside_a_fault_is_read() {
        let read = reading::read("lan = false\nbind = 3\n", &Themes::default());
        assert_eq!((read.faults.len(), read.config.lan), (1, false));
    }

    #[test]
    fn a_column_counts_characters_and_a_file_full_of_faults_is_told_in_part() {
        assert_eq!(
            faults("ui.title = \"\" # ä\n\"ä\" = ä")[1].split(':').next(),
            Some("line 2, column 7")
        );
        assert_eq!(faults(&"= 1\n".repeat(200_000)).len(), 100);
        assert_eq!(faults(&"= 1 ".repeat(200_000)).len(), 1);
        let many: Vec<String> = (0..5_000).map(|n| format!("k{n} = 1")).collect();
        assert_eq!(reading::read(&many.join("\n"), &Themes::default()).warnings.len(), 100);
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
        let ui = of(text).ui;
        assert_eq!((ui.mode, ui.notify), (Mode::Linear, Notify::None));
        assert_eq!(ui.theme, "light");
        let keymap = ui.bound().unwrap();
        assert!(keymap.is_vim);
        assert_eq!(keymap.keys(chinwag_tui::actions::Act::Switch), ["Ctrl+G", "F2"]);
        assert!(keymap.keys(chinwag_tui::actions::Act::Help).is_empty());
    }

    #[test]
    fn what_is_wrong_in_the_section_of_the_client_is_named_with_what_is_allowed() {
        let wrong = [
            (
                "[ui]\ntheme = \"pink\"",
                "one of terminal, light, dark, high-contrast, colour-blind, plain, not",
            ),
            ("[ui]\nkeymap = \"emacs\"", "vim"),
            ("[ui]\nmode = \"tree\"", "linear"),
            ("[ui]\nnotify = \"drum\"", "bell"),
            ("[ui.keys]\nswitsh = \"f2\"", "did you mean \"switch\"?"),
            ("[ui.keys]\nswitch = \"ctrl+nothing\"", "the key of \"switch\""),
            ("[ui.keys]\nswitch = 7", "a key such as \"ctrl+p\""),
        ];
        for (text, allowed) in wrong {
            let faults = faults(text);
            assert!(faults.len() == 1 && faults[0].contains(allowed), "{text}: {faults:?}");
        }
    }

    #[test]
    fn a_config_that_is_read_again_tells_what_was_changed_and_who_heeds_it() {
        let changed =
            changed(&of("lan = false"), &of("log_level = \"debug\"\n[ui]\nmouse = true\n"));
        let names: Vec<_> = changed.iter().map(|key| (key.name, key.live)).collect();
        let expected =
            [("lan", Live::Never), ("log_level", Live::Daemon), ("ui.mouse", Live::Client)];
        assert_eq!(names, expected);
    }
}
