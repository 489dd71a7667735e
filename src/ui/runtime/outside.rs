//! The rooms the cockpit talks to, and the tasks that carry its commands out. Knows no screen.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};

use super::super::app::replaying::BEAT;
use super::super::command::{Command, Proposal, Ticket};
use super::super::message::Message;
use super::super::remembered::Remembered;
use super::super::{Background, ReadSettings, UiSettings, drafting, plan_files};
use super::look::Sources;
use super::prepare::prepare;
use super::{memory, mend, settings_watch};
use crate::clock::Clock;
use crate::config::cluster::{ClusterRules, Named};
use crate::domain::ids::{ClusterId, ExecutionId, PlanId};
use crate::domain::smoke_test::SmokeTest;
use crate::engine::command::{Command as EngineCommand, Person};
use crate::engine::handle::{EngineHandle, ForeignOperation};
use crate::engine::replay::Recording;
use crate::engine::view::ExecutionView;
use crate::engine::{brief, timeline};
use crate::inventory::handle::InventoryHandle;
use crate::inventory::snapshot::FleetSnapshot;
use crate::notify::{Listener, Notifier};
use crate::plan::estimate::estimate;
use crate::problem::{Exit, Problem};
use crate::progress::facts::Target;
use crate::requests::log::RequestLog;

/// How long leaving waits for orders that were approved and are not yet in the journal.
const LAST_ORDERS: Duration = Duration::from_secs(5);

/// All executions of the journal, newest first.
pub(super) type Views = Arc<Vec<Arc<ExecutionView>>>;

pub(super) struct Outside {
    inventory: InventoryHandle,
    engine: EngineHandle,
    clock: Clock,
    person: Person,
    background: Option<Background>,
    smoke_tests: Vec<SmokeTest>,
    own_smoke_tests: BTreeMap<PathBuf, Vec<SmokeTest>>,
    /// As they were at the start, when the tests were read.
    rules: ClusterRules,
    /// The settings file, and how it is read again.
    settings: Option<(PathBuf, ReadSettings)>,
    memory: Option<PathBuf>,
    requests: RequestLog,
    notifier: Notifier,
    answers: mpsc::Sender<Message>,
    /// Approved orders on their way; never dropped half-way.
    orders: JoinSet<()>,
    /// Surveys on their way, which can be given up.
    looks: HashMap<Ticket, AbortHandle>,
}

impl Outside {
    pub(super) fn new(settings: UiSettings, answers: mpsc::Sender<Message>) -> Self {
        Self {
            inventory: settings.inventory,
            engine: settings.engine,
            clock: settings.clock,
            person: settings.person,
            background: settings.background,
            smoke_tests: settings.smoke_tests,
            own_smoke_tests: settings.own_smoke_tests,
            rules: settings.settings.clusters,
            settings: settings.settings.path.zip(settings.read_settings),
            memory: settings.memory,
            requests: settings.requests,
            notifier: settings.notifier,
            answers,
            orders: JoinSet::new(),
            looks: HashMap::new(),
        }
    }

