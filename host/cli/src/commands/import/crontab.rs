//! Crontabs, by the rules of Debian's cron. What other crons read otherwise, or only they read, is refused.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use noontide_domain::excerpt::excerpt;
use noontide_domain::trigger::Cron;

use super::command::Command;
use super::names::Names;
use super::write::Toml;
use super::{Entry, Imported, Reading, Span};
use crate::zone;

/// Only cron has these; the scheduler's own messages would not know them.
const REBOOT: &str = "@reboot has no due instant, it is about the machine: start the command from a systemd unit \
                      (WantedBy=multi-user.target), or write how often it is due in place of @reboot";

/// A crontab while it is read.
struct Reader<'a> {
    reading: &'a Reading<'a>,
    system: bool,
    imported: Imported,
    /// Comment lines since the last blank line.
    comment: Vec<String>,
    /// `CRON_TZ` or `TZ`, from their line on.
    zone: Option<Tz>,
    shell: Option<String>,
    env: BTreeMap<String, String>,
}

/// Reads a crontab. Every line that is none is refused by itself.
pub fn read(text: &str, system: bool, reading: &Reading<'_>, names: &mut Names) -> Imported {
    let mut reader = Reader {
        reading,
        system,
        imported: Imported::default(),
        comment: Vec::new(),
        zone: None,
        shell: None,
        env: BTreeMap::new(),
    };
    for (line, number) in text.lines().zip(1..) {
        let place = format!("{}:{number}", reading.file);
        let line = line.trim_start_matches([' ', '\t']).trim_end_matches('\r');
        if let Err(reason) = reader.line(line, &place, names) {
            reader.imported.refused.push(format!("{place}: `{}`: {reason}", excerpt(line)));
            reader.comment.clear();
        }
    }
    reader.told_at_the_end();
    reader.imported
}

