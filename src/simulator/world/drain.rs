//! One node's drain: evict what can be evicted, again and again, until the node is empty or time is up.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::{budget_report, narration};
use crate::simulator::kubernetes::objects::store::Key;
use crate::simulator::kubernetes::objects::{Eviction, ObjectStore, PodName};

/// A refusal by a webhook is soon taken as final (AKS issue 5637, 2026).
const MOST_DENIALS: u32 = 8;

/// A drain under way.
#[derive(Clone, Debug)]
pub(super) struct Drain {
    deadline: Timestamp,
    /// Pods that a budget holds are stopped all the same (`forceUpgrade`).
    is_forced: bool,
    /// Pods that were told to stop and may still be stopping.
    told: BTreeSet<PodName>,
    /// The last eviction that was refused.
    refused: Option<Refused>,
    /// Evictions that something else than a budget refused.
    denials: u32,
}

/// An eviction that was refused.
#[derive(Clone, Debug)]
struct Refused {
    pod: PodName,
    /// The API server's words.
    message: String,
    /// It said 429, which is a budget's way.
    is_budget: bool,
}

/// How one round of evictions went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Round {
    Empty,
    /// Come back after this long.
    Again(Duration),
    /// Time is up; the text is Azure's.
    TimedOut(String),
}

impl Drain {
    pub(super) fn starting(now: Timestamp, timeout: Duration, is_forced: bool) -> Self {
        Self {
            deadline: now + timeout,
            is_forced,
            told: BTreeSet::new(),
            refused: None,
            denials: 0,
        }
    }

    /// Evicts every pod that was not told to stop yet.
    pub(super) fn round(
        &mut self,
        node: &str,
        objects: &mut ObjectStore,
        rng: &mut fastrand::Rng,
        now: Timestamp,
    ) -> Round {
        let pods = objects.pods_to_drain(node);
        if pods.is_empty() {
            return Round::Empty;
        }
        if now >= self.deadline || self.denials >= MOST_DENIALS {
            return Round::TimedOut(self.failure(node, objects));
        }
        let mut is_blocked = false;
        for pod in pods {
            if self.told.contains(&pod) {
                continue;
            }
            match objects.evict(&pod, now) {
                Eviction::Accepted | Eviction::Gone => {
                    self.told.insert(pod);
                }
                Eviction::Blocked { .. } | Eviction::SeveralBudgets { .. } | Eviction::Refused { .. }
                    if self.is_forced =>
                {
                    objects.stop_pod(&Key::new(&pod.namespace, &pod.name), None);
                    self.told.insert(pod);
                }
                Eviction::Blocked { message } => {
                    narration::eviction_blocked(objects, now, node, &pod.name);
                    self.refused = Some(Refused {
                        pod,
                        message,
                        is_budget: true,
                    });
                    is_blocked = true;
                }
                Eviction::SeveralBudgets { message } | Eviction::Refused { message } => {
                    self.denials += u32::from(message.contains("denied the request"));
                    narration::eviction_failed(objects, now, node, &pod.name, &message);
                    self.refused = Some(Refused {
                        pod,
                        message,
                        is_budget: false,
                    });
                    is_blocked = true;
                }
            }
        }
        let pause = Duration::from_secs(if is_blocked { rng.u64(5..=15) } else { 2 });
        let left = self.deadline.duration_since(now).unsigned_abs();
        Round::Again(pause.min(left).max(Duration::from_millis(1)))
    }

    /// Azure's words for a drain that ran out of time
    /// (AKS troubleshooting "PodDrainFailure", 2025; a stopping pod's text follows AKS issue 3008).
    fn failure(&self, node: &str, objects: &ObjectStore) -> String {
        match &self.refused {
            Some(Refused {
                pod,
                message,
                is_budget,
            }) if !self.told.contains(pod) => {
                if !is_budget {
                    return format!("Drain node {node} failed when evicting pod {}: {message}", pod.name);
                }
                let debug = budget_report::debug_info(objects, pod)
                    .map(|info| format!(". PDB debug info: {info}"))
                    .unwrap_or_default();
                format!(
                    "Drain node {node} failed when evicting pod {} failed with Too Many Requests error. This is often \
                     caused by a restrictive Pod Disruption Budget (PDB) policy. See \
                     https://aka.ms/aks/debugdrainfailures. Original error: {message}{debug}",
                    pod.name
                )
            }
            _ => format!("Drain node {node} did not complete: deadline exceeded"),
        }
    }
}
