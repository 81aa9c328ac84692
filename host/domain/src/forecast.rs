//! What will come: the planner on a virtual clock. No host, no plugins, nothing is run.
//!
//! ```text
//! walk        from due instant to due instant, all schedules, a day at a time      walk.rs
//! overlap     what the overlap policy says, given how long runs take                overlap.rs
//! lengths     how long they take                                                    lengths.rs
//! load        seconds, minutes, hours, runs at once                                 load.rs
//! chain       what `after` comes to                                                 chain.rs
//! diff        two lists of schedules over the same span                              diff.rs
//! ```

mod chain;
mod diff;
mod lengths;
mod load;
mod overlap;
mod walk;

pub use chain::resolved;
pub use diff::{Changed, diff};
pub use lengths::{ASSUMED, Lengths};
pub use load::{Busy, CROWD, DAY, Load, Peak};
pub use overlap::Overlaps;
pub use walk::{Span, Told, fires, levels, simulate, simulate_while, who};
