//! A place for one host: a folder of its own with configuration, plugins and data.

use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Host, Ledger, Mark, fixtures, record};

/// Times that make a lapsed lease a matter of seconds.
const HOST: &str = r#"
[http]
listen = "127.0.0.1:0"

[engine]
lease     = "2s"
heartbeat = "500ms"
poll      = "200ms"
drain     = "5s"
"#;

/// What a verb may take.
const USUAL: Duration = Duration::from_secs(30);

/// Tests that measure time run alone; all others share the machine.
static MACHINE: RwLock<()> = RwLock::new(());

/// What a test holds of the machine.
enum Share {
    /// Beside others.
    Part { _guard: RwLockReadGuard<'static, ()> },
    /// Alone.
    All { _guard: RwLockWriteGuard<'static, ()> },
    /// What another place of the same test holds.
    Same,
}

/// A folder with `conf/`, `plugins/`, `data/` and `record/`; gone when dropped.
pub struct Place {
    folder: tempfile::TempDir,
    vars: Vec<(String, String)>,
    _share: Share,
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Said {
    /// The exit code; -1 if a signal ended it.
    pub code: i32,
    /// Data.
    pub out: String,
    /// Everything else.
    pub err: String,
}

impl Said {
    /// Its output as JSON; panics unless it ended with 0.
    pub fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }
}

impl Place {
    /// With the settings of a fast host, no schedules and no plugins.
    pub fn new() -> Self {
        Self::sharing(Share::Part { _guard: MACHINE.read().unwrap_or_else(PoisonError::into_inner) })
    }

    /// For a test that measures time: no other test runs meanwhile.
    pub fn alone() -> Self {
        Self::sharing(Share::All { _guard: MACHINE.write().unwrap_or_else(PoisonError::into_inner) })
    }

    /// Another one for the same test.
    pub fn beside(&self) -> Self {
        Self::sharing(Share::Same)
    }

    /// An empty folder, for whoever makes one of their own in it.
    pub fn bare() -> Self {
        let guard = MACHINE.read().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder, vars: Vec::new(), _share: Share::Part { _guard: guard } }
    }

    fn sharing(share: Share) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["conf/local", "plugins", "data", "record"] {
            std::fs::create_dir_all(folder.path().join(name)).expect("a folder");
        }
        let place = Self { folder, vars: Vec::new(), _share: share };
        place.conf("host.toml", HOST);
        place
    }

    /// Something in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A variable for every process started from now on.
    pub fn set_var(&mut self, name: &str, value: &str) {
        self.vars.push((name.to_owned(), value.to_owned()));
    }

    /// Writes a file of the configuration, whole, as editors and `ConfigMap`s do.
    pub fn conf(&self, name: &str, text: &str) {
        put(&self.path("conf").join(name), text.as_bytes());
    }

    /// Writes `conf/schedules.toml`.
    pub fn schedules(&self, text: &str) {
        self.conf("schedules.toml", text);
    }

    /// Drops a compiled plugin into the plugin folder, under its own name.
    pub fn plugin(&self, name: &str) {
        self.plugin_as(name, &format!("{name}.wasm"));
    }

    /// Drops a compiled plugin into the plugin folder as `file`: written beside, then renamed.
    pub fn plugin_as(&self, name: &str, file: &str) {
        self.plugin_bytes(file, &std::fs::read(fixtures::wasm(name)).expect("the plugin can be read"));
    }

    /// Drops bytes into the plugin folder.
    pub fn plugin_bytes(&self, file: &str, bytes: &[u8]) {
        put(&self.path("plugins").join(file), bytes);
    }

    /// The grant that lets the recorder write what it saw.
    pub fn recorder_grant(&self) -> String {
        let path = self.path("record");
        format!("[plugin.fixture-recorder]\nfolders = {{ \"/record\" = {{ path = {path:?}, mode = \"write\" }} }}\n")
    }

    /// What the recorder wrote.
    pub fn marks(&self) -> Vec<Mark> {
        record::read(&self.path("record/record.jsonl"))
    }

