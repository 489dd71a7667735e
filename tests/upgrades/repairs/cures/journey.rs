//! One remedy from beginning to end: the upgrade is stuck, has failed or is refused; the cause is found and its remedy
//! made; the upgrade comes to its end; the repair is taken back.

use std::time::Duration;

use aks_cockpit::diagnosis::symptoms::ErrorSymptom;
use aks_cockpit::domain::change::Change;
use aks_cockpit::domain::subject::Subject;
use aks_cockpit::domain::version::{KubernetesVersion, NodeImageVersion};
use aks_cockpit::engine::handle::EngineHandle;
use aks_cockpit::engine::repair::{RepairEntry, RepairState};
use aks_cockpit::remedy;
use aks_cockpit::remedy::repair::{Repair, Undo};
use aks_cockpit::simulator::scenario::{Attempt, AttemptedChange, Scenario};
use aks_cockpit::simulator::world::{SimulatedCluster, SimulatedPool, World};

use super::super::estate::Estate;
use super::cases;
use super::kept::Kept;
use super::look::{Look, glance, look};

/// When somebody looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// As the scenario begins: stuck, or refused.
    AtOnce,
    /// When the upgrade has ended badly.
    Ended,
}

/// What brings the upgrade to its end once the remedy is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Nothing: it goes on by itself, or the remedy is the upgrade.
    GoesOn,
    /// The same request again, of the pool that failed or of the control plane.
    Again,
    /// The upgrade of the control plane to this version, once more.
    ControlPlane(&'static str),
    /// The change that was refused, once more.
    Accepted,
}

/// What the undo comes to once the upgrade is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Back {
    /// Everything is as it was before the repair, but for what the upgrade itself has written.
    AsItWas,
    /// There is none.
    None,
    /// What it was about was replaced by the upgrade: nothing is left to send.
    Replaced,
    /// It would abort what has ended by then.
    TooLate,
    /// Other requests, of which the caller sees that they are done.
    Requests,
}

/// One remedy and the scenario it cures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) remedy: &'static str,
    pub(super) scenario: &'static str,
    /// Code of the cause it is chosen from.
    pub(super) cause: &'static str,
    pub(super) when: When,
    pub(super) then: Then,
    pub(super) back: Back,
    /// Looks, at most: a remedy of one pod or one node is made again as long as its cause is told.
    pub(super) most: usize,
    /// Cause and remedy of what it leaves behind by its nature.
    pub(super) tidied_by: Option<(&'static str, &'static str)>,
    pub(super) before_undo: Option<fn(&mut World)>,
}

/// Time that an upgrade gets without its remedy; the longest drain that may end takes half an hour.
const LONGEST_WITHOUT_MINUTES: usize = 120;
/// Waits of an upgrade that works on one node after another.
const BETWEEN: Duration = Duration::from_mins(6);

impl Case {
    /// Goes the whole way; what is not as it should be is in the message.
    pub(super) async fn run(self) -> Result<(), String> {
        let estate = Estate::at_beginning(self.scenario).await;
        let engine = estate.engine();
        let attempt = attempt_of(self.scenario);
        if self.when == When::Ended {
            ended(&estate);
        }
        let mut entries = Vec::new();
        let mut before = None;
        let mut is_seen_at_once = false;
        for round in 0..self.most {
            let refusal = match &attempt {
                Some(attempt) => Some(refused(&estate, attempt).await.ok_or("the change was not refused")?),
                None => None,
            };
            let look = look(&estate, refusal).await;
            if round > 0 && look.cause(self.cause).is_none() {
                if !estate.look(is_busy) {
                    break;
                }
                estate.pass(BETWEEN);
                continue;
            }
            is_seen_at_once = look.at_a_glance.iter().any(|code| code == self.cause);
            let repair = self.chosen(&look)?;
            before.get_or_insert(Kept::of(&estate, &repair).await);
            let entry = made(&estate, &engine, &repair).await?;
            entries.push(entry);
            if self.most > 1 {
                estate.pass(BETWEEN);
                if self.when == When::Ended {
                    estate.at_rest();
                }
            }
        }
        let before = before.ok_or("nothing was repaired")?;
        self.to_the_end(&estate, attempt.as_ref()).await?;
        if let Some((cause, remedy)) = self.tidied_by {
            let tidy = Self { remedy, cause, ..self };
            let repair = tidy.chosen(&look(&estate, None).await)?;
            made(&estate, &engine, &repair).await?;
            estate.at_rest();
        }
        let left = complaints(&estate);
        if !left.is_empty() {
            return Err(format!("it has not come to its end: {}", left.join("; ")));
        }
        let after = if is_seen_at_once {
            glance(&estate).await
        } else {
            look(&estate, None).await
        };
        if after.cause(self.cause).is_some() {
            return Err(format!("the cause is still there; {}", after.told()));
        }
        if let Some(change) = self.before_undo {
            estate.change(change);
        }
        for entry in entries.iter().rev() {
            self.take_back(&estate, &engine, entry).await?;
        }
        if self.back == Back::AsItWas {
            estate.at_rest();
            before.compare(&estate).await?;
        }
        Ok(())
    }

