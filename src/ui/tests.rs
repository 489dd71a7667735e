//! Journeys by keys alone, and the screens as text in their states and sizes.

mod compact;
mod gate_screens;
mod hostile;
mod journeys;
mod people;
mod plan_screens;
mod planning;
mod preferences;
mod replay;
mod requests;
mod screens;
mod trouble;
mod trouble_screens;
