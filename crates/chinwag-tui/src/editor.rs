//! The person's own editor, for a text that is longer than a line.
//!
//! The text is in a file that nobody else can read while the editor runs, and the file goes with it.

use std::io::{self, Write as _};
use std::process::Command;

/// Opens `$VISUAL`, or `$EDITOR`, or `vi` with this text, and gives it as it was left.
pub(crate) fn edit(text: &str) -> io::Result<String> {
    let mut file = tempfile::Builder::new().prefix("chinwag-").suffix(".txt").tempfile()?;
    file.write_all(text.as_bytes())?;
    file.flush()?;
    let editor = ["VISUAL", "EDITOR"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|editor| !editor.trim().is_empty()));
    let editor = editor.unwrap_or_else(|| "vi".to_owned());
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let failed = |what: String| io::Error::other(what);
    let status = Command::new(program).args(words).arg(file.path()).status().map_err(|error| {
        failed(format!("can't start the editor {program}: {error}; set $EDITOR"))
    })?;
    if !status.success() {
        return Err(failed(format!(
            "the editor {program} ended with an error; nothing was changed"
        )));
    }
    // Editors replace the file: it is read by its name.
    std::fs::read_to_string(file.path())
}
