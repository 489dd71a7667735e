//! The top line: where one is, and on the right mode, driver, request budget and age of the data.
//! What does not fit is left out, the least telling first; the mode always stays.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::measure;
use super::super::theme::{CRUMB, DOT, Mark, Role, Theme};
use super::super::wording;
use crate::inventory::snapshot::{RequestBudget, SourceState};
use jiff::Timestamp;

/// From this room on the request budget is shown in full.
const LONG: u16 = 44;

/// What the header says.
#[derive(Clone, Debug)]
pub(crate) struct Header<'a> {
    pub(crate) scope: &'a str,
    /// Where one is, the outermost place first.
    pub(crate) crumbs: Vec<String>,
    pub(crate) is_read_only: bool,
    /// The past is on the screen.
    pub(crate) is_replay: bool,
    /// `driven by anna@laptop`.
    pub(crate) driver: Option<String>,
    pub(crate) requests: RequestBudget,
    pub(crate) source: &'a SourceState,
    pub(crate) as_of: Option<Timestamp>,
    pub(crate) now: Timestamp,
}

impl Header<'_> {
    pub(crate) fn draw(&self, area: Rect, theme: Theme, buffer: &mut Buffer) {
        let right = self.right(theme, area.width * 2 / 5);
        let right_width = measure::cells(right.width());
        let left_room = area.width.saturating_sub(right_width + 3);
        super::put(buffer, area.x + 1, area.y, left_room, self.left(theme, left_room));
        let x = area.right().saturating_sub(right_width + 1);
        super::put(buffer, x, area.y, right_width, right);
        // Over the texts' own colours: whoever sets the header apart wants it to be seen.
        let bar = theme.style(Role::Header);
        if bar.bg.is_some() {
            buffer.set_style(area, bar);
        }
    }

    fn left(&self, theme: Theme, room: u16) -> Line<'static> {
        let crumbs = |shown: &[String]| -> Vec<Span<'static>> {
            let mut spans = Vec::new();
            for (at, crumb) in shown.iter().enumerate() {
                if at > 0 {
                    spans.push(theme.span(Role::Muted, CRUMB));
                }
                let is_last = at + 1 == shown.len();
                spans.push(theme.span(if is_last { Role::Strong } else { Role::Text }, crumb.clone()));
            }
            spans
        };
        let name = theme.span(Role::Heading, "aks-cockpit");
        let scope = theme.span(Role::Muted, format!("{DOT}{}", self.scope));
        let gap = theme.span(Role::Muted, "  ");
        let all = crumbs(&self.crumbs);
        let full: Vec<Span<'static>> = [vec![name, scope, gap], all.clone()].concat();
        let fits = |spans: &[Span<'static>]| spans.iter().map(|span| measure::cells(span.width())).sum::<u16>() <= room;
        if fits(&full) {
            return Line::from(full);
        }
        if fits(&all) {
            return Line::from(all);
        }
        let last = self.crumbs.len().saturating_sub(2);
        Line::from(crumbs(&self.crumbs[last..]))
    }

    fn right(&self, theme: Theme, room: u16) -> Line<'static> {
        if self.is_replay {
            return Line::from(theme.span(Role::Selected, " REPLAY "));
        }
        let mode = if self.is_read_only {
            theme.span(Role::Attention, "READ-ONLY")
        } else {
            theme.span(Role::Strong, "WRITE")
        };
        let driver = self
            .driver
            .as_ref()
            .map(|driver| theme.span(Role::Text, driver.clone()));
        // In the order of the screen, each with its importance: the highest goes first.
        let mut parts: Vec<(u8, Span<'static>)> = [
            driver.map(|span| (1, span)),
            Some((2, self.budget(theme, room >= LONG))),
            Some((1, self.age(theme))),
            Some((0, mode)),
        ]
        .into_iter()
        .flatten()
        .collect();
        loop {
            let line = join(parts.iter().map(|(_, span)| span.clone()), theme);
            let weakest = parts.iter().enumerate().max_by_key(|(_, (rank, _))| *rank);
            match weakest {
                Some((at, (rank, _))) if *rank > 0 && measure::cells(line.width()) > room => {
                    parts.remove(at);
                }
                _ => return line,
            }
        }
    }

    fn budget(&self, theme: Theme, is_long: bool) -> Span<'static> {
        if let Some(until) = self.requests.throttled_until.filter(|until| *until > self.now) {
            let left = wording::since(self.now, until);
            return theme.state(Mark::Held, &format!("throttled by Azure, {left} left"));
        }
        let left = self
            .requests
            .remaining_reads
            .filter(|_| is_long)
            .map_or_else(String::new, |left| {
                let left = usize::try_from(left).unwrap_or(usize::MAX);
                format!(" ({} left)", wording::grouped(left))
            });
        theme.span(Role::Muted, format!("{} req/min{left}", self.requests.per_minute))
    }

    fn age(&self, theme: Theme) -> Span<'static> {
        let age = self.as_of.map(|at| wording::ago(at, self.now));
        match (self.source, age) {
            (SourceState::Stale { .. }, Some(age)) => theme.state(Mark::Stale, &format!("stale, {age}")),
            (SourceState::Denied { .. }, _) => theme.state(Mark::Denied, "not allowed"),
            (SourceState::Failed { .. }, _) => theme.state(Mark::Failed, "not readable"),
            (SourceState::Unavailable { .. }, None) => theme.state(Mark::Unknown, "not visible"),
            (SourceState::NotAsked | SourceState::Loading, None) => {
                theme.span(Mark::Loading.role(), format!("{} loading", theme.reading(self.now)))
            }
            (_, Some(age)) => theme.span(Role::Muted, age),
            (SourceState::Fresh | SourceState::Stale { .. }, None) => theme.span(Role::Muted, "age not known"),
        }
    }
}

fn join(spans: impl Iterator<Item = Span<'static>>, theme: Theme) -> Line<'static> {
    let mut line = Line::default();
    for span in spans {
        if !line.spans.is_empty() {
            line.push_span(theme.span(Role::Rule, DOT));
        }
        line.push_span(span);
    }
    line
}
