//! AKS's detectors, its stored upgrade insights, and the revisions of its mesh.

use serde_json::{Value, json};

use crate::simulator::azure_api::bodies::cluster_id;
use crate::simulator::azure_api::reads::page;
use crate::simulator::azure_api::reply::{Call, Reply};
use crate::simulator::world::{SimulatedCluster, World};

/// Ids and names of the detectors on offer; those of other subjects stand for the many there are.
const DETECTORS: [(&str, &str); 12] = [
    ("aks-category-crud", "Create, Upgrade, Delete and Scale"),
    ("aks-cluster-put-failures", "Cluster Create or Update Failures"),
    ("agentpool-put-failures", "Node Pool Create or Update Failures"),
    ("agentpool-image-upgrade-failures", "Node Image Upgrade Failures"),
    ("incorrect-pod-disruption-budgets", "Pod Disruption Budgets"),
    ("aks-k8s-deprecations", "Kubernetes API Deprecations"),
    ("cluster-subnet", "Cluster Subnet"),
    ("pod-subnet-full", "Pod Subnet"),
    ("customerthrottling", "Request Throttling"),
    ("ProvisioningStatusNodePool", "Node Pool Provisioning Status"),
    ("cluster-autoscaler-failures", "Cluster Autoscaler"),
    ("node-drain-failures", "Node Drain Failures"),
];

fn metadata(id: &str, name: &str) -> Value {
    json!({"id": id, "name": name, "category": "Create, Upgrade, Delete and Scale", "description": name,
        "type": "Detector", "score": 0, "supportTopicList": []})
}

/// Answers `GET {cluster}/detectors`.
pub(super) fn list(world: &World, cluster: &SimulatedCluster, call: &Call) -> Reply {
    let items = DETECTORS
        .iter()
        .map(|(id, name)| {
            json!({"id": format!("{}/detectors/{id}", cluster_id(cluster)), "name": id,
                "type": "Microsoft.ContainerService/managedClusters/detectors", "location": cluster.profile.location,
                "properties": {"metadata": metadata(id, name), "status": {"message": null, "statusId": 4}, "dataset": []}})
        })
        .collect();
    page(world, call, items)
}

/// Answers `GET {cluster}/detectors/{id}`.
pub(super) fn one(cluster: &SimulatedCluster, id: &str) -> Reply {
    let Some((id, name)) = DETECTORS.iter().find(|(known, _)| known.eq_ignore_ascii_case(id)) else {
        return Reply::arm_error(404, "NotFound", &format!("The detector '{id}' was not found."));
    };
    let findings = cluster.landscape.detector_findings.iter();
    let mut rows: Vec<Value> = findings
        .filter(|finding| finding.detector.eq_ignore_ascii_case(id))
        .map(|finding| json!([finding.status, finding.message, "", "", "True", "null"]))
        .collect();
    let status = i32::from(rows.is_empty()) * 3;
    if rows.is_empty() {
        rows.push(json!([
            "Success",
            "Our analysis did not find any issues",
            "",
            "",
            "False",
            "null"
        ]));
    }
    let column = |name: &str| json!({"columnName": name, "columnType": null, "dataType": "String"});
    let rendering = |kind: u32| json!({"description": null, "isVisible": true, "title": null, "type": kind});
    let columns = ["Status", "Message", "Data.Name", "Data.Value", "Expanded", "Solutions"].map(column);
    Reply::of_arm(
        200,
        &json!({
            "id": format!("{}/detectors/{id}", cluster_id(cluster)),
            "name": id,
            "type": "Microsoft.ContainerService/managedClusters/detectors",
            "location": cluster.profile.location,
            "properties": {
                "metadata": metadata(id, name),
                "status": {"message": null, "statusId": status},
                "dataset": [
                    {"renderingProperties": rendering(7), "table": {"tableName": "", "columns": columns, "rows": rows}},
                    {"renderingProperties": rendering(23), "table": {"tableName": "",
                        "columns": [column("DetectorSearchEnabled")], "rows": [[false]]}},
                ],
            },
        }),
    )
}

/// Answers `GET {cluster}/upgradeInsights`: none where nobody has asked AKS for one.
pub(super) fn upgrade_insights(world: &World, cluster: &SimulatedCluster, call: &Call) -> Reply {
    let issues = &cluster.landscape.upgrade_issues;
    let mut items = Vec::new();
    if !issues.is_empty() {
        let current = cluster.control_plane.claimed;
        let offers = world
            .catalogue
            .offers_for_cluster(current, cluster.landscape.has_long_term_support());
        let target = offers.first().map_or(current, |offer| offer.version);
        let name = format!("controlPlaneAndAgentPools-{target}");
        items.push(json!({
            "id": format!("{}/upgradeInsights/{name}", cluster_id(cluster)),
            "name": name,
            "type": "Microsoft.ContainerService/managedClusters/upgradeInsights",
            "properties": {
                "provisioningState": "Succeeded",
                "upgradeType": "ControlPlaneAndAgentPools",
                "targetKubernetesVersion": target.to_string(),
                "lastEvaluatedAt": world.now.to_string(),
                "controlPlane": {
                    "currentKubernetesVersion": current.to_string(),
                    "evaluation": {"status": "Failed", "evaluatedAt": world.now.to_string(), "detectedIssues": issues},
                },
                "agentPools": [],
            },
        }));
    }
    page(world, call, items)
}

/// Answers `GET .../locations/{location}/meshRevisionProfiles/istio`.
pub(super) fn mesh_revisions(clusters: &[&SimulatedCluster]) -> Reply {
    let revisions: Vec<Value> = clusters
        .iter()
        .flat_map(|cluster| &cluster.landscape.mesh_revisions)
        .map(|(revision, minors)| {
            json!({"revision": revision, "upgrades": [],
                "compatibleWith": [{"name": "kubernetes", "versions": minors}]})
        })
        .collect();
    Reply::of_aks(
        200,
        &json!({"name": "istio", "type": "Microsoft.ContainerService/locations/meshRevisionProfiles",
            "properties": {"meshRevisions": revisions}}),
    )
}
