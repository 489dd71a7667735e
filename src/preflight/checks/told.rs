//! How a check reads a survey and speaks: what was not read becomes one unknown finding, never a pass.

use crate::domain::pod::Owner;
use crate::domain::subject::Subject;
use crate::domain::survey::{PodFact, Reading, Unread, WorkloadFact};
use crate::preflight::cluster_index::owner_in_words;
use crate::preflight::finding::{Outcome, Said};

/// What a check says, or the one unknown that keeps it from saying anything.
pub(super) type Told = Result<Vec<Said>, Box<Said>>;

/// The findings of either.
pub(super) fn told(told: Told) -> Vec<Said> {
    told.unwrap_or_else(|unknown| vec![*unknown])
}

/// A part of the survey; `what` names it in the finding that says it was not read.
pub(super) fn read<'a, T>(reading: &'a Reading<T>, what: &str) -> Result<&'a T, Box<Said>> {
    reading
        .as_ref()
        .map_err(|unread| Box::new(unknown(Subject::Cluster, what, unread)))
}

/// Says that something was not read, and why.
pub(super) fn unknown(subject: Subject, what: &str, unread: &Unread) -> Said {
    Said::new(Outcome::Unknown, subject, format!("{what}: {unread}"))
}

/// A workload as a subject.
pub(super) fn workload(workload: &WorkloadFact) -> Subject {
    object(&workload.kind, &workload.namespace, &workload.name)
}

/// Whom pods belong to, as a person calls it: pods are grouped by it, and one finding is about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Keeper<'a> {
    namespace: &'a str,
    owner: Option<Owner>,
    /// The name of a pod without an owner; empty for others.
    pod: &'a str,
}

impl<'a> Keeper<'a> {
    pub(super) fn of(pod: &'a PodFact) -> Self {
        let owner = owner_in_words(pod);
        Self {
            namespace: &pod.pod.namespace,
            pod: if owner.is_none() { &pod.pod.name } else { "" },
            owner,
        }
    }

    pub(super) fn subject(&self) -> Subject {
        match &self.owner {
            Some(owner) => object(&owner.kind, self.namespace, &owner.name),
            None => object("Pod", self.namespace, self.pod),
        }
    }
}

/// An object of one of the kinds that make pods, or a pod.
pub(super) fn object(kind: &str, namespace: &str, name: &str) -> Subject {
    let api_version = match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => "apps/v1",
        "Job" | "CronJob" => "batch/v1",
        "HorizontalPodAutoscaler" => "autoscaling/v2",
        "PodDisruptionBudget" => "policy/v1",
        _ => "v1",
    };
    Subject::object(api_version, kind, namespace, name)
}

/// A resource in Azure by its id; its last segment is its name.
pub(super) fn resource(kind: &str, id: &str) -> Subject {
    Subject::Azure {
        kind: kind.to_owned(),
        name: id.rsplit('/').next().unwrap_or(id).to_owned(),
        id: Some(id.to_owned()),
    }
}

/// A limit of the region.
pub(super) fn limit(kind: &str, name: &str) -> Subject {
    Subject::Azure {
        kind: kind.to_owned(),
        name: name.to_owned(),
        id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_read_says_why() {
        let unread: Reading<u8> = Err(Unread::Denied {
            right: "get nodes".to_owned(),
            why: "forbidden".to_owned(),
        });
        let said = read(&unread, "nodes").unwrap_err();
        assert_eq!(said.outcome, Outcome::Unknown);
        assert_eq!(said.headline, "nodes: the right 'get nodes' is missing: forbidden");
    }
}
