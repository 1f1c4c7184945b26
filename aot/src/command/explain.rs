//! `pm-aot explain`: whether an artifact would be used, and why not.

use crate::find::Walk;
use crate::message::{Explained, Message, Policy};
use crate::shell::{Shell, text};
use crate::{Error, Exit, artifact, loading, module, remedy};
use pm_artifact::{Artifact, path_for};
use pm_build::Decided;
use pm_loader::Refusal;
use pm_policy::Version;
use std::env::consts::{DLL_EXTENSION, DLL_PREFIX};
use std::path::{Path, PathBuf};

/// Say for each macro crate whether its artifact would be used, and why not
///
/// Checks each artifact as a loader does, and its machine code too. A refusal has a stable code,
/// names both sides, and comes with what to do about it. Of what `pm-aot cargo` has built it also says
/// which version, wasm or native, the policy wants (docs/POLICY.md), what the macros may read, and who
/// says so.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Options {
    #[command(flatten)]
    walk: Walk,

    /// Answer for this compiler; without it, for whichever compiled the macros
    #[arg(long, value_name = "PATH")]
    rustc: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  Why are the macros of this workspace compiled each time?
      pm-aot explain target
  Which of them run natively, and why?
      pm-aot explain target/pm-aot
  Would this rustc use them?
      pm-aot explain --rustc ~/.rustup/toolchains/stable-x86_64-unknown-linux-gnu/bin/rustc target";

pub(crate) fn run(options: Options, shell: &Shell) -> Result<Exit, Error> {
    let Options { walk, rustc } = options;
    let rustc = rustc.map(|path| version(&path)).transpose()?;
    let loader = loading::loader(rustc)?;
    let mut exit = Exit::Success;
    let mut empty = true;
    for file in walk.files(shell) {
        let result = file.and_then(|file| {
            if let Some(native) = native_only(&file.path) {
                empty = false;
                return say_native(&file.path, &native, shell);
            }
            let Some(wasm) = macro_crate(&file.path, file.named)? else {
                return Ok(());
            };
            empty = false;
            let usable = loader.check(&wasm).and_then(|()| {
                Artifact::open(&path_for(&wasm)).and_then(|mut artifact| artifact.verify_body())
            });
            say(&wasm, usable.err(), shell)
        });
        match result {
            Err(error) if matches!(error, Error::Output(_)) => return Err(error),
            Err(error) => exit = exit.and(shell.error(&error)),
            Ok(()) => {}
        }
    }
    if empty && exit == Exit::Success {
        shell.note("no macro crates were found");
    }
    Ok(exit)
}

/// The path of a macro crate's module, if the file stands for one: the module itself, or an
/// artifact whose module is gone or that was named.
fn macro_crate(path: &Path, named: bool) -> Result<Option<PathBuf>, Error> {
    let other = match module::open(path)? {
        Ok(module) => return Ok(Some(module.path)),
        Err(other) => other,
    };
    if artifact::is_ours(path)? {
        let wasm = path.with_extension("wasm");
        return Ok((named || !wasm.exists()).then_some(wasm));
    }
    if named || !other.is_other_file() {
        return Err(Error::NotAModule {
            path: path.to_owned(),
            cause: other,
        });
    }
    Ok(None)
}

/// What was decided about a library without a module beside it.
fn native_only(library: &Path) -> Option<Decided> {
    if library.extension()? != DLL_EXTENSION {
        return None;
    }
    let decided = Decided::of(library)?;
    (!wasm_beside(library)?.exists()).then_some(decided)
}

/// Where the module of a library is: `NAME.wasm` beside `libNAME.so`.
fn wasm_beside(library: &Path) -> Option<PathBuf> {
    let name = library.file_stem()?.to_str()?.strip_prefix(DLL_PREFIX)?;
    Some(library.with_file_name(format!("{name}.wasm")))
}

fn say_native(library: &Path, decided: &Decided, shell: &Shell) -> Result<(), Error> {
    let policy = policy(decided)?;
    shell.data(format_args!("{}: native", library.display()))?;
    say_policy(&policy, shell)?;
    let wasm = wasm_beside(library).unwrap_or_default();
    shell.message(&Message::Explained(Explained {
        artifact: text(&path_for(&wasm)),
        wasm: text(&wasm),
        used: false,
        policy: Some(policy),
        refusal: None,
        help: None,
    }))
}

/// What the policy says now of a macro crate that was built.
fn policy(decided: &Decided) -> Result<Policy, Error> {
    let now = decided.now().map_err(Error::Policy)?;
    let current = decided.holds(&now);
    // That it can't be made is only known of what was tried.
    let failure = decided.native.clone().filter(|_| current);
    let native = now.version == Version::Native || failure.is_some();
    let why = match (now.version, failure) {
        (Version::Wasm { .. }, Some(failure)) => failure,
        _ => now.why,
    };
    Ok(Policy {
        package: decided.package.clone(),
        version: decided.version.clone(),
        native,
        why,
        read: (!native).then_some(now.sandbox.read),
        read_by: (!native).then_some(now.read_by),
        current,
    })
}

fn say_policy(policy: &Policy, shell: &Shell) -> Result<(), Error> {
    let Policy {
        package,
        version,
        native,
        why,
        read,
        read_by,
        current,
    } = policy;
    let kind = if *native { "native" } else { "wasm" };
    shell.data(format_args!("  {package} {version}: {kind}, since {why}"))?;
    if let (Some(read), Some(by)) = (read, read_by) {
        shell.data(format_args!("  {read}, since {by}"))?;
    }
    if !current {
        shell.data("  it was built otherwise: the next `pm-aot cargo` changes that")?;
    }
    Ok(())
}

fn say(wasm: &Path, refusal: Option<Refusal>, shell: &Shell) -> Result<(), Error> {
    let artifact = path_for(wasm);
    let policy = Decided::of(wasm).map(|it| policy(&it)).transpose()?;
    let native = policy.as_ref().is_some_and(|policy| policy.native);
    let help = refusal
        .as_ref()
        .filter(|_| !native)
        .and_then(|refusal| remedy::for_module(refusal, wasm));
    let answer = match &refusal {
        _ if native => format!("{}: not used", artifact.display()),
        None => format!("{}: used", artifact.display()),
        Some(refusal) => format!("{}: not used\n  {refusal}", artifact.display()),
    };
    shell.data(&answer)?;
    if let Some(policy) = &policy {
        say_policy(policy, shell)?;
    }
    if let Some(help) = &help {
        shell.data(format_args!("  help: {help}"))?;
    }
    shell.message(&Message::Explained(Explained {
        wasm: text(wasm),
        artifact: text(&artifact),
        used: refusal.is_none() && !native,
        policy,
        refusal: refusal.as_ref().map(Into::into),
        help,
    }))
}

/// What a compiler says of itself: the first line of `rustc --version`, which is also what it
/// writes into crate metadata.
fn version(rustc: &Path) -> Result<String, Error> {
    let output = std::process::Command::new(rustc).arg("--version").output();
    let output = output.map_err(|source| {
        let program = rustc.to_owned();
        Error::Setup(pm_toolchain::SetupError::NoRustc { program, source })
    })?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    match stdout.lines().next() {
        Some(line) if output.status.success() && line.starts_with("rustc ") => Ok(line.to_owned()),
        _ => Err(Error::Setup(pm_toolchain::SetupError::BadRustc {
            program: rustc.to_owned(),
            detail: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })),
    }
}
