//! `timeline`: the whole story of an execution as a table, as JSON, or as Markdown ready for a post-mortem.

use jiff::Timestamp;
use serde::Serialize;

use super::args::{OutputFormat, TimelineArguments};
use super::execute::follow;
use super::output;
use super::session::Session;
use crate::domain::text::printable;
use crate::engine::command::Person;
use crate::engine::timeline::{Entry, entries};
use crate::engine::view::ExecutionView;
use crate::problem::Problem;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TimelineDocument {
    schema: &'static str,
    execution: String,
    cluster: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_unknown: Option<&'static str>,
    cluster_name: Option<String>,
    state: Option<&'static str>,
    started_at: Option<Timestamp>,
    started_by: Option<String>,
    /// Of the last record.
    last_at: Option<Timestamp>,
    message: Option<String>,
    entries: Vec<EntryRow>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryRow {
    at: Timestamp,
    /// `null` where nobody in particular did it.
    who: Option<String>,
    kind: String,
    what: String,
    step: Option<String>,
    request_id: Option<String>,
}

/// Runs the command.
pub(super) async fn run(session: &Session, arguments: &TimelineArguments, format: OutputFormat) -> Result<(), Problem> {
    let wanted = &arguments.execution.execution;
    let id = session.engine.find(wanted).await.map_err(Problem::from)?;
    let records = session.engine.records(&id).await.map_err(Problem::from)?;
    let view = follow::view(session, &id);
    let document = document(id.as_str(), view.as_deref(), entries(&records));
    match format {
        OutputFormat::Markdown => output::write_out(&markdown(&document)),
        _ => output::print(format, &document, table),
    }
}

/// Where a newer version wrote the first record there is no view; the entries are told all the same.
fn document(id: &str, view: Option<&ExecutionView>, entries: Vec<Entry>) -> TimelineDocument {
    TimelineDocument {
        schema: "aks-cockpit/timeline/v1",
        execution: id.to_owned(),
        cluster: view.map(|view| view.plan.cluster.as_str().to_owned()),
        cluster_unknown: view.is_none().then_some("a newer aks-cockpit wrote the beginning"),
        cluster_name: view.map(|view| view.plan.cluster_name.clone()),
        state: view.map(|view| view.state.word()),
        started_at: view.map(|view| view.started_at),
        started_by: view.map(|view| person(&view.started_by)),
        last_at: entries.last().map(|entry| entry.at),
        message: view.and_then(|view| view.message.clone()),
        entries: entries.into_iter().map(row).collect(),
    }
}

fn row(entry: Entry) -> EntryRow {
    EntryRow {
        at: entry.at,
        who: entry.who.as_ref().map(person),
        kind: entry.kind,
        what: entry.what,
        step: entry.step.map(|step| step.to_string()),
        request_id: entry.request_id.map(|id| id.to_string()),
    }
}

fn person(person: &Person) -> String {
    printable(&format!("{}@{}", person.name, person.host))
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn table(document: &TimelineDocument) -> String {
    let rows: Vec<Vec<String>> = document
        .entries
        .iter()
        .map(|entry| {
            vec![
                time(entry.at),
                entry.who.clone().unwrap_or_else(|| "-".to_owned()),
                entry.step.clone().unwrap_or_else(|| "-".to_owned()),
                entry.what.clone()
                    + &entry
                        .request_id
                        .as_ref()
                        .map_or_else(String::new, |id| format!(" [request {id}]")),
            ]
        })
        .collect();
    output::columns(&["TIME (UTC)", "WHO", "STEP", "WHAT"], &rows)
}

/// A heading, the facts, and one row for each entry.
fn markdown(document: &TimelineDocument) -> String {
    let or_unknown = |text: Option<&str>| escaped(text.unwrap_or("unknown"));
    let or_unknown_time = |at: Option<Timestamp>| at.map_or_else(|| "unknown".to_owned(), |at| time(at) + " UTC");
    let mut text = format!("# Upgrade of {}\n\n", or_unknown(document.cluster_name.as_deref()));
    let facts = [
        ("Execution", escaped(&document.execution)),
        ("Cluster", or_unknown(document.cluster.as_deref())),
        ("Started", or_unknown_time(document.started_at)),
        ("Started by", or_unknown(document.started_by.as_deref())),
        ("Last entry", or_unknown_time(document.last_at)),
        ("State", or_unknown(document.state)),
        ("Message", escaped(document.message.as_deref().unwrap_or("none"))),
    ];
    for (name, value) in facts {
        text.push_str(&format!("- **{name}:** {value}\n"));
    }
    text.push_str("\n## What happened\n\n| time (UTC) | who | step | what | request |\n|---|---|---|---|---|\n");
    for entry in &document.entries {
        let cell = |value: &Option<String>| value.as_deref().map(escaped).unwrap_or_default();
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} |\n",
            time(entry.at),
            cell(&entry.who),
            cell(&entry.step),
            escaped(&entry.what),
            cell(&entry.request_id),
        ));
    }
    text
}

/// Text that Markdown shows as it is (CommonMark 0.31, "Backslash escapes"), also inside a table.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '>' => {
                safe.push('\\');
                safe.push(character);
            }
            '\n' | '\r' => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> TimelineDocument {
        let entry = |what: &str, who: Option<Person>| Entry {
            at: Timestamp::UNIX_EPOCH,
            who,
            kind: "observed".to_owned(),
            what: what.to_owned(),
            step: Some("pool-web".into()),
            request_id: Some(uuid::Uuid::from_u128(7)),
        };
        let ada = Person {
            name: "ada".to_owned(),
            host: "desk".to_owned(),
        };
        document("x1", None, vec![entry("a|b <b>*", None), entry("said", Some(ada))])
    }

    #[test]
    fn markdown_is_a_heading_facts_and_a_table() {
        let text = markdown(&told());
        assert!(
            text.starts_with("# Upgrade of unknown\n\n- **Execution:** x1\n"),
            "{text}"
        );
        assert!(
            text.ends_with(
                "| 1970-01-01 00:00:00 |  | pool-web | a\\|b &lt;b\\>\\* | 00000000-0000-0000-0000-000000000007 |\n\
                 | 1970-01-01 00:00:00 | ada@desk | pool-web | said | 00000000-0000-0000-0000-000000000007 |\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn the_table_names_the_request() {
        let text = table(&told());
        assert!(
            text.contains("[request 00000000-0000-0000-0000-000000000007]"),
            "{text}"
        );
    }
}
