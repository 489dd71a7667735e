//! Which gate to put behind a step, and what it asks or how long it waits. Changes nothing by itself.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::super::actions::ActionId;
use super::super::components::Scene;
use super::super::components::prose::{self, Passage};
use super::super::measure;
use super::super::screens;
use super::super::theme::Role;
use super::form::Form;
use super::{Outcome, choice, draw_form, frame, most_rows, text_width};
use crate::domain::ids::{SmokeTestName, StepId};
use crate::plan::edit::Edit;
use crate::plan::step::{Step, StepKind, WaitUntil};

/// A gate that can be added.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Gate {
    Approval,
    Wait,
    Smoke(SmokeTestName),
    /// A smoke test that runs while the step moves nodes; one that is there can be taken away.
    Guard {
        test: SmokeTestName,
        is_there: bool,
    },
    Readiness,
    Verify,
}

/// What an approval asks where no question is given.
const QUESTION: &str = "Go on?";
/// How long a wait is where nothing is given.
const WAIT: &str = "30 min";
/// Longest wait that is taken: a year, far beyond every maintenance calendar.
const LONGEST_SECONDS: u64 = 365 * 86_400;

#[derive(Clone, Debug)]
pub(crate) struct AddGate {
    /// The step it stands behind.
    at: StepId,
    /// The smoke tests that guard that step; `None` where it moves no nodes.
    guards: Option<Vec<SmokeTestName>>,
    gates: Vec<Gate>,
    chosen: usize,
    /// There once the chosen gate needs words.
    form: Option<Form>,
}

impl AddGate {
    /// A new gate behind a step; smoke tests are those the plan has.
    pub(crate) fn behind(step: &Step, tests: impl IntoIterator<Item = SmokeTestName>) -> Self {
        let mut dialog = Self {
            at: step.id.clone(),
            guards: step.kind.moves_nodes().then(|| step.guards.clone()),
            gates: Vec::new(),
            chosen: 0,
            form: None,
        };
        dialog.list(tests.into_iter().collect());
        dialog
    }

    /// Offers these smoke tests too.
    pub(crate) fn offer(&mut self, tests: &[SmokeTestName]) {
        let mut all: Vec<SmokeTestName> = self.tests().cloned().collect();
        let new = tests.iter().filter(|test| !all.contains(test));
        let new: Vec<SmokeTestName> = new.cloned().collect();
        all.extend(new);
        self.list(all);
    }

    fn tests(&self) -> impl Iterator<Item = &SmokeTestName> {
        self.gates.iter().filter_map(|gate| match gate {
            Gate::Smoke(test) => Some(test),
            _ => None,
        })
    }

    fn list(&mut self, tests: Vec<SmokeTestName>) {
        let guard = |test: &SmokeTestName| {
            let there = self.guards.as_ref()?;
            Some(Gate::Guard {
                test: test.clone(),
                is_there: there.contains(test),
            })
        };
        let guards: Vec<Gate> = tests.iter().filter_map(guard).collect();
        self.gates = [Gate::Approval, Gate::Wait, Gate::Readiness]
            .into_iter()
            .chain(tests.into_iter().map(Gate::Smoke))
            .chain(guards)
            .chain([Gate::Verify])
            .collect();
    }

    pub(super) fn form(&mut self) -> Option<&mut Form> {
        self.form.as_mut()
    }

    pub(super) fn is_typing(&self) -> bool {
        self.form.is_some()
    }

    fn gate(&self) -> &Gate {
        &self.gates[self.chosen.min(self.gates.len() - 1)]
    }

    pub(super) fn act(&mut self, action: ActionId, scene: Scene<'_>) -> Outcome {
        if let Some(form) = &self.form {
            return match action {
                ActionId::Open => self.done(form.text(0).to_owned(), scene.data.now),
                _ => Outcome::Stay,
            };
        }
        match (action, self.gate()) {
            (ActionId::Open, Gate::Approval) => {
                let hint = format!("what is to be decided, in a sentence; empty: {QUESTION}");
                self.form = Some(Form::of("Question", hint, ""));
            }
            (ActionId::Open, Gate::Wait) => {
                let hint = format!("45 min, 2 h, 1 d 12 h, until 2026-07-14 18:00 (UTC); empty: {WAIT}");
                self.form = Some(Form::of("Wait", hint, ""));
            }
            (ActionId::Open, Gate::Smoke(test)) => return self.insert(StepKind::SmokeTest { test: test.clone() }),
            (ActionId::Open, Gate::Guard { test, is_there }) => {
                return Outcome::Change(Edit::Guard {
                    step: self.at.clone(),
                    test: test.clone(),
                    on: !is_there,
                });
            }
            (ActionId::Open, Gate::Readiness) => return self.insert(StepKind::ReadinessGate),
            (ActionId::Open, Gate::Verify) => return self.insert(StepKind::Verify),
            (ActionId::NextPanel, _) => self.chosen = (self.chosen + 1) % self.gates.len(),
            (other, _) => self.chosen = screens::moved(other, self.chosen, self.gates.len(), 2),
        }
        Outcome::Stay
    }

    fn insert(&self, kind: StepKind) -> Outcome {
        Outcome::Change(Edit::Insert {
            after: Some(self.at.clone()),
            kind,
        })
    }

