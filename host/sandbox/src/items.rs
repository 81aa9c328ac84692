//! What a handler said of the items it was handed.

use std::collections::HashMap;

use noontide_domain::{Item, ItemOutcome, Outcome};

use crate::bindings::types as wit;
use crate::journal::harmless;
use crate::redact::Redactor;

/// What is kept of one item's words, in bytes. There may be thousands of them.
const WORDS: usize = 1 << 10;

/// What is kept of the words about all of them, in bytes.
const MESSAGE: usize = 4 << 10;

/// One outcome for each item that was handed over, and one for the run. What the handler is silent about has failed: done is
/// only what it says is done. What it says of others is nobody's.
pub(crate) fn judge(handed: &[Item], said: &[wit::ItemOutcome], redactor: &Redactor) -> (Outcome, Vec<ItemOutcome>) {
    let said: HashMap<_, _> = said.iter().map(|one| (one.key.as_str(), &one.outcome)).collect();
    let judged = |item: &Item| {
        let error = match said.get(item.key.hex().as_str()) {
            Some(Ok(())) => None,
            Some(Err(why)) => Some(redactor.words(why, WORDS)),
            None => Some("the handler did not say what became of it".to_owned()),
        };
        ItemOutcome { key: item.key.hash, error }
    };
    let items: Vec<_> = handed.iter().map(judged).collect();
    let bad = || handed.iter().zip(&items).filter_map(|(item, one)| Some((item, one.error.as_ref()?)));
    let Some((first, why)) = bad().next() else { return (Outcome::Succeeded { result: None }, items) };
    let message = format!("{} of {} items failed, the first is {}: {why}", bad().count(), items.len(), first.key);
    (Outcome::Failed { message: harmless(&message, MESSAGE), retryable: true, after: None }, items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use noontide_domain::{Key, KeyPart};

    fn item(name: &str) -> Item {
        Item { key: Key { text: name.to_owned(), ..Key::of("item", &[KeyPart::Text(name)]) }, payload: "1".to_owned() }
    }

    fn said(item: &Item, outcome: Result<(), String>) -> wit::ItemOutcome {
        wit::ItemOutcome { key: item.key.hex(), outcome }
    }

    #[test]
    fn what_a_handler_is_silent_about_has_failed() {
        let handed = [item("a"), item("b"), item("c")];
        let answer =
            [said(&handed[0], Ok(())), said(&handed[1], Err("no such channel".to_owned())), said(&item("z"), Ok(()))];
        let (outcome, items) = judge(&handed, &answer, &Redactor::default());
        let errors: Vec<_> = items.iter().map(|one| one.error.as_deref()).collect();
        assert_eq!(errors, [None, Some("no such channel"), Some("the handler did not say what became of it")]);
        let message = outcome.message().expect("it failed");
        assert_eq!(message, "2 of 3 items failed, the first is b: no such channel");
    }

    #[test]
    fn a_run_whose_items_are_all_done_has_succeeded() {
        let handed = [item("a")];
        let (outcome, items) = judge(&handed, &[said(&handed[0], Ok(()))], &Redactor::default());
        assert_eq!(outcome, Outcome::Succeeded { result: None });
        assert_eq!(items, [ItemOutcome { key: handed[0].key.hash, error: None }]);
    }
}
