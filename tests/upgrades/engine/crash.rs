//! A process that ends without a word at any moment: another one goes on, and sends nothing twice.

use aks_cockpit::engine::command::{Command, PauseDepth};
use aks_cockpit::engine::handle::{EngineError, EngineHandle};
use aks_cockpit::journal::{Journal, Mode};
use aks_cockpit::plan::builder::PoolChoice;
use futures::future::join_all;

use super::world::{Estate, eventually, pause, person, until_state};

/// Starts the upgrade in a runtime of its own, and drops that in the middle once so many records are written.
async fn crash_after(estate: &Estate, records: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let plan = estate.plan(PoolChoice::All).await;
    let settings = estate.settings("ada");
    let starting = runtime.spawn(async move {
        let engine = EngineHandle::open(settings).unwrap();
        engine.start(plan, person("ada")).await.unwrap();
        engine
    });
    let engine = starting.await.unwrap();
    let journal = Journal::open(&estate.journal_path(), Mode::ReadOnly).unwrap();
    eventually("enough records", || journal.records_after(0).unwrap().len() >= records).await;
    runtime.shutdown_background();
    drop(engine);
}

/// Takes the place as soon as the dead process's lock is gone.
async fn drive_on(engine: &EngineHandle) {
    let id = engine.find("last").await.unwrap();
    loop {
        match engine.drive(&id).await {
            Ok(()) => return,
            Err(EngineError::DrivenElsewhere { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_any_moment_another_process_reaches_the_same_end() {
    let ended = join_all([1, 2, 3, 4, 5, 7, 9, 12].map(|records| async move {
        let estate = Estate::new("clean").await;
        crash_after(&estate, records).await;
        let engine = EngineHandle::open(estate.settings("bob")).unwrap();
        drive_on(&engine).await;
        let id = engine.find("last").await.unwrap();
        until_state(&engine, &id, "Succeeded").await;
        assert!(estate.is_done(), "after {records} records");
        assert_eq!(estate.operations(), 3, "after {records} records");
        engine.leave().await;
    }))
    .await;
    assert_eq!(ended.len(), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_to_an_execution_without_a_driver_takes_its_place() {
    let estate = Estate::new("clean").await;
    crash_after(&estate, 5).await;
    let engine = EngineHandle::open(estate.settings("bob")).unwrap();
    let id = engine.find("last").await.unwrap();
    pause(&engine, &id, PauseDepth::AfterStep).await;
    drive_on(&engine).await;
    let view = until_state(&engine, &id, "Paused").await;
    assert_eq!(view.driver.as_ref().unwrap().name, "bob");
    engine.send(&id, Command::Resume, person("bob")).await.unwrap();
    until_state(&engine, &id, "Succeeded").await;
    assert!(estate.is_done());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaving_in_the_middle_lets_azure_finish_and_somebody_else_go_on() {
    let estate = Estate::new("clean").await;
    let first = estate.engine();
    let id = first
        .start(estate.plan(PoolChoice::All).await, person("ada"))
        .await
        .unwrap();
    until_state(&first, &id, "Running").await;
    first.leave().await;
    let second = EngineHandle::open(estate.settings("bob")).unwrap();
    second.send(&id, Command::Resume, person("bob")).await.unwrap();
    until_state(&second, &id, "Succeeded").await;
    assert_eq!(estate.operations(), 3);
}
