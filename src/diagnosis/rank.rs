//! From what the rules found to the diagnosis: joined by cause, ranked, worded from the catalogue.

use std::cmp::Reverse;

use super::blind_spots::blind_spots;
use super::catalogue::{Catalogue, CatalogueEntry};
use super::cause::{Cause, Confidence, Diagnosis, Found, Impact};
use super::rules;
use super::scene::Scene;
use super::symptoms::Symptoms;
use crate::domain::subject::Subject;

/// What other causes bring about: told, and never above the cause itself.
const CONSEQUENCES: [&str; 4] = [
    "node-left-cordoned",
    "node-quarantined",
    "arm-ahead-of-nodes",
    "auto-upgrade-not-started",
];
/// A budget that pods use up which are not ready: where something else is the reason for that, it comes first.
const USED_UP: &str = "drain-blocked-by-unready-pods";
/// Reasons for pods to be unready that live state shows.
const ROOTS: [&str; 9] = [
    "pending-no-room",
    "pending-zonal-volume",
    "pending-constraint",
    "volume-multiattach",
    "image-pull-new-node",
    "app-breaks-on-new",
    "sandbox-no-ip",
    "coredns-degraded",
    "konnectivity-down",
];
/// Says only that nothing moves: worth telling where nobody else says why.
const STALL: &str = "stall-no-progress";

/// Finds the causes; the most likely one first.
///
/// Cost: linear in the survey. No cause is told of a cluster that runs nothing, failed nothing and kept nothing.
pub fn diagnose(symptoms: &Symptoms<'_>, catalogue: &Catalogue) -> Diagnosis {
    let scene = Scene::of(symptoms, catalogue);
    let mut found = joined(rules::all(&scene));
    drop_explained(&mut found);
    let roots = pods_with_a_root(&found);
    found.sort_by_cached_key(|found| order(found, &roots, catalogue));
    Diagnosis {
        causes: (1..)
            .zip(found)
            .map(|(rank, found)| cause(rank, found, catalogue))
            .collect(),
        unexplained: if scene.situation.is_active() {
            rules::unexplained(&scene)
        } else {
            Vec::new()
        },
        blind_spots: blind_spots(symptoms),
    }
}

/// The same cause of the same thing is told once. Live findings come first, so texts join them.
fn joined(all: Vec<Found>) -> Vec<Found> {
    let mut joined: Vec<Found> = Vec::new();
    for found in all {
        match joined.iter_mut().find(|known| is_same(known, &found)) {
            Some(known) => known.join(found),
            None => joined.push(found),
        }
    }
    joined
}

/// Two findings are one where the code is the same and they share a thing, or one of them names no thing of its own.
fn is_same(a: &Found, b: &Found) -> bool {
    let is_vague = |found: &Found| {
        found.subjects.iter().all(|subject| {
            matches!(
                subject,
                Subject::Cluster | Subject::NodePool { .. } | Subject::Node { .. }
            )
        })
    };
    let shares = a.subjects.iter().any(|subject| {
        let is_telling = !matches!(subject, Subject::Cluster | Subject::NodePool { .. });
        is_telling && b.subjects.contains(subject)
    });
    a.code == b.code && (shares || is_vague(a) || is_vague(b))
}

/// A stall whose cause is known is not told again; nor are cordoned nodes that another cause is about.
fn drop_explained(found: &mut Vec<Found>) {
    let is_explained = found.iter().any(|found| {
        let explains = found.impact >= Impact::Stalled && found.confidence >= Confidence::Likely;
        explains && found.code != STALL || found.code == "soak-wait"
    });
    if is_explained {
        found.retain(|found| found.code != STALL);
    }
    let hurt: Vec<_> = found
        .iter()
        .filter(|found| found.code != "node-left-cordoned" && found.code != "arm-ahead-of-nodes")
        .filter(|found| found.impact >= Impact::Stalled)
        .flat_map(|found| found.nodes.clone())
        .collect();
    found.retain(|found| found.code != "node-left-cordoned" || found.nodes.iter().any(|node| !hurt.contains(node)));
}

/// Pods whose trouble another live cause explains, by subject.
fn pods_with_a_root(found: &[Found]) -> Vec<Subject> {
    found
        .iter()
        .filter(|found| ROOTS.contains(&found.code.as_str()) && found.confidence == Confidence::Confirmed)
        .flat_map(|found| found.subjects.clone())
        .collect()
}

/// True for a budget whose unready pods another cause is about, every one of them: that cause is what to look at.
fn is_brought_about(found: &Found, roots: &[Subject]) -> bool {
    let is_pod = |subject: &&Subject| matches!(subject, Subject::Object { object } if object.kind == "Pod");
    let shown = found.evidence.iter().map(|evidence| &evidence.subject);
    let mut sick = shown.filter(is_pod).peekable();
    found.code == USED_UP && sick.peek().is_some() && sick.all(|pod| roots.contains(pod))
}

/// Critical before consequence before mere information, generic last but for information; hints below what is
/// telling; then by specificity, by live evidence, and by how frequent the cause is.
fn order(found: &Found, roots: &[Subject], catalogue: &Catalogue) -> impl Ord + use<> {
    let entry = catalogue.entry(&found.code);
    let is_info = entry.is_some_and(CatalogueEntry::is_info);
    let is_generic = entry.is_none_or(CatalogueEntry::is_generic);
    let is_consequence = CONSEQUENCES.contains(&found.code.as_str()) || is_brought_about(found, roots);
    let class: u8 = match (is_info, is_generic, is_consequence) {
        (true, ..) => 3,
        (false, true, _) => 2,
        (false, false, true) => 1,
        (false, false, false) => 0,
    };
    (
        class,
        found.confidence == Confidence::Possible,
        Reverse(entry.map_or(0, |entry| entry.matching.specificity)),
        Reverse(found.confidence),
        Reverse(found.nodes.len()),
        entry.map_or(u32::MAX, |entry| entry.rank),
    )
}

fn cause(rank: u32, found: Found, catalogue: &Catalogue) -> Cause {
    let known = catalogue.entry(&found.code);
    let mut remedies = found.remedies;
    for remedy in known.iter().flat_map(|entry| &entry.remedies) {
        if !remedies.contains(&remedy.id) {
            remedies.push(remedy.id.clone());
        }
    }
    Cause {
        rank,
        title: known.map(|entry| entry.title.clone()).unwrap_or_default(),
        explanation: known.map(|entry| entry.cause.clone()).unwrap_or_default(),
        guide: known.and_then(|entry| entry.guide.clone()),
        remedies,
        code: found.code,
        headline: found.headline,
        confidence: found.confidence,
        impact: found.impact,
        subjects: found.subjects,
        nodes: found.nodes,
        evidence: found.evidence,
        since: found.since,
        deadline: found.deadline,
    }
}
