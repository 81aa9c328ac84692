//! A cron expression, or a table of fields: `=` in the text parts a field from its value, `;` one field from the next.
//! The first three bytes choose rules, zone and year.
#![no_main]

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use libfuzzer_sys::fuzz_target;
use noontide_domain::Lang;
use noontide_domain::trigger::Cron;
use noontide_domain::trigger::cron::{Dialect, DstGap, DstOverlap, Rules, Source};
use noontide_fuzz::{one_line, soon, zone};

fuzz_target!(|bytes: &[u8]| {
    let [rules_byte, zone_byte, year_byte, text @ ..] = bytes else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let rules = rules(*rules_byte);
    let zone = zone(*zone_byte);
    match soon(format_args!("{text:?}"), || Cron::read(source(text), zone, rules)) {
        Ok(cron) => walk(&cron, DateTime::from_timestamp(i64::from(*year_byte) * 31_556_952, 0).expect("a year")),
        Err(refusal) => one_line(&refusal.to_string()),
    }
});

fn rules(byte: u8) -> Rules {
    Rules {
        dialect: [Dialect::Posix, Dialect::Quartz, Dialect::Celery, Dialect::Apscheduler][usize::from(byte % 4)],
        dst_gap: if byte & 4 == 0 { DstGap::Vixie } else { DstGap::Skip },
        dst_overlap: if byte & 8 == 0 { DstOverlap::Vixie } else { DstOverlap::Both },
    }
}

fn source(text: &str) -> Source {
    let fields = text.split(';').filter_map(|field| field.split_once('='));
    let table: BTreeMap<_, _> = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    if table.is_empty() { Source::Text(text.to_owned()) } else { Source::Table(table) }
}

fn walk(cron: &Cron, from: DateTime<Utc>) {
    for lang in [Lang::En, Lang::Zh] {
        assert!(!cron.words(lang).trim().is_empty());
        cron.notes(lang).iter().for_each(|note| one_line(note));
    }
    let mut after = from;
    for _ in 0..20 {
        let Some(due) = soon(format_args!("{cron:?} after {after}"), || cron.next_after(after)) else { return };
        assert!(due > after, "{cron:?}: {due} after {after}");
        let before = due - TimeDelta::milliseconds(1);
        assert_eq!(cron.next_after(before), Some(due), "{cron:?}: {due} is due, and not when asked just before");
        after = due;
    }
}
