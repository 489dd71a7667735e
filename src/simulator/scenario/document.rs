//! The TOML of a scenario, field by field, and what must hold between the fields.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::surroundings::Surroundings;
use super::{expected, plot};
use crate::domain::version::{KubernetesVersion, MinorVersion};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) description: String,
    pub(super) demo_speed: f64,
    pub(super) simulate_speed: f64,
    #[serde(default)]
    pub(super) wire: Wire,
    pub(super) subscriptions: Vec<Subscription>,
    #[serde(default)]
    pub(super) quotas: Vec<Quota>,
    pub(super) clusters: Vec<Cluster>,
    #[serde(default)]
    pub(super) faults: Vec<plot::Fault>,
    #[serde(default)]
    pub(super) incidents: Vec<plot::Incident>,
    #[serde(default)]
    pub(super) breakages: Vec<plot::Breakage>,
    pub(super) expect: Option<expected::Expected>,
    /// The oldest release line that is supported without the long-term plan; 1.34 unless given.
    pub(super) oldest_supported: Option<String>,
}

/// Manners of the wire.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wire {
    pub(super) retry_after_seconds: Option<u64>,
    pub(super) page_size: Option<usize>,
    #[serde(default)]
    pub(super) has_empty_last_page: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subscription {
    pub(super) name: String,
    pub(super) id: String,
    #[serde(default)]
    pub(super) is_denied: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quota {
    pub(super) subscription: String,
    pub(super) location: String,
    pub(super) family: String,
    /// In vCPUs; nodes of the scenario are counted as used.
    pub(super) limit: u32,
    #[serde(default)]
    pub(super) used_by_others: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cluster {
    pub(super) name: String,
    pub(super) resource_group: String,
    pub(super) subscription: String,
    pub(super) location: String,
    pub(super) version: KubernetesVersion,
    #[serde(default = "standard_tier")]
    pub(super) tier: String,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
    pub(super) upgrade_channel: Option<String>,
    #[serde(default = "node_image")]
    pub(super) node_os_channel: String,
    #[serde(default)]
    pub(super) uses_entra: bool,
    #[serde(default)]
    pub(super) is_stopped: bool,
    #[serde(default)]
    pub(super) age_days: Option<u32>,
    /// How long the API server is gone during the control plane step.
    #[serde(default)]
    pub(super) away_seconds: u64,
    pub(super) pools: Vec<Pool>,
    #[serde(default)]
    pub(super) workloads: Vec<Workload>,
    #[serde(default)]
    pub(super) history: Vec<Happening>,
    #[serde(default)]
    pub(super) with: Surroundings,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) enum Mode {
    System,
    User,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) enum Undrainable {
    Schedule,
    Cordon,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pool {
    pub(super) name: String,
    pub(super) mode: Mode,
    pub(super) count: u32,
    /// The cluster's unless given.
    pub(super) version: Option<KubernetesVersion>,
    /// For instance `202610.06.0`; the newest unless given.
    pub(super) image_release: Option<String>,
    pub(super) vm_size: String,
    #[serde(default)]
    pub(super) zones: Vec<String>,
    pub(super) max_surge: Option<String>,
    pub(super) max_unavailable: Option<String>,
    pub(super) drain_timeout_minutes: Option<u32>,
    pub(super) soak_minutes: Option<u32>,
    pub(super) undrainable: Option<Undrainable>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) enum WorkloadKind {
    #[default]
    Deployment,
    StatefulSet,
    DaemonSet,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Workload {
    pub(super) namespace: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) kind: WorkloadKind,
    pub(super) replicas: u32,
    #[serde(default)]
    pub(super) pools: Vec<String>,
    #[serde(default = "ten_seconds")]
    pub(super) start_seconds: u64,
    #[serde(default = "ten_seconds")]
    pub(super) stop_seconds: u64,
    #[serde(default)]
    pub(super) never_ready: u32,
    pub(super) finalizer: Option<String>,
    /// A budget `{name}-pdb` comes with one of these two.
    pub(super) min_available: Option<String>,
    pub(super) max_unavailable: Option<String>,
}

/// Something that was started before the scenario begins.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Happening {
    pub(super) minutes_ago: u32,
    /// What was started; else `what` happened.
    pub(super) start: Option<Start>,
    pub(super) what: Option<plot::What>,
    /// The target version, where there is one.
    pub(super) to: Option<KubernetesVersion>,
    /// The pool, where it is about one.
    pub(super) pool: Option<String>,
    /// Named in the activity log.
    pub(super) caller: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Start {
    /// Control plane and all pools.
    Upgrade,
    ControlPlane,
    Pool,
    NodeImage,
    /// Of the pool where one is named, else of the cluster.
    Abort,
}

fn standard_tier() -> String {
    "Standard".to_owned()
}

fn node_image() -> String {
    "NodeImage".to_owned()
}

fn ten_seconds() -> u64 {
    10
}

impl Document {
    /// Checks what the types cannot say.
    pub(super) fn check(&self) -> Result<(), String> {
        for (name, speed) in [("demo_speed", self.demo_speed), ("simulate_speed", self.simulate_speed)] {
            if !(speed.is_finite() && speed > 0.0) {
                return Err(format!("{name} must be above zero, not {speed}"));
            }
        }
        for quota in &self.quotas {
            self.subscription(&quota.subscription)?;
        }
        let mut names = Vec::new();
        for cluster in &self.clusters {
            if names.contains(&cluster.name.as_str()) {
                return Err(format!("two clusters are named '{}'", cluster.name));
            }
            names.push(&cluster.name);
            self.subscription(&cluster.subscription)
                .and_then(|_| cluster.check())
                .map_err(|why| format!("cluster '{}': {why}", cluster.name))?;
        }
        if self.clusters.is_empty() {
            return Err("there is no cluster".to_owned());
        }
        self.oldest_line()?;
        expected::check(self)?;
        plot::check(self)
    }

    /// `oldest_supported`, read.
    pub(super) fn oldest_line(&self) -> Result<Option<MinorVersion>, String> {
        let Some(text) = &self.oldest_supported else {
            return Ok(None);
        };
        let line = text
            .parse()
            .map_err(|_| format!("oldest_supported must be a line like 1.33, not '{text}'"))?;
        Ok(Some(line))
    }

    /// The cluster of this name, or the first one.
    pub(super) fn cluster(&self, name: Option<&str>) -> Option<&Cluster> {
        let mut clusters = self.clusters.iter();
        clusters.find(|cluster| name.is_none_or(|name| cluster.name == name))
    }

    pub(super) fn subscription(&self, name: &str) -> Result<&Subscription, String> {
        let found = self.subscriptions.iter().find(|known| known.name == name);
        found.ok_or_else(|| format!("there is no subscription '{name}'"))
    }
}

impl Cluster {
    fn check(&self) -> Result<(), String> {
        let pool = |name: &str| match self.pools.iter().find(|pool| pool.name == name) {
            Some(_) => Ok(()),
            None => Err(format!("there is no pool '{name}'")),
        };
        for workload in &self.workloads {
            workload.pools.iter().try_for_each(|name| pool(name))?;
            if workload.min_available.is_some() && workload.max_unavailable.is_some() {
                return Err(format!(
                    "workload '{}': min_available and max_unavailable exclude each other",
                    workload.name
                ));
            }
        }
        self.with.check()?;
        for happening in &self.history {
            if happening.start.is_some() == happening.what.is_some() {
                return Err("a history entry has either 'start' or 'what'".to_owned());
            }
            if let Some(name) = &happening.pool {
                pool(name)?;
            }
            let needs_version = matches!(
                happening.start,
                Some(Start::Upgrade | Start::ControlPlane | Start::Pool)
            );
            if needs_version && happening.to.is_none() {
                return Err("a history entry that upgrades needs 'to'".to_owned());
            }
            let needs_pool = matches!(happening.start, Some(Start::Pool | Start::NodeImage));
            if needs_pool && happening.pool.is_none() {
                return Err("a history entry about a pool needs 'pool'".to_owned());
            }
        }
        Ok(())
    }
}
