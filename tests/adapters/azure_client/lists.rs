//! How clusters are listed: by one query, or subscription by subscription.

use aks_cockpit::domain::ids::SubscriptionId;
use serde_json::{Value, json};

use super::fake_azure::{CLUSTER, FakeAzure, cluster_body, error_body, reply};

fn row(name: &str) -> Value {
    json!({"id": CLUSTER.replace("shop", name), "name": name, "location": "westeurope", "resourceGroup": "rg",
        "subscriptionId": "s1", "provisioningState": "Succeeded", "powerState": "Running",
        "kubernetesVersion": "1.33.5", "agentPoolProfiles": [{"name": "system", "count": 3}]})
}

fn names(listing: &aks_cockpit::azure::client::ClusterListing) -> Vec<&str> {
    listing.clusters.iter().map(|cluster| cluster.name.as_str()).collect()
}

#[tokio::test]
async fn clusters_come_from_one_query_page_by_page() {
    let azure = FakeAzure::start(|seen, before| match before {
        0 => reply(500, ""),
        1 => reply(
            200,
            json!({"data": [row("b"), {"id": "/odd"}], "resultTruncated": "false", "$skipToken": "next"}),
        ),
        _ => {
            assert_eq!(seen.body.as_ref().unwrap()["options"]["$skipToken"], "next");
            reply(200, json!({"data": [row("a"), row("B")], "resultTruncated": "false"}))
        }
    })
    .await;
    let listing = azure
        .client()
        .list_clusters(&[SubscriptionId::new("s1")])
        .await
        .unwrap();
    assert_eq!(names(&listing), ["a", "b"], "in order, each once");
    assert_eq!(listing.findings.len(), 1, "{:?}", listing.findings);
    let seen = azure.seen();
    assert_eq!(seen.len(), 3, "a query is repeated like a read");
    assert_eq!(seen[0].path, "/providers/Microsoft.ResourceGraph/resources");
    let body = seen[0].body.as_ref().unwrap();
    assert_eq!(body["subscriptions"], json!(["s1"]));
    assert_eq!(body["options"]["resultFormat"], "objectArray");
    assert!(
        body["query"]
            .as_str()
            .unwrap()
            .contains("microsoft.containerservice/managedclusters")
    );
}

#[tokio::test]
async fn without_resource_graph_each_subscription_is_listed() {
    let azure = FakeAzure::start(|seen, _| {
        let next = |page: &str| format!("http://{}{}?page={page}", seen.header("host").unwrap(), seen.path);
        match (seen.path.as_str(), seen.query.as_str()) {
            ("/providers/Microsoft.ResourceGraph/resources", _) => reply(403, error_body("AuthorizationFailed", "no")),
            ("/subscriptions", _) => reply(200, json!({"value": [
                {"subscriptionId": "s1"}, {"subscriptionId": "s2"}, {"subscriptionId": "s3"}, {"subscriptionId": "s4"}]})),
            (path, query) if path.contains("/s1/") => match query {
                "page=2" => reply(200, json!({"value": [], "nextLink": next("3")})),
                "page=3" => reply(200, json!({"value": [{"id": CLUSTER.replace("shop", "late")}]})),
                _ => reply(200, json!({"value": [cluster_body("1.33.5"), {"id": "/odd"}], "nextLink": next("2")})),
            },
            (path, _) if path.contains("/s2/") => reply(403, error_body("AuthorizationFailed", "no rights")),
            (path, _) if path.contains("/s3/") => reply(200, json!({"value": [
                {"id": CLUSTER.replace("s1", "s3")}], "nextLink": "https://evil.test/steal"})),
            _ => reply(200, json!({"value": [], "nextLink": next("1")})),
        }
    })
    .await;
    let listing = azure.client().list_clusters(&[]).await.unwrap();
    assert_eq!(names(&listing), ["late", "shop", "shop"]);
    let findings = listing.findings.join("\n");
    assert_eq!(listing.findings.len(), 5, "{findings}");
    for words in [
        "Resource Graph could not be asked",
        "/odd cannot be read",
        "subscription s2 could not be listed",
        "subscription s3 is listed in part",
        "subscription s4 could not be listed",
    ] {
        assert!(findings.contains(words), "{words} in {findings}");
    }
}

#[tokio::test]
async fn a_list_that_is_denied_everywhere_is_an_error() {
    let azure = FakeAzure::start(|_, _| reply(403, error_body("AuthorizationFailed", "no"))).await;
    let error = azure
        .client()
        .list_clusters(&[SubscriptionId::new("s1")])
        .await
        .unwrap_err();
    assert_eq!(
        error.missing_right(),
        Some("Microsoft.ContainerService/managedClusters/read")
    );
    let error = azure.client().list_clusters(&[]).await.unwrap_err();
    assert_eq!(error.missing_right(), Some("Microsoft.Resources/subscriptions/read"));
}

#[tokio::test]
async fn a_query_that_never_ends_is_cut_with_a_finding() {
    let azure = FakeAzure::start(|_, _| reply(200, json!({"data": [row("a")], "$skipToken": "same"}))).await;
    let listing = azure.client().list_clusters(&[]).await.unwrap();
    assert_eq!(
        (names(&listing), listing.findings.len(), azure.seen().len()),
        (vec!["a"], 1, 2)
    );
}
