//! The question before a repair, or before one is taken back: what it changes, the exact requests, the risk, the undo.
//! Cancel is the default, and there is no yes before the requests have been shown.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::actions::ActionId;
use super::super::command::Ticket;
use super::super::components::Scene;
use super::super::components::prose::{self, Passage};
use super::super::measure;
use super::super::screens;
use super::super::screens::repairs::{request, risk};
use super::super::theme::{Mark, Role};
use super::super::wording;
use super::approval::Approval;
use super::{Outcome, body_and_buttons, buttons, frame, most_rows, note, text_width};
use crate::domain::ids::ClusterId;
use crate::engine::repair::RepairPreview;
use crate::problem::Problem;
use crate::remedy::library::remedy;
use crate::remedy::repair::Undo;

/// What is asked about.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// A remedy of the library, for a cause.
    Repair { remedy: String },
    /// A repair is to be taken back.
    Undo { id: String },
}

#[derive(Clone, Debug)]
pub(crate) struct ConfirmRepair {
    cluster: ClusterId,
    wanted: Wanted,
    ticket: Ticket,
    /// `None` while it is being prepared.
    preview: Option<Result<Box<RepairPreview>, Problem>>,
    is_yes_marked: bool,
    scroll: u16,
}

impl ConfirmRepair {
    pub(crate) fn new(cluster: ClusterId, wanted: Wanted, ticket: Ticket) -> Self {
        Self {
            cluster,
            wanted,
            ticket,
            preview: None,
            is_yes_marked: false,
            scroll: 0,
        }
    }

    /// Takes the requests; an answer to another question is ignored.
    pub(crate) fn take(&mut self, ticket: Ticket, answer: Result<Box<RepairPreview>, Problem>) {
        if self.ticket == ticket {
            self.preview = Some(answer);
        }
    }

    pub(crate) fn can_be_approved(&self) -> bool {
        matches!(&self.preview, Some(Ok(preview)) if !preview.requests.is_empty())
    }

    fn approval(&self) -> Option<Approval> {
        let Some(Ok(preview)) = self.preview.clone() else {
            return None;
        };
        Some(match &self.wanted {
            Wanted::Repair { .. } => Approval::Repair(preview),
            Wanted::Undo { id } => Approval::Undo {
                id: id.clone(),
                preview,
            },
        })
    }

    pub(super) fn act(&mut self, action: ActionId, scene: Scene<'_>, screen: Rect) -> Outcome {
        match action {
            ActionId::Open if !self.is_yes_marked => return Outcome::Close,
            ActionId::Open | ActionId::Yes if self.can_be_approved() => {
                return self
                    .approval()
                    .map_or(Outcome::Stay, |approval| Outcome::Approved(Box::new(approval)));
            }
            ActionId::Left | ActionId::Right | ActionId::NextPanel | ActionId::PreviousPanel => {
                self.is_yes_marked = !self.is_yes_marked && self.can_be_approved();
            }
            other => {
                let rows = most_rows(screen, 2);
                let lines = prose::lay_out(&self.passages(), text_width(screen), scene.theme).len();
                let last = usize::from(prose::last_scroll(lines, rows));
                let to = screens::moved(other, usize::from(self.scroll), last + 1, usize::from(rows / 2));
                self.scroll = measure::cells(to);
            }
        }
        Outcome::Stay
    }

