//! Why an upgrade is stuck or failed: causes ranked, the selected one in full, what nobody can explain, what was not seen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::actions::ActionId;
use super::super::components::prose::{self, Passage};
use super::super::components::table::{Column, Table};
use super::super::components::{Scene, inset, split_top, title, titled};
use super::super::data::Data;
use super::super::dialogs::note;
use super::super::inquiry::Causes;
use super::super::measure;
use super::super::theme::{DOT, Mark, Role};
use super::super::wording::{self, count};
use super::looked_at;
use super::topic::Topic;
use super::trouble::{self, cause_mark, heading};
use crate::diagnosis::cause::Cause;
use crate::domain::ids::ClusterId;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    List,
    Text,
}

/// The screen's state.
#[derive(Clone, Debug)]
pub(crate) struct CausesScreen {
    pub(crate) id: ClusterId,
    /// Code and first subject of the selected cause; `None` until the person moves: the most likely one.
    selected: Option<(String, String)>,
    focus: Focus,
    scroll: u16,
}

impl CausesScreen {
    pub(crate) fn new(id: ClusterId) -> Self {
        Self {
            id,
            selected: None,
            focus: Focus::default(),
            scroll: 0,
        }
    }

    fn position(&self, causes: &[Cause]) -> usize {
        let selected = self.selected.as_ref();
        selected
            .and_then(|key| causes.iter().position(|cause| key_of(cause) == *key))
            .unwrap_or(0)
    }

    fn selected<'a>(&self, data: &'a Data) -> Option<&'a Cause> {
        let causes = known(data, &self.id);
        causes.get(self.position(causes))
    }

    /// What a page or a remedy would be about.
    pub(crate) fn topic(&self, data: &Data) -> Option<Topic> {
        Some(Topic::Cause(Box::new(self.selected(data)?.clone())))
    }

    /// Moves between causes, or scrolls the text of one.
    pub(crate) fn act(&mut self, action: ActionId, scene: Scene<'_>, area: Rect) {
        let causes = known(scene.data, &self.id);
        match action {
            ActionId::NextPanel | ActionId::PreviousPanel => {
                self.focus = match self.focus {
                    Focus::List if !causes.is_empty() => Focus::Text,
                    _ => Focus::List,
                };
            }
            other if self.focus == Focus::Text || causes.len() < 2 => {
                let text = Self::areas(causes.len(), area).1;
                let rows = text.height.saturating_sub(1);
                let lines = self.lines(scene, text.width).len();
                let last = usize::from(prose::last_scroll(lines, rows));
                let to = super::moved(other, usize::from(self.scroll), last + 1, usize::from(rows / 2));
                self.scroll = measure::cells(to);
            }
            other => {
                let from = self.position(causes);
                let to = super::moved(other, from, causes.len(), usize::from(area.height / 2));
                if to != from {
                    self.selected = causes.get(to).map(key_of);
                    self.scroll = 0;
                }
            }
        }
    }

    fn areas(causes: usize, area: Rect) -> (Rect, Rect) {
        if causes == 0 {
            return split_top(area, 0);
        }
        split_top(area, (measure::cells(causes) + 2).min((area.height / 3).max(4)))
    }

    /// Draws:
    ///
    /// ```text
    /// ─ Why · 2 causes · looked 4 s ago ─────────────────────────
    ///   Cause                           Sure       Does     Since
    /// › ▲ PodDisruptionBudget shop/...  confirmed  stalled  14 min
    /// ─ A disruption budget does not let the pod go ─────────────
    ///  ▲ confirmed · stalled · for 14 min · fails in 16 min
    ///  Evidence, remedies, guide, what is not explained, what was not seen
    /// ```
    pub(crate) fn view(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let causes = known(scene.data, &self.id);
        let (list, text) = Self::areas(causes.len(), area);
        let status = self.status(scene);
        let heading = if let Some(cause) = causes.get(self.position(causes)) {
            let inner = titled(list, self.heading(status, scene), scene.theme, buffer);
            self.draw_list(causes, scene, inner, buffer);
            Line::from(title(scene.theme, &cause.title, self.focus == Focus::Text))
        } else {
            self.heading(status, scene)
        };
        let inner = titled(text, heading, scene.theme, buffer);
        let lines = self.lines(scene, text.width);
        prose::draw(&lines, self.scroll, inset(inner, 1), scene.theme, buffer);
    }

    fn heading(&self, status: String, scene: Scene<'_>) -> Line<'static> {
        Line::from(vec![
            title(scene.theme, "Why", self.focus == Focus::List),
            scene.theme.span(Role::Muted, status),
        ])
    }

    /// How many there are, how old the look is, and whether another one is on its way.
    fn status(&self, scene: Scene<'_>) -> String {
        let Some(causes) = scene.data.inquiries.causes(&self.id) else {
            return String::new();
        };
        let now = scene.data.now;
        let mut parts = Vec::new();
        if let Some(last) = &causes.last {
            parts.push(match last.diagnosis.causes.len() {
                0 => "no cause found".to_owned(),
                number => count(number, "cause"),
            });
            if last.is_surveyed {
                parts.push(format!("looked {}", wording::ago(last.survey.0.taken_at, now)));
            }
        }
        if let Some(asked) = causes.asked {
            parts.push(format!("looking for {}", wording::since(asked.since, now)));
        }
        [String::new()].into_iter().chain(parts).collect::<Vec<_>>().join(DOT)
    }

    fn draw_list(&self, causes: &[Cause], scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let columns = [
            Column::text("Cause", 30, 120, 0).wishing(46),
            Column::text("Sure", 9, 9, 1),
            Column::text("Does", 8, 18, 2),
            Column::text("For", 9, 9, 3),
            Column::number("Nodes", 5, 4),
        ];
        let table = Table {
            columns: &columns,
            len: causes.len(),
            selected: self.position(causes),
            is_focused: self.focus == Focus::List,
        };
        table.draw(area, scene.theme, buffer, |row, column| {
            causes
                .get(row)
                .map_or_else(Line::default, |cause| cell(cause, column, scene))
        });
    }

    fn lines(&self, scene: Scene<'_>, width: u16) -> Vec<Line<'static>> {
        let width = width.saturating_sub(2).min(WIDEST);
        prose::lay_out(&self.passages(scene), width, scene.theme)
    }

    fn passages(&self, scene: Scene<'_>) -> Vec<Passage> {
        let Some(causes) = scene.data.inquiries.causes(&self.id) else {
            return loading();
        };
        let mut out = Vec::new();
        if let Some(problem) = &causes.problem {
            out.extend(note::problem_passages(problem));
            out.push(Passage::blank());
        }
        match (self.selected(scene.data), &causes.last) {
            (Some(cause), _) => out.extend(trouble::cause(cause, scene.data)),
            (None, None) if causes.problem.is_none() => out.extend(loading()),
            (None, _) => out.extend(no_cause(causes)),
        }
        out.extend(open_ends(causes, scene));
        out
    }
}

/// Longer lines are hard to read.
const WIDEST: u16 = 120;

fn known<'a>(data: &'a Data, id: &ClusterId) -> &'a [Cause] {
    let last = data.inquiries.causes(id).and_then(|causes| causes.last.as_deref());
    last.map(|last| last.diagnosis.causes.as_slice()).unwrap_or_default()
}

