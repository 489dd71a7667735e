//! The loop: keys, snapshots, executions, ticks and answers into messages; commands to the handles; when to draw.
//!
//! ```text
//! keys, signals ─┐                        ┌─> inventory handle (focus, refresh, target)
//! snapshots ─────┼─> Message -> App -> Command ─> tasks on the engine handle ─> answers ─┐
//! ticks ─────────┘      ^                                                               │
//!                       └───────────────────────────────────────────────────────────────┘
//! ```

mod incoming;
mod look;
mod memory;
mod mend;
mod outside;
mod prepare;
mod settings_watch;
mod targets;

use std::collections::{BTreeSet, VecDeque};
use std::io::Stdout;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use color_eyre::eyre::WrapErr;
use futures::FutureExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::incoming::{Incoming, Wake};
use self::outside::{Outside, Views};
use self::targets::Targets;
use super::UiSettings;
use super::app::{App, AppSettings};
use super::command::Command;
use super::front::Front;
use super::message::Message;
use super::terminal::{Heard, Session, Signals};
use super::theme::{Colour, ground};
use crate::domain::ids::ExecutionId;
use crate::engine::replay::Recording;

/// At most 30 frames a second.
const FRAME: Duration = Duration::from_millis(34);
/// Answers wait here between two turns of the loop; a person asks far fewer questions at a time.
const ANSWERS: usize = 32;
/// Messages that are taken in before a frame that is due is drawn; more wait for the next one.
const MERGED: usize = 256;

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
    run_from(settings, None).await
}

/// Shows a recording, on top of the cockpit.
///
/// # Errors
/// As [`run`].
pub async fn replay(settings: UiSettings, recording: Arc<Recording>) -> color_eyre::Result<Ending> {
    run_from(settings, Some(recording)).await
}

async fn run_from(mut settings: UiSettings, recording: Option<Arc<Recording>>) -> color_eyre::Result<Ending> {
    let signals = Signals::listen()?;
    if settings.look.background.is_none() && settings.look.colour != Colour::None {
        // Before anything reads keys: the answer comes the same way.
        settings.look.background = tokio::task::spawn_blocking(ground::ask).await?;
    }
    let session = Session::enter()?;
    let (sender, answers) = mpsc::channel(ANSWERS);
    let mut app = App::new(AppSettings::of(&settings), settings.clock.now()).with_settings(&settings.settings);
    if let Some(recording) = recording {
        app.show_recording(recording);
    }
    let outside = Outside::new(settings, sender);
    outside.follow_settings();
    app.update(Message::Remembered(outside.remembered()));
    let incoming = Incoming::of(&outside, answers, signals);
    let mut turning = Turning {
        front: Front::new(app, std::io::stdout()),
        session,
        outside,
        known: Arc::default(),
        driven_here: BTreeSet::new(),
        targets: Targets::default(),
        is_due: true,
    };
    let result = turning.run(incoming).await;
    turning.outside.finish_orders().await;
    result
}

/// What the loop turns on.
struct Turning {
    front: Front<Stdout>,
    session: Session,
    outside: Outside,
    known: Views,
    driven_here: BTreeSet<ExecutionId>,
    targets: Targets,
    /// True where something may have changed since the last frame.
    is_due: bool,
}

impl Turning {
    /// Turns the loop until the cockpit is left.
    async fn run(&mut self, mut incoming: Incoming) -> color_eyre::Result<Ending> {
        self.measure()?;
        let mut next_frame = Instant::now();
        loop {
            if self.is_due && Instant::now() >= next_frame {
                match self.front.draw() {
                    Ok(0) => (),
                    Ok(_) => next_frame = Instant::now() + FRAME,
                    Err(error) => {
                        // Nobody sees the cockpit any more; what is on its way is finished all the same.
                        tracing::warn!(%error, "the terminal is gone");
                        return Ok(Ending::Interrupted);
                    }
                }
                self.is_due = false;
            }
            let mut wake = tokio::select! {
                wake = incoming.next() => wake,
                () = tokio::time::sleep_until(next_frame), if self.is_due => continue,
            };
            // What waits already comes before the next frame, so that many messages cost one.
            for _ in 0..MERGED {
                if let Some(ending) = self.take(wake, &mut incoming).await? {
                    return Ok(ending);
                }
                match incoming.next().now_or_never() {
                    Some(next) => wake = next,
                    None => break,
                }
            }
        }
    }

