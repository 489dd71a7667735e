//! Causes that texts name. A text alone is never more than likely: live state confirms it, or takes it away.

mod azure_state;
mod cluster_state;
mod events;
mod verdict;
mod wording;

pub(super) use events::look_at_events;
use verdict::{Verdict, judge};

use super::Found;
use crate::diagnosis::catalogue::{Captures, CatalogueEntry, GENERIC_BELOW, TextMatch, exit_code};
use crate::diagnosis::cause::{Confidence, Evidence, EvidenceSource, Impact};
use crate::diagnosis::scene::{Origin, Scene, Text};

/// A text that says less than this is only a hint, whoever wrote it.
const TELLING_FROM: u32 = 50;
/// What AKS writes where it does not say more.
const GENERIC: &str = "internal-generic";

/// What one text may be about.
struct Candidate<'a> {
    entry: &'a CatalogueEntry,
    captures: Captures,
    /// Only the code's word fits, not the message.
    is_code_only: bool,
}

pub(in crate::diagnosis) fn look(scene: &Scene<'_>) -> Vec<Found> {
    scene
        .texts
        .iter()
        .flat_map(|text| {
            let found = candidates(scene, text)
                .into_iter()
                .filter_map(|candidate| found(scene, text, &candidate));
            found.collect::<Vec<Found>>()
        })
        .collect()
}

/// Texts and lasting warnings that no entry of the catalogue knows, as they are.
pub(in crate::diagnosis) fn unexplained(scene: &Scene<'_>) -> Vec<Evidence> {
    let texts = scene
        .texts
        .iter()
        .filter(|text| {
            candidates(scene, text)
                .iter()
                .all(|candidate| candidate.entry.is_generic())
        })
        .map(|text| evidence(text, text.words()));
    texts.chain(events::unexplained(scene)).collect()
}

/// Entries that fit any layer; the messages of all layers are asked before a code's word is believed at all.
fn candidates<'a>(scene: &'a Scene<'_>, text: &Text) -> Vec<Candidate<'a>> {
    let mut candidates: Vec<Candidate<'a>> = Vec::new();
    for layer in &text.layers {
        let found = scene.catalogue.matches(&layer.message);
        let has_code = found.iter().any(|found| found.entry.phase == "node bootstrap");
        add(&mut candidates, found, false);
        if let Some(entry) = exit_code(&layer.message)
            .filter(|_| !has_code)
            .and_then(|exit| exit.failure)
            && let Some(entry) = scene.catalogue.entry(entry)
        {
            let captures = Captures::new();
            add(&mut candidates, vec![TextMatch { entry, captures }], false);
        }
    }
    if candidates.is_empty() {
        for layer in &text.layers {
            let codes = format!("{} {}", layer.code, layer.subcode.as_deref().unwrap_or_default());
            let found = scene.catalogue.matches(&codes);
            add(&mut candidates, found, true);
        }
        let is_catch_all = |entry: &CatalogueEntry| {
            let known = &entry.matching.error_code;
            text.layers.iter().any(|layer| known.contains(&layer.code))
        };
        if let Some(entry) = scene
            .catalogue
            .entry(GENERIC)
            .filter(|entry| candidates.is_empty() && is_catch_all(entry))
        {
            let captures = Captures::new();
            add(&mut candidates, vec![TextMatch { entry, captures }], true);
        }
    }
    keep_telling(&mut candidates);
    candidates
}

fn add<'a>(candidates: &mut Vec<Candidate<'a>>, found: Vec<TextMatch<'a>>, is_code_only: bool) {
    for found in found {
        if candidates.iter().all(|known| known.entry.id != found.entry.id) {
            candidates.push(Candidate {
                entry: found.entry,
                captures: found.captures,
                is_code_only,
            });
        }
    }
}

/// Takes away what fits a text only in passing: generic entries beside a telling one, entries that only the cluster's
/// own events can tell of beside Azure's words, and the weaker of two readings of the same words.
fn keep_telling(candidates: &mut Vec<Candidate<'_>>) {
    let has =
        |candidates: &[Candidate<'_>], is: &dyn Fn(&CatalogueEntry) -> bool| candidates.iter().any(|one| is(one.entry));
    if has(candidates, &|entry| entry.matching.specificity >= GENERIC_BELOW) {
        candidates.retain(|one| !one.entry.is_generic());
    }
    if has(candidates, &|entry| !entry.is_told_by_cluster_only()) {
        candidates.retain(|one| !one.entry.is_told_by_cluster_only());
    }
    if has(candidates, &|entry| {
        entry.id == "pending-no-room" || entry.id == "pending-zonal-volume"
    }) {
        candidates.retain(|one| one.entry.id != "pending-constraint");
    }
    if has(candidates, &|entry| entry.id == "pending-zonal-volume") {
        candidates.retain(|one| one.entry.id != "pending-no-room");
    }
    let strongest = candidates
        .iter()
        .map(|one| one.entry.matching.specificity)
        .max()
        .unwrap_or(0);
    if strongest >= TELLING_FROM {
        candidates.retain(|one| one.entry.matching.specificity >= TELLING_FROM || one.entry.phase == "node drain");
    }
}

fn found(scene: &Scene<'_>, text: &Text, candidate: &Candidate<'_>) -> Option<Found> {
    let entry = candidate.entry;
    let verdict = judge(scene, text, &entry.id, &candidate.captures);
    let shown = match verdict {
        Verdict::Gone => return None,
        Verdict::Is(found) => return Some(told(*found, text)),
        Verdict::Shown(shown) => shown,
        Verdict::Unknown => Vec::new(),
    };
    let is_strong =
        text.origin != Origin::Activity && entry.matching.specificity >= TELLING_FROM && !candidate.is_code_only;
    let confidence = match (shown.is_empty(), is_strong) {
        (false, _) => Confidence::Confirmed,
        (true, true) => Confidence::Likely,
        (true, false) => Confidence::Possible,
    };
    let headline = wording::headline(entry, &candidate.captures, text);
    let found = Found {
        confidence,
        ..Found::likely(&entry.id, impact_of(entry, text), headline)
    };
    let subjects = wording::subjects(scene, &candidate.captures, text);
    let nodes = subjects.iter().filter_map(|subject| match subject {
        crate::domain::subject::Subject::Node { name } => Some(name.clone()),
        _ => None,
    });
    let nodes: Vec<_> = nodes.collect();
    Some(told(found.about(subjects).on(nodes).shown_by(shown), text))
}

fn told(found: Found, text: &Text) -> Found {
    let since = [found.since, text.at].into_iter().flatten().min();
    found.shown_by([evidence(text, text.words())]).since(since)
}

fn evidence(text: &Text, words: String) -> Evidence {
    Evidence {
        source: EvidenceSource::AzureError,
        subject: text.subject.clone(),
        words,
        at: text.at,
    }
}

/// What a text's cause does, by what the catalogue says of it.
fn impact_of(entry: &CatalogueEntry, text: &Text) -> Impact {
    match entry.severity.as_str() {
        "info" => Impact::None,
        "warning" if text.origin != Origin::Refusal => Impact::Slower,
        _ => Impact::Stalled,
    }
}