    fn done(&mut self, text: String, now: Timestamp) -> Outcome {
        let kind = match self.gate() {
            Gate::Wait => {
                let text = if text.is_empty() { WAIT } else { &text };
                parse_wait(text, now).map(|until| StepKind::Wait { until })
            }
            _ if text.is_empty() => Ok(StepKind::Approval {
                question: QUESTION.to_owned(),
            }),
            _ => Ok(StepKind::Approval { question: text }),
        };
        match (kind, &mut self.form) {
            (Ok(kind), _) => self.insert(kind),
            (Err(why), Some(form)) => {
                form.complaint = Some(why);
                Outcome::Stay
            }
            (Err(_), None) => Outcome::Stay,
        }
    }

    pub(super) fn view(&self, scene: Scene<'_>, screen: Rect, buffer: &mut Buffer) -> Option<Position> {
        let heading = format!("A gate behind {}", self.at);
        if let Some(form) = &self.form {
            let (title, meaning) = words(self.gate());
            let passages = [Passage::new(Role::Strong, title), Passage::new(Role::Text, meaning)];
            return Some(draw_form(&passages, form, &heading, scene, screen, buffer));
        }
        let mut passages = Vec::new();
        let mut until_chosen = 0;
        for (at, gate) in self.gates.iter().enumerate() {
            let (title, meaning) = words(gate);
            passages.extend(choice(at == self.chosen, &title, meaning));
            if at == self.chosen {
                until_chosen = passages.len();
            }
        }
        if self.tests().next().is_none() {
            let text = "There are no smoke tests to choose from; they come with --smoke-tests FILE, or with a plan file \
                        (ctrl-o).";
            passages.push(Passage::blank());
            passages.push(Passage::new(Role::Muted, text));
        }
        let lay_out = |passages: &[Passage]| prose::lay_out(passages, text_width(screen), scene.theme);
        let lines = lay_out(&passages);
        let rows = measure::cells(lines.len()).min(most_rows(screen, 0));
        let inside = frame(screen, &heading, Role::Heading, rows, scene.theme, buffer);
        // Where they do not fit, the chosen one is seen.
        let end_of_chosen = measure::cells(lay_out(&passages[..until_chosen]).len());
        prose::draw(&lines, end_of_chosen.saturating_sub(rows), inside, scene.theme, buffer);
        None
    }
}

fn words(gate: &Gate) -> (String, &'static str) {
    match gate {
        Gate::Approval => (
            "Approval".to_owned(),
            "The plan waits until a person says yes, with Y or: aks-cockpit approve",
        ),
        Gate::Wait => (
            "Wait".to_owned(),
            "The plan waits for a while or until a time; K skips it.",
        ),
        Gate::Smoke(test) => (
            format!("Smoke test {test}"),
            "The plan waits until the test passes, or pauses, as the test says.",
        ),
        Gate::Guard { test, is_there: false } => (
            format!("While its nodes move: smoke test {test}"),
            "The step is guarded: when the test fails, Azure is stopped and the plan holds.",
        ),
        Gate::Guard { test, is_there: true } => (
            format!("While its nodes move: smoke test {test} no more"),
            "The step goes on unguarded by this test.",
        ),
        Gate::Readiness => (
            "Readiness".to_owned(),
            "The plan waits until no workload has fewer ready pods than at the start.",
        ),
        Gate::Verify => (
            "Verify".to_owned(),
            "Azure's claims and every node are compared with what the plan promised.",
        ),
    }
}

/// Reads `45 min`, `2h`, `1 d 12 h`, `90 s`, or `until 2026-07-14 18:00` (UTC).
fn parse_wait(text: &str, now: Timestamp) -> Result<WaitUntil, String> {
    if let Some(time) = text.strip_prefix("until") {
        let time = time.trim().trim_end_matches("UTC").trim();
        let at = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M", time)
            .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC))
            .map_err(|_| format!("'{time}' is no time; write it like 2026-07-14 18:00"))?
            .timestamp();
        return if at > now {
            Ok(WaitUntil::Time(at))
        } else {
            Err("that time is over already".to_owned())
        };
    }
    let no_duration = || format!("'{text}' is no duration; write it like 45 min, 2 h or 1 d 12 h");
    let mut rest = text;
    let mut seconds: u64 = 0;
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after
            .find(|letter: char| !letter.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let size = match unit {
            "s" | "sec" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(no_duration()),
        };
        let number: u64 = number.parse().map_err(|_| no_duration())?;
        seconds = number
            .checked_mul(size)
            .and_then(|part| seconds.checked_add(part))
            .ok_or_else(no_duration)?;
        rest = after;
    }
    match seconds {
        0 => Err(no_duration()),
        LONGEST_SECONDS.. => Err("a wait can last up to a year".to_owned()),
        seconds => Ok(WaitUntil::Seconds(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures::now;

    #[test]
    fn waits_are_read_as_people_write_them() {
        for (text, seconds) in [("45 min", 2700), ("2h", 7200), ("1 d 12 h", 129_600), ("90s", 90)] {
            assert_eq!(parse_wait(text, now()), Ok(WaitUntil::Seconds(seconds)), "{text}");
        }
        assert_eq!(
            parse_wait("until 2026-07-14 18:00", now()),
            Ok(WaitUntil::Time("2026-07-14T18:00:00Z".parse().unwrap()))
        );
        for text in [
            "",
            "0 min",
            "soon",
            "5",
            "5 weeks",
            "min",
            "until noon",
            "until 2020-01-01 00:00",
            "99999999999999999999 d",
            "18446744073709551615 d",
            "400 d",
        ] {
            assert!(parse_wait(text, now()).is_err(), "{text}");
        }
    }
}
