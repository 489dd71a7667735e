//! Smoke tests, out of a file of their own or out of a plan.

use std::collections::{BTreeMap, BTreeSet};

use super::FormatError;
use super::fields::Fields;
use crate::domain::ids::SmokeTestName;
use crate::domain::smoke_test::{Carried, CommandLine, Expectation, Flow, HttpRequest, OnFailure, SmokeTest};
use crate::domain::text::printable;
use crate::plan::smoke_rules;

/// Reads tests as they stand.
pub(super) fn tests(tables: &[Fields<'_>]) -> Result<Vec<SmokeTest>, FormatError> {
    tables.iter().map(test).collect()
}

/// Reads tests that can be run, with names of their own.
pub(super) fn checked_tests(tables: &[Fields<'_>]) -> Result<Vec<SmokeTest>, FormatError> {
    let mut names = BTreeSet::new();
    tables
        .iter()
        .map(|table| {
            let test = test(table)?;
            if !names.insert(test.name.clone()) {
                return Err(table.wrong_field("name", format!("another test has the name '{}'", test.name)));
            }
            match smoke_rules::problems(&test).first() {
                Some(problem) => Err(table.wrong(printable(problem))),
                None => Ok(test),
            }
        })
        .collect()
}

fn test(fields: &Fields<'_>) -> Result<SmokeTest, FormatError> {
    fields.only(&["name", "onFailure", "retrySeconds", "failuresInARow", "http", "command"])?;
    let on_failure = |word: &str| match word {
        "hold" => Ok(OnFailure::Hold),
        "pause" => Ok(OnFailure::Pause),
        _ => Err(format!("'{word}' is neither hold nor pause")),
    };
    let command = fields.table("command", "a command")?;
    let flow = match (fields.has("http"), command) {
        (true, None) => Flow::Http(
            fields
                .tables("http", "a request")?
                .iter()
                .map(request)
                .collect::<Result<_, _>>()?,
        ),
        (false, Some(command)) => Flow::Command(command_line(&command)?),
        (true, Some(_)) => return Err(fields.wrong("it has 'http' or 'command', not both")),
        (false, None) => return Err(fields.wrong("it needs [[smokeTests.http]] or [smokeTests.command]")),
    };
    Ok(SmokeTest {
        name: SmokeTestName::new(fields.needed("name", fields.line("name")?)?),
        flow,
        on_failure: fields.read("onFailure", on_failure)?.unwrap_or_default(),
        retry_seconds: fields.number("retrySeconds")?.unwrap_or(30),
        failures_in_a_row: fields.number("failuresInARow")?.unwrap_or(1),
    })
}

fn command_line(fields: &Fields<'_>) -> Result<CommandLine, FormatError> {
    fields.only(&["program", "arguments", "timeoutSeconds"])?;
    Ok(CommandLine {
        program: fields.needed("program", fields.text("program")?)?,
        arguments: fields.texts("arguments")?,
        timeout_seconds: fields.number("timeoutSeconds")?.unwrap_or(60),
    })
}

fn request(fields: &Fields<'_>) -> Result<HttpRequest, FormatError> {
    fields.only(&["method", "url", "headers", "body", "expect", "carry"])?;
    Ok(HttpRequest {
        method: fields.text("method")?.unwrap_or_else(|| "GET".to_owned()),
        url: fields.needed("url", fields.line("url")?)?,
        headers: match fields.table("headers", "a list of headers")? {
            None => BTreeMap::new(),
            Some(headers) => named(&headers, Fields::text)?,
        },
        body: fields.text("body")?,
        expect: match fields.table("expect", "an expectation")? {
            None => Expectation::default(),
            Some(expect) => expectation(&expect)?,
        },
        carry: match fields.table("carry", "a list of values to carry over")? {
            None => BTreeMap::new(),
            Some(carry) => named(&carry, |carry, name| {
                carry
                    .table(name, "a value to carry over")?
                    .map(|value| carried(&value))
                    .transpose()
            })?,
        },
    })
}

/// Reads every key of a table whose keys are names.
fn named<'t, T>(
    fields: &Fields<'t>,
    read: impl Fn(&Fields<'t>, &str) -> Result<Option<T>, FormatError>,
) -> Result<BTreeMap<String, T>, FormatError> {
    fields
        .keys()
        .filter_map(|name| match read(fields, name) {
            Ok(value) => value.map(|value| Ok((printable(name), value))),
            Err(error) => Some(Err(error)),
        })
        .collect()
}

fn expectation(fields: &Fields<'_>) -> Result<Expectation, FormatError> {
    fields.only(&["status", "bodyContains", "bodyMatches", "withinMilliseconds"])?;
    Ok(Expectation {
        status: fields.numbers("status")?,
        body_contains: fields.text("bodyContains")?,
        body_matches: fields.text("bodyMatches")?,
        within_milliseconds: fields
            .number("withinMilliseconds")?
            .unwrap_or(Expectation::default().within_milliseconds),
    })
}

fn carried(fields: &Fields<'_>) -> Result<Carried, FormatError> {
    fields.only(&["json", "header", "match"])?;
    match (fields.text("json")?, fields.text("header")?, fields.text("match")?) {
        (Some(pointer), None, None) => Ok(Carried::Json(pointer)),
        (None, Some(header), None) => Ok(Carried::Header(header)),
        (None, None, Some(expression)) => Ok(Carried::Match(expression)),
        _ => Err(fields.wrong("it has one of 'json', 'header' and 'match'")),
    }
}
