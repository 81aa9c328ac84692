//! Why a text is no cron expression.

/// One line that names the field, the text, its column and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CronError(String);

impl CronError {
    pub(super) fn new(message: String) -> Self {
        Self(message)
    }
}

/// `text` as it can stand in a line: at most 60 characters, control characters spelled out.
pub(super) fn cut(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(60)
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect();
    if text.chars().nth(60).is_some() {
        shown.push('…');
    }
    shown
}
