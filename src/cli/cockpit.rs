//! The cockpit itself, on real clusters or on a demo: checks the terminal, then hands over to `ui`.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::GlobalArguments;
use super::background::Background;
use super::output;
use super::plan;
use super::session::{Pace, Session};
use crate::domain::smoke_test::SmokeTest;
use crate::engine::replay::Recording;
use crate::notify::Scope;
use crate::problem::{Exit, Problem};
use crate::ui::{self, Colour, Ending, Look, UiSettings};

/// Opens the cockpit and stays until it is left.
pub(super) async fn run(global: &GlobalArguments) -> Result<Exit, Problem> {
    require_terminal()?;
    let smoke_tests = smoke_tests(global)?;
    let session = Session::open(global, Pace::Story).await?;
    let telling = session.tell(Scope::All);
    let ended = ui::run(settings(global, &session, smoke_tests)).await;
    session.engine.leave().await;
    telling.finish().await;
    exit_of(ended)
}

/// Opens the cockpit on a recording.
pub(super) async fn run_replay(
    global: &GlobalArguments,
    session: Session,
    recording: Arc<Recording>,
) -> Result<Exit, Problem> {
    let ended = ui::replay(settings(global, &session, SmokeTests::default()), recording).await;
    session.engine.leave().await;
    exit_of(ended)
}

/// # Errors
/// Where nobody could see the cockpit, or press a key.
pub(super) fn require_terminal() -> Result<(), Problem> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(Problem::new(Exit::Usage, "the cockpit needs a terminal")
            .because("stdin or stdout is not one")
            .try_this("run it without pipes, or use a headless command such as `aks-cockpit clusters --output json`"));
    }
    Ok(())
}

fn exit_of(ended: color_eyre::Result<Ending>) -> Result<Exit, Problem> {
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

/// The general tests, and those of patterns by their files.
#[derive(Default)]
struct SmokeTests {
    general: Vec<SmokeTest>,
    own: BTreeMap<PathBuf, Vec<SmokeTest>>,
}

fn smoke_tests(global: &GlobalArguments) -> Result<SmokeTests, Problem> {
    let read = global.smoke_tests.as_deref().map(plan::file::read_smoke_tests);
    let mut tests = SmokeTests {
        general: read.transpose()?.unwrap_or_default(),
        own: BTreeMap::new(),
    };
    if global.has_named_smoke_tests() {
        return Ok(tests);
    }
    for file in global
        .settings
        .clusters
        .patterns
        .iter()
        .filter_map(|pattern| pattern.smoke_tests.as_ref())
    {
        if !tests.own.contains_key(file) {
            tests.own.insert(file.clone(), plan::file::read_smoke_tests(file)?);
        }
    }
    Ok(tests)
}

fn settings(global: &GlobalArguments, session: &Session, smoke_tests: SmokeTests) -> UiSettings {
    UiSettings {
        inventory: session.inventory.clone(),
        engine: session.engine.clone(),
        clock: session.clock.clone(),
        person: session.person.clone(),
        scope: session.scope.clone(),
        read_only: global.read_only,
        look: Look {
            colour: colour(),
            ..Look::default()
        },
        can_leave_running: !session.is_simulated,
        background: background(global, session),
        smoke_tests: smoke_tests.general,
        own_smoke_tests: smoke_tests.own,
        settings: (*global.settings).clone(),
        read_settings: Some(Arc::new({
            let layers = Arc::clone(&global.layers);
            move || layers.read()
        })),
        memory: session.is_state_kept().then(|| session.state.clone()),
        requests: session.requests.clone(),
        notifier: session.notifier.clone(),
    }
}

/// How an execution goes on without the cockpit; `None` where it cannot.
fn background(global: &GlobalArguments, session: &Session) -> Option<ui::Background> {
    let background = Background::of(global, session).ok()?;
    // The process waits by itself until this one has left the controls.
    Some(Arc::new(move |execution| background.spawn(execution).map(|_| ())))
}

/// What the terminal can show by its environment.
fn colour() -> Colour {
    Colour::of_environment(|name| std::env::var(name).ok())
}
