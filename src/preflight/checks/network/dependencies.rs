//! Every resource the cluster names still exists: with one gone, every write of the cluster fails
//! (AKS docs "InvalidResourceReference error", 2026).

use crate::domain::subject::Subject;
use crate::domain::survey::LinkedResource;
use crate::preflight::checks::told::{resource, unknown};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    let azure = &question.survey.azure;
    if let Err(unread) = &azure.details {
        return vec![unknown(Subject::Cluster, "the resources the cluster names", unread)];
    }
    azure.linked.iter().filter_map(of_link).collect()
}

fn of_link(linked: &LinkedResource) -> Option<Said> {
    let subject = resource(&linked.what, &linked.id);
    match &linked.exists {
        Ok(true) => None,
        Err(unread) => Some(unknown(subject, "whether it exists", unread)),
        Ok(false) => {
            let is_workspace = linked
                .id
                .to_ascii_lowercase()
                .contains("/microsoft.operationalinsights/");
            let remedies: &[&str] = if is_workspace {
                &["recreate-workspace", "disable-monitoring"]
            } else {
                &["support-ticket"]
            };
            Some(
                Said::new(
                    Outcome::Blocker,
                    subject,
                    format!("the cluster names this {}, and it is gone", linked.what),
                )
                .with(linked.id.clone())
                .cured_by(remedies),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied};

    #[test]
    fn a_resource_that_is_gone_blocks() {
        let gone = |survey: &mut Survey| survey.azure.linked[0].exists = Ok(false);
        let said = check(look, gone, Outcome::Blocker, "Log Analytics workspace logs");
        assert_eq!(said.remedies, ["recreate-workspace", "disable-monitoring"]);
    }

    #[test]
    fn what_was_not_read_is_unknown() {
        let unread = |survey: &mut Survey| survey.azure.linked[0].exists = Err(denied());
        check(look, unread, Outcome::Unknown, "Log Analytics workspace logs");
        check(
            look,
            |survey| survey.azure.details = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
