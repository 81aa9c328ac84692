//! `[schedule.x]`.

use noontide_domain::trigger::Step;
use noontide_domain::{CatchUp, CatchUpMode, HandlerRef, Overlap, Owner, RetryPolicy, Schedule, Trigger, WindowLength};
use serde_json::Value as Json;

use super::trigger::Times;
use super::{input, links, named, own_zone, queue, terms, timetable, trigger};
use crate::reader::Reader;
use crate::tree::{Place, Value};

/// Known to other schedulers and to the plans of this one.
const LATER: [&str; 1] = ["delivery"];

/// `None` if something that a schedule cannot do without is wrong, which is noted. Every key is asked for in any case.
pub(super) fn schedule(reader: &Reader<'_>, name: &str, place: &Place, defaults: &Times<'_>) -> Option<Schedule> {
    let name = reader.good(place, name.parse());
    let timezone = own_zone(reader).unwrap_or(defaults.zone);
    let trigger = trigger::trigger(reader, place, &Times { zone: timezone, ..*defaults });
    if !reader.has("handler") {
        reader.problem(place, "has no `handler`; write handler = \"plugin/handler\"");
    }
    let handler: Option<HandlerRef> =
        reader.text("handler").and_then(|(text, node)| reader.good(&node.place, text.parse()));
    let input = match reader.get("input") {
        None => Some(Json::Object(serde_json::Map::new())),
        Some(node) => input::json(reader, node),
    };
    reader.later(&LATER, "take it out");
    let overlap = match trigger.as_ref().and_then(Trigger::timetable) {
        Some(_) => timetable::overlap(reader, overlap(reader)),
        None => overlap(reader),
    };
    let concurrency = queue::concurrency(reader, overlap);
    let schedule = Schedule {
        description: reader.text("description").map(|(text, _)| text),
        owner: owner(place),
        named: named::names(reader, defaults.triggers),
        timezone,
        priority: queue::priority(reader),
        queue: queue::queue(reader, defaults.queues),
        runs_on: queue::runs_on(reader),
        headers: queue::headers(reader),
        window: window(reader),
        includes: links::names(reader, "includes"),
        supersedes: links::names(reader, "supersedes"),
        catch_up: catch_up(reader),
        overlap,
        concurrency,
        start_deadline: reader.positive("start-deadline"),
        expires: reader.positive("expires"),
        max_runs: reader.count("max-runs", 1).map(|runs| runs as u64),
        jitter: reader.positive("jitter"),
        spread: reader.positive("spread"),
        expect_within: reader.positive("expect-within"),
        retry: retry(reader),
        timeout: reader.positive("timeout"),
        terms: terms::terms(reader, handler.as_ref().map(|handler| &handler.plugin), defaults.grants),
        enabled: reader.flag("enabled").unwrap_or(true),
        asked: None,
        name: name?,
        trigger: trigger?,
        handler: handler?,
        input: input?,
    };
    Some(schedule)
}

/// A length of time, or of the calendar: `"3d"`, `"1 month"`.
fn window(reader: &Reader<'_>) -> Option<WindowLength> {
    let node = reader.get("window")?;
    let is_by_calendar = matches!(&node.value, Value::Text(text) if Step::months_of(text).is_some());
    if !is_by_calendar {
        return reader.positive("window").map(WindowLength::Days);
    }
    let text = reader.as_text("window", node)?;
    reader.good(&node.place, WindowLength::parse(&text).map_err(|reason| format!("`window`: {reason}")))
}

fn owner(place: &Place) -> Owner {
    match place {
        Place::File { path, line, .. } => Owner::File { path: path.display().to_string(), line: *line },
        Place::Outside(name) => Owner::File { path: name.clone(), line: 1 },
    }
}

fn overlap(reader: &Reader<'_>) -> Overlap {
    let Some((text, node)) = reader.text("overlap") else { return Overlap::default() };
    reader.good(&node.place, Overlap::parse(&text).map_err(|reason| format!("`overlap`: {reason}"))).unwrap_or_default()
}

/// `"latest"`, or `{ mode, within, limit }`.
fn catch_up(reader: &Reader<'_>) -> CatchUp {
    let mut catch_up = CatchUp::default();
    let mode = |reader: &Reader<'_>, text: &str, place: &Place| {
        let read = match text {
            "latest" => Ok(CatchUpMode::Latest),
            "all" => Ok(CatchUpMode::All),
            "none" => Ok(CatchUpMode::None),
            _ => Err(format!("`catch-up` is `{text}`; latest, all or none is expected")),
        };
        reader.good(place, read)
    };
    let Some(node) = reader.get("catch-up") else { return catch_up };
    let Value::Table(table) = &node.value else {
        let text = reader.as_text("catch-up", node);
        catch_up.mode = text.and_then(|text| mode(reader, &text, &node.place)).unwrap_or(catch_up.mode);
        return catch_up;
    };
    let inside = reader.inside(table);
    if let Some((text, node)) = inside.text("mode") {
        catch_up.mode = mode(&inside, &text, &node.place).unwrap_or(catch_up.mode);
    }
    catch_up.within = inside.positive("within").unwrap_or(catch_up.within);
    catch_up.limit = inside.count("limit", 1).unwrap_or(catch_up.limit);
    if !inside.finish() {
        reader.spoil();
    }
    catch_up
}

/// A number of attempts, or `{ attempts, backoff, cap }`.
fn retry(reader: &Reader<'_>) -> RetryPolicy {
    let mut retry = RetryPolicy::default();
    let Some(node) = reader.get("retry") else { return retry };
    let Value::Table(table) = &node.value else {
        retry.attempts = reader.count("retry", 1).map_or(retry.attempts, attempts);
        return retry;
    };
    let inside = reader.inside(table);
    retry.attempts = inside.count("attempts", 1).map_or(retry.attempts, attempts);
    let (backoff, cap) = (inside.duration("backoff"), inside.positive("cap"));
    // Of the two, what is not given gives way.
    retry.cap = cap.unwrap_or(retry.cap.max(backoff.unwrap_or_default()));
    retry.backoff = backoff.unwrap_or(retry.backoff.min(retry.cap));
    if retry.backoff > retry.cap {
        inside.problem(&inside.place_of("cap"), "`cap` is shorter than `backoff`; the cap is the longest wait");
    }
    if !inside.finish() {
        reader.spoil();
    }
    retry
}

fn attempts(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
