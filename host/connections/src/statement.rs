//! What a statement begins with, and whether it may be asked at all. The databases' own read-only transactions are the
//! fence; this keeps out what such a transaction does not hold back.

use noontide_domain::{SqlDialect, SqlError, SqlStatement};

use crate::fault::refusal;

/// What reads, by what it begins with.
fn reads(dialect: SqlDialect) -> &'static [&'static str] {
    match dialect {
        SqlDialect::Sqlite => &["SELECT", "WITH", "VALUES", "EXPLAIN"],
        SqlDialect::Postgresql => &["SELECT", "WITH", "VALUES", "TABLE", "EXPLAIN", "SHOW"],
        SqlDialect::Mysql => &["SELECT", "WITH", "VALUES", "TABLE", "EXPLAIN", "SHOW", "DESCRIBE", "DESC"],
    }
}

/// What works on rows, and leaves nothing in the session.
const DATA: [&str; 8] = ["INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "SELECT", "WITH", "VALUES"];

/// What would end the transaction of a call, or outlive it. COPY talks over the wire in a way of its own.
const TRANSACTION: [&str; 13] = [
    "BEGIN",
    "START",
    "COMMIT",
    "END",
    "ROLLBACK",
    "ABORT",
    "SAVEPOINT",
    "RELEASE",
    "PREPARE",
    "XA",
    "COPY",
    "LOAD",
    "UNLOCK",
];

/// SQLite: other files, and switches of the connection.
const SQLITE: [&str; 4] = ["ATTACH", "DETACH", "PRAGMA", "VACUUM"];

/// Whether a statement may be asked where only reading is possible.
pub(crate) fn may_read(dialect: SqlDialect, statement: &SqlStatement) -> Result<(), SqlError> {
    let text = &statement.text;
    single(dialect, text)?;
    let first = first_word(dialect, text);
    if !reads(dialect).contains(&first.as_str()) {
        return Err(SqlError::ReadOnly);
    }
    // Read-only transactions do not hold these back. Looked for everywhere: whether a quote ends is a matter of `sql_mode`.
    let upper = if dialect == SqlDialect::Mysql { text.to_ascii_uppercase() } else { String::new() };
    if ["OUTFILE", "DUMPFILE", "/*!", "/*M!"].iter().any(|hidden| upper.contains(hidden)) {
        return Err(SqlError::ReadOnly);
    }
    Ok(())
}

/// Whether statements may be asked in one writing transaction.
pub(crate) fn may_write(dialect: SqlDialect, statements: &[SqlStatement]) -> Result<(), SqlError> {
    for statement in statements {
        single(dialect, &statement.text)?;
        let first = first_word(dialect, &statement.text);
        let kept = TRANSACTION.contains(&first.as_str());
        if kept || (dialect == SqlDialect::Sqlite && SQLITE.contains(&first.as_str())) {
            return Err(refusal(format!("`{first}` is not possible here: each call is one transaction of the host's")));
        }
        if dialect == SqlDialect::Mysql && statements.len() > 1 && !DATA.contains(&first.as_str()) {
            let message = format!("`{first}` ends a transaction in MySQL: it stands alone in its call");
            return Err(refusal(message));
        }
    }
    Ok(())
}

/// Whether the session is as before, once the transaction is over: no variables, no temporary tables.
pub(crate) fn leaves_nothing(dialect: SqlDialect, statements: &[SqlStatement]) -> bool {
    let data = |word: String| DATA.contains(&word.as_str()) || reads(dialect).contains(&word.as_str());
    statements.iter().all(|statement| {
        data(first_word(dialect, &statement.text)) && !(dialect == SqlDialect::Mysql && of_session(&statement.text))
    })
}

/// MySQL: speaks of what belongs to a session, user variables above all, or the last inserted number.
pub(crate) fn of_session(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    ["@", "LAST_INSERT_ID", "FOUND_ROWS", "ROW_COUNT"].iter().any(|word| upper.contains(word))
}

/// PostgreSQL: what a cursor can be declared for. The others answer in text by themselves.
pub(crate) fn is_cursor(text: &str) -> bool {
    let first = first_word(SqlDialect::Postgresql, text);
    ["SELECT", "WITH", "VALUES", "TABLE"].contains(&first.as_str())
}

/// The servers of the others refuse several by themselves: parameters make it their prepared statement.
fn single(dialect: SqlDialect, text: &str) -> Result<(), SqlError> {
    match dialect == SqlDialect::Sqlite && is_several(text) {
        true => Err(refusal("one statement is expected, and there is something after `;`")),
        false => Ok(()),
    }
}

/// In upper case; empty if the statement begins with no word. Comments and opening brackets are passed over.
fn first_word(dialect: SqlDialect, text: &str) -> String {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '(');
        let hash = dialect == SqlDialect::Mysql && rest.starts_with('#');
        if hash || rest.starts_with("--") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if rest.starts_with("/*") {
            rest = after_comment(rest, dialect == SqlDialect::Postgresql);
        } else {
            break;
        }
    }
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    rest[..end].to_ascii_uppercase()
}

