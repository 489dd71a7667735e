//! How long clusters took before, read from the journal. Never writes.

use std::collections::BTreeMap;

use super::super::driver::blocking;
use super::super::history::{Earlier, usual_pace};
use super::super::record::Record;
use super::{EngineError, EngineHandle};
use crate::domain::ids::ClusterId;
use crate::domain::pace::UsualPace;
use crate::journal::{Journal, JournalError};

/// Executions of one cluster that are looked at, newest first: older ones ran on other machines and other workloads.
const LOOKED_AT: usize = 5;

impl EngineHandle {
    /// How long each cluster of this journal took in its last executions.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn usual_paces(&self) -> Result<Vec<(ClusterId, UsualPace)>, EngineError> {
        let Some(journal) = self.0.journal.clone() else {
            return Ok(Vec::new());
        };
        Ok(blocking(move || paces(&journal)).await?)
    }

    /// How long this cluster took in its last executions; nothing where it had none.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn usual_pace(&self, cluster: &ClusterId) -> Result<UsualPace, EngineError> {
        let paces = self.usual_paces().await?;
        let mine = paces.into_iter().find(|(known, _)| known == cluster);
        Ok(mine.map(|(_, pace)| pace).unwrap_or_default())
    }
}

fn paces(journal: &Journal) -> Result<Vec<(ClusterId, UsualPace)>, JournalError> {
    let mut earlier: BTreeMap<String, (Option<ClusterId>, Vec<Earlier>)> = BTreeMap::new();
    for row in journal.executions()? {
        let (cluster, known) = earlier.entry(row.subject).or_default();
        if known.len() >= LOOKED_AT {
            continue;
        }
        let mut one = Earlier::default();
        journal.each_record(&row.id, 0, |row| {
            one.records.push((row.at, Record::from_json(row.version, &row.json)));
        })?;
        if let (None, Some((_, Record::Created { plan, .. }))) = (&cluster, one.records.first()) {
            *cluster = Some(plan.cluster.clone());
        }
        let seen = journal.observations(&row.id)?.into_iter();
        one.events = seen.filter(|one| one.kind == "event").map(|one| one.json).collect();
        known.push(one);
    }
    let paces = earlier
        .into_values()
        .filter_map(|(cluster, earlier)| Some((cluster?, usual_pace(&earlier))));
    Ok(paces.filter(|(_, pace)| *pace != UsualPace::default()).collect())
}
