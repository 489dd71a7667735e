//! What the collector keeps of one cluster, and how it becomes a snapshot. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::authors::{Authorship, Busy};
use super::kubernetes_cells::KubernetesCells;
use super::message::AuthorQuestion;
use super::snapshot::{ClusterSnapshot, SourceState, Sourced};
use crate::domain::cluster::{Cluster, ClusterUpgrades, RegionVersions};
use crate::domain::ids::{ClusterId, NodeName};
use crate::domain::pace::UsualPace;
use crate::domain::provisioning::PowerState;
use crate::domain::survey::{ClusterDetails, WindowFact};
use crate::progress::facts::{Facts, Target};
use crate::progress::observe;
use crate::progress::picture::{LivePicture, NodePhase, NodeProgress};

/// Nodes whose pods are watched at the same time; each is one small watch on the API server.
pub(super) const MAX_POD_WATCHES: usize = 200;

/// After the last interest in it, a cluster is still read closely for this long, so that leaving and coming
/// back does not read everything again.
const LINGER: SignedDuration = SignedDuration::from_secs(30);

/// After an upgrade ended the cluster stays in focus for this long, so that its last state is seen.
const LINGER_AFTER_UPGRADE: SignedDuration = SignedDuration::from_mins(5);

/// One cluster.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: ClusterId,
    pub(super) cluster: Sourced<Cluster>,
    /// When a GET last answered; the list lags behind it.
    pub(super) read_at: Option<Timestamp>,
    pub(super) upgrades: Sourced<ClusterUpgrades>,
    pub(super) details: Option<Arc<ClusterDetails>>,
    pub(super) windows: Sourced<Vec<WindowFact>>,
    pub(super) authorship: Authorship,
    target: Option<Target>,
    /// How long it took before.
    pub(super) usual: UsualPace,
    pub(super) cells: KubernetesCells,
    live: Option<Arc<LivePicture>>,
    /// Interest by handles.
    holders: usize,
    /// Until when it is read closely without a holder.
    linger_until: Option<Timestamp>,
    /// Set while it is read closely; counts how often that began.
    pub(super) session: Option<u64>,
    sessions: u64,
    pods_of: BTreeSet<NodeName>,
    /// Something that is shown may have changed.
    pub(super) is_dirty: bool,
    snapshot: Option<Arc<ClusterSnapshot>>,
}

impl Entry {
    pub(super) fn new(id: ClusterId) -> Self {
        Self {
            id,
            cluster: Sourced::default(),
            read_at: None,
            upgrades: Sourced::default(),
            details: None,
            windows: Sourced::default(),
            authorship: Authorship::default(),
            target: None,
            usual: UsualPace::default(),
            cells: KubernetesCells::default(),
            live: None,
            holders: 0,
            linger_until: None,
            session: None,
            sessions: 0,
            pods_of: BTreeSet::new(),
            is_dirty: true,
            snapshot: None,
        }
    }

    /// True while a handle or an execution of ours is interested.
    pub(super) fn is_held(&self) -> bool {
        self.holders > 0 || self.target.is_some()
    }

    /// Notes what our own execution is heading for; its cluster is held until it ends.
    pub(super) fn set_target(&mut self, target: Option<Target>, now: Timestamp) {
        self.target = target;
        self.is_dirty = true;
        self.linger(now, LINGER);
    }

    pub(super) fn hold(&mut self) {
        self.holders = self.holders.saturating_add(1);
    }

    pub(super) fn release(&mut self, now: Timestamp) {
        self.holders = self.holders.saturating_sub(1);
        self.linger(now, LINGER);
    }

    fn linger(&mut self, now: Timestamp, by: SignedDuration) {
        self.linger_until = self.linger_until.max(now.checked_add(by).ok());
    }

    /// True while Azure changes versions or images of this cluster, as last seen.
    pub(super) fn is_upgrading(&self) -> bool {
        self.cluster
            .value
            .as_ref()
            .is_some_and(|cluster| cluster.is_upgrading())
    }

    /// Notes whose change runs; what an execution of ours does is nobody else's.
    pub(super) fn note_change(&mut self) {
        let busy = self.cluster.value.as_deref().and_then(Busy::of);
        let is_of_interest = self.target.is_none() && (self.session.is_some() || self.is_upgrading());
        // What is passed over was not seen: it may have begun long before it is of interest.
        let seen_at = self.cluster.as_of.filter(|_| is_of_interest || busy.is_none());
        self.is_dirty |= self.authorship.note(busy.filter(|_| is_of_interest), seen_at);
    }

    /// What the activity log is to be asked now.
    pub(super) fn author_question(&mut self, now: Timestamp) -> Option<AuthorQuestion> {
        let question = self.authorship.question(&self.id, now)?;
        self.is_dirty = true;
        Some(question)
    }

    /// Notes that an upgrade is seen to run.
    pub(super) fn linger_while_upgrading(&mut self, now: Timestamp) {
        if self.is_upgrading() {
            self.linger(now, LINGER_AFTER_UPGRADE);
        }
    }

