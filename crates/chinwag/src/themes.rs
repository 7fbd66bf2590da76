//! The themes that there are: those that are shipped, and the files in the folder `themes` beside the
//! config file, each of which says how it differs from one of these.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use chinwag_tui::theme::{CONTRAST_MIN, Name, Theme, ThemeFile};

use crate::config::Place;

/// Files that are read.
const FILES_MAX: usize = 64;

/// Bytes of one.
const FILE_MAX: u64 = 64 * 1024;

/// All themes, and what there is to say of files that are none.
#[derive(Debug)]
pub(crate) struct Themes {
    /// Those that can be used.
    pub(crate) all: Vec<Theme>,
    /// What is wrong with files, each with its path.
    pub(crate) wrong: Vec<String>,
    /// What is not easy to read in others.
    pub(crate) warnings: Vec<String>,
}

impl Default for Themes {
    fn default() -> Self {
        Self { all: Theme::ALL.to_vec(), wrong: Vec::new(), warnings: Vec::new() }
    }
}

impl Themes {
    /// Those that are shipped, with those in this folder. That it isn't there is fine.
    pub(crate) fn with_those_in(folder: &Path) -> Self {
        let mut themes = Self::default();
        let mut files = match fs::read_dir(folder) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect::<Vec<_>>(),
            Err(error) if error.kind() == ErrorKind::NotFound => return themes,
            Err(error) => {
                themes.wrong.push(format!("{}: {error}", folder.display()));
                return themes;
            }
        };
        files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        files.sort();
        if files.len() > FILES_MAX {
            let folder = folder.display();
            themes.wrong.push(format!("{folder}: more than {FILES_MAX} themes are not read"));
        }
        for path in files.iter().take(FILES_MAX) {
            themes.add(path);
        }
        themes
    }

    fn add(&mut self, path: &Path) {
        match self.read(path) {
            Ok(theme) => {
                let low = theme.least_contrast().filter(|(_, contrast)| *contrast < CONTRAST_MIN);
                if let Some((what, contrast)) = low {
                    self.warnings.push(format!(
                        "the theme {}: {what} has a contrast of {contrast:.1}, and needs {CONTRAST_MIN} \
                         to be read well",
                        theme.name
                    ));
                }
                self.all.push(theme);
            }
            Err(why) => self.wrong.push(format!("{}: {why}", path.display())),
        }
    }

    fn read(&self, path: &Path) -> Result<Theme, String> {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).and_then(Name::new);
        let name = stem
            .ok_or("the name of a theme has 1 to 32 small letters (a to z), digits and hyphens")?;
        if Theme::named(name.as_str(), &self.all).is_some() {
            return Err(format!("there is a theme {name} already: give it another name"));
        }
        let mut text = String::new();
        let file = fs::File::open(path).map_err(|error| error.to_string())?;
        file.take(FILE_MAX + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
        if text.len() as u64 > FILE_MAX {
            return Err(format!("it is over the limit of {FILE_MAX} bytes"));
        }
        let file: ThemeFile = toml::from_str(&text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            Place::new(&text, at, error.message()).to_string()
        })?;
        file.theme(name)
    }

    /// The names of all.
    pub(crate) fn names(&self) -> String {
        let names: Vec<&str> = self.all.iter().map(|theme| theme.name.as_str()).collect();
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn themes(files: &[(&str, &str)]) -> Themes {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let mut themes = Themes::with_those_in(folder.path());
        let begin = format!("{}/", folder.path().display());
        for wrong in &mut themes.wrong {
            *wrong = wrong.replace(&begin, "");
        }
        themes
    }

    #[test]
    fn a_file_says_how_a_theme_differs_from_a_shipped_one() {
        let text = "base = \"dark\"\n[text]\nfg = \"#ffffff\"\nbg = \"#000000\"\n[dim]\nitalic = true\n\
                    [chosen]\nfg = \"blue\"\n";
        let themes = themes(&[("mine.toml", text), ("README", "no theme")]);
        assert_eq!(themes.wrong, [""; 0]);
        let mine = Theme::named("mine", &themes.all).unwrap();
        let white = ratatui_color("#ffffff");
        assert_eq!(mine.text.fg.map(|c| c.to_string()), Some(white));
        assert_eq!(mine.dim.fg, Theme::DARK.dim.fg);
        assert_eq!(mine.code, Theme::DARK.code);
        assert_eq!(themes.all.len(), Theme::ALL.len() + 1);
    }

    fn ratatui_color(written: &str) -> String {
        written.to_uppercase()
    }

    #[test]
    fn what_is_wrong_with_a_theme_is_told_with_its_place_and_the_others_are_there() {
        let files = [
            ("a.toml", "[text]\nfg = \"no such colour\"\n"),
            ("b.toml", "base = \"pink\"\n"),
            ("c.toml", "[txt]\n"),
            ("d.toml", "= 1\n"),
            ("dark.toml", ""),
            ("E.toml", ""),
            ("fine.toml", ""),
        ];
        let themes = themes(&files);
        assert!(Theme::named("fine", &themes.all).is_some());
        let begins = [
            "E.toml: the name of a theme",
            "a.toml: line 2, column 6: ",
            "b.toml: base takes one of",
            "c.toml: line 1, column 2: unknown field `txt`",
            "d.toml: line 1, column 1: ",
            "dark.toml: there is a theme dark",
        ];
        assert_eq!(themes.wrong.len(), begins.len(), "{:?}", themes.wrong);
        for (wrong, begin) in themes.wrong.iter().zip(begins) {
            assert!(wrong.starts_with(begin), "{wrong}");
        }
    }

    #[test]
    fn what_can_hardly_be_read_is_said() {
        let text = "base = \"light\"\n[dim]\nfg = \"#cccccc\"\n";
        let themes = themes(&[("pale.toml", text)]);
        assert_eq!(
            themes.warnings,
            ["the theme pale: dim has a contrast of 1.6, and needs 4.5 to be read well"]
        );
    }
}
