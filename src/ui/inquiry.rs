//! What was asked about clusters and what came back: checks, causes, repairs. Kept for the session; asks nobody itself.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::checking::Goal;
use super::command::Ticket;
use crate::diagnosis::cause::{Cause, Diagnosis};
use crate::diagnosis::reconcile::Reconciliation;
use crate::domain::ids::ClusterId;
use crate::domain::survey::{Survey, SurveyDepth};
use crate::engine::repair::RepairEntry;
use crate::preflight::baseline::Difference;
use crate::preflight::finding::Report;
use crate::problem::Problem;
use crate::progress::picture::LivePicture;

/// While somebody looks at the causes of a cluster, it is surveyed again this often (the cockpit's clock).
pub(crate) const CAUSES_PACE: SignedDuration = SignedDuration::from_secs(15);
/// While only the nodes are on the screen.
pub(crate) const NODES_PACE: SignedDuration = SignedDuration::from_mins(1);

/// A survey; two are the same where they are one reading.
#[derive(Clone, Debug)]
pub(crate) struct Surveyed(pub(crate) Arc<Survey>);

impl PartialEq for Surveyed {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A question on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) ticket: Ticket,
    pub(crate) since: Timestamp,
}

/// What the checks said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Checked {
    pub(crate) goal: Goal,
    pub(crate) report: Report,
    pub(crate) survey: Surveyed,
    /// Against the checks before the upgrade, where they were kept.
    pub(crate) difference: Option<Difference>,
}

/// The checks of one cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checks {
    pub(crate) asked: Option<Asked>,
    pub(crate) last: Option<Arc<Checked>>,
    pub(crate) problem: Option<Problem>,
}

/// What the diagnosis said, and what it was made from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Diagnosed {
    pub(crate) diagnosis: Diagnosis,
    pub(crate) survey: Surveyed,
    /// Azure's claims beside the nodes; `None` where only the live picture was looked at.
    pub(crate) reconciliation: Option<Reconciliation>,
    /// False where only the live picture was looked at.
    pub(crate) is_surveyed: bool,
    pub(crate) picture: Option<Arc<LivePicture>>,
}

/// The causes of one cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Causes {
    pub(crate) asked: Option<Asked>,
    pub(crate) last: Option<Arc<Diagnosed>>,
    pub(crate) problem: Option<Problem>,
}

impl Causes {
    /// True where the last survey is older than `pace`, or there is none, and no question is on its way.
    pub(crate) fn is_due(&self, pace: SignedDuration, now: Timestamp) -> bool {
        let taken = self.last.as_ref().filter(|last| last.is_surveyed);
        self.asked.is_none() && taken.is_none_or(|last| now.duration_since(last.survey.0.taken_at) >= pace)
    }

    /// The most likely cause.
    pub(crate) fn top(&self) -> Option<&Cause> {
        self.last.as_ref()?.diagnosis.causes.first()
    }
}

/// The repairs made on one cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Repairs {
    pub(crate) is_asked: bool,
    /// Newest first; `None` before the first reading.
    pub(crate) entries: Option<Arc<Vec<RepairEntry>>>,
    pub(crate) problem: Option<Problem>,
}

/// Everything that was asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inquiries {
    checks: HashMap<ClusterId, Checks>,
    causes: HashMap<ClusterId, Causes>,
    repairs: HashMap<ClusterId, Repairs>,
}

impl Inquiries {
    pub(crate) fn checks(&self, cluster: &ClusterId) -> Option<&Checks> {
        self.checks.get(cluster)
    }

    pub(crate) fn causes(&self, cluster: &ClusterId) -> Option<&Causes> {
        self.causes.get(cluster)
    }

    pub(crate) fn repairs(&self, cluster: &ClusterId) -> Option<&Repairs> {
        self.repairs.get(cluster)
    }

    pub(crate) fn checks_mut(&mut self, cluster: &ClusterId) -> &mut Checks {
        self.checks.entry(cluster.clone()).or_default()
    }

    pub(crate) fn causes_mut(&mut self, cluster: &ClusterId) -> &mut Causes {
        self.causes.entry(cluster.clone()).or_default()
    }

    pub(crate) fn repairs_mut(&mut self, cluster: &ClusterId) -> &mut Repairs {
        self.repairs.entry(cluster.clone()).or_default()
    }

    /// The newest survey of a cluster that is at least so deep.
    pub(crate) fn survey(&self, cluster: &ClusterId, depth: SurveyDepth) -> Option<Surveyed> {
        let checked = self.checks(cluster).and_then(|checks| checks.last.as_ref());
        let checked = checked.map(|checked| &checked.survey);
        let causes = self.causes(cluster).and_then(|causes| causes.last.as_ref());
        let diagnosed = causes
            .filter(|last| last.is_surveyed && depth == SurveyDepth::Diagnosis)
            .map(|last| &last.survey);
        let both = checked.into_iter().chain(diagnosed);
        both.max_by_key(|survey| survey.0.taken_at).cloned()
    }
}

impl Checks {
    /// Takes an answer; false where it belongs to a question that is no longer asked.
    pub(crate) fn take(&mut self, ticket: Ticket, answer: Result<Checked, Problem>) -> bool {
        if self.asked.is_none_or(|asked| asked.ticket != ticket) {
            return false;
        }
        self.asked = None;
        match answer {
            Ok(checked) => {
                self.last = Some(Arc::new(checked));
                self.problem = None;
            }
            Err(problem) => self.problem = Some(problem),
        }
        true
    }
}

impl Causes {
    /// Takes an answer; false where it belongs to a question that is no longer asked.
    pub(crate) fn take(&mut self, ticket: Ticket, answer: Result<Diagnosed, Problem>) -> bool {
        if self.asked.is_none_or(|asked| asked.ticket != ticket) {
            return false;
        }
        self.asked = None;
        match answer {
            Ok(diagnosed) => {
                self.last = Some(Arc::new(diagnosed));
                self.problem = None;
            }
            Err(problem) => self.problem = Some(problem),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures;

    #[test]
    fn a_late_answer_counts_for_nothing_and_a_fresh_survey_is_not_taken_again() {
        let mut causes = Causes::default();
        let now = fixtures::now();
        assert!(causes.is_due(CAUSES_PACE, now));
        causes.asked = Some(Asked {
            ticket: Ticket(2),
            since: now,
        });
        assert!(!causes.is_due(CAUSES_PACE, now), "one question at a time");
        let answer = || Ok(fixtures::diagnosed("shop-prod", fixtures::held_by_budget()));
        assert!(!causes.take(Ticket(1), answer()));
        assert!(causes.take(Ticket(2), answer()));
        assert!(!causes.is_due(CAUSES_PACE, now + SignedDuration::from_secs(14)));
        assert!(causes.is_due(CAUSES_PACE, now + SignedDuration::from_secs(15)));
        assert_eq!(causes.top().map(|cause| cause.rank), Some(1));
    }
}
