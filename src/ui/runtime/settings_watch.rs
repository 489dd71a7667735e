//! Notices that the settings file changed, and has it read again, off the task that draws.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::super::ReadSettings;
use super::super::message::Message;
use crate::problem::{Exit, Problem};

/// How often it is looked, in this machine's time.
const LOOK: Duration = Duration::from_secs(1);

/// What tells one state of a file from another: when it was changed, and its size. `None` where there is none.
type Stamp = Option<(Option<SystemTime>, u64)>;

async fn stamp(path: &Path) -> Stamp {
    let metadata = tokio::fs::metadata(path).await.ok()?;
    Some((metadata.modified().ok(), metadata.len()))
}

/// Reads the settings now.
pub(super) async fn read_now(read: ReadSettings) -> Message {
    let answer = tokio::task::spawn_blocking(move || read())
        .await
        .unwrap_or_else(|error| {
            Err(Problem::new(Exit::Unexpected, "the settings were not read")
                .because(error.to_string())
                .try_this("press ctrl-r on the settings screen to try again"))
        });
    Message::SettingsRead(answer.map(Box::new))
}

/// Looks until nobody listens any more.
pub(super) async fn follow(path: PathBuf, read: ReadSettings, answers: mpsc::Sender<Message>) {
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut known = stamp(&path).await;
    while !answers.is_closed() {
        looks.tick().await;
        let now = stamp(&path).await;
        if now != known {
            known = now;
            if answers.send(read_now(read.clone()).await).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::settings::Settings;

    #[tokio::test(start_paused = true)]
    async fn a_file_that_appears_or_changes_is_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        let (sender, mut answers) = mpsc::channel(4);
        let read: ReadSettings = Arc::new(|| Ok(Settings::default()));
        let following = tokio::spawn(follow(path.clone(), read, sender));
        // The first look has seen that there is no file.
        tokio::time::sleep(LOOK / 2).await;
        for text in ["a", "ab"] {
            tokio::fs::write(&path, text).await.unwrap();
            assert!(
                matches!(answers.recv().await, Some(Message::SettingsRead(Ok(_)))),
                "{text}"
            );
        }
        assert!(answers.try_recv().is_err());
        drop(answers);
        following.await.unwrap();
    }
}
