//! Whether a request may be sent again, and when. Pure: decides, never waits.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// What repeating a request could do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// It changes nothing: repeated on every passing trouble.
    Read,
    /// A read with another way behind it: given up soon.
    BriefRead,
    /// It changes something: repeated only where it was certainly not carried out.
    Write,
    /// The caller asks again by itself, as the poll of an operation.
    Never,
}

/// How one attempt ended, where it did not simply succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Answered {
        status: u16,
        retry_after: Option<Duration>,
    },
    /// No connection: nothing was sent.
    NotConnected,
    /// It was sent, and no whole answer came.
    Lost,
}

/// All waits of one request together, in the clock's time.
const WAITING_LIMIT: Duration = Duration::from_mins(2);
const ATTEMPTS: u32 = 8;
const BRIEF_WAITING_LIMIT: Duration = Duration::from_secs(20);
const BRIEF_ATTEMPTS: u32 = 3;
/// Attempts where no connection could be made: a person waits behind most of these.
const CONNECT_ATTEMPTS: u32 = 3;
const LOST_ATTEMPTS: u32 = 2;
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(20);

/// Says how long to wait before the next attempt, or `None` to give up.
///
/// `attempts` made so far, from 1; `waited` in all so far; `luck` from 0 to 1 spreads the waits (full jitter).
pub(super) fn next_attempt(
    repeat: Repeat,
    ending: Ending,
    attempts: u32,
    waited: Duration,
    luck: f64,
) -> Option<Duration> {
    let backoff = || {
        let exponent = attempts.saturating_sub(1).min(10);
        let ceiling = FIRST_BACKOFF.saturating_mul(1 << exponent).min(LONGEST_BACKOFF);
        ceiling.mul_f64(luck.clamp(0.0, 1.0))
    };
    let (limit, wait) = match (repeat, ending) {
        (Repeat::Never, _) | (Repeat::Write, Ending::Lost) => return None,
        (_, Ending::NotConnected) => (CONNECT_ATTEMPTS, backoff()),
        (Repeat::Read | Repeat::BriefRead, Ending::Lost) => (LOST_ATTEMPTS, backoff()),
        (Repeat::Read | Repeat::BriefRead, Ending::Answered { status, retry_after }) => {
            if !is_passing(status) {
                return None;
            }
            (ATTEMPTS, retry_after.unwrap_or_else(backoff))
        }
        // 429 and 503 with Retry-After are the server's promise that it did not start.
        (Repeat::Write, Ending::Answered { status, retry_after }) => {
            if !matches!(status, 429 | 503) {
                return None;
            }
            (ATTEMPTS, retry_after?)
        }
    };
    let (limit, waiting_limit) = match repeat {
        Repeat::BriefRead => (limit.min(BRIEF_ATTEMPTS), BRIEF_WAITING_LIMIT),
        _ => (limit, WAITING_LIMIT),
    };
    (attempts < limit && waited.saturating_add(wait) <= waiting_limit).then_some(wait)
}

/// Trouble that passes by itself.
pub(super) fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

/// No wait is longer; a header that says so is a mistake, and must not overflow anybody's arithmetic.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(24);

/// Reads `Retry-After`: seconds, or an HTTP date (RFC 9110, section 10.2.3). `None` for anything else; a day at most.
pub(super) fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse() {
        return Some(Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER));
    }
    // An HTTP date is an RFC 2822 date whose zone is always GMT.
    let at = rfc2822::parse(header).ok()?.timestamp();
    let wait = Duration::try_from(at.duration_since(now)).unwrap_or_default();
    Some(wait.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, seconds: Option<u64>) -> Ending {
        Ending::Answered {
            status,
            retry_after: seconds.map(Duration::from_secs),
        }
    }

    fn next(repeat: Repeat, ending: Ending, attempts: u32, waited: u64) -> Option<Duration> {
        next_attempt(repeat, ending, attempts, Duration::from_secs(waited), 1.0)
    }

    #[test]
    fn a_read_is_repeated_on_passing_trouble_only() {
        for status in [408, 429, 500, 502, 503, 504] {
            assert!(next(Repeat::Read, answered(status, None), 1, 0).is_some(), "{status}");
        }
        for status in [400, 401, 403, 404, 409, 412] {
            assert_eq!(next(Repeat::Read, answered(status, Some(1)), 1, 0), None, "{status}");
        }
        assert!(next(Repeat::Read, Ending::NotConnected, 1, 0).is_some());
        assert!(next(Repeat::Read, Ending::Lost, 1, 0).is_some());
    }

    #[test]
    fn a_write_is_repeated_only_where_it_did_not_happen() {
        for (ending, expected) in [
            (answered(429, Some(17)), Some(17)),
            (answered(503, Some(3)), Some(3)),
            (answered(429, None), None),
            (answered(503, None), None),
            (answered(500, Some(1)), None),
            (answered(504, Some(1)), None),
            (answered(408, Some(1)), None),
            (Ending::Lost, None),
        ] {
            let wait = next(Repeat::Write, ending, 1, 0);
            assert_eq!(wait, expected.map(Duration::from_secs), "{ending:?}");
        }
        assert!(next(Repeat::Write, Ending::NotConnected, 1, 0).is_some());
    }

    #[test]
    fn waits_grow_to_a_ceiling_and_end() {
        let waits: Vec<Option<Duration>> = (1..=8)
            .map(|attempts| next(Repeat::Read, answered(500, None), attempts, 0))
            .collect();
        let millis: Vec<Option<u128>> = waits.iter().map(|wait| wait.map(|wait| wait.as_millis())).collect();
        assert_eq!(
            millis,
            [
                Some(500),
                Some(1000),
                Some(2000),
                Some(4000),
                Some(8000),
                Some(16000),
                Some(20000),
                None
            ]
        );
        assert_eq!(
            next(Repeat::Read, answered(429, Some(60)), 2, 61),
            None,
            "over two minutes"
        );
        assert_eq!(next(Repeat::Read, Ending::NotConnected, 3, 0), None);
        assert_eq!(next(Repeat::Never, answered(429, Some(1)), 1, 0), None);
        assert_eq!(next(Repeat::BriefRead, answered(500, None), 3, 0), None);
        assert_eq!(next(Repeat::BriefRead, answered(429, Some(21)), 1, 0), None);
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now: Timestamp = "2026-08-01T10:00:00Z".parse().unwrap();
        let read = |header| retry_after(header, now).map(|wait| wait.as_secs());
        assert_eq!(read(" 17 "), Some(17));
        assert_eq!(read("Sat, 01 Aug 2026 10:01:30 GMT"), Some(90));
        assert_eq!(read("Sat, 01 Aug 2026 09:00:00 GMT"), Some(0), "a date that has passed");
        assert_eq!(read("18446744073709551615"), Some(86_400));
        for header in ["", "-1", "soon", "1.5"] {
            assert_eq!(read(header), None, "{header}");
        }
    }
}
