//! A plugin of four kilobytes, as text in `tests/data`, as it was when 0.1.0 began.

/// Named `tiny`; its one handler `run` is done with the result "0.1".
pub fn of_this_contract() -> Vec<u8> {
    wat::parse_str(include_str!("../data/tiny-0.1.wat")).expect("a component")
}
