//! What rustc itself says that expansions take: its own profile (`-Zself-profile`).

use analyzeme::ProfilingData;
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// rustc's name for one call of a procedural macro (`compiler/rustc_expand/src/proc_macro.rs`).
const EXPANSION: &str = "expand_proc_macro";

/// cargo's name for the crate by which it asks a compiler for its properties.
const PROBE: &str = "___";

/// For the workspace's own crates, so that nothing else is compiled in another way than without a profile.
const WRAPPER: &str = "#!/bin/sh
RUSTC_BOOTSTRAP=1 exec \"$@\" -Zself-profile=\"$PM_BENCH_PROFILE\"
";

/// Has cargo's rustc write profiles.
pub(crate) struct Profiler {
    wrapper: PathBuf,
    profiles: PathBuf,
}

/// All expansions of one run of cargo.
pub(crate) struct Expansions {
    pub(crate) count: usize,
    pub(crate) total: Duration,
}

impl Profiler {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let wrapper = folder.join("profile.sh");
        fs_err::write(&wrapper, WRAPPER)?;
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs_err::set_permissions(&wrapper, mode)?;
        }
        Ok(Self {
            wrapper,
            profiles: folder.join("profiles"),
        })
    }

    /// Runs `cargo` and reads what its compilers wrote.
    pub(crate) fn run(
        &self,
        cargo: &mut Command,
        run: impl FnOnce(&mut Command) -> Result<()>,
    ) -> Result<Expansions> {
        if self.profiles.exists() {
            fs_err::remove_dir_all(&self.profiles)?;
        }
        cargo
            .env("RUSTC_WORKSPACE_WRAPPER", &self.wrapper)
            .env("PM_BENCH_PROFILE", &self.profiles);
        run(cargo)?;
        let mut all = Expansions {
            count: 0,
            total: Duration::ZERO,
        };
        for entry in fs_err::read_dir(&self.profiles)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if name.is_none_or(|name| name.starts_with(PROBE)) {
                continue;
            }
            let data = ProfilingData::new(&path)
                .map_err(|error| anyhow::anyhow!("{error}"))
                .with_context(|| path.display().to_string())?;
            let expansions = data.iter_full().filter(|event| event.label == EXPANSION);
            for time in expansions.filter_map(|event| event.duration()) {
                all.count += 1;
                all.total += time;
            }
        }
        ensure!(all.count > 0, "the package's own crates use no macros");
        Ok(all)
    }
}
