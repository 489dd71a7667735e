//! Plans from intents, offers and regions: tables of cases.

use super::*;
use crate::domain::cluster::{RecentlyUsedVersion, SupportPlan};
use crate::domain::provisioning::ProvisioningState;
use crate::domain::version::NodeImageVersion;
use crate::plan::samples::{
    at, cluster, ids, offers, plan_of, region, rich_plan, shop, shop_offers, smoke_test, titles, upgrade,
};
use crate::plan::step::StepKind;

fn plan(cluster: &Cluster, intent: &Intent) -> Result<Vec<String>, PlanError> {
    let facts = Facts {
        cluster,
        upgrades: &shop_offers(),
        region: None,
    };
    plan_of(&facts, intent, &Options::default()).map(|plan| titles(&plan))
}

/// The steps through a region with patches 1 to 9 of each line from 1.27 to 1.35, and 1.36 in preview.
fn hops(version: &str, pools: &[(&str, &str)], wish: &str) -> Result<Vec<String>, PlanError> {
    through_region(&cluster(version, pools), &upgrade(wish, PoolChoice::All)).map(|plan| titles(&plan))
}

fn through_region(cluster: &Cluster, intent: &Intent) -> Result<Plan, PlanError> {
    let patches: &[u16] = &[1, 9];
    let region = region(&[
        ("1.27", patches),
        ("1.28", patches),
        ("1.29", patches),
        ("1.30", patches),
        ("1.31", patches),
        ("1.32", patches),
        ("1.33", patches),
        ("1.34", patches),
        ("1.35", patches),
        ("1.36*", patches),
    ]);
    let facts = Facts {
        cluster,
        upgrades: &ClusterUpgrades::default(),
        region: Some(&region),
    };
    plan_of(&facts, intent, &Options::default())
}

#[test]
fn the_control_plane_goes_first_then_system_pools_then_azures_order() {
    assert_eq!(
        plan(&shop(), &upgrade("1.34", PoolChoice::All)).unwrap(),
        [
            "control plane to 1.34.2",
            "node pool system to 1.34.2",
            "node pool web to 1.34.2",
            "node pool batch to 1.34.2",
        ]
    );
}

#[test]
fn a_wish_chooses_among_the_offers() {
    let control_plane = |wish| plan(&shop(), &upgrade(wish, PoolChoice::None)).map(|steps| steps[0].clone());
    assert_eq!(control_plane("1.34.1").unwrap(), "control plane to 1.34.1");
    assert_eq!(control_plane("1.33").unwrap(), "control plane to 1.33.6");
    assert_eq!(control_plane("1.34.9").unwrap(), "control plane to 1.34.9");
    for wish in ["1.35", "1.34.7", "1.32", "1.33.5"] {
        assert_eq!(
            control_plane(wish).unwrap_err(),
            PlanError::NotOffered {
                cluster: "shop".to_owned(),
                wish: wish.to_owned(),
                offered: vec![
                    "1.34.9 (preview)".to_owned(),
                    "1.34.2".to_owned(),
                    "1.34.1".to_owned(),
                    "1.33.6".to_owned()
                ],
            }
        );
    }
}

#[test]
fn where_the_control_plane_is_there_already_only_lagging_pools_move() {
    let mut cluster = shop();
    cluster.version = "1.34.3".parse().ok();
    cluster.pools[1].version = "1.34.3".parse().ok();
    assert_eq!(
        plan(&cluster, &upgrade("1.34", PoolChoice::All)).unwrap(),
        ["node pool web to 1.34.3", "node pool batch to 1.34.3"]
    );
    // A newer patch of the line fulfils an exact wish, too; pools go where they were asked to go.
    assert_eq!(
        plan(&cluster, &upgrade("1.34.0", PoolChoice::These(vec!["web".into()]))).unwrap(),
        ["node pool web to 1.34.0"]
    );
    assert_eq!(
        plan(&cluster, &upgrade("1.34", PoolChoice::None)).unwrap_err(),
        PlanError::NothingToDo {
            cluster: "shop".to_owned()
        }
    );
}

#[test]
fn what_ended_early_is_not_taken_for_done() {
    let mut cluster = shop();
    cluster.version = "1.34.3".parse().ok();
    for pool in &mut cluster.pools {
        pool.version = "1.34.3".parse().ok();
    }
    cluster.provisioning_state = ProvisioningState::Failed;
    assert_eq!(
        plan(&cluster, &upgrade("1.34", PoolChoice::All)).unwrap(),
        ["control plane to 1.34.3"]
    );
    cluster.pools[2].provisioning_state = ProvisioningState::Canceled;
    assert_eq!(
        plan(&cluster, &upgrade("1.34", PoolChoice::All)).unwrap(),
        ["node pool batch to 1.34.3"]
    );
}

