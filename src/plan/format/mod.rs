//! The plan file and the smoke test file: TOML with a version, written to be read and edited by people.
//! The format is its own: it does not follow the records of the journal, and has keys in camelCase as our JSON has.

mod fields;
mod plan_file;
mod smoke_file;
#[cfg(test)]
mod tests;
mod time_words;
mod written;

use toml::de::DeTable;

use super::step::Plan;
use crate::domain::smoke_test::SmokeTest;
use crate::domain::text::printable;
use fields::{Fields, Text};

/// The format this program writes, in the field `schema`.
pub const PLAN_SCHEMA: &str = "aks-cockpit/plan/v1";

/// The format of a file with smoke tests alone.
pub const SMOKE_TESTS_SCHEMA: &str = "aks-cockpit/smoke-tests/v1";

/// Larger texts are no plans.
const LARGEST: usize = 4 * 1_024 * 1_024;

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    #[error("it is not a file of aks-cockpit: {0}")]
    NotOurs(String),
    #[error("it has the format {found}, and this program reads {known}")]
    OtherVersion { found: String, known: &'static str },
    /// With line and column where they are known, and a suggestion for a misspelt key.
    #[error("{0}")]
    Wrong(String),
}

/// Writes plans as one file.
pub fn write(plans: &[Plan]) -> String {
    written::plans(plans)
}

/// Reads the plans of a file; never empty. Whether a plan can work is said by [`super::validate::validate`].
///
/// # Errors
/// See [`FormatError`]; unknown keys are errors.
pub fn read(text: &str) -> Result<Vec<Plan>, FormatError> {
    with_root(text, PLAN_SCHEMA, "plans", |root| {
        root.tables("plans", "a plan")?.iter().map(plan_file::plan).collect()
    })
}

/// Reads a file of smoke tests; never empty. Every test can be run, and names are unique.
///
/// # Errors
/// See [`FormatError`]; unknown keys are errors.
pub fn read_smoke_tests(text: &str) -> Result<Vec<SmokeTest>, FormatError> {
    with_root(text, SMOKE_TESTS_SCHEMA, "smokeTests", |root| {
        let tables = root.tables("smokeTests", "a smoke test")?;
        smoke_file::checked_tests(&tables)
    })
}

/// Reads the list `key` of a file that has the format `schema`.
fn with_root<T>(
    text: &str,
    schema: &'static str,
    key: &'static str,
    read: impl FnOnce(&Fields<'_>) -> Result<Vec<T>, FormatError>,
) -> Result<Vec<T>, FormatError> {
    if text.len() > LARGEST {
        let megabytes = LARGEST / 1_024 / 1_024;
        return Err(FormatError::NotOurs(format!("it is larger than {megabytes} MiB")));
    }
    let source = Text(text);
    let parsed = DeTable::parse(text).map_err(|error| {
        let message = printable(error.message());
        match error.span() {
            Some(span) => source.wrong(&span, &message),
            None => FormatError::Wrong(message),
        }
    })?;
    check_schema(parsed.get_ref(), schema)?;
    let root = Fields::root(source, parsed.get_ref());
    root.only(&["schema", key])?;
    let found = read(&root)?;
    if found.is_empty() {
        return Err(FormatError::Wrong(format!("it has no [[{key}]]")));
    }
    Ok(found)
}

fn check_schema(root: &DeTable<'_>, schema: &'static str) -> Result<(), FormatError> {
    let found = root
        .get("schema")
        .and_then(|value| value.get_ref().as_str())
        .map(printable)
        .ok_or_else(|| FormatError::NotOurs(format!("it does not begin with schema = \"{schema}\"")))?;
    if found == schema {
        return Ok(());
    }
    let family = |schema: &str| schema.rsplit_once('/').map(|(family, _)| family.to_owned());
    Err(if family(&found) == family(schema) {
        FormatError::OtherVersion { found, known: schema }
    } else {
        FormatError::NotOurs(format!("its schema is '{found}', not '{schema}'"))
    })
}
