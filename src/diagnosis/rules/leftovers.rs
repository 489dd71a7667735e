//! What an upgrade that is over left behind: a failed state, cordoned nodes, nodes that are not where Azure says.

use super::{counted, named};
use crate::diagnosis::cause::{Evidence, EvidenceSource, Found, Impact};
use crate::diagnosis::reconcile::{PoolClaim, pool_claims};
use crate::diagnosis::scene::Scene;
use crate::domain::ids::NodeName;
use crate::domain::provisioning::ProvisioningState;
use crate::domain::subject::Subject;
use crate::domain::survey::NodeFact;

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    found.extend(cordoned(scene));
    found.extend(ahead_of_nodes(scene));
    found.extend(failed_state(scene));
    found
}

/// Nodes that take no pods though nobody works on them any more.
fn cordoned(scene: &Scene<'_>) -> Option<Found> {
    let left: Vec<&NodeFact> = scene
        .nodes()
        .filter(|fact| fact.node.is_cordoned && !fact.node.is_quarantined && fact.node.readiness.is_ready())
        .filter(|fact| is_idle(scene, fact))
        .collect();
    let first = left.first()?;
    let names: Vec<&NodeName> = left.iter().map(|fact| &fact.node.name).collect();
    let is_of_an_upgrade = left.iter().any(|fact| is_touched_by_an_upgrade(scene, fact));
    let headline = format!("{} left cordoned: {}", counted(left.len(), "node"), named(&names));
    let found = if is_of_an_upgrade {
        Found::confirmed("node-left-cordoned", Impact::Slower, headline)
    } else {
        Found::likely("node-left-cordoned", Impact::Slower, headline)
    };
    let state = first.node.pool.as_ref().and_then(|pool| scene.pool(pool)).map(|pool| {
        let words = format!("provisioningState {}", pool.provisioning_state);
        scene.claimed(Subject::pool(&pool.name), words)
    });
    Some(
        found
            .about(names.iter().map(|name| Subject::node(name)))
            .on(names.iter().copied().cloned())
            .shown_by(left.iter().map(|fact| {
                scene.shown(
                    Subject::node(&fact.node.name),
                    format!("spec.unschedulable true, runs {}", fact.node.version_text),
                )
            }))
            .shown_by(state)
            .cured_by(&["uncordon"]),
    )
}

fn is_idle(scene: &Scene<'_>, fact: &NodeFact) -> bool {
    match fact.node.pool.as_ref().and_then(|pool| scene.pool(pool)) {
        Some(pool) => pool.provisioning_state.is_terminal() && !scene.situation.is_whole_cluster_upgrading(),
        None => !scene.situation.is_running && !scene.situation.is_busy,
    }
}

fn is_touched_by_an_upgrade(scene: &Scene<'_>, fact: &NodeFact) -> bool {
    let Some(pool) = fact.node.pool.as_ref().and_then(|pool| scene.pool(pool)) else {
        return false;
    };
    let is_old = matches!((fact.node.version, scene.goal(pool)), (Some(real), Some(goal)) if real < goal);
    let was_drained = scene.events().any(|(_, event)| {
        matches!(event.reason.as_str(), "Drain" | "Cordon") && event.object_name == fact.node.name.as_str()
    });
    is_old || was_drained || pool.provisioning_state != ProvisioningState::Succeeded
}

/// Azure says that the upgrade is done; nodes run something older.
fn ahead_of_nodes(scene: &Scene<'_>) -> Vec<Found> {
    if scene.situation.is_running {
        return Vec::new();
    }
    let survey = scene.symptoms.survey;
    pool_claims(survey)
        .into_iter()
        .filter(|claim| {
            let said_done =
                |state: &ProvisioningState| matches!(state, ProvisioningState::Succeeded | ProvisioningState::Canceled);
            claim.state.as_ref().is_some_and(said_done) && !claim.behind.is_empty()
        })
        .map(|claim| ahead(scene, &claim))
        .collect()
}

