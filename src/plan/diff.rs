//! What differs between two plans, step by step.

use std::collections::{BTreeMap, BTreeSet};

use super::step::{Plan, Step, StepKind, WaitUntil};
use crate::domain::ids::SmokeTestName;
use crate::domain::smoke_test::{Flow, OnFailure, SmokeTest};

/// One difference, in the order of the newer plan. Places count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    Added {
        title: String,
        place: usize,
    },
    /// The place it had in the older plan.
    Removed {
        title: String,
        place: usize,
    },
    Moved {
        title: String,
        from: usize,
        to: usize,
    },
    /// `what` names the part: `settings`, `version`, `image`, `pause point`, `guards`, `smoke test`, `question`,
    /// `wait`, `cluster`.
    Changed {
        title: String,
        what: &'static str,
        from: String,
        to: String,
    },
}

/// All differences from `old` to `new`; empty for plans that do the same.
///
/// A step is the same one where its id and kind are, or else where it does exactly the same. As few steps as can be
/// count as moved.
pub fn compare(old: &Plan, new: &Plan) -> Vec<Difference> {
    let pairs = pairs(&old.steps, &new.steps);
    let stayed = longest_in_order(&pairs, &new.steps);
    let mut differences = plan_changes(old, new);
    let mut gone = gone(&old.steps, &pairs);
    differences.extend(gone.remove(&None).into_iter().flatten());
    for (at, step) in new.steps.iter().enumerate() {
        let title = || step.kind.title();
        match pairs.get(&at) {
            None => differences.push(Difference::Added {
                title: title(),
                place: at + 1,
            }),
            Some(from) => {
                if !stayed.contains(&at) {
                    differences.push(Difference::Moved {
                        title: title(),
                        from: from + 1,
                        to: at + 1,
                    });
                }
                differences.extend(step_changes(&old.steps[*from], step));
                differences.extend(gone.remove(&Some(*from)).into_iter().flatten());
            }
        }
    }
    differences
}

/// The place in the old plan of each step of the new one that was there before.
fn pairs(old: &[Step], new: &[Step]) -> BTreeMap<usize, usize> {
    let mut pairs = BTreeMap::new();
    let mut is_taken = vec![false; old.len()];
    for rule in [is_same_step, does_the_same] {
        for (to, step) in new.iter().enumerate() {
            if pairs.contains_key(&to) {
                continue;
            }
            let found = (0..old.len()).find(|from| !is_taken[*from] && rule(&old[*from], step));
            if let Some(from) = found {
                is_taken[from] = true;
                pairs.insert(to, from);
            }
        }
    }
    pairs
}

/// True where both could be one step before and after an edit.
fn is_same_step(a: &Step, b: &Step) -> bool {
    let test = |step: &Step| match &step.kind {
        StepKind::SmokeTest { test } => Some(test.clone()),
        _ => None,
    };
    a.id == b.id && a.kind.word() == b.kind.word() && a.kind.pool() == b.kind.pool() && test(a) == test(b)
}

fn does_the_same(a: &Step, b: &Step) -> bool {
    a.kind == b.kind
}

/// The places in the new plan of the most steps that kept their order; of equally many those with fewer gates, as a gate
/// is what people move.
fn longest_in_order(pairs: &BTreeMap<usize, usize>, new: &[Step]) -> BTreeSet<usize> {
    let kept: Vec<(usize, usize)> = pairs.iter().map(|(to, from)| (*to, *from)).collect();
    // For each step how good the best run is that ends with it, and the step before it in that run.
    let mut best: Vec<((usize, usize), Option<usize>)> = Vec::with_capacity(kept.len());
    for (at, (to, from)) in kept.iter().enumerate() {
        let before = (0..at)
            .filter(|earlier| kept[*earlier].1 < *from)
            .max_by_key(|earlier| best[*earlier].0);
        let (steps, changes) = before.map_or((0, 0), |earlier| best[earlier].0);
        let is_change = usize::from(!new[*to].kind.is_gate());
        best.push(((steps + 1, changes + is_change), before));
    }
    let mut run = BTreeSet::new();
    let mut at = (0..best.len()).max_by_key(|at| best[*at].0);
    while let Some(step) = at {
        run.insert(kept[step].0);
        at = best[step].1;
    }
    run
}

