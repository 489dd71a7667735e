//! How a change is prepared, sent as shown, and never sent twice on a guess.

use aks_cockpit::azure::error::AzureErrorKind;
use aks_cockpit::domain::change::Change;
use aks_cockpit::domain::ids::NodePoolName;
use aks_cockpit::domain::node_pool::UpgradeSettings;
use aks_cockpit::domain::provisioning::ProvisioningState;
use aks_cockpit::domain::surge::Share;
use aks_cockpit::domain::version::{KubernetesVersion, NodeImageVersion};
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::fake_azure::{
    CLUSTER, FakeAzure, client, cluster_body, error_body, pool_body, preview, reply, shop, upgrade_pool,
};

#[tokio::test]
async fn a_control_plane_upgrade_is_prepared_from_what_is_there_and_sent_as_shown() {
    let azure = FakeAzure::start(|seen, _| match seen.method.as_str() {
        "GET" => reply(200, cluster_body("1.33")),
        _ => reply(200, json!({"properties": {"provisioningState": "Upgrading"}}))
            .with(
                "azure-asyncoperation",
                format!("http://{}/op?c=signed", seen.header("host").unwrap()),
            )
            .with("location", "https://evil.test/op")
            .with("retry-after", "10"),
    })
    .await;
    let client = azure.client();
    let change = Change::UpgradeControlPlane {
        cluster: shop(),
        to: KubernetesVersion::new(1, 34, 2),
    };
    let preview = client.prepare(&change).await.unwrap();
    assert_eq!(
        (preview.method.as_str(), preview.if_match.as_deref()),
        ("PUT", Some("cluster-etag"))
    );
    assert_eq!(preview.path, format!("{CLUSTER}?api-version=2026-08-01"));
    assert_eq!(preview.fields.len(), 1);
    let properties = &preview.body.as_ref().unwrap()["properties"];
    assert_eq!(properties["kubernetesVersion"], "1.34.2");
    assert_eq!(
        properties["agentPoolProfiles"],
        json!([{"name": "user", "orchestratorVersion": "1.33"}])
    );
    assert_eq!(properties.get("servicePrincipalProfile"), None);

    let id = Uuid::new_v4();
    let accepted = client.send(&preview, id).await.unwrap();
    let sent = azure.seen().pop().unwrap();
    assert_eq!(
        (sent.method.as_str(), sent.header("if-match")),
        ("PUT", Some("cluster-etag"))
    );
    assert_eq!(sent.header("x-ms-client-request-id"), Some(id.to_string().as_str()));
    assert_eq!(sent.body, preview.body);
    assert!(accepted.operation.async_operation.unwrap().ends_with("/op?c=signed"));
    assert_eq!(accepted.operation.location, None, "a link to another host is dropped");
    assert_eq!(
        (accepted.state, accepted.is_done),
        (Some(ProvisioningState::Upgrading), false)
    );
    assert_eq!(accepted.retry_after, Some(Duration::from_secs(10)));
}

#[tokio::test]
async fn pool_changes_and_aborts_go_to_their_own_paths() {
    let azure = FakeAzure::start(|seen, _| match seen.method.as_str() {
        "GET" => reply(200, pool_body("1.33.5")),
        "POST" if seen.path.ends_with("/shop/abort") => reply(204, ""),
        _ => reply(202, "").with("location", format!("http://{}/l", seen.header("host").unwrap())),
    })
    .await;
    let client = azure.client();
    let pool = NodePoolName::new("user");
    let upgrade = client.prepare(&upgrade_pool()).await.unwrap();
    assert_eq!(upgrade.if_match.as_deref(), Some("pool-etag"));
    assert_eq!(
        upgrade.body.as_ref().unwrap()["properties"].get("nodeImageVersion"),
        None
    );
    assert_eq!(upgrade.fields[0].from.as_deref(), Some("1.33.5"));
    client.send(&upgrade, Uuid::new_v4()).await.unwrap();

    let to = Some(NodeImageVersion::new("img-2"));
    let image = Change::UpgradeNodeImage {
        cluster: shop(),
        pool: pool.clone(),
        to,
    };
    let image = client.prepare(&image).await.unwrap();
    assert_eq!((&image.body, &image.if_match), (&None, &None));
    assert_eq!(
        (image.fields[0].from.as_deref(), image.fields[0].to.as_deref()),
        (Some("img-1"), Some("img-2"))
    );
    let accepted = client.send(&image, Uuid::new_v4()).await.unwrap();
    assert!(!accepted.is_done && accepted.operation.location.is_some());

    let reads = azure.seen().len();
    for change in [
        Change::AbortNodePool { cluster: shop(), pool },
        Change::AbortCluster { cluster: shop() },
    ] {
        let abort = client.prepare(&change).await.unwrap();
        let accepted = client.send(&abort, Uuid::new_v4()).await.unwrap();
        assert_eq!(accepted.is_done, change.pool().is_none());
    }
    let seen = azure.seen();
    assert_eq!(seen.len(), reads + 2, "an abort is not preceded by a read");
    let posts: Vec<&str> = seen
        .iter()
        .filter(|seen| seen.method == "POST")
        .map(|seen| seen.path.as_str())
        .collect();
    assert_eq!(
        posts,
        [
            format!("{CLUSTER}/agentPools/user/upgradeNodeImageVersion"),
            format!("{CLUSTER}/agentPools/user/abort"),
            format!("{CLUSTER}/abort")
        ]
    );
    assert!(
        seen.iter()
            .filter(|seen| seen.method == "POST")
            .all(|seen| seen.header("content-length") == Some("0"))
    );
}

