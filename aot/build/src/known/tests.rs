//! Command lines of cargo's, and what of them is in a name.

use std::ffi::OsString;
use std::num::NonZero;
use std::process::Command;
use std::time::Duration;

use fs_err as fs;
use pm_toolchain::{PanicStrategy, Toolchain};

use super::*;
use crate::Mode;

const LINE: &str = "--crate-name a --edition=2021 /p/src/lib.rs --error-format=json --crate-type lib \
                    --emit=dep-info,metadata,link -C metadata=1 -C extra-filename=-2 --out-dir /t/deps \
                    -C incremental=/t/inc -L dependency=/t/deps --extern b=/t/deps/libb-3.rmeta \
                    --cfg feature=\"x\" --cap-lints allow --diagnostic-width=80";

/// What else there is to a call.
#[derive(Clone)]
struct Around {
    now: Now,
    inner: Option<PathBuf>,
    environment: BTreeMap<String, String>,
    dependency: Option<Dependency>,
    before: Vec<&'static str>,
}

impl Around {
    fn new() -> Self {
        let toolchain = Toolchain {
            id: "id".into(),
            rustc: "/bin/rustc".into(),
            cargo: PathBuf::new(),
            rustc_version: "rustc 1.96.0".into(),
            host: String::new(),
            sysroot: PathBuf::new(),
            library_path: Vec::new(),
            bin_path: Vec::new(),
            library_sources: PathBuf::new(),
            target_spec: PathBuf::new(),
            wasm_sysroot: PathBuf::new(),
            libc: PathBuf::new(),
            panic: PanicStrategy::Unwind,
            wasm_args: Vec::new(),
            link_args: Vec::new(),
            bridge: pm_toolchain::Bridge {
                profile: "1.95".into(),
                accepted: pm_toolchain::Accepted::KnownSources,
            },
        };
        let environment = [("CARGO_MANIFEST_DIR", "/p"), ("OUT_DIR", "/t/build/a/out")];
        Self {
            now: Now {
                mode: Mode::Shims,
                toolchain,
                opt_level: "3".into(),
                jobs: NonZero::<usize>::MIN,
                policy: pm_policy::Policy::default(),
                identity: "pm-aot 1".into(),
                cache: None,
                doctests: false,
            },
            inner: None,
            environment: environment
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into(),
            dependency: Some(Dependency {
                key: "key of b".into(),
                is_macro: false,
            }),
            before: vec!["/bin/rustc"],
        }
    }

    fn input(&self, line: &str) -> Option<Input> {
        let rustc = Path::new("/bin/rustc");
        let session = Session::new(
            rustc,
            self.inner.clone(),
            Path::new("/t/pm-aot"),
            None,
            &Command::new("cargo"),
        );
        let words = self.before.iter().copied().chain(line.split_whitespace());
        let arguments: Vec<OsString> = words.map(OsString::from).collect();
        let call = Call::new(&session, &arguments, self.before.len()).unwrap();
        Input::of(&call, &session, &self.now, &self.environment, |path| {
            assert!(path.starts_with("/t/deps") || path.starts_with("/elsewhere"));
            self.dependency.clone()
        })
    }
}

#[test]
fn where_things_go_is_not_in_a_name() {
    let around = Around::new();
    let expect = around.input(LINE);
    assert!(expect.is_some());
    let elsewhere = LINE.replace("/t/", "/elsewhere/");
    assert_eq!(around.input(&elsewhere), expect);
    assert_eq!(around.input(&LINE.replace("=80", "=100")), expect);
    let mut changed = around.clone();
    changed
        .environment
        .insert("OUT_DIR".into(), "/elsewhere".into());
    assert_eq!(changed.input(LINE), expect);
}

