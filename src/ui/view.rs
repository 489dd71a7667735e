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
use super::screens::requests::RequestsScreen;
use super::screens::{Screen, settings};
use super::theme::{ELLIPSIS, Mark, Role, Theme};
use crate::engine::view::{ExecutionState, ExecutionView};

/// Below this nothing can be read any more.
const LEAST: (u16, u16) = (40, 12);
/// Below this every row is needed for the screen itself.
const ROOMY: u16 = 16;
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

    /// Draws into `buffer`, and gives the place of the cursor where text is typed.
    pub(crate) fn draw(&self, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let cursor = if let Some(fault) = &self.fault {
            self.draw_fault(fault, area, buffer);
            None
        } else if area.width < LEAST.0 || area.height < LEAST.1 {
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
            "The cockpit needs {} x {} cells; this terminal has {} x {}. Make it larger, or its letters smaller.",
            LEAST.0, LEAST.1, area.width, area.height
        );
        let lines = prose::lay_out(&[Passage::new(Role::Text, text)], area.width, self.theme);
        prose::draw(&lines, 0, area, self.theme, buffer);
    }

    fn draw_all(&self, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let areas = self.areas(area);
        let theme = self.theme;
        let scene = Scene {
            data: &self.data,
            theme,
        };
        self.header().draw(areas.header, theme, buffer);
        let summary = self.summary_lines(area, theme);
        prose::draw(&summary, 0, inset(areas.summary, 1), theme, buffer);
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
            toast.draw(line, theme, buffer);
        }
        footer::draw(self.place(), &self.keymap, areas.footer, theme, buffer, self.titles());
        typing.or(cursor.filter(|_| self.dialog.is_none()))
    }

    /// Splits the screen; the summary takes two lines where one is too short for it, and there is room.
    pub(super) fn areas(&self, area: Rect) -> Areas {
        let (header, rest) = split_top(area, 1);
        let summary_lines = measure::cells(self.summary_lines(area, self.theme).len());
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

    fn summary_lines(&self, area: Rect, theme: Theme) -> Vec<Line<'static>> {
        let (mark, text) = self.summary();
        let width = area.width.saturating_sub(2);
        if area.height < ROOMY {
            let line = Line::from(vec![
                theme.span(mark.role(), format!("{} ", mark.symbol())),
                theme.span(Role::Strong, text),
            ]);
            return vec![measure::cut_line(line, width)];
        }
        let passage = Passage::new(mark.role(), format!("{} ", mark.symbol()))
            .and(Role::Strong, text)
            .hanging(2);
        let mut lines = prose::lay_out(&[passage], width, theme);
        if lines.len() > MOST_SUMMARY_LINES {
            lines.truncate(MOST_SUMMARY_LINES);
            if let Some(last) = lines.last_mut() {
                last.push_span(theme.span(Role::Muted, ELLIPSIS));
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
            (Some(Screen::Settings(_)), _) => settings::summary(&self.data),
            (Some(Screen::Requests(screen)), _) => screen.summary(self.data.now),
            (Some(Screen::Replay(screen)), _) => screen.summary(),
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
                Screen::Settings(_) => "settings".to_owned(),
                Screen::Replay(screen) => screen.crumb(),
                Screen::Help(_) => "help".to_owned(),
                Screen::Requests(_) => "requests".to_owned(),
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
            is_replay: matches!(self.stack.last(), Some(Screen::Replay(_))),
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
            (ActionId::NextView, _) if self.data.preferences.views.is_empty() => None,
            (ActionId::Details, _) if place == Place::Settings => None,
            (ActionId::Open, _) if matches!(place, Place::Timeline | Place::Repairs | Place::Settings) => {
                Some("details")
            }
            (ActionId::Open, _) if place == Place::Requests => self.requests_screen().map(RequestsScreen::open_title),
            (ActionId::CopyCommand, _) => self
                .requests_screen()
                .and_then(RequestsScreen::command)
                .and_then(Result::ok)
                .map(|_| action.title),
            (ActionId::Open | ActionId::Mend | ActionId::Guide | ActionId::TakeBack, _)
                if matches!(
                    place,
                    Place::Preflight | Place::Causes | Place::Page | Place::Repairs | Place::Live
                ) =>
            {
                self.trouble_title(action.id)
            }
            (ActionId::Mend, _) => self.trouble_title(action.id),
            (ActionId::Play, _) => Some(self.play_title()),
            (ActionId::NextMoment, _) if place == Place::Timeline => Some("next problem"),
            (ActionId::PreviousMoment, _) if place == Place::Timeline => Some("problem before"),
            (ActionId::PauseOrResume, Some(ExecutionState::Paused)) => Some("resume"),
            (ActionId::Open, _) if place == Place::Clusters && self.overview.is_at_fold() => Some("unfold"),
            (ActionId::Open | ActionId::Details | ActionId::Sort | ActionId::Filter, _) if has_nothing => None,
            (ActionId::Quit, _) if !self.stack.is_empty() => None,
            (ActionId::Back, _) if !self.stack.is_empty() => Some(action.title),
            (ActionId::Back, _) => self.overview.is_filtered().then_some("clear filter"),
            (ActionId::Open, _) if place == Place::Cluster => Some("nodes"),
            (ActionId::Open, _) if place == Place::Field => Some("keep filter"),
            _ => Some(action.title),
        }
    }

    fn play_title(&self) -> &'static str {
        match self.stack.last() {
            Some(Screen::Replay(screen)) if screen.is_playing => "stop",
            _ => "play",
        }
    }

    fn has_timeline(&self) -> bool {
        self.subject()
            .is_some_and(|snapshot| self.data.execution(&snapshot.id).is_some())
    }
}
