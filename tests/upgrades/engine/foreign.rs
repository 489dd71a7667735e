//! An upgrade that somebody else started: seen, adopted, paused, resumed and finished from here.

use aks_cockpit::engine::command::{Command, PauseDepth};
use aks_cockpit::engine::record::Origin;
use aks_cockpit::plan::builder::PoolChoice;

use super::world::{Estate, pause, person, until_pool_runs, until_state};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_upgrade_is_adopted_paused_resumed_and_finished() {
    let estate = Estate::new("clean").await;
    let engine = estate.engine();
    assert_eq!(engine.foreign(&estate.cluster).await.unwrap(), None);
    let plan = estate.plan(PoolChoice::All).await;
    // Somebody else upgrades the control plane and the first pool.
    for step in &plan.steps[..2] {
        let change = step.kind.change(&estate.cluster).unwrap();
        estate.run_elsewhere(&change).await;
    }
    let foreign = engine.foreign(&estate.cluster).await.unwrap().unwrap();
    assert_eq!(foreign.operation, "Upgrading");
    assert_eq!(foreign.plan.steps[0].kind.pool().unwrap().as_str(), "system");
    let begun = estate.operations();
    let id = engine.adopt(foreign, person("ada")).await.unwrap();
    until_pool_runs(&engine, &id, "system").await;
    assert_eq!(estate.operations(), begun);
    pause(&engine, &id, PauseDepth::Now).await;
    let view = until_state(&engine, &id, "Paused").await;
    assert!(matches!(view.origin, Some(Origin::Foreign { .. })));
    assert_eq!(engine.foreign(&estate.cluster).await.unwrap(), None);
    engine.send(&id, Command::Resume, person("ada")).await.unwrap();
    until_state(&engine, &id, "Succeeded").await;
    // The one pool that was being upgraded is done; nobody asked for the others.
    assert!(estate.look(|cluster| {
        let target = cluster.control_plane.claimed;
        let pool = cluster.pools.iter().find(|pool| pool.name == "system").unwrap();
        pool.nodes.iter().all(|node| node.version == target)
    }));
}