#[test]
fn node_images_move_where_they_differ_or_are_not_known() {
    let mut cluster = shop();
    cluster.pools[0].node_image = Some(NodeImageVersion::new(
        "AKSUbuntu-2204gen2containerd-202608.01.0-2026.08.20",
    ));
    let intent = Intent::NodeImages { pools: PoolChoice::All };
    assert_eq!(
        plan(&cluster, &intent).unwrap(),
        [
            "node pool system to image 202608.01.0",
            "node pool batch to the newest image"
        ]
    );
    let none = Intent::NodeImages {
        pools: PoolChoice::None,
    };
    assert!(matches!(plan(&cluster, &none), Err(PlanError::NothingToDo { .. })));
}

#[test]
fn pools_and_clusters_that_cannot_move_are_named() {
    let no_gpu = PlanError::NoSuchPool {
        cluster: "shop".to_owned(),
        pool: "gpu".to_owned(),
        pools: vec!["web".to_owned(), "system".to_owned(), "batch".to_owned()],
    };
    let unknown = upgrade("1.34", PoolChoice::These(vec!["web".into(), "gpu".into()]));
    assert_eq!(plan(&shop(), &unknown).unwrap_err(), no_gpu);
    let mut cluster = shop();
    let facts = Facts {
        cluster: &cluster,
        upgrades: &shop_offers(),
        region: None,
    };
    for options in [
        Options {
            pool_order: vec!["gpu".into()],
            ..Options::default()
        },
        Options {
            settings: [("gpu".into(), UpgradeSettings::default())].into(),
            ..Options::default()
        },
    ] {
        let error = plan_of(&facts, &upgrade("1.34", PoolChoice::All), &options).unwrap_err();
        assert_eq!(error, no_gpu);
    }
    cluster.pools[0].power_state = PowerState::Stopped;
    assert_eq!(plan(&cluster, &upgrade("1.34", PoolChoice::All)).unwrap().len(), 3);
    cluster.power_state = PowerState::Stopped;
    assert!(matches!(
        plan(&cluster, &upgrade("1.34", PoolChoice::All)),
        Err(PlanError::Stopped { .. })
    ));
}

#[test]
fn pools_move_once_where_the_skew_allows() {
    assert_eq!(
        hops("1.31.1", &[("web", "1.31.1"), ("system", "1.31.1")], "1.34").unwrap(),
        [
            "control plane to 1.32.9",
            "control plane to 1.33.9",
            "control plane to 1.34.9",
            "node pool system to 1.34.9",
            "node pool web to 1.34.9",
        ]
    );
}

#[test]
fn pools_move_in_between_only_where_they_must_and_then_as_far_as_they_can() {
    assert_eq!(
        hops(
            "1.30.1",
            &[("system", "1.29.1"), ("web", "1.30.1"), ("old", "1.27.1")],
            "1.34"
        )
        .unwrap(),
        [
            "node pool old to 1.30.1",
            "control plane to 1.31.9",
            "control plane to 1.32.9",
            "node pool system to 1.32.9",
            "control plane to 1.33.9",
            "node pool web to 1.33.9",
            "node pool old to 1.33.9",
            "control plane to 1.34.9",
            "node pool system to 1.34.9",
            "node pool web to 1.34.9",
            "node pool old to 1.34.9",
        ]
    );
}

#[test]
fn a_pool_too_far_behind_moves_before_the_first_hop() {
    let cluster = cluster("1.33.4", &[("system", "1.33.4"), ("old", "1.30.9")]);
    let facts = Facts {
        cluster: &cluster,
        upgrades: &shop_offers(),
        region: None,
    };
    let built = plan_of(&facts, &upgrade("1.34", PoolChoice::All), &Options::default()).unwrap();
    assert_eq!(
        ids(&built),
        ["pool-old-1.33.4", "control-plane", "pool-system", "pool-old-1.34.2"]
    );
    for choice in [PoolChoice::None, PoolChoice::These(vec!["system".into()])] {
        assert!(matches!(
            plan_of(&facts, &upgrade("1.34", choice), &Options::default()),
            Err(PlanError::PoolTooFarBehind { is_left_out: true, .. })
        ));
    }
    let mut stopped = cluster.clone();
    stopped.pools[1].power_state = PowerState::Stopped;
    assert_eq!(plan(&stopped, &upgrade("1.34", PoolChoice::All)).unwrap().len(), 2);
}

