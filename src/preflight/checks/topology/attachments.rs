//! Disks are attached and detached without trouble before nodes come and go.

use crate::domain::subject::{ObjectRef, Subject};
use crate::preflight::checks::told::{Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let attachments = read(&question.survey.kubernetes.attachments, "volume attachments")?;
    Ok(attachments
        .iter()
        .filter_map(|attachment| {
            let error = attachment.error.as_ref()?;
            let doing = if attachment.is_being_deleted {
                "does not come off"
            } else {
                "does not attach to"
            };
            Some(
                Said::new(
                    Outcome::Warning,
                    Subject::Object {
                        object: ObjectRef::of_cluster("storage.k8s.io/v1", "VolumeAttachment", &attachment.name),
                    },
                    format!("volume {} {doing} node {}", attachment.volume, attachment.node),
                )
                .with(error.clone())
                .cured_by(&["detach-volume"]),
            )
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::{AttachmentFact, Survey};
    use crate::preflight::samples::{check, denied};

    #[test]
    fn an_error_is_told_in_its_own_words() {
        let attachment = |error: Option<&str>| AttachmentFact {
            name: "csi-1".to_owned(),
            volume: "pvc-0".to_owned(),
            node: "aks-data-12345678-vmss000000".into(),
            is_attached: true,
            is_being_deleted: true,
            error: error.map(ToOwned::to_owned),
        };
        let failing = |survey: &mut Survey| {
            survey.kubernetes.attachments = Ok(vec![attachment(None), attachment(Some("disk is in use"))]);
        };
        let said = check(look, failing, Outcome::Warning, "VolumeAttachment csi-1");
        assert_eq!(said.evidence, ["disk is in use"]);
        check(
            look,
            |survey| survey.kubernetes.attachments = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
