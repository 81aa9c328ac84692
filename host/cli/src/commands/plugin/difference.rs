//! How one text differs from another, line by line: what `plugin dev` tells of a result that has changed.

/// Longer texts are not compared, and longer differences not told, in lines.
const LINES: usize = 400;
const TOLD: usize = 24;

/// The lines that went, with `- `, and those that came, with `+ `. `None` if it is too much to tell.
pub fn between(old: &str, new: &str) -> Option<Vec<String>> {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    if old.len().max(new.len()) > LINES {
        return None;
    }
    let common = common(&old, &new);
    let (mut told, mut i, mut j) = (Vec::new(), 0, 0);
    while i < old.len() || j < new.len() {
        let goes = i < old.len() && (j == new.len() || common[i + 1][j] >= common[i][j + 1]);
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if goes {
            told.push(format!("- {}", old[i]));
            i += 1;
        } else {
            told.push(format!("+ {}", new[j]));
            j += 1;
        }
    }
    (told.len() <= TOLD).then_some(told)
}

/// How many lines the rests from `i` and `j` on have in common, in order.
fn common(old: &[&str], new: &[&str]) -> Vec<Vec<usize>> {
    let mut table = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            table[i][j] = match old[i] == new[j] {
                true => table[i + 1][j + 1] + 1,
                false => table[i + 1][j].max(table[i][j + 1]),
            };
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_went_and_lines_that_came_are_told_in_their_order() {
        assert_eq!(between("a\nb\nc", "a\nx\nc\nd").unwrap(), ["- b", "+ x", "+ d"]);
        assert_eq!(between("a", "a").unwrap(), [""; 0]);
        assert_eq!(between("", "a").unwrap(), ["+ a"]);
        assert_eq!(between("a\nb", "").unwrap(), ["- a", "- b"]);
    }

    #[test]
    fn what_is_too_much_is_not_told() {
        let many = "x\n".repeat(LINES + 1);
        assert_eq!(between(&many, ""), None);
        assert_eq!(between(&"x\n".repeat(TOLD + 1), ""), None);
    }
}
