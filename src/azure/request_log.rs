//! Every request of this session, without secrets: for the request view, the budget line and the log file.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;

/// How one attempt of a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestOutcome {
    Answered {
        status: u16,
    },
    Failed {
        why: String,
    },
    /// Not sent yet: waiting because Azure asked for it, or because the last attempt failed.
    Throttled {
        wait: Duration,
    },
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    pub at: Timestamp,
    pub method: &'static str,
    /// Path without query, or a word for a signed URL.
    pub path: String,
    pub outcome: RequestOutcome,
    pub took: Duration,
    /// `x-ms-request-id` of the answer, else our own client request id.
    pub request_id: Option<String>,
}

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

/// Records kept for the request view.
const KEPT: usize = 500;
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

/// The log itself; one per client, shared by its clones.
#[derive(Debug)]
pub(super) struct RequestLog {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    records: VecDeque<RequestRecord>,
    sent: VecDeque<Timestamp>,
    remaining_reads: Option<u32>,
    throttled_until: Option<Timestamp>,
}

impl RequestLog {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::default(),
        }
    }

    pub(super) fn write(&self, record: RequestRecord) {
        tracing::debug!(
            method = record.method,
            path = %record.path,
            outcome = ?record.outcome,
            took = ?record.took,
            request_id = record.request_id.as_deref(),
            "azure request"
        );
        self.change(|state| {
            if !matches!(record.outcome, RequestOutcome::Throttled { .. }) {
                state.sent.push_back(record.at);
                state.forget_before(record.at);
            }
            state.records.push_back(record);
            if state.records.len() > KEPT {
                state.records.pop_front();
            }
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

    /// Oldest first.
    pub(super) fn recent(&self) -> Vec<RequestRecord> {
        self.change(|state| state.records.iter().cloned().collect())
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        // A panic between two pushes leaves a log that is short by a line, and still a log.
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

    fn record(second: i64, outcome: RequestOutcome) -> RequestRecord {
        RequestRecord {
            at: at(second),
            method: "GET",
            path: "/x".to_owned(),
            outcome,
            took: Duration::ZERO,
            request_id: None,
        }
    }

    #[test]
    fn the_budget_counts_the_last_minute_without_waits() {
        let log = RequestLog::new();
        for second in [0, 30, 59] {
            log.write(record(second, RequestOutcome::Answered { status: 200 }));
        }
        let wait = Duration::from_secs(5);
        log.write(record(59, RequestOutcome::Throttled { wait }));
        assert_eq!(log.budget(at(59)).per_minute, 3);
        assert_eq!(log.budget(at(60)).per_minute, 2);
        assert_eq!(log.budget(at(500)).per_minute, 0);
        assert_eq!(log.recent().len(), 4);
    }

    #[test]
    fn the_ring_keeps_the_last_records() {
        let log = RequestLog::new();
        for second in 0..600 {
            log.write(record(second, RequestOutcome::Failed { why: String::new() }));
        }
        let records = log.recent();
        assert_eq!((records.len(), records[0].at), (KEPT, at(100)));
    }

    #[test]
    fn azures_figures_are_kept_as_last_seen() {
        let log = RequestLog::new();
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-ms-ratelimit-remaining-subscription-global-reads",
            "3749".parse().unwrap(),
        );
        log.observe(&headers, Some(at(17)));
        log.observe(&HeaderMap::new(), None);
        let budget = log.budget(at(0));
        assert_eq!(
            (budget.remaining_reads, budget.throttled_until),
            (Some(3749), Some(at(17)))
        );
        assert_eq!(log.budget(at(17)).throttled_until, None);
        headers.insert("x-ms-ratelimit-remaining-subscription-reads", "249".parse().unwrap());
        log.observe(&headers, None);
        assert_eq!(log.budget(at(0)).remaining_reads, Some(249));
    }
}
