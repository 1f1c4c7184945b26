//! The probe: its sources, how they are compiled, and how they are expanded.

use crate::ConformanceError;
use crate::log::{self, Kind, Message};
use pm_abi::layout::DECLS_PREFIX;
use pm_abi::schema::MethodId;
use pm_abi::{DeclarationLayout, Profile, profile_section};
use pm_sandbox::Sandbox;
use pm_shim_writer::Target;
use pm_toolchain::Toolchain;
use std::path::{Path, PathBuf};
use std::process::Command;

const MACROS: &str = include_str!("../probe/macros.rs");
const RECORDER: &str = include_str!("../probe/recorder.rs");

/// A crate that uses the probe's macros.
pub(crate) struct Input {
    /// Its file.
    pub(crate) name: &'static str,
    source: &'static str,
    /// True if it compiles.
    pub(crate) succeeds: bool,
}

/// All of them.
pub(crate) const INPUTS: &[Input] = &[
    Input {
        name: "input.rs",
        source: include_str!("../probe/input.rs"),
        succeeds: true,
    },
    Input {
        name: "errors.rs",
        source: include_str!("../probe/errors.rs"),
        succeeds: false,
    },
];

/// A form of the macro crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Native,
    Wasm,
}

/// One run of the compiler.
pub(crate) struct Expansion {
    pub(crate) succeeded: bool,
    pub(crate) expansion: String,
    pub(crate) diagnostics: String,
    pub(crate) messages: Vec<Message>,
}

/// The compiled probe.
pub(crate) struct Probe<'a> {
    toolchain: &'a Toolchain,
    profile: &'static Profile,
    loader: &'a Path,
    folder: PathBuf,
    /// The declaration symbol.
    symbol: String,
}

/// The crate's name.
const CRATE: &str = "pm_aot_probe";

impl<'a> Probe<'a> {
    /// Compiles the macro crate in both forms, and the recorder, in a folder.
    pub(crate) fn compile(
        toolchain: &'a Toolchain,
        profile: &'static Profile,
        loader: &'a Path,
        folder: &Path,
    ) -> Result<Self, ConformanceError> {
        let folder = fs_err::canonicalize(folder)?;
        for (name, text) in [("macros.rs", MACROS), ("recorder.rs", RECORDER)]
            .into_iter()
            .chain(INPUTS.iter().map(|input| (input.name, input.source)))
        {
            fs_err::write(folder.join(name), text)?;
        }
        let mut probe = Probe {
            toolchain,
            profile,
            loader,
            folder,
            symbol: String::new(),
        };
        probe.rustc("recorder.rs", |rustc| {
            rustc.args(["--crate-type=cdylib", "-o", "librecorder.so"]);
        })?;
        let macros = |rustc: &mut Command| {
            rustc.args(["--crate-type=proc-macro", "--crate-name", CRATE]);
            rustc.args(["-Cmetadata=probe", "-Copt-level=1", "--cfg"]);
            rustc.arg(format!("bridge=\"{}\"", profile.name));
        };
        probe.rustc("macros.rs", |rustc| {
            macros(rustc);
            rustc.args(["-o", "libnative.so"]);
        })?;
        probe.rustc("macros.rs", |rustc| {
            macros(rustc);
            rustc.args(["--emit=metadata", "-o", "probe.rmeta"]);
        })?;
        probe.rustc("macros.rs", |rustc| {
            macros(rustc);
            rustc
                .args(&toolchain.wasm_args)
                .args(&toolchain.link_args)
                .args(["-o", "probe.wasm"]);
        })?;
        probe.prepare()?;
        Ok(probe)
    }

