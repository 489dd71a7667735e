//! Parts of the cluster itself: the tunnel's agents, the API server's guard, volumes that hang on a node.

use super::super::repair::{NotPossible, Undo};
use super::sight::{Sight, change, pod_ref, read};
use super::{Draft, not_here, webhooks};
use crate::domain::object_change::Edit;
use crate::domain::subject::ObjectRef;
use crate::domain::survey::{AttachmentFact, PodFact, PodVolume, VolumeFact, WorkloadFact};

/// AKS puts it up against overload (AKS docs "Troubleshoot API server and etcd", 2025).
const GUARD: &str = "aks-managed-apiserver-guard";

/// `restart-konnectivity`: one agent after another, so that the tunnel stays open.
pub(super) fn restart_konnectivity(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let is_agent = |workload: &&WorkloadFact| {
        workload.namespace == "kube-system" && workload.kind == "Deployment" && workload.name == "konnectivity-agent"
    };
    let workloads = sight.survey.kubernetes.workloads.as_deref().unwrap_or_default();
    if let Some(agent) = workloads.iter().find(is_agent) {
        return Ok(webhooks::restart(sight, agent));
    }
    let is_unready = |fact: &&PodFact| {
        let app = fact.pod.labels.get("app").map(String::as_str);
        fact.pod.namespace == "kube-system" && app == Some("konnectivity-agent") && !fact.pod.is_ready
    };
    let Some(pod) = sight.all_pods()?.iter().find(is_unready) else {
        return not_here("no tunnel agent was found that is not ready");
    };
    let step = change(pod_ref(pod), Some(&pod.pod.uid), Edit::Delete { grace_seconds: None });
    Ok(Draft::new(format!("restart {}", pod_ref(pod)), vec![step]).undone_by(Undo::NotNeeded))
}

/// `drop-guard`: AKS puts it up again while the load is there.
pub(super) fn drop_guard(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let schemas = read(&sight.survey.kubernetes.flow_schemas, "the flow schemas")?;
    if !schemas.iter().any(|name| name == GUARD) {
        return not_here("AKS has put up no guard before the API server");
    }
    let deletion = |kind: &str| {
        let object = ObjectRef::of_cluster("flowcontrol.apiserver.k8s.io/v1", kind, GUARD);
        change(object, None, Edit::Delete { grace_seconds: None })
    };
    let steps = vec![deletion("FlowSchema"), deletion("PriorityLevelConfiguration")];
    Ok(Draft::new(format!("take down the API server's guard {GUARD}"), steps))
}

/// `detach-volume`: only where no pod on its node uses the volume.
pub(super) fn detach_volume(sight: &Sight<'_>) -> Result<Draft, NotPossible> {
    let all = read(&sight.survey.kubernetes.attachments, "the volume attachments")?;
    let named = sight.objects("VolumeAttachment");
    let nodes = sight.node_names();
    let volumes = sight.objects("PersistentVolume");
    let is_meant = |fact: &&AttachmentFact| {
        named.iter().any(|object| object.name == fact.name)
            || (named.is_empty()
                && nodes.contains(&&fact.node)
                && (volumes.is_empty() || volumes.iter().any(|object| object.name == fact.volume)))
    };
    let Some(attachment) = all.iter().find(is_meant) else {
        return not_here("the volume attachment it is about is not there any more");
    };
    if let Some(pod) = user_of(sight, attachment)? {
        return not_here(format!(
            "{pod} on node {} uses the volume: its data would be lost",
            attachment.node
        ));
    }
    let object = ObjectRef::of_cluster("storage.k8s.io/v1", "VolumeAttachment", &attachment.name);
    let title = format!("detach volume {} from node {}", attachment.volume, attachment.node);
    let step = change(object, None, Edit::Delete { grace_seconds: None });
    Ok(Draft::new(title, vec![step]).for_good("the volume may be attached to another node by now"))
}

/// A pod on the attachment's node that uses its volume and has not ended.
fn user_of(sight: &Sight<'_>, attachment: &AttachmentFact) -> Result<Option<ObjectRef>, NotPossible> {
    let volumes = read(&sight.survey.kubernetes.volumes, "the volumes")?;
    let is_it = |volume: &&VolumeFact| volume.name == attachment.volume;
    let Some(claim) = volumes.iter().find(is_it).and_then(|volume| volume.claim.as_deref()) else {
        return Ok(None);
    };
    let uses = |fact: &&PodFact| {
        let is_there = fact.pod.node.as_ref() == Some(&attachment.node);
        let is_over = matches!(fact.pod.phase.as_str(), "Succeeded" | "Failed");
        let names_claim = fact.volumes.iter().any(|volume| match volume {
            PodVolume::Claim { name } => format!("{}/{name}", fact.pod.namespace) == claim,
            PodVolume::HostPath { .. } | PodVolume::EmptyDir { .. } => false,
        });
        is_there && !is_over && names_claim
    };
    Ok(sight.all_pods()?.iter().find(uses).map(pod_ref))
}
