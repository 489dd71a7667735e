//! Every scenario of one fault does over HTTP what its description says.

use std::time::Duration;

use aks_cockpit::simulator::faults::{Fault, Trouble};
use aks_cockpit::simulator::scenario::Scenario;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{Arm, cluster_path, control_plane_upgrade, error_code, field, full_upgrade, header};

fn pool_path(name: &str) -> String {
    format!("{}/agentPools/{name}", cluster_path())
}

async fn put_version(arm: &Arm, pool: &str) -> Response {
    arm.put(&pool_path(pool), |body| {
        body["properties"]["orchestratorVersion"] = json!("1.35.5");
    })
    .await
}

async fn pool_state(arm: &Arm, name: &str) -> String {
    let body = arm.body(&pool_path(name)).await;
    body["properties"]["provisioningState"].as_str().unwrap().to_owned()
}

/// The control plane is upgraded, and the upgrade of pool apps begins; gives the URL of its operation.
async fn begin_apps(scenario: &str) -> (Arm, String) {
    let arm = Arm::start(scenario).await;
    arm.put(&cluster_path(), control_plane_upgrade("1.35.5")).await;
    arm.pass(900);
    let accepted = put_version(&arm, "apps").await;
    assert_eq!(accepted.status(), 200, "{scenario}");
    let url = header(&accepted, "azure-asyncoperation");
    arm.pass(0);
    (arm, url)
}

fn nodes_at(arm: &Arm, pool: &str, version: &str) -> usize {
    arm.simulator.world.with(|world| {
        let nodes = &world.clusters["shop-prod"].pool(pool).unwrap().nodes;
        nodes.iter().filter(|node| node.version.to_string() == version).count()
    })
}

