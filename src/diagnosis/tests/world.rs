//! A small cluster that tests break bit by bit: a system pool `sys` and a pool `web` of three nodes, one of them new.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::diagnosis::catalogue::Catalogue;
use crate::diagnosis::cause::{Cause, Diagnosis};
use crate::diagnosis::diagnose;
use crate::diagnosis::symptoms::{ErrorSymptom, Symptoms, UsualTimes};
use crate::domain::cluster::{AutoUpgrade, Cluster, ClusterUpgrades, SupportPlan};
use crate::domain::disruption::{DisruptionBudget, LabelSelector};
use crate::domain::event::{ClusterEvent, EventKind};
use crate::domain::ids::{ClusterId, NodeName};
use crate::domain::network::PodNetwork;
use crate::domain::node::{Node, Readiness};
use crate::domain::node_pool::{NodePool, PoolMode, UpgradeSettings};
use crate::domain::pod::{Owner, Pod};
use crate::domain::provisioning::{AzureErrorDetail, PowerState, ProvisioningState};
use crate::domain::subject::Subject;
use crate::domain::survey::{
    ApiServerHealth, BudgetFact, ClusterDetails, ContainerFact, ContainerState, EventFact, NodeFact, PodFact,
    Resources, Survey, WorkloadFact,
};
use crate::progress::picture::{DrainProgress, LivePicture, NodePhase, NodeProgress};

pub(in crate::diagnosis) const OLD: &str = "1.33.5";
pub(in crate::diagnosis) const NEW: &str = "1.34.2";
pub(in crate::diagnosis) const WEB1: &str = "aks-web-1-vmss000001";
pub(in crate::diagnosis) const WEB2: &str = "aks-web-1-vmss000002";
/// Runs the new version already.
pub(in crate::diagnosis) const WEB3: &str = "aks-web-1-vmss000003";

/// Minutes before or after the moment of the look.
pub(in crate::diagnosis) fn at(minutes: i64) -> Timestamp {
    let noon: Timestamp = "2026-09-01T12:00:00Z".parse().unwrap();
    noon + SignedDuration::from_mins(minutes)
}

/// Everything a diagnosis looks at, to be changed.
pub(in crate::diagnosis) struct World {
    pub(in crate::diagnosis) survey: Survey,
    pub(in crate::diagnosis) picture: Option<LivePicture>,
    pub(in crate::diagnosis) errors: Vec<ErrorSymptom>,
    pub(in crate::diagnosis) usual: UsualTimes,
}

impl World {
    /// An upgrade of the pool `web` that began 20 minutes ago and goes well: one node is done.
    pub(in crate::diagnosis) fn upgrading() -> Self {
        let mut world = Self::all_read();
        world.pool("web").provisioning_state = ProvisioningState::Upgrading;
        let mut picture = LivePicture::empty(at(0));
        picture.is_running = true;
        picture.running_since = Some(at(-20));
        world.picture = Some(picture);
        for (name, phase, since) in [
            (WEB1, NodePhase::Waiting, -20),
            (WEB2, NodePhase::Waiting, -20),
            (WEB3, NodePhase::Upgraded, -2),
        ] {
            world.progress(name, phase, since);
        }
        world
    }

    /// The same, failed just now, with the pool's error.
    pub(in crate::diagnosis) fn failed(code: &str, message: &str) -> Self {
        let mut world = Self::all_read();
        world.pool("web").provisioning_state = ProvisioningState::Failed;
        world.error(code, message);
        world
    }

    /// Nothing goes on: all nodes run what Azure says.
    pub(in crate::diagnosis) fn quiet() -> Self {
        let mut world = Self::all_read();
        for name in [WEB1, WEB2] {
            world.node(name).node.version = NEW.parse().ok();
            world.node(name).node.version_text = format!("v{NEW}");
        }
        world
    }

    /// Nothing was read at all.
    pub(in crate::diagnosis) fn blind() -> Self {
        Self {
            survey: Survey::empty(ClusterId::from_parts("s", "rg", "shop"), at(0)),
            picture: None,
            errors: Vec::new(),
            usual: UsualTimes::default(),
        }
    }

