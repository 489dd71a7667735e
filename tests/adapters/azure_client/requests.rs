//! What every request carries, when a read is repeated, and how bad answers and refusals are said.

use aks_cockpit::azure::error::{AzureError, AzureErrorKind};
use aks_cockpit::clock::Clock;
use aks_cockpit::domain::ids::{ClusterId, NodePoolName, SubscriptionId};
use aks_cockpit::domain::version::KubernetesVersion;
use aks_cockpit::requests::entry::Outcome;
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::fake_azure::{
    CLUSTER, FakeAzure, TOKEN, client, client_with, cluster_body, error_body, link, preview, reply, shop, upgrade_pool,
};

#[tokio::test]
async fn every_request_carries_token_version_and_id() {
    let azure = FakeAzure::start(|_, _| {
        reply(200, cluster_body("1.33.5"))
            .with("x-ms-request-id", "azures-id")
            .with("x-ms-ratelimit-remaining-subscription-reads", "249")
    })
    .await;
    let client = client_with(&azure.url, Clock::stepped(jiff::Timestamp::UNIX_EPOCH));
    let cluster = client.get_cluster(&shop()).await.unwrap();
    assert_eq!(cluster.etag.as_deref(), Some("cluster-etag"));
    let seen = &azure.seen()[0];
    assert_eq!(seen.header("authorization"), Some("Bearer the-secret-token"));
    assert!(seen.header("x-ms-client-request-id").unwrap().parse::<Uuid>().is_ok());
    assert_eq!(
        (seen.path.as_str(), seen.query.as_str()),
        (CLUSTER, "api-version=2026-08-01")
    );
    let records = client.recent_requests();
    assert_eq!(records[0].outcome, Outcome::Answered { status: 200 });
    assert_eq!(
        (records[0].request.path.as_str(), records[0].request_id.as_deref()),
        (CLUSTER, Some("azures-id"))
    );
    let budget = client.budget();
    assert_eq!(
        (budget.per_minute, budget.remaining_reads, budget.throttled_until),
        (1, Some(249), None)
    );
    assert!(!format!("{client:?} {records:?}").contains(TOKEN));
}

#[tokio::test]
async fn a_read_waits_visibly_and_tries_again() {
    let azure = FakeAzure::start(|_, before| match before {
        0 => reply(429, error_body("Throttled", "slow down")).with("retry-after", "17"),
        1 => reply(429, error_body("Throttled", "slow down")),
        2 => reply(503, "<html>"),
        3 => reply(
            500,
            json!({"code": "InternalOperationError", "message": "Internal server error"}),
        ),
        _ => reply(200, cluster_body("1.33.5")),
    })
    .await;
    let client = azure.client();
    client.get_cluster(&shop()).await.unwrap();
    let outcomes: Vec<Outcome> = client
        .recent_requests()
        .into_iter()
        .map(|record| record.outcome)
        .collect();
    assert_eq!(outcomes.len(), 9, "five answers and four waits: {outcomes:?}");
    assert_eq!(
        outcomes[1],
        Outcome::Throttled {
            wait: Duration::from_secs(17)
        }
    );
    let ids: Vec<Option<String>> = azure
        .seen()
        .iter()
        .map(|seen| seen.header("x-ms-client-request-id").map(str::to_owned))
        .collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "one request, one id");
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_the_callers() {
    let azure =
        FakeAzure::start(|_, _| reply(429, error_body("Throttled", "slow down")).with("retry-after", "600")).await;
    let client = client_with(&azure.url, Clock::stepped(jiff::Timestamp::UNIX_EPOCH));
    let error = client.get_cluster(&shop()).await.unwrap_err();
    assert!(matches!(&error, AzureError::Throttled { retry_after: Some(wait), .. } if wait.as_secs() == 600));
    assert_eq!(azure.seen().len(), 1);
    assert!(client.budget().throttled_until.is_some());
}

