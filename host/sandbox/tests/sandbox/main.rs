//! The sandbox from outside, with real guests. `make -C plugins` builds them; `NOONTIDE_DIST` names another folder
//! that they lie in.

mod artifacts;
mod canary;
mod egress;
mod grants;
mod hostile;
mod outcomes;
mod programs;
mod refused;
mod stage;
mod swap;
mod tiny;
mod trust;
