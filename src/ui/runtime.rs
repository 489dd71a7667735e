//! The loop: keys, snapshots, executions, ticks and answers into messages; commands to the handles; when to draw.
//!
//! ```text
//! keys, signals ─┐                        ┌─> inventory handle (focus, refresh, target)
//! snapshots ─────┼─> Message -> App -> Command ─> tasks on the engine handle ─> answers ─┐
//! ticks ─────────┘      ^                                                               │
//!                       └───────────────────────────────────────────────────────────────┘
//! ```

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyEventKind};
use futures::StreamExt;
use futures::future::join_all;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use super::UiSettings;
use super::app::{App, AppSettings};
use super::command::Command;
use super::message::{Message, Prepared};
use super::terminal::{Session, Signals};
use crate::clock::Clock;
use crate::domain::cluster::{Cluster, ClusterUpgrades};
use crate::domain::ids::PlanId;
use crate::engine::command::Person;
use crate::engine::handle::EngineHandle;
use crate::inventory::handle::InventoryHandle;
use crate::plan::builder::{self, Intent};
use crate::problem::Problem;

/// At most 30 frames a second.
const FRAME: Duration = Duration::from_millis(33);
/// How long leaving waits for orders that were approved and are not yet in the journal.
const LAST_ORDERS: Duration = Duration::from_secs(5);
/// Answers wait here between two turns of the loop; a person asks far fewer questions at a time.
const ANSWERS: usize = 32;

/// How the cockpit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The person left it.
    Left,
    /// A signal came, or the terminal is gone.
    Interrupted,
}

/// Shows the cockpit until the person leaves it, or a signal ends it.
///
/// # Errors
/// When the terminal cannot be taken over or drawn on.
pub async fn run(settings: UiSettings) -> color_eyre::Result<Ending> {
    let mut signals = Signals::listen()?;
    let mut session = Session::enter()?;
    let (sender, answers) = mpsc::channel(ANSWERS);
    let mut outside = Outside {
        inventory: settings.inventory,
        engine: settings.engine,
        clock: settings.clock,
        person: settings.person.clone(),
        answers: sender,
        orders: JoinSet::new(),
    };
    let app = App::new(
        AppSettings {
            person: settings.person,
            scope: settings.scope,
            is_read_only: settings.read_only,
            look: settings.look,
            can_leave_running: settings.can_leave_running,
        },
        outside.clock.now(),
    );
    let result = turn(app, &mut session, &mut signals, &mut outside, answers).await;
    outside.finish_orders().await;
    result
}

/// Turns the loop until the cockpit is left.
async fn turn(
    mut app: App,
    session: &mut Session,
    signals: &mut Signals,
    outside: &mut Outside,
    mut answers: mpsc::Receiver<Message>,
) -> color_eyre::Result<Ending> {
    let mut events = EventStream::new();
    let mut fleet = Source::of(outside.inventory.subscribe());
    let mut executions = Source::of(outside.engine.subscribe());
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (columns, rows) = session.size()?;
    app.update(Message::Resized(columns, rows));
    let mut next_frame = Instant::now();
    let mut is_dirty = true;
    loop {
        if is_dirty && Instant::now() >= next_frame {
            session.draw(|frame| app.view(frame))?;
            is_dirty = false;
            next_frame = Instant::now() + FRAME;
        }
        let message = tokio::select! {
            event = events.next() => match event {
                Some(Ok(event)) => message_of(event),
                // The terminal is gone.
                Some(Err(_)) | None => return Ok(Ending::Interrupted),
            },
            value = fleet.next() => Some(Message::Fleet(value)),
            value = executions.next() => Some(Message::Executions(value)),
            Some(message) = answers.recv() => Some(message),
            _ = ticks.tick() => Some(Message::Tick(outside.clock.now())),
            () = tokio::time::sleep_until(next_frame), if is_dirty => None,
            () = signals.received() => return Ok(Ending::Interrupted),
        };
        let Some(message) = message else {
            continue;
        };
        is_dirty = true;
        for command in app.update(message) {
            if command == Command::Quit {
                return Ok(Ending::Left);
            }
            outside.carry_out(command);
        }
    }
}

