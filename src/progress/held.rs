//! A drain that is held: how long it may still last, and what AKS does with it when the pool's drain timeout is over.
//! Pure. Says nothing about why it is held; that is in `blockers`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::eta::EtaRange;
use super::picture::{Blocker, LivePicture, NodePhase, NodeProgress};
use crate::domain::cluster::Cluster;
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::node_pool::UndrainableNodeBehavior;
use crate::domain::time_text::{duration, moment};

/// What AKS does when a drain has lasted for the pool's drain timeout
/// (AKS docs "Customize node pool rolling upgrades", 2026: undrainable node behavior).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtTimeout {
    /// The operation fails.
    Fails,
    /// The node stays behind, cordoned and labelled, and the others go on.
    Quarantines,
}

impl AtTimeout {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fails => "fails",
            Self::Quarantines => "quarantines",
        }
    }
}

/// The held drain that times out first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldDrain {
    pub node: NodeName,
    pub pool: Option<NodePoolName>,
    /// Nodes that are held besides it.
    pub others: usize,
    /// When its drain began.
    pub began: Timestamp,
    /// The pool's drain timeout.
    pub timeout: Duration,
    /// When that is over.
    pub deadline: Timestamp,
    pub then: AtTimeout,
    /// Time left of the upgrade from the moment it is freed.
    pub rest: EtaRange,
}

/// The held drain of a picture that times out first; `None` where nothing holds a drain, or nobody set it a timeout.
pub(super) fn find(picture: &LivePicture, cluster: Option<&Cluster>, rest: EtaRange) -> Option<HeldDrain> {
    let is_blocked = |name: &NodeName| {
        picture
            .blockers
            .iter()
            .any(|blocker: &Blocker| blocker.nodes.contains(name))
    };
    let held: Vec<(&NodeProgress, Timestamp, Timestamp)> = picture
        .nodes
        .values()
        .filter(|node| matches!(node.phase, NodePhase::Draining | NodePhase::Stuck) && is_blocked(&node.name))
        .filter_map(|node| {
            let drain = node.drain.as_ref()?;
            Some((node, drain.since, drain.deadline?))
        })
        .collect();
    let (node, began, deadline) = *held.iter().min_by_key(|(_, _, deadline)| *deadline)?;
    let behavior = node
        .pool
        .as_ref()
        .and_then(|pool| cluster?.pool(pool)?.upgrade_settings.undrainable_node_behavior.as_ref());
    Some(HeldDrain {
        node: node.name.clone(),
        pool: node.pool.clone(),
        others: held.len() - 1,
        began,
        timeout: span(began, deadline),
        deadline,
        then: match behavior {
            Some(UndrainableNodeBehavior::Cordon) => AtTimeout::Quarantines,
            _ => AtTimeout::Fails,
        },
        rest,
    })
}

impl HeldDrain {
    /// Time until the drain timeout is over; nothing where it is.
    pub fn left(&self, now: Timestamp) -> Duration {
        span(now, self.deadline)
    }

    /// As `+16 min until the drain timeout fails it`.
    pub fn short(&self, now: Timestamp) -> String {
        let what = match self.then {
            AtTimeout::Fails => "fails it",
            AtTimeout::Quarantines => "leaves the node behind",
        };
        if self.deadline <= now {
            format!("its drain timeout is over and {what} now")
        } else {
            format!("+{} until the drain timeout {what}", duration(self.left(now)))
        }
    }

    /// As `Node n1 is drained since 14:02 UTC: its drain timeout of 30 min fails the upgrade in 16 min, 14:32 UTC`.
    pub fn in_full(&self, now: Timestamp) -> String {
        let others = match self.others {
            0 => String::new(),
            1 => " (1 more node is held)".to_owned(),
            others => format!(" ({others} more nodes are held)"),
        };
        let what = match self.then {
            AtTimeout::Fails => "fails the upgrade",
            AtTimeout::Quarantines => "leaves the node behind, cordoned,",
        };
        let when = if self.deadline <= now {
            "now".to_owned()
        } else {
            format!("in {}, {}", duration(self.left(now)), moment(self.deadline, now))
        };
        format!(
            "Node {} is drained since {}{others}: the drain timeout of {} {what} {when}",
            self.node,
            moment(self.began, now),
            duration(self.timeout)
        )
    }
}

fn span(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from).max(SignedDuration::ZERO)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::samples::{at, budget};
    use crate::progress::story::Story;

    /// Nodes are drained since the given seconds, each down to a pod that a budget keeps.
    fn held(drains: &[(&str, i64)]) -> Story {
        let mut story = Story::idle();
        story.azure("Upgrading", "1.34.2");
        for (node, since) in drains {
            story.say("Drain", &format!("Draining node: {node}"), *since);
            story.node(node).is_cordoned = true;
            story.pods(node, &["cart-0"]);
        }
        story.budgets = Some(vec![budget("cart", 0, 2, 2)]);
        story
    }

    #[test]
    fn the_estimate_goes_on_while_a_drain_is_held() {
        let mut story = held(&[("n1", 120)]);
        let picture = story.look(120 + 14 * 60).clone();
        let found = picture.held.as_ref().unwrap();
        assert_eq!(
            (found.node.as_str(), found.began, found.timeout, found.others),
            ("n1", at(120), Duration::from_mins(30), 0)
        );
        assert_eq!(found.short(picture.as_of), "+16 min until the drain timeout fails it");
        assert_eq!(
            found.in_full(picture.as_of),
            "Node n1 is drained since 12:02 UTC: the drain timeout of 30 min fails the upgrade in 16 min, 12:32 UTC"
        );
        let eta = picture.eta.unwrap();
        assert_eq!(eta.low, found.rest.low);
        assert_eq!(eta.high, found.rest.high + Duration::from_mins(16));
        assert_eq!(
            found.short(at(120 + 30 * 60)),
            "its drain timeout is over and fails it now"
        );
    }

    #[test]
    fn the_first_timeout_counts_and_the_pool_says_what_comes_then() {
        let mut story = held(&[("n1", 300), ("n2", 60)]);
        let settings = &mut story.azure.as_mut().unwrap().pools[0].upgrade_settings;
        settings.drain_timeout_minutes = Some(60);
        settings.undrainable_node_behavior = Some(UndrainableNodeBehavior::Cordon);
        let picture = story.look(660).clone();
        let found = picture.held.as_ref().unwrap();
        assert_eq!(
            (found.node.as_str(), found.others, found.then),
            ("n2", 1, AtTimeout::Quarantines)
        );
        assert_eq!(
            found.in_full(picture.as_of),
            "Node n2 is drained since 12:01 UTC (1 more node is held): the drain timeout of 1 h leaves the node behind, \
             cordoned, in 50 min, 13:01 UTC"
        );
        assert_eq!(
            found.short(picture.as_of),
            "+50 min until the drain timeout leaves the node behind"
        );
    }

    #[test]
    fn what_is_not_held_has_no_timeout_to_tell() {
        let mut story = held(&[("n1", 10)]);
        story.budgets = Some(Vec::new());
        assert_eq!(story.look(400).held, None);
        let mut alone = held(&[("n1", 10)]);
        alone.azure = None;
        assert_eq!(alone.look(400).held, None, "nobody knows the timeout outside of AKS");
    }
}
