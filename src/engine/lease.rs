//! Who drives a cluster, for all machines: rules over the Lease `aks-cockpit` in `kube-system`. Pure rules over
//! values; the requests are made by the driver through `kubernetes::lease`.
//!
//! Two drivers never act at once, because of four times that fit together (durations are [`LeaseTimes`]):
//!
//! ```text
//! holder    renews ............ last renewal -- duration - skew --> sends nothing any more
//! another   watches ........... last renewal -- duration + skew --> expired, and then watched for another
//!                               `renew_every + skew` without a renewal, so wrong clocks alone take nothing
//! by force  writes itself in -> waits until the old holder says that it stopped, at most duration + skew
//! all       every write names the version it read: of two that write at once one is refused
//! ```
//!
//! A holder that cannot reach the API server goes on watching what runs in Azure, since nobody may take the Lease
//! before it has expired; then it sends nothing until it has renewed it, which succeeds only where nobody took it.

mod note;
mod rules;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::command::Person;
use crate::domain::ids::{ExecutionId, StepId};
use crate::plan::step::Plan;

pub(super) use note::note_text;
pub use note::{Story, story};
pub(super) use rules::{Claimant, Standing, TakenOver};
pub(super) use rules::{asked, asked_by, handed_to, has_stopped, holder_of, is_mine, released, renewed, standing};
pub(super) use rules::{stopped, taken};

/// What a cluster's Lease tells, on any machine.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaseHolder {
    pub person: Person,
    pub execution: ExecutionId,
    pub renewed_at: Timestamp,
    /// True where the holder has not renewed it for so long that it may be taken.
    pub is_expired: bool,
    pub asked_by: Option<Person>,
    /// What the holder tells about its execution; `None` where it cannot be read.
    pub note: Option<LeaseNote>,
}

/// What a driver leaves on the Lease, so that another machine can go on: kept small, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaseNote {
    pub plan: Plan,
    /// Steps that are over.
    pub done: Vec<StepId>,
    /// The execution's state word.
    pub state: String,
    /// One sentence, as in the brief.
    pub headline: String,
}

/// How long a Lease lasts. In wall time: the Lease is about processes, not about a simulated world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseTimes {
    /// After so long without a renewal somebody else may take it.
    pub duration: Duration,
    pub renew_every: Duration,
    /// How far the clocks of two machines may be apart, and how long a request may be on its way.
    pub skew: Duration,
}

impl Default for LeaseTimes {
    fn default() -> Self {
        Self {
            duration: Duration::from_secs(40),
            renew_every: Duration::from_secs(10),
            skew: Duration::from_secs(5),
        }
    }
}

impl LeaseTimes {
    /// How long after a renewal its holder may still send something.
    pub fn may_send_for(self) -> Duration {
        self.duration.saturating_sub(self.skew)
    }

    /// How long an expired Lease is watched before it is taken.
    pub fn watched_for(self) -> Duration {
        self.renew_every + self.skew
    }

    /// After this time a holder that was written out has certainly stopped.
    pub fn stops_within(self) -> Duration {
        self.duration + self.skew
    }
}
