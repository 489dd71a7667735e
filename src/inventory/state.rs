//! The collector's state: orders and news in, effects and snapshots out. Pure; time comes as a value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::cluster_entry::Entry;
use super::message::{Effect, News, Order, RegionKey};
use super::snapshot::{FleetSnapshot, RequestBudget, SourceState, Sourced};
use super::source::{READ_CLUSTERS, READ_REGION, READ_UPGRADES, READ_WINDOWS, ReadProblem};
use crate::azure::client::ClusterListing;
use crate::domain::cluster::{Cluster, RegionVersions};
use crate::domain::ids::ClusterId;
use crate::domain::pace::UsualPace;
use crate::progress::picture::LivePicture;

/// Upgrading clusters that are read closely without anybody asking.
pub(super) const MAX_AUTOMATIC: usize = 16;
/// Questions to the activity log that wait for their answers at the same time.
pub(super) const MAX_QUESTIONS: usize = 10;
/// Azure Resource Graph lags seconds to minutes behind: a newer GET is believed for this long.
const LIST_LAG: SignedDuration = SignedDuration::from_mins(1);
/// A region's versions change a few times a month.
const REGION_AGE: SignedDuration = SignedDuration::from_hours(6);
/// A region whose versions could not be read is asked again after this.
const REGION_RETRY: SignedDuration = SignedDuration::from_mins(5);

const ONLY_AZURE: &str = "only Azure knows this, and the cluster is known by its kubeconfig alone";

/// Everything that is known.
#[derive(Debug)]
pub(super) struct State {
    list: SourceState,
    list_as_of: Option<Timestamp>,
    list_findings: Vec<String>,
    clusters: BTreeMap<ClusterId, Entry>,
    regions: BTreeMap<RegionKey, Region>,
    /// How long clusters took before; also of some that are not listed.
    usual: BTreeMap<ClusterId, UsualPace>,
    is_list_dirty: bool,
}

/// The versions of one region, and when they were last asked for.
#[derive(Debug, Default)]
struct Region {
    versions: Sourced<RegionVersions>,
    asked_at: Option<Timestamp>,
}

/// What one round of publishing brings.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) snapshot: Arc<FleetSnapshot>,
    /// Pictures that were made anew.
    pub(super) live: Vec<(ClusterId, Arc<LivePicture>)>,
    pub(super) effects: Vec<Effect>,
}

impl State {
    /// A state in which the list is being read; or, without Azure, in which it is complete.
    pub(super) fn new(has_azure: bool, now: Timestamp) -> Self {
        Self {
            list: if has_azure {
                SourceState::Loading
            } else {
                SourceState::Fresh
            },
            list_as_of: (!has_azure).then_some(now),
            list_findings: Vec::new(),
            clusters: BTreeMap::new(),
            regions: BTreeMap::new(),
            usual: BTreeMap::new(),
            is_list_dirty: true,
        }
    }

    /// Adds the cluster of a kubeconfig; it is always in focus.
    pub(super) fn add_context(&mut self, id: ClusterId, now: Timestamp) -> Vec<Effect> {
        let mut entry = Entry::new(id.clone());
        entry.cluster = Sourced::unavailable(ONLY_AZURE);
        entry.upgrades = Sourced::unavailable(ONLY_AZURE);
        entry.windows = Sourced::unavailable(ONLY_AZURE);
        self.clusters.insert(id.clone(), entry);
        self.order(Order::Focus(id), now)
    }

    pub(super) fn is_dirty(&self) -> bool {
        self.is_list_dirty || self.clusters.values().any(|entry| entry.is_dirty)
    }

    /// The picture of one cluster, where there is one.
    pub(super) fn live(&self, cluster: &ClusterId) -> Option<&Arc<LivePicture>> {
        self.clusters.get(cluster)?.live()
    }

