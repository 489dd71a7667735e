//! The engine over real HTTP: the real Azure client against the simulator, a real journal on disk.

mod controls;
mod crash;
mod faults;
mod foreign;
mod journeys;
mod machines;
mod rivals;
mod scenarios;
mod world;
