//! An upgrade somebody else started: whose it is, and how deep it is to be paused, before it is adopted. Changes nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::actions::ActionId;
use super::super::command::Ticket;
use super::super::components::Scene;
use super::super::components::prose::Passage;
use super::super::screens;
use super::super::theme::{Mark, Role};
use super::choose_pause::{self, DEPTHS};
use super::order::Order;
use super::order_words::whose;
use super::{Outcome, choice, draw_text, note};
use crate::domain::ids::ClusterId;
use crate::engine::command::{Command, PauseDepth};
use crate::engine::handle::ForeignOperation;
use crate::problem::Problem;

#[derive(Clone, Debug)]
enum Found {
    NotYet,
    Nothing,
    Operation(Box<ForeignOperation>),
    Problem(Problem),
}

#[derive(Clone, Debug)]
pub(crate) struct Foreign {
    cluster: ClusterId,
    /// `None`: a pause, of a depth to be chosen here.
    command: Option<Command>,
    ticket: Ticket,
    found: Found,
    chosen: usize,
}

impl Foreign {
    /// The answer comes later under the ticket.
    pub(crate) fn new(cluster: ClusterId, command: Option<Command>, ticket: Ticket) -> Self {
        Self {
            cluster,
            command,
            ticket,
            found: Found::NotYet,
            chosen: 0,
        }
    }

    /// Takes what was found; gives the order to ask about where nothing is left to choose.
    pub(crate) fn take(
        &mut self,
        ticket: Ticket,
        answer: Result<Option<Box<ForeignOperation>>, Problem>,
    ) -> Option<Order> {
        if self.ticket != ticket {
            return None;
        }
        self.found = match answer {
            Ok(Some(foreign)) => Found::Operation(foreign),
            Ok(None) => Found::Nothing,
            Err(problem) => Found::Problem(problem),
        };
        match (&self.found, &self.command) {
            (Found::Operation(foreign), Some(command)) => Some(Order::Adopt {
                foreign: foreign.clone(),
                command: command.clone(),
            }),
            _ => None,
        }
    }

    pub(super) fn can_go_on(&self) -> bool {
        matches!(self.found, Found::Operation(_))
    }

    pub(super) fn act(&mut self, action: ActionId) -> Outcome {
        match (action, &self.found) {
            (ActionId::Open, Found::Operation(foreign)) => Outcome::Ask(Order::Adopt {
                foreign: foreign.clone(),
                command: Command::Pause {
                    depth: DEPTHS[self.chosen],
                },
            }),
            (ActionId::Open, Found::Nothing | Found::Problem(_)) => Outcome::Close,
            (ActionId::NextPanel, _) => {
                self.chosen = (self.chosen + 1) % DEPTHS.len();
                Outcome::Stay
            }
            (other, _) => {
                self.chosen = screens::moved(other, self.chosen, DEPTHS.len(), 1);
                Outcome::Stay
            }
        }
    }

    pub(super) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) {
        let passages = match &self.found {
            Found::NotYet => vec![Passage::new(
                Role::Muted,
                format!("{} reading whose upgrade it is", Mark::Loading.symbol()),
            )],
            Found::Nothing => vec![
                Passage::new(Role::Text, "Nothing runs there now that could be steered."),
                Passage::new(
                    Role::Muted,
                    "U plans an upgrade that goes on with the nodes that are left.",
                ),
            ],
            Found::Problem(problem) => note::problem_passages(problem),
            Found::Operation(foreign) => {
                let mut out = vec![whose(foreign, scene.data.now)];
                for (at, depth) in DEPTHS.into_iter().enumerate() {
                    out.push(Passage::blank());
                    out.extend(choice(at == self.chosen, choose_pause::title(depth), meaning(depth)));
                }
                out
            }
        };
        let heading = format!("An upgrade of {} that was started elsewhere", self.cluster.name());
        draw_text(&passages, &heading, Role::Attention, scene, screen, buffer);
    }
}

fn meaning(depth: PauseDepth) -> &'static str {
    match depth {
        PauseDepth::AfterStep => "It is adopted; Azure finishes what runs, and nothing else starts.",
        PauseDepth::NodeBoundary => {
            "It is adopted; once no node is between cordon and ready, Azure's operation is stopped."
        }
        PauseDepth::Now => "It is adopted, and Azure's operation is stopped at once; nodes may stay half drained.",
    }
}
