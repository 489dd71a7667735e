//! How a long-running operation is followed to its end.

use aks_cockpit::azure::error::AzureErrorKind;
use aks_cockpit::domain::change::OperationLink;
use aks_cockpit::domain::provisioning::OperationState;
use serde_json::json;

use super::fake_azure::{FakeAzure, error_body, link, reply};

#[tokio::test]
async fn an_operation_is_followed_through_trouble_to_its_end() {
    let azure = FakeAzure::start(|seen, before| match (seen.path.as_str(), before) {
        ("/status", 0) => reply(
            200,
            json!({"status": "InProgress", "error": {"code": "NotLatestOperation", "message": "m"}}),
        )
        .with("retry-after", "30"),
        ("/status", 1) => reply(502, error_body("BadGatewayConnection", "m")),
        ("/status", 2) => reply(429, error_body("Throttled", "m")).with("retry-after", "7"),
        ("/status", 3) => reply(
            200,
            json!({"status": "UpgradingNodes: 1/3", "endTime": "2026-08-01T10:00:00.1234567Z"}),
        ),
        ("/status", _) => reply(200, json!({"status": "Failed"})),
        _ => reply(
            200,
            json!({"name": "user", "properties": {"provisioningState": "Failed",
            "status": {"provisioningError": {"code": "QuotaExceeded", "message": "no cores"}}}}),
        ),
    })
    .await;
    let client = azure.client();
    let link = link(Some(format!("{}/status?c=signature", azure.url)), None);
    let mut texts = Vec::new();
    let mut waits = Vec::new();
    let last = loop {
        let poll = client.poll(&link).await.unwrap();
        match poll.state {
            OperationState::Running { text, .. } => texts.push(text),
            state => break state,
        }
        waits.push(poll.retry_after.map(|wait| wait.as_secs()));
    };
    assert_eq!(waits, [Some(30), None, Some(7), None]);
    assert_eq!(
        (texts[0].as_str(), texts[3].as_str()),
        ("InProgress", "UpgradingNodes: 1/3")
    );
    assert!(texts[1].contains("502"));
    let OperationState::Failed { error } = last else {
        panic!("{last:?}")
    };
    assert_eq!(error.code, "QuotaExceeded", "the reason comes from the resource");
    let records = client.recent_requests();
    assert!(records.iter().all(|record| !record.url().contains("signature")));
    assert_eq!(records[0].request.path, "(status of the operation)");
}

#[tokio::test]
async fn an_operation_without_a_usable_link_is_read_from_its_resource() {
    let elsewhere = FakeAzure::start(|_, _| reply(200, json!({"status": "Succeeded"}))).await;
    let azure = FakeAzure::start(|seen, _| match seen.path.as_str() {
        "/lost" => reply(404, error_body("NotFound", "m")),
        "/location" => reply(204, ""),
        path if path.ends_with("/agentPools/user") => reply(
            200,
            json!({"name": "user", "properties": {"provisioningState": "Upgrading"}}),
        ),
        _ => reply(404, error_body("ResourceNotFound", "m")),
    })
    .await;
    let client = azure.client();
    let state = async |async_operation: Option<&str>, location: Option<&str>| {
        let url = |text: Option<&str>| text.map(|text| text.replace("AZURE", &azure.url));
        client
            .poll(&link(url(async_operation), url(location)))
            .await
            .unwrap()
            .state
    };
    let upgrading = OperationState::Running {
        text: "Upgrading".into(),
        hint: None,
    };
    assert_eq!(state(Some("AZURE/lost"), None).await, upgrading);
    assert_eq!(state(None, None).await, upgrading);
    assert_eq!(state(Some("not a url"), None).await, upgrading);
    assert_eq!(state(Some(&format!("{}/status", elsewhere.url)), None).await, upgrading);
    assert_eq!(state(None, Some("AZURE/location")).await, OperationState::Succeeded);
    assert_eq!(
        state(Some("AZURE/lost"), Some("AZURE/location")).await,
        OperationState::Succeeded
    );
    assert!(elsewhere.seen().is_empty(), "the token stays here");
    let gone = OperationLink {
        pool: None,
        ..link(None, None)
    };
    assert_eq!(client.poll(&gone).await.unwrap_err().kind(), AzureErrorKind::NotFound);
}