    async fn take(&mut self, wake: Wake, incoming: &mut Incoming) -> color_eyre::Result<Option<Ending>> {
        match wake {
            Wake::Nothing => Ok(None),
            Wake::TerminalGone | Wake::Signal(Heard::End) => Ok(Some(Ending::Interrupted)),
            Wake::Signal(Heard::Continued) => Ok(self.come_back()),
            Wake::Notice(notice) => {
                self.ring(&incoming.notices.sequence(&notice))?;
                self.tell(Message::Noticed(notice), incoming).await
            }
            Wake::Message(message) => self.tell(message, incoming).await,
        }
    }

    /// What is answered at once is told before the next key is looked at.
    async fn tell(&mut self, message: Message, incoming: &mut Incoming) -> color_eyre::Result<Option<Ending>> {
        self.is_due = true;
        let mut messages = self.with_news(message);
        while let Some(message) = messages.pop_front() {
            for command in self.front.tell(message) {
                match command {
                    Command::Quit => return Ok(Some(Ending::Left)),
                    Command::Copy(text) => self.copy(&text)?,
                    Command::Suspend => {
                        if let Some(ending) = self.suspend(incoming).await {
                            return Ok(Some(ending));
                        }
                    }
                    other => messages.extend(self.outside.carry_out(other)),
                }
            }
        }
        Ok(None)
    }

    /// The message, after what it changes about who drives what.
    fn with_news(&mut self, message: Message) -> VecDeque<Message> {
        let mut is_news = false;
        if let Message::Executions(views) = &message {
            self.known = Arc::clone(views);
            is_news = true;
        }
        let mut messages = VecDeque::from([message]);
        let here = self.outside.driven_here(&self.known);
        if here != self.driven_here {
            self.driven_here.clone_from(&here);
            messages.push_front(Message::DrivenHere(here));
            is_news = true;
        }
        if is_news {
            let targets = self.targets.update(&self.known, &self.driven_here);
            self.outside.tell_targets(targets);
        }
        messages
    }

    /// Offers text to the clipboard of the terminal (OSC 52); many terminals take it, some ask, some do not listen.
    fn copy(&mut self, text: &str) -> color_eyre::Result<()> {
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        self.front
            .pass(format!("\x1b]52;c;{encoded}\x07").as_bytes())
            .wrap_err("the terminal does not take text")
    }

    /// Writes what rings the terminal or asks it for a notification; moves no cursor and draws nothing.
    fn ring(&mut self, sequence: &str) -> color_eyre::Result<()> {
        if sequence.is_empty() {
            return Ok(());
        }
        self.front
            .pass(sequence.as_bytes())
            .wrap_err("the terminal does not take a notification")
    }

    /// Gives the terminal to the shell until the person comes back.
    #[cfg(unix)]
    async fn suspend(&mut self, incoming: &mut Incoming) -> Option<Ending> {
        self.session.suspend();
        incoming.signals.continued().await;
        self.come_back()
    }

    /// There is no shell to give the terminal to.
    #[cfg(not(unix))]
    #[expect(clippy::unused_async, reason = "the same signature as on unix")]
    async fn suspend(&mut self, _: &mut Incoming) -> Option<Ending> {
        None
    }

    /// Takes the terminal over again. A process whose terminal was closed is told to continue too, and then there is
    /// nothing to come back to.
    fn come_back(&mut self) -> Option<Ending> {
        self.front.forget_screen();
        let back = self.session.resume().and_then(|()| self.measure());
        back.err().map(|error| {
            tracing::warn!(%error, "the terminal is gone");
            Ending::Interrupted
        })
    }

    fn measure(&mut self) -> color_eyre::Result<()> {
        let (columns, rows) = self.session.size()?;
        self.front.tell(Message::Resized(columns, rows));
        self.is_due = true;
        Ok(())
    }
}
