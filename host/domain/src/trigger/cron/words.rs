use super::fields::Fields;
use crate::Lang;
use chrono_tz::Tz;

pub(super) fn sentence(fields: &Fields, zone: Tz, _lang: Lang) -> String {
    format!("{} {zone}", fields.minute.text)
}
