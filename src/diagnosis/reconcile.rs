//! Claimed beside real: per pool what Azure says and what its nodes run, and what an upgrade left behind, each with
//! the remedy that repairs it. Values only, for the screen and the command line.

use serde::Serialize;

use crate::domain::cluster::Cluster;
use crate::domain::ids::{NodeName, NodePoolName};
use crate::domain::node_pool::NodePool;
use crate::domain::provisioning::ProvisioningState;
use crate::domain::subject::Subject;
use crate::domain::survey::{NodeFact, Survey, Taint, Unread};
use crate::domain::version::KubernetesVersion;
use crate::progress::picture::LivePicture;

/// The whole picture of one cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reconciliation {
    /// In Azure's order, then pools only nodes tell of.
    pub pools: Vec<PoolClaim>,
    /// Most harmful first.
    pub leftovers: Vec<Leftover>,
    /// What could not be compared, and why.
    pub unknown: Vec<String>,
}

/// One pool: the claim and the nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolClaim {
    pub pool: NodePoolName,
    /// Azure's word; `None` where Azure was not read or does not know the pool.
    pub state: Option<ProvisioningState>,
    #[serde(serialize_with = "as_text")]
    pub version: Option<KubernetesVersion>,
    pub node_image: Option<String>,
    /// Nodes as configured, without surge nodes.
    pub count: Option<u32>,
    /// Nodes that exist, without known surge nodes.
    pub nodes: usize,
    pub ready: usize,
    /// What the nodes run, with how many run it, most first.
    pub runs: Vec<(String, usize)>,
    /// Nodes that run something older than claimed.
    pub behind: Vec<NodeBehind>,
    #[serde(skip)]
    versions: Vec<KubernetesVersion>,
}

/// A node that is not where Azure says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeBehind {
    pub name: NodeName,
    #[serde(serialize_with = "as_text")]
    pub version: Option<KubernetesVersion>,
    /// In words: the version, or the image where the version agrees.
    pub runs: String,
}

/// What kind of thing was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum LeftoverKind {
    FailedState,
    BehindClaim,
    Quarantine,
    Cordon,
    SurgeNode,
    UpgradeTaint,
    MissingNode,
}

impl LeftoverKind {
    /// The word on screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FailedState => "failed state",
            Self::BehindClaim => "behind the claim",
            Self::Quarantine => "quarantine",
            Self::Cordon => "cordon",
            Self::SurgeNode => "surge node",
            Self::UpgradeTaint => "upgrade taint",
            Self::MissingNode => "missing node",
        }
    }
}

/// One thing an upgrade left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Leftover {
    pub kind: LeftoverKind,
    pub subject: Subject,
    /// What is there, in one sentence.
    pub words: String,
    /// Id of the remedy library.
    pub remedy: &'static str,
    /// Code of the failure catalogue under which it is told.
    pub code: &'static str,
}

impl PoolClaim {
    /// The claimed version and image, in words.
    pub fn claimed_words(&self) -> String {
        let version = self.version.map(|version| version.to_string());
        let parts: Vec<String> = version.into_iter().chain(self.node_image.clone()).collect();
        if parts.is_empty() {
            "nothing known".to_owned()
        } else {
            parts.join(", ")
        }
    }

    /// Nodes that run less than that version.
    pub(super) fn nodes_below(&self, goal: Option<KubernetesVersion>) -> usize {
        goal.map_or(0, |goal| {
            self.versions.iter().filter(|version| **version < goal).count()
        })
    }

    /// True where every node runs what Azure says and as many exist as were asked for.
    pub fn is_true(&self) -> bool {
        self.behind.is_empty() && self.count.is_none_or(|count| usize::try_from(count) == Ok(self.nodes))
    }
}

/// Compares Azure's claims with the nodes, and lists what was left behind. With an upgrade under way nothing counts
/// as left: it is still in work.
pub fn reconcile(survey: &Survey, picture: Option<&LivePicture>) -> Reconciliation {
    let pools = pool_claims(survey);
    let leftovers = if is_in_work(survey, picture) {
        Vec::new()
    } else {
        leftovers(survey, &pools)
    };
    Reconciliation {
        pools,
        leftovers,
        unknown: unknown(survey),
    }
}

