//! What a command says: results on standard output, everything else on standard error.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

pub(crate) use chinwag_text::safe::{folded, json, lines, name, one_line, person, short};

use crate::exit::{Exit, Failure};

/// What stands before the further lines of a message.
pub(crate) const GUTTER: &str = "    | ";

/// Whether somebody reads what is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// As far as can be known.
    There,
    /// Not any more, as behind `| head`: that is no failure, and there is no need to say more.
    Gone,
}

/// Writes a line on standard output. An error: it could not be written although somebody may want to
/// read it, as on a full disk.
pub(crate) fn say(line: &str) -> Result<Reader, Failure> {
    written("", try_to_say(line))
}

/// The same for the answer of what was done: if it can't be written, that is said along with it.
pub(crate) fn say_done(done: &str, line: &str) -> Result<Reader, Failure> {
    written(done, try_to_say(line))
}

/// Writes a line on standard output, for whoever asks later what came of it.
pub(crate) fn try_to_say(line: &str) -> io::Result<()> {
    write(format!("{line}\n").as_bytes())
}

/// Writes bytes on standard output.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush())
}

/// Makes a file that takes the place of nothing.
pub(crate) fn new_file(path: &Path) -> Result<File, Failure> {
    File::create_new(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::saying(Exit::Refused, format!("{} is there already", path.display()))
                .hint("give another name, or remove it first")
        }
        _ => not_written(path, error),
    })
}

/// Why a file can't be written.
pub(crate) fn not_written(path: &Path, error: io::Error) -> Failure {
    let exit = match error.kind() {
        io::ErrorKind::NotFound => Exit::NotFound,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Exit::Refused,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Exit::Limit,
        _ => Exit::Usage,
    };
    let words = format!("can't write {}", path.display());
    Failure::new(exit, anyhow::Error::new(error).context(words))
}

/// What came of writing on standard output the answer of what was done, if that is more than to look.
pub(crate) fn written(done: &str, written: io::Result<()>) -> Result<Reader, Failure> {
    match written {
        Ok(()) => Ok(Reader::There),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => {
            let and = if done.is_empty() { "" } else { ", and " };
            let words = format!("{done}{and}the answer could not be written");
            Err(Failure::new(Exit::Internal, anyhow::Error::new(error).context(words)))
        }
    }
}

/// Writes a line on standard error, if somebody reads it.
pub(crate) fn remark(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Says warnings on standard error.
pub(crate) fn warn(warnings: &[String]) {
    for warning in warnings {
        remark(&format!("chinwag: {}", one_line(warning)));
    }
}
