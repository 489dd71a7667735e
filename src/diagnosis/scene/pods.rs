//! How a pod is, as far as it tells a start from a failure: noise of a moving cluster is not trouble.

use crate::domain::survey::{ContainerState, PodFact};

use super::Scene;

/// Minutes an evicted pod may take to be ready again before it counts as trouble.
const START_MINUTES: i64 = 3;

/// What keeps a pod from being ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::diagnosis) enum Trouble {
    /// The scheduler's words.
    NoNode(String),
    /// Reason and message of a waiting container.
    Waiting { reason: String, message: String },
    /// It runs or ended, and is not ready.
    NotReady(String),
}

impl Trouble {
    /// True for a reason that does not pass by itself in a moment.
    pub(in crate::diagnosis) fn is_telling(&self) -> bool {
        match self {
            Self::Waiting { reason, .. } => !matches!(reason.as_str(), "" | "ContainerCreating" | "PodInitializing"),
            Self::NoNode(_) | Self::NotReady(_) => false,
        }
    }

    pub(in crate::diagnosis) fn is_image_pull(&self) -> bool {
        matches!(self, Self::Waiting { reason, .. } if matches!(reason.as_str(), "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull"))
    }

    pub(in crate::diagnosis) fn is_crash(&self) -> bool {
        matches!(self, Self::Waiting { reason, .. } if matches!(reason.as_str(), "CrashLoopBackOff" | "RunContainerError" | "CreateContainerError" | "CreateContainerConfigError"))
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoNode(words) => write!(formatter, "has no node: {words}"),
            Self::Waiting { reason, message } if message.is_empty() => formatter.write_str(reason),
            Self::Waiting { reason, message } => write!(formatter, "{reason}: {message}"),
            Self::NotReady(words) => formatter.write_str(words),
        }
    }
}

/// What is wrong with a pod; `None` for one that is ready or finished.
pub(in crate::diagnosis) fn trouble_of(fact: &PodFact) -> Option<Trouble> {
    if fact.pod.is_ready || matches!(fact.pod.phase.as_str(), "Succeeded") {
        return None;
    }
    if fact.pod.node.is_none() {
        let words = fact.unschedulable.clone().unwrap_or_else(|| fact.pod.phase.clone());
        return Some(Trouble::NoNode(words));
    }
    let waiting = fact.containers.iter().find_map(|container| match &container.state {
        ContainerState::Waiting { reason, message } => Some(Trouble::Waiting {
            reason: reason.clone(),
            message: message.clone(),
        }),
        _ => None,
    });
    Some(waiting.unwrap_or_else(|| {
        let container = fact.containers.iter().find(|container| !container.is_ready);
        let end = container.and_then(|container| container.last_end.as_ref());
        Trouble::NotReady(match (container, end) {
            (Some(container), Some(end)) => format!("container {} is not ready, last end {end}", container.name),
            (Some(container), None) => format!("container {} is not ready", container.name),
            (None, _) => format!("{}, not ready", fact.pod.phase),
        })
    }))
}

impl Scene<'_> {
    /// What is wrong with a pod for longer than a start takes, or in a way that does not pass.
    pub(in crate::diagnosis) fn lasting_trouble(&self, fact: &PodFact) -> Option<Trouble> {
        if fact.pod.deletion_at.is_some() {
            return None;
        }
        trouble_of(fact).filter(|trouble| trouble.is_telling() || self.is_older(fact.created_at, START_MINUTES))
    }
}
