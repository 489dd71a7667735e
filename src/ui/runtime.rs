//! The loop: keys, snapshots, executions, ticks and answers into messages; commands to the handles; when to draw.
//!
//! ```text
//! keys, signals ─┐                        ┌─> inventory handle (focus, refresh, target)
//! snapshots ─────┼─> Message -> App -> Command ─> tasks on the engine handle ─> answers ─┐
//! ticks ─────────┘      ^                                                               │
//!                       └───────────────────────────────────────────────────────────────┘
//! ```

mod look;
mod mend;
mod outside;
mod prepare;
mod targets;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyEventKind};
use futures::StreamExt;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use self::outside::Outside;
use self::targets::Targets;
use super::UiSettings;
use super::app::{App, AppSettings};
use super::command::Command;
use super::message::Message;
use super::terminal::{Session, Signals};

/// At most 30 frames a second.
const FRAME: Duration = Duration::from_millis(33);
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
    let app = App::new(AppSettings::of(&settings), settings.clock.now());
    let mut outside = Outside::new(settings, sender);
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
    let mut fleet = Source::of(outside.subscribe_fleet());
    let mut executions = Source::of(outside.subscribe_executions());
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (columns, rows) = session.size()?;
    app.update(Message::Resized(columns, rows));
    let mut known = Arc::new(Vec::new());
    let mut driven_here = BTreeSet::new();
    let mut targets = Targets::default();
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
            _ = ticks.tick() => Some(Message::Tick(outside.now())),
            () = tokio::time::sleep_until(next_frame), if is_dirty => None,
            () = signals.received() => return Ok(Ending::Interrupted),
        };
        let Some(message) = message else {
            continue;
        };
        is_dirty = true;
        let mut is_news = false;
        if let Message::Executions(views) = &message {
            known = Arc::clone(views);
            is_news = true;
        }
        let mut messages = VecDeque::from([message]);
        let here = outside.driven_here(&known);
        if here != driven_here {
            driven_here.clone_from(&here);
            messages.push_front(Message::DrivenHere(here));
            is_news = true;
        }
        if is_news {
            outside.tell_targets(targets.update(&known, &driven_here));
        }
        // What is answered at once is told before the next key is looked at.
        while let Some(message) = messages.pop_front() {
            for command in app.update(message) {
                match &command {
                    Command::Quit => return Ok(Ending::Left),
                    Command::Copy(text) => session.copy(text)?,
                    _ => (),
                }
                messages.extend(outside.carry_out(command));
            }
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
