//! The last question before the world changes: what will happen, the exact requests, what they touch, how to undo it.
//! Cancel is the default, and there is no yes before the request has been shown.

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
use super::approval::Approval;
use super::give_reason::{GiveReason, Purpose};
use super::order::Order;
use super::order_words::{touches, undo, what_happens};
use super::start_checks::Checks;
use super::{Dialog, Outcome, body_and_buttons, buttons, frame, most_rows, note, text_width};
use crate::domain::change::RequestPreview;
use crate::domain::text::printable;
use crate::plan::step::Plan;
use crate::preflight::baseline;
use crate::preflight::finding::Report;
use crate::problem::Problem;

/// The requests that a yes would send.
#[derive(Clone, Debug)]
enum Requests {
    NotNeeded,
    Loading,
    /// One for each step; `None` for a step that sends nothing now.
    Ready(Vec<Option<Result<RequestPreview, Problem>>>),
    Failed(Problem),
}

#[derive(Clone, Debug)]
pub(crate) struct Confirm {
    order: Order,
    checks: Checks,
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
            checks: match &order {
                Order::Start { .. } => Checks::Asked(None),
                _ => Checks::NotNeeded,
            },
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
            (Ok(_), _) => (),
            (Err(problem), _) => self.requests = Requests::Failed(problem),
        }
    }

    /// Takes the one request of an order; an answer to another question is ignored.
    pub(crate) fn take_request(&mut self, ticket: Ticket, answer: Result<RequestPreview, Problem>) {
        if self.ticket == Some(ticket) {
            self.requests = match answer {
                Ok(request) => Requests::Ready(vec![Some(Ok(request))]),
                Err(problem) => Requests::Failed(problem),
            };
        }
    }

    /// True where the plan is there and its checks were not asked for yet.
    pub(crate) fn wants_checks(&self) -> bool {
        matches!(self.checks, Checks::Asked(None)) && self.plan().is_some()
    }

    pub(crate) fn expect_checks(&mut self, ticket: Ticket) {
        self.checks = Checks::Asked(Some(ticket));
    }

    /// The checks that are waited for.
    pub(crate) fn asked_checks(&self) -> Option<Ticket> {
        match self.checks {
            Checks::Asked(ticket) => ticket,
            _ => None,
        }
    }

    /// Takes the report of the checks that were asked for.
    pub(crate) fn take_checks(&mut self, answer: Result<Report, Problem>) {
        self.checks = match answer {
            Ok(report) => {
                if let Order::Start { preparation, .. } = &mut self.order {
                    preparation.baseline = Some(baseline::to_text(&report));
                }
                Checks::Made(Box::new(report))
            }
            Err(problem) => Checks::Failed(problem),
        };
    }

    /// True once the request that would go out first can be seen, and the checks have been made.
    pub(crate) fn can_be_approved(&self) -> bool {
        !matches!(self.checks, Checks::Asked(_)) && self.requests_can_be_approved()
    }

    fn requests_can_be_approved(&self) -> bool {
        match &self.requests {
            Requests::NotNeeded => true,
            // A plan may begin, or consist, of steps that send nothing.
            Requests::Ready(requests) => requests.iter().flatten().next().is_none_or(Result::is_ok),
            Requests::Loading | Requests::Failed(_) => false,
        }
    }

    pub(crate) fn has_bodies(&self) -> bool {
        matches!(&self.requests, Requests::Ready(requests) if requests.iter().flatten().flatten().any(|request| request.body.is_some()))
    }

    /// The plan that would be started, once it was made.
    pub(crate) fn plan(&self) -> Option<&Plan> {
        match &self.order {
            Order::Start { plan, .. } => plan.as_deref(),
            _ => None,
        }
    }

    pub(super) fn act(&mut self, action: ActionId, scene: Scene<'_>, screen: Rect) -> Outcome {
        match action {
            ActionId::Open if !self.is_yes_marked => return Outcome::Close,
            ActionId::Open | ActionId::Yes if self.can_be_approved() => return self.yes(),
            ActionId::Left | ActionId::Right | ActionId::NextPanel | ActionId::PreviousPanel => {
                self.is_yes_marked = !self.is_yes_marked && self.can_be_approved();
            }
            ActionId::EditPlan => {
                if let Some(plan) = self.plan() {
                    return Outcome::EditPlan(Box::new(plan.clone()));
                }
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

    /// A yes against the checks needs a reason first.
    fn yes(&self) -> Outcome {
        let against = self.checks.against();
        if against.is_empty() {
            return Outcome::Approved(Box::new(Approval::Order(self.order.clone())));
        }
        let purpose = Purpose::StartAnyway {
            order: Box::new(self.order.clone()),
            against,
        };
        Outcome::Next(Box::new(Dialog::Reason(GiveReason::new(purpose))))
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
        let verb = if self.checks.against().is_empty() {
            self.order.verb()
        } else {
            "Start anyway"
        };
        let labels = [("Cancel", Role::Text), (verb, yes)];
        let row = buttons(&labels, usize::from(self.is_yes_marked), scene.theme);
        body_and_buttons(&lines, self.scroll, row, inside, scene.theme, buffer);
    }

    fn passages(&self, scene: Scene<'_>) -> Vec<Passage> {
        let snapshot = scene.data.cluster(self.order.cluster());
        let live = snapshot.and_then(|snapshot| snapshot.live.as_deref());
        let cluster = snapshot.and_then(|snapshot| snapshot.cluster.value.as_deref());
        let mut out = section("What the checks say", self.checks.passages());
        out.extend(section("What happens", what_happens(&self.order, live, scene.data.now)));
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
                let is_one = requests.len() == 1;
                requests
                    .iter()
                    .enumerate()
                    .flat_map(|(at, request)| {
                        let number = (!is_one).then_some(at + 1);
                        match request {
                            Some(Ok(request)) => request_lines(request, number, self.shows_bodies),
                            other => vec![self.nothing_now(at, other.as_ref().and_then(|no| no.as_ref().err()))],
                        }
                    })
                    .collect()
            }
        }
    }

    /// What stands in place of a step's request.
    fn nothing_now(&self, at: usize, problem: Option<&Problem>) -> Passage {
        let is_gate = self
            .plan()
            .and_then(|plan| plan.steps.get(at))
            .is_some_and(|step| step.kind.is_gate());
        let text = match problem {
            Some(problem) => format!("is prepared when its turn comes: {}", problem.what),
            None if is_gate => "sends nothing to Azure".to_owned(),
            None => "is prepared when its turn comes: it depends on the steps before it".to_owned(),
        };
        Passage::new(Role::Muted, format!("{}  {text}", at + 1))
            .indented(2)
            .hanging(3)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::command::Command;
    use crate::engine::view::ExecutionState;
    use crate::ui::fixtures;

    fn order(state: ExecutionState, command: Command) -> Order {
        Order::Send {
            execution: Arc::new(fixtures::execution("shop-prod", state)),
            command,
        }
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
