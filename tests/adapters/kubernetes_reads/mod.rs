//! What the Kubernetes client reads on demand, and the single changes it makes, against the simulator's API server.

mod cluster;
mod objects;
mod survey;
mod survey_limits;
mod workloads;
