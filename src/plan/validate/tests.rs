//! One thing broken, one finding; and random clusters whose every plan is sound.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::cluster::{
    Cluster, ClusterUpgrades, PoolUpgrades, RecentlyUsedVersion, RegionVersions, SupportPlan,
};
use crate::domain::ids::ClusterId;
use crate::domain::node_pool::{PoolMode, UpgradeSettings};
use crate::domain::provisioning::ProvisioningState;
use crate::domain::upgrade_path::breaks_skew;
use crate::domain::version::{KubernetesVersion, NodeImageVersion};
use crate::plan::builder::{Intent, Options, PoolChoice};
use crate::plan::edit::{Edit, edit};
use crate::plan::samples::{
    self, at, cluster, offers, plan_of, region, rich_options, shop, shop_offers, smoke_test, upgrade, version,
};
use crate::plan::step::{Step, WaitUntil};

/// A plan with nothing to say about it.
fn good() -> Plan {
    let cluster = shop();
    let facts = facts(&cluster, &SHOP_OFFERS);
    plan_of(&facts, &upgrade("1.34", PoolChoice::All), &rich_options()).unwrap()
}

static SHOP_OFFERS: std::sync::LazyLock<ClusterUpgrades> = std::sync::LazyLock::new(shop_offers);

fn facts<'a>(cluster: &'a Cluster, upgrades: &'a ClusterUpgrades) -> Facts<'a> {
    Facts {
        cluster,
        upgrades,
        region: None,
    }
}

fn check(change: impl FnOnce(&mut Plan, &mut Cluster), expected: &[(Severity, &str)]) {
    let (mut plan, mut cluster) = (good(), shop());
    change(&mut plan, &mut cluster);
    let found = validate(&plan, &facts(&cluster, &SHOP_OFFERS));
    let short: Vec<(Severity, &str)> = found
        .iter()
        .map(|finding| (finding.severity, finding.what.as_str()))
        .collect();
    assert_eq!(short, expected, "{found:#?}");
}

fn kind_of<'a>(plan: &'a mut Plan, id: &str) -> &'a mut StepKind {
    let step = plan.steps.iter_mut().find(|step| step.id.as_str() == id);
    &mut step.unwrap().kind
}

