//! Pools and clusters that are made and deleted, settings that are changed, pools that go back, and several hops.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Arm, cluster_path, control_plane_upgrade, error_code, full_upgrade, header};

fn pool_path(name: &str) -> String {
    format!("{}/agentPools/{name}", cluster_path())
}

fn profile_path(name: &str) -> String {
    pool_path(name) + "/upgradeProfiles/default"
}

async fn state(arm: &Arm, path: &str) -> Value {
    arm.body(path).await["properties"]["provisioningState"].clone()
}

/// Puts a version at a pool and waits until it is done.
async fn upgrade(arm: &Arm, pool: &str, to: &str) {
    let accepted = arm
        .put(&pool_path(pool), |body| {
            body["properties"]["orchestratorVersion"] = json!(to);
        })
        .await;
    assert_eq!(accepted.status(), 200, "{pool} to {to}");
    arm.pass(5400);
    assert_eq!(state(arm, &pool_path(pool)).await, "Succeeded");
}

async fn upgrade_control_plane(arm: &Arm, to: &str) {
    let accepted = arm.put(&cluster_path(), control_plane_upgrade(to)).await;
    assert_eq!(accepted.status(), 200, "control plane to {to}");
    arm.pass(900);
    assert_eq!(state(arm, &cluster_path()).await, "Succeeded");
}

#[tokio::test]
async fn settings_alone_take_a_minute_and_a_half_and_count_for_the_next_upgrade() {
    let arm = Arm::start("small").await;
    let surge =
        |value: &'static str| move |body: &mut Value| body["properties"]["upgradeSettings"]["maxSurge"] = json!(value);
    let accepted = arm.put(&pool_path("apps"), surge("3")).await;
    let url = header(&accepted, "azure-asyncoperation");
    assert_eq!(state(&arm, &pool_path("apps")).await, "Updating");
    assert_eq!(state(&arm, &cluster_path()).await, "Succeeded");
    arm.pass(75);
    assert_eq!(arm.status(&url).await["status"], "InProgress");
    arm.pass(36);
    assert_eq!(arm.status(&url).await["status"], "Succeeded");
    upgrade_control_plane(&arm, "1.34.6").await;
    arm.put(&pool_path("apps"), |body| {
        body["properties"]["orchestratorVersion"] = json!("1.34.6");
    })
    .await;
    let mut most = 0;
    for _ in 0..30 {
        arm.pass(10);
        most = most.max(
            arm.simulator
                .world
                .with(|world| world.clusters["shop-prod"].pool("apps").unwrap().nodes.len()),
        );
    }
    assert_eq!(most, 6);
}

#[tokio::test]
async fn settings_out_of_range_are_refused() {
    let arm = Arm::start("small").await;
    for (field, value) in [
        ("maxSurge", json!("101%")),
        ("maxSurge", json!("0")),
        ("drainTimeoutInMinutes", json!(1441)),
        ("drainTimeoutInMinutes", json!(4)),
        ("nodeSoakDurationInMinutes", json!(31)),
        ("undrainableNodeBehavior", json!("Delete")),
    ] {
        let refused = arm
            .put(&pool_path("apps"), |body| {
                body["properties"]["upgradeSettings"][field] = value.clone();
            })
            .await;
        assert_eq!(
            error_code(refused).await,
            (400, "InvalidParameter".into()),
            "{field} {value}"
        );
    }
}