#[test]
fn before_1_28_the_skew_is_two() {
    assert_eq!(
        hops("1.27.9", &[("web", "1.25.1")], "1.28").unwrap(),
        ["control plane to 1.28.9", "node pool web to 1.28.9"]
    );
    assert!(matches!(
        hops("1.27.9", &[("web", "1.24.1")], "1.28"),
        Ok(steps) if steps[0] == "node pool web to 1.27.9"
    ));
}

#[test]
fn the_versions_before_a_half_done_upgrade_count() {
    let mut cluster = cluster("1.33.4", &[("web", "1.33.4")]);
    cluster.pools[0].provisioning_state = ProvisioningState::Failed;
    let mut upgrades = shop_offers();
    upgrades.pools.entry("web".into()).or_default().recently_used = vec![used("1.30.9", None)];
    let facts = Facts {
        cluster: &cluster,
        upgrades: &upgrades,
        region: None,
    };
    let built = plan_of(&facts, &upgrade("1.34", PoolChoice::All), &Options::default()).unwrap();
    assert_eq!(ids(&built), ["pool-web-1.33.4", "control-plane", "pool-web-1.34.2"]);
}

#[test]
fn previews_and_long_term_lines_are_not_passed() {
    assert_eq!(hops("1.35.1", &[], "1.36.9").unwrap(), ["control plane to 1.36.9"]);
    assert_eq!(
        hops("1.34.9", &[], "1.36").unwrap_err(),
        PlanError::NotReachable {
            cluster: "shop".to_owned(),
            wish: "1.36".to_owned(),
            nearest: vec!["1.35.9".to_owned(), "1.35.1".to_owned()],
        }
    );
    let region = region(&[("1.30+", &[3]), ("1.31+", &[4]), ("1.32", &[5])]);
    let mut cluster = cluster("1.30.3", &[]);
    let reach = |cluster: &Cluster| {
        let facts = Facts {
            cluster,
            upgrades: &ClusterUpgrades::default(),
            region: Some(&region),
        };
        plan_of(&facts, &upgrade("1.32", PoolChoice::All), &Options::default())
    };
    assert!(matches!(
        reach(&cluster),
        Err(PlanError::NotReachable { nearest, .. }) if nearest.is_empty()
    ));
    cluster.support_plan = SupportPlan::LongTermSupport;
    assert_eq!(
        titles(&reach(&cluster).unwrap()),
        ["control plane to 1.31.4", "control plane to 1.32.5"]
    );
}

#[test]
fn what_azure_offers_now_leads_out_of_a_line_without_support() {
    let region = region(&[
        ("1.30+", &[3]),
        ("1.31+", &[4]),
        ("1.32+", &[5]),
        ("1.33", &[6]),
        ("1.34", &[2]),
    ]);
    let cluster = cluster("1.30.3", &[("web", "1.30.3")]);
    let facts = Facts {
        cluster: &cluster,
        upgrades: &offers(&["1.33.6"]),
        region: Some(&region),
    };
    let built = plan_of(&facts, &upgrade("1.34", PoolChoice::All), &Options::default()).unwrap();
    assert_eq!(
        titles(&built),
        [
            "control plane to 1.33.6",
            "node pool web to 1.33.6",
            "control plane to 1.34.2",
            "node pool web to 1.34.2"
        ]
    );
}

#[test]
fn three_hops_four_pools_and_everything_between() {
    let plan = rich_plan();
    assert_eq!(
        ids(&plan),
        [
            "smoke-login-1",
            "control-plane-1.32.7",
            "smoke-login-2",
            "wait-1",
            "approval-1",
            "control-plane-1.33.6",
            "smoke-login-3",
            "wait-2",
            "approval-2",
            "control-plane-1.34.2",
            "smoke-login-4",
            "wait-3",
            "pool-system-1.34.2",
            "readiness-1",
            "smoke-login-5",
            "settings-web",
            "pool-web-1.34.2",
            "readiness-2",
            "smoke-login-6",
            "pool-batch-1.34.2",
            "readiness-3",
            "smoke-login-7",
            "pool-gpu-1.34.2",
            "readiness-4",
            "smoke-login-8",
            "verify",
        ]
    );
    let pauses: Vec<&str> = plan
        .steps
        .iter()
        .filter(|step| step.pause_after)
        .map(|step| step.id.as_str())
        .collect();
    assert_eq!(pauses, ["smoke-login-5", "smoke-login-6", "smoke-login-7"]);
    assert!(
        plan.steps
            .iter()
            .all(|step| step.kind.moves_nodes() != step.guards.is_empty())
    );
    assert_eq!(
        plan.step(&"approval-1".into()).unwrap().kind,
        StepKind::Approval {
            question: "Go on with control plane to 1.33.6?".to_owned()
        }
    );
}

