//! Plan files and smoke test files on disk. A file that is there is only replaced after a yes.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::domain::smoke_test::SmokeTest;
use crate::plan::format::{self, FormatError};
use crate::plan::step::Plan;
use crate::problem::{Exit, Problem};

/// Larger files are no plans.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Reads the plans of a file.
pub(in super::super) fn read(path: &Path) -> Result<Vec<Plan>, Problem> {
    format::read(&text(path, "plan file")?).map_err(|error| wrong(path, "plan file", &error))
}

/// Reads a file of smoke tests.
pub(in super::super) fn read_smoke_tests(path: &Path) -> Result<Vec<SmokeTest>, Problem> {
    let what = "smoke test file";
    format::read_smoke_tests(&text(path, what)?).map_err(|error| wrong(path, what, &error))
}

/// Writes plans into a file; one that is there is replaced only where `may_replace`.
pub(super) fn write(path: &Path, plans: &[Plan], may_replace: bool) -> Result<(), Problem> {
    let problem = |error: std::io::Error| {
        let problem = Problem::new(
            Exit::Usage,
            format!("the plan file {} cannot be written", path.display()),
        )
        .because(error.to_string());
        if error.kind() == ErrorKind::AlreadyExists {
            problem.try_this("give --save another name, or --yes to replace the file")
        } else {
            problem.try_this("give --save a file in a directory you may write to")
        }
    };
    let mut options = OpenOptions::new();
    options.write(true);
    if may_replace {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let mut file = options.open(path).map_err(problem)?;
    file.write_all(format::write(plans).as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(problem)
}

fn text(path: &Path, what: &str) -> Result<String, Problem> {
    let unread =
        |why: &str| Problem::new(Exit::Usage, format!("the {what} {} cannot be read", path.display())).because(why);
    let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if size > LARGEST {
        return Err(unread("it is too large to be one").try_this("check its name"));
    }
    std::fs::read_to_string(path).map_err(|error| unread(&error.to_string()).try_this("check its name and your rights"))
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
