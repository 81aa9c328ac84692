//! docs/quickstart.md and docs/writing-a-plugin.md as somebody follows them: every command typed, every file written, every
//! answer compared.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::support::fixtures::{repository, toolchain};
use super::support::place::binary;
use super::support::{Host, Place, until};

/// What a page asks its reader to do.
#[derive(Debug)]
enum Step {
    /// To write a file; one that is there keeps what stands before the text's first table.
    Write { file: String, text: String },
    /// To type a command, and what the page says that it answers.
    Type { command: String, answer: Vec<String> },
}

#[tokio::test]
async fn any_program_becomes_a_handler_as_the_page_says() {
    follow("docs/any-program.md", "## From nothing").await;
}

#[tokio::test]
async fn the_way_from_nothing_to_a_running_schedule_is_as_the_page_says() {
    follow("docs/writing-a-plugin.md", "## From nothing").await;
}

#[tokio::test]
async fn the_first_five_minutes_of_whoever_runs_it_are_as_the_page_says() {
    // Others may have the usual port on this machine.
    let vars = [("NOONTIDE__HTTP__LISTEN", "127.0.0.1:0"), ("USER", "ana")];
    follow_in(with(Place::bare(), &vars), "docs/quickstart.md", "## Running it").await;
}

#[tokio::test]
async fn the_first_five_minutes_of_whoever_writes_a_plugin_in_rust_are_as_the_page_says() {
    follow_in(Place::new(), "docs/quickstart.md", "## Writing a plugin in Rust").await;
}

async fn follow(page: &str, section: &str) {
    follow_in(Place::new(), page, section).await;
}

fn with(mut place: Place, vars: &[(&str, &str)]) -> Place {
    vars.iter().for_each(|(name, value)| place.set_var(name, value));
    place
}

async fn follow_in(mut place: Place, page: &str, section: &str) {
    let page = std::fs::read_to_string(repository().join(page)).expect("the page");
    let begin = page.find(section).unwrap_or_else(|| panic!("{section} is gone"));
    let end = page[begin + 3..].find("\n## ").map_or(page.len(), |end| begin + 3 + end);
    let steps = steps(&page[begin..end]);
    assert!(steps.len() > 4, "{steps:?}");
    place.set_var("RUSTUP_TOOLCHAIN", &toolchain());
    let mut reader = Reader { folder: place.path("."), place: &place, host: None };
    for step in steps {
        reader.take(step).await;
    }
    if let Some(host) = reader.host {
        host.stop().await;
    }
}

/// Somebody at a terminal.
struct Reader<'place> {
    place: &'place Place,
    folder: PathBuf,
    host: Option<Host>,
}

impl Reader<'_> {
    async fn take(&mut self, step: Step) {
        match step {
            Step::Write { file, text } => write(&self.folder.join(file), &text),
            Step::Type { command, answer } if command == "noontide serve" => self.serve(&answer).await,
            Step::Type { command, answer } => match command.strip_prefix("cd ") {
                Some(folder) => self.folder.push(folder),
                None => self.type_in(&command, &answer),
            },
        }
    }

    /// In a terminal of its own. It goes on while the others are typed in, and what the page shows has been said by then.
    async fn serve(&mut self, answer: &[String]) {
        let host = self.place.serve_following().await;
        let end = ["…".to_owned()];
        let wanted = [answer, if answer.is_empty() { &[] } else { &end }].concat();
        until("the host says what the page shows", async || {
            let said = host.log();
            (answer.is_empty() || is_like(&wanted, &said.lines().collect::<Vec<_>>())).then_some(())
        })
        .await;
        self.host = Some(host);
    }

    fn type_in(&self, command: &str, answer: &[String]) {
        // Both streams as a terminal shows them.
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{command} 2>&1")]).current_dir(&self.folder);
        let like = self.place.command(&[]);
        for (name, value) in like.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let program = binary();
        let mut path = vec![program.parent().expect("a folder").to_owned()];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        shell.env("PATH", std::env::join_paths(path).expect("a path")).env("CARGO_NET_OFFLINE", "true");
        let said = shell.output().expect("a shell");
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        println!("$ {command}\n{said}");
        let lines: Vec<&str> = said.lines().collect();
        assert!(
            answer.is_empty() || is_like(answer, &lines),
            "$ {command}\nthe page says:\n{}\nand it is:\n{said}",
            answer.join("\n")
        );
        if let Some(name) = command.strip_prefix("noontide plugin new ") {
            lend_crates(&self.folder.join(name));
        }
    }
}

