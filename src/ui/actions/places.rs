//! Places that go together: where the same keys work.

use super::Place;

pub(super) const SCREENS: &[Place] = &[
    Place::Clusters,
    Place::Cluster,
    Place::Live,
    Place::Plan,
    Place::Timeline,
    Place::Preflight,
    Place::Causes,
    Place::Page,
    Place::Repairs,
    Place::Settings,
    Place::Replay,
    Place::Help,
    Place::Requests,
];
pub(super) const DATA: &[Place] = &[Place::Clusters, Place::Cluster, Place::Live];
/// Where what runs can be steered.
pub(super) const STEERING: &[Place] = &[Place::Clusters, Place::Cluster, Place::Live, Place::Causes];
/// Where something is told that can be mended and read about.
pub(super) const TROUBLE: &[Place] = &[Place::Preflight, Place::Causes, Place::Page];
/// Where a cluster is on the screen, and its trouble is one key away.
pub(super) const AROUND: &[Place] = &[
    Place::Clusters,
    Place::Cluster,
    Place::Live,
    Place::Timeline,
    Place::Preflight,
    Place::Repairs,
];
/// Where a plan can be made or started.
pub(super) const PLANNING: &[Place] = &[
    Place::Clusters,
    Place::Cluster,
    Place::Live,
    Place::Plan,
    Place::Preflight,
];
pub(super) const LISTS: &[Place] = &[
    Place::Clusters,
    Place::Cluster,
    Place::Live,
    Place::Plan,
    Place::Timeline,
    Place::Preflight,
    Place::Causes,
    Place::Page,
    Place::Repairs,
    Place::Settings,
    Place::Replay,
    Place::Help,
    Place::Dialog,
    Place::Requests,
];
pub(super) const SIDEWAYS: &[Place] = &[Place::Cluster, Place::Live, Place::Preflight, Place::Dialog];
/// Tab also goes from one text line to the next.
pub(super) const TABS: &[Place] = &[
    Place::Cluster,
    Place::Live,
    Place::Plan,
    Place::Preflight,
    Place::Causes,
    Place::Replay,
    Place::Dialog,
    Place::Field,
];
pub(super) const OPENING: &[Place] = &[
    Place::Clusters,
    Place::Cluster,
    Place::Plan,
    Place::Timeline,
    Place::Preflight,
    Place::Causes,
    Place::Repairs,
    Place::Settings,
    Place::Dialog,
    Place::Field,
    Place::Requests,
];
pub(super) const EDITING: &[Place] = &[Place::Plan];