    /// Private API server name of the cluster, if it has one.
    pub(super) fn private_fqdn(&self, cluster: &ClusterId) -> Option<&str> {
        self.clusters.get(cluster)?.private_fqdn()
    }

    /// Takes an order.
    pub(super) fn order(&mut self, order: Order, now: Timestamp) -> Vec<Effect> {
        match order {
            Order::Focus(id) => {
                let entry = self.entry(id);
                entry.hold();
                let mut effects = Vec::new();
                start_session(entry, &mut effects);
                self.want_region(effects_subject(&effects).as_ref(), now, &mut effects);
                effects
            }
            Order::Unfocus(id) => {
                if let Some(entry) = self.clusters.get_mut(&id) {
                    entry.release(now);
                }
                Vec::new()
            }
            Order::SetTarget(id, target) => {
                let entry = self.entry(id);
                entry.set_target(target, now);
                let mut effects = Vec::new();
                if entry.is_held() {
                    start_session(entry, &mut effects);
                }
                effects
            }
            Order::SetUsual(id, usual) => {
                if let Some(entry) = self.clusters.get_mut(&id) {
                    entry.usual = usual;
                }
                self.usual.insert(id, usual);
                Vec::new()
            }
            Order::Refresh(None) => vec![Effect::HurryList],
            Order::Refresh(Some(id)) => match self.clusters.get(&id) {
                Some(entry) if entry.session.is_some() => vec![Effect::HurryCluster(id)],
                _ => vec![Effect::HurryList],
            },
        }
    }

    /// Takes news in.
    pub(super) fn hear(&mut self, news: News, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        // The watches tell much, and nothing about whose change it is.
        let may_show_a_change = !matches!(news, News::Watched { .. } | News::NotWatched { .. });
        match news {
            News::Listed(result) => self.hear_list(result, now, &mut effects),
            News::ClusterRead(id, result) => self.hear_cluster(&id, *result, now, &mut effects),
            News::DetailsRead(id, details) => self.change(&id, |entry| entry.details = Some(details)),
            News::UpgradesRead(id, result) => {
                self.change(&id, |entry| entry.upgrades.take(result, READ_UPGRADES, now));
            }
            News::WindowsRead(id, result) => {
                self.change(&id, |entry| entry.windows.take(result, READ_WINDOWS, now));
            }
            News::RegionRead(key, result) => self.hear_region(&key, result, now),
            News::AuthorTold { cluster, turn, answer } => {
                if let Some(entry) = self.clusters.get_mut(&cluster) {
                    entry.authorship.hear(turn, answer, now);
                    entry.is_dirty = true;
                }
            }
            News::Watched {
                cluster,
                session,
                update,
            } => {
                if let Some(entry) = self.in_session(&cluster, session) {
                    entry.cells.fold(*update);
                    entry.is_dirty = true;
                }
            }
            News::NotWatched {
                cluster,
                session,
                state,
            } => {
                if let Some(entry) = self.in_session(&cluster, session) {
                    entry.cells.set_not_watched(state);
                    entry.is_dirty = true;
                }
            }
            News::Tick => self.tick(now, &mut effects),
        }
        if may_show_a_change {
            self.ask_authors(now, &mut effects);
        }
        effects
    }

    /// Asks whose changes run, a few at a time, in id order.
    fn ask_authors(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        for entry in self.clusters.values_mut() {
            entry.note_change();
        }
        let asking = self.clusters.values().filter(|entry| entry.authorship.is_asking());
        let free = MAX_QUESTIONS.saturating_sub(asking.count());
        let questions = self
            .clusters
            .values_mut()
            .filter_map(|entry| entry.author_question(now));
        effects.extend(questions.take(free).map(Effect::AskAuthor));
    }

