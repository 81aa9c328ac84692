//! The text that Prometheus reads (exposition format 0.0.4). Ours to write: libraries for it keep metrics of their own, and what
//! is told here is counted elsewhere and read when somebody asks.

use std::fmt::Write as _;

use noontide_domain::tally::{BOUNDS, Spread};

/// What Prometheus has to be told of the text.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What kind of numbers a metric has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Grows from the start of the host on.
    Counter,
    /// What is now.
    Gauge,
    /// Lengths of time, by their bounds.
    Histogram,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }
}

/// A metric: its name, its kind, and what it means.
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) help: &'static str,
}

impl Metric {
    pub(crate) const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Counter, help }
    }

    pub(crate) const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Gauge, help }
    }

    pub(crate) const fn histogram(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Histogram, help }
    }
}

/// A label and what it says.
pub(crate) type Label<'l> = (&'static str, &'l str);

/// The text as far as it is written.
#[derive(Default)]
pub(crate) struct Page(String);

impl Page {
    /// Begins a metric; its samples follow. One without samples is told all the same, so that its name is known.
    pub(crate) fn metric(&mut self, metric: &Metric) -> Samples<'_> {
        let Metric { name, kind, help } = metric;
        // Nothing is written in vain: a string takes it all.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {}", kind.as_str());
        Samples { text: &mut self.0, name: metric.name }
    }

    /// One number without labels.
    pub(crate) fn one(&mut self, metric: &Metric, value: f64) {
        self.metric(metric).add(&[], value);
    }

    /// A number that there may be none of.
    pub(crate) fn maybe(&mut self, metric: &Metric, value: Option<f64>) {
        let mut samples = self.metric(metric);
        value.into_iter().for_each(|value| samples.add(&[], value));
    }

    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

/// The samples of one metric.
pub(crate) struct Samples<'p> {
    text: &'p mut String,
    name: &'static str,
}

impl Samples<'_> {
    pub(crate) fn add(&mut self, labels: &[Label<'_>], value: f64) {
        self.line("", labels, None, value);
    }

    /// All that a histogram has.
    pub(crate) fn spread(&mut self, labels: &[Label<'_>], spread: &Spread) {
        let mut sum = 0;
        let bounds = BOUNDS.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(spread.counts.iter().copied().chain(std::iter::repeat(0))) {
            sum += count;
            self.line("_bucket", labels, Some(("le", &bound)), sum as f64);
        }
        self.line("_sum", labels, None, spread.seconds);
        self.line("_count", labels, None, sum as f64);
    }

    fn line(&mut self, suffix: &str, labels: &[Label<'_>], last: Option<Label<'_>>, value: f64) {
        self.text.push_str(self.name);
        self.text.push_str(suffix);
        let mut mark = '{';
        for (name, said) in labels.iter().chain(&last) {
            self.text.push(mark);
            self.text.push_str(name);
            self.text.push_str("=\"");
            said.chars().for_each(|character| self.escaped(character));
            self.text.push('"');
            mark = ',';
        }
        if mark == ',' {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }

    fn escaped(&mut self, character: char) {
        match character {
            '\\' => self.text.push_str("\\\\"),
            '"' => self.text.push_str("\\\""),
            '\n' => self.text.push_str("\\n"),
            other => self.text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use noontide_domain::tally::Lengths;

    use super::*;

    #[test]
    fn a_label_says_what_it_is_given_and_breaks_no_line() {
        let mut page = Page::default();
        page.metric(&Metric::gauge("x", "Some.")).add(&[("a", "q\"\\\n"), ("b", "")], 1.5);
        assert_eq!(page.into_text(), "# HELP x Some.\n# TYPE x gauge\nx{a=\"q\\\"\\\\\\n\",b=\"\"} 1.5\n");
    }

    #[test]
    fn buckets_hold_all_that_took_no_longer() {
        let lengths = Lengths::default();
        [1, 2, 7_200_000].into_iter().for_each(|millis| lengths.took(Duration::from_millis(millis)));
        let mut page = Page::default();
        page.metric(&Metric::histogram("x", "Some.")).spread(&[], &lengths.read());
        let text = page.into_text();
        for line in ["x_bucket{le=\"0.001\"} 1", "x_bucket{le=\"0.0025\"} 2", "x_bucket{le=\"1800\"} 2"] {
            assert!(text.contains(&format!("{line}\n")), "{text}");
        }
        assert!(text.ends_with("x_bucket{le=\"+Inf\"} 3\nx_sum 7200.003\nx_count 3\n"), "{text}");
    }
}
