//! Draws the cockpit: header, summary, screen, toast, footer, and a dialog on top. Changes nothing.

use std::sync::Arc;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::actions::{Action, ActionId, Place};
use super::app::App;
use super::components::prose::{self, Passage};
use super::components::{Scene, footer, header::Header, inset, split_top};
use super::measure;
use super::narrative;
use super::orders::{self, Situation};
use super::screens::Screen;
use super::theme::{ELLIPSIS, Mark, Role};
use crate::engine::view::{ExecutionState, ExecutionView};

/// Below this nothing can be read any more.
const LEAST: (u16, u16) = (60, 16);
/// The sentence on top never takes more; it is made to say the worst first.
const MOST_SUMMARY_LINES: usize = 2;

/// The parts of the whole screen.
pub(super) struct Areas {
    header: Rect,
    summary: Rect,
    pub(super) content: Rect,
    footer: Rect,
}

impl App {
    /// Draws:
    ///
    /// ```text
    /// aks-cockpit · simulated  clusters › pay-prod      12 req/min · 3 s ago · WRITE
    /// ▲ 1 upgrade is stuck: pay-prod node ... waits for shop/cart-pdb, 14 min
    ///
    /// the screen
    /// enter open  U upgrade  / filter                              ? help  q leave
    /// ```
    pub(crate) fn view(&self, frame: &mut Frame<'_>) {
        let area = frame.area();
        let cursor = self.draw(area, frame.buffer_mut());
        if let Some(cursor) = cursor {
            frame.set_cursor_position(cursor);
        }
    }

    fn draw(&self, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let cursor = if area.width < LEAST.0 || area.height < LEAST.1 {
            self.draw_too_small(area, buffer);
            None
        } else {
            self.draw_all(area, buffer)
        };
        self.theme.finish(buffer);
        cursor
    }

    fn draw_too_small(&self, area: Rect, buffer: &mut Buffer) {
        let text = format!(
            "The cockpit needs {} x {} cells; this terminal has {} x {}.",
            LEAST.0, LEAST.1, area.width, area.height
        );
        let lines = prose::lay_out(&[Passage::new(Role::Text, text)], area.width, self.theme);
        prose::draw(&lines, 0, area, self.theme, buffer);
    }

    fn draw_all(&self, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let areas = self.areas(area);
        let scene = Scene {
            data: &self.data,
            theme: self.theme,
        };
        self.header().draw(areas.header, self.theme, buffer);
        let summary = self.summary_lines(area.width);
        prose::draw(&summary, 0, inset(areas.summary, 1), self.theme, buffer);
        let cursor = match self.stack.last() {
            None => self.overview.view(scene, areas.content, buffer),
            Some(screen) => screen.view(scene, areas.content, buffer),
        };
        let mut typing = None;
        if let Some(dialog) = &self.dialog {
            let above_footer = Rect {
                height: area.height - 1,
                ..area
            };
            typing = dialog.view(scene, above_footer, buffer);
        } else if let Some(toast) = &self.toast {
            let line = Rect {
                y: areas.footer.y - 1,
                ..areas.footer
            };
            toast.draw(line, self.theme, buffer);
        }
        footer::draw(self.place(), areas.footer, self.theme, buffer, self.titles());
        typing.or(cursor.filter(|_| self.dialog.is_none()))
    }

    /// Splits the screen; the summary takes two lines where one is too short for it, and there is room.
    pub(super) fn areas(&self, area: Rect) -> Areas {
        let (header, rest) = split_top(area, 1);
        let summary_lines = measure::cells(self.summary_lines(area.width).len());
        let (summary, rest) = split_top(rest, summary_lines);
        let (content, footer) = split_top(rest, rest.height.saturating_sub(1));
        // A blank line below the summary, where there are lines to spare.
        let content = if area.height > 30 {
            split_top(content, 1).1
        } else {
            content
        };
        Areas {
            header,
            summary,
            content,
            footer,
        }
    }

