//! A backup that is recent: the control plane cannot be rolled back (AKS docs "Upgrade FAQ", 2026).

use jiff::SignedDuration;

use crate::domain::subject::Subject;
use crate::domain::survey::BackupFact;
use crate::preflight::checks::told::{Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let backups = read(&question.survey.azure.backups, "backups")?;
    if backups.is_empty() {
        return Ok(vec![Said::new(
            Outcome::Info,
            Subject::Cluster,
            "no backup of this cluster is known to Azure",
        )]);
    }
    let now = question.survey.taken_at;
    let recent = SignedDuration::from_hours(question.thresholds.backup_hours);
    let age = |backup: &BackupFact| backup.last_success.map(|at| now.duration_since(at));
    let mut said: Vec<Said> = backups
        .iter()
        .filter(|backup| backup.is_failing)
        .map(|backup| Said::new(Outcome::Warning, subject(backup), "its last backup failed"))
        .collect();
    let newest = backups
        .iter()
        .filter_map(|backup| Some((age(backup)?, backup)))
        .min_by_key(|(age, _)| *age);
    match newest {
        None => said.push(Said::new(
            Outcome::Warning,
            Subject::Cluster,
            "no backup has ever succeeded",
        )),
        Some((age, backup)) if age > recent => said.push(Said::new(
            Outcome::Warning,
            subject(backup),
            format!("the last good backup is {} h old", age.as_hours()),
        )),
        Some(_) => {}
    }
    Ok(said)
}

fn subject(backup: &BackupFact) -> Subject {
    Subject::Azure {
        kind: "backup".to_owned(),
        name: backup.name.clone(),
        id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied};

    fn backup(change: impl FnOnce(&mut BackupFact)) -> impl FnOnce(&mut Survey) {
        move |survey| change(&mut survey.azure.backups.as_mut().unwrap()[0])
    }

    #[test]
    fn no_backup_is_told_and_an_old_or_failing_one_is_a_warning() {
        check(
            look,
            |survey| survey.azure.backups = Ok(Vec::new()),
            Outcome::Info,
            "the cluster",
        );
        let old = backup(|backup| backup.last_success = Some("2026-08-14T08:00:00Z".parse().unwrap()));
        let said = check(look, old, Outcome::Warning, "backup shop-nightly");
        assert_eq!(said.headline, "the last good backup is 25 h old");
        let never = backup(|backup| backup.last_success = None);
        check(look, never, Outcome::Warning, "the cluster");
        let failing = backup(|backup| backup.is_failing = true);
        check(look, failing, Outcome::Warning, "backup shop-nightly");
    }

    #[test]
    fn unread_backups_are_unknown() {
        check(
            look,
            |survey| survey.azure.backups = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