fn is_in_work(survey: &Survey, picture: Option<&LivePicture>) -> bool {
    match &survey.azure.cluster {
        Ok(cluster) => cluster.active_state().is_some(),
        Err(_) => picture.is_some_and(|picture| picture.is_running),
    }
}

/// Each pool's claim beside its nodes.
pub(super) fn pool_claims(survey: &Survey) -> Vec<PoolClaim> {
    let cluster = survey.azure.cluster.as_ref().ok();
    let nodes: Vec<&NodeFact> = survey.kubernetes.nodes.iter().flatten().collect();
    let known = cluster.map_or(&[][..], |cluster| &cluster.pools);
    let mut others: Vec<&NodePoolName> = nodes
        .iter()
        .filter_map(|fact| fact.node.pool.as_ref())
        .filter(|name| known.iter().all(|pool| pool.name != **name))
        .collect();
    others.sort();
    others.dedup();
    let claimed = known.iter().map(|pool| claim(&pool.name, Some(pool), &nodes));
    claimed
        .chain(others.into_iter().map(|name| claim(name, None, &nodes)))
        .collect()
}

fn claim(name: &NodePoolName, azure: Option<&NodePool>, nodes: &[&NodeFact]) -> PoolClaim {
    let of_pool: Vec<&&NodeFact> = nodes
        .iter()
        .filter(|fact| fact.node.pool.as_ref() == Some(name))
        .collect();
    let mut runs: Vec<(String, usize)> = Vec::new();
    for fact in &of_pool {
        let words = runs_words(fact);
        match runs.iter_mut().find(|(known, _)| *known == words) {
            Some((_, count)) => *count += 1,
            None => runs.push((words, 1)),
        }
    }
    runs.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    PoolClaim {
        pool: name.clone(),
        state: azure.map(|pool| pool.provisioning_state.clone()),
        version: azure.and_then(|pool| pool.version),
        node_image: azure
            .and_then(|pool| pool.node_image.as_ref())
            .map(|image| image.as_str().to_owned()),
        count: azure.map(|pool| pool.count),
        nodes: of_pool.len(),
        ready: of_pool.iter().filter(|fact| fact.node.readiness.is_ready()).count(),
        behind: of_pool.iter().filter_map(|fact| behind(azure?, fact)).collect(),
        versions: of_pool.iter().filter_map(|fact| fact.node.version).collect(),
        runs,
    }
}

fn runs_words(fact: &NodeFact) -> String {
    match &fact.node.node_image {
        Some(image) => format!("{}, {}", fact.node.version_text.trim_start_matches('v'), image.as_str()),
        None => fact.node.version_text.trim_start_matches('v').to_owned(),
    }
}

/// A node with another image than claimed is behind only where its release is older and nothing is being changed:
/// while a pool moves, the image Azure names is the one it came from.
fn behind(pool: &NodePool, fact: &NodeFact) -> Option<NodeBehind> {
    let node = &fact.node;
    let is_old = matches!((pool.version, node.version), (Some(claimed), Some(real)) if real < claimed);
    let has_old_image = match (&pool.node_image, &node.node_image) {
        (Some(claimed), Some(real)) => {
            pool.provisioning_state.is_terminal() && !claimed.is_same_image(real) && real.release() < claimed.release()
        }
        _ => false,
    };
    (is_old || has_old_image).then(|| NodeBehind {
        name: node.name.clone(),
        version: node.version,
        runs: if is_old {
            node.version_text.trim_start_matches('v').to_owned()
        } else {
            node.node_image
                .as_ref()
                .map(|image| image.as_str().to_owned())
                .unwrap_or_default()
        },
    })
}

fn leftovers(survey: &Survey, pools: &[PoolClaim]) -> Vec<Leftover> {
    let mut left: Vec<Leftover> = Vec::new();
    if let Ok(cluster) = &survey.azure.cluster {
        left.extend(failed_states(cluster, pools));
    }
    for fact in survey.kubernetes.nodes.iter().flatten() {
        left.extend(of_node(fact));
    }
    for pool in pools {
        left.extend(of_pool(pool));
    }
    left.sort_by_key(|left| left.kind);
    left
}

