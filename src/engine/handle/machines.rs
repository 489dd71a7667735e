//! Driving across machines, by the cluster's Lease: who drives, asking for the controls, going on elsewhere.
//! Never acts on a cluster before the Lease is ours and its last holder has stopped.

use std::sync::Arc;
use std::time::Duration;

use super::super::command::Person;
use super::super::driver::leasing::{Contender, Outcome};
use super::super::lease::{LeaseHolder, Standing, Story, asked, asked_by, handed_to, holder_of, standing, story};
use super::super::record::Origin;
use super::driving::keep;
use super::{EngineError, EngineHandle, Preparation};
use crate::clock::Clock;
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::domain::lease::LeaseObject;
use crate::kubernetes::lease::LeaseWrite;

/// Tries of a write that others write in between of.
const TRIES: u32 = 8;

impl EngineHandle {
    /// Who drives the cluster by its Lease, this or another machine; `None` where nobody does.
    ///
    /// # Errors
    /// When the API server cannot be asked, or a right is missing.
    pub async fn lease(&self, cluster: &ClusterId) -> Result<Option<LeaseHolder>, EngineError> {
        let found = self.read_lease(cluster).await?;
        Ok(found.and_then(|lease| holder_of(&lease, Clock::wall().now(), self.0.lease_times)))
    }

    /// Asks the Lease's holder, on whatever machine, to hand over; once it does, this process goes on by itself.
    ///
    /// # Errors
    /// When the session is read-only, nobody holds the Lease, or it cannot be written.
    pub async fn ask_for_lease(&self, cluster: &ClusterId) -> Result<(), EngineError> {
        self.writable()?;
        let me = self.0.settings.person.clone();
        let api = self.api_server(cluster);
        for _ in 0..TRIES {
            let found = self.read_lease(cluster).await?.filter(|lease| lease.holder.is_some());
            let lease = found.ok_or_else(|| EngineError::no_lease(cluster, "nobody holds it"))?;
            let written = api.write_lease(&asked(&lease, &me)).await;
            match written.map_err(|error| EngineError::of_api_server(cluster, error))? {
                LeaseWrite::Written(_) => {
                    self.wait_for_lease(cluster.clone(), me);
                    return Ok(());
                }
                LeaseWrite::Conflict => {}
            }
        }
        Err(EngineError::no_lease(cluster, "others write it all the time"))
    }

    /// Goes on with an execution of another machine: takes its Lease, by expiry, by a hand-over, or against its
    /// holder's will; the reason is recorded on the Lease and here. Returns when the old holder has certainly
    /// stopped, at most about a minute later.
    ///
    /// # Errors
    /// As [`EngineHandle::start`]; or where the Lease tells no plan.
    pub async fn take_over_lease(
        &self,
        cluster: &ClusterId,
        by: Person,
        reason: String,
    ) -> Result<ExecutionId, EngineError> {
        let id = self.begin(cluster).await?;
        let mut contender = self.contender(&id, cluster).await?;
        contender.me.person = by.clone();
        let (lease, story) = self.take_with_story(&contender, cluster, &reason).await?;
        let origin = Origin::OtherMachine {
            execution: story.execution,
            driver: story.person,
            reason,
            done: story.note.done,
        };
        let keeper = keep(contender, Ok(lease));
        self.create(id, story.note.plan, by, Some(origin), Preparation::default(), keeper)
            .await
    }

    /// Takes the Lease together with the story it told right before.
    async fn take_with_story(
        &self,
        contender: &Contender,
        cluster: &ClusterId,
        reason: &str,
    ) -> Result<(LeaseObject, Story), EngineError> {
        let mut first = None;
        for _ in 0..TRIES {
            let before = self
                .read_lease(cluster)
                .await?
                .ok_or_else(|| EngineError::no_lease(cluster, "there is none"))?;
            let story = story(&before, cluster)
                .ok_or_else(|| EngineError::no_lease(cluster, "it tells no plan to go on with"))?;
            // Against the will of the one a person has looked at, not of whoever came in between.
            let present = first.get_or_insert_with(|| story.execution.clone());
            let outcome = match standing(Some(&before), &contender.me, Clock::wall().now(), contender.times) {
                Standing::Held(holder) if *present != story.execution => Outcome::HeldBy {
                    holder: Box::new(holder),
                    since: before.acquired_at,
                },
                Standing::Held(_) => contender.take_by_force(&before, reason).await,
                Standing::Free | Standing::Ours | Standing::Expired(_) => contender.take().await,
            };
            match outcome {
                Outcome::Got(lease) => return Ok((*lease, story)),
                Outcome::HeldBy { holder, since } if holder.execution != story.execution => {
                    return Err(EngineError::lease_held(cluster, *holder, since));
                }
                // It was renewed in between: once more, with what it tells now.
                Outcome::HeldBy { .. } => {}
                Outcome::Unavailable { why, .. } => return Err(EngineError::no_lease(cluster, why)),
            }
        }
        Err(EngineError::no_lease(cluster, "others write it all the time"))
    }

    async fn read_lease(&self, cluster: &ClusterId) -> Result<Option<LeaseObject>, EngineError> {
        let found = self.api_server(cluster).read_lease().await;
        found.map_err(|error| EngineError::of_api_server(cluster, error))
    }

    /// Goes on with the execution when its Lease is handed to this person; ends when somebody else gets it.
    fn wait_for_lease(&self, cluster: ClusterId, me: Person) {
        let (engine, leave) = (Arc::downgrade(&self.0), self.0.leave.clone());
        let every = self.0.lease_times.renew_every / 2;
        tokio::spawn(async move {
            let mut pause = Duration::ZERO;
            loop {
                tokio::select! {
                    () = leave.cancelled() => return,
                    () = tokio::time::sleep(pause) => pause = every,
                }
                let Some(engine) = engine.upgrade().map(EngineHandle) else {
                    return;
                };
                let Ok(found) = engine.read_lease(&cluster).await else {
                    continue;
                };
                let Some(present) = found else { return };
                let is_held = present.holder.is_some();
                if !is_held && handed_to(&present).as_ref() == Some(&me) {
                    let taken = engine.take_over_lease(&cluster, me, "handed over as asked".to_owned());
                    if let Err(error) = taken.await {
                        tracing::warn!(%error, "what was handed over could not be driven");
                    }
                    return;
                }
                if !is_held || asked_by(&present).as_ref() != Some(&me) {
                    return;
                }
            }
        });
    }
}
