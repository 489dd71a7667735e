//! The page of a code, read offline: what it is, why, how it shows here, how to confirm it, remedies, guide.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::super::actions::ActionId;
use super::super::components::prose::{self, Passage};
use super::super::components::{Scene, inset, title, titled};
use super::super::measure;
use super::super::theme::{DOT, Role};
use super::super::wording;
use super::topic::Topic;
use super::trouble::{self, heading, risk_role};
use crate::diagnosis::catalogue::Catalogue;
use crate::domain::ids::ClusterId;
use crate::preflight::entry;
use crate::remedy::library::Remedy;

/// The page's state.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) id: ClusterId,
    pub(crate) topic: Topic,
    scroll: u16,
}

impl Page {
    pub(crate) fn new(id: ClusterId, topic: Topic) -> Self {
        Self { id, topic, scroll: 0 }
    }

    /// Scrolls.
    pub(crate) fn act(&mut self, action: ActionId, scene: Scene<'_>, area: Rect) {
        let rows = area.height.saturating_sub(1);
        let last = prose::last_scroll(self.lines(scene, area).len(), rows);
        let to = super::moved(
            action,
            usize::from(self.scroll),
            usize::from(last) + 1,
            usize::from(rows / 2),
        );
        self.scroll = measure::cells(to);
    }

    /// Draws:
    ///
    /// ```text
    /// ─ pdb-zero · Every PodDisruptionBudget allows a disruption ──
    ///  What  ...
    ///  Here  the headline and the evidence of this cluster
    ///  Rule, why, what it predicts
    ///  Remedies, each with risk, how and undo
    ///  Guide https://...
    /// ```
    pub(crate) fn view(&self, scene: Scene<'_>, area: Rect, buffer: &mut Buffer) {
        let heading = format!("{}{DOT}{}", self.topic.code(), self.name());
        let inner = titled(
            area,
            Line::from(title(scene.theme, &heading, true)),
            scene.theme,
            buffer,
        );
        let lines = self.lines(scene, area);
        prose::draw(&lines, self.scroll, inset(inner, 1), scene.theme, buffer);
    }

    fn lines(&self, scene: Scene<'_>, area: Rect) -> Vec<Line<'static>> {
        let width = area.width.saturating_sub(2).min(WIDEST);
        prose::lay_out(&self.passages(scene), width, scene.theme)
    }

    fn name(&self) -> &str {
        match &self.topic {
            Topic::Finding(finding) => &finding.title,
            Topic::Cause(cause) => &cause.title,
        }
    }

    fn passages(&self, scene: Scene<'_>) -> Vec<Passage> {
        let mut out = match &self.topic {
            Topic::Finding(finding) => {
                let mut out = trouble::finding(finding, false);
                out.truncate(1 + finding.evidence.len());
                out.insert(0, heading("Here"));
                out.extend(check(&finding.code));
                if !finding.predicts.is_empty() {
                    out.extend([Passage::blank(), heading("What it leads to")]);
                    out.extend(finding.predicts.iter().map(|code| failure(code)));
                }
                out
            }
            Topic::Cause(cause) => {
                let now = scene.data.now;
                let mut out = vec![
                    heading("Here"),
                    trouble::standing(cause, now).indented(2),
                    Passage::new(Role::Strong, wording::sentence_start(&cause.headline)).indented(2),
                ];
                out.extend(
                    cause
                        .evidence
                        .iter()
                        .flat_map(|evidence| trouble::evidence(evidence, now)),
                );
                out.extend(section("Why", &cause.explanation));
                out.extend(confirming(&cause.code));
                out
            }
        };
        let remedies = trouble::safest_first(self.topic.remedies());
        if !remedies.is_empty() {
            out.extend([Passage::blank(), heading("Remedies, safest first")]);
        }
        for (id, known) in remedies {
            match known {
                Some(known) => out.extend(whole_remedy(known, !scene.data.is_read_only)),
                None => out.push(Passage::new(Role::Text, id).indented(2)),
            }
        }
        if let Some(guide) = trouble::guide(self.topic.guide()) {
            out.extend([Passage::blank(), guide]);
        }
        out
    }
}

/// Longer lines are hard to read.
const WIDEST: u16 = 110;

fn section(name: &str, text: &str) -> Vec<Passage> {
    if text.is_empty() {
        return Vec::new();
    }
    vec![
        Passage::blank(),
        heading(name),
        Passage::new(Role::Text, text).indented(2),
    ]
}

fn check(code: &str) -> Vec<Passage> {
    let Some(known) = entry(code) else {
        return Vec::new();
    };
    [
        section("Why", &known.why),
        section("Rule", &known.rule),
        section("What to do", &known.remedy),
    ]
    .concat()
}

fn failure(code: &str) -> Passage {
    match Catalogue::shipped().entry(code) {
        Some(known) => Passage::new(Role::Strong, &known.title)
            .and(Role::Text, format!(": {}", known.cause))
            .indented(2),
        None => Passage::new(Role::Text, code).indented(2),
    }
}

/// How a person confirms a cause: what to read, and what it says then.
fn confirming(code: &str) -> Vec<Passage> {
    let Some(known) = Catalogue::shipped()
        .entry(code)
        .filter(|known| !known.evidence.is_empty())
    else {
        return Vec::new();
    };
    let ways = known.evidence.iter().map(|way| {
        Passage::new(Role::Text, &way.read)
            .and(Role::Muted, " shows it if ")
            .and(Role::Text, &way.confirms_if)
            .indented(2)
            .hanging(2)
    });
    [Passage::blank(), heading("How to confirm")]
        .into_iter()
        .chain(ways)
        .collect()
}

fn whole_remedy(remedy: &Remedy, may_mend: bool) -> Vec<Passage> {
    let who = match (remedy.automatable, may_mend) {
        (true, true) => format!("{DOT}M does it"),
        (true, false) => String::new(),
        (false, _) => format!("{DOT}by hand"),
    };
    let line = |name: &str, text: &str| {
        (!text.is_empty()).then(|| {
            Passage::new(Role::Muted, format!("{name:<6}"))
                .and(Role::Text, text)
                .indented(4)
                .hanging(6)
        })
    };
    let first = Passage::new(risk_role(remedy.risk), format!("{:<7}", remedy.risk.as_str()))
        .and(Role::Strong, &remedy.title)
        .and(Role::Muted, who)
        .indented(2)
        .hanging(7);
    std::iter::once(first)
        .chain(line("risk", &remedy.risk_note))
        .chain(line("how", &remedy.how))
        .chain(line("undo", &remedy.undo))
        .collect()
}
