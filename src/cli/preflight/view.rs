//! `preflight` as JSON. The contract of scripts: fields are added, never taken away.

use serde::Serialize;

use super::Checked;
use crate::diagnosis::catalogue::Catalogue;
use crate::domain::subject::Subject;
use crate::preflight::finding::{Finding, Origin, Outcome};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PreflightDocument {
    schema: &'static str,
    cluster: String,
    target: Option<String>,
    findings: Vec<FindingRow>,
    counts: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<DifferenceRow>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingRow {
    code: String,
    result: &'static str,
    /// The worst this check can say.
    severity: Option<&'static str>,
    title: String,
    headline: String,
    subject: String,
    object: Subject,
    evidence: Vec<String>,
    predicts: Vec<String>,
    remedies: Vec<String>,
    guide: Option<String>,
    /// The page about it, in the repository and by `aks-cockpit explain CODE`.
    page: String,
    origin: Origin,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    pass: usize,
    info: usize,
    unknown: usize,
    warning: usize,
    blocker: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DifferenceRow {
    new: Vec<FindingRow>,
    gone: Vec<FindingRow>,
    changed: Vec<ChangedRow>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangedRow {
    before: FindingRow,
    after: FindingRow,
}

pub(super) fn document(checked: &Checked) -> PreflightDocument {
    let count = |outcome| checked.report.count(outcome);
    PreflightDocument {
        schema: "aks-cockpit/preflight/v1",
        cluster: checked.cluster.clone(),
        target: checked.target.clone(),
        findings: checked.report.findings.iter().map(row).collect(),
        counts: Counts {
            pass: count(Outcome::Pass),
            info: count(Outcome::Info),
            unknown: count(Outcome::Unknown),
            warning: count(Outcome::Warning),
            blocker: count(Outcome::Blocker),
        },
        difference: checked.difference.as_ref().map(|difference| DifferenceRow {
            new: difference.new.iter().map(row).collect(),
            gone: difference.gone.iter().map(row).collect(),
            changed: difference
                .changed
                .iter()
                .map(|(before, after)| ChangedRow {
                    before: row(before),
                    after: row(after),
                })
                .collect(),
        }),
    }
}

fn row(finding: &Finding) -> FindingRow {
    let known = crate::preflight::entry(&finding.code);
    let predicted = finding
        .predicts
        .first()
        .and_then(|code| Catalogue::shipped().entry(code));
    FindingRow {
        code: finding.code.clone(),
        result: finding.outcome.as_str(),
        severity: known.map(|entry| entry.severity.as_str()),
        title: finding.title.clone(),
        headline: finding.headline.clone(),
        subject: finding.subject.to_string(),
        object: finding.subject.clone(),
        evidence: finding.evidence.clone(),
        predicts: finding.predicts.clone(),
        remedies: finding.remedies.clone(),
        guide: predicted.and_then(|entry| entry.guide.clone()),
        page: format!("docs/findings/{}.md", finding.code),
        origin: finding.origin.clone(),
    }
}
