//! Azure's claim beside what the nodes run, pool by pool, and what an upgrade left behind, each with its repair.

use super::super::components::prose::Passage;
use super::super::data::Data;
use super::super::inquiry::Diagnosed;
use super::super::theme::{CURSOR, DOT, Mark, Role, state_mark};
use super::super::wording::{self, count};
use super::topic::Topic;
use super::trouble::heading;
use crate::diagnosis::catalogue::Catalogue;
use crate::diagnosis::cause::{Cause, Confidence, Evidence, EvidenceSource, Impact};
use crate::diagnosis::reconcile::{Leftover, PoolClaim, Reconciliation};
use crate::domain::ids::ClusterId;
use crate::domain::subject::Subject;
use crate::domain::version::NodeImageVersion;
use crate::remedy::library::remedy;

/// The comparison from the last survey of the cluster.
fn known<'a>(data: &'a Data, id: &ClusterId) -> Option<(&'a Diagnosed, &'a Reconciliation)> {
    let last = data.inquiries.causes(id)?.last.as_deref()?;
    Some((last, last.reconciliation.as_ref()?))
}

/// What was left behind, most harmful first.
pub(super) fn leftovers<'a>(data: &'a Data, id: &ClusterId) -> &'a [Leftover] {
    known(data, id).map_or(&[], |(_, claims)| claims.leftovers.as_slice())
}

/// The panel's text; the line of the selected leftover begins with the cursor.
pub(super) fn passages(data: &Data, id: &ClusterId, selected: usize) -> Vec<Passage> {
    let Some((last, claims)) = known(data, id) else {
        let problem = data.inquiries.causes(id).and_then(|causes| causes.problem.as_ref());
        return match problem {
            Some(problem) => super::super::dialogs::note::problem_passages(problem),
            None => vec![Passage::new(
                Role::Muted,
                format!(
                    "{} reading the nodes and what Azure says of them",
                    Mark::Loading.symbol()
                ),
            )],
        };
    };
    let mut out: Vec<Passage> = claims.pools.iter().flat_map(pool).collect();
    let age = wording::ago(last.survey.0.taken_at, data.now);
    if claims.pools.is_empty() {
        out.push(Passage::new(Role::Text, "Neither Azure nor the nodes tell of a pool."));
    }
    out.push(Passage::blank());
    out.push(heading("Left behind").and(Role::Muted, format!("{DOT}looked {age}")));
    if claims.leftovers.is_empty() {
        let (mark, text) = if claims.unknown.is_empty() {
            (Mark::Good, "nothing that an upgrade should have taken away")
        } else {
            (Mark::Unknown, "nothing in what could be compared")
        };
        out.push(Passage::new(mark.role(), format!("{} {text}", mark.symbol())).indented(2));
    }
    let all = claims.leftovers.iter().enumerate();
    out.extend(all.map(|(at, one)| leftover(one, at == selected, !data.is_read_only)));
    out.extend(claims.unknown.iter().map(|why| {
        Passage::new(Mark::Unknown.role(), format!("{} {why}", Mark::Unknown.symbol()))
            .indented(2)
            .hanging(2)
    }));
    out
}

fn pool(claim: &PoolClaim) -> [Passage; 2] {
    let mut azure = Passage::new(Role::Strong, format!("{:<13}", claim.pool.as_str())).and(Role::Muted, "Azure ");
    azure = match &claim.state {
        Some(state) => azure.and(
            state_mark(state).role(),
            format!("{} {state}", state_mark(state).symbol()),
        ),
        None => azure.and(Role::Muted, "not known"),
    };
    let words = |text: &str| text.split(", ").map(short).collect::<Vec<_>>().join(", ");
    azure = azure.and(Role::Text, format!("{DOT}{}", words(&claim.claimed_words())));
    if let Some(nodes) = claim.count {
        let nodes = usize::try_from(nodes).unwrap_or(usize::MAX);
        azure = azure.and(Role::Text, format!("{DOT}{}", count(nodes, "node")));
    }
    let (mark, role) = if claim.is_true() {
        (Mark::Good, Role::Text)
    } else {
        (Mark::Behind, Role::Attention)
    };
    let mut runs: Vec<String> = claim
        .runs
        .iter()
        .map(|(what, nodes)| format!("{nodes} of {}", words(what)))
        .collect();
    if runs.is_empty() {
        runs.push("none seen".to_owned());
    }
    let ready = format!("{DOT}{} of {} ready", claim.ready, claim.nodes);
    let nodes = Passage::new(Role::Muted, "nodes ")
        .and(mark.role(), format!("{} ", mark.symbol()))
        .and(role, runs.join("; "))
        .and(Role::Muted, ready)
        .indented(13)
        .hanging(6);
    [azure.hanging(19), nodes]
}

/// A node image by its release; anything else as it is.
fn short(text: &str) -> String {
    if text.starts_with("AKS") {
        format!("image {}", NodeImageVersion::new(text).release())
    } else {
        text.to_owned()
    }
}

fn leftover(leftover: &Leftover, is_selected: bool, may_mend: bool) -> Passage {
    let (sign, role) = if is_selected {
        (CURSOR, Role::Selected)
    } else {
        (" ", Role::Attention)
    };
    let cure = remedy(leftover.remedy).map_or(leftover.remedy, |remedy| remedy.title.as_str());
    let line = Passage::new(role, format!("{sign} {}", leftover.kind.as_str()))
        .and(Role::Text, format!("{DOT}{}", leftover.words))
        .and(Role::Muted, format!("{DOT}{cure}"))
        .hanging(2);
    if may_mend && is_selected {
        line.and(Role::Muted, ": ")
            .and(Role::Key, "M")
            .and(Role::Muted, " mends it")
    } else {
        line
    }
}

/// A leftover as the cause its remedy is made for.
pub(super) fn topic(leftover: &Leftover) -> Topic {
    let known = Catalogue::shipped().entry(leftover.code);
    let nodes = match &leftover.subject {
        Subject::Node { name } => vec![name.clone()],
        _ => Vec::new(),
    };
    Topic::Cause(Box::new(Cause {
        code: leftover.code.to_owned(),
        rank: 1,
        title: known.map(|entry| entry.title.clone()).unwrap_or_default(),
        headline: leftover.words.clone(),
        explanation: known.map(|entry| entry.cause.clone()).unwrap_or_default(),
        confidence: Confidence::Confirmed,
        impact: Impact::None,
        subjects: vec![leftover.subject.clone()],
        nodes,
        evidence: vec![Evidence {
            source: EvidenceSource::Object,
            subject: leftover.subject.clone(),
            words: leftover.words.clone(),
            at: None,
        }],
        since: None,
        deadline: None,
        remedies: vec![leftover.remedy.to_owned()],
        guide: known.and_then(|entry| entry.guide.clone()),
    }))
}