    fn all_read() -> Self {
        let mut world = Self::blind();
        let azure = &mut world.survey.azure;
        azure.cluster = Ok(cluster());
        azure.details = Ok(ClusterDetails::default());
        azure.upgrades = Ok(ClusterUpgrades::default());
        azure.compute_usage = Ok(Vec::new());
        azure.network_usage = Ok(Vec::new());
        azure.vm_sizes = Ok(Vec::new());
        azure.locks = Ok(Vec::new());
        azure.policies = Ok(Vec::new());
        azure.windows = Ok(Vec::new());
        azure.machines = Ok(Vec::new());
        azure.failed_activities = Ok(Vec::new());
        let kubernetes = &mut world.survey.kubernetes;
        kubernetes.server_version = Ok(NEW.parse().unwrap());
        kubernetes.health = Ok(ApiServerHealth::default());
        kubernetes.nodes = Ok(vec![
            node("aks-sys-1-vmss000000", "sys", NEW, -5000),
            node(WEB1, "web", OLD, -5000),
            node(WEB2, "web", OLD, -5000),
            node(WEB3, "web", NEW, -5),
        ]);
        kubernetes.pods = Ok(Vec::new());
        kubernetes.budgets = Ok(Vec::new());
        kubernetes.workloads = Ok(vec![workload("coredns", 2), workload("konnectivity-agent", 2)]);
        kubernetes.volumes = Ok(Vec::new());
        kubernetes.attachments = Ok(Vec::new());
        kubernetes.webhooks = Ok(Vec::new());
        kubernetes.api_services = Ok(Vec::new());
        kubernetes.deprecated_uses = Ok(Vec::new());
        kubernetes.events = Ok(Vec::new());
        kubernetes.unapproved_requests = Ok(Vec::new());
        kubernetes.flow_schemas = Ok(Vec::new());
        world
    }

    pub(in crate::diagnosis) fn cluster(&mut self) -> &mut Cluster {
        self.survey.azure.cluster.as_mut().unwrap()
    }

    pub(in crate::diagnosis) fn pool(&mut self, name: &str) -> &mut NodePool {
        let pools = &mut self.cluster().pools;
        pools.iter_mut().find(|pool| pool.name.as_str() == name).unwrap()
    }

    pub(in crate::diagnosis) fn node(&mut self, name: &str) -> &mut NodeFact {
        let nodes = self.survey.kubernetes.nodes.as_mut().unwrap();
        nodes.iter_mut().find(|fact| fact.node.name.as_str() == name).unwrap()
    }

    pub(in crate::diagnosis) fn add_pod(&mut self, pod: PodFact) {
        self.survey.kubernetes.pods.as_mut().unwrap().push(pod);
    }

    pub(in crate::diagnosis) fn add_budget(&mut self, budget: DisruptionBudget) {
        self.survey.kubernetes.budgets.as_mut().unwrap().push(BudgetFact {
            uid: budget.name.clone(),
            created_at: None,
            managed_by: None,
            budget,
        });
    }

    pub(in crate::diagnosis) fn workload(&mut self, name: &str) -> &mut WorkloadFact {
        let workloads = self.survey.kubernetes.workloads.as_mut().unwrap();
        workloads.iter_mut().find(|workload| workload.name == name).unwrap()
    }

    /// The picture's row of a node, made or changed.
    pub(in crate::diagnosis) fn progress(&mut self, name: &str, phase: NodePhase, since: i64) -> &mut NodeProgress {
        let picture = self.picture.get_or_insert_with(|| LivePicture::empty(at(0)));
        let fresh = NodeProgress {
            name: name.into(),
            pool: Some("web".into()),
            phase,
            since: at(since),
            is_surge: false,
            version: None,
            version_text: String::new(),
            node_image: None,
            is_ready: Some(true),
            is_cordoned: false,
            drain: None,
            last_event: None,
            zone: None,
        };
        picture.nodes.insert(name.into(), fresh);
        picture.nodes.get_mut(&NodeName::new(name)).unwrap()
    }

    /// A node that is cordoned and drained since then.
    pub(in crate::diagnosis) fn drain(&mut self, name: &str, since: i64) {
        self.node(name).node.is_cordoned = true;
        let progress = self.progress(name, NodePhase::Draining, since);
        progress.is_cordoned = true;
        progress.drain = Some(DrainProgress {
            since: at(since),
            deadline: Some(at(since + 30)),
            pods_left: Some(1),
            pods_at_start: Some(4),
            holds: Vec::new(),
            blocked_by_event: Vec::new(),
        });
    }

    pub(in crate::diagnosis) fn error(&mut self, code: &str, message: &str) {
        self.errors.push(ErrorSymptom {
            subject: Subject::pool(&"web".into()),
            error: error(code, message),
            at: Some(at(-1)),
            is_refusal: false,
        });
    }

