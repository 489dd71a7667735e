//! PUT, upgrade and abort: accepted, polled and done, or refused.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Arm, cluster_path, control_plane_upgrade, error_code, full_upgrade, header};

#[tokio::test]
async fn a_full_upgrade_is_accepted_polled_and_done() {
    let arm = Arm::start("clean").await;
    let accepted = arm.put(&cluster_path(), full_upgrade("1.35.5")).await;
    assert_eq!(accepted.status(), 200);
    let url = header(&accepted, "azure-asyncoperation");
    assert!(url.len() > 3000 && url.contains("/operations/") && url.contains("?api-version=2016-03-30&t="));
    assert_eq!(header(&accepted, "location"), "");
    assert_eq!(header(&accepted, "retry-after"), "");
    let body: Value = accepted.json().await.unwrap();
    let properties = &body["properties"];
    assert_eq!(properties["provisioningState"], "Upgrading");
    assert_eq!(properties["currentKubernetesVersion"], "1.35.5");
    for pool in properties["agentPoolProfiles"].as_array().unwrap() {
        assert_eq!(pool["provisioningState"], "Upgrading");
        assert_eq!(pool["currentOrchestratorVersion"], "1.35.5");
    }
    let running = arm.status(&url).await;
    assert_eq!(running["status"], "InProgress");
    assert!(running.get("endTime").is_none());

    let busy = arm.put(&(cluster_path() + "/agentPools/apps"), |_| ()).await;
    assert_eq!(error_code(busy).await, (409, "OperationNotAllowed".into()));

    arm.pass(3600);
    let done = arm.status(&url).await;
    assert_eq!(done["status"], "Succeeded");
    assert!(done["endTime"].is_string());
    let after = arm.body(&cluster_path()).await;
    assert_eq!(after["properties"]["provisioningState"], "Succeeded");
    let pool = &after["properties"]["agentPoolProfiles"][1];
    assert_eq!(pool["nodeImageVersion"], "AKSUbuntu-2404gen2containerd-202611.16.0");
}

#[tokio::test]
async fn an_operation_is_known_only_by_its_exact_url() {
    let arm = Arm::start("clean").await;
    let accepted = arm.put(&(cluster_path() + "/agentPools/apps"), |_| ()).await;
    let url = header(&accepted, "azure-asyncoperation");
    assert_eq!(arm.follow(&url).await.status(), 200);
    for changed in [
        url.replace("&h=", "&h=x"),
        url.split("&s=").next().unwrap().to_owned(),
        url.replace("/operations/", "/operationresults/"),
        url.replace("2016-03-30", "2026-08-01"),
    ] {
        assert_eq!(arm.follow(&changed).await.status(), 404);
    }
    let stranger = arm.http.get(&url).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
}

