//! Cluster extensions are well: they are reconciled together with the upgrade.

use crate::domain::provisioning::ProvisioningState;
use crate::domain::subject::Subject;
use crate::preflight::checks::told::{Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let extensions = read(&question.survey.azure.extensions, "cluster extensions")?;
    Ok(extensions
        .iter()
        .filter(|extension| extension.provisioning_state == ProvisioningState::Failed)
        .map(|extension| {
            Said::new(
                Outcome::Warning,
                Subject::Azure {
                    kind: "cluster extension".to_owned(),
                    name: extension.name.clone(),
                    id: None,
                },
                format!("{} is in state Failed", extension.kind),
            )
            .with(format!(
                "version {}",
                extension.version.as_deref().unwrap_or("not known")
            ))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied};

    #[test]
    fn a_failed_extension_is_a_warning() {
        let failed = |survey: &mut Survey| {
            survey.azure.extensions.as_mut().unwrap()[0].provisioning_state = ProvisioningState::Failed;
        };
        check(look, failed, Outcome::Warning, "cluster extension azure-aks-backup");
        check(
            look,
            |survey| survey.azure.extensions = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
