//! Where the cockpit's memory lies: one file in the state directory, replaced whole or not at all.
//! A file that cannot be used is kept aside and never stops the cockpit.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::super::remembered::{LARGEST, Remembered};

const NAME: &str = "cockpit.json";

fn file(state: &Path) -> PathBuf {
    state.join(NAME)
}

/// Reads what was remembered; nothing where there is no file yet.
///
/// # Errors
/// One sentence that says why, and where the file is now.
pub(super) fn read(state: &Path) -> Result<Remembered, String> {
    let path = file(state);
    let text = match fs::metadata(&path) {
        Ok(metadata) if metadata.len() > LARGEST => Err("it is too large".to_owned()),
        Ok(_) => fs::read_to_string(&path).map_err(|error| error.to_string()),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Remembered::default()),
        Err(error) => Err(error.to_string()),
    };
    text.and_then(|text| Remembered::parse(&text)).map_err(|why| {
        let aside = state.join(format!("{NAME}.broken"));
        match fs::rename(&path, &aside) {
            Ok(()) => format!(
                "What was remembered cannot be read ({why}); it is kept in {}",
                aside.display()
            ),
            Err(_) => format!("What was remembered cannot be read ({why})"),
        }
    })
}

/// Writes beside the file, then puts it in its place.
///
/// # Errors
/// In the system's words; the old file is still there.
pub(super) fn write(state: &Path, remembered: &Remembered) -> std::io::Result<()> {
    // Another cockpit on the same directory has a file of its own until then.
    let fresh = state.join(format!("{NAME}.{}", std::process::id()));
    let written = fs::File::create(&fresh)
        .and_then(|mut file| {
            file.write_all(remembered.to_json().as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&fresh, file(state)));
    if written.is_err() {
        // What is left half-way is of no use to anybody.
        let _ = fs::remove_file(&fresh);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_survives_and_a_broken_one_is_kept_aside() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(read(state.path()), Ok(Remembered::default()));
        let remembered = Remembered {
            filter: "prod".to_owned(),
            ..Remembered::default()
        };
        write(state.path(), &remembered).unwrap();
        assert_eq!(read(state.path()), Ok(remembered));
        fs::write(file(state.path()), "{ half").unwrap();
        assert!(read(state.path()).unwrap_err().contains("cockpit.json.broken"));
        assert_eq!(
            fs::read_to_string(state.path().join("cockpit.json.broken")).unwrap(),
            "{ half"
        );
        assert_eq!(read(state.path()), Ok(Remembered::default()), "the next start is clean");
        assert_eq!(fs::read_dir(state.path()).unwrap().count(), 1);
    }

    #[test]
    fn where_nothing_can_be_written_the_system_says_why() {
        let state = tempfile::tempdir().unwrap();
        assert!(write(&state.path().join("missing"), &Remembered::default()).is_err());
    }
}