#[test]
fn order_settings_and_gates_at_the_edges() {
    let mut cluster = shop();
    cluster.pools[0].upgrade_settings.max_surge = "50%".parse().ok();
    let settings = UpgradeSettings {
        max_surge: "50%".parse().ok(),
        ..UpgradeSettings::default()
    };
    let options = Options {
        pool_order: vec!["batch".into(), "web".into()],
        settings: [("web".into(), settings.clone()), ("batch".into(), settings)].into(),
        approvals: vec![Place::Start, Place::End, Place::AfterControlPlane, Place::BetweenHops],
        pauses: vec![Place::Start],
        smoke_tests: vec![smoke_test("a"), smoke_test("b")],
        ..Options::default()
    };
    let facts = Facts {
        cluster: &cluster,
        upgrades: &shop_offers(),
        region: None,
    };
    let built = plan_of(
        &facts,
        &upgrade("1.34", PoolChoice::These(vec!["web".into(), "batch".into()])),
        &options,
    );
    let built = built.unwrap();
    let gates: Vec<&str> = ids(&built).into_iter().filter(|id| !id.starts_with("smoke")).collect();
    assert_eq!(
        gates,
        [
            "approval-1",
            "control-plane",
            "approval-2",
            "settings-batch",
            "pool-batch",
            "pool-web",
            "approval-3"
        ]
    );
    assert!(built.steps[2].pause_after, "behind the approval at the start");
}

fn used(version: &str, until: Option<&str>) -> RecentlyUsedVersion {
    RecentlyUsedVersion {
        version: version.parse().unwrap(),
        node_image: NodeImageVersion::new("AKSUbuntu-2204gen2containerd-202605.01.0"),
        used_until: until.map(at),
    }
}

fn rollback(change: impl FnOnce(&mut Cluster, &mut Vec<RecentlyUsedVersion>)) -> Result<Vec<String>, String> {
    let mut cluster = shop();
    let mut recent = vec![
        used("1.32.1", Some("2026-08-09T00:00:00Z")),
        used("1.31.1", Some("2026-08-01T00:00:00Z")),
    ];
    change(&mut cluster, &mut recent);
    let mut upgrades = shop_offers();
    upgrades.pools.entry("web".into()).or_default().recently_used = recent;
    let facts = Facts {
        cluster: &cluster,
        upgrades: &upgrades,
        region: Some(&region(&[("1.31+", &[1]), ("1.32", &[1]), ("1.33", &[4])])),
    };
    let intent = Intent::Rollback {
        pools: vec!["web".into()],
    };
    let now = at("2026-08-10T00:00:00Z");
    match build(PlanId::new("p"), &facts, &intent, &Options::default(), now) {
        Ok(plan) => Ok(titles(&plan)),
        Err(PlanError::NoRollback { why, .. }) => Err(why),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_pool_goes_back_one_step_within_seven_days() {
    assert_eq!(rollback(|_, _| ()).unwrap(), ["node pool web back to 1.32.1"]);
    assert_eq!(
        rollback(|_, recent| recent.reverse()).unwrap(),
        ["node pool web back to 1.32.1"]
    );
    let refused = |change: fn(&mut Cluster, &mut Vec<RecentlyUsedVersion>)| rollback(change).unwrap_err();
    assert_eq!(
        refused(|_, recent| recent.clear()),
        "Azure names no version it ran before"
    );
    assert_eq!(
        refused(|_, recent| {
            recent.remove(0);
        }),
        "it was upgraded on 2026-08-01, and AKS allows this for 7 days"
    );
    assert_eq!(
        refused(|cluster, _| cluster.auto_upgrade.kubernetes_channel = Some("patch".to_owned())),
        "the cluster's auto-upgrade channel is patch, and must be none"
    );
    assert_eq!(
        refused(|cluster, _| cluster.version = "1.36.1".parse().ok()),
        "1.32.1 is too old for the control plane at 1.36.1"
    );
    assert_eq!(
        refused(|_, recent| recent[0].version = "1.31.1".parse().unwrap()),
        "1.31.1 is not supported any more"
    );
    assert!(rollback(|cluster, _| cluster.auto_upgrade.kubernetes_channel = Some("None".to_owned())).is_ok());
}
