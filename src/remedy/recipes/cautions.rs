//! Who may take a change back, in words.

use crate::domain::survey::Management;

/// What to know where something outside the cluster keeps the object as it is.
pub(super) fn reverted_by(management: Option<&Management>) -> Option<String> {
    management.map(|management| match management {
        Management::ArgoCd { application } => {
            format!("Argo CD application {application} keeps it as it is in Git and may revert this within minutes")
        }
        Management::Flux { name } => {
            format!("Flux {name} keeps it as it is in Git and reverts this at its next reconciliation")
        }
        Management::Helm { release } => format!("the next upgrade of Helm release {release} reverts this"),
        Management::Owner(owner) => format!("{owner} owns it, and its controller may revert this at any moment"),
    })
}
