//! Builds a plan from what a person wants and what Azure offers.
//! Never invents a version: a target is offered by Azure, or runs already.

use jiff::Timestamp;

use super::step::{Plan, Step, StepKind};
use crate::domain::cluster::{Cluster, ClusterUpgrades};
use crate::domain::ids::{NodePoolName, PlanId, StepId};
use crate::domain::node_pool::{NodePool, PoolMode};
use crate::domain::provisioning::{PowerState, ProvisioningState};
use crate::domain::version::{KubernetesVersion, NodeImageVersion, VersionWish};

/// What a person wants of one cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Control plane, then every pool (or those named), system pools first.
    Upgrade { to: VersionWish, pools: PoolChoice },
    /// The newest node image for every pool (or those named), versions unchanged.
    NodeImages { pools: PoolChoice },
}

/// Which pools an intent is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolChoice {
    /// Every pool that is switched on; a stopped one takes the new version when it is started.
    All,
    /// The control plane alone.
    None,
    These(Vec<NodePoolName>),
}

/// Why no plan can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("{cluster} is not offered {wish}")]
    NotOffered {
        cluster: String,
        wish: String,
        /// What is offered, newest first.
        offered: Vec<String>,
    },
    #[error("{cluster} has no node pool {pool}")]
    NoSuchPool {
        cluster: String,
        pool: String,
        pools: Vec<String>,
    },
    #[error("{cluster} has nothing left to do: it already runs what was asked for")]
    NothingToDo { cluster: String },
    #[error("{cluster} is stopped")]
    Stopped { cluster: String },
}

/// Builds the plan.
///
/// # Errors
/// See [`PlanError`]; each names the cluster and what could be asked for instead.
pub fn build(
    id: PlanId,
    cluster: &Cluster,
    upgrades: &ClusterUpgrades,
    intent: &Intent,
    now: Timestamp,
) -> Result<Plan, PlanError> {
    if cluster.power_state == PowerState::Stopped {
        return Err(PlanError::Stopped {
            cluster: cluster.name.clone(),
        });
    }
    let steps = match intent {
        Intent::Upgrade { to, pools } => upgrade_steps(cluster, upgrades, *to, &chosen(cluster, pools)?)?,
        Intent::NodeImages { pools } => image_steps(upgrades, &chosen(cluster, pools)?),
    };
    if steps.is_empty() {
        return Err(PlanError::NothingToDo {
            cluster: cluster.name.clone(),
        });
    }
    Ok(Plan {
        id,
        cluster: cluster.id.clone(),
        cluster_name: cluster.name.clone(),
        created_at: now,
        steps,
    })
}

/// The chosen pools: system pools first, then the others, each in Azure's order.
fn chosen<'a>(cluster: &'a Cluster, choice: &PoolChoice) -> Result<Vec<&'a NodePool>, PlanError> {
    let mut pools: Vec<&NodePool> = match choice {
        PoolChoice::None => Vec::new(),
        PoolChoice::All => cluster
            .pools
            .iter()
            .filter(|pool| pool.power_state != PowerState::Stopped)
            .collect(),
        PoolChoice::These(names) => {
            if let Some(missing) = names.iter().find(|name| cluster.pool(name).is_none()) {
                return Err(PlanError::NoSuchPool {
                    cluster: cluster.name.clone(),
                    pool: missing.to_string(),
                    pools: cluster.pools.iter().map(|pool| pool.name.to_string()).collect(),
                });
            }
            cluster.pools.iter().filter(|pool| names.contains(&pool.name)).collect()
        }
    };
    pools.sort_by_key(|pool| pool.mode != PoolMode::System);
    Ok(pools)
}

fn upgrade_steps(
    cluster: &Cluster,
    upgrades: &ClusterUpgrades,
    wish: VersionWish,
    pools: &[&NodePool],
) -> Result<Vec<Step>, PlanError> {
    let (control_plane, target) = control_plane_target(cluster, upgrades, wish)?;
    let mut steps = Vec::new();
    if let Some(to) = control_plane {
        steps.push(Step {
            id: StepId::new("control-plane"),
            kind: StepKind::ControlPlaneUpgrade {
                from: cluster.version,
                to,
            },
        });
    }
    let behind = pools
        .iter()
        .filter(|pool| pool.version.is_none_or(|version| version < target) || is_half_done(&pool.provisioning_state));
    steps.extend(behind.map(|pool| Step {
        id: StepId::new(format!("pool-{}", pool.name)),
        kind: StepKind::NodePoolUpgrade {
            pool: pool.name.clone(),
            from: pool.version,
            to: target,
        },
    }));
    Ok(steps)
}

/// The control plane's step, where it has one, and the version the pools go to.
fn control_plane_target(
    cluster: &Cluster,
    upgrades: &ClusterUpgrades,
    wish: VersionWish,
) -> Result<(Option<KubernetesVersion>, KubernetesVersion), PlanError> {
    if let Some(offer) = offered(upgrades, wish).filter(|offer| cluster.version.is_none_or(|runs| *offer > runs)) {
        return Ok((Some(offer), offer));
    }
    let running = cluster.version.filter(|runs| match wish {
        VersionWish::Exact(wanted) => *runs >= wanted && runs.minor_line() == wanted.minor_line(),
        VersionWish::NewestOf(line) => runs.minor_line() == line,
    });
    let Some(running) = running else {
        return Err(PlanError::NotOffered {
            cluster: cluster.name.clone(),
            wish: wish.to_string(),
            offered: offers_newest_first(upgrades),
        });
    };
    let target = match wish {
        VersionWish::Exact(wanted) => wanted,
        VersionWish::NewestOf(_) => running,
    };
    // A failed pool makes the whole cluster Failed (AKS docs "Upgrade an AKS node pool", 2026), so the control plane
    // is sent again only where no pool can be the reason.
    let is_own_failure = is_half_done(&cluster.provisioning_state)
        && !cluster.pools.iter().any(|pool| is_half_done(&pool.provisioning_state));
    Ok(((is_own_failure && running == target).then_some(target), target))
}

