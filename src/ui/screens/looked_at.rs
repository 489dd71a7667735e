//! What a survey has seen, in counts, and what it has not, with why: so that "nothing found" says what it is worth.

use super::super::components::prose::Passage;
use super::super::theme::{Mark, Role};
use super::super::wording::grouped;
use super::trouble::heading;
use crate::domain::survey::{Reading, Survey, Unread};
use crate::progress::picture::LivePicture;

/// One line for each part a person would think of.
pub(super) fn passages(survey: &Survey, picture: Option<&LivePicture>) -> Vec<Passage> {
    let mut out = vec![Passage::blank(), heading("What was looked at")];
    if let Some(picture) = picture {
        out.push(seen("nodes on the live screen", &grouped(picture.nodes.len())));
        out.push(seen("events on the live screen", &grouped(picture.events.len())));
    }
    let (azure, kubernetes) = (&survey.azure, &survey.kubernetes);
    out.extend([
        part("Azure's state of the cluster", &azure.cluster, |cluster| {
            cluster.provisioning_state.to_string()
        }),
        listed("machines of the scale sets", &azure.machines),
        listed("failed entries of the activity log", &azure.failed_activities),
        listed("nodes", &kubernetes.nodes),
        listed("pods", &kubernetes.pods),
        listed("disruption budgets", &kubernetes.budgets),
        listed("webhooks", &kubernetes.webhooks),
        listed("events", &kubernetes.events),
    ]);
    out
}

fn listed<T>(name: &str, reading: &Reading<Vec<T>>) -> Passage {
    part(name, reading, |list| grouped(list.len()))
}

fn seen(name: &str, value: &str) -> Passage {
    Passage::new(Mark::Good.role(), format!("{} ", Mark::Good.symbol()))
        .and(Role::Text, format!("{name}: {value}"))
        .indented(2)
        .hanging(2)
}

fn part<T>(name: &str, reading: &Reading<T>, tell: impl Fn(&T) -> String) -> Passage {
    let (mark, why) = match reading {
        Ok(value) => return seen(name, &tell(value)),
        Err(Unread::NotAsked { .. }) => (Mark::Pending, "not asked".to_owned()),
        Err(denied @ Unread::Denied { .. }) => (Mark::Denied, denied.to_string()),
        Err(unread) => (Mark::Unknown, unread.to_string()),
    };
    Passage::new(mark.role(), format!("{} {name}: {why}", mark.symbol()))
        .indented(2)
        .hanging(2)
}
