//! A drain seen through the pods that are left: how many, what holds them, and whether any still goes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::event_marks::NodeMarks;
use super::facts::KubernetesFacts;
use super::memory::PodMemory;
use super::picture::DrainProgress;
use crate::domain::disruption::{BudgetReason, DisruptionBudget, Hold, HoldCause, hold_of};
use crate::domain::pod::Pod;

/// AKS tries a refused eviction again every few seconds, so an older refusal says little.
const FRESH: SignedDuration = SignedDuration::from_mins(1);

/// Budgets of the namespaces that have pods on draining nodes, so that a pod is held against few of them.
#[derive(Debug, Default)]
pub(super) struct Budgets {
    by_namespace: BTreeMap<String, Vec<DisruptionBudget>>,
    /// False while they were not read or may not be.
    are_known: bool,
}

impl Budgets {
    pub(super) fn of(kubernetes: &KubernetesFacts) -> Self {
        let Some(budgets) = &kubernetes.budgets else {
            return Self::default();
        };
        let namespaces: BTreeSet<&str> = kubernetes
            .pods
            .values()
            .flatten()
            .map(|pod| pod.namespace.as_str())
            .collect();
        let mut by_namespace: BTreeMap<String, Vec<DisruptionBudget>> = BTreeMap::new();
        for budget in budgets
            .iter()
            .filter(|budget| namespaces.contains(budget.namespace.as_str()))
        {
            by_namespace
                .entry(budget.namespace.clone())
                .or_default()
                .push(budget.clone());
        }
        Self {
            by_namespace,
            are_known: true,
        }
    }

    fn of_namespace(&self, namespace: &str) -> &[DisruptionBudget] {
        self.by_namespace.get(namespace).map_or(&[], Vec::as_slice)
    }
}

/// A node's pods at this moment, as far as a drain must wait for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PodsNow {
    pub(super) left: usize,
    terminating: usize,
    /// Pods that a budget keeps.
    refused: usize,
    /// Most telling first.
    pub(super) holds: Vec<Hold>,
    names: BTreeSet<String>,
    are_budgets_known: bool,
}

impl PodsNow {
    pub(super) fn look(pods: &[Arc<Pod>], budgets: &Budgets) -> Self {
        let mut now = Self {
            are_budgets_known: budgets.are_known,
            ..Self::default()
        };
        for pod in pods.iter().filter(|pod| pod.holds_drain()) {
            now.left += 1;
            now.names.insert(pod.name.clone());
            if let Some(hold) = hold_of(pod, budgets.of_namespace(&pod.namespace)) {
                match hold.cause {
                    HoldCause::Terminating { .. } => now.terminating += 1,
                    HoldCause::Budget { .. } | HoldCause::SeveralBudgets { .. } => now.refused += 1,
                }
                now.holds.push(hold);
            }
        }
        now.holds
            .sort_by(|a, b| (weight(&a.cause), &a.namespace, &a.pod).cmp(&(weight(&b.cause), &b.namespace, &b.pod)));
        now
    }

    /// Remembers how many were there and when one last went.
    pub(super) fn remember(&self, before: PodMemory, first_move: Timestamp, now: Timestamp) -> PodMemory {
        PodMemory {
            at_start: before.at_start.max(Some(self.left)),
            left: Some(self.left),
            moved_at: match before.left {
                None => Some(first_move),
                Some(left) if left == self.left => before.moved_at,
                Some(_) => Some(now),
            },
        }
    }

    /// True where the pods alone show that somebody drains the node.
    ///
    /// Pods have gone or are going; or exactly those are left that may not be evicted, which is what a
    /// drain leaves behind. `is_leftover`: the drain is known to have been given up, so only movement counts.
    pub(super) fn show_a_drain(&self, memory: PodMemory, is_leftover: bool) -> bool {
        let is_moving = self.terminating > 0 || memory.at_start.is_some_and(|start| start > self.left);
        is_moving || !is_leftover && self.left > 0 && self.refused == self.left
    }
}

/// Order in which holds are shown: what can never resolve by itself first.
fn weight(cause: &HoldCause) -> u8 {
    match cause {
        HoldCause::Budget { reason, .. } => match reason {
            BudgetReason::NeverAllows => 0,
            BudgetReason::TooFewHealthy => 2,
            BudgetReason::UsedUp => 3,
        },
        HoldCause::SeveralBudgets { .. } => 1,
        HoldCause::Terminating { .. } => 4,
    }
}

/// The drain as it is shown.
pub(super) fn progress(
    since: Timestamp,
    timeout: Option<SignedDuration>,
    pods: Option<&PodsNow>,
    memory: PodMemory,
    blocked: Vec<String>,
) -> DrainProgress {
    DrainProgress {
        since,
        deadline: timeout.and_then(|timeout| since.checked_add(timeout).ok()),
        pods_left: pods.map(|pods| pods.left),
        pods_at_start: memory.at_start,
        holds: pods.map(|pods| pods.holds.clone()).unwrap_or_default(),
        blocked_by_event: blocked,
    }
}

