//! Verify: what the plan promised, beside what Azure claims and then what every node runs. Steps a person left out
//! promise nothing. Takes several looks before it doubts, and never a missing picture for a good one.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::super::effect::Ticket;
use super::super::super::record::Record;
use super::super::super::view::StepState;
use super::super::Draft;
use super::super::state::{Gate, State, Work};
use super::{holds, some_of, waited};
use crate::domain::cluster::Cluster;
use crate::domain::ids::NodePoolName;
use crate::domain::node_pool::NodePool;
use crate::domain::provisioning::{AzureErrorDetail, ProvisioningState};
use crate::domain::version::{KubernetesVersion, NodeImageVersion};
use crate::plan::step::StepKind;
use crate::progress::picture::{LivePicture, NodePhase, NodeProgress};

/// Reads of the cluster that must agree before it is said to be behind.
const LOOKS_BEFORE_DOUBT: u32 = 3;

/// How long nodes may lag behind Azure's word before it is not believed.
const NODE_LAG: Duration = Duration::from_mins(5);

/// How long a picture without nodes is waited for.
const SIGHT_PATIENCE: Duration = Duration::from_mins(1);

/// What the steps before this one promised.
#[derive(Debug, Default)]
struct Promise {
    control_plane: Option<KubernetesVersion>,
    pools: BTreeMap<NodePoolName, PoolPromise>,
}

#[derive(Debug, Default)]
struct PoolPromise {
    version: Option<KubernetesVersion>,
    /// True after a rollback: a newer version is no better.
    is_exact: bool,
    /// The image its nodes were to leave.
    old_image: Option<NodeImageVersion>,
    /// The image they were to get; counts where the old one is not known.
    new_image: Option<NodeImageVersion>,
}

impl Promise {
    fn of(state: &State) -> Self {
        let mut promise = Self::default();
        let steps = state.plan.steps.iter().zip(&state.steps);
        let here = state.current().map_or(0, |(place, _)| place);
        for (step, _) in steps
            .take(here)
            .filter(|(_, progress)| progress.state == StepState::Succeeded)
        {
            promise.add(&step.kind, state);
        }
        promise
    }

    fn add(&mut self, kind: &StepKind, state: &State) {
        match kind {
            StepKind::ControlPlaneUpgrade { to, .. } => self.control_plane = Some(*to),
            StepKind::NodePoolUpgrade { pool, to, .. } => {
                let promise = PoolPromise {
                    version: Some(*to),
                    ..PoolPromise::default()
                };
                self.pools.insert(pool.clone(), promise);
            }
            StepKind::NodeImageUpgrade { pool, from, to } => {
                let promise = self.pools.entry(pool.clone()).or_default();
                promise.new_image = state.node_images.get(pool).or(to.as_ref()).cloned();
                promise.old_image = from.clone().filter(|old| {
                    let new = promise.new_image.as_ref();
                    new.is_none_or(|new| !new.is_same_image(old))
                });
            }
            StepKind::PoolRollback { pool, to, .. } => {
                let promise = PoolPromise {
                    version: Some(*to),
                    is_exact: true,
                    ..PoolPromise::default()
                };
                self.pools.insert(pool.clone(), promise);
            }
            StepKind::PoolSettings { .. }
            | StepKind::Approval { .. }
            | StepKind::Wait { .. }
            | StepKind::SmokeTest { .. }
            | StepKind::ReadinessGate
            | StepKind::Verify => {}
        }
    }
}

impl PoolPromise {
    /// Where this version is not the one that was promised.
    fn misses_version(&self, version: Option<KubernetesVersion>) -> bool {
        match (self.version, version) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(to), Some(version)) if self.is_exact => version != to,
            (Some(to), Some(version)) => version < to,
        }
    }

    fn misses_image(&self, image: Option<&NodeImageVersion>) -> bool {
        let Some(image) = image else { return false };
        match (&self.old_image, &self.new_image) {
            (Some(old), _) => image.is_same_image(old),
            (None, Some(new)) => !image.is_same_image(new),
            (None, None) => false,
        }
    }
}

/// What Azure claims now, beside what was promised.
pub(in super::super) fn cluster_read(draft: &mut Draft, ticket: Ticket, cluster: &Cluster) {
    let Work::AtGate(Gate::Verify { looks }) = draft.state.work else {
        return;
    };
    if !draft.is_awaited(ticket) {
        return;
    }
    if draft.state.trouble.is_some() {
        draft.push(Record::TroubleOver);
    }
    let promise = Promise::of(&draft.state);
    let behind = behind_in_claims(&promise, cluster);
    if behind.is_empty() {
        let note = outside_plan(&draft.state, &promise, cluster);
        if promise.pools.is_empty() {
            draft.step_succeeded(note);
        } else {
            draft.push(Record::ClaimVerified { node_image: None, note });
        }
    } else if looks + 1 < LOOKS_BEFORE_DOUBT {
        draft.push(Record::Looked {
            found: some_of(&behind, "; "),
        });
    } else if let Some(busy) = busy(cluster) {
        holds(
            draft,
            format!("{busy}, so nothing can be verified; it goes on by itself when that has ended"),
            None,
        );
    } else {
        draft.step_failed(not_verified(&behind));
    }
}

