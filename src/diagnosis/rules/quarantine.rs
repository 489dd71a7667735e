//! Nodes that AKS could not drain and left behind with the quarantine label.

use super::{counted, named};
use crate::diagnosis::cause::{Found, Impact};
use crate::diagnosis::scene::Scene;
use crate::domain::disruption::HoldCause;
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::provisioning::ProvisioningState;
use crate::domain::subject::Subject;
use crate::domain::surge::batch_of;
use crate::domain::survey::NodeFact;

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    let blocked: Vec<&NodeFact> = scene.nodes().filter(|fact| fact.node.is_quarantined).collect();
    let mut pools: Vec<&NodePoolName> = blocked.iter().filter_map(|fact| fact.node.pool.as_ref()).collect();
    pools.sort();
    pools.dedup();
    let exhausted = pools.into_iter().filter_map(|pool| exhausted(scene, pool, &blocked));
    quarantined(scene, &blocked).into_iter().chain(exhausted).collect()
}

fn quarantined(scene: &Scene<'_>, blocked: &[&NodeFact]) -> Option<Found> {
    let names: Vec<&NodeName> = blocked.iter().map(|fact| &fact.node.name).collect();
    if names.is_empty() {
        return None;
    }
    let headline = format!(
        "{} skipped because {} could not be drained: {}",
        counted(names.len(), "node"),
        if names.len() == 1 { "it" } else { "they" },
        named(&names)
    );
    let remedies: &[&str] = if scene.situation.is_running {
        &["pdb-relax", "unquarantine"]
    } else {
        &["unquarantine", "delete-machine"]
    };
    Some(
        Found::confirmed("node-quarantined", Impact::Slower, headline)
            .about(names.iter().map(|name| Subject::node(name)))
            .on(names.iter().copied().cloned())
            .shown_by(blocked.iter().map(|fact| {
                let words = format!(
                    "label kubernetes.azure.com/upgrade-status=Quarantined, runs {}",
                    fact.node.version_text
                );
                scene.shown(Subject::node(&fact.node.name), words)
            }))
            .cured_by(remedies),
    )
}

/// Each quarantined node keeps one surge node: with none left, nothing can go on.
fn exhausted(scene: &Scene<'_>, name: &NodePoolName, blocked: &[&NodeFact]) -> Option<Found> {
    let pool = scene.pool(name)?;
    let goal = scene.goal(pool)?;
    let surge = batch_of(&pool.upgrade_settings, pool.count, Some(goal)).surge;
    let of_pool: Vec<&&NodeFact> = blocked
        .iter()
        .filter(|fact| fact.node.pool.as_ref() == Some(name))
        .collect();
    let is_old = |fact: &&NodeFact| fact.node.version.is_some_and(|version| version < goal);
    let left = scene
        .nodes()
        .filter(|fact| fact.node.pool.as_ref() == Some(name) && !fact.node.is_quarantined)
        .filter(is_old)
        .count();
    let is_used_up = surge > 0 && u32::try_from(of_pool.len()).is_ok_and(|count| count >= surge);
    let is_given_up = pool.provisioning_state == ProvisioningState::Canceled;
    let is_on = scene.is_upgrading(name) || scene.is_failed(name) || is_given_up;
    if !is_used_up || left == 0 || !is_on {
        return None;
    }
    let headline = format!(
        "{} used all {} of pool {name}; {} are not upgraded yet",
        counted(of_pool.len(), "blocked node"),
        counted(usize::try_from(surge).unwrap_or(0), "surge node"),
        counted(left, "node")
    );
    let is_of_pool = |node: &NodeName| of_pool.iter().any(|fact| fact.node.name == *node);
    let holds = scene
        .drains
        .iter()
        .filter(|drain| is_of_pool(&drain.node))
        .flat_map(|drain| &drain.holds);
    let budgets = holds.filter_map(|hold| match &hold.cause {
        HoldCause::Budget { budget, .. } => Some(Subject::object(
            "policy/v1",
            "PodDisruptionBudget",
            &budget.namespace,
            &budget.name,
        )),
        _ => None,
    });
    Some(
        Found::confirmed("surge-exhausted-by-blocked-nodes", Impact::Stalled, headline)
            .about([Subject::pool(name)])
            .about(budgets)
            .about(of_pool.iter().map(|fact| Subject::node(&fact.node.name)))
            .on(of_pool.iter().map(|fact| fact.node.name.clone()))
            .shown_by(of_pool.iter().map(|fact| {
                scene.shown(
                    Subject::node(&fact.node.name),
                    "label kubernetes.azure.com/upgrade-status=Quarantined",
                )
            }))
            .shown_by([scene.claimed(
                Subject::pool(name),
                format!("maxSurge gives {surge} of {} nodes", pool.count),
            )]),
    )
}