fn retarget(plan: &mut Plan, id: &str, version: &str) {
    match kind_of(plan, id) {
        StepKind::ControlPlaneUpgrade { to, .. } | StepKind::NodePoolUpgrade { to, .. } => {
            *to = version.parse().unwrap();
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_plan_has_no_findings() {
    check(|_, _| (), &[]);
}

#[test]
fn the_plan_as_a_whole() {
    use Severity::Error;
    check(
        |plan, _| {
            plan.steps.clear();
            plan.smoke_tests.clear();
        },
        &[(Error, "the plan has no step")],
    );
    check(
        |_, cluster| cluster.power_state = PowerState::Stopped,
        &[(Error, "shop is stopped")],
    );
    check(
        |plan, _| plan.steps[2].id = plan.steps[1].id.clone(),
        &[(Error, "the id control-plane is there twice")],
    );
    check(
        |plan, _| plan.cluster = ClusterId::new("/other"),
        &[(
            Error,
            "the plan is for /other, not for /subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/shop",
        )],
    );
}

#[test]
fn versions_and_order() {
    use Severity::Error;
    check(
        |plan, _| retarget(plan, "control-plane", "1.35.1"),
        &[(Error, "no way leads from 1.33.4 to 1.35.1 in one step")],
    );
    check(
        |_, cluster| cluster.version = Some(version("1.34.5")),
        &[(Error, "the control plane would go back from 1.34.5 to 1.34.2")],
    );
    check(
        |plan, _| retarget(plan, "pool-web", "1.34.3"),
        &[(
            Error,
            "node pool web would go to 1.34.3, ahead of the control plane at 1.34.2",
        )],
    );
    check(
        |_, cluster| cluster.pools[0].version = Some(version("1.34.3")),
        &[(Error, "node pool web would go back from 1.34.3 to 1.34.2")],
    );
    check(
        |_, cluster| cluster.pools[0].version = Some(version("1.30.9")),
        &[(
            Error,
            "node pool web at 1.30.9 is too old for a control plane at 1.34.2",
        )],
    );
    check(
        |plan, _| {
            let back = plan
                .steps
                .iter()
                .position(|step| step.id.as_str() == "control-plane")
                .unwrap();
            let step = plan.steps.remove(back);
            plan.steps.push(step);
            plan.steps.retain(|step| {
                !matches!(step.kind, StepKind::NodePoolUpgrade { .. }) || step.id.as_str() == "pool-web"
            });
            plan.steps.push(Step::new("verify-2", StepKind::Verify));
        },
        &[
            (
                Error,
                "node pool web would go to 1.34.2, ahead of the control plane at 1.33.4",
            ),
            (Severity::Warning, "node pool batch is left behind"),
            (Severity::Warning, "node pool system is left behind"),
        ],
    );
}

#[test]
fn pools_and_their_settings() {
    use Severity::{Error, Warning};
    check(
        |_, cluster| {
            cluster.pools.retain(|pool| pool.name.as_str() != "batch");
        },
        &[(Error, "the cluster has no node pool batch")],
    );
    check(
        |_, cluster| cluster.pools[2].power_state = PowerState::Stopped,
        &[(Warning, "node pool batch is stopped")],
    );
    let settings = |pool: &'static str, settings: UpgradeSettings, expected: &[(Severity, &str)]| {
        let edit_to = Edit::PoolSettings {
            pool: pool.into(),
            settings,
        };
        check(|plan, _| *plan = edit(plan, &edit_to).unwrap(), expected);
    };
    let none = UpgradeSettings::default;
    settings(
        "web",
        UpgradeSettings {
            drain_timeout_minutes: Some(4),
            node_soak_minutes: Some(31),
            ..none()
        },
        &[
            (Error, "a drain timeout of 4 min is out of range"),
            (Error, "a node soak of 31 min is out of range"),
        ],
    );
    for timeout in [5, 1_440] {
        let good = UpgradeSettings {
            drain_timeout_minutes: Some(timeout),
            node_soak_minutes: Some(30),
            max_unavailable: "1".parse().ok(),
            max_surge: "0".parse().ok(),
            ..none()
        };
        settings("web", good, &[]);
    }
    settings(
        "web",
        UpgradeSettings {
            max_surge: "0%".parse().ok(),
            ..none()
        },
        &[(Error, "node pool web would have neither surge nor unavailable nodes")],
    );
    settings(
        "system",
        UpgradeSettings {
            max_unavailable: "1".parse().ok(),
            ..none()
        },
        &[(Error, "system pool system would have a max unavailable")],
    );
}

#[test]
fn gates_and_tests() {
    use Severity::{Error, Warning};
    check(
        |plan, _| {
            *kind_of(plan, "smoke-login-2") = StepKind::SmokeTest { test: "pay".into() };
        },
        &[(Error, "there is no smoke test pay")],
    );
    check(
        |plan, _| plan.smoke_tests.push(smoke_test("login")),
        &[(Error, "two smoke tests have the name login")],
    );
    check(
        |plan, _| plan.smoke_tests[0].retry_seconds = 4,
        &[(Error, "smoke test login: retrySeconds is 4, not 5 to 3600")],
    );
    check(
        |plan, _| plan.steps[1].guards.push("login".into()),
        &[(Error, "control plane to 1.34.2 has guards")],
    );
    check(
        |plan, _| {
            *kind_of(plan, "wait-1") = StepKind::Wait {
                until: WaitUntil::Time(at("1969-12-31T00:00:00Z")),
            };
        },
        &[(
            Warning,
            "wait until 1969-12-31 00:00 UTC was over when the plan was made",
        )],
    );
    check(
        |plan, _| {
            *kind_of(plan, "wait-1") = StepKind::Wait {
                until: WaitUntil::Seconds(u64::MAX),
            };
        },
        &[(Error, "wait 213503982334601 d 7 h 15 s is longer than a year")],
    );
    check(
        |plan, _| {
            plan.steps.pop();
        },
        &[(Warning, "nothing is verified at the end")],
    );
    check(
        |plan, _| {
            plan.smoke_tests.clear();
            plan.steps
                .retain(|step| !matches!(step.kind, StepKind::SmokeTest { .. }));
            plan.steps.iter_mut().for_each(|step| step.guards.clear());
        },
        &[(Warning, "no smoke test says whether the applications still work")],
    );
}

#[test]
fn rollbacks_follow_azures_rules() {
    let mut upgrades = shop_offers();
    let image = NodeImageVersion::new("AKSUbuntu-2204gen2containerd-202605.01.0");
    upgrades.pools.insert(
        "web".into(),
        PoolUpgrades {
            recently_used: vec![RecentlyUsedVersion {
                version: version("1.32.1"),
                node_image: image.clone(),
                used_until: None,
            }],
            ..PoolUpgrades::default()
        },
    );
    let mut cluster = shop();
    let intent = Intent::Rollback {
        pools: vec!["web".into()],
    };
    let plan = plan_of(&facts(&cluster, &upgrades), &intent, &Options::default()).unwrap();
    let found = |plan: &Plan, cluster: &Cluster| -> Vec<String> {
        let found = validate(plan, &facts(cluster, &upgrades));
        found.into_iter().map(|finding| finding.why).collect()
    };
    assert!(found(&plan, &cluster).is_empty());
    let mut other = plan.clone();
    other.steps[0].kind = StepKind::PoolRollback {
        pool: "web".into(),
        from: None,
        to: version("1.31.1"),
        node_image: image,
    };
    assert_eq!(
        found(&other, &cluster),
        ["a pool goes back one step: to the version and image it ran before, as Azure names them"]
    );
    cluster.auto_upgrade.kubernetes_channel = Some("stable".to_owned());
    assert_eq!(
        found(&plan, &cluster),
        ["the cluster's auto-upgrade channel is stable, and must be none"]
    );
}

#[test]
fn hops_must_be_in_the_regions_graph() {
    let cluster = cluster("1.31.4", &[("web", "1.31.4")]);
    let upgrades = offers(&["1.32.7"]);
    let region = region(&[("1.31", &[4]), ("1.32", &[7]), ("1.33", &[6]), ("1.34", &[2])]);
    let facts = Facts {
        region: Some(&region),
        ..facts(&cluster, &upgrades)
    };
    let plan = plan_of(&facts, &upgrade("1.34", PoolChoice::All), &Options::default()).unwrap();
    let errors = |plan: &Plan| -> Vec<String> {
        let found = validate(plan, &facts).into_iter();
        let errors = found.filter(|finding| finding.severity == Severity::Error);
        errors.map(|finding| finding.what).collect()
    };
    assert!(errors(&plan).is_empty());
    let mut wrong = plan.clone();
    retarget(&mut wrong, "control-plane-1.33.6", "1.33.7");
    assert_eq!(
        errors(&wrong),
        [
            "no way leads from 1.32.7 to 1.33.7 in one step",
            "no way leads from 1.33.7 to 1.34.2 in one step"
        ]
    );
    let mut short = plan;
    short.steps.remove(1);
    assert_eq!(errors(&short), ["no way leads from 1.32.7 to 1.34.2 in one step"]);
}

/// A region of some lines with patches, previews at the end, and a cluster with pools somewhere in it.
fn world() -> impl Strategy<Value = (RegionVersions, Cluster, Options, u16)> {
    let line = prop::collection::btree_set(0_u16..12, 1..4);
    let pool = (0_u16..4, 0_usize..4, 1_u32..9, any::<bool>(), 0_u8..5);
    (
        24_u16..32,
        prop::collection::vec(line, 2..9),
        prop::collection::vec(pool, 0..5),
        any::<(bool, bool, bool)>(),
        any::<u16>(),
    )
        .prop_map(|(oldest, lines, pools, (gates, settings, is_long_term), wish)| {
            let names: Vec<(String, Vec<u16>)> = lines
                .iter()
                .enumerate()
                .map(|(at, patches)| {
                    let mark = if at + 1 == lines.len() && at > 1 { "*" } else { "" };
                    let minor = usize::from(oldest) + at;
                    (format!("1.{minor}{mark}"), patches.iter().copied().collect())
                })
                .collect();
            let borrowed: Vec<(&str, &[u16])> = names
                .iter()
                .map(|(name, patches)| (name.as_str(), patches.as_slice()))
                .collect();
            let region = region(&borrowed);
            let start = KubernetesVersion::new(1, oldest, *lines[0].first().unwrap());
            let cluster = random_cluster(start, &pools, is_long_term);
            let mut options = if gates { rich_options() } else { Options::default() };
            options.settings = match cluster.pools.first().filter(|_| settings) {
                Some(pool) => BTreeMap::from([(
                    pool.name.clone(),
                    UpgradeSettings {
                        node_soak_minutes: Some(5),
                        ..UpgradeSettings::default()
                    },
                )]),
                None => BTreeMap::new(),
            };
            let wish = oldest + wish % u16::try_from(lines.len()).unwrap();
            (region, cluster, options, wish)
        })
}

fn random_cluster(start: KubernetesVersion, pools: &[(u16, usize, u32, bool, u8)], is_long_term: bool) -> Cluster {
    let mut cluster = cluster(&start.to_string(), &[]);
    if is_long_term {
        cluster.support_plan = SupportPlan::LongTermSupport;
    }
    for (at, (behind, _, count, is_system, state)) in pools.iter().enumerate() {
        let runs = KubernetesVersion::new(1, start.minor - behind, if *behind == 0 { start.patch } else { 3 });
        if breaks_skew(start, runs) {
            continue;
        }
        let mut pool = samples::pool(
            &format!("pool{at}"),
            if *is_system { PoolMode::System } else { PoolMode::User },
            &runs.to_string(),
        );
        pool.count = *count;
        pool.power_state = if *state == 0 {
            PowerState::Stopped
        } else {
            PowerState::Running
        };
        if *state == 1 {
            pool.provisioning_state = ProvisioningState::Failed;
        }
        cluster.pools.push(pool);
    }
    cluster
}

/// The worst gap between the control plane and a pool that is on, at every point of the plan.
fn keeps_the_skew(plan: &Plan, cluster: &Cluster) -> bool {
    let mut control_plane = cluster.version.unwrap();
    let mut pools: BTreeMap<_, _> = cluster
        .pools
        .iter()
        .filter(|pool| pool.power_state != PowerState::Stopped)
        .map(|pool| (pool.name.clone(), pool.version.unwrap()))
        .collect();
    plan.steps.iter().all(|step| {
        match &step.kind {
            StepKind::ControlPlaneUpgrade { to, .. } => control_plane = *to,
            StepKind::NodePoolUpgrade { pool, to, .. } => {
                pools.insert(pool.clone(), *to);
            }
            _ => {}
        }
        pools.values().all(|version| !breaks_skew(control_plane, *version))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_plan_that_is_built_is_sound((region, cluster, options, minor) in world()) {
        let upgrades = ClusterUpgrades::default();
        let facts = Facts { cluster: &cluster, upgrades: &upgrades, region: Some(&region) };
        let intent = upgrade(&format!("1.{minor}"), PoolChoice::All);
        if let Ok(plan) = plan_of(&facts, &intent, &options) {
            let errors: Vec<PlanFinding> = validate(&plan, &facts)
                .into_iter()
                .filter(|finding| finding.severity == Severity::Error)
                .collect();
            prop_assert!(errors.is_empty(), "{errors:#?}\n{plan:#?}");
            prop_assert!(keeps_the_skew(&plan, &cluster), "{plan:#?}");
            let ids: BTreeSet<_> = plan.steps.iter().map(|step| &step.id).collect();
            prop_assert_eq!(ids.len(), plan.steps.len());
        }
    }
}