/// The steps of the old plan that are gone, by the last step before them that is still there.
fn gone(old: &[Step], pairs: &BTreeMap<usize, usize>) -> BTreeMap<Option<usize>, Vec<Difference>> {
    let is_kept: BTreeSet<usize> = pairs.values().copied().collect();
    let mut gone: BTreeMap<Option<usize>, Vec<Difference>> = BTreeMap::new();
    let mut anchor = None;
    for (at, step) in old.iter().enumerate() {
        if is_kept.contains(&at) {
            anchor = Some(at);
        } else {
            gone.entry(anchor).or_default().push(Difference::Removed {
                title: step.kind.title(),
                place: at + 1,
            });
        }
    }
    gone
}

/// Differences that no step shows: the cluster, and the smoke tests' own definitions.
fn plan_changes(old: &Plan, new: &Plan) -> Vec<Difference> {
    let mut changes = Vec::new();
    if old.cluster != new.cluster {
        changes.push(Difference::Changed {
            title: "plan".to_owned(),
            what: "cluster",
            from: old.cluster.to_string(),
            to: new.cluster.to_string(),
        });
    }
    let tests = old.smoke_tests.iter().chain(&new.smoke_tests).map(|test| &test.name);
    let names: BTreeSet<&SmokeTestName> = tests.collect();
    for name in names {
        let (before, after) = (old.smoke_test(name), new.smoke_test(name));
        if before != after {
            changes.push(Difference::Changed {
                title: format!("smoke test {name}"),
                what: "smoke test",
                from: before.map_or_else(|| "none".to_owned(), describe),
                to: after.map_or_else(|| "none".to_owned(), describe),
            });
        }
    }
    changes
}

/// The test in a line; expectations and headers are left out.
fn describe(test: &SmokeTest) -> String {
    let flow = match &test.flow {
        Flow::Http(requests) => {
            let addresses: Vec<String> = requests
                .iter()
                .map(|request| format!("{} {}", request.method, request.url))
                .collect();
            addresses.join(", ")
        }
        Flow::Command(command) => {
            let words: Vec<&str> = std::iter::once(&command.program)
                .chain(&command.arguments)
                .map(String::as_str)
                .collect();
            words.join(" ")
        }
    };
    let on_failure = match test.on_failure {
        OnFailure::Hold => "hold",
        OnFailure::Pause => "pause",
    };
    format!(
        "{flow} ({on_failure} on failure, again after {} s, failed after {} in a row)",
        test.retry_seconds, test.failures_in_a_row
    )
}

/// What changed about a step that is in both plans.
fn step_changes(old: &Step, new: &Step) -> Vec<Difference> {
    let changed = |what, from: String, to: String| Difference::Changed {
        title: new.kind.title(),
        what,
        from,
        to,
    };
    let mut found = Vec::new();
    if old.kind != new.kind {
        let (what, from, to) = kind_change(&old.kind, &new.kind);
        // Where a step comes from is no difference in what is done.
        if from != to {
            found.push(changed(what, from, to));
        }
    }
    if old.pause_after != new.pause_after {
        let word = |is_set: bool| if is_set { "on" } else { "off" }.to_owned();
        found.push(changed("pause point", word(old.pause_after), word(new.pause_after)));
    }
    if old.guards != new.guards {
        found.push(changed("guards", names(&old.guards), names(&new.guards)));
    }
    found
}

fn names(tests: &[SmokeTestName]) -> String {
    if tests.is_empty() {
        return "none".to_owned();
    }
    tests.iter().map(SmokeTestName::as_str).collect::<Vec<_>>().join(", ")
}

