//! The promises of the README on the real binary (`system/`), and the repository's own rules (`house.rs`).
//!
//! ```text
//! make system                                        what `make test` runs
//! cargo test -p noontide-tests main_job              one theme
//! NOONTIDE_KILLS=50 NOONTIDE_SWAPS=200 NOONTIDE_HOSTILE=1000 NOONTIDE_MUTATIONS=10000 cargo test -p noontide-tests -- --nocapture    `make torture`
//! NOONTIDE_HOST_KILLS=100 NOONTIDE_ZOMBIES=50 NOONTIDE_CUTS=60 cargo test -p noontide-tests hosts -- --nocapture    `make torture-postgres`
//! NOONTIDE_SEED=17 …                                 the same random moments again; the seed is printed
//! NOONTIDE_BIN=/usr/bin/noontide …                   another binary than the one beside the tests
//! ```

mod house;
mod system;