#[tokio::test]
async fn a_closed_port_is_unreachable_after_three_attempts() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let client = client(&format!("http://{port}"));
    let error = client.get_cluster(&shop()).await.unwrap_err();
    assert_eq!(error.kind(), AzureErrorKind::Unreachable);
    assert_eq!(
        error.to_string(),
        format!("read cluster shop: http://{port} cannot be reached")
    );
    let failed = client
        .recent_requests()
        .into_iter()
        .filter(|record| matches!(record.outcome, Outcome::Failed { .. }));
    assert_eq!(failed.count(), 3);
    let error = client.send(&preview(upgrade_pool()), Uuid::new_v4()).await.unwrap_err();
    assert_eq!(error.kind(), AzureErrorKind::Unreachable, "nothing was sent");
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_said_so() {
    let azure = FakeAzure::start(|_, before| match before {
        0 => reply(200, "<html>proxy login\u{1b}[31m</html>"),
        1 => reply(200, "[1, 2]"),
        2 => reply(200, ""),
        3 => reply(200, json!({"id": "/subscriptions/s1"})),
        _ => reply(302, "").with("location", "https://elsewhere.test/"),
    })
    .await;
    let client = azure.client();
    for why in [
        "it is not JSON",
        "it is not a JSON object",
        "it is empty",
        "no cluster's id",
    ] {
        let error = client.get_cluster(&shop()).await.unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        let AzureError::UnexpectedBody { excerpt, .. } = error else {
            panic!("{error} is of another kind");
        };
        assert!(!excerpt.contains('\u{1b}'));
    }
    let error = client.get_cluster(&shop()).await.unwrap_err();
    assert!(
        matches!(error, AzureError::Refused { status: 302, .. }),
        "a redirect is not followed"
    );
}

#[tokio::test]
async fn refusals_keep_azures_words_and_name_the_right() {
    let azure = FakeAzure::start(|seen, _| match seen.path.rsplit('/').next().unwrap() {
        "shop" => reply(403, error_body("AuthorizationFailed", "The client does not have authorization to perform action 'Microsoft.ContainerService/managedClusters/read' over scope '/x'.")),
        "user" => reply(404, error_body("ResourceNotFound", "no such pool")),
        "kubernetesVersions" => reply(403, ""),
        _ => reply(400, json!({"code": "InvalidParameter", "message": "m", "details": null, "subcode": "", "target": "t"})),
    })
    .await;
    let client = azure.client();
    let denied = client.get_cluster(&shop()).await.unwrap_err();
    assert_eq!(denied.kind(), AzureErrorKind::Denied);
    assert_eq!(
        denied.missing_right(),
        Some("Microsoft.ContainerService/managedClusters/read")
    );
    let gone = client
        .get_node_pool(&shop(), &NodePoolName::new("user"))
        .await
        .unwrap_err();
    assert_eq!(gone.kind(), AzureErrorKind::NotFound);
    let region = client
        .region_versions(&SubscriptionId::new("s1"), "westeurope")
        .await
        .unwrap_err();
    assert_eq!(
        region.missing_right(),
        Some("Microsoft.ContainerService/locations/kubernetesVersions/read")
    );
    let flat = client.cluster_upgrades(&shop(), &[]).await.unwrap_err();
    assert_eq!(flat.kind(), AzureErrorKind::Refused);
    assert_eq!(flat.detail().unwrap().target.as_deref(), Some("t"));
}

#[tokio::test]
async fn a_given_token_that_ends_in_mid_run_says_what_to_do() {
    let azure = FakeAzure::start(|_, before| match before {
        0 => reply(200, cluster_body("1.33.5")),
        _ => reply(
            401,
            error_body("ExpiredAuthenticationToken", "The access token expiry UTC time is past"),
        ),
    })
    .await;
    let client = azure.client();
    client.get_cluster(&shop()).await.unwrap();
    let poll = link(Some(format!("{}/operation", azure.url)), None);
    for error in [
        client.get_cluster(&shop()).await.unwrap_err(),
        client.send(&preview(upgrade_pool()), Uuid::new_v4()).await.unwrap_err(),
        client.poll(&poll).await.unwrap_err(),
    ] {
        let AzureError::NotLoggedIn { tried } = error else {
            panic!("{error} is of another kind");
        };
        assert!(tried[0].why.contains("ExpiredAuthenticationToken"), "{}", tried[0].why);
        assert!(tried[0].todo.contains("AKS_COCKPIT_TOKEN"), "{}", tried[0].todo);
        assert!(!format!("{tried:?}").contains(TOKEN));
    }
    assert_eq!(azure.seen().len(), 4, "nothing is asked twice with the same token");
}

