//! The sandbox from outside, with real guests. `make -C plugins` builds them; `NOONTIDE_DIST` names another folder
//! that they lie in.

mod artifacts;
mod canary;
mod deadline;
mod egress;
mod grants;
mod greedy;
mod hostile;
mod outbox;
mod outcomes;
mod programs;
mod refused;
mod share;
mod stage;
mod swap;
mod terms;
mod tiny;
mod trust;
mod versions;