/// `text` begins with a comment; PostgreSQL's may hold others.
fn after_comment(text: &str, nested: bool) -> &str {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        let step = if rest.starts_with(b"/*") && (nested || depth == 0) {
            depth += 1;
            2
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            2
        } else {
            1
        };
        at += step;
        if depth == 0 {
            return text.get(at..).unwrap_or_default();
        }
    }
    ""
}

/// SQLite: whether something follows the first `;` that is neither blank nor comment.
fn is_several(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut at, mut ended) = (0, false);
    while at < bytes.len() {
        let rest = &bytes[at..];
        let found = |end: &[u8]| rest.windows(end.len()).skip(end.len()).position(|part| part == end);
        at += match rest[0] {
            b'-' if rest.starts_with(b"--") => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with(b"/*") => found(b"*/").map_or(rest.len(), |end| end + 4),
            byte if byte.is_ascii_whitespace() => 1,
            b';' => {
                ended = true;
                1
            }
            _ if ended => return true,
            // A doubled quote is two texts side by side, which is all the same here.
            quote @ (b'\'' | b'"' | b'`') => found(&[quote]).map_or(rest.len(), |end| end + 2),
            b'[' => found(b"]").map_or(rest.len(), |end| end + 2),
            _ => 1,
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use SqlDialect::{Mysql, Postgresql, Sqlite};

    fn statement(text: &str) -> SqlStatement {
        SqlStatement { text: text.to_owned(), parameters: Vec::new() }
    }

    #[test]
    fn the_first_word_stands_behind_blanks_brackets_and_comments() {
        assert_eq!(first_word(Mysql, " # a\n -- b\n/* c */ (select 1)"), "SELECT");
        assert_eq!(first_word(Postgresql, "/* a /* b */ delete */ with x as (select 1) table x"), "WITH");
        assert_eq!(first_word(Sqlite, "/* a /* b */ delete from x"), "DELETE");
        assert_eq!(first_word(Sqlite, "/**/ values (1)"), "VALUES");
        assert_eq!(first_word(Sqlite, "/*/ select 1"), "");
        assert_eq!((first_word(Sqlite, ""), first_word(Sqlite, "-- only")), (String::new(), String::new()));
    }

    #[test]
    fn what_may_write_is_kept_from_readers() {
        for (dialect, text) in [
            (Postgresql, "set transaction read write"),
            (Postgresql, "do $$ begin end $$"),
            (Postgresql, "copy t to stdout"),
            (Mysql, "set global x = 1"),
            (Mysql, "flush tables"),
            (Mysql, "kill 1"),
            (Mysql, "create table t (n int)"),
            (Mysql, "select 1 into outfile '/tmp/x'"),
            (Mysql, "select 1 /*!50000 into outfile '/tmp/x' */"),
            (Sqlite, "attach 'other.db' as o"),
            (Sqlite, "vacuum into 'copy.db'"),
            (Sqlite, "pragma journal_mode = off"),
            (Sqlite, ""),
        ] {
            assert_eq!(may_read(dialect, &statement(text)), Err(SqlError::ReadOnly), "{text}");
        }
        for (dialect, text) in [(Postgresql, "show all"), (Mysql, "show global status"), (Sqlite, "explain select 1")] {
            assert_eq!(may_read(dialect, &statement(text)), Ok(()), "{text}");
        }
    }

    #[test]
    fn several_statements_in_one_are_noticed_and_semicolons_in_texts_are_not() {
        for one in
            ["select ';'", "select \"a;b\"; -- the end", "select [a;b] ; /* ; */ ;", "select 'it''s;'", "select `;`"]
        {
            assert!(!is_several(one), "{one}");
        }
        for several in ["select 1; delete from t", "select ''; select 1", "select '''';drop", "select 1;/* */ x"] {
            assert!(is_several(several), "{several}");
        }
    }

    #[test]
    fn a_call_is_one_transaction_whatever_its_statements_are() {
        let write =
            |dialect, texts: &[&str]| may_write(dialect, &texts.iter().map(|text| statement(text)).collect::<Vec<_>>());
        assert!(write(Postgresql, &["insert into t values (1)", "commit"]).is_err());
        assert!(write(Sqlite, &["attach 'a' as b"]).is_err());
        assert!(write(Mysql, &["insert into t values (1)", "create table u (n int)"]).is_err());
        assert!(write(Mysql, &["create table u (n int)"]).is_ok());
        assert!(write(Postgresql, &["create table u (n int)", "insert into u values (1)"]).is_ok());
    }

    #[test]
    fn what_touches_the_session_is_told_from_what_does_not() {
        assert!(leaves_nothing(Mysql, &[statement("update t set n = 1")]));
        assert!(!leaves_nothing(Mysql, &[statement("select @a := 1")]));
        assert!(!leaves_nothing(Mysql, &[statement("create temporary table t (n int)")]));
    }
}
