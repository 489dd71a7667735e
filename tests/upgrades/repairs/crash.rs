//! Answers that are lost, programs that end in the middle, journals that are opened again, sessions that may not write.

use std::time::Duration;

use aks_cockpit::domain::subject::Subject;
use aks_cockpit::engine::handle::{EngineError, EngineHandle, EngineSettings};
use aks_cockpit::engine::repair::RepairState;
use aks_cockpit::journal::{Journal, Mode};
use aks_cockpit::simulator::faults::{Effect, Fault, Trouble};
use serde_json::json;

use super::estate::{Estate, cause, done, undone};

async fn blocked() -> (Estate, aks_cockpit::diagnosis::cause::Cause) {
    let estate = Estate::new("clean").await;
    estate.change(|world| {
        let now = world.now;
        let objects = &mut world.clusters.get_mut("shop-prod").unwrap().objects;
        let patch = json!({"spec": {"minAvailable": 3}});
        assert!(objects.change_object("PodDisruptionBudget", "shop", "checkout-pdb", &patch, now));
    });
    estate.pass(Duration::from_secs(30));
    let budget = Subject::object("policy/v1", "PodDisruptionBudget", "shop", "checkout-pdb");
    (estate, cause("drain-blocked-by-pdb", vec![budget]))
}

fn minimum(estate: &Estate) -> i64 {
    let budget = estate.object("PodDisruptionBudget", "shop", "checkout-pdb").unwrap();
    budget["spec"]["minAvailable"].as_i64().unwrap()
}

#[tokio::test]
async fn undo_survives_a_restart() {
    let (estate, cause) = blocked().await;
    let engine = estate.engine();
    let entry = estate.apply(&engine, "pdb-relax", &cause).await;
    done(&entry);
    assert_eq!(minimum(&estate), 2);
    drop(engine);
    let engine = estate.engine();
    let kept = engine.repairs(Some(&estate.cluster)).unwrap();
    assert_eq!(
        (kept.len(), kept[0].id.as_str(), &kept[0].undo),
        (1, "r-1", &entry.undo)
    );
    assert_eq!(
        kept[0].undo.as_deref(),
        Some("put PodDisruptionBudget shop/checkout-pdb back: spec.minAvailable 3")
    );
    undone(&engine.undo_repair("r-1").await.unwrap());
    assert_eq!(minimum(&estate), 3);
    let again = engine.undo_repair("r-1").await.unwrap_err();
    assert!(matches!(again, EngineError::NothingToUndo { .. }), "{again:?}");
    assert!(matches!(
        engine.undo_repair("r-9").await,
        Err(EngineError::NoSuchRepair(_))
    ));
}

#[tokio::test]
async fn two_undos_at_once_are_one() {
    let (estate, cause) = blocked().await;
    let (one, other) = (estate.engine(), estate.engine());
    let entry = estate.apply(&one, "pdb-backup-delete", &cause).await;
    done(&entry);
    let (first, second) = tokio::join!(one.undo_repair(&entry.id), other.undo_repair(&entry.id));
    let went_well = [&first, &second].into_iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(went_well, 1, "{first:?} {second:?}");
    assert_eq!(minimum(&estate), 3);
}

/// Cuts the notes of the last repair off behind the intent, as a process does that dies right there.
fn forget_answer(estate: &Estate, is_sent: bool) {
    let journal = Journal::open(&estate.journal_path(), Mode::ReadWrite).unwrap();
    let (row, notes) = journal.repairs().unwrap().into_iter().next().unwrap();
    let number = journal
        .add_repair(&aks_cockpit::journal::repairs::NewRepair {
            cluster: row.cluster,
            cause: None,
            remedy: "pdb-relax".to_owned(),
            person: row.person,
            host: row.host,
            at: row.at,
            version: row.version,
            json: row.json,
        })
        .unwrap();
    let note = aks_cockpit::journal::writer::NewRow {
        at: notes[0].at,
        version: notes[0].version,
        json: notes[0].json.clone(),
    };
    if is_sent {
        journal.note_repair(number, 0, &note).unwrap();
    }
}

#[tokio::test]
async fn after_a_crash_the_object_says_what_became_of_it() {
    let (estate, cause) = blocked().await;
    let engine = estate.engine();
    done(&estate.apply(&engine, "pdb-relax", &cause).await);
    drop(engine);
    // It was made, and its answer was never written down.
    forget_answer(&estate, true);
    let engine = estate.engine();
    let entry = engine.repairs(None).unwrap().remove(0);
    assert_eq!((entry.id.as_str(), &entry.state), ("r-2", &RepairState::Begun));
    assert!(entry.changed[0].contains("not known"), "{entry:#?}");
    let entry = engine.find_out_repair("r-2").await.unwrap();
    done(&entry);
    assert!(entry.changed[0].contains("the object shows it"), "{entry:#?}");
    undone(&engine.undo_repair("r-2").await.unwrap());
    assert_eq!(minimum(&estate), 3);
    // It was never made: the budget is as before.
    drop(engine);
    forget_answer(&estate, true);
    forget_answer(&estate, false);
    let engine = estate.engine();
    for id in ["r-3", "r-4"] {
        let entry = engine.find_out_repair(id).await.unwrap();
        assert!(matches!(entry.state, RepairState::Failed { .. }), "{entry:#?}");
        assert_eq!(entry.undo, None);
    }
}

