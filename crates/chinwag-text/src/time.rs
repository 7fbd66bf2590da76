//! Times and durations, as people read and type them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp, Zoned};

use crate::dates::Dates;

/// Where and when we are, so that what is shown depends on nothing else.
#[derive(Clone, Debug)]
pub struct Clock {
    /// What time it is.
    pub now: Timestamp,
    /// In which zone times are shown.
    pub zone: TimeZone,
    /// How times of day and days are written.
    pub dates: Dates,
}

impl Clock {
    /// Now, in the system's zone or in UTC.
    pub fn now(is_utc: bool, dates: Dates) -> Self {
        let zone = if is_utc { TimeZone::UTC } else { TimeZone::system() };
        Self { now: Timestamp::now(), zone, dates }
    }

    /// The same zone, as late as it is by now.
    #[must_use]
    pub fn later(&self) -> Self {
        Self { now: Timestamp::now(), ..self.clone() }
    }

    /// A sentence with each moment in it (RFC 3339, in UTC) as it is shown here.
    pub fn in_sentence(&self, sentence: &str) -> String {
        let mut shown = String::with_capacity(sentence.len());
        for word in sentence.split_inclusive(' ') {
            let moment = word.find('Z').and_then(|at| word.get(..=at));
            match moment.filter(|moment| is_moment(moment)) {
                Some(moment) => {
                    shown.push_str(&self.moment(moment));
                    shown.push_str(&word[moment.len()..]);
                }
                None => shown.push_str(word),
            }
        }
        shown
    }

    /// `14:03`, as times of day are written here. What is no time is shown as it is, since the daemon
    /// wrote it.
    pub fn time_of_day(&self, time: &str) -> String {
        self.format(time, self.dates.time_of_day())
    }

    /// `Thursday 26 November 2026`, as days are written here.
    pub fn day(&self, time: &str) -> String {
        self.format(time, self.dates.day())
    }

    /// `2026-11-26 14:03:07`, with `UTC` behind it where that is the zone.
    pub fn moment(&self, time: &str) -> String {
        let is_utc = self.zone == TimeZone::UTC;
        self.format(time, if is_utc { "%Y-%m-%d %H:%M:%S UTC" } else { "%Y-%m-%d %H:%M:%S" })
    }

    /// `just now`, `5 min ago`, or the day if it is long ago.
    pub fn ago(&self, time: &str) -> String {
        let Ok(then) = time.parse::<Timestamp>() else { return crate::safe::one_line(time) };
        let passed = self.now.duration_since(then);
        if passed > SignedDuration::from_hours(48) {
            return self.format(time, "%Y-%m-%d %H:%M");
        }
        if passed < SignedDuration::from_secs(10) {
            return "just now".to_owned();
        }
        format!("{} ago", duration(passed))
    }

    /// `in 5 min`, `now`.
    pub fn until(&self, time: &str) -> String {
        let Ok(then) = time.parse::<Timestamp>() else { return crate::safe::one_line(time) };
        let left = then.duration_since(self.now);
        if left < SignedDuration::from_secs(1) {
            return "now".to_owned();
        }
        if left > SignedDuration::from_hours(48) {
            return format!("on {}", self.format(time, "%Y-%m-%d %H:%M"));
        }
        format!("in {}", duration(left))
    }

    fn format(&self, time: &str, format: &str) -> String {
        match time.parse::<Timestamp>() {
            Ok(time) => Zoned::new(time, self.zone.clone()).strftime(format).to_string(),
            Err(_) => crate::safe::one_line(time),
        }
    }

    /// A point in time as it is typed: a day, a moment here or in a zone of its own, or how long
    /// ago. As RFC 3339 in UTC.
    pub fn parse_point(&self, typed: &str) -> Result<String, String> {
        let fault =
            || format!("{typed:?} is no time: give one like 2026-11-26, 2026-11-26T10:00 or 2h");
        let point = if let Ok(point) = typed.parse::<Timestamp>() {
            point
        } else if let Ok(point) = typed.parse::<DateTime>() {
            let zoned = point.to_zoned(self.zone.clone()).map_err(|_| fault())?;
            zoned.timestamp()
        } else {
            let passed = parse_span(typed).ok_or_else(fault)?;
            self.now.checked_sub(passed).map_err(|_| fault())?
        };
        Ok(format!("{point:.3}"))
    }
}

/// Whether this is a moment as the daemon writes it: `2026-11-26T14:03:07.000Z`.
fn is_moment(word: &str) -> bool {
    word.len() >= 20 && word.as_bytes().get(10) == Some(&b'T') && word.parse::<Timestamp>().is_ok()
}

