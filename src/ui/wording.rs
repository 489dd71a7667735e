//! How durations, ages, counts and ranges are put into words: one place, so that they read alike everywhere.

use std::time::Duration;

use jiff::Timestamp;

use crate::progress::eta::EtaRange;

/// A duration in at most two units: `45 s`, `14 min`, `3 h 05 min`, `2 d 4 h`.
pub(crate) fn duration(span: Duration) -> String {
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

/// The time from one moment to a later one; nothing where it is not later.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// How long ago something began: `14 min`.
pub(crate) fn since(from: Timestamp, now: Timestamp) -> String {
    duration(between(from, now))
}

/// When something was: `just now`, `14 min ago`.
pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    match between(at, now) {
        short if short < Duration::from_secs(2) => "just now".to_owned(),
        long => format!("{} ago", duration(long)),
    }
}

/// A number with its noun: `1 node`, `2 nodes`, `1,200 nodes`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", grouped(number))
}

/// `is` or `are`.
pub(crate) fn is_or_are(number: usize) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

/// A number with separators between thousands.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Names in one phrase, the rest as a count: `a, b and 3 more`.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>, at_most: usize) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let rest = names.len().saturating_sub(at_most);
    match (names.as_slice(), rest) {
        ([], _) => "none".to_owned(),
        ([one], _) => (*one).to_owned(),
        ([most @ .., last], 0) => format!("{} and {last}", most.join(", ")),
        (all, _) => format!("{} and {} more", all[..at_most].join(", "), grouped(rest)),
    }
}

/// A range of time left: `18 to 25 min`, `about 5 min`.
pub(crate) fn time_left(range: EtaRange) -> String {
    let (low, high) = (duration(range.low), duration(range.high));
    if low == high {
        return format!("about {low}");
    }
    match (low.strip_suffix(" min"), high.strip_suffix(" min")) {
        (Some(few), Some(many)) if !few.contains(' ') && !many.contains(' ') => format!("{few} to {high}"),
        _ => format!("{low} to {high}"),
    }
}

/// With a capital at the start.
pub(crate) fn sentence_start(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
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
    fn ages() {
        let at = |seconds: i64| Timestamp::from_second(seconds).unwrap();
        assert_eq!(ago(at(100), at(100)), "just now");
        assert_eq!(ago(at(100), at(40)), "just now");
        assert_eq!(ago(at(100), at(145)), "45 s ago");
        assert_eq!(since(at(0), at(840)), "14 min");
    }

    #[test]
    fn counts_and_lists() {
        assert_eq!(count(0, "node"), "0 nodes");
        assert_eq!(count(1, "node"), "1 node");
        assert_eq!(count(1_234_567, "node"), "1,234,567 nodes");
        assert_eq!(list(["a"], 2), "a");
        assert_eq!(list(["a", "b"], 2), "a and b");
        assert_eq!(list(["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(list([], 2), "none");
        assert_eq!(sentence_start("stuck"), "Stuck");
    }

    #[test]
    fn ranges() {
        let range = |low: u64, high: u64| {
            time_left(EtaRange {
                low: Duration::from_secs(low),
                high: Duration::from_secs(high),
            })
        };
        assert_eq!(range(18 * 60, 25 * 60), "18 to 25 min");
        assert_eq!(range(30, 90), "30 s to 1 min");
        assert_eq!(range(300, 310), "about 5 min");
        assert_eq!(range(50 * 60, 70 * 60), "50 min to 1 h 10 min");
    }
}
