//! Plugins of four kilobytes, as text in `tests/data`: one of this contract, one of a next version that is there for tests.

/// Named `tiny`; its one handler `run` is done with the result "0.1".
pub fn of_this_contract() -> Vec<u8> {
    wat::parse_str(include_str!("../data/tiny-0.1.wat")).expect("a component")
}

/// Named `next`; its handler logs a line, asks for a thing that 0.1 has not, and is done with "0.2".
pub fn of_the_next_contract() -> Vec<u8> {
    wat::parse_str(include_str!("../data/tiny-0.2.wat")).expect("a component")
}
