//! URLs of long-running operations: long, signed, and of no use with one character changed.

use jiff::Timestamp;

use super::reply::Call;

/// Which of an operation's two URLs is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// `azure-asyncoperation`.
    Status,
    /// `location`.
    Result,
}

impl Link {
    pub(super) fn segment(self) -> &'static str {
        match self {
            Self::Status => "operations",
            Self::Result => "operationresults",
        }
    }
}

/// Lengths as recorded in 2024 and 2025: about 3,000 characters in all.
const CERTIFICATE_LENGTH: usize = 2600;
const SIGNATURE_LENGTH: usize = 342;
const HASH_LENGTH: usize = 43;

/// The whole URL.
pub(super) fn operation_url(
    endpoint: &str,
    subscription: &str,
    location: &str,
    id: &str,
    link: Link,
    seed: u64,
    started: Timestamp,
) -> String {
    format!(
        "{endpoint}/subscriptions/{subscription}/providers/Microsoft.ContainerService/locations/{location}/{}/{id}?{}",
        link.segment(),
        query(id, link, seed, started)
    )
}

/// True where the caller sent exactly the query that was handed out.
pub(super) fn is_signed(call: &Call, id: &str, link: Link, seed: u64, started: Timestamp) -> bool {
    call.query == query(id, link, seed, started)
}

fn query(id: &str, link: Link, seed: u64, started: Timestamp) -> String {
    let certificate = text(CERTIFICATE_LENGTH, &[&seed.to_string()]);
    let salt = [id, link.segment(), &seed.to_string()];
    format!(
        "api-version=2016-03-30&t={}&c={certificate}&s={}&h={}",
        ticks(started),
        text(SIGNATURE_LENGTH, &salt),
        text(HASH_LENGTH, &[id, link.segment(), "h"]),
    )
}

/// 100-nanosecond steps since the year 1, as .NET counts.
fn ticks(at: Timestamp) -> i128 {
    const UNIX_EPOCH_TICKS: i128 = 621_355_968_000_000_000;
    UNIX_EPOCH_TICKS + at.as_nanosecond() / 100
}

/// Base64url text that is the same for the same salt.
fn text(length: usize, salt: &[&str]) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut hasher = DefaultHasher::new();
    salt.hash(&mut hasher);
    let mut rng = fastrand::Rng::with_seed(hasher.finish());
    std::iter::repeat_with(|| char::from(ALPHABET[rng.usize(..64)]))
        .take(length)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_as_long_as_the_real_ones_and_differ_by_link() {
        let url = |link| {
            operation_url(
                "http://127.0.0.1:1",
                "s",
                "westeurope",
                "6b63dabf-f920-4748-8de7-555de46fb765",
                link,
                7,
                Timestamp::from_second(1_747_366_024).unwrap(),
            )
        };
        assert!(url(Link::Status).len() > 3000);
        assert!(url(Link::Status).contains("/operations/6b63dabf"));
        assert!(url(Link::Status).contains("api-version=2016-03-30&t=638829628240000000&c="));
        assert_ne!(
            url(Link::Status).split('&').next_back(),
            url(Link::Result).split('&').next_back()
        );
    }
}
