//! Builds std and `proc_macro` for the target, the same bytes wherever the cache is.
//!
//! The crate rustc-build-sysroot does nearly this. It was tried: it works in a directory of random
//! name and names the sources by absolute paths, which cargo hashes into every symbol, and it has
//! no way round std's crate type `dylib`, which cannot be linked for this target. Here the library's
//! workspace is mirrored by links, so that all paths are relative to it, with three manifests and two
//! source files changed.
//!
//! The build itself knows no configuration and no network. Sources without their dependencies
//! (`vendor`) are the one exception: cargo fetches these first, as the user has configured it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fs_err::File;
use serde::Deserialize;

use crate::inputs::Inputs;
use crate::link::text;
use crate::{Progress, SetupError, Toolchain, command, mirror, spec};

/// rustc's flags, on top of what cargo passes.
pub(crate) const FLAGS: [&str; 4] = [
    // What rustc's own build sets through an environment variable of its own.
    "-Zforce-unstable-if-unmarked",
    // The library has many cfgs that are declared on the command line of rustc's own build.
    "-Aunexpected_cfgs",
    "-Ainternal_features",
    // A call costs more as wasm than natively (Cranelift saves every register, and checks the stack), so
    // more of them are worth inlining than LLVM thinks: expansions take 2 to 4 % less, and modules are 1 % larger.
    "-Cllvm-args=-inline-threshold=600",
];

/// The release profile whatever the user's configuration says of it.
pub(crate) const PROFILE: [&str; 8] = [
    "opt-level=3",
    // As rustc's own build does it. With 16, calls inside of proc_macro and alloc aren't inlined: expansions
    // take 10 to 18 % longer.
    "codegen-units=1",
    "debug=0",
    "lto=\"off\"",
    "strip=\"none\"",
    "incremental=false",
    "overflow-checks=false",
    "debug-assertions=false",
];

/// Builds the library in `staging` and puts it into the toolchain's wasm sysroot.
pub(crate) fn build(
    inputs: &Inputs,
    toolchain: &Toolchain,
    staging: &Path,
    offline: bool,
    progress: &mut dyn Progress,
) -> Result<(), SetupError> {
    // rustc sees the working directory without links.
    let staging = fs_err::canonicalize(staging)?;
    let library = staging.join("library");
    mirror::library(&inputs.sources, &library, inputs.panic)?;

    let vendor = match inputs.sources.join("vendor") {
        vendor if vendor.is_dir() => vendor,
        _ => fetch(toolchain, &staging, offline, progress)?,
    };
    let mut cargo = cargo(inputs, toolchain, &staging, &vendor)?;
    let total = units(&cargo)?;
    progress.step(
        "Compiling",
        &format!("std and proc_macro for {}", spec::TARGET),
    );
    progress.ticks(0, total);
    let mut done = 0;
    let libraries = run(&mut cargo, &staging, &mut || {
        done += 1;
        progress.ticks(done, total.max(done));
    })?;

    let target = toolchain
        .wasm_sysroot
        .join("lib/rustlib")
        .join(spec::TARGET)
        .join("lib");
    fs_err::create_dir_all(&target)?;
    for library in libraries {
        if let Some(name) = library.file_name() {
            fs_err::rename(&library, target.join(name))?;
        }
    }
    Ok(())
}

/// Fetches the library's dependencies into the folder that is returned.
///
/// With the configuration at the user's home, since that says where crates come from: a mirror, a
/// proxy. That of the project around has nothing to do with it.
fn fetch(
    toolchain: &Toolchain,
    staging: &Path,
    offline: bool,
    progress: &mut dyn Progress,
) -> Result<PathBuf, SetupError> {
    progress.step("Fetching", "the standard library's dependencies");
    let vendor = staging.join("vendor");
    let mut cargo = toolchain.unstable_command(&toolchain.cargo);
    cargo.current_dir(Path::new("/"));
    cargo.args(["vendor", "--versioned-dirs", "--respect-source-config"]);
    cargo.args([
        "--manifest-path",
        text(&staging.join("library/Cargo.toml"))?,
    ]);
    if offline {
        cargo.arg("--offline");
    }
    cargo.arg(&vendor);
    command::output(&mut cargo, |detail| SetupError::Crates { detail })?;
    Ok(vendor)
}

/// The build as a cargo command, without its message format.
fn cargo(
    inputs: &Inputs,
    toolchain: &Toolchain,
    staging: &Path,
    vendor: &Path,
) -> Result<Command, SetupError> {
    let library = staging.join("library");
    let mut cargo = isolated(toolchain, staging);
    cargo.args(["build", "--release", "--package", "sysroot", "--offline"]);
    cargo.args(["--manifest-path", text(&library.join("Cargo.toml"))?]);
    if needs_target_flag(toolchain, staging)? {
        cargo.arg("-Zjson-target-spec");
    }
    cargo.args([
        "-Zunstable-options",
        "--target",
        text(&toolchain.target_spec)?,
    ]);
    for setting in PROFILE {
        cargo.args(["--config", &format!("profile.release.{setting}")]);
    }
    cargo.args([
        "--config",
        "source.crates-io.replace-with=\"pm-aot-vendored\"",
    ]);
    let vendor = toml::Value::from(text(vendor)?);
    cargo.args([
        "--config",
        &format!("source.pm-aot-vendored.directory={vendor}"),
    ]);
    // Cargo gives each of these the last word over the configuration.
    cargo.env("CARGO_TARGET_DIR", staging.join("target"));
    cargo.env("CARGO_BUILD_BUILD_DIR", staging.join("target"));
    cargo.env("CARGO_ENCODED_RUSTFLAGS", rustflags(inputs, staging)?);
    // Tells these crates apart from others of the same name in a user's build.
    cargo.env("__CARGO_DEFAULT_LIB_METADATA", "pm-aot");
    Ok(cargo)
}

