//! The remedies of a finding or a cause, safest first: which one, and who does it. Changes nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::actions::ActionId;
use super::super::command::Ailment;
use super::super::components::Scene;
use super::super::components::prose::{self, Passage};
use super::super::measure;
use super::super::screens;
use super::super::screens::trouble::{risk_role, safest_first};
use super::super::theme::{CURSOR, DOT, Role};
use super::note::Note;
use super::{Dialog, Outcome, frame, most_rows, text_width};
use crate::remedy::library::Remedy;

#[derive(Clone, Debug)]
pub(crate) struct ChooseRemedy {
    ailment: Box<Ailment>,
    remedies: Vec<&'static Remedy>,
    chosen: usize,
}

impl ChooseRemedy {
    /// Offers the remedies that the library knows; the first one the cockpit can do is marked.
    pub(crate) fn new(ailment: Ailment) -> Self {
        let known = safest_first(&ailment.cause.remedies).into_iter();
        let remedies: Vec<&'static Remedy> = known.filter_map(|(_, remedy)| remedy).collect();
        let chosen = remedies.iter().position(|remedy| remedy.automatable).unwrap_or(0);
        Self {
            ailment: Box::new(ailment),
            remedies,
            chosen,
        }
    }

    pub(super) fn act(&mut self, action: ActionId) -> Outcome {
        match (action, self.remedies.get(self.chosen)) {
            (ActionId::Open, Some(remedy)) if remedy.automatable => Outcome::Mend {
                remedy: remedy.id.clone(),
                ailment: self.ailment.clone(),
            },
            (ActionId::Open, Some(remedy)) => {
                let note = Note::details("By hand", by_hand(remedy));
                Outcome::Next(Box::new(Dialog::Note(note)))
            }
            (ActionId::NextPanel, _) => {
                self.chosen = (self.chosen + 1) % self.remedies.len().max(1);
                Outcome::Stay
            }
            (other, _) => {
                self.chosen = screens::moved(other, self.chosen, self.remedies.len(), 3);
                Outcome::Stay
            }
        }
    }

    /// What enter does with the marked one.
    pub(super) fn verb(&self) -> &'static str {
        match self.remedies.get(self.chosen) {
            Some(remedy) if remedy.automatable => "review",
            _ => "how to do it",
        }
    }

    pub(super) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) {
        let mut passages = vec![Passage::new(Role::Text, &self.ailment.cause.headline), Passage::blank()];
        for (at, remedy) in self.remedies.iter().enumerate() {
            let (sign, role) = if at == self.chosen {
                (CURSOR, Role::Selected)
            } else {
                (" ", Role::Strong)
            };
            let who = if remedy.automatable {
                "the cockpit does it"
            } else {
                "by hand"
            };
            passages.push(
                Passage::new(role, format!("{sign} {} ", remedy.title))
                    .and(Role::Muted, DOT.trim_start())
                    .and(risk_role(remedy.risk), format!("{} risk", remedy.risk.as_str()))
                    .and(Role::Muted, format!("{DOT}{who}"))
                    .hanging(2),
            );
            passages.push(Passage::new(Role::Muted, &remedy.risk_note).indented(2));
        }
        let lines = prose::lay_out(&passages, text_width(screen), scene.theme);
        let rows = most_rows(screen, 0);
        let height = measure::cells(lines.len()).min(rows);
        let heading = format!("Mend {}", self.ailment.cluster.name());
        let inside = frame(screen, &heading, Role::Heading, height, scene.theme, buffer);
        // The marked line is kept in view on small screens.
        let marked = lines.iter().rposition(|line| line.to_string().starts_with(CURSOR));
        let scroll = measure::cells(marked.unwrap_or(0) + 3).saturating_sub(rows);
        prose::draw(&lines, scroll, inside, scene.theme, buffer);
    }
}

fn by_hand(remedy: &Remedy) -> Vec<Passage> {
    let part = |name: &str, text: &str| Passage::new(Role::Muted, format!("{name}: ")).and(Role::Text, text);
    vec![
        Passage::new(Role::Strong, &remedy.title),
        Passage::new(risk_role(remedy.risk), format!("{} risk: ", remedy.risk.as_str()))
            .and(Role::Text, &remedy.risk_note),
        part("do", &remedy.how),
        part("undo", &remedy.undo),
    ]
}