    /// Makes the artifact, and the two shims. Both call the recorder.
    fn prepare(&mut self) -> Result<(), ConformanceError> {
        let failed = |error: String| ConformanceError::Prepare(error);
        let module = self.folder.join("probe.wasm");
        let mut wasm = fs_err::read(&module)?;
        wasm.extend(profile_section(self.profile));
        fs_err::write(&module, &wasm)?;
        let (artifact, manifest) =
            pm_compile::precompile_file(&module).map_err(|error| failed(error.to_string()))?;
        self.symbol = format!("{DECLS_PREFIX}{}__", manifest.source.crate_id);
        let metadata = fs_err::read(self.folder.join("probe.rmeta"))?;
        let text = |path: PathBuf| {
            let text = path.to_str().map(str::to_owned);
            text.ok_or_else(|| failed(format!("`{}` isn't UTF-8", path.display())))
        };
        let sandbox = Sandbox {
            package: CRATE.into(),
            ..Sandbox::default()
        };
        let sandbox = sandbox
            .to_bytes()
            .map_err(|error| failed(error.to_string()))?;
        let target: Target = manifest
            .target
            .parse()
            .map_err(|error: pm_shim_writer::ShimError| failed(error.to_string()))?;
        let shim = pm_shim_writer::write(&pm_shim_writer::Input {
            target,
            soname: &format!("lib{CRATE}.so"),
            loader: &text(self.folder.join("librecorder.so"))?,
            symbol: &self.symbol,
            macros: &manifest.module.declarations,
            metadata: &metadata,
            profile: self.profile,
            artifact: &text(artifact)?,
            rustc: &manifest.rustc,
            sandbox: &sandbox,
        });
        let shim = shim.map_err(|error| failed(error.to_string()))?;
        fs_err::write(self.folder.join(format!("lib{CRATE}.so")), shim)?;
        Ok(())
    }

    /// Expands an input by the macro crate in one form.
    pub(crate) fn expand(&self, input: &Input, form: Form) -> Result<Expansion, ConformanceError> {
        let record = self.folder.join("record");
        if record.exists() {
            fs_err::remove_file(&record)?;
        }
        let mut rustc = self.command();
        rustc
            .args(["--edition=2021", "--crate-type=lib", "--error-format=json"])
            .args([
                "-Zunstable-options",
                "--env-set=PM_AOT_PROBE_INJECTED=injected",
            ])
            .args(["-Zunpretty=expanded", input.name, "--extern"])
            .arg(format!("{CRATE}=lib{CRATE}.so"))
            .env("PM_AOT_PROBE_LOG", &record)
            .env("CARGO_PKG_NAME", "a-package");
        match form {
            Form::Wasm => {
                rustc.env("PM_AOT_PROBE_LOADER", self.loader);
            }
            Form::Native => {
                let layout = match self.profile.declarations {
                    DeclarationLayout::ProcMacros { .. } => "proc-macros",
                    DeclarationLayout::Clients => "clients",
                };
                rustc
                    .env("PM_AOT_PROBE_NATIVE", self.folder.join("libnative.so"))
                    .env("PM_AOT_PROBE_SYMBOL", &self.symbol)
                    .env("PM_AOT_PROBE_LAYOUT", layout);
            }
        }
        let output = rustc.output()?;
        let messages = match fs_err::read(&record) {
            Ok(bytes) => log::parse(&bytes).ok_or(ConformanceError::Log(input.name))?,
            // No macro was called: the diagnostics say why.
            Err(_) => Vec::new(),
        };
        Ok(Expansion {
            succeeded: output.status.success(),
            expansion: String::from_utf8_lossy(&output.stdout).into_owned(),
            diagnostics: String::from_utf8_lossy(&output.stderr).into_owned(),
            messages,
        })
    }

    /// Compiles a file of the probe.
    fn rustc(
        &self,
        file: &'static str,
        arguments: impl FnOnce(&mut Command),
    ) -> Result<(), ConformanceError> {
        let mut rustc = self.command();
        rustc.args(["--edition=2021", "--cap-lints=allow", file]);
        arguments(&mut rustc);
        let output = rustc.output()?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let detail = lines[lines.len().saturating_sub(20)..].join("\n");
        Err(ConformanceError::Compile { what: file, detail })
    }

    /// rustc, in the probe's folder, so that paths are the same in each run.
    fn command(&self) -> Command {
        let mut rustc = self.toolchain.unstable_command(&self.toolchain.rustc);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO") || text.starts_with("PM_AOT_") || text == "RUSTFLAGS" {
                rustc.env_remove(name);
            }
        }
        rustc.current_dir(&self.folder);
        rustc
    }
}

/// The methods that were called: a flag for each, by its place.
pub(crate) fn called(profile: &Profile, messages: &[Message]) -> Vec<bool> {
    let mut called = vec![false; profile.schema.methods.len()];
    for message in messages.iter().filter(|it| it.kind == Kind::Request) {
        if let Some(MethodId(place)) = profile.method_of(&message.bytes) {
            called[usize::from(place)] = true;
        }
    }
    called
}
