//! How the plan editor looks: totals, steps with their findings below them, the selected step or the differences.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::super::components::prose::{self, Passage};
use super::super::super::components::table::{self, Column, Table};
use super::super::super::components::{Scene, inset, put, split_left, split_top, title, titled};
use super::super::super::measure;
use super::super::super::theme::{DOT, Mark, Role};
use super::super::super::wording;
use super::super::plan_facts;
use super::{Expecting, Focus, PlanEditor, Side};
use crate::plan::estimate::StepEstimate;
use crate::plan::step::Step;
use crate::plan::validate::PlanFinding;
use crate::ui::drafting::Draft;

/// From this width on the panel stands beside the steps, else below them.
const WIDE: u16 = 140;

/// From this height on findings about the whole plan are told in full above the steps.
const ROOMY: u16 = 30;

/// Where the parts of the screen stand.
pub(super) struct Areas {
    top: Rect,
    steps: Rect,
    pub(super) side: Rect,
}

/// One row of the list.
#[derive(Clone, Copy)]
enum Row<'a> {
    Step(usize, &'a Step),
    Finding(&'a PlanFinding),
}

impl PlanEditor {
    pub(super) fn areas(&self, scene: Scene<'_>, area: Rect) -> Areas {
        let top = prose::lay_out(
            &self.top_passages(area.height),
            area.width.saturating_sub(2),
            scene.theme,
        );
        let (top, rest) = split_top(area, measure::cells(top.len()).min(area.height / 3));
        let (steps, side) = if area.width >= WIDE {
            let (steps, side) = split_left(rest, rest.width * 13 / 20);
            (split_left(steps, steps.width.saturating_sub(2)).0, side)
        } else {
            split_top(rest, rest.height.saturating_sub((rest.height * 2 / 5).max(6)))
        };
        Areas { top, steps, side }
    }

    /// Draws, with the last two side by side where there is room:
    ///
    /// ```text
    /// 11 steps · 2 h to 4 h, and the time people take · at most 2 extra nodes at a time: 16 vCPUs, 62 addresses
    /// ─ Plan · 2 changes · 1 error ─────────────────────
    ///    #  Step                        Takes         Nodes  Undo
    ///    1  control plane to 1.34.2     5 to 15 min       -  no way back
    /// ›  2  node pool user to 1.34.2    20 to 40 min     12  roll back, 7 d
    ///       ✖ error: it would be two minors behind the control plane
    /// ─ Step 2 ─────────────────────────────────────────
    /// ```
    pub(crate) fn view(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let Some(draft) = self.draft() else {
            let lines = prose::lay_out(&self.nothing(), area.width.saturating_sub(4), scene.theme);
            let area = titled(area, Line::from(title(scene.theme, "Plan", true)), scene.theme, buffer);
            prose::draw(&lines, 0, inset(area, 2), scene.theme, buffer);
            return;
        };
        let areas = self.areas(scene, area);
        let top = prose::lay_out(
            &self.top_passages(area.height),
            areas.top.width.saturating_sub(2),
            scene.theme,
        );
        prose::draw(&top, 0, inset(areas.top, 1), scene.theme, buffer);
        self.draw_steps(draft, scene, areas.steps, buffer);
        let heading = match self.side {
            Side::Step => format!("Step {}", self.selected + 1),
            Side::Differences => "What differs".to_owned(),
        };
        let heading = Line::from(title(scene.theme, &heading, self.focus == Focus::Side));
        let side = titled(areas.side, heading, scene.theme, buffer);
        let lines = prose::lay_out(
            &self.side_passages(area.height),
            side.width.saturating_sub(2),
            scene.theme,
        );
        prose::draw(&lines, self.scroll, inset(side, 1), scene.theme, buffer);
    }

    fn nothing(&self) -> Vec<Passage> {
        if self.expecting == Expecting::New {
            let mark = Mark::Loading;
            return vec![Passage::new(
                Role::Muted,
                format!("{} the plan is being made", mark.symbol()),
            )];
        }
        vec![
            Passage::new(Role::Text, "There is no plan for this cluster yet."),
            Passage::blank(),
            Passage::new(Role::Key, "do: ").and(
                Role::Text,
                "U chooses where to go, and e there opens the plan here; ctrl-o loads one from a file",
            ),
        ]
    }

    /// Totals, and what is wrong with the plan as a whole: in full where there is room, else in the panel.
    fn top_passages(&self, height: u16) -> Vec<Passage> {
        let Some(draft) = self.draft() else {
            return Vec::new();
        };
        let mut out = vec![plan_facts::totals(draft.plan.steps.len(), &draft.estimate)];
        for finding in draft.findings.iter().filter(|finding| finding.step.is_none()) {
            if height >= ROOMY {
                out.extend(plan_facts::whole_finding(finding));
            } else {
                let (role, text) = plan_facts::short_finding(finding);
                out.push(Passage::new(role, text).hanging(2));
            }
        }
        out
    }

    /// The selected step, or the differences; `height` is that of the whole screen.
    pub(super) fn side_passages(&self, height: u16) -> Vec<Passage> {
        let Some((draft, step)) = self.draft().zip(self.step()) else {
            return Vec::new();
        };
        match self.side {
            Side::Differences => plan_facts::differences(&draft.differences),
            Side::Step => {
                let findings: Vec<&PlanFinding> = findings_of(draft, step).collect();
                let mut out = plan_facts::step(step, draft.estimate.steps.get(self.selected), &findings);
                let of_the_plan = draft.findings.iter().filter(|finding| finding.step.is_none());
                let of_the_plan: Vec<Passage> = of_the_plan.flat_map(plan_facts::whole_finding).collect();
                if height < ROOMY && !of_the_plan.is_empty() {
                    out.push(Passage::blank());
                    out.push(Passage::new(Role::Heading, "About the whole plan"));
                    out.extend(of_the_plan);
                }
                out
            }
        }
    }

    fn heading(&self, draft: &Draft, scene: Scene<'_>) -> Line<'static> {
        let mut spans = vec![title(scene.theme, "Plan", self.focus == Focus::Steps)];
        let mut add = |role: Role, text: String| {
            spans.push(scene.theme.span(Role::Muted, DOT));
            spans.push(scene.theme.span(role, text));
        };
        let errors = draft.errors().count();
        let warnings = draft.findings.len() - errors;
        if !draft.differences.is_empty() {
            let changes = wording::count(draft.differences.len(), "change");
            add(Role::Text, format!("{changes} not saved"));
        }
        if errors > 0 {
            let mark = Mark::Failed;
            let text = wording::count(errors, "error");
            add(mark.role(), format!("{} {text}", mark.symbol()));
        }
        if warnings > 0 {
            let mark = Mark::Unsupported;
            let text = wording::count(warnings, "warning");
            add(mark.role(), format!("{} {text}", mark.symbol()));
        }
        if errors == 0 {
            let mark = Mark::Good;
            add(mark.role(), format!("{} can be started", mark.symbol()));
        }
        Line::from(spans)
    }

    fn draw_steps(&self, draft: &Draft, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let area = titled(area, self.heading(draft, scene), scene.theme, buffer);
        let mut rows: Vec<Row<'_>> = Vec::new();
        let mut selected = 0;
        for (at, step) in draft.plan.steps.iter().enumerate() {
            if at == self.selected {
                selected = rows.len();
            }
            rows.push(Row::Step(at, step));
            rows.extend(findings_of(draft, step).map(Row::Finding));
        }
        let columns = [
            Column::number("#", 2, 0),
            Column::text("Step", 26, 60, 0).wishing(38),
            Column::text("Takes", 13, 24, 0),
            Column::number("Nodes", 5, 1),
            Column::number("Extra", 5, 3),
            Column::text("Undo", 14, 16, 2),
            Column::number("vCPUs", 5, 4),
            Column::number("Addresses", 9, 5),
        ];
        let table = Table {
            columns: &columns,
            len: rows.len(),
            selected,
            is_focused: self.focus == Focus::Steps,
        };
        table.draw(area, scene.theme, buffer, |row, column| match rows.get(row) {
            Some(Row::Step(at, step)) => cell(*at, step, draft.estimate.steps.get(*at), column, scene),
            _ => Line::default(),
        });
        // A finding takes its whole row, whatever the columns are.
        let height = usize::from(area.height.saturating_sub(1));
        for (row, y) in table::window(selected, rows.len(), height).zip(area.y + 1..) {
            if let Some(Row::Finding(finding)) = rows.get(row) {
                let (role, text) = plan_facts::short_finding(finding);
                let line = Line::from(scene.theme.span(role, text));
                put(buffer, area.x + 6, y, area.width.saturating_sub(7), line);
            }
        }
    }
}

fn findings_of<'a>(draft: &'a Draft, step: &'a Step) -> impl Iterator<Item = &'a PlanFinding> {
    draft
        .findings
        .iter()
        .filter(|finding| finding.step.as_ref() == Some(&step.id))
}

fn cell<'a>(at: usize, step: &Step, estimate: Option<&StepEstimate>, column: usize, scene: Scene<'_>) -> Line<'a> {
    let muted = |text: String| Line::from(scene.theme.span(Role::Muted, text));
    let number = |number: Option<u32>| match number {
        Some(0) => muted("-".to_owned()),
        other => Line::from(plan_facts::known(other)),
    };
    match (column, estimate) {
        (0, _) => muted((at + 1).to_string()),
        (1, _) => {
            let role = if step.kind.is_gate() { Role::Text } else { Role::Strong };
            let mut spans: Vec<Span<'a>> = vec![scene.theme.span(role, step.kind.title())];
            if step.pause_after {
                let mark = Mark::Held;
                // In front, so that a long title never hides it.
                spans.insert(0, scene.theme.span(mark.role(), format!("{} ", mark.symbol())));
            }
            Line::from(spans)
        }
        (_, None) => muted("?".to_owned()),
        (2, Some(estimate)) => Line::from(plan_facts::takes(estimate.low, estimate.high)),
        (3, Some(estimate)) => number(Some(estimate.nodes)),
        (4, Some(estimate)) => number(Some(estimate.extra_nodes)),
        (5, Some(estimate)) => Line::from(plan_facts::undo_short(&estimate.undo)),
        (6, Some(estimate)) if estimate.extra_nodes > 0 => number(estimate.extra_vcpus),
        (7, Some(estimate)) if estimate.extra_nodes > 0 => number(estimate.extra_addresses),
        (_, Some(_)) => muted("-".to_owned()),
    }
}
