//! The timeline for people: as a table, and as Markdown ready for a post-mortem.

use std::time::Duration;

use jiff::Timestamp;

use super::super::output;
use super::document::{StepRow, TimelineDocument};

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

pub(super) fn table(document: &TimelineDocument) -> String {
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
    let mut text = output::columns(&["TIME (UTC)", "WHO", "STEP", "WHAT"], &rows);
    if !document.steps.is_empty() {
        let rows: Vec<Vec<String>> = document.steps.iter().map(|step| cells(step).to_vec()).collect();
        text.push('\n');
        text.push_str(&output::columns(
            &STEP_HEADS.map(str::to_uppercase).each_ref().map(String::as_str),
            &rows,
        ));
    }
    if let Some(nodes) = &document.nodes {
        let rows: Vec<Vec<String>> = nodes
            .iter()
            .map(|node| {
                let pool = node.pool.clone().unwrap_or_else(|| "-".to_owned());
                vec![
                    time(node.at),
                    node.node.clone(),
                    pool,
                    node.phase.to_owned(),
                    node.held.join(", "),
                ]
            })
            .collect();
        text.push('\n');
        text.push_str(&output::columns(
            &["SEEN (UTC)", "NODE", "POOL", "PHASE", "HELD BY"],
            &rows,
        ));
    }
    if let Some(events) = document.events.as_ref().filter(|events| !events.is_empty()) {
        let rows: Vec<Vec<String>> = events
            .iter()
            .map(|event| {
                vec![
                    time(event.at),
                    event.reason.clone(),
                    event.object.clone(),
                    event.message.clone(),
                ]
            })
            .collect();
        text.push('\n');
        text.push_str(&output::columns(&["EVENT (UTC)", "REASON", "OBJECT", "MESSAGE"], &rows));
    }
    if let Some(why) = document.nodes_unknown {
        text.push_str(&format!("\nNodes: {why}.\n"));
    }
    text
}

const STEP_HEADS: [&str; 7] = [
    "#",
    "planned step",
    "planned",
    "real",
    "difference",
    "nodes",
    "began (UTC)",
];

/// A step as it was planned and as it came.
fn cells(step: &StepRow) -> [String; 7] {
    let span = |seconds: u64| duration(Duration::from_secs(seconds));
    let dash = || "-".to_owned();
    let planned = match (step.planned_low_seconds, step.planned_high_seconds) {
        (Some(low), Some(high)) if low != high => format!("{} to {}", span(low), span(high)),
        (Some(low), _) => span(low),
        _ => "not kept".to_owned(),
    };
    let real = match (step.worked_seconds, step.ended_at) {
        (Some(worked), Some(_)) => span(worked),
        (Some(worked), None) => format!("{} so far", span(worked)),
        (None, _) => step.state.to_owned(),
    };
    let tries = if step.attempts > 1 {
        format!(", attempt {}", step.attempts)
    } else {
        String::new()
    };
    let difference = match step.outside_seconds {
        None => dash(),
        Some(0) => "as planned".to_owned(),
        Some(late) if late > 0 => format!("{} longer", span(late.unsigned_abs())),
        Some(early) => format!("{} shorter", span(early.unsigned_abs())),
    };
    let nodes = match (step.nodes_done, step.node_median_seconds) {
        (Some(done), Some(median)) => format!("{done}, median {}", span(median)),
        _ => dash(),
    };
    [
        step.number.to_string(),
        step.title.clone(),
        planned,
        real + &tries,
        difference,
        nodes,
        step.began_at.map_or_else(dash, time),
    ]
}

fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min {} s", seconds % 60),
        _ => format!("{hours} h {minutes} min"),
    }
}

/// A heading, the facts, and one row for each entry.
pub(super) fn markdown(document: &TimelineDocument) -> String {
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
    if !document.steps.is_empty() {
        text.push_str(&format!(
            "\n## Planned and real\n\n| {} |\n|{}\n",
            STEP_HEADS.join(" | "),
            "---|".repeat(7)
        ));
        for step in &document.steps {
            text.push_str(&format!("| {} |\n", cells(step).map(|cell| escaped(&cell)).join(" | ")));
        }
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
    markdown_nodes(document, &mut text);
    text
}

fn markdown_nodes(document: &TimelineDocument, text: &mut String) {
    if let Some(nodes) = &document.nodes {
        text.push_str("\n## Nodes\n\n| seen (UTC) | node | pool | phase | held by |\n|---|---|---|---|---|\n");
        for node in nodes {
            let pool = node.pool.as_deref().unwrap_or_default();
            let cells = [&time(node.at), &node.node, pool, node.phase, &node.held.join(", ")].map(escaped);
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
    if let Some(events) = document.events.as_ref().filter(|events| !events.is_empty()) {
        text.push_str("\n## Events of the cluster\n\n| time (UTC) | reason | object | message |\n|---|---|---|---|\n");
        for event in events {
            let cells = [&time(event.at), &event.reason, &event.object, &event.message].map(|cell| escaped(cell));
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
    if let Some(why) = document.nodes_unknown {
        text.push_str(&format!("\nNodes: {}.\n", escaped(why)));
    }
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
    use crate::engine::command::Person;
    use crate::engine::timeline::Entry;

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
        TimelineDocument::of_entries(vec![entry("a|b <b>*", None), entry("said", Some(ada))])
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
                 | 1970-01-01 00:00:00 | ada@desk | pool-web | said | 00000000-0000-0000-0000-000000000007 |\n\
                 \nNodes: no pictures of the nodes were kept, so this replay is made from the records alone.\n"
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
