//! Which parts of the screen are shown: kept over restarts, in a file of the data folder.
//!
//! It holds nothing that anybody said. A file that can't be read or written is no reason to stop.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Bytes of the file that are looked at.
const FILE_MAX: u64 = 4_096;

/// Which parts are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    /// The list of conversations, where there is room.
    pub list: bool,
    /// What is known of whoever one talks with.
    pub details: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Self { list: true, details: false }
    }
}

impl Layout {
    /// As it was left; as usual where that is not known.
    pub fn read(path: &Path) -> Self {
        let read = || {
            let mut text = String::new();
            File::open(path).ok()?.take(FILE_MAX).read_to_string(&mut text).ok()?;
            serde_json::from_str(&text).ok()
        };
        read().unwrap_or_default()
    }

    /// Keeps it. Another client may do so at the same time: the file is never half of each.
    pub fn write(self, path: &Path) {
        let write = || -> Option<()> {
            let mut file = tempfile::NamedTempFile::new_in(path.parent()?).ok()?;
            file.write_all(serde_json::to_string(&self).ok()?.as_bytes()).ok()?;
            file.persist(path).ok().map(drop)
        };
        // It is as usual then the next time.
        let _ = write();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_read_and_what_is_no_layout_is_as_usual() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("layout");
        assert_eq!(Layout::read(&path), Layout::default());
        let layout = Layout { list: false, details: true };
        layout.write(&path);
        assert_eq!(Layout::read(&path), layout);
        std::fs::write(&path, "[1, 2").unwrap();
        assert_eq!(Layout::read(&path), Layout::default());
        std::fs::write(&path, "{\"list\": false, \"of a newer version\": 1}").unwrap();
        assert_eq!(Layout::read(&path), Layout { list: false, details: false });
    }
}
