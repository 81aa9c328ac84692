use super::*;

/// A folder that is looked at by a clock of its own.
struct Place {
    dir: tempfile::TempDir,
    folder: Folder,
    now: Instant,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { folder: Folder::at(dir.path()), dir, now: Instant::now() }
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).unwrap();
    }

    fn look(&mut self) -> Look {
        self.folder.look(self.now)
    }

    /// Two looks, so far apart that what stands still is taken.
    fn look_twice(&mut self) -> Look {
        self.look();
        self.now += STILL;
        self.look()
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path().join(folder)).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn a_file_is_taken_when_it_has_stood_still() {
    let mut place = Place::new();
    place.put("a.json", "{");
    let look = place.look();
    assert!(look.unsettled && look.taken.is_empty());
    place.now += STILL;
    place.put("a.json", "{}");
    let look = place.look();
    assert!(look.unsettled && look.taken.is_empty(), "somebody has written");
    place.now += STILL;
    let look = place.look();
    assert_eq!((look.taken.len(), look.unsettled, look.problem), (1, false, None));
    assert_eq!((look.taken[0].name.as_str(), place.names("taking").len()), ("a.json", 1));
    assert!(!place.dir.path().join("a.json").exists());
}

#[test]
fn what_is_on_its_way_there_is_left_alone() {
    let mut place = Place::new();
    for name in [".a.json", "a.json.tmp", "a.json.part", "a.json~", "#a.json#", ".a.json.swp", "4913", "a.txt"] {
        place.put(name, "{}");
    }
    fs::create_dir(place.dir.path().join("b.json")).unwrap();
    assert!(place.look_twice().taken.is_empty());
    assert_eq!(place.names("").len(), 9);
}

#[test]
fn what_was_taken_is_found_again_under_the_same_id_until_it_is_over() {
    let mut place = Place::new();
    place.put("a.json", "{}");
    let first = place.look_twice().taken;
    assert_eq!(Folder::at(place.dir.path()).look(place.now).taken, first, "by the host that comes after");
    place.folder.done(&first[0], "3 accepted").unwrap();
    assert!(place.look().taken.is_empty());
    let name = format!("{}-a.json", first[0].id);
    assert_eq!(place.names("done"), [name.clone(), format!("{name}.counts")]);
    place.folder.done(&first[0], "3 accepted").expect("another host may have been faster");
}

#[test]
fn the_same_name_may_come_again_and_nothing_is_written_over() {
    let mut place = Place::new();
    for text in ["1", "2"] {
        place.put("a.json", text);
        let taken = place.look_twice().taken;
        place.folder.refuse(&taken[0], "no timetable").unwrap();
    }
    assert_eq!(place.names("refused").len(), 4, "two files, and a reason for each");
}

#[test]
fn a_path_called_like_a_file_is_that_file_alone() {
    let mut place = Place::new();
    place.folder = Folder::at(&place.dir.path().join("today.jsonl"));
    place.put("today.jsonl", "");
    place.put("other.jsonl", "");
    let taken = place.look_twice().taken;
    assert_eq!(taken.iter().map(|taken| taken.name.as_str()).collect::<Vec<_>>(), ["today.jsonl"]);
}

#[test]
fn a_link_is_moved_and_what_it_points_to_is_not_read() {
    let mut place = Place::new();
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::os::unix::fs::symlink(secret.path(), place.dir.path().join("a.json")).unwrap();
    let taken = place.look_twice().taken;
    let refused = taken[0].open().unwrap_err();
    assert!(refused.kind() == ErrorKind::InvalidInput && refused.to_string().contains("symbolic link"), "{refused}");
    place.folder.refuse(&taken[0], &refused.to_string()).unwrap();
    assert!(secret.path().exists() && place.names("taking").is_empty());
}

#[test]
fn a_pipe_is_no_file_and_holds_nobody() {
    let mut place = Place::new();
    rustix::fs::mkfifoat(rustix::fs::CWD, place.dir.path().join("a.json"), Mode::RUSR).unwrap();
    let taken = place.look_twice().taken;
    assert_eq!(taken[0].open().unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_folder_that_is_away_is_a_problem_until_it_is_back() {
    let mut place = Place::new();
    let path = place.dir.path().join("inbox");
    place.folder = Folder::at(&path);
    assert!(place.look().problem.unwrap().contains("make it, or name another in `watch`"));
    fs::create_dir(&path).unwrap();
    place.put("inbox/a.json", "{}");
    let look = place.look_twice();
    assert_eq!((look.problem, look.taken.len()), (None, 1));
}
