//! How what a budget does is told: headline, evidence, and the remedies that help with this budget.

use jiff::Timestamp;

use super::Sick;
use crate::diagnosis::cause::{Confidence, Evidence, EvidenceSource, Found, Impact};
use crate::diagnosis::rules::{counted, named};
use crate::diagnosis::scene::{Drain, Scene};
use crate::domain::disruption::DisruptionBudget;
use crate::domain::ids::NodeName;
use crate::domain::subject::Subject;

/// What one budget, or several together, hold.
#[derive(Debug, Default)]
pub(in crate::diagnosis::rules) struct Held {
    pub(super) budget: Option<DisruptionBudget>,
    nodes: Vec<NodeName>,
    pods: Vec<String>,
    pub(super) since: Option<Timestamp>,
    deadline: Option<Timestamp>,
    is_fresh: bool,
}

impl Held {
    pub(super) fn by(budget: DisruptionBudget) -> Self {
        Self {
            budget: Some(budget),
            is_fresh: true,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, drain: &Drain, pod: &str) {
        if !self.nodes.contains(&drain.node) {
            self.nodes.push(drain.node.clone());
        }
        if !self.pods.iter().any(|known| known == pod) {
            self.pods.push(pod.to_owned());
        }
        self.since = [self.since, drain.since].into_iter().flatten().min();
        self.deadline = [self.deadline, drain.deadline].into_iter().flatten().min();
        self.is_fresh &= drain.is_fresh;
    }

    fn waiting(&self) -> String {
        match self.nodes.as_slice() {
            [] => "the next drain will fail on it".to_owned(),
            [node] => format!("node {node} waits"),
            nodes => format!("{} are held", counted(nodes.len(), "node")),
        }
    }

    fn tell(&self, found: Found, namespace: &str) -> Found {
        let pods = self.pods.iter().map(|pod| Subject::object("v1", "Pod", namespace, pod));
        let found = found
            .about(pods)
            .on(self.nodes.clone())
            .since(self.since)
            .until(self.deadline);
        if self.is_fresh || self.nodes.is_empty() {
            found
        } else {
            Found {
                confidence: Confidence::Likely,
                ..found
            }
        }
    }
}

fn subject(budget: &DisruptionBudget) -> Subject {
    Subject::object("policy/v1", "PodDisruptionBudget", &budget.namespace, &budget.name)
}

fn numbers(budget: &DisruptionBudget) -> String {
    let asks = [
        budget
            .min_available
            .as_ref()
            .map(|value| format!("minAvailable {value}, ")),
        budget
            .max_unavailable
            .as_ref()
            .map(|value| format!("maxUnavailable {value}, ")),
    ];
    let asks: String = asks.into_iter().flatten().collect();
    format!(
        "{asks}disruptionsAllowed {}, currentHealthy {}, desiredHealthy {}, expectedPods {}",
        budget.disruptions_allowed, budget.current_healthy, budget.desired_healthy, budget.expected_pods
    )
}

pub(super) fn never_allows(scene: &Scene<'_>, held: &Held, budget: &DisruptionBudget) -> Found {
    let subject = subject(budget);
    let headline = format!(
        "{subject} never allows an eviction: it needs {} healthy of {}; {}",
        budget.desired_healthy,
        counted(usize::try_from(budget.expected_pods).unwrap_or(0), "pod"),
        held.waiting()
    );
    let remedies: &[&str] = if one_more_helps(budget) {
        &["scale-up-workload", "pdb-relax"]
    } else {
        &["pdb-relax", "pdb-backup-delete"]
    };
    let found = Found::confirmed("drain-blocked-by-pdb", Impact::Stalled, headline)
        .about([subject.clone()])
        .shown_by([scene.shown(subject, numbers(budget))])
        .cured_by(remedies);
    held.tell(found, &budget.namespace)
}

/// True where the budget would allow one eviction with one pod more.
fn one_more_helps(budget: &DisruptionBudget) -> bool {
    let pods = budget.expected_pods + 1;
    let percent = |text: &str| {
        text.strip_suffix('%')
            .and_then(|number| number.trim().parse::<i32>().ok())
    };
    match (&budget.min_available, &budget.max_unavailable) {
        (Some(least), _) => match percent(least) {
            // Percentages round up (Kubernetes docs "Specifying a Disruption Budget", 2026).
            Some(percent) => (pods * percent + 99) / 100 < pods,
            None => least.trim().parse().is_ok_and(|least: i32| least < pods),
        },
        // A share of nothing stays nothing.
        (None, Some(most)) => percent(most).is_some_and(|percent| percent > 0),
        (None, None) => budget.desired_healthy < pods,
    }
}

pub(super) fn unready(scene: &Scene<'_>, held: &Held, budget: &DisruptionBudget, sick: &[Sick<'_>]) -> Found {
    let subject = subject(budget);
    let names: Vec<&str> = sick.iter().map(|(fact, _)| fact.pod.name.as_str()).collect();
    let missing = usize::try_from(budget.expected_pods - budget.current_healthy).unwrap_or(0);
    let who = match (names.as_slice(), sick.first()) {
        ([name], Some((_, why))) => format!("pod {name} is not ready ({why})"),
        ([], _) => format!(
            "{} of {} not ready",
            missing,
            counted(usize::try_from(budget.expected_pods).unwrap_or(0), "pod")
        ),
        (names, _) => format!("{} are not ready: {}", counted(names.len(), "pod"), named(names)),
    };
    let pods = sick
        .iter()
        .map(|(fact, _)| Subject::object("v1", "Pod", &fact.pod.namespace, &fact.pod.name));
    let words = sick.iter().map(|(fact, why)| {
        let pod = Subject::object("v1", "Pod", &fact.pod.namespace, &fact.pod.name);
        scene.shown(pod, why)
    });
    let headline = format!("{subject} is used up, {who}; {}", held.waiting());
    let found = Found::confirmed("drain-blocked-by-unready-pods", Impact::Stalled, headline)
        .about([subject.clone()])
        .about(pods)
        .shown_by([scene.shown(subject, numbers(budget))])
        .shown_by(words)
        .cured_by(if budget.evicts_unhealthy_always {
            &["fix-unready-pods"]
        } else {
            &["fix-unready-pods", "pdb-always-allow-unhealthy"]
        });
    held.tell(found, &budget.namespace)
}

