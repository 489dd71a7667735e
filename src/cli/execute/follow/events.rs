//! What is new about an execution, as lines of text or JSON: `aks-cockpit/start/v1`. Tells each thing once.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::super::args::OutputFormat;
use super::super::super::output;
use super::exit_of;
use crate::domain::ids::ExecutionId;
use crate::engine::view::{ExecutionView, GateView, SmokeView, StepState};
use crate::problem::Problem;
use crate::progress::picture::LivePicture;

/// One line of the stream.
#[derive(Debug, Serialize)]
struct Line {
    schema: &'static str,
    at: Timestamp,
    execution: String,
    event: &'static str,
    #[serde(flatten)]
    details: Value,
}

/// Tells what is new, and remembers what it has told.
pub(super) struct Teller<'a> {
    id: &'a ExecutionId,
    format: OutputFormat,
    last: Option<Arc<ExecutionView>>,
    last_progress: Option<Value>,
    /// How it stands was told once, changed or not.
    has_told_standing: bool,
}

impl<'a> Teller<'a> {
    /// Tells everything; or, where the execution is `known`, what is new since then, and once how it stands.
    pub(super) fn new(id: &'a ExecutionId, known: Option<Arc<ExecutionView>>, format: OutputFormat) -> Self {
        Self {
            id,
            format,
            last: known,
            last_progress: None,
            has_told_standing: false,
        }
    }

    /// Tells what has changed since the last time.
    pub(super) fn tell(
        &mut self,
        now: Timestamp,
        view: &Arc<ExecutionView>,
        live: Option<&LivePicture>,
    ) -> Result<(), Problem> {
        let is_first = !std::mem::replace(&mut self.has_told_standing, true);
        for (event, details) in changes(self.last.as_deref(), view, is_first) {
            self.emit(now, event, details)?;
        }
        // Before its nodes are seen, an upgrade has no progress to tell.
        let seen = live.filter(|live| live.progress().1 > 0);
        let progress = seen.map(|live| progress(view, live));
        if progress != self.last_progress && exit_of(view).is_none() {
            if let (Some(details), Some(live)) = (progress.clone(), seen) {
                self.emit(now, "progress", with_times(details, live, now))?;
            }
            self.last_progress = progress;
        }
        self.last = Some(Arc::clone(view));
        Ok(())
    }

    /// Tells how it ended.
    pub(super) fn end(&self, now: Timestamp, view: &ExecutionView) -> Result<(), Problem> {
        let leftovers: Vec<String> = view.leftovers.iter().map(ToString::to_string).collect();
        let details = json!({ "state": view.state.word(), "message": view.message, "leftovers": leftovers });
        self.emit(now, "ended", details)
    }

    fn emit(&self, at: Timestamp, event: &'static str, details: Value) -> Result<(), Problem> {
        match self.format {
            OutputFormat::Json | OutputFormat::Jsonl => output::print_line(&Line {
                schema: "aks-cockpit/start/v1",
                at,
                execution: self.id.to_string(),
                event,
                details,
            }),
            OutputFormat::Table | OutputFormat::Markdown => output::write_out(&line(at, self.id, event, &details)),
        }
    }
}

/// What is new in `view` since `last`, and how it stands where that is new or wanted.
fn changes(last: Option<&ExecutionView>, view: &ExecutionView, is_standing_wanted: bool) -> Vec<(&'static str, Value)> {
    let mut events = Vec::new();
    if last.is_none() {
        let steps: Vec<Value> = view
            .steps
            .iter()
            .map(|step| json!({ "id": step.step.id.as_str(), "kind": step.step.kind.word(), "title": step.step.kind.title() }))
            .collect();
        events.push((
            "started",
            json!({ "cluster": view.plan.cluster.as_str(), "steps": steps }),
        ));
    }
    events.extend(steps(last, view));
    for (index, test) in view.smoke.iter().enumerate() {
        events.extend(smoke_runs(last.and_then(|last| last.smoke.get(index)), test));
    }
    let is_changed =
        last.is_none_or(|last| last.state != view.state || last.message != view.message || last.gate != view.gate);
    if is_changed || is_standing_wanted {
        events.push((
            "state",
            json!({ "state": view.state.word(), "message": view.message, "gate": view.gate.as_ref().map(gate) }),
        ));
    }
    events
}

