//! Maintenance configurations as windows: when each opens next.

use jiff::{SignedDuration, Timestamp};

use super::Place;
use super::reader::{Reader, reading};
use crate::azure::client::AzureClient;
use crate::azure::error::AzureError;
use crate::azure::paths;
use crate::azure::wire::survey::{self as wire, StoredWindow};
use crate::domain::ids::ClusterId;
use crate::domain::maintenance::{MaintenanceWindow, Span, name_of, openings_of_hours};
use crate::domain::survey::{Reading, WindowFact};

/// Openings looked ahead.
const OPENINGS: usize = 4;

/// Openings around a running upgrade: some windows open several times a day.
const OPENINGS_AROUND: usize = 24;

/// How far back the openings reach that a running upgrade is compared with: it may have begun in one that is over.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(48);

impl AzureClient {
    /// The cluster's maintenance windows with the openings of the last two days and the next; empty where it has none.
    /// Cost: one request.
    pub async fn maintenance_windows(&self, cluster: &ClusterId) -> Result<Vec<WindowFact>, AzureError> {
        let now = self.clock().now();
        let since = now.saturating_sub(LOOK_BACK).unwrap_or(now);
        let stored = stored(&Reader::new(self), cluster).await?;
        Ok(stored
            .into_iter()
            .map(|stored| fact(stored, since, OPENINGS_AROUND))
            .collect())
    }
}

/// The cluster's maintenance configurations; empty where it has none.
pub(super) async fn of(reader: &Reader<'_>, place: &Place<'_>) -> Reading<Vec<WindowFact>> {
    let now = reader.client.clock().now();
    let stored = reading(stored(reader, place.id).await)?;
    Ok(stored.into_iter().map(|stored| fact(stored, now, OPENINGS)).collect())
}

async fn stored(reader: &Reader<'_>, cluster: &ClusterId) -> Result<Vec<StoredWindow>, AzureError> {
    let path = format!("{}/maintenanceConfigurations", paths::cluster(cluster)?);
    let path = reader.client.with_api_version(&path);
    let what = format!("read the maintenance windows of {}", cluster.name());
    reader.whole_list(&what, &path, wire::window_page).await
}

/// With at most `count` openings that have not ended at `now`.
fn fact(stored: StoredWindow, now: Timestamp, count: usize) -> WindowFact {
    let is_ahead = |span: &Span| span.1 > now;
    match stored.window {
        Some(Ok(window)) => WindowFact {
            name: stored.name,
            schedule: in_words(&window),
            openings: window.openings(now, count),
            not_allowed: window.not_allowed_spans().into_iter().filter(is_ahead).collect(),
            duration_hours: Some(window.duration_hours),
        },
        Some(Err(why)) => WindowFact {
            name: stored.name,
            schedule: format!("not understood: {why}"),
            openings: Vec::new(),
            not_allowed: Vec::new(),
            duration_hours: None,
        },
        None => WindowFact {
            schedule: hours_in_words(&stored),
            name: stored.name,
            openings: openings_of_hours(&stored.hours, &stored.not_allowed, now, count),
            not_allowed: stored.not_allowed.iter().copied().filter(is_ahead).collect(),
            duration_hours: None,
        },
    }
}

/// As `every week on Monday at 02:00 (UTC+01:00) for 4 h`.
fn in_words(window: &MaintenanceWindow) -> String {
    let minutes = window.offset.seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
    let mut words = format!(
        "{} at {} (UTC{sign}{hours:02}:{minutes:02}) for {} h",
        window.schedule.in_words(),
        window.start.strftime("%H:%M"),
        window.duration_hours
    );
    if let Some(from) = window.from {
        words.push_str(&format!(", from {from}"));
    }
    words
}

fn hours_in_words(stored: &StoredWindow) -> String {
    if stored.hours.is_empty() {
        return "at any time".to_owned();
    }
    let hours: Vec<String> = stored
        .hours
        .iter()
        .map(|(day, hour)| format!("{} {hour:02}:00", name_of(*day)))
        .collect();
    format!("an hour each from {} (UTC)", hours.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(properties: &Value) -> WindowFact {
        let page = wire::window_page(&json!({"value": [{"name": "default", "properties": properties}]})).unwrap();
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        fact(page.items.into_iter().next().unwrap(), now, OPENINGS)
    }

    #[test]
    fn a_window_says_when_it_opens() {
        let window = read(
            &json!({"maintenanceWindow": {"schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Tuesday"}},
            "durationHours": 6, "utcOffset": "+05:30", "startTime": "22:00",
            "notAllowedDates": [{"start": "2026-12-20", "end": "2026-12-27"}, {"start": "2020-01-01", "end": "2020-01-02"}]}}),
        );
        assert_eq!(window.schedule, "every week on Tuesday at 22:00 (UTC+05:30) for 6 h");
        assert_eq!(
            (window.openings.len(), window.not_allowed.len(), window.duration_hours),
            (4, 1, Some(6))
        );
        assert_eq!(window.openings[0].0, "2026-11-24T16:30:00Z".parse().unwrap());
    }

    #[test]
    fn what_is_not_understood_says_so_and_has_no_openings() {
        let window = read(&json!({"maintenanceWindow": {"schedule": {}, "durationHours": 6, "startTime": "22:00"}}));
        assert!(
            window.schedule.starts_with("not understood: it has no schedule"),
            "{}",
            window.schedule
        );
        assert!(window.openings.is_empty());
    }

    #[test]
    fn the_older_way_has_hours_or_none() {
        let window = read(&json!({"timeInWeek": [{"day": "Monday", "hourSlots": [9, 10]}]}));
        assert_eq!(window.schedule, "an hour each from Monday 09:00, Monday 10:00 (UTC)");
        assert_eq!(
            window.openings[0],
            (
                "2026-11-23T09:00:00Z".parse().unwrap(),
                "2026-11-23T11:00:00Z".parse().unwrap()
            )
        );
        let any = read(&json!({"notAllowedTime": [{"start": "2026-11-24T00:00:00Z", "end": "2026-11-25T00:00:00Z"}]}));
        assert_eq!((any.schedule.as_str(), any.not_allowed.len()), ("at any time", 1));
    }
}
