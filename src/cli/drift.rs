//! `drift`: Azure's claims beside what the nodes run, and what an upgrade left behind. Changes nothing.

use serde::Serialize;

use super::args::{DriftArguments, OutputFormat};
use super::finding::{self, Focus};
use super::output;
use super::session::Session;
use crate::diagnosis::reconcile::{PoolClaim, Reconciliation, reconcile};
use crate::domain::survey::SurveyDepth;
use crate::inventory::snapshot::ClusterSnapshot;
use crate::problem::Problem;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DriftDocument {
    schema: &'static str,
    cluster: String,
    #[serde(flatten)]
    found: Reconciliation,
}

/// Runs the command.
pub(super) async fn run(session: &Session, arguments: &DriftArguments, format: OutputFormat) -> Result<(), Problem> {
    let cluster = finding::cluster_or_only(session, arguments.cluster.as_deref()).await?;
    let focus = Focus::on(session, &cluster.id);
    let (survey, snapshot) = tokio::join!(
        session.inventory.survey(&cluster.id, SurveyDepth::Diagnosis),
        focus.wait_briefly(ClusterSnapshot::is_picture_complete)
    );
    let document = DriftDocument {
        schema: "aks-cockpit/drift/v1",
        cluster: cluster.id.as_str().to_owned(),
        found: reconcile(&survey, snapshot?.live.as_deref()),
    };
    output::print(format, &document, |document| table(cluster.id.name(), &document.found))
}

fn table(name: &str, found: &Reconciliation) -> String {
    let rows: Vec<Vec<String>> = found.pools.iter().map(row).collect();
    let mut text = output::columns(
        &["POOL", "STATE", "AZURE CLAIMS", "NODES RUN", "NODES", "AGREES"],
        &rows,
    );
    if found.leftovers.is_empty() && found.unknown.is_empty() {
        text.push_str("nothing was left behind\n");
    }
    for left in &found.leftovers {
        text.push_str(&format!("! {}: {} [{}]\n", left.kind.as_str(), left.words, left.code));
        text.push_str(&format!(
            "    aks-cockpit mend {name} --with {} --cause {}\n",
            left.remedy, left.code
        ));
    }
    for unknown in &found.unknown {
        text.push_str(&format!("? {unknown}\n"));
    }
    text
}

fn row(pool: &PoolClaim) -> Vec<String> {
    let runs: Vec<String> = pool
        .runs
        .iter()
        .map(|(what, nodes)| format!("{nodes} x {what}"))
        .collect();
    let of = pool.count.map_or_else(String::new, |count| format!(" of {count}"));
    vec![
        pool.pool.to_string(),
        pool.state.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string),
        pool.claimed_words(),
        runs.join(", "),
        format!("{}{of}", pool.nodes),
        if pool.is_true() { "yes" } else { "no" }.to_owned(),
    ]
}
