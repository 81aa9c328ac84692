//! The promises of the README, tested from outside: everything is in the one test binary of this package, `main.rs`.
//!
//! `system/` starts the real `noontide`, kills it, starves it and lies to it; `system/support/` is how. `house.rs` holds the
//! repository to its own rules.
