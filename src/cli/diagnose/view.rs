//! `diagnose` as JSON. The contract of scripts: fields are added, never taken away.

use jiff::Timestamp;
use serde::Serialize;

use super::Looked;
use crate::diagnosis::cause::{Cause, Evidence, EvidenceSource};
use crate::domain::subject::Subject;
use crate::remedy::library::remedy;
use crate::remedy::plan;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DiagnoseDocument {
    schema: &'static str,
    cluster: String,
    as_of: Timestamp,
    causes: Vec<CauseRow>,
    /// What points at trouble and fits no cause.
    unexplained: Vec<EvidenceRow>,
    /// What could not be looked at.
    blind_spots: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CauseRow {
    code: String,
    rank: u32,
    title: String,
    headline: String,
    explanation: String,
    confidence: &'static str,
    impact: &'static str,
    since: Option<Timestamp>,
    deadline: Option<Timestamp>,
    subjects: Vec<SubjectRow>,
    nodes: Vec<String>,
    evidence: Vec<EvidenceRow>,
    remedies: Vec<RemedyRow>,
    guide: Option<String>,
    /// The page about it, in the repository and by `aks-cockpit explain CODE`.
    page: String,
}

#[derive(Debug, Serialize)]
struct SubjectRow {
    name: String,
    object: Subject,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EvidenceRow {
    source: EvidenceSource,
    subject: String,
    words: String,
    at: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RemedyRow {
    id: String,
    title: String,
    risk: &'static str,
    risk_note: String,
    how: String,
    undo: String,
    /// True where `aks-cockpit mend` can do it here and now.
    automatable: bool,
    /// Why it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    why_not: Option<String>,
}

pub(super) fn document(looked: &Looked) -> DiagnoseDocument {
    DiagnoseDocument {
        schema: "aks-cockpit/diagnose/v1",
        cluster: looked.survey.cluster.as_str().to_owned(),
        as_of: looked.survey.taken_at,
        causes: looked.diagnosis.causes.iter().map(|cause| row(cause, looked)).collect(),
        unexplained: looked.diagnosis.unexplained.iter().map(evidence).collect(),
        blind_spots: looked.diagnosis.blind_spots.clone(),
    }
}

fn row(cause: &Cause, looked: &Looked) -> CauseRow {
    CauseRow {
        code: cause.code.clone(),
        rank: cause.rank,
        title: cause.title.clone(),
        headline: cause.headline.clone(),
        explanation: cause.explanation.clone(),
        confidence: cause.confidence.as_str(),
        impact: cause.impact.as_str(),
        since: cause.since,
        deadline: cause.deadline,
        subjects: cause
            .subjects
            .iter()
            .map(|subject| SubjectRow {
                name: subject.to_string(),
                object: subject.clone(),
            })
            .collect(),
        nodes: cause.nodes.iter().map(ToString::to_string).collect(),
        evidence: cause.evidence.iter().map(evidence).collect(),
        remedies: cause
            .remedies
            .iter()
            .filter_map(|id| remedy_row(id, cause, looked))
            .collect(),
        guide: cause.guide.clone(),
        page: format!("docs/findings/{}.md", cause.code),
    }
}

fn evidence(evidence: &Evidence) -> EvidenceRow {
    EvidenceRow {
        source: evidence.source.clone(),
        subject: evidence.subject.to_string(),
        words: evidence.words.clone(),
        at: evidence.at,
    }
}

fn remedy_row(id: &str, cause: &Cause, looked: &Looked) -> Option<RemedyRow> {
    let known = remedy(id)?;
    let exact = plan(id, cause, &looked.survey);
    Some(RemedyRow {
        id: known.id.clone(),
        title: exact
            .as_ref()
            .map_or_else(|_| known.title.clone(), |repair| repair.title.clone()),
        risk: known.risk.as_str(),
        risk_note: known.risk_note.clone(),
        how: known.how.clone(),
        undo: known.undo.clone(),
        automatable: exact.is_ok(),
        why_not: exact.err().map(|error| error.to_string()),
    })
}
