//! How times of day and days are written: as is the custom of a country, in the language that is spoken
//! here. Moments to the second are ISO 8601 everywhere, and not of this file.

use pure_rust_locales::{Locale, locale_match};

/// How times of day and days are written. By default like `14:03` and `Thursday 26 November 2026`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dates {
    hours: Hours,
    order: Order,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Hours {
    /// `14:03`.
    #[default]
    All,
    /// `2:03 PM`.
    Halves,
}

/// What comes first in a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Order {
    /// `Thursday 26 November 2026`.
    #[default]
    Day,
    /// `Thursday, November 26, 2026`.
    Month,
    /// `Thursday 2026-11-26`.
    Year,
    /// `2026-11-26`.
    Numbers,
}

impl Dates {
    /// ISO 8601: `14:03` and `2026-11-26`.
    pub const ISO: Self = Self { hours: Hours::All, order: Order::Numbers };

    /// By the name of a locale, as it stands in `LC_TIME`: `en_US.UTF-8`. What is no name of one is as if
    /// there were none.
    pub fn of_locale(name: &str) -> Self {
        let (name, modifier) = name.split_once('@').unwrap_or((name, ""));
        let name = name.split('.').next().unwrap_or_default();
        let whole = format!("{name}@{modifier}");
        match Locale::try_from(whole.as_str()).or_else(|_| Locale::try_from(name)) {
            Ok(Locale::POSIX) | Err(_) => Self::default(),
            Ok(locale) => Self::of_formats(
                locale_match!(locale => LC_TIME::T_FMT),
                locale_match!(locale => LC_TIME::D_FMT),
            ),
        }
    }

    /// By what `strftime` takes for the time and for the date there.
    fn of_formats(time: &str, date: &str) -> Self {
        let place = |letters: &[char]| date.find(letters).unwrap_or(usize::MAX);
        let (day, month) = (place(&['d', 'e']), place(&['m', 'b', 'B']));
        let order = match place(&['y', 'Y', 'F']) {
            year if year < day && year < month => Order::Year,
            _ if month < day => Order::Month,
            _ => Order::Day,
        };
        let is_halved = time.contains(['I', 'l', 'r']);
        Self { hours: if is_halved { Hours::Halves } else { Hours::All }, order }
    }

    /// A time of day, as `strftime` takes it.
    pub(crate) const fn time_of_day(self) -> &'static str {
        match self.hours {
            Hours::All => "%H:%M",
            Hours::Halves => "%-I:%M %p",
        }
    }

    /// A day, as `strftime` takes it.
    pub(crate) const fn day(self) -> &'static str {
        match self.order {
            Order::Day => "%A %-d %B %Y",
            Order::Month => "%A, %B %-d, %Y",
            Order::Year => "%A %Y-%m-%d",
            Order::Numbers => "%Y-%m-%d",
        }
    }

    /// How many columns the longest time of day takes.
    pub const fn columns(self) -> usize {
        match self.hours {
            Hours::All => "14:03".len(),
            Hours::Halves => "12:03 PM".len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::time::Clock;

    fn written(dates: Dates) -> (String, String) {
        let time = "2026-11-26T14:03:07Z";
        let clock = Clock { now: time.parse().unwrap(), zone: TimeZone::UTC, dates };
        (clock.time_of_day(time), clock.day(time))
    }

    #[test]
    fn a_day_is_written_in_the_order_of_the_country_and_in_our_language() {
        let cases = [
            ("en_GB.UTF-8", "14:03", "Thursday 26 November 2026"),
            ("de_DE@euro", "14:03", "Thursday 26 November 2026"),
            ("pl_PL", "14:03", "Thursday 26 November 2026"),
            ("en_US.UTF-8", "2:03 PM", "Thursday, November 26, 2026"),
            ("en_IN", "2:03 PM", "Thursday 26 November 2026"),
            ("sv_SE.UTF-8", "14:03", "Thursday 2026-11-26"),
            ("ja_JP.UTF-8", "14:03", "Thursday 2026-11-26"),
            ("hu_HU", "14:03", "Thursday 2026-11-26"),
        ];
        for (name, time, day) in cases {
            let expected = (time.to_owned(), day.to_owned());
            assert_eq!(written(Dates::of_locale(name)), expected, "{name}");
        }
    }

    #[test]
    fn where_no_country_is_named_it_is_written_as_by_default() {
        for name in ["", "C", "C.UTF-8", "POSIX", "xx_YY", "en", "@", "\u{1b}[31m"] {
            assert_eq!(Dates::of_locale(name), Dates::default(), "{name:?}");
        }
        assert_eq!(written(Dates::ISO), ("14:03".into(), "2026-11-26".into()));
    }

    #[test]
    fn no_time_of_day_takes_more_columns_than_there_are() {
        for name in ["C", "en_US"] {
            let dates = Dates::of_locale(name);
            for minute in 0..24 * 60 {
                let time = format!("2026-11-26T{:02}:{:02}:00Z", minute / 60, minute % 60);
                let now = time.parse().unwrap();
                let shown = Clock { now, zone: TimeZone::UTC, dates }.time_of_day(&time);
                assert!(shown.len() <= dates.columns(), "{shown}");
            }
        }
    }
}
