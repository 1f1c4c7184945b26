//! The file, read back by the crate that rustc and rust-analyzer read it with.

use crate::fixture::{self, SYMBOL, TARGETS};
use object::elf::{self, FileHeader64};
use object::read::elf::{Dyn as _, ElfFile64, FileHeader as _, ProgramHeader as _, Rela as _};
use object::{Endianness, Object as _, ObjectSection as _, ObjectSymbol as _};
use pm_shim_writer::Target;

const LE: Endianness = Endianness::Little;

fn write(target: Target, metadata: usize) -> Vec<u8> {
    let macros = fixture::declarations();
    let metadata = fixture::metadata(metadata);
    pm_shim_writer::write(&fixture::input(target, &macros, &metadata)).unwrap()
}

fn parse(file: &[u8]) -> ElfFile64<'_> {
    ElfFile64::parse(file).unwrap()
}

/// Both front ends find the section by its name; rustc tolerates what comes after the metadata, so
/// only the whole section is the whole truth.
#[test]
fn metadata_is_where_rustc_looks_for_it() {
    for target in TARGETS {
        for len in [0, 1, 5_000_000] {
            let file = write(target, len);
            let metadata = fixture::metadata(len);
            let parsed = object::File::parse(&*file).unwrap();
            let section = parsed.section_by_name(".rustc").unwrap();
            let mut expect = b"rust\0\0\0\n".to_vec();
            expect.extend((metadata.len() as u64).to_le_bytes());
            expect.extend(&metadata);
            assert!(section.data().unwrap() == expect);
            let object::SectionFlags::Elf { sh_flags, .. } = section.flags() else {
                panic!("not ELF");
            };
            assert_eq!(sh_flags, elf::SectionFlags(0), "it isn't loaded");
            assert!(file.len() < metadata.len() + 8192, "{}", file.len());
        }
    }
}

/// rust-analyzer takes the first export whose name has `_rustc_proc_macro_decls_` in it.
#[test]
fn exports_the_declarations_alone() {
    for target in TARGETS {
        let file = write(target, 0);
        let parsed = object::File::parse(&*file).unwrap();
        assert_eq!(fixture::exports(&file), [SYMBOL]);
        let imports: Vec<_> = parsed
            .dynamic_symbols()
            .filter(|symbol| symbol.is_undefined())
            .map(|symbol| symbol.name().unwrap())
            .collect();
        let expect = ["dlopen", "dlsym", "dlerror", "strlen", "memcpy"];
        assert_eq!(imports, expect);
        let symbol = parsed
            .dynamic_symbols()
            .find(|symbol| symbol.is_definition())
            .unwrap();
        assert_eq!(symbol.size(), 16);
        let section = symbol.section_index().unwrap();
        let section = parsed.section_by_index(section).unwrap();
        assert_eq!(section.name().unwrap(), ".data.rel.ro");
    }
}

#[test]
fn names_itself_and_needs_no_library() {
    for target in TARGETS {
        let file = write(target, 0);
        let parsed = parse(&file);
        let strings = parsed.section_by_name(".dynstr").unwrap().data().unwrap();
        let text = |tag: elf::DynamicTag| {
            let entry = dynamic(&file, tag)?;
            let rest = strings.get(usize::try_from(entry).unwrap()..)?;
            std::ffi::CStr::from_bytes_until_nul(rest)
                .ok()?
                .to_str()
                .ok()
        };
        assert_eq!(text(elf::DT_NEEDED), None);
        assert_eq!(text(elf::DT_SONAME), Some("libdemo-abc.so"));
        assert_eq!(dynamic(&file, elf::DT_TEXTREL), None);
    }
}

fn dynamic(file: &[u8], tag: elf::DynamicTag) -> Option<u64> {
    let header = FileHeader64::<Endianness>::parse(file).unwrap();
    let segments = header.program_headers(LE, file).unwrap();
    let entries = segments
        .iter()
        .find_map(|segment| segment.dynamic(LE, file).unwrap())
        .unwrap();
    entries
        .iter()
        .find(|entry| entry.d_tag(LE) == tag)
        .map(|entry| entry.d_val(LE))
}

