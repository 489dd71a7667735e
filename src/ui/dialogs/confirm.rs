//! The last question before the world changes: what will happen, the exact requests, what they touch, how to undo it.
//! Cancel is the default, and there is no yes before the request has been shown.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::actions::ActionId;
use super::super::command::Ticket;
use super::super::components::Scene;
use super::super::components::prose::{self, Passage};
use super::super::measure;
use super::super::message::Prepared;
use super::super::screens;
use super::super::theme::{ARROW, Mark, Role};
use super::super::wording::count;
use super::{Outcome, body_and_buttons, buttons, choose_pause, frame, most_rows, note, text_width};
use crate::domain::change::{Change, RequestPreview};
use crate::domain::cluster::Cluster;
use crate::domain::ids::ClusterId;
use crate::domain::surge::batch_of;
use crate::domain::text::printable;
use crate::engine::command::{Command, PauseDepth};
use crate::engine::view::{ExecutionView, StepState};
use crate::plan::step::{Plan, StepKind};
use crate::problem::Problem;
use crate::progress::picture::LivePicture;

/// What is to be confirmed.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// The plan arrives after the question is on the screen.
    Start {
        cluster: ClusterId,
        plan: Option<Box<Plan>>,
    },
    Send {
        execution: Arc<ExecutionView>,
        command: Command,
    },
}

impl Order {
    fn cluster(&self) -> &ClusterId {
        match self {
            Self::Start { cluster, .. } => cluster,
            Self::Send { execution, .. } => &execution.plan.cluster,
        }
    }

    /// The change whose request this order sends soon; `None` where it sends none by itself.
    pub(crate) fn change(&self) -> Option<Change> {
        let Self::Send { execution, command } = self else {
            return None;
        };
        let step = execution.current_step()?;
        let change = step.step.kind.change(&execution.plan.cluster);
        let runs = matches!(step.state, StepState::Starting | StepState::Running { .. });
        match command {
            Command::Resume | Command::Retry => Some(change),
            Command::Abort
            | Command::Pause {
                depth: PauseDepth::Now | PauseDepth::NodeBoundary,
            } if runs => change.abort(),
            Command::Abort | Command::Pause { .. } => None,
        }
    }

    /// What is asked for, in a few words.
    pub(crate) fn what(&self) -> String {
        let name = self.cluster().name();
        match self {
            Self::Start { .. } => format!("Upgrade of {name}"),
            Self::Send { command, .. } => match command {
                Command::Pause { depth } => format!("Pause of {name} {}", choose_pause::title(*depth)),
                Command::Resume => format!("Resume of {name}"),
                Command::Retry => format!("Retry of {name}"),
                Command::Abort => format!("Abort of {name}"),
            },
        }
    }

    fn verb(&self) -> &'static str {
        match self {
            Self::Start { .. } => "Start",
            Self::Send { command, .. } => match command {
                Command::Pause { .. } => "Pause",
                Command::Resume => "Resume",
                Command::Retry => "Retry",
                Command::Abort => "Abort",
            },
        }
    }
}

/// The requests that a yes would send.
#[derive(Clone, Debug)]
enum Requests {
    NotNeeded,
    Loading,
    Ready(Vec<Result<RequestPreview, Problem>>),
    Failed(Problem),
}

#[derive(Clone, Debug)]
pub(crate) struct Confirm {
    order: Order,
    ticket: Option<Ticket>,
    requests: Requests,
    is_yes_marked: bool,
    shows_bodies: bool,
    scroll: u16,
}

impl Confirm {
    /// Asks; with a ticket, the requests come later under it.
    pub(crate) fn new(order: Order, ticket: Option<Ticket>) -> Self {
        Self {
            order,
            requests: if ticket.is_some() {
                Requests::Loading
            } else {
                Requests::NotNeeded
            },
            ticket,
            is_yes_marked: false,
            shows_bodies: false,
            scroll: 0,
        }
    }

    /// Takes the plan and its requests; an answer to another question is ignored.
    pub(crate) fn take_plan(&mut self, ticket: Ticket, answer: Result<Prepared, Problem>) {
        if self.ticket != Some(ticket) {
            return;
        }
        match (answer, &mut self.order) {
            (Ok(prepared), Order::Start { plan, .. }) => {
                *plan = Some(Box::new(prepared.plan));
                self.requests = Requests::Ready(prepared.requests);
            }
            (Ok(_), Order::Send { .. }) => (),
            (Err(problem), _) => self.requests = Requests::Failed(problem),
        }
    }

    /// Takes the one request of an order; an answer to another question is ignored.
    pub(crate) fn take_request(&mut self, ticket: Ticket, answer: Result<RequestPreview, Problem>) {
        if self.ticket == Some(ticket) {
            self.requests = match answer {
                Ok(request) => Requests::Ready(vec![Ok(request)]),
                Err(problem) => Requests::Failed(problem),
            };
        }
    }

    /// True once the request that would go out first can be seen.
    pub(crate) fn can_be_approved(&self) -> bool {
        match &self.requests {
            Requests::NotNeeded => true,
            Requests::Ready(requests) => matches!(requests.first(), Some(Ok(_))),
            Requests::Loading | Requests::Failed(_) => false,
        }
    }

