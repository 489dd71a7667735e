//! The plan before it is started: its steps with what each takes, what is wrong with them, and every change of them.
//! Changes no plan by itself: it says what is wanted, and takes whole drafts back.

mod drawing;

use ratatui::layout::Rect;

use super::super::actions::{Action, ActionId};
use super::super::components::Scene;
use super::super::components::prose;
use super::super::dialogs::Dialog;
use super::super::dialogs::add_gate::AddGate;
use super::super::dialogs::pool_settings::PoolSettings;
use super::super::drafting::Draft;
use super::super::measure;
use crate::domain::cluster::Cluster;
use crate::domain::ids::{ClusterId, NodePoolName};
use crate::domain::node_pool::UpgradeSettings;
use crate::plan::edit::Edit;
use crate::plan::step::{Plan, Step, StepKind};

/// What a key asks for.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    Nothing,
    Change(Edit),
    /// Back to this plan.
    Undo(Box<Plan>),
    Ask(Box<Dialog>),
    /// A file name is needed; this one is proposed.
    Save(String),
    Load,
    Say(&'static str),
}

/// What the next draft is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expecting {
    #[default]
    Change,
    Undo,
    /// A plan that was made or loaded: it is what later ones are compared with.
    New,
}

/// What the panel beside the steps shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Side {
    #[default]
    Step,
    Differences,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    Steps,
    Side,
}

/// The screen's state.
#[derive(Clone, Debug)]
pub(crate) struct PlanEditor {
    pub(crate) id: ClusterId,
    draft: Option<Draft>,
    /// The plan as it was made, loaded or saved last.
    base: Option<Plan>,
    /// Plans before each change, the newest last.
    history: Vec<Plan>,
    expecting: Expecting,
    selected: usize,
    side: Side,
    focus: Focus,
    scroll: u16,
}

impl PlanEditor {
    /// An editor without a plan.
    pub(crate) fn new(id: ClusterId) -> Self {
        Self {
            id,
            draft: None,
            base: None,
            history: Vec::new(),
            expecting: Expecting::default(),
            selected: 0,
            side: Side::default(),
            focus: Focus::default(),
            scroll: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.draft.is_none()
    }

    pub(crate) fn draft(&self) -> Option<&Draft> {
        self.draft.as_ref()
    }

    pub(crate) fn plan(&self) -> Option<&Plan> {
        self.draft.as_ref().map(|draft| &draft.plan)
    }

    /// What the plan is compared with; `None` before there is one, and for one that is new itself.
    pub(crate) fn base(&self) -> Option<&Plan> {
        self.base.as_ref().filter(|_| self.expecting != Expecting::New)
    }

    /// The next draft is a plan of its own, not a change of this one.
    pub(crate) fn expect_new(&mut self) {
        self.expecting = Expecting::New;
    }

    /// No plan came of it: there is none, or the one before stays.
    pub(crate) fn give_up(&mut self) {
        self.expecting = Expecting::Change;
    }

    /// The plan was saved as it is: from now on it is what is compared with.
    pub(crate) fn saved(&mut self) -> Option<Box<Plan>> {
        self.base = self.plan().cloned();
        self.expecting = Expecting::Change;
        self.base.clone().map(Box::new)
    }

    /// Takes a draft.
    pub(crate) fn take(&mut self, draft: Draft) {
        let before = self.draft.take().map(|draft| draft.plan);
        match std::mem::take(&mut self.expecting) {
            Expecting::New => {
                self.base = Some(draft.plan.clone());
                self.history.clear();
                self.selected = 0;
            }
            Expecting::Undo => {
                self.history.pop();
                self.follow(before.as_ref(), &draft.plan);
            }
            Expecting::Change => {
                self.follow(before.as_ref(), &draft.plan);
                if let Some(before) = before.filter(|before| *before != draft.plan) {
                    self.history.push(before);
                }
            }
        }
        self.draft = Some(draft);
        self.scroll = 0;
    }

    /// Keeps the same step selected; a step that is new is selected instead.
    fn follow(&mut self, before: Option<&Plan>, after: &Plan) {
        let Some(before) = before else {
            return;
        };
        let is_new = |step: &Step| before.step(&step.id).is_none();
        let same = before.steps.get(self.selected).and_then(|step| {
            let is_it = |other: &Step| other.id == step.id;
            after.steps.iter().position(is_it)
        });
        let to = after.steps.iter().position(is_new).or(same).unwrap_or(self.selected);
        self.selected = to.min(after.steps.len().saturating_sub(1));
    }

    fn step(&self) -> Option<&Step> {
        self.plan()?.steps.get(self.selected)
    }

    pub(crate) fn act(&mut self, action: ActionId, scene: Scene<'_>, area: Rect) -> Wanted {
        if action == ActionId::Load {
            return Wanted::Load;
        }
        let Some(step) = self.step().cloned() else {
            return Wanted::Nothing;
        };
        let id = step.id.clone();
        match action {
            ActionId::Earlier => self.change(Edit::Move { step: id, by: -1 }),
            ActionId::Later => self.change(Edit::Move { step: id, by: 1 }),
            ActionId::Remove => self.change(Edit::Remove { step: id }),
            ActionId::PausePoint => self.change(Edit::PauseAfter {
                step: id,
                on: !step.pause_after,
            }),
            ActionId::Add => {
                let tests = self
                    .plan()
                    .into_iter()
                    .flat_map(|plan| plan.smoke_tests.iter().map(|test| test.name.clone()));
                let dialog = AddGate::behind(&step, tests.collect::<Vec<_>>());
                self.expecting = Expecting::Change;
                Wanted::Ask(Box::new(Dialog::Gate(dialog)))
            }
            ActionId::Undo => match self.history.last().cloned() {
                Some(plan) => {
                    self.expecting = Expecting::Undo;
                    Wanted::Undo(Box::new(plan))
                }
                None => Wanted::Say("Nothing was changed yet"),
            },
            ActionId::Save => Wanted::Save(format!("{}.plan.toml", self.id.name())),
            ActionId::Compare => {
                self.side = match self.side {
                    Side::Step => Side::Differences,
                    Side::Differences => Side::Step,
                };
                self.scroll = 0;
                Wanted::Nothing
            }
            ActionId::NextPanel | ActionId::PreviousPanel => {
                self.focus = match self.focus {
                    Focus::Steps => Focus::Side,
                    Focus::Side => Focus::Steps,
                };
                Wanted::Nothing
            }
            other => {
                self.go(other, scene, area);
                Wanted::Nothing
            }
        }
    }

    fn change(&mut self, edit: Edit) -> Wanted {
        self.expecting = Expecting::Change;
        Wanted::Change(edit)
    }

    fn go(&mut self, action: ActionId, scene: Scene<'_>, area: Rect) {
        match self.focus {
            Focus::Steps => {
                let steps = self.plan().map_or(0, |plan| plan.steps.len());
                let to = super::moved(action, self.selected, steps, usize::from(area.height / 4));
                if to != self.selected {
                    self.selected = to;
                    self.scroll = 0;
                }
            }
            Focus::Side => {
                let side = self.areas(scene, area).side;
                let lines = prose::lay_out(
                    &self.side_passages(area.height),
                    side.width.saturating_sub(2),
                    scene.theme,
                );
                let last = usize::from(prose::last_scroll(lines.len(), side.height.saturating_sub(1)));
                let to = super::moved(action, usize::from(self.scroll), last + 1, usize::from(side.height / 2));
                self.scroll = measure::cells(to);
            }
        }
    }

    /// The question that changes the selected step; says why there is none.
    pub(crate) fn change_dialog(&mut self, cluster: Option<&Cluster>) -> Result<Dialog, &'static str> {
        let step = self.step().ok_or("There is no plan yet: U chooses where to go")?;
        let Some(pool) = step.kind.pool().cloned() else {
            return Err(match step.kind {
                StepKind::ControlPlaneUpgrade { .. } => "The control plane has no settings of its own",
                _ => "A gate has no settings: - takes it out, + puts another one in",
            });
        };
        let has = cluster
            .and_then(|cluster| cluster.pool(&pool))
            .map(|pool| pool.upgrade_settings.clone())
            .unwrap_or_default();
        let planned = self.planned_settings(&pool);
        self.expecting = Expecting::Change;
        Ok(Dialog::Settings(PoolSettings::new(pool, &planned, has)))
    }

