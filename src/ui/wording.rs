//! How ages, counts and lists are put into words: one place, so that they read alike everywhere.

use std::time::Duration;

use jiff::Timestamp;

pub(crate) use crate::domain::time_text::{duration, moment, range as time_left};

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
}
