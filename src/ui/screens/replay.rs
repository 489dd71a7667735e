//! An execution as it was: the same live view as of any moment of the past, with a line to travel on, and what was
//! planned beside what came of it. Never shows the present, and has no key that changes anything.

mod compared;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::actions::ActionId;
use super::super::components::prose::{self, Passage};
use super::super::components::{Scene, inset, split_top};
use super::super::data::Data;
use super::super::dialogs::note;
use super::super::narrative;
use super::super::theme::{Mark, Role, Theme};
use super::live_nodes::LiveNodes;
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::engine::replay::compare::{StepComparison, compare};
use crate::engine::replay::{Recording, Replayed};
use crate::inventory::snapshot::{ClusterSnapshot, SourceState, Sourced};
use crate::problem::Problem;

/// How many times as fast as it was.
pub(super) const SPEEDS: [i32; 7] = [1, 5, 20, 60, 200, 500, 1000];
/// An hour passes in a minute.
const USUAL: usize = 3;

/// What is shown of the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shown {
    #[default]
    Nodes,
    Compared,
}

/// The screen's state; `data` and `nodes` are worked out when the moment changes.
#[derive(Clone, Debug)]
pub(crate) struct ReplayScreen {
    pub(crate) id: ClusterId,
    pub(crate) execution: ExecutionId,
    recording: Option<Arc<Recording>>,
    problem: Option<Problem>,
    at: Timestamp,
    /// A place in `SPEEDS`.
    speed: usize,
    pub(crate) is_playing: bool,
    shown: Shown,
    /// What could be known at the moment, and nothing later.
    data: Data,
    nodes: LiveNodes,
    steps: Vec<StepComparison>,
    /// The selected step of the comparison.
    step: usize,
}

impl ReplayScreen {
    /// A replay that is being read.
    pub(crate) fn new(id: ClusterId, execution: ExecutionId, data: &Data) -> Self {
        Self {
            data: Data::empty(data.now, data.person().clone()),
            at: data.now,
            nodes: LiveNodes::new(id.clone()),
            id,
            execution,
            recording: None,
            problem: None,
            speed: USUAL,
            is_playing: false,
            shown: Shown::default(),
            steps: Vec::new(),
            step: 0,
        }
    }

