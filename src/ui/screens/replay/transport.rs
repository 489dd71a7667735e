//! The line one travels on in a replay: the time, how fast it passes, and every notable moment at its place.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::super::components::put;
use super::super::super::theme::{BAR_EMPTY, BAR_FULL, CHOSEN, Mark, Role, Theme};
use super::super::super::wording;
use crate::engine::replay::Recording;
use crate::engine::replay::moments::MomentKind;

/// Lines it takes.
pub(super) const HEIGHT: u16 = 3;

/// Where the replay stands.
pub(super) struct Transport<'a> {
    pub(super) recording: &'a Recording,
    pub(super) at: Timestamp,
    pub(super) speed: i32,
    pub(super) is_playing: bool,
}

impl Transport<'_> {
    pub(super) fn draw(&self, area: Rect, theme: Theme, buffer: &mut Buffer) {
        let lines = [self.clock(theme), self.bar(theme, area.width), self.moment(theme)];
        for (y, line) in (area.y..area.bottom()).zip(lines) {
            put(buffer, area.x, y, area.width, line);
        }
    }

    fn clock(&self, theme: Theme) -> Line<'static> {
        let (begin, end) = self.recording.span().unwrap_or((self.at, self.at));
        let state = if self.is_playing {
            theme.state(Mark::Running, "playing")
        } else {
            theme.state(Mark::Held, "stopped")
        };
        Line::from(vec![
            theme.span(Role::Selected, " REPLAY "),
            theme.span(Role::Strong, format!(" {}", self.at.strftime("%Y-%m-%d %H:%M:%S UTC"))),
            theme.span(
                Role::Muted,
                format!(
                    "  {} of {}  ",
                    wording::since(begin, self.at),
                    wording::since(begin, end)
                ),
            ),
            state,
            theme.span(Role::Text, format!("  {}x", self.speed)),
        ])
    }

    /// A cell for each stretch of time; of its moments the most telling one is shown.
    fn bar(&self, theme: Theme, width: u16) -> Line<'static> {
        let width = usize::from(width.max(1));
        let here = self.cell(self.at, width);
        let mut marks: Vec<Option<MomentKind>> = vec![None; width];
        for moment in &self.recording.moments {
            let cell = &mut marks[self.cell(moment.at, width)];
            if cell.is_none_or(|known| rank(moment.kind) < rank(known)) {
                *cell = Some(moment.kind);
            }
        }
        let spans = marks.into_iter().enumerate().map(|(cell, moment)| match moment {
            _ if cell == here => theme.span(Role::Strong, CHOSEN),
            Some(kind) => {
                let (symbol, role) = mark(kind);
                theme.span(role, symbol)
            }
            None if cell < here => theme.span(Role::Key, BAR_FULL),
            None => theme.span(Role::Rule, BAR_EMPTY),
        });
        Line::from(spans.collect::<Vec<Span<'static>>>())
    }

    /// The cell of a time, from 0 below `width`.
    fn cell(&self, at: Timestamp, width: usize) -> usize {
        let Some((begin, end)) = self.recording.span() else {
            return 0;
        };
        let share = |at: Timestamp| at.duration_since(begin).as_millis().max(0);
        let last = i128::try_from(width.saturating_sub(1)).unwrap_or(0);
        let cell = share(at) * last / share(end).max(1);
        usize::try_from(cell).unwrap_or(0).min(width.saturating_sub(1))
    }

    /// The last notable moment.
    fn moment(&self, theme: Theme) -> Line<'static> {
        let Some(moment) = self.recording.moment_at(self.at) else {
            return Line::from(theme.span(Role::Muted, "nothing notable yet; n goes to the first moment"));
        };
        let (symbol, role) = mark(moment.kind);
        Line::from(vec![
            theme.span(role, format!("{symbol} ")),
            theme.span(Role::Muted, format!("{} ", moment.at.strftime("%H:%M:%S"))),
            theme.span(Role::Text, moment.what.clone()),
        ])
    }
}

/// The lower, the more telling.
fn rank(kind: MomentKind) -> u8 {
    match kind {
        MomentKind::Failed => 0,
        MomentKind::HoldBegan => 1,
        MomentKind::Paused => 2,
        MomentKind::Gate => 3,
        MomentKind::Repair => 4,
        MomentKind::Ended => 5,
        MomentKind::StepBegan => 6,
        MomentKind::StepEnded | MomentKind::Resumed | MomentKind::GateOver | MomentKind::HoldEnded => 7,
    }
}

fn mark(kind: MomentKind) -> (&'static str, Role) {
    let of = |mark: Mark| (mark.symbol(), mark.role());
    match kind {
        MomentKind::Failed => of(Mark::Failed),
        MomentKind::HoldBegan => of(Mark::Stuck),
        MomentKind::Paused | MomentKind::Gate => of(Mark::Held),
        MomentKind::Repair => of(Mark::Note),
        MomentKind::StepBegan | MomentKind::Resumed => of(Mark::Running),
        MomentKind::Ended | MomentKind::StepEnded | MomentKind::HoldEnded | MomentKind::GateOver => of(Mark::Good),
    }
}
