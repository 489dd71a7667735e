//! What happens without being asked for over the wire: other people's operations, deletions, tags, faults that begin
//! at a certain point. Each incident happens once, at a time or when something begins or ends.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::World;
use super::operation::{Author, OperationError, Target, guid};
use super::refusal::Refusal;
use super::requests::{ClusterChange, PoolChange, PoolCreation};
use super::run::Stage;
use crate::simulator::faults::Fault;
use crate::simulator::kubernetes::objects::{EventSpec, TroubledPods};

/// Something begins or ends on a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    ControlPlaneBegins,
    /// The operation that moved the control plane is over.
    ControlPlaneEnds,
    /// A rolling upgrade of this pool begins, by whomever.
    PoolBegins(String),
    /// The operation that upgraded this pool is over.
    PoolEnds(String),
}

impl Turn {
    pub(super) fn begin_of(stage: &Stage) -> Option<Self> {
        match stage {
            Stage::ControlPlane(_) => Some(Self::ControlPlaneBegins),
            Stage::Pool { name, .. } => Some(Self::PoolBegins(name.clone())),
            Stage::Settle(_) => None,
        }
    }

    pub(super) fn end_of(target: &Target) -> Self {
        match target {
            Target::Cluster => Self::ControlPlaneEnds,
            Target::Pool(name) => Self::PoolEnds(name.clone()),
        }
    }
}

/// When an incident is called for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    At(Timestamp),
    Turn(Turn),
    /// The window of automatic upgrades is open, and as long as so many hours or longer.
    Window {
        hours: u64,
    },
}

/// A request of somebody else.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Control plane and all pools.
    Upgrade {
        to: String,
    },
    ControlPlane {
        to: String,
    },
    Pool {
        pool: String,
        to: String,
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
    AddPool(PoolCreation),
    SaveTag {
        key: String,
        value: String,
    },
    /// A later operation takes over what runs on the pool.
    Preempt {
        pool: String,
    },
}

/// A condition that something on a node reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeCondition {
    /// `apps#0` is the first node of pool apps.
    pub node: String,
    pub kind: String,
    pub is_true: bool,
    pub reason: String,
    pub message: String,
}

/// Names a Kubernetes object; a node may be named as `apps#0`, the first one of pool apps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectName {
    pub kind: String,
    /// Empty for objects of the whole cluster.
    pub namespace: String,
    pub name: String,
}

/// What an incident does.
#[derive(Clone, Debug)]
pub enum What {
    /// Done as soon as Azure accepts it.
    Deed(Deed),
    /// The fault begins, and ends after this long.
    Fault {
        fault: Fault,
        lasts: Option<Duration>,
    },
    /// The API server cannot be reached for so long.
    Away(Duration),
    /// The next upgrade of a pool forgets some of its machines and ends `Succeeded`.
    LeaveBehind {
        pool: String,
        nodes: usize,
    },
    /// The next upgrade of a pool ends `Failed` although all its machines are done.
    FailWhenDone {
        pool: String,
    },
    /// The new version breaks an application: see [`super::applications::Applications`].
    Break {
        namespace: String,
        workload: String,
    },
    Add(Value),
    /// A JSON merge patch.
    Edit {
        object: ObjectName,
        patch: Value,
    },
    Remove(ObjectName),
    /// The object may be named as `apps#0`.
    Event(EventSpec),
    Trouble(TroubledPods),
    Heal {
        namespace: String,
        workload: String,
    },
    /// See [`super::hindrance::Obstacle::word`].
    Lift(String),
    NodeCondition(NodeCondition),
    /// Every event of this source is gone.
    ForgetEvents(String),
    /// A machine is gone from one moment to the next.
    LoseMachine(String),
}

/// Something that will happen once.
#[derive(Clone, Debug)]
pub struct Incident {
    pub cluster: String,
    pub when: When,
    /// Added to `when`.
    pub delay: Duration,
    pub what: What,
    /// Who does it, as the activity log names them.
    pub caller: String,
}

/// The maintenance configuration of automatic upgrades (AKS docs "Use planned maintenance", 2026).
const AUTO_UPGRADES: &str = "aksManagedAutoUpgradeSchedule";

