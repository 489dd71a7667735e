//! What a recipe looks at: the cause, and the survey seen from its subjects. What was not read is an error that says so.

use super::super::repair::{NotPossible, RepairStep};
use super::not_here;
use crate::diagnosis::cause::Cause;
use crate::domain::change::Change;
use crate::domain::cluster::{Cluster, ClusterUpgrades};
use crate::domain::ids::{ClusterId, NodeName, NodePoolName};
use crate::domain::node_pool::NodePool;
use crate::domain::object_change::{Edit, ObjectChange};
use crate::domain::subject::{ObjectRef, Subject};
use crate::domain::survey::{
    AutoscalerFact, BudgetFact, ClusterDetails, NodeFact, PodFact, Reading, Survey, WorkloadFact,
};

/// The cause and the survey.
pub(super) struct Sight<'a> {
    pub(super) cause: &'a Cause,
    pub(super) survey: &'a Survey,
}

impl<'a> Sight<'a> {
    pub(super) fn new(cause: &'a Cause, survey: &'a Survey) -> Self {
        Self { cause, survey }
    }

    pub(super) fn id(&self) -> ClusterId {
        self.survey.cluster.clone()
    }

    /// Objects of a kind the cause names, in its order.
    pub(super) fn objects(&self, kind: &str) -> Vec<&'a ObjectRef> {
        let objects = self.cause.subjects.iter().filter_map(|subject| match subject {
            Subject::Object { object } if object.kind == kind => Some(object),
            _ => None,
        });
        objects.collect()
    }

    pub(super) fn cluster(&self) -> Result<&'a Cluster, NotPossible> {
        read(&self.survey.azure.cluster, "the cluster")
    }

    pub(super) fn details(&self) -> Result<&'a ClusterDetails, NotPossible> {
        read(&self.survey.azure.details, "the cluster's settings")
    }

    pub(super) fn upgrades(&self) -> Result<&'a ClusterUpgrades, NotPossible> {
        read(&self.survey.azure.upgrades, "the upgrades on offer")
    }

    pub(super) fn all_pods(&self) -> Result<&'a [PodFact], NotPossible> {
        read(&self.survey.kubernetes.pods, "the pods").map(Vec::as_slice)
    }

    pub(super) fn all_budgets(&self) -> Result<&'a [BudgetFact], NotPossible> {
        read(&self.survey.kubernetes.budgets, "the budgets").map(Vec::as_slice)
    }

    pub(super) fn all_nodes(&self) -> Result<&'a [NodeFact], NotPossible> {
        read(&self.survey.kubernetes.nodes, "the nodes").map(Vec::as_slice)
    }

    pub(super) fn all_workloads(&self) -> Result<&'a [WorkloadFact], NotPossible> {
        read(&self.survey.kubernetes.workloads, "the workloads").map(Vec::as_slice)
    }

    /// The autoscaler of a workload; an error where that could not be read.
    pub(super) fn autoscaler(&self, workload: &WorkloadFact) -> Result<Option<&'a AutoscalerFact>, NotPossible> {
        let all = read(&self.survey.kubernetes.autoscalers, "the autoscalers")?;
        Ok(all.iter().find(|autoscaler| {
            autoscaler.namespace == workload.namespace
                && autoscaler.target.kind == workload.kind
                && autoscaler.target.name == workload.name
        }))
    }

    /// The pods the cause names.
    pub(super) fn pods(&self) -> Result<Vec<&'a PodFact>, NotPossible> {
        let named = self.objects("Pod");
        if named.is_empty() {
            return not_here("the cause names no pod");
        }
        let all = self.all_pods()?;
        let found: Vec<&PodFact> = named.into_iter().filter_map(|object| find_pod(all, object)).collect();
        if found.is_empty() {
            return not_here("the pods it is about are not there any more");
        }
        Ok(found)
    }

    /// The budgets the cause names, else those over its pods.
    pub(super) fn budgets(&self) -> Result<Vec<&'a BudgetFact>, NotPossible> {
        let all = self.all_budgets()?;
        let named = self.objects("PodDisruptionBudget");
        let found: Vec<&BudgetFact> = if named.is_empty() {
            let pods = self.pods()?;
            let covers = |fact: &&BudgetFact| pods.iter().any(|pod| fact.budget.covers(&pod.pod));
            all.iter().filter(covers).collect()
        } else {
            let is_named = |fact: &&BudgetFact| named.contains(&&budget_ref(fact));
            all.iter().filter(is_named).collect()
        };
        if found.is_empty() {
            return not_here("the budget it is about is not there any more");
        }
        Ok(found)
    }

    /// Names of the nodes the cause is about.
    pub(super) fn node_names(&self) -> Vec<&'a NodeName> {
        let mut names: Vec<&NodeName> = Vec::new();
        let subjects = self.cause.subjects.iter().filter_map(|subject| match subject {
            Subject::Node { name } => Some(name),
            _ => None,
        });
        for name in subjects.chain(&self.cause.nodes) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The nodes the cause is about, as far as they are there.
    pub(super) fn nodes(&self) -> Result<Vec<&'a NodeFact>, NotPossible> {
        let names = self.node_names();
        if names.is_empty() {
            return not_here("the cause names no node");
        }
        let all = self.all_nodes()?;
        let found: Vec<&NodeFact> = all.iter().filter(|fact| names.contains(&&fact.node.name)).collect();
        if found.is_empty() {
            return not_here("the nodes it is about are not there any more");
        }
        Ok(found)
    }

    /// The pool the cause is about: named, or that of its nodes, or the one that failed or works, or the only one.
    pub(super) fn pool(&self) -> Result<&'a NodePool, NotPossible> {
        match self.pools()?.as_slice() {
            [pool] => Ok(pool),
            _ => not_here("it does not say which node pool it is about"),
        }
    }

    /// As [`Sight::pool`], where there may be several.
    pub(super) fn pools(&self) -> Result<Vec<&'a NodePool>, NotPossible> {
        let pools = &self.cluster()?.pools;
        let wanted = self.named_pools();
        let found: Vec<&NodePool> = pools.iter().filter(|pool| wanted.contains(&pool.name)).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        if !wanted.is_empty() {
            return not_here("the node pool it is about is not there any more");
        }
        let is_at_fault = |pool: &&NodePool| !matches!(pool.provisioning_state.as_str(), "Succeeded");
        let at_fault: Vec<&NodePool> = pools.iter().filter(is_at_fault).collect();
        match (at_fault.as_slice(), pools.as_slice()) {
            ([], [only]) => Ok(vec![only]),
            ([], _) => not_here("it does not say which node pool it is about"),
            _ => Ok(at_fault),
        }
    }

    fn named_pools(&self) -> Vec<NodePoolName> {
        let subjects = self.cause.subjects.iter().filter_map(|subject| match subject {
            Subject::NodePool { name } => Some(name.clone()),
            _ => None,
        });
        let pools: Vec<NodePoolName> = subjects.collect();
        if !pools.is_empty() {
            return pools;
        }
        let all = self.survey.kubernetes.nodes.as_deref().unwrap_or_default();
        let names = self.node_names();
        all.iter()
            .filter(|fact| names.contains(&&fact.node.name))
            .filter_map(|fact| fact.node.pool.clone())
            .collect()
    }

    /// An error while Azure works on the pool or the cluster: it takes no other change then (409).
    pub(super) fn refuse_while_busy(&self, pool: Option<&NodePool>) -> Result<(), NotPossible> {
        let cluster = self.cluster()?;
        let busy = |what: String, state: &str| {
            not_here(format!(
                "{what} is {state}, and Azure takes no other change meanwhile: wait for the end or abort it first"
            ))
        };
        if !cluster.provisioning_state.is_terminal() {
            return busy(format!("cluster {}", cluster.name), cluster.provisioning_state.as_str());
        }
        let mut looked_at = cluster
            .pools
            .iter()
            .filter(|one| pool.is_none_or(|pool| pool.name == one.name));
        match looked_at.find(|one| !one.provisioning_state.is_terminal()) {
            Some(one) => busy(format!("node pool {}", one.name), one.provisioning_state.as_str()),
            None => Ok(()),
        }
    }
}