    pub(super) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) {
        let lines = prose::lay_out(&self.passages(), text_width(screen), scene.theme);
        let height = measure::cells(lines.len()).min(most_rows(screen, 2)) + 2;
        let (heading, verb) = match &self.wanted {
            Wanted::Repair { .. } => (format!("Mend {}?", self.cluster.name()), "Repair"),
            Wanted::Undo { id } => (format!("Take {id} back on {}?", self.cluster.name()), "Take back"),
        };
        let inside = frame(screen, &heading, Role::Attention, height, scene.theme, buffer);
        let yes = if self.can_be_approved() {
            Role::Attention
        } else {
            Role::Muted
        };
        let labels = [("Cancel", Role::Text), (verb, yes)];
        let row = buttons(&labels, usize::from(self.is_yes_marked), scene.theme);
        body_and_buttons(&lines, self.scroll, row, inside, scene.theme, buffer);
    }

    fn passages(&self) -> Vec<Passage> {
        match &self.preview {
            None => {
                let title = match &self.wanted {
                    Wanted::Repair { remedy: id } => remedy(id).map_or(id.as_str(), |remedy| remedy.title.as_str()),
                    Wanted::Undo { id } => id,
                };
                let reading = "reading what is there, and preparing the requests";
                vec![
                    Passage::new(Role::Strong, title),
                    Passage::new(Role::Muted, format!("{} {reading}", Mark::Loading.symbol())),
                ]
            }
            Some(Err(problem)) => note::problem_passages(problem),
            Some(Ok(preview)) => self.prepared(preview),
        }
    }

    fn prepared(&self, preview: &RepairPreview) -> Vec<Passage> {
        let repair = &preview.repair;
        let heading = |text: &str| Passage::new(Role::Heading, text);
        let mut out = vec![
            heading("What happens"),
            Passage::new(Role::Strong, wording::sentence_start(&repair.title)).indented(2),
            heading("What is sent"),
        ];
        if preview.requests.is_empty() {
            let none = "Nothing: what it would change is so already, or there is nothing to send.";
            out.push(Passage::new(Role::Text, none).indented(2));
        }
        out.extend(preview.requests.iter().flat_map(request));
        if matches!(self.wanted, Wanted::Repair { .. }) {
            out.extend([heading("Risk"), risk(repair)]);
        }
        // The library's own note stands beside the risk's word.
        let note = remedy(&repair.remedy).map_or("", |remedy| remedy.risk_note.as_str());
        let further = repair.cautions.iter().filter(|caution| *caution != note);
        out.extend(further.map(|caution| {
            Passage::new(Role::Attention, "! ")
                .and(Role::Text, caution)
                .indented(2)
                .hanging(2)
        }));
        if matches!(self.wanted, Wanted::Repair { .. }) {
            out.push(heading("How to undo it"));
            out.push(Passage::new(Role::Text, undo_words(&repair.undo)).indented(2));
            let known = remedy(&repair.remedy).filter(|_| repair.undo == Undo::PutBack);
            out.extend(known.map(|remedy| Passage::new(Role::Muted, &remedy.undo).indented(2)));
        }
        out
    }
}

fn undo_words(undo: &Undo) -> String {
    const WHERE: &str = "r lists the repairs, and Z there";
    match undo {
        Undo::PutBack => format!("{WHERE} puts back what was there before, also after a restart."),
        Undo::Steps { .. } => format!("{WHERE} takes it back by further requests, which are shown first."),
        Undo::Impossible { why } => format!("It cannot be taken back: {why}."),
        Undo::NotNeeded => "Nothing is left to take back.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures;

    #[test]
    fn there_is_no_yes_before_the_requests_were_shown() {
        let preview = fixtures::repair_preview("shop-prod");
        let wanted = Wanted::Repair {
            remedy: preview.repair.remedy.clone(),
        };
        let mut confirm = ConfirmRepair::new(preview.repair.cluster.clone(), wanted, Ticket(3));
        assert!(!confirm.can_be_approved() && confirm.approval().is_none());
        confirm.take(Ticket(2), Ok(Box::new(preview.clone())));
        assert!(!confirm.can_be_approved(), "an answer to another question");
        confirm.take(Ticket(3), Ok(Box::new(preview.clone())));
        assert!(confirm.can_be_approved());
        let empty = RepairPreview {
            requests: Vec::new(),
            ..preview
        };
        confirm.take(Ticket(3), Ok(Box::new(empty)));
        assert!(!confirm.can_be_approved(), "nothing would be sent");
    }

    #[test]
    fn the_note_of_a_risk_is_said_once() {
        let preview = fixtures::repair_preview("shop-prod");
        let wanted = Wanted::Repair {
            remedy: preview.repair.remedy.clone(),
        };
        let confirm = ConfirmRepair::new(preview.repair.cluster.clone(), wanted, Ticket(3));
        let told = format!("{:?}", confirm.prepared(&preview));
        for words in &preview.repair.cautions {
            assert_eq!(told.matches(words.as_str()).count(), 1, "{words}");
        }
    }
}
