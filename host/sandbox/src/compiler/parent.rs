//! The host's side of compiling: what was compiled before is taken from the private folder; anything else is asked of a
//! process that is killed when it takes too long.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use noontide_domain::ports::Clock;
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use super::child::{Answer, Asked};
use super::{Code, limits};
use crate::artefacts::Artefacts;
use crate::engine::Machine;
use crate::journal::harmless;
use crate::load::{Content, Examined, Kind, Refusal};
use crate::settings::CompileApart;

/// Longest answer, in bytes: the names of a file are bounded before they are told.
const ANSWER: u64 = 8 << 20;
/// Of what it says on stderr, in bytes: a panic, or that memory was refused.
const LAST_WORDS: u64 = 4 << 10;

/// Starts processes that compile.
pub(crate) struct Parent {
    asks: CompileApart,
    artefacts: Artefacts,
    clock: Arc<dyn Clock>,
}

/// How the process ended.
struct Ended {
    /// `None` if it took too long.
    answer: Option<Vec<u8>>,
    status: Option<ExitStatus>,
    last_words: String,
}

impl Parent {
    pub(crate) fn new(asks: CompileApart, cache: &Path, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        Ok(Self { asks, artefacts: Artefacts::within(cache)?, clock })
    }

    pub(super) fn compile(
        &self,
        machine: &Machine,
        content: &Content,
        kind: Kind,
        programs: bool,
    ) -> Result<(Examined, Option<Code>), Refusal> {
        let engine = &machine.engine;
        let key = key(engine, &content.sha256);
        if let Some((said, path)) = self.artefacts.find(&key, self.clock.now().into())
            && let Ok(examined) = serde_json::from_str::<Examined>(&said)
            && let Ok(code) = load(engine, &path, kind)
        {
            // The names were noted by what may have been another version of this host.
            return Ok((examined.judged(kind)?, Some(code)));
        }
        let into = self.artefacts.on_its_way();
        let asked = self.asked(&into, programs, machine.counts);
        let examined = self.ask(&asked, &content.bytes)?;
        if examined.is_program() && !programs {
            return Ok((examined, None));
        }
        let kept = serde_json::to_string(&examined).map_err(std::io::Error::from);
        let kept = kept.and_then(|said| self.artefacts.keep(&into, &key, &said));
        let path = kept.map_err(|error| refuse(format!("its code cannot be kept: {error} — see the data folder")))?;
        let code = load(engine, &path, kind);
        Ok((
            examined,
            Some(code.map_err(|error| refuse(format!("its code cannot be loaded: {}", error.root_cause())))?),
        ))
    }

    fn asked(&self, into: &Path, programs: bool, counts: bool) -> Asked {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
        Asked {
            into: into.to_owned(),
            programs,
            counts,
            memory: self.asks.memory,
            cpu: self.asks.timeout.as_secs().saturating_add(1).saturating_mul(cores),
            parent: std::process::id(),
        }
    }

    fn ask(&self, asked: &Asked, bytes: &[u8]) -> Result<Examined, Refusal> {
        let ended = self.converse(asked, bytes);
        let ended = ended.map_err(|error| {
            refuse(format!("the process that compiles did not start: {error} — let the host start processes"))
        })?;
        match ended.answer.as_deref().map(serde_json::from_slice::<Answer>) {
            Some(Ok(Answer::Taken(examined))) => Ok(examined),
            Some(Ok(Answer::Refused(refusal))) => Err(refusal),
            _ => {
                let _ = std::fs::remove_file(&asked.into);
                Err(refuse(self.words(&ended)))
            }
        }
    }

    fn converse(&self, asked: &Asked, bytes: &[u8]) -> std::io::Result<Ended> {
        let mut line = serde_json::to_vec(asked)?;
        line.push(b'\n');
        let mut child = self.start()?;
        let (Some(mut to), Some(from), Some(aside)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(std::io::Error::other("it has no pipes"));
        };
        let (tell, told) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                // Who ends early has its reasons, and its status tells them.
                let _ = to.write_all(&line).and_then(|()| to.write_all(bytes));
                drop(to);
                let _ = tell.send(read(from, ANSWER));
            });
            let last_words = scope.spawn(move || read(aside, LAST_WORDS));
            let answer = told.recv_timeout(self.asks.timeout).ok();
            if answer.is_none() {
                let _ = child.kill();
            }
            let status = child.wait().ok();
            let last_words = last_words.join().unwrap_or_default();
            Ok(Ended { answer, status, last_words: String::from_utf8_lossy(&last_words).into_owned() })
        })
    }

    /// Without the host's environment, where secrets may be.
    fn start(&self) -> std::io::Result<Child> {
        let mut command = Command::new(&self.asks.program);
        command.args(&self.asks.args).env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
    }

    fn words(&self, ended: &Ended) -> String {
        let (memory, timeout) = (noontide_domain::duration::bytes(self.asks.memory), words(self.asks.timeout));
        let advice = "no compiler makes so much of an honest plugin; if this one is, raise the limit";
        let last = ended.last_words.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        match (&ended.answer, ended.status.and_then(signal)) {
            (None, _) => format!("compiling it takes longer than {timeout} ([plugins] compile-timeout) — {advice}"),
            (_, Some(SIGXCPU)) => {
                format!("compiling it takes more than {timeout} of all cores ([plugins] compile-timeout) — {advice}")
            }
            (_, Some(SIGXFSZ)) => {
                format!("its code would have over {} — split it", noontide_domain::duration::bytes(limits::CODE))
            }
            (_, Some(SIGABRT)) if last.contains("memory allocation") => {
                format!("compiling it takes more than {memory} of memory ([plugins] compile-memory) — {advice}")
            }
            (_, Some(SIGKILL)) => {
                "the process that compiled it was killed from outside, as it is where memory is short \
                                   — give the machine more, or compile-memory less"
                    .to_owned()
            }
            _ => format!("the compiler broke on it: {} — rebuild it", harmless(last, 200)),
        }
    }
}

const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;
const SIGXCPU: i32 = 24;
const SIGXFSZ: i32 = 25;

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

fn read(from: impl Read, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut from = from;
    let _ = (&mut from).take(most).read_to_end(&mut bytes);
    // A pipe that is full would hold the process up.
    let _ = std::io::copy(&mut from, &mut std::io::sink());
    bytes
}

/// The same bytes are compiled once for an engine, and again where the contract has changed.
fn key(engine: &Engine, sha256: &str) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    crate::load::WIT.hash(&mut hasher);
    format!("{sha256}-{:016x}", hasher.finish())
}

fn load(engine: &Engine, path: &PathBuf, kind: Kind) -> wasmtime::Result<Code> {
    #[expect(
        unsafe_code,
        reason = "native code that a process of this very program wrote into a folder only it may write"
    )]
    unsafe {
        match kind {
            Kind::Component => Component::deserialize_file(engine, path).map(Code::Component),
            Kind::Module => Module::deserialize_file(engine, path).map(Code::Module),
        }
    }
}

fn refuse(message: String) -> Refusal {
    Refusal::new("compile", message)
}

fn words(time: Duration) -> String {
    noontide_domain::duration::words(time)
}