    pub(crate) fn has_bodies(&self) -> bool {
        matches!(&self.requests, Requests::Ready(requests) if requests.iter().flatten().any(|request| request.body.is_some()))
    }

    pub(super) fn act(&mut self, action: ActionId, scene: Scene<'_>, screen: Rect) -> Outcome {
        match action {
            ActionId::Open if !self.is_yes_marked => return Outcome::Close,
            ActionId::Open | ActionId::Yes if self.can_be_approved() => return Outcome::Approved(self.order.clone()),
            ActionId::Left | ActionId::Right | ActionId::NextPanel | ActionId::PreviousPanel => {
                self.is_yes_marked = !self.is_yes_marked && self.can_be_approved();
            }
            ActionId::Details => self.shows_bodies = !self.shows_bodies && self.has_bodies(),
            other => {
                let rows = most_rows(screen, 2);
                let lines = prose::lay_out(&self.passages(scene), text_width(screen), scene.theme).len();
                let last = usize::from(prose::last_scroll(lines, rows));
                let to = screens::moved(other, usize::from(self.scroll), last + 1, usize::from(rows / 2));
                self.scroll = measure::cells(to);
            }
        }
        Outcome::Stay
    }

    pub(super) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) {
        let lines = prose::lay_out(&self.passages(scene), text_width(screen), scene.theme);
        let height = measure::cells(lines.len()).min(most_rows(screen, 2)) + 2;
        let heading = format!("{}?", self.order.what());
        let inside = frame(screen, &heading, Role::Attention, height, scene.theme, buffer);
        let yes = if self.can_be_approved() {
            Role::Attention
        } else {
            Role::Muted
        };
        let labels = [("Cancel", Role::Text), (self.order.verb(), yes)];
        let row = buttons(&labels, usize::from(self.is_yes_marked), scene.theme);
        body_and_buttons(&lines, self.scroll, row, inside, scene.theme, buffer);
    }

    fn passages(&self, scene: Scene<'_>) -> Vec<Passage> {
        let snapshot = scene.data.cluster(self.order.cluster());
        let live = snapshot.and_then(|snapshot| snapshot.live.as_deref());
        let cluster = snapshot.and_then(|snapshot| snapshot.cluster.value.as_deref());
        let mut out = section("What happens", what_happens(&self.order, live));
        out.extend(section("What is sent to Azure", self.request_passages()));
        out.extend(section("What it touches", touches(&self.order, cluster)));
        if !matches!(self.order, Order::Start { plan: None, .. }) {
            let undo = Passage::new(Role::Text, undo(&self.order)).indented(2);
            out.extend(section("How to undo it", vec![undo]));
        }
        out.pop();
        out
    }

    fn request_passages(&self) -> Vec<Passage> {
        match &self.requests {
            Requests::NotNeeded => vec![Passage::new(Role::Text, "Nothing now.").indented(2)],
            Requests::Loading => {
                let text = format!(
                    "{} reading the resource and preparing the request",
                    Mark::Loading.symbol()
                );
                vec![Passage::new(Role::Muted, text).indented(2)]
            }
            Requests::Failed(problem) => note::problem_passages(problem)
                .into_iter()
                .map(|passage| passage.indented(2))
                .collect(),
            Requests::Ready(requests) => {
                let mut out = Vec::new();
                for (at, request) in requests.iter().enumerate() {
                    match request {
                        Ok(request) => {
                            let number = (requests.len() > 1).then_some(at + 1);
                            out.extend(request_lines(request, number, self.shows_bodies));
                        }
                        Err(problem) => {
                            let text = format!("{}  is prepared when its turn comes: {}", at + 1, problem.what);
                            out.push(Passage::new(Role::Muted, text).indented(2).hanging(3));
                        }
                    }
                }
                out
            }
        }
    }
}

fn section(heading: &str, body: Vec<Passage>) -> Vec<Passage> {
    if body.is_empty() {
        return Vec::new();
    }
    let mut out = vec![Passage::new(Role::Heading, heading)];
    out.extend(body);
    out.push(Passage::blank());
    out
}

fn request_lines(request: &RequestPreview, number: Option<usize>, shows_body: bool) -> Vec<Passage> {
    let mut out = vec![
        Passage::new(
            Role::Muted,
            number.map_or_else(String::new, |number| format!("{number}  ")),
        )
        .and(Role::Key, format!("{} ", printable(&request.method)))
        .and(Role::Text, printable(&request.path))
        .indented(2)
        .hanging(3),
    ];
    if let Some(etag) = &request.if_match {
        out.push(Passage::new(Role::Muted, format!("If-Match: {}", printable(etag))).indented(5));
    }
    for field in &request.fields {
        let side = |value: &Option<String>| value.as_deref().map_or_else(|| "(none)".to_owned(), printable);
        out.push(
            Passage::new(Role::Muted, format!("{}  ", printable(&field.field)))
                .and(Role::Text, format!("{} {ARROW} ", side(&field.from)))
                .and(Role::Strong, side(&field.to))
                .indented(5),
        );
    }
    if let Some(body) = request.body.as_ref().filter(|_| shows_body) {
        let text = serde_json::to_string_pretty(body).unwrap_or_default();
        out.extend(text.lines().map(|line| {
            let depth = measure::cells(line.len() - line.trim_start().len());
            Passage::new(Role::Muted, printable(line.trim_start())).indented(5 + depth)
        }));
    }
    out
}

