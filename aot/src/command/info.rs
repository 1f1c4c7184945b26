//! `pm-aot info`: everything about one file.

use crate::message::{Info, Macro, Message, Module, Source};
use crate::shell::{Shell, size, text};
use crate::{Error, Exit, artifact, loading, module};
use pm_artifact::{Artifact, path_for};
use std::path::{Path, PathBuf};

/// Show everything about an artifact or a module
///
/// Of an artifact: what it was made from, by what, for what, and its macros with their entry
/// points. Of a module: the same as far as a module has it, and whether its artifact would be used.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Options {
    /// An artifact (NAME.cwasm) or a proc-macro module (NAME.wasm)
    file: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  One artifact:
      pm-aot info target/debug/deps/libserde_derive-0123456789abcdef.cwasm";

pub(crate) fn run(options: &Options, shell: &Shell) -> Result<Exit, Error> {
    let path = &options.file;
    match fs_err::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::Missing { path: path.clone() });
        }
        Err(error) => return Err(error.into()),
        Ok(metadata) if !metadata.is_file() => return Err(Error::NotAFile { path: path.clone() }),
        Ok(_) => {}
    }
    let info = if artifact::is_ours(path)? {
        of_artifact(path)?
    } else {
        of_module(path)?
    };
    shell.data(Text(&info))?;
    if !info.artifact && shell.is_human() {
        let answer = match loading::loader(None)?.check(path) {
            Ok(()) => "would be used".to_owned(),
            Err(refusal) => format!("would not be used ({refusal})"),
        };
        shell.data(format_args!(
            "{:<16}{} {answer}",
            "artifact",
            path_for(path).display()
        ))?;
    }
    shell.message(&Message::Info(Box::new(info)))?;
    Ok(Exit::Success)
}

fn of_artifact(path: &Path) -> Result<Info, Error> {
    let artifact = Artifact::open(path).map_err(|refusal| Error::Artifact {
        path: path.to_owned(),
        refusal,
    })?;
    Ok(Info::of_artifact(
        text(path),
        fs_err::metadata(path)?.len(),
        artifact.manifest(),
    ))
}

fn of_module(path: &Path) -> Result<Info, Error> {
    let module = module::open(path)?.map_err(|cause| Error::NotAModule {
        path: path.to_owned(),
        cause,
    })?;
    let snapshot =
        pm_snapshot::snapshot(&fs_err::read(path)?).map_err(|cause| Error::Snapshot {
            path: path.to_owned(),
            cause: Box::new(cause),
        })?;
    let slots = snapshot.callbacks;
    Ok(Info {
        path: text(path),
        len: module.len,
        artifact: false,
        rustc: module.inspection.rustc.unwrap_or_default(),
        profile: snapshot.profile.name.to_owned(),
        abi: None,
        wasmtime: None,
        target: None,
        cpu: None,
        settings: None,
        source: Source {
            digest: module.digest.to_string(),
            len: module.len,
            crate_id: module.inspection.crate_id,
        },
        module: Module {
            len: snapshot.wasm.len() as u64,
            unwinds: snapshot.unwinds,
            runs: snapshot
                .declarations
                .iter()
                .map(|declaration| declaration.run)
                .collect(),
            callbacks: [slots.dispatch, slots.reserve, slots.drop],
            exchange: [snapshot.exchange.address, snapshot.exchange.size],
        },
        body: None,
        macros: Macro::all(&snapshot.declarations),
    })
}

/// As people read it: a name and a value a line.
struct Text<'a>(&'a Info);

impl std::fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Info {
            path,
            len,
            artifact,
            rustc,
            profile,
            abi,
            wasmtime,
            target,
            cpu,
            settings,
            source,
            module,
            body,
            macros,
        } = self.0;
        let mut line = |name: &str, value: &dyn std::fmt::Display| writeln!(f, "{name:<16}{value}");
        let bytes = |len: u64| format!("{} ({len} bytes)", size(len));
        line("path", path)?;
        line("kind", if *artifact { &"artifact" } else { &"module" })?;
        line("size", &bytes(*len))?;
        line("rustc", rustc)?;
        line("bridge", profile)?;
        line("crate id", &source.crate_id)?;
        if *artifact {
            line(
                "source",
                &format!("{}, blake3 {}", bytes(source.len), source.digest),
            )?;
        } else {
            line("blake3", &source.digest)?;
        }
        line("initialised", &bytes(module.len))?;
        line("panics", if module.unwinds { &"unwind" } else { &"abort" })?;
        line("host slots", &format!("{:?}", module.callbacks))?;
        let [address, room] = module.exchange;
        line(
            "exchange",
            &format!("{} at {address:#x}", bytes(room.into())),
        )?;
        if let Some(body) = body {
            line(
                "code",
                &format!("{}, blake3 {}", bytes(body.len), body.digest),
            )?;
        }
        if let Some(abi) = abi {
            line("abi", abi)?;
        }
        if let Some(wasmtime) = wasmtime {
            line("wasmtime", wasmtime)?;
        }
        if let Some(target) = target {
            line("target", target)?;
        }
        if let Some(cpu) = cpu {
            line("cpu", &cpu.join(" "))?;
        }
        if let Some(settings) = settings {
            for (index, setting) in settings.to_string().lines().enumerate() {
                line(if index == 0 { "settings" } else { "" }, &setting)?;
            }
        }
        for (index, (declaration, run)) in macros.iter().zip(&module.runs).enumerate() {
            let name = if index == 0 { "macros" } else { "" };
            write!(f, "{name:<16}{declaration}, slot {run}")?;
            if !declaration.attributes.is_empty() {
                write!(f, ", helpers: {}", declaration.attributes.join(" "))?;
            }
            if index + 1 < macros.len() {
                writeln!(f)?;
            }
        }
        Ok(())
    }
}
