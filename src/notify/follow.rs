//! Watches executions and clusters for as long as a process lives, and has told what changes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::notifier::Notifier;
use super::watcher::Watcher;
use crate::clock::Clock;
use crate::domain::ids::{ClusterId, ExecutionId};
use crate::engine::handle::EngineHandle;
use crate::engine::view::ExecutionView;
use crate::inventory::handle::InventoryHandle;
use crate::inventory::snapshot::FleetSnapshot;

/// Shortest time between two looks, in wall time.
const PAUSE: Duration = Duration::from_millis(300);
/// Longest time between two looks, in wall time: patience runs out without any news.
const LOOK: Duration = Duration::from_secs(5);

/// About what one is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything that can be seen.
    All,
    /// Executions that this process drives or has driven, and their clusters.
    DrivenHere,
}

/// What is watched.
#[derive(Clone, Debug)]
pub struct Watched {
    pub inventory: InventoryHandle,
    pub engine: EngineHandle,
    pub clock: Clock,
    pub scope: Scope,
}

/// Watching that goes on until it is finished or dropped.
#[derive(Debug)]
pub struct Following {
    end: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
    notifier: Notifier,
}

/// Begins to watch: what is so already is not told. Must be called inside a tokio runtime.
pub fn follow(sight: Watched, notifier: Notifier) -> Following {
    let (end, ended) = oneshot::channel();
    let watcher = Watcher::new(sight.clock.now());
    let task = tokio::spawn(run(sight, watcher, notifier.clone(), ended));
    Following {
        end: Some(end),
        task,
        notifier,
    }
}

impl Following {
    /// Looks a last time, and waits a little for what is being sent.
    pub async fn finish(mut self) {
        if let Some(end) = self.end.take() {
            // An error means that the task has ended already.
            let _ = end.send(());
        }
        if let Err(error) = (&mut self.task).await {
            tracing::warn!(%error, "the watching for notices broke");
        }
        self.notifier.finish().await;
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(sight: Watched, mut watcher: Watcher, notifier: Notifier, mut ended: oneshot::Receiver<()>) {
    let mut executions = sight.engine.subscribe();
    let mut fleet = sight.inventory.subscribe();
    let mut driven = BTreeSet::new();
    let mut is_last = false;
    loop {
        let views = Arc::clone(&executions.borrow_and_update());
        let snapshot = Arc::clone(&fleet.borrow_and_update());
        let (views, snapshot) = match sight.scope {
            Scope::All => (views, snapshot),
            Scope::DrivenHere => narrowed(&sight.engine, &mut driven, &views, &snapshot),
        };
        for notice in watcher.look(sight.clock.now(), &views, &snapshot) {
            notifier.tell(notice);
        }
        if is_last {
            return;
        }
        let news = async {
            tokio::time::sleep(PAUSE).await;
            // A sender that is gone has nothing more to say: then only the time brings the next look.
            let changed = async {
                tokio::select! {
                    Ok(()) = executions.changed() => (),
                    Ok(()) = fleet.changed() => (),
                    else => std::future::pending().await,
                }
            };
            let _ = tokio::time::timeout(LOOK, changed).await;
        };
        tokio::select! {
            // Told to end, or nobody is left: once more around.
            _ = &mut ended => is_last = true,
            () = news => {}
        }
    }
}

/// What this process drives or has driven, with the clusters that are about it.
fn narrowed(
    engine: &EngineHandle,
    driven: &mut BTreeSet<ExecutionId>,
    views: &[Arc<ExecutionView>],
    fleet: &FleetSnapshot,
) -> (Arc<Vec<Arc<ExecutionView>>>, Arc<FleetSnapshot>) {
    let is_new = |view: &&Arc<ExecutionView>| engine.is_driven_here(&view.id);
    driven.extend(views.iter().filter(is_new).map(|view| view.id.clone()));
    let mine: Vec<Arc<ExecutionView>> = views
        .iter()
        .filter(|view| driven.contains(&view.id))
        .map(Arc::clone)
        .collect();
    let clusters: BTreeSet<&ClusterId> = mine.iter().map(|view| &view.plan.cluster).collect();
    let fleet = FleetSnapshot {
        clusters: fleet
            .clusters
            .iter()
            .filter(|cluster| clusters.contains(&cluster.id))
            .map(Arc::clone)
            .collect(),
        ..FleetSnapshot::default()
    };
    (Arc::new(mine), Arc::new(fleet))
}
