//! What a driver tells on the Lease about its execution, and what of that another machine may rely on.
//! Never runs or trusts anything: whoever may write a Lease could write anything there.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::super::command::Person;
use super::LeaseNote;
use super::rules::{NOTE, last_execution, last_person};
use crate::domain::ids::{ClusterId, ExecutionId, SmokeTestName};
use crate::domain::lease::LeaseObject;
use crate::domain::smoke_test::{Flow, SmokeTest};
use crate::domain::text::printable;
use crate::plan::step::{Plan, StepKind};

/// Longest note, in bytes: all annotations of an object together may have 256 KiB (Kubernetes docs "Annotations",
/// 2026).
const LONGEST: usize = 128 * 1024;

/// What it takes to go on with the execution of another machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    pub person: Person,
    pub execution: ExecutionId,
    pub note: LeaseNote,
}

/// Reads the story of the Lease's holder, or of the last one where nobody has it now; `None` where it tells none, or
/// one of another cluster.
pub fn story(lease: &LeaseObject, cluster: &ClusterId) -> Option<Story> {
    let mut note = read_note(lease).filter(|note| note.plan.cluster == *cluster && !note.plan.steps.is_empty())?;
    note.plan = without_foreign_programs(note.plan);
    Some(Story {
        person: last_person(lease)?,
        execution: last_execution(lease)?,
        note,
    })
}

/// The note as it is stored; `None` where it is too long to be.
pub(in crate::engine) fn note_text(note: &LeaseNote) -> Option<String> {
    #[derive(Serialize)]
    struct Versioned<'a> {
        v: u32,
        #[serde(flatten)]
        note: &'a LeaseNote,
    }
    serde_json::to_string(&Versioned { v: 1, note })
        .ok()
        .filter(|text| text.len() <= LONGEST)
}

pub(super) fn read_note(lease: &LeaseObject) -> Option<LeaseNote> {
    printable_json(lease.notes.get(NOTE)?)
}

/// Reads JSON from outside; every text in it is made printable.
pub(super) fn printable_json<T: DeserializeOwned>(json: &str) -> Option<T> {
    let mut value = serde_json::from_str(json).ok()?;
    make_printable(&mut value);
    serde_json::from_value(value).ok()
}

fn make_printable(value: &mut Value) {
    match value {
        Value::String(text) => *text = printable(text),
        Value::Array(items) => items.iter_mut().for_each(make_printable),
        Value::Object(fields) => fields.values_mut().for_each(make_printable),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The plan with approvals where it would start programs on this machine or send this machine's environment away:
/// what a Lease says must not be able to do that.
fn without_foreign_programs(mut plan: Plan) -> Plan {
    let (kept, refused): (Vec<SmokeTest>, Vec<SmokeTest>) = plan.smoke_tests.into_iter().partition(is_harmless);
    plan.smoke_tests = kept;
    let is_refused = |name: &SmokeTestName| refused.iter().any(|test| test.name == *name);
    for step in &mut plan.steps {
        step.guards.retain(|guard| !is_refused(guard));
        if let StepKind::SmokeTest { test } = &step.kind
            && is_refused(test)
        {
            let question = format!(
                "does the smoke test {test} pass? It runs a program or uses secrets of the other machine, so it is \
                 not run here"
            );
            step.kind = StepKind::Approval { question };
        }
    }
    plan
}

fn is_harmless(test: &SmokeTest) -> bool {
    match &test.flow {
        Flow::Command(_) => false,
        Flow::Http(_) => serde_json::to_string(&test.flow).is_ok_and(|json| !json.contains("${")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;
    use crate::plan::step::Step;

    fn test(json: &str) -> SmokeTest {
        serde_json::from_str(json).unwrap()
    }

    fn plan() -> Plan {
        let smoke = |test: &str| StepKind::SmokeTest { test: test.into() };
        let mut guarded = Step::new("c", smoke("shop"));
        guarded.guards = vec!["shop".into(), "script".into()];
        Plan {
            id: "p".into(),
            cluster: ClusterId::from_parts("s", "rg", "shop"),
            cluster_name: "sh\u{1b}op".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            steps: vec![
                Step::new("a", smoke("script")),
                Step::new("b", smoke("secret")),
                guarded,
            ],
            smoke_tests: vec![
                test(r#"{"name":"shop","http":[{"url":"https://shop.example/{{id}}"}]}"#),
                test(r#"{"name":"secret","http":[{"url":"https://a.example","headers":{"x":"${TOKEN}"}}]}"#),
                test(r#"{"name":"script","command":{"program":"rm"}}"#),
            ],
        }
    }

    fn lease(note: &LeaseNote) -> LeaseObject {
        LeaseObject {
            holder: None,
            notes: BTreeMap::from([
                (NOTE.to_owned(), note_text(note).unwrap()),
                ("holder".to_owned(), r#"{"name":"ada","host":"desk"}"#.to_owned()),
                ("execution".to_owned(), "3f2a".to_owned()),
            ]),
            ..LeaseObject::default()
        }
    }

    fn note() -> LeaseNote {
        LeaseNote {
            plan: plan(),
            done: vec!["a".into()],
            state: "Running".to_owned(),
            headline: "one of three".to_owned(),
        }
    }

    #[test]
    fn the_last_holders_story_can_be_read_by_another_machine() {
        let cluster = plan().cluster;
        let story = story(&lease(&note()), &cluster).unwrap();
        assert_eq!((story.person.name.as_str(), story.execution.as_str()), ("ada", "3f2a"));
        assert_eq!(story.note.done, ["a".into()]);
        assert_eq!(story.note.plan.cluster_name, "shop");
    }

    #[test]
    fn a_story_of_another_cluster_or_of_none_is_no_story() {
        let other = ClusterId::from_parts("s", "rg", "other");
        assert_eq!(story(&lease(&note()), &other), None);
        let mut garbled = lease(&note());
        garbled.notes.insert(NOTE.to_owned(), "{".to_owned());
        assert_eq!(story(&garbled, &plan().cluster), None);
        assert_eq!(story(&LeaseObject::default(), &other), None);
    }

    #[test]
    fn what_would_run_programs_or_tell_secrets_becomes_a_question() {
        let plan = without_foreign_programs(plan());
        let words: Vec<&str> = plan.steps.iter().map(|step| step.kind.word()).collect();
        assert_eq!(words, ["approval", "approval", "smokeTest"]);
        assert_eq!(plan.steps[2].guards, ["shop".into()]);
        assert_eq!(plan.smoke_tests.len(), 1);
    }

    #[test]
    fn a_note_that_is_too_long_is_left_out() {
        let mut long = note();
        long.headline = "x".repeat(LONGEST);
        assert_eq!(note_text(&long), None);
    }
}