/// True in a daily window of at least so many hours; one with another schedule or offset is never open here.
fn is_open(window: &Value, least: u64, now: Timestamp) -> bool {
    let window = &window["maintenanceWindow"];
    let is_known = window["schedule"]["daily"]["intervalDays"] == 1 && window["utcOffset"] == "+00:00";
    let start = window["startTime"].as_str().and_then(|text| {
        let (hour, minute) = text.split_once(':')?;
        Some(hour.parse::<i64>().ok()? * 60 + minute.parse::<i64>().ok()?)
    });
    let (true, Some(start), Some(hours)) = (is_known, start, window["durationHours"].as_u64()) else {
        return false;
    };
    let since = (now.as_second() / 60 - start).rem_euclid(24 * 60);
    hours >= least && since.unsigned_abs() < hours * 60
}

/// How long a deed that Azure refuses as too early is tried again.
const PATIENCE: Duration = Duration::from_hours(6);
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// An incident whose time is known.
#[derive(Clone, Debug)]
struct Due {
    at: Timestamp,
    give_up: Timestamp,
    incident: Incident,
}

/// All incidents that have not happened yet.
#[derive(Clone, Debug, Default)]
pub struct Incidents {
    waiting: Vec<Incident>,
    due: Vec<Due>,
}

impl Incidents {
    /// Adds one; it happens at the earliest when the world goes on.
    pub fn push(&mut self, incident: Incident) {
        match incident.when {
            When::At(at) => self.schedule(at, incident),
            When::Turn(_) | When::Window { .. } => self.waiting.push(incident),
        }
    }

    fn schedule(&mut self, at: Timestamp, incident: Incident) {
        let at = at + incident.delay;
        self.due.push(Due {
            at,
            give_up: at + PATIENCE,
            incident,
        });
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.due.iter().map(|due| due.at).min()
    }

    /// Sets the time of everything that waited for this turn.
    fn answer(&mut self, cluster: &str, turn: &Turn, now: Timestamp) {
        let (called, waiting) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|incident| incident.cluster == cluster && incident.when == When::Turn(turn.clone()));
        self.waiting = waiting;
        let called: Vec<Incident> = called;
        for incident in called {
            self.schedule(now, incident);
        }
    }

    /// Sets the time of everything that waited for a window that is open now.
    fn answer_windows(&mut self, cluster: &str, windows: &BTreeMap<String, Value>, now: Timestamp) {
        let is_called = |incident: &Incident| match incident.when {
            When::Window { hours } => {
                incident.cluster == cluster
                    && windows
                        .get(AUTO_UPGRADES)
                        .is_some_and(|window| is_open(window, hours, now))
            }
            When::At(_) | When::Turn(_) => false,
        };
        let (called, waiting) = std::mem::take(&mut self.waiting).into_iter().partition(is_called);
        self.waiting = waiting;
        let called: Vec<Incident> = called;
        for incident in called {
            self.schedule(now, incident);
        }
    }

    fn take_due(&mut self, now: Timestamp) -> Vec<Due> {
        let (due, later) = std::mem::take(&mut self.due).into_iter().partition(|due| due.at <= now);
        self.due = later;
        due
    }
}

impl World {
    /// Lets everything happen that is called for by now.
    pub(super) fn run_incidents(&mut self) {
        for (name, cluster) in &mut self.clusters {
            for turn in std::mem::take(&mut cluster.turns) {
                self.incidents.answer(name, &turn, self.now);
            }
            self.incidents
                .answer_windows(name, &cluster.landscape.windows, self.now);
        }
        for mut due in self.incidents.take_due(self.now) {
            let is_too_early = self.happen(&due.incident).is_err_and(|refusal| refusal.status == 409);
            if is_too_early && due.give_up > self.now {
                due.at = self.now + TRY_AGAIN;
                self.incidents.due.push(due);
            }
        }
    }

