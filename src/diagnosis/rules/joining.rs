//! New nodes that do not come: the machine's bootstrap failed, the node never registered, or it does not become ready.

use std::collections::BTreeMap;

use super::counted;
use crate::diagnosis::catalogue::exit_code;
use crate::diagnosis::cause::{Evidence, EvidenceSource, Found, Impact};
use crate::diagnosis::scene::{Scene, last_seen, trouble_of};
use crate::domain::ids::NodeName;
use crate::domain::node::Readiness;
use crate::domain::provisioning::ProvisioningState;
use crate::domain::subject::Subject;
use crate::domain::survey::{NodeFact, ScaleSetMachine};
use crate::progress::picture::NodePhase;

const NEVER_JOINED: &str = "node-never-joined";
/// A surge node is usually ready within 2 to 5 minutes.
const NOT_READY_MINUTES: i64 = 10;
/// The bootstrap script ends after 15 minutes at most.
const NEVER_JOINED_MINUTES: i64 = 15;

pub(super) fn look(scene: &Scene<'_>) -> Vec<Found> {
    let mut found = machines(scene);
    let explained: Vec<NodeName> = found.iter().flat_map(|found| found.nodes.clone()).collect();
    found.extend(never_joined(scene, &explained));
    found.extend(not_ready(scene, &explained));
    found
}

/// Machines whose node is not up, by what their bootstrap says.
fn machines(scene: &Scene<'_>) -> Vec<Found> {
    let mut by_code: BTreeMap<String, Found> = BTreeMap::new();
    for machine in scene.machines().iter().filter(|machine| is_missing(scene, machine)) {
        if let Some(found) = of_machine(scene, machine) {
            match by_code.get_mut(&found.code) {
                Some(known) => known.join(found),
                None => {
                    by_code.insert(found.code.clone(), found);
                }
            }
        }
    }
    let mut all: Vec<Found> = by_code.into_values().collect();
    for found in &mut all {
        if found.nodes.len() > 1 {
            found.headline = format!("{} new nodes, for instance: {}", found.nodes.len(), found.headline);
        }
    }
    all
}

fn is_missing(scene: &Scene<'_>, machine: &ScaleSetMachine) -> bool {
    let name = NodeName::new(&machine.computer_name);
    let is_up = scene.node(&name).is_some_and(|fact| fact.node.readiness.is_ready());
    machine.provisioning_state != ProvisioningState::Deleting && !is_up
}

/// The words of a machine that tell of a failure.
fn of_machine(scene: &Scene<'_>, machine: &ScaleSetMachine) -> Option<Found> {
    let words: Vec<&String> = machine.bootstrap.iter().chain(&machine.statuses).collect();
    let is_failed = machine.provisioning_state == ProvisioningState::Failed;
    let node = NodeName::new(&machine.computer_name);
    let is_missing = is_failed && scene.are_nodes_read() && scene.node(&node).is_none();
    let known = words.iter().find_map(|words| Some((code_of(scene, words)?, *words)));
    let unknown = || Some((NEVER_JOINED.to_owned(), *words.first()?)).filter(|_| is_missing);
    let (code, said) = known.or_else(unknown)?;
    let meaning = words.iter().find_map(|words| exit_code(words));
    let title = scene
        .catalogue
        .entry(&code)
        .map(|entry| entry.title.clone())
        .unwrap_or_default();
    let headline = match &meaning {
        Some(exit) => format!(
            "{title}: node {node}, bootstrap exit {} ({}, {})",
            exit.code, exit.name, exit.meaning
        ),
        None => format!("{title}: node {node}"),
    };
    let found = if is_failed && scene.are_nodes_read() {
        Found::confirmed(&code, Impact::Stalled, headline)
    } else {
        Found::likely(&code, Impact::Stalled, headline)
    };
    let evidence = Evidence {
        source: EvidenceSource::Machine,
        subject: Subject::node(&node),
        words: said.clone(),
        at: Some(scene.now()),
    };
    let state = Evidence {
        words: format!("provisioningState {}", machine.provisioning_state),
        ..evidence.clone()
    };
    Some(
        found
            .about([Subject::node(&node)])
            .about(machine.pool.iter().map(Subject::pool))
            .on([node])
            .shown_by([evidence, state]),
    )
}

/// What a machine's words stand for: the catalogue's patterns first, then the exit code's group.
fn code_of(scene: &Scene<'_>, words: &str) -> Option<String> {
    let known = scene.catalogue.matches(words);
    let bootstrap = known
        .iter()
        .find(|found| found.entry.phase == "node bootstrap" && !found.entry.is_generic());
    bootstrap
        .map(|found| found.entry.id.clone())
        .or_else(|| Some(exit_code(words)?.failure?.to_owned()))
}

