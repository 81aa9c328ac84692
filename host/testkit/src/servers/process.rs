//! A server's process: never as root, and never longer than the test.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A machine that is busy with other tests takes long.
const START: Duration = Duration::from_secs(60);

/// Databases refuse to run as root, and ours shall not either: the user that has nothing.
const NOBODY: u32 = 65_534;

/// The shell is between, because it can clean up after the tests' process is gone. Its arguments: the folder, whether it
/// goes with the server, the signal that ends the server without waiting for clients, the server.
const WATCH: &str = r#"
last=$1; signal=$2; shift 2
"$@" & pid=$!
trap 'kill -$signal $pid' TERM INT
wait $pid
trap '' TERM INT
wait $pid
[ "$last" = no ] || rm -rf "$0"
"#;

/// A process that is told to end when this is dropped, or when the tests' process is gone.
pub(super) struct Process {
    child: Mutex<Child>,
    log: std::path::PathBuf,
}

impl Process {
    pub(super) fn start(program: &Path, args: &[String], folder: &Path, last: bool) -> Self {
        let log = folder.join("log");
        let open = || File::options().create(true).append(true).open(&log).expect("a log");
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]);
        if is_root() {
            let id = NOBODY.to_string();
            command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]);
        }
        command
            .args(["sh", "-c", WATCH])
            .arg(folder)
            .arg(if last { "yes" } else { "no" })
            .arg(ending(program))
            .arg(program)
            .args(args);
        command.current_dir(folder).stdin(Stdio::null()).stdout(open()).stderr(open());
        // What ends a process with its parent ends it with the thread that began it: a thread of its own stays.
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let _ = sender.send(command.spawn());
            loop {
                std::thread::park();
            }
        });
        let child = receiver.recv().expect("the thread lives").expect("setpriv is part of every Debian");
        Self { child: Mutex::new(child), log }
    }

    pub(super) fn wait_for(&self, ready: impl Fn() -> bool) {
        let begun = Instant::now();
        while !ready() {
            let ended = self.child.lock().expect("no panic").try_wait().expect("a process can be asked");
            let log = || std::fs::read_to_string(&self.log).unwrap_or_default();
            assert!(ended.is_none(), "the server ended by itself:\n{}", log());
            assert!(begun.elapsed() < START, "the server is not ready:\n{}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = self.child.get_mut().expect("no panic");
        let _ = Command::new("kill").arg(child.id().to_string()).status();
        let _ = child.wait();
    }
}

/// PostgreSQL waits for its clients after TERM; the others are not reached by INT, which a shell keeps from what it began.
fn ending(program: &Path) -> &'static str {
    if program.ends_with("postgres") { "INT" } else { "TERM" }
}

/// A command as whom a server runs.
pub(super) fn unprivileged(program: &Path) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(program);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir("/tmp");
    command
}

/// Makes a file or folder theirs.
pub(super) fn give_away(path: &Path) {
    if is_root() {
        std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).expect("root may give away");
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}
