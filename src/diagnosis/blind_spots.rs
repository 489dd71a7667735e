//! What could not be looked at, and what that hides: unknown is never "nothing there".

use std::collections::BTreeMap;

use super::symptoms::Symptoms;
use crate::domain::survey::{Reading, Unread};

/// One sentence for each reason, with all parts it took away.
pub(super) fn blind_spots(symptoms: &Symptoms<'_>) -> Vec<String> {
    let azure = &symptoms.survey.azure;
    let kubernetes = &symptoms.survey.kubernetes;
    let mut spots = Spots::default();
    spots.look(&azure.cluster, "Azure's states and errors", "what failed and what runs");
    spots.look(&azure.compute_usage, "vCPU limits", "a limit that is reached");
    spots.look_where_asked(&azure.vm_sizes, "VM sizes", "a size without capacity");
    spots.look(&azure.machines, "scale set machines", "why a node never joined");
    spots.look(&azure.failed_activities, "the activity log", "which request failed");
    spots.look(&azure.locks, "locks", "a lock that stops a change");
    for (id, subnet) in &azure.subnets {
        let name = id.rsplit('/').next().unwrap_or(id);
        spots.look(subnet, &format!("subnet {name}"), "a subnet without free addresses");
    }
    spots.look(
        &kubernetes.nodes,
        "nodes",
        "nodes that are not ready, cordoned or behind",
    );
    spots.look(&kubernetes.pods, "pods", "pods that hold a drain or find no room");
    spots.look(&kubernetes.budgets, "disruption budgets", "a budget that holds a drain");
    spots.look(&kubernetes.events, "events", "what the upgrader said");
    spots.look(&kubernetes.workloads, "workloads", "system workloads that are down");
    spots.look(&kubernetes.webhooks, "webhooks", "a webhook that refuses pods");
    spots.look(&kubernetes.volumes, "volumes", "a volume in another zone");
    spots.look(
        &kubernetes.attachments,
        "volume attachments",
        "a disk that is still attached",
    );
    spots.look(
        &kubernetes.health,
        "the API server's health",
        "an API server or etcd in trouble",
    );
    let mut sentences = spots.sentences();
    if symptoms.picture.is_none() {
        sentences.push("Nothing was watched over time: stalls and how long something lasts are not seen".to_owned());
    }
    sentences
}

#[derive(Default)]
struct Spots {
    /// By reason, in the order they were met.
    by_reason: BTreeMap<String, (usize, Vec<(String, String)>)>,
}

impl Spots {
    fn look<T>(&mut self, reading: &Reading<T>, part: &str, hides: &str) {
        let Err(unread) = reading else { return };
        let reason = match unread {
            // Each missing right is named; the right itself tells the parts apart.
            Unread::Denied { right, .. } => format!("the right '{right}' is missing"),
            other => other.to_string(),
        };
        let order = self.by_reason.len();
        let (_, parts) = self.by_reason.entry(reason).or_insert_with(|| (order, Vec::new()));
        parts.push((part.to_owned(), hides.to_owned()));
    }

    /// Of a part that a survey for a diagnosis leaves out: that nobody asked for it hides nothing unexpected.
    fn look_where_asked<T>(&mut self, reading: &Reading<T>, part: &str, hides: &str) {
        if !matches!(reading, Err(Unread::NotAsked { .. })) {
            self.look(reading, part, hides);
        }
    }

    fn sentences(self) -> Vec<String> {
        let mut ordered: Vec<(usize, String)> = self
            .by_reason
            .into_iter()
            .map(|(reason, (order, parts))| {
                let (names, hidden): (Vec<String>, Vec<String>) = parts.into_iter().unzip();
                let sentence = format!(
                    "Not seen: {} ({reason}). Hidden may be: {}",
                    names.join(", "),
                    hidden.join(", ")
                );
                (order, sentence)
            })
            .collect();
        ordered.sort();
        ordered.into_iter().map(|(_, sentence)| sentence).collect()
    }
}
