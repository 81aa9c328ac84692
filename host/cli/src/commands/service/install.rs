//! Writing a unit and telling systemd, each step said before it is done.

use std::path::Path;

use super::place::Place;
use super::unit::{MARK, Unit};
use crate::args::Global;
use crate::exit::{Done, Exit, Stop};

/// Writes the unit, starts it, and has it started with the machine.
pub fn install(global: &Global, place: &Place, unit: &Unit) -> Done {
    place.answers()?;
    let file = place.file();
    ours(&file)?;
    for folder in unit.folders().filter(|folder| !folder.exists()) {
        make(global, folder, unit.user())?;
    }
    let write = std::fs::create_dir_all(file.parent().unwrap_or(Path::new("/")));
    write.and_then(|()| std::fs::write(&file, unit.text())).map_err(|error| broken(&file, &error))?;
    say(global, &format!("written   {}", file.display()));
    tell(global, place, &["daemon-reload"])?;
    tell(global, place, &["enable", "--now", &place.name])?;
    let user = if place.is_of_a_user { "--user " } else { "" };
    global
        .output()
        .hint(&format!("it runs; see it with `systemctl {user}status {}` and `noontide status`", place.name));
    Ok(Exit::Ok)
}

/// Stops it and takes its unit away.
pub fn uninstall(global: &Global, place: &Place) -> Done {
    place.answers()?;
    let file = place.file();
    if !file.exists() {
        return Err(Stop::new(
            Exit::NotFound,
            format!("{} is not there: nothing was installed under this name", file.display()),
        ));
    }
    ours(&file)?;
    tell(global, place, &["disable", "--now", &place.name])?;
    std::fs::remove_file(&file).map_err(|error| broken(&file, &error))?;
    say(global, &format!("removed   {}", file.display()));
    tell(global, place, &["daemon-reload"])?;
    global.output().hint("configuration and data are where they were");
    Ok(Exit::Ok)
}

/// What somebody else wrote is not ours to replace or remove.
fn ours(file: &Path) -> Result<(), Stop> {
    match std::fs::read_to_string(file) {
        Ok(text) if !text.starts_with(MARK) => {
            let message =
                format!("{} was not written by `noontide service`; remove it, or take another --name", file.display());
            Err(Stop::new(Exit::Conflict, message))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// systemd asks for folders that are there. One that is made belongs to whom the service runs as.
fn make(global: &Global, folder: &Path, user: Option<&str>) -> Result<(), Stop> {
    std::fs::create_dir_all(folder).map_err(|error| broken(folder, &error))?;
    if let Some(user) = user {
        let done = std::process::Command::new("chown").arg(user).arg(folder).status();
        if !done.is_ok_and(|status| status.success()) {
            return Err(Stop::failed(format!("{}: cannot be given to {user}", folder.display())));
        }
    }
    say(global, &format!("made      {}", folder.display()));
    Ok(())
}

fn tell(global: &Global, place: &Place, args: &[&str]) -> Result<(), Stop> {
    let mut command = place.systemctl(args);
    let shown: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let shown = format!("systemctl {}", shown.join(" "));
    say(global, &format!("$ {shown}"));
    let status = command.status().map_err(|error| Stop::failed(format!("{shown}: {error}")))?;
    match status.success() {
        true => Ok(()),
        false => Err(Stop::failed(format!("{shown}: {status}; `journalctl -u {}` says why", place.name))),
    }
}

fn say(global: &Global, line: &str) {
    global.output().hint(line);
}

fn broken(path: &Path, error: &std::io::Error) -> Stop {
    Stop::failed(format!("{}: {error}", path.display()))
}
