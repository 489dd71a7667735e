//! Recipes on a healthy cluster with one thing changed: what they make of it, and what they refuse.

use serde_json::json;

use super::samples::{NOW, VERSION, budget, cause, survey, workload};
use super::{RECIPES, plan};
use crate::domain::cluster::{ClusterUpgrades, RecentlyUsedVersion};
use crate::domain::pod::Owner;
use crate::domain::provisioning::{PowerState, ProvisioningState};
use crate::domain::survey::{
    AttachmentFact, AutoscalerFact, LockFact, LockLevel, Management, Survey, VolumeFact, WindowFact,
};
use crate::domain::version::{KubernetesVersion, NodeImageVersion};
use crate::remedy::library::library;
use crate::remedy::repair::{NotPossible, Repair, RepairStep, Undo};

fn planned(id: &str, change: impl FnOnce(&mut Survey)) -> Result<Repair, NotPossible> {
    let mut survey = survey();
    change(&mut survey);
    plan(id, &cause(), &survey)
}

/// The steps as JSON, without the cluster.
fn steps(repair: &Repair) -> String {
    serde_json::to_string(&repair.steps).unwrap()
}

fn title(id: &str, change: impl FnOnce(&mut Survey)) -> String {
    planned(id, change).map_or_else(|why| why.to_string(), |repair| repair.title)
}

fn never_lets_go(survey: &mut Survey) {
    survey.kubernetes.budgets = Ok(vec![budget("web", Some("3"), None)]);
}

fn pools(survey: &mut Survey) -> &mut Vec<crate::domain::node_pool::NodePool> {
    &mut survey.azure.cluster.as_mut().unwrap().pools
}

#[test]
fn every_automatable_remedy_has_a_recipe_and_the_others_never_plan() {
    for remedy in library() {
        let has_recipe = RECIPES.iter().any(|(id, _)| *id == remedy.id);
        assert!(has_recipe || !remedy.automatable, "{}", remedy.id);
        assert!(
            remedy.automatable || planned(&remedy.id, |_| ()).is_err(),
            "{}",
            remedy.id
        );
    }
    assert!(
        RECIPES
            .iter()
            .all(|(id, _)| crate::remedy::library::remedy(id).is_some())
    );
    assert!(matches!(planned("magic", |_| ()), Err(NotPossible::Unknown { .. })));
    assert!(matches!(planned("wait", |_| ()), Err(NotPossible::ByHand { .. })));
}

#[test]
fn nothing_is_planned_from_what_was_not_read() {
    for (id, _) in RECIPES {
        let unread = Survey::empty(survey().cluster, NOW);
        let Ok(repair) = plan(id, &cause(), &unread) else {
            continue;
        };
        panic!("{id} was planned blindly: {repair:#?}");
    }
}

#[test]
fn on_a_healthy_cluster_little_is_left_to_repair() {
    // What asks for more or less than there is can be wished for at any time.
    let wishes = [
        "pdb-backup-delete",
        "scale-up-workload",
        "scale-to-zero",
        "delete-pod",
        "delete-machine",
        "reimage-node",
        "webhook-ignore",
        "webhook-exclude-system",
        "exempt-webhook-evictions",
        "raise-drain-timeout",
        "undrainable-cordon",
        "lower-surge",
        "in-place",
        "change-os-sku",
        "rollback-os-sku",
        "scale-down-for-ips",
        "scale-pool-up",
        "reconcile",
        "upgrade-node-image",
        "force-upgrade",
        "force-upgrade-api",
        "enable-lts",
        "rotate-certs",
        "lb-outbound",
    ];
    for (id, _) in RECIPES {
        let answer = planned(id, |_| ());
        assert_eq!(answer.is_ok(), wishes.contains(id), "{id}: {answer:?}");
        if let Err(why) = answer {
            assert!(why.to_string().len() > 20, "{id}: {why}");
        }
    }
}