/// Crates that are compiled already need not be compiled for each test.
fn lend_crates(folder: &Path) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("templates/rust");
    std::fs::create_dir_all(&target).expect("a folder");
    std::os::unix::fs::symlink(target, folder.join("target")).expect("a link");
}

fn write(path: &Path, text: &str) {
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    let table = text.lines().next().filter(|line| line.starts_with('[')).and_then(|line| kept.find(line));
    let text = table.map_or_else(|| text.to_owned(), |at| kept[..at].to_owned() + text);
    std::fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Numbers and the ids of runs differ. A line `…` stands for any lines.
fn is_like(answer: &[String], said: &[&str]) -> bool {
    match (answer.split_first(), said.split_first()) {
        (None, None) => true,
        (Some((any, rest)), _) if any == "…" => (0..=said.len()).any(|skip| is_like(rest, &said[skip..])),
        (Some((line, rest)), Some((real, others))) => line_is_like(line, real) && is_like(rest, others),
        _ => false,
    }
}

/// Within a line `…` stands for any text.
fn line_is_like(line: &str, real: &str) -> bool {
    let (line, real) = (numberless(line), numberless(real));
    match (line.split_once('…'), line.rsplit_once('…')) {
        (Some((begin, _)), Some((_, end))) => real.starts_with(begin) && real[begin.len()..].ends_with(end),
        _ => line == real,
    }
}

fn numberless(line: &str) -> String {
    let mut out = String::new();
    let plain = |word: &str| if word.len() == 36 && word.matches('-').count() == 4 { "0" } else { word }.to_owned();
    let line = line.split_whitespace().map(plain).collect::<Vec<_>>().join(" ");
    for character in line.chars() {
        let digit = character.is_ascii_digit() || (character == '.' && out.ends_with('0'));
        match digit {
            true if out.ends_with('0') => {}
            true => out.push('0'),
            false => out.push(character),
        }
    }
    out
}

fn steps(section: &str) -> Vec<Step> {
    let (mut steps, mut file) = (Vec::new(), None);
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        match line.strip_prefix("```") {
            None if !line.is_empty() => file = file_named(line),
            None => {}
            Some(kind) => {
                let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
                match (kind, file.take()) {
                    ("console", _) => steps.extend(typed(&block)),
                    (_, Some(file)) => steps.push(Step::Write { file, text: block.join("\n") + "\n" }),
                    _ => panic!("a block without a file: {block:?}"),
                }
            }
        }
    }
    steps
}

/// The last name of a file in a paragraph that ends with a colon or a comma and a phrase.
fn file_named(line: &str) -> Option<String> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted.filter(|word| word.ends_with(".rs") || word.ends_with(".toml")).last().map(str::to_owned)
}

/// An answer may show the commands that it runs itself: they stand behind the one that was typed.
fn typed(block: &[&str]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(shown), Some(Step::Type { command, answer }))
                if command.contains("plugin build") && answer.is_empty() && shown.starts_with("cargo ") =>
            {
                answer.push((*line).to_owned());
            }
            (Some(command), _) => steps.push(Step::Type { command: command.to_owned(), answer: Vec::new() }),
            (None, Some(Step::Type { answer, .. })) => answer.push((*line).to_owned()),
            _ => panic!("an answer to nothing: {line}"),
        }
    }
    steps
}

#[test]
fn answers_are_compared_without_their_numbers() {
    let answer = ["a 12 ms", "…", "z"].map(str::to_owned);
    assert!(is_like(&answer, &["a 7 ms", "b", "c", "z"]) && is_like(&answer, &["a 7 ms", "z"]));
    assert!(
        !is_like(&answer, &["a 7 s", "z"])
            && !is_like(&answer, &["a 7 ms", "z", "y"])
            && !is_like(&answer, &["a 7 ms"])
    );
    assert_eq!(numberless("198.4 KiB of 0.1.0"), "0 KiB of 0");
}
