//! The command line: what was asked for, the session it needs, and the command that does it.

mod api_servers;
mod args;
mod background;
mod channels;
mod clusters;
mod cockpit;
mod config;
mod diagnose;
mod drift;
mod drive;
mod execute;
mod explain;
mod files;
mod finding;
mod layers;
mod mend;
mod nodes;
mod output;
mod person;
mod plan;
mod preflight;
mod session;
mod signals;
mod simulate;
mod status;
mod telling;
mod timeline;
mod versions;

use std::ffi::OsString;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use self::args::{Arguments, Command, DriveArguments, GlobalArguments};
use self::session::{Pace, Session};
use crate::problem::{Exit, Problem};

/// Runs the program and says how it ended. Prints its own problems; never panics on bad input.
pub async fn run() -> Exit {
    let words: Vec<OsString> = std::env::args_os().collect();
    let (arguments, matches) = match parse(Arguments::command(), &words) {
        Ok(parsed) => parsed,
        Err(error) => {
            let is_help = !error.use_stderr();
            // A closed stdout or stderr leaves nobody to tell.
            let _ = error.print();
            return if is_help { Exit::Done } else { Exit::Usage };
        }
    };
    let format = arguments.global.output;
    let arguments = match layers::settled(arguments, &matches, &words) {
        Ok(arguments) => arguments,
        Err(problem) => {
            output::report(format, &problem);
            return problem.exit;
        }
    };
    let global = arguments.global.clone();
    match Box::pin(run_command(arguments)).await {
        Ok(exit) => exit,
        Err(problem) => {
            tracing::error!(what = problem.what, why = ?problem.why, "ended with a problem");
            output::report(global.output, &problem);
            problem.exit
        }
    }
}

/// Reads the words by a grammar.
fn parse(mut grammar: clap::Command, words: &[OsString]) -> Result<(Arguments, ArgMatches), clap::Error> {
    let matches = grammar.try_get_matches_from_mut(words)?;
    let arguments = Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut grammar))?;
    Ok((arguments, matches))
}

async fn run_command(arguments: Arguments) -> Result<Exit, Problem> {
    let mut global = arguments.global;
    let Some(command) = arguments.command else {
        return cockpit::run(&global).await;
    };
    if let Command::Drive(DriveArguments { background: true, .. }) = &command {
        // First of all: from here on a closed terminal does not reach this process.
        background::leave_terminal()?;
    }
    match command {
        Command::Demo(demo) => {
            global.simulate = Some(demo.scenario);
            global.smoke_tests = demo.smoke_tests.or(global.smoke_tests);
            if let Some(directory) = demo.pictures {
                return cockpit::draw(&global, &directory).await.map(|()| Exit::Done);
            }
            cockpit::run(&global).await
        }
        Command::Simulate(simulate) => simulate::run(&global, &simulate).await.map(|()| Exit::Done),
        Command::Config(arguments) => config::run(&global, &arguments).map(|()| Exit::Done),
        Command::Explain(arguments) => explain::run(&arguments).map(|()| Exit::Done),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "aks-cockpit", &mut text);
            output::write_out(&String::from_utf8_lossy(&text)).map(|()| Exit::Done)
        }
        Command::Man => {
            let mut text = Vec::new();
            clap_mangen::Man::new(Arguments::command())
                .render(&mut text)
                .map_err(|error| {
                    Problem::new(Exit::Unexpected, "the manual page cannot be written").because(error.to_string())
                })?;
            output::write_out(&String::from_utf8_lossy(&text)).map(|()| Exit::Done)
        }
        Command::Timeline(arguments) if arguments.replay => timeline::replay(&arguments, &global).await,
        Command::Timeline(arguments) if arguments.recording.is_some() => {
            timeline::run_file(&arguments, &global).map(|()| Exit::Done)
        }
        headless => run_headless(&global, headless).await,
    }
}

async fn run_headless(global: &GlobalArguments, command: Command) -> Result<Exit, Problem> {
    let session = Session::open(global, Pace::Script).await?;
    let bell = telling::may_drive(&command).then(|| telling::begin(&session));
    let ended = run_in(&session, global, command).await;
    // Whoever comes next finds the place free, and the journal says why.
    session.engine.leave().await;
    if let Some(bell) = bell {
        bell.finish().await;
    }
    ended
}

async fn run_in(session: &Session, global: &GlobalArguments, command: Command) -> Result<Exit, Problem> {
    match command {
        Command::Clusters(arguments) => clusters::run(session, &arguments, global.output)
            .await
            .map(|()| Exit::Done),
        Command::Versions(arguments) => versions::run(session, &arguments, global.output)
            .await
            .map(|()| Exit::Done),
        Command::Nodes(arguments) => nodes::run(session, &arguments, global.output)
            .await
            .map(|()| Exit::Done),
        Command::Status(arguments) => status::run(session, &arguments, global.output)
            .await
            .map(|()| Exit::Done),
        Command::Timeline(arguments) => timeline::run(session, &arguments, global).await.map(|()| Exit::Done),
        Command::Plan(arguments) => plan::run(session, &arguments, global).await,
        Command::Preflight(arguments) => preflight::run(session, &arguments, global).await,
        Command::Diagnose(arguments) => diagnose::run(session, &arguments, global.output)
            .await
            .map(|()| Exit::Done),
        Command::Drift(arguments) => drift::run(session, &arguments, global.output)
            .await
            .map(|()| Exit::Done),
        Command::Repairs(arguments) => mend::list(session, &arguments, global.output)
            .await
            .map(|()| Exit::Done),
        Command::Drive(arguments) => drive::run(session, &arguments, global).await,
        changing => run_changing(session, global, changing).await,
    }
}

/// The commands that start or steer an execution.
async fn run_changing(session: &Session, global: &GlobalArguments, command: Command) -> Result<Exit, Problem> {
    match command {
        Command::Start(arguments) => execute::start(session, &arguments, global).await,
        Command::Pause(arguments) => execute::pause(session, &arguments, global).await,
        Command::Resume(arguments) => execute::resume(session, &arguments, global).await,
        Command::Retry(arguments) => execute::retry(session, &arguments, global).await,
        Command::Abort(arguments) => execute::abort(session, &arguments, global).await,
        Command::Approve(arguments) => execute::approve(session, &arguments, global).await,
        Command::Skip(arguments) => execute::skip(session, &arguments, global).await,
        Command::Ask(arguments) => execute::ask(session, &arguments, global).await,
        Command::HandOver(arguments) => execute::hand_over(session, &arguments, global).await,
        Command::TakeOver(arguments) => execute::take_over(session, &arguments, global).await,
        Command::Mend(arguments) => mend::mend(session, &arguments, global).await,
        Command::Undo(arguments) => mend::undo(session, &arguments, global).await,
        Command::Clusters(_)
        | Command::Versions(_)
        | Command::Nodes(_)
        | Command::Status(_)
        | Command::Timeline(_)
        | Command::Plan(_)
        | Command::Preflight(_)
        | Command::Diagnose(_)
        | Command::Drift(_)
        | Command::Explain(_)
        | Command::Repairs(_)
        | Command::Drive(_)
        | Command::Demo(_)
        | Command::Simulate(_)
        | Command::Config(_)
        | Command::Completions { .. }
        | Command::Man => unreachable!("these change nothing and are handled before"),
    }
}