    fn happen(&mut self, incident: &Incident) -> Result<(), Refusal> {
        let now = self.now;
        match &incident.what {
            What::Deed(deed) => {
                self.act(&incident.cluster, deed, &incident.caller)?;
            }
            What::Fault { fault, lasts } => {
                let until = lasts.map(|lasts| now + lasts);
                self.faults.push(fault.clone().between(Some(now), until));
            }
            What::Break { namespace, workload } => {
                let version = self
                    .clusters
                    .get(&incident.cluster)
                    .map(|cluster| cluster.control_plane.claimed);
                self.applications
                    .break_from(&incident.cluster, namespace, workload, version);
            }
            What::Add(_)
            | What::Edit { .. }
            | What::Remove(_)
            | What::Event(_)
            | What::NodeCondition(_)
            | What::ForgetEvents(_)
            | What::Trouble(_)
            | What::Heal { .. } => {
                self.on(&incident.cluster, |cluster| cluster.change_objects(&incident.what, now));
            }
            What::Lift(word) => self.on(&incident.cluster, |cluster| {
                cluster.hindrances.lift(word);
            }),
            What::LoseMachine(node) => self.on(&incident.cluster, |cluster| cluster.lose_machine(node, now)),
            What::Away(lasts) => self.on(&incident.cluster, |cluster| cluster.away_until = Some(now + *lasts)),
            What::LeaveBehind { pool, nodes } => self.on(&incident.cluster, |cluster| {
                if let Some(pool) = cluster.pool_mut(pool) {
                    pool.left_behind = *nodes;
                }
            }),
            What::FailWhenDone { pool } => self.on(&incident.cluster, |cluster| {
                if let Some(pool) = cluster.pool_mut(pool) {
                    let error = OperationError::new("InternalOperationError", "Internal server error");
                    pool.hidden_failure = Some(error);
                }
            }),
        }
        Ok(())
    }

    /// Lets something happen at once, as if it had been waited for.
    ///
    /// # Errors
    /// When it is a request and Azure refuses it.
    pub(in crate::simulator) fn happen_now(&mut self, cluster: &str, what: &What, caller: &str) -> Result<(), Refusal> {
        self.happen(&Incident {
            cluster: cluster.to_owned(),
            when: When::At(self.now),
            delay: Duration::ZERO,
            what: what.clone(),
            caller: caller.to_owned(),
        })
    }

    fn on(&mut self, name: &str, change: impl FnOnce(&mut super::SimulatedCluster)) {
        if let Some(cluster) = self.clusters.get_mut(name) {
            change(cluster);
        }
    }

