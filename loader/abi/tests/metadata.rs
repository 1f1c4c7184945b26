//! Reads metadata that rustc wrote (`tests/metadata/README.md`), and damaged and hostile bytes.

use pm_abi::metadata::{
    MacroInfo, MetadataError, check, metadata, proc_macros, quoted_spans, version,
};
use pm_abi::{Declaration, MacroKind, Profile};
use std::fmt::Write;

#[path = "metadata/synthetic.rs"]
mod synthetic;

/// The fixtures of rustc 1.98.1 and their macros, as their sources have them.
const FIXTURES: &[(&str, &str)] = &[
    ("helper", "derive Helped helper|attr x"),
    ("one-bang", "bang answer"),
    (
        "mixed",
        "attr z_first|derive Builder builder skip default|bang a|derive Debug|bang second_bang|\
         attr test|derive Zero|derive One one|attr last_attr|bang vec",
    ),
    (
        "names",
        "bang try|attr async|derive dyn type größe|bang größe|derive Ünïcödé 注釈|attr 東京|\
         bang _x1",
    ),
    ("quoted", "bang q0|bang q1|bang q2|derive Quoted quoted"),
    ("attack", "bang honest|derive Honest honest_helper"),
    ("zero", ""),
    // Items that `#[cfg]` removed are an array before the list of macros.
    ("cfg", "bang present"),
    ("cfg-zero", ""),
    // The crate root contains the target's specification.
    (
        "wasm-mixed",
        "attr z_first|derive Builder builder skip default|bang a|derive Debug|bang second_bang|\
         attr test|derive Zero|derive One one|attr last_attr|bang vec",
    ),
    ("wasm-cfg", "bang present"),
];

/// The fixtures that older versions have too.
const OLD_FIXTURES: &[&str] = &["one-bang", "mixed", "names", "attack", "cfg", "zero"];