    /// An event that lasts: first seen 20 minutes ago, last just now.
    pub(in crate::diagnosis) fn say(
        &mut self,
        kind: EventKind,
        reason: &str,
        object: (&str, &str),
        message: &str,
    ) -> &mut ClusterEvent {
        let events = self.survey.kubernetes.events.as_mut().unwrap();
        events.push(EventFact {
            namespace: if object.0 == "Node" {
                "default".into()
            } else {
                "shop".into()
            },
            event: ClusterEvent {
                uid: format!("e{}", events.len()),
                kind,
                reason: reason.into(),
                message: message.into(),
                source: if object.0 == "Node" {
                    "upgrader".into()
                } else {
                    "kubelet".into()
                },
                object_kind: object.0.into(),
                object_name: object.1.into(),
                first_seen: Some(at(-20)),
                last_seen: Some(at(0)),
                count: 9,
            },
        });
        &mut events.last_mut().unwrap().event
    }

    pub(in crate::diagnosis) fn diagnose(&self) -> Diagnosis {
        let symptoms = Symptoms {
            survey: &self.survey,
            picture: self.picture.as_ref(),
            errors: &self.errors,
            usual: &self.usual,
            now: at(0),
        };
        diagnose(&symptoms, Catalogue::shipped())
    }

    /// The codes, most likely first.
    pub(in crate::diagnosis) fn codes(&self) -> Vec<String> {
        self.diagnose().causes.into_iter().map(|cause| cause.code).collect()
    }

    /// The cause on top, which must have that code.
    pub(in crate::diagnosis) fn top(&self, code: &str) -> Cause {
        let diagnosis = self.diagnose();
        let codes: Vec<&str> = diagnosis.causes.iter().map(|cause| cause.code.as_str()).collect();
        assert_eq!(codes.first(), Some(&code), "{:#?}", diagnosis.causes);
        diagnosis.causes.into_iter().next().unwrap()
    }
}

pub(in crate::diagnosis) fn error(code: &str, message: &str) -> AzureErrorDetail {
    AzureErrorDetail {
        code: code.into(),
        message: message.into(),
        ..AzureErrorDetail::default()
    }
}

fn cluster() -> Cluster {
    Cluster {
        id: ClusterId::from_parts("s", "rg", "shop"),
        name: "shop".into(),
        resource_group: "rg".into(),
        subscription_id: "s".into(),
        location: "westeurope".into(),
        requested_version: Some(NEW.into()),
        version: NEW.parse().ok(),
        provisioning_state: ProvisioningState::Succeeded,
        power_state: PowerState::Running,
        tier: Some("Standard".into()),
        support_plan: SupportPlan::default(),
        auto_upgrade: AutoUpgrade::default(),
        fqdn: None,
        private_fqdn: None,
        node_resource_group: None,
        network: Some(PodNetwork::Overlay),
        pools: vec![pool("sys", 1), pool("web", 3)],
        tags: BTreeMap::new(),
        force_upgrade_until: None,
        etag: None,
        error: None,
    }
}

fn pool(name: &str, count: u32) -> NodePool {
    NodePool {
        name: name.into(),
        mode: PoolMode::User,
        count,
        vm_size: "Standard_D4s_v5".into(),
        os_type: "Linux".into(),
        requested_version: Some(NEW.into()),
        version: NEW.parse().ok(),
        node_image: None,
        provisioning_state: ProvisioningState::Succeeded,
        power_state: PowerState::Running,
        upgrade_settings: UpgradeSettings::default(),
        is_autoscaled: false,
        is_spot: false,
        max_pods: Some(30),
        vnet_subnet: Some("/subscriptions/s/vnets/v/subnets/nodes".into()),
        pod_subnet: None,
        etag: None,
        error: None,
    }
}

pub(in crate::diagnosis) fn node(name: &str, pool: &str, version: &str, created: i64) -> NodeFact {
    NodeFact {
        node: Node {
            name: name.into(),
            uid: format!("{name}-{created}"),
            pool: Some(pool.into()),
            version: version.parse().ok(),
            version_text: format!("v{version}"),
            node_image: None,
            readiness: Readiness::Ready,
            is_cordoned: false,
            is_quarantined: false,
            zone: Some("westeurope-1".into()),
            created_at: Some(at(created)),
            boot_id: String::new(),
        },
        labels: BTreeMap::new(),
        taints: Vec::new(),
        conditions: Vec::new(),
        allocatable: Resources::default(),
        allocatable_pods: 30,
        os_image: "Ubuntu 24.04".into(),
        kernel: "6.8".into(),
        container_runtime: "containerd://2.0".into(),
        attached_volumes: 0,
        is_deleting: false,
        finalizers: Vec::new(),
    }
}

