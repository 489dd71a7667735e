//! All that can wake the cockpit, as one source: keys, snapshots, executions, answers, ticks and signals.
//! Decides nothing; every wait here can be given up and begun again.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures::StreamExt;
use tokio::sync::{mpsc, watch};
use tokio::time::{Interval, MissedTickBehavior};

use super::super::message::Message;
use super::super::terminal::{Heard, Signals};
use super::outside::{Outside, Views};
use crate::clock::Clock;
use crate::inventory::snapshot::FleetSnapshot;
use crate::notify::{Heard as Told, Listener, Notice};

/// What came in.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lives for one turn of the loop, and mostly is a message"
)]
pub(super) enum Wake {
    Message(Message),
    /// Something the cockpit does not use.
    Nothing,
    Signal(Heard),
    /// Something was told that the terminal may ring for.
    Notice(Box<Notice>),
    /// Nobody can press keys any more.
    TerminalGone,
}

pub(super) struct Incoming {
    events: EventStream,
    late_answer: LateAnswer,
    fleet: Source<FleetSnapshot>,
    executions: Source<Vec<Arc<crate::engine::view::ExecutionView>>>,
    answers: mpsc::Receiver<Message>,
    pub(super) notices: Listener,
    ticks: Interval,
    clock: Clock,
    pub(super) signals: Signals,
}

impl Incoming {
    pub(super) fn of(outside: &Outside, answers: mpsc::Receiver<Message>, signals: Signals) -> Self {
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let executions: watch::Receiver<Views> = outside.subscribe_executions();
        Self {
            events: EventStream::new(),
            late_answer: LateAnswer::default(),
            fleet: Source::of(outside.subscribe_fleet()),
            executions: Source::of(executions),
            answers,
            notices: outside.listen(),
            ticks,
            clock: outside.clock(),
            signals,
        }
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Wake {
        tokio::select! {
            event = self.events.next() => match event {
                Some(Ok(event)) => self.message_of(event).map_or(Wake::Nothing, Wake::Message),
                Some(Err(error)) => {
                    tracing::warn!(%error, "the terminal is gone");
                    Wake::TerminalGone
                }
                None => Wake::TerminalGone,
            },
            value = self.fleet.next() => Wake::Message(Message::Fleet(value)),
            value = self.executions.next() => Wake::Message(Message::Executions(value)),
            Some(message) = self.answers.recv() => Wake::Message(message),
            told = self.notices.next() => match told {
                Told::Notice(notice) => Wake::Notice(notice),
                Told::NotDelivered(why) => Wake::Message(Message::NotTold(why)),
            },
            _ = self.ticks.tick() => Wake::Message(Message::Tick(self.clock.now())),
            heard = self.signals.received() => Wake::Signal(heard),
        }
    }

    /// What an event of the terminal means; `None` for what the cockpit does not use.
    fn message_of(&mut self, event: Event) -> Option<Message> {
        match event {
            Event::Key(key) if self.late_answer.takes(key) => None,
            Event::Key(key) if key.kind != KeyEventKind::Release => Some(Message::Key(key)),
            Event::Paste(text) => Some(Message::Paste(text)),
            Event::Resize(columns, rows) => Some(Message::Resized(columns, rows)),
            _ => None,
        }
    }
}

/// A terminal's answer that came too late, after the cockpit had stopped to wait for it: it arrives as keys, which
/// nobody pressed. It begins with alt and `]`, and ends with alt and `\`, or with ctrl and g (xterm control
/// sequences, "Operating System Commands").
#[derive(Debug, Default)]
struct LateAnswer {
    /// Keys of it that can still come; 0 outside of an answer.
    left: u8,
}

impl LateAnswer {
    /// `11;rgb:ffff/ffff/ffff` and its end are far shorter.
    const LONGEST: u8 = 40;

    fn takes(&mut self, key: KeyEvent) -> bool {
        let has = |modifier| key.modifiers.contains(modifier);
        match key.code {
            KeyCode::Char(']') if has(KeyModifiers::ALT) => {
                self.left = Self::LONGEST;
                true
            }
            _ if self.left == 0 => false,
            KeyCode::Char('\\') if has(KeyModifiers::ALT) => std::mem::take(&mut self.left) > 0,
            KeyCode::Char('g') if has(KeyModifiers::CONTROL) => std::mem::take(&mut self.left) > 0,
            // Only these are part of one; anything else is a person's key.
            KeyCode::Char('0'..='9' | 'a'..='f' | 'A'..='F' | 'r' | 'g' | ':' | ';' | '/') => {
                self.left -= 1;
                true
            }
            _ => {
                self.left = 0;
                false
            }
        }
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

    fn kept(keys: &[(char, KeyModifiers)]) -> String {
        let mut answer = LateAnswer::default();
        keys.iter()
            .filter(|(letter, modifiers)| !answer.takes(KeyEvent::new(KeyCode::Char(*letter), *modifiers)))
            .map(|(letter, _)| *letter)
            .collect()
    }

    fn typed(text: &str) -> Vec<(char, KeyModifiers)> {
        text.chars().map(|letter| (letter, KeyModifiers::NONE)).collect()
    }

    #[test]
    fn an_answer_that_comes_too_late_presses_no_keys() {
        for end in [('\\', KeyModifiers::ALT), ('g', KeyModifiers::CONTROL)] {
            let mut keys = typed("j");
            keys.push((']', KeyModifiers::ALT));
            keys.extend(typed("11;rgb:1A1a/2b2b/FFff"));
            keys.push(end);
            keys.extend(typed("A1"));
            assert_eq!(kept(&keys), "jA1");
        }
    }

    #[test]
    fn a_person_is_heard_again_at_once() {
        let mut keys = vec![(']', KeyModifiers::ALT)];
        keys.extend(typed("jA"));
        assert_eq!(kept(&keys), "jA");
        let mut keys = vec![(']', KeyModifiers::ALT)];
        keys.extend(typed(&"1".repeat(50)));
        assert_eq!(kept(&keys).len(), 10);
        assert_eq!(kept(&typed("11;A")), "11;A");
    }
}
