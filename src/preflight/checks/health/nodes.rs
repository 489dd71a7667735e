//! Nodes that are not ready, under pressure, cordoned, quarantined or about to be maintained
//! (AKS docs "Node Not Ready" and "Upgrade options", 2026; Azure's node problem detector).

use crate::domain::node::Readiness;
use crate::domain::subject::Subject;
use crate::domain::survey::NodeFact;
use crate::preflight::checks::told::{Told, read, told};
use crate::preflight::finding::{Outcome, Said};
use crate::preflight::question::Question;

/// Conditions that are bad when they are true, with what to say.
const BAD_WHEN_TRUE: &[(&str, &str)] = &[
    ("MemoryPressure", "is short of memory"),
    ("DiskPressure", "is short of disk space"),
    ("PIDPressure", "is short of process ids"),
    ("NetworkUnavailable", "has no network"),
    ("VMEventScheduled", "has a maintenance event of its machine ahead"),
];

pub(super) fn look(question: &Question<'_>) -> Vec<Said> {
    told(judge(question))
}

fn judge(question: &Question<'_>) -> Told {
    let nodes = read(&question.survey.kubernetes.nodes, "nodes")?;
    Ok(nodes.iter().filter_map(of_node).collect())
}

fn of_node(fact: &NodeFact) -> Option<Said> {
    let node = &fact.node;
    let mut words: Vec<String> = Vec::new();
    let mut evidence: Vec<String> = Vec::new();
    let mut remedies: Vec<&str> = Vec::new();
    let mut outcome = Outcome::Warning;
    match &node.readiness {
        Readiness::Ready => {}
        Readiness::NotReady { reason, message } => {
            outcome = Outcome::Blocker;
            words.push("is not ready".to_owned());
            evidence.push(format!("{reason}: {message}"));
            remedies.push("reimage-node");
        }
        Readiness::Unknown => {
            outcome = Outcome::Blocker;
            words.push("has not said whether it is ready".to_owned());
            remedies.push("reimage-node");
        }
    }
    for condition in fact.conditions.iter().filter(|condition| condition.status == "True") {
        if let Some((_, what)) = BAD_WHEN_TRUE.iter().find(|(kind, _)| *kind == condition.kind) {
            words.push((*what).to_owned());
            evidence.push(format!(
                "{}: {} {}",
                condition.kind, condition.reason, condition.message
            ));
        }
    }
    if node.is_quarantined {
        words.push("is quarantined: an earlier upgrade gave up draining it".to_owned());
        remedies.push("unquarantine");
    } else if node.is_cordoned {
        words.push("is cordoned".to_owned());
        remedies.push("uncordon");
    }
    if words.is_empty() {
        return None;
    }
    let said = Said::new(outcome, Subject::node(&node.name), words.join(", ")).cured_by(&remedies);
    Some(evidence.into_iter().fold(said, Said::with))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::survey::Condition;
    use crate::preflight::samples::{check, denied};

    const FIRST: &str = "node aks-system-12345678-vmss000000";

    fn judged(change: impl FnOnce(&mut NodeFact), outcome: Outcome) -> Said {
        check(
            look,
            |survey| change(&mut survey.kubernetes.nodes.as_mut().unwrap()[0]),
            outcome,
            FIRST,
        )
    }

    fn condition(kind: &str) -> Condition {
        Condition {
            kind: kind.to_owned(),
            status: "True".to_owned(),
            reason: "Because".to_owned(),
            message: "of that".to_owned(),
            since: None,
        }
    }

    #[test]
    fn a_node_that_is_not_ready_blocks() {
        let not_ready = |node: &mut NodeFact| {
            node.node.readiness = Readiness::NotReady {
                reason: "KubeletNotReady".to_owned(),
                message: "PLEG is not healthy".to_owned(),
            };
        };
        let said = judged(not_ready, Outcome::Blocker);
        assert_eq!(said.evidence, ["KubeletNotReady: PLEG is not healthy"]);
        judged(|node| node.node.readiness = Readiness::Unknown, Outcome::Blocker);
    }

    #[test]
    fn pressure_and_maintenance_are_warnings() {
        for (kind, _) in BAD_WHEN_TRUE {
            let said = judged(|node| node.conditions.push(condition(kind)), Outcome::Warning);
            assert_eq!(said.evidence, [format!("{kind}: Because of that")]);
        }
    }

    #[test]
    fn leftovers_of_an_earlier_upgrade_have_their_remedy() {
        let said = judged(|node| node.node.is_cordoned = true, Outcome::Warning);
        assert_eq!(said.remedies, ["uncordon"]);
        let quarantined = |node: &mut NodeFact| {
            node.node.is_cordoned = true;
            node.node.is_quarantined = true;
        };
        assert_eq!(judged(quarantined, Outcome::Warning).remedies, ["unquarantine"]);
    }

    #[test]
    fn unread_nodes_are_unknown() {
        check(
            look,
            |survey| survey.kubernetes.nodes = Err(denied()),
            Outcome::Unknown,
            "the cluster",
        );
    }
}
