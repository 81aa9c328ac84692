//! How the text of a statement becomes what a database is sent.
//!
//! A statement may have several steps, parted by `;`: where a database cannot tell what it has changed (MySQL has no
//! `UPDATE … RETURNING`), the first step reads and locks the rows, and the second changes them. Its rows are those of the
//! first step. Each step is sent with the values that stand in it, in the order in which its SQL wants them.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

use crate::connection::Kind;

/// One statement as the database is sent it.
pub(crate) struct Step {
    pub sql: Arc<str>,
    /// Which values are bound, counted from 1, in their order.
    pub args: Vec<usize>,
    /// Of those, the ones that the SQL reads as JSON. Told of PostgreSQL alone.
    pub json: Vec<usize>,
    /// It is made to change rows.
    pub writes: bool,
}

/// By the place of the text: it lives as long as the program. An empty one may have the address of another.
type Parted = HashMap<(Kind, usize, usize), Arc<[Step]>>;

static PARTED: LazyLock<RwLock<Parted>> = LazyLock::new(RwLock::default);

/// The steps of a text of the program, looked at once.
pub(crate) fn of(kind: Kind, text: &'static str) -> Arc<[Step]> {
    let key = (kind, text.as_ptr() as usize, text.len());
    if let Some(steps) = PARTED.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&key) {
        return Arc::clone(steps);
    }
    let steps = parted(kind, text);
    PARTED.write().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(key, Arc::clone(&steps));
    steps
}

/// The steps of any text.
pub(crate) fn parted(kind: Kind, text: &str) -> Arc<[Step]> {
    pieces(text).into_iter().map(|piece| step(kind, piece)).collect()
}

/// Cut at each `;` that does not stand in a literal.
fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut quote) = (Vec::new(), 0, None);
    for (i, sign) in text.char_indices() {
        match (quote, sign) {
            (None, ';') => {
                pieces.push(&text[start..i]);
                start = i + 1;
            }
            (None, '\'' | '"' | '`') => quote = Some(sign),
            (Some(open), _) if open == sign => quote = None,
            _ => {}
        }
    }
    pieces.push(&text[start..]);
    pieces.retain(|piece| !piece.trim().is_empty());
    pieces
}

fn step(kind: Kind, piece: &str) -> Step {
    let sigil = if kind == Kind::Postgres { '$' } else { '?' };
    let (mut sql, mut args, mut quote) = (String::with_capacity(piece.len()), Vec::new(), None);
    let mut json = Vec::new();
    let mut signs = piece.trim().chars().peekable();
    while let Some(sign) = signs.next() {
        match quote {
            Some(open) if open == sign => quote = None,
            None if matches!(sign, '\'' | '"' | '`') => quote = Some(sign),
            _ => {}
        }
        let mut number = 0;
        while quote.is_none()
            && sign == sigil
            && let Some(digit) = signs.peek().and_then(|next| next.to_digit(10))
        {
            number = 10 * number + digit as usize;
            signs.next();
        }
        match number {
            0 => sql.push(sign),
            _ => sql.push_str(&placeholder(kind, number, &mut args)),
        }
        if number > 0 && signs.clone().take(6).eq("::json".chars()) {
            json.push(number);
        }
    }
    // What only reads has no such word, not even under lock.
    let writes = ["INSERT ", " SET ", "DELETE "].iter().any(|word| sql.contains(word));
    Step { sql: sql.into(), args, json, writes }
}

/// MySQL counts what it is given; the others can be told twice of one value.
fn placeholder(kind: Kind, number: usize, args: &mut Vec<usize>) -> String {
    if kind == Kind::Mysql {
        args.push(number);
        return "?".to_owned();
    }
    let place = args.iter().position(|known| *known == number).unwrap_or_else(|| {
        args.push(number);
        args.len() - 1
    });
    let sigil = if kind == Kind::Postgres { '$' } else { '?' };
    format!("{sigil}{}", place + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(kind: Kind, text: &str) -> Vec<(String, Vec<usize>)> {
        parted(kind, text).iter().map(|step| (step.sql.to_string(), step.args.clone())).collect()
    }

    #[test]
    fn mysql_is_given_a_value_as_often_as_it_is_named() {
        let text = "UPDATE run SET a = ?2, b = ?1 WHERE c = ?2";
        assert_eq!(sent(Kind::Mysql, text), [("UPDATE run SET a = ?, b = ? WHERE c = ?".to_owned(), vec![2, 1, 2])]);
    }

    #[test]
    fn each_step_is_sent_with_its_own_values() {
        let text = "SELECT id FROM run WHERE a = $2 FOR UPDATE; UPDATE run SET b = $1 WHERE a = $2";
        let steps = sent(Kind::Postgres, text);
        assert_eq!(steps[0], ("SELECT id FROM run WHERE a = $1 FOR UPDATE".to_owned(), vec![2]));
        assert_eq!(steps[1], ("UPDATE run SET b = $1 WHERE a = $2".to_owned(), vec![1, 2]));
    }

    #[test]
    fn what_writes_is_known_by_its_words() {
        let text =
            "SELECT id FROM run WHERE a = $2 FOR UPDATE; UPDATE run SET b = $1; WITH a AS (SELECT 1) DELETE FROM a";
        let writes: Vec<_> = parted(Kind::Postgres, text).iter().map(|step| step.writes).collect();
        assert_eq!(writes, [false, true, true]);
    }

    #[test]
    fn what_stands_in_a_literal_is_text() {
        let text = "SELECT ';', '$1', \"?2\" WHERE a = $1;";
        assert_eq!(sent(Kind::Postgres, text), [("SELECT ';', '$1', \"?2\" WHERE a = $1".to_owned(), vec![1])]);
    }
}