fn failed_states(cluster: &Cluster, pools: &[PoolClaim]) -> Vec<Leftover> {
    let leftover = |subject: Subject, is_behind: bool| Leftover {
        kind: LeftoverKind::FailedState,
        words: format!("Azure still says Failed of {subject}"),
        subject,
        remedy: if is_behind { "retry-upgrade" } else { "reconcile" },
        code: "failed-state-left",
    };
    let is_behind = pools.iter().any(|pool| !pool.behind.is_empty());
    let of_cluster =
        (cluster.provisioning_state == ProvisioningState::Failed).then(|| leftover(Subject::Cluster, is_behind));
    let of_pools = pools
        .iter()
        .filter(|pool| pool.state == Some(ProvisioningState::Failed))
        .map(|pool| leftover(Subject::pool(&pool.pool), !pool.behind.is_empty()));
    of_cluster.into_iter().chain(of_pools).collect()
}

fn of_node(fact: &NodeFact) -> Vec<Leftover> {
    let subject = Subject::node(&fact.node.name);
    let mut left = Vec::new();
    if fact.node.is_quarantined {
        left.push(Leftover {
            kind: LeftoverKind::Quarantine,
            subject: subject.clone(),
            words: format!(
                "node {} is cordoned and labelled Quarantined: its drain failed",
                fact.node.name
            ),
            remedy: "unquarantine",
            code: "node-quarantined",
        });
    } else if fact.node.is_cordoned {
        left.push(Leftover {
            kind: LeftoverKind::Cordon,
            subject: subject.clone(),
            words: format!("node {} takes no pods", fact.node.name),
            remedy: "uncordon",
            code: "node-left-cordoned",
        });
    }
    let taints: Vec<&str> = fact
        .taints
        .iter()
        .filter(|taint| is_of_an_upgrade(taint))
        .map(|taint| taint.key.as_str())
        .collect();
    if !taints.is_empty() && !fact.node.is_quarantined {
        left.push(Leftover {
            kind: LeftoverKind::UpgradeTaint,
            subject,
            words: format!("node {} still wears {}", fact.node.name, taints.join(", ")),
            remedy: "reimage-node",
            code: "node-left-cordoned",
        });
    }
    left
}

/// Taints of an upgrade; the one of a cordon is told with the cordon.
fn is_of_an_upgrade(taint: &Taint) -> bool {
    let key = taint.key.as_str();
    (key.starts_with("kubernetes.azure.com/") && key.contains("upgrade"))
        || key.contains("agent-not-ready")
        || key == "node.cloudprovider.kubernetes.io/uninitialized"
}

fn of_pool(pool: &PoolClaim) -> Vec<Leftover> {
    let mut left = Vec::new();
    let subject = Subject::pool(&pool.pool);
    if !pool.behind.is_empty() {
        let is_version = pool.behind.iter().any(|node| node.version < pool.version);
        left.push(Leftover {
            kind: LeftoverKind::BehindClaim,
            subject: subject.clone(),
            words: format!(
                "{} of {} nodes of pool {} run something older than {}",
                pool.behind.len(),
                pool.nodes,
                pool.pool,
                pool.claimed_words()
            ),
            remedy: if is_version {
                "retry-upgrade"
            } else {
                "upgrade-node-image"
            },
            code: "arm-ahead-of-nodes",
        });
    }
    let count = pool.count.and_then(|count| usize::try_from(count).ok());
    match count {
        Some(count) if pool.nodes > count => left.push(Leftover {
            kind: LeftoverKind::SurgeNode,
            subject,
            words: format!("pool {} has {} nodes, {} were asked for", pool.pool, pool.nodes, count),
            remedy: "scale-to-upgraded-count",
            code: "failed-state-left",
        }),
        Some(count) if pool.nodes < count && pool.nodes > 0 => left.push(Leftover {
            kind: LeftoverKind::MissingNode,
            subject,
            words: format!("pool {} has {} nodes, {} were asked for", pool.pool, pool.nodes, count),
            remedy: "reconcile",
            code: "node-never-joined",
        }),
        _ => {}
    }
    left
}

