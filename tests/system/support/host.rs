//! The real binary as a process: started, asked, killed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::{Api, Place, within};

/// From start to ready, on a busy machine, with all plugins to compile.
const START: Duration = Duration::from_secs(60);

/// A running host. Dropped, it is killed; if the test failed, its last words are shown.
pub struct Host {
    child: Child,
    log: PathBuf,
    address: Option<SocketAddr>,
}

impl Host {
    /// Starts `noontide serve` and waits until it is ready.
    pub async fn start(place: &Place) -> Self {
        Self::begin(place).ready(place).await
    }

    /// Waits until a host that was begun is ready.
    pub async fn ready(self, place: &Place) -> Self {
        let mut host = self.announced(place).await;
        if host.address.is_some() {
            let api = host.api();
            within(START, "the host is ready", async || {
                host.lives();
                (api.status("/readyz").await == Some(200)).then_some(())
            })
            .await;
        }
        host
    }

    /// Waits until a host that was begun says where it listens.
    pub async fn announced(mut self, place: &Place) -> Self {
        let announced = place.path("data/api.json");
        let pid = self.child.id();
        let told = within(START, "the host says where it listens", async || {
            self.lives();
            let told: Value = serde_json::from_slice(&std::fs::read(&announced).ok()?).ok()?;
            // A host that was killed leaves its own file behind.
            (told["pid"].as_u64() == Some(u64::from(pid))).then_some(told)
        })
        .await;
        self.address = told["address"].as_str().map(|address| address.parse().expect("an address"));
        self
    }

    /// Starts it and waits for nothing.
    pub fn begin(place: &Place) -> Self {
        Self::with(place, &["serve"])
    }

    /// The same, with flags.
    pub fn with(place: &Place, args: &[&str]) -> Self {
        let log = place.path("host.log");
        let open = || {
            let mut options = std::fs::OpenOptions::new();
            options.create(true).append(true).open(&log).expect("a log file")
        };
        let mut command = place.command(args);
        // As people read it: into a file it would be JSON.
        command.env("NOONTIDE__LOG__FORMAT", "text").envs(place.vars());
        command.stdin(Stdio::null()).stdout(open()).stderr(open());
        Self { child: command.spawn().expect("the binary starts"), log, address: None }
    }

    fn lives(&mut self) {
        if let Some(status) = self.child.try_wait().expect("a process can be asked") {
            panic!("the host ended by itself: {status}\n{}", self.log());
        }
    }

    /// Its HTTP API, without a token.
    pub fn api(&self) -> Api {
        Api::at(self.address.expect("the host listens on TCP"))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address.expect("the host listens on TCP")
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything that hosts of this place have said.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// kill -9: it learns nothing and writes nothing.
    pub fn kill(mut self) {
        self.child.kill().expect("a process can be killed");
        self.child.wait().expect("a killed process ends");
    }

    /// Sends a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status();
        assert!(status.expect("sh").success(), "kill -{name} went wrong");
    }

    /// Waits for the end after a signal.
    pub async fn end(mut self) -> ExitStatus {
        within(Duration::from_secs(20), "the host ends", async || {
            self.child.try_wait().expect("a process can be asked")
        })
        .await
    }

    /// SIGTERM, and the end of it; it must be a good one.
    pub async fn stop(self) {
        self.signal("TERM");
        let status = self.end().await;
        assert_eq!(status.code(), Some(0), "the host did not drain");
    }

    /// Memory it holds for itself (files it has mapped do not count), in MiB.
    pub fn own_memory_mib(&self) -> u64 {
        self.kib("RssAnon:") / 1024
    }

    /// The most memory it ever held, in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.kib("VmHWM:") * 1024
    }

    fn kib(&self, what: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("the host lives");
        let line = status.lines().find_map(|line| line.strip_prefix(what)).expect("the kernel tells");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            let last = lines[lines.len().saturating_sub(60)..].join("\n");
            println!("---- the host's last words ----\n{last}\n----");
        }
    }
}
