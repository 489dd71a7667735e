//! Whether an answer is what a smoke test expects, and if not, what was expected and what came. Pure.

use std::time::Duration;

use regex::{Regex, RegexBuilder};
use reqwest::header::HeaderMap;

use super::cut;
use crate::domain::smoke_test::Expectation;

/// Characters of a body that are quoted.
const QUOTED: usize = 80;
/// Bytes a pattern may take when it is compiled; one from a plan file must not take all memory.
const LARGEST_PATTERN: usize = 1024 * 1024;

/// A whole answer, or as much of it as is read.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// What is no UTF-8 in it is replaced by marks.
    pub(super) body: String,
    /// True where the body is longer than what is read of it.
    pub(super) is_cut: bool,
    /// From the request to the end of the answer.
    pub(super) took: Duration,
}

impl Answered {
    /// Why the body is not read as JSON.
    pub(super) fn no_json(&self) -> &'static str {
        if self.is_cut {
            "the body is longer than 1 MiB, and so it is not read whole"
        } else {
            "the body is not JSON"
        }
    }

    #[cfg(test)]
    pub(super) fn of(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: body.to_owned(),
            is_cut: false,
            took: Duration::from_millis(20),
        }
    }
}

/// True where a redirect is itself what is expected.
pub(super) fn expects_redirect(expect: &Expectation) -> bool {
    expect.status.iter().any(|status| (300..400).contains(status))
}

/// Says what is not as expected; `None` where all is. `shown` takes the secrets out of a text.
pub(super) fn unmet(expect: &Expectation, answer: &Answered, shown: impl Fn(&str) -> String) -> Option<String> {
    let quoted = || match quote(&shown(&answer.body)) {
        text if text.is_empty() => "an empty body".to_owned(),
        text => format!("\"{text}\""),
    };
    let is_expected = match expect.status.as_slice() {
        [] => (200..300).contains(&answer.status),
        listed => listed.contains(&answer.status),
    };
    if !is_expected {
        let wanted = statuses(&expect.status);
        return Some(format!(
            "expected status {wanted}, got {} with {}",
            answer.status,
            quoted()
        ));
    }
    let place = if answer.is_cut {
        "the first MiB of the body"
    } else {
        "the body"
    };
    if let Some(text) = &expect.body_contains
        && !answer.body.contains(text.as_str())
    {
        return Some(format!("expected \"{}\" in {place}, got {}", quote(text), quoted()));
    }
    if let Some(pattern) = &expect.body_matches {
        match compiled(pattern) {
            Err(why) => return Some(why),
            Ok(regex) if !regex.is_match(&answer.body) => {
                return Some(format!(
                    "expected a match of '{}' in {place}, got {}",
                    quote(pattern),
                    quoted()
                ));
            }
            Ok(_) => {}
        }
    }
    let limit = Duration::from_millis(expect.within_milliseconds.into());
    (answer.took > limit).then(|| too_slow(expect))
}

/// The answer did not come, or not whole, in time.
pub(super) fn too_slow(expect: &Expectation) -> String {
    format!("took longer than {} ms", expect.within_milliseconds)
}

/// A pattern ready to be used.
///
/// # Errors
/// A sentence that quotes the pattern.
pub(super) fn compiled(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(LARGEST_PATTERN)
        .build()
        .map_err(|error| format!("'{}' is no regular expression: {}", quote(pattern), reason(&error)))
}

/// The last line of what regex says: the ones before only draw where it is.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

fn statuses(listed: &[u16]) -> String {
    match listed {
        [] => "200 to 299".to_owned(),
        [one] => one.to_string(),
        [before @ .., last] => {
            let before: Vec<String> = before.iter().map(u16::to_string).collect();
            format!("{} or {last}", before.join(", "))
        }
    }
}

/// The first characters of a text on one line, with single spaces.
fn quote(text: &str) -> String {
    // Enough for the longest quote, so that a large body is not walked through.
    let words: Vec<&str> = text.split_whitespace().take(QUOTED + 1).collect();
    cut(&words.join(" "), QUOTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expect(status: &[u16], contains: Option<&str>, matches: Option<&str>) -> Expectation {
        Expectation {
            status: status.to_vec(),
            body_contains: contains.map(str::to_owned),
            body_matches: matches.map(str::to_owned),
            within_milliseconds: 500,
        }
    }

    fn said(expect: &Expectation, answer: &Answered) -> Option<String> {
        unmet(expect, answer, |text| text.replace("s3cret", "${KEY}"))
    }

    #[test]
    fn what_is_as_expected_says_nothing() {
        let fine = Answered::of(204, "");
        assert_eq!(said(&expect(&[], None, None), &fine), None);
        let found = Answered::of(302, "hello\nworld 42");
        assert_eq!(
            said(&expect(&[301, 302], Some("hello"), Some(r"world \d+$")), &found),
            None
        );
    }

    #[test]
    fn a_failure_says_what_was_expected_and_what_came() {
        let long = "lorem ".repeat(100);
        for (expect, answer, expected) in [
            (
                expect(&[], None, None),
                Answered::of(503, "no healthy\r\n  upstream"),
                "expected status 200 to 299, got 503 with \"no healthy upstream\"",
            ),
            (
                expect(&[200, 201, 204], None, None),
                Answered::of(404, " \n"),
                "expected status 200, 201 or 204, got 404 with an empty body",
            ),
            (
                expect(&[], Some("in stock"), None),
                Answered::of(200, "key s3cret"),
                "expected \"in stock\" in the body, got \"key ${KEY}\"",
            ),
            (
                expect(&[], None, Some("^a+$")),
                Answered::of(200, "b"),
                "expected a match of '^a+$' in the body, got \"b\"",
            ),
            (
                expect(&[], None, Some("a{")),
                Answered::of(200, "b"),
                "'a{' is no regular expression: unclosed counted repetition",
            ),
            (
                expect(&[], Some("x"), None),
                Answered {
                    is_cut: true,
                    ..Answered::of(200, &long)
                },
                "expected \"x\" in the first MiB of the body, got \"lorem lorem lorem lorem lorem lorem lorem lorem \
                 lorem lorem lorem lorem lorem lo...\"",
            ),
            (
                expect(&[], None, None),
                Answered {
                    took: Duration::from_millis(501),
                    ..Answered::of(200, "")
                },
                "took longer than 500 ms",
            ),
        ] {
            assert_eq!(said(&expect, &answer).unwrap(), expected);
        }
    }

    #[test]
    fn a_huge_pattern_is_refused() {
        let error = compiled(r"(\w{1000}){1000}").unwrap_err();
        assert!(error.contains("is no regular expression"), "{error}");
    }

    #[test]
    fn only_a_listed_redirect_is_expected() {
        assert!(expects_redirect(&expect(&[200, 302], None, None)));
        assert!(!expects_redirect(&expect(&[200, 400], None, None)));
        assert!(!expects_redirect(&Expectation::default()));
    }
}