/// Cargo without anybody's configuration: it looks for files in its working directory, in all
/// folders above that, and at its home.
fn isolated(toolchain: &Toolchain, staging: &Path) -> Command {
    let mut cargo = toolchain.unstable_command(&toolchain.cargo);
    forget_configuration(&mut cargo);
    cargo
        .current_dir(Path::new("/"))
        .env("CARGO_HOME", staging.join("home"));
    cargo
}

/// Returns true if cargo needs a flag to accept a target that is a file. Those before 1.95 don't
/// know the flag.
fn needs_target_flag(toolchain: &Toolchain, staging: &Path) -> Result<bool, SetupError> {
    let mut cargo = isolated(toolchain, staging);
    let flags = command::output(cargo.args(["-Z", "help"]), |detail| SetupError::Library {
        detail,
    })?;
    Ok(flags.contains("json-target-spec"))
}

/// Where official and distributions' builds say that the library's dependencies are.
const DEPENDENCIES: &str = "/rust/deps";

/// [`FLAGS`], and paths as the native library has them.
fn rustflags(inputs: &Inputs, staging: &Path) -> Result<String, SetupError> {
    let library = &staging.join("library");
    let known_as = inputs.rustc.virtual_sources();
    let mut remaps = Vec::new();
    let mut remap = |from: &Path, to: String| -> Result<(), SetupError> {
        remaps.push(format!("--remap-path-prefix={}={to}", text(from)?));
        Ok(())
    };
    // The last that fits counts. Files are named relative to the workspace, but rustc keeps its
    // working directory too, with links resolved.
    for entry in fs_err::read_dir(library)? {
        let name = PathBuf::from(entry?.file_name());
        remap(&name, format!("{known_as}/{}", name.display()))?;
    }
    remap(library, known_as.clone())?;
    remap(&inputs.sources, known_as)?;
    remap(&inputs.sources.join("vendor"), DEPENDENCIES.into())?;
    remap(Path::new("vendor"), DEPENDENCIES.into())?;
    remap(&staging.join("vendor"), DEPENDENCIES.into())?;
    let flags: Vec<String> = FLAGS.map(str::to_owned).into_iter().chain(remaps).collect();
    Ok(flags.join("\x1f"))
}

/// Takes out of the environment what would change the build, or tie it to an outer one.
fn forget_configuration(cargo: &mut Command) {
    const PREFIXES: [&str; 7] = [
        "CARGO_PROFILE_",
        "CARGO_BUILD_",
        "CARGO_TARGET_",
        "CARGO_UNSTABLE_",
        "CARGO_CFG_",
        "CARGO_HOST_",
        "CARGO_SOURCE_",
    ];
    const NAMES: [&str; 9] = [
        "RUSTFLAGS",
        "CARGO_INCREMENTAL",
        "CARGO_MAKEFLAGS",
        "MAKEFLAGS",
        "MFLAGS",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "CARGO_RUSTC_CURRENT_DIR",
        "CARGO_PRIMARY_PACKAGE",
    ];
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if NAMES.contains(&&*name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            cargo.env_remove(&*name);
        }
    }
}

/// How many units the build has, for the progress.
fn units(cargo: &Command) -> Result<u64, SetupError> {
    #[derive(Deserialize)]
    struct Graph {
        units: Vec<serde::de::IgnoredAny>,
    }
    let mut graph = copy(cargo);
    graph.arg("--unit-graph");
    let graph = command::output(&mut graph, |detail| SetupError::Library { detail })?;
    Ok(serde_json::from_str::<Graph>(&graph).map_or(0, |graph| graph.units.len() as u64))
}

/// A command like another.
fn copy(command: &Command) -> Command {
    let mut copy = Command::new(command.get_program());
    copy.args(command.get_args());
    if let Some(directory) = command.get_current_dir() {
        copy.current_dir(directory);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => copy.env(name, value),
            None => copy.env_remove(name),
        };
    }
    copy
}

/// Runs the build, calls `unit` for each unit that is done, and returns the libraries it made.
fn run(
    cargo: &mut Command,
    staging: &Path,
    unit: &mut dyn FnMut(),
) -> Result<Vec<PathBuf>, SetupError> {
    #[derive(Deserialize)]
    struct Message {
        reason: String,
        #[serde(default)]
        filenames: Vec<PathBuf>,
    }
    // Into a file, since a pipe that nobody reads would block cargo.
    let log = staging.join("cargo.log");
    cargo.args(["--message-format", "json-render-diagnostics"]);
    cargo
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(&log)?.into_parts().0);
    let mut child = cargo
        .spawn()
        .map_err(|source| command::not_run(cargo, source))?;

    let for_wasm = staging.join("target").join(spec::TARGET);
    let mut libraries = Vec::new();
    for line in child
        .stdout
        .take()
        .into_iter()
        .flat_map(|stdout| BufReader::new(stdout).lines())
    {
        let Ok(message) = serde_json::from_str::<Message>(&line?) else {
            continue;
        };
        if message.reason != "compiler-artifact" {
            continue;
        }
        unit();
        let is_library = |file: &PathBuf| {
            file.starts_with(&for_wasm) && file.extension().is_some_and(|it| it == "rlib")
        };
        libraries.extend(message.filenames.into_iter().filter(is_library));
    }
    let status = child.wait()?;
    if status.success() && !libraries.is_empty() {
        return Ok(libraries);
    }
    let said = command::tail(&String::from_utf8_lossy(&fs_err::read(log)?));
    Err(SetupError::Library {
        detail: command::failure(status, said),
    })
}
