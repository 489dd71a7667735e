//! The cockpit itself, on real clusters or on a demo: checks the terminal, then hands over to `ui`.

use std::io::IsTerminal;
use std::path::Path;

use super::args::GlobalArguments;
use super::output;
use super::session::{Pace, Session};
use crate::problem::{Exit, Problem};
use crate::ui::{self, Colour, Ending, Look, UiSettings};

/// Opens the cockpit and stays until it is left.
pub(super) async fn run(global: &GlobalArguments) -> Result<Exit, Problem> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(Problem::new(Exit::Usage, "the cockpit needs a terminal")
            .because("stdin or stdout is not one")
            .try_this("run it without pipes, or use a headless command such as `aks-cockpit clusters --output json`"));
    }
    let session = Session::open(global, Pace::Story).await?;
    let ended = ui::run(settings(global, &session)).await;
    session.engine.leave().await;
    match ended {
        Ok(Ending::Left) => Ok(Exit::Done),
        Ok(Ending::Interrupted) => Ok(Exit::Interrupted),
        Err(error) => Err(Problem::new(Exit::Unexpected, "the cockpit stopped").because(format!("{error:#}"))),
    }
}

/// Draws the cockpit's pictures instead of showing it.
pub(super) async fn draw(global: &GlobalArguments, directory: &Path) -> Result<(), Problem> {
    let session = Session::open(global, Pace::Story).await?;
    let files = ui::draw_pictures(settings(global, &session), directory)
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

fn settings(global: &GlobalArguments, session: &Session) -> UiSettings {
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
    }
}

/// NO_COLOR counts when it is set to anything but nothing (no-color.org).
fn colour(global: &GlobalArguments) -> Colour {
    let is_unwanted = global.no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_unwanted { Colour::None } else { Colour::Full }
}
