//! What goes wrong in a scenario and what other people do meanwhile: faults, incidents and breakages in TOML, and
//! what they are in the world.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::document::{Document, Mode};
use super::surroundings::PodsInTrouble;
use crate::domain::version::KubernetesVersion;
use crate::simulator::faults::{self, Conflict, Effect, Trouble};
use crate::simulator::kubernetes::objects::EventSpec;
use crate::simulator::world::incident::{self, Deed, NodeCondition, ObjectName, Turn};
use crate::simulator::world::{PoolCreation, PoolMode, UpgradeSettings, World};

/// Who does what a scenario has done by somebody it does not name.
pub(super) const SOMEBODY: &str = "alex.kim@shop.example";

const MINUTE: Duration = Duration::from_mins(1);

/// At most one of the first six; none means: when the scenario begins.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    after_seconds: Option<u64>,
    #[serde(default)]
    control_plane_begins: bool,
    #[serde(default)]
    control_plane_ends: bool,
    pool_begins: Option<String>,
    pool_ends: Option<String>,
    /// The window of automatic upgrades is open and at least so many hours long.
    window_of_hours: Option<u64>,
    /// Added to the moment.
    #[serde(default)]
    delay_seconds: u64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FaultKind {
    Throttle,
    InternalError,
    Gateway,
    LostOperation,
    NotJson,
    Slow,
    Denied,
    TokenExpired,
    /// 409 `OperationNotAllowed`.
    Conflict,
    /// 409 `EtagMismatch`.
    EtagConflict,
    /// Somebody saves a tag just before the request: 412 for one with `If-Match`.
    TagSaved,
    Stale,
    Down,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    kind: FaultKind,
    method: Option<String>,
    path: Option<String>,
    every: Option<u32>,
    times: Option<u32>,
    retry_after_seconds: Option<u64>,
    /// Of the gateway: 502 or 504.
    status: Option<u16>,
    /// The request takes effect although it is answered with an error.
    #[serde(default)]
    takes_effect: bool,
    /// How late an answer is, or how old.
    delay_seconds: Option<u64>,
    /// Minutes after the scenario begins.
    from_minute: Option<u32>,
    until_minute: Option<u32>,
    /// Begins here instead, and ends after `for_seconds`.
    when: Option<When>,
    for_seconds: Option<u64>,
    /// Whose beginnings `when` means; the first one unless given.
    cluster: Option<String>,
}

/// Something that happens once.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Incident {
    /// The first one unless given.
    cluster: Option<String>,
    #[serde(default)]
    when: When,
    /// Named in the activity log.
    caller: Option<String>,
    what: What,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum What {
    Upgrade {
        to: KubernetesVersion,
    },
    ControlPlane {
        to: KubernetesVersion,
    },
    Pool {
        pool: String,
        to: KubernetesVersion,
    },
    NodeImage {
        pool: String,
    },
    /// Of the pool where one is named, else of the cluster.
    Abort {
        pool: Option<String>,
    },
    DeleteCluster,
    DeletePool {
        pool: String,
    },
    AddPool {
        pool: String,
        mode: Mode,
        count: u32,
        vm_size: String,
        /// The control plane's unless given.
        version: Option<KubernetesVersion>,
    },
    SaveTag {
        key: String,
        value: String,
    },
    /// The API server cannot be reached.
    Away {
        seconds: u64,
    },
    LeaveBehind {
        pool: String,
        nodes: usize,
    },
    FailWhenDone {
        pool: String,
    },
    /// Something else takes over what runs on a pool.
    Preempt {
        pool: String,
    },
    /// Somebody adds an object.
    Add(Value),
    /// Somebody changes an object by a merge patch; `apps#0` is the first node of pool apps.
    Edit {
        kind: String,
        #[serde(default)]
        namespace: String,
        name: String,
        patch: Value,
    },
    Remove {
        kind: String,
        #[serde(default)]
        namespace: String,
        name: String,
    },
    /// An event as some component of the cluster writes it.
    Event(Said),
    Trouble(PodsInTrouble),
    Heal {
        namespace: String,
        workload: String,
    },
    /// What stood in the way is taken away.
    Lift(String),
    /// A condition that something on the node reports.
    NodeCondition {
        /// `apps#0` is the first node of pool apps.
        node: String,
        kind: String,
        is_true: bool,
        reason: String,
        message: String,
    },
    /// Every event of this source is gone, as after an hour.
    ForgetEvents(String),
    /// A machine is taken away by Azure.
    LoseMachine {
        /// `apps#0` is the first node of pool apps.
        node: String,
    },
}