/// What an event of the terminal means; `None` for what the cockpit does not use.
fn message_of(event: Event) -> Option<Message> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Some(Message::Key(key)),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Resize(columns, rows) => Some(Message::Resized(columns, rows)),
        _ => None,
    }
}

/// A watched value that gives its first value at once, and stays silent for ever when its sender is gone.
struct Source<T> {
    receiver: watch::Receiver<Arc<T>>,
    is_open: bool,
}

impl<T> Source<T> {
    fn of(mut receiver: watch::Receiver<Arc<T>>) -> Self {
        receiver.mark_changed();
        Self {
            receiver,
            is_open: true,
        }
    }

    /// Waits for the next value; safe to drop and call again.
    async fn next(&mut self) -> Arc<T> {
        if self.is_open && self.receiver.changed().await.is_ok() {
            return Arc::clone(&self.receiver.borrow_and_update());
        }
        self.is_open = false;
        std::future::pending().await
    }
}

/// The rooms the cockpit talks to, and the tasks that do.
struct Outside {
    inventory: InventoryHandle,
    engine: EngineHandle,
    clock: Clock,
    person: Person,
    answers: mpsc::Sender<Message>,
    /// Approved orders on their way; never dropped half-way.
    orders: JoinSet<()>,
}

impl Outside {
    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Quit => (),
            Command::Focus(id) => self.inventory.focus(&id),
            Command::Unfocus(id) => self.inventory.unfocus(&id),
            Command::Refresh(id) => self.inventory.refresh(id.as_ref()),
            Command::Prepare {
                ticket,
                cluster,
                upgrades,
                intent,
            } => {
                let (engine, clock) = (self.engine.clone(), self.clock.clone());
                self.ask(async move {
                    let answer = prepare(&engine, &clock, &cluster, &upgrades, &intent).await;
                    Message::Prepared(ticket, answer)
                });
            }
            Command::Preview { ticket, change } => {
                let engine = self.engine.clone();
                self.ask(async move {
                    let answer = engine.preview(&change).await.map_err(Problem::from);
                    Message::Previewed(ticket, answer)
                });
            }
            Command::Start(plan) => {
                let (engine, person) = (self.engine.clone(), self.person.clone());
                self.order(async move { Message::Started(engine.start(*plan, person).await.map_err(Problem::from)) });
            }
            Command::Send {
                execution,
                command,
                what,
            } => {
                let (engine, person) = (self.engine.clone(), self.person.clone());
                self.order(async move {
                    let answer = engine.send(&execution, command, person).await.map_err(Problem::from);
                    Message::Sent(what, answer)
                });
            }
        }
    }

    /// A question without side effects; its answer may come too late.
    fn ask(&self, question: impl Future<Output = Message> + Send + 'static) {
        let answers = self.answers.clone();
        tokio::spawn(async move {
            let _ = answers.send(question.await).await;
        });
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

    async fn finish_orders(&mut self) {
        let all = async { while self.orders.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LAST_ORDERS, all).await;
    }
}

/// Makes the plan, and prepares the requests of its steps as far as that is possible now.
async fn prepare(
    engine: &EngineHandle,
    clock: &Clock,
    cluster: &Cluster,
    upgrades: &ClusterUpgrades,
    intent: &Intent,
) -> Result<Prepared, Problem> {
    let id = PlanId::new(uuid::Uuid::new_v4().simple().to_string());
    let plan = builder::build(id, cluster, upgrades, intent, clock.now()).map_err(Problem::from)?;
    let changes: Vec<_> = plan.steps.iter().map(|step| step.kind.change(&plan.cluster)).collect();
    let requests = join_all(changes.iter().map(|change| engine.preview(change))).await;
    Ok(Prepared {
        requests: requests
            .into_iter()
            .map(|request| request.map_err(Problem::from))
            .collect(),
        plan,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_source_gives_its_first_value_and_then_falls_silent_with_its_sender() {
        let (sender, receiver) = watch::channel(Arc::new(1));
        let mut source = Source::of(receiver);
        assert_eq!(*source.next().await, 1);
        sender.send_replace(Arc::new(2));
        assert_eq!(*source.next().await, 2);
        drop(sender);
        assert!(futures::poll!(std::pin::pin!(source.next())).is_pending());
        assert!(futures::poll!(std::pin::pin!(source.next())).is_pending());
    }
}