#[tokio::test]
async fn a_pool_goes_back_one_step_within_seven_days() {
    let arm = Arm::start("small").await;
    upgrade_control_plane(&arm, "1.35.5").await;
    assert!(
        arm.body(&profile_path("apps")).await["properties"]
            .get("recentlyUsedVersions")
            .is_none()
    );
    upgrade(&arm, "apps", "1.35.5").await;
    let recent = arm.body(&profile_path("apps")).await["properties"]["recentlyUsedVersions"][0].clone();
    assert_eq!(recent["orchestratorVersion"], "1.34.4");
    assert_eq!(recent["nodeImageVersion"], "AKSUbuntu-2204gen2containerd-202610.19.0");
    assert!(recent["timestamp"].is_string());
    let back = |recent: &Value| {
        let recent = recent.clone();
        move |body: &mut Value| {
            body["properties"]["orchestratorVersion"] = recent["orchestratorVersion"].clone();
            body["properties"]["nodeImageVersion"] = recent["nodeImageVersion"].clone();
        }
    };
    let mut unknown = recent.clone();
    unknown["nodeImageVersion"] = json!("AKSUbuntu-2204gen2containerd-202601.01.0");
    let refused = arm.put(&pool_path("apps"), back(&unknown)).await;
    assert_eq!(error_code(refused).await, (400, "OperationNotAllowed".into()));

    let accepted = arm.put(&pool_path("apps"), back(&recent)).await;
    assert_eq!(accepted.status(), 200);
    assert_eq!(state(&arm, &pool_path("apps")).await, "Upgrading");
    arm.pass(5400);
    let pool = arm.body(&pool_path("apps")).await;
    assert_eq!(pool["properties"]["currentOrchestratorVersion"], "1.34.4");
    assert_eq!(pool["properties"]["nodeImageVersion"], recent["nodeImageVersion"]);
    // One step only: there is nothing to go back to any more.
    assert!(
        arm.body(&profile_path("apps")).await["properties"]
            .get("recentlyUsedVersions")
            .is_none()
    );

    upgrade(&arm, "apps", "1.35.5").await;
    arm.pass(8 * 86_400);
    let refused = arm.put(&pool_path("apps"), back(&recent)).await;
    assert_eq!(refused.status(), 400);
    let message = refused.json::<Value>().await.unwrap()["message"].clone();
    assert!(message.as_str().unwrap().contains("7 days"), "{message}");
}

#[tokio::test]
async fn an_upgrade_channel_forbids_going_back_and_a_node_channel_keeps_the_image() {
    let arm = Arm::start("small").await;
    upgrade_control_plane(&arm, "1.35.5").await;
    upgrade(&arm, "apps", "1.35.5").await;
    let recent = arm.body(&profile_path("apps")).await["properties"]["recentlyUsedVersions"][0].clone();
    let set = |upgrade: Option<&str>, node: &str| {
        arm.simulator.world.with(|world| {
            let profile = &mut world.clusters.get_mut("shop-prod").unwrap().profile;
            profile.upgrade_channel = upgrade.map(str::to_owned);
            node.clone_into(&mut profile.node_os_channel);
        });
    };
    let back = async || {
        let change = |body: &mut Value| {
            body["properties"]["orchestratorVersion"] = recent["orchestratorVersion"].clone();
            body["properties"]["nodeImageVersion"] = recent["nodeImageVersion"].clone();
        };
        arm.put(&pool_path("apps"), change).await
    };
    set(Some("patch"), "None");
    assert_eq!(error_code(back().await).await, (400, "OperationNotAllowed".into()));
    set(None, "NodeImage");
    assert_eq!(back().await.status(), 200);
    arm.pass(5400);
    let pool = arm.body(&pool_path("apps")).await;
    assert_eq!(pool["properties"]["currentOrchestratorVersion"], "1.34.4");
    assert_eq!(
        pool["properties"]["nodeImageVersion"],
        "AKSUbuntu-2204gen2containerd-202611.16.0"
    );
}