fn fixture(rustc: &str, name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/metadata");
    let path = format!("{folder}/{rustc}/{name}.rmeta");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn macros(list: &str) -> Vec<MacroInfo> {
    let kind = |word: &str| match word {
        "derive" => MacroKind::Derive,
        "attr" => MacroKind::Attr,
        "bang" => MacroKind::Bang,
        other => panic!("{other:?} is no kind"),
    };
    let parse = |item: &str| {
        let mut words = item.split(' ');
        MacroInfo {
            kind: kind(words.next().unwrap()),
            name: words.next().unwrap().to_owned(),
            attributes: words.map(str::to_owned).collect(),
        }
    };
    list.split('|')
        .filter(|item| !item.is_empty())
        .map(parse)
        .collect()
}

/// The macros as a declaration static has them.
fn compiled(list: &str) -> Vec<Declaration> {
    let declaration = |item: MacroInfo| Declaration {
        kind: item.kind,
        name: item.name,
        attributes: item.attributes,
        run: 0,
    };
    macros(list).into_iter().map(declaration).collect()
}

/// The bytes of the kinds, as rustc encodes them.
fn encoded(macros: &[MacroInfo]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for item in macros {
        let (tag, derive) = match item.kind {
            MacroKind::Derive => (0, true),
            MacroKind::Attr => (1, false),
            MacroKind::Bang => (2, false),
        };
        bytes.push(tag);
        synthetic::text(&mut bytes, item.name.as_bytes());
        if derive {
            synthetic::number(&mut bytes, item.attributes.len());
            for attribute in &item.attributes {
                synthetic::text(&mut bytes, attribute.as_bytes());
            }
        }
    }
    bytes
}

fn section(blob: &[u8]) -> Vec<u8> {
    let len = (blob.len() as u64).to_le_bytes();
    [&b"rust\0\0\0\n"[..], &len, blob].concat()
}

#[test]
fn reads_what_rustc_1_98_writes() {
    for (name, list) in FIXTURES {
        let (bytes, expect) = (fixture("1.98.1", name), macros(list));
        assert_eq!(
            proc_macros(&bytes, expect.len()),
            Ok(expect.clone()),
            "{name}"
        );
        let mut section = section(&bytes);
        let count = expect.len();
        assert_eq!(proc_macros(&section, count), Ok(expect), "{name}");
        assert_eq!(metadata(&section), Ok(&bytes[..]), "{name}");
        assert!(version(&section).unwrap().starts_with("rustc 1.98.1 ("));
        // The section's alignment is 1, so no linker pads it.
        section.push(0);
        let error = proc_macros(&section, count).unwrap_err();
        assert!(
            matches!(error, MetadataError::Length { .. }),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn reads_two_hundred_macros() {
    let mut list = String::new();
    for index in 0..200 {
        let letter = ["a", "b", "c"][index % 3];
        match index % 3 {
            0 => write!(list, "|bang {letter}{index}").unwrap(),
            1 => write!(list, "|attr {letter}{index}").unwrap(),
            _ => {
                write!(list, "|derive {}{index}", letter.to_uppercase()).unwrap();
                (0..index % 4).for_each(|helper| write!(list, " h{helper}").unwrap());
            }
        }
    }
    assert_eq!(
        proc_macros(&fixture("1.98.1", "many"), 200),
        Ok(macros(&list))
    );
}

#[test]
fn a_wrong_count_finds_nothing() {
    for (name, list) in FIXTURES.iter().copied().chain([("many", "")]) {
        let bytes = fixture("1.98.1", name);
        let right = if name == "many" {
            200
        } else {
            macros(list).len()
        };
        for count in (0..300).filter(|count| *count != right) {
            let error = proc_macros(&bytes, count).unwrap_err();
            assert!(
                matches!(error, MetadataError::NotFound { .. }),
                "{name}: {error:?}"
            );
        }
        let error = MetadataError::TooMany { count: 4097 };
        assert_eq!(proc_macros(&bytes, 4097), Err(error));
    }
}

#[test]
fn older_metadata_has_no_names() {
    for rustc in ["1.97.1", "1.85.1"] {
        for (name, list) in FIXTURES {
            let path = format!("{name} of {rustc}");
            if !["one-bang", "mixed", "names", "attack", "cfg"].contains(name) {
                continue;
            }
            let bytes = fixture(rustc, name);
            assert!(version(&bytes).unwrap().contains(rustc), "{path}");
            let right = macros(list).len();
            for count in 1..2 * right + 2 {
                let error = proc_macros(&bytes, count).unwrap_err();
                assert!(
                    matches!(error, MetadataError::NotFound { .. }),
                    "{path}: {error:?}"
                );
            }
        }
        // The list is the same if it is empty.
        assert_eq!(proc_macros(&fixture(rustc, "zero"), 0), Ok(Vec::new()));
    }
}

#[test]
fn truncation_is_found_at_every_byte() {
    for (name, list) in FIXTURES {
        let bytes = fixture("1.98.1", name);
        let section = section(&bytes);
        let count = macros(list).len();
        for len in 0..bytes.len() {
            assert!(
                proc_macros(&bytes[..len], count).is_err(),
                "{name} cut at {len}"
            );
        }
        for len in 0..section.len() {
            assert!(
                proc_macros(&section[..len], count).is_err(),
                "{name} cut at {len}"
            );
        }
    }
}

/// The next number of a fixed sequence (xorshift).
fn next(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 33).unwrap()
}

/// Damage either is found or lies within the kinds, where no other part of the metadata would
/// tell: the bytes read are then those of the right kinds but for the changed ones.
#[test]
fn damage_is_found_or_in_the_names() {
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let (mut found, mut renamed) = (0, 0);
    for (name, list) in FIXTURES {
        let (bytes, expect) = (fixture("1.98.1", name), macros(list));
        for round in 0..2_000 {
            let mut damaged = bytes.clone();
            let changes = 1 + round % 4;
            for _ in 0..changes {
                let at = next(&mut state) % bytes.len();
                damaged[at] = u8::try_from(next(&mut state) & 0xff).unwrap();
            }
            let Ok(read) = proc_macros(&damaged, expect.len()) else {
                found += 1;
                continue;
            };
            let (read, right) = (encoded(&read), encoded(&expect));
            let differ = read.iter().zip(&right).filter(|(a, b)| a != b).count();
            assert!(read.len() == right.len() && differ <= changes, "{name}");
            renamed += usize::from(differ > 0);
        }
    }
    assert!(found > 1000 && renamed > 20, "{found} {renamed}");
}

/// Every value of every byte of one fixture.
#[test]
fn each_changed_byte_is_found_or_in_the_names() {
    let (name, list) = FIXTURES[0];
    let (mut bytes, expect) = (fixture("1.98.1", name), macros(list));
    let right = encoded(&expect);
    for at in 0..bytes.len() {
        let kept = bytes[at];
        for value in 0..=255 {
            bytes[at] = value;
            let Ok(read) = proc_macros(&bytes, expect.len()) else {
                continue;
            };
            let read = encoded(&read);
            let differ = read.iter().zip(&right).filter(|(a, b)| a != b).count();
            let near = read.len() == right.len() && differ <= 1;
            assert!(near, "{value} at {at}: {differ}");
        }
        bytes[at] = kept;
    }
}

/// One changed distance in the list leads to bytes that read as a kind and end where a record
/// starts.
#[test]
fn other_readings_of_the_records_are_refused() {
    let check = |name: &str, count: usize, old: &[u8], new: &[u8]| {
        let mut bytes = fixture("1.98.1", name);
        assert!(proc_macros(&bytes, count).is_ok(), "{name}");
        let places: Vec<usize> = (0..bytes.len())
            .filter(|at| bytes[*at..].starts_with(old))
            .collect();
        assert_eq!(places.len(), 1, "{name}: {places:?}");
        bytes[places[0]..][..new.len()].copy_from_slice(new);
        let error = proc_macros(&bytes, count).unwrap_err();
        assert!(
            matches!(error, MetadataError::NotFound { .. }),
            "{name}: {error:?}"
        );
    };
    // The end of a derive: the number 1 and the name of its helper attribute, as an attribute.
    let list = [7, 0xb8, 4, 8, 0xd4, 3];
    check("attack", 2, &list, &[7, 0xb8, 4, 8, 0xdd, 3]);
    // The symbol in the macro's `DefKey`, as a derive without helper attributes.
    let list = [6, 0x5c, 7, 0x12, 8, 0x12, 9, 0x12];
    check("quoted", 4, &list, &[6, 0x5c, 7, 0x12, 8, 0x12, 9, 0x27]);
}

#[test]
fn refuses_what_no_rustc_writes() {
    let bytes = fixture("1.98.1", "one-bang");
    let check = |change: &dyn Fn(&mut Vec<u8>), expect: &str| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        let error = proc_macros(&bytes, 1).unwrap_err().to_string();
        assert!(error.contains(expect), "{error:?} lacks {expect:?}");
    };
    let root = |position: u64| {
        move |bytes: &mut Vec<u8>| bytes[8..16].copy_from_slice(&position.to_le_bytes())
    };
    check(&|bytes| bytes.clear(), "doesn't start with");
    check(&|bytes| bytes[0] = 0, "doesn't start with");
    check(&|bytes| bytes[17] = b'R', "no version string");
    check(&|bytes| bytes.truncate(500), "cut off");
    check(&root(0), "can't be at byte 0 of 983 bytes");
    check(&root(970), "can't be at byte 970");
    check(&root(u64::MAX), "can't be at byte 18446744073709551615");
    check(&root(83), "no list of 1 macros");
    check(
        &|bytes| {
            let fill = vec![0; 70_000];
            bytes.splice(900..900, fill);
        },
        "at most 65536 bytes",
    );
    check(
        &|bytes| *bytes = section(&bytes[..500]),
        "the metadata is cut off",
    );
    check(
        &|bytes| {
            *bytes = section(bytes);
            bytes.pop();
        },
        "declares 983 bytes of metadata and has 982",
    );
    check(
        &|bytes| {
            *bytes = section(bytes);
            bytes[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
        },
        "declares 18446744073709551615 bytes",
    );
}

#[test]
fn two_lists_are_refused() {
    let one = synthetic::Blob::new(&["first"]);
    assert_eq!(proc_macros(&one.bytes(), 1), Ok(macros("bang first")));
    let two = synthetic::Blob::new(&["first", "second"]);
    let error = proc_macros(&two.bytes(), 1).unwrap_err();
    assert!(
        matches!(error, MetadataError::Ambiguous { .. }),
        "{error:?}"
    );
}

#[test]
fn slow_bytes_are_refused() {
    // Each part of this root could be `ProcMacroData` and tables, and each byte a distance.
    let mut part = vec![1, 1, 0, 1, 90, 0, 0, 2];
    part.extend([0; 96]);
    let bytes = synthetic::framed(&[0; 1000], &part.repeat(600));
    let error = proc_macros(&bytes, 1).unwrap_err();
    assert!(
        matches!(error, MetadataError::Unbounded { .. }),
        "{error:?}"
    );
}

/// Thousands of lists lead to one attribute macro, and the bytes before it have to be searched each
/// time for the derive that it may be the tail of.
#[test]
fn a_tail_that_is_slow_to_find_is_refused() {
    let mut records = vec![0x11; 4 << 20];
    records.push(0xc1);
    let attr = records.len();
    records.extend([1, 1, b'a', 0xc1]);
    records.resize(attr + 128, 0x11);
    let mut lists = Vec::new();
    while records.len() - attr < 16_000 {
        let distance = records.len() - attr;
        lists.push(records.len());
        records.push(1);
        synthetic::number(&mut records, distance);
        records.push(0x11);
    }
    let mut root = Vec::new();
    for list in lists {
        synthetic::number(&mut root, records.len() - list + 90);
    }
    root.extend([1, 1, 0, 1, 90, 0, 0, 2]);
    root.extend([0; 96]);
    let bytes = synthetic::framed(&records, &root);
    let error = proc_macros(&bytes, 1).unwrap_err();
    assert!(
        matches!(error, MetadataError::Unbounded { .. }),
        "{error:?}"
    );
}

#[test]
fn too_many_names_are_refused() {
    let count = 17;
    let mut kind = vec![0];
    synthetic::text(&mut kind, b"A");
    synthetic::number(&mut kind, 4000);
    (0..4000).for_each(|_| synthetic::text(&mut kind, b"x"));
    let mut list = Vec::new();
    for index in 0..count {
        list.push(1);
        let distance = if index == 0 { count } else { 1 };
        synthetic::number(&mut list, distance * kind.len());
    }
    let records = [kind.repeat(count), list.clone()].concat();
    let mut root = vec![1, 7, 0, 17];
    synthetic::number(&mut root, list.len());
    root.extend([0, 0]);
    synthetic::number(&mut root, list.len());
    root.extend([0; 120]);
    let bytes = synthetic::framed(&records, &root);
    let error = proc_macros(&bytes, count).unwrap_err();
    assert!(
        matches!(error, MetadataError::TooManyNames { .. }),
        "{error:?}"
    );
}

#[test]
fn the_version_of_a_file_needs_the_start_alone() {
    let mut file = b"rust\0\0\0\x0a\0\0\0\0\0\0\0\0".to_vec();
    file.push(12);
    file.extend(b"rustc 1.96.0and more");
    let section = section(&file);
    assert_eq!(version(&section), Ok("rustc 1.96.0"));
    assert_eq!(version(&file), Ok("rustc 1.96.0"));
    for len in 0..section.len() {
        assert!(version(&section[..len]).is_err(), "cut at {len}");
    }
    for len in 0..file.len() - 8 {
        assert!(version(&file[..len]).is_err(), "cut at {len}");
    }
}

/// The linker puts a crate's own statics with `#[link_section = ".rustc"]` before rustc's bytes or
/// after them.
#[test]
fn bytes_of_another_origin_are_refused() {
    let (old, new) = (
        section(&fixture("1.97.1", "zero")),
        section(&fixture("1.98.1", "zero")),
    );
    assert_eq!(proc_macros(&new, 0), Ok(Vec::new()));
    let (before, after) = ([&*old, &new].concat(), [&*new, &old].concat());
    for bytes in [&before, &after] {
        for error in [
            version(bytes).unwrap_err(),
            metadata(bytes).unwrap_err(),
            proc_macros(bytes, 0).unwrap_err(),
        ] {
            assert!(matches!(error, MetadataError::Length { .. }), "{error:?}");
        }
    }
    // A length, or none, by which the other's metadata ends with rustc's bytes.
    let mut forged = before.clone();
    let len = (before.len() as u64 - 16).to_le_bytes();
    forged[8..16].copy_from_slice(&len);
    for (bytes, at) in [(&forged[..], old.len()), (&before[16..], old.len() - 16)] {
        let error = MetadataError::Second { at };
        assert_eq!(version(bytes), Err(error.clone()));
        assert_eq!(proc_macros(bytes, 0), Err(error));
    }
    // In a section, the section's header is needed.
    let file = fixture("1.98.1", "zero");
    assert_eq!(pm_abi::metadata::section(&file), Err(MetadataError::Header));
    assert_eq!(pm_abi::metadata::section(&new), Ok(&*file));
}

/// Metadata belongs to the macros that were compiled, or is refused.
#[test]
fn metadata_is_compared_with_the_macros() {
    let releases = [("1.85.1", "1.85"), ("1.97.1", "1.95"), ("1.98.1", "1.98")];
    for (release, profile) in releases {
        let profile = Profile::by_name(profile).unwrap();
        for (name, list) in FIXTURES {
            if release != "1.98.1" && !OLD_FIXTURES.contains(name) {
                continue;
            }
            let place = format!("{name} of {release}");
            let bytes = fixture(release, name);
            let rustc = version(&bytes).unwrap();
            let check = |list: &[Declaration]| check(&bytes, rustc, profile, list);
            let right = compiled(list);
            assert_eq!(check(&right), Ok(()), "{place}");
            let other =
                pm_abi::metadata::check(&bytes, "rustc 1.98.0 (x)", profile, &right).unwrap_err();
            assert!(
                matches!(other, MetadataError::Rustc { .. }),
                "{place}: {other:?}"
            );
            // Fewer macros, more, and one of another kind.
            let mut wrong: Vec<Vec<Declaration>> =
                (0..right.len()).map(|len| right[..len].to_vec()).collect();
            wrong.push([&*right, &compiled("bang one_more")].concat());
            for index in 0..right.len() {
                for kind in [MacroKind::Derive, MacroKind::Attr, MacroKind::Bang] {
                    let mut list = right.clone();
                    if std::mem::replace(&mut list[index].kind, kind) != kind {
                        wrong.push(list);
                    }
                }
            }
            for list in wrong {
                let error = check(&list).unwrap_err();
                let expected = match release {
                    "1.98.1" => matches!(
                        error,
                        MetadataError::NotFound { .. } | MetadataError::Macro { .. }
                    ),
                    _ => matches!(error, MetadataError::Kinds { .. }),
                };
                assert!(expected, "{place}: {error:?}");
            }
        }
    }
    let bytes = fixture("1.98.1", "helper");
    let check = |list: &str| {
        let profile = Profile::by_name("1.98").unwrap();
        let rustc = version(&bytes).unwrap();
        check(&bytes, rustc, profile, &compiled(list))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        check("derive Helped other|attr x"),
        "macro 0 is `derive Helped(helper)` in the metadata, but `derive Helped(other)` was \
         compiled"
    );
    assert_eq!(
        check("derive Helped helper|bang x"),
        "macro 1 is `attr x` in the metadata, but `bang x` was compiled"
    );
}

/// The releases with fixtures, their profiles, and the fixtures that they have.
const RELEASES: &[(&str, &str, &[&str])] = &[
    ("1.85.1", "1.85", OLD_FIXTURES),
    ("1.96.0", "1.95", &["mixed"]),
    ("1.97.1", "1.95", OLD_FIXTURES),
    ("1.98.1", "1.98", &[]),
];

/// `quoted.rs` expands to `recover_proc_macro_span(0)` to `recover_proc_macro_span(16)` in each
/// release, by `-Zunpretty=expanded`.
#[test]
fn saved_spans_are_counted() {
    for (release, profile, others) in RELEASES {
        let profile = Profile::by_name(profile).unwrap();
        for (name, list) in FIXTURES {
            if *release != "1.98.1" && *name != "quoted" && !others.contains(name) {
                continue;
            }
            let place = format!("{name} of {release}");
            let (bytes, macros) = (fixture(release, name), compiled(list));
            let expect = if *name == "quoted" { 17 } else { 0 };
            for bytes in [&bytes, &section(&bytes)] {
                let count = quoted_spans(bytes, profile, &macros);
                assert_eq!(count, Ok(Some(expect)), "{place}");
            }
            let error = quoted_spans(&bytes, profile, &[&*macros, &macros].concat());
            assert_eq!(error.is_err(), !macros.is_empty(), "{place}");
        }
    }
}

/// Metadata of `quoted` that says that another version wrote it.
fn quoted_as(release: &str, version: &str) -> Result<Option<u32>, MetadataError> {
    let (_, profile, _) = RELEASES.iter().find(|known| known.0 == release).unwrap();
    let mut bytes = fixture(release, "quoted");
    assert_eq!(bytes[17..29], *format!("rustc {release}").as_bytes());
    bytes[17..17 + version.len()].copy_from_slice(version.as_bytes());
    let (_, list) = FIXTURES.iter().find(|known| known.0 == "quoted").unwrap();
    quoted_spans(&bytes, Profile::by_name(profile).unwrap(), &compiled(list))
}

#[test]
fn saved_spans_of_an_unknown_rustc_are_not_counted() {
    for (release, _, _) in RELEASES {
        for version in ["rustc 1.86.0 (", "rustc 1.95.0 (", "rustc 1.99.9 ("] {
            assert_eq!(quoted_as(release, version), Ok(None), "{release}");
        }
        let (minor, _) = release.rsplit_once('.').unwrap();
        let nightly = format!("rustc {minor}.0-nightly (");
        assert_eq!(quoted_as(release, &nightly), Ok(None), "{release}");
    }
    // Other tables than the release has.
    for (release, version) in [
        ("1.85.1", "rustc 1.96.0 ("),
        ("1.85.1", "rustc 1.98.1 ("),
        ("1.96.0", "rustc 1.85.1 ("),
        ("1.97.1", "rustc 1.85.1 ("),
        ("1.98.1", "rustc 1.85.1 ("),
    ] {
        assert_eq!(quoted_as(release, version), Ok(None), "{release}");
    }
}

/// A changed byte in the tables makes the count unknown, or the metadata refused, or it is in a
/// part that says nothing of the count.
#[test]
fn saved_spans_in_damaged_metadata() {
    let (release, profile, _) = RELEASES[1];
    let (_, list) = FIXTURES.iter().find(|known| known.0 == "quoted").unwrap();
    let (profile, macros) = (Profile::by_name(profile).unwrap(), compiled(list));
    let mut bytes = fixture(release, "quoted");
    let mut unknown = 0;
    for at in 0..bytes.len() {
        let kept = bytes[at];
        for value in [0, kept ^ 1, kept.wrapping_add(1), 0xff] {
            bytes[at] = value;
            match quoted_spans(&bytes, profile, &macros) {
                Ok(Some(17)) | Err(_) => {}
                Ok(None) => unknown += 1,
                Ok(Some(other)) => panic!("{value} at {at}: {other}"),
            }
        }
        bytes[at] = kept;
    }
    assert!(unknown > 0);
}
