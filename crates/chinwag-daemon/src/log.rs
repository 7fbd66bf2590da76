//! The log: what the program did, in a file beside the data, for whoever looks for a fault.
//!
//! It never holds what somebody wrote, nor names, keys, tickets, ids of devices or file names: messages are
//! constant, facts are numbers and words of ours. Addresses stand there at `debug` only, and
//! [without their end](scrubbed). Of what other people's crates say only the place is kept, because
//! nobody has checked their words for that. The size is bounded.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::{Context, Filter, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Registry, reload};

use crate::home::make_private;

/// Bytes of one file of the log.
const FILE_MAX: u64 = 4 * 1_024 * 1_024;

/// Files of the log, the one that is written included.
const FILES_MAX: usize = 5;

/// What targets of ours begin with: crates and modules.
const OURS: &str = "chinwag";

/// How much is noted in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// Nothing; there is no file either.
    Off,
    /// What must not happen.
    Error,
    /// And what should not.
    Warn,
    /// And what happens: connections, the beginning and the end.
    #[default]
    Info,
    /// And what is done: calls, batches, attempts.
    Debug,
    /// And each single thing.
    Trace,
}

impl LogLevel {
    const fn filter(self) -> LevelFilter {
        match self {
            Self::Off => LevelFilter::OFF,
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

/// From now on what this process does is noted in this folder. The first to say so in a process wins.
/// A log that can't be written is no reason not to run.
pub(crate) fn start(folder: &Path, level: LogLevel) -> io::Result<()> {
    if level == LogLevel::Off {
        return Ok(());
    }
    let level = level.filter();
    let layer = tracing_subscriber::fmt::layer()
        .event_format(Line)
        .log_internal_errors(false)
        .with_ansi(false)
        .with_writer(Mutex::new(Rotating::open(folder)?))
        .with_filter(Unwanted);
    let (filter, handle) = reload::Layer::new(wanted(level));
    let subscriber = tracing_subscriber::registry().with(filter).with(layer);
    // Somebody has said so already: then it is noted there.
    if tracing::subscriber::set_global_default(subscriber).is_ok() {
        let _ = FILTER.set(handle);
    }
    Ok(())
}

/// From now on so much is noted. False: there is no log that could be told.
pub fn set_log_level(level: LogLevel) -> bool {
    FILTER.get().is_some_and(|filter| filter.reload(wanted(level.filter())).is_ok())
}

/// The filter of the log of this process.
static FILTER: OnceLock<reload::Handle<Targets, Registry>> = OnceLock::new();

fn wanted(level: LevelFilter) -> Targets {
    Targets::new().with_default(level.min(LevelFilter::WARN)).with_target(OURS, level)
}

/// An address as it may stand in the log: without its last part.
pub(crate) fn scrubbed(address: SocketAddr) -> String {
    let port = address.port();
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.x:{port}")
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            format!("[{a:x}:{b:x}:{c:x}::x]:{port}")
        }
    }
}

/// Leaves out what is said as an error and is none. The network says goodbye and does not wait longer
/// than `ENDPOINT_CLOSE_WITHIN` for those who don't answer; iroh calls it an error that such an endpoint
/// is dropped before all have answered, and there is no other way to end one at once.
struct Unwanted;

impl<S> Filter<S> for Unwanted {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let mut said = Said::default();
        if event.metadata().target() == "iroh::socket" {
            event.record(&mut said);
        }
        !said.is_early_end
    }
}

/// Looks whether an event is the one that is [unwanted](Unwanted).
#[derive(Default)]
struct Said {
    is_early_end: bool,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        const EARLY_END: &str = "Endpoint dropped without calling `Endpoint::close`";
        self.is_early_end |=
            field.name() == "message" && format!("{value:?}").starts_with(EARLY_END);
    }
}

/// One line: the time, the level, where it was said, and what.
struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let about = event.metadata();
        SystemTime.format_time(&mut writer)?;
        write!(writer, " {} {}: ", about.level(), about.target())?;
        if about.target().starts_with(OURS) {
            context.field_format().format_fields(writer.by_ref(), event)?;
        } else {
            write!(writer, "said something, at its line {}", about.line().unwrap_or_default())?;
        }
        writeln!(writer)
    }
}

