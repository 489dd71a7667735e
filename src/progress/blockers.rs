//! Who holds up an upgrade, counted over nodes: budgets, pods that do not end, nodes that do not come back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::event_marks::EventMemory;
use super::picture::{Blocker, NodePhase, NodeProgress};
use super::upgrader_event::Stage;
use crate::domain::disruption::{BudgetReason, Hold, HoldCause};
use crate::domain::ids::NodeName;

/// A budget that is only used up by evictions just made frees itself when the new pods are ready;
/// it blocks when that takes longer.
const USED_UP_FOR: SignedDuration = SignedDuration::from_mins(1);
/// A pod that was told to stop has 30 s by default and often a minute; beyond this it hangs.
const ENDING_FOR: SignedDuration = SignedDuration::from_mins(5);

/// What blocks, told apart by its subject and not by numbers that change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum BlockerKey {
    Budget { namespace: String, name: String },
    SeveralBudgets { namespace: String, names: Vec<String> },
    EndingPod { namespace: String, name: String },
    RefusedPod { name: String },
    Failed(Stage),
    Quarantined,
    SurgeNotReady,
    NotBack,
    NotReady,
}

/// One blocker being collected.
#[derive(Debug)]
struct Found {
    what: String,
    nodes: BTreeSet<NodeName>,
    /// Earliest time something or somebody told of it.
    told: Option<Timestamp>,
    deadline: Option<Timestamp>,
    /// How long it must have lasted to be worth a line.
    after: SignedDuration,
}

/// Everything that holds now, by what it is.
#[derive(Debug, Default)]
struct Collected(BTreeMap<BlockerKey, Found>);

impl Collected {
    fn add(&mut self, key: BlockerKey, node: &NodeProgress, told: Option<Timestamp>, say: impl FnOnce() -> String) {
        let after = match &key {
            BlockerKey::EndingPod { .. } => ENDING_FOR,
            _ => SignedDuration::ZERO,
        };
        let found = self.0.entry(key).or_insert_with(|| Found {
            what: say(),
            nodes: BTreeSet::new(),
            told,
            deadline: None,
            after,
        });
        found.nodes.insert(node.name.clone());
        found.told = earliest(found.told, told);
        let deadline = node.drain.as_ref().and_then(|drain| drain.deadline);
        found.deadline = earliest(found.deadline, deadline);
    }
}

fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Collects the blockers, longest held first, and what to remember of them.
pub(super) fn collect(
    nodes: &BTreeMap<NodeName, NodeProgress>,
    events: &EventMemory,
    before: &BTreeMap<BlockerKey, Timestamp>,
    now: Timestamp,
) -> (Vec<Blocker>, BTreeMap<BlockerKey, Timestamp>) {
    let mut collected = Collected::default();
    for node in nodes.values() {
        add_drain(&mut collected, node, events);
        add_phase(&mut collected, node, events);
    }
    let mut held = BTreeMap::new();
    let mut blockers = Vec::new();
    for (key, found) in collected.0 {
        let since = earliest(before.get(&key).copied(), found.told).unwrap_or(now).min(now);
        held.insert(key, since);
        if now.duration_since(since) >= found.after {
            blockers.push(Blocker {
                what: found.what,
                nodes: found.nodes.into_iter().collect(),
                since,
                deadline: found.deadline,
            });
        }
    }
    blockers.sort_by(|a, b| (a.since, &a.what).cmp(&(b.since, &b.what)));
    (blockers, held)
}

fn add_drain(collected: &mut Collected, node: &NodeProgress, events: &EventMemory) {
    let is_draining = matches!(node.phase, NodePhase::Draining | NodePhase::Stuck);
    let Some(drain) = node.drain.as_ref().filter(|_| is_draining) else {
        return;
    };
    let marks = events.marks.get(&node.name);
    let refused_since = |pod: &str| {
        let blocked = &marks?.blocked;
        blocked
            .iter()
            .filter(|(named, _)| named.rsplit('/').next() == Some(pod))
            .map(|(_, span)| span.first)
            .min()
    };
    for hold in &drain.holds {
        add_hold(collected, node, hold, refused_since(&hold.pod));
    }
    for pod in &drain.blocked_by_event {
        let name = pod.rsplit('/').next().unwrap_or(pod);
        let key = BlockerKey::RefusedPod { name: pod.clone() };
        collected.add(key, node, refused_since(name), || {
            format!("Evictions of pod {pod} are refused, usually by a PodDisruptionBudget")
        });
    }
}