#[tokio::test]
async fn three_hops_of_the_control_plane_then_one_of_each_pool() {
    let arm = Arm::start("smoke").await;
    let offers = async || {
        let profile = arm.body(&(cluster_path() + "/upgradeProfiles/default")).await;
        let offers = profile["properties"]["controlPlaneProfile"]["upgrades"]
            .as_array()
            .cloned();
        let text = |offer: &Value| offer["kubernetesVersion"].as_str().unwrap().to_owned();
        offers.unwrap_or_default().iter().map(text).collect::<Vec<_>>()
    };
    assert_eq!(offers().await, ["1.34.6", "1.34.4"]);
    let too_far = arm.put(&cluster_path(), control_plane_upgrade("1.35.5")).await;
    assert_eq!(error_code(too_far).await, (400, "OperationNotAllowed".into()));
    for hop in ["1.34.6", "1.35.5", "1.36.3"] {
        assert!(offers().await.contains(&hop.to_owned()), "{hop}");
        upgrade_control_plane(&arm, hop).await;
    }
    let refused = arm
        .put(&pool_path("apps"), |body| {
            body["properties"]["orchestratorVersion"] = json!("1.37.0");
        })
        .await;
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["code"], "NodePoolMcVersionIncompatible");
    let message = body["message"].as_str().unwrap();
    assert!(message.contains("1.37.0") && message.contains("1.36.3"), "{message}");
    // Three minors behind is as far as pools may be.
    let refused = arm.put(&cluster_path(), control_plane_upgrade("1.37.0")).await;
    assert_eq!(error_code(refused).await, (400, "NodePoolMcVersionIncompatible".into()));
    for pool in ["system", "apps", "batch", "edge"] {
        upgrade(&arm, pool, "1.36.3").await;
    }
    let versions = arm
        .body(&format!(
            "/subscriptions/{}/providers/Microsoft.ContainerService/locations/westeurope/kubernetesVersions",
            super::SUBSCRIPTION
        ))
        .await;
    let line = versions["values"]
        .as_array()
        .unwrap()
        .iter()
        .find(|line| line["version"] == "1.33")
        .unwrap();
    assert_eq!(line["capabilities"]["supportPlan"][0], "KubernetesOfficial");
    assert!(
        line["patchVersions"]["1.33.8"]["upgrades"]
            .as_array()
            .unwrap()
            .contains(&json!("1.34.6"))
    );
}

#[tokio::test]
async fn pools_are_made_and_deleted() {
    let arm = Arm::start("small").await;
    let path = pool_path("extra");
    let new = json!({"properties": {"count": 2, "vmSize": "Standard_D4s_v5", "mode": "User"}});
    let put = async |body: &Value| arm.request(Method::PUT, &path).json(body).send().await.unwrap();
    assert_eq!(error_code(put(&json!({"properties": {"count": 2}})).await).await.0, 400);
    let created = put(&new).await;
    assert_eq!(created.status(), 201);
    assert!(!header(&created, "azure-asyncoperation").is_empty());
    assert_eq!(state(&arm, &path).await, "Creating");
    assert_eq!(put(&new).await.status(), 409);
    arm.pass(200);
    assert_eq!(state(&arm, &path).await, "Succeeded");

    let delete = async || arm.request(Method::DELETE, &path).send().await.unwrap();
    let accepted = delete().await;
    assert_eq!(accepted.status(), 202);
    let url = header(&accepted, "location");
    assert_eq!(state(&arm, &path).await, "Deleting");
    assert_eq!(arm.follow(&url).await.status(), 202);
    arm.pass(200);
    assert_eq!(arm.follow(&url).await.status(), 204);
    assert_eq!(error_code(arm.get(&path).await).await, (404, "ResourceNotFound".into()));
    assert_eq!(delete().await.status(), 204);
    assert_eq!(
        error_code(arm.request(Method::DELETE, &pool_path("system")).send().await.unwrap()).await,
        (400, "OperationNotAllowed".into())
    );
}

#[tokio::test]
async fn a_deleted_cluster_answers_404_and_its_operation_stays() {
    let arm = Arm::start("small").await;
    arm.put(&cluster_path(), full_upgrade("1.35.5")).await;
    arm.pass(60);
    let delete = async || arm.request(Method::DELETE, &cluster_path()).send().await.unwrap();
    let accepted = delete().await;
    assert_eq!(accepted.status(), 202);
    let url = header(&accepted, "azure-asyncoperation");
    assert_eq!(state(&arm, &cluster_path()).await, "Deleting");
    let refused = arm.put(&cluster_path(), |_| ()).await;
    assert_eq!(error_code(refused).await, (409, "OperationNotAllowed".into()));
    arm.pass(300);
    assert_eq!(
        error_code(arm.get(&cluster_path()).await).await,
        (404, "ResourceNotFound".into())
    );
    assert_eq!(
        error_code(arm.get(&pool_path("apps")).await).await,
        (404, "ResourceNotFound".into())
    );
    assert_eq!(arm.status(&url).await["status"], "Succeeded");
    assert_eq!(delete().await.status(), 204);
}
