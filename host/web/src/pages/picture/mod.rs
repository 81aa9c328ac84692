//! Pictures, drawn by the server as SVG: pure functions from data to shapes, which templates write down. Colours are classes.

pub(crate) mod lifeline;
