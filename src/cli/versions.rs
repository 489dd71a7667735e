//! `versions`: where a cluster can go, through which hops, with support dates and breaking changes.

use jiff::Timestamp;
use serde::Serialize;

use super::args::{ClusterArguments, OutputFormat};
use super::clusters::SupportRow;
use super::finding::{self, Focus};
use super::output;
use super::session::Session;
use crate::domain::support::{breaking_changes, support_of};
use crate::domain::upgrade_path::reachable;
use crate::domain::version::KubernetesVersion;
use crate::inventory::snapshot::ClusterSnapshot;
use crate::problem::{Exit, Problem};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionsDocument {
    schema: &'static str,
    cluster: String,
    current: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_unknown: Option<String>,
    targets: Vec<TargetRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    targets_unknown: Option<String>,
    pools: Vec<PoolRow>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetRow {
    version: String,
    preview: bool,
    /// Versions passed on the way, the target last; one entry means it is offered now.
    hops: Vec<String>,
    support: SupportRow,
    breaking_changes: Vec<ChangeRow>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeRow {
    minor: String,
    area: String,
    what: String,
    affects: String,
    severity: String,
    confirmed: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PoolRow {
    name: String,
    current: Option<String>,
    targets: Vec<String>,
    latest_node_image: Option<String>,
    rollback: Option<RollbackRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RollbackRow {
    version: String,
    node_image: String,
    until: Option<Timestamp>,
}

/// Runs the command.
pub(super) async fn run(session: &Session, arguments: &ClusterArguments, format: OutputFormat) -> Result<(), Problem> {
    let found = finding::cluster(session, &arguments.cluster).await?;
    let focus = Focus::on(session, &found.id);
    let snapshot = focus
        .wait(|cluster| cluster.upgrades.state.is_settled() && cluster.region.state.is_settled())
        .await?;
    if snapshot.upgrades.value.is_none() && snapshot.region.value.is_none() {
        return Err(Problem::new(
            Exit::Unexpected,
            format!("the versions on offer for {} cannot be read", found.id.name()),
        )
        .because(snapshot.upgrades.state.why().unwrap_or_default())
        .try_this("check that you may read Microsoft.ContainerService/managedClusters/upgradeProfiles"));
    }
    output::print(format, &document(&snapshot, session.clock.now()), table)
}

fn document(snapshot: &ClusterSnapshot, now: Timestamp) -> VersionsDocument {
    let current = snapshot.cluster.value.as_ref().and_then(|cluster| cluster.version);
    let targets = current
        .map(|current| targets(snapshot, current, now))
        .unwrap_or_default();
    VersionsDocument {
        schema: "aks-cockpit/versions/v1",
        cluster: snapshot.id.as_str().to_owned(),
        current: current.map(|version| version.to_string()),
        current_unknown: match current {
            Some(_) => None,
            None => Some(
                snapshot
                    .cluster
                    .state
                    .why()
                    .unwrap_or_else(|| "Azure gave no version".to_owned()),
            ),
        },
        targets_unknown: match snapshot.region.value {
            Some(_) => None,
            None => Some(format!(
                "only what is offered now is known: {}",
                snapshot.region.state.why().unwrap_or_default()
            )),
        },
        targets,
        pools: pools(snapshot),
    }
}

/// Everything reachable over the region's graph, and what the cluster's own profile offers besides; newest first.
fn targets(snapshot: &ClusterSnapshot, current: KubernetesVersion, now: Timestamp) -> Vec<TargetRow> {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let offers = snapshot.offers().unwrap_or_default();
    let is_preview = |version: KubernetesVersion| {
        let offered = snapshot
            .upgrades
            .value
            .iter()
            .flat_map(|upgrades| &upgrades.control_plane)
            .any(|offer| offer.version == version && offer.is_preview);
        let regional = snapshot
            .region
            .value
            .iter()
            .flat_map(|region| &region.minors)
            .any(|minor| minor.is_preview && minor.line == version.minor_line());
        offered || regional
    };
    let plan = snapshot
        .cluster
        .value
        .as_ref()
        .map(|cluster| cluster.support_plan.clone())
        .unwrap_or_default();
    let mut paths: Vec<Vec<KubernetesVersion>> = snapshot
        .region
        .value
        .as_ref()
        .map(|region| reachable(current, region).into_iter().map(|path| path.hops).collect())
        .unwrap_or_default();
    // The profile decides what is offered now; the graph only says how to get further.
    paths.retain(|hops| hops.len() > 1 || hops.first().is_some_and(|version| offers.contains(version)));
    for offer in offers {
        if !paths.iter().any(|hops| hops.last() == Some(&offer)) {
            paths.push(vec![offer]);
        }
    }
    paths.sort_by(|one, other| other.last().cmp(&one.last()));
    paths
        .iter()
        .filter_map(|hops| {
            let target = *hops.last()?;
            let support = support_of(target, &plan, today);
            Some(TargetRow {
                version: target.to_string(),
                preview: is_preview(target),
                hops: hops.iter().map(ToString::to_string).collect(),
                support: SupportRow {
                    state: support.state.as_str(),
                    ends_on: support.ends_on,
                },
                breaking_changes: breaking_changes(current, target)
                    .into_iter()
                    .map(|change| ChangeRow {
                        minor: change.minor.to_string(),
                        area: change.area.clone(),
                        what: change.what.clone(),
                        affects: change.affects.clone(),
                        severity: change.severity.clone(),
                        confirmed: change.is_confirmed,
                    })
                    .collect(),
            })
        })
        .collect()
}

fn pools(snapshot: &ClusterSnapshot) -> Vec<PoolRow> {
    let Some(cluster) = &snapshot.cluster.value else {
        return Vec::new();
    };
    cluster
        .pools
        .iter()
        .map(|pool| {
            let upgrades = snapshot
                .upgrades
                .value
                .as_ref()
                .and_then(|upgrades| upgrades.pools.get(&pool.name));
            PoolRow {
                name: pool.name.to_string(),
                current: pool.version.map(|version| version.to_string()),
                targets: upgrades
                    .iter()
                    .flat_map(|upgrades| &upgrades.offers)
                    .map(|offer| offer.version.to_string())
                    .collect(),
                latest_node_image: upgrades
                    .and_then(|upgrades| upgrades.latest_node_image.as_ref())
                    .map(ToString::to_string),
                rollback: upgrades
                    .and_then(|upgrades| upgrades.recently_used.first())
                    .map(|used| RollbackRow {
                        version: used.version.to_string(),
                        node_image: used.node_image.to_string(),
                        until: used.used_until,
                    }),
                unknown: match upgrades {
                    Some(_) => None,
                    None => Some(
                        snapshot
                            .upgrades
                            .state
                            .why()
                            .unwrap_or_else(|| "the pool has no upgrade profile".to_owned()),
                    ),
                },
            }
        })
        .collect()
}

fn table(document: &VersionsDocument) -> String {
    let rows: Vec<Vec<String>> = document
        .targets
        .iter()
        .map(|target| {
            vec![
                if target.preview {
                    format!("{} (preview)", target.version)
                } else {
                    target.version.clone()
                },
                if target.hops.len() == 1 {
                    "now".to_owned()
                } else {
                    format!("via {}", target.hops.join(" > "))
                },
                target.support.state.to_owned(),
                target
                    .support
                    .ends_on
                    .map_or_else(|| "?".to_owned(), |day| day.to_string()),
                target.breaking_changes.len().to_string(),
            ]
        })
        .collect();
    let mut text = format!("current: {}\n\n", document.current.as_deref().unwrap_or("unknown"));
    text.push_str(&output::columns(
        &["TARGET", "REACHED", "SUPPORT", "ENDS", "BREAKING CHANGES"],
        &rows,
    ));
    let pools: Vec<Vec<String>> = document
        .pools
        .iter()
        .map(|pool| {
            let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            vec![
                pool.name.clone(),
                or_dash(&pool.current),
                if pool.targets.is_empty() {
                    "-".to_owned()
                } else {
                    pool.targets.join(" ")
                },
                or_dash(&pool.latest_node_image),
                pool.rollback
                    .as_ref()
                    .map_or_else(|| "-".to_owned(), |rollback| rollback.version.clone()),
            ]
        })
        .collect();
    text.push('\n');
    text.push_str(&output::columns(
        &["POOL", "CURRENT", "TARGETS", "LATEST NODE IMAGE", "ROLLBACK"],
        &pools,
    ));
    text
}
