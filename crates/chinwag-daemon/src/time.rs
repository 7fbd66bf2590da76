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
    fn times_are_written_in_utc_with_milliseconds() {
        assert_eq!(written(Wall::new(1_700_000_000_007)), "2023-11-14T22:13:20.007Z");
        assert_eq!(parse("2023-11-14T22:13:20.007Z").unwrap(), Wall::new(1_700_000_000_007));
        assert_eq!(written(Wall::new(u64::MAX)), format!("{:.3}", Timestamp::MAX));
    }
}