/// An event.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    #[serde(default)]
    is_warning: bool,
    reason: String,
    message: String,
    source: String,
    kind: String,
    #[serde(default = "default_namespace")]
    namespace: String,
    /// `apps#0` is the first node of pool apps.
    name: String,
}

fn default_namespace() -> String {
    "default".to_owned()
}

/// The control plane's version at that moment breaks an application: it fails while a pod of it runs on a node of
/// this version or a newer one, until it is repaired.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Breakage {
    cluster: Option<String>,
    namespace: String,
    workload: String,
    #[serde(default)]
    when: When,
}

impl When {
    fn check(&self) -> Result<(), String> {
        let named = [
            self.after_seconds.is_some(),
            self.control_plane_begins,
            self.control_plane_ends,
            self.pool_begins.is_some(),
            self.pool_ends.is_some(),
            self.window_of_hours.is_some(),
        ];
        if named.iter().filter(|is_named| **is_named).count() > 1 {
            return Err("'when' names more than one moment".to_owned());
        }
        Ok(())
    }

    fn resolve(&self, now: Timestamp) -> incident::When {
        if let Some(hours) = self.window_of_hours {
            return incident::When::Window { hours };
        }
        let turn = if self.control_plane_begins {
            Turn::ControlPlaneBegins
        } else if self.control_plane_ends {
            Turn::ControlPlaneEnds
        } else if let Some(pool) = &self.pool_begins {
            Turn::PoolBegins(pool.clone())
        } else if let Some(pool) = &self.pool_ends {
            Turn::PoolEnds(pool.clone())
        } else {
            return incident::When::At(now + Duration::from_secs(self.after_seconds.unwrap_or(0)));
        };
        incident::When::Turn(turn)
    }
}

/// Checks what the types cannot say.
pub(super) fn check(document: &Document) -> Result<(), String> {
    let faults = document
        .faults
        .iter()
        .map(|fault| (&fault.cluster, fault.when.as_ref()));
    let incidents = document
        .incidents
        .iter()
        .map(|incident| (&incident.cluster, Some(&incident.when)));
    let breakages = document
        .breakages
        .iter()
        .map(|breakage| (&breakage.cluster, Some(&breakage.when)));
    for (cluster, when) in faults.chain(incidents).chain(breakages) {
        when.map_or(Ok(()), When::check)?;
        let found = document.cluster(cluster.as_deref());
        let found = found.ok_or_else(|| format!("there is no cluster '{}'", cluster.as_deref().unwrap_or_default()))?;
        let pool = when.and_then(|when| when.pool_begins.as_ref().or(when.pool_ends.as_ref()));
        if let Some(pool) = pool.filter(|pool| found.pools.iter().all(|known| known.name != **pool)) {
            return Err(format!("cluster '{}': there is no pool '{pool}'", found.name));
        }
    }
    Ok(())
}

/// Puts everything in wait, seen from the scenario's beginning.
pub(super) fn prepare(world: &mut World, document: &Document) {
    let now = world.now;
    let name = |cluster: &Option<String>| {
        let found = document.cluster(cluster.as_deref());
        found.map(|cluster| cluster.name.clone()).unwrap_or_default()
    };
    let push = |world: &mut World, cluster: String, when: &When, caller: Option<&String>, what| {
        world.incidents.push(incident::Incident {
            cluster,
            when: when.resolve(now),
            delay: Duration::from_secs(when.delay_seconds),
            what,
            caller: caller.map_or(SOMEBODY, String::as_str).to_owned(),
        });
    };
    for fault in &document.faults {
        match &fault.when {
            None => world.faults.push(fault.build(now)),
            Some(when) => {
                let what = incident::What::Fault {
                    fault: fault.build(now),
                    lasts: fault.for_seconds.map(Duration::from_secs),
                };
                push(world, name(&fault.cluster), when, None, what);
            }
        }
    }
    for one in &document.incidents {
        push(
            world,
            name(&one.cluster),
            &one.when,
            one.caller.as_ref(),
            one.what.build(),
        );
    }
    for breakage in &document.breakages {
        let what = incident::What::Break {
            namespace: breakage.namespace.clone(),
            workload: breakage.workload.clone(),
        };
        push(world, name(&breakage.cluster), &breakage.when, None, what);
    }
}

