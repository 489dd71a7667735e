//! How durations, ranges and moments are put into words: one place, so that they read alike on screen and in headless
//! output.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::pace::TimeRange;

/// A duration in at most two units: `45 s`, `14 min`, `3 h 05 min`, `2 d 4 h`.
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min"),
        3600..86_400 if minutes % 60 == 0 => format!("{hours} h"),
        3600..86_400 => format!("{hours} h {:02} min", minutes % 60),
        _ if hours % 24 == 0 => format!("{days} d"),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// A range of time: `18 to 25 min`, `about 5 min`.
pub fn range(range: TimeRange) -> String {
    let (low, high) = (duration(range.low), duration(range.high));
    if low == high {
        return format!("about {low}");
    }
    match (low.strip_suffix(" min"), high.strip_suffix(" min")) {
        (Some(few), Some(many)) if !few.contains(' ') && !many.contains(' ') => format!("{few} to {high}"),
        _ => format!("{low} to {high}"),
    }
}

/// A moment as it is named at `now`: `14:02 UTC`, with its date where that is another day.
pub fn moment(at: Timestamp, now: Timestamp) -> String {
    let (at, now) = (at.to_zoned(TimeZone::UTC), now.to_zoned(TimeZone::UTC));
    if at.date() == now.date() {
        at.strftime("%H:%M UTC").to_string()
    } else {
        at.strftime("%Y-%m-%d %H:%M UTC").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let check = |seconds: u64, expected: &str| assert_eq!(duration(Duration::from_secs(seconds)), expected);
        check(0, "0 s");
        check(59, "59 s");
        check(60, "1 min");
        check(14 * 60 + 59, "14 min");
        check(3600, "1 h");
        check(3 * 3600 + 5 * 60, "3 h 05 min");
        check(86_400, "1 d");
        check(2 * 86_400 + 4 * 3600, "2 d 4 h");
    }

    #[test]
    fn ranges() {
        let words = |low: u64, high: u64| {
            range(TimeRange {
                low: Duration::from_secs(low),
                high: Duration::from_secs(high),
            })
        };
        assert_eq!(words(18 * 60, 25 * 60), "18 to 25 min");
        assert_eq!(words(30, 90), "30 s to 1 min");
        assert_eq!(words(300, 310), "about 5 min");
        assert_eq!(words(50 * 60, 70 * 60), "50 min to 1 h 10 min");
    }

    #[test]
    fn moments() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-23T23:50:00Z");
        assert_eq!(moment(at("2026-11-23T14:02:59Z"), now), "14:02 UTC");
        assert_eq!(moment(at("2026-11-24T00:10:00Z"), now), "2026-11-24 00:10 UTC");
    }
}