/// What part of the kind changed, and both values. The kinds are of one sort.
fn kind_change(old: &StepKind, new: &StepKind) -> (&'static str, String, String) {
    let of = |kind: &StepKind| match kind {
        StepKind::ControlPlaneUpgrade { to, .. } | StepKind::NodePoolUpgrade { to, .. } => ("version", to.to_string()),
        StepKind::NodeImageUpgrade { to, .. } => {
            let newest = || "the newest".to_owned();
            ("image", to.as_ref().map_or_else(newest, ToString::to_string))
        }
        StepKind::PoolSettings { settings, .. } => ("settings", settings.to_string()),
        StepKind::PoolRollback { to, node_image, .. } => ("version", format!("{to} with {node_image}")),
        StepKind::Approval { question } => ("question", question.clone()),
        StepKind::Wait { until } => ("wait", wait(*until)),
        StepKind::SmokeTest { .. } | StepKind::ReadinessGate | StepKind::Verify => ("step", kind.title()),
    };
    let ((_, from), (what, to)) = (of(old), of(new));
    (what, from, to)
}

fn wait(until: WaitUntil) -> String {
    let title = StepKind::Wait { until }.title();
    title.trim_start_matches("wait ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::edit::{Edit, edit};
    use crate::plan::overview::difference_line;
    use crate::plan::samples::rich_plan;

    fn lines(old: &Plan, new: &Plan) -> Vec<String> {
        compare(old, new).iter().map(difference_line).collect()
    }

    fn check(change: &Edit, expected: &[&str]) {
        let plan = rich_plan();
        assert_eq!(lines(&plan, &edit(&plan, change).unwrap()), expected, "{change:?}");
    }

    #[test]
    fn the_same_plan_has_no_differences() {
        assert!(compare(&rich_plan(), &rich_plan()).is_empty());
    }

    #[test]
    fn each_edit_is_one_difference() {
        check(
            &Edit::Move {
                step: "pool-gpu-1.34.2".into(),
                by: -12,
            },
            &["node pool gpu to 1.34.2: moved from 23 to 11"],
        );
        check(
            &Edit::Move {
                step: "smoke-login-1".into(),
                by: 1,
            },
            &["smoke test login: moved from 1 to 2"],
        );
        check(
            &Edit::Remove {
                step: "approval-1".into(),
            },
            &["- approval: Go on with control plane to 1.33.6? (was step 5)"],
        );
        check(
            &Edit::Remove {
                step: "smoke-login-1".into(),
            },
            &["- smoke test login (was step 1)"],
        );
        check(
            &Edit::Insert {
                after: Some("pool-system-1.34.2".into()),
                kind: StepKind::Wait {
                    until: WaitUntil::Seconds(90),
                },
            },
            &["+ wait 1 min 30 s (step 14)"],
        );
        check(
            &Edit::PauseAfter {
                step: "pool-system-1.34.2".into(),
                on: true,
            },
            &["node pool system to 1.34.2: pause point off -> on"],
        );
        check(
            &Edit::Guard {
                step: "pool-gpu-1.34.2".into(),
                test: "login".into(),
                on: false,
            },
            &["node pool gpu to 1.34.2: guards login -> none"],
        );
        check(
            &Edit::PoolSettings {
                pool: "web".into(),
                settings: crate::domain::node_pool::UpgradeSettings {
                    node_soak_minutes: Some(9),
                    ..Default::default()
                },
            },
            &["node pool web: node soak 9 min: settings max surge 50%, node soak 5 min -> node soak 9 min"],
        );
    }

    #[test]
    fn the_cluster_and_the_tests_count_too() {
        let old = rich_plan();
        let mut new = old.clone();
        new.cluster = crate::domain::ids::ClusterId::from_parts("s", "rg", "other");
        new.smoke_tests[0].retry_seconds = 60;
        new.steps.reverse();
        new.steps.truncate(2);
        let lines = lines(&old, &new);
        assert!(lines[0].starts_with("plan: cluster /subscriptions/s/"), "{lines:?}");
        assert!(lines[1].contains("again after 30 s") && lines[1].contains("again after 60 s"));
        assert_eq!(lines.len(), 2 + 24 + 1, "24 steps gone and one moved: {lines:#?}");
    }

    #[test]
    fn steps_with_other_ids_that_do_the_same_are_the_same() {
        let old = rich_plan();
        let mut new = old.clone();
        for step in &mut new.steps {
            step.id = crate::domain::ids::StepId::new(format!("{}-b", step.id));
        }
        assert!(compare(&old, &new).is_empty());
    }
}
