//! Plan files and smoke test files on disk.

use std::path::Path;

use super::super::files;
use crate::domain::smoke_test::SmokeTest;
use crate::plan::format::{self, FormatError};
use crate::plan::step::Plan;
use crate::problem::{Exit, Problem};

/// Reads the plans of a file.
pub(in super::super) fn read(path: &Path) -> Result<Vec<Plan>, Problem> {
    format::read(&files::read(path, "plan file")?).map_err(|error| wrong(path, "plan file", &error))
}

/// Reads a file of smoke tests.
pub(in super::super) fn read_smoke_tests(path: &Path) -> Result<Vec<SmokeTest>, Problem> {
    let what = "smoke test file";
    format::read_smoke_tests(&files::read(path, what)?).map_err(|error| wrong(path, what, &error))
}

/// Writes plans into a file; one that is there is replaced only where `may_replace`.
pub(super) fn write(path: &Path, plans: &[Plan], may_replace: bool) -> Result<(), Problem> {
    files::save(path, "plan file", &format::write(plans), may_replace)
}

fn wrong(path: &Path, what: &str, error: &FormatError) -> Problem {
    let todo = match error {
        FormatError::NotOurs(_) => "name a file that `aks-cockpit plan --save` wrote, or see docs/formats.md",
        FormatError::OtherVersion { .. } => "use the aks-cockpit that wrote it, or make the plan again",
        FormatError::Wrong(_) => "mend the file; docs/formats.md describes it",
    };
    Problem::new(Exit::Usage, format!("the {what} {} cannot be used", path.display()))
        .because(error.to_string())
        .try_this(todo)
}