    /// Variables that its processes get.
    pub fn vars(&self) -> impl Iterator<Item = (&str, &str)> {
        self.vars.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A process of the binary, with an environment that says nothing of ours.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        // Relative, as people give it.
        command.args(args).args(["--conf", "conf"]).current_dir(self.folder.path());
        for name in ["NOONTIDE_ENV", "APP_ENV", "NOONTIDE_CONF", "NOONTIDE_TOKEN", "RUST_LOG"] {
            command.env_remove(name);
        }
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
        command.env("NO_COLOR", "1").env("XDG_CACHE_HOME", cache);
        command.envs(self.vars());
        command
    }

    /// Runs a verb to its end.
    pub fn noontide(&self, args: &[&str]) -> Said {
        self.finish(self.command(args), "", USUAL)
    }

    /// Runs a verb to its end, with text on stdin.
    pub fn noontide_reading(&self, args: &[&str], stdin: &str) -> Said {
        self.finish(self.command(args), stdin, USUAL)
    }

    /// Runs a verb that may take longer to its end.
    pub fn noontide_within(&self, time: Duration, args: &[&str]) -> Said {
        self.finish(self.command(args), "", time)
    }

    /// Runs `serve` where it is expected to refuse.
    pub fn refused(&self) -> Said {
        let said = self.noontide(&["serve"]);
        assert_ne!(said.code, 0, "it served and ended well: {said:?}");
        said
    }

    fn finish(&self, mut command: Command, stdin: &str, time: Duration) -> Said {
        let out = tempfile::NamedTempFile::new_in(self.folder.path()).expect("a file for stdout");
        let err = tempfile::NamedTempFile::new_in(self.folder.path()).expect("a file for stderr");
        let mut input = tempfile::tempfile_in(self.folder.path()).expect("a file for stdin");
        input.write_all(stdin.as_bytes()).and_then(|()| input.rewind()).expect("stdin");
        command.stdin(input);
        command.stdout(out.reopen().expect("stdout")).stderr(err.reopen().expect("stderr"));
        let mut child = command.spawn().expect("the binary starts");
        let begin = Instant::now();
        let status = loop {
            match child.try_wait().expect("the process can be asked") {
                Some(status) => break status,
                None if begin.elapsed() < time => std::thread::sleep(Duration::from_millis(10)),
                None => {
                    let _ = child.kill();
                    let _ = child.wait();
                    let err = std::fs::read_to_string(err.path()).unwrap_or_default();
                    panic!("{command:?} did not end within {time:?}; it said:\n{err}");
                }
            }
        };
        let text = |file: &tempfile::NamedTempFile| {
            String::from_utf8_lossy(&std::fs::read(file.path()).unwrap_or_default()).into_owned()
        };
        Said { code: status.code().unwrap_or(-1), out: text(&out), err: text(&err) }
    }

    /// Starts the host and waits until it is ready.
    pub async fn serve(&self) -> Host {
        Host::start(self).await
    }

    /// The same, with each fire on the terminal.
    pub async fn serve_following(&self) -> Host {
        Host::with(self, &["serve", "--follow"]).ready(self).await
    }

    /// The record, read beside the host.
    pub async fn ledger(&self) -> Ledger {
        Ledger::open(&self.path("data/noontide.db")).await
    }
}

/// Whoever looks sees the old file or the new one, never half of it.
fn put(path: &Path, bytes: &[u8]) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, bytes).expect("a file can be written");
    std::fs::rename(&beside, path).expect("a file can be renamed");
}

/// The binary under test: `NOONTIDE_BIN`, else the one that lies beside this test's own folder.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("NOONTIDE_BIN") {
        return PathBuf::from(path);
    }
    let own = std::env::current_exe().expect("a test knows where it is");
    let path = own.ancestors().nth(2).expect("target/debug/deps").join("noontide");
    assert!(path.exists(), "{} is missing: run `make host`, or set NOONTIDE_BIN", path.display());
    path
}
