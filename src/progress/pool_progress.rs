//! A pool's progress, counted from its nodes; from Azure's words alone where no node can be seen.

use std::collections::BTreeMap;

use super::facts::{Facts, Target};
use super::goal::Goals;
use super::picture::{NodePhase, NodeProgress, PoolProgress};
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::provisioning::ProvisioningState;

/// Counts every pool, in Azure's order, then pools only nodes tell of, by name.
pub(super) fn count(
    facts: &Facts,
    target: Option<&Target>,
    goals: &Goals,
    nodes: &BTreeMap<NodeName, NodeProgress>,
) -> Vec<PoolProgress> {
    let mut by_pool: BTreeMap<&NodePoolName, PoolProgress> = BTreeMap::new();
    for node in nodes.values() {
        if let Some(pool) = &node.pool {
            let progress = by_pool.entry(pool).or_insert_with(|| empty(pool));
            add(progress, node);
        }
    }
    let mut pools = Vec::new();
    for azure in facts.cluster.iter().flat_map(|cluster| &cluster.pools) {
        let mut progress = by_pool.remove(&azure.name).unwrap_or_else(|| empty(&azure.name));
        let count = usize::try_from(azure.count).unwrap_or(usize::MAX);
        // Seen nodes are believed; a configured node that is not there yet still has to come.
        progress.total = progress.total.max(count);
        if nodes.is_empty() && azure.provisioning_state == ProvisioningState::Succeeded {
            progress.done = count;
        }
        progress.state = Some(azure.provisioning_state.clone());
        pools.push(progress);
    }
    pools.extend(by_pool.into_values());
    for progress in &mut pools {
        let is_moving = target.is_some_and(|target| target.pools.contains_key(&progress.name));
        if is_moving {
            let claimed = facts
                .cluster
                .as_ref()
                .and_then(|cluster| cluster.pool(&progress.name)?.version);
            progress.target = goals
                .of(Some(&progress.name))
                .version
                .or(claimed)
                .or_else(|| newest(nodes, &progress.name));
        }
    }
    pools
}

fn newest(
    nodes: &BTreeMap<NodeName, NodeProgress>,
    pool: &NodePoolName,
) -> Option<crate::domain::version::KubernetesVersion> {
    nodes
        .values()
        .filter(|node| node.pool.as_ref() == Some(pool))
        .filter_map(|node| node.version)
        .max()
}

fn empty(name: &NodePoolName) -> PoolProgress {
    PoolProgress {
        name: name.clone(),
        state: None,
        target: None,
        done: 0,
        total: 0,
        surge: 0,
        in_flight: 0,
        ready: 0,
    }
}

fn add(progress: &mut PoolProgress, node: &NodeProgress) {
    if node.is_ready == Some(true) {
        progress.ready += 1;
    }
    if node.is_surge {
        progress.surge += 1;
        return;
    }
    progress.total += 1;
    if node.phase == NodePhase::Upgraded {
        progress.done += 1;
    }
    if node.phase.is_in_flight() {
        progress.in_flight += 1;
    }
}