    /// Takes the recording, and stands at its beginning.
    pub(crate) fn take(&mut self, answer: Result<Arc<Recording>, Problem>) {
        match answer {
            Ok(recording) => {
                self.steps = compare(&recording);
                let begin = recording.span().map(|(begin, _)| begin);
                self.recording = Some(recording);
                self.problem = None;
                self.go(begin.unwrap_or(self.at));
            }
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// Goes to a moment, not beyond either end.
    fn go(&mut self, to: Timestamp) {
        let Some(recording) = &self.recording else {
            return;
        };
        let Some((begin, end)) = recording.span() else {
            return;
        };
        self.at = to.clamp(begin, end);
        let Replayed { at, execution, live } = recording.at(self.at);
        let was_driven = execution.as_ref().is_some_and(|execution| execution.driver.is_some());
        let kubernetes = match (&live, recording.why_no_picture()) {
            (None, Some(why)) => SourceState::Unavailable { why: why.to_owned() },
            (None, None) => SourceState::Unavailable {
                why: "no picture of the nodes was kept yet at this time".to_owned(),
            },
            (Some(_), _) if !was_driven => SourceState::Stale {
                why: "nobody drove at this time, so nothing was kept".to_owned(),
            },
            (Some(_), _) => SourceState::Fresh,
        };
        let snapshot = ClusterSnapshot {
            id: self.id.clone(),
            cluster: Sourced::default(),
            upgrades: Sourced::default(),
            region: Sourced::default(),
            details: None,
            windows: Sourced::default(),
            kubernetes,
            are_watches_settled: true,
            operation_text: None,
            live: live.map(Arc::new),
            change_author: Sourced::default(),
        };
        self.data.show_past(at, snapshot, execution.map(Arc::new).as_ref());
        self.nodes.refresh(&self.data);
    }

    /// Goes on by so much of this machine's time; stops at the end.
    pub(crate) fn advance(&mut self, passed: Duration) {
        let Some((_, end)) = self.recording.as_ref().and_then(|recording| recording.span()) else {
            self.is_playing = false;
            return;
        };
        let passed = SignedDuration::try_from(passed).unwrap_or_default() * SPEEDS[self.speed];
        self.go(self.at.saturating_add(passed).unwrap_or(end));
        self.is_playing &= self.at < end;
    }

    /// Plays or stops; at the end, plays again from the beginning. True where it plays from now on.
    pub(crate) fn play_or_stop(&mut self) -> bool {
        let Some((begin, end)) = self.recording.as_ref().and_then(|recording| recording.span()) else {
            return false;
        };
        self.is_playing = !self.is_playing && begin < end;
        if self.is_playing && self.at >= end {
            self.go(begin);
        }
        self.is_playing
    }

    pub(crate) fn act(&mut self, action: ActionId, theme: Theme, area: Rect) {
        if let Some(to) = self.destination(action) {
            self.is_playing = false;
            self.go(to);
            return;
        }
        match action {
            ActionId::Faster => self.speed = (self.speed + 1).min(SPEEDS.len() - 1),
            ActionId::Slower => self.speed = self.speed.saturating_sub(1),
            ActionId::PlannedAndReal => {
                self.shown = match self.shown {
                    Shown::Nodes => Shown::Compared,
                    Shown::Compared => Shown::Nodes,
                };
            }
            other if self.shown == Shown::Compared => {
                let half = usize::from(area.height / 2);
                self.step = super::moved(other, self.step, self.steps.len(), half);
            }
            other => {
                let (_, rest) = split_top(area, transport::HEIGHT);
                let scene = Scene {
                    data: &self.data,
                    theme,
                };
                let action = match other {
                    ActionId::NodeLeft => ActionId::Left,
                    ActionId::NodeRight => ActionId::Right,
                    other => other,
                };
                self.nodes.act(action, scene, rest);
            }
        }
    }

    /// Where a key leads in time; `None` for one that does not, and the same time where there is nothing further.
    fn destination(&self, action: ActionId) -> Option<Timestamp> {
        let recording = self.recording.as_deref()?;
        let (begin, end) = recording.span()?;
        let moment = |moment: Option<&crate::engine::replay::moments::Moment>| moment.map(|moment| moment.at);
        Some(match action {
            ActionId::NextEvent => recording.next_time(self.at).unwrap_or(end),
            ActionId::PreviousEvent => recording.time_before(self.at).unwrap_or(begin),
            ActionId::NextMoment => moment(recording.next_moment(self.at)).unwrap_or(end),
            ActionId::PreviousMoment => moment(recording.moment_before(self.at)).unwrap_or(begin),
            ActionId::Top => begin,
            ActionId::Bottom => end,
            _ => return None,
        })
    }

    /// The selected node as it was, with the time it is shown at.
    pub(crate) fn selected_node(&self) -> Option<(&crate::progress::picture::NodeProgress, Timestamp)> {
        let live = self.data.cluster(&self.id)?.live.as_deref()?;
        Some((self.nodes.selected_node(live)?, self.at))
    }

    /// The sentence on top: how it stood then.
    pub(crate) fn summary(&self) -> (Mark, String) {
        let when = self.at.strftime("%H:%M:%S").to_string();
        let name = self.id.name();
        match self.data.execution(&self.id) {
            _ if self.problem.is_some() => (Mark::Failed, format!("{name}: the recording cannot be read")),
            _ if self.recording.is_none() => (Mark::Loading, format!("{name}: reading what was kept")),
            Some(execution) => {
                let (mark, text) = narrative::execution(execution, self.at);
                (mark, format!("{name} at {when} UTC: {text}"))
            }
            None => (
                Mark::Unknown,
                format!("{name} at {when} UTC: how it stood is not known"),
            ),
        }
    }

    /// For the way to this place: `REPLAY k3v9`.
    pub(crate) fn crumb(&self) -> String {
        format!("REPLAY {}", self.execution)
    }

    /// Draws, the rest as the live view does:
    ///
    /// ```text
    ///  REPLAY  2026-11-23 10:12:05 UTC  4 min 5 s of 38 min   ► 60x
    ///  █████▲███‖███◉░░░░│░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░✓
    ///  ▲ 10:11:40 PodDisruptionBudget shop/cart-pdb allows no eviction
    /// ─ Pools ─────────────
    /// ```
    pub(crate) fn view(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let theme = scene.theme;
        let Some(recording) = self.recording.as_deref() else {
            let passages = match &self.problem {
                Some(problem) => note::problem_passages(problem),
                None => vec![Passage::new(
                    Role::Muted,
                    format!("{} reading what was kept", Mark::Loading.symbol()),
                )],
            };
            let lines = prose::lay_out(&passages, area.width.saturating_sub(4), theme);
            prose::draw(&lines, 0, inset(area, 2), theme, buffer);
            return;
        };
        let (top, rest) = split_top(area, transport::HEIGHT);
        let transport = transport::Transport {
            recording,
            at: self.at,
            speed: SPEEDS[self.speed],
            is_playing: self.is_playing,
        };
        transport.draw(inset(top, 1), theme, buffer);
        match self.shown {
            Shown::Compared => compared::draw(&self.steps, self.step, self.at, theme, rest, buffer),
            Shown::Nodes => {
                let scene = Scene {
                    data: &self.data,
                    theme,
                };
                self.nodes.view(scene, rest, buffer);
            }
        }
    }
}
