//! The log itself: a ring of what has ended, and beside it what is still open, so that a watch never falls out of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::entry::{Entry, Outcome, Sent};
use super::totals::Tally;
use crate::clock::Clock;

/// Entries kept of what has ended; at 2 kB each this stays below 4 MB.
pub const KEPT: usize = 2_000;

/// One log for a session; clones share it.
#[derive(Clone, Debug)]
pub struct RequestLog {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    last_number: u64,
    ended: VecDeque<Arc<Entry>>,
    open: BTreeMap<u64, Slot>,
    tally: Tally,
}

#[derive(Debug)]
struct Slot {
    entry: Entry,
    started: Instant,
    received: Arc<AtomicU64>,
}

/// What the log held at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// Newest first.
    pub entries: Vec<Arc<Entry>>,
    /// Of the whole session, also what the ring no longer holds.
    pub tally: Tally,
}

/// A request under way. Dropped before it was ended, it counts as ended by us.
#[derive(Debug)]
pub struct Pending {
    log: RequestLog,
    number: u64,
    received: Arc<AtomicU64>,
    is_ended: bool,
}

/// What an answer adds to an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub request_id: Option<String>,
    /// As [`super::shown::headers`] makes them.
    pub headers: Vec<(String, String)>,
}

impl RequestLog {
    /// An empty log whose entries are dated by this clock.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            state: Arc::default(),
        }
    }

    /// Writes down that a request leaves now.
    pub fn begin(&self, request: Sent) -> Pending {
        let at = self.clock.now();
        let received = Arc::new(AtomicU64::new(0));
        let number = self.change(|state| {
            state.last_number += 1;
            let slot = Slot {
                entry: entry(state.last_number, at, request),
                started: Instant::now(),
                received: Arc::clone(&received),
            };
            state.open.insert(state.last_number, slot);
            state.last_number
        });
        Pending {
            log: self.clone(),
            number,
            received,
            is_ended: false,
        }
    }

    /// Writes down a wait before it begins: the attempt after it is a request of its own.
    pub fn wait(&self, request: Sent, wait: Duration) {
        let at = self.clock.now();
        self.change(|state| {
            state.last_number += 1;
            let mut entry = entry(state.last_number, at, request);
            entry.outcome = Outcome::Throttled { wait };
            state.keep(entry);
        });
    }

    /// Everything that is kept, newest first.
    pub fn picture(&self) -> Picture {
        self.change(|state| {
            let open = state.open.values().map(|slot| {
                let mut entry = slot.entry.clone();
                entry.took = slot.started.elapsed();
                entry.received = slot.received.load(Ordering::Relaxed);
                Arc::new(entry)
            });
            let mut entries: Vec<Arc<Entry>> = state.ended.iter().map(Arc::clone).chain(open).collect();
            entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.number));
            Picture {
                entries,
                tally: state.tally,
            }
        })
    }

    fn end(&self, number: u64, change: impl FnOnce(&mut Entry)) {
        self.change(|state| {
            if let Some(slot) = state.open.remove(&number) {
                let mut entry = slot.entry;
                entry.took = slot.started.elapsed();
                entry.received = slot.received.load(Ordering::Relaxed);
                change(&mut entry);
                state.keep(entry);
            }
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        // A panic between two pushes leaves a log that is short by a line, and still a log.
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn keep(&mut self, entry: Entry) {
        tracing::debug!(
            kind = entry.request.kind.word(),
            server = entry.request.name.as_deref(),
            method = entry.request.method,
            path = %entry.request.path,
            outcome = ?entry.outcome,
            took = ?entry.took,
            bytes = entry.received,
            request_id = entry.request_id.as_deref(),
            "request"
        );
        self.tally.count(&entry);
        self.ended.push_back(Arc::new(entry));
        if self.ended.len() > KEPT {
            self.ended.pop_front();
        }
    }
}

impl Pending {
    /// More of the answer's body has come.
    pub fn add_received(&self, bytes: usize) {
        self.received
            .fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The answer has begun; its body may take long.
    pub fn answering(&self, status: u16, answer: Answer) {
        self.log.change(|state| {
            if let Some(slot) = state.open.get_mut(&self.number) {
                slot.entry.outcome = Outcome::Open { status: Some(status) };
                slot.entry.headers = answer.headers;
                slot.entry.request_id = answer.request_id.or_else(|| slot.entry.request_id.take());
            }
        });
    }

    /// The answer has come whole; `error` is the body of a refusal, printable.
    pub fn answered(mut self, status: u16, error: Option<String>) {
        self.end(|entry| {
            entry.outcome = Outcome::Answered { status };
            entry.error = error;
        });
    }

    /// No answer came, or it broke off.
    pub fn failed(mut self, why: String) {
        self.end(|entry| entry.outcome = Outcome::Failed { why });
    }

    fn end(&mut self, change: impl FnOnce(&mut Entry)) {
        if !self.is_ended {
            self.is_ended = true;
            self.log.end(self.number, change);
        }
    }
}

impl Drop for Pending {
    /// Nobody reads on: what was answered so far is what there is.
    fn drop(&mut self) {
        self.end(|entry| {
            entry.outcome = match entry.outcome {
                Outcome::Open { status: Some(status) } => Outcome::Answered { status },
                _ => Outcome::Failed {
                    why: "given up by us before an answer came".to_owned(),
                },
            };
        });
    }
}

fn entry(number: u64, at: jiff::Timestamp, request: Sent) -> Entry {
    Entry {
        number,
        at,
        request_id: request.request_id.clone(),
        request,
        outcome: Outcome::Open { status: None },
        took: Duration::ZERO,
        received: 0,
        headers: Vec::new(),
        error: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::entry as sample;
    use super::*;

    fn log() -> RequestLog {
        RequestLog::new(Clock::stepped(jiff::Timestamp::UNIX_EPOCH))
    }

    fn request() -> Sent {
        sample(Outcome::Open { status: None }).request
    }

    #[test]
    fn what_is_open_outlives_the_ring() {
        let log = log();
        let watch = log.begin(request());
        watch.answering(200, Answer::default());
        for _ in 0..KEPT + 10 {
            log.begin(request()).answered(200, None);
        }
        watch.add_received(70);
        let picture = log.picture();
        assert_eq!(picture.entries.len(), KEPT + 1);
        let last = picture.entries.last().unwrap();
        assert_eq!((last.number, last.received), (1, 70));
        assert_eq!(last.outcome, Outcome::Open { status: Some(200) });
        assert_eq!(picture.tally.requests, u64::try_from(KEPT + 10).unwrap());
        assert!(picture.entries.is_sorted_by(|a, b| a.number > b.number));
    }

    #[test]
    fn every_end_is_told() {
        let log = log();
        drop(log.begin(request()));
        let begun = log.begin(request());
        begun.answering(
            200,
            Answer {
                request_id: Some("theirs".to_owned()),
                headers: vec![("retry-after".to_owned(), "5".to_owned())],
            },
        );
        drop(begun);
        log.begin(request()).answered(403, Some("no".to_owned()));
        log.begin(request()).failed("cut off".to_owned());
        log.wait(request(), Duration::from_secs(5));
        let picture = log.picture();
        let outcomes: Vec<&Outcome> = picture.entries.iter().map(|entry| &entry.outcome).collect();
        assert_eq!(
            outcomes,
            [
                &Outcome::Throttled {
                    wait: Duration::from_secs(5)
                },
                &Outcome::Failed {
                    why: "cut off".to_owned()
                },
                &Outcome::Answered { status: 403 },
                &Outcome::Answered { status: 200 },
                &Outcome::Failed {
                    why: "given up by us before an answer came".to_owned()
                },
            ]
        );
        assert_eq!(picture.entries[3].request_id.as_deref(), Some("theirs"));
        assert_eq!(picture.entries[2].error.as_deref(), Some("no"));
        let tally = picture.tally;
        assert_eq!((tally.requests, tally.errors, tally.throttled), (4, 3, 1));
    }
}
