//! The Job controller, as far as a drain meets it: as many pods at work as the Job asks for, until they were stopped.
//! Pods never end by themselves here: a Job that is drained begins anew elsewhere.

use std::sync::Arc;

use serde_json::Value;

use super::kinds::Kind;
use super::{ObjectStore, fields};

impl ObjectStore {
    /// Makes the pods that are missing, and reports how many are at work.
    pub(super) fn keep_job(&mut self, job: &Value, pods: &[Arc<Value>]) {
        let number = |field: &str| job["spec"][field].as_u64();
        let parallel = number("parallelism").unwrap_or(1);
        let wanted = number("completions").map_or(parallel, |completions| completions.min(parallel));
        let ended = pods.iter().filter(|pod| fields::phase(pod) == "Succeeded").count();
        let active: Vec<&Arc<Value>> = pods.iter().filter(|pod| fields::is_active(pod)).collect();
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX).min(10_000);
        let is_idle = job["spec"]["suspend"] == Value::Bool(true) || fields::is_deleting(job);
        let missing = if is_idle {
            0
        } else {
            wanted.saturating_sub(active.len() + ended)
        };
        let made = self.create_pods(job, Kind::Job, missing);
        let ready = active.iter().filter(|pod| fields::is_ready(pod)).count();
        self.report_set(
            Kind::Job,
            job,
            &[
                ("active", (active.len() + made) as u64),
                ("ready", ready as u64),
                ("succeeded", ended as u64),
            ],
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, node, pods, store, workload};

    #[test]
    fn an_evicted_pod_of_a_job_begins_anew() {
        let mut store = store();
        store.add_node(&node("n1", "user"), at(0));
        store.add_workload(&workload("Job", "report", 2), at(0));
        store.advance_to(at(0));
        let before = pods(&store, "report");
        assert_eq!(before.len(), 2);
        store.evict(&before[0], at(1));
        store.advance_to(at(60));
        let after = pods(&store, "report");
        assert!(after.len() == 2 && !after.contains(&before[0]) && after.contains(&before[1]));
        assert_eq!(store.object("Job", "shop", "report").unwrap()["status"]["ready"], 2);
        assert_eq!(store.pods_to_drain("n1").len(), 2, "pods of Jobs hold a drain");
    }
}