    fn summary_lines(&self, width: u16) -> Vec<Line<'static>> {
        let (mark, text) = self.summary();
        let passage = Passage::new(mark.role(), format!("{} ", mark.symbol()))
            .and(Role::Strong, text)
            .hanging(2);
        let mut lines = prose::lay_out(&[passage], width.saturating_sub(2), self.theme);
        if lines.len() > MOST_SUMMARY_LINES {
            lines.truncate(MOST_SUMMARY_LINES);
            if let Some(last) = lines.last_mut() {
                last.push_span(self.theme.span(Role::Muted, ELLIPSIS));
            }
        }
        lines
    }

    /// The sentence on top, to be read aloud.
    fn summary(&self) -> (Mark, String) {
        match (self.stack.last(), self.subject()) {
            (Some(Screen::Help(_)), _) => (
                Mark::Good,
                "Capitals change the world and always ask; small letters never do".to_owned(),
            ),
            (Some(_), Some(snapshot)) => {
                let standing = self.standing(snapshot);
                let execution = self.data.active(&snapshot.id).map(Arc::as_ref);
                let (mark, text) = narrative::cluster(snapshot, execution, &standing, self.data.now);
                (mark, format!("{}: {text}", snapshot.id.name()))
            }
            (Some(_), None) => (Mark::Unknown, "This cluster is no longer in the list".to_owned()),
            (None, _) => self.overview.summary(&self.data),
        }
    }

    fn header(&self) -> Header<'_> {
        let fleet = &self.data.fleet;
        let mut crumbs = vec!["clusters".to_owned()];
        for screen in &self.stack {
            crumbs.push(match screen {
                Screen::Cluster(screen) => screen.id.name().to_owned(),
                Screen::Live(_) => "nodes".to_owned(),
                Screen::Plan(_) => "plan".to_owned(),
                Screen::Timeline(_) => "timeline".to_owned(),
                Screen::Preflight(_) => "checks".to_owned(),
                Screen::Causes(_) => "why".to_owned(),
                Screen::Page(page) => page.topic.code().to_owned(),
                Screen::Repairs(_) => "repairs".to_owned(),
                Screen::Help(_) => "help".to_owned(),
            });
        }
        let on_screen = self
            .stack
            .iter()
            .rev()
            .find_map(Screen::cluster)
            .and_then(|id| self.data.cluster(id));
        let (source, as_of) = match (self.stack.last(), on_screen) {
            (Some(Screen::Live(_)), Some(snapshot)) => {
                (&snapshot.kubernetes, snapshot.live.as_deref().map(|live| live.as_of))
            }
            (Some(_), Some(snapshot)) => (&snapshot.cluster.state, snapshot.cluster.as_of),
            _ => (&fleet.list, fleet.list_as_of),
        };
        let driver = on_screen
            .and_then(|snapshot| self.data.active(&snapshot.id))
            .and_then(|execution| self.driver_text(execution));
        Header {
            scope: &self.settings.scope,
            crumbs,
            is_read_only: self.settings.is_read_only,
            driver,
            requests: fleet.requests,
            source,
            as_of,
            now: self.data.now,
        }
    }

    /// Who drives, and who wants to.
    fn driver_text(&self, execution: &ExecutionView) -> Option<String> {
        let asked = execution.controls_asked_by.as_ref().map(|asked| {
            if self.data.is_me(asked) {
                "you asked".to_owned()
            } else {
                format!("{} asks", self.data.called(asked))
            }
        });
        match (self.data.driver(execution), asked) {
            (Some(driver), Some(asked)) => Some(format!("driven by {driver}, {asked}")),
            (Some(driver), None) => Some(format!("driven by {driver}")),
            (None, _) => None,
        }
    }

    /// What the footer calls each action now; `None` for one that cannot work.
    pub(super) fn titles(&self) -> impl Fn(&'static Action) -> Option<&'static str> {
        let situation = self.situation();
        move |action| match &self.dialog {
            Some(dialog) => dialog.title_of(action.id),
            None => self.title_of(action, &situation),
        }
    }

    fn title_of(&self, action: &'static Action, situation: &Situation<'_>) -> Option<&'static str> {
        orders::check(action.id, situation).ok()?;
        let place = self.place();
        let has_nothing = place == Place::Clusters && situation.cluster.is_none() && !self.overview.is_filtered();
        if let (Some(Screen::Plan(editor)), Place::Plan) = (self.stack.last(), place) {
            return editor.title_of(action).filter(|_| action.id != ActionId::Quit);
        }
        let active = situation.active;
        match (action.id, active.map(|execution| &execution.state)) {
            // They look something up first, so they are offered only where there is something to find.
            (ActionId::Controls | ActionId::Retry | ActionId::Brief, None) => None,
            (ActionId::Timeline, None) if !self.has_timeline() => None,
            (ActionId::Controls, _) if situation.is_driven_here => Some("hand over"),
            (ActionId::Open, _) if matches!(place, Place::Timeline | Place::Repairs) => Some("details"),
            (ActionId::Open | ActionId::Mend | ActionId::Guide | ActionId::TakeBack, _)
                if matches!(
                    place,
                    Place::Preflight | Place::Causes | Place::Page | Place::Repairs | Place::Live
                ) =>
            {
                self.trouble_title(action.id)
            }
            (ActionId::Mend, _) => self.trouble_title(action.id),
            (ActionId::PauseOrResume, Some(ExecutionState::Paused)) => Some("resume"),
            (ActionId::Open | ActionId::Details | ActionId::Sort | ActionId::Filter, _) if has_nothing => None,
            (ActionId::Quit, _) if !self.stack.is_empty() => None,
            (ActionId::Back, _) if !self.stack.is_empty() => Some(action.title),
            (ActionId::Back, _) => self.overview.is_filtered().then_some("clear filter"),
            (ActionId::Open, _) if place == Place::Cluster => Some("nodes"),
            (ActionId::Open, _) if place == Place::Field => Some("keep filter"),
            _ => Some(action.title),
        }
    }

    fn has_timeline(&self) -> bool {
        self.subject()
            .is_some_and(|snapshot| self.data.execution(&snapshot.id).is_some())
    }
}
