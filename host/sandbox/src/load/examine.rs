//! All that is asked of a file before it is compiled; the compiler's own process asks it first.

use serde::{Deserialize, Serialize};
use wasmparser::WasmFeatures;

use super::survey::{self, Names};
use super::world::{self, World};
use super::{Kind, Refusal, shape};

/// A file that this host could call.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Examined {
    pub(super) names: Names,
    pub(super) world: World,
}

impl Examined {
    /// Sections, names, and the shape of what has our names.
    pub(crate) fn of(bytes: &[u8], kind: Kind, features: WasmFeatures) -> Result<Self, Refusal> {
        let names = survey::survey(bytes, features)?;
        let world = world::judge(kind, &names)?;
        if kind == Kind::Component {
            shape::fits(bytes)?;
        }
        Ok(Self { names, world })
    }

    /// The same names, judged by this host.
    pub(crate) fn judged(self, kind: Kind) -> Result<Self, Refusal> {
        let world = world::judge(kind, &self.names)?;
        Ok(Self { world, ..self })
    }

    pub(crate) fn is_program(&self) -> bool {
        self.world == World::Command
    }
}