#[test]
fn everything_else_is() {
    let around = Around::new();
    let before = around.input(LINE);
    for (old, new) in [
        ("--crate-name a", "--crate-name c"),
        ("edition=2021", "edition=2024"),
        ("/p/src", "/q/src"),
        ("metadata=1", "metadata=9"),
        ("filename=-2", "filename=-9"),
        ("\"x\"", "\"y\""),
        ("--extern b=", "--extern c="),
        ("--extern b=", "--extern priv:b="),
        ("--cap-lints allow", "--cap-lints warn"),
        ("-C incremental=/t/inc", "-C debug-assertions=off"),
        ("-L dependency=", "-L native="),
    ] {
        assert_ne!(around.input(&LINE.replace(old, new)), before, "{new}");
    }
    let check = |name: &str, change: &dyn Fn(&mut Around)| {
        let mut changed = around.clone();
        change(&mut changed);
        let after = changed.input(LINE);
        assert!(after.is_some() && after != before, "{name}");
    };
    check("rustc", &|it| it.now.toolchain.rustc_version.push('1'));
    check("toolchain", &|it| it.now.toolchain.id.push('1'));
    check("engine", &|it| it.now.identity.push('1'));
    check("level", &|it| it.now.opt_level = "1".into());
    check("wrapper", &|it| it.inner = Some("/bin/sccache".into()));
    check("variable", &|it| {
        drop(it.environment.insert("WORD".into(), "1".into()))
    });
    check("dependency", &|it| {
        it.dependency.as_mut().unwrap().key.push('1')
    });
}

#[test]
fn what_cannot_be_named_is_not() {
    let mut around = Around::new();
    around.dependency = None;
    assert_eq!(around.input(LINE), None);

    let mut around = Around::new();
    around.before = vec!["/bin/clippy-driver", "/bin/rustc"];
    assert_eq!(around.input(LINE), None);

    // A macro may read what its build script has written.
    let mut around = Around::new();
    around.dependency.as_mut().unwrap().is_macro = true;
    assert_eq!(around.input(LINE), None);
    around.environment.remove("OUT_DIR");
    let input = around.input(LINE).unwrap();
    assert_eq!(input.package.as_deref(), Some(Path::new("/p")));
}

#[test]
fn files_that_macros_may_read_count() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path();
    fs::write(directory.join("lib.rs"), "a").unwrap();
    fs::write(directory.join("grammar"), "a").unwrap();
    let dep_info = DepInfo {
        sources: vec!["lib.rs".into()],
        variables: vec![],
    };
    let sources = sources::read(&dep_info, directory).unwrap();
    let later = SystemTime::now() + Duration::from_secs(60);
    let known = |package: Option<&Path>| {
        let input = Input {
            digest: "input".into(),
            package: package.map(Path::to_owned),
        };
        let known = Known::of_compile(&input, &dep_info, &sources, directory, later, vec![]);
        (input, known.unwrap())
    };
    let ((with, read), (without, plain)) = (known(Some(directory)), known(None));
    assert_ne!(read.key(), plain.key());
    assert!(read.is_current(&with, directory) && plain.is_current(&without, directory));
    fs::write(directory.join("grammar"), "b").unwrap();
    assert!(!read.is_current(&with, directory) && plain.is_current(&without, directory));
    fs::write(directory.join("lib.rs"), "b").unwrap();
    assert!(!plain.is_current(&without, directory));
    // Written after rustc was started: nobody knows which of the two it has read.
    let now = SystemTime::now();
    assert_eq!(
        Known::of_compile(&without, &dep_info, &sources, directory, now, vec![]),
        None
    );
}

#[test]
fn rustcs_words_are_not_in_the_key() {
    let known = |messages: &[&str]| Known {
        input: "input".into(),
        sources: vec![],
        variables: vec!["A=1".into()],
        package: None,
        messages: messages.iter().map(|&text| text.to_owned()).collect(),
    };
    assert_eq!(known(&[]).key(), known(&["warning"]).key());
    let mut other = known(&[]);
    other.variables = vec!["A=2".into()];
    assert_ne!(other.key(), known(&[]).key());
}
