//! The replay: opened from the timeline or from a file, and how its time passes.

use std::sync::Arc;
use std::time::Duration;

use super::super::command::{Command, Ticket};
use super::super::screens::Screen;
use super::super::screens::replay::ReplayScreen;
use super::App;
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::engine::replay::Recording;
use crate::problem::Problem;

/// So often a replay that plays moves on, in wall time.
pub(crate) const BEAT: Duration = Duration::from_millis(100);

impl App {
    /// Opens the replay of the execution whose timeline is on the screen.
    pub(super) fn open_replay(&mut self) -> Vec<Command> {
        let Some(Screen::Timeline(timeline)) = self.stack.last() else {
            return Vec::new();
        };
        let (cluster, execution) = (timeline.id.clone(), timeline.execution().clone());
        let screen = ReplayScreen::new(cluster, execution.clone(), &self.data);
        self.stack.push(Screen::Replay(Box::new(screen)));
        vec![Command::ReadRecording(execution)]
    }

    /// Opens a recording that was read from a file.
    pub(crate) fn show_recording(&mut self, recording: Arc<Recording>) {
        let plan = recording.plan();
        let cluster = plan.map_or_else(|| ClusterId::new(recording.id.as_str()), |plan| plan.cluster.clone());
        let mut screen = ReplayScreen::new(cluster, recording.id.clone(), &self.data);
        screen.take(Ok(recording));
        self.stack.push(Screen::Replay(Box::new(screen)));
    }

    pub(super) fn take_recording(&mut self, id: &ExecutionId, answer: Result<Arc<Recording>, Problem>) {
        let waiting = self.stack.iter_mut().find_map(|screen| match screen {
            Screen::Replay(screen) if screen.execution == *id => Some(screen),
            _ => None,
        });
        if let Some(screen) = waiting {
            screen.take(answer);
        }
    }

    /// Plays or stops.
    pub(super) fn play_or_stop(&mut self) -> Vec<Command> {
        let plays = match self.stack.last_mut() {
            Some(Screen::Replay(screen)) => screen.play_or_stop(),
            _ => false,
        };
        if plays { self.next_beat() } else { Vec::new() }
    }

    /// A beat has passed; one of a replay that was left or stopped since is too late.
    pub(super) fn beat(&mut self, ticket: Ticket) -> Vec<Command> {
        if self.beat != Some(ticket) {
            return Vec::new();
        }
        self.beat = None;
        match self.stack.last_mut() {
            Some(Screen::Replay(screen)) if screen.is_playing => {
                screen.advance(BEAT);
                self.next_beat()
            }
            _ => Vec::new(),
        }
    }

    fn next_beat(&mut self) -> Vec<Command> {
        let ticket = self.next_ticket();
        self.beat = Some(ticket);
        vec![Command::Beat(ticket)]
    }
}
