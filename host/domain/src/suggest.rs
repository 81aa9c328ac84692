//! Did you mean.

/// The candidate nearest to `text`, if it is near enough that a typing slip explains it.
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = text.to_lowercase();
    let length = text.chars().count();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let theirs = candidate.chars().count();
            let near = 1 + theirs.min(length) / 4;
            // Texts of very different lengths are far apart; measuring how far takes long for a text of a whole page.
            let distance = (theirs.abs_diff(length) <= near)
                .then(|| strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()))?;
            (distance <= near).then_some((distance, candidate))
        })
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

    #[test]
    fn a_page_of_text_is_far_from_everything_and_that_takes_no_time() {
        let page = "Asia/Shanghai".repeat(10_000);
        assert_eq!(nearest(&page, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())), None);
    }
}
