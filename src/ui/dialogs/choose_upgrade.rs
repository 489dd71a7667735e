//! Where to go, and with which pools: the first half of starting an upgrade. Changes nothing.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::actions::ActionId;
use super::super::components::Scene;
use super::super::components::prose::{self, Passage};
use super::super::drafting::PlanFacts;
use super::super::measure;
use super::super::screens;
use super::super::theme::{CHOSEN, CURSOR, Mark, Role};
use super::super::wording::count;
use super::{Outcome, frame, most_rows, text_width};
use crate::domain::cluster::{Cluster, ClusterUpgrades, RegionVersions, SupportPlan};
use crate::domain::ids::{ClusterId, NodePoolName};
use crate::domain::node_pool::NodePool;
use crate::domain::provisioning::ProvisioningState;
use crate::domain::upgrade_path;
use crate::domain::version::{KubernetesVersion, VersionWish};
use crate::inventory::snapshot::ClusterSnapshot;
use crate::plan::builder::{Intent, PoolChoice};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    Targets,
    Pools,
}

#[derive(Clone, Debug)]
pub(crate) struct ChooseUpgrade {
    cluster: ClusterId,
    target: usize,
    pool: usize,
    left_out: BTreeSet<NodePoolName>,
    focus: Focus,
}

/// One way to go.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Choice {
    to: Goal,
    label: String,
    note: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    Version(KubernetesVersion),
    NodeImages,
}

impl ChooseUpgrade {
    pub(crate) fn new(cluster: ClusterId) -> Self {
        Self {
            cluster,
            target: 0,
            pool: 0,
            left_out: BTreeSet::new(),
            focus: Focus::default(),
        }
    }

    pub(super) fn act(&mut self, action: ActionId, scene: Scene<'_>) -> Outcome {
        let Some(facts) = scene
            .data
            .cluster(&self.cluster)
            .and_then(|snapshot| PlanFacts::of(snapshot))
        else {
            return Outcome::Stay;
        };
        let cluster = &facts.cluster;
        let choices = choices(cluster, &facts.upgrades, facts.region.as_deref());
        match action {
            ActionId::Open | ActionId::EditPlan => {
                let intent = choices
                    .get(self.target)
                    .and_then(|choice| self.intent(choice.to, cluster));
                match intent {
                    Some(intent) if action == ActionId::EditPlan => return Outcome::Edit { facts, intent },
                    Some(intent) => return Outcome::Plan { facts, intent },
                    None => (),
                }
            }
            ActionId::NextPanel | ActionId::PreviousPanel | ActionId::Left | ActionId::Right => {
                self.focus = match self.focus {
                    Focus::Targets => Focus::Pools,
                    Focus::Pools => Focus::Targets,
                };
            }
            ActionId::Toggle => self.toggle(cluster),
            other => match self.focus {
                Focus::Targets => self.target = screens::moved(other, self.target, choices.len(), 3),
                Focus::Pools => self.pool = screens::moved(other, self.pool, cluster.pools.len(), 3),
            },
        }
        Outcome::Stay
    }

    fn toggle(&mut self, cluster: &Cluster) {
        self.focus = Focus::Pools;
        if let Some(pool) = cluster.pools.get(self.pool)
            && !self.left_out.remove(&pool.name)
        {
            self.left_out.insert(pool.name.clone());
        }
    }

    /// `None` where nothing would be left to do: node images of no pool.
    fn intent(&self, goal: Goal, cluster: &Cluster) -> Option<Intent> {
        let chosen: Vec<NodePoolName> = cluster
            .pools
            .iter()
            .filter(|pool| !self.left_out.contains(&pool.name))
            .map(|pool| pool.name.clone())
            .collect();
        let pools = match (chosen.len(), cluster.pools.len()) {
            (0, _) => PoolChoice::None,
            (chosen, all) if chosen == all => PoolChoice::All,
            _ => PoolChoice::These(chosen),
        };
        match (goal, &pools) {
            (Goal::Version(version), _) => Some(Intent::Upgrade {
                to: VersionWish::Exact(version),
                pools,
            }),
            (Goal::NodeImages, PoolChoice::None) => None,
            (Goal::NodeImages, _) => Some(Intent::NodeImages { pools }),
        }
    }