/// What was read, or an error that says why it was not.
pub(super) fn read<'a, T>(reading: &'a Reading<T>, what: &str) -> Result<&'a T, NotPossible> {
    reading.as_ref().map_err(|unread| NotPossible::NotHere {
        why: format!("{what}: {unread}"),
    })
}

/// The pod of that name.
pub(super) fn find_pod<'a>(all: &'a [PodFact], object: &ObjectRef) -> Option<&'a PodFact> {
    all.iter()
        .find(|fact| fact.pod.name == object.name && Some(&fact.pod.namespace) == object.namespace.as_ref())
}

pub(super) fn budget_ref(fact: &BudgetFact) -> ObjectRef {
    let budget = &fact.budget;
    ObjectRef::in_namespace("policy/v1", "PodDisruptionBudget", &budget.namespace, &budget.name)
}

pub(super) fn pod_ref(fact: &PodFact) -> ObjectRef {
    ObjectRef::in_namespace("v1", "Pod", &fact.pod.namespace, &fact.pod.name)
}

pub(super) fn node_ref(fact: &NodeFact) -> ObjectRef {
    ObjectRef::of_cluster("v1", "Node", fact.node.name.as_str())
}

pub(super) fn workload_ref(fact: &WorkloadFact) -> ObjectRef {
    let api_version = if fact.kind == "Job" { "batch/v1" } else { "apps/v1" };
    ObjectRef::in_namespace(api_version, &fact.kind, &fact.namespace, &fact.name)
}

/// A merge patch of the object that was looked at.
pub(super) fn patch(object: ObjectRef, uid: &str, patch: serde_json::Value) -> RepairStep {
    change(object, Some(uid), Edit::MergePatch { patch })
}

/// A change of the object; one without a uid is any of that name.
pub(super) fn change(object: ObjectRef, uid: Option<&str>, edit: Edit) -> RepairStep {
    RepairStep::Kubernetes {
        change: ObjectChange {
            object,
            uid: uid.filter(|uid| !uid.is_empty()).map(str::to_owned),
            resource_version: None,
            edit,
        },
    }
}

/// A change in Azure.
pub(super) fn azure(change: Change) -> RepairStep {
    RepairStep::Azure { change }
}

/// As `a`, `a and b`, `a, b and 3 more`.
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        [one, other, rest @ ..] => format!("{one}, {other} and {} more", rest.len()),
    }
}
