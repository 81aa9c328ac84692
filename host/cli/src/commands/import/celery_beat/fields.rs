//! The five fields of Celery's `crontab`, read as Celery reads them: into sets of numbers. The text stays as it is where our
//! dialect `celery` reads it likewise, and becomes a list of numbers where it does not (`22-4`, `*/90`, `Monday`).

use std::collections::BTreeSet;

use noontide_domain::excerpt::excerpt;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// What a field may hold.
pub struct Kind {
    name: &'static str,
    least: u32,
    most: u32,
}

/// In the order of an expression.
pub const KINDS: [Kind; 5] = [
    Kind { name: "minute", least: 0, most: 59 },
    Kind { name: "hour", least: 0, most: 23 },
    Kind { name: "day_of_month", least: 1, most: 31 },
    Kind { name: "month_of_year", least: 1, most: 12 },
    Kind { name: "day_of_week", least: 0, most: 6 },
];

/// A field as numbers, and as it is written here.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    pub set: BTreeSet<u32>,
    pub text: String,
}

impl Kind {
    /// Reads a field.
    ///
    /// # Errors
    /// A sentence about what Celery itself refuses.
    pub fn read(&self, text: &str) -> Result<Field, String> {
        let (mut set, mut written) = (BTreeSet::new(), Vec::new());
        for part in text.split(',') {
            let numbers = self.part(part.trim()).map_err(|reason| {
                format!("{} `{}`: {reason}; beat does not send it either, correct it there", self.name, excerpt(text))
            })?;
            written.push(match self.is_plain(part.trim()) {
                true => part.trim().to_owned(),
                false => numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(","),
            });
            set.extend(numbers);
        }
        Ok(Field { set, text: written.join(",") })
    }

    /// The numbers of one part of the list, in Celery's order.
    fn part(&self, part: &str) -> Result<Vec<u32>, String> {
        let (body, step) = match part.split_once('/') {
            Some((body, step)) => {
                let step = step.parse::<usize>().ok().filter(|step| *step > 0);
                (body, Some(step.ok_or("a step is a number from 1 on")?))
            }
            None => (part, None),
        };
        let all: Vec<u32> = match body.split_once('-') {
            _ if body == "*" => (self.least..=self.most).collect(),
            Some((from, to)) => self.range(self.number(from)?, self.number(to)?),
            None if step.is_some() => return Err("Celery takes a step after `*` or a range only".to_owned()),
            None => vec![self.number(body)?],
        };
        Ok(all.into_iter().step_by(step.unwrap_or(1)).collect())
    }

    /// Celery's ranges go round: from `fri` to `mon`.
    fn range(&self, from: u32, to: u32) -> Vec<u32> {
        if to < from { (from..=self.most).chain(self.least..=to).collect() } else { (from..=to).collect() }
    }

    /// Names count by their first three letters, whatever the field.
    fn number(&self, text: &str) -> Result<u32, String> {
        let known = |names: &[&str], first: u32| {
            let short = text.get(..3)?.to_ascii_lowercase();
            (first..).zip(names).find(|(_, name)| **name == short).map(|(number, _)| number)
        };
        let number = text.parse().ok().or_else(|| known(&MONTHS, 1)).or_else(|| known(&WEEKDAYS, 0));
        let number: u32 = number.ok_or_else(|| format!("`{}` is neither a number nor a name", excerpt(text)))?;
        match (self.least..=self.most).contains(&number) {
            true => Ok(number),
            false => Err(format!("{number} is not from {} to {}", self.least, self.most)),
        }
    }

    /// Whether our dialect reads it in the same way.
    fn is_plain(&self, part: &str) -> bool {
        let (body, step) = part.split_once('/').map_or((part, None), |(body, step)| (body, Some(step)));
        let number = |text: &str| {
            let names: &[&str] = match self.name {
                "month_of_year" => &MONTHS,
                "day_of_week" => &WEEKDAYS,
                _ => &[],
            };
            let plain = text.bytes().all(|byte| byte.is_ascii_digit()) || names.contains(&&*text.to_ascii_lowercase());
            self.number(text).ok().filter(|_| plain)
        };
        let ends = match body.split_once('-') {
            _ if body == "*" => Some((self.least, self.most)),
            Some((from, to)) => number(from).zip(number(to)),
            None => number(body).map(|number| (number, number)),
        };
        let Some((from, to)) = ends else { return false };
        let short = |step: &str| step.parse().is_ok_and(|step: u32| step <= to - from);
        from <= to && step.is_none_or(short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: usize, text: &str) -> (Vec<u32>, String) {
        let field = KINDS[kind].read(text).unwrap_or_else(|reason| panic!("{text}: {reason}"));
        (field.set.into_iter().collect(), field.text)
    }

    #[test]
    fn what_both_read_alike_stays_as_it_is() {
        for (kind, text) in [(0, "*/15"), (1, "8-17/3,20"), (2, "1-7"), (3, "jan-jun"), (4, "mon,wed-fri"), (4, "*")] {
            assert_eq!(read(kind, text).1, text);
        }
    }

    #[test]
    fn what_only_celery_reads_becomes_numbers() {
        for (kind, text, numbers) in [
            (1, "22-4", "22,23,0,1,2,3,4"),
            (4, "fri-mon", "5,6,0,1"),
            (4, "Monday,Saturday", "1,6"),
            (0, "*/90", "0"),
            (1, "22-4/3", "22,1,4"),
            (1, "mon", "1"),
            (0, "5, 10", "5,10"),
            (3, "september", "9"),
        ] {
            assert_eq!(read(kind, text).1, numbers, "{text}");
        }
        assert_eq!(read(4, "*/3"), (vec![0, 3, 6], "*/3".to_owned()));
        assert_eq!(read(2, "*/10"), (vec![1, 11, 21, 31], "*/10".to_owned()));
    }

    #[test]
    fn what_celery_refuses_is_refused() {
        for (kind, text, words) in [
            (4, "7", "7 is not from 0 to 6"),
            (0, "60", "0 to 59"),
            (0, "5/15", "after `*` or a range"),
            (0, "*/0", "from 1 on"),
            (2, "0", "1 to 31"),
            (0, "", "neither a number nor a name"),
            (0, "1,,2", "neither"),
            (0, "-5", "neither"),
            (4, "每天", "neither"),
        ] {
            let error = KINDS[kind].read(text).unwrap_err();
            assert!(error.contains(words) && error.contains(KINDS[kind].name), "{text}: {error}");
        }
    }
}