    /// True where nothing asks for it any more.
    pub(super) fn may_rest(&self, now: Timestamp) -> bool {
        !self.is_held() && self.linger_until.is_none_or(|until| until <= now)
    }

    /// Begins a session of close reading, and gives its number.
    pub(super) fn begin_session(&mut self) -> u64 {
        self.sessions += 1;
        self.session = Some(self.sessions);
        self.cells.set_not_watched(SourceState::Loading);
        if !self.id.is_kubeconfig_context() {
            self.cluster.begin();
            self.upgrades.begin();
            self.windows.begin();
        }
        self.is_dirty = true;
        self.sessions
    }

    pub(super) fn end_session(&mut self) {
        self.session = None;
        self.cells = KubernetesCells::default();
        self.pods_of.clear();
        self.live = None;
        self.is_dirty = true;
    }

    pub(super) fn live(&self) -> Option<&Arc<LivePicture>> {
        self.live.as_ref()
    }

    /// Looks again, where somebody watches or an upgrade runs; gives the pods to watch where they changed.
    pub(super) fn look(&mut self, now: Timestamp) -> Option<BTreeSet<NodeName>> {
        if self.session.is_none() && !self.is_upgrading() {
            self.live = None;
            return None;
        }
        let facts = Facts {
            cluster: self.cluster.value.clone(),
            kubernetes: self.cells.facts(),
            target: self.target.clone(),
            usual: self.usual,
            windows: self.windows.value.clone(),
        };
        let picture = match &self.live {
            Some(previous) => observe(previous, &facts, now),
            None => observe(&LivePicture::empty(now), &facts, now),
        };
        let wanted = pods_wanted(&picture);
        self.live = Some(Arc::new(picture));
        if self.session.is_some() && wanted != self.pods_of {
            self.cells.keep_pods_of(&wanted);
            self.pods_of.clone_from(&wanted);
            return Some(wanted);
        }
        None
    }

    /// The entry as everybody sees it; built again only after a change.
    pub(super) fn snapshot(&mut self, region: &Sourced<RegionVersions>) -> Arc<ClusterSnapshot> {
        match &self.snapshot {
            Some(snapshot) if !self.is_dirty => Arc::clone(snapshot),
            _ => {
                self.is_dirty = false;
                let kubernetes = self.kubernetes_state();
                let snapshot = Arc::new(ClusterSnapshot {
                    id: self.id.clone(),
                    cluster: self.cluster.clone(),
                    upgrades: self.upgrades.clone(),
                    region: region.clone(),
                    are_watches_settled: matches!(kubernetes, SourceState::Unavailable { .. })
                        || self.cells.are_settled(&self.pods_of),
                    kubernetes,
                    operation_text: self.cluster.value.as_deref().and_then(operation_text),
                    live: self.live.clone(),
                    change_author: self.authorship.author().clone(),
                    details: self.details.clone(),
                    windows: self.windows.clone(),
                });
                self.snapshot = Some(Arc::clone(&snapshot));
                snapshot
            }
        }
    }

    fn kubernetes_state(&self) -> SourceState {
        if self.session.is_none() {
            return SourceState::NotAsked;
        }
        let state = self.cells.state();
        let is_down = !matches!(state, SourceState::Fresh | SourceState::Denied { .. });
        match self.cluster.value.as_deref() {
            Some(cluster) if is_down && cluster.power_state == PowerState::Stopped => SourceState::Unavailable {
                why: "the cluster is stopped".to_owned(),
            },
            _ => state,
        }
    }

    /// The name of its API server where only a private network reaches it.
    pub(super) fn private_fqdn(&self) -> Option<&str> {
        self.cluster.value.as_ref()?.private_fqdn.as_deref()
    }
}

/// Nodes whose pods tell something: cordoned or draining ones, held drains first.
fn pods_wanted(picture: &LivePicture) -> BTreeSet<NodeName> {
    let is_wanted = |node: &&NodeProgress| {
        let is_draining = matches!(
            node.phase,
            NodePhase::Cordoned | NodePhase::Draining | NodePhase::Drained | NodePhase::Stuck
        );
        node.is_ready.is_some() && (node.is_cordoned || is_draining)
    };
    let mut wanted: Vec<&NodeProgress> = picture.nodes.values().filter(is_wanted).collect();
    if wanted.len() > MAX_POD_WATCHES {
        wanted.sort_by_key(|node| match node.phase {
            NodePhase::Stuck => 0,
            NodePhase::Draining => 1,
            _ => 2,
        });
        wanted.truncate(MAX_POD_WATCHES);
    }
    wanted.into_iter().map(|node| node.name.clone()).collect()
}

/// Azure's words for what is busy, for instance `cluster Upgrading, web Upgrading`.
fn operation_text(cluster: &Cluster) -> Option<String> {
    let states = std::iter::once(("cluster", &cluster.provisioning_state)).chain(
        cluster
            .pools
            .iter()
            .map(|pool| (pool.name.as_str(), &pool.provisioning_state)),
    );
    let busy: Vec<String> = states
        .filter(|(_, state)| !state.is_terminal())
        .map(|(name, state)| format!("{name} {state}"))
        .collect();
    (!busy.is_empty()).then(|| busy.join(", "))
}
