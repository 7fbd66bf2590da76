//! Where everything of ours is: what the system says, a profile beside it, or one folder that has all of it.
//!
//! `CHINWAG_HOME` is that one folder, for a stick or a machine that is to keep nothing elsewhere. A profile
//! is somebody else: another config and other data, by a name. Within `CHINWAG_HOME` profiles are folders
//! in it. What is named by itself (`--config`, `--data-dir`) is where it was said to be.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use crate::args::Global;
use crate::exit::{Exit, Failure};

/// Characters of the name of a profile, which becomes that of a folder.
const PROFILE_MAX: usize = 32;

/// The folder of profiles, where the system's places are shared with other programs.
const PROFILES: &str = "chinwag-profiles";

/// Where everything is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// The folder of the config file and of themes.
    pub(crate) config: Option<PathBuf>,
    /// The data folder.
    pub(crate) data: Option<PathBuf>,
    /// Where to note what is to be known of the data outside of it; none: where the system says.
    pub(crate) state: Option<PathBuf>,
    /// What chose them, if the system did not.
    pub(crate) chosen_by: Option<&'static str>,
    /// Whether all of it has to stay in one folder.
    pub(crate) is_portable: bool,
}

/// The system's folders.
struct System {
    config: PathBuf,
    data: PathBuf,
}

impl Places {
    /// As the command line, the environment and the system say.
    pub(crate) fn of(global: &Global) -> Result<Self, Failure> {
        if let (Some(profile), Some(folder)) = (&global.profile, &global.data_dir) {
            // The folder may have been said by the environment, where it is not seen.
            let words = format!(
                "--profile {profile} and --data-dir (or CHINWAG_DATA_DIR) {} say two different places for \
                 the data",
                folder.display()
            );
            let hint = "leave one of them away: a profile has a folder of its own";
            return Err(Failure::saying(Exit::Usage, words).hint(hint));
        }
        let home = std::env::var_os("CHINWAG_HOME").filter(|home| !home.is_empty());
        let home = home.map(std::path::absolute).transpose();
        let home = home.map_err(|error| {
            let error = anyhow::Error::new(error).context("CHINWAG_HOME is no path");
            Failure::new(Exit::Usage, error)
        })?;
        let system = etcetera::choose_base_strategy().ok();
        let system = system.map(|dirs| System { config: dirs.config_dir(), data: dirs.data_dir() });
        Ok(Self::chosen(home.as_deref(), global.profile.as_deref(), system.as_ref()))
    }

    fn chosen(home: Option<&Path>, profile: Option<&str>, system: Option<&System>) -> Self {
        if let Some(home) = home {
            let root =
                profile.map_or_else(|| home.to_owned(), |name| home.join("profiles").join(name));
            return Self {
                data: Some(root.join("data")),
                state: Some(root.join("state")),
                config: Some(root),
                chosen_by: Some("CHINWAG_HOME"),
                is_portable: true,
            };
        }
        let Some(system) = system else { return Self::default() };
        let ours = |folder: &Path| match profile {
            Some(name) => folder.join(PROFILES).join(name),
            None => folder.join("chinwag"),
        };
        Self {
            config: Some(ours(&system.config)),
            data: Some(ours(&system.data)),
            state: None,
            chosen_by: profile.map(|_| "--profile"),
            is_portable: false,
        }
    }

    /// Where the config file is looked for.
    pub(crate) fn config_file(&self) -> Option<PathBuf> {
        self.config.as_ref().map(|folder| folder.join("config.toml"))
    }

    /// Whether what must not leave the one folder fits there: the path of a socket is short everywhere.
    pub(crate) fn check_socket(&self) -> Result<(), Failure> {
        let Some(data) = self.data.as_deref().filter(|_| self.is_portable) else { return Ok(()) };
        let Some(over) = chinwag_daemon::socket_excess(data)? else { return Ok(()) };
        let words = format!(
            "CHINWAG_HOME is too long by {over} bytes: the path of the socket in it, {}, has to fit into {} \
             bytes",
            data.join(chinwag_daemon::SOCKET).display(),
            chinwag_daemon::SOCKET_PATH_MAX
        );
        Err(Failure::saying(Exit::Usage, words).hint("put it where its path is shorter"))
    }
}

/// The name of a profile, as it is typed.
pub(crate) fn profile(typed: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if typed.is_empty() || typed.len() > PROFILE_MAX || !typed.chars().all(fits) {
        return Err(format!(
            "a name has 1 to {PROFILE_MAX} small letters (a to z), digits and hyphens"
        ));
    }
    Ok(typed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(home: Option<&str>, profile: Option<&str>) -> [String; 3] {
        let system = System { config: "/c".into(), data: "/d".into() };
        let places = Places::chosen(home.map(Path::new), profile, Some(&system));
        [places.config, places.data, places.state]
            .map(|path| path.unwrap_or_default().display().to_string())
    }

    #[test]
    fn a_profile_has_folders_of_its_own_which_are_not_in_those_of_another() {
        assert_eq!(places(None, None), ["/c/chinwag", "/d/chinwag", ""]);
        let work = ["/c/chinwag-profiles/work", "/d/chinwag-profiles/work", ""];
        assert_eq!(places(None, Some("work")), work);
    }

    #[test]
    fn a_home_has_everything_below_it() {
        assert_eq!(places(Some("/s"), None), ["/s", "/s/data", "/s/state"]);
        let work = ["/s/profiles/work", "/s/profiles/work/data", "/s/profiles/work/state"];
        assert_eq!(places(Some("/s"), Some("work")), work);
    }

    #[test]
    fn a_profile_is_called_what_a_folder_can_be_called_everywhere() {
        for fine in ["work", "a-1", &"x".repeat(PROFILE_MAX)] {
            assert_eq!(profile(fine).as_deref(), Ok(fine));
        }
        for wrong in ["", "..", "a/b", "A", "ä", "a b", &"x".repeat(PROFILE_MAX + 1)] {
            assert!(profile(wrong).is_err(), "{wrong}");
        }
    }
}
