//! The upgrade runs inside the window that was agreed with AKS: AKS holds no manual upgrade back
//! (AKS docs "Planned maintenance", 2026).

use crate::domain::maintenance::window_of;
use crate::domain::survey::{Unread, WindowFact};
use crate::preflight::checks::run_time::{Run, run};
use crate::preflight::checks::told::{Told, limit, read, told, unknown};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let windows = read(&question.survey.azure.windows, "maintenance windows")?;
    let planned = question.planned;
    let moves_version = planned.control_plane.is_some() || planned.pools.values().any(Option::is_some);
    let Some(window) = window_of(windows, moves_version) else {
        return Ok(Vec::new());
    };
    let run = run(question)?;
    Ok(closed(window, &run)
        .or_else(|| outside(window, &run))
        .into_iter()
        .collect())
}

/// On days on which nothing may happen.
fn closed(window: &WindowFact, run: &Run) -> Option<Said> {
    let (from, until) = window
        .not_allowed
        .iter()
        .find(|(from, until)| *from < run.ends() && *until > run.begins)?;
    Some(
        Said::new(
            Outcome::Warning,
            limit("maintenance window", &window.name),
            format!(
                "nothing is allowed from {} to {}",
                from.strftime("%Y-%m-%d"),
                until.strftime("%Y-%m-%d")
            ),
        )
        .cured_by(&["wait"]),
    )
}

fn outside(window: &WindowFact, run: &Run) -> Option<Said> {
    let subject = limit("maintenance window", &window.name);
    let Some(next) = window.openings.iter().find(|(_, until)| *until > run.begins) else {
        let unread = Unread::Failed {
            why: format!("no opening is known of '{}'", window.schedule),
        };
        return Some(unknown(subject, "when it opens", &unread));
    };
    let (from, until) = *next;
    let headline = if from > run.begins {
        format!(
            "the upgrade begins outside of it; it opens {}",
            from.strftime("%Y-%m-%d %H:%M UTC")
        )
    } else if run.ends() > until {
        format!(
            "it closes {}, the upgrade may take until {}",
            until.strftime("%Y-%m-%d %H:%M UTC"),
            run.ends().strftime("%Y-%m-%d %H:%M UTC")
        )
    } else {
        return None;
    };
    Some(
        Said::new(Outcome::Warning, subject, headline)
            .with(window.schedule.clone())
            .cured_by(&["wait"]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::maintenance::VERSIONS;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes};

    const SUBJECT: &str = "maintenance window aksManagedAutoUpgradeSchedule";

    fn open(openings: &[(&str, &str)]) -> impl FnOnce(&mut Survey) {
        let openings = openings
            .iter()
            .map(|(from, until)| (from.parse().unwrap(), until.parse().unwrap()))
            .collect();
        let window = WindowFact {
            name: VERSIONS.to_owned(),
            schedule: "weekly on Saturday".to_owned(),
            openings,
            not_allowed: Vec::new(),
            duration_hours: Some(6),
        };
        move |survey| survey.azure.windows = Ok(vec![window])
    }

    #[test]
    fn the_upgrade_fits_the_window_or_does_not() {
        // It begins at 09:00 and takes 2 h 3 min at most.
        passes(look, open(&[("2026-08-15T08:00:00Z", "2026-08-15T12:00:00Z")]));
        let tight = open(&[("2026-08-15T08:00:00Z", "2026-08-15T11:00:00Z")]);
        let said = check(look, tight, Outcome::Warning, SUBJECT);
        assert_eq!(
            said.headline,
            "it closes 2026-08-15 11:00 UTC, the upgrade may take until 2026-08-15 11:03 UTC"
        );
        let later = open(&[
            ("2026-08-08T08:00:00Z", "2026-08-08T12:00:00Z"),
            ("2026-08-22T08:00:00Z", "2026-08-22T12:00:00Z"),
        ]);
        let said = check(look, later, Outcome::Warning, SUBJECT);
        assert_eq!(
            said.headline,
            "the upgrade begins outside of it; it opens 2026-08-22 08:00 UTC"
        );
        check(look, open(&[]), Outcome::Unknown, SUBJECT);
    }

    #[test]
    fn days_on_which_nothing_is_allowed_go_first() {
        let frozen = |survey: &mut Survey| {
            open(&[("2026-08-15T08:00:00Z", "2026-08-15T12:00:00Z")])(survey);
            let window = &mut survey.azure.windows.as_mut().unwrap()[0];
            let day = |text: &str| text.parse().unwrap();
            window.not_allowed = vec![(day("2026-08-15T00:00:00Z"), day("2026-08-17T00:00:00Z"))];
        };
        let said = check(look, frozen, Outcome::Warning, SUBJECT);
        assert_eq!(said.headline, "nothing is allowed from 2026-08-15 to 2026-08-17");
    }

    #[test]
    fn unread_windows_are_unknown() {
        check(
            look,
            |survey| survey.azure.windows = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
