//! Each remedy in Azure: what it changes, and that its undo leaves the cluster as it was.

use aks_cockpit::domain::subject::Subject;
use aks_cockpit::simulator::world::SimulatedCluster;
use aks_cockpit::simulator::world::landscape::{Lock, LockScope};
use futures::future::join_all;
use serde_json::{Value, json};

use super::estate::{Estate, cause, done, undone};

/// One remedy on a cluster that is prepared for it.
struct Case {
    remedy: &'static str,
    prepare: fn(&mut SimulatedCluster),
    subject: Subject,
    /// What the cluster says afterwards, by pointer. Pool 1 is `apps`.
    expected: (&'static str, Value),
}

const APPS: &str = "/properties/agentPoolProfiles/1";

fn case(remedy: &'static str, prepare: fn(&mut SimulatedCluster), pointer: &'static str, expected: Value) -> Case {
    Case {
        remedy,
        prepare,
        subject: Subject::pool(&"apps".into()),
        expected: (pointer, expected),
    }
}

fn autoscaled(cluster: &mut SimulatedCluster) {
    let patch = json!({"enableAutoScaling": true, "minCount": 1, "maxCount": 9});
    cluster.landscape.pool_properties.insert("apps".to_owned(), patch);
}

fn properties(cluster: &mut SimulatedCluster, patch: Value) {
    cluster.landscape.cluster_properties = patch;
}

fn cases() -> Vec<Case> {
    [of_pools(), of_cluster()].into_iter().flatten().collect()
}

fn nothing(_: &mut SimulatedCluster) {}

fn of_pools() -> Vec<Case> {
    vec![
        case(
            "raise-drain-timeout",
            nothing,
            "/upgradeSettings/drainTimeoutInMinutes",
            json!(60),
        ),
        case(
            "undrainable-cordon",
            nothing,
            "/upgradeSettings/undrainableNodeBehavior",
            json!("Cordon"),
        ),
        case(
            "lower-surge",
            |cluster| cluster.pools[1].settings.max_surge = Some("50%".to_owned()),
            "/upgradeSettings/maxSurge",
            json!("1"),
        ),
        case("in-place", nothing, "/upgradeSettings/maxUnavailable", json!("1")),
        case("scale-pool-up", nothing, "/count", json!(5)),
        case("scale-down-for-ips", nothing, "/count", json!(3)),
        case("lower-max-count", autoscaled, "/maxCount", json!(4)),
        case("change-os-sku", nothing, "/osSKU", json!("Ubuntu2404")),
        case("rollback-os-sku", nothing, "/osSKU", json!("Ubuntu2204")),
    ]
}

fn of_cluster() -> Vec<Case> {
    vec![
        case(
            "force-upgrade",
            nothing,
            "/properties/upgradeSettings/overrideSettings/forceUpgrade",
            json!(true),
        ),
        case(
            "force-upgrade-api",
            nothing,
            "/properties/upgradeSettings/overrideSettings/forceUpgrade",
            json!(true),
        ),
        case(
            "pause-autoupgrade",
            |cluster| cluster.profile.upgrade_channel = Some("patch".to_owned()),
            "/properties/autoUpgradeProfile/upgradeChannel",
            Value::Null,
        ),
        case(
            "scale-tier",
            |cluster| "Free".clone_into(&mut cluster.profile.tier),
            "/sku/tier",
            json!("Standard"),
        ),
        case(
            "enable-lts",
            nothing,
            "/properties/supportPlan",
            json!("AKSLongTermSupport"),
        ),
        case(
            "disable-monitoring",
            |cluster| {
                properties(
                    cluster,
                    json!({"addonProfiles": {"omsagent": {"enabled": true, "config": {"w": "/x"}}}}),
                );
            },
            "/properties/addonProfiles/omsagent/enabled",
            json!(false),
        ),
        Case {
            subject: Subject::Azure {
                kind: "outbound address".to_owned(),
                name: "20.1.2.3".to_owned(),
                id: None,
            },
            ..case(
                "add-authorized-ip",
                |cluster| {
                    properties(
                        cluster,
                        json!({"apiServerAccessProfile": {"authorizedIPRanges": ["20.0.0.1/32"]}}),
                    );
                },
                "/properties/apiServerAccessProfile/authorizedIPRanges",
                json!(["20.0.0.1/32", "20.1.2.3/32"]),
            )
        },
        case(
            "lb-outbound",
            |cluster| {
                let profile = json!({"allocatedOutboundPorts": 8000, "effectiveOutboundIPs": [{"id": "/ip"}]});
                properties(cluster, json!({"networkProfile": {"loadBalancerProfile": profile}}));
            },
            "/properties/networkProfile/loadBalancerProfile/managedOutboundIPs/count",
            json!(2),
        ),
        case("delete-machine", nothing, "/count", json!(3)),
        case(
            "start-cluster",
            |cluster| cluster.is_stopped = true,
            "/properties/powerState/code",
            json!("Running"),
        ),
    ]
}

#[tokio::test]
async fn every_setting_is_written_and_put_back() {
    join_all(cases().into_iter().map(|case| async move {
        let estate = Estate::new("clean").await;
        let engine = estate.engine();
        estate.change(|world| (case.prepare)(world.clusters.get_mut("shop-prod").unwrap()));
        let remedy = case.remedy;
        let mut subjects = vec![case.subject.clone()];
        if remedy == "delete-machine" {
            let node = estate.look(|cluster| cluster.pool("apps").unwrap().nodes[0].name.clone());
            subjects = vec![Subject::node(&aks_cockpit::domain::ids::NodeName::new(node))];
        }
        let mut before = estate.in_azure().await;
        let entry = estate.apply(&engine, remedy, &cause("x", subjects)).await;
        done(&entry);
        estate.at_rest();
        let (pointer, expected) = &case.expected;
        let is_of_cluster = pointer.starts_with("/properties") || pointer.starts_with("/sku");
        let pointer = if is_of_cluster {
            (*pointer).to_owned()
        } else {
            format!("{APPS}{pointer}")
        };
        let after = estate.in_azure().await;
        assert_eq!(after.pointer(&pointer).unwrap_or(&Value::Null), expected, "{remedy}");
        assert_ne!(after, before, "{remedy}");
        let entry = engine.undo_repair(&entry.id).await.unwrap();
        undone(&entry);
        estate.at_rest();
        let mut again = estate.in_azure().await;
        if remedy.ends_with("os-sku") {
            // Machines that are rebuilt get the newest image of their OS SKU, which Azure chooses.
            for body in [&mut again, &mut before] {
                body.pointer_mut(APPS).unwrap()["nodeImageVersion"].take();
            }
        }
        assert_eq!(again, before, "{remedy}");
        assert!(engine.undo_repair(&entry.id).await.is_err(), "{remedy}: undone twice");
    }))
    .await;
}

#[tokio::test]
async fn locks_windows_and_links_are_written_at_once_and_put_back() {
    let estate = Estate::new("clean").await;
    let engine = estate.engine();
    let window = json!({"maintenanceWindow": {"durationHours": 4, "startTime": "02:00", "utcOffset": "+00:00",
        "schedule": {"daily": {"intervalDays": 1}}}});
    estate.change(|world| {
        let cluster = world.clusters.get_mut("shop-prod").unwrap();
        cluster.landscape.locks.push(Lock {
            name: "keep".to_owned(),
            level: "ReadOnly".to_owned(),
            on: LockScope::Cluster,
        });
        cluster.landscape.windows.insert("default".to_owned(), window.clone());
    });
    let facts = || {
        estate.look(|cluster| {
            let locks: Vec<String> = cluster.landscape.locks.iter().map(|lock| format!("{lock:?}")).collect();
            (locks, cluster.landscape.windows["default"].clone())
        })
    };
    let before = facts();
    // A lock turns other changes away, in Azure's words.
    let surge = cause("quota-vcpu", vec![Subject::pool(&"apps".into())]);
    let refused = estate.apply(&engine, "raise-drain-timeout", &surge).await;
    assert!(format!("{:?}", refused.state).contains("ScopeLocked"), "{refused:#?}");
    assert_eq!(refused.undo, None, "nothing was made");

    let locked = cause("scope-locked", vec![Subject::Cluster]);
    let unlocked = estate.apply(&engine, "remove-lock", &locked).await;
    done(&unlocked);
    assert!(facts().0.is_empty());
    let closed = cause("auto-upgrade-not-started", vec![Subject::Cluster]);
    let longer = estate.apply(&engine, "extend-window", &closed).await;
    done(&longer);
    assert_eq!(facts().1["maintenanceWindow"]["durationHours"], 8);
    for entry in [&longer, &unlocked] {
        undone(&engine.undo_repair(&entry.id).await.unwrap());
    }
    assert_eq!(facts(), before);
}

#[tokio::test]
async fn a_node_is_replaced_in_two_requests_one_after_the_other() {
    let estate = Estate::new("clean").await;
    let engine = estate.engine();
    let nodes = || {
        estate.look(|cluster| {
            cluster
                .pool("apps")
                .unwrap()
                .nodes
                .iter()
                .map(|node| node.name.clone())
                .collect::<Vec<_>>()
        })
    };
    let before = nodes();
    let sick = Subject::node(&aks_cockpit::domain::ids::NodeName::new(&before[0]));
    let reimaged = cause("reimage-failed", vec![sick]);
    let applying = estate.apply(&engine, "reimage-node", &reimaged);
    // The second request waits for the end of the first, in the clock's time.
    let passing = async {
        loop {
            tokio::task::yield_now().await;
            estate.pass(std::time::Duration::from_millis(20));
        }
    };
    let entry = tokio::select! {
        entry = applying => entry,
        () = passing => unreachable!("it never ends"),
    };
    done(&entry);
    estate.at_rest();
    let after = nodes();
    assert_eq!((after.len(), after.contains(&before[0])), (before.len(), false));
    assert_eq!(entry.undo, None);
}
