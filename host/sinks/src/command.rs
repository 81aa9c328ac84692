//! A program on this machine: the event on its standard input. No shell reads its arguments, and of the host's environment it
//! has the `PATH` and nothing else.

use std::process::Stdio;
use std::time::Duration;

use noontide_domain::alert::Alert;
use noontide_domain::outbox::Reply;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use crate::event::event;

/// Of what it says last, in bytes.
const SAID: u64 = 4 << 10;

pub(crate) async fn run(argv: &[String], alert: &Alert, within: Duration) -> Reply {
    let Some((program, arguments)) = argv.split_first() else {
        return Reply::Refused("the command is empty".to_owned());
    };
    let mut command = Command::new(program);
    command.args(arguments).env_clear().kill_on_drop(true);
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Reply::Refused(format!("{program} cannot be started: {error}")),
    };
    match tokio::time::timeout(within, tell(child, event(alert).to_string())).await {
        Ok(Ok(None)) => Reply::Answered { status: 200, after: None },
        Ok(Ok(Some(words))) => Reply::Refused(format!("{program}: {words}")),
        Ok(Err(error)) => Reply::Silent(format!("{program}: {error}")),
        // Dropped with the future, the child is killed.
        Err(_) => Reply::Silent(format!("{program} was stopped after {} s", within.as_secs())),
    }
}

/// What it says if it ends badly.
async fn tell(mut child: Child, event: String) -> std::io::Result<Option<String>> {
    if let Some(mut input) = child.stdin.take() {
        // Who does not read it may still do its work.
        let _ = input.write_all(event.as_bytes()).await;
    }
    let mut said = Vec::new();
    if let Some(errors) = child.stderr.take() {
        errors.take(SAID).read_to_end(&mut said).await?;
    }
    let status = child.wait().await?;
    let said = String::from_utf8_lossy(&said);
    let said: String = said.trim().chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    Ok((!status.success()).then(|| format!("{status} {said}").trim_end().to_owned()))
}
