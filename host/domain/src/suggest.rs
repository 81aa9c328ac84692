//! Did you mean.

/// The candidate nearest to `text`, if it is near enough that a typing slip explains it.
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&text.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count().min(text.chars().count()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// ` — did you mean `x`?`, or nothing.
pub fn hint<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(text, candidates).map(|found| format!(" — did you mean `{found}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_a_different_word_is_not() {
        assert_eq!(nearest("sendd", ["send", "receive"]), Some("send"));
        assert_eq!(nearest("Asia/Shangai", ["Asia/Shanghai", "Asia/Tokyo"]), Some("Asia/Shanghai"));
        assert_eq!(nearest("cron", ["timetable", "solar"]), None);
    }
}