impl Fault {
    fn build(&self, now: Timestamp) -> faults::Fault {
        let effect = if self.takes_effect { Effect::Done } else { Effect::None };
        let by = |otherwise| Duration::from_secs(self.delay_seconds.unwrap_or(otherwise));
        let trouble = match self.kind {
            FaultKind::Throttle => Trouble::Throttle {
                retry_after_seconds: self.retry_after_seconds,
            },
            FaultKind::InternalError => Trouble::InternalError { effect },
            FaultKind::Gateway => Trouble::Gateway {
                status: self.status.unwrap_or(502),
                effect,
            },
            FaultKind::LostOperation => Trouble::LostOperation,
            FaultKind::NotJson => Trouble::NotJson,
            FaultKind::Slow => Trouble::Slow { by: by(5) },
            FaultKind::Denied => Trouble::Denied,
            FaultKind::TokenExpired => Trouble::TokenExpired,
            FaultKind::Conflict => Trouble::Conflict(Conflict::Busy),
            FaultKind::EtagConflict => Trouble::Conflict(Conflict::Etag),
            FaultKind::TagSaved => Trouble::TagSaved,
            FaultKind::Stale => Trouble::Stale { by: by(60) },
            FaultKind::Down => Trouble::Down,
        };
        let minute = |minute: Option<u32>| minute.map(|minute| now + MINUTE * minute);
        let mut built = faults::Fault::new(trouble).between(minute(self.from_minute), minute(self.until_minute));
        built.method.clone_from(&self.method);
        built.path = self.path.as_ref().map(|path| path.to_ascii_lowercase());
        built.every = self.every;
        built.times = self.times;
        built
    }
}

impl What {
    pub(super) fn build(&self) -> incident::What {
        let deed = match self.clone() {
            Self::Away { seconds } => return incident::What::Away(Duration::from_secs(seconds)),
            Self::LeaveBehind { pool, nodes } => return incident::What::LeaveBehind { pool, nodes },
            Self::FailWhenDone { pool } => return incident::What::FailWhenDone { pool },
            Self::Add(object) => return incident::What::Add(object),
            Self::Edit {
                kind,
                namespace,
                name,
                patch,
            } => {
                let object = ObjectName { kind, namespace, name };
                return incident::What::Edit { object, patch };
            }
            Self::Remove { kind, namespace, name } => {
                return incident::What::Remove(ObjectName { kind, namespace, name });
            }
            Self::Event(said) => return incident::What::Event(said.build()),
            Self::Trouble(trouble) => return incident::What::Trouble(trouble.build()),
            Self::Heal { namespace, workload } => return incident::What::Heal { namespace, workload },
            Self::Lift(word) => return incident::What::Lift(word),
            Self::NodeCondition {
                node,
                kind,
                is_true,
                reason,
                message,
            } => {
                return incident::What::NodeCondition(NodeCondition {
                    node,
                    kind,
                    is_true,
                    reason,
                    message,
                });
            }
            Self::ForgetEvents(source) => return incident::What::ForgetEvents(source),
            Self::LoseMachine { node } => return incident::What::LoseMachine(node),
            Self::Preempt { pool } => Deed::Preempt { pool },
            Self::Upgrade { to } => Deed::Upgrade { to: to.to_string() },
            Self::ControlPlane { to } => Deed::ControlPlane { to: to.to_string() },
            Self::Pool { pool, to } => Deed::Pool {
                pool,
                to: to.to_string(),
            },
            Self::NodeImage { pool } => Deed::NodeImage { pool },
            Self::Abort { pool } => Deed::Abort { pool },
            Self::DeleteCluster => Deed::DeleteCluster,
            Self::DeletePool { pool } => Deed::DeletePool { pool },
            Self::AddPool {
                pool,
                mode,
                count,
                vm_size,
                version,
            } => Deed::AddPool(PoolCreation {
                name: pool,
                mode: match mode {
                    Mode::System => PoolMode::System,
                    Mode::User => PoolMode::User,
                },
                count,
                vm_size,
                version: version.map(|version| version.to_string()),
                settings: UpgradeSettings::default(),
            }),
            Self::SaveTag { key, value } => Deed::SaveTag { key, value },
        };
        incident::What::Deed(deed)
    }
}

impl Said {
    fn build(self) -> EventSpec {
        EventSpec {
            is_warning: self.is_warning,
            reason: self.reason,
            message: self.message,
            source: self.source,
            object_kind: self.kind,
            object_name: self.name,
            namespace: self.namespace,
        }
    }
}
