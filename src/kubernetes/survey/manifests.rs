//! In which API versions objects were written: what `kubectl apply` noted on them, and what Helm's releases install.
//! Whether Helm's releases can be read depends on the right to read Secrets, which few have: without it they are left
//! out. What the Secrets hold is never kept.

use futures::future::{join, try_join_all};

use super::reader::{Listed, Reader};
use crate::domain::survey::{Reading, StoredManifest, Unread};
use crate::kubernetes::wire::{SlimApplied, SlimHelmSecret};

/// Kinds people apply that have had, or have, versions which are removed (Kubernetes docs "Deprecated API Migration
/// Guide", 2026).
const APPLIED: [&str; 16] = [
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/apps/v1/daemonsets",
    "/apis/apps/v1/deployments",
    "/apis/apps/v1/statefulsets",
    "/apis/autoscaling/v2/horizontalpodautoscalers",
    "/apis/batch/v1/cronjobs",
    "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas",
    "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations",
    "/apis/networking.k8s.io/v1/ingresses",
    "/apis/node.k8s.io/v1/runtimeclasses",
    "/apis/policy/v1/poddisruptionbudgets",
    "/apis/storage.k8s.io/v1/storageclasses",
];
/// Releases may be a mebibyte each.
const RELEASES_AT_ONCE: u32 = 20;

/// All that was found, ordered by version, kind, namespace and name.
pub(super) async fn stored(reader: &Reader<'_>) -> Reading<Vec<StoredManifest>> {
    let applied = try_join_all(APPLIED.map(|path| applied(reader, path)));
    let (applied, mut releases) = join(applied, releases(reader)).await;
    let mut all: Vec<StoredManifest> = applied?.into_iter().flatten().collect();
    all.append(&mut releases);
    all.sort_by(|one, other| key(one).cmp(&key(other)));
    Ok(all)
}

fn key(manifest: &StoredManifest) -> [&str; 5] {
    [
        &manifest.api_version,
        &manifest.kind,
        &manifest.namespace,
        &manifest.name,
        &manifest.origin,
    ]
}

async fn applied(reader: &Reader<'_>, path: &str) -> Reading<Vec<StoredManifest>> {
    let listed = Listed::new(path).metadata_only();
    match reader.list(&listed, SlimApplied::into_manifest).await {
        // A kind this server does not know was applied by nobody.
        Err(Unread::NotServed { .. }) => Ok(Vec::new()),
        answer => answer,
    }
}

/// The newest revision of each release; why they cannot be read is let go, for the words may quote what was read.
async fn releases(reader: &Reader<'_>) -> Vec<StoredManifest> {
    let listed = Listed::new("/api/v1/secrets")
        .labelled("owner=helm,status=deployed")
        .page_size(RELEASES_AT_ONCE);
    let found = reader.list(&listed, |secret: SlimHelmSecret| secret.manifests()).await;
    found.unwrap_or_default().into_iter().flatten().collect()
}
