//! How many pods of each workload are ready, read in a few slim lists. Never watches, never lists all pods.

use std::time::Duration;

use futures::try_join;
use kube::api::ListParams;
use kube::core::Request;
use serde::de::DeserializeOwned;

use super::client::KubernetesClient;
use super::error::KubernetesError;
use super::wire::{Page, SlimController, SlimDaemonSet, SlimPendingPod};
use crate::domain::workload::{WorkloadKind, WorkloadPicture};

/// Objects of one page.
const PAGE_SIZE: u32 = 500;
/// How long one page may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// A list whose pages expire while they are read is begun anew, so often in all.
const ATTEMPTS: u32 = 3;

/// A list, with the right it takes.
#[derive(Clone, Copy)]
struct Listed {
    path: &'static str,
    fields: Option<&'static str>,
    right: &'static str,
}

const DEPLOYMENTS: Listed = Listed {
    path: "/apis/apps/v1/deployments",
    fields: None,
    right: "list deployments",
};
const STATEFUL_SETS: Listed = Listed {
    path: "/apis/apps/v1/statefulsets",
    fields: None,
    right: "list statefulsets",
};
const DAEMON_SETS: Listed = Listed {
    path: "/apis/apps/v1/daemonsets",
    fields: None,
    right: "list daemonsets",
};
/// A pod is `Pending` until it has a node and its images (Kubernetes docs "Pod Lifecycle", 2026).
const PENDING_PODS: Listed = Listed {
    path: "/api/v1/pods",
    fields: Some("status.phase=Pending"),
    right: "list pods",
};

impl KubernetesClient {
    /// Reads deployments, stateful sets and daemon sets of all namespaces, and the pods that wait for a node.
    ///
    /// # Errors
    /// When the API server cannot be asked, or a right is missing.
    pub async fn workloads(&self) -> Result<WorkloadPicture, KubernetesError> {
        let (deployments, stateful_sets, daemon_sets, pods) = try_join!(
            self.list_all::<SlimController>(DEPLOYMENTS),
            self.list_all::<SlimController>(STATEFUL_SETS),
            self.list_all::<SlimDaemonSet>(DAEMON_SETS),
            self.list_all::<SlimPendingPod>(PENDING_PODS),
        )?;
        let deployments = deployments
            .into_iter()
            .map(|one| one.readiness(WorkloadKind::Deployment));
        let stateful_sets = stateful_sets
            .into_iter()
            .map(|one| one.readiness(WorkloadKind::StatefulSet));
        let daemon_sets = daemon_sets.into_iter().map(SlimDaemonSet::readiness);
        let mut picture = WorkloadPicture {
            workloads: deployments.chain(stateful_sets).chain(daemon_sets).collect(),
            pending_pods: pods.into_iter().filter_map(SlimPendingPod::without_node).collect(),
        };
        picture.workloads.sort();
        picture.pending_pods.sort();
        Ok(picture)
    }

    async fn list_all<T: DeserializeOwned>(&self, listed: Listed) -> Result<Vec<T>, KubernetesError> {
        let mut attempt = 1;
        loop {
            match self.list_pages(listed).await {
                Err(KubernetesError::Refused { status: 410, .. }) if attempt < ATTEMPTS => attempt += 1,
                answer => return answer,
            }
        }
    }

    /// All pages show the same moment, that of the first.
    async fn list_pages<T: DeserializeOwned>(&self, listed: Listed) -> Result<Vec<T>, KubernetesError> {
        let mut objects = Vec::new();
        let mut parameters = ListParams {
            field_selector: listed.fields.map(str::to_owned),
            limit: Some(PAGE_SIZE),
            ..ListParams::default()
        };
        loop {
            let request = Request::new(listed.path).list(&parameters).map_err(|error| {
                KubernetesError::from_kube(self.server(), listed.right, kube::Error::BuildRequest(error))
            })?;
            let page: Page<T> = self.ask(listed.right, request, ANSWER_WITHIN).await?;
            objects.extend(page.items);
            if page.metadata.next.is_empty() {
                return Ok(objects);
            }
            parameters.continue_token = Some(page.metadata.next);
        }
    }
}
