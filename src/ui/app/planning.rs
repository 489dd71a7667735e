//! The plan editor's part of the app: drafts asked for and taken, steps changed, plans saved, loaded and started.

use super::super::actions::{ActionId, Place};
use super::super::command::{Command, Proposal};
use super::super::components::Scene;
use super::super::dialogs::Dialog;
use super::super::dialogs::confirm::Confirm;
use super::super::dialogs::file_name::{FileName, Purpose};
use super::super::dialogs::note::Note;
use super::super::dialogs::order::Order;
use super::super::drafting::{Draft, PlanFacts, Wish};
use super::super::screens::Screen;
use super::super::screens::plan_editor::{PlanEditor, Wanted};
use super::super::theme::Mark;
use super::super::wording::count;
use super::App;
use crate::domain::ids::ClusterId;
use crate::engine::handle::Preparation;
use crate::plan::builder::Intent;
use crate::plan::edit::Edit;
use crate::plan::step::Plan;
use crate::problem::Problem;

impl App {
    /// Opens the plan that was begun for the cluster, or an empty editor.
    pub(super) fn open_plan(&mut self, id: ClusterId) {
        let editor = self.parked.remove(&id).unwrap_or_else(|| PlanEditor::new(id));
        self.stack.push(Screen::Plan(Box::new(editor)));
    }

    pub(super) fn park(&mut self, editor: PlanEditor) {
        if !editor.is_empty() {
            self.parked.insert(editor.id.clone(), editor);
        }
    }

    /// The plan that was begun for a cluster, on the screen or left.
    pub(super) fn begun_plan(&self, id: &ClusterId) -> Option<&Plan> {
        let open = self.stack.iter().find_map(|screen| match screen {
            Screen::Plan(editor) if editor.id == *id => Some(&**editor),
            _ => None,
        });
        open.or_else(|| self.parked.get(id))?.plan()
    }

    fn editor(&mut self) -> Option<&mut PlanEditor> {
        match self.stack.last_mut() {
            Some(Screen::Plan(editor)) => Some(editor),
            _ => None,
        }
    }

    /// Opens a fresh editor on the plan of an intent.
    pub(super) fn edit_intent(&mut self, facts: PlanFacts, intent: Intent) -> Vec<Command> {
        let wish = Wish::Build(intent);
        self.edit_new(facts.cluster.id.clone(), wish, Some(facts))
    }

    /// Opens a fresh editor on a plan that was made already.
    pub(super) fn edit_plan(&mut self, plan: Box<Plan>) -> Vec<Command> {
        let id = plan.cluster.clone();
        let facts = self.data.cluster(&id).and_then(|snapshot| PlanFacts::of(snapshot));
        self.edit_new(id, Wish::Assess(plan), facts)
    }

    fn edit_new(&mut self, id: ClusterId, wish: Wish, facts: Option<PlanFacts>) -> Vec<Command> {
        self.dialog = None;
        self.parked.remove(&id);
        let mut commands = self.go_to(Place::Plan);
        if let Some(editor) = self.editor() {
            *editor = PlanEditor::new(id);
            editor.expect_new();
        }
        commands.extend(facts.map(|facts| Command::Draft {
            wish,
            base: None,
            facts,
        }));
        commands
    }

    /// The facts of the editor's cluster; says so where they are not there.
    fn facts(&mut self) -> Option<PlanFacts> {
        let facts = self.subject().and_then(|snapshot| PlanFacts::of(snapshot));
        if facts.is_none() {
            self.say(Mark::Loading, "The cluster and what Azure offers are still being read");
        }
        facts
    }

    fn draft(&mut self, wish: Wish) -> Vec<Command> {
        let Some(facts) = self.facts() else {
            return Vec::new();
        };
        let base = self.editor().and_then(|editor| editor.base().cloned()).map(Box::new);
        vec![Command::Draft { wish, base, facts }]
    }

    /// One change of the plan on the screen.
    pub(super) fn change_plan(&mut self, edit: Edit) -> Vec<Command> {
        let Some(plan) = self.editor().and_then(|editor| editor.plan().cloned()) else {
            return Vec::new();
        };
        let plan = Box::new(plan);
        self.draft(Wish::Change { plan, edit })
    }

