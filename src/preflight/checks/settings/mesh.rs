//! The revision of the Istio add-on works with the target: AKS looks at it when a cluster is upgraded
//! (AKS docs "Upgrade Istio-based service mesh add-on", 2026).

use crate::domain::subject::Subject;
use crate::domain::survey::{MeshFact, Unread};
use crate::preflight::checks::told::{Told, limit, read, told, unknown};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let details = read(&question.survey.azure.details, "the cluster's details in Azure")?;
    let (Some(mesh), Some(target)) = (&details.mesh, question.planned.control_plane) else {
        return Ok(Vec::new());
    };
    let minor = target.minor_line().to_string();
    Ok(mesh
        .revisions
        .iter()
        .filter_map(|revision| of_revision(revision, mesh, &minor))
        .collect())
}

fn of_revision(revision: &str, mesh: &MeshFact, minor: &str) -> Option<Said> {
    let subject: Subject = limit("mesh revision", revision);
    let Some(minors) = mesh.compatible_with.get(revision).filter(|minors| !minors.is_empty()) else {
        let unread = Unread::Failed {
            why: "Azure named no compatible versions".to_owned(),
        };
        return Some(unknown(subject, "what it is compatible with", &unread));
    };
    (!minors.iter().any(|known| known == minor)).then(|| {
        Said::new(
            Outcome::Blocker,
            subject,
            format!("it is not compatible with Kubernetes {minor}: upgrade the mesh first"),
        )
        .with(format!("compatible with {}", minors.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Survey;
    use crate::preflight::samples::{check, denied, passes};

    fn mesh(minors: &[&str]) -> impl FnOnce(&mut Survey) {
        let minors: Vec<String> = minors.iter().map(|&minor| minor.to_owned()).collect();
        move |survey| {
            survey.azure.details.as_mut().unwrap().mesh = Some(MeshFact {
                revisions: vec!["asm-1-25".to_owned()],
                compatible_with: [("asm-1-25".to_owned(), minors)].into(),
            });
        }
    }

    #[test]
    fn a_revision_must_work_with_the_target() {
        passes(look, mesh(&["1.35", "1.36"]));
        let said = check(
            look,
            mesh(&["1.34", "1.35"]),
            Outcome::Blocker,
            "mesh revision asm-1-25",
        );
        assert_eq!(said.evidence, ["compatible with 1.34, 1.35"]);
        check(look, mesh(&[]), Outcome::Unknown, "mesh revision asm-1-25");
    }

    #[test]
    fn unread_details_are_unknown() {
        check(
            look,
            |survey| survey.azure.details = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