fn unknown(survey: &Survey) -> Vec<String> {
    let say = |what: &str, why: &Unread| format!("{what} ({why})");
    let azure = survey.azure.cluster.as_ref().err();
    let nodes = survey.kubernetes.nodes.as_ref().err();
    azure
        .map(|why| say("what Azure claims is not known", why))
        .into_iter()
        .chain(nodes.map(|why| say("what the nodes run is not known", why)))
        .collect()
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field over by reference"
)]
fn as_text<S: serde::Serializer>(version: &Option<KubernetesVersion>, serializer: S) -> Result<S::Ok, S::Error> {
    match version {
        Some(version) => serializer.collect_str(version),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::tests::world::{NEW, OLD, WEB1, WEB2, World, node};
    use crate::domain::version::NodeImageVersion;

    fn kinds(world: &World) -> Vec<(LeftoverKind, &'static str)> {
        let reconciliation = reconcile(&world.survey, world.picture.as_ref());
        reconciliation
            .leftovers
            .iter()
            .map(|left| (left.kind, left.remedy))
            .collect()
    }

    #[test]
    fn a_quiet_cluster_is_what_azure_says() {
        let world = World::quiet();
        let reconciliation = reconcile(&world.survey, None);
        assert!(reconciliation.pools.iter().all(PoolClaim::is_true));
        assert!(reconciliation.leftovers.is_empty() && reconciliation.unknown.is_empty());
        assert_eq!(reconciliation.pools[1].runs, [(NEW.to_owned(), 3)]);
    }

    #[test]
    fn leftovers_name_their_repair() {
        let mut world = World::quiet();
        world.node(WEB1).node.is_cordoned = true;
        world.node(WEB2).node.is_cordoned = true;
        world.node(WEB2).node.is_quarantined = true;
        world
            .survey
            .kubernetes
            .nodes
            .as_mut()
            .unwrap()
            .push(node("aks-web-1-vmss000009", "web", NEW, -60));
        world.pool("web").provisioning_state = ProvisioningState::Failed;
        assert_eq!(
            kinds(&world),
            [
                (LeftoverKind::FailedState, "reconcile"),
                (LeftoverKind::Quarantine, "unquarantine"),
                (LeftoverKind::Cordon, "uncordon"),
                (LeftoverKind::SurgeNode, "scale-to-upgraded-count"),
            ]
        );
    }

    #[test]
    fn nodes_behind_the_claim_ask_for_the_same_upgrade_again() {
        let mut world = World::quiet();
        world.node(WEB1).node.version = OLD.parse().ok();
        assert_eq!(kinds(&world), [(LeftoverKind::BehindClaim, "retry-upgrade")]);
        world.pool("web").provisioning_state = ProvisioningState::Upgrading;
        assert!(kinds(&world).is_empty(), "it is still in work");
    }

    #[test]
    fn images_are_compared_while_nothing_moves() {
        let image = |release: &str| Some(NodeImageVersion::new(format!("AKSUbuntu-2204gen2containerd-{release}")));
        let mut world = World::quiet();
        world.pool("web").node_image = image("202608.01.0");
        world.node(WEB1).node.node_image = image("202607.01.0");
        world.node(WEB2).node.node_image = image("202608.01.0");
        assert_eq!(kinds(&world), [(LeftoverKind::BehindClaim, "upgrade-node-image")]);
    }

    #[test]
    fn what_was_not_read_is_not_compared() {
        let world = World::blind();
        let reconciliation = reconcile(&world.survey, None);
        assert!(reconciliation.pools.is_empty() && reconciliation.leftovers.is_empty());
        assert_eq!(reconciliation.unknown.len(), 2);
    }

    #[test]
    fn library_ids_and_codes_exist() {
        let library = include_str!("../../assets/remedies.json");
        for id in [
            "reconcile",
            "retry-upgrade",
            "unquarantine",
            "uncordon",
            "scale-to-upgraded-count",
            "upgrade-node-image",
            "reimage-node",
        ] {
            assert!(library.contains(&format!("\"id\": \"{id}\"")), "{id}");
        }
    }
}
