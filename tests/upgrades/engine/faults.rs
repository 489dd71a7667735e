//! Azure at its worst, and a journal that cannot be written.

use aks_cockpit::engine::command::Command;
use aks_cockpit::plan::builder::PoolChoice;
use aks_cockpit::simulator::faults::{Effect, Fault, Trouble};

use super::world::{Estate, eventually, person, until, until_pool_runs, until_state};

/// Runs the clean upgrade under a fault to its end, and returns what the journal says of the requests.
async fn survives(fault: Fault, operations: usize) -> Vec<String> {
    let estate = Estate::new("clean").await;
    let engine = estate.engine();
    let plan = estate.plan(PoolChoice::All).await;
    estate.meet(fault);
    let id = engine.start(plan, person("ada")).await.unwrap();
    until_state(&engine, &id, "Succeeded").await;
    assert!(estate.is_done());
    assert_eq!(estate.operations(), operations);
    estate.answers(&id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_to_a_request_that_took_effect_is_not_sent_again() {
    let lost = Trouble::Gateway {
        status: 504,
        effect: Effect::Done,
    };
    let answers = survives(Fault::new(lost).on("PUT", "agentPools").times(1), 3).await;
    assert_eq!(answers.len(), 3, "{answers:?}");
    assert!(answers[1].starts_with("lost"), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_to_a_request_without_effect_is_prepared_anew_after_looking() {
    let lost = Trouble::Gateway {
        status: 502,
        effect: Effect::None,
    };
    let answers = survives(Fault::new(lost).on("PUT", "agentPools").times(1), 3).await;
    assert_eq!(answers.len(), 4, "{answers:?}");
    let internal = Trouble::InternalError { effect: Effect::Done };
    let answers = survives(Fault::new(internal).on("PUT", "managedClusters").times(1), 3).await;
    assert_eq!(answers.len(), 3, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttling_and_a_lost_operation_do_not_end_an_upgrade() {
    let throttled = Trouble::Throttle {
        retry_after_seconds: Some(30),
    };
    survives(Fault::new(throttled).on("PUT", "agentPools").times(12), 3).await;
    survives(Fault::new(Trouble::LostOperation).on("GET", "operations").times(2), 3).await;
    let gateway = Trouble::Gateway {
        status: 502,
        effect: Effect::None,
    };
    survives(Fault::new(gateway).on("GET", "operations").times(20), 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_operation_holds_the_plan_and_then_lets_it_go() {
    let estate = Estate::new("clean").await;
    let engine = estate.engine();
    let plan = estate.plan(PoolChoice::All).await;
    // Somebody else upgrades the same control plane in the meantime.
    let foreign = plan.steps[0].kind.change(&estate.cluster).unwrap();
    let request = estate.azure.prepare(&foreign).await.unwrap();
    estate.azure.send(&request, uuid::Uuid::new_v4()).await.unwrap();
    let id = engine.start(plan, person("ada")).await.unwrap();
    let view = until_state(&engine, &id, "Waiting").await;
    assert!(view.message.clone().unwrap().contains("another operation"), "{view:?}");
    until_state(&engine, &id, "Succeeded").await;
    assert!(estate.is_done());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_by_somebody_else_is_told_and_can_be_retried() {
    let estate = Estate::new("clean").await;
    let engine = estate.engine();
    let id = engine
        .start(estate.plan(PoolChoice::All).await, person("ada"))
        .await
        .unwrap();
    until_pool_runs(&engine, &id, "apps").await;
    let request = estate.azure.prepare(&estate.abort_change("apps")).await.unwrap();
    estate.azure.send(&request, uuid::Uuid::new_v4()).await.unwrap();
    let view = until_state(&engine, &id, "Failed").await;
    assert!(
        view.message.clone().unwrap().contains("cancelled by someone else"),
        "{view:?}"
    );
    engine.send(&id, Command::Retry, person("ada")).await.unwrap();
    until_state(&engine, &id, "Succeeded").await;
    assert!(estate.is_done());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_journal_nothing_further_is_done() {
    let estate = Estate::new("clean").await;
    let engine = estate.engine();
    let id = engine
        .start(estate.plan(PoolChoice::All).await, person("ada"))
        .await
        .unwrap();
    until_pool_runs(&engine, &id, "system").await;
    let by_hand = rusqlite::Connection::open(estate.journal_path()).unwrap();
    let forbid = "CREATE TRIGGER broken BEFORE INSERT ON records BEGIN SELECT RAISE(ABORT, 'broken'); END";
    by_hand.execute_batch(forbid).unwrap();
    until(&engine, &id, "unable to write", |view| {
        view.message
            .as_ref()
            .is_some_and(|message| message.contains("nothing further is done"))
    })
    .await;
    let operations = estate.operations();
    let before = estate.clock.now();
    eventually("half an hour has passed", || {
        estate.clock.now().duration_since(before).as_mins() >= 30
    })
    .await;
    assert_eq!(estate.operations(), operations);
    by_hand.execute_batch("DROP TRIGGER broken").unwrap();
    until_state(&engine, &id, "Succeeded").await;
    assert!(estate.is_done());
}