    /// Makes new pictures and the next snapshot.
    pub(super) fn publish(&mut self, requests: RequestBudget, now: Timestamp) -> Published {
        let mut live = Vec::new();
        let mut effects = Vec::new();
        let unknown = Sourced::default();
        let only_azure = Sourced::unavailable(ONLY_AZURE);
        let mut clusters = Vec::with_capacity(self.clusters.len());
        for (id, entry) in &mut self.clusters {
            if entry.is_dirty {
                if let Some(nodes) = entry.look(now) {
                    effects.push(Effect::WatchPods(id.clone(), nodes));
                }
                live.extend(entry.live().map(|picture| (id.clone(), Arc::clone(picture))));
            }
            let region = match entry.cluster.value.as_deref().map(RegionKey::of) {
                Some(key) => self.regions.get(&key).map_or(&unknown, |region| &region.versions),
                None if id.is_kubeconfig_context() => &only_azure,
                None => &unknown,
            };
            clusters.push(entry.snapshot(region));
        }
        self.is_list_dirty = false;
        Published {
            snapshot: Arc::new(FleetSnapshot {
                list: self.list.clone(),
                list_as_of: self.list_as_of,
                list_findings: self.list_findings.clone(),
                clusters,
                requests,
            }),
            live,
            effects,
        }
    }

    fn entry(&mut self, id: ClusterId) -> &mut Entry {
        let usual = self.usual.get(&id).copied().unwrap_or_default();
        self.clusters.entry(id.clone()).or_insert_with(|| {
            let mut entry = Entry::new(id);
            entry.usual = usual;
            entry
        })
    }

    /// Changes what is shown of a cluster that is still listed.
    fn change(&mut self, id: &ClusterId, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.clusters.get_mut(id) {
            change(entry);
            entry.is_dirty = true;
        }
    }

    fn in_session(&mut self, id: &ClusterId, session: u64) -> Option<&mut Entry> {
        self.clusters.get_mut(id).filter(|entry| entry.session == Some(session))
    }

    fn hear_list(&mut self, result: Result<ClusterListing, ReadProblem>, now: Timestamp, effects: &mut Vec<Effect>) {
        self.is_list_dirty = true;
        let listing = match result {
            Ok(listing) => listing,
            Err(problem) => {
                self.list = problem.state(READ_CLUSTERS, self.list_as_of.is_some());
                return;
            }
        };
        let listed: BTreeSet<ClusterId> = listing.clusters.iter().map(|cluster| cluster.id.clone()).collect();
        self.forget_deleted(&listed, &listing.findings, now, effects);
        for cluster in listing.clusters {
            let entry = self.entry(cluster.id.clone());
            let has_newer = entry.session.is_some() && is_recent(entry.read_at, now);
            if !has_newer {
                entry.cluster.take(Ok(cluster), READ_CLUSTERS, now);
                entry.is_dirty = true;
                entry.linger_while_upgrading(now);
            }
        }
        self.list = SourceState::Fresh;
        self.list_as_of = Some(now);
        self.list_findings = listing.findings;
        self.focus_upgrading(now, effects);
        // One small request a region tells what every cluster in it can go to.
        for id in listed {
            self.want_region(Some(&id), now, effects);
        }
    }

    /// Lets go of clusters that a complete list does not have any more.
    ///
    /// A finding makes the list incomplete for the subscription it names, or for all where it names none.
    fn forget_deleted(
        &mut self,
        listed: &BTreeSet<ClusterId>,
        findings: &[String],
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let findings: Vec<String> = findings.iter().map(|finding| finding.to_ascii_lowercase()).collect();
        let known: BTreeSet<String> = self.clusters.keys().filter_map(subscription_of).collect();
        let names_one = |finding: &String| known.iter().any(|subscription| finding.contains(subscription));
        let is_all_in_doubt = !findings.iter().all(names_one);
        self.clusters.retain(|id, entry| {
            let is_in_doubt = is_all_in_doubt
                || subscription_of(id)
                    .is_none_or(|subscription| findings.iter().any(|finding| finding.contains(&subscription)));
            let stays = listed.contains(id) || is_in_doubt || entry.is_held() || is_recent(entry.read_at, now);
            if !stays && entry.session.is_some() {
                effects.push(Effect::StopReaders(id.clone()));
            }
            stays
        });
    }