    pub(super) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) {
        let snapshot = scene.data.cluster(&self.cluster);
        let passages = snapshot.map_or_else(Vec::new, |snapshot| self.passages(snapshot));
        let lines = prose::lay_out(&passages, text_width(screen), scene.theme);
        let rows = most_rows(screen, 0);
        let heading = format!("Upgrade {}", self.cluster.name());
        let inside = frame(
            screen,
            &heading,
            Role::Heading,
            measure::cells(lines.len()).min(rows),
            scene.theme,
            buffer,
        );
        // The marked line is kept in view on small screens.
        let marked = lines
            .iter()
            .rposition(|line| line.to_string().starts_with(CURSOR))
            .unwrap_or(0);
        let scroll = measure::cells(marked + 2).saturating_sub(rows);
        prose::draw(&lines, scroll, inside, scene.theme, buffer);
    }

    fn passages(&self, snapshot: &ClusterSnapshot) -> Vec<Passage> {
        let Some((cluster, upgrades)) = snapshot
            .cluster
            .value
            .as_deref()
            .zip(snapshot.upgrades.value.as_deref())
        else {
            let state = match &snapshot.cluster.value {
                Some(_) => &snapshot.upgrades.state,
                None => &snapshot.cluster.state,
            };
            return screens::source_passages(state, "what Azure offers").unwrap_or_default();
        };
        let runs = cluster
            .version
            .map_or_else(|| "not known".to_owned(), |version| version.to_string());
        let mut out: Vec<Passage> = screens::stale_passage(&snapshot.upgrades.state, "what Azure offers")
            .into_iter()
            .collect();
        out.push(Passage::new(Role::Muted, "Where to go").and(Role::Text, format!("   the control plane runs {runs}")));
        for (at, choice) in choices(cluster, upgrades, snapshot.region.value.as_deref())
            .iter()
            .enumerate()
        {
            out.push(row(
                at == self.target,
                self.focus == Focus::Targets,
                &choice.label,
                &choice.note,
            ));
        }
        out.push(Passage::blank());
        out.push(Passage::new(Role::Muted, "With which pools"));
        for (at, pool) in cluster.pools.iter().enumerate() {
            let is_in = !self.left_out.contains(&pool.name);
            let sign = if is_in { CHOSEN } else { Mark::Pending.symbol() };
            let label = format!("{sign} {:<12}", pool.name.as_str());
            out.push(row(
                at == self.pool && self.focus == Focus::Pools,
                true,
                &label,
                &pool_note(pool, is_in),
            ));
        }
        if self.left_out.len() == cluster.pools.len() {
            out.push(Passage::new(
                Role::Attention,
                "! no pool chosen: the control plane alone",
            ));
        }
        out
    }
}

fn row(is_marked: bool, is_focused: bool, label: &str, note: &str) -> Passage {
    let (sign, role) = match (is_marked, is_focused) {
        (true, true) => (CURSOR, Role::Selected),
        (true, false) => (CURSOR, Role::Strong),
        (false, _) => (" ", Role::Strong),
    };
    Passage::new(role, format!("{sign} {label:<18} "))
        .and(Role::Text, format!(" {note}"))
        .hanging(22)
}

fn pool_note(pool: &NodePool, is_in: bool) -> String {
    let nodes = count(usize::try_from(pool.count).unwrap_or(usize::MAX), "node");
    let version = pool
        .version
        .map_or_else(|| "version not known".to_owned(), |version| version.to_string());
    let left_out = if is_in { "" } else { ", left as it is" };
    format!("{nodes}, {}, {version}{left_out}", pool.mode)
}

/// Where a cluster can go: what Azure offers now, what lies behind it, pools that lag behind, node images.
fn choices(cluster: &Cluster, upgrades: &ClusterUpgrades, region: Option<&RegionVersions>) -> Vec<Choice> {
    let mut offers = upgrades.control_plane.clone();
    offers.sort_by_key(|offer| (offer.is_preview, std::cmp::Reverse(offer.version)));
    let mut out: Vec<Choice> = offers
        .iter()
        .map(|offer| Choice {
            to: Goal::Version(offer.version),
            label: offer.version.to_string(),
            note: offer_note(cluster, offer.version, offer.is_preview),
        })
        .collect();
    out.extend(region.into_iter().flat_map(|region| farther(cluster, upgrades, region)));
    if let Some(version) = cluster.version {
        let behind = cluster.pools.iter().filter(|pool| is_behind(pool, version)).count();
        if behind > 0 {
            out.push(Choice {
                to: Goal::Version(version),
                label: version.to_string(),
                note: format!("brings {} up to the control plane", count(behind, "pool")),
            });
        }
    }
    let older = cluster
        .pools
        .iter()
        .filter(|pool| {
            let latest = upgrades
                .pools
                .get(&pool.name)
                .and_then(|offers| offers.latest_node_image.as_ref());
            pool.node_image
                .as_ref()
                .zip(latest)
                .is_some_and(|(runs, latest)| !runs.is_same_image(latest))
        })
        .count();
    out.push(Choice {
        to: Goal::NodeImages,
        label: "node images only".to_owned(),
        note: match older {
            0 => "every pool has the newest image, as far as Azure says".to_owned(),
            older => format!("{} can have a newer image; versions stay", count(older, "pool")),
        },
    });
    out
}