    pub(super) fn act_on_plan(&mut self, action: ActionId) -> Vec<Command> {
        let content = self.areas(self.screen_area()).content;
        let tests = self.smoke_tests_here();
        let Some(Screen::Plan(editor)) = self.stack.last_mut() else {
            return Vec::new();
        };
        let scene = Scene {
            data: &self.data,
            theme: self.theme,
        };
        match editor.act(action, scene, content) {
            Wanted::Nothing => Vec::new(),
            Wanted::Change(edit) => self.change_plan(edit),
            Wanted::Undo(plan) => self.draft(Wish::Assess(plan)),
            Wanted::Ask(mut dialog) => {
                if let Dialog::Gate(gate) = &mut *dialog {
                    gate.offer(&tests);
                }
                self.dialog = Some(*dialog);
                Vec::new()
            }
            Wanted::Save(name) => {
                self.dialog = Some(Dialog::File(FileName::new(Purpose::Save, &name)));
                Vec::new()
            }
            Wanted::Load => {
                self.dialog = Some(Dialog::File(FileName::new(Purpose::Load, "")));
                Vec::new()
            }
            Wanted::Say(why) => {
                self.say(Mark::Unsupported, why);
                Vec::new()
            }
        }
    }

    /// Enter on a step: its settings, or what its gate asks for.
    pub(super) fn change_step(&mut self) -> Vec<Command> {
        let cluster = self.subject().and_then(|snapshot| snapshot.cluster.value.clone());
        let dialog = match self.editor() {
            Some(editor) => editor.change_dialog(cluster.as_deref()),
            None => return Vec::new(),
        };
        match dialog {
            Ok(dialog) => self.dialog = Some(dialog),
            Err(why) => self.say(Mark::Unsupported, why),
        }
        Vec::new()
    }

    /// Asks before the plan on the screen is started; a plan Azure would refuse is not even asked for.
    pub(super) fn start_draft(&mut self) -> Vec<Command> {
        let Some(draft) = self.editor().and_then(|editor| editor.draft().cloned()) else {
            return self.choose_upgrade();
        };
        let errors = draft.errors().count();
        if let Some(first) = draft.errors().next() {
            let text = format!("{} in the plan: {}", count(errors, "error"), first.what);
            self.say(Mark::Failed, text);
            return Vec::new();
        }
        self.prepare(Proposal::Plan(Box::new(draft.plan)))
    }

    /// Opens the question; its requests come later.
    pub(super) fn prepare(&mut self, proposal: Proposal) -> Vec<Command> {
        let cluster = match &proposal {
            Proposal::Intent { facts, .. } => facts.cluster.id.clone(),
            Proposal::Plan(plan) => plan.cluster.clone(),
        };
        let ticket = self.next_ticket();
        let order = Order::Start {
            cluster,
            plan: None,
            preparation: Preparation::default(),
        };
        self.dialog = Some(Dialog::Confirm(Box::new(Confirm::new(order, Some(ticket)))));
        vec![Command::Prepare { ticket, proposal }]
    }

    pub(super) fn save_plan(&mut self, path: String) -> Vec<Command> {
        self.dialog = None;
        let plan = self.editor().and_then(|editor| editor.plan().cloned());
        plan.map(|plan| Command::SavePlan {
            path,
            plan: Box::new(plan),
        })
        .into_iter()
        .collect()
    }

    pub(super) fn load_plan(&mut self, path: String) -> Vec<Command> {
        self.dialog = None;
        let cluster = self.editor().map(|editor| editor.id.clone());
        cluster
            .map(|cluster| Command::LoadPlan { path, cluster })
            .into_iter()
            .collect()
    }

    pub(super) fn take_draft(&mut self, answer: Result<Box<Draft>, Problem>) {
        let Some(editor) = self.editor() else {
            return;
        };
        match answer {
            Ok(draft) => editor.take(*draft),
            // A change that makes no sense leaves the plan as it was; a plan that cannot be made is explained.
            Err(problem) => {
                editor.give_up();
                if editor.is_empty() {
                    self.dialog = Some(Dialog::Note(Note::problem(&problem)));
                } else {
                    self.say(Mark::Unsupported, problem.what);
                }
            }
        }
    }

    pub(super) fn take_saved(&mut self, answer: Result<String, Problem>) -> Vec<Command> {
        match answer {
            Ok(path) => {
                self.say(Mark::Good, format!("Saved to {path}"));
                let plan = self.editor().and_then(PlanEditor::saved);
                plan.map_or_else(Vec::new, |plan| self.draft(Wish::Assess(plan)))
            }
            Err(problem) => {
                self.dialog = Some(Dialog::Note(Note::problem(&problem)));
                Vec::new()
            }
        }
    }

    pub(super) fn take_loaded(&mut self, answer: Result<Box<Plan>, Problem>) -> Vec<Command> {
        match (answer, self.editor()) {
            (Ok(plan), Some(editor)) if editor.id == plan.cluster => {
                editor.expect_new();
                self.draft(Wish::Assess(plan))
            }
            (Ok(_), _) => Vec::new(),
            (Err(problem), _) => {
                self.dialog = Some(Dialog::Note(Note::problem(&problem)));
                Vec::new()
            }
        }
    }
}