/// A duration with one unit that fits: `3 s`, `5 min`, `2 h`, `4 d`.
pub fn duration(duration: SignedDuration) -> String {
    match duration.as_secs() {
        s @ ..120 => format!("{s} s"),
        s @ 120..7_200 => format!("{} min", s / 60),
        s @ 7_200..172_800 => format!("{} h", s / 3_600),
        s => format!("{} d", s / 86_400),
    }
}

/// A round trip: `0.4 ms`, `23 ms`, `1.2 s`.
pub fn round_trip(ms: f64) -> String {
    match ms {
        ..10.0 => format!("{ms:.1} ms"),
        10.0..1_000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1_000.0),
    }
}

/// A duration as it is typed, like `30m`, `12h`, `1d`, in seconds.
pub fn parse_seconds(typed: &str) -> Result<u32, String> {
    let fault = || "give a time like 30m, 12h, 1d or 2w".to_owned();
    let duration = parse_span(typed).ok_or_else(fault)?;
    u32::try_from(duration.as_secs()).ok().filter(|&s| s > 0).ok_or_else(fault)
}

fn parse_span(typed: &str) -> Option<SignedDuration> {
    let span: Span = typed.parse().ok()?;
    let has_fixed_units = span.get_years() == 0 && span.get_months() == 0;
    if !has_fixed_units || span.is_negative() {
        return None;
    }
    span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        let now = "2026-11-26T12:00:00Z".parse().unwrap();
        Clock { now, zone: TimeZone::fixed(jiff::tz::offset(1)), dates: Dates::default() }
    }

    #[test]
    fn times_are_shown_where_we_are() {
        let time = "2026-11-26T23:30:05.250Z";
        assert_eq!(clock().time_of_day(time), "00:30");
        assert_eq!(clock().day(time), "Friday 27 November 2026");
        assert_eq!(clock().moment(time), "2026-11-27 00:30:05");
        let utc = Clock { zone: TimeZone::UTC, ..clock() };
        assert_eq!(utc.moment(time), "2026-11-26 23:30:05 UTC");
    }

    #[test]
    fn a_moment_in_a_sentence_is_shown_where_we_are() {
        let said =
            "written 2026-11-26T23:30:05.250Z; edit of 2026-11-26T10:00:00Z: Zoe at 2026-11Z";
        assert_eq!(
            clock().in_sentence(said),
            "written 2026-11-27 00:30:05; edit of 2026-11-26 11:00:00: Zoe at 2026-11Z"
        );
    }

    #[test]
    fn what_is_no_time_is_shown_as_it_is_but_safe() {
        assert_eq!(clock().ago("\u{1b}soon"), "␛soon");
    }

    #[test]
    fn how_long_ago_has_one_unit() {
        let cases = [
            ("2026-11-26T11:59:55Z", "just now"),
            ("2026-11-26T12:05:00Z", "just now"),
            ("2026-11-26T11:58:30Z", "90 s ago"),
            ("2026-11-26T11:30:00Z", "30 min ago"),
            ("2026-11-26T02:00:00Z", "10 h ago"),
            ("2026-11-20T02:00:00Z", "2026-11-20 03:00"),
        ];
        for (time, expected) in cases {
            assert_eq!(clock().ago(time), expected);
        }
        assert_eq!(clock().until("2026-11-26T12:00:30Z"), "in 30 s");
        assert_eq!(clock().until("2026-11-26T11:00:00Z"), "now");
    }

    #[test]
    fn durations_are_typed_with_their_unit() {
        let cases =
            [("45s", 45), ("30m", 1_800), ("12h", 43_200), ("1d", 86_400), ("2w", 1_209_600)];
        for (typed, expected) in cases {
            assert_eq!(parse_seconds(typed), Ok(expected), "{typed}");
        }
        for wrong in ["", "0s", "-1d", "soon", "1", "1 year", "9999999999s"] {
            assert!(parse_seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_point_in_time_is_typed_in_three_ways() {
        let cases = [
            ("2026-11-26", "2026-11-25T23:00:00.000Z"),
            ("2026-11-26T10:00", "2026-11-26T09:00:00.000Z"),
            ("2026-11-26T10:00:00Z", "2026-11-26T10:00:00.000Z"),
            ("2h", "2026-11-26T10:00:00.000Z"),
            ("3d", "2026-11-23T12:00:00.000Z"),
        ];
        for (typed, expected) in cases {
            assert_eq!(clock().parse_point(typed).as_deref(), Ok(expected), "{typed}");
        }
        assert!(clock().parse_point("yesterday").unwrap_err().contains("is no time"));
    }

    #[test]
    fn round_trips_are_as_precise_as_they_are_short() {
        let shown = [0.42, 23.4, 1_234.0].map(round_trip);
        assert_eq!(shown, ["0.4 ms", "23 ms", "1.2 s"]);
    }
}
