//! The world behind its lock: every look first brings it up to the clock's time, and tells the watchers.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::world::World;
use crate::clock::Clock;

/// A clonable way to the one world.
#[derive(Clone, Debug)]
pub struct SharedWorld(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    world: Mutex<World>,
    /// Counts the looks that may have changed something; watchers wait on it.
    looks: watch::Sender<u64>,
    clock: Clock,
}

impl SharedWorld {
    pub fn new(world: World, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            world: Mutex::new(world),
            looks: watch::Sender::new(0),
            clock,
        }))
    }

    /// Brings the world up to now, runs `act` on it, and wakes the watchers.
    pub fn with<R>(&self, act: impl FnOnce(&mut World) -> R) -> R {
        let answer = {
            // A panic in a request handler leaves the world as it was; the simulation goes on.
            let mut world = self.0.world.lock().unwrap_or_else(PoisonError::into_inner);
            world.advance_to(self.0.clock.now());
            act(&mut world)
        };
        self.wake();
        answer
    }

    /// Like `with`, without waking anybody: for watchers themselves.
    pub fn look<R>(&self, read: impl FnOnce(&World) -> R) -> R {
        let world = self.0.world.lock().unwrap_or_else(PoisonError::into_inner);
        read(&world)
    }

    /// Wakes the watchers without a look.
    pub(super) fn wake(&self) {
        self.0.looks.send_modify(|looks| *looks += 1);
    }

    /// Changes whenever the world may have.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.looks.subscribe()
    }

    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }
}