/// No page is writable and executable, the stack neither; what the loader of libraries has written
/// becomes read only; no two segments share a page; each lies in its page as in the file's.
#[test]
fn segments_have_the_least_rights() {
    for (target, page) in TARGETS.into_iter().zip([0x1000, 0x1_0000]) {
        let file = write(target, 0);
        let header = FileHeader64::<Endianness>::parse(&*file).unwrap();
        let segments = header.program_headers(LE, &*file).unwrap();
        let mut end = 0;
        let mut relro = None;
        let mut stack = None;
        for segment in segments {
            let flags = segment.p_flags(LE).0;
            assert_ne!(flags & 3, 3, "writable and executable");
            let start = segment.p_vaddr(LE);
            let stop = start + segment.p_memsz(LE);
            match segment.p_type(LE) {
                elf::PT_LOAD => {
                    assert_eq!(segment.p_align(LE), page);
                    assert_eq!(start % page, segment.p_offset(LE) % page);
                    assert!(end == 0 || start / page >= u64::div_ceil(end, page));
                    assert!(segment.p_offset(LE) + segment.p_filesz(LE) <= file.len() as u64);
                    end = stop;
                }
                elf::PT_GNU_RELRO => relro = Some((start, stop)),
                elf::PT_GNU_STACK => stack = Some(flags),
                _ => {}
            }
        }
        assert_eq!(stack, Some(6));
        let (start, stop) = relro.unwrap();
        assert_eq!(stop % page, 0, "whole pages");
        let parsed = parse(&file);
        for name in [".data.rel.ro", ".dynamic", ".got"] {
            let section = parsed.section_by_name(name).unwrap();
            assert!((start..stop).contains(&section.address()), "{name}");
        }
        let data = parsed.section_by_name(".data").unwrap();
        assert!(data.address() >= stop);
    }
}

/// Every pointer is put in by a relative relocation, and each symbol by its own, in the slot that the
/// code reads.
#[test]
fn relocations_are_those_of_the_architecture() {
    for (target, (relative, glob_dat)) in TARGETS.into_iter().zip([
        (elf::R_X86_64_RELATIVE, elf::R_X86_64_GLOB_DAT),
        (elf::R_AARCH64_RELATIVE, elf::R_AARCH64_GLOB_DAT),
    ]) {
        let file = write(target, 0);
        let relocations = relocations(&file);
        let (rest, imported) = relocations.split_at(relocations.len() - 5);
        let got = parse(&file).section_by_name(".got").unwrap().address();
        for (index, found) in (0..).zip(imported) {
            assert_eq!(found.kind, glob_dat);
            assert_eq!(found.symbol, index + 1);
            assert_eq!(found.at, got + 8 * u64::from(index));
        }
        assert!(rest.iter().all(|found| found.kind == relative));
        assert!(rest.is_sorted_by_key(|found| found.at));
        assert_eq!(dynamic(&file, elf::DT_RELACOUNT), Some(rest.len() as u64));
        // The list; names, counters and entry points; two lists of attributes and two attributes;
        // five texts of the shim; the slots of what isn't imported.
        assert_eq!(rest.len(), 1 + 4 * 3 + 4 + 5 + 6);
    }
}

struct Relocation {
    at: u64,
    kind: elf::RelocationType,
    symbol: u32,
    to: u64,
}

fn relocations(file: &[u8]) -> Vec<Relocation> {
    let parsed = parse(file);
    let bytes = parsed.section_by_name(".rela.dyn").unwrap().data().unwrap();
    let relocations = object::slice_from_all_bytes::<elf::Rela64<Endianness>>(bytes).unwrap();
    relocations
        .iter()
        .map(|found| Relocation {
            at: found.r_offset(LE),
            kind: found.r_type(LE, false),
            symbol: found.r_sym(LE, false),
            to: found.r_addend(LE) as u64,
        })
        .collect()
}

