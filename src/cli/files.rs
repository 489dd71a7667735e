//! Text files a person names: read whole, written whole. A file that is there is only replaced after a yes.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::problem::{Exit, Problem};

/// Larger files are none of ours.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Reads a file; `what` names its kind, as `plan file`.
pub(super) fn read(path: &Path, what: &str) -> Result<String, Problem> {
    read_up_to(path, what, LARGEST)
}

/// Reads a file of at most so many bytes.
pub(super) fn read_up_to(path: &Path, what: &str, largest: u64) -> Result<String, Problem> {
    let unread =
        |why: &str| Problem::new(Exit::Usage, format!("the {what} {} cannot be read", path.display())).because(why);
    let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if size > largest {
        return Err(unread("it is too large to be one").try_this("check its name"));
    }
    std::fs::read_to_string(path).map_err(|error| unread(&error.to_string()).try_this("check its name and your rights"))
}

/// Writes a file for the flag `--save`; one that is there is replaced only where `may_replace`.
pub(super) fn save(path: &Path, what: &str, text: &str, may_replace: bool) -> Result<(), Problem> {
    let problem = |error: std::io::Error| {
        let problem = Problem::new(Exit::Usage, format!("the {what} {} cannot be written", path.display()))
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
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(problem)
}
