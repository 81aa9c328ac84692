use super::fields::Fields;
use crate::Lang;

pub(super) fn notes(_fields: &Fields, _lang: Lang) -> Vec<String> {
    Vec::new()
}
