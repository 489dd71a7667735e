//! The request budget: requests of the last minute, Azure's own figures, and until when it asks to wait.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;

/// How much of Azure's and our own request budget is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Requests sent in the last minute.
    pub per_minute: u32,
    /// Azure's own figure for reads, as last seen.
    pub remaining_reads: Option<u32>,
    /// Until when Azure asked us to wait; `None` once that has passed.
    pub throttled_until: Option<Timestamp>,
}

/// Attempts counted for the last minute; more than any budget allows.
const COUNTED: usize = 20_000;
const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// In the order of how closely they bind: the caller's own bucket first
/// (Azure docs "Understand how Azure Resource Manager throttles requests", 2026).
const REMAINING_READS: [&str; 3] = [
    "x-ms-ratelimit-remaining-subscription-reads",
    "x-ms-ratelimit-remaining-tenant-reads",
    "x-ms-ratelimit-remaining-subscription-global-reads",
];

/// Counts requests; one per client, shared by its clones.
#[derive(Debug, Default)]
pub(super) struct Meter {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sent: VecDeque<Timestamp>,
    remaining_reads: Option<u32>,
    throttled_until: Option<Timestamp>,
}

impl Meter {
    /// One more request was sent.
    pub(super) fn count(&self, at: Timestamp) {
        self.change(|state| {
            state.sent.push_back(at);
            state.forget_before(at);
        });
    }

    /// Takes Azure's own figures from an answer, and until when it asks to wait.
    pub(super) fn observe(&self, headers: &HeaderMap, throttled_until: Option<Timestamp>) {
        let remaining = REMAINING_READS
            .iter()
            .find_map(|name| headers.get(*name)?.to_str().ok()?.trim().parse().ok());
        self.change(|state| {
            if remaining.is_some() {
                state.remaining_reads = remaining;
            }
            state.throttled_until = state.throttled_until.max(throttled_until);
        });
    }

    pub(super) fn budget(&self, now: Timestamp) -> Budget {
        self.change(|state| {
            state.forget_before(now);
            Budget {
                per_minute: u32::try_from(state.sent.len()).unwrap_or(u32::MAX),
                remaining_reads: state.remaining_reads,
                throttled_until: state.throttled_until.filter(|until| *until > now),
            }
        })
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        // A panic between two pushes leaves a count that is short by one, and still a count.
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn forget_before(&mut self, now: Timestamp) {
        while self.sent.len() > COUNTED || self.sent.front().is_some_and(|at| now.duration_since(*at) >= MINUTE) {
            self.sent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn the_budget_counts_the_last_minute() {
        let meter = Meter::default();
        for second in [0, 30, 59] {
            meter.count(at(second));
        }
        assert_eq!(meter.budget(at(59)).per_minute, 3);
        assert_eq!(meter.budget(at(60)).per_minute, 2);
        assert_eq!(meter.budget(at(500)).per_minute, 0);
    }

    #[test]
    fn azures_figures_are_kept_as_last_seen() {
        let meter = Meter::default();
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-ms-ratelimit-remaining-subscription-global-reads",
            "3749".parse().unwrap(),
        );
        meter.observe(&headers, Some(at(17)));
        meter.observe(&HeaderMap::new(), None);
        let budget = meter.budget(at(0));
        assert_eq!(
            (budget.remaining_reads, budget.throttled_until),
            (Some(3749), Some(at(17)))
        );
        assert_eq!(meter.budget(at(17)).throttled_until, None);
        headers.insert("x-ms-ratelimit-remaining-subscription-reads", "249".parse().unwrap());
        meter.observe(&headers, None);
        assert_eq!(meter.budget(at(0)).remaining_reads, Some(249));
    }
}
