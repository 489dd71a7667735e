//! Counts over entries: the whole session, and the last minute by kind.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::entry::{Entry, Kind, Outcome, Trouble};

const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// Counts over the whole session; what is still open is not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Sent, waits not counted.
    pub requests: u64,
    pub errors: u64,
    /// Answers that asked for fewer requests, and the waits that came of it or of a failed attempt.
    pub throttled: u64,
    pub slow: u64,
    pub received: u64,
    /// The longest answer that was no watch.
    pub slowest: Duration,
}

/// Counts over the last minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// In the order of [`Kind::ALL`].
    by_kind: [usize; Kind::ALL.len()],
    /// Answers that are still coming, of any age.
    pub open_watches: usize,
    pub errors: usize,
    pub throttled: usize,
    pub received: u64,
}

impl Tally {
    pub(super) fn count(&mut self, entry: &Entry) {
        if !matches!(entry.outcome, Outcome::Throttled { .. }) {
            self.requests += 1;
        }
        match entry.trouble() {
            Some(Trouble::Error) => self.errors += 1,
            Some(Trouble::Throttled) => self.throttled += 1,
            Some(Trouble::Slow) => self.slow += 1,
            None => (),
        }
        self.received += entry.received;
        if entry.request.kind != Kind::KubernetesWatch {
            self.slowest = self.slowest.max(entry.took);
        }
    }
}

impl Minute {
    /// Counts what left in the minute before `now`. Watches count when they begin.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>, now: Timestamp) -> Self {
        let mut minute = Self::default();
        for entry in entries {
            if entry.is_open() && entry.request.kind == Kind::KubernetesWatch {
                minute.open_watches += 1;
            }
            if now.duration_since(entry.at) >= MINUTE {
                continue;
            }
            if !matches!(entry.outcome, Outcome::Throttled { .. }) {
                let place = Kind::ALL.iter().position(|kind| *kind == entry.request.kind);
                minute.by_kind[place.expect("all kinds are in the list")] += 1;
            }
            match entry.trouble() {
                Some(Trouble::Error) => minute.errors += 1,
                Some(Trouble::Throttled) => minute.throttled += 1,
                Some(Trouble::Slow) | None => (),
            }
            minute.received += entry.received;
        }
        minute
    }

    /// Requests of one kind.
    pub fn of_kind(&self, kind: Kind) -> usize {
        let place = Kind::ALL.iter().position(|known| *known == kind);
        self.by_kind[place.expect("all kinds are in the list")]
    }

    /// All requests.
    pub fn all(&self) -> usize {
        self.by_kind.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::entry;
    use super::*;

    fn at(second: i64, kind: Kind, outcome: Outcome) -> Entry {
        let mut entry = entry(outcome);
        entry.at = Timestamp::from_second(second).unwrap();
        entry.request.kind = kind;
        entry
    }

    #[test]
    fn a_minute_is_counted_by_kind() {
        let ok = || Outcome::Answered { status: 200 };
        let entries = [
            at(39, Kind::AzureRead, ok()),
            at(40, Kind::AzureRead, ok()),
            at(41, Kind::AzureRead, Outcome::Answered { status: 429 }),
            at(
                41,
                Kind::AzureRead,
                Outcome::Throttled {
                    wait: Duration::from_secs(5),
                },
            ),
            at(90, Kind::AzureChange, Outcome::Answered { status: 409 }),
            at(1, Kind::KubernetesWatch, Outcome::Open { status: Some(200) }),
            at(95, Kind::KubernetesWatch, Outcome::Open { status: None }),
        ];
        let minute = Minute::of(&entries, Timestamp::from_second(100).unwrap());
        assert_eq!(minute.of_kind(Kind::AzureRead), 1, "the first two are a minute old");
        assert_eq!(minute.of_kind(Kind::AzureChange), 1);
        assert_eq!(minute.of_kind(Kind::KubernetesWatch), 1);
        assert_eq!((minute.all(), minute.open_watches), (3, 2));
        assert_eq!((minute.errors, minute.throttled), (1, 2));
    }
}
