//! `${VAR}`, `${VAR:-default}`, `${VAR:?message}` and `$$` in string values.

use std::collections::BTreeMap;

/// Puts variables in.
///
/// # Errors
/// A sentence that names the variable and how to set it.
pub(crate) fn interpolate(text: &str, vars: &BTreeMap<String, String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let Some(end) = after.find('}') else {
                return Err(format!("`{text}`: `${{` is not closed by `}}`; a plain dollar sign is written `$$`"));
            };
            out.push_str(&value(&after[..end], vars)?);
            rest = &after[end + 1..];
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn value(inside: &str, vars: &BTreeMap<String, String>) -> Result<String, String> {
    let (name, fallback) = match inside.find(':') {
        Some(at) => (&inside[..at], Some(&inside[at + 1..])),
        None => (inside, None),
    };
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !plain {
        return Err(format!("`${{{inside}}}`: `{name}` is no name of a variable"));
    }
    match (vars.get(name), fallback) {
        (Some(value), None) => Ok(value.clone()),
        (Some(value), Some(_)) if !value.is_empty() => Ok(value.clone()),
        (_, Some(fallback)) => match (fallback.strip_prefix('-'), fallback.strip_prefix('?')) {
            (Some(default), _) => Ok(default.to_owned()),
            (_, Some("")) => Err(format!("the variable {name} is not set; set it")),
            (_, Some(message)) => Err(format!("the variable {name} is not set: {message}")),
            _ => Err(format!("`${{{inside}}}`: after the colon comes `-default` or `?message`")),
        },
        (None, None) => Err(format!("the variable {name} is not set; set it, or give a default: `${{{name}:-…}}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_defaults_and_dollar_signs() {
        let vars = BTreeMap::from([("A".to_owned(), "1".to_owned()), ("E".to_owned(), String::new())]);
        let read = |text| interpolate(text, &vars);
        assert_eq!(read("x${A}y${B:-2}$$3 $4"), Ok("x1y2$3 $4".to_owned()));
        assert_eq!(read("${E:-d}"), Ok("d".to_owned()));
        assert_eq!(read("${E}"), Ok(String::new()));
        for wrong in ["${B}", "${A", "${}", "${B:?say why}", "${a b}", "${B:x}"] {
            assert!(read(wrong).is_err(), "{wrong} was taken");
        }
    }
}