fn steps(last: Option<&ExecutionView>, view: &ExecutionView) -> Vec<(&'static str, Value)> {
    let was = |index: usize| last.and_then(|last| last.steps.get(index));
    let is_news = |index: usize, state: &StepState, attempt: u32| {
        was(index).map_or(*state != StepState::Pending, |was| {
            was.state != *state || was.attempt != attempt
        })
    };
    view.steps
        .iter()
        .enumerate()
        .filter(|(index, step)| is_news(*index, &step.state, step.attempt))
        .map(|(_, step)| {
            let text = match &step.state {
                StepState::Running { text, .. } => Some(text.clone()),
                StepState::Failed { error } => Some(error.to_string()),
                StepState::Skipped { reason } => Some(reason.clone()),
                _ => None,
            };
            let details = json!({
                "step": step.step.id.as_str(),
                "title": step.step.kind.title(),
                "state": step.state.word(),
                "attempt": step.attempt,
                "text": text,
            });
            ("step", details)
        })
        .collect()
}

/// The runs of a smoke test that came since the last time.
fn smoke_runs(last: Option<&SmokeView>, test: &SmokeView) -> Vec<(&'static str, Value)> {
    let newest = last.and_then(|last| last.runs.last()).map(|run| run.at);
    test.runs
        .iter()
        .filter(|run| newest.is_none_or(|newest| run.at > newest))
        .map(|run| {
            let details = json!({
                "test": run.test.as_str(),
                "passed": run.passed,
                "latencyMilliseconds": run.latency_milliseconds,
                "detail": run.detail,
            });
            ("smokeTest", details)
        })
        .collect()
}

fn gate(gate: &GateView) -> Value {
    json!({
        "step": gate.step.as_str(),
        "kind": gate.kind.word(),
        "reason": gate.reason,
        "since": gate.since,
        "until": gate.until,
    })
}

/// What is worth an event when it changes: not the time left, which always does.
fn progress(view: &ExecutionView, live: &LivePicture) -> Value {
    let (done, total) = live.progress();
    let blockers: Vec<&str> = live.blockers.iter().map(|blocker| blocker.what.as_str()).collect();
    let window = live.window.as_ref().map(|window| {
        json!({
            "name": window.window,
            "closesAt": window.closes,
            "fit": window.fit.as_str(),
            "do": window.remedy(view.is_at_last_move()),
        })
    });
    json!({ "done": done, "total": total, "blockers": blockers, "window": window })
}

/// The same with the time left, as it is at the moment of the event.
fn with_times(mut details: Value, live: &LivePicture, now: Timestamp) -> Value {
    details["eta"] = live.eta.map_or(
        Value::Null,
        |eta| json!({ "lowSeconds": eta.low.as_secs(), "highSeconds": eta.high.as_secs() }),
    );
    details["timeLeft"] = live.time_left().into();
    details["held"] = live.held.as_ref().map_or(
        Value::Null,
        |held| json!({ "node": held.node.as_str(), "deadline": held.deadline, "says": held.short(now) }),
    );
    if let (Some(window), Some(says)) = (details["window"].as_object_mut(), &live.window) {
        window.insert("says".to_owned(), says.in_words().into());
    }
    details
}

