//! The command of a crontab line: where it ends and stdin begins, and what it could be called.

/// What stands before the program that matters, and is no name.
const WRAPPERS: [&str; 26] = [
    "sudo", "env", "nice", "ionice", "nohup", "time", "timeout", "flock", "setsid", "chronic", "exec", "sh", "bash",
    "dash", "zsh", "python", "python2", "python3", "perl", "ruby", "php", "node", "then", "if", "{", "(",
];

/// Parts of a command line that only prepare or ask.
const PREPARING: [&str; 10] = ["cd", "test", "[", "[[", "sleep", "export", ".", "source", "set", "umask"];

/// A command, and what it is given to read.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    pub line: String,
    pub stdin: Option<String>,
    /// There is a `\\` in it, which crons read differently.
    pub doubled: bool,
}

impl Command {
    /// The first `%` ends the command and begins its stdin, the others are line breaks there; `\%` is a percent.
    pub fn read(text: &str) -> Self {
        let (line, stdin) = match split(text) {
            (line, None) => (line, None),
            (line, Some(rest)) => {
                let mut stdin = String::new();
                let mut rest = rest;
                loop {
                    let (part, more) = split(rest);
                    stdin.push_str(&part);
                    // Cron ends what it writes with a line break, and adds one only if there is none.
                    if more.is_some() || !stdin.ends_with('\n') {
                        stdin.push('\n');
                    }
                    match more.filter(|more| !more.is_empty()) {
                        Some(more) => rest = more,
                        None => break,
                    }
                }
                (line, Some(stdin))
            }
        };
        Self { line: line.trim_end().to_owned(), stdin, doubled: text.contains("\\\\") }
    }

    /// What people would call it: the program, with the first argument that is no option.
    pub fn name(&self) -> String {
        let parts: Vec<_> =
            self.line.split("&&").flat_map(|part| part.split("||")).flat_map(|p| p.split(';')).collect();
        let named = parts.iter().find_map(|part| name_of(part));
        named.or_else(|| parts.first().map(|part| part.trim().to_owned())).unwrap_or_default()
    }
}

/// The text up to the first plain `%`, and what stands behind it.
fn split(text: &str) -> (String, Option<&str>) {
    let mut out = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' if characters.peek().is_some_and(|(_, next)| *next == '%') => {
                out.push('%');
                characters.next();
            }
            '%' => return (out, Some(&text[at + 1..])),
            // A backslash takes the next character with it, so that `\\%` is not `\` and `\%`.
            '\\' => {
                out.push('\\');
                out.extend(characters.next().map(|(_, next)| next));
            }
            _ => out.push(character),
        }
    }
    (out, None)
}

fn name_of(part: &str) -> Option<String> {
    let words = part.split('|').next()?.split_whitespace();
    let redirected =
        |word: &&str| !word.starts_with(['>', '<', '&']) && !word.starts_with("2>") && !word.starts_with("1>");
    let mut words = words.take_while(redirected).skip_while(|word| skipped(word)).peekable();
    let program = base(words.next()?);
    if PREPARING.contains(&program) || program.is_empty() {
        return None;
    }
    let argument =
        words.find(|word| !word.starts_with('-') && !word.contains('$') && word.contains(char::is_alphabetic));
    let argument = argument.map(|word| base(word.trim_end_matches('/'))).filter(|word| word.len() <= 24);
    Some(match argument {
        Some(argument) if !argument.is_empty() => format!("{program}-{argument}"),
        _ => program.to_owned(),
    })
}

/// Wrappers with their options and numbers, and variables that are set for the program.
fn skipped(word: &str) -> bool {
    let assignment = word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    let number = word.trim_end_matches(['s', 'm', 'h']).bytes().all(|byte| byte.is_ascii_digit());
    let lock = word.ends_with(".lock") || word.starts_with("/var/lock/") || word.starts_with("/run/lock/");
    assignment || number || lock || word.starts_with('-') || WRAPPERS.contains(&base(word))
}

/// The last part of a path, without quotes and extension.
fn base(word: &str) -> &str {
    let word = word.trim_matches(['"', '\'', '`', '{', '}', '(', ')']);
    let last = word.rsplit('/').next().unwrap_or(word);
    match last.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && extension.len() <= 4 => stem,
        _ => last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_percent_ends_the_command_and_the_others_are_line_breaks_of_its_stdin() {
        let read = |text| {
            let command = Command::read(text);
            (command.line, command.stdin)
        };
        let stdin = |text: &str| Some(text.to_owned());
        assert_eq!(read("mail ada%Hi,%%bye"), ("mail ada".to_owned(), stdin("Hi,\n\nbye\n")));
        assert_eq!(read(r"date +\%F"), ("date +%F".to_owned(), None));
        assert_eq!(read(r"cat%5\%%"), ("cat".to_owned(), stdin("5%\n")));
        assert_eq!(read("cat%"), ("cat".to_owned(), stdin("\n")));
        assert_eq!(read(r"echo a\ b \\"), (r"echo a\ b \\".to_owned(), None));
    }

    #[test]
    fn a_command_is_named_after_its_program_and_not_after_what_wraps_it() {
        for (command, name) in [
            ("cd / && run-parts --report /etc/cron.hourly", "run-parts-cron.hourly"),
            ("test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }", "run-parts-cron.daily"),
            ("/usr/local/bin/backup.sh --full >/dev/null 2>&1", "backup"),
            ("flock -n /run/lock/sync.lock nice -n 10 rsync -a /data/ backup:/data/", "rsync-data"),
            ("python3 manage.py clearsessions", "manage-clearsessions"),
            ("PGHOST=db pg_dump shop | gzip > /backup/shop.gz", "pg_dump-shop"),
            ("curl -fsS https://hc.example.com/ping/abc", "curl-abc"),
            ("[ -x /usr/bin/certbot ] && certbot -q renew", "certbot-renew"),
        ] {
            assert_eq!(Command::read(command).name(), name, "{command}");
        }
    }
}
