//! The process that compiles one file: it has no configuration, no secrets and no network of its own making, only the
//! bytes on stdin, one file it may write, and limits.

use std::io::{BufRead, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use wasmtime::Engine;

use super::limits;
use crate::load::{Examined, Kind, Refusal};

/// What it is asked: one line of JSON, and after it the file, to the end of stdin.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    /// Where the code is written to.
    pub(super) into: PathBuf,
    /// Whether programs are compiled, too.
    pub(super) programs: bool,
    /// Whether the code counts its steps.
    pub(super) counts: bool,
    /// Of memory, in bytes; of all cores together, in seconds.
    pub(super) memory: u64,
    pub(super) cpu: u64,
    /// Who asked: without it, there is nobody to answer.
    pub(super) parent: u32,
}

/// What it answers: JSON, all of stdout.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// Examined, and compiled if that was asked.
    Taken(Examined),
    /// Why not.
    Refused(Refusal),
}

/// Does what stdin asks for, and answers on stdout.
pub(crate) fn main() -> ExitCode {
    match asked().and_then(|(asked, bytes)| serde_json::to_vec(&answer(&asked, &bytes)).map_err(Into::into)) {
        Ok(answer) if std::io::stdout().write_all(&answer).is_ok() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn asked() -> std::io::Result<(Asked, Vec<u8>)> {
    let mut stdin = std::io::stdin().lock();
    let mut line = String::new();
    stdin.read_line(&mut line)?;
    let asked: Asked = serde_json::from_str(&line)?;
    limits::set(asked.memory, asked.cpu, asked.parent)?;
    let mut bytes = Vec::new();
    stdin.read_to_end(&mut bytes)?;
    Ok((asked, bytes))
}

fn answer(asked: &Asked, bytes: &[u8]) -> Answer {
    match compile(asked, bytes) {
        Ok(examined) => Answer::Taken(examined),
        Err(refusal) => Answer::Refused(refusal),
    }
}

fn compile(asked: &Asked, bytes: &[u8]) -> Result<Examined, Refusal> {
    let kind = Kind::of(bytes)?;
    let broken = |error: wasmtime::Error| super::broken(&error);
    let engine = Engine::new(&crate::engine::config(asked.counts)).map_err(broken)?;
    let examined = Examined::of(bytes, kind, engine.get_wasm_features())?;
    if examined.is_program() && !asked.programs {
        return Ok(examined);
    }
    let code = match kind {
        Kind::Component => engine.precompile_component(bytes),
        Kind::Module => engine.precompile_module(bytes),
    };
    let code = code.map_err(broken)?;
    let written = std::fs::write(&asked.into, code);
    written.map_err(|error| {
        Refusal::new("compile", format!("its code cannot be written: {error} — see the data folder"))
    })?;
    Ok(examined)
}
