//! A finding: one check's word on one subject. Five different results; what could not be checked is never a pass.

use serde::{Deserialize, Serialize};

use crate::domain::subject::Subject;
use crate::domain::survey::Unread;

/// What a check found. In the order of harm, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Pass,
    Info,
    /// It could not be checked.
    Unknown,
    Warning,
    /// The upgrade is refused, or fails with near certainty.
    Blocker,
}

impl Outcome {
    /// The word on screen and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Info => "info",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Blocker => "blocker",
        }
    }
}

/// Who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    Cockpit,
    /// AKS's own upgrade insights.
    Aks,
}

/// What a check says of one subject; the registry adds what the catalogue knows of the check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub outcome: Outcome,
    pub subject: Subject,
    /// One sentence for this subject, with the numbers behind it.
    pub headline: String,
    /// More numbers and words of the cluster, most telling first; may be empty.
    pub evidence: Vec<String>,
    /// Remedy ids that fit here, safest first; empty takes the catalogue's.
    pub remedies: Vec<String>,
}

impl Said {
    /// One word on one subject.
    pub fn new(outcome: Outcome, subject: Subject, headline: impl Into<String>) -> Self {
        Self {
            outcome,
            subject,
            headline: headline.into(),
            evidence: Vec::new(),
            remedies: Vec::new(),
        }
    }

    /// A check that could not look, and why.
    pub fn unknown(unread: &Unread) -> Self {
        Self::new(Outcome::Unknown, Subject::Cluster, unread.to_string())
    }

    /// The same with one more line of evidence.
    #[must_use]
    pub fn with(mut self, evidence: impl Into<String>) -> Self {
        self.evidence.push(evidence.into());
        self
    }

    /// The same with the remedies that fit here.
    #[must_use]
    pub fn cured_by(mut self, remedies: &[&str]) -> Self {
        self.remedies = remedies.iter().map(|&id| id.to_owned()).collect();
        self
    }
}

/// What a check found; where something it needs was not read, that is what it says.
pub(super) fn or_unknown(found: Result<Vec<Said>, &Unread>) -> Vec<Said> {
    found.unwrap_or_else(|unread| vec![Said::unknown(unread)])
}

/// One finding, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Stable, for instance `pdb-zero`.
    pub code: String,
    pub outcome: Outcome,
    pub subject: Subject,
    /// What the check is about.
    pub title: String,
    pub headline: String,
    pub evidence: Vec<String>,
    /// Codes of the failures it predicts.
    pub predicts: Vec<String>,
    /// Ids of the remedy library, safest first.
    pub remedies: Vec<String>,
    pub origin: Origin,
}

/// All findings of one look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Worst first, then by code and subject. A check without trouble has one pass, on the cluster.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Findings of that outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.outcome == outcome)
            .count()
    }

    /// The worst outcome there is; `Pass` where there is nothing.
    pub fn worst(&self) -> Outcome {
        self.findings
            .iter()
            .map(|finding| finding.outcome)
            .max()
            .unwrap_or(Outcome::Pass)
    }
}
