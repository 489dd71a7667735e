//! Planned maintenance windows of AKS as values, and when they open. Arithmetic only: whether a window matters to an
//! upgrade is decided elsewhere. Manual upgrades ignore windows (AKS docs "Planned maintenance", 2026).

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::survey::WindowFact;

/// Names of maintenance configurations: of everything, of versions, of node images (AKS docs "Planned maintenance", 2026).
pub const DEFAULT: &str = "default";
pub const VERSIONS: &str = "aksManagedAutoUpgradeSchedule";
pub const NODE_IMAGES: &str = "aksManagedNodeOSUpgradeSchedule";

/// The window of what moves: of versions or of node images; else the one for all.
pub fn window_of(windows: &[WindowFact], moves_version: bool) -> Option<&WindowFact> {
    let name = if moves_version { VERSIONS } else { NODE_IMAGES };
    [name, DEFAULT]
        .into_iter()
        .find_map(|name| windows.iter().find(|window| window.name == name))
}

/// A span of time: its beginning, and its end, which is no part of it.
pub type Span = (Timestamp, Timestamp);

/// Openings are looked for on so many days, from today or from the first day on which it may open: a window that opens
/// twice a year has two of them.
const DAYS_AHEAD: i64 = 400;

/// On which days a window opens (AKS API 2026-08-01, `schedule`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Each n-th day.
    Daily { every: u32 },
    /// On this day of each n-th week.
    Weekly { every: u32, day: Weekday },
    /// On this day of each n-th month; a month without the day has none.
    AbsoluteMonthly { every: u32, day: u32 },
    /// On the n-th such weekday of each n-th month.
    RelativeMonthly {
        every: u32,
        week: WeekOfMonth,
        day: Weekday,
    },
}

/// `First` to `Fourth`, or `Last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeekOfMonth {
    /// From 1 to 4.
    Nth(u8),
    Last,
}

/// A window that opens by a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaintenanceWindow {
    pub schedule: Schedule,
    /// Local, as all dates here.
    pub start: Time,
    pub offset: Offset,
    pub duration_hours: u32,
    /// Before that day it does not open; longer intervals count from its first opening.
    pub from: Option<Date>,
    /// First and last days of spans on which it does not open.
    pub not_allowed: Vec<(Date, Date)>,
}

impl MaintenanceWindow {
    /// At most `count` openings that have not ended, soonest first; the one that is open now comes first.
    ///
    /// Spans that are not allowed are cut out of them. Empty where nothing says from when a longer interval counts:
    /// then nobody can know the days.
    pub fn openings(&self, now: Timestamp, count: usize) -> Vec<Span> {
        let Some(anchor) = self.anchor(now) else {
            return Vec::new();
        };
        let blocked = self.not_allowed_spans();
        let today = self.offset.to_datetime(now).date();
        // A window is open for a day at most, so that yesterday's may be open still.
        let first = today.yesterday().unwrap_or(today).max(anchor);
        let mut found = Vec::new();
        for ahead in 0..DAYS_AHEAD {
            let Ok(day) = first.checked_add(SignedDuration::from_hours(24 * ahead)) else {
                break;
            };
            if !self.schedule.opens_on(day, anchor) {
                continue;
            }
            found.extend(
                self.opening_on(day)
                    .map_or_else(Vec::new, |span| without(span, &blocked)),
            );
            found.retain(|(_, end)| *end > now);
            if found.len() >= count {
                break;
            }
        }
        found.truncate(count);
        found
    }

    /// The spans on which it does not open, whole days: the last day is part of its span (AKS API 2026-08-01,
    /// `notAllowedDates`).
    pub fn not_allowed_spans(&self) -> Vec<Span> {
        self.not_allowed
            .iter()
            .filter_map(|(first, last)| {
                let begin = self.at(first.at(0, 0, 0, 0))?;
                let end = self.at(last.tomorrow().ok()?.at(0, 0, 0, 0))?;
                (begin < end).then_some((begin, end))
            })
            .collect()
    }

    /// The day from which intervals count; the first of all days where the interval is one.
    fn anchor(&self, now: Timestamp) -> Option<Date> {
        match self.from {
            Some(day) => Some(day),
            None if self.schedule.every() == 1 => {
                let today = self.offset.to_datetime(now).date();
                today.checked_sub(SignedDuration::from_hours(48)).ok()
            }
            None => None,
        }
    }

    fn opening_on(&self, day: Date) -> Option<Span> {
        let begin = self.at(day.to_datetime(self.start))?;
        let end = begin
            .checked_add(SignedDuration::from_hours(i64::from(self.duration_hours)))
            .ok()?;
        Some((begin, end))
    }

    fn at(&self, local: DateTime) -> Option<Timestamp> {
        self.offset.to_timestamp(local).ok()
    }
}

impl Schedule {
    fn every(self) -> u32 {
        match self {
            Self::Daily { every }
            | Self::Weekly { every, .. }
            | Self::AbsoluteMonthly { every, .. }
            | Self::RelativeMonthly { every, .. } => every.max(1),
        }
    }

