//! Clusters, offers and regions for the tests of this room.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::builder::{Facts, Intent, Options, PlanError, PoolChoice, build};
use super::step::Plan;
use crate::domain::cluster::{
    AutoUpgrade, Cluster, ClusterUpgrades, PoolUpgrades, RegionMinor, RegionVersions, SupportPlan, UpgradeOffer,
};
use crate::domain::ids::{ClusterId, NodePoolName, PlanId};
use crate::domain::node_pool::{NodePool, PoolMode, UpgradeSettings};
use crate::domain::provisioning::{PowerState, ProvisioningState};
use crate::domain::smoke_test::{CommandLine, Flow, OnFailure, SmokeTest};
use crate::domain::version::{KubernetesVersion, NodeImageVersion};

pub(super) fn version(text: &str) -> KubernetesVersion {
    text.parse().unwrap()
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn pool(name: &str, mode: PoolMode, version: &str) -> NodePool {
    NodePool {
        name: NodePoolName::new(name),
        mode,
        count: 3,
        vm_size: "Standard_D4s_v5".to_owned(),
        os_type: "Linux".to_owned(),
        requested_version: Some(version.to_owned()),
        version: version.parse().ok(),
        node_image: Some(NodeImageVersion::new("AKSUbuntu-2204gen2containerd-202607.01.0")),
        provisioning_state: ProvisioningState::Succeeded,
        power_state: PowerState::Running,
        upgrade_settings: UpgradeSettings::default(),
        is_autoscaled: false,
        is_spot: false,
        max_pods: None,
        vnet_subnet: None,
        pod_subnet: None,
        etag: None,
        error: None,
    }
}

/// A healthy cluster at that version with pools of the versions given; `system` is its system pool.
pub(super) fn cluster(version: &str, pools: &[(&str, &str)]) -> Cluster {
    let mode = |name: &str| {
        if name == "system" {
            PoolMode::System
        } else {
            PoolMode::User
        }
    };
    Cluster {
        id: ClusterId::from_parts("s", "rg", "shop"),
        name: "shop".to_owned(),
        resource_group: "rg".to_owned(),
        subscription_id: "s".into(),
        location: "westeurope".to_owned(),
        requested_version: Some(version.to_owned()),
        version: version.parse().ok(),
        provisioning_state: ProvisioningState::Succeeded,
        power_state: PowerState::Running,
        tier: None,
        support_plan: SupportPlan::default(),
        auto_upgrade: AutoUpgrade::default(),
        fqdn: None,
        private_fqdn: None,
        node_resource_group: None,
        network: None,
        pools: pools
            .iter()
            .map(|(name, version)| pool(name, mode(name), version))
            .collect(),
        tags: BTreeMap::new(),
        force_upgrade_until: None,
        etag: None,
        error: None,
    }
}

/// A healthy cluster at 1.33.4 with two user pools around its system pool.
pub(super) fn shop() -> Cluster {
    cluster(
        "1.33.4",
        &[("web", "1.33.4"), ("system", "1.33.4"), ("batch", "1.33.4")],
    )
}

/// Offers of the control plane; a `*` marks a preview.
pub(super) fn offers(versions: &[&str]) -> ClusterUpgrades {
    let image = PoolUpgrades {
        latest_node_image: Some(NodeImageVersion::new("AKSUbuntu-2204gen2containerd-202608.01.0")),
        ..PoolUpgrades::default()
    };
    ClusterUpgrades {
        control_plane: versions
            .iter()
            .map(|text| UpgradeOffer {
                version: version(text.trim_end_matches('*')),
                is_preview: text.ends_with('*'),
            })
            .collect(),
        pools: BTreeMap::from([("web".into(), image.clone()), ("system".into(), image)]),
    }
}

/// What `shop` is offered.
pub(super) fn shop_offers() -> ClusterUpgrades {
    offers(&["1.34.2", "1.34.9*", "1.34.1", "1.33.6"])
}

/// Release lines with their patches, oldest first; a `*` marks a preview line, a `+` one for long-term support only.
/// Each patch goes to the newer ones of its line and to all of the next line.
pub(super) fn region(lines: &[(&str, &[u16])]) -> RegionVersions {
    let patches = |at: usize| -> Vec<KubernetesVersion> {
        lines.get(at).map_or_else(Vec::new, |(line, patches)| {
            let line = version(&format!("{}.0", line.trim_end_matches(['*', '+'])));
            patches
                .iter()
                .map(|patch| KubernetesVersion { patch: *patch, ..line })
                .collect()
        })
    };
    let minors = lines.iter().enumerate().map(|(at, (line, _))| RegionMinor {
        line: line.trim_end_matches(['*', '+']).parse().unwrap(),
        is_default: false,
        is_preview: line.ends_with('*'),
        is_lts_only: line.ends_with('+'),
        patches: patches(at)
            .iter()
            .map(|from| {
                let next = patches(at).into_iter().chain(patches(at + 1)).filter(|to| to > from);
                (*from, next.collect())
            })
            .collect(),
    });
    RegionVersions {
        minors: minors.collect(),
    }
}

pub(super) fn upgrade(wish: &str, pools: PoolChoice) -> Intent {
    Intent::Upgrade {
        to: wish.parse().unwrap(),
        pools,
    }
}

/// Builds at the beginning of time.
pub(super) fn plan_of(facts: &Facts<'_>, intent: &Intent, options: &Options) -> Result<Plan, PlanError> {
    build(PlanId::new("p"), facts, intent, options, Timestamp::UNIX_EPOCH)
}

pub(super) fn titles(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| step.kind.title()).collect()
}

pub(super) fn ids(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.id.as_str()).collect()
}

pub(super) fn smoke_test(name: &str) -> SmokeTest {
    SmokeTest {
        name: name.into(),
        flow: Flow::Command(CommandLine {
            program: "check".to_owned(),
            arguments: vec!["--all".to_owned()],
            timeout_seconds: 60,
        }),
        on_failure: OnFailure::Hold,
        retry_seconds: 30,
        failures_in_a_row: 1,
    }
}

/// Every facility at once: three hops, four pools, gates, settings and a test.
pub(super) fn rich_plan() -> Plan {
    let cluster = cluster(
        "1.31.4",
        &[
            ("system", "1.31.4"),
            ("web", "1.31.4"),
            ("batch", "1.31.4"),
            ("gpu", "1.31.4"),
        ],
    );
    let region = region(&[("1.31", &[4]), ("1.32", &[7]), ("1.33", &[6]), ("1.34", &[2])]);
    let offers = offers(&["1.32.7"]);
    let facts = Facts {
        cluster: &cluster,
        upgrades: &offers,
        region: Some(&region),
    };
    plan_of(&facts, &upgrade("1.34", PoolChoice::All), &rich_options()).unwrap()
}

pub(super) fn rich_options() -> Options {
    use super::builder::Place;
    use super::step::WaitUntil;
    Options {
        settings: BTreeMap::from([(
            "web".into(),
            UpgradeSettings {
                max_surge: "50%".parse().ok(),
                node_soak_minutes: Some(5),
                ..UpgradeSettings::default()
            },
        )]),
        approvals: vec![Place::BetweenHops],
        waits: vec![(Place::AfterControlPlane, WaitUntil::Seconds(600))],
        pauses: vec![Place::BetweenPools],
        readiness: true,
        verify: true,
        smoke_tests: vec![smoke_test("login")],
        guards: true,
        ..Options::default()
    }
}
