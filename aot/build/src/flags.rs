//! A rustc command line, taken apart into flags with one spelling each.
//!
//! rustc takes `-Cmetadata=x`, `-C metadata=x`, `--codegen metadata=x` and `--codegen=metadata=x`
//! for the same thing; whoever looks for a flag here finds `-C` and `metadata=x`.

use std::path::{Path, PathBuf};

/// The flags whose value may be the next argument, and their one spelling.
const VALUED: &[(&str, &str)] = &[
    ("--allow", "-A"),
    ("--cap-lints", "--cap-lints"),
    ("--cfg", "--cfg"),
    ("--check-cfg", "--check-cfg"),
    ("--codegen", "-C"),
    ("--color", "--color"),
    ("--crate-name", "--crate-name"),
    ("--crate-type", "--crate-type"),
    ("--deny", "-D"),
    ("--diagnostic-width", "--diagnostic-width"),
    ("--edition", "--edition"),
    ("--emit", "--emit"),
    ("--env-set", "--env-set"),
    ("--error-format", "--error-format"),
    ("--expect", "--expect"),
    ("--explain", "--explain"),
    ("--extern", "--extern"),
    ("--forbid", "-F"),
    ("--force-warn", "--force-warn"),
    ("--json", "--json"),
    ("--out-dir", "--out-dir"),
    ("--print", "--print"),
    ("--remap-path-prefix", "--remap-path-prefix"),
    ("--remap-path-scope", "--remap-path-scope"),
    ("--sysroot", "--sysroot"),
    ("--target", "--target"),
    ("--warn", "-W"),
    ("-A", "-A"),
    ("-C", "-C"),
    ("-D", "-D"),
    ("-F", "-F"),
    ("-L", "-L"),
    ("-W", "-W"),
    ("-Z", "-Z"),
    ("-l", "-l"),
    ("-o", "-o"),
];

/// One flag; `value` is what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flag {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}

/// The flags of a command line, in their order, and the source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flags {
    pub(crate) all: Vec<Flag>,
    pub(crate) input: Option<String>,
}

/// What an `--extern` says: `[OPTIONS:]NAME[=PATH]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extern<'a> {
    /// `priv`, `noprelude`, `force`, `nounused`, separated by commas.
    pub(crate) options: Option<&'a str>,
    /// The name in the crate that depends; a renamed dependency has its own name in the path.
    pub(crate) name: &'a str,
    /// Without one, rustc looks for the crate (`--extern proc_macro`).
    pub(crate) path: Option<&'a str>,
}

impl Flags {
    pub(crate) fn parse(arguments: &[String]) -> Self {
        let mut all = Vec::new();
        let mut input = None;
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if argument == "-" || !argument.starts_with('-') {
                input.get_or_insert_with(|| argument.clone());
                continue;
            }
            let (spelled, attached) = split(argument);
            let known = VALUED.iter().find(|(spelling, _)| *spelling == spelled);
            let flag = match known {
                Some((_, name)) => Flag {
                    name: (*name).to_owned(),
                    value: attached.map(str::to_owned).or_else(|| rest.next().cloned()),
                },
                None => Flag {
                    name: argument.clone(),
                    value: None,
                },
            };
            all.push(flag);
        }
        Self { all, input }
    }

    /// The values of a flag, by its one spelling.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.all
            .iter()
            .filter(move |flag| flag.name == name)
            .filter_map(|flag| flag.value.as_deref())
    }

    /// The value of a codegen option (`-C name=value`). The last one counts.
    pub(crate) fn codegen<'a>(&'a self, name: &str) -> Option<&'a str> {
        self.values("-C")
            .filter_map(|value| value.split_once('='))
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value)
            .last()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.all.iter().any(|flag| flag.name == name)
    }

    pub(crate) fn crate_name(&self) -> Option<&str> {
        self.values("--crate-name").last()
    }

    pub(crate) fn crate_types(&self) -> impl Iterator<Item = &str> {
        self.values("--crate-type")
            .flat_map(|types| types.split(','))
    }

    pub(crate) fn is_proc_macro(&self) -> bool {
        self.crate_types().any(|kind| kind == "proc-macro")
    }

    pub(crate) fn out_dir(&self) -> Option<PathBuf> {
        self.values("--out-dir").last().map(PathBuf::from)
    }

    pub(crate) fn externs(&self) -> impl Iterator<Item = Extern<'_>> {
        self.values("--extern").map(Extern::parse)
    }
}

