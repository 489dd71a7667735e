//! Readiness: the workloads before anything was touched, and the gate that holds until none of them has fewer ready
//! pods. What cannot be read, and what has no baseline, never passes by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::super::effect::Ticket;
use super::super::super::record::{Origin, Record};
use super::super::Draft;
use super::super::state::{Gate, Work};
use super::{enter as enter_gate, holds, some_of, waited};
use crate::domain::workload::{WorkloadKind, WorkloadPicture, WorkloadReadiness};

/// How long a baseline is tried for before the plan goes on without one.
const BASELINE_PATIENCE: Duration = Duration::from_mins(2);

/// An upgrade that had begun elsewhere has no beginning to compare with.
pub(in super::super) fn begin_baseline(draft: &mut Draft) {
    if draft.state.work != Work::TakingBaseline {
        return;
    }
    let has_begun_elsewhere = match &draft.state.origin {
        Some(Origin::Foreign { .. }) => true,
        Some(Origin::OtherMachine { done, .. }) => !done.is_empty(),
        None => false,
    };
    if has_begun_elsewhere {
        draft.push(Record::BaselineTaken {
            picture: None,
            why: Some("the upgrade had begun before it was taken over".to_owned()),
        });
    }
}

/// Without a baseline there is nothing to read for.
pub(super) fn enter(draft: &mut Draft) {
    if draft.state.baseline.is_none() {
        let why = draft.state.baseline_why.clone().unwrap_or_default();
        holds(
            draft,
            format!(
                "what the workloads were like at the start is not known ({why}), so nothing says that they are well \
                 again; look at them and skip this step with a reason"
            ),
            None,
        );
    }
}

/// The workloads were read, or could not be: for the baseline, or at the gate.
pub(in super::super) fn workloads_read(draft: &mut Draft, ticket: Ticket, picture: &Result<WorkloadPicture, String>) {
    if !draft.is_awaited(ticket) {
        return;
    }
    match draft.state.work {
        Work::TakingBaseline => baseline_read(draft, picture),
        Work::AtGate(Gate::Readiness) => gate_read(draft, picture),
        _ => {}
    }
}

fn baseline_read(draft: &mut Draft, picture: &Result<WorkloadPicture, String>) {
    let record = match picture {
        Ok(picture) => Record::BaselineTaken {
            picture: Some(picture.clone()),
            why: None,
        },
        Err(why) if waited(draft) >= BASELINE_PATIENCE => Record::BaselineTaken {
            picture: None,
            why: Some(why.clone()),
        },
        Err(why) => {
            let what = format!("the workloads cannot be read before anything is touched: {why}; it is tried again");
            if draft.state.trouble.as_ref() != Some(&what) {
                draft.push(Record::Troubled { what });
            }
            return;
        }
    };
    draft.push(record);
    enter_gate(draft);
}

fn gate_read(draft: &mut Draft, picture: &Result<WorkloadPicture, String>) {
    let Some(baseline) = draft.state.baseline.clone() else {
        return;
    };
    match picture {
        Err(why) => holds(
            draft,
            format!(
                "the workloads cannot be read: {why}. What is not known is no pass: it is tried again; or look at them \
                 and skip this step with a reason"
            ),
            None,
        ),
        Ok(now) => {
            let Comparison { missing, changed } = compare(&baseline, now);
            if missing.is_empty() {
                let note = (!changed.is_empty()).then(|| {
                    format!(
                        "no reason to hold, changed since the start: {}",
                        some_of(&changed, ", ")
                    )
                });
                draft.step_succeeded(note);
            } else {
                holds(
                    draft,
                    format!(
                        "not as ready as at the start: {}. It goes on by itself when they are; or skip this step with a \
                         reason",
                        some_of(&missing, "; ")
                    ),
                    None,
                );
            }
        }
    }
}

/// How the workloads stand beside the baseline.
#[derive(Debug, Default, PartialEq, Eq)]
struct Comparison {
    /// Why the gate holds; empty where all is well.
    missing: Vec<String>,
    /// What a person changed meanwhile, which is no reason to hold.
    changed: Vec<String>,
}

fn compare(baseline: &WorkloadPicture, now: &WorkloadPicture) -> Comparison {
    let present: BTreeMap<_, _> = now.workloads.iter().map(|workload| (key(workload), workload)).collect();
    let mut comparison = Comparison::default();
    for before in &baseline.workloads {
        let name = format!("{} {}/{}", before.kind.as_str(), before.namespace, before.name);
        let Some(workload) = present.get(&key(before)) else {
            comparison.changed.push(format!("{name} was deleted"));
            continue;
        };
        if workload.ready < before.ready.min(workload.desired) {
            comparison
                .missing
                .push(format!("{workload}, {} at the start", before.ready));
        } else if workload.desired < before.desired && workload.ready < before.ready {
            comparison
                .changed
                .push(format!("{name} was scaled down to {}", workload.desired));
        }
    }
    let known: BTreeSet<&String> = baseline.pending_pods.iter().collect();
    let pending: Vec<String> = now
        .pending_pods
        .iter()
        .filter(|pod| !known.contains(pod))
        .cloned()
        .collect();
    if !pending.is_empty() {
        comparison
            .missing
            .push(format!("pods without a node: {}", some_of(&pending, ", ")));
    }
    comparison
}

fn key(workload: &WorkloadReadiness) -> (WorkloadKind, &str, &str) {
    (workload.kind, &workload.namespace, &workload.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(workloads: &[(&str, u32, u32)], pending: &[&str]) -> WorkloadPicture {
        WorkloadPicture {
            workloads: workloads
                .iter()
                .map(|(name, desired, ready)| WorkloadReadiness {
                    kind: WorkloadKind::Deployment,
                    namespace: "shop".to_owned(),
                    name: (*name).to_owned(),
                    desired: *desired,
                    ready: *ready,
                })
                .collect(),
            pending_pods: pending.iter().map(|pod| (*pod).to_owned()).collect(),
        }
    }

    #[test]
    fn only_what_got_worse_holds() {
        let before = picture(&[("cart", 3, 3), ("ill", 3, 1)], &["shop/old"]);
        let check = |now: &WorkloadPicture, missing: &[&str], changed: &[&str]| {
            let expected = Comparison {
                missing: missing.iter().map(|&text| text.to_owned()).collect(),
                changed: changed.iter().map(|&text| text.to_owned()).collect(),
            };
            assert_eq!(compare(&before, now), expected);
        };
        check(&before, &[], &[]);
        check(&picture(&[("cart", 5, 3), ("ill", 3, 1)], &[]), &[], &[]);
        check(
            &picture(&[("cart", 3, 2), ("ill", 3, 1)], &["shop/old", "shop/new"]),
            &[
                "Deployment shop/cart 2 of 3 ready, 3 at the start",
                "pods without a node: shop/new",
            ],
            &[],
        );
        check(
            &picture(&[("cart", 1, 1)], &[]),
            &[],
            &[
                "Deployment shop/cart was scaled down to 1",
                "Deployment shop/ill was deleted",
            ],
        );
        check(
            &picture(&[("cart", 2, 1), ("ill", 3, 3), ("new", 3, 0)], &[]),
            &["Deployment shop/cart 1 of 2 ready, 3 at the start"],
            &[],
        );
    }
}
