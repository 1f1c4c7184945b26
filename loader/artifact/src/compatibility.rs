//! The compatibility check of an artifact: in layers, cheapest first, each refusal naming both sides.

use crate::{
    Artifact, Manifest, Refusal, RefusalCode, Settings, TARGET, WASMTIME_VERSION,
    missing_cpu_features,
};
use pm_abi::Profile;
use pm_abi::layout::ABI;
use std::path::Path;

/// Checks that this process can run the artifact's code, and returns the bridge that its macros speak.
/// `rustc` is the version string of the compiler that asks, where there is one.
///
/// # Errors
///
/// The first [`Refusal`], in the order of its codes.
pub fn check_compatible(
    manifest: &Manifest,
    rustc: Option<&str>,
) -> Result<&'static Profile, Refusal> {
    if manifest.abi != ABI {
        return Err(Refusal::differs(
            RefusalCode::Abi,
            "pm-aot ABI",
            manifest.abi,
            ABI,
        ));
    }
    let Some(profile) = Profile::by_name(&manifest.profile) else {
        let known: Vec<&str> = Profile::all().iter().map(|profile| profile.name).collect();
        let known = known.join(", ");
        let found = &manifest.profile;
        return Err(Refusal::differs(
            RefusalCode::Profile,
            "bridge",
            found,
            known,
        ));
    };
    if let Some(rustc) = rustc.filter(|rustc| *rustc != manifest.rustc) {
        return Err(Refusal::differs(
            RefusalCode::Rustc,
            "rustc",
            &manifest.rustc,
            rustc,
        ));
    }
    if manifest.wasmtime != WASMTIME_VERSION {
        let found = &manifest.wasmtime;
        return Err(Refusal::differs(
            RefusalCode::Wasmtime,
            "wasmtime",
            found,
            WASMTIME_VERSION,
        ));
    }
    if manifest.target != TARGET {
        return Err(Refusal::differs(
            RefusalCode::Target,
            "target",
            &manifest.target,
            TARGET,
        ));
    }
    let missing = missing_cpu_features(manifest.cpu.iter().map(String::as_str));
    if !missing.is_empty() {
        let text = format!("compiled for CPU features that this machine lacks: {missing:?}");
        return Err(Refusal::new(RefusalCode::Cpu, text));
    }
    match manifest.settings.difference(&Settings::default()) {
        None => Ok(profile),
        Some((name, found, expected)) => Err(Refusal::differs(
            RefusalCode::Settings,
            &name,
            found,
            expected,
        )),
    }
}

/// Checks that the artifact was made from the `.wasm` beside it as it is now.
///
/// A writer gives the artifact its `.wasm`'s modification time; where times and lengths are still
/// equal, so is the content, and nothing is read. Otherwise (a copied tree) the `.wasm` is hashed. A
/// `.wasm` that is gone is no objection.
///
/// # Errors
///
/// A [`Refusal`] with the code `stale` or `io`.
pub fn check_fresh(artifact: &Artifact, wasm: &Path) -> Result<(), Refusal> {
    let source = &artifact.manifest().source;
    let metadata = match fs_err::metadata(wasm) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Refusal::io(&error)),
    };
    if metadata.len() != source.len {
        let text = format!(
            "its `.wasm` has {} bytes now, and had {} when it was compiled",
            metadata.len(),
            source.len
        );
        return Err(Refusal::new(RefusalCode::Stale, text));
    }
    if metadata
        .modified()
        .is_ok_and(|modified| artifact.modified() == Some(modified))
    {
        return Ok(());
    }
    artifact.verify_source(&fs_err::read(wasm).map_err(|error| Refusal::io(&error))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Body, Digest, Module, Source};
    use pm_abi::contract::{Callbacks, Exchange};

    fn manifest() -> Manifest {
        Manifest {
            abi: ABI,
            profile: "1.95".into(),
            rustc: "rustc 1.96.0 (a)".into(),
            wasmtime: WASMTIME_VERSION.into(),
            target: TARGET.into(),
            cpu: vec![],
            settings: Settings::default(),
            source: Source {
                digest: Digest::of(b""),
                len: 0,
                crate_id: String::new(),
            },
            module: Module {
                len: 0,
                unwinds: true,
                declarations: vec![],
                quoted_spans: None,
                callbacks: Callbacks {
                    dispatch: 0,
                    reserve: 0,
                    drop: 0,
                },
                exchange: Exchange {
                    address: 0,
                    size: 0,
                },
            },
            body: Body {
                len: 0,
                digest: Digest::of(b""),
            },
        }
    }

    #[test]
    fn each_refusal_names_both_sides() {
        let check = |change: &dyn Fn(&mut Manifest), expect: &str| {
            let mut manifest = manifest();
            change(&mut manifest);
            let result = check_compatible(&manifest, Some("rustc 1.96.0 (a)"));
            let text = result.map_or_else(|refusal| refusal.to_string(), |_| "fits".into());
            assert_eq!(text, expect);
        };
        check(&|_| {}, "fits");
        check(
            &|m| m.abi = 7,
            "abi: compiled with pm-aot ABI '7' but '3' is expected",
        );
        check(
            &|m| m.profile = "1.77".into(),
            "profile: compiled with bridge '1.77' but '1.85, 1.88, 1.95, 1.98' is expected",
        );
        check(
            &|m| m.rustc = "rustc 1.95.0".into(),
            "rustc: compiled with rustc 'rustc 1.95.0' but 'rustc 1.96.0 (a)' is expected",
        );
        check(
            &|m| m.wasmtime = "48.0.1".into(),
            "wasmtime: compiled with wasmtime '48.0.1' but '48.0.8' is expected",
        );
        check(
            &|m| m.target = "riscv64".into(),
            &format!("target: compiled with target 'riscv64' but '{TARGET}' is expected"),
        );
        check(
            &|m| m.cpu = vec!["avx1024".into()],
            "cpu: compiled for CPU features that this machine lacks: [\"avx1024\"]",
        );
        check(
            &|m| m.settings.memory_guard_size = 1,
            "settings: compiled with memory_guard_size '1' but '33554432' is expected",
        );
    }
}
