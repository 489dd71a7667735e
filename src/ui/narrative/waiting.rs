//! What holds an upgrade: the node, the pod, the budget with its numbers, and what would free it.

use jiff::Timestamp;

use super::super::theme::ELLIPSIS;
use super::super::wording::{self, count, since};
use crate::domain::disruption::{BudgetReason, Hold, HoldCause};
use crate::domain::ids::NodeName;
use crate::progress::picture::{LivePicture, NodeProgress};

/// What an upgrade waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiting<'a> {
    /// The first of the nodes that wait; `None` where none is known.
    node: Option<&'a str>,
    /// How many nodes wait for the same besides that one.
    others: usize,
    /// `waits for shop/cart-pdb, 14 min`.
    what: String,
    /// How long it may last.
    until: Option<String>,
}

impl Waiting<'_> {
    /// For the fleet's sentence: `node aks-user-…-vmss000004 waits for shop/cart-pdb, 14 min`.
    pub(super) fn short(&self) -> String {
        self.told(self.node.map(short_node))
    }

    /// For the cluster's own: the whole name of the node, and when its drain times out.
    pub(super) fn long(&self) -> String {
        let until = self
            .until
            .as_ref()
            .map_or_else(String::new, |until| format!("; {until}"));
        format!("{}{until}", self.told(self.node.map(str::to_owned)))
    }

    fn told(&self, node: Option<String>) -> String {
        let who = match (node, self.others) {
            (None, _) => "a node".to_owned(),
            (Some(name), 0) => format!("node {name}"),
            (Some(name), others) => format!("node {name} and {others} more"),
        };
        let what = if self.others > 0 {
            self.what.replacen("waits", "wait", 1)
        } else {
            self.what.clone()
        };
        format!("{who} {what}")
    }
}

/// A node's name without the part that all nodes of its pool share: `aks-user-…-vmss000004`.
pub(crate) fn short_node(name: &str) -> String {
    let is_number = |part: &str| part.len() > 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    name.split('-')
        .map(|part| if is_number(part) { ELLIPSIS } else { part })
        .collect::<Vec<_>>()
        .join("-")
}

/// What an upgrade waits for, the longest held first; `None` where nothing holds it.
pub(crate) fn waits_for(live: &LivePicture, now: Timestamp) -> Option<Waiting<'_>> {
    if let Some(blocker) = live.blockers.first() {
        let hold = blocker
            .nodes
            .first()
            .and_then(|name| live.nodes.get(name)?.drain.as_ref()?.holds.first());
        let what = hold.map_or_else(|| blocker.what.clone(), held_by);
        return Some(Waiting {
            node: blocker.nodes.first().map(NodeName::as_str),
            others: blocker.nodes.len().saturating_sub(1),
            what: format!("waits for {what}, {}", since(blocker.since, now)),
            until: until(live, &blocker.nodes, blocker.deadline, now),
        });
    }
    let node = live.nodes.values().find(|node| node.phase.is_trouble())?;
    Some(Waiting {
        node: Some(node.name.as_str()),
        others: 0,
        what: format!("is {}, {}", node.phase.as_str(), since(node.since, now)),
        until: until(
            live,
            std::slice::from_ref(&node.name),
            node.drain.as_ref().and_then(|drain| drain.deadline),
            now,
        ),
    })
}

/// `+16 min until the drain timeout fails it`; where it is not known what comes then, `times out in 16 min`.
fn until(live: &LivePicture, nodes: &[NodeName], deadline: Option<Timestamp>, now: Timestamp) -> Option<String> {
    match live.held.as_ref().filter(|held| nodes.contains(&held.node)) {
        Some(held) => Some(held.short(now)),
        None => deadline.map(|deadline| timeout(deadline, now)),
    }
}

/// When a drain is given up.
pub(crate) fn timeout(deadline: Timestamp, now: Timestamp) -> String {
    if deadline <= now {
        format!("timed out {}", wording::ago(deadline, now))
    } else {
        format!("times out in {}", since(now, deadline))
    }
}

/// What holds a pod, in a few words.
pub(crate) fn held_by(hold: &Hold) -> String {
    match &hold.cause {
        HoldCause::Budget { budget, .. } => format!("{}/{}", budget.namespace, budget.name),
        HoldCause::SeveralBudgets { names } => {
            format!("{} budgets on {}/{}", names.len(), hold.namespace, hold.pod)
        }
        HoldCause::Terminating { .. } => format!("{}/{} to stop", hold.namespace, hold.pod),
    }
}

