//! A report that is kept: in a file, or in the journal of the execution it came before.

use std::path::Path;

use super::super::files;
use super::super::session::Session;
use crate::preflight::baseline::{from_text, to_text};
use crate::preflight::finding::Report;
use crate::problem::{Exit, Problem};

/// Writes a report; an existing file is only overwritten where the answer is yes beforehand.
pub(super) fn write(path: &Path, report: &Report, may_overwrite: bool) -> Result<(), Problem> {
    files::save(path, "report", &to_text(report), may_overwrite)
}

/// A report from before: of a file, or of an execution's journal.
pub(super) async fn before(session: &Session, wanted: &str) -> Result<Report, Problem> {
    if Path::new(wanted).exists() {
        return read(&files::read(Path::new(wanted), "report")?, wanted);
    }
    let id = session
        .engine
        .find(wanted)
        .await
        .map_err(|error| Problem::from(error).try_this("or give a file that `preflight --save` has written"))?;
    let kept = session.engine.baseline(&id).await.map_err(Problem::from)?;
    let text = kept.ok_or_else(|| {
        Problem::new(Exit::NotFound, format!("{id} was started without checks"))
            .because("only `start --preflight` and the cockpit keep what the checks found")
            .try_this("compare with a file of `preflight --save`")
    })?;
    read(&text, id.as_str())
}

fn read(text: &str, origin: &str) -> Result<Report, Problem> {
    from_text(text).map_err(|error| {
        Problem::new(Exit::Usage, format!("{origin} is no report of the checks"))
            .because(error.to_string())
            .try_this("make one with `aks-cockpit preflight CLUSTER --to VERSION --save FILE`")
    })
}
