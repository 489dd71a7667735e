//! Repairs end to end: planned from a survey, shown, made over HTTP against the simulator, and taken back.

mod azure;
mod crash;
mod cures;
mod estate;
mod objects;
