//! Refuses what can't become a snapshot, before anything of it runs.

use crate::SnapshotError;
use pm_abi::{Inspection, Profile};
use wasmparser::{ExternalKind, Parser, Payload};

/// The exports that start-up uses, and the bridge that the module speaks.
pub(crate) struct Exports {
    pub(crate) profile: &'static Profile,
    pub(crate) memory: String,
    pub(crate) initialize: bool,
    /// Whether it has exceptions.
    pub(crate) unwinds: bool,
}

/// Checks version, memory and exports. `_initialize` may be missing: a module without constructors
/// needs none.
pub(crate) fn check(wasm: &[u8], inspection: &Inspection) -> Result<Exports, SnapshotError> {
    let Some(profile) = inspection.profile else {
        return Err(SnapshotError::Rustc {
            found: inspection.rustc.clone(),
        });
    };
    let mut memory = None;
    let mut functions = Vec::new();
    let mut unwinds = false;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(pm_abi::InspectError::from)? {
            Payload::MemorySection(section) => {
                let mut memories = section.into_iter();
                let first = memories
                    .next()
                    .transpose()
                    .map_err(pm_abi::InspectError::from)?;
                if memories.next().is_some() {
                    return Err(SnapshotError::Shape("it has more than one memory"));
                }
                if first.is_some_and(|memory| memory.memory64 || memory.shared) {
                    return Err(SnapshotError::Shape("its memory is shared or 64-bit"));
                }
            }
            Payload::TagSection(section) => unwinds = section.count() > 0,
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(pm_abi::InspectError::from)?;
                    match export.kind {
                        ExternalKind::Memory => memory = Some(export.name.to_owned()),
                        ExternalKind::Func => functions.push(export.name),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    for needed in ["malloc", "free"] {
        if !functions.contains(&needed) {
            return Err(SnapshotError::Export(needed));
        }
    }
    Ok(Exports {
        profile,
        memory: memory.ok_or(SnapshotError::Export("memory"))?,
        initialize: functions.contains(&"_initialize"),
        unwinds,
    })
}
