//! The eviction of a pod, answered as the API server answers it (Kubernetes docs "API-initiated Eviction", 2026).

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::admission::{Admission, Rejection};
use super::fields::{self, Condition};
use super::kinds::Kind;
use super::store::Key;
use super::{Eviction, ObjectStore, PodName, budgets};

const VIOLATES: &str = "Cannot evict pod as it would violate the pod's disruption budget.";
const SEVERAL: &str =
    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";

/// Why a pod may not go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Gone,
    /// The second sentence names the budget and its numbers; it is the `DisruptionBudget` cause of the 429.
    Budget {
        message: String,
        cause: String,
    },
    SeveralBudgets {
        message: String,
    },
    Admission(Rejection),
}

/// How an eviction is to be done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EvictionOptions {
    /// In seconds; the pod's own where not given.
    pub(crate) grace: Option<u64>,
    /// Answer only; change nothing.
    pub(crate) is_dry_run: bool,
}

impl ObjectStore {
    pub fn evict(&mut self, pod: &PodName, now: Timestamp) -> Eviction {
        match self.try_evict(pod, EvictionOptions::default(), now) {
            Ok(()) => Eviction::Accepted,
            Err(Refusal::Gone) => Eviction::Gone,
            Err(Refusal::Budget { message, .. }) => Eviction::Blocked { message },
            Err(Refusal::SeveralBudgets { message }) => Eviction::SeveralBudgets { message },
            Err(Refusal::Admission(rejection)) => Eviction::Refused {
                message: rejection.message().to_owned(),
            },
        }
    }

    /// Pods a drain of this node has to evict and that are still there (also those already stopping).
    pub fn pods_to_drain(&self, node: &str) -> Vec<PodName> {
        self.store
            .pods_on(node)
            .filter(|pod| holds_drain(pod))
            .map(|pod| PodName {
                namespace: fields::namespace(pod).to_owned(),
                name: fields::name(pod).to_owned(),
            })
            .collect()
    }

    /// Tells the pod to stop, if its budget allows it, and takes the disruption off the budget at once.
    pub(crate) fn try_evict(&mut self, pod: &PodName, options: EvictionOptions, now: Timestamp) -> Result<(), Refusal> {
        self.pass_to(now);
        let key = Key::new(&pod.namespace, &pod.name);
        let object = Arc::clone(self.store.get(Kind::Pod, &key).ok_or(Refusal::Gone)?);
        let request = Admission {
            operation: "CREATE",
            kind: Kind::Pod,
            subresource: Some("eviction"),
            object: &object,
        };
        self.admit(&request).map_err(Refusal::Admission)?;
        let spent = self.budget_to_spend(&object)?;
        if options.is_dry_run {
            return Ok(());
        }
        let now = self.now;
        if let Some(budget) = spent {
            self.store.edit(Kind::PodDisruptionBudget, &Key::of(&budget), |budget| {
                let allowed = budget["status"]["disruptionsAllowed"].as_u64().unwrap_or(0);
                budgets::allow(budget, allowed.saturating_sub(1), now);
            });
        }
        if !fields::is_deleting(&object) {
            let target = Condition {
                kind: "DisruptionTarget",
                status: true,
                reason: "EvictionByEvictionAPI",
                message: "Eviction API: evicting",
            };
            self.store
                .edit(Kind::Pod, &key, |pod| fields::set_condition(pod, target, now));
        }
        self.stop_pod(&key, options.grace);
        Ok(())
    }

    /// The budget an eviction of this pod uses up; `None` where no budget is asked.
    fn budget_to_spend(&self, pod: &Value) -> Result<Option<Arc<Value>>, Refusal> {
        if fields::is_deleting(pod) || fields::is_finished(pod) || fields::phase(pod) == "Pending" {
            return Ok(None);
        }
        let mut covering = budgets::covering(
            self.store
                .in_namespace(Kind::PodDisruptionBudget, fields::namespace(pod))
                .cloned(),
            pod,
        );
        if covering.len() > 1 {
            return Err(Refusal::SeveralBudgets {
                message: SEVERAL.to_owned(),
            });
        }
        let Some(budget) = covering.pop() else {
            return Ok(None);
        };
        if !fields::is_ready(pod) && lets_unready_go(&budget) {
            return Ok(None);
        }
        match why_blocked(&budget) {
            None => Ok(Some(budget)),
            Some(cause) => Err(Refusal::Budget {
                message: VIOLATES.to_owned(),
                cause,
            }),
        }
    }
}

/// Daemon set pods, static pods and pods that have ended do not hold a drain.
fn holds_drain(pod: &Value) -> bool {
    let is_daemon = fields::controller(pod).is_some_and(|owner| owner["kind"] == "DaemonSet");
    let is_static = pod["metadata"]["annotations"]["kubernetes.io/config.mirror"].is_string();
    !is_daemon && !is_static && (!fields::is_finished(pod) || fields::is_deleting(pod))
}

