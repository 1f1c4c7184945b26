//! WASI as std uses it: one program, compiled for wasm with the toolchain that macros are compiled
//! with, and natively. What is granted looks the same in both, and nothing else is to be had.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use pm_tests::workspace::toolchain;
use pm_wasi::{Exit, Grants, Output, WasiCtx, WasiView, add_to_linker, is_known_import};
use wasmtime::{Instance, Linker, Memory, Module, Store};

/// What the program prints of the granted directory, which is also the working directory.
const GRANTED: &str = r#"
    let dir = std::path::PathBuf::from(env::var("CARGO_MANIFEST_DIR").unwrap());
    for path in ["file", "./sub/../file", "inside", "nothing", "file/", "sub/nothing/x"] {
        println!("{path} {:?}", fs::read_to_string(dir.join(path)).map_err(|e| e.kind()));
        println!("{path} {:?}", fs::read_to_string(path).map_err(|e| e.kind()));
        println!("{path} {} {}", dir.join(path).exists(), dir.join(path).is_dir());
        let metadata = fs::metadata(dir.join(path)).map_err(|e| e.kind());
        println!("{path} {:?}", metadata.map(|m| (m.len(), m.is_file(), m.modified().unwrap()
            .duration_since(std::time::UNIX_EPOCH).unwrap())));
    }
    for path in [dir.clone(), ".".into(), env::current_dir().unwrap()] {
        let entries = fs::read_dir(path).unwrap().map(Result::unwrap);
        let mut entries: Vec<_> = entries.map(|e| (e.file_name(), e.file_type().unwrap().is_dir())).collect();
        entries.sort();
        println!("{entries:?}");
    }
    println!("{:?} {:?}", fs::read_link(dir.join("inside")), fs::read_link(dir.join("file")).is_err());
    println!("{:?}", fs::symlink_metadata(dir.join("inside")).map(|m| m.is_symlink()).ok());
    println!("{:?}", dir.ancestors().all(|dir| dir.is_dir()));
    let root = fs::canonicalize(&dir).unwrap();
    for path in ["file", "./sub/../file", "inside", "nothing", "file/", "file/..", "sub/nothing/x"] {
        let full = fs::canonicalize(dir.join(path));
        println!("{path} {:?}", full.map(|p| p.strip_prefix(&root).unwrap().to_owned()).map_err(|e| e.kind()));
    }
    let mut file = fs::File::open(dir.join("file")).unwrap();
    file.seek(SeekFrom::End(-3)).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    println!("{text} {:?}", file.stream_position().ok());
    println!("{:?}", env::var("NOT_GRANTED"));
    println!("{:?}", io::read_to_string(io::stdin()).unwrap());
    eprintln!("error");
    print!("without a line break");
    io::stdout().flush().unwrap();
"#;

/// What it prints where there is nothing to be had.
const ELSEWHERE: &str = r#"
    let dir = std::path::PathBuf::from(env::var("CARGO_MANIFEST_DIR").unwrap());
    println!("{:?}", env::current_dir().unwrap());
    println!("{:?}", fs::read_to_string(dir.join("../secret")).map_err(|e| e.kind()));
    println!("{:?}", fs::read_to_string(dir.join("out")).map_err(|e| e.kind()));
    println!("{:?}", fs::write(dir.join("file"), "new").map_err(|e| e.kind()));
    println!("{:?}", fs::create_dir(dir.join("new")).map_err(|e| e.kind()));
    println!("{:?}", fs::remove_file(dir.join("inside")).map_err(|e| e.kind()));
    println!("{:?}", std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH));
    let start = std::time::Instant::now();
    std::thread::sleep(std::time::Duration::from_secs(86_400));
    println!("{}", start.elapsed().as_secs());
    let map: std::collections::HashMap<_, _> = (0..100).map(|i| (i, i)).collect();
    println!("{:?}", map.keys().collect::<Vec<_>>());
    println!("{}", std::process::Command::new("cargo").output().is_err());
    println!("{:?}", std::thread::Builder::new().spawn(|| ()).map(drop).map_err(|e| e.kind()));
    println!("{}", std::net::TcpStream::connect("127.0.0.1:1").is_err());
    println!("{:?}", env::args().collect::<Vec<_>>());
"#;

struct State {
    wasi: WasiCtx,
    memory: Option<Memory>,
}

impl WasiView for State {
    fn wasi(&mut self) -> &mut WasiCtx {
        &mut self.wasi
    }

    fn memory(&self) -> Option<Memory> {
        self.memory
    }
}

