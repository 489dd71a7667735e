//! A cause: what is wrong, how sure that is, what shows it, what it does, and what cures it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::NodeName;
use crate::domain::subject::Subject;

/// How sure a cause is. In the order of certainty, surest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A text says so, and nothing alive confirms it yet, or could be read.
    Possible,
    /// One telling source, nothing against it.
    Likely,
    /// The cluster's state shows it now.
    Confirmed,
}

impl Confidence {
    /// The word on screen and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Confirmed => "confirmed",
        }
    }
}

/// What a cause does to the upgrade, or to what runs on the cluster. Worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Impact {
    None,
    Slower,
    Stalled,
    WorkloadAtRisk,
    ApiServerAtRisk,
}

impl Impact {
    /// In words, for the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Slower => "slower",
            Self::Stalled => "stalled",
            Self::WorkloadAtRisk => "workload at risk",
            Self::ApiServerAtRisk => "API server at risk",
        }
    }
}

/// Where a piece of evidence was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum EvidenceSource {
    /// An operation's or a resource's error.
    AzureError,
    /// Azure's claim about a resource.
    AzureState,
    /// A scale set machine or its bootstrap script.
    Machine,
    /// An event of the cluster.
    Event,
    /// An object as it is now.
    Object,
    /// What the cockpit itself saw over time.
    Watched,
}

/// One piece of evidence, in the words of who said it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    pub source: EvidenceSource,
    pub subject: Subject,
    /// As Azure or the cluster wrote it, or as the numbers stand.
    pub words: String,
    pub at: Option<Timestamp>,
}

/// What one rule found; the ranking adds what the catalogue knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Code of the catalogue, for instance `drain-blocked-by-pdb`.
    pub code: String,
    pub confidence: Confidence,
    pub impact: Impact,
    /// The one object to look at comes first.
    pub subjects: Vec<Subject>,
    /// Nodes held or hurt by it.
    pub nodes: Vec<NodeName>,
    /// Most telling first; never empty.
    pub evidence: Vec<Evidence>,
    pub since: Option<Timestamp>,
    /// When it will fail the upgrade, where that is known.
    pub deadline: Option<Timestamp>,
    /// Remedy ids that fit here, safest first; empty takes the catalogue's.
    pub remedies: Vec<String>,
    /// One sentence that names the subject and the numbers.
    pub headline: String,
}

/// One cause, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    pub code: String,
    /// 1 is the most likely.
    pub rank: u32,
    pub title: String,
    pub headline: String,
    /// What the catalogue says about why it happens.
    pub explanation: String,
    pub confidence: Confidence,
    pub impact: Impact,
    pub subjects: Vec<Subject>,
    pub nodes: Vec<NodeName>,
    pub evidence: Vec<Evidence>,
    pub since: Option<Timestamp>,
    pub deadline: Option<Timestamp>,
    /// Ids of the remedy library, safest first.
    pub remedies: Vec<String>,
    pub guide: Option<String>,
}

/// All that is known about why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// Most likely first. Empty while nothing is wrong.
    pub causes: Vec<Cause>,
    /// What points at trouble and fits no cause: shown as it is, never guessed about.
    pub unexplained: Vec<Evidence>,
    /// What could not be looked at, one sentence each.
    pub blind_spots: Vec<String>,
}
