//! Maintenance configurations (AKS API 2026-08-01): a window by a schedule, or the older hours of a week.

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::Offset;
use serde::Deserialize;
use serde_json::Value;

use crate::azure::wire::WrongShape;
use crate::azure::wire::lenient::{Lenient, Text, object};
use crate::azure::wire::list::{Page, listed};
use crate::domain::maintenance::{MaintenanceWindow, Schedule, Span, WeekOfMonth};

/// A maintenance configuration as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredWindow {
    /// For instance `aksManagedAutoUpgradeSchedule`.
    pub name: String,
    /// `None` where there is none, `Err` with the reason where it was not understood.
    pub window: Option<Result<MaintenanceWindow, String>>,
    /// Hours of a week in UTC, each from 0 to 23: the older way of `default`.
    pub hours: Vec<(Weekday, u32)>,
    /// Spans of the older way on which nothing may happen.
    pub not_allowed: Vec<Span>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Configuration {
    name: Lenient<Text>,
    properties: Lenient<Properties>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    maintenance_window: Lenient<Window>,
    time_in_week: Lenient<Vec<TimeInWeek>>,
    not_allowed_time: Lenient<Vec<Times>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Window {
    schedule: Lenient<Schedules>,
    duration_hours: Lenient<u32>,
    utc_offset: Lenient<Text>,
    start_date: Lenient<Text>,
    start_time: Lenient<Text>,
    not_allowed_dates: Lenient<Vec<Times>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Schedules {
    daily: Lenient<Recurrence>,
    weekly: Lenient<Recurrence>,
    absolute_monthly: Lenient<Recurrence>,
    relative_monthly: Lenient<Recurrence>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Recurrence {
    interval_days: Lenient<u32>,
    interval_weeks: Lenient<u32>,
    interval_months: Lenient<u32>,
    day_of_week: Lenient<Text>,
    day_of_month: Lenient<u32>,
    week_index: Lenient<Text>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct TimeInWeek {
    day: Lenient<Text>,
    hour_slots: Lenient<Vec<u32>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Times {
    start: Lenient<Text>,
    end: Lenient<Text>,
}

/// Reads a page of maintenance configurations.
pub fn window_page(body: &Value) -> Result<Page<StoredWindow>, WrongShape> {
    listed(body, |value| {
        let configuration: Configuration = object(value)?;
        let properties = configuration.properties.or_default();
        let name = configuration.name.text();
        Ok(StoredWindow {
            name: name.ok_or_else(|| WrongShape::new("a maintenance configuration has no name"))?,
            window: properties.maintenance_window.0.map(window),
            hours: properties
                .time_in_week
                .or_default()
                .into_iter()
                .flat_map(hours)
                .collect(),
            not_allowed: properties
                .not_allowed_time
                .or_default()
                .into_iter()
                .filter_map(|times| {
                    let at = |text: Lenient<Text>| text.text()?.parse::<Timestamp>().ok();
                    Some((at(times.start)?, at(times.end)?))
                })
                .collect(),
        })
    })
}

fn window(window: Window) -> Result<MaintenanceWindow, String> {
    let offset = window.utc_offset.text().unwrap_or_else(|| "+00:00".to_owned());
    let start = window.start_time.text().ok_or("it has no start time")?;
    let from = match window.start_date.text() {
        Some(text) => Some(text.parse().map_err(|_| format!("'{text}' is no date"))?),
        None => None,
    };
    Ok(MaintenanceWindow {
        schedule: schedule(window.schedule.or_default())?,
        start: start
            .parse::<Time>()
            .map_err(|_| format!("'{start}' is no time of day"))?,
        offset: offset_of(&offset).ok_or_else(|| format!("'{offset}' is no offset from UTC"))?,
        // AKS's own least (AKS API 2026-08-01, `durationHours` from 4 to 24).
        duration_hours: window.duration_hours.0.ok_or("it has no duration")?.min(24),
        from,
        not_allowed: window
            .not_allowed_dates
            .or_default()
            .into_iter()
            .filter_map(|dates| Some((dates.start.text()?.parse().ok()?, dates.end.text()?.parse().ok()?)))
            .collect(),
    })
}

fn schedule(schedules: Schedules) -> Result<Schedule, String> {
    let day = |interval: &Recurrence| {
        let word = interval.day_of_week.clone().text().unwrap_or_default();
        weekday(&word).ok_or_else(|| format!("'{word}' is no day of the week"))
    };
    if let Some(daily) = schedules.daily.0 {
        return Ok(Schedule::Daily {
            every: daily.interval_days.0.unwrap_or(1),
        });
    }
    if let Some(weekly) = schedules.weekly.0 {
        return Ok(Schedule::Weekly {
            every: weekly.interval_weeks.0.unwrap_or(1),
            day: day(&weekly)?,
        });
    }
    if let Some(monthly) = schedules.absolute_monthly.0 {
        return Ok(Schedule::AbsoluteMonthly {
            every: monthly.interval_months.0.unwrap_or(1),
            day: monthly.day_of_month.0.ok_or("it has no day of the month")?,
        });
    }
    let monthly = schedules
        .relative_monthly
        .0
        .ok_or("it has no schedule this program knows")?;
    let word = monthly.week_index.clone().text().unwrap_or_default();
    let week = match word.to_ascii_lowercase().as_str() {
        "first" => WeekOfMonth::Nth(1),
        "second" => WeekOfMonth::Nth(2),
        "third" => WeekOfMonth::Nth(3),
        "fourth" => WeekOfMonth::Nth(4),
        "last" => WeekOfMonth::Last,
        _ => return Err(format!("'{word}' is no week of a month")),
    };
    Ok(Schedule::RelativeMonthly {
        every: monthly.interval_months.0.unwrap_or(1),
        week,
        day: day(&monthly)?,
    })
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word.to_ascii_lowercase().as_str() {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

/// Reads `+05:30`, `-07:00` and `-7:00`.
fn offset_of(text: &str) -> Option<Offset> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60)).ok()
}

fn hours(slot: TimeInWeek) -> Vec<(Weekday, u32)> {
    let Some(day) = slot.day.text().as_deref().and_then(weekday) else {
        return Vec::new();
    };
    let slots = slot.hour_slots.or_default().into_iter();
    slots.filter(|hour| *hour < 24).map(|hour| (day, hour)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(properties: &Value) -> StoredWindow {
        let page = window_page(&json!({"value": [{"name": "default", "properties": properties}]})).unwrap();
        page.items.into_iter().next().unwrap()
    }

    fn scheduled(schedule: &Value) -> Result<Schedule, String> {
        let stored = read(
            &json!({"maintenanceWindow": {"schedule": schedule, "durationHours": 8, "utcOffset": "-07:00",
            "startDate": "2026-01-01", "startTime": "13:30",
            "notAllowedDates": [{"start": "2026-12-20", "end": "2027-01-05"}, {"start": "odd"}]}}),
        );
        let window = stored.window.unwrap()?;
        assert_eq!((window.duration_hours, window.not_allowed.len()), (8, 1));
        assert_eq!(
            (window.offset.seconds(), window.from),
            (-25_200, "2026-01-01".parse().ok())
        );
        Ok(window.schedule)
    }

    #[test]
    fn every_kind_of_schedule_is_read() {
        let monday = Weekday::Monday;
        for (schedule, expected) in [
            (json!({"daily": {"intervalDays": 5}}), Schedule::Daily { every: 5 }),
            (
                json!({"daily": null, "weekly": {"intervalWeeks": 2, "dayOfWeek": "monday"}}),
                Schedule::Weekly { every: 2, day: monday },
            ),
            (
                json!({"absoluteMonthly": {"intervalMonths": 3, "dayOfMonth": 15}}),
                Schedule::AbsoluteMonthly { every: 3, day: 15 },
            ),
            (
                json!({"relativeMonthly": {"intervalMonths": 1, "weekIndex": "Last", "dayOfWeek": "Monday"}}),
                Schedule::RelativeMonthly {
                    every: 1,
                    week: WeekOfMonth::Last,
                    day: monday,
                },
            ),
        ] {
            assert_eq!(scheduled(&schedule), Ok(expected));
        }
        for (schedule, why) in [
            (json!({}), "no schedule"),
            (json!({"weekly": {"dayOfWeek": "Mon"}}), "'Mon'"),
            (
                json!({"relativeMonthly": {"weekIndex": "Fifth", "dayOfWeek": "Monday"}}),
                "'Fifth'",
            ),
        ] {
            assert!(scheduled(&schedule).unwrap_err().contains(why));
        }
    }

    #[test]
    fn the_older_way_names_hours_of_a_week() {
        let stored = read(
            &json!({"timeInWeek": [{"day": "Monday", "hourSlots": [1, 2, 24]}, {"day": "x", "hourSlots": [1]}],
            "notAllowedTime": [{"start": "2026-11-26T03:00:00Z", "end": "2026-11-30T12:00:00Z"}, {"start": null}]}),
        );
        assert_eq!(
            (stored.window, stored.hours.as_slice()),
            (None, [(Weekday::Monday, 1), (Weekday::Monday, 2)].as_slice())
        );
        assert_eq!(stored.not_allowed.len(), 1);
    }

    #[test]
    fn offsets_have_a_sign() {
        for (text, expected) in [
            ("+05:30", Some(19_800)),
            ("-7:00", Some(-25_200)),
            ("00:00", None),
            ("+99:00", None),
            ("", None),
        ] {
            assert_eq!(offset_of(text).map(Offset::seconds), expected, "{text}");
        }
    }
}