impl Reader<'_> {
    fn line(&mut self, line: &str, place: &str, names: &mut Names) -> Result<(), String> {
        if line.is_empty() {
            self.comment.clear();
        } else if let Some(comment) = line.strip_prefix('#') {
            self.comment(comment.trim(), place);
        } else if let Some((name, value)) = assignment(line) {
            self.comment.clear();
            self.set(name, value, place)?;
        } else {
            let entry = self.entry(line, place, names)?;
            self.imported.entries.push(entry);
            self.comment.clear();
        }
        Ok(())
    }

    /// A line that is commented out is no comment on the next one.
    fn comment(&mut self, comment: &str, place: &str) {
        let disabled = split(comment).is_ok_and(|(expression, rest)| {
            let art = rest.is_empty() || self.comment.iter().any(|line| line.starts_with(['|', '.']));
            !art && Cron::parse(&expression, Tz::UTC).is_ok()
        });
        match disabled {
            true => {
                let note = "a line that is commented out is left out; take out the `#` and import again to have it";
                self.imported.notes.push(format!("{place}: {note}"));
            }
            false => self.comment.push(comment.to_owned()),
        }
    }

    /// A line that sets a variable, from there on.
    fn set(&mut self, name: &str, value: &str, place: &str) -> Result<(), String> {
        let note = match name {
            "CRON_TZ" => {
                self.zone = Some(zone::named(value)?);
                return Ok(());
            }
            "TZ" => {
                let read = zone::named(value.trim_start_matches(':'))?;
                self.env.insert(name.to_owned(), value.to_owned());
                if self.reading.zone.is_none() {
                    self.zone = Some(read);
                }
                "TZ is taken as the zone of the schedules below; the crons of Debian and Red Hat read it for commands \
                 only: if yours does, say where the machine is with --tz, which wins over TZ"
                    .to_owned()
            }
            "SHELL" => {
                self.shell = Some(value.to_owned()).filter(|shell| shell != "/bin/sh");
                return Ok(());
            }
            "MAILTO" | "MAILFROM" => format!(
                "{name} is left out: output is not mailed, it is kept with each run (`noontide logs`), and a failed \
                 run is a row of its own"
            ),
            "RANDOM_DELAY" => "RANDOM_DELAY is left out; write jitter = \"…\" into the schedules".to_owned(),
            _ => {
                self.env.insert(name.to_owned(), value.to_owned());
                format!("{name} goes into `input.env` of the schedules below; what becomes of it is up to the plugin")
            }
        };
        self.imported.notes.push(format!("{place}: {note}"));
        Ok(())
    }

    fn entry(&mut self, line: &str, place: &str, names: &mut Names) -> Result<Entry, String> {
        let (expression, rest) = split(line)?;
        let zone = self.zone.or(self.reading.zone);
        let cron = Cron::parse(&expression, zone.unwrap_or(Tz::UTC)).map_err(|error| error.to_string())?;
        let (user, rest) = match self.system {
            true => rest.split_once([' ', '\t']).map_or((Some(rest), ""), |(user, rest)| (Some(user), rest)),
            false => (None, rest),
        };
        let text = rest.trim_start_matches([' ', '\t']);
        if text.is_empty() {
            let wanted = if self.system { "five fields, a user and a command" } else { "five fields and a command" };
            return Err(format!("there is no command; a line is {wanted}"));
        }
        let command = Command::read(text);
        if command.line.is_empty() {
            return Err("the command is empty: a `%` stands before it; write `\\%` if a percent is meant".to_owned());
        }
        let notes = self.notes(line, place, user, &command);
        let mut keys = Vec::new();
        keys.extend(self.description().map(|text| ("description", Toml::Text(text))));
        keys.push(("handler", Toml::Text(self.reading.handler.to_string())));
        keys.push(("cron", Toml::Text(cron.expression().to_owned())));
        keys.extend(zone.map(|zone| ("timezone", Toml::Text(zone.name().to_owned()))));
        let name = names.take(&command.name());
        keys.push(("input", self.input(command, user)));
        let spans = vec![self.span(&cron)];
        Ok(Entry { name, place: place.to_owned(), original: vec![line.to_owned()], notes, keys, spans })
    }

    fn input(&self, command: Command, user: Option<&str>) -> Toml {
        let text = |text: &str| Toml::Text(text.to_owned());
        let mut input = vec![("command".to_owned(), Toml::Text(command.line))];
        input.extend(command.stdin.map(|stdin| ("stdin".to_owned(), Toml::Text(stdin))));
        input.extend(user.map(|user| ("user".to_owned(), text(user))));
        input.extend(self.shell.as_deref().map(|shell| ("shell".to_owned(), text(shell))));
        if !self.env.is_empty() {
            let env = self.env.iter().map(|(name, value)| (name.clone(), text(value))).collect();
            input.push(("env".to_owned(), Toml::Table(env)));
        }
        Toml::Table(input)
    }

    /// By the source's own rules, which are our posix dialect, from the text as it stands in the file.
    fn span(&self, cron: &Cron) -> Span {
        let from = self.reading.now;
        let next = |after| cron.next_after(after);
        let fires: Vec<_> = std::iter::successors(next(from), |due| next(*due)).take(self.reading.count).collect();
        Span::exact(from, fires.last().copied().unwrap_or(from), fires)
    }

    fn notes(&mut self, line: &str, place: &str, user: Option<&str>, command: &Command) -> Vec<String> {
        let mut notes = Vec::new();
        let first = command.line.split_whitespace().next().unwrap_or_default();
        if user.is_none() && ["root", "www-data", "nobody", "postgres"].contains(&first) {
            notes.push(format!("the command begins with `{first}`: if that is the user, import with --system"));
        }
        if command.doubled {
            notes.push("`\\\\` is left as it stands; some crons hand the shell a single `\\`".to_owned());
        }
        if line.starts_with('-') {
            notes.push("the `-` before the line, which keeps it out of the system's log, is left out".to_owned());
        }
        self.imported.notes.extend(notes.iter().map(|note| format!("{place}: {note}")));
        notes
    }

    /// The comment above a line; what explains the columns of a crontab explains no command.
    fn description(&self) -> Option<String> {
        let art = |line: &String| {
            line.starts_with(['|', '.', '┌', '│', '*', '+']) || line.starts_with("m h") || line.contains("dow")
        };
        let about_the_file = self.comment.iter().any(art);
        let lines: Vec<_> = self.comment.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
        (!about_the_file && !lines.is_empty()).then(|| lines.join(" "))
    }

    fn told_at_the_end(&mut self) {
        let Reading { file, handler, .. } = self.reading;
        let notes = &mut self.imported.notes;
        if self.imported.entries.is_empty() {
            return notes.push(format!("{file}: no line of it could be imported"));
        }
        notes.push(format!(
            "the schedules call `{handler}`, which you provide: a plugin runs in a sandbox and starts no programs of \
             the machine, so it has to do what the commands do; --handler names another"
        ));
        let without = |entry: &Entry| !entry.keys.iter().any(|(key, _)| *key == "timezone");
        if self.imported.entries.iter().any(without) {
            notes.push(format!(
                "{file} does not say which zone the machine is in: give --tz ZONE; as it stands the schedules are read \
                 in the `timezone` of the configuration, UTC unless set"
            ));
        }
    }
}

