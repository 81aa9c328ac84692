//! `every`: elapsed time, or steps of the calendar.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use noontide_domain::Trigger;
use noontide_domain::trigger::every::{self, Every, Length};
use noontide_domain::trigger::{Step, Within};

use crate::reader::Reader;
use crate::tree::{Node, Value};

/// With a start, the start is the first fire.
pub(super) fn every(
    reader: &Reader<'_>,
    node: &Node,
    zone: Tz,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
) -> Option<Trigger> {
    let length = match &node.value {
        Value::Text(_) => {
            let text = reader.as_text("every", node)?;
            reader.good(&node.place, every::parse(&text).map_err(|reason| format!("`every`: {reason}")))?
        }
        _ => Length::Elapsed(reader.as_duration("every", node)?),
    };
    if start.zip(end).is_some_and(|(start, end)| start > end) {
        return reader.good(&reader.place_of("end"), Err("`end` lies before `start`: it would never fire"));
    }
    match length {
        Length::Elapsed(every) if every < every::SHORTEST => {
            reader.good(&node.place, Err(format!("`every`: {}", every::TOO_SHORT)))
        }
        Length::Elapsed(every) => Some(Trigger::Every(Every { every, start, end })),
        Length::Months(months) => {
            let step = Trigger::Step(reader.good(&node.place, Step::new(months, start, zone))?);
            let bounded = end.map(|end| Within::new(step.clone(), None, Some(end)));
            match bounded {
                None => Some(step),
                Some(within) => {
                    reader.good(&reader.place_of("end"), within).map(|within| Trigger::Within(Box::new(within)))
                }
            }
        }
    }
}