/// Pods the events call blocked that are not gone, and that no known budget is seen to hold.
pub(super) fn blocked_by_event(marks: &NodeMarks, pods: Option<&PodsNow>, now: Timestamp) -> Vec<String> {
    still_blocked(marks, pods, now)
        .filter(|pod| pods.is_none_or(|pods| !pods.holds.iter().any(|hold| is_of(pod, &hold.pod))))
        .map(str::to_owned)
        .collect()
}

/// When the events first called a pod blocked that is still there.
pub(super) fn blocked_since(marks: &NodeMarks, pods: Option<&PodsNow>) -> Option<Timestamp> {
    // However old the refusal is: it tells since when, not whether.
    still_blocked(marks, pods, Timestamp::MIN)
        .filter_map(|pod| marks.blocked.get(pod))
        .map(|span| span.first)
        .min()
}

/// Where the budgets are known they are believed, unless the refusal is as fresh as they are.
fn still_blocked<'a>(marks: &'a NodeMarks, pods: Option<&'a PodsNow>, now: Timestamp) -> impl Iterator<Item = &'a str> {
    let is_old = move |last: Timestamp| now.duration_since(last) > FRESH;
    marks
        .blocked
        .iter()
        .filter(move |(pod, span)| {
            pods.is_none_or(|pods| pods.has(pod) && (!pods.are_budgets_known || !is_old(span.last)))
        })
        .map(|(pod, _)| pod.as_str())
}

impl PodsNow {
    fn has(&self, named: &str) -> bool {
        named.rsplit('/').next().is_some_and(|name| self.names.contains(name))
    }
}

/// True where an event's `namespace/name` means the pod `name`.
fn is_of(named: &str, name: &str) -> bool {
    named.rsplit('/').next() == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::samples::{at, budget, pod};

    fn look(pods: &[Pod], budgets: Vec<DisruptionBudget>) -> PodsNow {
        let pods: Vec<Arc<Pod>> = pods.iter().cloned().map(Arc::new).collect();
        let facts = KubernetesFacts {
            pods: Arc::new(BTreeMap::from([("n1".into(), pods.clone())])),
            budgets: Some(Arc::new(budgets)),
            ..KubernetesFacts::default()
        };
        PodsNow::look(&pods, &Budgets::of(&facts))
    }

    #[test]
    fn daemon_pods_do_not_count_and_holds_come_in_order() {
        let mut daemon = pod("agent-1", "agent");
        daemon.owner = Some(crate::domain::pod::Owner {
            kind: "DaemonSet".into(),
            name: "agent".into(),
        });
        let mut leaving = pod("web-1", "web");
        leaving.deletion_at = Some(at(10));
        let now = look(
            &[daemon, leaving, pod("cart-0", "cart"), pod("free-0", "free")],
            vec![budget("cart", 0, 2, 2)],
        );
        assert_eq!(now.left, 3);
        let held: Vec<&str> = now.holds.iter().map(|hold| hold.pod.as_str()).collect();
        assert_eq!(held, ["cart-0", "web-1"]);
    }

    #[test]
    fn a_drain_shows_in_the_pods() {
        let memory = |start, left| PodMemory {
            at_start: Some(start),
            left: Some(left),
            moved_at: None,
        };
        let free = look(&[pod("free-0", "free")], Vec::new());
        assert!(!free.show_a_drain(memory(1, 1), false));
        assert!(free.show_a_drain(memory(2, 1), false), "one has gone");
        let held = look(&[pod("cart-0", "cart")], vec![budget("cart", 0, 2, 2)]);
        assert!(held.show_a_drain(memory(1, 1), false), "all that is left is held");
        assert!(!held.show_a_drain(memory(1, 1), true), "nobody drains it any more");
        let both = look(
            &[pod("cart-0", "cart"), pod("free-0", "free")],
            vec![budget("cart", 0, 2, 2)],
        );
        assert!(
            !both.show_a_drain(memory(2, 2), false),
            "a drain would have taken the free one"
        );
        assert!(!PodsNow::default().show_a_drain(memory(0, 0), false));
    }

    #[test]
    fn movement_is_remembered() {
        let two = look(&[pod("a", "x"), pod("b", "x")], Vec::new());
        let first = two.remember(PodMemory::default(), at(5), at(9));
        assert_eq!((first.at_start, first.moved_at), (Some(2), Some(at(5))));
        let same = two.remember(first, at(5), at(20));
        assert_eq!(same.moved_at, Some(at(5)));
        let one = look(&[pod("a", "x")], Vec::new()).remember(same, at(5), at(30));
        assert_eq!((one.at_start, one.left, one.moved_at), (Some(2), Some(1), Some(at(30))));
    }
}
