//! The very last question before a change that may do harm: a word is typed, or nothing happens.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::super::actions::ActionId;
use super::super::components::Scene;
use super::super::components::prose::Passage;
use super::super::theme::Role;
use super::approval::{Approval, Word};
use super::form::Form;
use super::{Outcome, draw_form};

#[derive(Clone, Debug)]
pub(crate) struct TypeWord {
    approval: Box<Approval>,
    word: Word,
    pub(super) form: Form,
}

impl TypeWord {
    pub(crate) fn new(approval: Approval, word: Word) -> Self {
        Self {
            approval: Box::new(approval),
            form: Form::of("Word", format!("type {} and press enter; esc cancels", word.word), ""),
            word,
        }
    }

    pub(super) fn act(&mut self, action: ActionId) -> Outcome {
        if action != ActionId::Open {
            return Outcome::Stay;
        }
        if self.form.text(0) == self.word.word {
            return Outcome::Sure(self.approval.clone());
        }
        self.form.complaint = Some(format!("that is not {}: nothing was sent", self.word.word));
        Outcome::Stay
    }

    pub(super) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) -> Position {
        let passages = [
            Passage::new(Role::Attention, format!("! {}", self.word.why)),
            Passage::new(Role::Text, "Type ")
                .and(Role::Strong, &self.word.word)
                .and(Role::Text, " to go on."),
        ];
        let heading = format!("{}?", self.approval.what());
        draw_form(&passages, &self.form, &heading, scene, screen, buffer)
    }
}
