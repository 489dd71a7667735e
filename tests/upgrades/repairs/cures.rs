//! Remedies that cure: after them the upgrade that was stuck or had failed goes on to its end.

use aks_cockpit::domain::change::Change;
use aks_cockpit::domain::subject::Subject;
use aks_cockpit::domain::version::KubernetesVersion;
use aks_cockpit::engine::handle::EngineHandle;
use futures::future::join_all;

use super::estate::{Estate, LONGEST_STEPS, STEP, cause, done, undone};

const TO: KubernetesVersion = KubernetesVersion::new(1, 34, 6);

/// The upgrade of `apps`, sent by hand after that of the control plane.
async fn upgrade(estate: &Estate) {
    let cluster = estate.cluster.clone();
    for change in [
        Change::UpgradeControlPlane {
            cluster: cluster.clone(),
            to: TO,
        },
        Change::UpgradeNodePool {
            cluster,
            pool: "apps".into(),
            to: TO,
        },
    ] {
        estate.at_rest().await;
        let request = estate.azure.prepare(&change).await.unwrap();
        estate.azure.send(&request, uuid::Uuid::new_v4()).await.unwrap();
    }
}

fn is_done(estate: &Estate) -> bool {
    estate.look(|cluster| cluster.pool("apps").unwrap().runs(TO))
}

/// Lets time pass until a drain is held by a budget.
fn until_held(estate: &Estate) {
    for _ in 0..LONGEST_STEPS {
        let is_held = estate.look(|cluster| {
            let events = cluster.objects.objects_of("Event");
            let mut texts = events.iter().filter_map(|event| event["message"].as_str());
            texts.any(|text| text.contains("Too Many Requests"))
        });
        if is_held {
            return;
        }
        estate.pass(STEP);
    }
    panic!("nothing was held");
}

fn checkout() -> Vec<Subject> {
    vec![Subject::object(
        "policy/v1",
        "PodDisruptionBudget",
        "shop",
        "checkout-pdb",
    )]
}

async fn takes_back(engine: &EngineHandle, id: &str) {
    undone(&engine.undo_repair(id).await.unwrap());
}

#[tokio::test]
async fn what_lets_the_pod_go_ends_the_drain() {
    join_all(
        ["pdb-relax", "scale-up-workload", "pdb-backup-delete", "scale-to-zero"]
            .into_iter()
            .map(|remedy| async move {
                let estate = Estate::new("blocked-drain").await;
                let engine = estate.engine();
                upgrade(&estate).await;
                until_held(&estate);
                let entry = estate
                    .apply(&engine, remedy, &cause("drain-blocked-by-pdb", checkout()))
                    .await;
                done(&entry);
                estate.at_rest().await;
                assert!(is_done(&estate), "{remedy}");
                takes_back(&engine, &entry.id).await;
                let budget = estate.object("PodDisruptionBudget", "shop", "checkout-pdb").unwrap();
                assert_eq!(budget["spec"]["minAvailable"], 3, "{remedy}");
                let checkout = estate.object("Deployment", "shop", "checkout").unwrap();
                assert_eq!(checkout["spec"]["replicas"], 3, "{remedy}");
            }),
    )
    .await;
}

#[tokio::test]
async fn a_failed_upgrade_is_forced_or_done_in_place_and_retried() {
    // Scenario, what cures it, and whether a retry must follow.
    join_all(
        [("blocked-drain", "force-upgrade"), ("quota", "in-place")]
            .into_iter()
            .map(|(scenario, remedy)| async move {
                let estate = Estate::new(scenario).await;
                let engine = estate.engine();
                upgrade(&estate).await;
                estate.at_rest().await;
                assert!(!is_done(&estate), "{scenario}: it failed");
                let apps = cause("x", vec![Subject::pool(&"apps".into())]);
                let entry = estate.apply(&engine, remedy, &apps).await;
                done(&entry);
                estate.at_rest().await;
                if !is_done(&estate) {
                    // The pool has failed still, or its settings were written and nothing else was tried.
                    let retry = Change::UpgradeNodePool {
                        cluster: estate.cluster.clone(),
                        pool: "apps".into(),
                        to: TO,
                    };
                    let request = estate.azure.prepare(&retry).await.unwrap();
                    estate.azure.send(&request, uuid::Uuid::new_v4()).await.unwrap();
                    estate.at_rest().await;
                }
                assert!(is_done(&estate), "{scenario}: {remedy}");
                takes_back(&engine, &entry.id).await;
            }),
    )
    .await;
}

#[tokio::test]
async fn retry_abort_rollback_and_reconcile_speak_to_azure() {
    let estate = Estate::new("clean").await;
    let engine = estate.engine();
    upgrade(&estate).await;
    let apps = || cause("x", vec![Subject::pool(&"apps".into())]);
    let entry = estate.apply(&engine, "abort", &apps()).await;
    done(&entry);
    assert!(entry.changed[0].contains("operation"), "{entry:#?}");
    estate.at_rest().await;
    assert!(!is_done(&estate));
    let entry = estate.apply(&engine, "retry-upgrade", &apps()).await;
    done(&entry);
    estate.at_rest().await;
    assert!(is_done(&estate));
    let entry = estate.apply(&engine, "pool-rollback", &apps()).await;
    done(&entry);
    estate.at_rest().await;
    assert!(!is_done(&estate));
    takes_back(&engine, &entry.id).await;
    estate.at_rest().await;
    assert!(is_done(&estate));
    let lagging = cause("pools-versions-mixed", vec![Subject::Cluster]);
    let entry = estate.apply(&engine, "upgrade-lagging-pools", &lagging).await;
    done(&entry);
    estate.at_rest().await;
    for remedy in ["reconcile", "rotate-certs", "upgrade-node-image"] {
        let entry = estate.apply(&engine, remedy, &apps()).await;
        done(&entry);
        estate.at_rest().await;
    }
    let told: Vec<String> = engine
        .repairs(None)
        .unwrap()
        .into_iter()
        .map(|entry| entry.repair.remedy)
        .collect();
    assert_eq!(told.len(), 7, "{told:?}");
}
