//! Log files.

use super::*;

#[test]
fn a_path_alone_has_the_defaults_and_tables_say_the_rest() {
    let one = loaded(&[("a.toml", "[log]\nfile = '/var/log/n.jsonl'\nlevel = 'warn'\n")]).config.log.files;
    let expected = LogFile { path: "/var/log/n.jsonl".into(), max_size: 100 << 20, keep: 5, level: "warn".to_owned() };
    assert_eq!(one, std::slice::from_ref(&expected));
    let text = "[[log.file]]\npath = '/a'\nmax-size = '1MiB'\nkeep = 2\nlevel = 'off,handler=info'\n[[log.file]]\npath = '/b'\n";
    let two = loaded(&[("a.toml", text)]).config.log.files;
    assert_eq!(two[0], LogFile { path: "/a".into(), max_size: 1 << 20, keep: 2, level: "off,handler=info".to_owned() });
    assert_eq!((two.len(), two[1].level.as_str()), (2, "info"));
}

#[test]
fn what_is_wrong_with_a_log_file_is_told_with_its_place() {
    for (keys, said) in [
        ("file = 1", "`file` is an integer"),
        ("file = [{ keep = 2 }]", "`file` has no `path`"),
        ("file = [{ path = 'a', keep = 0 }]", "`keep` is 0"),
        ("file = [{ path = 'a', max-size = '1KiB' }]", "too small"),
        ("file = [{ path = 'a', level = 'ifno' }]", "did you mean `info`"),
        ("file = [{ path = 'a' }, { path = 'a' }]", "is there twice"),
        ("file = [{ path = 'a', kepp = 1 }]", "did you mean `keep`"),
    ] {
        let told = problems(&[("a.toml", &format!("[log]\n{keys}\n"))], &[]);
        assert!(told.len() == 1 && told[0].contains(said) && told[0].contains("a.toml:2:"), "{keys}: {told:?}");
    }
}
