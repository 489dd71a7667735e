//! A plan as a person reads it before saying yes: steps, exact requests, what is touched, how to go back, what is wrong.

use super::Looked;
use super::request::Prepared;
use crate::domain::change::RequestPreview;
use crate::domain::ids::SmokeTestName;
use crate::plan::diff::Difference;
use crate::plan::overview::{StepLine, difference_line};
use crate::plan::validate::Severity;

/// Writes the whole plan.
pub(super) fn describe(looked: &Looked) -> String {
    let name = &looked.plan.cluster_name;
    let mut text = format!("Plan for {name}: {}\n", looked.overview.totals.join(", "));
    for (step, request) in looked.overview.steps.iter().zip(&looked.requests) {
        text.push_str(&format!("{}. {}   [{}]\n", step.number, step.title, step.id));
        for line in step_lines(step).into_iter().chain(request_lines(request)) {
            text.push_str(&format!("   {line}\n"));
        }
    }
    for finding in &looked.findings {
        let severity = match finding.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let step = finding
            .step
            .as_ref()
            .map_or_else(String::new, |step| format!(" [{step}]"));
        text.push_str(&format!(
            "{severity}{step}: {}\n  because: {}\n  do: {}\n",
            finding.what, finding.why, finding.todo
        ));
    }
    if let Some(differences) = &looked.differences {
        text.push_str(&differences_text(differences));
    }
    text
}

fn step_lines(step: &StepLine) -> Vec<String> {
    let mut lines = Vec::new();
    if !step.facts.is_empty() {
        lines.push(step.facts.join("; "));
    }
    if !step.guards.is_empty() {
        let names: Vec<&str> = step.guards.iter().map(SmokeTestName::as_str).collect();
        lines.push(format!("guarded by: {}", names.join(", ")));
    }
    if step.pause_after {
        lines.push("then: the execution pauses".to_owned());
    }
    lines
}

fn request_lines(request: &Prepared) -> Vec<String> {
    match request {
        Prepared::None => Vec::new(),
        Prepared::Unknown(why) => vec![format!("request: {why}")],
        Prepared::Exact(preview) => exact_lines(preview),
    }
}

fn exact_lines(preview: &RequestPreview) -> Vec<String> {
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
    let mut lines = vec![format!("request: {} {}", preview.method, preview.path)];
    lines.extend(preview.if_match.iter().map(|etag| format!("if-match: {etag}")));
    lines.extend(
        preview
            .fields
            .iter()
            .map(|field| format!("{}: {} -> {}", field.field, or_none(&field.from), or_none(&field.to))),
    );
    lines
}

fn differences_text(differences: &[Difference]) -> String {
    if differences.is_empty() {
        return "No difference: both plans do the same.\n".to_owned();
    }
    let lines: Vec<String> = differences
        .iter()
        .map(|one| format!("  {}\n", difference_line(one)))
        .collect();
    format!("Differences from the other plan:\n{}", lines.concat())
}

#[cfg(test)]
mod tests {
    use super::super::tests::looked;
    use super::*;

    #[test]
    fn a_plan_is_told_step_by_step() {
        let expected = "\
Plan for shop: 3 steps, 8 nodes to move
1. control plane to 1.34.2   [control-plane]
   cannot be taken back
   request: PUT /managedClusters/shop?api-version=1
   if-match: \"7\"
   properties.kubernetesVersion: (none) -> 1.34.2
2. node pool web to 1.34.2   [pool-web]
   8 nodes, 2 at a time; 8 to 24 min
   guarded by: cart
   then: the execution pauses
   request: it is prepared when its turn comes
3. verify versions and nodes   [verify]
error [pool-web]: web goes too far
  because: a pool is never ahead of its control plane
  do: move the control plane first
Differences from the other plan:
  verify: moved from 1 to 3
";
        assert_eq!(describe(&looked()), expected);
    }
}
