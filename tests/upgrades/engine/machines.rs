//! Several machines, each with its own journal: the cluster's Lease says who drives.

use std::time::Duration;

use aks_cockpit::engine::command::Command;
use aks_cockpit::engine::handle::EngineError;
use aks_cockpit::engine::record::{LeaseState, Origin, Record};
use aks_cockpit::plan::builder::PoolChoice;
use aks_cockpit::plan::step::{Step, StepKind};

use super::world::{Estate, LEASE, eventually, person_on, until, until_left, until_pool_runs, until_state};

/// True while the view says that another machine drives.
fn is_lost(lease: Option<&LeaseState>) -> bool {
    matches!(lease, Some(LeaseState::Lost { .. }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_driven_elsewhere_is_not_touched_and_says_by_whom() {
    let estate = Estate::new("clean").await;
    let desk = estate.machine("ada", "desk");
    let lap = estate.machine("bob", "lap");
    let plan = estate.plan(PoolChoice::All).await;
    let id = desk.start(plan.clone(), person_on("ada", "desk")).await.unwrap();
    let view = until(&desk, &id, "with the Lease", |view| {
        view.lease == Some(LeaseState::Held)
    })
    .await;
    assert!(view.driver.is_some());
    let refused = lap.start(plan, person_on("bob", "lap")).await.unwrap_err();
    assert!(
        matches!(refused, EngineError::LeaseHeld { ref by, since: Some(_), .. } if *by == person_on("ada", "desk")),
        "{refused:?}"
    );
    assert!(lap.subscribe().borrow().is_empty());
    eventually_told(&lap, &estate).await;
    until_state(&desk, &id, "Succeeded").await;
    eventually("the driver has gone", || !desk.is_driven_here(&id)).await;
    assert_eq!(lap.lease(&estate.cluster).await.unwrap(), None);
    assert_eq!(estate.operations(), 3);
}

/// Waits until the holder tells how its execution stands.
async fn eventually_told(engine: &aks_cockpit::engine::handle::EngineHandle, estate: &Estate) {
    let told = async {
        loop {
            let holder = engine.lease(&estate.cluster).await.unwrap();
            if let Some(note) = holder.and_then(|holder| holder.note) {
                return note;
            }
            tokio::task::yield_now().await;
        }
    };
    let note = tokio::time::timeout(Duration::from_secs(30), told).await.unwrap();
    assert_eq!(note.plan.cluster, estate.cluster);
    assert!(note.headline.contains("shop-prod"), "{}", note.headline);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_machine_takes_over_and_finishes_with_no_request_sent_twice() {
    let estate = Estate::new("clean").await;
    let desk = estate.machine("ada", "desk");
    let lap = estate.machine("bob", "lap");
    let first = desk
        .start(estate.plan(PoolChoice::All).await, person_on("ada", "desk"))
        .await
        .unwrap();
    until_pool_runs(&desk, &first, "system").await;
    eventually_told(&lap, &estate).await;
    let bob = person_on("bob", "lap");
    let second = lap
        .take_over_lease(&estate.cluster, bob, "her machine is stuck".to_owned())
        .await
        .unwrap();
    // When that returns, the first machine has stopped.
    let view = until_left(&desk, &first).await;
    assert!(is_lost(view.lease.as_ref()) && !view.state.is_final(), "{view:?}");
    let resumed = desk
        .send(&first, Command::Resume, person_on("ada", "desk"))
        .await
        .unwrap_err();
    assert!(matches!(resumed, EngineError::LeaseHeld { .. }), "{resumed:?}");
    let view = until_state(&lap, &second, "Succeeded").await;
    assert!(
        matches!(&view.origin, Some(Origin::OtherMachine { execution, driver, reason, .. })
            if *execution == first && *driver == person_on("ada", "desk") && reason == "her machine is stuck"),
        "{:?}",
        view.origin
    );
    assert!(estate.is_done());
    assert_eq!(estate.operations(), 3);
    // Nobody has the Lease any more, so the first machine may look at what became of its plan.
    eventually("the driver has gone", || !lap.is_driven_here(&second)).await;
    desk.send(&first, Command::Resume, person_on("ada", "desk"))
        .await
        .unwrap();
    until_state(&desk, &first, "Succeeded").await;
    assert_eq!(estate.operations(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_is_asked_for_and_handed_over_to_another_machine() {
    let estate = Estate::new("clean").await;
    let desk = estate.machine("ada", "desk");
    let lap = estate.machine("bob", "lap");
    let (ada, bob) = (person_on("ada", "desk"), person_on("bob", "lap"));
    let nobody = lap.ask_for_lease(&estate.cluster).await.unwrap_err();
    assert!(matches!(nobody, EngineError::NoLease { .. }), "{nobody:?}");
    let first = desk
        .start(estate.plan(PoolChoice::All).await, ada.clone())
        .await
        .unwrap();
    until_pool_runs(&desk, &first, "system").await;
    lap.ask_for_lease(&estate.cluster).await.unwrap();
    let view = until(&desk, &first, "asked", |view| view.controls_asked_by.is_some()).await;
    assert_eq!(view.controls_asked_by, Some(bob.clone()));
    desk.send(&first, Command::HandOver { to: bob }, ada).await.unwrap();
    eventually("the other machine drives", || lap.subscribe().borrow().len() == 1).await;
    let second = lap.find("last").await.unwrap();
    until_state(&lap, &second, "Succeeded").await;
    assert!(estate.is_done());
    assert_eq!(estate.operations(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lease_of_a_machine_that_is_gone_expires() {
    let estate = Estate::new("clean").await;
    let plan = estate.plan(PoolChoice::All).await;
    let crashed = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let desk = {
        let _inside = crashed.enter();
        estate.machine("ada", "desk")
    };
    let starting = {
        let (desk, plan) = (desk.clone(), plan.clone());
        crashed.spawn(async move { desk.start(plan, person_on("ada", "desk")).await.unwrap() })
    };
    starting.await.unwrap();
    let lap = estate.machine("bob", "lap");
    eventually_told(&lap, &estate).await;
    crashed.shutdown_background();
    let refused = lap.start(plan.clone(), person_on("bob", "lap")).await.unwrap_err();
    assert!(matches!(refused, EngineError::LeaseHeld { .. }), "{refused:?}");
    let expired = async {
        loop {
            let holder = lap.lease(&estate.cluster).await.unwrap().unwrap();
            if holder.is_expired {
                return;
            }
            tokio::time::sleep(LEASE.renew_every).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), expired).await.unwrap();
    let id = lap
        .take_over_lease(&estate.cluster, person_on("bob", "lap"), "it is off".to_owned())
        .await
        .unwrap();
    until_state(&lap, &id, "Succeeded").await;
    assert!(estate.is_done());
    assert_eq!(estate.operations(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_rights_for_leases_it_says_so_and_relies_on_azure() {
    let estate = Estate::new("clean").await;
    estate.simulator.world.with(|world| {
        let objects = &mut world.clusters.get_mut("shop-prod").unwrap().objects;
        objects.deny("create", "leases");
    });
    let desk = estate.machine("ada", "desk");
    let id = desk
        .start(estate.plan(PoolChoice::All).await, person_on("ada", "desk"))
        .await
        .unwrap();
    let view = until_state(&desk, &id, "Succeeded").await;
    assert!(
        matches!(&view.lease, Some(LeaseState::Unavailable { why }) if why.contains("create leases")),
        "{:?}",
        view.lease
    );
    assert_eq!(estate.operations(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_api_server_is_away_nothing_new_is_sent() {
    let estate = Estate::new("clean").await;
    let desk = estate.machine("ada", "desk");
    let ada = person_on("ada", "desk");
    let mut plan = estate.plan(PoolChoice::None).await;
    let question = "shall it begin?".to_owned();
    plan.steps.insert(0, Step::new("ask", StepKind::Approval { question }));
    let id = desk.start(plan, ada.clone()).await.unwrap();
    until_state(&desk, &id, "Waiting").await;
    let set_away = |is_away| {
        estate
            .simulator
            .world
            .with(|world| world.clusters.get_mut("shop-prod").unwrap().is_api_server_away = is_away);
    };
    set_away(true);
    let view = until(
        &desk,
        &id,
        "without the Lease",
        |view| matches!(&view.lease, Some(LeaseState::Unavailable { why }) if why.contains("nothing new is sent")),
    )
    .await;
    assert!(view.driver.is_some());
    let (step, reason) = (None, "it may".to_owned());
    desk.send(&id, Command::Approve { step, reason }, ada).await.unwrap();
    until(&desk, &id, "at the next step", |view| view.steps[1].attempt == 1).await;
    let before = estate.clock.now();
    eventually("an hour has passed", || {
        estate.clock.now().duration_since(before).as_hours() >= 1
    })
    .await;
    let records = desk.records(&id).await.unwrap();
    assert!(
        !records
            .iter()
            .any(|(_, record)| matches!(record, Record::Intent { .. }))
    );
    assert_eq!(estate.operations(), 0);
    set_away(false);
    until_state(&desk, &id, "Succeeded").await;
    assert_eq!(estate.operations(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_machine_took_over_can_be_given_up_here() {
    let estate = Estate::new("clean").await;
    let desk = estate.machine("ada", "desk");
    let lap = estate.machine("bob", "lap");
    let (ada, bob) = (person_on("ada", "desk"), person_on("bob", "lap"));
    let mut plan = estate.plan(PoolChoice::None).await;
    let question = "shall it begin?".to_owned();
    plan.steps.insert(0, Step::new("ask", StepKind::Approval { question }));
    let first = desk.start(plan, ada.clone()).await.unwrap();
    eventually_told(&lap, &estate).await;
    let reason = "she went home".to_owned();
    let second = lap.take_over_lease(&estate.cluster, bob.clone(), reason).await.unwrap();
    until_left(&desk, &first).await;
    desk.send(&first, Command::Abort, ada).await.unwrap();
    until_state(&desk, &first, "Aborted").await;
    let holder = desk.lease(&estate.cluster).await.unwrap().unwrap();
    assert_eq!(holder.person, bob);
    lap.send(&second, Command::Abort, bob).await.unwrap();
    until_state(&lap, &second, "Aborted").await;
    assert_eq!(estate.operations(), 0);
}
