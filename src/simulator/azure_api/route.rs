//! Which call a method and a path mean; paths are compared without regard to case, as ARM does.

use std::borrow::Cow;

use super::beside::Beside;
use super::landscape::Around;
use super::reply::Call;
use super::signature::Link;
use crate::simulator::world::Action;

/// Names a cluster in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClusterAt<'a> {
    pub(super) subscription: &'a str,
    pub(super) resource_group: &'a str,
    pub(super) name: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClusterCall {
    Get,
    Put,
    Delete,
    Abort,
    Start,
    Stop,
    RotateCertificates,
    UpgradeProfile,
    UserCredential,
    PoolVersions,
    MaintenanceConfigurations,
    ListPools,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PoolCall {
    Get,
    Put,
    Delete,
    Abort,
    DeleteMachines,
    UpgradeProfile,
    UpgradeNodeImage,
}

/// One call of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route<'a> {
    Subscriptions,
    ResourceGraph,
    ListClusters {
        subscription: &'a str,
        resource_group: Option<&'a str>,
    },
    KubernetesVersions {
        subscription: &'a str,
        location: &'a str,
    },
    ActivityLog {
        subscription: &'a str,
    },
    Operation {
        subscription: &'a str,
        id: &'a str,
        link: Link,
    },
    Cluster {
        at: ClusterAt<'a>,
        call: ClusterCall,
    },
    Pool {
        at: ClusterAt<'a>,
        pool: &'a str,
        call: PoolCall,
    },
    /// What lies around clusters.
    Around(Around<'a>),
    Beside(Beside<'a>),
}

impl<'a> Route<'a> {
    /// Reads a call's method and path; `None` where there is no such route.
    pub(super) fn of(call: &'a Call) -> Option<Self> {
        let lower: Vec<String> = call
            .segments
            .iter()
            .map(|segment| segment.to_ascii_lowercase())
            .collect();
        let words: Vec<&str> = lower.iter().map(String::as_str).collect();
        let method = call.method.as_str();
        match (method, words.as_slice()) {
            ("GET", ["subscriptions"]) => Some(Self::Subscriptions),
            ("POST", ["providers", "microsoft.resourcegraph", "resources"]) => Some(Self::ResourceGraph),
            ("GET", ["subscriptions", _, "providers", PROVIDER, "managedclusters"]) => Some(Self::ListClusters {
                subscription: call.segment(1),
                resource_group: None,
            }),
            (
                "GET",
                [
                    "subscriptions",
                    _,
                    "resourcegroups",
                    _,
                    "providers",
                    PROVIDER,
                    "managedclusters",
                ],
            ) => Some(Self::ListClusters {
                subscription: call.segment(1),
                resource_group: Some(call.segment(3)),
            }),
            (
                "GET",
                [
                    "subscriptions",
                    _,
                    "providers",
                    PROVIDER,
                    "locations",
                    _,
                    "kubernetesversions",
                ],
            ) => Some(Self::KubernetesVersions {
                subscription: call.segment(1),
                location: call.segment(5),
            }),
            (
                "GET",
                [
                    "subscriptions",
                    _,
                    "providers",
                    "microsoft.insights",
                    "eventtypes",
                    "management",
                    "values",
                ],
            ) => Some(Self::ActivityLog {
                subscription: call.segment(1),
            }),
            ("GET", ["subscriptions", _, "providers", PROVIDER, "locations", _, kind, _])
                if link_of(kind).is_some() =>
            {
                Some(Self::Operation {
                    subscription: call.segment(1),
                    id: call.segment(7),
                    link: link_of(kind)?,
                })
            }
            (
                _,
                [
                    "subscriptions",
                    _,
                    "resourcegroups",
                    _,
                    "providers",
                    PROVIDER,
                    "managedclusters",
                    _,
                    rest @ ..,
                ],
            ) => Self::within_cluster(call, rest).or_else(|| Self::outside(call, &words)),
            _ => Self::outside(call, &words),
        }
    }

    fn outside(call: &'a Call, words: &[&str]) -> Option<Self> {
        let beside = Beside::of(call, words).map(Self::Beside);
        beside.or_else(|| Around::of(call, words).map(Self::Around))
    }

    fn within_cluster(call: &'a Call, rest: &[&str]) -> Option<Self> {
        let at = ClusterAt {
            subscription: call.segment(1),
            resource_group: call.segment(3),
            name: call.segment(7),
        };
        let cluster = |call| Some(Self::Cluster { at, call });
        let pool = |what| {
            Some(Self::Pool {
                at,
                pool: call.segment(9),
                call: what,
            })
        };
        match (call.method.as_str(), rest) {
            ("GET", []) => cluster(ClusterCall::Get),
            ("PUT", []) => cluster(ClusterCall::Put),
            ("DELETE", []) => cluster(ClusterCall::Delete),
            ("POST", ["abort"]) => cluster(ClusterCall::Abort),
            ("POST", ["start"]) => cluster(ClusterCall::Start),
            ("POST", ["stop"]) => cluster(ClusterCall::Stop),
            ("POST", ["rotateclustercertificates"]) => cluster(ClusterCall::RotateCertificates),
            ("GET", ["upgradeprofiles", "default"]) => cluster(ClusterCall::UpgradeProfile),
            ("POST", ["listclusterusercredential"]) => cluster(ClusterCall::UserCredential),
            ("GET", ["availableagentpoolversions"]) => cluster(ClusterCall::PoolVersions),
            ("GET", ["maintenanceconfigurations"]) => cluster(ClusterCall::MaintenanceConfigurations),
            ("GET", ["agentpools"]) => cluster(ClusterCall::ListPools),
            ("GET", ["agentpools", _]) => pool(PoolCall::Get),
            ("PUT", ["agentpools", _]) => pool(PoolCall::Put),
            ("DELETE", ["agentpools", _]) => pool(PoolCall::Delete),
            ("POST", ["agentpools", _, "abort"]) => pool(PoolCall::Abort),
            ("POST", ["agentpools", _, "deletemachines"]) => pool(PoolCall::DeleteMachines),
            ("GET", ["agentpools", _, "upgradeprofiles", "default"]) => pool(PoolCall::UpgradeProfile),
            ("POST", ["agentpools", _, "upgradenodeimageversion"]) => pool(PoolCall::UpgradeNodeImage),
            _ => None,
        }
    }

    /// The subscription the call is about, where it is about one.
    pub(super) fn subscription(&self) -> Option<&'a str> {
        match self {
            Self::Subscriptions | Self::ResourceGraph => None,
            Self::ListClusters { subscription, .. }
            | Self::KubernetesVersions { subscription, .. }
            | Self::ActivityLog { subscription }
            | Self::Operation { subscription, .. } => Some(subscription),
            Self::Cluster { at, .. } | Self::Pool { at, .. } => Some(at.subscription),
            Self::Around(around) => Some(around.subscription()),
            Self::Beside(beside) => Some(beside.subscription()),
        }
    }

    /// The action a role must allow.
    pub(super) fn action(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Around(around) => return Cow::Owned(around.action()),
            Self::Beside(beside) => return Cow::Owned(beside.action()),
            Self::Subscriptions => "Microsoft.Resources/subscriptions/read",
            Self::ResourceGraph => "Microsoft.ResourceGraph/resources/read",
            Self::ListClusters { .. } => "Microsoft.ContainerService/managedClusters/read",
            Self::KubernetesVersions { .. } => "Microsoft.ContainerService/locations/kubernetesVersions/read",
            Self::ActivityLog { .. } => "Microsoft.Insights/eventtypes/values/read",
            Self::Operation { .. } => "Microsoft.ContainerService/locations/operations/read",
            Self::Cluster { call, .. } => match call {
                ClusterCall::Get => "Microsoft.ContainerService/managedClusters/read",
                ClusterCall::Put => Action::WriteCluster.name(),
                ClusterCall::Delete => Action::DeleteCluster.name(),
                ClusterCall::Abort => Action::AbortCluster.name(),
                ClusterCall::Start => Action::StartCluster.name(),
                ClusterCall::Stop => Action::StopCluster.name(),
                ClusterCall::RotateCertificates => Action::RotateCertificates.name(),
                ClusterCall::UpgradeProfile => "Microsoft.ContainerService/managedClusters/upgradeProfiles/read",
                ClusterCall::UserCredential => {
                    "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"
                }
                ClusterCall::PoolVersions => {
                    "Microsoft.ContainerService/managedClusters/availableAgentPoolVersions/read"
                }
                ClusterCall::MaintenanceConfigurations => {
                    "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/read"
                }
                ClusterCall::ListPools => "Microsoft.ContainerService/managedClusters/agentPools/read",
            },
            Self::Pool { call, .. } => match call {
                PoolCall::Get => "Microsoft.ContainerService/managedClusters/agentPools/read",
                PoolCall::Put => Action::WritePool.name(),
                PoolCall::Delete => Action::DeletePool.name(),
                PoolCall::Abort => Action::AbortPool.name(),
                PoolCall::DeleteMachines => Action::DeleteMachines.name(),
                PoolCall::UpgradeProfile => {
                    "Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles/read"
                }
                PoolCall::UpgradeNodeImage => Action::UpgradeNodeImage.name(),
            },
        })
    }
}

/// The way of asking for an operation that a path's segment means.
fn link_of(kind: &str) -> Option<Link> {
    [Link::Status, Link::Result]
        .into_iter()
        .find(|link| link.segment() == kind)
}

/// The resource provider, in lower case.
const PROVIDER: &str = "microsoft.containerservice";