    fn opens_on(self, day: Date, anchor: Date) -> bool {
        let every = i64::from(self.every());
        match self {
            Self::Daily { .. } => days_between(anchor, day) % every == 0,
            Self::Weekly { day: weekday, .. } => {
                day.weekday() == weekday && (days_between(anchor, day) / 7) % every == 0
            }
            Self::AbsoluteMonthly { day: number, .. } => {
                let fits = u32::try_from(day.day()).is_ok_and(|found| found == number);
                let is_past = u32::try_from(anchor.day()).is_ok_and(|found| found > number);
                fits && (months_between(anchor, day) - i64::from(is_past)) % every == 0
            }
            Self::RelativeMonthly { week, day: weekday, .. } => {
                let of_month = |month: Date| week.day_of(month, weekday);
                let is_past = of_month(anchor).is_some_and(|first| first < anchor);
                of_month(day) == Some(day) && (months_between(anchor, day) - i64::from(is_past)) % every == 0
            }
        }
    }

    /// As `every 2 weeks on Monday`.
    pub fn in_words(self) -> String {
        let each = |unit: &str| match self.every() {
            1 => format!("every {unit}"),
            every => format!("every {every} {unit}s"),
        };
        match self {
            Self::Daily { .. } => each("day"),
            Self::Weekly { day, .. } => format!("{} on {}", each("week"), name_of(day)),
            Self::AbsoluteMonthly { day, .. } => format!("{} on day {day}", each("month")),
            Self::RelativeMonthly { week, day, .. } => {
                format!("{} on the {} {}", each("month"), week.in_words(), name_of(day))
            }
        }
    }
}

impl WeekOfMonth {
    fn day_of(self, month: Date, weekday: Weekday) -> Option<Date> {
        let nth = match self {
            Self::Nth(nth) => i8::try_from(nth).ok()?,
            Self::Last => -1,
        };
        month.nth_weekday_of_month(nth, weekday).ok()
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Nth(1) => "first",
            Self::Nth(2) => "second",
            Self::Nth(3) => "third",
            Self::Nth(_) => "fourth",
            Self::Last => "last",
        }
    }
}

