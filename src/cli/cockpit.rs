//! The cockpit itself, on real clusters or on a demo: checks the terminal, then hands over to `ui`.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use super::args::GlobalArguments;
use super::background::Background;
use super::output;
use super::plan;
use super::session::{Pace, Session};
use crate::domain::smoke_test::SmokeTest;
use crate::problem::{Exit, Problem};
use crate::ui::{self, Colour, Ending, Look, UiSettings};

/// Opens the cockpit and stays until it is left.
pub(super) async fn run(global: &GlobalArguments) -> Result<Exit, Problem> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(Problem::new(Exit::Usage, "the cockpit needs a terminal")
            .because("stdin or stdout is not one")
            .try_this("run it without pipes, or use a headless command such as `aks-cockpit clusters --output json`"));
    }
    let smoke_tests = smoke_tests(global)?;
    let session = Session::open(global, Pace::Story).await?;
    let ended = ui::run(settings(global, &session, smoke_tests)).await;
    session.engine.leave().await;
    match ended {
        Ok(Ending::Left) => Ok(Exit::Done),
        Ok(Ending::Interrupted) => Ok(Exit::Interrupted),
        Err(error) => Err(Problem::new(Exit::Unexpected, "the cockpit stopped").because(format!("{error:#}"))),
    }
}

/// Draws the cockpit's pictures instead of showing it.
pub(super) async fn draw(global: &GlobalArguments, directory: &Path) -> Result<(), Problem> {
    let smoke_tests = smoke_tests(global)?;
    let session = Session::open(global, Pace::Story).await?;
    let files = ui::draw_pictures(settings(global, &session, smoke_tests), directory)
        .await
        .map_err(|error| {
            Problem::new(
                Exit::Unexpected,
                format!("no picture can be drawn into {}", directory.display()),
            )
            .because(error.to_string())
            .try_this("name a directory you may write to, and a scenario with a held drain")
        })?;
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    output::write_out(&(names.join("\n") + "\n"))
}

fn smoke_tests(global: &GlobalArguments) -> Result<Vec<SmokeTest>, Problem> {
    let read = global.smoke_tests.as_deref().map(plan::file::read_smoke_tests);
    Ok(read.transpose()?.unwrap_or_default())
}

fn settings(global: &GlobalArguments, session: &Session, smoke_tests: Vec<SmokeTest>) -> UiSettings {
    UiSettings {
        inventory: session.inventory.clone(),
        engine: session.engine.clone(),
        clock: session.clock.clone(),
        person: session.person.clone(),
        scope: session.scope.clone(),
        read_only: global.read_only,
        look: Look {
            ascii: global.ascii,
            colour: colour(global),
        },
        can_leave_running: !session.is_simulated,
        background: background(global, session),
        smoke_tests,
    }
}

/// How an execution goes on without the cockpit; `None` where it cannot.
fn background(global: &GlobalArguments, session: &Session) -> Option<ui::Background> {
    let background = Background::of(global, session).ok()?;
    // The process waits by itself until this one has left the controls.
    Some(Arc::new(move |execution| background.spawn(execution).map(|_| ())))
}

/// NO_COLOR counts when it is set to anything but nothing (no-color.org).
fn colour(global: &GlobalArguments) -> Colour {
    let is_unwanted = global.no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_unwanted { Colour::None } else { Colour::Full }
}
