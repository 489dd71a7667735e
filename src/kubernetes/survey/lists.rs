//! The parts of a survey that are plain lists: what runs, what guards it, what holds data, and the server's machinery.

use std::cmp::Reverse;

use futures::try_join;

use super::reader::{Listed, Reader};
use crate::domain::survey::{
    ApiServiceFact, AttachmentFact, AutoscalerFact, BudgetFact, EventFact, NodeFact, PodFact, Reading, Unread,
    VolumeFact, WorkloadFact,
};
use crate::kubernetes::wire::{
    SlimApiService, SlimAttachment, SlimAutoscaler, SlimBudget, SlimEvent, SlimGroups, SlimNamed, SlimNamespace,
    SlimNodeFact, SlimPodFact, SlimSigningRequest, SlimVolume, SlimWorkload,
};

pub(super) async fn nodes(reader: &Reader<'_>) -> Reading<Vec<NodeFact>> {
    let listed = Listed::new("/api/v1/nodes");
    reader.list(&listed, |node: SlimNodeFact| Some(node.into())).await
}

pub(super) async fn pods(reader: &Reader<'_>) -> Reading<Vec<PodFact>> {
    let listed = Listed::new("/api/v1/pods");
    reader.list(&listed, |pod: SlimPodFact| Some(pod.into())).await
}

pub(super) async fn budgets(reader: &Reader<'_>) -> Reading<Vec<BudgetFact>> {
    let listed = Listed::new("/apis/policy/v1/poddisruptionbudgets");
    reader.list(&listed, |budget: SlimBudget| Some(budget.into())).await
}

/// Deployments, StatefulSets, DaemonSets and Jobs; of the ReplicaSets only those that fail to make their pods.
pub(super) async fn workloads(reader: &Reader<'_>) -> Reading<Vec<WorkloadFact>> {
    let of_apps = async |plural: &str, kind: &'static str| {
        let listed = Listed::new(format!("/apis/apps/v1/{plural}"));
        reader
            .list(&listed, |one: SlimWorkload| Some(one.into_fact(kind)))
            .await
    };
    let failing = async {
        let listed = Listed::new("/apis/apps/v1/replicasets");
        let slim = |set: SlimWorkload| set.fails_to_make_pods().then(|| set.into_fact("ReplicaSet"));
        reader.list(&listed, slim).await
    };
    let jobs = async {
        let listed = Listed::new("/apis/batch/v1/jobs");
        reader
            .list(&listed, |job: SlimWorkload| Some(job.into_fact("Job")))
            .await
    };
    let (mut all, stateful, daemons, jobs, failing) = try_join!(
        of_apps("deployments", "Deployment"),
        of_apps("statefulsets", "StatefulSet"),
        of_apps("daemonsets", "DaemonSet"),
        jobs,
        failing,
    )?;
    for more in [stateful, daemons, jobs, failing] {
        all.extend(more);
    }
    Ok(all)
}

pub(super) async fn autoscalers(reader: &Reader<'_>) -> Reading<Vec<AutoscalerFact>> {
    let listed = Listed::new("/apis/autoscaling/v2/horizontalpodautoscalers");
    reader.list(&listed, |one: SlimAutoscaler| Some(one.into())).await
}

pub(super) async fn volumes(reader: &Reader<'_>) -> Reading<Vec<VolumeFact>> {
    let listed = Listed::new("/api/v1/persistentvolumes");
    reader.list(&listed, |volume: SlimVolume| Some(volume.into())).await
}

pub(super) async fn attachments(reader: &Reader<'_>) -> Reading<Vec<AttachmentFact>> {
    let listed = Listed::new("/apis/storage.k8s.io/v1/volumeattachments");
    reader.list(&listed, |one: SlimAttachment| Some(one.into())).await
}

/// API services that something else than the API server serves.
pub(super) async fn api_services(reader: &Reader<'_>) -> Reading<Vec<ApiServiceFact>> {
    let listed = Listed::new("/apis/apiregistration.k8s.io/v1/apiservices");
    reader.list(&listed, SlimApiService::into_fact).await
}

/// Newest first. The API server keeps events for an hour.
pub(super) async fn events(reader: &Reader<'_>) -> Reading<Vec<EventFact>> {
    let listed = Listed::new("/api/v1/events");
    let mut events: Vec<EventFact> = reader.list(&listed, |event: SlimEvent| Some(event.into())).await?;
    events.sort_by_key(|fact| Reverse(fact.event.last_seen));
    Ok(events)
}

pub(super) async fn unapproved_requests(reader: &Reader<'_>) -> Reading<Vec<String>> {
    let listed = Listed::new("/apis/certificates.k8s.io/v1/certificatesigningrequests");
    let slim = |request: SlimSigningRequest| request.unapproved();
    let mut waiting = reader.list(&listed, slim).await?;
    waiting.sort_unstable();
    waiting.dedup();
    Ok(waiting)
}

pub(super) async fn flow_schemas(reader: &Reader<'_>) -> Reading<Vec<String>> {
    let listed = Listed::new("/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas").metadata_only();
    reader.list(&listed, |schema: SlimNamed| Some(schema.name())).await
}

pub(super) async fn ending_namespaces(reader: &Reader<'_>) -> Reading<Vec<(String, String)>> {
    let listed = Listed::new("/api/v1/namespaces");
    reader
        .list(&listed, |namespace: SlimNamespace| namespace.ending())
        .await
}

/// Group and version of every API, the core one as `v1`.
pub(super) async fn served(reader: &Reader<'_>) -> Reading<Vec<String>> {
    let groups: SlimGroups = reader.get("/apis", "get /apis").await?;
    let mut served = groups.versions();
    if served.is_empty() {
        return Err(Unread::Failed {
            why: "the API server names no group under /apis".to_owned(),
        });
    }
    served.insert(0, "v1".to_owned());
    Ok(served)
}
