//! Something keeps the cluster's words: events vanish after an hour (AKS docs "Kubernetes events", 2026).

use crate::domain::subject::Subject;
use crate::preflight::checks::told::{Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let categories = read(&question.survey.azure.diagnostic_settings, "diagnostic settings")?;
    if !categories.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![
        Said::new(
            Outcome::Info,
            Subject::Cluster,
            "no diagnostic setting keeps logs of the control plane",
        )
        .with("kube-audit, cluster-autoscaler and guard are worth keeping")
        .with("the cockpit keeps the events it sees during an upgrade"),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preflight::samples::{check, denied};

    #[test]
    fn logs_that_nobody_keeps_are_told() {
        check(
            look,
            |survey| survey.azure.diagnostic_settings = Ok(Vec::new()),
            Outcome::Info,
            "the cluster",
        );
        check(
            look,
            |survey| survey.azure.diagnostic_settings = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
