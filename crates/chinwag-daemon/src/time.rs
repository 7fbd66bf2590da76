//! Times: the clock of this machine, and how the contract writes one.

use std::time::Duration;

use chinwag_api::error::{ApiError, Kind};
use chinwag_core::time::{ClaimedTime, Wall};
use jiff::Timestamp;

/// What time it is.
pub(crate) fn now() -> Wall {
    Wall::new(u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0))
}

/// A time as the contract writes it.
pub(crate) fn written(at: Wall) -> String {
    let millis = i64::try_from(at.get()).unwrap_or(i64::MAX);
    let at = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX);
    format!("{at:.3}")
}

/// What an author claims, as the contract writes it.
pub(crate) fn claimed(at: ClaimedTime) -> String {
    written(Wall::new(at.get()))
}

/// The time so long after another.
pub(crate) fn after(at: Wall, by: Duration) -> Wall {
    Wall::new(at.get().saturating_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)))
}

/// How long ago something was, in the largest unit of which there is at least one.
pub(crate) fn ago(at: Wall, now: Wall) -> String {
    let seconds = now.get().saturating_sub(at.get()) / 1_000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// The time that somebody wrote.
pub(crate) fn parse(text: &str) -> Result<Wall, ApiError> {
    let at: Timestamp = text.parse().map_err(|_| {
        let message = format!("{text:?} is no time");
        ApiError::new(Kind::Usage, message).hint("write it like 2026-01-31T18:00:00Z")
    })?;
    Ok(Wall::new(u64::try_from(at.as_millisecond()).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago_is_said_in_the_largest_unit_that_fits() {
        let after = |seconds: u64| ago(Wall::new(5_000), Wall::new(5_000 + seconds * 1_000));
        let said = [0, 59, 60, 3_599, 3_600, 86_399, 86_400, 900_000].map(after);
        assert_eq!(said, ["0 s", "59 s", "1 min", "59 min", "1 h", "23 h", "1 d", "10 d"]);
        assert_eq!(ago(Wall::new(9_000), Wall::new(1_000)), "0 s");
    }

    #[test]
    fn times_are_written_in_utc_with_milliseconds() {
        assert_eq!(written(Wall::new(1_700_000_000_007)), "2023-11-14T22:13:20.007Z");
        assert_eq!(parse("2023-11-14T22:13:20.007Z").unwrap(), Wall::new(1_700_000_000_007));
        assert_eq!(written(Wall::new(u64::MAX)), format!("{:.3}", Timestamp::MAX));
    }
}
