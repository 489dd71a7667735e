//! Journeys by keys alone, and the screens as text in their states and sizes.

mod gate_screens;
mod journeys;
mod people;
mod plan_screens;
mod planning;
mod screens;
mod trouble;
mod trouble_screens;