#[tokio::test]
async fn upgrades_are_asked_of_the_cluster_and_of_each_pool() {
    let azure = FakeAzure::start(|seen, _| match seen.path.strip_prefix(CLUSTER).unwrap() {
        "/upgradeProfiles/default" => reply(
            200,
            json!({"properties": {"agentPoolProfiles": null,
            "controlPlaneProfile": {"upgrades": [{"kubernetesVersion": "1.34.2"}]}}}),
        ),
        "/agentPools/user/upgradeProfiles/default" => reply(
            200,
            json!({"properties": {"kubernetesVersion": "1.33.5", "latestNodeImageVersion": "img-2"}}),
        ),
        _ => reply(404, error_body("ResourceNotFound", "gone")),
    })
    .await;
    let pools = [NodePoolName::new("user"), NodePoolName::new("gone")];
    let upgrades = azure.client().cluster_upgrades(&shop(), &pools).await.unwrap();
    assert_eq!(upgrades.control_plane[0].version, KubernetesVersion::new(1, 34, 2));
    let names: Vec<&str> = upgrades.pools.keys().map(NodePoolName::as_str).collect();
    assert_eq!(names, ["user"]);
    assert!(upgrades.pools[&pools[0]].latest_node_image.is_some());
}

#[tokio::test]
async fn a_kubeconfig_is_a_secret() {
    let azure = FakeAzure::start(|seen, before| {
        assert_eq!(
            (seen.method.as_str(), seen.query.as_str()),
            ("POST", "api-version=2026-08-01&format=exec")
        );
        match before {
            0 => reply(
                200,
                json!({"kubeconfigs": [{"name": "clusterUser", "value": "YXBpVmVyc2lvbjogdjE="}]}),
            ),
            _ => reply(200, r#"{"kubeconfigs": [{"value": "hunter2"#),
        }
    })
    .await;
    let client = azure.client();
    assert_eq!(client.user_kubeconfig(&shop()).await.unwrap(), "apiVersion: v1");
    let error = client.user_kubeconfig(&shop()).await.unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"));
    assert_eq!(client.kubernetes_token().await.unwrap().0, TOKEN);
}

#[tokio::test]
async fn a_cluster_of_a_kubeconfig_is_never_asked_for() {
    let azure = FakeAzure::start(|_, _| reply(200, "{}")).await;
    let error = azure
        .client()
        .get_cluster(&ClusterId::from_context("kind"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), AzureErrorKind::Settings);
    assert!(azure.seen().is_empty());
}

#[tokio::test]
async fn every_call_can_run_in_a_task_of_its_own() {
    let azure = FakeAzure::start(|_, _| reply(404, error_body("ResourceNotFound", "m"))).await;
    let client = azure.client();
    let task = tokio::spawn(async move {
        let pool = NodePoolName::new("user");
        let failures = [
            client.list_clusters(&[]).await.is_err(),
            client.get_cluster(&shop()).await.is_err(),
            client.get_node_pool(&shop(), &pool).await.is_err(),
            client.cluster_upgrades(&shop(), &[pool]).await.is_err(),
            client.region_versions(&SubscriptionId::new("s1"), "x").await.is_err(),
            client.user_kubeconfig(&shop()).await.is_err(),
            client.prepare(&upgrade_pool()).await.is_err(),
            client.send(&preview(upgrade_pool()), Uuid::new_v4()).await.is_err(),
            client.poll(&link(None, None)).await.is_err(),
        ];
        assert_eq!(failures, [true; 9]);
        client.kubernetes_token().await.unwrap();
    });
    task.await.unwrap();
}