/// Why a pod is held, with the budget's numbers, and what would free it.
pub(crate) fn why_held(hold: &Hold) -> (String, String) {
    match &hold.cause {
        HoldCause::Budget { budget, reason } => {
            let rule = budget_rule(budget.min_available.as_deref(), budget.max_unavailable.as_deref());
            let name = format!("{}/{}", budget.namespace, budget.name);
            let numbers = format!(
                "{} of {} pods healthy, {} needed",
                budget.current_healthy, budget.expected_pods, budget.desired_healthy
            );
            let (why, what_to_do) = match reason {
                BudgetReason::NeverAllows => (
                    "it can never allow an eviction",
                    format!(
                        "add a replica, or loosen it: kubectl -n {} edit pdb {}",
                        budget.namespace, budget.name
                    ),
                ),
                BudgetReason::TooFewHealthy => (
                    "pods that are not healthy use it up",
                    format!("mend the unhealthy pods: kubectl -n {} get pods", budget.namespace),
                ),
                BudgetReason::UsedUp => (
                    "others were evicted just now and are not back yet",
                    format!(
                        "wait, or see why they do not start: kubectl -n {} get pods",
                        budget.namespace
                    ),
                ),
            };
            (
                format!("PodDisruptionBudget {name}{rule}: {numbers}; {why}"),
                what_to_do,
            )
        }
        HoldCause::SeveralBudgets { names } => (
            format!(
                "{} cover this pod ({}); Kubernetes then refuses every eviction",
                count(names.len(), "PodDisruptionBudget"),
                wording::list(names.iter().map(String::as_str), 3)
            ),
            format!("leave it one budget: kubectl -n {} get pdb", hold.namespace),
        ),
        HoldCause::Terminating { finalizers } if finalizers.is_empty() => (
            "told to stop, and has not ended yet".to_owned(),
            format!(
                "see what it waits for: kubectl -n {} describe pod {}",
                hold.namespace, hold.pod
            ),
        ),
        HoldCause::Terminating { finalizers } => (
            format!(
                "told to stop; held by the finalizer {}",
                wording::list(finalizers.iter().map(String::as_str), 2)
            ),
            format!(
                "mend the controller that owns the finalizer: kubectl -n {} describe pod {}",
                hold.namespace, hold.pod
            ),
        ),
    }
}

fn budget_rule(min_available: Option<&str>, max_unavailable: Option<&str>) -> String {
    match (min_available, max_unavailable) {
        (Some(least), _) => format!(" (minAvailable {least})"),
        (None, Some(most)) => format!(" (maxUnavailable {most})"),
        (None, None) => String::new(),
    }
}

/// A drain in a few words: `6 of 21 pods left, times out in 16 min (30 min from 09:16 UTC)`.
pub(crate) fn drain(node: &NodeProgress, now: Timestamp) -> Option<String> {
    let drain = node.drain.as_ref()?;
    let pods = match (drain.pods_left, drain.pods_at_start) {
        (Some(left), Some(start)) => format!("{left} of {} left", count(start, "pod")),
        (Some(left), None) => format!("{} left", count(left, "pod")),
        (None, _) => "pods not visible".to_owned(),
    };
    let deadline = drain.deadline.map_or_else(String::new, |deadline| {
        format!(
            ", {} ({} from {})",
            timeout(deadline, now),
            wording::duration(wording::between(drain.since, deadline)),
            wording::moment(drain.since, now)
        )
    });
    Some(format!("{pods}{deadline}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures;

    #[test]
    fn a_stuck_cluster_tells_node_cause_and_deadline() {
        let live = fixtures::picture_blocked(fixtures::now());
        assert_eq!(
            waits_for(&live, fixtures::now()).unwrap().long(),
            "node aks-user-29871234-vmss000004 waits for shop/cart-pdb, 14 min; \
             +16 min until the drain timeout fails it"
        );
    }

    #[test]
    fn a_hold_says_why_and_what_to_do() {
        let live = fixtures::picture_blocked(fixtures::now());
        let hold = live
            .nodes
            .values()
            .find_map(|node| node.drain.as_ref()?.holds.first().cloned())
            .unwrap();
        let (why, what_to_do) = why_held(&hold);
        assert_eq!(
            why,
            "PodDisruptionBudget shop/cart-pdb (minAvailable 3): 3 of 3 pods healthy, 3 needed; it can never allow an eviction"
        );
        assert_eq!(
            what_to_do,
            "add a replica, or loosen it: kubectl -n shop edit pdb cart-pdb"
        );
    }
}