fn what_happens(order: &Order, live: Option<&LivePicture>) -> Vec<Passage> {
    let told = |text: String| vec![Passage::new(Role::Text, text).indented(2)];
    match order {
        Order::Start { plan: None, .. } => told("The plan is being made.".to_owned()),
        Order::Start { plan: Some(plan), .. } => plan
            .steps
            .iter()
            .enumerate()
            .map(|(at, step)| {
                Passage::new(Role::Muted, format!("{}  ", at + 1))
                    .and(Role::Text, step.kind.title())
                    .and(Role::Muted, from_text(&step.kind))
                    .indented(2)
            })
            .collect(),
        Order::Send { execution, command } => {
            let step = execution
                .current_step()
                .map_or_else(|| "the step".to_owned(), |step| step.step.kind.title());
            told(match command {
                Command::Pause { depth } => choose_pause::effect(*depth, execution, live),
                Command::Resume => {
                    format!("The request of {step} is sent again; AKS carries on with the nodes that are left.")
                }
                Command::Retry => {
                    format!(
                        "The request of {step} is sent again as a new attempt; AKS carries on with the nodes that are left."
                    )
                }
                Command::Abort => format!(
                    "{} The execution ends here and cannot be resumed.",
                    choose_pause::effect(PauseDepth::Now, execution, live)
                ),
            })
        }
    }
}

fn from_text(kind: &StepKind) -> String {
    match kind {
        StepKind::ControlPlaneUpgrade { from: Some(from), .. } | StepKind::NodePoolUpgrade { from: Some(from), .. } => {
            format!("  from {from}")
        }
        StepKind::NodeImageUpgrade { from: Some(from), .. } => format!("  from {}", from.release()),
        _ => String::new(),
    }
}

/// Nodes that move, and how many at a time; only for a start: the other orders go on with a plan that was shown.
fn touches(order: &Order, cluster: Option<&Cluster>) -> Vec<Passage> {
    let (Order::Start { plan: Some(plan), .. }, Some(cluster)) = (order, cluster) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for step in &plan.steps {
        let (version, pool) = match &step.kind {
            StepKind::ControlPlaneUpgrade { .. } => {
                let text = "the API server, which may be away for short moments; pods keep running";
                out.push(Passage::new(Role::Text, text).indented(2));
                continue;
            }
            StepKind::NodePoolUpgrade { pool, to, .. } => (Some(*to), cluster.pool(pool)),
            StepKind::NodeImageUpgrade { pool, .. } => (cluster.version, cluster.pool(pool)),
        };
        if let Some(pool) = pool {
            let batch = batch_of(&pool.upgrade_settings, pool.count, version);
            let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
            let text = format!(
                "{} of pool {}: every pod moves; {} drained at a time, {} added meanwhile",
                count(number(pool.count), "node"),
                pool.name,
                number(batch.width()),
                count(number(batch.surge), "surge node"),
            );
            out.push(Passage::new(Role::Text, text).indented(2));
        }
    }
    out
}

/// AKS docs "Roll back a node pool", 2026: within seven days, to what the pool ran before.
fn undo(order: &Order) -> &'static str {
    match order {
        Order::Start { plan: Some(plan), .. }
            if plan
                .steps
                .iter()
                .any(|step| matches!(step.kind, StepKind::ControlPlaneUpgrade { .. })) =>
        {
            "The control plane cannot go back. Node pools can be rolled back within 7 days. P pauses, A aborts while it runs."
        }
        Order::Start { .. } => "Node pools can be rolled back within 7 days. P pauses, A aborts while it runs.",
        Order::Send { command, .. } => match command {
            Command::Pause { .. } => "Resume with P at any time.",
            Command::Resume | Command::Retry => "Pause again with P.",
            Command::Abort => "A new upgrade (U) carries on with the nodes that are left.",
        },
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
    fn there_is_no_yes_before_the_request_was_shown() {
        let ticket = Ticket(1);
        let mut confirm = Confirm::new(order(ExecutionState::Failed, Command::Retry), Some(ticket));
        assert!(!confirm.can_be_approved());
        confirm.take_request(Ticket(9), Ok(fixtures::request("shop-prod")));
        assert!(!confirm.can_be_approved(), "an answer to another question");
        confirm.take_request(ticket, Ok(fixtures::request("shop-prod")));
        assert!(confirm.can_be_approved() && confirm.has_bodies());
        let problem = Problem::new(crate::problem::Exit::Unexpected, "no");
        confirm.take_request(ticket, Err(problem));
        assert!(!confirm.can_be_approved());
    }
}
