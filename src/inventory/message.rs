//! What the collector is told: orders from handles, news from its readers; and what it then has done.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::cluster::{Cluster, ClusterUpgrades, RegionVersions};
use crate::domain::ids::{ClusterId, NodeName, NodePoolName, SubscriptionId};
use crate::domain::pace::UsualPace;
use crate::domain::survey::{ClusterDetails, WindowFact};
use crate::kubernetes::watch::WatchUpdate;
use crate::progress::facts::Target;

use super::snapshot::SourceState;
use super::source::ReadProblem;
use crate::azure::activity_log::ChangeAuthor;
use crate::azure::client::ClusterListing;

/// What a handle asks for.
#[derive(Clone, Debug)]
pub(super) enum Order {
    Focus(ClusterId),
    Unfocus(ClusterId),
    SetTarget(ClusterId, Option<Target>),
    SetUsual(ClusterId, UsualPace),
    /// One cluster, or the list.
    Refresh(Option<ClusterId>),
}

/// A location of a subscription; both in lower case, as Azure does not care.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RegionKey {
    pub(super) subscription: SubscriptionId,
    pub(super) location: String,
}

impl RegionKey {
    pub(super) fn of(cluster: &Cluster) -> Self {
        Self {
            subscription: SubscriptionId::new(cluster.subscription_id.as_str().to_ascii_lowercase()),
            location: cluster.location.to_ascii_lowercase().replace(' ', ""),
        }
    }
}

/// Whose change runs there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AuthorQuestion {
    pub(super) cluster: ClusterId,
    /// `None` for the cluster as a whole.
    pub(super) pool: Option<NodePoolName>,
    /// It began later.
    pub(super) since: Timestamp,
    /// Comes back with the answer.
    pub(super) turn: u64,
}

/// What a reader found.
#[derive(Debug)]
pub(super) enum News {
    Listed(Result<ClusterListing, ReadProblem>),
    ClusterRead(ClusterId, Box<Result<Cluster, ReadProblem>>),
    /// What the list leaves out, as the same answer had it.
    DetailsRead(ClusterId, Arc<ClusterDetails>),
    UpgradesRead(ClusterId, Result<ClusterUpgrades, ReadProblem>),
    WindowsRead(ClusterId, Result<Vec<WindowFact>, ReadProblem>),
    RegionRead(RegionKey, Result<RegionVersions, ReadProblem>),
    /// What the activity log says to the question of that turn.
    AuthorTold {
        cluster: ClusterId,
        turn: u64,
        answer: Result<Option<ChangeAuthor>, ReadProblem>,
    },
    /// From the watch that was started as the cluster's `session`.
    Watched {
        cluster: ClusterId,
        session: u64,
        update: Box<WatchUpdate>,
    },
    /// There is no watch (yet), and why.
    NotWatched {
        cluster: ClusterId,
        session: u64,
        state: SourceState,
    },
    /// Time has passed.
    Tick,
}

/// What the collector does because of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Begin to read the cluster closely; what its watch tells carries the session.
    StartReaders {
        cluster: ClusterId,
        session: u64,
    },
    StopReaders(ClusterId),
    /// Read the cluster now.
    HurryCluster(ClusterId),
    HurryList,
    ReadRegion(RegionKey),
    AskAuthor(AuthorQuestion),
    /// Watch the pods of these nodes and of no others.
    WatchPods(ClusterId, BTreeSet<NodeName>),
}
