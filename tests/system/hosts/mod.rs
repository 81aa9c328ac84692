//! Several hosts at one PostgreSQL, or one MariaDB: killed, frozen, out of time, cut off; and their databases.
//!
//! ```text
//! make torture-postgres, make torture-mariadb     the long forms
//! NOONTIDE_HOST_KILLS, NOONTIDE_ZOMBIES, NOONTIDE_CUTS (seconds)
//! ```

mod clocks;
mod cuts;
mod equals;
mod kills;
mod lost;
mod servers;
mod versions;
mod zombies;
