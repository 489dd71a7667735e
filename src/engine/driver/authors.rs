//! Remembers who started the operation that keeps a change out, so that the activity log is asked rarely.
//! Never asks anything itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::ids::NodePoolName;

/// How far back the activity log is searched, in the clock's time: longer than any one operation lasts.
pub(super) const BACK: Duration = Duration::from_hours(24);

/// Looks between two questions while the activity log does not say: it learns of a change minutes later
/// (Azure Monitor docs "Azure Monitor activity log", 2026).
const LOOKS_BETWEEN: u32 = 6;

/// What is known of one resource that is busy.
#[derive(Clone, Debug, Default)]
struct Busy {
    author: Option<String>,
    looks: u32,
}

/// By pool; the control plane is `None`. Clones share the memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Authors(Arc<Mutex<HashMap<Option<NodePoolName>, Busy>>>);

impl Authors {
    /// The author who is known, or else whether it is time to ask.
    pub(super) fn known(&self, pool: Option<&NodePoolName>) -> Result<String, IsTimeToAsk> {
        let mut memory = self.memory();
        let busy = memory.entry(pool.cloned()).or_default();
        if let Some(author) = &busy.author {
            return Ok(author.clone());
        }
        let is_time = busy.looks.is_multiple_of(LOOKS_BETWEEN);
        busy.looks = busy.looks.saturating_add(1);
        Err(is_time)
    }

    pub(super) fn learn(&self, pool: Option<&NodePoolName>, author: String) {
        self.memory().entry(pool.cloned()).or_default().author = Some(author);
    }

    /// The operation is over; the next one may be somebody else's.
    pub(super) fn forget(&self, pool: Option<&NodePoolName>) {
        self.memory().remove(&pool.cloned());
    }

    fn memory(&self) -> MutexGuard<'_, HashMap<Option<NodePoolName>, Busy>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// True where the activity log is to be asked now.
pub(super) type IsTimeToAsk = bool;

/// The beginning of the time that is searched.
pub(super) fn since(now: Timestamp) -> Timestamp {
    now.checked_sub(BACK).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_asked_rarely_until_it_says_and_then_not_any_more() {
        let authors = Authors::default();
        let asked: Vec<bool> = (0..8).filter_map(|_| authors.known(None).err()).collect();
        assert_eq!(asked, [true, false, false, false, false, false, true, false]);
        let apps = "apps".into();
        assert_eq!(authors.known(Some(&apps)), Err(true));
        authors.learn(Some(&apps), "bob".to_owned());
        assert_eq!(authors.known(Some(&apps)), Ok("bob".to_owned()));
        authors.forget(Some(&apps));
        assert_eq!(authors.known(Some(&apps)), Err(true));
    }
}
