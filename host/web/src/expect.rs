//! Verbs over many: the caller says how many it saw, so that a filter that means something else by now does nothing.

use axum::http::StatusCode;

use crate::problem::{Answer, Problem};

/// Things that one request does something with: each is a transaction, and somebody waits for the answer.
pub(crate) const MOST: usize = 1_000;

/// # Errors
/// It is another number than the caller saw, by more than a tenth; or too many.
pub(crate) fn expected(what: &str, expect: usize, found: usize) -> Answer<()> {
    if found > MOST {
        let detail = format!("the filter means more than {MOST} {what}; narrow it, and do it in several requests");
        return Err(Problem::too_large(detail));
    }
    if found.abs_diff(expect) > expect / 10 {
        let detail = format!(
            "the filter means {found} {what} now, and `expect` says {expect}; nothing was done. Look at the list again"
        );
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_more_or_less_is_what_the_caller_saw() {
        for (expect, found) in [(0, 0), (9, 9), (10, 11), (100, 90), (1_000, 1_000)] {
            assert!(expected("runs", expect, found).is_ok(), "{expect} {found}");
        }
        for (expect, found) in [(0, 1), (9, 10), (10, 12), (100, 89), (1_001, 1_001), (5, 0)] {
            assert!(expected("runs", expect, found).is_err(), "{expect} {found}");
        }
    }
}