    /// The same without the remedy: it must not come to its end.
    pub(super) async fn run_without(self) -> Result<(), String> {
        let estate = Estate::at_beginning(self.scenario).await;
        if self.when == When::Ended {
            estate.at_rest();
        }
        let ended = if let Some(attempt) = attempt_of(self.scenario) {
            refused(&estate, &attempt).await.is_none()
        } else {
            // What goes on for ever is not waited for.
            for _ in 0..LONGEST_WITHOUT_MINUTES {
                estate.pass(Duration::from_mins(1));
                if !estate.look(is_busy) {
                    break;
                }
            }
            if estate.look(is_busy) {
                return Ok(());
            }
            let _ = self.to_the_end(&estate, None).await;
            complaints(&estate).is_empty() && look(&estate, None).await.cause(self.cause).is_none()
        };
        if ended {
            return Err("it comes to its end without the remedy".to_owned());
        }
        Ok(())
    }

    fn chosen(self, look: &Look) -> Result<Repair, String> {
        let Some(cause) = look.cause(self.cause) else {
            return Err(format!("{} is not found; {}", self.cause, look.told()));
        };
        if !cause.remedies.iter().any(|remedy| remedy == self.remedy) {
            return Err(format!("{} does not offer it; {}", self.cause, look.told()));
        }
        remedy::plan(self.remedy, cause, &look.survey).map_err(|why| format!("{why}; {}", look.told()))
    }

    async fn to_the_end(self, estate: &Estate, attempt: Option<&Attempt>) -> Result<(), String> {
        if self.then == Then::GoesOn && attempt.is_none() {
            ended(estate);
            return Ok(());
        }
        estate.at_rest();
        let change = match attempt {
            Some(attempt) => change_of(estate, attempt),
            None => match self.then {
                // AKS carries a failed upgrade on with any later request, so that nothing may be left to do.
                Then::Again => match again(estate) {
                    Some(change) => change,
                    None => return Ok(()),
                },
                Then::ControlPlane(to) => Change::UpgradeControlPlane {
                    cluster: estate.cluster.clone(),
                    to: to.parse().unwrap(),
                },
                Then::GoesOn | Then::Accepted => return Ok(()),
            },
        };
        let request = estate.azure.prepare(&change).await.map_err(|error| error.to_string())?;
        let sent = estate.azure.send(&request, uuid::Uuid::new_v4()).await;
        sent.map_err(|error| format!("{change}: {error}: {:?}", error.detail()))?;
        estate.at_rest();
        Ok(())
    }