    /// Does what somebody else asks of a cluster; returns the operation's id.
    ///
    /// # Errors
    /// When Azure refuses it, as it would refuse anybody.
    pub fn act(&mut self, name: &str, deed: &Deed, caller: &str) -> Result<String, Refusal> {
        let now = self.now;
        let correlation = guid(&mut self.request_ids);
        let Some((cluster, mut surroundings)) = self.cluster_mut(name) else {
            return Err(Refusal::new(
                404,
                "ResourceNotFound",
                format!("There is no cluster '{name}'."),
            ));
        };
        let follow = |to: &str, follows: bool| ClusterChange {
            version: Some(to.to_owned()),
            pools: cluster
                .pools
                .iter()
                .map(|pool| {
                    let version = if follows { to.to_owned() } else { pool.wanted.clone() };
                    (pool.name.clone(), Some(version))
                })
                .collect(),
            ..ClusterChange::default()
        };
        let id = match deed {
            Deed::Upgrade { to } => {
                let change = follow(to, true);
                cluster.put(&change, &surroundings, now)
            }
            Deed::ControlPlane { to } => {
                let change = follow(to, false);
                cluster.put(&change, &surroundings, now)
            }
            Deed::Pool { pool, to } => {
                let change = PoolChange {
                    version: Some(to.clone()),
                    ..PoolChange::default()
                };
                cluster.put_pool(pool, &change, &surroundings, now)
            }
            Deed::NodeImage { pool } => cluster.upgrade_node_image(pool, &surroundings, now),
            Deed::Abort { pool: None } => cluster.abort(now),
            Deed::Abort { pool: Some(pool) } => cluster.abort_pool(pool, now),
            Deed::DeleteCluster => cluster.delete(now),
            Deed::DeletePool { pool } => cluster.delete_pool(pool, now),
            Deed::AddPool(new) => cluster.create_pool(new, &mut surroundings, now),
            Deed::Preempt { pool } => cluster.preempt(pool, now),
            Deed::SaveTag { key, value } => Ok(cluster.save_tag(key, value, now)),
        }?;
        cluster.sign(
            &id,
            Author {
                caller: caller.to_owned(),
                correlation,
                client_request: None,
            },
        );
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::faults::Trouble;
    use crate::simulator::world::fixture::*;
    use crate::simulator::world::{OperationStatus, ResourceState};

    fn incident(when: When, delay_seconds: u64, what: What) -> Incident {
        Incident {
            cluster: NAME.to_owned(),
            when,
            delay: Duration::from_secs(delay_seconds),
            what,
            caller: "alex".to_owned(),
        }
    }

    #[test]
    fn an_incident_happens_once_when_its_turn_has_come() {
        let mut world = world();
        let begins = || When::Turn(Turn::PoolBegins("apps".to_owned()));
        let abort = || {
            What::Deed(Deed::Abort {
                pool: Some("apps".to_owned()),
            })
        };
        world.incidents.push(incident(begins(), 60, abort()));
        raise_control_plane(&mut world);
        let operation = upgrade_pool(&mut world, "1.34.6").unwrap();
        world.advance_to(world.now + Duration::from_secs(59));
        assert_eq!(status(&world, &operation), OperationStatus::InProgress);
        pass(&mut world, 1);
        assert_eq!(status(&world, &operation), OperationStatus::Canceled);
        let abort = cluster(&world).operations.last().unwrap();
        assert_eq!(abort.author.caller, "alex");
        let again = upgrade_pool(&mut world, "1.34.6").unwrap();
        pass(&mut world, 45);
        assert_eq!(status(&world, &again), OperationStatus::Succeeded);
    }

    #[test]
    fn somebody_else_begins_in_the_moment_an_operation_ends_and_waits_while_one_runs() {
        let mut world = world();
        let upgrade = || {
            What::Deed(Deed::Upgrade {
                to: "1.35.5".to_owned(),
            })
        };
        world
            .incidents
            .push(incident(When::Turn(Turn::ControlPlaneEnds), 0, upgrade()));
        let own = upgrade_cluster(&mut world, "1.34.6", Some("1.34.4")).unwrap();
        pass_until(&mut world, |cluster| {
            cluster.operation(&own).unwrap().status != OperationStatus::InProgress
        });
        assert_eq!(cluster(&world).state, ResourceState::Upgrading);

        // Refused while the cluster is busy, and tried again.
        let late = What::Deed(Deed::NodeImage {
            pool: "apps".to_owned(),
        });
        world.incidents.push(incident(When::At(world.now), 1, late));
        pass_until(&mut world, |cluster| {
            cluster.pools[1].state == ResourceState::UpgradingNodeImageVersion
        });
    }

    #[test]
    fn a_fault_begins_with_its_turn_and_ends_after_its_time() {
        let mut world = world();
        let what = What::Fault {
            fault: Fault::new(Trouble::Down),
            lasts: Some(Duration::from_secs(30)),
        };
        world
            .incidents
            .push(incident(When::Turn(Turn::ControlPlaneBegins), 10, what));
        assert!(!world.faults.is_down(world.now));
        upgrade_cluster(&mut world, "1.34.6", Some("1.34.4")).unwrap();
        let mut down = Vec::new();
        for _ in 0..9 {
            world.advance_to(world.now + Duration::from_secs(5));
            down.push(world.faults.is_down(world.now));
        }
        assert_eq!(down, [false, true, true, true, true, true, true, false, false]);
    }

    #[test]
    fn a_daily_window_is_open_for_its_hours() {
        let window = |hours: u64| {
            serde_json::json!({"maintenanceWindow": {"schedule": {"daily": {"intervalDays": 1}},
                "durationHours": hours, "utcOffset": "+00:00", "startTime": "22:30"}})
        };
        for (hours, at, expected) in [
            (4, "2026-11-23T22:30:00Z", true),
            (4, "2026-11-24T02:29:59Z", true),
            (4, "2026-11-24T02:30:00Z", false),
            (2, "2026-11-23T23:00:00Z", false),
        ] {
            assert_eq!(
                is_open(&window(hours), 4, at.parse().unwrap()),
                expected,
                "{hours} {at}"
            );
        }
    }

    #[test]
    fn the_api_server_is_away_for_ten_minutes() {
        let mut world = world();
        let what = What::Away(Duration::from_mins(10));
        world.incidents.push(incident(When::At(world.now), 5, what));
        world.advance_to(world.now + Duration::from_secs(5));
        world.advance_to(world.now + Duration::from_secs(599));
        assert!(cluster(&world).is_api_server_away);
        world.advance_to(world.now + Duration::from_secs(1));
        assert!(!cluster(&world).is_api_server_away);
    }
}
