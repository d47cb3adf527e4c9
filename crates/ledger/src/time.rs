use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const SECONDS_A_DAY: u64 = 86_400;

/// A point in time, in whole seconds of UTC: `2026-01-31T09:30:00Z` where it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(u64);

impl Time {
    /// 9999-12-31T23:59:59Z.
    const LAST: u64 = 253_402_300_799;

    /// The time so many seconds after 1970-01-01T00:00:00Z; what lies after the year 9999 becomes
    /// that year's last second.
    #[must_use]
    pub fn from_unix_seconds(seconds: u64) -> Self {
        Self(seconds.min(Self::LAST))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_seconds(self) -> u64 {
        self.0
    }

    /// The day of UTC.
    pub(crate) fn date(self) -> Date {
        Date((self.0 / SECONDS_A_DAY).cast_signed())
    }

    /// Reads what [`Display`](fmt::Display) writes, and nothing else.
    fn parse(text: &str) -> Option<Self> {
        let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
        let days = u64::try_from(Date::parse(date)?.0).ok()?;
        let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
        (hour < 24 && minute < 60 && second < 60)
            .then(|| Self(days * SECONDS_A_DAY + hour * 3600 + minute * 60 + second))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date().civil();
        let second = self.0 % SECONDS_A_DAY;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("no time like 2026-01-31T09:30:00Z"))
    }
}

/// A day of the Gregorian calendar, as days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date(i64);

impl Date {
    /// Reads a date like `2026-01-31`: the extended form of ISO 8601, four digits for the year.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let [year, month, day] = numbers(text, '-', [4, 2, 2])?.map(u64::cast_signed);
        let date = Self::from_civil(year, month, day);
        // 30 February comes back as a day of March.
        (date.civil() == (year, month, day)).then_some(date)
    }

    /// The day after.
    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Days between 1970-01-01 and a date, counted in eras of 400 years that begin on 1 March.
    ///
    /// Hinnant, *chrono-Compatible Low-Level Date Algorithms*, 2013, `days_from_civil`.
    fn from_civil(year: i64, month: i64, day: i64) -> Self {
        let year = if month <= 2 { year - 1 } else { year };
        let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        Self(era * 146_097 + year * 365 + year / 4 - year / 100 + day_of_year - 719_468)
    }

    /// Year, month from 1 and day from 1; `civil_from_days` of the same paper.
    fn civil(self) -> (i64, i64, i64) {
        let days = self.0 + 719_468;
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        (year, month, day)
    }
}

/// Three numbers of so many decimal digits each, between separators.
fn numbers(text: &str, separator: char, n_digits: [usize; 3]) -> Option<[u64; 3]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; 3];
    for (number, n_digits) in numbers.iter_mut().zip(n_digits) {
        let part = parts.next()?;
        if part.len() != n_digits || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_other_programs_write_them() {
        let check = |seconds, expected: &str| {
            let time = Time::from_unix_seconds(seconds);
            assert_eq!(time.to_string(), expected);
            assert_eq!(Time::parse(expected), Some(time));
        };
        // From `date -u -d @SECONDS +%FT%TZ`.
        check(0, "1970-01-01T00:00:00Z");
        check(951_782_400, "2000-02-29T00:00:00Z");
        check(1_000_000_000, "2001-09-09T01:46:40Z");
        check(1_795_695_071, "2026-11-26T12:11:11Z");
        check(4_107_542_399, "2100-02-28T23:59:59Z");
        check(Time::LAST, "9999-12-31T23:59:59Z");
    }

    #[test]
    fn what_lies_after_the_year_9999_is_its_last_second() {
        assert_eq!(Time::from_unix_seconds(u64::MAX).unix_seconds(), Time::LAST);
    }

    #[test]
    fn every_day_is_the_one_after_the_day_before() {
        // A naive calendar, a day at a time.
        let (mut year, mut month, mut day) = (1, 1, 1);
        let mut date = Date::from_civil(1, 1, 1);
        while year < 3000 {
            assert_eq!(Date::parse(&format!("{year:04}-{month:02}-{day:02}")), Some(date));
            assert_eq!(date.civil(), (year, month, day));
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let n_days = match month {
                2 => 28 + i64::from(is_leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > n_days {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
            date = date.next();
        }
    }

    #[test]
    fn what_is_no_date_of_the_calendar_is_none() {
        for text in [
            "",
            "2026-02-29",
            "1900-02-29",
            "2026-04-31",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-1-1",
            "26-01-01",
            "20260101",
            "01.02.2026",
            "1/2/2026",
            "2026-01-01T00:00:00Z",
            "2026-01-01-01",
            "+026-01-01",
            "2026-01",
            "\u{0662}026-01-01",
        ] {
            assert_eq!(Date::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_written_otherwise_is_no_time() {
        for text in
            ["2026-01-01", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00", "1969-12-31T23:59:59Z"]
        {
            assert_eq!(Time::parse(text), None, "{text:?}");
        }
    }
}
