//! What Azure Policy would deny of the resources a surge node brings.

use bytes::Bytes;
use futures::future;
use reqwest::Method;
use serde_json::{Value, json};

use super::Place;
use super::reader::{Reader, reading};
use crate::azure::error::AzureError;
use crate::azure::http::Call;
use crate::azure::paths;
use crate::azure::retry::Repeat;
use crate::azure::wire::survey as wire;
use crate::domain::cluster::Cluster;
use crate::domain::survey::{PolicyFact, Reading};

const API_VERSION: &str = "2022-03-01";
/// What it needs by its own name, although it is asked by POST.
const RIGHT: &str = "Microsoft.PolicyInsights/checkPolicyRestrictions/read";

/// What an upgrade makes in the node resource group, with the API version its content is judged by.
const MADE: [(&str, &str); 3] = [
    ("Microsoft.Compute/virtualMachineScaleSets", "2024-07-01"),
    ("Microsoft.Compute/disks", "2024-03-02"),
    ("Microsoft.Network/publicIPAddresses", "2024-05-01"),
];

/// Deny policies at the node resource group, one question for each kind of resource.
pub(super) async fn of(reader: &Reader<'_>, place: &Place<'_>) -> Reading<Vec<PolicyFact>> {
    let cluster = place.cluster()?;
    let group = place.node_group()?;
    let answers = future::join_all(MADE.iter().map(|made| denied(reader, place, cluster, &group, made))).await;
    let mut policies = Vec::new();
    for answer in answers {
        policies.extend(reading(answer)?);
    }
    Ok(policies)
}

async fn denied(
    reader: &Reader<'_>,
    place: &Place<'_>,
    cluster: &Cluster,
    group: &str,
    (kind, version): &(&str, &str),
) -> Result<Vec<PolicyFact>, AzureError> {
    let rest = format!(
        "resourceGroups/{}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions?api-version={API_VERSION}",
        paths::segment(group)?
    );
    let path = paths::in_subscription(&place.subscription(), &rest)?;
    let what = format!("ask which policies deny {kind}");
    let call = Call {
        body: Some(Bytes::from(question(cluster, kind, version).to_string())),
        needs: Some(RIGHT.to_owned()),
        // A POST that changes nothing.
        ..reader.client.call(what, Method::POST, &path, Repeat::BriefRead)?
    };
    let body = reader.alone(reader.client.ask(&call)).await?;
    wire::denied_by_policy(&body, kind).map_err(|why| call.unreadable(&why, &[]))
}

/// A resource as AKS would make it, as far as it is known before: type, place, and the cluster's tags, which AKS puts
/// on what it makes (AKS docs "Use Azure tags", 2026).
fn question(cluster: &Cluster, kind: &str, version: &str) -> Value {
    json!({
        "resourceDetails": {
            "resourceContent": {"type": kind, "location": cluster.location, "tags": cluster.tags},
            "apiVersion": version,
        }
    })
}
