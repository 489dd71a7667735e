//! Every scenario that says what a diagnosis should tell, looked at cold over real HTTP: survey and live picture of a
//! running simulator, then the rules, compared with what the scenario expects.

mod compare;
mod families;
mod look;
