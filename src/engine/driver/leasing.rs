//! Takes the cluster's Lease for a driver. Never takes one that a live driver on another machine holds, unless a
//! person insists, and then waits until that driver has stopped.

use std::collections::HashSet;

use jiff::Timestamp;

use super::super::command::Person;
use super::super::lease::{
    Claimant, LeaseHolder, LeaseTimes, Standing, TakenOver, has_stopped, holder_of, is_mine, renewed, standing, taken,
};
use super::api_server::{ApiServer, ApiServerError};
use super::fence::{Fence, Moment};
use crate::clock::Clock;
use crate::domain::ids::ExecutionId;
use crate::domain::lease::LeaseObject;
use crate::kubernetes::lease::LeaseWrite;

/// Rounds of reading and writing before it counts as out of reach; each means that somebody else wrote meanwhile.
const ROUNDS: u32 = 20;

/// One driver's way to its cluster's Lease.
#[derive(Clone)]
pub(in crate::engine) struct Contender {
    pub(in crate::engine) api: ApiServer,
    pub(in crate::engine) me: Claimant,
    pub(in crate::engine) times: LeaseTimes,
    pub(in crate::engine) fence: Fence,
    /// Executions of this machine's journal that have no live driver: what they hold is free.
    pub(in crate::engine) gone: HashSet<ExecutionId>,
}

/// What came of taking the Lease.
#[derive(Debug)]
pub(in crate::engine) enum Outcome {
    Got(Box<LeaseObject>),
    HeldBy {
        holder: Box<LeaseHolder>,
        since: Option<Timestamp>,
    },
    Unavailable {
        why: String,
        /// True where trying again soon helps nobody.
        is_lasting: bool,
    },
}

impl From<ApiServerError> for Outcome {
    fn from(error: ApiServerError) -> Self {
        Self::Unavailable {
            why: error.sentence(),
            is_lasting: error.is_lasting(),
        }
    }
}

impl Contender {
    /// Takes the Lease where it is free, ours, or expired; an expired one is watched first.
    pub(in crate::engine) async fn take(&self) -> Outcome {
        let mut watched = None;
        for _ in 0..ROUNDS {
            let found = match self.api.read_lease().await {
                Ok(found) => found,
                Err(error) => return error.into(),
            };
            match standing(found.as_ref(), &self.me, Clock::wall().now(), self.times) {
                Standing::Held(holder) | Standing::Expired(holder) if self.is_gone(&holder) => {}
                Standing::Held(holder) => {
                    return Outcome::HeldBy {
                        holder: Box::new(holder),
                        since: found.and_then(|lease| lease.acquired_at),
                    };
                }
                // The clocks say that it has expired; they may be wrong, so it is watched for a renewal.
                Standing::Expired(_) => {
                    let version = found.as_ref().map(|lease| lease.resource_version.clone());
                    if watched != version {
                        watched = version;
                        tokio::time::sleep(self.times.watched_for()).await;
                        continue;
                    }
                }
                Standing::Free | Standing::Ours => {}
            }
            if let Some(outcome) = self.write(found.as_ref(), None).await {
                return outcome;
            }
        }
        Outcome::Unavailable {
            why: "others write the Lease all the time".to_owned(),
            is_lasting: false,
        }
    }

    /// Takes a Lease that was read as `before` against its holder's will, and returns when that holder has certainly
    /// stopped: it says so, or cannot have renewed the Lease for longer than it may send without.
    pub(in crate::engine) async fn take_by_force(&self, before: &LeaseObject, reason: &str) -> Outcome {
        let began = Moment::now();
        let taken_over = TakenOver {
            by: self.me.person.clone(),
            from: holder_of(before, began.wall, self.times).map_or_else(nobody, |holder| holder.person),
            reason: reason.to_owned(),
            at: began.wall,
        };
        let mut lease = match self.write(Some(before), Some(&taken_over)).await {
            Some(Outcome::Got(lease)) => lease,
            Some(other) => return other,
            None => return self.beaten().await,
        };
        while !has_stopped(before, &lease) && began.instant.elapsed() < self.times.stops_within() {
            tokio::time::sleep(self.times.renew_every / 5).await;
            match self.api.read_lease().await {
                Ok(Some(found)) if is_mine(&found, &self.me) => *lease = found,
                Ok(_) => return self.beaten().await,
                Err(error) => return error.into(),
            }
        }
        let now = Moment::now();
        match self.api.write_lease(&renewed(&lease, now.wall, None)).await {
            Ok(LeaseWrite::Written(lease)) => {
                self.fence.renewed(now, self.times);
                Outcome::Got(Box::new(lease))
            }
            Ok(LeaseWrite::Conflict) => self.beaten().await,
            Err(error) => error.into(),
        }
    }

    /// Writes the Lease into our hands; `None` where somebody else wrote meanwhile.
    async fn write(&self, found: Option<&LeaseObject>, taken_over: Option<&TakenOver>) -> Option<Outcome> {
        let now = Moment::now();
        let lease = taken(found, &self.me, now.wall, self.times, taken_over);
        match self.api.write_lease(&lease).await {
            Ok(LeaseWrite::Written(lease)) => {
                self.fence.renewed(now, self.times);
                Some(Outcome::Got(Box::new(lease)))
            }
            Ok(LeaseWrite::Conflict) => None,
            Err(error) => Some(error.into()),
        }
    }

    /// Somebody else was quicker: says who.
    async fn beaten(&self) -> Outcome {
        self.fence.close();
        match self.api.read_lease().await {
            Ok(Some(found)) => match holder_of(&found, Clock::wall().now(), self.times) {
                Some(holder) => Outcome::HeldBy {
                    holder: Box::new(holder),
                    since: found.acquired_at,
                },
                None => quicker(),
            },
            Ok(None) => quicker(),
            Err(error) => error.into(),
        }
    }

    fn is_gone(&self, holder: &LeaseHolder) -> bool {
        holder.person.host == self.me.person.host && self.gone.contains(&holder.execution)
    }
}

fn quicker() -> Outcome {
    Outcome::Unavailable {
        why: "somebody else wrote the Lease at the same moment".to_owned(),
        is_lasting: false,
    }
}

fn nobody() -> Person {
    Person {
        name: String::new(),
        host: String::new(),
    }
}
