//! The disruption controller: the numbers of every PodDisruptionBudget, as kube-controller-manager keeps them
//! (Kubernetes docs "Specifying a Disruption Budget for your Application", 2026).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::fields::{self, Condition};
use super::kinds::Kind;
use super::selectors::{self, Requirement};
use super::store::Key;
use super::touched::Touched;
use super::{BudgetSpec, ObjectStore};

/// A whole number or a share of the pods there should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Amount {
    Count(u64),
    Percent(u64),
}

impl Amount {
    fn read(value: &Value) -> Option<Self> {
        if let Some(count) = value.as_u64() {
            return Some(Self::Count(count));
        }
        let percent = value.as_str()?.strip_suffix('%')?.parse().ok()?;
        (percent <= 100).then_some(Self::Percent(percent))
    }

    /// A share is rounded up, in both directions of the budget.
    fn of(self, expected: u64) -> u64 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => (expected * percent).div_ceil(100),
        }
    }
}

/// The numbers of one budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Numbers {
    current: u64,
    desired: u64,
    expected: u64,
}

impl Numbers {
    fn allowed(self) -> u64 {
        if self.expected == 0 {
            0
        } else {
            self.current.saturating_sub(self.desired)
        }
    }
}

impl ObjectStore {
    /// Adds a PodDisruptionBudget for the pods of one workload.
    pub fn add_budget(&mut self, namespace: &str, workload: &str, budget: &BudgetSpec, now: jiff::Timestamp) {
        self.pass_to(now);
        let mut spec = json!({ "selector": { "matchLabels": { "app": workload } } });
        for (field, amount) in [
            ("minAvailable", &budget.min_available),
            ("maxUnavailable", &budget.max_unavailable),
        ] {
            if let Some(amount) = amount {
                let number: Value = amount
                    .parse::<u64>()
                    .map_or_else(|_| amount.as_str().into(), Value::from);
                fields::put(&mut spec, &[field], number);
            }
        }
        let object = json!({ "metadata": { "name": budget.name, "namespace": namespace }, "spec": spec });
        let budget = self.create(Kind::PodDisruptionBudget, object);
        self.keep_budget(&budget);
    }

    /// Brings the numbers of the budgets up to date whose pods, workloads or rules were touched.
    pub(super) fn keep_budgets(&mut self, touched: &Touched) {
        let is_due = |budget: &Value| {
            touched.budgets.contains(&Key::of(budget)) || {
                let selector = selectors::read(&budget["spec"]["selector"]);
                let selects = |labels: &Value| is_selected(labels, selector.as_deref());
                touched.concerns(fields::namespace(budget), selects)
            }
        };
        let all = self.store.iter(Kind::PodDisruptionBudget);
        let due: Vec<Arc<Value>> = all.filter(|budget| is_due(budget)).cloned().collect();
        for budget in due {
            self.keep_budget(&budget);
        }
    }

    fn keep_budget(&mut self, budget: &Value) {
        let numbers = self.count(budget);
        let now = self.now;
        self.store.edit(Kind::PodDisruptionBudget, &Key::of(budget), |budget| {
            write_numbers(budget, numbers, now);
        });
    }

    fn count(&self, budget: &Value) -> Numbers {
        let selector = selectors::read(&budget["spec"]["selector"]);
        let namespace = fields::namespace(budget);
        let covered: Vec<&Arc<Value>> = self
            .store
            .in_namespace(Kind::Pod, namespace)
            .filter(|pod| is_selected(&pod["metadata"]["labels"], selector.as_deref()))
            .collect();
        let healthy = |pod: &&&Arc<Value>| !fields::is_deleting(pod) && fields::is_ready(pod);
        let current = covered.iter().filter(healthy).count() as u64;
        let spec = &budget["spec"];
        let (desired, expected) = if let Some(most) = Amount::read(&spec["maxUnavailable"]) {
            let expected = self.expected_by_controllers(&covered);
            (expected.saturating_sub(most.of(expected)), expected)
        } else {
            match Amount::read(&spec["minAvailable"]) {
                Some(Amount::Count(least)) => (least, covered.len() as u64),
                Some(share) => {
                    let expected = self.expected_by_controllers(&covered);
                    (share.of(expected), expected)
                }
                // The API server's default where neither is given.
                None => (1, covered.len() as u64),
            }
        };
        Numbers {
            current,
            desired,
            expected,
        }
    }

