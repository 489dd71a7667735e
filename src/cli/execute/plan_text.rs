//! A plan as a person reads it before saying yes: steps, the exact requests, what is touched, how to go back.

use std::fmt::Write;

use crate::domain::change::RequestPreview;
use crate::domain::surge::batch_of;
use crate::inventory::snapshot::ClusterSnapshot;
use crate::plan::step::{Plan, StepKind};

/// Writes the plan with one request per step, in the same order.
pub(super) fn describe(plan: &Plan, snapshot: &ClusterSnapshot, previews: &[RequestPreview]) -> String {
    let mut text = format!("Plan for {} ({} steps)\n", plan.cluster_name, plan.steps.len());
    for (number, (step, preview)) in plan.steps.iter().zip(previews).enumerate() {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{}. {}", number + 1, step.kind.title());
        let _ = writeln!(text, "   touches: {}", touches(&step.kind, snapshot));
        let _ = writeln!(text, "   request: {} {}", preview.method, preview.path);
        if let Some(etag) = &preview.if_match {
            let _ = writeln!(text, "   if-match: {etag}");
        }
        for field in &preview.fields {
            let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
            let _ = writeln!(
                text,
                "   {}: {} -> {}",
                field.field,
                or_none(&field.from),
                or_none(&field.to)
            );
        }
        let _ = writeln!(text, "   way back: {}", way_back(&step.kind));
    }
    text
}

fn touches(kind: &StepKind, snapshot: &ClusterSnapshot) -> String {
    let Some(name) = kind.pool() else {
        return "the control plane; its API server may be away for some minutes".to_owned();
    };
    let pool = snapshot.cluster.value.as_deref().and_then(|cluster| cluster.pool(name));
    match pool {
        Some(pool) => {
            let batch = batch_of(&pool.upgrade_settings, pool.count, pool.version);
            format!(
                "{} nodes, {} at a time, {} surge",
                pool.count,
                batch.width(),
                batch.surge
            )
        }
        None => format!("the nodes of {name}"),
    }
}

fn way_back(kind: &StepKind) -> &'static str {
    match kind {
        StepKind::ControlPlaneUpgrade { .. } => "none: a control plane cannot go back",
        StepKind::NodePoolUpgrade { .. } | StepKind::NodeImageUpgrade { .. } => {
            "roll the pool back within 7 days (PUT with the version and image it ran before)"
        }
    }
}
