//! `timeline`: the whole story of an execution, as a table, as Markdown for a post-mortem, or as JSON; what was planned
//! beside what came of it; and its recording, saved to a file, read from one, or replayed in the cockpit.

mod document;
mod text;

use std::path::Path;
use std::sync::Arc;

use self::document::Extent;
use super::args::{GlobalArguments, OutputFormat, TimelineArguments};
use super::session::{Pace, Session};
use super::{cockpit, files, output};
use crate::engine::replay::{Recording, Reel};
use crate::problem::{Exit, Problem};

/// A recording holds every change of every node; a larger file is none.
const LARGEST: u64 = 512 * 1024 * 1024;

/// Runs the command on an execution of the journal.
pub(super) async fn run(
    session: &Session,
    arguments: &TimelineArguments,
    global: &GlobalArguments,
) -> Result<(), Problem> {
    tell(&reel_of(session, arguments).await?, arguments, global)
}

async fn reel_of(session: &Session, arguments: &TimelineArguments) -> Result<Reel, Problem> {
    let wanted = arguments.execution.as_deref().unwrap_or("last");
    let id = session.engine.find(wanted).await?;
    Ok(session.engine.reel(&id).await?)
}

/// Runs the command on a recording in a file; needs neither Azure nor a journal.
pub(super) fn run_file(arguments: &TimelineArguments, global: &GlobalArguments) -> Result<(), Problem> {
    let path = arguments.recording.as_deref().unwrap_or(Path::new(""));
    tell(&read(path)?, arguments, global)
}

/// Opens the cockpit on the replay of an execution, or of a recording in a file.
pub(super) async fn replay(arguments: &TimelineArguments, global: &GlobalArguments) -> Result<Exit, Problem> {
    cockpit::require_terminal()?;
    let file = arguments.recording.as_deref().map(read).transpose()?;
    let session = Session::open(global, Pace::Story).await?;
    let reel = if let Some(reel) = file {
        reel
    } else {
        reel_of(&session, arguments).await?
    };
    cockpit::run_replay(global, session, Arc::new(Recording::of(&reel))).await
}

fn read(path: &Path) -> Result<Reel, Problem> {
    let text = files::read_up_to(path, "recording", LARGEST)?;
    Reel::from_lines(&text).map_err(|error| {
        Problem::new(
            Exit::Usage,
            format!("{} is no recording that can be replayed", path.display()),
        )
        .because(error.to_string())
        .try_this("make one with: aks-cockpit timeline EXECUTION --save FILE")
    })
}

fn tell(reel: &Reel, arguments: &TimelineArguments, global: &GlobalArguments) -> Result<(), Problem> {
    if let Some(path) = &arguments.save {
        files::save(path, "recording", &reel.to_lines(), global.yes)?;
        output::say(&format!(
            "Saved {} without secrets; it names clusters, nodes and pods. Replay it with: aks-cockpit timeline \
             --recording {} --replay",
            path.display(),
            path.display()
        ));
    }
    let extent = if arguments.with_nodes {
        Extent::WithNodes
    } else {
        Extent::Records
    };
    let document = document::of(&Recording::of(reel), extent);
    match global.output {
        OutputFormat::Markdown => output::write_out(&text::markdown(&document)),
        format => output::print(format, &document, text::table),
    }
}