#[test]
fn a_budget_is_relaxed_by_what_it_takes() {
    let relaxed = |min: Option<&str>, max: Option<&str>, healthy: i32| {
        planned("pdb-relax", |survey| {
            let mut fact = budget("web", min, max);
            fact.budget.current_healthy = healthy;
            fact.budget.disruptions_allowed = (healthy - fact.budget.desired_healthy).max(0);
            fact.managed_by = Some(Management::Flux {
                name: "shop".to_owned(),
            });
            survey.kubernetes.budgets = Ok(vec![fact]);
        })
    };
    let repair = relaxed(Some("3"), None, 3).unwrap();
    assert!(
        steps(&repair).contains(r#""patch":{"spec":{"minAvailable":2}}"#),
        "{repair:#?}"
    );
    assert!(steps(&repair).contains(r#""uid":"budget-web""#));
    assert_eq!(
        (repair.title.as_str(), &repair.undo),
        ("allow one disruption in PodDisruptionBudget shop/web", &Undo::PutBack)
    );
    assert!(repair.cautions[0].contains("Flux shop"), "{:?}", repair.cautions);
    let check = |min, max, healthy, expected: &str| {
        let repair = relaxed(min, max, healthy).unwrap();
        assert!(steps(&repair).contains(expected), "{}", steps(&repair));
    };
    check(None, Some("0"), 3, r#"{"maxUnavailable":1}"#);
    check(None, Some("1"), 2, r#"{"maxUnavailable":2}"#);
    check(Some("2"), None, 1, r#"{"minAvailable":0}"#);
    assert!(relaxed(Some("2"), None, 0).is_err(), "no ready pod");
}

#[test]
fn a_replica_is_added_only_where_it_helps() {
    let repair = planned("scale-up-workload", never_lets_go).unwrap();
    assert!(steps(&repair).contains(r#"{"spec":{"replicas":4}}"#));
    let zero = |survey: &mut Survey| survey.kubernetes.budgets = Ok(vec![budget("web", None, Some("0"))]);
    assert!(title("scale-up-workload", zero).contains("maxUnavailable 0"));
    let scaled = |max: u32| {
        planned("scale-up-workload", |survey| {
            never_lets_go(survey);
            survey.kubernetes.autoscalers = Ok(vec![AutoscalerFact {
                namespace: "shop".to_owned(),
                name: "web-scaler".to_owned(),
                target: Owner {
                    kind: "Deployment".to_owned(),
                    name: "web".to_owned(),
                },
                min: 3,
                max,
                managed_by: None,
            }]);
        })
    };
    assert!(steps(&scaled(5).unwrap()).contains(r#"{"spec":{"minReplicas":4}}"#));
    assert!(scaled(3).is_err());
    assert!(
        planned("scale-up-workload", |survey| survey.kubernetes.workloads =
            Ok(Vec::new()))
        .is_err()
    );
}

#[test]
fn of_two_budgets_the_strictest_that_lets_go_stays() {
    let merged = |first: &str, second: &str| {
        let answer = planned("merge-pdbs", |survey| {
            survey.kubernetes.budgets = Ok(vec![
                budget("web", Some(first), None),
                budget("other", Some(second), None),
            ]);
        });
        let text = steps(&answer.unwrap());
        if text.contains(r#""name":"other""#) {
            "web"
        } else {
            "other"
        }
    };
    assert_eq!(
        (merged("2", "1"), merged("3", "1"), merged("1", "2")),
        ("web", "other", "other")
    );
}

#[test]
fn pods_go_with_a_word_about_what_it_costs() {
    let alone = planned("delete-pod", |survey| {
        survey.kubernetes.pods.as_mut().unwrap().truncate(1);
    });
    let alone = alone.unwrap();
    assert!(alone.cautions[0].starts_with("outage"), "{:?}", alone.cautions);
    assert!(matches!(alone.undo, Undo::Impossible { .. }));
    let bare = planned("delete-pod", |survey| {
        survey.kubernetes.pods.as_mut().unwrap()[0].pod.owner = None;
    })
    .unwrap();
    assert_eq!(bare.undo, Undo::PutBack);

    let leaving = |kind: &str, is_alive: bool, finalizers: &[&str]| {
        let finalizers: Vec<String> = finalizers.iter().map(ToString::to_string).collect();
        let prepare = |survey: &mut Survey| {
            let pod = &mut survey.kubernetes.pods.as_mut().unwrap()[0].pod;
            pod.deletion_at = Some(NOW);
            pod.finalizers.clone_from(&finalizers);
            pod.owner = Some(Owner {
                kind: kind.to_owned(),
                name: "web".to_owned(),
            });
            if !is_alive {
                survey.kubernetes.nodes.as_mut().unwrap()[0].node.readiness = crate::domain::node::Readiness::Unknown;
            }
        };
        [
            planned("force-delete-pod", prepare).is_ok(),
            planned("remove-finalizer", prepare).is_ok(),
        ]
    };
    assert_eq!(leaving("ReplicaSet", true, &[]), [true, false]);
    assert_eq!(leaving("StatefulSet", true, &[]), [false, false]);
    assert_eq!(leaving("StatefulSet", false, &[]), [true, false]);
    assert_eq!(leaving("ReplicaSet", true, &["example.com/wait"]), [false, true]);
    assert_eq!(leaving("ReplicaSet", true, &["foregroundDeletion"]), [false, false]);
}

#[test]
fn nodes_are_put_in_order_while_nothing_runs() {
    let cordoned = |survey: &mut Survey| {
        let node = &mut survey.kubernetes.nodes.as_mut().unwrap()[0].node;
        (node.is_cordoned, node.is_quarantined) = (true, true);
    };
    let uncordon = planned("uncordon", cordoned).unwrap();
    assert!(steps(&uncordon).contains(r#"{"spec":{"unschedulable":null}}"#));
    assert!(uncordon.cautions[0].contains("Quarantined"));
    assert!(steps(&planned("unquarantine", cordoned).unwrap()).contains("upgrade-status"));
    let busy = |survey: &mut Survey| {
        cordoned(survey);
        pools(survey)[1].provisioning_state = ProvisioningState::Upgrading;
    };
    assert!(title("uncordon", busy).contains("node pool apps is Upgrading"));
    let unseen = planned("uncordon", |survey| {
        cordoned(survey);
        survey.azure.cluster = crate::domain::survey::not_asked();
    });
    assert!(unseen.unwrap().cautions[0].contains("was not seen"));
    let last = |survey: &mut Survey| {
        pools(survey)[1].mode = crate::domain::node_pool::PoolMode::System;
        pools(survey)[1].count = 1;
    };
    assert!(planned("delete-machine", last).is_err());
}

#[test]
fn settings_of_pools_are_not_written_while_azure_works_on_them() {
    for id in [
        "raise-drain-timeout",
        "lower-surge",
        "scale-pool-up",
        "reconcile",
        "force-upgrade",
        "rotate-certs",
    ] {
        let busy = |survey: &mut Survey| pools(survey)[1].provisioning_state = ProvisioningState::Upgrading;
        assert!(title(id, busy).contains("abort it first"), "{id}");
    }
    let longest = |survey: &mut Survey| pools(survey)[1].upgrade_settings.drain_timeout_minutes = Some(1440);
    assert!(title("raise-drain-timeout", longest).contains("longest"));
    let system = |survey: &mut Survey| pools(survey)[1].mode = crate::domain::node_pool::PoolMode::System;
    assert!(title("in-place", system).contains("system pool"));
    let blue_green = |survey: &mut Survey| {
        let details = survey.azure.details.as_mut().unwrap();
        details.pools.get_mut(&"apps".into()).unwrap().upgrade_strategy = Some("BlueGreen".to_owned());
    };
    assert!(title("undrainable-cordon", blue_green).contains("blue-green"));
}

#[test]
fn operations_are_retried_and_aborted_where_there_are_some() {
    let failed = |survey: &mut Survey| {
        pools(survey)[1].provisioning_state = ProvisioningState::Failed;
        survey.azure.cluster.as_mut().unwrap().provisioning_state = ProvisioningState::Failed;
    };
    assert_eq!(
        title("retry-upgrade", failed),
        "run the upgrade of node pool apps to 1.34.4 again"
    );
    let all = |survey: &mut Survey| {
        failed(survey);
        pools(survey)[0].provisioning_state = ProvisioningState::Failed;
    };
    assert_eq!(
        title("retry-upgrade", all),
        "run the upgrade of cluster shop to 1.34.4 again"
    );
    let runs = |survey: &mut Survey| pools(survey)[1].provisioning_state = ProvisioningState::Upgrading;
    assert_eq!(title("abort", runs), "abort what runs on node pool apps (Upgrading)");
    let leaving = |survey: &mut Survey| pools(survey)[1].provisioning_state = ProvisioningState::Canceling;
    assert!(planned("abort", leaving).is_err());
    assert!(
        title("start-cluster", |survey| {
            survey.azure.cluster.as_mut().unwrap().power_state = PowerState::Stopped;
        })
        .starts_with("start")
    );
}

#[test]
fn a_pool_goes_back_within_its_week_and_without_a_channel() {
    let recent = |survey: &mut Survey, hours: i64| {
        let used_until = NOW.checked_sub(jiff::SignedDuration::from_hours(hours)).ok();
        let past = RecentlyUsedVersion {
            version: KubernetesVersion::new(1, 33, 5),
            node_image: NodeImageVersion::new("image-0"),
            used_until,
        };
        let mut upgrades = ClusterUpgrades::default();
        upgrades.pools.entry("apps".into()).or_default().recently_used = vec![past];
        survey.azure.upgrades = Ok(upgrades);
    };
    assert_eq!(
        title("pool-rollback", |survey| recent(survey, 1)),
        "roll node pool apps back to 1.33.5 (image-0)"
    );
    assert!(title("pool-rollback", |survey| recent(survey, 170)).contains("7 days"));
    assert!(
        title("pool-rollback", |survey| {
            recent(survey, 1);
            survey.azure.cluster.as_mut().unwrap().auto_upgrade.kubernetes_channel = Some("patch".to_owned());
        })
        .contains("'patch'")
    );
    let behind = |survey: &mut Survey| pools(survey)[1].version = Some(KubernetesVersion::new(1, 33, 5));
    assert_eq!(
        title("upgrade-lagging-pools", behind),
        format!("upgrade node pool apps to {VERSION}")
    );
    assert_eq!(
        title("full-upgrade", behind),
        format!("bring every node pool of cluster shop to {VERSION}")
    );
}

#[test]
fn a_volume_that_is_used_stays_attached() {
    let attached = |survey: &mut Survey, is_used: bool| {
        survey.kubernetes.attachments = Ok(vec![AttachmentFact {
            name: "csi-1".to_owned(),
            volume: "pv-1".to_owned(),
            node: crate::domain::ids::NodeName::new("apps-0"),
            is_attached: true,
            is_being_deleted: false,
            error: None,
        }]);
        survey.kubernetes.volumes = Ok(vec![VolumeFact {
            name: "pv-1".to_owned(),
            claim: Some("shop/data".to_owned()),
            driver: "disk.csi.azure.com".to_owned(),
            zones: Vec::new(),
            nodes: Vec::new(),
            is_single_writer: true,
        }]);
        if is_used {
            let claim = crate::domain::survey::PodVolume::Claim {
                name: "data".to_owned(),
            };
            survey.kubernetes.pods.as_mut().unwrap()[0].volumes.push(claim);
        }
    };
    assert_eq!(
        title("detach-volume", |survey| attached(survey, false)),
        "detach volume pv-1 from node apps-0"
    );
    assert!(title("detach-volume", |survey| attached(survey, true)).contains("uses the volume"));
    assert!(
        planned("detach-volume", |survey| {
            attached(survey, false);
            survey.kubernetes.pods = crate::domain::survey::not_asked();
        })
        .is_err()
    );
}

#[test]
fn webhooks_and_their_backends() {
    let repair = planned("webhook-ignore", |_| ()).unwrap();
    let RepairStep::KubernetesList { change } = &repair.steps[0] else {
        panic!("{repair:#?}");
    };
    assert_eq!(change.path, ["webhooks", "gate.example", "failurePolicy"]);
    assert!(
        planned("webhook-ignore", |survey| {
            "Ignore".clone_into(&mut survey.kubernetes.webhooks.as_mut().unwrap()[0].failure_policy);
        })
        .is_err()
    );
    let down = |replicas: u32| {
        planned("webhook-backend-up", move |survey| {
            let mut backend = workload("web", replicas);
            backend.ready = 0;
            survey.kubernetes.workloads = Ok(vec![backend]);
        })
        .unwrap()
    };
    assert!(steps(&down(0)).contains(r#"{"spec":{"replicas":1}}"#));
    assert!(steps(&down(2)).contains("1970-01-01T00:00:00Z"));
    assert_eq!(down(2).undo, Undo::NotNeeded);
    assert!(matches!(
        planned("webhook-backend-up", |survey| survey
            .kubernetes
            .webhooks
            .as_mut()
            .unwrap()[0]
            .service = None),
        Err(NotPossible::ByHand { .. })
    ));
}

#[test]
fn what_lies_beside_the_cluster() {
    let lock = |name: &str, level| LockFact {
        id: format!("/subscriptions/s/providers/Microsoft.Authorization/locks/{name}"),
        name: name.to_owned(),
        level,
        scope: "/subscriptions/s".to_owned(),
    };
    let locked = |survey: &mut Survey| {
        survey.azure.locks = Ok(vec![
            lock("keep", LockLevel::CannotDelete),
            lock("freeze", LockLevel::ReadOnly),
        ]);
    };
    assert_eq!(title("remove-lock", locked), "remove lock freeze");
    let window = |hours: u32| {
        title("extend-window", move |survey| {
            survey.azure.windows = Ok(vec![WindowFact {
                name: "default".to_owned(),
                schedule: String::new(),
                openings: Vec::new(),
                not_allowed: Vec::new(),
                duration_hours: Some(hours),
            }]);
        })
    };
    assert_eq!(
        window(1),
        "open the maintenance window default for 4 hours in place of 1"
    );
    assert_eq!(
        window(16),
        "open the maintenance window default for 24 hours in place of 16"
    );
    assert!(window(24).contains("cannot be any longer"));
    let private = |survey: &mut Survey| {
        let zone = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/privateDnsZones/z";
        survey.azure.details.as_mut().unwrap().private_dns_zone = Some(zone.to_owned());
        pools(survey)[0].vnet_subnet = Some("/subscriptions/s/x/virtualNetworks/net/subnets/nodes".to_owned());
    };
    let link = planned("link-dns-zone", private).unwrap();
    assert_eq!(link.title, "link DNS zone z to network net");
    assert_eq!(
        json!(link.steps)[0]["change"]["network"],
        "/subscriptions/s/x/virtualNetworks/net"
    );
}

#[test]
fn a_repair_survives_the_journal() {
    for (id, _) in RECIPES {
        if let Ok(repair) = planned(id, |_| ()) {
            let text = serde_json::to_string(&repair).unwrap();
            assert_eq!(serde_json::from_str::<Repair>(&text).unwrap(), repair, "{text}");
        }
    }
}
