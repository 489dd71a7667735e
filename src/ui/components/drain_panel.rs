//! One node in full: its phase, versions, drain, and each pod that stays with owner, budget and why.

use jiff::Timestamp;

use super::super::narrative;
use super::super::theme::{DOT, Role, phase_mark};
use super::super::wording::{self, count};
use super::prose::Passage;
use crate::domain::version::{KubernetesVersion, NodeImageVersion};
use crate::progress::claim::Gap;
use crate::progress::picture::{NodePhase, NodeProgress};

/// The node's story, most telling first.
pub(crate) fn passages(node: &NodeProgress, now: Timestamp) -> Vec<Passage> {
    let mut out = vec![state(node, now)];
    if let Some(text) = narrative::drain(node, now) {
        out.push(Passage::new(Role::Strong, wording::sentence_start(&text)));
    }
    out.extend(holds(node));
    out.push(Passage::blank());
    out.push(versions(node));
    out
}

fn state(node: &NodeProgress, now: Timestamp) -> Passage {
    let (symbol, role) = phase_mark(node.phase);
    let mut passage = Passage::new(role, format!("{symbol} {}", node.phase.as_str()));
    // A node that nothing was done to has waited for as long as it exists, which tells nothing.
    if node.phase != NodePhase::Waiting {
        passage = passage.and(Role::Text, format!(" for {}", wording::since(node.since, now)));
    }
    let readiness = match node.is_ready {
        Some(true) => "ready",
        Some(false) => "not ready",
        None => "not registered",
    };
    passage = passage.and(Role::Muted, format!("{DOT}{readiness}"));
    if node.is_cordoned && node.phase != NodePhase::Cordoned {
        passage = passage.and(Role::Muted, format!("{DOT}cordoned"));
    }
    if node.is_surge && node.phase != NodePhase::Surge {
        passage = passage.and(Role::Muted, format!("{DOT}surge node"));
    }
    passage
}

fn holds(node: &NodeProgress) -> Vec<Passage> {
    let Some(drain) = &node.drain else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for hold in &drain.holds {
        let owner = hold
            .owner
            .as_ref()
            .map_or_else(|| "no owner: it will not come back".to_owned(), ToString::to_string);
        out.push(Passage::blank());
        out.push(
            Passage::new(Role::Strong, format!("{}/{}", hold.namespace, hold.pod))
                .and(Role::Muted, format!("  {owner}")),
        );
        let (why, what_to_do) = narrative::why_held(hold);
        out.push(Passage::new(Role::Attention, "held: ").and(Role::Text, why).indented(2));
        out.push(Passage::new(Role::Key, "do: ").and(Role::Text, what_to_do).indented(2));
    }
    for pod in &drain.blocked_by_event {
        out.push(Passage::blank());
        out.push(Passage::new(Role::Strong, pod));
        let why = "the upgrader says its eviction is blocked; no budget that holds it is visible from here";
        out.push(Passage::new(Role::Attention, "held: ").and(Role::Text, why).indented(2));
    }
    let told = drain.holds.len() + drain.blocked_by_event.len();
    let silent = drain.pods_left.unwrap_or(0).saturating_sub(told);
    if silent > 0 && told > 0 {
        out.push(Passage::blank());
        out.push(Passage::new(
            Role::Muted,
            format!("{} may go at any moment", count(silent, "more pod")),
        ));
    }
    out
}

fn versions(node: &NodeProgress) -> Passage {
    let version = node
        .version
        .map_or_else(|| node.version_text.clone(), |version| version.to_string());
    let version = if version.is_empty() {
        "not known".to_owned()
    } else {
        version
    };
    let image = node
        .node_image
        .as_ref()
        .map_or_else(String::new, |image| format!("{DOT}image {}", image.release()));
    Passage::new(Role::Muted, "runs ").and(Role::Text, format!("{version}{image}"))
}

/// Azure's claim beside what the nodes run, named; images by their release.
pub(crate) fn gap_text(gap: &Gap) -> String {
    let what = |text: &str| match text.parse::<KubernetesVersion>() {
        Ok(version) => version.to_string(),
        Err(_) => format!("image {}", NodeImageVersion::new(text).release()),
    };
    let run = if gap.nodes.len() == 1 { "runs" } else { "run" };
    format!(
        "pool {}: Azure says {}, but {} {run} {}",
        gap.pool,
        what(&gap.claimed),
        count(gap.nodes.len(), "node"),
        what(&gap.real),
    )
}
