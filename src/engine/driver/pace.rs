//! How fast effects follow each other: what runs, how often it was done in this turn, and how it went.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::{AbortHandle, Id};

use super::super::effect::{Effect, Ticket};
use super::super::record::Purpose;

/// Longest pause between two tries, in the clock's time.
const LONGEST: Duration = Duration::from_mins(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Prepare,
    Send,
    Poll,
    Read,
    Watch,
    Time,
    Test,
    Workloads,
    Cluster,
}

/// One effect of one turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    kind: Kind,
    ticket: Ticket,
}

impl Key {
    pub(super) fn of(effect: &Effect) -> Self {
        let kind = match effect {
            Effect::Prepare { .. } => Kind::Prepare,
            Effect::Send { .. } => Kind::Send,
            Effect::Poll { .. } => Kind::Poll,
            Effect::ReadResource { .. } => Kind::Read,
            Effect::WatchNodes { .. } => Kind::Watch,
            Effect::WaitUntil { .. } => Kind::Time,
            Effect::Test { .. } => Kind::Test,
            Effect::ReadWorkloads { .. } => Kind::Workloads,
            Effect::ReadCluster { .. } => Kind::Cluster,
        };
        Self {
            kind,
            ticket: effect.ticket(),
        }
    }
}

/// How the same effect went so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pace {
    /// Times it was done.
    pub(super) times: u32,
    /// Times it failed in a row.
    pub(super) failures: u32,
    /// Azure's wish for the next time.
    pub(super) retry_after: Option<Duration>,
}

impl Pace {
    /// The pause before the next time: Azure's wish, or the interval, doubled with each failure.
    pub(super) fn pause(self, interval: Duration) -> Duration {
        let own = interval
            .saturating_mul(1 << self.failures.min(8))
            .min(LONGEST.max(interval));
        self.retry_after.map_or(own, |wish| match self.failures {
            0 => wish,
            _ => wish.max(own),
        })
    }

    pub(super) fn went_well(self, retry_after: Option<Duration>) -> Self {
        Self {
            times: self.times.saturating_add(1),
            failures: 0,
            retry_after,
        }
    }

    pub(super) fn failed(self, retry_after: Option<Duration>) -> Self {
        Self {
            times: self.times.saturating_add(1),
            failures: self.failures.saturating_add(1),
            retry_after,
        }
    }
}

/// What runs, and how what ran went.
#[derive(Debug, Default)]
pub(super) struct Running {
    tasks: HashMap<Key, AbortHandle>,
    paces: HashMap<Key, Pace>,
    /// Azure's wish for the first poll, from the answer to the request.
    first_poll: HashMap<Purpose, Duration>,
}

impl Running {
    /// Drops every task that is not wanted, except one that sends.
    pub(super) fn keep_only(&mut self, wanted: &[Effect]) {
        let wanted: Vec<Key> = wanted.iter().map(Key::of).collect();
        self.tasks.retain(|key, task| {
            let stays = key.kind == Kind::Send || wanted.contains(key);
            if !stays {
                task.abort();
            }
            stays
        });
        self.paces.retain(|key, _| wanted.contains(key));
    }

    pub(super) fn has(&self, key: Key) -> bool {
        self.tasks.contains_key(&key)
    }

    pub(super) fn is_sending(&self) -> bool {
        self.tasks.keys().any(|key| key.kind == Kind::Send)
    }

    pub(super) fn pace(&mut self, key: Key) -> Pace {
        let first = match key.kind {
            Kind::Poll => self.first_poll.remove(&key.ticket.purpose),
            _ => None,
        };
        *self.paces.entry(key).or_insert(Pace {
            retry_after: first,
            ..Pace::default()
        })
    }

    pub(super) fn started(&mut self, key: Key, task: AbortHandle) {
        self.tasks.insert(key, task);
    }

    pub(super) fn ended(&mut self, key: Key, pace: Pace) {
        self.tasks.remove(&key);
        if let (Kind::Send, Some(wish)) = (key.kind, pace.retry_after) {
            self.first_poll.insert(key.ticket.purpose, wish);
        }
        self.paces.insert(key, pace);
    }

    /// A task ended without an answer; what it did is done again only after a pause.
    pub(super) fn failed(&mut self, task: Id) {
        let key = self.tasks.iter().find(|(_, running)| running.id() == task);
        if let Some(key) = key.map(|(key, _)| *key) {
            self.tasks.remove(&key);
            let pace = self.paces.entry(key).or_default();
            *pace = pace.failed(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_follow_azures_wish_and_grow_with_failures() {
        let interval = Duration::from_secs(10);
        let seconds = |pace: Pace| pace.pause(interval).as_secs();
        let wish = Some(Duration::from_secs(3));
        assert_eq!(seconds(Pace::default()), 10);
        assert_eq!(seconds(Pace::default().went_well(wish)), 3);
        assert_eq!(seconds(Pace::default().failed(None)), 20);
        assert_eq!(seconds(Pace::default().failed(None).failed(wish)), 40);
        let hopeless = (0..40).fold(Pace::default(), |pace, _| pace.failed(None));
        assert_eq!(seconds(hopeless), 300);
        assert_eq!(seconds(hopeless.went_well(None)), 10);
    }
}
