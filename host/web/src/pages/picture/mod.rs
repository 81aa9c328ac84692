//! Pictures, drawn by the server as SVG: pure functions from data to shapes, which templates write down. Colours are classes.

pub(crate) mod day;
pub(crate) mod heat;
pub(crate) mod lengths;
pub(crate) mod lifeline;
pub(crate) mod month;
pub(crate) mod spark;