fn behind_in_claims(promise: &Promise, cluster: &Cluster) -> Vec<String> {
    let mut behind = Vec::new();
    if let Some(to) = promise.control_plane
        && cluster.version.is_none_or(|version| version < to)
    {
        let version = said(cluster.version);
        behind.push(format!("Azure says that the control plane is at {version}, not {to}"));
    }
    if cluster.provisioning_state != ProvisioningState::Succeeded {
        behind.push(format!("the cluster is {}", cluster.provisioning_state));
    }
    for (name, promised) in &promise.pools {
        match cluster.pool(name) {
            None => behind.push(format!("node pool {name} does not exist any more")),
            Some(pool) => behind.extend(behind_in_pool(promised, pool)),
        }
    }
    behind
}

fn behind_in_pool(promised: &PoolPromise, pool: &NodePool) -> Option<String> {
    let name = &pool.name;
    if let Some(to) = promised.version.filter(|_| promised.misses_version(pool.version)) {
        let version = said(pool.version);
        return Some(format!("Azure says that node pool {name} is at {version}, not {to}"));
    }
    if let Some(image) = pool
        .node_image
        .as_ref()
        .filter(|image| promised.misses_image(Some(image)))
    {
        return Some(format!("Azure says that node pool {name} has node image {image}"));
    }
    (pool.provisioning_state != ProvisioningState::Succeeded)
        .then(|| format!("node pool {name} is {}", pool.provisioning_state))
}

fn said(version: Option<KubernetesVersion>) -> String {
    version.map_or_else(|| "an unknown version".to_owned(), |version| version.to_string())
}

/// An operation that runs on the cluster or on one of its pools.
fn busy(cluster: &Cluster) -> Option<String> {
    if !cluster.provisioning_state.is_terminal() {
        return Some(format!(
            "another operation runs: the cluster is {}",
            cluster.provisioning_state
        ));
    }
    let pool = cluster
        .pools
        .iter()
        .find(|pool| !pool.provisioning_state.is_terminal())?;
    Some(format!(
        "another operation runs: node pool {} is {}",
        pool.name, pool.provisioning_state
    ))
}

/// Pools that the plan did not bring anywhere: added meanwhile, or left out.
fn outside_plan(state: &State, promise: &Promise, cluster: &Cluster) -> Option<String> {
    let is_planned = |name: &NodePoolName| state.plan.steps.iter().any(|step| step.kind.pool() == Some(name));
    let mut strangers = Vec::new();
    let mut left_out = Vec::new();
    for pool in cluster
        .pools
        .iter()
        .filter(|pool| !promise.pools.contains_key(&pool.name))
    {
        let text = format!("{} at {}", pool.name, said(pool.version));
        if is_planned(&pool.name) {
            left_out.push(text);
        } else {
            strangers.push(text);
        }
    }
    let mut notes = Vec::new();
    if !strangers.is_empty() {
        notes.push(format!(
            "node pools that are not in this plan, perhaps added since: {}",
            some_of(&strangers, ", ")
        ));
    }
    if !left_out.is_empty() {
        notes.push(format!("node pools that were not moved: {}", some_of(&left_out, ", ")));
    }
    (!notes.is_empty()).then(|| notes.join("; "))
}

/// The claims are good: do the nodes agree?
pub(in super::super) fn nodes_seen(draft: &mut Draft, picture: &LivePicture) {
    let Work::AtGate(Gate::VerifyNodes { note }) = draft.state.work.clone() else {
        return;
    };
    if picture.nodes.is_empty() {
        if waited(draft) >= SIGHT_PATIENCE {
            let unseen = "Azure claims what the plan promised; the nodes cannot be seen";
            draft.step_succeeded(Some(join(unseen, note)));
        }
        return;
    }
    let promise = Promise::of(&draft.state);
    let behind: Vec<String> = picture
        .nodes
        .values()
        .filter_map(|node| behind_in_node(&promise, node))
        .collect();
    if behind.is_empty() {
        draft.step_succeeded(note);
    } else if waited(draft) >= NODE_LAG {
        if picture.as_of >= draft.state.work_since {
            draft.step_failed(not_verified(&behind));
        } else {
            let unseen = "Azure claims what the plan promised; the nodes were not seen since";
            draft.step_succeeded(Some(join(unseen, note)));
        }
    }
}

fn behind_in_node(promise: &Promise, node: &NodeProgress) -> Option<String> {
    let promised = promise.pools.get(node.pool.as_ref()?).filter(|_| !node.is_surge)?;
    let name = &node.name;
    if node.phase == NodePhase::Quarantined {
        return Some(format!("node {name} is quarantined"));
    }
    if node.is_cordoned {
        return Some(format!("node {name} is cordoned"));
    }
    if promised.misses_version(node.version) {
        return Some(match node.version {
            Some(_) => format!("node {name} runs {}", node.version_text),
            None => format!("node {name} runs an unknown version"),
        });
    }
    let image = node.node_image.as_ref();
    image
        .filter(|image| promised.misses_image(Some(image)))
        .map(|image| format!("node {name} has node image {image}"))
}

fn join(text: &str, note: Option<String>) -> String {
    note.map_or_else(|| text.to_owned(), |note| format!("{text}; {note}"))
}

fn not_verified(behind: &[String]) -> AzureErrorDetail {
    AzureErrorDetail {
        code: "NotVerified".to_owned(),
        message: format!(
            "what the plan promised is not there: {}; repair it and retry, or skip this step with a reason",
            some_of(behind, "; ")
        ),
        ..AzureErrorDetail::default()
    }
}