/// The newest offer that fulfils the wish; a preview only where it was named exactly or nothing else is on offer.
fn offered(upgrades: &ClusterUpgrades, wish: VersionWish) -> Option<KubernetesVersion> {
    let versions = |previews: bool| {
        upgrades
            .control_plane
            .iter()
            .filter(move |offer| previews || !offer.is_preview)
            .map(|offer| offer.version)
    };
    wish.choose(versions(false)).or_else(|| wish.choose(versions(true)))
}

fn offers_newest_first(upgrades: &ClusterUpgrades) -> Vec<String> {
    let mut offers = upgrades.control_plane.clone();
    offers.sort_by_key(|offer| std::cmp::Reverse(offer.version));
    offers
        .iter()
        .map(|offer| {
            let note = if offer.is_preview { " (preview)" } else { "" };
            format!("{}{note}", offer.version)
        })
        .collect()
}

/// True where an operation ended early: Azure then already claims a version that not all nodes run, and the same
/// request makes it carry on.
fn is_half_done(state: &ProvisioningState) -> bool {
    matches!(state, ProvisioningState::Failed | ProvisioningState::Canceled)
}

fn image_steps(upgrades: &ClusterUpgrades, pools: &[&NodePool]) -> Vec<Step> {
    let latest = |pool: &NodePool| -> Option<NodeImageVersion> {
        upgrades
            .pools
            .get(&pool.name)
            .and_then(|offers| offers.latest_node_image.clone())
    };
    pools
        .iter()
        .filter(|pool| match (&pool.node_image, latest(pool)) {
            (Some(runs), Some(latest)) => !runs.is_same_image(&latest) || is_half_done(&pool.provisioning_state),
            _ => true,
        })
        .map(|pool| Step {
            id: StepId::new(format!("image-{}", pool.name)),
            kind: StepKind::NodeImageUpgrade {
                pool: pool.name.clone(),
                from: pool.node_image.clone(),
                to: latest(pool),
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::cluster::{AutoUpgrade, PoolUpgrades, SupportPlan, UpgradeOffer};
    use crate::domain::ids::ClusterId;
    use crate::domain::node_pool::UpgradeSettings;

    fn pool(name: &str, mode: PoolMode, version: &str) -> NodePool {
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
            etag: None,
            error: None,
        }
    }

    /// A healthy cluster at 1.33.4 with two user pools around its system pool.
    fn shop() -> Cluster {
        Cluster {
            id: ClusterId::from_parts("s", "rg", "shop"),
            name: "shop".to_owned(),
            resource_group: "rg".to_owned(),
            subscription_id: "s".into(),
            location: "westeurope".to_owned(),
            requested_version: Some("1.33.4".to_owned()),
            version: "1.33.4".parse().ok(),
            provisioning_state: ProvisioningState::Succeeded,
            power_state: PowerState::Running,
            tier: None,
            support_plan: SupportPlan::default(),
            auto_upgrade: AutoUpgrade::default(),
            fqdn: None,
            private_fqdn: None,
            node_resource_group: None,
            pools: vec![
                pool("web", PoolMode::User, "1.33.4"),
                pool("system", PoolMode::System, "1.33.4"),
                pool("batch", PoolMode::User, "1.33.4"),
            ],
            tags: BTreeMap::new(),
            force_upgrade_until: None,
            etag: None,
            error: None,
        }
    }

    fn offers() -> ClusterUpgrades {
        let offer = |version: &str, is_preview| UpgradeOffer {
            version: version.parse().unwrap(),
            is_preview,
        };
        let image = PoolUpgrades {
            latest_node_image: Some(NodeImageVersion::new("AKSUbuntu-2204gen2containerd-202608.01.0")),
            ..PoolUpgrades::default()
        };
        ClusterUpgrades {
            control_plane: vec![
                offer("1.34.2", false),
                offer("1.34.9", true),
                offer("1.34.1", false),
                offer("1.33.6", false),
            ],
            pools: BTreeMap::from([("web".into(), image.clone()), ("system".into(), image)]),
        }
    }

    fn plan(cluster: &Cluster, intent: &Intent) -> Result<Vec<String>, PlanError> {
        build(PlanId::new("p"), cluster, &offers(), intent, Timestamp::UNIX_EPOCH)
            .map(|plan| plan.steps.iter().map(|step| step.kind.title()).collect())
    }

    fn upgrade(wish: &str, pools: PoolChoice) -> Intent {
        Intent::Upgrade {
            to: wish.parse().unwrap(),
            pools,
        }
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
        let unknown = upgrade("1.34", PoolChoice::These(vec!["web".into(), "gpu".into()]));
        assert_eq!(
            plan(&shop(), &unknown).unwrap_err(),
            PlanError::NoSuchPool {
                cluster: "shop".to_owned(),
                pool: "gpu".to_owned(),
                pools: vec!["web".to_owned(), "system".to_owned(), "batch".to_owned()],
            }
        );
        let mut cluster = shop();
        cluster.pools[0].power_state = PowerState::Stopped;
        assert_eq!(plan(&cluster, &upgrade("1.34", PoolChoice::All)).unwrap().len(), 3);
        cluster.power_state = PowerState::Stopped;
        assert!(matches!(
            plan(&cluster, &upgrade("1.34", PoolChoice::All)),
            Err(PlanError::Stopped { .. })
        ));
    }
}