fn line(at: Timestamp, id: &ExecutionId, event: &str, details: &Value) -> String {
    let text = |key: &str| details.get(key).and_then(Value::as_str).unwrap_or_default();
    let number = |key: &str| details.get(key).and_then(Value::as_u64).unwrap_or(0);
    let time = at.strftime("%H:%M:%S");
    let said = match event {
        "started" => format!("{id} started"),
        "step" => format!("{}: {} {}", text("title"), text("state"), text("text")),
        "state" | "ended" => {
            let reason = details
                .pointer("/gate/reason")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let message = if text("message").is_empty() {
                reason
            } else {
                text("message")
            };
            format!("{id} {event}: {} {message}", text("state"))
        }
        "smokeTest" => {
            let passed = details.get("passed").and_then(Value::as_bool).unwrap_or_default();
            let verdict = if passed { "passed" } else { "failed" };
            let latency = number("latencyMilliseconds");
            format!(
                "smoke test {}: {verdict} in {latency} ms {}",
                text("test"),
                text("detail")
            )
        }
        _ => {
            let blockers = details
                .get("blockers")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            let mut said = format!("{} of {} nodes done", number("done"), number("total"));
            if !text("timeLeft").is_empty() {
                said.push_str(&format!(", {}", text("timeLeft")));
            }
            for blocker in blockers {
                said.push_str(&format!("; held: {blocker}"));
            }
            let words = |pointer: &str| details.pointer(pointer).and_then(Value::as_str);
            for pointer in ["/held/says", "/window/says", "/window/do"] {
                if let Some(words) = words(pointer) {
                    said.push_str(&format!("; {words}"));
                }
            }
            said
        }
    };
    format!("{time}  {}\n", said.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ClusterId;
    use crate::domain::smoke_test::SmokeRun;
    use crate::engine::command::Person;
    use crate::engine::view::{ExecutionState, StepView};
    use crate::plan::step::{Plan, Step, StepKind};

    /// One step, done; a smoke test ran so many times since.
    fn view(runs: i64, state: ExecutionState) -> ExecutionView {
        let step = Step::new("verify", StepKind::Verify);
        let run = |second| SmokeRun {
            test: "cart".into(),
            at: Timestamp::from_second(second).unwrap(),
            passed: true,
            latency_milliseconds: 7,
            detail: String::new(),
        };
        ExecutionView {
            id: "x1".into(),
            plan: Arc::new(Plan {
                id: "p1".into(),
                cluster: ClusterId::from_parts("s", "rg", "shop"),
                cluster_name: "shop".to_owned(),
                created_at: Timestamp::UNIX_EPOCH,
                steps: vec![step.clone()],
                smoke_tests: Vec::new(),
            }),
            state,
            since: Timestamp::UNIX_EPOCH,
            started_at: Timestamp::UNIX_EPOCH,
            started_by: Person {
                name: "ada".to_owned(),
                host: "desk".to_owned(),
            },
            steps: vec![StepView {
                step,
                state: StepState::Succeeded,
                attempt: 1,
                since: None,
            }],
            driver: None,
            message: None,
            leftovers: Vec::new(),
            gate: None,
            smoke: vec![SmokeView {
                name: "cart".into(),
                runs: (1..=runs).map(run).collect(),
            }],
            controls_asked_by: None,
            handed_to: None,
            lease: None,
            origin: None,
        }
    }

    #[test]
    fn a_known_execution_is_told_from_then_on_and_a_new_one_whole() {
        let words = |last: Option<&ExecutionView>, view: &ExecutionView, is_first| -> Vec<&'static str> {
            let events = changes(last, view, is_first);
            events.into_iter().map(|(event, _)| event).collect()
        };
        let before = view(90, ExecutionState::Running);
        let whole = words(None, &before, true);
        assert_eq!(whole.len(), 1 + 1 + 90 + 1);
        assert_eq!((whole[0], whole[1], whole[92]), ("started", "step", "state"));
        assert_eq!(words(Some(&before), &before, true), ["state"], "how it stands");
        assert_eq!(words(Some(&before), &before, false), [""; 0]);
        let after = view(92, ExecutionState::Aborting);
        assert_eq!(words(Some(&before), &after, true), ["smokeTest", "smokeTest", "state"]);
    }

    #[test]
    fn events_read_as_lines() {
        let said = |event, details| line(Timestamp::UNIX_EPOCH, &"x1".into(), event, &details);
        assert_eq!(
            said(
                "state",
                json!({"state": "Waiting", "message": null, "gate": {"reason": "a person decides"}})
            ),
            "00:00:00  x1 state: Waiting a person decides\n"
        );
        assert_eq!(
            said(
                "smokeTest",
                json!({"test": "cart", "passed": false, "latencyMilliseconds": 7, "detail": "503"})
            ),
            "00:00:00  smoke test cart: failed in 7 ms 503\n"
        );
        assert_eq!(
            said("progress", json!({"done": 1, "total": 3, "blockers": ["a budget"]})),
            "00:00:00  1 of 3 nodes done; held: a budget\n"
        );
        assert_eq!(
            said(
                "progress",
                json!({
                    "done": 1, "total": 3, "blockers": [], "timeLeft": "18 to 25 min left once freed",
                    "held": { "says": "+16 min until the drain timeout fails it" },
                    "window": { "says": "May not fit", "do": "pause" },
                })
            ),
            "00:00:00  1 of 3 nodes done, 18 to 25 min left once freed; +16 min until the drain timeout fails it; \
             May not fit; pause\n"
        );
    }
}