    async fn take_back(self, estate: &Estate, engine: &EngineHandle, entry: &RepairEntry) -> Result<(), String> {
        estate.at_rest();
        if self.back == Back::None {
            let refused = engine.undo_repair(&entry.id).await;
            return match (entry.undo.as_ref(), refused) {
                (None, Err(_)) => Ok(()),
                (undo, answer) => Err(format!("it should not be taken back: {undo:?} {answer:?}")),
            };
        }
        if entry.undo.is_none() {
            return Err(format!("there is no undo: {entry:#?}"));
        }
        let shown = engine
            .preview_undo(&entry.id)
            .await
            .map_err(|error| error.to_string())?;
        if shown.requests.is_empty() != (self.back == Back::Replaced) {
            return Err(format!("its undo sends {:?}", shown.requests));
        }
        let entry = passing(estate, engine.undo_repair(&entry.id)).await;
        let entry = entry.map_err(|error| error.to_string())?;
        match (self.back, &entry.state) {
            (Back::TooLate, RepairState::UndoFailed { why }) if why.contains("OperationNotAllowed") => Ok(()),
            (Back::AsItWas | Back::Replaced | Back::Requests, RepairState::Undone) => Ok(()),
            (_, state) => Err(format!("its undo: {state:?}")),
        }
    }
}

/// An upgrade that does nothing is aborted; its undo sends it again, and it comes to its end once nothing holds it.
pub(super) async fn abort_and_take_back() -> Result<(), String> {
    let estate = Estate::at_beginning("stalled").await;
    let engine = estate.engine();
    let seen = look(&estate, None).await;
    let case = Case {
        remedy: "abort",
        cause: "stall-no-progress",
        back: Back::Requests,
        ..cases::RETRY
    };
    let entry = made(&estate, &engine, &case.chosen(&seen)?).await?;
    estate.at_rest();
    assert_eq!(
        estate.look(|cluster| cluster.pool("apps").unwrap().state.as_str()),
        "Canceled"
    );
    estate.change(|world| world.clusters.get_mut("shop-prod").unwrap().hindrances.lift_all());
    case.take_back(&estate, &engine, &entry).await?;
    ended(&estate);
    assert_eq!(complaints(&estate), Vec::<String>::new());
    Ok(())
}

/// While the upgrade runs again its undo stops it, and leaves it as it was: not done.
pub(super) async fn retry_and_take_back() -> Result<(), String> {
    let estate = Estate::at_beginning(cases::RETRY.scenario).await;
    let engine = estate.engine();
    let seen = look(&estate, None).await;
    let entry = made(&estate, &engine, &cases::RETRY.chosen(&seen)?).await?;
    estate.pass(Duration::from_mins(1));
    let entry = engine.undo_repair(&entry.id).await.map_err(|error| error.to_string())?;
    assert_eq!(entry.state, RepairState::Undone);
    estate.at_rest();
    let pool = estate.look(|cluster| cluster.pool("apps").unwrap().clone());
    assert_eq!((pool.state.as_str(), pool.runs(pool.claimed)), ("Canceled", false));
    Ok(())
}

/// Shows the repair and makes it.
async fn made(estate: &Estate, engine: &EngineHandle, repair: &Repair) -> Result<RepairEntry, String> {
    let preview = engine.preview_repair(repair).await.map_err(|error| error.to_string())?;
    if preview.requests.is_empty() {
        return Err(format!("nothing would be sent: {repair:#?}"));
    }
    let entry = passing(estate, engine.apply_repair(preview)).await;
    let entry = entry.map_err(|error| error.to_string())?;
    if entry.state != RepairState::Done {
        return Err(format!("{:?}", entry.state));
    }
    if entry.changed.is_empty() && repair.undo == Undo::PutBack {
        return Err(format!("it does not say what it changed: {entry:#?}"));
    }
    Ok(entry)
}

/// Time passes while something waits for an operation in Azure.
async fn passing<T>(estate: &Estate, work: impl Future<Output = T>) -> T {
    let pass = async {
        loop {
            tokio::time::sleep(Duration::from_millis(2)).await;
            estate.pass(Duration::from_secs(1));
        }
    };
    tokio::select! {
        done = work => done,
        () = pass => unreachable!("time does not end"),
    }
}

/// Lets time pass until Azure does nothing, and what a person waits for after that.
fn ended(estate: &Estate) {
    estate.pass(Duration::from_mins(1));
    estate.at_rest();
    estate.pass(Duration::from_mins(5));
}

