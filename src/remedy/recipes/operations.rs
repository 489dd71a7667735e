//! Azure's operations: the same again, everything gone over once more, what runs stopped.

use super::super::repair::{NotPossible, Undo};
use super::sight::{Sight, azure};
use super::{Draft, not_here};
use crate::domain::azure_edit::ClusterEdit;
use crate::domain::change::Change;
use crate::domain::cluster::Cluster;
use crate::domain::node_pool::NodePool;
use crate::domain::provisioning::ProvisioningState;

/// `reconcile`: the cluster written back as it is.
pub(super) fn reconcile(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    sight.refuse_while_busy(None)?;
    let cluster = sight.cluster()?;
    let title = format!("reconcile cluster {} without a change", cluster.name);
    let behind = nodes_behind(sight, cluster);
    let finishes = (behind > 0).then(|| format!("{behind} nodes are behind their pool's version: it may upgrade them"));
    Ok(Draft::new(title, vec![azure(reconciliation(sight))])
        .with_cautions(finishes)
        .undone_by(Undo::NotNeeded))
}

/// `retry-upgrade`: each failed pool to the version it was on its way to; all of them through the cluster.
pub(super) fn retry(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let cluster = sight.cluster()?;
    let failed: Vec<&NodePool> = cluster
        .pools
        .iter()
        .filter(|pool| has_ended_badly(&pool.provisioning_state))
        .collect();
    let is_all = failed.len() == cluster.pools.len() && failed.len() > 1;
    if has_ended_badly(&cluster.provisioning_state) && (is_all || failed.is_empty()) {
        sight.refuse_while_busy(None)?;
        let version = cluster
            .version
            .map(|version| format!(" to {version}"))
            .unwrap_or_default();
        let title = format!("run the upgrade of cluster {}{version} again", cluster.name);
        let abort = Undo::Steps {
            steps: vec![azure(Change::AbortCluster { cluster: sight.id() })],
        };
        return Ok(Draft::new(title, vec![azure(reconciliation(sight))]).undone_by(abort));
    }
    let named = sight.pools().unwrap_or_default();
    let is_named = |pool: &NodePool| named.iter().any(|one| one.name == pool.name);
    let meant = if failed.iter().any(|pool| is_named(pool)) {
        failed.into_iter().filter(|pool| is_named(pool)).collect()
    } else {
        failed
    };
    let mut steps = Vec::new();
    let mut aborts = Vec::new();
    let mut titles = Vec::new();
    for pool in meant {
        sight.refuse_while_busy(Some(pool))?;
        let Some(to) = pool.version else {
            return not_here(format!(
                "node pool {} runs a version this program cannot read",
                pool.name
            ));
        };
        titles.push(format!("run the upgrade of node pool {} to {to} again", pool.name));
        steps.push(azure(again(sight, pool, to)));
        aborts.push(azure(abort_of(sight, pool)));
    }
    if steps.is_empty() {
        return not_here(
            "nothing of it has failed in Azure: a request that was refused began nothing, so start or retry the upgrade itself",
        );
    }
    Ok(Draft::new(super::sight::listed(&titles), steps).undone_by(Undo::Steps { steps: aborts }))
}

/// `abort`: of the cluster's operation, else of the pool's.
pub(super) fn abort(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let cluster = sight.cluster()?;
    if !cluster.provisioning_state.is_terminal() {
        refuse_canceling(&cluster.provisioning_state)?;
        let title = format!(
            "abort what runs on cluster {} ({})",
            cluster.name, cluster.provisioning_state
        );
        let step = azure(Change::AbortCluster { cluster: sight.id() });
        return Ok(Draft::new(title, vec![step]).undone_by(Undo::Steps {
            steps: vec![azure(reconciliation(sight))],
        }));
    }
    let is_busy = |pool: &&NodePool| !pool.provisioning_state.is_terminal();
    let named = sight.pools().unwrap_or_default();
    let pool = named
        .into_iter()
        .find(is_busy)
        .or_else(|| cluster.pools.iter().find(is_busy));
    let Some(pool) = pool else {
        return not_here(format!("no operation runs on cluster {}", cluster.name));
    };
    refuse_canceling(&pool.provisioning_state)?;
    let title = format!(
        "abort what runs on node pool {} ({})",
        pool.name, pool.provisioning_state
    );
    let draft = Draft::new(title, vec![azure(abort_of(sight, pool))]);
    Ok(match pool.version {
        Some(to) => draft.undone_by(Undo::Steps {
            steps: vec![azure(again(sight, pool, to))],
        }),
        None => draft.for_good("the version it was on its way to is not known"),
    })
}

fn refuse_canceling(state: &ProvisioningState) -> Result<(), NotPossible> {
    match state {
        ProvisioningState::Canceling => not_here("it is being aborted already"),
        ProvisioningState::Deleting => not_here("what is being deleted cannot be aborted"),
        _ => Ok(()),
    }
}

fn reconciliation(sight: &Sight<'_>) -> Change {
    Change::EditCluster {
        cluster: sight.id(),
        change: ClusterEdit::Reconcile,
    }
}

fn again(sight: &Sight<'_>, pool: &NodePool, to: crate::domain::version::KubernetesVersion) -> Change {
    Change::UpgradeNodePool {
        cluster: sight.id(),
        pool: pool.name.clone(),
        to,
    }
}

fn abort_of(sight: &Sight<'_>, pool: &NodePool) -> Change {
    Change::AbortNodePool {
        cluster: sight.id(),
        pool: pool.name.clone(),
    }
}

fn has_ended_badly(state: &ProvisioningState) -> bool {
    matches!(state, ProvisioningState::Failed | ProvisioningState::Canceled)
}

/// Nodes that run less than Azure says of their pool.
fn nodes_behind(sight: &Sight<'_>, cluster: &Cluster) -> usize {
    let nodes = sight.survey.kubernetes.nodes.as_deref().unwrap_or_default();
    let is_behind = |fact: &&crate::domain::survey::NodeFact| {
        let pool = fact.node.pool.as_ref().and_then(|name| cluster.pool(name));
        pool.is_some_and(|pool| fact.node.version.is_some() && fact.node.version < pool.version)
    };
    nodes.iter().filter(is_behind).count()
}
