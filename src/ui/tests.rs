//! Journeys by keys alone, and the screens as text in their states and sizes.

mod journeys;
mod screens;