#[tokio::test]
async fn every_scenario_is_listed_and_starts() {
    let names: Vec<&str> = Scenario::names().collect();
    assert!(names.len() > 30);
    assert_eq!(names.len(), Scenario::list().len());
    for name in names.into_iter().filter(|name| *name != "demo") {
        let arm = Arm::start(name).await;
        assert_eq!(arm.simulator.apps.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn refused_and_failed_puts_have_their_effect_or_not() {
    for (scenario, status, code, control_plane, apps) in [
        ("put-504-started", 504, "GatewayTimeout", "Upgrading", "Upgrading"),
        ("put-502-lost", 502, "BadGatewayConnection", "Succeeded", "Succeeded"),
        (
            "put-500-started",
            500,
            "InternalOperationError",
            "Upgrading",
            "Upgrading",
        ),
        ("conflict", 409, "OperationNotAllowed", "Upgrading", "Succeeded"),
        ("etag-conflict", 409, "EtagMismatch", "Upgrading", "Succeeded"),
    ] {
        let arm = Arm::start(scenario).await;
        let first = arm.put(&cluster_path(), control_plane_upgrade("1.35.5")).await;
        let is_met = scenario.starts_with("put-50") && scenario != "put-500-started";
        assert_eq!(first.status().as_u16(), if is_met { status } else { 200 }, "{scenario}");
        let state = arm.body(&cluster_path()).await["properties"]["provisioningState"].clone();
        assert_eq!(state, control_plane, "{scenario}");
        if control_plane == "Succeeded" {
            assert_eq!(
                arm.put(&cluster_path(), control_plane_upgrade("1.35.5")).await.status(),
                200
            );
        }
        arm.pass(900);
        let refused = put_version(&arm, "apps").await;
        assert_eq!(error_code(refused).await, (status, code.to_owned()), "{scenario}");
        assert_eq!(pool_state(&arm, "apps").await, apps, "{scenario}");
        if apps == "Succeeded" {
            let last = if scenario == "conflict" { 409 } else { 200 };
            assert_eq!(put_version(&arm, "apps").await.status(), last, "{scenario}");
        }
    }
}

#[tokio::test]
async fn a_tag_in_between_fails_only_requests_with_a_condition() {
    let arm = Arm::start("precondition").await;
    let body = arm.body(&cluster_path()).await;
    let put = async |etag: &str| {
        let mut body = body.clone();
        control_plane_upgrade("1.35.5")(&mut body);
        let request = arm.request(Method::PUT, &cluster_path()).header("if-match", etag);
        request.json(&body).send().await.unwrap()
    };
    let refused = put(body["eTag"].as_str().unwrap()).await;
    assert_eq!(error_code(refused).await, (412, "PreconditionFailed".into()));
    let fresh = arm.body(&cluster_path()).await;
    assert!(fresh["tags"]["reviewed"].is_string());
    assert_eq!(put(fresh["eTag"].as_str().unwrap()).await.status(), 200);

    let arm = Arm::start("tag-saved").await;
    let before = arm.body(&cluster_path()).await["eTag"].clone();
    arm.pass(300);
    let after = arm.body(&cluster_path()).await;
    assert_eq!(after["tags"]["costcenter"], "1042");
    assert_ne!(after["eTag"], before);
}

#[tokio::test]
async fn tokens_expire_once_or_for_a_while() {
    let (arm, _) = begin_apps("login-lost").await;
    arm.pass(60);
    let refused = arm.get(&cluster_path()).await;
    assert!(header(&refused, "www-authenticate").starts_with("Bearer "));
    assert_eq!(error_code(refused).await, (401, "ExpiredAuthenticationToken".into()));
    arm.pass(900);
    assert_eq!(arm.get(&cluster_path()).await.status(), 200);

    let (arm, _) = begin_apps("token-expired").await;
    let mut refused = 0;
    for _ in 0..24 {
        refused += u32::from(arm.get(&cluster_path()).await.status() == 401);
    }
    assert_eq!(refused, 2);
}

#[tokio::test]
async fn operations_are_lost_while_the_upgrade_goes_on() {
    let (arm, url) = begin_apps("lost-operation").await;
    assert_eq!(arm.status(&url).await["status"], "InProgress");
    arm.pass(30);
    assert_eq!(error_code(arm.follow(&url).await).await, (404, "NotFound".into()));
    arm.pass(3600);
    assert_eq!(arm.follow(&url).await.status(), 404);
    assert_eq!(pool_state(&arm, "apps").await, "Succeeded");
}

#[tokio::test]
async fn stale_reads_go_back_in_time() {
    let arm = Arm::start("small").await;
    let stale = || {
        Fault::new(Trouble::Stale {
            by: Duration::from_secs(90),
        })
        .on("GET", "/managedClusters")
        .times(1)
    };
    arm.pass(100);
    arm.put(&cluster_path(), control_plane_upgrade("1.35.5")).await;
    arm.pass(30);
    let states = async || {
        let now = arm.body(&cluster_path()).await;
        arm.fault(stale());
        let then = arm.body(&cluster_path()).await;
        [now, then].map(|body| {
            let properties = &body["properties"];
            let word = properties["provisioningState"].as_str().unwrap().to_owned();
            (
                word,
                properties["currentKubernetesVersion"].as_str().unwrap().to_owned(),
            )
        })
    };
    let told = |state: &str, version: &str| (state.to_owned(), version.to_owned());
    assert_eq!(
        states().await,
        [told("Upgrading", "1.35.5"), told("Succeeded", "1.34.4")]
    );
    arm.pass(100);
    assert_eq!(
        states().await,
        [told("Upgrading", "1.35.5"), told("Upgrading", "1.35.5")]
    );

    let arm = Arm::start("stale-reads").await;
    arm.pass(100);
    let etag = async || arm.body(&cluster_path()).await["eTag"].clone();
    let seen = [etag().await, etag().await];
    assert_eq!(seen[0], seen[1]);
    arm.put(&pool_path("apps"), |_| ()).await;
    arm.pass(1);
    let seen = [pool_state(&arm, "apps").await, pool_state(&arm, "apps").await];
    assert!(
        seen.contains(&"Updating".to_owned()) && seen.contains(&"Succeeded".to_owned()),
        "{seen:?}"
    );
}

#[tokio::test]
async fn azure_is_wrong_about_how_an_upgrade_ended() {
    for (scenario, status, done) in [("left-behind", "Succeeded", 2), ("failed-but-fine", "Failed", 3)] {
        let (arm, url) = begin_apps(scenario).await;
        arm.pass(3600);
        assert_eq!(arm.status(&url).await["status"], status, "{scenario}");
        assert_eq!(pool_state(&arm, "apps").await, status, "{scenario}");
        assert_eq!(nodes_at(&arm, "apps", "1.35.5"), done, "{scenario}");
    }
}

#[tokio::test]
async fn colleagues_abort_delete_and_add() {
    let (arm, url) = begin_apps("cancelled-by-other").await;
    arm.pass(239);
    assert_eq!(arm.status(&url).await["status"], "InProgress");
    arm.pass(11);
    assert_eq!(arm.status(&url).await["status"], "Canceled");
    assert_eq!(pool_state(&arm, "apps").await, "Canceled");

    let (arm, _) = begin_apps("cluster-deleted").await;
    arm.pass(240);
    assert_eq!(
        arm.body(&cluster_path()).await["properties"]["provisioningState"],
        "Deleting"
    );
    arm.pass(300);
    assert_eq!(arm.get(&cluster_path()).await.status(), 404);

    let (arm, _) = begin_apps("pool-deleted").await;
    arm.pass(30);
    assert_eq!(pool_state(&arm, "batch").await, "Deleting");
    arm.pass(200);
    assert_eq!(arm.get(&pool_path("batch")).await.status(), 404);

    let (arm, _) = begin_apps("pool-added").await;
    arm.pass(30);
    assert_eq!(pool_state(&arm, "extra").await, "Creating");
    arm.pass(200);
    assert_eq!(nodes_at(&arm, "extra", "1.34.4"), 2);
}

#[tokio::test]
async fn servers_go_away_for_minutes() {
    let arm = Arm::start("api-away-long").await;
    let text = arm.simulator.kubeconfigs["shop-prod"].clone();
    let is_there = async || {
        let url = format!("{}/version", field(&text, "server:"));
        arm.http
            .get(url)
            .bearer_auth(field(&text, "token:"))
            .send()
            .await
            .is_ok()
    };
    arm.put(&cluster_path(), control_plane_upgrade("1.35.5")).await;
    arm.pass(0);
    arm.pass(59);
    assert!(is_there().await);
    arm.pass(1);
    assert!(!is_there().await);
    arm.pass(599);
    assert!(!is_there().await);
    arm.pass(1);
    assert!(is_there().await);

    let (arm, _) = begin_apps("arm-down").await;
    arm.pass(60);
    assert!(arm.request(Method::GET, &cluster_path()).send().await.is_err());
    let app = arm.http.get(format!("{}/shop/web", arm.simulator.apps["shop-prod"]));
    assert!(app.send().await.is_ok(), "the applications do not need ARM");
    arm.pass(900);
    assert_eq!(arm.get(&cluster_path()).await.status(), 200);
}

/// The callers of all writes the activity log knows, oldest first.
async fn callers(arm: &Arm) -> Vec<(String, String)> {
    let filter = format!(
        "eventTimestamp ge '2026-11-01T00:00:00Z' and resourceUri eq '{}'",
        cluster_path()
    );
    let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
    let path = format!(
        "/subscriptions/{}/providers/Microsoft.Insights/eventtypes/management/values?$filter={filter}",
        super::SUBSCRIPTION
    );
    let mut events = arm.body(&path).await["value"].as_array().unwrap().clone();
    events.reverse();
    let started = events.iter().filter(|event| event["status"]["value"] == "Started");
    started
        .map(|event| {
            let action = event["operationName"]["value"].as_str().unwrap();
            let action = action.trim_start_matches("Microsoft.ContainerService/managedClusters/");
            (event["caller"].as_str().unwrap().to_owned(), action.to_owned())
        })
        .collect()
}

#[tokio::test]
async fn foreign_operations_begin_and_are_named_in_the_activity_log() {
    let pair = |caller: &str, action: &str| (caller.to_owned(), action.to_owned());
    let own = "sre@shop.example";

    let arm = Arm::start("foreign-upgrade").await;
    arm.put(&cluster_path(), control_plane_upgrade("1.35.5")).await;
    arm.pass(900);
    put_version(&arm, "system").await;
    arm.pass(0);
    arm.pass(60);
    assert_eq!(pool_state(&arm, "batch").await, "UpgradingNodeImageVersion");
    let busy = put_version(&arm, "batch").await;
    assert_eq!(error_code(busy).await, (409, "OperationNotAllowed".into()));
    assert_eq!(
        callers(&arm).await,
        [
            pair(own, "write"),
            pair(own, "agentPools/write"),
            pair("alex.kim@shop.example", "agentPools/upgradeNodeImageVersion/action"),
        ]
    );

    let arm = Arm::start("foreign-auto-upgrade").await;
    arm.put(&cluster_path(), control_plane_upgrade("1.35.5")).await;
    arm.pass(900);
    assert_eq!(pool_state(&arm, "apps").await, "Upgrading");
    assert_eq!(
        callers(&arm).await,
        [pair(own, "write"), pair("AKS automatic upgrade", "write")]
    );

    let arm = Arm::start("foreign-fleet").await;
    arm.pass(30);
    assert_eq!(pool_state(&arm, "apps").await, "Upgrading");
    assert_eq!(callers(&arm).await, [pair("fleet hub retail-fleet", "write")]);
}

#[tokio::test]
async fn the_activity_log_has_ids_ends_and_a_filter() {
    let arm = Arm::start("small").await;
    let path = |filter: &str| {
        let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        format!(
            "/subscriptions/{}/providers/Microsoft.Insights/eventtypes/management/values?$filter={filter}",
            super::SUBSCRIPTION
        )
    };
    let accepted = arm.put(&pool_path("apps"), |_| ()).await;
    let correlation = header(&accepted, "x-ms-correlation-request-id");
    arm.pass(60);
    let all = arm.body(&path("eventTimestamp ge '2026-11-23T00:00:00Z'")).await;
    let statuses = |body: &Value| -> Vec<String> {
        let events = body["value"].as_array().unwrap().iter();
        events
            .map(|event| event["status"]["value"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(statuses(&all), ["Succeeded", "Started"]);
    for event in all["value"].as_array().unwrap() {
        assert_eq!(event["correlationId"], correlation);
        assert_eq!(
            event["operationName"]["value"],
            "Microsoft.ContainerService/managedClusters/agentPools/write"
        );
    }
    for (term, found) in [
        ("eventTimestamp le '2026-11-23T10:00:01Z'".to_owned(), 1),
        ("eventTimestamp le '2026-11-23T09:00:00Z'".to_owned(), 0),
        (format!("resourceUri eq '{}'", cluster_path()), 2),
        (format!("resourceUri eq '{}'", pool_path("apps")), 2),
        (format!("resourceUri eq '{}'", pool_path("batch")), 0),
        ("resourceGroupName eq 'rg-other'".to_owned(), 0),
    ] {
        let body = arm
            .body(&path(&format!("eventTimestamp ge '2026-11-23T00:00:00Z' and {term}")))
            .await;
        assert_eq!(statuses(&body).len(), found, "{term}");
    }
    let selected = path("eventTimestamp ge '2026-11-23T00:00:00Z'") + "&$select=caller,status";
    let event = arm.body(&selected).await["value"][0].clone();
    assert_eq!(event.as_object().unwrap().len(), 2);
    assert_eq!(
        error_code(arm.get(&path("resourceUri eq 'x'")).await).await,
        (400, "BadRequest".into())
    );

    arm.simulator.world.with(|world| world.manners.page_size = 1);
    let first = arm.body(&path("eventTimestamp ge '2026-11-23T00:00:00Z'")).await;
    let second = arm
        .follow(first["nextLink"].as_str().unwrap())
        .await
        .json::<Value>()
        .await
        .unwrap();
    assert_eq!([statuses(&first), statuses(&second)].concat(), ["Succeeded", "Started"]);

    let denied = Arm::start("activity-denied").await;
    let refused = denied.get(&path("eventTimestamp ge '2026-11-23T00:00:00Z'")).await;
    assert_eq!(error_code(refused).await, (403, "AuthorizationFailed".into()));
    assert_eq!(denied.get(&cluster_path()).await.status(), 200);
}

#[tokio::test]
async fn throttling_may_be_silent() {
    let arm = Arm::start("throttled-silent").await;
    let mut answers = Vec::new();
    for _ in 0..3 {
        let answer = arm.get(&cluster_path()).await;
        answers.push((answer.status().as_u16(), header(&answer, "retry-after")));
    }
    let told = |status| (status, String::new());
    assert_eq!(answers, [told(200), told(200), told(429)]);
}

#[tokio::test]
async fn a_simulated_week_passes_quickly() {
    let arm = Arm::start("small").await;
    arm.put(&cluster_path(), full_upgrade("1.35.5")).await;
    let started = std::time::Instant::now();
    // As the ticks of a world at 20,000 times its speed would come.
    for _ in 0..300 {
        arm.pass(2000);
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert_eq!(nodes_at(&arm, "apps", "1.35.5"), 3);
}
