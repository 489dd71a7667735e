//! Two cockpits, one cluster, both told to start in the same moment, again and again: exactly one drives each time.

use aks_cockpit::engine::command::Command;
use aks_cockpit::engine::handle::{EngineError, EngineHandle};
use aks_cockpit::engine::record::Record;
use aks_cockpit::plan::builder::PoolChoice;
use aks_cockpit::plan::step::Plan;

use super::world::{Estate, eventually, person, until_state};

const ROUNDS: usize = 200;

/// Both start; whoever wins is stopped again. Returns which of the two it was.
async fn round(plan: &Plan, engines: &[EngineHandle; 2]) -> usize {
    let starting: Vec<_> = engines
        .iter()
        .map(|engine| {
            let (engine, plan) = (engine.clone(), plan.clone());
            tokio::spawn(async move { engine.start(plan, person("ada")).await })
        })
        .collect();
    let mut winners = Vec::new();
    for (place, starting) in starting.into_iter().enumerate() {
        match starting.await.unwrap() {
            Ok(id) => winners.push((place, id)),
            Err(EngineError::ClusterBusy { .. } | EngineError::LeaseHeld { .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(winners.len(), 1);
    let (place, id) = winners.remove(0);
    let engine = &engines[place];
    engine.send(&id, Command::Abort, person("ada")).await.unwrap();
    until_state(engine, &id, "Aborted").await;
    eventually("the driver has gone", || !engine.is_driven_here(&id)).await;
    let records = engine.records(&id).await.unwrap();
    let drivers = records
        .iter()
        .filter(|(_, record)| matches!(record, Record::DriverTaken { .. }));
    assert_eq!(drivers.count(), 1);
    place
}

async fn exactly_one_each_time(estate: &Estate, engines: [EngineHandle; 2]) {
    estate.refuse_changes();
    let plan = estate.plan(PoolChoice::None).await;
    let mut won = [0; 2];
    for _ in 0..ROUNDS {
        won[round(&plan, &engines).await] += 1;
    }
    assert_eq!(won[0] + won[1], ROUNDS);
    // Nothing is left open anywhere, and nobody is left with the Lease.
    for engine in &engines {
        let views = engine.subscribe();
        eventually("every execution is final", || {
            views.borrow().iter().all(|view| view.state.is_final())
        })
        .await;
        engine.leave().await;
    }
    assert_eq!(estate.operations(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_one_machine_the_journal_lets_one_of_two_drive() {
    let estate = Estate::new("clean").await;
    let engines = ["ada", "bob"].map(|name| EngineHandle::open(estate.settings(name)).unwrap());
    exactly_one_each_time(&estate, engines).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_machines_the_lease_lets_one_of_two_drive() {
    let estate = Estate::new("clean").await;
    let engines = [estate.machine("ada", "desk"), estate.machine("bob", "lap")];
    exactly_one_each_time(&estate, engines).await;
}
