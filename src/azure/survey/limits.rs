//! Limits of the region, the VM sizes the pools use, and what the mesh's revisions fit.

use std::collections::BTreeSet;

use reqwest::Method;
use uuid::Uuid;

use super::Place;
use super::reader::{Reader, reading};
use crate::azure::error::AzureError;
use crate::azure::http::Call;
use crate::azure::paths;
use crate::azure::retry::Repeat;
use crate::azure::wire::survey as wire;
use crate::domain::survey::{ClusterDetails, Reading, UsageFact, VmSizeFact};

const COMPUTE_USAGES: &str = "2026-04-01";
const COMPUTE_SKUS: &str = "2021-07-01";
const NETWORK: &str = "2026-03-01";
/// Pages of SKUs followed before the list is taken for endless.
const PAGES: usize = 50;

/// Microsoft.Compute usages of the region.
pub(super) async fn compute(reader: &Reader<'_>, place: &Place<'_>) -> Reading<Vec<UsageFact>> {
    usages(reader, place, "Microsoft.Compute", COMPUTE_USAGES).await
}

/// Microsoft.Network usages of the region.
pub(super) async fn network(reader: &Reader<'_>, place: &Place<'_>) -> Reading<Vec<UsageFact>> {
    usages(reader, place, "Microsoft.Network", NETWORK).await
}

async fn usages(reader: &Reader<'_>, place: &Place<'_>, provider: &str, version: &str) -> Reading<Vec<UsageFact>> {
    let location = &place.cluster()?.location;
    let asked = async {
        let rest = format!("providers/{provider}/locations/{}/usages", paths::segment(location)?);
        let path = paths::in_subscription(&place.subscription(), &rest)?;
        let what = format!("read the {provider} limits of {location}");
        reader
            .list(&what, &format!("{path}?api-version={version}"), wire::usage_page)
            .await
    };
    reading(asked.await)
}

/// The sizes the pools use. A size the region does not have at all is missing here.
pub(super) async fn sizes(reader: &Reader<'_>, place: &Place<'_>) -> Reading<Vec<VmSizeFact>> {
    let cluster = place.cluster()?;
    let wanted = cluster
        .pools
        .iter()
        .map(|pool| pool.vm_size.to_ascii_lowercase())
        .collect();
    reading(reader.alone(skus(reader, place, &cluster.location, &wanted)).await)
}

async fn skus(
    reader: &Reader<'_>,
    place: &Place<'_>,
    location: &str,
    wanted: &BTreeSet<String>,
) -> Result<Vec<VmSizeFact>, AzureError> {
    let path = paths::in_subscription(&place.subscription(), "providers/Microsoft.Compute/skus")?;
    let filter = paths::escaped(&format!("location eq '{}'", location.replace('\'', "''")));
    let query = format!("{path}?api-version={COMPUTE_SKUS}&$filter={filter}");
    let what = format!("read the VM sizes of {location}");
    let client = reader.client;
    let mut call = client.call(what, Method::GET, &query, Repeat::Read)?;
    let mut sizes = Vec::new();
    for _ in 0..PAGES {
        let answer = client.exchange(&call).await?.checked(&call)?;
        let page = wire::vm_sizes(&answer.body, wanted).map_err(|why| call.unreadable(&why, &answer.body))?;
        sizes.extend(page.items);
        let Some(next) = page.next else { return Ok(sizes) };
        let Some(url) = client.trusted(&next) else { break };
        call = Call {
            url,
            request_id: Uuid::new_v4(),
            ..call
        };
    }
    Err(call.unreadable(&"its pages do not end, or lead to another host", &[]))
}

/// The details, with what each mesh revision fits where the cluster has a mesh; left empty where that cannot be read.
pub(super) async fn details_with_mesh(reader: &Reader<'_>, place: &Place<'_>) -> Reading<ClusterDetails> {
    let mut details = place.details.clone()?;
    if let Some(mesh) = &mut details.mesh {
        let location = &place.cluster()?.location;
        let asked = async {
            let rest = format!(
                "providers/Microsoft.ContainerService/locations/{}/meshRevisionProfiles/istio",
                paths::segment(location)?
            );
            let path = paths::in_subscription(&place.subscription(), &rest)?;
            let what = format!("read the mesh revisions of {location}");
            let path = reader.client.with_api_version(&path);
            reader.one(&what, &path, wire::mesh_compatibility).await
        };
        mesh.compatible_with = asked.await.unwrap_or_default();
    }
    Ok(details)
}
