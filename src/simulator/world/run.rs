//! One operation at work: its stages one after another, and what each does to the cluster.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use super::operation::{Outcome, Target};
use super::pool::Goal;
use super::roll::PoolRoll;
use crate::domain::version::KubernetesVersion;

/// One thing an operation does.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    ControlPlane(KubernetesVersion),
    Pool {
        name: String,
        goal: Goal,
        /// What the pool ran before.
        before: Goal,
        /// It goes back to what it ran once.
        is_rollback: bool,
    },
    /// Nothing that can be seen; it only takes its time.
    Settle(Duration),
}

/// A control plane on its way to a version.
#[derive(Clone, Debug)]
pub(super) struct ControlPlaneUpgrade {
    pub(super) to: KubernetesVersion,
    pub(super) began: Timestamp,
    /// The API server has its new version; AKS waits for its own pods.
    pub(super) is_serving: bool,
    pub(super) served_since: Timestamp,
    pub(super) until: Timestamp,
    /// While its API server cannot be reached.
    pub(super) away: Option<(Timestamp, Timestamp)>,
}

impl ControlPlaneUpgrade {
    /// The next time something changes after `now`.
    fn next_due(&self, now: Timestamp) -> Timestamp {
        let edges = self.away.map_or([self.until; 2], |(from, until)| [from, until]);
        edges
            .into_iter()
            .chain([self.until])
            .filter(|edge| *edge > now)
            .min()
            .unwrap_or(self.until)
    }

    pub(super) fn is_away(&self, now: Timestamp) -> bool {
        self.away.is_some_and(|(from, until)| from <= now && now < until)
    }
}

/// The stage that is being worked on.
#[derive(Clone, Debug)]
pub(super) enum Active {
    ControlPlane(ControlPlaneUpgrade),
    Pool(Box<PoolRoll>),
    Settle(Timestamp),
}

/// An operation at work.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) operation: String,
    pub(super) target: Target,
    pub(super) stages: VecDeque<Stage>,
    pub(super) active: Option<Active>,
    /// When the last stage ended.
    pub(super) since: Timestamp,
    /// True once it has begun to move a control plane or a pool.
    pub(super) has_moved: bool,
    /// Set when it is over.
    pub(super) outcome: Option<Outcome>,
}

impl Run {
    /// When it goes on, seen from `now`.
    pub(super) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        match &self.active {
            None => Some(self.since),
            Some(Active::ControlPlane(upgrade)) => Some(upgrade.next_due(now)),
            Some(Active::Pool(roll)) => roll.next_due(),
            Some(Active::Settle(until)) => Some(*until),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_server_is_away_between_two_edges() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let upgrade = ControlPlaneUpgrade {
            to: KubernetesVersion::new(1, 35, 5),
            began: at(0),
            is_serving: false,
            served_since: at(0),
            until: at(300),
            away: Some((at(60), at(200))),
        };
        let check = |now, due, is_away| {
            assert_eq!(
                (upgrade.next_due(at(now)), upgrade.is_away(at(now))),
                (at(due), is_away)
            );
        };
        check(0, 60, false);
        check(60, 200, true);
        check(200, 300, false);
        check(300, 300, false);
    }
}