/// Runs rustc on a program in a directory.
fn compile(directory: &Path, name: &str, source: &str, rustc: &mut Command) {
    let imports = "use std::{env, fs, io::{self, Read, Seek, SeekFrom, Write}};";
    let path = directory.join(format!("{name}.rs"));
    fs_err::write(&path, format!("#![allow(unused)] {imports}\n{source}")).unwrap();
    let output = rustc.current_dir(directory).arg(&path).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn module(directory: &Path) -> Module {
    let toolchain = toolchain();
    let function =
        |name, body| format!("#[unsafe(no_mangle)] pub extern \"C\" fn {name}() {{ {body} }}\n");
    let source = [
        function("granted", GRANTED),
        function("elsewhere", ELSEWHERE),
        function("leave", "std::process::exit(7)"),
    ];
    let mut rustc = toolchain.unstable_command(&toolchain.rustc);
    rustc.args([
        "--crate-type=cdylib",
        "--edition=2024",
        "-Copt-level=1",
        "-oprogram.wasm",
    ]);
    rustc.args(&toolchain.wasm_args).args(&toolchain.link_args);
    compile(directory, "program", &source.concat(), &mut rustc);
    let engine = pm_cranelift::engine(pm_cranelift::Purpose::Once, 0).unwrap();
    let module = Module::from_file(&engine, directory.join("program.wasm")).unwrap();
    for import in module.imports() {
        let known = is_known_import(import.module(), import.name(), import.ty().unwrap_func());
        assert!(known, "{}::{}", import.module(), import.name());
    }
    module
}

/// Calls a function of the module in a fresh instance; what it prints is captured.
pub(crate) fn call(
    module: &Module,
    grants: &Arc<Grants>,
    name: &str,
) -> (wasmtime::Result<()>, WasiCtx) {
    let mut linker = Linker::new(module.engine());
    add_to_linker(&mut linker).unwrap();
    let wasi = WasiCtx::new(grants.clone())
        .with_stdout(Output::capture())
        .with_stderr(Output::capture());
    let mut store = Store::new(module.engine(), State { wasi, memory: None });
    let instance: Instance = linker.instantiate(&mut store, module).unwrap();
    store.data_mut().memory = instance.get_memory(&mut store, "memory");
    let mut run = |name| {
        instance
            .get_typed_func::<(), ()>(&mut store, name)?
            .call(&mut store, ())
    };
    let result = run("_initialize").and_then(|()| run(name));
    (result, store.into_data().wasi)
}

#[test]
fn std_sees_what_is_granted_and_nothing_else() {
    let scratch = tempfile::tempdir().unwrap();
    let scratch = scratch.path().canonicalize().unwrap();
    let directory = scratch.join("granted");
    fs_err::create_dir_all(directory.join("sub")).unwrap();
    fs_err::write(directory.join("file"), "some text").unwrap();
    fs_err::write(scratch.join("secret"), "secret").unwrap();
    for (link, target) in [("inside", "file"), ("out", "../secret")] {
        std::os::unix::fs::symlink(target, directory.join(link)).unwrap();
    }
    // Reached through a link, as a home directory may be.
    let alias = scratch.join("alias");
    std::os::unix::fs::symlink(&directory, &alias).unwrap();

    let mut grants = Grants::default();
    grants.env("CARGO_MANIFEST_DIR", alias.to_str().unwrap());
    grants
        .read(&alias)
        .unwrap()
        .working_directory(&alias)
        .unwrap();
    let grants = Arc::new(grants);
    let module = module(&scratch);

    let toolchain = toolchain();
    let mut rustc = toolchain.command(&toolchain.rustc);
    compile(
        &scratch,
        "native",
        &format!("fn main() {{ {GRANTED} }}"),
        rustc.arg("--edition=2024"),
    );
    let native = Command::new(scratch.join("native"))
        .current_dir(&directory)
        .env("CARGO_MANIFEST_DIR", &alias)
        .output()
        .unwrap();
    let (result, wasi) = call(&module, &grants, "granted");
    result.unwrap();
    assert_eq!(
        wasi.stdout().unwrap().to_string(),
        String::from_utf8_lossy(&native.stdout)
    );
    assert_eq!(wasi.stderr().unwrap().bytes(), native.stderr);
    assert_eq!(wasi.refusals(), []);

    let (result, wasi) = call(&module, &grants, "elsewhere");
    result.unwrap();
    let text = wasi.stdout().unwrap().to_string();
    let lines: Vec<_> = text.lines().collect();
    let order = lines[8];
    let no_thread = lines[10];
    // std's word for it changed in 1.98.
    assert!(
        matches!(no_thread, "Err(WouldBlock)" | "Err(Unsupported)"),
        "{no_thread}"
    );
    let expected = [
        "\"/\"",
        // The guest cannot tell an absolute path from a relative one.
        "Err(NotFound)",
        "Err(NotFound)",
        "Err(ReadOnlyFilesystem)",
        "Err(ReadOnlyFilesystem)",
        "Err(ReadOnlyFilesystem)",
        "Ok(1µs)",
        "86400",
        order,
        "true",
        no_thread,
        "true",
        "[]",
    ];
    assert_eq!(lines, expected);
    let again = call(&module, &grants, "elsewhere").1;
    assert_eq!(again.stdout().unwrap().to_string(), text, "deterministic");
    let refusals: Vec<_> = wasi.refusals().iter().map(ToString::to_string).collect();
    let (secret, alias) = (scratch.join("secret"), alias.display());
    let expected = [
        format!("reading `{}` was refused (`path_open`)", secret.display()),
        format!("changing `{alias}/file` was refused (`path_open`)"),
        format!("changing `{alias}/new` was refused (`path_create_directory`)"),
        format!("changing `{alias}/inside` was refused (`path_unlink_file`)"),
    ];
    assert_eq!(refusals, expected);
    assert_eq!(
        fs_err::read_to_string(directory.join("file")).unwrap(),
        "some text"
    );

    let error = call(&module, &grants, "leave").0.unwrap_err();
    assert_eq!(error.downcast_ref::<Exit>(), Some(&Exit(7)));
}
