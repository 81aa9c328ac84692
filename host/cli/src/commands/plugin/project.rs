//! A plugin's own folder: what its `noontide.toml` asks for, and what is there of it.

use std::path::{Path, PathBuf};

use noontide_config::project::{FILE, Needed, Project};

use crate::exit::{Exit, Stop};

/// A folder with a `noontide.toml`.
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// What the file says.
    pub project: Project,
}

impl Folder {
    /// Reads the folder's file.
    ///
    /// # Errors
    /// There is none (4), or all that is wrong with it (3).
    pub fn open(path: &Path) -> Result<Self, Stop> {
        let exit = if path.join(FILE).exists() { Exit::Config } else { Exit::NotFound };
        let project = Project::read(path).map_err(|refused| Stop::new(exit, refused))?;
        Ok(Self { path: path.to_owned(), project })
    }

    /// What the build makes.
    pub fn output(&self) -> PathBuf {
        let here = self.path.as_os_str() == ".";
        if here { self.project.output.clone() } else { self.path.join(&self.project.output) }
    }

    /// What the machine lacks, a line each.
    pub fn missing(&self) -> Vec<String> {
        let lacking = |what: &Needed| match what {
            Needed::Command(name) => self.program(name).is_none().then(|| name.clone()),
            Needed::File(path) => (!self.path.join(path).exists()).then(|| path.display().to_string()),
        };
        let needs = self.project.needs.iter();
        needs.filter_map(|need| Some(format!("{} is missing: {}", lacking(&need.what)?, need.hint))).collect()
    }

    /// Where a program is; a name with a `/` is looked for in the folder, all others on `PATH`.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        if name.contains('/') {
            return self.path.join(name).canonicalize().ok().filter(|path| is_program(path));
        }
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| is_program(path))
    }
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_with_the_way_to_come_by_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = r#"
            [plugin]
            name = "x"
            [build]
            command = ["sh"]
            output = "x.wasm"
            needs = [{ command = "sh", hint = "" }, { command = "no-such-tool", hint = "pip install it" },
                     { file = "here", hint = "" }, { file = "node_modules", hint = "npm install" }]
        "#;
        std::fs::write(folder.path().join(FILE), file).unwrap();
        std::fs::write(folder.path().join("here"), "").unwrap();
        let missing = Folder::open(folder.path()).unwrap().missing();
        assert_eq!(missing, ["no-such-tool is missing: pip install it", "node_modules is missing: npm install"]);
    }

    #[test]
    fn a_folder_without_the_file_is_told_how_to_get_one() {
        let folder = tempfile::tempdir().unwrap();
        let stop = Folder::open(folder.path()).err().unwrap();
        assert_eq!(stop.exit, Exit::NotFound);
        assert!(stop.message.contains("noontide plugin new"), "{}", stop.message);
    }
}
