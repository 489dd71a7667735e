//! The name of a plan file to save to or to load from. Touches no file.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::super::actions::ActionId;
use super::super::components::Scene;
use super::super::components::prose::Passage;
use super::super::theme::Role;
use super::form::Form;
use super::{Outcome, draw_form};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Save,
    Load,
}

#[derive(Clone, Debug)]
pub(crate) struct FileName {
    purpose: Purpose,
    pub(super) form: Form,
}

impl FileName {
    pub(crate) fn new(purpose: Purpose, name: &str) -> Self {
        let hint = "counts from the directory the cockpit was started in, or from ~/";
        Self {
            purpose,
            form: Form::of("File", hint, name),
        }
    }

    pub(super) fn verb(&self) -> &'static str {
        match self.purpose {
            Purpose::Save => "save",
            Purpose::Load => "load",
        }
    }

    pub(super) fn act(&mut self, action: ActionId) -> Outcome {
        if action != ActionId::Open {
            return Outcome::Stay;
        }
        let name = self.form.text(0).to_owned();
        if name.is_empty() {
            self.form.complaint = Some("a file name is needed".to_owned());
            return Outcome::Stay;
        }
        match self.purpose {
            Purpose::Save => Outcome::Save(name),
            Purpose::Load => Outcome::Load(name),
        }
    }

    pub(super) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) -> Position {
        let (heading, text) = match self.purpose {
            Purpose::Save => (
                "Save the plan",
                "A plan for this cluster that is in the file already is replaced; plans for others stay. Start it \
                 later here, or with: aks-cockpit start --plan FILE",
            ),
            Purpose::Load => (
                "Load a plan",
                "The plan for this cluster is taken from the file and checked against the cluster as it is now.",
            ),
        };
        let passages = [Passage::new(Role::Text, text)];
        draw_form(&passages, &self.form, heading, scene, screen, buffer)
    }
}