#[tokio::test]
async fn a_repair_that_is_given_up_in_mid_way_is_found_out_in_the_same_process() {
    let (estate, cause) = blocked().await;
    let engine = estate.engine();
    let repair = estate.plan("pdb-relax", &cause).await;
    let preview = engine.preview_repair(&repair).await.unwrap();
    let applying = engine.apply_repair(preview);
    tokio::select! {
        biased;
        _ = applying => panic!("too quick"),
        () = tokio::task::yield_now() => {}
    }
    while engine.repairs(None).unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let entry = engine.find_out_repair("r-1").await.unwrap();
    assert_ne!(entry.state, RepairState::Begun, "{entry:#?}");
}

#[tokio::test]
async fn missing_rights_and_read_only_sessions_are_told() {
    let (estate, cause) = blocked().await;
    estate.change(|world| {
        world
            .clusters
            .get_mut("shop-prod")
            .unwrap()
            .objects
            .deny("patch", "poddisruptionbudgets");
    });
    let engine = estate.engine();
    let repair = estate.plan("pdb-relax", &cause).await;
    let preview = engine.preview_repair(&repair).await.unwrap();
    let entry = engine.apply_repair(preview.clone()).await.unwrap();
    let RepairState::Failed { why } = &entry.state else {
        panic!("{entry:#?}");
    };
    assert!(why.contains("refused") && why.contains("poddisruptionbudgets"), "{why}");
    assert_eq!((minimum(&estate), &entry.undo), (3, &None));
    drop(engine);
    let engine = EngineHandle::open(EngineSettings {
        read_only: true,
        ..estate.settings()
    })
    .unwrap();
    assert_eq!(engine.repairs(None).unwrap().len(), 1);
    assert!(engine.preview_repair(&repair).await.is_ok());
    assert!(matches!(engine.apply_repair(preview).await, Err(EngineError::ReadOnly)));
    assert!(matches!(engine.undo_repair("r-1").await, Err(EngineError::ReadOnly)));
}

#[tokio::test]
async fn what_has_changed_since_it_was_shown_is_not_sent() {
    let (estate, cause) = blocked().await;
    let engine = estate.engine();
    let repair = estate.plan("pdb-backup-delete", &cause).await;
    let preview = engine.preview_repair(&repair).await.unwrap();
    estate.change(|world| {
        let now = world.now;
        let objects = &mut world.clusters.get_mut("shop-prod").unwrap().objects;
        let mut budget = (*objects.object("PodDisruptionBudget", "shop", "checkout-pdb").unwrap()).clone();
        assert!(objects.remove_object("PodDisruptionBudget", "shop", "checkout-pdb", now));
        budget["apiVersion"] = json!("policy/v1");
        budget["kind"] = json!("PodDisruptionBudget");
        budget["metadata"] = json!({"name": "checkout-pdb", "namespace": "shop"});
        objects.add_object(&budget, now).unwrap();
    });
    let entry = engine.apply_repair(preview).await.unwrap();
    assert!(matches!(entry.state, RepairState::Failed { .. }), "{entry:#?}");
    assert_eq!(minimum(&estate), 3, "the other budget is left alone");
}

#[tokio::test]
async fn a_lost_answer_of_azure_is_looked_for() {
    let estate = Estate::new("clean").await;
    let engine = estate.engine();
    let apps = cause("x", vec![Subject::pool(&"apps".into())]);
    for (effect, is_made) in [(Effect::Done, true), (Effect::None, false)] {
        let lost = Trouble::Gateway { status: 504, effect };
        let fault = Fault::new(lost).on("PUT", "/agentPools/apps").times(1);
        estate.change(|world| world.faults.push(fault));
        let entry = estate.apply(&engine, "raise-drain-timeout", &apps).await;
        let told = &entry.changed[0];
        if is_made {
            done(&entry);
            assert!(told.contains("its answer was lost"), "{told}");
        } else {
            assert!(matches!(entry.state, RepairState::Failed { .. }), "{entry:#?}");
            assert!(told.contains("not made"), "{told}");
        }
        assert_eq!(entry.undo.is_some(), is_made);
        estate.at_rest();
    }
}