/// Nodes that were made and never registered.
fn never_joined(scene: &Scene<'_>, explained: &[NodeName]) -> Option<Found> {
    let mut missing: Vec<(NodeName, Option<jiff::Timestamp>, Evidence)> = Vec::new();
    for progress in scene.picture().iter().flat_map(|picture| picture.nodes.values()) {
        let is_late = progress.phase == NodePhase::Stuck && progress.is_ready.is_none();
        if is_late && scene.node(&progress.name).is_none() {
            let words = format!("no Node object since {}", progress.since);
            let evidence = scene.watched(Subject::node(&progress.name), words);
            missing.push((progress.name.clone(), Some(progress.since), evidence));
        }
    }
    for (name, at, words) in surge_events(scene) {
        let is_known = missing.iter().any(|(known, ..)| *known == name);
        if !is_known && scene.node(&name).is_none() && scene.is_older(Some(at), NEVER_JOINED_MINUTES) {
            let evidence = Evidence {
                source: EvidenceSource::Event,
                subject: Subject::node(&name),
                words,
                at: Some(at),
            };
            missing.push((name, Some(at), evidence));
        }
    }
    missing.retain(|(name, ..)| !explained.contains(name));
    let (first, since, _) = missing.first()?;
    let headline = format!(
        "{} made and never joined the cluster: {first}{}",
        counted(missing.len(), "node"),
        since
            .map(|at| format!(", for {} min", scene.age(at).as_mins()))
            .unwrap_or_default()
    );
    let refused = unapproved(scene, missing.iter().map(|(name, ..)| name));
    Some(
        Found::confirmed(NEVER_JOINED, Impact::Stalled, headline)
            .about(missing.iter().map(|(name, ..)| Subject::node(name)))
            .on(missing.iter().map(|(name, ..)| name.clone()))
            .since(missing.iter().filter_map(|(_, at, _)| *at).min())
            .shown_by(missing.iter().map(|(.., evidence)| evidence.clone()))
            .shown_by(refused),
    )
}

/// Surge nodes that events tell of, where the nodes themselves can be looked at.
fn surge_events(scene: &Scene<'_>) -> Vec<(NodeName, jiff::Timestamp, String)> {
    if !scene.are_nodes_read() || !scene.situation.is_running {
        return Vec::new();
    }
    let removed = |name: &str| {
        scene.events().any(|(_, event)| {
            event.reason == "Surge" && event.message.contains("Removing") && event.message.contains(name)
        })
    };
    scene
        .events()
        .filter(|(_, event)| event.reason == "Surge" && event.message.contains("Created a surge node"))
        .filter_map(|(_, event)| {
            let rest = event.message.split("surge node").nth(1)?;
            let name = rest.trim_start_matches([' ', '[', ':']).split([' ', ']']).next()?;
            let was_there = scene
                .progress(&NodeName::new(name))
                .is_some_and(|node| node.is_ready.is_some());
            let is_of_this_run = scene
                .situation
                .since
                .is_none_or(|since| last_seen(event).is_some_and(|at| at >= since));
            (!name.is_empty() && !was_there && is_of_this_run && !removed(name)).then_some((
                NodeName::new(name),
                last_seen(event)?,
                event.message.clone(),
            ))
        })
        .collect()
}

fn unapproved<'a>(scene: &Scene<'_>, mut names: impl Iterator<Item = &'a NodeName>) -> Option<Evidence> {
    let requests = scene.symptoms.survey.kubernetes.unapproved_requests.as_ref().ok()?;
    let name = names.find(|name| requests.iter().any(|request| request.contains(name.as_str())))?;
    Some(scene.shown(Subject::node(name), "its certificate request is not approved"))
}

/// Nodes that registered and do not become ready.
fn not_ready(scene: &Scene<'_>, explained: &[NodeName]) -> Option<Found> {
    let sick: Vec<&NodeFact> = scene
        .nodes()
        .filter(|fact| !fact.node.readiness.is_ready() && !explained.contains(&fact.node.name))
        .filter(|fact| {
            let is_stuck = scene
                .progress(&fact.node.name)
                .is_some_and(|progress| progress.phase == NodePhase::Stuck && progress.drain.is_none());
            is_stuck || scene.is_new(&fact.node.name) && scene.is_older(fact.node.created_at, NOT_READY_MINUTES)
        })
        .collect();
    let first = sick.first()?;
    let headline = format!(
        "{} not ready since {}: {}, {}",
        counted(sick.len(), "new node"),
        first
            .node
            .created_at
            .map(|at| format!("{} min", scene.age(at).as_mins()))
            .unwrap_or_default(),
        first.node.name,
        why_not_ready(first)
    );
    let agents = sick.iter().flat_map(|fact| broken_agents(scene, fact));
    Some(
        Found::confirmed("surge-node-notready", Impact::Stalled, headline)
            .about(sick.iter().map(|fact| Subject::node(&fact.node.name)))
            .on(sick.iter().map(|fact| fact.node.name.clone()))
            .shown_by(
                sick.iter()
                    .map(|fact| scene.shown(Subject::node(&fact.node.name), why_not_ready(fact))),
            )
            .shown_by(agents)
            .since(sick.iter().filter_map(|fact| fact.node.created_at).min()),
    )
}

fn why_not_ready(fact: &NodeFact) -> String {
    let mut words = match &fact.node.readiness {
        Readiness::NotReady { reason, message } if !message.is_empty() => format!("{reason}: {message}"),
        Readiness::NotReady { reason, .. } => reason.clone(),
        _ => "no Ready condition".to_owned(),
    };
    let taints: Vec<&str> = fact
        .taints
        .iter()
        .map(|taint| taint.key.as_str())
        .filter(|key| key.contains("network-unavailable") || key.contains("agent-not-ready"))
        .collect();
    if !taints.is_empty() {
        words.push_str(&format!(", taint {}", taints.join(", ")));
    }
    words
}

/// System pods of the node that do not run.
fn broken_agents(scene: &Scene<'_>, fact: &NodeFact) -> Vec<Evidence> {
    scene
        .pods_on(&fact.node.name)
        .iter()
        .filter(|pod| pod.pod.namespace == "kube-system")
        .filter_map(|pod| {
            let trouble = trouble_of(pod).filter(crate::diagnosis::scene::Trouble::is_telling)?;
            Some(scene.shown(
                Subject::object("v1", "Pod", "kube-system", &pod.pod.name),
                trouble.to_string(),
            ))
        })
        .take(5)
        .collect()
}
