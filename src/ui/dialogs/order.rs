//! An order that has to be confirmed: what is wanted of which cluster, and the request it sends soon. Sends nothing.

use std::sync::Arc;

use super::choose_pause;
use crate::domain::change::Change;
use crate::domain::ids::ClusterId;
use crate::engine::command::{Command, PauseDepth, Person};
use crate::engine::handle::{ForeignOperation, Preparation};
use crate::engine::view::{ExecutionView, StepState};
use crate::plan::step::Plan;

/// What is to be confirmed.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// The plan arrives after the question is on the screen.
    Start {
        cluster: ClusterId,
        plan: Option<Box<Plan>>,
        /// What the checks said, and why it is started in spite of blockers.
        preparation: Preparation,
    },
    Send {
        execution: Arc<ExecutionView>,
        command: Command,
    },
    /// An upgrade somebody else started gets an execution here, and then this command.
    Adopt {
        foreign: Box<ForeignOperation>,
        command: Command,
    },
    /// This cockpit drives from now on; with a reason where somebody else does now.
    TakeControls {
        execution: Arc<ExecutionView>,
        reason: Option<String>,
    },
    /// The driver on another machine is asked for the controls.
    AskForLease { cluster: ClusterId, holder: Person },
    /// The execution of another machine goes on from here.
    TakeLease {
        cluster: ClusterId,
        holder: Person,
        reason: String,
    },
}

impl Order {
    pub(crate) fn cluster(&self) -> &ClusterId {
        match self {
            Self::Start { cluster, .. } | Self::AskForLease { cluster, .. } | Self::TakeLease { cluster, .. } => {
                cluster
            }
            Self::Send { execution, .. } | Self::TakeControls { execution, .. } => &execution.plan.cluster,
            Self::Adopt { foreign, .. } => &foreign.plan.cluster,
        }
    }

    /// The change whose request this order sends soon; `None` where it sends none by itself.
    pub(crate) fn change(&self) -> Option<Change> {
        match self {
            Self::Send { execution, command } => {
                let step = execution.current_step()?;
                let change = step.step.kind.change(&execution.plan.cluster)?;
                let runs = matches!(step.state, StepState::Starting | StepState::Running { .. });
                change_of(command, change, runs)
            }
            Self::Adopt { foreign, command } => {
                let step = foreign.plan.steps.first()?;
                let change = step.kind.change(&foreign.plan.cluster)?;
                change_of(command, change, *command != Command::Retry)
            }
            Self::Start { .. } | Self::TakeControls { .. } | Self::AskForLease { .. } | Self::TakeLease { .. } => None,
        }
    }

    /// What is asked for, in a few words.
    pub(crate) fn what(&self) -> String {
        let name = self.cluster().name();
        match self {
            Self::Start { .. } => format!("Upgrade of {name}"),
            Self::Send { command, .. } | Self::Adopt { command, .. } => match command {
                Command::Pause { depth } => format!("Pause of {name} {}", choose_pause::title(*depth)),
                Command::Resume => format!("Resume of {name}"),
                Command::Retry => format!("Retry of {name}"),
                Command::Abort => format!("Abort of {name}"),
                Command::Approve { .. } => format!("Approval for {name}"),
                Command::Skip { .. } => format!("Skip of a step of {name}"),
                Command::AskForControls => format!("Request for the controls of {name}"),
                Command::HandOver { to } => format!("Hand-over of {name} to {}@{}", to.name, to.host),
            },
            Self::TakeControls { .. } | Self::TakeLease { .. } => format!("Take-over of {name}"),
            Self::AskForLease { .. } => format!("Request for the controls of {name}"),
        }
    }

    pub(super) fn verb(&self) -> &'static str {
        match self {
            Self::Start { .. } => "Start",
            Self::Send { command, .. } | Self::Adopt { command, .. } => match command {
                Command::Pause { .. } => "Pause",
                Command::Resume => "Resume",
                Command::Retry => "Retry",
                Command::Abort => "Abort",
                Command::Approve { .. } => "Approve",
                Command::Skip { .. } => "Skip",
                Command::AskForControls => "Ask",
                Command::HandOver { .. } => "Hand over",
            },
            Self::TakeControls { .. } | Self::TakeLease { .. } => "Take over",
            Self::AskForLease { .. } => "Ask",
        }
    }
}

/// What a command sends of a step's change, or of its abort; `runs` says whether Azure works on the step.
fn change_of(command: &Command, change: Change, runs: bool) -> Option<Change> {
    match command {
        Command::Resume | Command::Retry => Some(change),
        Command::Abort
        | Command::Pause {
            depth: PauseDepth::Now | PauseDepth::NodeBoundary,
        } if runs => change.abort(),
        Command::Abort
        | Command::Pause { .. }
        | Command::Approve { .. }
        | Command::Skip { .. }
        | Command::AskForControls
        | Command::HandOver { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::view::ExecutionState;
    use crate::ui::fixtures;

    fn order(state: ExecutionState, command: Command) -> Order {
        Order::Send {
            execution: Arc::new(fixtures::execution("shop-prod", state)),
            command,
        }
    }

    #[test]
    fn an_order_names_the_change_it_sends() {
        let pause = |depth: PauseDepth| order(ExecutionState::Running, Command::Pause { depth }).change();
        assert_eq!(pause(PauseDepth::AfterStep), None);
        assert!(matches!(pause(PauseDepth::Now), Some(Change::AbortNodePool { .. })));
        assert!(matches!(
            order(ExecutionState::Failed, Command::Retry).change(),
            Some(Change::UpgradeNodePool { .. })
        ));
        assert_eq!(
            order(ExecutionState::Paused, Command::Abort).change(),
            None,
            "nothing runs in Azure"
        );
    }

    #[test]
    fn what_somebody_else_started_is_stopped_by_the_same_request() {
        let adopt = |command: Command| Order::Adopt {
            foreign: Box::new(fixtures::foreign("shop-prod")),
            command,
        };
        assert!(matches!(
            adopt(Command::Abort).change(),
            Some(Change::AbortNodePool { .. })
        ));
        let after_step = Command::Pause {
            depth: PauseDepth::AfterStep,
        };
        assert_eq!(adopt(after_step).change(), None);
    }
}