#[tokio::test]
async fn pool_settings_are_written_into_the_pool_as_it_is() {
    let azure = FakeAzure::start(|seen, _| match seen.method.as_str() {
        "GET" => reply(200, pool_body("1.33.5")),
        _ => reply(200, json!({"properties": {"provisioningState": "Updating"}})),
    })
    .await;
    let client = azure.client();
    let change = |settings: UpgradeSettings| Change::SetPoolSettings {
        cluster: shop(),
        pool: NodePoolName::new("user"),
        settings,
    };
    let settings = UpgradeSettings {
        max_surge: Some(Share::Percent(50)),
        drain_timeout_minutes: Some(60),
        ..UpgradeSettings::default()
    };
    let preview = client.prepare(&change(settings)).await.unwrap();
    assert_eq!(
        (preview.method.as_str(), preview.if_match.as_deref()),
        ("PUT", Some("pool-etag"))
    );
    assert_eq!(
        preview.path,
        format!("{CLUSTER}/agentPools/user?api-version=2026-08-01")
    );
    assert_eq!(
        preview.body,
        Some(
            json!({"properties": {"orchestratorVersion": "1.33.5", "count": 3, "upgradeSettings": {
            "maxSurge": "50%", "drainTimeoutInMinutes": 60}}})
        )
    );
    let fields: Vec<&str> = preview.fields.iter().map(|field| field.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "properties.upgradeSettings.maxSurge",
            "properties.upgradeSettings.drainTimeoutInMinutes"
        ]
    );
    let accepted = client.send(&preview, Uuid::new_v4()).await.unwrap();
    assert!(!accepted.is_done, "it is still Updating");
    assert_eq!(azure.seen().pop().unwrap().body, preview.body);

    let wrong = UpgradeSettings {
        node_soak_minutes: Some(31),
        ..UpgradeSettings::default()
    };
    let error = client.prepare(&change(wrong)).await.unwrap_err();
    assert_eq!(error.kind(), AzureErrorKind::Settings);
    assert!(
        error
            .to_string()
            .ends_with("of shop: a node soak of 31 min is outside 0 to 30 min"),
        "{error}"
    );
}

#[tokio::test]
async fn a_rollback_names_version_and_image() {
    let azure = FakeAzure::start(|_, _| reply(200, pool_body("1.34.2"))).await;
    let change = Change::RollBackNodePool {
        cluster: shop(),
        pool: NodePoolName::new("user"),
        to: KubernetesVersion::new(1, 33, 5),
        node_image: NodeImageVersion::new("img-0"),
    };
    let preview = azure.client().prepare(&change).await.unwrap();
    assert_eq!(
        (preview.method.as_str(), preview.if_match.as_deref()),
        ("PUT", Some("pool-etag"))
    );
    assert_eq!(
        preview.body,
        Some(json!({"properties": {"orchestratorVersion": "1.33.5", "nodeImageVersion": "img-0", "count": 3}}))
    );
    let told: Vec<(Option<&str>, Option<&str>)> = preview
        .fields
        .iter()
        .map(|field| (field.from.as_deref(), field.to.as_deref()))
        .collect();
    assert_eq!(told, [(Some("1.34.2"), Some("1.33.5")), (Some("img-1"), Some("img-0"))]);
}

#[tokio::test]
async fn a_change_is_never_sent_twice_on_a_guess() {
    for status in [500, 502, 503, 504, 408] {
        let azure = FakeAzure::start(move |_, _| reply(status, error_body("InternalOperationError", "oh"))).await;
        let error = azure
            .client()
            .send(&preview(upgrade_pool()), Uuid::new_v4())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), AzureErrorKind::Uncertain, "{status}");
        assert_eq!(azure.seen().len(), 1, "{status}");
    }
    for (status, code, kind) in [
        (429, "Throttled", AzureErrorKind::Throttled),
        (409, "OperationNotAllowed", AzureErrorKind::Conflict),
        (409, "EtagMismatch", AzureErrorKind::Changed),
        (412, "PreconditionFailed", AzureErrorKind::Changed),
        (400, "ValidationError", AzureErrorKind::Refused),
        (401, "InvalidAuthenticationToken", AzureErrorKind::NotLoggedIn),
    ] {
        let azure = FakeAzure::start(move |_, _| reply(status, json!({"code": code, "message": "m"}))).await;
        let error = azure
            .client()
            .send(&preview(upgrade_pool()), Uuid::new_v4())
            .await
            .unwrap_err();
        assert_eq!((error.kind(), azure.seen().len()), (kind, 1), "{status} {code}");
    }
}

#[tokio::test]
async fn a_change_waits_where_azure_said_how_long() {
    let azure = FakeAzure::start(|_, before| match before {
        0 => reply(429, error_body("Throttled", "m")).with("retry-after", "5"),
        1 => reply(503, "").with("retry-after", "5"),
        _ => reply(200, pool_body("1.34.2")),
    })
    .await;
    let accepted = azure
        .client()
        .send(&preview(upgrade_pool()), Uuid::new_v4())
        .await
        .unwrap();
    assert!(accepted.is_done, "no link, and Succeeded");
    assert_eq!(azure.seen().len(), 3);
}

#[tokio::test]
async fn a_lost_answer_to_a_change_is_uncertain() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(&format!("http://{}", listener.local_addr().unwrap()));
    let server = tokio::spawn(async move {
        use tokio::io::AsyncReadExt;
        let mut connections = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 64];
            // The request is read, so it has arrived; then the connection goes away.
            if stream.read(&mut request).await.unwrap_or(0) > 0 {
                connections += 1;
            }
            if connections == 1 {
                break;
            }
        }
        drop(listener);
        connections
    });
    let error = client.send(&preview(upgrade_pool()), Uuid::new_v4()).await.unwrap_err();
    assert_eq!(error.kind(), AzureErrorKind::Uncertain, "{error}");
    assert_eq!(server.await.unwrap(), 1);
}
