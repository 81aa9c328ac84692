use super::*;
use noontide_domain::{Access, ConnectionKind, SqlDialect};

const GOOD: &str = r#"
[connection.shop]
url               = { env = "SHOP_URL" }
max-connections   = 8
statement-timeout = "5s"
max-rows          = 100
max-bytes         = "1MiB"

[connection.books]
url = "sqlite://../data/books.db"

[connection.cache]
url = "redis://cache:6379/1"

[plugin.reader]
sql = ["shop", "books"]
kv  = ["cache"]

[plugin.writer]
sql = { shop = "read-only", books = "read-write" }
kv  = { cache = "read-write" }
"#;

#[test]
fn connections_and_their_grants_become_domain_types() {
    let dir = folder(&[("a.toml", GOOD)]);
    let vars = BTreeMap::from([("SHOP_URL".to_owned(), "postgres://me:s3cret@db/shop".to_owned())]);
    let loaded = load(&LoadRequest { vars, ..request(dir.path()) }).unwrap_or_else(|refused| panic!("{refused}"));
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let connections = &loaded.config.connections;
    let shop = &connections[&"shop".parse().expect("a name")];
    assert_eq!(shop.kind, ConnectionKind::Sql(SqlDialect::Postgresql));
    assert_eq!((shop.url.reveal(), shop.max_connections), ("postgres://me:s3cret@db/shop", 8));
    assert_eq!((shop.statement_timeout, shop.max_rows, shop.max_bytes), (Duration::from_secs(5), 100, 1 << 20));
    let books = &connections[&"books".parse().expect("a name")];
    assert!(
        books.url.reveal().ends_with("/data/books.db") && !books.url.reveal().contains(".."),
        "{:?}",
        books.url.reveal()
    );
    assert_eq!(connections[&"cache".parse().expect("a name")].kind, ConnectionKind::Kv);

    let grant = |name: &str| &loaded.config.grants[&name.parse().expect("a name")];
    assert_eq!(grant("reader").sql["shop"], Access::ReadOnly);
    assert_eq!(grant("reader").kv["cache"], Access::ReadOnly);
    assert_eq!(grant("writer").sql["books"], Access::ReadWrite);
    assert_eq!(grant("writer").kv["cache"], Access::ReadWrite);
    assert!(!format!("{loaded:?}").contains("s3cret"));
}

#[test]
fn each_wrong_value_of_a_connection_is_refused_in_one_line_at_its_place() {
    for (lines, place, wanted) in [
        ("", "1:13", "has no `url`"),
        ("url = 5", "2:7", "`url` is an integer"),
        ("url = \"db/shop\"", "2:7", "has no scheme"),
        ("url = \"postgre://db/shop\"", "2:7", "unknown scheme `postgre` — did you mean `postgres`?"),
        ("url = \"rediss://db\"", "2:7", "over TLS) is not in this version yet"),
        ("url = \"sqlite://\"", "2:7", "a path and nothing else"),
        ("url = { env = \"NOPE\" }", "2:7", "the variable NOPE is not set"),
        ("url = { env = \"A\", file = \"b\" }", "2:7", "exactly one of env, file and credential"),
        ("url = \"redis://db\"\nmax-rows = 5", "3:12", "goes with SQL only"),
        ("url = \"redis://db\"\nmax-conections = 5", "3:1", "did you mean `max-connections`?"),
        ("url = \"mysql://db/a\"\nmax-connections = 0", "3:19", "at least 1"),
        ("url = \"mysql://db/a\"\nstatement-timeout = 0", "3:21", "is zero"),
        ("url = \"mysql://db/a\"\nmax-bytes = \"1B\"", "3:13", "at least 1 KiB"),
    ] {
        let found = problems(&[("a.toml", &format!("[connection.x]\n{lines}\n"))], &[]);
        let start = format!("a.toml:{place}: connection `x`: ");
        assert!(found.len() == 1 && found[0].starts_with(&start) && found[0].contains(wanted), "{lines}: {found:?}");
    }
}

#[test]
fn each_wrong_grant_of_a_connection_is_refused_in_one_line_at_its_place() {
    let connections =
        "[connection.shop]\nurl = \"mysql://db/shop\"\n[connection.cache]\nurl = \"redis://db\"\n[plugin.x]\n";
    for (line, place, wanted) in [
        ("sql = [\"shp\"]", "6:8", "there is no [connection.shp] — did you mean `shop`?"),
        ("sql = [\"cache\"]", "6:8", "is a Redis database; grant it as `kv`"),
        ("kv = { shop = \"read-only\" }", "6:8", "is a SQL database; grant it as `sql`"),
        ("sql = { shop = \"readwrite\" }", "6:16", "did you mean `read-write`?"),
        ("sql = \"shop\"", "6:7", "`sql` is a string; names of connections are expected"),
        ("sql = [5]", "6:8", "a string is expected"),
    ] {
        let found = problems(&[("a.toml", &format!("{connections}{line}\n"))], &[]);
        let start = format!("a.toml:{place}: plugin `x`: ");
        assert!(found.len() == 1 && found[0].starts_with(&start) && found[0].contains(wanted), "{line}: {found:?}");
    }
}

#[test]
fn a_password_in_an_address_is_neither_shown_nor_complained_about() {
    for url in [
        "postgres://me:s3cret@db/shop?sslmode=require&password=s3cret",
        "redis+unix:///run/redis?pass=s3cret",
        "s3cret-s3cret-s3cret-s3cret://db",
        "mysql://me:s3cret${@db",
        "me:s3cret@db",
    ] {
        let dir = folder(&[("a.toml", &format!("[connection.x]\nurl = \"{url}\"\n"))]);
        let loaded = load(&request(dir.path())).unwrap_or_else(|refused| panic!("{refused}"));
        let shown = loaded.shown.iter().find(|shown| shown.key == "connection.x.url").expect("it is shown");
        assert!(!shown.value.contains("s3cret") || url.starts_with("s3cret"), "{shown:?}");
        assert!(!format!("{:?}", loaded.problems).contains("s3cret"), "{:?}", loaded.problems);
    }
    let dir = folder(&[("a.toml", "[connection.x]\nurl = \"postgres://me:s3cret@db/shop?sslmode=require\"\n")]);
    let shown = load(&request(dir.path())).expect("loaded").shown;
    assert!(shown.iter().any(|shown| shown.value == "\"postgres://me:…@db/shop?sslmode=require\""), "{shown:?}");
}

#[test]
fn a_credential_of_the_service_is_read_from_the_folder_that_systemd_names() {
    let given = folder(&[("shop-url", "postgres://db/shop\n")]);
    let vars = [("CREDENTIALS_DIRECTORY".to_owned(), given.path().display().to_string())];
    let dir = folder(&[("a.toml", "[connection.shop]\nurl = { credential = \"shop-url\" }\n")]);
    let request = LoadRequest { vars: vars.into(), ..request(dir.path()) };
    let loaded = load(&request).unwrap();
    assert_eq!(loaded.problems, []);
    let shop = loaded.config.connections.values().next().expect("it is there");
    assert_eq!(shop.url.reveal(), "postgres://db/shop");
}
