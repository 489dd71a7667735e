//! Nodes put in order: cordons and marks that were left behind, machines that are replaced.

use serde_json::json;

use super::super::repair::{NotPossible, Undo};
use super::sight::{Sight, azure, listed, node_ref, patch};
use super::{Draft, not_here};
use crate::domain::azure_edit::PoolEdit;
use crate::domain::change::Change;
use crate::domain::ids::NodeName;
use crate::domain::node_pool::{NodePool, PoolMode};
use crate::domain::survey::NodeFact;

/// The mark of a node AKS could not drain (AKS docs "Customize node pool rolling upgrades", 2026).
const UPGRADE_STATUS: &str = "kubernetes.azure.com/upgrade-status";

/// `uncordon`: only cordons that are left over, so not while Azure works on the pool.
pub(super) fn uncordon(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let cordoned: Vec<&NodeFact> = sight
        .nodes()?
        .into_iter()
        .filter(|fact| fact.node.is_cordoned)
        .collect();
    if cordoned.is_empty() {
        return not_here("none of the nodes is cordoned any more");
    }
    let unknown = match sight.cluster() {
        Ok(_) => {
            let pool = sight.pool().ok();
            sight.refuse_while_busy(pool)?;
            None
        }
        Err(why) => Some(format!("whether an operation runs was not seen: {why}")),
    };
    let quarantined = cordoned.iter().any(|fact| fact.node.is_quarantined);
    let steps = cordoned
        .iter()
        .map(|fact| patch(node_ref(fact), &fact.node.uid, json!({"spec": {"unschedulable": null}})))
        .collect();
    Ok(Draft::new(format!("uncordon node {}", names(&cordoned)), steps)
        .with_cautions(unknown)
        .with_cautions(
            quarantined.then(|| "it is still marked Quarantined: the next upgrade passes over it".to_owned()),
        ))
}

/// `unquarantine`: the next upgrade tries it again.
pub(super) fn unquarantine(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let marked: Vec<&NodeFact> = sight
        .nodes()?
        .into_iter()
        .filter(|fact| fact.node.is_quarantined)
        .collect();
    if marked.is_empty() {
        return not_here("none of the nodes is marked Quarantined any more");
    }
    let steps = marked
        .iter()
        .map(|fact| {
            let labels = json!({"metadata": {"labels": {UPGRADE_STATUS: null}}});
            patch(node_ref(fact), &fact.node.uid, labels)
        })
        .collect();
    Ok(Draft::new(
        format!("clear the Quarantined mark of node {}", names(&marked)),
        steps,
    ))
}

/// `delete-machine`: the pool gets smaller by one.
pub(super) fn delete_machine(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let (pool, node) = one_machine(sight)?;
    let title = format!("delete node {node} of node pool {}", pool.name);
    let draft = Draft::new(title, vec![azure(deletion(sight, pool, node))]);
    Ok(draft.undone_by(if pool.is_autoscaled {
        Undo::Impossible {
            why: "the machine is gone; the autoscaler adds another one when it is needed".to_owned(),
        }
    } else {
        Undo::Steps {
            steps: vec![azure(count(sight, pool))],
        }
    }))
}

/// `reimage-node`: AKS has no reimage of one node, so its machine is deleted and the pool filled up again.
pub(super) fn replace(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let (pool, node) = one_machine(sight)?;
    let mut steps = vec![azure(deletion(sight, pool, node))];
    let filled = if pool.is_autoscaled {
        "its autoscaler adds another node when one is needed".to_owned()
    } else {
        steps.push(azure(count(sight, pool)));
        "it takes as long as deleting one machine and starting another".to_owned()
    };
    Ok(Draft::new(
        format!("replace node {node} of node pool {} by a new one", pool.name),
        steps,
    )
    .with_cautions([filled])
    .for_good("the machine is gone, and another one has its place"))
}

fn deletion(sight: &Sight<'_>, pool: &NodePool, node: &NodeName) -> Change {
    Change::DeleteMachines {
        cluster: sight.id(),
        pool: pool.name.clone(),
        machines: vec![node.clone()],
    }
}

/// The number of nodes the pool has now.
fn count(sight: &Sight<'_>, pool: &NodePool) -> Change {
    Change::EditNodePool {
        cluster: sight.id(),
        pool: pool.name.clone(),
        change: PoolEdit {
            count: Some(pool.count),
            ..PoolEdit::default()
        },
    }
}

fn one_machine<'a>(sight: &Sight<'a>) -> Result<(&'a NodePool, &'a NodeName), NotPossible> {
    let Some(node) = sight.node_names().first().copied() else {
        return not_here("the cause names no node");
    };
    let of_node = sight.all_nodes().ok().and_then(|all| {
        let fact = all.iter().find(|fact| fact.node.name == *node)?;
        sight.cluster().ok()?.pool(fact.node.pool.as_ref()?)
    });
    let pool = match of_node {
        Some(pool) => pool,
        None => sight.pool()?,
    };
    sight.refuse_while_busy(Some(pool))?;
    if pool.mode == PoolMode::System && pool.count <= 1 {
        return not_here(format!("it is the only node of system pool {}", pool.name));
    }
    Ok((pool, node))
}

fn names(nodes: &[&NodeFact]) -> String {
    let all: Vec<String> = nodes.iter().map(|fact| fact.node.name.to_string()).collect();
    listed(&all)
}
