//! What a page, a remedy or a guide is about: a finding before an upgrade, or a cause during one. Values only.

use crate::diagnosis::catalogue::Catalogue;
use crate::diagnosis::cause::{Cause, Confidence, Evidence, EvidenceSource, Impact};
use crate::domain::subject::Subject;
use crate::preflight::entry;
use crate::preflight::finding::{Finding, Outcome};

/// A finding or a cause.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Topic {
    Finding(Box<Finding>),
    Cause(Box<Cause>),
}

impl Topic {
    /// The stable code.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Finding(finding) => &finding.code,
            Self::Cause(cause) => &cause.code,
        }
    }

    /// Ids of the remedy library; a pass needs none.
    pub(crate) fn remedies(&self) -> &[String] {
        match self {
            Self::Finding(finding) if finding.outcome == Outcome::Pass => &[],
            Self::Finding(finding) => &finding.remedies,
            Self::Cause(cause) => &cause.remedies,
        }
    }

    /// The guide's link; a finding has that of the first failure it predicts.
    pub(crate) fn guide(&self) -> Option<&str> {
        match self {
            Self::Cause(cause) => cause.guide.as_deref(),
            Self::Finding(finding) => finding
                .predicts
                .iter()
                .find_map(|code| Catalogue::shipped().entry(code)?.guide.as_deref()),
        }
    }

    /// What the remedies are made for: a finding as the cause it would become.
    pub(crate) fn as_cause(&self) -> Cause {
        let finding = match self {
            Self::Cause(cause) => return (**cause).clone(),
            Self::Finding(finding) => finding,
        };
        let nodes = match &finding.subject {
            Subject::Node { name } => vec![name.clone()],
            _ => Vec::new(),
        };
        Cause {
            code: finding.code.clone(),
            rank: 1,
            title: finding.title.clone(),
            headline: finding.headline.clone(),
            explanation: entry(&finding.code).map_or_else(String::new, |entry| entry.why.clone()),
            confidence: Confidence::Confirmed,
            impact: Impact::None,
            subjects: vec![finding.subject.clone()],
            nodes,
            evidence: finding.evidence.iter().map(|words| said(finding, words)).collect(),
            since: None,
            deadline: None,
            remedies: finding.remedies.clone(),
            guide: self.guide().map(str::to_owned),
        }
    }
}

fn said(finding: &Finding, words: &str) -> Evidence {
    Evidence {
        source: EvidenceSource::Object,
        subject: finding.subject.clone(),
        words: words.to_owned(),
        at: None,
    }
}
