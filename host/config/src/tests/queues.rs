//! Queues, and who goes first.

use noontide_domain::{Priority, QueueName};
use serde_json::json;

use super::*;

const QUEUES: &str = "[queue.mail]\nconcurrency = 4\n[queue.reports]\n";

#[test]
fn a_schedule_has_its_place_in_a_line_and_headers_that_travel_with_its_runs() {
    let schedule = "[schedule.x]\nhandler = 'a/b'\nevery = '5m'\nqueue = 'mail'\npriority = 200\n\
                    headers = { tenant = 'acme', Trace_Me = 'yes' }\n";
    let config = loaded(&[("a.toml", &format!("{QUEUES}{schedule}"))]).config;
    let read = &config.schedules[0];
    assert_eq!((read.queue.as_str(), read.priority), ("mail", Priority(200)));
    assert_eq!(read.headers.iter().collect::<Vec<_>>(), [("Trace_Me", "yes"), ("tenant", "acme")]);
    let mail: QueueName = "mail".parse().expect("a name");
    assert_eq!(config.queues.limit(&mail), Some(4));
    assert_eq!(config.queues.taken, None, "all");
    let body = json!({
        "handler": "a/b", "every": "5m", "queue": "mail", "priority": 200,
        "headers": { "tenant": "acme", "Trace_Me": "yes" },
    });
    let of_the_api = config.schedule(Body { name: "x", json: &body, onto: None }, Vec::new).expect("a schedule");
    assert_eq!((&of_the_api.queue, of_the_api.priority, &of_the_api.headers), (&mail, Priority(200), &read.headers));
}

#[test]
fn a_schedule_asks_for_hosts_and_bounds_its_runs_and_a_queue_is_counted_over_all_hosts() {
    let queues = "[queue.mail]\nconcurrency = 2\ntotal = 4\n[queue.reports]\n";
    let schedule = "[schedule.x]\nhandler = 'a/b'\nevery = '5m'\noverlap = 'queue-all'\nconcurrency = 3\n\
                    runs-on = { gpu = 'true', Zone_1 = 'a' }\n";
    let config = loaded(&[("a.toml", &format!("{queues}{schedule}"))]).config;
    let read = &config.schedules[0];
    assert_eq!((read.runs_on.to_string().as_str(), read.concurrency), ("Zone_1=a, gpu=true", Some(3)));
    let totals: Vec<_> = config.queues.totals.iter().map(|(name, total)| (name.as_str(), *total)).collect();
    assert_eq!(totals, [("mail", 4)]);
    let body = json!({
        "handler": "a/b", "every": "5m", "overlap": "queue-all", "concurrency": 3, "runs_on": { "gpu": "true", "Zone_1": "a" },
    });
    let of_the_api = config.schedule(Body { name: "x", json: &body, onto: None }, Vec::new).expect("a schedule");
    assert_eq!((&of_the_api.runs_on, of_the_api.concurrency), (&read.runs_on, Some(3)));
}

#[test]
fn a_schedule_that_says_nothing_waits_in_the_default_queue_before_all_calls() {
    let config = loaded(&[("a.toml", "[schedule.x]\nhandler = 'a/b'\nevery = '5m'\n")]).config;
    let read = &config.schedules[0];
    assert!(read.queue.is_default() && read.headers.is_empty() && read.priority > Priority::CALL);
}

#[test]
fn a_host_takes_from_the_queues_it_is_told() {
    let config = loaded(&[("a.toml", &format!("{QUEUES}[engine]\nqueues = ['mail', 'default']\n"))]).config;
    let taken = config.queues.taken.expect("some");
    assert_eq!(taken.iter().map(QueueName::as_str).collect::<Vec<_>>(), ["default", "mail"]);
}

#[test]
fn what_is_wrong_with_a_queue_is_told_with_its_place() {
    let schedule = "[schedule.x]\nhandler = 'a/b'\nevery = '5m'\n";
    let wrong = [
        (format!("{QUEUES}{schedule}queue = 'mial'"), "a.toml:7:9", "there is no queue `mial` — did you mean `mail`?"),
        (format!("{schedule}queue = 'bulk'"), "a.toml:4:9", "a queue begins as a table [queue.bulk]"),
        (format!("{schedule}priority = 256"), "a.toml:4:12", "256 is no priority; 0 to 255"),
        (format!("{schedule}priority = -1"), "a.toml:4:12", "at least 0"),
        (format!("{schedule}headers = {{ a = 1 }}"), "a.toml:4:17", "a string is expected"),
        (format!("{schedule}headers = {{ \"a b\" = 'x' }}"), "a.toml:4:11", "cannot name a header"),
        ("[queue.mail]\nconcurrency = 0".to_owned(), "a.toml:2:15", "at least 1"),
        ("[queue.mail]\ntotal = 0".to_owned(), "a.toml:2:9", "at least 1"),
        ("[queue.mail]\nconcurrency = 5\ntotal = 4".to_owned(), "a.toml:2:15", "make `total` larger"),
        (
            format!("{schedule}concurrency = 2"),
            "a.toml:4:15",
            "overlap `skip` one run goes on at a time; write overlap = \"queue-all\"",
        ),
        (format!("{schedule}overlap = 'queue'\nconcurrency = 2"), "a.toml:5:15", "overlap `queue`"),
        (format!("{schedule}runs-on = 'gpu'"), "a.toml:4:11", "a table is expected"),
        (format!("{schedule}runs-on = {{ gpu = true }}"), "a.toml:4:19", "a string is expected"),
        (format!("{schedule}runs-on = {{ '' = 'x' }}"), "a.toml:4:11", "cannot name a label"),
        ("[queue.mail]\nplaces = 4".to_owned(), "a.toml:2:1", "unknown key `places`"),
        ("[queue.'a b']".to_owned(), "a.toml:1:8", "holds ` `"),
        (format!("{QUEUES}[engine]\nqueues = ['mial']"), "a.toml:5:11", "did you mean `mail`?"),
        ("[engine]\nqueues = []".to_owned(), "a.toml:2:10", "no run would ever begin"),
        ("[engine]\nqueues = 'mail'".to_owned(), "a.toml:2:10", "a list of names"),
    ];
    for (text, place, words) in wrong {
        let found = problems(&[("a.toml", &format!("{text}\n"))], &[]);
        assert!(found.len() == 1 && found[0].starts_with(place) && found[0].contains(words), "{text}: {found:?}");
    }
}
