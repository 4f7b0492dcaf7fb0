//! HTTP dates (RFC 9110 §5.6.7): one form to write, three to read.
//!
//! Seconds since 1970-01-01T00:00Z in, and out again; nothing before that, as no file is older. Small, because it ships in
//! the worker; the crate `httpdate` is the model that the tests compare it with.

/// The last second that an HTTP date can name: the end of the year 9999.
pub const LAST_SECOND: u64 = 253_402_300_799;

const DAY: u64 = 86_400;

/// Days begin with the first of the epoch, a Thursday.
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `Sun, 06 Nov 1994 08:49:37 GMT`
pub fn write(seconds: u64) -> String {
    let seconds = seconds.min(LAST_SECOND);
    let (days, time) = (seconds / DAY, seconds % DAY);
    let mut year = 1970;
    let mut left = days;
    while left >= year_days(year) {
        left -= year_days(year);
        year += 1;
    }
    let mut month = 0;
    while left >= month_days(year, month) {
        left -= month_days(year, month);
        month += 1;
    }
    let mut text = String::with_capacity(29);
    text.push_str(DAYS.get((days % 7) as usize).unwrap_or(&""));
    text.push_str(", ");
    push_two(&mut text, left + 1);
    text.push(' ');
    text.push_str(MONTHS.get(month).unwrap_or(&""));
    text.push(' ');
    push_two(&mut text, year / 100);
    push_two(&mut text, year % 100);
    for (before, number) in [(' ', time / 3600), (':', time / 60 % 60), (':', time % 60)] {
        text.push(before);
        push_two(&mut text, number);
    }
    text.push_str(" GMT");
    text
}

fn push_two(text: &mut String, number: u64) {
    for digit in [number / 10 % 10, number % 10] {
        text.push(char::from(b'0' + digit as u8));
    }
}

/// Reads a date in the form above, or in one of the two that came before it:
/// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`. The day of the week is passed over.
pub fn read(text: &str) -> Option<u64> {
    let mut parts = text.split([' ', ',', '-']).filter(|part| !part.is_empty());
    let mut next = || parts.next();
    let (_weekday, first, second) = (next()?, next()?, next()?);
    let (day, month, year, time) = if first.starts_with(|char: char| char.is_ascii_digit()) {
        let (year, time) = (next()?, next()?);
        next().filter(|zone| *zone == "GMT")?;
        (first, second, year, time)
    } else {
        let time = next()?;
        (second, first, next()?, time)
    };
    if next().is_some() {
        return None;
    }
    let month = MONTHS.iter().position(|name| *name == month)?;
    let year = match (year.len(), number(year)?) {
        (4, year @ 1970..) => year,
        // No file is of another century than these.
        (2, year @ 70..) => 1900 + year,
        (2, year) => 2000 + year,
        _ => return None,
    };
    let day = number(day).filter(|day| (1..=month_days(year, month)).contains(day))?;
    let mut units = time.split(':');
    let mut unit = |end| units.next().and_then(number).filter(|unit| *unit < end);
    let time = unit(24)? * 3600 + unit(60)? * 60 + unit(60)?;
    if units.next().is_some() {
        return None;
    }
    let years: u64 = (1970..year).map(year_days).sum();
    let months: u64 = (0..month).map(|month| month_days(year, month)).sum();
    Some((years + months + day - 1) * DAY + time)
}

/// One to four digits.
fn number(text: &str) -> Option<u64> {
    if !(1..=4).contains(&text.len()) {
        return None;
    }
    text.bytes()
        .try_fold(0, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u64::from(b - b'0')))
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn year_days(year: u64) -> u64 {
    365 + u64::from(is_leap(year))
}

/// Months count from 0.
fn month_days(year: u64, month: usize) -> u64 {
    match month {
        1 => 28 + u64::from(is_leap(year)),
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_three_forms() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(read(text), Some(784_111_777), "{text}");
        }
        assert_eq!(write(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(write(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(write(u64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    }

    #[test]
    fn other_text_is_no_date() {
        for text in [
            "",
            "784111777",
            "Sun, 06 Nov 1994",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 08:49:37 GMT GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:00 GMT",
            "Sun, 06 Nov 1994 08:49:60 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Wed, 29 Feb 2100 00:00:00 GMT",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "Sun, 06 Nov 99999 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994 GMT",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn dates_are_those_of_the_model(seconds in prop_oneof![0..=LAST_SECOND, 0..4_000_000_000u64]) {
            let text = write(seconds);
            prop_assert_eq!(&text, &httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds)));
            prop_assert_eq!(read(&text), Some(seconds));
        }

        #[test]
        fn what_the_model_reads_is_read_alike(
            text in prop_oneof![
                any::<String>(),
                "(Sun|Mon|Tue|Wed|Thu|Fri|Sat), [0-3][0-9] (Jan|Feb|Mar|Nov|Dec) (19|20)[0-9]{2} [0-2][0-9]:[0-6][0-9]:[0-6][0-9] GMT",
                "(Sunday|Monday|Friday), [0-3][0-9]-(Jan|Feb|Mar|Nov|Dec)-[0-9]{2} [0-2][0-9]:[0-6][0-9]:[0-6][0-9] GMT",
                "(Sun|Mon|Fri) (Jan|Feb|Mar|Nov|Dec) [ 0-3][0-9] [0-2][0-9]:[0-6][0-9]:[0-6][0-9] (19|20)[0-9]{2}",
            ],
        ) {
            let model = httpdate::parse_http_date(&text).ok();
            let model = model.and_then(|date| Some(date.duration_since(UNIX_EPOCH).ok()?.as_secs()));
            if let Some(seconds) = model {
                prop_assert_eq!(read(&text), Some(seconds), "{}", text);
            }
        }
    }
}
