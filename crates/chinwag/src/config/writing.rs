//! Writes into the config file what was answered at the first start. Whatever else is in it stays as it is.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use chinwag_daemon::Relay;

use super::{RelayText, read_text, reading};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::themes::Themes;

/// What begins a file that was not there.
const HEADING: &str = "# The config of chinwag, begun at the first start; `chinwag config default` prints every key.\n\n";

/// How the example begins the line for relays.
const IN_EXAMPLE: &str = "# relays = ";

/// Names these relays in a config file that names none, and makes one where there is none.
pub(crate) fn name_relays(path: &Path, relays: &[Relay]) -> Result<(), Failure> {
    let failed = |error| output::not_written(path, error);
    // What is written takes the place of a link's end, not of the link.
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let text = match read_text(&place) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => HEADING.to_owned(),
        Err(error) => return Err(failed(error)),
    };
    let is_new = text == HEADING;
    let Some(text) = naming(&text, relays) else {
        let words = format!("relays can't be written into {}", path.display());
        return Err(Failure::saying(Exit::Usage, words).hint("write `relays` there by hand"));
    };
    if is_new {
        make_folder_of(&place)?;
        let mut file = output::new_file(&place)?;
        return file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed);
    }
    replace(&place, &text).map_err(failed)
}

/// Makes the folder of a config, for its owner alone.
pub(crate) fn make_folder_of(path: &Path) -> Result<(), Failure> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    let mut maker = fs::DirBuilder::new();
    maker.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
    maker.create(folder).map_err(|error| output::not_written(folder, error))
}

/// Puts a text in the place of a file's, as a whole or not at all.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let written = (|| {
        let mut file = fs::File::create_new(&beside)?;
        file.set_permissions(fs::metadata(path)?.permissions())?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// A text that says the same and names these relays; none: there is no place for them.
fn naming(text: &str, relays: &[Relay]) -> Option<String> {
    let wanted: Vec<RelayText> = relays.iter().cloned().map(RelayText).collect();
    let written: Vec<String> = relays.iter().map(|relay| format!("\"{relay}\"")).collect();
    let line = format!("relays = [{}]", written.join(", "));
    let is_comment = |of: &str| of.starts_with(IN_EXAMPLE);
    let in_place: Vec<&str> =
        text.lines().map(|of| if is_comment(of) { line.as_str() } else { of }).collect();
    let has_place = text.lines().filter(|of| is_comment(of)).count() == 1;
    let (comments, rest) = (text.len() - behind_comments(text).len(), behind_comments(text));
    [
        has_place.then(|| in_place.join("\n") + "\n"),
        Some(format!("{}{line}\n{rest}", &text[..comments])),
    ]
    .into_iter()
    .flatten()
    .find(|changed| {
        let (before, after) =
            (reading::read(text, &Themes::default()), reading::read(changed, &Themes::default()));
        let mut expected = before.config;
        expected.relays.clone_from(&wanted);
        after.config == expected && after.names_relays && after.faults.len() == before.faults.len()
    })
}

/// What stands behind the comments at the beginning, with which no table has begun yet.
fn behind_comments(text: &str) -> &str {
    let mut rest = text;
    while let Some((line, behind)) = rest.split_once('\n') {
        if !line.starts_with('#') && !line.trim().is_empty() {
            break;
        }
        rest = behind;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::example;

    fn relays() -> Vec<Relay> {
        ["https://relay.example", "https://192.0.2.7:8443?quic=7843"]
            .map(|of| of.parse().unwrap())
            .to_vec()
    }

    const LINE: &str =
        "relays = [\"https://relay.example\", \"https://192.0.2.7:8443?quic=7843\"]\n";

    #[test]
    fn relays_are_written_where_the_example_has_them_and_else_before_all_tables() {
        assert_eq!(naming(HEADING, &relays()).unwrap(), format!("{HEADING}{LINE}"));
        assert_eq!(naming("", &[]).unwrap(), "relays = []\n");
        let whole = naming(&example(), &relays()).unwrap();
        assert_eq!(whole.lines().count(), example().lines().count());
        assert!(whole.contains(&format!("\n{LINE}")), "{whole}");
        let ours = "# mine\nlan = false # at work\n[ui]\n# relays = []\nmouse = true\n";
        let named = naming(ours, &relays()).unwrap();
        assert_eq!(named, ours.replace("# mine\n", &format!("# mine\n{LINE}")));
    }

    #[test]
    fn what_names_relays_already_is_not_written_over() {
        assert_eq!(naming("relays = []\n", &relays()), None);
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_a_new_one_is_its_owners() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/config.toml");
        name_relays(&path, &relays()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{HEADING}{LINE}"));
        fs::write(&path, "lan = false\n").unwrap();
        name_relays(&path, &[]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "relays = []\nlan = false\n");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
