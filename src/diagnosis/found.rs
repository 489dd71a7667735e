//! How a rule writes down what it found.

use jiff::Timestamp;

use super::cause::{Confidence, Evidence, Found, Impact};
use crate::domain::ids::NodeName;
use crate::domain::subject::Subject;

impl Found {
    pub(super) fn of(code: &str, confidence: Confidence, impact: Impact, headline: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            confidence,
            impact,
            subjects: Vec::new(),
            nodes: Vec::new(),
            evidence: Vec::new(),
            since: None,
            deadline: None,
            remedies: Vec::new(),
            headline: headline.into(),
        }
    }

    /// A cause that live state shows.
    pub(super) fn confirmed(code: &str, impact: Impact, headline: impl Into<String>) -> Self {
        Self::of(code, Confidence::Confirmed, impact, headline)
    }

    /// A cause that one telling source names.
    pub(super) fn likely(code: &str, impact: Impact, headline: impl Into<String>) -> Self {
        Self::of(code, Confidence::Likely, impact, headline)
    }

    /// A cause that only a text names.
    pub(super) fn possible(code: &str, impact: Impact, headline: impl Into<String>) -> Self {
        Self::of(code, Confidence::Possible, impact, headline)
    }

    /// Adds what it is about; the first one added is the one to look at.
    pub(super) fn about(mut self, subjects: impl IntoIterator<Item = Subject>) -> Self {
        for subject in subjects {
            push_new(&mut self.subjects, subject);
        }
        self
    }

    pub(super) fn on(mut self, nodes: impl IntoIterator<Item = NodeName>) -> Self {
        for node in nodes {
            push_new(&mut self.nodes, node);
        }
        self
    }

    pub(super) fn shown_by(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        for evidence in evidence {
            push_new(&mut self.evidence, evidence);
        }
        self
    }

    pub(super) fn since(mut self, since: Option<Timestamp>) -> Self {
        self.since = since;
        self
    }

    pub(super) fn until(mut self, deadline: Option<Timestamp>) -> Self {
        self.deadline = deadline;
        self
    }

    /// Puts the remedies that fit here in front of the catalogue's.
    pub(super) fn cured_by(mut self, remedies: &[&str]) -> Self {
        self.remedies = remedies.iter().map(ToString::to_string).collect();
        self
    }

    /// Takes in another finding of the same cause: the surer one's words stay.
    pub(super) fn join(&mut self, mut rest: Self) {
        if rest.confidence > self.confidence {
            std::mem::swap(self, &mut rest);
        }
        self.impact = self.impact.max(rest.impact);
        self.since = [self.since, rest.since].into_iter().flatten().min();
        self.deadline = [self.deadline, rest.deadline].into_iter().flatten().min();
        for subject in rest.subjects {
            push_new(&mut self.subjects, subject);
        }
        for node in rest.nodes {
            push_new(&mut self.nodes, node);
        }
        for evidence in rest.evidence {
            push_new(&mut self.evidence, evidence);
        }
        for remedy in rest.remedies {
            push_new(&mut self.remedies, remedy);
        }
    }
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}