fn add_hold(collected: &mut Collected, node: &NodeProgress, hold: &Hold, told: Option<Timestamp>) {
    let namespace = hold.namespace.clone();
    match &hold.cause {
        HoldCause::Budget { budget, reason } => {
            let key = BlockerKey::Budget {
                namespace,
                name: budget.name.clone(),
            };
            collected.add(key.clone(), node, told, || {
                format!(
                    "PodDisruptionBudget {}/{} allows no eviction ({} of {} needed healthy)",
                    budget.namespace, budget.name, budget.current_healthy, budget.desired_healthy
                )
            });
            if *reason == BudgetReason::UsedUp
                && let Some(found) = collected.0.get_mut(&key)
            {
                found.after = USED_UP_FOR;
            }
        }
        HoldCause::SeveralBudgets { names } => {
            let key = BlockerKey::SeveralBudgets {
                namespace,
                names: names.clone(),
            };
            collected.add(key, node, told, || {
                format!(
                    "Several PodDisruptionBudgets of {} cover the same pods, so no eviction is possible: {}",
                    hold.namespace,
                    names.join(", ")
                )
            });
        }
        HoldCause::Terminating { finalizers } => {
            let key = BlockerKey::EndingPod {
                namespace,
                name: hold.pod.clone(),
            };
            collected.add(key, node, told, || {
                let subject = format!("Pod {}/{} was told to stop and does not end", hold.namespace, hold.pod);
                if finalizers.is_empty() {
                    subject
                } else {
                    format!("{subject} (finalizers {})", finalizers.join(", "))
                }
            });
        }
    }
}

fn add_phase(collected: &mut Collected, node: &NodeProgress, events: &EventMemory) {
    let (key, what) = match node.phase {
        NodePhase::Quarantined => (
            BlockerKey::Quarantined,
            "AKS gave up draining and left nodes cordoned, labelled Quarantined",
        ),
        NodePhase::Failed => {
            let stage = events
                .marks
                .get(&node.name)
                .and_then(|marks| marks.latest(None, None))
                .map(|(stage, _)| stage)
                .filter(|stage| stage.is_failure())
                .unwrap_or(Stage::DrainFailed);
            (BlockerKey::Failed(stage), failure(stage))
        }
        NodePhase::Stuck if node.is_surge => (BlockerKey::SurgeNotReady, "New surge nodes do not become ready"),
        NodePhase::Stuck if node.is_ready.is_none() => {
            (BlockerKey::NotBack, "Nodes do not come back from their reimage")
        }
        NodePhase::Stuck if node.drain.is_none() => (BlockerKey::NotReady, "Nodes are back but do not become ready"),
        _ => return,
    };
    collected.add(key, node, Some(node.since), || what.to_owned());
}

fn failure(stage: Stage) -> &'static str {
    match stage {
        Stage::CordonFailed => "Cordoning failed",
        Stage::DeleteFailed => "Deleting the node from the API server failed",
        Stage::ReimageFailed => "Reimaging failed",
        _ => "Draining failed",
    }
}

#[cfg(test)]
mod tests {
    use crate::progress::samples::{at, budget};
    use crate::progress::story::Story;

    /// A node that has been drained since second 10 down to the one pod `cart-0`.
    fn draining() -> Story {
        let mut story = Story::idle();
        story.azure("Upgrading", "1.34.2");
        story.say("Drain", "Draining node: n1", 10);
        story.node("n1").is_cordoned = true;
        story.pods("n1", &["cart-0"]);
        story
    }

    fn blockers(story: &mut Story, seconds: i64) -> Vec<String> {
        story
            .look(seconds)
            .blockers
            .iter()
            .map(|blocker| blocker.what.clone())
            .collect()
    }

    #[test]
    fn a_budget_just_used_up_is_given_a_minute() {
        let mut story = draining();
        let mut used_up = budget("cart", 0, 2, 2);
        used_up.expected_pods = 3;
        story.budgets = Some(vec![used_up]);
        assert!(blockers(&mut story, 20).is_empty());
        assert_eq!(
            blockers(&mut story, 80),
            ["PodDisruptionBudget shop/cart-pdb allows no eviction (2 of 2 needed healthy)"]
        );
    }

    #[test]
    fn two_budgets_on_one_pod_are_named_together() {
        let mut story = draining();
        let mut second = budget("cart", 1, 3, 2);
        second.name = "cart-too".into();
        story.budgets = Some(vec![budget("cart", 1, 3, 2), second]);
        assert_eq!(
            blockers(&mut story, 20),
            [
                "Several PodDisruptionBudgets of shop cover the same pods, so no eviction is possible: cart-pdb, cart-too"
            ]
        );
    }

    #[test]
    fn a_pod_that_does_not_end_blocks_after_five_minutes() {
        let mut story = draining();
        if let Some(pod) = story.pods.values_mut().flatten().next() {
            pod.deletion_at = Some(at(40));
            pod.finalizers = vec!["example.com/wait".into()];
        }
        assert!(blockers(&mut story, 20).is_empty());
        assert_eq!(
            blockers(&mut story, 321),
            ["Pod shop/cart-0 was told to stop and does not end (finalizers example.com/wait)"]
        );
    }

    #[test]
    fn one_budget_over_two_nodes_is_one_blocker() {
        let mut story = draining();
        story.say("Drain", "Draining node: n2", 20);
        story.node("n2").is_cordoned = true;
        story.pods("n2", &["cart-1"]);
        story.budgets = Some(vec![budget("cart", 0, 2, 2)]);
        let picture = story.look(30).clone();
        assert_eq!(picture.blockers.len(), 1);
        assert_eq!(picture.blockers[0].nodes, ["n1".into(), "n2".into()]);
        assert_eq!(picture.blockers[0].deadline, Some(at(10 + 1800)), "the earliest");
    }
}
