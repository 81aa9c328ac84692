//! How long something took, as a reader of a table wants it: three figures under a minute, two units above.

use chrono::TimeDelta;
use noontide_domain::duration;

/// `0 ms`, `512 ms`, `3.41 s`, `34.1 s`, `2m10s`, `3h20m`. What ran backwards took nothing.
pub(crate) fn length(length: TimeDelta) -> String {
    let length = length.to_std().unwrap_or_default();
    let seconds = length.as_secs_f64();
    match length.as_millis() {
        0..1_000 => format!("{} ms", length.as_millis()),
        1_000..10_000 => format!("{seconds:.2} s"),
        10_000..60_000 => format!("{seconds:.1} s"),
        _ => duration::coarse(length),
    }
}

/// The same of milliseconds.
pub(crate) fn length_ms(millis: u64) -> String {
    length(TimeDelta::milliseconds(i64::try_from(millis).unwrap_or(i64::MAX / 1_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_as_many_figures_as_anybody_reads() {
        let told = [0, 512, 3_410, 34_120, 130_000, 12_000_000].map(length_ms);
        assert_eq!(told, ["0 ms", "512 ms", "3.41 s", "34.1 s", "2m10s", "3h20m"]);
        assert_eq!(length(TimeDelta::seconds(-1)), "0 ms");
    }
}
