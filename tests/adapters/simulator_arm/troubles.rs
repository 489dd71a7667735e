//! What goes wrong: throttling, failed and lost answers, missing rights, connections that break.

use std::time::Duration;

use aks_cockpit::simulator::faults::{Effect, Fault, Trouble};
use reqwest::Method;
use serde_json::Value;

use super::{Arm, cluster_path, error_code, field, full_upgrade, header};

#[tokio::test]
async fn throttling_comes_with_and_without_retry_after() {
    let arm = Arm::start("clean").await;
    for seconds in [Some(7), None] {
        let trouble = Trouble::Throttle {
            retry_after_seconds: seconds,
        };
        arm.fault(Fault::new(trouble).times(1));
        let throttled = arm.get(&cluster_path()).await;
        let expected = seconds.map(|seconds| seconds.to_string()).unwrap_or_default();
        assert_eq!(header(&throttled, "retry-after"), expected);
        assert_eq!(
            error_code(throttled).await,
            (429, "SubscriptionRequestsThrottled".into())
        );
        assert_eq!(arm.get(&cluster_path()).await.status(), 200);
    }
    let throttled = Arm::start("throttled").await;
    let mut answers = Vec::new();
    for _ in 0..6 {
        answers.push(throttled.get(&cluster_path()).await.status().as_u16());
    }
    assert_eq!(answers, [200, 200, 429, 200, 200, 429]);
}

#[tokio::test]
async fn errors_on_a_change_may_hide_that_it_took_effect() {
    for (trouble, status, code, state) in [
        (
            Trouble::InternalError { effect: Effect::None },
            500,
            "InternalOperationError",
            "Succeeded",
        ),
        (
            Trouble::Gateway {
                status: 504,
                effect: Effect::Done,
            },
            504,
            "GatewayTimeout",
            "Upgrading",
        ),
    ] {
        let arm = Arm::start("clean").await;
        arm.fault(Fault::new(trouble).on("PUT", "/managedClusters/shop-prod").times(1));
        let answer = arm.put(&cluster_path(), full_upgrade("1.35.5")).await;
        assert_eq!(error_code(answer).await, (status, code.to_owned()));
        let body = arm.body(&cluster_path()).await;
        assert_eq!(body["properties"]["provisioningState"], state);
    }
}

#[tokio::test]
async fn polls_may_fail_get_lost_or_be_no_json() {
    let arm = Arm::start("clean").await;
    let accepted = arm.put(&cluster_path(), full_upgrade("1.35.5")).await;
    let url = header(&accepted, "azure-asyncoperation");
    let on_poll = |trouble| Fault::new(trouble).on("GET", "/operations/").times(1);
    arm.fault(on_poll(Trouble::Gateway {
        status: 502,
        effect: Effect::None,
    }));
    assert_eq!(
        error_code(arm.follow(&url).await).await,
        (502, "BadGatewayConnection".into())
    );
    arm.fault(on_poll(Trouble::LostOperation));
    assert_eq!(error_code(arm.follow(&url).await).await, (404, "NotFound".into()));
    arm.fault(on_poll(Trouble::NotJson));
    let page = arm.follow(&url).await;
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().starts_with("<html>"));
    assert_eq!(arm.status(&url).await["status"], "InProgress");
}

#[tokio::test]
async fn rights_may_be_missing_for_a_subscription_or_an_action() {
    let arm = Arm::start("clean").await;
    arm.fault(Fault::new(Trouble::Denied).on("PUT", "/agentPools/").times(1));
    let denied = arm.put(&(cluster_path() + "/agentPools/apps"), |_| ()).await;
    let body: Value = denied.json().await.unwrap();
    let message = body["error"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("The client '")
            && message.contains(
                "does not have authorization to perform action \
                 'Microsoft.ContainerService/managedClusters/agentPools/write' over scope '/subscriptions/"
            ),
        "{message}"
    );
    arm.simulator
        .world
        .with(|world| world.subscriptions[0].is_denied = true);
    assert_eq!(
        error_code(arm.get(&cluster_path()).await).await,
        (403, "AuthorizationFailed".into())
    );
}

#[tokio::test]
async fn a_slow_answer_takes_the_worlds_time() {
    let arm = Arm::start("clean").await;
    let by = Duration::from_secs(30);
    arm.fault(Fault::new(Trouble::Slow { by }).times(1));
    let request = tokio::spawn(arm.request(Method::GET, &cluster_path()).send());
    // The answer waits for the clock, however long that takes.
    while !request.is_finished() {
        tokio::task::yield_now().await;
        let met = arm.simulator.world.with(|world| world.faults.is_spent());
        if met {
            arm.clock.advance(by);
        }
    }
    assert_eq!(request.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn connections_break_while_arm_is_down_and_after_the_end() {
    let arm = Arm::start("clean").await;
    assert_eq!(arm.get(&cluster_path()).await.status(), 200);
    arm.fault(Fault::new(Trouble::Down));
    assert!(arm.request(Method::GET, &cluster_path()).send().await.is_err());
    arm.simulator.world.with(|world| world.faults.clear());
    assert_eq!(arm.get(&cluster_path()).await.status(), 200);
    let request = arm.request(Method::GET, &cluster_path());
    drop(arm);
    assert!(request.send().await.is_err());
}

#[tokio::test]
async fn the_api_server_goes_away_during_the_control_plane_step_and_comes_back() {
    let arm = Arm::start("api-away").await;
    let text = arm.simulator.kubeconfigs["shop-prod"].clone();
    let version = async || {
        let url = format!("{}/version", field(&text, "server:"));
        let response = arm.http.get(url).bearer_auth(field(&text, "token:")).send().await;
        match response {
            Ok(response) => response.json::<Value>().await.ok()?["gitVersion"]
                .as_str()
                .map(str::to_owned),
            Err(_) => None,
        }
    };
    arm.put(&cluster_path(), full_upgrade("1.35.5")).await;
    assert_eq!(version().await.as_deref(), Some("v1.34.4"));
    arm.pass(1);
    arm.pass(70);
    assert_eq!(version().await, None);
    assert_eq!(arm.get(&cluster_path()).await.status(), 200, "ARM is still there");
    arm.pass(170);
    assert_eq!(version().await.as_deref(), Some("v1.34.4"));
    arm.pass(400);
    assert_eq!(version().await.as_deref(), Some("v1.35.5"));
}