pub(super) fn several(scene: &Scene<'_>, namespace: &str, names: &[String], held: &Held) -> Found {
    let pod = held.pods.first().map_or("a pod", String::as_str);
    let headline = format!(
        "{} cover the same pod {namespace}/{pod}, so no eviction is possible: {}; {}",
        counted(names.len(), "PodDisruptionBudget"),
        named(names),
        held.waiting()
    );
    let subjects: Vec<Subject> = names
        .iter()
        .map(|name| Subject::object("policy/v1", "PodDisruptionBudget", namespace, name))
        .collect();
    let evidence = scene.shown(
        Subject::object("v1", "Pod", namespace, pod),
        format!("selected by {}", names.join(" and ")),
    );
    let found = Found::confirmed("pdb-more-than-one", Impact::Stalled, headline)
        .about(subjects)
        .shown_by([evidence]);
    held.tell(found, namespace)
}

/// Refusals only events tell of, because pods or budgets were not read.
pub(super) fn refused_by_events(scene: &Scene<'_>) -> Option<Found> {
    let budgets = scene.symptoms.survey.kubernetes.budgets.as_ref().ok();
    let at_zero: Vec<Subject> = budgets
        .into_iter()
        .flatten()
        .filter(|fact| fact.budget.why_at_zero().is_some())
        .map(|fact| subject(&fact.budget))
        .collect();
    if budgets.is_some() && at_zero.is_empty() {
        return None;
    }
    let drains: Vec<&Drain> = scene.drains.iter().filter(|drain| !drain.refused.is_empty()).collect();
    let pods: Vec<&String> = drains.iter().flat_map(|drain| &drain.refused).collect();
    let first = pods.first()?;
    let evidence = drains.iter().flat_map(|drain| {
        drain.refused.iter().map(|pod| Evidence {
            source: EvidenceSource::Event,
            subject: Subject::node(&drain.node),
            words: format!("Eviction blocked by Too Many Requests (usually a pdb): {pod}"),
            at: drain.since,
        })
    });
    let headline = format!(
        "Evictions of pod {first} are refused, usually by a PodDisruptionBudget; {} wait",
        counted(drains.len(), "node")
    );
    Some(
        Found::likely("drain-blocked-by-pdb", Impact::Stalled, headline)
            .about(if at_zero.len() == 1 { at_zero } else { Vec::new() })
            .about(pods.iter().map(|pod| pod_subject(pod)))
            .on(drains.iter().map(|drain| drain.node.clone()))
            .shown_by(evidence)
            .since(drains.iter().filter_map(|drain| drain.since).min())
            .until(drains.iter().filter_map(|drain| drain.deadline).min()),
    )
}

/// Events name pods with or without their namespace.
fn pod_subject(pod: &str) -> Subject {
    let (namespace, name) = pod.split_once('/').unwrap_or(("", pod));
    Subject::object("v1", "Pod", namespace, name)
}