impl<'a> Extern<'a> {
    pub(crate) fn parse(value: &'a str) -> Self {
        let (left, path) = match value.split_once('=') {
            Some((left, path)) => (left, Some(path)),
            None => (value, None),
        };
        match left.split_once(':') {
            Some((options, name)) => Self {
                options: Some(options),
                name,
                path,
            },
            None => Self {
                options: None,
                name: left,
                path,
            },
        }
    }

    /// The same dependency at another path.
    pub(crate) fn at(self, path: &Path) -> String {
        let path = path.display();
        match self.options {
            Some(options) => format!("{options}:{}={path}", self.name),
            None => format!("{}={path}", self.name),
        }
    }
}

/// The flag's spelling, and the value where it is attached to it.
fn split(argument: &str) -> (&str, Option<&str>) {
    if argument.starts_with("--") {
        match argument.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (argument, None),
        }
    } else {
        // `-Copt-level=3`: one letter, then the value.
        let end = argument
            .char_indices()
            .nth(2)
            .map_or(argument.len(), |(at, _)| at);
        let (flag, value) = argument.split_at(end);
        (flag, (!value.is_empty()).then_some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expect: &str) {
        let arguments: Vec<_> = input.split(' ').map(str::to_owned).collect();
        let flags = Flags::parse(&arguments);
        let mut found: Vec<_> = flags
            .all
            .iter()
            .map(|flag| match &flag.value {
                Some(value) => format!("{}({value})", flag.name),
                None => flag.name.clone(),
            })
            .collect();
        found.extend(flags.input.map(|input| format!("<{input}>")));
        assert_eq!(found.join(" "), expect);
    }

    #[test]
    fn each_flag_has_one_spelling() {
        check(
            "-Cmetadata=1 -C a=2 --codegen b=3 --codegen=c=4",
            "-C(metadata=1) -C(a=2) -C(b=3) -C(c=4)",
        );
        check(
            "-Ldependency=/d -L native=/n",
            "-L(dependency=/d) -L(native=/n)",
        );
        check("--warn=x -Wy --deny z", "-W(x) -W(y) -D(z)");
        check(
            "--edition=2021 src/lib.rs --crate-name a",
            "--edition(2021) --crate-name(a) <src/lib.rs>",
        );
        check("--test -O -g -v", "--test -O -g -v");
        check(
            "--cfg feature=\"a\" --crate-type lib",
            "--cfg(feature=\"a\") --crate-type(lib)",
        );
        check("- --print=cfg", "--print(cfg) <->");
        check("-C", "-C");
    }

    #[test]
    fn codegen_options_are_found_and_the_last_counts() {
        let flags = Flags::parse(&["-Copt-level=1".into(), "-C".into(), "opt-level=2".into()]);
        assert_eq!(flags.codegen("opt-level"), Some("2"));
        assert_eq!(flags.codegen("metadata"), None);
    }

    #[test]
    fn externs_of_every_form() {
        fn check(input: &str, expect: (Option<&str>, &str, Option<&str>), moved: &str) {
            let found = Extern::parse(input);
            assert_eq!((found.options, found.name, found.path), expect);
            assert_eq!(found.at(Path::new("/w/x.rlib")), moved);
        }
        check(
            "proc_macro",
            (None, "proc_macro", None),
            "proc_macro=/w/x.rlib",
        );
        check(
            "a=/d/liba=1.rlib",
            (None, "a", Some("/d/liba=1.rlib")),
            "a=/w/x.rlib",
        );
        check(
            "priv:a=/d/c:a.rlib",
            (Some("priv"), "a", Some("/d/c:a.rlib")),
            "priv:a=/w/x.rlib",
        );
        check(
            "noprelude,force:core=/d/a.rmeta",
            (Some("noprelude,force"), "core", Some("/d/a.rmeta")),
            "noprelude,force:core=/w/x.rlib",
        );
    }
}
