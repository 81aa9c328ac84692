//! Scopes: what somebody who speaks to the API may ask for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::suggest;

/// What a token opens. `feed` < `read` < `operate` < `admin`; `plugin-upload` stands beside the first three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Reads calendars and badges, and nothing else: a token for addresses that are handed to programs of others.
    Feed,
    /// Looks, and changes nothing.
    Read,
    /// Hands over plugin files, and does nothing else: for the build server.
    PluginUpload,
    /// Looks, and makes what stands run, pause and stop.
    Operate,
    /// Everything: what stands, who may ask, which plugin versions run.
    Admin,
}

impl Scope {
    /// All there are.
    pub const ALL: [Scope; 5] = [Scope::Feed, Scope::Read, Scope::PluginUpload, Scope::Operate, Scope::Admin];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Feed => "feed",
            Scope::Read => "read",
            Scope::PluginUpload => "plugin-upload",
            Scope::Operate => "operate",
            Scope::Admin => "admin",
        }
    }

    /// Whether whoever has this scope may do what needs `needed`.
    pub fn covers(self, needed: Scope) -> bool {
        match self {
            Scope::Admin => true,
            Scope::Operate => matches!(needed, Scope::Operate | Scope::Read | Scope::Feed),
            Scope::Read => matches!(needed, Scope::Read | Scope::Feed),
            Scope::Feed | Scope::PluginUpload => self == needed,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| {
            let known = Scope::ALL.map(Scope::as_str);
            let hint = suggest::hint(text, known);
            let remedy = if hint.is_empty() { format!("; {} are known", known.join(", ")) } else { hint };
            format!("there is no scope `{text}`{remedy}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_covers_what_lies_below_it_and_nothing_beside_it() {
        use Scope::{Admin, Feed, Operate, PluginUpload, Read};
        let covered = |scope: Scope| Scope::ALL.into_iter().filter(|needed| scope.covers(*needed)).collect::<Vec<_>>();
        assert_eq!(covered(Feed), [Feed]);
        assert_eq!(covered(Read), [Feed, Read]);
        assert_eq!(covered(PluginUpload), [PluginUpload]);
        assert_eq!(covered(Operate), [Feed, Read, Operate]);
        assert_eq!(covered(Admin), Scope::ALL);
    }

    #[test]
    fn a_scope_reads_as_it_is_written_and_a_slip_is_told_the_nearest() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        assert!("operat".parse::<Scope>().unwrap_err().contains("operate"));
    }
}
