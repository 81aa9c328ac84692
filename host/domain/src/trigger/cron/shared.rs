//! One calendar for all triggers of the same expression: compiled it is some 4 KiB, and a hundred thousand schedules write
//! the same few thousand expressions.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use super::calendar::Calendar;
use super::error::CronError;
use super::rules::Dialect;

/// What is compiled to the same calendar.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Script {
    /// The text, or the table as one.
    pub text: Arc<str>,
    /// A table's text is no expression.
    pub is_table: bool,
    pub dialect: Dialect,
}

/// Calendars that somebody has, and some that nobody has any more.
static CALENDARS: LazyLock<Mutex<HashMap<Script, Weak<Calendar>>>> = LazyLock::new(Mutex::default);

/// The calendar of `script`, compiled if nobody has it.
pub(super) fn calendar(
    script: Script,
    compile: impl FnOnce() -> Result<Calendar, CronError>,
) -> Result<Arc<Calendar>, CronError> {
    let known = || CALENDARS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(calendar) = known().get(&script).and_then(Weak::upgrade) {
        return Ok(calendar);
    }
    // Compiled without the lock: a long expression keeps nobody waiting.
    let calendar = Arc::new(compile()?);
    let mut calendars = known();
    if calendars.len() == calendars.capacity() {
        calendars.retain(|_, calendar| calendar.strong_count() > 0);
    }
    calendars.insert(script, Arc::downgrade(&calendar));
    Ok(calendar)
}
