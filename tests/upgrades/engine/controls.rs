//! The controls on one machine: asked for, handed over, taken over. Two drivers never act at once.

use aks_cockpit::engine::command::Command;
use aks_cockpit::engine::handle::EngineHandle;
use aks_cockpit::engine::record::{LeaseState, Record};
use aks_cockpit::plan::builder::PoolChoice;

use super::world::{Estate, person, until, until_driven_by, until_left, until_pool_runs, until_state};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn controls_are_asked_for_handed_over_and_the_plan_goes_on() {
    let estate = Estate::new("clean").await;
    let ada = estate.engine();
    let bob = EngineHandle::open(estate.settings("bob")).unwrap();
    let id = ada
        .start(estate.plan(PoolChoice::All).await, person("ada"))
        .await
        .unwrap();
    until_pool_runs(&ada, &id, "system").await;
    bob.send(&id, Command::AskForControls, person("bob")).await.unwrap();
    let view = until(&ada, &id, "asked", |view| view.controls_asked_by.is_some()).await;
    assert_eq!(view.controls_asked_by, Some(person("bob")));
    let to = person("bob");
    ada.send(&id, Command::HandOver { to }, person("ada")).await.unwrap();
    until_driven_by(&bob, &id, "bob").await;
    let view = until_state(&bob, &id, "Succeeded").await;
    assert_eq!(view.handed_to, None);
    assert!(estate.is_done());
    assert_eq!(estate.operations(), 3);
    assert_eq!(estate.answers(&id), ["accepted"; 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn controls_that_nobody_takes_stay_visible_and_anybody_can_resume() {
    let estate = Estate::new("clean").await;
    let ada = estate.engine();
    let id = ada
        .start(estate.plan(PoolChoice::All).await, person("ada"))
        .await
        .unwrap();
    until_pool_runs(&ada, &id, "system").await;
    let to = person("eve");
    ada.send(&id, Command::HandOver { to }, person("ada")).await.unwrap();
    let view = until_left(&ada, &id).await;
    assert_eq!(view.handed_to, Some(person("eve")));
    let bob = EngineHandle::open(estate.settings("bob")).unwrap();
    bob.send(&id, Command::Resume, person("bob")).await.unwrap();
    until_state(&bob, &id, "Succeeded").await;
    assert_eq!(estate.operations(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_take_over_stops_the_live_driver_and_is_recorded() {
    let estate = Estate::new("clean").await;
    let ada = estate.engine();
    let bob = EngineHandle::open(estate.settings("bob")).unwrap();
    let id = ada
        .start(estate.plan(PoolChoice::All).await, person("ada"))
        .await
        .unwrap();
    until_pool_runs(&ada, &id, "system").await;
    bob.take_over(&id, "her terminal hangs".to_owned()).await.unwrap();
    until_driven_by(&ada, &id, "bob").await;
    assert!(!ada.is_driven_here(&id));
    until_state(&bob, &id, "Succeeded").await;
    assert_eq!(estate.operations(), 3);
    assert_eq!(estate.answers(&id), ["accepted"; 3]);
    let records = bob.records(&id).await.unwrap();
    let reasons: Vec<_> = records
        .iter()
        .filter_map(|(_, record)| match record {
            Record::DriverTaken { by, reason, .. } => Some((by.name.as_str(), reason.as_deref())),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [("ada", None), ("bob", Some("her terminal hangs"))]);
    // The one that was fenced off has written nothing since.
    let taken = records
        .iter()
        .rposition(|(_, record)| matches!(record, Record::DriverTaken { .. }));
    let left = records
        .iter()
        .any(|(_, record)| matches!(record, Record::DriverLeft { by, .. } if by.name == "ada"));
    assert!(taken.is_some() && !left);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_way_to_the_lease_that_is_said_once_and_the_upgrade_goes_on() {
    let estate = Estate::new("clean").await;
    let ada = estate.engine();
    let id = ada
        .start(estate.plan(PoolChoice::None).await, person("ada"))
        .await
        .unwrap();
    until_state(&ada, &id, "Succeeded").await;
    let records = ada.records(&id).await.unwrap();
    let told = records.iter().filter(|(_, record)| {
        matches!(record, Record::Lease { lease: LeaseState::Unavailable { why } } if why.contains("no way"))
    });
    assert_eq!(told.count(), 1);
}