/// A ready pod of the namespace `shop`, an hour old, of the ReplicaSet and with the label `app`.
pub(in crate::diagnosis) fn pod(name: &str, app: &str, node: Option<&str>) -> PodFact {
    PodFact {
        pod: Pod {
            namespace: "shop".into(),
            name: name.into(),
            uid: format!("{name}-uid"),
            node: node.map(NodeName::new),
            phase: "Running".into(),
            is_ready: true,
            owner: Some(Owner {
                kind: "ReplicaSet".into(),
                name: format!("{app}-7d9"),
            }),
            labels: BTreeMap::from([("app".into(), app.into())]),
            deletion_at: None,
            finalizers: Vec::new(),
            is_mirror: false,
        },
        created_at: Some(at(-60)),
        requests: Resources::default(),
        containers: vec![ContainerFact {
            name: "main".into(),
            image: format!("{app}:1.2"),
            state: ContainerState::Running,
            last_end: None,
            restarts: 0,
            is_ready: true,
            has_readiness_probe: true,
            has_pre_stop: false,
        }],
        grace_seconds: 30,
        node_selector: BTreeMap::new(),
        required_affinity: Vec::new(),
        has_required_anti_affinity: false,
        tolerations: Vec::new(),
        volumes: Vec::new(),
        host_network: false,
        host_ports: Vec::new(),
        priority_class: None,
        says_never_evict: false,
        unschedulable: None,
        has_apparmor_annotation: false,
    }
}

/// The same, waiting with that reason since so many minutes ago.
pub(in crate::diagnosis) fn waiting_pod(
    name: &str,
    app: &str,
    node: &str,
    (reason, message): (&str, &str),
    created: i64,
) -> PodFact {
    let mut fact = pod(name, app, Some(node));
    fact.pod.is_ready = false;
    fact.pod.phase = "Pending".into();
    fact.created_at = Some(at(created));
    let container = &mut fact.containers[0];
    container.is_ready = false;
    container.state = ContainerState::Waiting {
        reason: reason.into(),
        message: message.into(),
    };
    fact
}

/// A pod without a node, since so many minutes.
pub(in crate::diagnosis) fn homeless_pod(name: &str, words: &str, created: i64) -> PodFact {
    let mut fact = pod(name, "web", None);
    fact.pod.is_ready = false;
    fact.pod.phase = "Pending".into();
    fact.created_at = Some(at(created));
    fact.unschedulable = Some(words.into());
    fact.containers.clear();
    fact
}

/// A budget of `shop` for an app: `least` pods must stay, so many are healthy, so many are expected.
pub(in crate::diagnosis) fn budget(app: &str, least: i32, healthy: i32, expected: i32) -> DisruptionBudget {
    DisruptionBudget {
        namespace: "shop".into(),
        name: format!("{app}-pdb"),
        selector: Some(LabelSelector {
            match_labels: BTreeMap::from([("app".into(), app.into())]),
            match_expressions: Vec::new(),
        }),
        min_available: Some(least.to_string()),
        max_unavailable: None,
        current_healthy: healthy,
        desired_healthy: least,
        expected_pods: expected,
        disruptions_allowed: (healthy - least).max(0),
        evicts_unhealthy_always: false,
    }
}

/// A healthy Deployment of kube-system.
pub(in crate::diagnosis) fn workload(name: &str, replicas: u32) -> WorkloadFact {
    WorkloadFact {
        kind: "Deployment".into(),
        namespace: "kube-system".into(),
        name: name.into(),
        uid: name.into(),
        replicas,
        ready: replicas,
        selector: LabelSelector {
            match_labels: BTreeMap::from([("app".into(), name.into())]),
            match_expressions: Vec::new(),
        },
        pod_labels: BTreeMap::new(),
        owner: None,
        has_readiness_probe: true,
        has_spread: true,
        grace_seconds: 30,
        tolerations: Vec::new(),
        conditions: Vec::new(),
        created_at: None,
        managed_by: None,
    }
}
