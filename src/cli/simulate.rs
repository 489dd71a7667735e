//! `simulate`: the simulator alone, until it is interrupted; prints its endpoints as one JSON document.

use std::collections::BTreeMap;
use std::path::Path;

use super::args::{GlobalArguments, OutputFormat, SimulateArguments};
use super::output;
use super::session::{Pace, start_simulator, temporary_directory};
use super::signals;
use crate::problem::{Exit, Problem};
use crate::simulator::scenario::Scenario;

/// Runs the command.
pub(super) async fn run(global: &GlobalArguments, arguments: &SimulateArguments) -> Result<(), Problem> {
    if arguments.list {
        return list(global.output);
    }
    let simulator = start_simulator(&arguments.scenario, global, Pace::Story).await?;
    let (directory, is_ours) = match &arguments.kubeconfig_dir {
        Some(directory) => (directory.clone(), false),
        None => (
            temporary_directory("kubeconfigs").map_err(|error| cannot_write(&std::env::temp_dir(), &error))?,
            true,
        ),
    };
    let mut kubeconfigs = BTreeMap::new();
    for (cluster, text) in &simulator.kubeconfigs {
        let path = directory.join(format!("{cluster}.kubeconfig"));
        write_private(&path, text).map_err(|error| cannot_write(&path, &error))?;
        kubeconfigs.insert(cluster.clone(), path);
    }
    output::print_line(&simulator.endpoints_json(&kubeconfigs))?;
    output::say("The simulator listens until you press ctrl-c.");
    signals::end().await;
    if is_ours {
        // The kubeconfigs lead nowhere once the simulator has stopped.
        let _ = std::fs::remove_dir_all(&directory);
    }
    Ok(())
}

fn list(format: OutputFormat) -> Result<(), Problem> {
    let scenarios = Scenario::list();
    let document = serde_json::json!({
        "schema": "aks-cockpit/scenarios/v1",
        "scenarios": scenarios.iter().map(|(name, story)| serde_json::json!({"name": name, "story": story})).collect::<Vec<_>>(),
    });
    output::print(format, &document, |_| {
        let rows: Vec<Vec<String>> = scenarios
            .iter()
            .map(|(name, story)| vec![name.clone(), story.clone()])
            .collect();
        output::columns(&["SCENARIO", "STORY"], &rows)
    })
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(
        Exit::Usage,
        format!("the kubeconfig {} cannot be written", path.display()),
    )
    .because(error.to_string())
    .try_this("give --kubeconfig-dir a directory you may write to")
}