    pub(super) fn clock(&self) -> Clock {
        self.clock.clone()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Tells the cockpit whenever the settings file changes.
    pub(super) fn follow_settings(&self) {
        if let Some((path, read)) = self.settings.clone() {
            tokio::spawn(settings_watch::follow(path, read, self.answers.clone()));
        }
    }

    /// What an earlier cockpit remembered.
    pub(super) fn remembered(&self) -> Result<Box<Remembered>, String> {
        match &self.memory {
            Some(state) => memory::read(state).map(Box::new),
            None => Ok(Box::default()),
        }
    }

    /// The cluster's own tests, or the general ones.
    fn smoke_tests_of(&self, cluster: &ClusterId) -> &[SmokeTest] {
        let file = self.rules.smoke_tests(&Named::of(cluster));
        let own = file.and_then(|file| self.own_smoke_tests.get(file));
        own.unwrap_or(&self.smoke_tests)
    }

    fn remember(&mut self, remembered: Remembered) {
        let Some(state) = self.memory.clone() else {
            return;
        };
        // Waited for on leaving, like an order; a lost memory is nobody's problem.
        self.orders.spawn_blocking(move || {
            if let Err(error) = memory::write(&state, &remembered) {
                tracing::warn!(%error, "what the cockpit remembers cannot be written");
            }
        });
    }

    pub(super) fn subscribe_fleet(&self) -> watch::Receiver<Arc<FleetSnapshot>> {
        self.inventory.subscribe()
    }

    pub(super) fn subscribe_executions(&self) -> watch::Receiver<Views> {
        self.engine.subscribe()
    }

    /// What is told from now on.
    pub(super) fn listen(&self) -> Listener {
        self.notifier.listen()
    }

    /// Those of the executions that this process drives.
    pub(super) fn driven_here(&self, known: &[Arc<ExecutionView>]) -> BTreeSet<ExecutionId> {
        known
            .iter()
            .filter(|view| !view.state.is_final() && self.engine.is_driven_here(&view.id))
            .map(|view| view.id.clone())
            .collect()
    }

    /// Tells the inventory where the clusters are heading that others drive.
    pub(super) fn tell_targets(&self, targets: Vec<(ClusterId, Option<Target>)>) {
        for (cluster, target) in targets {
            self.inventory.set_target(&cluster, target);
        }
    }

    /// Carries a command out, or starts to; gives the answer where there is one at once.
    pub(super) fn carry_out(&mut self, command: Command) -> Option<Message> {
        match command {
            Command::Quit | Command::Copy(_) | Command::Suspend => (),
            Command::Focus(id) => self.inventory.focus(&id),
            Command::Unfocus(id) => self.inventory.unfocus(&id),
            Command::Refresh(id) => self.inventory.refresh(id.as_ref()),
            Command::Draft { wish, base, facts } => {
                let wish = wish.offering(self.smoke_tests_of(&facts.cluster.id));
                let draft = drafting::draft(new_plan_id(), wish, base.as_deref(), &facts, self.now());
                return Some(Message::Drafted(draft.map(Box::new)));
            }
            Command::Brief { execution, live } => {
                let brief = brief::brief(&execution, live.as_deref(), self.now());
                return Some(Message::Briefed(execution.id.clone(), Box::new(brief)));
            }
            Command::ReadRequests => return Some(Message::Requests(Arc::new(self.requests.picture()))),
            Command::SavePlan { .. } | Command::LoadPlan { .. } => self.use_file(command),
            Command::Start { .. }
            | Command::ApplyRepair(_)
            | Command::UndoRepair { .. }
            | Command::Send { .. }
            | Command::Adopt { .. }
            | Command::AskForLease { .. }
            | Command::TakeLease { .. }
            | Command::TakeControls { .. }
            | Command::HandToBackground(_) => self.give_order(command),
            Command::Prepare { .. }
            | Command::Preview { .. }
            | Command::LookUpForeign { .. }
            | Command::LookUpLease { .. }
            | Command::ReadTimeline(_)
            | Command::ReadRecording(_)
            | Command::PlanRepair { .. }
            | Command::PreviewUndo { .. }
            | Command::ReadRepairs(_) => self.look_up(command),
            Command::Check { .. } | Command::Diagnose { .. } => self.look(command),
            Command::ReadSettings => {
                if let Some((_, read)) = &self.settings {
                    self.ask(settings_watch::read_now(read.clone()));
                }
            }
            Command::Remember(remembered) => self.remember(*remembered),
            Command::ReadChanges { cluster, pools } => {
                let inventory = self.inventory.clone();
                self.ask(async move {
                    let changes = inventory.changes(&cluster, &pools).await;
                    Message::ChangesRead(cluster, changes)
                });
            }
            Command::Beat(ticket) => self.ask(async move {
                tokio::time::sleep(BEAT).await;
                Message::Beat(ticket)
            }),
            Command::Forget(ticket) => {
                if let Some(look) = self.looks.remove(&ticket) {
                    look.abort();
                }
            }
        }
        None
    }

    /// Questions to the engine without side effects; an answer may come too late.
    fn look_up(&self, question: Command) {
        let engine = self.engine.clone();
        match question {
            Command::Prepare { ticket, proposal } => {
                let now = self.now();
                self.ask(async move {
                    let plan = match proposal {
                        Proposal::Plan(plan) => Ok(*plan),
                        Proposal::Intent { facts, intent } => facts.build(new_plan_id(), &intent, now),
                    };
                    let answer = match plan {
                        Ok(plan) => Ok(prepare(&engine, plan).await),
                        Err(problem) => Err(problem),
                    };
                    Message::Prepared(ticket, answer)
                });
            }
            Command::Preview { ticket, change } => self.ask(async move {
                let answer = engine.preview(&change).await.map_err(Problem::from);
                Message::Previewed(ticket, answer)
            }),
            Command::LookUpForeign { ticket, cluster } => self.ask(async move {
                let answer = engine.foreign(&cluster).await.map_err(Problem::from);
                Message::ForeignFound(ticket, answer.map(|found| found.map(Box::new)))
            }),
            Command::LookUpLease { ticket, cluster } => self.ask(async move {
                let answer = engine.lease(&cluster).await.map_err(Problem::from);
                Message::LeaseFound(ticket, answer.map(|found| found.map(Box::new)))
            }),
            Command::PlanRepair {
                ticket,
                remedy,
                ailment,
            } => self.ask(async move {
                let answer = mend::plan(&engine, remedy, *ailment).await;
                Message::RepairPlanned(ticket, answer.map(Box::new))
            }),
            Command::PreviewUndo { ticket, id } => self.ask(async move {
                let answer = engine.preview_undo(&id).await.map_err(Problem::from);
                Message::RepairPlanned(ticket, answer.map(Box::new))
            }),
            Command::ReadRepairs(cluster) => self.ask(async move {
                let answer = mend::list(engine, cluster.clone()).await;
                Message::RepairsRead(cluster, answer)
            }),
            Command::ReadTimeline(execution) => self.ask(async move {
                let records = engine.records(&execution).await.map_err(Problem::from);
                Message::TimelineRead(execution, records.map(|records| timeline::entries(&records)))
            }),
            Command::ReadRecording(execution) => self.ask(async move {
                let recording = read_recording(&engine, &execution).await;
                Message::RecordingRead(execution, recording.map(Arc::new))
            }),
            _ => (),
        }
    }

    /// Questions that may take long; they can be given up.
    fn look(&mut self, question: Command) {
        let sources = Sources {
            inventory: self.inventory.clone(),
            engine: self.engine.clone(),
            clock: self.clock.clone(),
        };
        match question {
            Command::Check {
                ticket,
                cluster,
                goal,
                planned,
                survey,
            } => self.ask_under(ticket, async move {
                let answer = sources.check(cluster.clone(), goal, *planned, survey).await;
                Message::Checked(ticket, cluster, answer.map(Box::new))
            }),
            Command::Diagnose {
                ticket,
                cluster,
                picture,
                errors,
                look,
            } => self.ask_under(ticket, async move {
                let answer = sources.diagnose(cluster.clone(), picture, *errors, look).await;
                Message::Diagnosed(ticket, cluster, answer.map(Box::new))
            }),
            _ => (),
        }
    }

    fn use_file(&mut self, command: Command) {
        match command {
            Command::SavePlan { path, plan } => self.order(async move {
                let saved = tokio::task::spawn_blocking(move || plan_files::save(&path, *plan)).await;
                Message::PlanSaved(saved.unwrap_or_else(|error| Err(broken(&error))))
            }),
            Command::LoadPlan { path, cluster } => self.ask(async move {
                let loaded = tokio::task::spawn_blocking(move || plan_files::load(&path, &cluster)).await;
                Message::PlanLoaded(loaded.unwrap_or_else(|error| Err(broken(&error))).map(Box::new))
            }),
            _ => (),
        }
    }

    /// What was approved.
    fn give_order(&mut self, command: Command) {
        let (engine, person) = (self.engine.clone(), self.person.clone());
        match command {
            Command::Start { plan, mut preparation } => {
                let fleet = Arc::clone(&self.inventory.subscribe().borrow());
                let cluster = fleet
                    .cluster(&plan.cluster)
                    .and_then(|known| known.cluster.value.clone());
                preparation.estimate = cluster.map(|cluster| estimate(&plan, &cluster));
                self.order(async move {
                    let started = engine.start_prepared(*plan, person, preparation).await;
                    Message::Started(started.map_err(Problem::from))
                });
            }
            Command::ApplyRepair(preview) => self.order(async move {
                let cluster = preview.repair.cluster.clone();
                let answer = engine.apply_repair(*preview).await.map_err(Problem::from);
                Message::Repaired(cluster, answer.map(Box::new))
            }),
            Command::UndoRepair { cluster, id } => self.order(async move {
                let answer = engine.undo_repair(&id).await.map_err(Problem::from);
                Message::Repaired(cluster, answer.map(Box::new))
            }),
            Command::Send {
                execution,
                command,
                what,
            } => self.order(async move {
                let answer = engine.send(&execution, command, person).await.map_err(Problem::from);
                Message::Sent(what, answer)
            }),
            Command::Adopt { foreign, command, what } => self.order(async move {
                let answer = adopt(&engine, *foreign, command, person).await;
                Message::Sent(what, answer)
            }),
            Command::AskForLease { cluster, what } => self.order(async move {
                let answer = engine.ask_for_lease(&cluster).await.map_err(Problem::from);
                Message::Sent(what, answer)
            }),
            Command::TakeLease { cluster, reason } => {
                self.order(async move { Message::Taken(take_lease(&engine, &cluster, person, reason).await) });
            }
            Command::TakeControls { execution, reason } => self.order(async move {
                let answer = match reason {
                    Some(reason) => engine.take_over(&execution, reason).await,
                    None => engine.drive(&execution).await,
                };
                Message::Taken(answer.map(|()| execution).map_err(Problem::from))
            }),
            Command::HandToBackground(executions) => {
                let background = self.background.clone();
                self.order(async move {
                    engine.leave().await;
                    let handed = tokio::task::spawn_blocking(move || hand_on(background.as_ref(), &executions)).await;
                    Message::HandedToBackground(handed.unwrap_or_else(|error| Err(broken(&error))))
                });
            }
            _ => (),
        }
    }

    fn ask(&self, question: impl Future<Output = Message> + Send + 'static) {
        self.ask_task(question);
    }

    /// Asks what can be given up under its ticket.
    fn ask_under(&mut self, ticket: Ticket, question: impl Future<Output = Message> + Send + 'static) {
        self.looks.retain(|_, look| !look.is_finished());
        let look = self.ask_task(question);
        self.looks.insert(ticket, look);
    }

    fn ask_task(&self, question: impl Future<Output = Message> + Send + 'static) -> AbortHandle {
        let answers = self.answers.clone();
        let asking = tokio::spawn(async move {
            let _ = answers.send(question.await).await;
        });
        asking.abort_handle()
    }

    fn order(&mut self, order: impl Future<Output = Message> + Send + 'static) {
        while self.orders.try_join_next().is_some() {}
        let answers = self.answers.clone();
        self.orders.spawn(async move {
            let answer = order.await;
            // The cockpit may have been left meanwhile; the order itself is done.
            let _ = answers.send(answer).await;
        });
    }

    pub(super) async fn finish_orders(&mut self) {
        let all = async { while self.orders.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LAST_ORDERS, all).await;
    }
}

/// Folding a long upgrade takes a moment, which no task of the cockpit waits for.
async fn read_recording(engine: &EngineHandle, execution: &ExecutionId) -> Result<Recording, Problem> {
    let reel = engine.reel(execution).await?;
    let folded = tokio::task::spawn_blocking(move || Recording::of(&reel)).await;
    folded.map_err(|error| broken(&error))
}

fn new_plan_id() -> PlanId {
    PlanId::new(uuid::Uuid::new_v4().simple().to_string())
}

/// The operation gets an execution first; the order then goes the way of all orders.
async fn adopt(
    engine: &EngineHandle,
    foreign: ForeignOperation,
    command: EngineCommand,
    person: Person,
) -> Result<(), Problem> {
    let id = engine.adopt(foreign, person.clone()).await?;
    Ok(engine.send(&id, command, person).await?)
}

async fn take_lease(
    engine: &EngineHandle,
    cluster: &ClusterId,
    person: Person,
    reason: String,
) -> Result<ExecutionId, Problem> {
    Ok(engine.take_over_lease(cluster, person, reason).await?)
}

/// Starts a background process for each execution; all are tried, and every failure is told.
fn hand_on(background: Option<&Background>, executions: &[ExecutionId]) -> Result<(), Problem> {
    let mut problem: Option<Problem> = None;
    for execution in executions {
        let started = match background {
            Some(start) => start(execution),
            None => Err("nothing can go on in the background here".to_owned()),
        };
        if let Err(why) = started {
            let told = problem.take().unwrap_or_else(|| {
                Problem::new(Exit::Unexpected, "Not everything goes on in the background")
                    .try_this("Azure finishes the step that runs; resume the plan with: aks-cockpit resume EXECUTION")
            });
            problem = Some(told.because(format!("{execution}: {why}")));
        }
    }
    problem.map_or(Ok(()), Err)
}

pub(super) fn broken(error: &tokio::task::JoinError) -> Problem {
    Problem::new(Exit::Unexpected, "a task of the cockpit broke").because(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_background_process_is_tried_and_each_failure_told() {
        let ids = ["a", "b", "c"].map(ExecutionId::new);
        let start: Background = Arc::new(|id: &ExecutionId| match id.as_str() {
            "b" => Ok(()),
            other => Err(format!("no process for {other}")),
        });
        let problem = hand_on(Some(&start), &ids).unwrap_err();
        assert_eq!(problem.why, ["a: no process for a", "c: no process for c"]);
        assert_eq!(hand_on(Some(&start), &ids[1..2]), Ok(()));
        assert!(hand_on(None, &ids).is_err());
    }
}