fn is_busy(cluster: &SimulatedCluster) -> bool {
    !cluster.state.is_terminal() || cluster.pools.iter().any(|pool| !pool.state.is_terminal())
}

fn attempt_of(scenario: &str) -> Option<Attempt> {
    let scenario = Scenario::built_in(scenario).unwrap();
    scenario.expected().and_then(|expected| expected.start.clone())
}

fn change_of(estate: &Estate, attempt: &Attempt) -> Change {
    let cluster = estate.cluster.clone();
    let pool = attempt.pool.as_deref().unwrap_or_default().into();
    let to: KubernetesVersion = attempt.to.as_deref().unwrap_or_default().parse().unwrap();
    match attempt.change {
        AttemptedChange::ControlPlane => Change::UpgradeControlPlane { cluster, to },
        AttemptedChange::Pool => Change::UpgradeNodePool { cluster, pool, to },
        AttemptedChange::Rollback => {
            let image = estate.look(|cluster| {
                let recent = cluster.pool(pool.as_str()).unwrap().recently_used.first().cloned();
                recent.map(|recent| recent.image).unwrap_or_default()
            });
            let node_image = NodeImageVersion::new(image);
            Change::RollBackNodePool {
                cluster,
                pool,
                to,
                node_image,
            }
        }
    }
}

/// Azure's refusal of what somebody tries; `None` where it is accepted.
async fn refused(estate: &Estate, attempt: &Attempt) -> Option<ErrorSymptom> {
    let change = change_of(estate, attempt);
    let subject = change.pool().map_or(Subject::Cluster, Subject::pool);
    let request = estate.azure.prepare(&change).await.unwrap();
    let error = estate.azure.send(&request, uuid::Uuid::new_v4()).await.err()?;
    Some(ErrorSymptom {
        subject,
        error: error.detail()?.clone(),
        at: None,
        is_refusal: true,
    })
}

/// The request of the pool that has not come to its end, once more.
fn again(estate: &Estate) -> Option<Change> {
    let open = estate.look(|cluster| {
        let is_open = |pool: &&SimulatedPool| pool.state.as_str() != "Succeeded" || !pool.runs(pool.claimed);
        let pool = cluster.pools.iter().find(is_open)?;
        Some((pool.name.as_str().into(), pool.claimed))
    });
    let (pool, to) = open?;
    Some(Change::UpgradeNodePool {
        cluster: estate.cluster.clone(),
        pool,
        to,
    })
}

/// What is not as it should be after an upgrade; empty when all is well.
fn complaints(estate: &Estate) -> Vec<String> {
    estate.look(|cluster| {
        let mut found = Vec::new();
        if cluster.state.as_str() != "Succeeded" {
            found.push(format!("the cluster is {} {:?}", cluster.state.as_str(), cluster.error));
        }
        if cluster.control_plane.running != cluster.control_plane.claimed {
            found.push("the control plane does not run what is claimed".to_owned());
        }
        let pods = cluster.objects.objects_of("Pod");
        for pod in pods.iter().filter(|pod| pod["metadata"]["namespace"] == "kube-system") {
            let mut conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
            if !conditions.any(|one| one["type"] == "Ready" && one["status"] == "True") {
                found.push(format!("not ready: {}", pod["metadata"]["name"]));
            }
        }
        for pool in &cluster.pools {
            if pool.state.as_str() != "Succeeded" || !pool.runs(pool.claimed) {
                found.push(format!(
                    "pool {} is {} {:?}",
                    pool.name,
                    pool.state.as_str(),
                    pool.error
                ));
            }
            for node in &pool.nodes {
                let is_cordoned = cluster.objects.is_cordoned(&node.name);
                if node.is_surge || is_cordoned || !cluster.objects.has_node(&node.name) {
                    found.push(format!(
                        "left behind: {} (surge {}, cordoned {is_cordoned}, quarantined {})",
                        node.name, node.is_surge, node.is_quarantined
                    ));
                }
            }
        }
        found
    })
}
