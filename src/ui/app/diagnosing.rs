//! Causes: when a cluster is looked at for them, how deep, and how often.

use std::sync::Arc;

use super::super::command::{Command, Look};
use super::super::condition::Condition;
use super::super::inquiry::{Asked, CAUSES_PACE, NODES_PACE};
use super::super::screens::Screen;
use super::super::screens::causes::CausesScreen;
use super::super::symptoms::KnownErrors;
use super::App;
use crate::domain::ids::ClusterId;
use crate::inventory::snapshot::ClusterSnapshot;
use jiff::SignedDuration;

impl App {
    /// Opens the causes on top of what is there, and asks for them.
    pub(super) fn open_causes(&mut self) -> Vec<Command> {
        let Some((id, mut commands)) = self.opened_cluster() else {
            return Vec::new();
        };
        self.stack.push(Screen::Causes(CausesScreen::new(id)));
        commands.extend(self.keep_looking());
        commands
    }

    /// What is on the screen is asked for again as it grows old.
    pub(super) fn keep_looking(&mut self) -> Vec<Command> {
        let mut commands = self.ask_checks();
        commands.extend(self.ask_changes());
        if let Some((id, pace)) = self.watched_causes() {
            let is_due = self.data.inquiries.causes_mut(&id).is_due(pace, self.data.now);
            commands.extend(if is_due {
                self.begin_diagnosis(&id, Look::Survey)
            } else {
                None
            });
        }
        commands
    }

    /// Asks the activity log where its answer is on the screen and is missing or old.
    fn ask_changes(&mut self) -> Option<Command> {
        let Some(Screen::Cluster(screen)) = self.stack.last() else {
            return None;
        };
        let id = screen.id.clone();
        if !screen.shows_history() || !self.data.are_changes_due(&id) {
            return None;
        }
        let cluster = self.data.cluster(&id)?.cluster.value.clone()?;
        self.data.begin_changes(&id);
        Some(Command::ReadChanges {
            cluster: id,
            pools: cluster.pools.iter().map(|pool| pool.name.clone()).collect(),
        })
    }

    /// A new live picture: the causes are found anew from the survey that is there.
    pub(super) fn look_at_news(&mut self) -> Vec<Command> {
        let mut commands = self.ask_checks();
        let on_nodes = self.nodes_on_screen();
        let Some(id) = self.watched_causes().map(|(id, _)| id).or(on_nodes) else {
            return commands;
        };
        let live = self.data.cluster(&id).and_then(|snapshot| snapshot.live.clone());
        let causes = self.data.inquiries.causes_mut(&id);
        let seen = causes.last.as_ref().and_then(|last| last.picture.as_ref());
        let is_seen = match (&live, seen) {
            (Some(live), Some(seen)) => Arc::ptr_eq(live, seen),
            (None, _) => true,
            (Some(_), None) => false,
        };
        if causes.asked.is_none() && !is_seen {
            let last = causes.last.as_ref().filter(|last| last.is_surveyed);
            let look = last.map_or(Look::PictureOnly, |last| Look::Again(last.survey.clone()));
            commands.extend(self.begin_diagnosis(&id, look));
        }
        commands
    }

    /// The cluster whose causes are looked at, and how often it may be surveyed for that.
    pub(super) fn watched_causes(&self) -> Option<(ClusterId, SignedDuration)> {
        let top = self
            .stack
            .iter()
            .rev()
            .find(|screen| !matches!(screen, Screen::Page(_) | Screen::Help(_)))?;
        match top {
            Screen::Causes(screen) => Some((screen.id.clone(), CAUSES_PACE)),
            Screen::Cluster(screen) => screen.shows_claims().then(|| (screen.id.clone(), NODES_PACE)),
            Screen::Live(screen) => {
                let snapshot = self.data.cluster(&screen.id)?;
                self.needs_a_cause(snapshot).then(|| (screen.id.clone(), NODES_PACE))
            }
            _ => None,
        }
    }

    /// The cluster whose nodes are looked at while something moves there.
    fn nodes_on_screen(&self) -> Option<ClusterId> {
        match self.stack.last() {
            Some(Screen::Live(screen)) => {
                let live = self.data.cluster(&screen.id)?.live.as_deref()?;
                live.is_running.then(|| screen.id.clone())
            }
            _ => None,
        }
    }

    fn needs_a_cause(&self, snapshot: &ClusterSnapshot) -> bool {
        matches!(self.standing(snapshot).condition, Condition::Stuck | Condition::Failed)
    }

    fn begin_diagnosis(&mut self, id: &ClusterId, look: Look) -> Option<Command> {
        let snapshot = self.data.cluster(id)?;
        let execution = self.data.active(id).map(Arc::as_ref);
        let (picture, errors) = (snapshot.live.clone(), Box::new(KnownErrors::of(snapshot, execution)));
        let ticket = self.next_ticket();
        self.data.inquiries.causes_mut(id).asked = Some(Asked {
            ticket,
            since: self.data.now,
        });
        Some(Command::Diagnose {
            ticket,
            cluster: id.clone(),
            picture,
            errors,
            look,
        })
    }

    /// A new survey now; a look that is on its way is given up.
    pub(super) fn diagnose_anew(&mut self, id: &ClusterId) -> Vec<Command> {
        let asked = self.data.inquiries.causes_mut(id).asked.take();
        let forgotten = asked.map(|asked| Command::Forget(asked.ticket));
        forgotten
            .into_iter()
            .chain(self.begin_diagnosis(id, Look::Survey))
            .collect()
    }
}