/// The newest version of each line that takes more than one hop: `1.35.2 via 1.33.9, 1.34.6`.
fn farther(cluster: &Cluster, upgrades: &ClusterUpgrades, region: &RegionVersions) -> Vec<Choice> {
    let Some(from) = cluster.version else {
        return Vec::new();
    };
    let (mut out, mut previews) = (Vec::new(), Vec::new());
    let mut lines_told = Vec::new();
    for path in upgrade_path::reachable(from, region) {
        let Some((target, on_the_way)) = path.hops.split_last().filter(|(_, hops)| !hops.is_empty()) else {
            continue;
        };
        let line = target.minor_line();
        let minor = region.minors.iter().find(|minor| minor.line == line);
        let is_closed =
            minor.is_some_and(|minor| minor.is_lts_only) && cluster.support_plan != SupportPlan::LongTermSupport;
        let is_offered = upgrades
            .control_plane
            .iter()
            .any(|offer| offer.version.minor_line() == line);
        if is_closed || is_offered || lines_told.contains(&line) {
            continue;
        }
        lines_told.push(line);
        let via: Vec<String> = on_the_way.iter().map(ToString::to_string).collect();
        let (list, note) = if minor.is_some_and(|minor| minor.is_preview) {
            (&mut previews, ", preview: not for production")
        } else {
            (&mut out, "")
        };
        list.push(Choice {
            to: Goal::Version(*target),
            label: target.to_string(),
            note: format!("via {}{note}", via.join(", ")),
        });
    }
    // As with the offers, previews come last.
    out.append(&mut previews);
    out
}

/// A pool below the control plane, or one whose last operation ended half-way: the same request makes it carry on.
fn is_behind(pool: &NodePool, version: KubernetesVersion) -> bool {
    pool.version.is_some_and(|runs| runs < version)
        || matches!(
            pool.provisioning_state,
            ProvisioningState::Failed | ProvisioningState::Canceled
        )
}

fn offer_note(cluster: &Cluster, offer: KubernetesVersion, is_preview: bool) -> String {
    let ahead = cluster.version.map_or(0, |runs| offer.minors_ahead_of(runs));
    let what = match usize::try_from(ahead) {
        Ok(0) | Err(_) => "a patch".to_owned(),
        Ok(minors) => format!("{} ahead", count(minors, "minor")),
    };
    let preview = if is_preview {
        ", preview: not for production"
    } else {
        ""
    };
    format!("{what}{preview}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures;

    #[test]
    fn choices_are_what_azure_offers_then_pools_then_images() {
        let mut cluster = fixtures::cluster("shop-prod", "1.33.5");
        let snapshot = fixtures::snapshot(cluster.clone());
        let upgrades = snapshot.upgrades.value.unwrap();
        let region = snapshot.region.value.unwrap();
        let labels = |cluster: &Cluster| -> Vec<String> {
            choices(cluster, &upgrades, Some(&region))
                .into_iter()
                .map(|choice| format!("{}: {}", choice.label, choice.note))
                .collect()
        };
        assert_eq!(
            labels(&cluster),
            [
                "1.34.2: 1 minor ahead",
                "1.34.0: 1 minor ahead",
                "1.35.0: via 1.34.2, preview: not for production",
                "node images only: 2 pools can have a newer image; versions stay"
            ]
        );
        cluster.pools[1].version = "1.32.7".parse().ok();
        assert!(labels(&cluster).contains(&"1.33.5: brings 1 pool up to the control plane".to_owned()));
    }

    #[test]
    fn pools_left_out_shape_the_intent() {
        let cluster = fixtures::cluster("shop-prod", "1.33.5");
        let mut dialog = ChooseUpgrade::new(cluster.id.clone());
        let pools = |dialog: &ChooseUpgrade, goal: Goal| match dialog.intent(goal, &cluster) {
            Some(Intent::Upgrade { pools, .. } | Intent::NodeImages { pools }) => Some(pools),
            Some(Intent::Rollback { .. }) | None => None,
        };
        let goal = Goal::Version(KubernetesVersion::new(1, 34, 2));
        assert_eq!(pools(&dialog, goal), Some(PoolChoice::All));
        dialog.toggle(&cluster);
        assert_eq!(
            pools(&dialog, goal),
            Some(PoolChoice::These(vec![NodePoolName::new("user")]))
        );
        dialog.pool = 1;
        dialog.toggle(&cluster);
        assert_eq!(pools(&dialog, goal), Some(PoolChoice::None));
        assert_eq!(pools(&dialog, Goal::NodeImages), None);
    }
}
