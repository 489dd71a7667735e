//! How many nodes a pool has, or may have.

use super::super::repair::NotPossible;
use super::sight::{Sight, azure};
use super::{Draft, RepairStep, not_here};
use crate::domain::azure_edit::PoolEdit;
use crate::domain::change::Change;
use crate::domain::node_pool::{NodePool, PoolMode};
use crate::domain::subject::Subject;

/// `scale-to-upgraded-count`: AKS removes the nodes first that could not be drained.
pub(super) fn to_upgraded_count(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let pool = sight.pool()?;
    refuse_autoscaled(pool)?;
    let of_pool = sight
        .all_nodes()?
        .iter()
        .filter(|fact| fact.node.pool.as_ref() == Some(&pool.name));
    let is_upgraded = |fact: &&crate::domain::survey::NodeFact| {
        !fact.node.is_quarantined && fact.node.version.is_some() && fact.node.version == pool.version
    };
    let upgraded = u32::try_from(of_pool.filter(is_upgraded).count()).unwrap_or(u32::MAX);
    if upgraded == 0 {
        return not_here(format!("no node of node pool {} runs its version yet", pool.name));
    }
    if upgraded >= pool.count {
        return not_here(format!(
            "node pool {} has {upgraded} upgraded nodes and asks for {}",
            pool.name, pool.count
        ));
    }
    sized(sight, pool, upgraded)
}

/// `scale-down-for-ips`: one node less, in the pool or the subnet the cause is about.
pub(super) fn fewer_nodes(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let pool = pool_in_subnet(sight)?;
    refuse_autoscaled(pool)?;
    if pool.count <= 1 {
        return not_here(format!("node pool {} has one node", pool.name));
    }
    sized(sight, pool, pool.count - 1)
}

/// `scale-pool-up`: one node more, or room for one more where the autoscaler decides.
pub(super) fn one_more_node(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let pool = sight.pool().or_else(|_| only_candidate(sight))?;
    if !pool.is_autoscaled {
        return sized(sight, pool, pool.count + 1);
    }
    let max = max_count(sight, pool)?;
    if pool.count < max {
        return not_here(format!(
            "the autoscaler of node pool {} may add nodes ({} of {max}) and does not: look at why",
            pool.name, pool.count
        ));
    }
    limited(sight, pool, max, max + 1)
}

/// `lower-max-count`: down to the nodes the pool has; AKS counts addresses for the maximum.
pub(super) fn lower_max_count(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let pool = pool_in_subnet(sight)?;
    let max = max_count(sight, pool)?;
    let min = sight
        .details()?
        .pools
        .get(&pool.name)
        .and_then(|details| details.min_count)
        .unwrap_or(1);
    let lower = pool.count.max(min).max(1);
    if lower >= max {
        return not_here(format!(
            "node pool {} has {} nodes and its maximum is {max}",
            pool.name, pool.count
        ));
    }
    limited(sight, pool, max, lower)
}

fn sized(sight: &Sight<'_>, pool: &NodePool, count: u32) -> Result<Draft, NotPossible> {
    sight.refuse_while_busy(Some(pool))?;
    let title = format!("scale node pool {} from {} to {count} nodes", pool.name, pool.count);
    let edit = PoolEdit {
        count: Some(count),
        ..PoolEdit::default()
    };
    let leaves = (count < pool.count).then(|| {
        let fewer = pool.count - count;
        format!("Azure chooses which {fewer} of its nodes go, and drains them")
    });
    Ok(Draft::new(title, vec![step(sight, pool, edit)]).with_cautions(leaves))
}

fn limited(sight: &Sight<'_>, pool: &NodePool, from: u32, max: u32) -> Result<Draft, NotPossible> {
    sight.refuse_while_busy(Some(pool))?;
    let title = format!(
        "set the autoscaler's maximum of node pool {} from {from} to {max}",
        pool.name
    );
    let edit = PoolEdit {
        max_count: Some(max),
        ..PoolEdit::default()
    };
    Ok(Draft::new(title, vec![step(sight, pool, edit)]))
}

fn step(sight: &Sight<'_>, pool: &NodePool, change: PoolEdit) -> RepairStep {
    azure(Change::EditNodePool {
        cluster: sight.id(),
        pool: pool.name.clone(),
        change,
    })
}

fn max_count(sight: &Sight<'_>, pool: &NodePool) -> Result<u32, NotPossible> {
    if !pool.is_autoscaled {
        return not_here(format!("node pool {} has no autoscaler, and so no maximum", pool.name));
    }
    let details = sight.details()?.pools.get(&pool.name);
    match details.and_then(|details| details.max_count) {
        Some(max) => Ok(max),
        None => not_here(format!(
            "the autoscaler's maximum of node pool {} was not seen",
            pool.name
        )),
    }
}

fn refuse_autoscaled(pool: &NodePool) -> Result<(), NotPossible> {
    if pool.is_autoscaled {
        return not_here(format!(
            "the autoscaler decides the number of nodes of node pool {}: change its minimum and maximum",
            pool.name
        ));
    }
    Ok(())
}

/// The pool that is named, else the biggest user pool in the subnet that is named.
fn pool_in_subnet<'a>(sight: &Sight<'a>) -> Result<&'a NodePool, NotPossible> {
    let subnets: Vec<&str> = sight
        .cause
        .subjects
        .iter()
        .filter_map(|subject| match subject {
            Subject::Azure { id: Some(id), .. } => Some(id.as_str()),
            _ => None,
        })
        .collect();
    let is_in = |pool: &&NodePool| {
        let own = [&pool.vnet_subnet, &pool.pod_subnet];
        let is_named = |id: &String| subnets.iter().any(|subnet| subnet.eq_ignore_ascii_case(id));
        pool.mode != PoolMode::System && own.into_iter().flatten().any(is_named)
    };
    match sight
        .cluster()?
        .pools
        .iter()
        .filter(is_in)
        .max_by_key(|pool| pool.count)
    {
        Some(pool) if sight.cause.nodes.is_empty() => Ok(pool),
        _ => sight.pool(),
    }
}

/// The one user pool, where pods wait for room and nothing says in which pool.
fn only_candidate<'a>(sight: &Sight<'a>) -> Result<&'a NodePool, NotPossible> {
    let pools = &sight.cluster()?.pools;
    let user: Vec<&NodePool> = pools.iter().filter(|pool| pool.mode == PoolMode::User).collect();
    match user.as_slice() {
        [only] => Ok(only),
        _ => not_here("several pools could take the pods: choose one and scale it"),
    }
}