#[tokio::test]
async fn etags_guard_changes() {
    let arm = Arm::start("clean").await;
    let path = cluster_path() + "/agentPools/apps";
    let body = arm.body(&path).await;
    let etag = body["properties"]["eTag"].as_str().unwrap().to_owned();
    let put = async |headers: &[(&str, &str)]| {
        let mut request = arm.request(Method::PUT, &path).json(&body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    };
    let differs = put(&[("if-match", "00000000-0000-0000-0000-000000000000")]).await;
    assert_eq!(error_code(differs).await, (412, "PreconditionFailed".into()));
    assert_eq!(put(&[("if-none-match", "*")]).await.status(), 412);
    assert_eq!(put(&[("if-none-match", "x")]).await.status(), 400);
    assert_eq!(put(&[("if-match", "*"), ("if-none-match", "*")]).await.status(), 400);
    assert_eq!(put(&[("if-match", &etag)]).await.status(), 200);
    arm.pass(60);
    assert_eq!(put(&[("if-match", &etag)]).await.status(), 412);
    assert_eq!(put(&[("if-match", "*")]).await.status(), 200);
}

#[tokio::test]
async fn requests_against_the_rules_get_the_flat_error() {
    let arm = Arm::start("clean").await;
    for (to, expected) in [
        ("1.36.3", "OperationNotAllowed"),
        ("1.35.99", "K8sVersionNotSupported"),
        ("soon", "K8sVersionNotSupported"),
    ] {
        let refused = arm.put(&cluster_path(), full_upgrade(to)).await;
        assert_eq!(refused.status(), 400, "{to}");
        let body: Value = refused.json().await.unwrap();
        assert_eq!((&body["code"], &body["details"]), (&json!(expected), &Value::Null));
    }
    let mixed = arm
        .put(&cluster_path(), |body| {
            body["properties"]["kubernetesVersion"] = json!("1.35.5");
            body["properties"]["agentPoolProfiles"][0]["orchestratorVersion"] = json!("1.35.5");
        })
        .await;
    assert_eq!(
        error_code(mixed).await,
        (400, "NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged".into())
    );
    let ahead = arm
        .put(&(cluster_path() + "/agentPools/apps"), |body| {
            body["properties"]["orchestratorVersion"] = json!("1.35.5");
        })
        .await;
    assert_eq!(error_code(ahead).await, (400, "NodePoolMcVersionIncompatible".into()));
    let zero = arm
        .put(&(cluster_path() + "/agentPools/apps"), |body| {
            body["properties"]["upgradeSettings"] = json!({"maxSurge": "0", "maxUnavailable": "0"});
        })
        .await;
    assert_eq!(error_code(zero).await, (400, "InvalidParameter".into()));
    for text in ["", "[]", "no json"] {
        let request = arm.request(Method::PUT, &cluster_path()).body(text);
        assert_eq!(request.send().await.unwrap().status(), 400, "{text}");
    }
    let homeless = arm
        .request(Method::PUT, &cluster_path())
        .json(&json!({"properties": {}}));
    assert_eq!(
        error_code(homeless.send().await.unwrap()).await,
        (400, "LocationRequired".into())
    );
}

#[tokio::test]
async fn a_stopped_cluster_is_not_upgraded() {
    let arm = Arm::start("demo").await;
    let list = arm
        .body(
            "/subscriptions/91b5e3c8-0d7f-4a26-b1c4-5f8e2a6d9073/providers/Microsoft.ContainerService/managedClusters",
        )
        .await;
    let clusters = list["value"].as_array().unwrap();
    let stopped = clusters.iter().find(|cluster| cluster["name"] == "data-lab").unwrap();
    assert_eq!(stopped["properties"]["powerState"]["code"], "Stopped");
    let id = stopped["id"].as_str().unwrap();
    let refused = arm.put(id, full_upgrade("1.34.6")).await;
    let body: Value = refused.json().await.unwrap();
    assert!(body["message"].as_str().unwrap().contains("Power State"), "{body}");
}

#[tokio::test]
async fn a_failed_operation_tells_why_there_and_on_its_pool() {
    let arm = Arm::start("quota").await;
    let accepted = arm.put(&cluster_path(), full_upgrade("1.35.5")).await;
    let url = header(&accepted, "azure-asyncoperation");
    arm.pass(3600);
    let failed = arm.status(&url).await;
    assert_eq!(failed["status"], "Failed");
    assert_eq!(failed["error"]["code"], "QuotaExceeded");
    let cluster = arm.body(&cluster_path()).await;
    assert_eq!(cluster["properties"]["provisioningState"], "Failed");
    let pools = cluster["properties"]["agentPoolProfiles"].as_array().unwrap();
    assert_eq!(
        [&pools[0], &pools[1]].map(|pool| pool["provisioningState"].clone()),
        ["Succeeded", "Failed"]
    );
    let error = &pools[1]["status"]["provisioningError"];
    assert!(error["message"].as_str().unwrap().contains(
        "exceeding approved standardESv5Family Cores quota. Additional details - Deployment Model: Resource Manager, \
             Location: westeurope, Current Limit: 32, Current Usage: 32, Additional Required: 16"
    ));
}

#[tokio::test]
async fn an_abort_cancels_and_the_same_request_resumes() {
    let arm = Arm::start("clean").await;
    let control_plane = arm.put(&cluster_path(), control_plane_upgrade("1.34.6")).await;
    assert_eq!(control_plane.status(), 200);
    arm.pass(900);
    let path = cluster_path() + "/agentPools/apps";
    let nothing = arm.post(&(path.clone() + "/abort")).await;
    let body: Value = nothing.json().await.unwrap();
    assert_eq!(
        body["message"],
        "Cancel operation is not allowed when the ProvisioningState is Succeeded"
    );

    let upgrade = |body: &mut Value| body["properties"]["orchestratorVersion"] = json!("1.34.6");
    let upgraded = arm.put(&path, upgrade).await;
    let upgrade_url = header(&upgraded, "azure-asyncoperation");
    arm.pass(200);
    let abort = arm.post(&(path.clone() + "/abort")).await;
    assert_eq!(abort.status(), StatusCode::ACCEPTED);
    let (url, location) = (header(&abort, "azure-asyncoperation"), header(&abort, "location"));
    assert!(location.contains("/operationresults/"));
    let body: Value = abort.json().await.unwrap();
    assert_eq!(body["properties"]["provisioningState"], "Upgrading");
    assert_eq!(arm.body(&path).await["properties"]["provisioningState"], "Canceling");
    assert_eq!(arm.follow(&location).await.status(), 202);
    arm.pass(10);
    assert_eq!(arm.status(&url).await["status"], "Succeeded");
    assert_eq!(arm.status(&upgrade_url).await["status"], "Canceled");
    let result = arm.follow(&location).await;
    assert_eq!((result.status().as_u16(), header(&result, "location")), (204, location));
    assert_eq!(arm.body(&path).await["properties"]["provisioningState"], "Canceled");
    assert_eq!(
        arm.body(&cluster_path()).await["properties"]["provisioningState"],
        "Succeeded"
    );

    let resumed = arm.put(&path, upgrade).await;
    assert_eq!(resumed.status(), 200);
    let body = arm.body(&path).await;
    assert_eq!(body["properties"]["provisioningState"], "Upgrading");
    arm.pass(3600);
    assert_eq!(arm.body(&path).await["properties"]["provisioningState"], "Succeeded");
    let profile = arm.body(&(path + "/upgradeProfiles/default")).await;
    assert_eq!(
        profile["properties"]["recentlyUsedVersions"][0]["orchestratorVersion"],
        "1.34.4"
    );
}

#[tokio::test]
async fn a_cluster_abort_cancels_cluster_and_pools() {
    let arm = Arm::start("clean").await;
    arm.put(&cluster_path(), full_upgrade("1.35.5")).await;
    let abort = arm.post(&(cluster_path() + "/abort")).await;
    assert_eq!(abort.status(), 202);
    let again = arm.post(&(cluster_path() + "/abort")).await;
    assert_eq!(again.status(), 409);
    arm.pass(10);
    let body = arm.body(&cluster_path()).await;
    assert_eq!(body["properties"]["provisioningState"], "Canceled");
    assert_eq!(
        body["properties"]["agentPoolProfiles"][1]["provisioningState"],
        "Canceled"
    );
}

#[tokio::test]
async fn a_node_image_upgrade_leaves_the_cluster_succeeded() {
    let arm = Arm::start("clean").await;
    let path = cluster_path() + "/agentPools/apps";
    let accepted = arm.post(&(path.clone() + "/upgradeNodeImageVersion")).await;
    assert_eq!(accepted.status(), 202);
    assert!(header(&accepted, "location").contains("/operationresults/"));
    let body: Value = accepted.json().await.unwrap();
    assert_eq!(body["properties"]["provisioningState"], "UpgradingNodeImageVersion");
    let cluster = arm.body(&cluster_path()).await;
    assert_eq!(cluster["properties"]["provisioningState"], "Succeeded");
    arm.pass(3600);
    let pool = arm.body(&path).await;
    assert_eq!(
        pool["properties"]["nodeImageVersion"],
        "AKSUbuntu-2204gen2containerd-202611.16.0"
    );
    assert_eq!(pool["properties"]["currentOrchestratorVersion"], "1.34.4");
}

#[tokio::test]
async fn retry_after_is_sent_where_the_scenario_says_so() {
    let arm = Arm::start("throttled").await;
    arm.simulator.world.with(|world| world.faults.clear());
    let accepted = arm.put(&(cluster_path() + "/agentPools/apps"), |_| ()).await;
    assert_eq!(header(&accepted, "retry-after"), "10");
    let url = header(&accepted, "azure-asyncoperation");
    assert_eq!(header(&arm.follow(&url).await, "retry-after"), "10");
    arm.pass(10);
    assert_eq!(header(&arm.follow(&url).await, "retry-after"), "");
}