/// The English name of a weekday.
pub fn name_of(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

fn months_between(from: Date, to: Date) -> i64 {
    i64::from(to.year() - from.year()) * 12 + i64::from(to.month() - from.month())
}

/// Openings of single hours of a week in UTC (AKS API 2026-08-01, `timeInWeek` of the configuration `default`): at
/// most `count` that have not ended, neighbours joined, blocked spans cut out.
pub fn openings_of_hours(hours: &[(Weekday, u32)], blocked: &[Span], now: Timestamp, count: usize) -> Vec<Span> {
    let hour = SignedDuration::from_hours(1);
    let mut found: Vec<Span> = Vec::new();
    let begin = now.as_second().div_euclid(3600) - 24;
    // A day before, so that an opening keeps its beginning, and two weeks of what comes.
    for number in begin..begin + 24 * 15 {
        let Ok(at) = Timestamp::from_second(number * 3600) else {
            break;
        };
        let local = Offset::UTC.to_datetime(at);
        let slot = (local.weekday(), u32::try_from(local.hour()).unwrap_or_default());
        if !hours.contains(&slot) {
            continue;
        }
        match found.last_mut() {
            Some((_, end)) if *end == at => *end = at + hour,
            _ => found.push((at, at + hour)),
        }
    }
    let mut open: Vec<Span> = found.into_iter().flat_map(|span| without(span, blocked)).collect();
    open.retain(|(_, end)| *end > now);
    open.truncate(count);
    open
}

/// A span without the blocked parts, in order.
fn without(span: Span, blocked: &[Span]) -> Vec<Span> {
    let mut parts = vec![span];
    for (from, until) in blocked {
        parts = parts
            .into_iter()
            .flat_map(|(begin, end)| [(begin, end.min(*from)), (begin.max(*until), end)])
            .filter(|(begin, end)| begin < end)
            .collect();
        parts.dedup();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn window(schedule: Schedule) -> MaintenanceWindow {
        MaintenanceWindow {
            schedule,
            start: "02:00".parse().unwrap(),
            offset: Offset::UTC,
            duration_hours: 4,
            from: None,
            not_allowed: Vec::new(),
        }
    }

    /// Beginnings, as `11-23T02`.
    fn begins(window: &MaintenanceWindow, now: &str, count: usize) -> Vec<String> {
        let spans = window.openings(at(now), count);
        assert!(spans.is_sorted());
        let short = |(begin, _): &Span| begin.strftime("%m-%dT%H").to_string();
        spans.iter().map(short).collect()
    }

    #[test]
    fn each_schedule_opens_on_its_days() {
        let monday = Weekday::Monday;
        let from = |schedule, day: &str| MaintenanceWindow {
            from: Some(day.parse().unwrap()),
            ..window(schedule)
        };
        // 23 November 2026 is a Monday.
        let now = "2026-11-23T10:00:00Z";
        let check = |window: &MaintenanceWindow, expected: &[&str]| {
            assert_eq!(begins(window, now, expected.len().max(1)), expected, "{window:?}");
        };
        check(&window(Schedule::Daily { every: 1 }), &["11-24T02", "11-25T02"]);
        check(
            &from(Schedule::Daily { every: 5 }, "2026-11-20"),
            &["11-25T02", "11-30T02"],
        );
        let weekly = |every| Schedule::Weekly { every, day: monday };
        check(&window(weekly(1)), &["11-30T02", "12-07T02"]);
        check(&from(weekly(2), "2026-11-18"), &["12-07T02", "12-21T02"]);
        let absolute = |every, day| Schedule::AbsoluteMonthly { every, day };
        check(&window(absolute(1, 31)), &["12-31T02", "01-31T02", "03-31T02"]);
        check(&from(absolute(3, 15), "2026-01-20"), &["02-15T02", "05-15T02"]);
        let relative = |every, week, day| Schedule::RelativeMonthly { every, week, day };
        let first = WeekOfMonth::Nth(1);
        check(&window(relative(1, first, monday)), &["12-07T02", "01-04T02"]);
        check(
            &window(relative(1, WeekOfMonth::Last, Weekday::Friday)),
            &["11-27T02", "12-25T02"],
        );
        check(
            &from(relative(2, first, monday), "2026-10-10"),
            &["01-04T02", "03-01T02"],
        );
        check(&from(Schedule::Daily { every: 1 }, "2027-01-01"), &["01-01T02"]);
        check(&from(weekly(3), "2123-01-01"), &["01-04T02", "01-25T02"]);
    }

    #[test]
    fn an_interval_without_a_beginning_is_not_guessed() {
        assert!(begins(&window(Schedule::Daily { every: 3 }), "2026-11-23T10:00:00Z", 3).is_empty());
    }

    #[test]
    fn an_open_window_comes_first_until_its_end() {
        let daily = MaintenanceWindow {
            start: "22:00".parse().unwrap(),
            duration_hours: 8,
            ..window(Schedule::Daily { every: 1 })
        };
        assert_eq!(begins(&daily, "2026-11-23T05:59:59Z", 2), ["11-22T22", "11-23T22"]);
        assert_eq!(begins(&daily, "2026-11-23T06:00:00Z", 1), ["11-23T22"]);
    }

    #[test]
    fn times_and_dates_are_local() {
        let kolkata = MaintenanceWindow {
            offset: Offset::from_seconds(5 * 3600 + 1800).unwrap(),
            ..window(Schedule::Weekly {
                every: 1,
                day: Weekday::Monday,
            })
        };
        let spans = kolkata.openings(at("2026-11-22T12:00:00Z"), 1);
        assert_eq!(spans, [(at("2026-11-22T20:30:00Z"), at("2026-11-23T00:30:00Z"))]);
    }

    #[test]
    fn days_that_are_not_allowed_are_cut_out() {
        let night = MaintenanceWindow {
            start: "22:00".parse().unwrap(),
            duration_hours: 6,
            not_allowed: vec![("2026-11-24".parse().unwrap(), "2026-11-25".parse().unwrap())],
            ..window(Schedule::Daily { every: 1 })
        };
        let spans = night.openings(at("2026-11-23T12:00:00Z"), 3);
        assert_eq!(
            spans,
            [
                (at("2026-11-23T22:00:00Z"), at("2026-11-24T00:00:00Z")),
                (at("2026-11-26T00:00:00Z"), at("2026-11-26T04:00:00Z")),
                (at("2026-11-26T22:00:00Z"), at("2026-11-27T04:00:00Z")),
            ]
        );
    }

    #[test]
    fn hours_of_a_week_join_to_openings() {
        let hours = [
            (Weekday::Monday, 1),
            (Weekday::Monday, 2),
            (Weekday::Sunday, 23),
            (Weekday::Monday, 0),
        ];
        let now = at("2026-11-23T01:30:00Z");
        let open = openings_of_hours(&hours, &[], now, 2);
        assert_eq!(
            open,
            [
                (at("2026-11-22T23:00:00Z"), at("2026-11-23T03:00:00Z")),
                (at("2026-11-29T23:00:00Z"), at("2026-11-30T03:00:00Z")),
            ]
        );
        let blocked = [(at("2026-11-22T00:00:00Z"), at("2026-11-23T02:00:00Z"))];
        let open = openings_of_hours(&hours, &blocked, now, 1);
        assert_eq!(open, [(at("2026-11-23T02:00:00Z"), at("2026-11-23T03:00:00Z"))]);
        assert!(openings_of_hours(&[], &[], now, 1).is_empty());
    }

    #[test]
    fn schedules_have_words() {
        for (schedule, words) in [
            (Schedule::Daily { every: 1 }, "every day"),
            (
                Schedule::Weekly {
                    every: 2,
                    day: Weekday::Monday,
                },
                "every 2 weeks on Monday",
            ),
            (Schedule::AbsoluteMonthly { every: 1, day: 15 }, "every month on day 15"),
            (
                Schedule::RelativeMonthly {
                    every: 1,
                    week: WeekOfMonth::Last,
                    day: Weekday::Friday,
                },
                "every month on the last Friday",
            ),
        ] {
            assert_eq!(schedule.in_words(), words);
        }
    }
}