fn key_of(cause: &Cause) -> (String, String) {
    let subject = cause.subjects.first().map(ToString::to_string);
    (cause.code.clone(), subject.unwrap_or_default())
}

fn cell<'a>(cause: &'a Cause, column: usize, scene: Scene<'_>) -> Line<'a> {
    let muted = |text: String| Line::from(scene.theme.span(Role::Muted, text));
    match column {
        0 => Line::from(scene.theme.state(cause_mark(cause), &cause.headline)),
        1 => Line::from(cause.confidence.as_str()),
        2 => Line::from(cause.impact.as_str()),
        3 => cause
            .since
            .map_or_else(Line::default, |since| muted(wording::since(since, scene.data.now))),
        _ if cause.nodes.is_empty() => Line::default(),
        _ => Line::from(wording::grouped(cause.nodes.len())),
    }
}

fn loading() -> Vec<Passage> {
    let text = format!(
        "{} looking at the cluster and at what Azure says of it",
        Mark::Loading.symbol()
    );
    vec![Passage::new(Role::Muted, text)]
}

/// Nothing was found: what that is worth depends on what could be looked at.
fn no_cause(causes: &Causes) -> Vec<Passage> {
    let Some(last) = &causes.last else {
        return Vec::new();
    };
    let (mark, text) = if !last.diagnosis.unexplained.is_empty() {
        (
            Mark::Unknown,
            "Something is wrong, and no known cause fits. What was seen is below, as it is.",
        )
    } else if !last.diagnosis.blind_spots.is_empty() {
        (Mark::Unknown, "No cause found in what could be looked at.")
    } else {
        (Mark::Good, "No cause found: nothing points at trouble.")
    };
    let mut out = vec![Passage::new(mark.role(), format!("{} {text}", mark.symbol()))];
    out.extend(looked_at::passages(&last.survey.0, last.picture.as_deref()));
    out
}

/// What points at trouble and fits no cause, and what could not be looked at.
fn open_ends(causes: &Causes, scene: Scene<'_>) -> Vec<Passage> {
    let Some(last) = &causes.last else {
        return Vec::new();
    };
    let mut out = Vec::new();
    if !last.diagnosis.unexplained.is_empty() {
        out.extend([Passage::blank(), heading("Not explained by any known cause")]);
        let all = last.diagnosis.unexplained.iter();
        out.extend(all.flat_map(|evidence| trouble::evidence(evidence, scene.data.now)));
    }
    if !last.diagnosis.blind_spots.is_empty() {
        out.extend([Passage::blank(), heading("Not looked at")]);
        out.extend(last.diagnosis.blind_spots.iter().map(|spot| {
            let mark = Mark::Unknown;
            Passage::new(mark.role(), format!("{} {spot}", mark.symbol()))
                .indented(2)
                .hanging(2)
        }));
    }
    out
}