/// The time of a line, and what stands behind it.
fn split(line: &str) -> Result<(String, &str), String> {
    let line = line.strip_prefix('-').unwrap_or(line);
    let blank = [' ', '\t'];
    if line.starts_with('@') {
        let (nickname, rest) = line.split_once(blank).unwrap_or((line, ""));
        if nickname.eq_ignore_ascii_case("@reboot") {
            return Err(REBOOT.to_owned());
        }
        return Ok((nickname.to_owned(), rest.trim_start_matches(blank)));
    }
    let mut fields: Vec<&str> = Vec::with_capacity(5);
    let mut rest = line;
    while fields.len() < 5 {
        let (field, behind) = rest.split_once(blank).unwrap_or((rest, ""));
        if field.is_empty() {
            let count = fields.len();
            return Err(format!(
                "has {count} of five fields: minute hour day-of-month month day-of-week, then a command"
            ));
        }
        only_in_cron(field)?;
        fields.push(field);
        rest = behind.trim_start_matches(blank);
    }
    Ok((fields.join(" "), rest))
}

/// Refuses what our dialect would take and Debian's cron would not, or would take for something else.
fn only_in_cron(field: &str) -> Result<(), String> {
    let shown = excerpt(field);
    for part in field.split(',') {
        let body = part.split('/').next().unwrap_or_default();
        if part.contains('~') {
            return Err(format!("`{shown}`: `~` draws lots in some crons; write a number, and add jitter = \"…\""));
        }
        if part.contains(['?', '#']) || body.split('-').any(special) {
            return Err(format!(
                "`{shown}`: cron has no L, W, # and ?, and stops reading there; the crontab never meant it: write \
                 what runs today, or a schedule of your own, which may use it"
            ));
        }
        if body != part && !body.is_empty() && body.bytes().all(|byte| byte.is_ascii_digit()) {
            let step = &part[body.len()..];
            return Err(format!(
                "`{shown}`: some crons read `{part}` as {body} alone, others as a step from {body} to the end, Debian's \
                 not at all; write `{body}`, or a range such as `{body}-59{step}`"
            ));
        }
    }
    Ok(())
}

/// `L`, `LW`, `15W`, `5L`, `FRIL`; not `JUL`, which is a month.
fn special(text: &str) -> bool {
    let Some(rest) = text.strip_suffix(['L', 'l', 'W', 'w']) else { return false };
    let alphabetic = rest.bytes().all(|byte| byte.is_ascii_alphabetic());
    rest.bytes().all(|byte| byte.is_ascii_digit()) || alphabetic && matches!(rest.len(), 1 | 3)
}

/// `NAME = value`, either of them in quotes or not.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = unquoted(name.trim());
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let begins = name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
    (plain && begins).then(|| (name, unquoted(value.trim())))
}

fn unquoted(text: &str) -> &str {
    let inside = |quote| text.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests;
