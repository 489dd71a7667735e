//! Pods that their controllers may not make, because an admission webhook refuses them: said in the conditions and events
//! of the controllers, and tried again.

use serde_json::Value;

use super::admission::Rejection;
use super::fields::{self, Condition};
use super::kinds::Kind;
use super::store::Key;
use super::touched::Touched;
use super::{EventSpec, ObjectStore, RETRY};

/// The condition of a ReplicaSet whose pods are refused (Kubernetes API reference, apps/v1); its Deployment has it too.
pub(super) const FAILURE: &str = "ReplicaFailure";

impl ObjectStore {
    /// Makes so many pods with drawn names, up to the first that is refused; gives how many were made.
    pub(super) fn create_pods(&mut self, owner: &Value, kind: Kind, count: usize) -> usize {
        for made in 0..count {
            let name = format!("{}-{}", fields::name(owner), self.names.suffix());
            let outcome = self.create_pod(owner, kind, &name, None);
            if !self.note_outcome(owner, kind, outcome) {
                return made;
            }
        }
        count
    }

    /// Keeps in mind whether a controller may make pods, and says so where it may not; true where it may.
    pub(super) fn note_outcome(&mut self, owner: &Value, kind: Kind, outcome: Result<(), Rejection>) -> bool {
        let uid = fields::uid(owner);
        let Err(rejection) = outcome else {
            if self.refused.remove(uid).is_some() {
                self.show_failure(owner, kind, None);
            }
            return true;
        };
        let message = rejection.message().to_owned();
        let now = self.now;
        let is_said = self
            .refused
            .get(uid)
            .is_some_and(|(at, said)| *said == message && now.duration_since(*at) < RETRY);
        if !is_said {
            self.refused.insert(uid.to_owned(), (now, message.clone()));
            self.show_failure(owner, kind, Some(&message));
            self.say_refusal(owner, kind, &message);
        }
        false
    }

    /// Lets the controllers of refused pods try again, each at most once a minute.
    pub(super) fn retry_refused(&mut self) {
        let now = self.now;
        let is_due = |at: &jiff::Timestamp| now.duration_since(*at) >= RETRY;
        let due: Vec<String> = self
            .refused
            .iter()
            .filter(|(_, (at, _))| is_due(at))
            .map(|(uid, _)| uid.clone())
            .collect();
        if due.is_empty() {
            return;
        }
        let mut touched = Touched::default();
        touched.workloads.extend(due.iter().cloned());
        self.run_controllers(&touched);
        // What is gone, or needs no more pods, was not tried.
        for uid in due {
            if self.refused.get(&uid).is_some_and(|(at, _)| is_due(at)) {
                self.refused.remove(&uid);
            }
        }
    }

    fn show_failure(&mut self, owner: &Value, kind: Kind, message: Option<&str>) {
        if kind != Kind::ReplicaSet {
            return;
        }
        let now = self.now;
        self.store.edit(kind, &Key::of(owner), |set| match message {
            Some(message) => fields::set_condition(
                set,
                Condition {
                    kind: FAILURE,
                    status: true,
                    reason: "FailedCreate",
                    message,
                },
                now,
            ),
            None => fields::carry_condition(set, FAILURE, None),
        });
    }

    fn say_refusal(&mut self, owner: &Value, kind: Kind, message: &str) {
        let word = kind.describe().word;
        let name = fields::name(owner);
        let message = if kind == Kind::StatefulSet {
            format!("create Pod in StatefulSet {name} failed error: {message}")
        } else {
            format!("Error creating: {message}")
        };
        let event = EventSpec {
            is_warning: true,
            reason: "FailedCreate".to_owned(),
            message,
            source: format!("{}-controller", word.to_lowercase()),
            object_kind: word.to_owned(),
            object_name: name.to_owned(),
            namespace: fields::namespace(owner).to_owned(),
        };
        self.emit(&event, self.now);
    }
}