/// Files that are written one after the other; the oldest goes.
struct Rotating {
    folder: PathBuf,
    file: File,
    len: u64,
}

impl Rotating {
    fn open(folder: &Path) -> io::Result<Self> {
        make_private(folder)?;
        let (file, len) = opened(&path(folder, 0))?;
        Ok(Self { folder: folder.to_owned(), file, len })
    }

    fn rotate(&mut self) -> io::Result<()> {
        for number in (1..FILES_MAX).rev() {
            match fs::rename(path(&self.folder, number - 1), path(&self.folder, number)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        (self.file, self.len) = opened(&path(&self.folder, 0))?;
        Ok(())
    }
}

impl Write for Rotating {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let added = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if self.len.saturating_add(added) > FILE_MAX {
            self.rotate()?;
        }
        let written = self.file.write(bytes)?;
        self.len += u64::try_from(written).unwrap_or(u64::MAX);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The file that is written, and those before it.
fn path(folder: &Path, number: usize) -> PathBuf {
    match number {
        0 => folder.join("chinwag.log"),
        _ => folder.join(format!("chinwag.{number}.log")),
    }
}

/// A file for its owner alone, to write on at its end, and how long it is.
fn opened(path: &Path) -> io::Result<(File, u64)> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    let len = file.metadata()?.len();
    Ok((file, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_stays_within_its_size_and_keeps_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut rotating = Rotating::open(&log).unwrap();
        let line = vec![b'x'; 1_024 * 1_024];
        for _ in 0..40 {
            rotating.write_all(&line).unwrap();
        }
        rotating.write_all(b"the newest").unwrap();
        let files: Vec<_> = fs::read_dir(&log).unwrap().map(Result::unwrap).collect();
        assert_eq!(files.len(), FILES_MAX);
        assert!(files.iter().all(|file| file.metadata().unwrap().len() <= FILE_MAX));
        assert_eq!(fs::read(path(&log, 0)).unwrap(), b"the newest");
        // It goes on where it ended.
        Rotating::open(&log).unwrap().write_all(b", and more").unwrap();
        assert_eq!(fs::read(path(&log, 0)).unwrap(), b"the newest, and more");
    }

    #[cfg(unix)]
    #[test]
    fn the_log_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        Rotating::open(&log).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&log), mode(&path(&log, 0))), (0o700, 0o600));
    }

    /// What the log of a folder says.
    fn noted(folder: &Path, speak: impl FnOnce()) -> String {
        let layer = tracing_subscriber::fmt::layer()
            .event_format(Line)
            .with_ansi(false)
            .with_writer(Mutex::new(Rotating::open(folder).unwrap()))
            .with_filter(Unwanted);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), speak);
        fs::read_to_string(path(folder, 0)).unwrap()
    }

    #[test]
    fn an_end_that_does_not_wait_for_others_is_no_error_and_everything_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let noted = noted(folder.path(), || {
            tracing::error!(
                target: "iroh::socket",
                "Endpoint dropped without calling `Endpoint::close`. Aborting ungracefully."
            );
            tracing::error!(target: "iroh::socket", "the socket is broken");
        });
        assert_eq!(noted.lines().count(), 1, "{noted}");
        assert!(noted.contains("ERROR iroh::socket: said something"), "{noted}");
    }

    #[test]
    fn an_address_in_the_log_has_lost_its_end() {
        let scrubbed = |address: &str| scrubbed(address.parse().unwrap());
        assert_eq!(scrubbed("192.0.2.77:4433"), "192.0.2.x:4433");
        assert_eq!(scrubbed("[::ffff:192.0.2.77]:4433"), "192.0.2.x:4433");
        assert_eq!(scrubbed("[2001:db8:1:2:3:4:5:6]:1"), "[2001:db8:1::x]:1");
    }
}
