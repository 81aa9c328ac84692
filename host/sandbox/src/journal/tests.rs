use super::*;

struct Still;

impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn sleep_until(&self, _: DateTime<Utc>) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }

    fn elapsed(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
}

fn journal(limit: usize) -> Journal {
    Journal::new(Arc::new(Still), &Limits { log_lines: limit, ..Limits::default() })
}

/// What its report would have.
fn closed(journal: &mut Journal) -> (Vec<LogLine>, u64) {
    let (lines, dropped) = journal.close();
    (lines.into_iter().map(|(_, line)| line).collect(), dropped)
}

#[test]
fn lines_of_all_sources_keep_their_order() {
    let mut journal = journal(10);
    journal.print(Stream::Stdout, b"one\ntw");
    journal.log("info", "between", &[]);
    journal.print(Stream::Stdout, b"o\nend");
    let (lines, dropped) = closed(&mut journal);
    let said: Vec<&str> = lines.iter().map(|line| line.message.as_str()).collect();
    assert_eq!((said, dropped), (vec!["one", "between", "two", "end"], 0));
}

#[test]
fn of_a_flood_the_beginning_and_the_end_are_kept_and_the_rest_is_counted() {
    let mut journal = journal(10);
    for number in 0..20_000 {
        journal.print(Stream::Stdout, format!("line {number}\n").as_bytes());
    }
    let (lines, dropped) = closed(&mut journal);
    assert_eq!(lines.len() as u64 + dropped, 20_000);
    assert!(lines.len() < 2_100, "{} lines", lines.len());
    assert_eq!(lines[0].message, "line 0");
    assert_eq!(lines[lines.len() - 1].message, "line 19999");
}

#[test]
fn no_more_is_kept_than_the_limits_say_and_a_long_line_is_kept_in_pieces() {
    let limits = Limits { output: 16 << 10, ..Limits::default() };
    let mut journal = Journal::new(Arc::new(Still), &limits);
    for stream in [Stream::Stdout, Stream::Stderr] {
        journal.print(stream, &b"x".repeat(1 << 20));
    }
    let (lines, dropped) = closed(&mut journal);
    let kept: usize = lines.iter().map(|line| line.message.len()).sum();
    assert!((8 << 10..=16 << 10).contains(&kept) && dropped > 0, "{kept} bytes");
}

#[test]
fn a_line_without_an_end_is_split_and_log_lines_are_cut() {
    let mut journal = journal(1);
    journal.print(Stream::Stderr, &[b'x'; 3 * LINE]);
    journal.log("info", &"y".repeat(2 * LINE), &[]);
    journal.log("info", "over the limit", &[]);
    let (lines, dropped) = closed(&mut journal);
    assert_eq!((lines.len(), dropped), (4, 1));
    assert!(lines.iter().all(|line| line.message.len() <= LINE + '…'.len_utf8()));
}

#[test]
fn an_escape_sequence_cannot_reach_the_terminal() {
    assert_eq!(harmless("a\u{1b}[31mb\r\n\u{9b}", 100), "a\\u{1b}[31mb\\r\\n\\u{9b}");
}

#[test]
fn a_secret_is_in_no_line_and_no_field_however_it_was_printed() {
    let mut journal = journal(10);
    journal.keep_secret("KEY", "two lines\nof one key");
    journal.print(Stream::Stdout, b"begin two li");
    journal.log("info", "two lines\nof one key", &[("key".to_owned(), "=two lines\nof one key".to_owned())]);
    journal.print(Stream::Stdout, b"nes\nof one");
    journal.print(Stream::Stdout, b" key end\ntwo lines\n");
    let (lines, _) = closed(&mut journal);
    let said: Vec<&str> = lines.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(said, ["[secret KEY]", "begin [secret KEY] end", "two lines"]);
    assert_eq!(lines[0].fields, [("key".to_owned(), "=[secret KEY]".to_owned())]);
}

#[test]
fn a_secret_across_the_longest_line_is_found_and_the_last_words_are_without_it() {
    let mut journal = journal(10);
    journal.keep_secret("KEY", "hunter22");
    journal.print(Stream::Stderr, &[b"x".repeat(LINE - 4), b"hunter22 is wrong".to_vec()].concat());
    assert_eq!(journal.last_words().as_deref(), Some("ret KEY] is wrong"));
    journal.print(Stream::Stderr, b"\npanicked at\nhunter22\n");
    assert_eq!(journal.panic_words().as_deref(), Some("panicked at [secret KEY]"));
    assert!(closed(&mut journal).0.iter().all(|line| !line.message.contains("unter")));
}

#[test]
fn of_a_secret_too_short_to_be_taken_out_the_run_is_told() {
    let mut journal = journal(10);
    journal.keep_secret("PIN", "123");
    journal.keep_secret("PIN", "123");
    journal.keep_variable("DEBUG", "1");
    let (lines, _) = closed(&mut journal);
    assert_eq!((lines.len(), lines[0].source.as_str()), (1, "host"));
    assert!(lines[0].message.contains("`PIN` has fewer than 4 characters"), "{}", lines[0].message);
}

#[test]
fn a_panic_is_found_in_what_was_printed() {
    let mut journal = journal(1);
    journal.print(Stream::Stderr, b"\nthread 'main' panicked at src/lib.rs:1:1:\nboom\nnote: run with\n");
    assert_eq!(journal.panic_words().as_deref(), Some("thread 'main' panicked at src/lib.rs:1:1: boom"));
}

#[test]
fn who_listens_hears_each_line_in_its_order_and_what_is_gone_as_a_gap() {
    let mut journal = journal(2);
    journal.print(Stream::Stdout, b"one\nunfini");
    journal.log("info", "two", &[]);
    journal.log("info", "three", &[]);
    journal.log("info", "over the limit", &[]);
    journal.print(Stream::Stderr, b"five\n");
    let said = |last, most| -> Vec<(u64, String)> {
        journal.after(last, most).into_iter().map(|(number, line)| (number, line.message)).collect()
    };
    let line = |number, text: &str| (number, text.to_owned());
    assert_eq!(said(0, 9), [line(1, "one"), line(2, "two"), line(3, "three"), line(5, "five")]);
    assert_eq!((said(1, 2), said(5, 9)), (vec![line(2, "two"), line(3, "three")], vec![]));
}

#[test]
fn of_a_flood_who_listens_hears_the_same_that_is_recorded() {
    let mut journal = journal(10);
    for number in 0..20_000 {
        let stream = if number % 2 == 0 { Stream::Stdout } else { Stream::Stderr };
        journal.print(stream, format!("line {number}\n").as_bytes());
    }
    let mut heard: Vec<NumberedLine> = Vec::new();
    loop {
        let more = journal.after(heard.last().map_or(0, |(last, _)| *last), 100);
        if more.is_empty() {
            break;
        }
        heard.extend(more);
    }
    assert!(heard.is_sorted_by(|(a, _), (b, _)| a < b));
    assert_eq!(heard, journal.close().0);
}
