//! What a scenario adds to a cluster besides pools and plain workloads: objects as they are written, pods in trouble,
//! answers of webhooks, figures of the API server, what lies around in Azure and what stands in the way.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::simulator::kubernetes::objects::{
    BudgetSpec, DeprecatedApiUse, ObjectStore, PodTrouble, TroubledPods, WebhookAnswer,
};
use crate::simulator::world::hindrance::Hindrance;
use crate::simulator::world::landscape::Landscape;

/// Everything of a cluster that is not as usual.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Surroundings {
    pub(super) landscape: Landscape,
    pub(super) hindrances: Vec<Hindrance>,
    /// Budgets besides those that come with workloads.
    pub(super) budgets: Vec<Budget>,
    /// Kubernetes objects in the API's own words.
    pub(super) objects: Vec<Value>,
    /// Pods in trouble from the beginning.
    pub(super) troubles: Vec<PodsInTrouble>,
    /// What webhooks say, by their names; all others allow.
    pub(super) webhooks: BTreeMap<String, Answer>,
    pub(super) figures: Figures,
    /// Verb and plural that are answered with 403, as `list pods`.
    pub(super) denied: Vec<String>,
    /// Plurals and paths that are answered with 404, as `/metrics`.
    pub(super) not_served: Vec<String>,
    /// Its API server can never be reached from here.
    pub(super) is_unreachable: bool,
    /// A maintenance window that is closed by now.
    pub(super) closed_window: Option<ClosedWindow>,
}

/// A daily maintenance window, seen from the scenario's beginning.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClosedWindow {
    /// For instance `aksManagedAutoUpgradeSchedule`.
    name: String,
    ended_minutes_ago: u32,
    hours: u32,
}

/// A further budget of a workload.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Budget {
    namespace: String,
    name: String,
    workload: String,
    min_available: Option<String>,
    max_unavailable: Option<String>,
}

/// What a webhook says.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    Allow,
    Deny(String),
    Silent,
}

/// Pods of one workload in trouble.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PodsInTrouble {
    namespace: String,
    workload: String,
    what: TroubleKind,
    most: Option<usize>,
    /// Also pods that run already.
    #[serde(default)]
    includes_running: bool,
    /// Only on nodes of this version or a newer one.
    from_version: Option<String>,
    /// Kind, namespace and name of the object with which it ends.
    while_exists: Option<(String, String, String)>,
    /// Only on nodes whose image has this in its name.
    on_image: Option<String>,
    /// Pods made by a restart of their workload are spared.
    #[serde(default)]
    until_restarted: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum TroubleKind {
    /// No node takes them, in the scheduler's words.
    NoNode(String),
    /// The registry's words.
    ImagePull(String),
    /// The network plugin's words.
    NoAddress(String),
    /// The attacher's words.
    NotAttached(String),
    Crashing {
        reason: String,
        exit_code: i32,
        restarts: u32,
    },
    /// The readiness probe's words.
    NotReady(String),
}

/// Figures of the API server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Figures {
    etcd_bytes: Option<u64>,
    rejected_requests: Option<u64>,
    /// Objects of a resource besides those that are there.
    further_objects: BTreeMap<String, u64>,
    /// Parts of `/readyz` that fail.
    failing_checks: Vec<String>,
    deprecated: Vec<Deprecated>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Deprecated {
    #[serde(default)]
    group: String,
    version: String,
    resource: String,
    removed_release: String,
    #[serde(default)]
    requests: BTreeMap<String, u64>,
}

impl Surroundings {
    /// Checks what the types cannot say.
    pub(super) fn check(&self) -> Result<(), String> {
        match self.denied.iter().find(|right| !right.contains(' ')) {
            Some(right) => Err(format!("denied: '{right}' is not a verb and a plural, as 'list pods'")),
            None => Ok(()),
        }
    }

    /// Puts everything about Kubernetes into the cluster's objects, before time passes.
    pub(super) fn furnish(&self, objects: &mut ObjectStore, now: Timestamp) -> Result<(), String> {
        for budget in &self.budgets {
            let spec = BudgetSpec {
                name: budget.name.clone(),
                min_available: budget.min_available.clone(),
                max_unavailable: budget.max_unavailable.clone(),
            };
            objects.add_budget(&budget.namespace, &budget.workload, &spec, now);
        }
        for object in &self.objects {
            objects.add_object(object, now).map_err(|error| error.to_string())?;
        }
        for (webhook, answer) in &self.webhooks {
            let answer = match answer {
                Answer::Allow => WebhookAnswer::Allow,
                Answer::Deny(message) => WebhookAnswer::Deny {
                    message: message.clone(),
                },
                Answer::Silent => WebhookAnswer::Silent,
            };
            objects.set_webhook_answer(webhook, answer);
        }
        for right in &self.denied {
            let (verb, plural) = right.split_once(' ').unwrap_or((right, ""));
            objects.deny(verb, plural);
        }
        for path in &self.not_served {
            objects.stop_serving(path);
        }
        self.figures.set(objects);
        Ok(())
    }

