//! How a value looks when somebody writes it: as it is, as JSON, in base64, percent-encoded.

use std::collections::BTreeSet;

/// Of a value within a longer base64 text, so many characters that it alone decides are told apart from chance.
const CERTAIN: usize = 4;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// All of them, none twice.
pub(super) fn all(value: &str) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::from([value.as_bytes().to_vec()]);
    forms.extend([json(value, false), json(value, true)].map(String::into_bytes));
    // What others leave as it is: nothing, RFC 3986, paths, encodeURIComponent, and forms, which have `+` for a space.
    for kept in ["", "-._~", "-._~/", "-._~!'()*", "-._*"] {
        forms.extend([percent(value, kept, false), percent(value, kept, true)].map(String::into_bytes));
        forms.extend(
            [percent(value, kept, false), percent(value, kept, true)].map(|text| text.replace("%20", "+").into_bytes()),
        );
    }
    for alphabet in [STANDARD, URL_SAFE] {
        forms.extend(
            (0..3).map(|before| within(value.as_bytes(), before, alphabet)).filter(|form| form.len() >= CERTAIN),
        );
        let whole = base64(value.as_bytes(), alphabet);
        let padding = "===".get(..(4 - whole.len() % 4) % 4).unwrap_or_default();
        forms.insert([&whole, padding.as_bytes()].concat());
        forms.insert(whole);
    }
    forms
}

/// As JSON writes it between quotes; some writers keep to ASCII.
fn json(value: &str, ascii: bool) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    let inside = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    if !ascii {
        return inside.to_owned();
    }
    let mut units = [0; 2];
    let mut out = String::new();
    for c in inside.chars() {
        match c.is_ascii() {
            true => out.push(c),
            false => c.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    out
}

fn percent(value: &str, kept: &str, lower: bool) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        match byte {
            _ if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) => out.push(char::from(byte)),
            _ if lower => out.push_str(&format!("%{byte:02x}")),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Without padding.
fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> Vec<u8> {
    let sextet = |bits: u32, place: usize| alphabet[(bits >> (18 - 6 * place)) as usize & 63];
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().zip([16, 8, 0]).fold(0, |bits, (byte, shift)| bits | u32::from(*byte) << shift);
        out.extend((0..=three.len()).map(|place| sextet(bits, place)));
    }
    out
}

/// What is certain of the base64 of a text with the value in it, `before` bytes behind a border of three.
fn within(value: &[u8], before: usize, alphabet: &[u8; 64]) -> Vec<u8> {
    let encoded = base64(&[&vec![0; before], value].concat(), alphabet);
    let (from, to) = ((before * 8).div_ceil(6), (before + value.len()) * 8 / 6);
    encoded.get(from..to).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(value: &str, form: &str) -> bool {
        all(value).contains(form.as_bytes())
    }

    #[test]
    fn a_value_is_known_as_json_in_base64_and_percent_encoded() {
        let value = "p\"ä/ß?\n";
        for form in [
            "p\"ä/ß?\n",
            r#"p\"ä/ß?\n"#,
            r#"p\"\u00e4/\u00df?\n"#,
            "p%22%C3%A4%2F%C3%9F%3F%0A",
            "p%22%c3%a4%2f%c3%9f%3f%0a",
            "cCLDpC/Dnz8K",
            "cCLDpC_Dnz8K",
        ] {
            assert!(has(value, form), "{form}");
        }
        assert!(has("a b~c", "a+b%7Ec") && has("a b~c", "a%20b~c"));
    }

    #[test]
    fn base64_is_as_everybody_writes_it() {
        for (text, encoded) in [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert!(has(text, encoded), "{encoded}");
        }
    }

    #[test]
    fn a_value_is_found_wherever_it_stands_in_a_longer_base64_text() {
        let value = "hunter22secret";
        for before in ["", "u", "us", "use", "user:"] {
            let text = base64(format!("{before}{value}, and more").as_bytes(), STANDARD);
            let text = String::from_utf8(text).expect("ASCII");
            let form = within(value.as_bytes(), before.len() % 3, STANDARD);
            assert!(text.contains(std::str::from_utf8(&form).expect("ASCII")), "{text}");
            assert!(form.len() > value.len(), "{form:?}");
        }
    }
}
