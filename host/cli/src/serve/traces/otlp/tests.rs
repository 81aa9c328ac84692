//! Spans as a collector gets them.

use std::io::{Read, Write};
use std::net::TcpListener;

use noontide_domain::{Key, Outcome, Report, RunId, RunState};
use opentelemetry_otlp::{Protocol, WithExportConfig};

use super::*;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn order() -> Order {
    let due: DateTime<Utc> = "2026-07-01T08:00:00Z".parse().unwrap();
    let id = RunId::new();
    let order = Order::new(id, Key::manual(id), "mail/send".parse().unwrap(), due, Cause::Schedule);
    Order { schedule: Some("nightly".parse().unwrap()), trace_id: TRACE.to_owned(), ..order }
}

fn report(order: &Order, outcome: Outcome) -> Report {
    let started_at = order.due_at + TimeDelta::seconds(2);
    Report { started_at, ..Report::never_began(outcome, started_at + TimeDelta::seconds(3)) }
}

#[test]
fn an_attempt_is_a_part_of_its_run_and_a_retry_names_the_attempt_before() {
    let (order, scope) = (order(), InstrumentationScope::builder("test").build());
    let failed = Outcome::Failed { message: "no".into(), retryable: true, after: None };
    let first = report(&order, failed);
    let first = spans(AttemptEnd { order: &order, attempt: 1, state: RunState::Ready, report: &first }, &scope);
    assert_eq!(first.len(), 1, "the run goes on");
    assert_eq!(first[0].status, Status::error("no"));
    let second = report(&order, Outcome::Succeeded { result: None });
    let second = spans(AttemptEnd { order: &order, attempt: 2, state: RunState::Succeeded, report: &second }, &scope);
    let [attempt, run] = &second[..] else { panic!("{second:?}") };
    assert_eq!((run.name.as_ref(), attempt.name.as_ref()), ("nightly", "mail/send"));
    assert_eq!(
        (attempt.parent_span_id, first[0].parent_span_id),
        (run.span_context.span_id(), run.span_context.span_id())
    );
    assert_eq!(attempt.links[0].span_context.span_id(), first[0].span_context.span_id());
    assert_eq!(
        (run.start_time, attempt.start_time),
        (order.due_at.into(), (order.due_at + TimeDelta::seconds(2)).into())
    );
    assert!(second.iter().chain(&first).all(|span| span.span_context.trace_id().to_string() == TRACE));
}

#[test]
fn a_collector_gets_spans_as_protobuf_over_http() {
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/v1/traces", receiver.local_addr().unwrap());
    let received = std::thread::spawn(move || {
        let (mut stream, _) = receiver.accept().unwrap();
        let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
        // The schedule's name is in the last span of the batch.
        while !contains(&bytes, b"nightly") {
            let read = stream.read(&mut chunk).unwrap();
            assert!(read > 0, "it went away");
            bytes.extend_from_slice(&chunk[..read]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        bytes
    });
    let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).with_endpoint(endpoint);
    let sender =
        Sender::to(exporter.build().unwrap(), &Resource::builder_empty().with_service_name("noontide").build());
    let order = order();
    let report = report(&order, Outcome::Succeeded { result: None });
    sender.ended(AttemptEnd { order: &order, attempt: 1, state: RunState::Succeeded, report: &report });
    sender.end();
    let request = received.join().unwrap();
    assert!(request.starts_with(b"POST /v1/traces HTTP/1.1\r\n"));
    assert!(contains(&request, b"application/x-protobuf"));
    let trace = TraceId::from_hex(TRACE).unwrap().to_bytes();
    // Field 1 of a span, of 16 bytes.
    assert!(contains(&request, &[&[0x0a, 16][..], &trace].concat()), "the trace's id");
    assert!(contains(&request, b"mail/send") && contains(&request, order.id.to_string().as_bytes()));
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