    /// The settings the plan gives a pool so far.
    fn planned_settings(&self, pool: &NodePoolName) -> UpgradeSettings {
        let steps = self.plan().map(|plan| plan.steps.as_slice()).unwrap_or_default();
        steps
            .iter()
            .find_map(|step| match &step.kind {
                StepKind::PoolSettings { pool: of, settings } if of == pool => Some(settings.clone()),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// What the footer calls an action here; `None` where it does nothing.
    pub(crate) fn title_of(&self, action: &'static Action) -> Option<&'static str> {
        let Some(step) = self.step() else {
            return match action.id {
                ActionId::Upgrade | ActionId::Load | ActionId::Back | ActionId::Help => Some(action.title),
                _ => None,
            };
        };
        let last = self.plan().map_or(0, |plan| plan.steps.len().saturating_sub(1));
        let is_possible = match action.id {
            ActionId::Upgrade => return Some("start"),
            ActionId::Open => return step.kind.pool().map(|_| "settings"),
            ActionId::Compare if self.side == Side::Differences => return Some("step"),
            ActionId::Earlier => self.selected > 0,
            ActionId::Later => self.selected < last,
            ActionId::Remove => last > 0,
            ActionId::Undo => !self.history.is_empty(),
            _ => true,
        };
        is_possible.then_some(action.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures;

    fn ids(editor: &PlanEditor) -> Vec<String> {
        let steps = &editor.plan().unwrap().steps;
        steps.iter().map(|step| step.id.to_string()).collect()
    }

    #[test]
    fn changes_can_be_taken_back_and_the_selection_follows_its_step() {
        let draft = fixtures::draft(fixtures::long_plan("shop-prod"));
        let mut editor = PlanEditor::new(draft.plan.cluster.clone());
        editor.expect_new();
        editor.take(draft.clone());
        editor.selected = 3;
        let mut changed = draft.clone();
        changed.plan.steps.swap(3, 4);
        editor.expecting = Expecting::Change;
        editor.take(changed.clone());
        assert_eq!(editor.selected, 4, "the step was moved");
        assert_eq!(editor.history.len(), 1);
        editor.take(changed);
        assert_eq!(editor.history.len(), 1, "nothing was changed");
        editor.expecting = Expecting::Undo;
        editor.take(draft.clone());
        assert_eq!((editor.selected, editor.history.len()), (3, 0));
        let mut shorter = draft.clone();
        shorter.plan.steps.truncate(2);
        editor.take(shorter);
        assert_eq!(editor.selected, 1);
        assert_eq!(ids(&editor).len(), 2);
    }

    #[test]
    fn what_is_saved_is_compared_with_from_then_on() {
        let draft = fixtures::draft(fixtures::long_plan("shop-prod"));
        let mut editor = PlanEditor::new(draft.plan.cluster.clone());
        assert!(editor.saved().is_none() && editor.base().is_none());
        editor.expect_new();
        assert!(editor.base().is_none());
        editor.take(draft.clone());
        assert_eq!(editor.base(), Some(&draft.plan));
    }
}
