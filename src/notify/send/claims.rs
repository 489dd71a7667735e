//! Which notices were sent from this machine: one empty file each, made by whoever comes first. So a cockpit and a
//! background driver that see the same change send it once, also after a restart.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Older files are removed: no process repeats what is so old.
const KEPT: Duration = Duration::from_hours(24 * 30);
/// Longest readable part of a file's name, in characters.
const LONGEST: usize = 80;

#[derive(Debug)]
pub(super) struct Claims {
    directory: PathBuf,
}

impl Claims {
    pub(super) fn new(directory: PathBuf) -> Self {
        forget_old(&directory);
        Self { directory }
    }

    /// True for the first who asks. Where nothing can be written, everybody is the first: twice told is better than
    /// never.
    pub(super) fn take(&self, key: &str) -> bool {
        let made = fs::create_dir_all(&self.directory).and_then(|()| {
            fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(self.directory.join(name(key)))
        });
        match made {
            Ok(_) => true,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
            Err(error) => {
                tracing::warn!(%error, "it cannot be written down which notices were sent");
                true
            }
        }
    }
}

/// The end of the key as far as a file name takes it, and a number that tells long ones apart (FNV-1a).
fn name(key: &str) -> String {
    let number = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let skipped = key.chars().count().saturating_sub(LONGEST);
    let readable: String = key
        .chars()
        .skip(skipped)
        .map(|character| {
            if character.is_ascii_alphanumeric() {
                character
            } else {
                '-'
            }
        })
        .collect();
    format!("{readable}-{number:016x}")
}

fn forget_old(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let age = entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|modified| modified.elapsed().ok());
        if age.is_some_and(|age| age > KEPT) {
            // What cannot be removed now is tried again next time.
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_has_it() {
        let directory = tempfile::tempdir().unwrap();
        let claims = || Claims::new(directory.path().join("notices"));
        let (one, other) = (claims(), claims());
        assert!(one.take("webhook-1/k3v9/failed/17"));
        assert!(!other.take("webhook-1/k3v9/failed/17"));
        assert!(other.take("webhook-2/k3v9/failed/17"));
        assert!(!claims().take("webhook-1/k3v9/failed/17"), "after a restart");
        let (long, longer) = ("x/".repeat(400), format!("y{}", "x/".repeat(400)));
        assert!(one.take(&long) && one.take(&longer));
    }

    #[test]
    fn without_a_place_it_is_told_again() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let claims = Claims::new(file.path().join("notices"));
        assert!(claims.take("a") && claims.take("a"));
    }
}
