//! Whole upgrades: to the end, paused at each depth, resumed, failed and retried, aborted.

use aks_cockpit::engine::command::{Command, PauseDepth};
use aks_cockpit::engine::handle::EngineError;
use aks_cockpit::plan::builder::PoolChoice;

use super::world::{Estate, pause, person, until, until_pool_runs, until_state};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clean_upgrade_runs_to_its_end_with_one_request_a_step() {
    let estate = Estate::new("clean").await;
    let engine = estate.engine();
    let plan = estate.plan(PoolChoice::All).await;
    let again = plan.clone();
    let id = engine.start(plan, person("ada")).await.unwrap();
    let busy = engine.start(again, person("bob")).await.unwrap_err();
    assert!(matches!(busy, EngineError::ClusterBusy { id: ref running, .. } if *running == id));
    let view = until_state(&engine, &id, "Succeeded").await;
    assert!(view.steps.iter().all(|step| step.attempt == 1));
    assert!(view.driver.is_none());
    assert!(estate.is_done());
    assert_eq!(estate.operations(), 3);
    assert_eq!(estate.answers(&id), ["accepted"; 3]);
    engine.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_now_leaves_nodes_to_be_named_and_a_resume_carries_on() {
    let estate = Estate::new("clean").await;
    let engine = estate.engine();
    let id = engine
        .start(estate.plan(PoolChoice::All).await, person("ada"))
        .await
        .unwrap();
    until_pool_runs(&engine, &id, "apps").await;
    pause(&engine, &id, PauseDepth::Now).await;
    let view = until_state(&engine, &id, "Paused").await;
    assert_eq!(view.current_step().unwrap().state.word(), "stopped");
    assert!(!estate.is_done());
    engine.send(&id, Command::Resume, person("ada")).await.unwrap();
    let view = until_state(&engine, &id, "Succeeded").await;
    assert_eq!(view.steps.last().unwrap().attempt, 2);
    assert!(estate.is_done());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_at_a_node_boundary_leaves_no_node_half_done() {
    let estate = Estate::new("clean").await;
    let engine = estate.engine();
    let id = engine
        .start(estate.plan(PoolChoice::All).await, person("ada"))
        .await
        .unwrap();
    until_pool_runs(&engine, &id, "system").await;
    pause(&engine, &id, PauseDepth::NodeBoundary).await;
    let view = until(&engine, &id, "at rest", |view| {
        matches!(view.state.word(), "Paused" | "Failed" | "Succeeded")
    })
    .await;
    assert_eq!(view.state.word(), "Paused", "{view:#?}");
    engine.send(&id, Command::Resume, person("ada")).await.unwrap();
    until_state(&engine, &id, "Succeeded").await;
    assert!(estate.is_done());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_after_the_step_holds_the_next_one() {
    let estate = Estate::new("clean").await;
    let engine = estate.engine();
    let id = engine
        .start(estate.plan(PoolChoice::All).await, person("ada"))
        .await
        .unwrap();
    pause(&engine, &id, PauseDepth::AfterStep).await;
    let view = until_state(&engine, &id, "Paused").await;
    let done = view
        .steps
        .iter()
        .filter(|step| step.state.word() == "succeeded")
        .count();
    assert_eq!(estate.operations(), done);
    engine.send(&id, Command::Abort, person("ada")).await.unwrap();
    until_state(&engine, &id, "Aborted").await;
    assert_eq!(estate.operations(), done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quota_fails_the_step_in_azures_words_and_more_quota_lets_it_finish() {
    let estate = Estate::new("quota").await;
    let engine = estate.engine();
    let id = engine
        .start(estate.plan(PoolChoice::All).await, person("ada"))
        .await
        .unwrap();
    let view = until_state(&engine, &id, "Failed").await;
    let message = view.message.clone().unwrap();
    assert!(
        message.contains("apps") && message.to_lowercase().contains("quota"),
        "{message}"
    );
    let refused = engine.send(&id, Command::Resume, person("ada")).await.unwrap_err();
    assert!(
        matches!(
            refused,
            EngineError::NotNow {
                command: "resume",
                state: "Failed",
                ..
            }
        ),
        "{refused:?}"
    );
    estate.simulator.world.with(|world| {
        let subscription = world.clusters["shop-prod"].profile.subscription.clone();
        world
            .quotas
            .set_limit(&subscription, "westeurope", "standardESv5Family", 400);
    });
    engine.send(&id, Command::Retry, person("ada")).await.unwrap();
    until_state(&engine, &id, "Succeeded").await;
    assert!(estate.is_done());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abort_stops_azure_and_is_final() {
    let estate = Estate::new("clean").await;
    let engine = estate.engine();
    let id = engine
        .start(estate.plan(PoolChoice::All).await, person("ada"))
        .await
        .unwrap();
    until_pool_runs(&engine, &id, "system").await;
    engine.send(&id, Command::Abort, person("bob")).await.unwrap();
    until_state(&engine, &id, "Aborted").await;
    assert!(!estate.is_done());
    // The cluster is free for another execution.
    let next = engine
        .start(estate.plan(PoolChoice::All).await, person("ada"))
        .await
        .unwrap();
    assert_eq!(engine.find("last").await.unwrap(), next);
    until_state(&engine, &next, "Succeeded").await;
    assert!(estate.is_done());
}
