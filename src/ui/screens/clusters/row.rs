//! A cluster as the overview shows it, worked out when the data changes: how it stands, how far behind it is, until when
//! it is supported, what its next window would bring, who drives.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::super::super::condition::{Condition, Standing, newest_of, standing_of};
use super::super::super::data::Data;
use super::super::super::filter::Searchable;
use super::super::super::windows;
use super::order::{Sort, SortKey};
use crate::domain::cluster::Cluster;
use crate::domain::support::{Support, SupportState};
use crate::domain::version::KubernetesVersion;
use crate::engine::view::ExecutionView;
use crate::inventory::snapshot::ClusterSnapshot;

/// How far a version is behind the newest one that is supported and no preview.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lag {
    pub(super) minors: i32,
    /// Newer patches of the same minor.
    pub(super) patches: usize,
}

/// One row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) snapshot: Arc<ClusterSnapshot>,
    pub(super) execution: Option<Arc<ExecutionView>>,
    pub(super) standing: Standing,
    pub(super) newest: Option<KubernetesVersion>,
    pub(super) lag: Option<Lag>,
    pub(super) support: Option<Support>,
    pub(super) driver: Option<String>,
    /// The day for which support was worked out.
    today: Date,
    pub(super) searchable: Searchable,
}

impl Row {
    /// The row of a cluster; an earlier one is taken where nothing can differ.
    pub(super) fn of(snapshot: &Arc<ClusterSnapshot>, before: Option<&Self>, data: &Data) -> Self {
        let execution = data.active(&snapshot.id);
        let today = data.now.to_zoned(TimeZone::UTC).date();
        let is_same = |row: &&Self| {
            Arc::ptr_eq(&row.snapshot, snapshot)
                && snapshot.live.is_none()
                && row.execution.is_none()
                && execution.is_none()
                && row.today == today
        };
        before
            .filter(is_same)
            .map_or_else(|| Self::anew(snapshot, execution.cloned(), today, data), Self::clone)
    }

    fn anew(snapshot: &Arc<ClusterSnapshot>, execution: Option<Arc<ExecutionView>>, today: Date, data: &Data) -> Self {
        let standing = standing_of(snapshot, execution.as_deref(), data.now);
        let cluster = snapshot.cluster.value.as_deref();
        let region = snapshot.region.value.as_deref();
        let newest = cluster
            .zip(region)
            .and_then(|(cluster, region)| newest_of(&cluster.support_plan, region));
        let runs = cluster.and_then(|cluster| cluster.version);
        let lag = runs.zip(newest).zip(region).map(|((runs, newest), region)| {
            let line = region.minors.iter().find(|minor| minor.line == runs.minor_line());
            Lag {
                minors: newest.minors_ahead_of(runs).max(0),
                patches: line.map_or(0, |line| line.patches.keys().filter(|patch| **patch > runs).count()),
            }
        });
        Self {
            searchable: searchable(snapshot, &standing),
            support: snapshot.support(data.now),
            driver: driver(snapshot, execution.as_deref(), data),
            snapshot: Arc::clone(snapshot),
            execution,
            standing,
            newest,
            lag,
            today,
        }
    }

    pub(super) fn cluster(&self) -> Option<&Cluster> {
        self.snapshot.cluster.value.as_deref()
    }

    pub(super) fn version(&self) -> Option<KubernetesVersion> {
        self.cluster()?.version
    }

    pub(super) fn nodes(&self) -> usize {
        self.cluster()
            .map_or(0, |cluster| usize::try_from(cluster.node_count()).unwrap_or(usize::MAX))
    }

    pub(super) fn pools(&self) -> usize {
        self.cluster().map_or(0, |cluster| cluster.pools.len())
    }

    /// True where nobody has to look: it runs the newest there is, for it, and support does not end soon.
    pub(super) fn is_healthy(&self) -> bool {
        let ends_soon = self
            .support
            .is_some_and(|support| !matches!(support.state, SupportState::Supported | SupportState::Unknown));
        self.standing.condition == Condition::Current && !ends_soon
    }

