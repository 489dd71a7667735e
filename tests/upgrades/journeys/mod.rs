//! Headless journeys over several processes: a simulator, one that drives, another that gives commands.

#[cfg(unix)]
mod authors;
mod detached;
mod estate;
mod pausing;
mod processes;
mod recorded;
