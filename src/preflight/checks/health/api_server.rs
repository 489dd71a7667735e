//! The control plane is well and its store small enough. The store's limit is 8 GB (AKS docs "Troubleshoot API server
//! and etcd problems", 2026); the marks below it are thresholds of ours.

use crate::domain::subject::{ObjectRef, Subject};
use crate::domain::survey::{ApiServerHealth, Unread};
use crate::preflight::checks::told::{Told, read, told, unknown};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;
use crate::preflight::wording::listed;

const GB: u64 = 1_000_000_000;
/// AKS writes this FlowSchema when it has to protect an API server that runs out of memory.
const GUARD: &str = "aks-managed-apiserver-guard";

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let kubernetes = &question.survey.kubernetes;
    let health = read(&kubernetes.health, "the API server's health")?;
    let mut said = Vec::new();
    if !health.failed_checks.is_empty() {
        said.push(Said::new(
            Outcome::Blocker,
            Subject::Cluster,
            format!("the API server is not ready: {}", listed(&health.failed_checks)),
        ));
    }
    said.extend(store(health, &question.thresholds.etcd_bytes));
    match &kubernetes.flow_schemas {
        Err(unread) => said.push(unknown(Subject::Cluster, "flow schemas", unread)),
        Ok(schemas) if schemas.iter().any(|name| name == GUARD) => said.push(guard(health)),
        Ok(_) => {}
    }
    match &question.survey.azure.cluster {
        Err(unread) => said.push(unknown(Subject::Cluster, "the cluster's tier", unread)),
        Ok(cluster)
            if cluster
                .tier
                .as_ref()
                .is_some_and(|tier| tier.eq_ignore_ascii_case("Free")) =>
        {
            said.push(
                Said::new(
                    Outcome::Info,
                    Subject::Cluster,
                    "tier Free: the API server may be away for minutes while it is upgraded",
                )
                .cured_by(&["scale-tier"]),
            );
        }
        Ok(_) => {}
    }
    Ok(said)
}

fn store(health: &ApiServerHealth, marks: &[u64; 3]) -> Option<Said> {
    let Some(bytes) = health.etcd_bytes else {
        let unread = Unread::NotServed {
            why: "the API server shows no size of its store".to_owned(),
        };
        return Some(unknown(Subject::Cluster, "etcd's size", &unread));
    };
    let [told, much, too_much] = *marks;
    let outcome = match bytes {
        bytes if bytes > too_much => Outcome::Blocker,
        bytes if bytes > much => Outcome::Warning,
        bytes if bytes > told => Outcome::Info,
        _ => return None,
    };
    let tenths = bytes / (GB / 10);
    let said = Said::new(
        outcome,
        Subject::Cluster,
        format!("etcd holds {}.{} GB of 8 GB", tenths / 10, tenths % 10),
    )
    .cured_by(&["scale-workload-down-etcd"]);
    let most = health.object_counts.iter().take(3);
    Some(most.fold(said, |said, (resource, count)| {
        said.with(format!("{count} objects of {resource}"))
    }))
}

fn guard(health: &ApiServerHealth) -> Said {
    let said = Said::new(
        Outcome::Warning,
        Subject::Object {
            object: ObjectRef::of_cluster("flowcontrol.apiserver.k8s.io/v1", "FlowSchema", GUARD),
        },
        "AKS throttles clients to protect the API server",
    )
    .cured_by(&["scale-tier", "drop-guard"]);
    match health.rejected_requests {
        Some(rejected) => said.with(format!("{rejected} requests were refused since the server started")),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::samples::{check, denied, passes};

    fn judged(change: impl FnOnce(&mut ApiServerHealth), outcome: Outcome) -> Said {
        check(
            look,
            |survey| change(survey.kubernetes.health.as_mut().unwrap()),
            outcome,
            "the cluster",
        )
    }

    #[test]
    fn the_store_has_three_marks() {
        for (bytes, outcome) in [
            (2_100_000_000, Outcome::Info),
            (6_100_000_000, Outcome::Warning),
            (7_600_000_000, Outcome::Blocker),
        ] {
            let said = judged(|health| health.etcd_bytes = Some(bytes), outcome);
            assert_eq!(said.evidence, ["2000 objects of events"]);
        }
        passes(look, |survey| {
            survey.kubernetes.health.as_mut().unwrap().etcd_bytes = Some(2_000_000_000);
        });
    }

    #[test]
    fn a_size_that_is_not_shown_is_unknown() {
        judged(|health| health.etcd_bytes = None, Outcome::Unknown);
    }

    #[test]
    fn a_server_that_is_not_ready_blocks() {
        let said = judged(
            |health| health.failed_checks = vec!["etcd".to_owned()],
            Outcome::Blocker,
        );
        assert_eq!(said.headline, "the API server is not ready: etcd");
    }

    #[test]
    fn the_guard_of_aks_is_a_warning() {
        check(
            look,
            |survey| survey.kubernetes.flow_schemas.as_mut().unwrap().push(GUARD.to_owned()),
            Outcome::Warning,
            "FlowSchema aks-managed-apiserver-guard",
        );
    }

    #[test]
    fn tier_free_and_unread_parts_are_told() {
        check(
            look,
            |survey| survey.azure.cluster.as_mut().unwrap().tier = Some("Free".to_owned()),
            Outcome::Info,
            "the cluster",
        );
        check(
            look,
            |survey| survey.kubernetes.flow_schemas = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
        check(
            look,
            |survey| survey.kubernetes.health = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