fn ahead(scene: &Scene<'_>, claim: &PoolClaim) -> Found {
    let nodes: Vec<NodeName> = claim.behind.iter().map(|node| node.name.clone()).collect();
    let headline = format!(
        "Azure says pool {} runs {}, {} run something older: {}",
        claim.pool,
        claim.claimed_words(),
        counted(nodes.len(), "node"),
        named(&nodes)
    );
    let is_version = claim.behind.iter().any(|node| node.version < claim.version);
    let subject = Subject::pool(&claim.pool);
    Found::confirmed("arm-ahead-of-nodes", Impact::Stalled, headline)
        .about([subject.clone()])
        .about(nodes.iter().map(Subject::node))
        .on(nodes.clone())
        .shown_by([scene.claimed(subject, format!("claims {}", claim.claimed_words()))])
        .shown_by(
            claim
                .behind
                .iter()
                .map(|node| scene.shown(Subject::node(&node.name), format!("runs {}", node.runs))),
        )
        .cured_by(if is_version {
            &["retry-upgrade", "reconcile"]
        } else {
            &["upgrade-node-image", "reconcile"]
        })
}

/// `Failed` stays until the next operation, whatever became of the nodes.
fn failed_state(scene: &Scene<'_>) -> Option<Found> {
    let cluster = scene.cluster().filter(|cluster| cluster.active_state().is_none())?;
    let is_failed = |state: &ProvisioningState| *state == ProvisioningState::Failed;
    let pools: Vec<_> = cluster
        .pools
        .iter()
        .filter(|pool| is_failed(&pool.provisioning_state))
        .collect();
    let is_cluster_failed = is_failed(&cluster.provisioning_state);
    if pools.is_empty() && !is_cluster_failed {
        return None;
    }
    let claims = pool_claims(scene.symptoms.survey);
    let has_old = claims.iter().any(|claim| {
        let goal = scene.pool(&claim.pool).and_then(|pool| scene.goal(pool));
        !claim.behind.is_empty() || claim.nodes_below(goal) > 0
    });
    let has_cordoned = scene.nodes().any(|fact| fact.node.is_cordoned);
    let are_fine =
        scene.are_nodes_read() && !has_old && !has_cordoned && scene.nodes().all(|fact| fact.node.readiness.is_ready());
    let mut subjects: Vec<Subject> = pools.iter().map(|pool| Subject::pool(&pool.name)).collect();
    if is_cluster_failed {
        subjects.push(Subject::Cluster);
    }
    let whom = subjects
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" and ");
    let nodes = match (scene.are_nodes_read(), are_fine) {
        (false, _) => "how the nodes are is not known",
        (true, true) => "the nodes are fine",
        (true, false) => "the nodes are not all where they should be",
    };
    let headline = format!("Azure says Failed of {whom}, nothing runs any more; {nodes}");
    let states = subjects
        .iter()
        .map(|subject| scene.claimed(subject.clone(), "provisioningState Failed"));
    let remedies: &[&str] = match (has_old, has_cordoned) {
        (true, _) => &["retry-upgrade", "reconcile"],
        (false, true) => &["uncordon", "reconcile"],
        (false, false) => &["reconcile", "retry-upgrade"],
    };
    Some(
        Found::confirmed(
            "failed-state-left",
            if are_fine { Impact::None } else { Impact::Stalled },
            headline,
        )
        .about(subjects.clone())
        .shown_by(states)
        .shown_by(last_words(scene))
        .cured_by(remedies),
    )
}

/// The errors that belong to the failed state.
fn last_words<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = Evidence> + 'a {
    let errors = scene
        .texts
        .iter()
        .filter(|text| text.origin == crate::diagnosis::scene::Origin::Error);
    errors.take(2).map(|text| Evidence {
        source: EvidenceSource::AzureError,
        subject: text.subject.clone(),
        words: text.words(),
        at: text.at,
    })
}