/// aarch64 can't be run on every machine that writes for it: each function's `adrp` and `ldr` are read,
/// and name the slots of the table that it should.
#[test]
fn aarch64_code_reads_its_slots() {
    let file = write(Target::Aarch64Linux, 0);
    let parsed = parse(&file);
    let text = parsed.section_by_name(".text").unwrap();
    let got = parsed.section_by_name(".got").unwrap().address();
    let relocations = relocations(&file);
    let text_end = text.address() + text.size();
    let mut functions: Vec<_> = relocations
        .iter()
        .filter(|found| (text.address()..text_end).contains(&found.to))
        .map(|found| found.to)
        .collect();
    functions.sort_unstable();
    // `Shim` and `find`, in each entry point.
    let entry: &[u64] = &[5, 6];
    // `dlopen`, `dlsym`, `missing`, and the texts for the first two.
    let find: &[u64] = &[0, 1, 7, 8, 9];
    // `dlerror`, `strlen`, `memcpy`, and the message.
    let missing: &[u64] = &[2, 3, 4, 10];
    let expect = [entry, entry, entry, entry, find, missing];
    assert_eq!(functions.len(), expect.len());
    let ends = functions.iter().skip(1).chain([&text_end]);
    for ((&start, &end), expect) in functions.iter().zip(ends).zip(expect) {
        let code = text.data_range(start, end - start).unwrap().unwrap();
        let mut pages = [None; 32];
        let mut slots = Vec::new();
        for (word, address) in code.as_chunks::<4>().0.iter().zip((start..).step_by(4)) {
            let word = u32::from_le_bytes(*word);
            let (rd, rn) = (word as usize & 31, word as usize >> 5 & 31);
            if word & 0x9f00_0000 == 0x9000_0000 {
                let imm = (word >> 5 & 0x7_ffff) << 2 | word >> 29 & 3;
                let imm = i64::from((imm << 11) as i32 >> 11);
                pages[rd] = Some((address & !0xfff).wrapping_add_signed(imm << 12));
            } else if word & 0xffc0_0000 == 0xf940_0000 {
                let imm = u64::from(word >> 10 & 0xfff) * 8;
                slots.extend(pages[rn].take().map(|page| (page + imm - got) / 8));
            }
        }
        slots.sort_unstable();
        assert_eq!(slots, expect, "{code:x?}");
    }
}

#[test]
fn same_input_same_bytes() {
    for target in TARGETS {
        assert!(write(target, 100) == write(target, 100));
    }
}

/// A crate without macros is one: rustc compiles it. With the most that are accepted, the code is
/// still near enough to the table.
#[test]
fn no_macros_and_many() {
    let metadata = fixture::metadata(0);
    let one = &fixture::declarations()[2];
    let check = |target, count: usize| {
        let macros = vec![one.clone(); count];
        pm_shim_writer::write(&fixture::input(target, &macros, &metadata)).map(|file| {
            object::File::parse(&*file).unwrap();
        })
    };
    for target in TARGETS {
        check(target, 0).unwrap();
    }
    check(Target::Aarch64Linux, pm_shim_writer::MAX_MACROS).unwrap();
    assert_eq!(
        check(Target::X86_64Linux, pm_shim_writer::MAX_MACROS + 1)
            .unwrap_err()
            .to_string(),
        "declarations: a count of 4097 can't be right (at most 4096 are accepted)"
    );
}

#[test]
fn targets_by_their_names() {
    let check = |name: &str, expect| assert_eq!(name.parse::<Target>().ok(), expect, "{name}");
    check("x86_64-unknown-linux-gnu", Some(Target::X86_64Linux));
    check("aarch64-unknown-linux-musl", Some(Target::Aarch64Linux));
    // Pointers of four bytes.
    check("x86_64-unknown-linux-gnux32", None);
    check("aarch64-apple-darwin", None);
    check("", None);
}