    fn hear_cluster(
        &mut self,
        id: &ClusterId,
        result: Result<Cluster, ReadProblem>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let Some(entry) = self.clusters.get_mut(id) else {
            return;
        };
        entry.read_at = match &result {
            Ok(_) => Some(now),
            Err(ReadProblem::NotFound { .. }) => None,
            Err(_) => entry.read_at,
        };
        entry.cluster.take(result, READ_CLUSTERS, now);
        entry.is_dirty = true;
        entry.linger_while_upgrading(now);
        self.want_region(Some(id), now, effects);
    }

    fn hear_region(&mut self, key: &RegionKey, result: Result<RegionVersions, ReadProblem>, now: Timestamp) {
        self.regions
            .entry(key.clone())
            .or_default()
            .versions
            .take(result, READ_REGION, now);
        for entry in self.clusters.values_mut() {
            if entry.cluster.value.as_deref().map(RegionKey::of).as_ref() == Some(key) {
                entry.is_dirty = true;
            }
        }
    }

    fn tick(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        for (id, entry) in &mut self.clusters {
            if entry.session.is_none() {
                continue;
            }
            if entry.may_rest(now) {
                entry.end_session();
                effects.push(Effect::StopReaders(id.clone()));
            }
            entry.is_dirty = true;
        }
        self.focus_upgrading(now, effects);
    }

    /// Reads upgrading clusters closely without being asked, up to a number, in id order.
    fn focus_upgrading(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let automatic = self
            .clusters
            .values()
            .filter(|entry| entry.session.is_some() && !entry.is_held())
            .count();
        let begun = effects.len();
        let idle = self
            .clusters
            .values_mut()
            .filter(|entry| entry.session.is_none() && entry.is_upgrading() && !entry.may_rest(now));
        for entry in idle.take(MAX_AUTOMATIC.saturating_sub(automatic)) {
            start_session(entry, effects);
        }
        let started: Vec<ClusterId> = effects
            .iter()
            .skip(begun)
            .filter_map(|effect| effects_subject(std::slice::from_ref(effect)))
            .collect();
        for id in started {
            self.want_region(Some(&id), now, effects);
        }
    }

    /// Has the versions of a cluster's region read, where they are missing or old.
    fn want_region(&mut self, id: Option<&ClusterId>, now: Timestamp, effects: &mut Vec<Effect>) {
        let entry = id.and_then(|id| self.clusters.get(id));
        let Some(key) = entry
            .and_then(|entry| entry.cluster.value.as_deref())
            .map(RegionKey::of)
        else {
            return;
        };
        let region = self.regions.entry(key.clone()).or_default();
        let patience = match region.versions.state {
            SourceState::Fresh => REGION_AGE,
            _ => REGION_RETRY,
        };
        if region
            .asked_at
            .is_none_or(|asked| now.duration_since(asked) >= patience)
        {
            region.asked_at = Some(now);
            region.versions.begin();
            effects.push(Effect::ReadRegion(key));
        }
    }
}

fn start_session(entry: &mut Entry, effects: &mut Vec<Effect>) {
    if entry.session.is_none() {
        let session = entry.begin_session();
        effects.push(Effect::StartReaders {
            cluster: entry.id.clone(),
            session,
        });
    }
}

/// The cluster whose readers are started, if they are.
fn effects_subject(effects: &[Effect]) -> Option<ClusterId> {
    effects.iter().find_map(|effect| match effect {
        Effect::StartReaders { cluster, .. } => Some(cluster.clone()),
        _ => None,
    })
}

fn is_recent(at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_some_and(|at| now.duration_since(at) <= LIST_LAG)
}

fn subscription_of(id: &ClusterId) -> Option<String> {
    id.parts().map(|parts| parts.subscription.to_ascii_lowercase())
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