    /// The replicas of all controllers the pods belong to; a pod without one counts for itself.
    fn expected_by_controllers(&self, pods: &[&Arc<Value>]) -> u64 {
        let mut controllers: BTreeMap<String, u64> = BTreeMap::new();
        for pod in pods {
            let (uid, replicas) = match self.scaled_owner(pod) {
                Some(owner) => (fields::uid(&owner).to_owned(), fields::replicas(&owner) as u64),
                None => (fields::uid(pod).to_owned(), 1),
            };
            controllers.insert(uid, replicas);
        }
        controllers.values().sum()
    }
}

/// True where the selector of a budget lets these labels through; no selector lets nothing through.
fn is_selected(labels: &Value, selector: Option<&[Requirement]>) -> bool {
    selector.is_some_and(|selector| selectors::all_match(selector, labels.as_object()))
}

/// The budgets that cover a pod, in the order of their names.
pub(super) fn covering(budgets: impl Iterator<Item = Arc<Value>>, pod: &Value) -> Vec<Arc<Value>> {
    budgets
        .filter(|budget| fields::namespace(budget) == fields::namespace(pod))
        .filter(|budget| {
            let selector = selectors::read(&budget["spec"]["selector"]);
            is_selected(&pod["metadata"]["labels"], selector.as_deref())
        })
        .collect()
}

/// Sets `disruptionsAllowed` and the condition that says the same in words.
pub(super) fn allow(budget: &mut Value, allowed: u64, now: jiff::Timestamp) {
    fields::put(budget, &["status", "disruptionsAllowed"], allowed);
    let wanted = Condition {
        kind: "DisruptionAllowed",
        status: allowed > 0,
        reason: if allowed > 0 {
            "SufficientPods"
        } else {
            "InsufficientPods"
        },
        message: "",
    };
    fields::set_condition(budget, wanted, now);
}

fn write_numbers(budget: &mut Value, numbers: Numbers, now: jiff::Timestamp) {
    let generation = budget["metadata"]["generation"].clone();
    fields::put(budget, &["status", "observedGeneration"], generation);
    fields::put(budget, &["status", "currentHealthy"], numbers.current);
    fields::put(budget, &["status", "desiredHealthy"], numbers.desired);
    fields::put(budget, &["status", "expectedPods"], numbers.expected);
    allow(budget, numbers.allowed(), now);
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, node, store, workload};
    use super::*;

    fn numbers(replicas: u32, never_ready: u32, min: Option<&str>, max: Option<&str>) -> [u64; 4] {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        let mut spec = workload("Deployment", "cart", replicas);
        spec.never_ready = never_ready;
        spec.budget = Some(BudgetSpec {
            name: "cart-pdb".into(),
            min_available: min.map(str::to_owned),
            max_unavailable: max.map(str::to_owned),
        });
        store.add_workload(&spec, at(0));
        store.advance_to(at(0));
        let budgets = store.store.all(Kind::PodDisruptionBudget);
        let status = &budgets[0]["status"];
        assert_eq!(status["observedGeneration"], budgets[0]["metadata"]["generation"]);
        ["expectedPods", "currentHealthy", "desiredHealthy", "disruptionsAllowed"]
            .map(|field| status[field].as_u64().unwrap())
    }

    #[test]
    fn numbers_are_those_of_the_disruption_controller() {
        assert_eq!(numbers(3, 0, Some("2"), None), [3, 3, 2, 1]);
        assert_eq!(numbers(3, 0, Some("5"), None), [3, 3, 5, 0]);
        assert_eq!(numbers(3, 0, Some("50%"), None), [3, 3, 2, 1]);
        assert_eq!(numbers(3, 1, Some("50%"), None), [3, 2, 2, 0]);
        assert_eq!(numbers(3, 0, None, Some("1")), [3, 3, 2, 1]);
        assert_eq!(numbers(3, 0, None, Some("0")), [3, 3, 3, 0]);
        assert_eq!(numbers(10, 0, None, Some("25%")), [10, 10, 7, 3]);
        assert_eq!(numbers(1, 0, None, Some("50%")), [1, 1, 0, 1]);
        assert_eq!(numbers(0, 0, None, Some("1")), [0, 0, 0, 0]);
        assert_eq!(numbers(4, 0, None, Some("100%")), [4, 4, 0, 4]);
    }
}
