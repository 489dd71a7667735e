//! Plan files on this machine: read for one cluster, written without losing what else is in them.
//! Never overwrites a file that is not a plan file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::drafting::path_of;
use crate::domain::ids::ClusterId;
use crate::plan::format;
use crate::plan::step::Plan;
use crate::problem::{Exit, Problem};

/// The plan for the cluster. Reads the disk.
pub(super) fn load(text: &str, cluster: &ClusterId) -> Result<Plan, Problem> {
    let path = place(text)?;
    let shown = path.display();
    let content = std::fs::read_to_string(&path).map_err(|error| {
        Problem::new(Exit::NotFound, format!("{shown} cannot be read"))
            .because(error.to_string())
            .try_this("check the name; it counts from the directory the cockpit was started in, or from ~/")
    })?;
    let plans = format::read(&content).map_err(|error| unreadable(&path, &error))?;
    let names: Vec<String> = plans.iter().map(|plan| plan.cluster_name.clone()).collect();
    plans.into_iter().find(|plan| plan.cluster == *cluster).ok_or_else(|| {
        Problem::new(Exit::NotFound, format!("{shown} has no plan for {}", cluster.name()))
            .because(format!("it has plans for: {}", names.join(", ")))
            .try_this("open the cluster the plan is for, then load it there")
    })
}

/// Writes the plan, in place of an older one for the same cluster, and gives the file's name. Writes the disk.
pub(super) fn save(text: &str, plan: Plan) -> Result<String, Problem> {
    let path = place(text)?;
    let mut plans = match std::fs::read_to_string(&path) {
        Ok(content) => format::read(&content)
            .map_err(|error| unreadable(&path, &error).try_this("choose another name: nothing was written"))?,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(unwritable(&path, &error)),
    };
    match plans.iter_mut().find(|other| other.cluster == plan.cluster) {
        Some(older) => *older = plan,
        None => plans.push(plan),
    }
    // Written beside it and moved, so that a full disk leaves the older file as it was.
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    std::fs::write(&beside, format::write(&plans))
        .and_then(|()| std::fs::rename(&beside, &path))
        .map_err(|error| unwritable(&path, &error))?;
    Ok(path.display().to_string())
}

fn place(text: &str) -> Result<PathBuf, Problem> {
    path_of(text, std::env::home_dir()).map_err(|why| Problem::new(Exit::Usage, why))
}

fn unreadable(path: &Path, error: &format::FormatError) -> Problem {
    Problem::new(Exit::Usage, format!("{} is no plan file", path.display())).because(error.to_string())
}

fn unwritable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(Exit::Unexpected, format!("{} cannot be written", path.display()))
        .because(error.to_string())
        .try_this("choose a directory you may write to")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixtures;

    #[test]
    fn what_is_not_there_says_where_it_was_looked_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("none.toml");
        let problem = load(path.to_str().unwrap(), &fixtures::plan("shop-prod").cluster).unwrap_err();
        assert!(problem.what.ends_with("none.toml cannot be read"), "{problem}");
        assert!(load(" ", &fixtures::plan("shop-prod").cluster).is_err());
    }
}
