//! What the checks say before a start: waited for, counted, blockers by name. Decides nothing.

use super::super::command::Ticket;
use super::super::components::prose::Passage;
use super::super::screens::preflight::counts;
use super::super::screens::trouble::told;
use super::super::theme::{DOT, Mark, Role};
use super::note;
use crate::preflight::finding::{Outcome, Report};
use crate::problem::Problem;

/// What the checks before a start say.
#[derive(Clone, Debug)]
pub(super) enum Checks {
    NotNeeded,
    /// `None` before they were asked for.
    Asked(Option<Ticket>),
    Made(Box<Report>),
    /// Why they could not be made.
    Failed(Problem),
}

impl Checks {
    /// What speaks against a start, one line each: then a reason is needed.
    pub(super) fn against(&self) -> Vec<String> {
        match self {
            Self::NotNeeded | Self::Asked(_) => Vec::new(),
            Self::Made(report) => report
                .findings
                .iter()
                .filter(|finding| finding.outcome == Outcome::Blocker)
                .map(told)
                .collect(),
            Self::Failed(problem) => vec![format!("the checks could not be made: {}", problem.what)],
        }
    }

    pub(super) fn passages(&self) -> Vec<Passage> {
        match self {
            Self::NotNeeded => Vec::new(),
            Self::Asked(_) => {
                let text = format!("{} reading the cluster and making the checks", Mark::Loading.symbol());
                vec![Passage::new(Role::Muted, text).indented(2)]
            }
            Self::Made(report) => lines(report),
            Self::Failed(problem) => note::problem_passages(problem)
                .into_iter()
                .map(|passage| passage.indented(2))
                .collect(),
        }
    }
}

/// Counts, then every blocker; what is less is on the screen of the checks.
fn lines(report: &Report) -> Vec<Passage> {
    let mut first = Passage::default().indented(2);
    for (mark, text) in counts(report) {
        first = first.and(mark.role(), format!("{} {text}   ", mark.symbol()));
    }
    let blockers = report
        .findings
        .iter()
        .filter(|finding| finding.outcome == Outcome::Blocker);
    let mut out = vec![first];
    out.extend(blockers.map(|finding| {
        Passage::new(Role::Danger, format!("{} ", Mark::Failed.symbol()))
            .and(Role::Strong, told(finding))
            .and(Role::Muted, format!("{DOT}{}", finding.code))
            .indented(2)
            .hanging(2)
    }));
    out
}