/// `unhealthyPodEvictionPolicy`: always, or (the default) while the application is healthy enough.
fn lets_unready_go(budget: &Value) -> bool {
    if budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow" {
        return true;
    }
    let (current, desired) = healthy(budget);
    current >= desired && desired > 0
}

fn healthy(budget: &Value) -> (u64, u64) {
    let number = |field: &str| budget["status"][field].as_u64().unwrap_or(0);
    (number("currentHealthy"), number("desiredHealthy"))
}

fn why_blocked(budget: &Value) -> Option<String> {
    let name = fields::name(budget);
    let observed = budget["status"]["observedGeneration"].as_u64();
    if observed < budget["metadata"]["generation"].as_u64() {
        return Some(format!(
            "The disruption budget {name} is still being processed by the server."
        ));
    }
    if budget["status"]["disruptionsAllowed"].as_u64().unwrap_or(0) > 0 {
        return None;
    }
    let (current, desired) = healthy(budget);
    Some(if current <= desired {
        format!("The disruption budget {name} needs {desired} healthy pods and has {current} currently")
    } else {
        format!("The disruption budget {name} does not allow evicting pods currently")
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, budget, node, pods, store, workload};
    use super::*;

    /// Two nodes and a workload of three pods whose budget wants `min` of them.
    fn cluster(min: &str) -> ObjectStore {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        store.add_node(&node("n2", "user"), at(0));
        let mut spec = workload("Deployment", "cart", 3);
        spec.budget = Some(budget("cart-pdb", min));
        store.add_workload(&spec, at(0));
        store.advance_to(at(0));
        store
    }

    fn first(store: &ObjectStore) -> PodName {
        pods(store, "cart")[0].clone()
    }

    #[test]
    fn a_budget_is_used_up_at_once_and_recovers_with_the_replacement() {
        let mut store = cluster("2");
        let all = pods(&store, "cart");
        assert_eq!(store.evict(&all[0], at(1)), Eviction::Accepted);
        assert_eq!(
            store.evict(&all[1], at(1)),
            Eviction::Blocked {
                message: VIOLATES.into()
            }
        );
        store.advance_to(at(2));
        let refused = store.try_evict(&all[1], EvictionOptions::default(), at(2)).unwrap_err();
        let Refusal::Budget { cause, .. } = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(
            cause,
            "The disruption budget cart-pdb needs 2 healthy pods and has 2 currently"
        );
        store.advance_to(at(60));
        assert_eq!(store.evict(&all[1], at(60)), Eviction::Accepted);
        assert_eq!(store.evict(&all[0], at(60)), Eviction::Gone);
    }

    #[test]
    fn a_dry_run_changes_nothing() {
        let mut store = cluster("2");
        let version = store.version();
        let dry = EvictionOptions {
            is_dry_run: true,
            ..EvictionOptions::default()
        };
        assert_eq!(store.try_evict(&first(&store), dry, at(1)), Ok(()));
        assert_eq!(store.version(), version);
    }

    #[test]
    fn two_budgets_are_refused() {
        let mut store = cluster("1");
        store.add_budget("shop", "cart", &budget("second", "1"), at(0));
        assert!(matches!(
            store.evict(&first(&store), at(1)),
            Eviction::SeveralBudgets { .. }
        ));
    }

    #[test]
    fn a_pod_that_is_not_ready_may_go_where_enough_others_are() {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        let mut spec = workload("Deployment", "cart", 3);
        spec.never_ready = 1;
        spec.budget = Some(budget("cart-pdb", "2"));
        store.add_workload(&spec, at(0));
        store.advance_to(at(0));
        let is_ready = |store: &ObjectStore, pod: &PodName| {
            fields::is_ready(
                store
                    .store
                    .get(Kind::Pod, &Key::new(&pod.namespace, &pod.name))
                    .unwrap(),
            )
        };
        let all = pods(&store, "cart");
        let bad = all.iter().find(|pod| !is_ready(&store, pod)).unwrap();
        let good = all.iter().find(|pod| is_ready(&store, pod)).unwrap();
        assert!(matches!(store.evict(good, at(1)), Eviction::Blocked { .. }));
        assert_eq!(store.evict(bad, at(1)), Eviction::Accepted);
    }

    #[test]
    fn daemon_pods_do_not_hold_a_drain() {
        let mut store = cluster("2");
        store.add_workload(&workload("DaemonSet", "agent", 0), at(0));
        store.advance_to(at(0));
        let held: usize = ["n1", "n2"].map(|node| store.pods_to_drain(node).len()).iter().sum();
        assert_eq!(held, 3);
    }
}