    /// The share of nodes that are done, in thousandths; `None` where nothing moves.
    fn progress(&self) -> Option<usize> {
        let (done, total) = self.snapshot.live.as_deref()?.progress();
        (total > 0 && self.is_moving()).then(|| done * 1000 / total)
    }

    /// True where an upgrade has its line in the overview.
    pub(super) fn is_moving(&self) -> bool {
        matches!(
            self.standing.condition,
            Condition::Failed | Condition::Stuck | Condition::Held | Condition::Upgrading
        )
    }

    /// By the sort's key and direction. What is not known comes last, whatever the direction.
    pub(super) fn compared(&self, other: &Self, sort: Sort, now: Timestamp) -> Ordering {
        let known = |order: Ordering| {
            if sort.is_reversed { order.reverse() } else { order }
        };
        let (one, two) = (self, other);
        let (a, b) = (&self.searchable, &other.searchable);
        match sort.by {
            SortKey::State => known((one.standing.condition, &a.name).cmp(&(two.standing.condition, &b.name))),
            SortKey::Name => known(a.name.cmp(&b.name)),
            SortKey::Version => among(one.version(), two.version(), known),
            SortKey::Behind => among(one.lag.map(Reverse), two.lag.map(Reverse), known),
            SortKey::Support => among(one.ends_on(), two.ends_on(), known),
            SortKey::Upgrade => among(one.progress(), two.progress(), known),
            SortKey::Window => among(one.opens_at(now), two.opens_at(now), known),
            SortKey::Driver => among(one.driver.as_ref(), two.driver.as_ref(), known),
            SortKey::Pools => known(two.pools().cmp(&one.pools())),
            SortKey::Nodes => known(two.nodes().cmp(&one.nodes())),
            SortKey::Group => known(a.group.cmp(&b.group)),
            SortKey::Subscription => known(a.subscription.cmp(&b.subscription)),
            SortKey::Location => known(a.location.cmp(&b.location)),
            SortKey::Read => among(one.snapshot.cluster.as_of, two.snapshot.cluster.as_of, known),
        }
    }

    fn ends_on(&self) -> Option<Date> {
        self.support?.ends_on
    }

    fn opens_at(&self, now: Timestamp) -> Option<Timestamp> {
        windows::next(&self.snapshot, now).map(|next| next.span.0)
    }
}

/// Compares what both have; a row without it comes last.
fn among<T: Ord>(one: Option<T>, two: Option<T>, known: impl Fn(Ordering) -> Ordering) -> Ordering {
    match (one, two) {
        (Some(a), Some(b)) => known(a.cmp(&b)),
        (one, two) => one.is_none().cmp(&two.is_none()),
    }
}

/// Who drives: this cockpit's word for our own executions, the activity log's for others.
fn driver(snapshot: &ClusterSnapshot, execution: Option<&ExecutionView>, data: &Data) -> Option<String> {
    if let Some(execution) = execution {
        return Some(data.driver(execution).unwrap_or_else(|| "nobody".to_owned()));
    }
    snapshot.cluster.value.as_deref()?.active_state()?;
    let author = snapshot.change_author.value.as_deref();
    Some(author.map_or_else(|| "begun elsewhere".to_owned(), |author| author.caller.clone()))
}

fn searchable(snapshot: &ClusterSnapshot, standing: &Standing) -> Searchable {
    let cluster = snapshot.cluster.value.as_deref();
    let text = |text: Option<&str>| text.unwrap_or_default().to_lowercase();
    Searchable {
        name: text(Some(snapshot.id.name())),
        group: text(cluster.map(|cluster| cluster.resource_group.as_str())),
        subscription: text(cluster.map(|cluster| cluster.subscription_id.as_str())),
        location: text(cluster.map(|cluster| cluster.location.as_str())),
        version: cluster
            .and_then(|cluster| cluster.version)
            .map_or_else(String::new, |version| version.to_string()),
        state: standing.word.to_lowercase(),
        pools: cluster
            .map(|cluster| {
                cluster
                    .pools
                    .iter()
                    .map(|pool| pool.name.as_str().to_lowercase())
                    .collect()
            })
            .unwrap_or_default(),
    }
}