    /// What lies around the cluster in a world that begins at `now`.
    pub(super) fn landscape(&self, now: Timestamp) -> Landscape {
        let mut landscape = self.landscape.clone();
        put_nulls(&mut landscape.cluster_properties);
        landscape.pool_properties.values_mut().for_each(put_nulls);
        if let Some(window) = &self.closed_window {
            let length = Duration::from_hours(u64::from(window.hours));
            let opened = now - Duration::from_mins(u64::from(window.ended_minutes_ago)) - length;
            let properties = json!({ "maintenanceWindow": {
                "schedule": { "daily": { "intervalDays": 1 } },
                "durationHours": window.hours,
                "utcOffset": "+00:00",
                "startDate": (opened - Duration::from_hours(24 * 30)).strftime("%Y-%m-%d").to_string(),
                "startTime": opened.strftime("%H:%M").to_string(),
            } });
            landscape.windows.insert(window.name.clone(), properties);
        }
        landscape
    }

    /// Lets the pods get into trouble, once the cluster stands.
    pub(super) fn trouble(&self, objects: &mut ObjectStore, now: Timestamp) {
        for trouble in &self.troubles {
            objects.trouble_pods(trouble.build(), now);
        }
    }
}

impl PodsInTrouble {
    pub(super) fn build(&self) -> TroubledPods {
        let waiting = |reason: &str, message: &str, event| PodTrouble::Waiting {
            reason: reason.to_owned(),
            message: message.to_owned(),
            event,
        };
        TroubledPods {
            namespace: self.namespace.clone(),
            workload: self.workload.clone(),
            trouble: match &self.what {
                TroubleKind::NoNode(message) => PodTrouble::NoNode {
                    message: message.clone(),
                },
                TroubleKind::ImagePull(message) => waiting("ImagePullBackOff", message, "Failed"),
                TroubleKind::NoAddress(message) => waiting("ContainerCreating", message, "FailedCreatePodSandBox"),
                TroubleKind::NotAttached(message) => waiting("ContainerCreating", message, "FailedAttachVolume"),
                TroubleKind::Crashing {
                    reason,
                    exit_code,
                    restarts,
                } => PodTrouble::Crashing {
                    last_reason: reason.clone(),
                    exit_code: *exit_code,
                    restarts: *restarts,
                },
                TroubleKind::NotReady(message) => PodTrouble::NotReady {
                    message: message.clone(),
                },
            },
            most: self.most,
            includes_running: self.includes_running,
            from_version: self.from_version.clone(),
            while_exists: self.while_exists.clone(),
            on_image: self.on_image.clone(),
            until_restarted: self.until_restarted,
        }
    }
}

impl Figures {
    fn set(&self, objects: &mut ObjectStore) {
        if let Some(bytes) = self.etcd_bytes {
            objects.set_etcd_bytes(bytes);
        }
        if let Some(count) = self.rejected_requests {
            objects.set_rejected_requests(count);
        }
        for (resource, count) in &self.further_objects {
            objects.set_further_objects(resource, *count);
        }
        for check in &self.failing_checks {
            objects.set_ready_check(check, true);
        }
        for used in &self.deprecated {
            objects.add_deprecated_use(DeprecatedApiUse {
                group: used.group.clone(),
                version: used.version.clone(),
                resource: used.resource.clone(),
                subresource: String::new(),
                removed_release: used.removed_release.clone(),
                requests: used.requests.clone(),
                replica: 0,
            });
        }
    }
}

/// TOML has no null: `<none>` stands for it.
fn put_nulls(value: &mut Value) {
    match value {
        Value::String(text) if text == "<none>" => *value = Value::Null,
        Value::Object(fields) => fields.values_mut().for_each(put_nulls),
        _ => {}
    }
}

/// Time before the first entry of a history, in which everything stands.
pub(super) const LEAD: Duration = Duration::from_mins(2);
