//! The library's file on Linux.
//!
//! In the order of lld: what is constant, what is executed, what is constant once the library is
//! loaded, what is written to; then what isn't loaded. Sources: System V gABI, chapters 4 and 5; the
//! Linux Standard Base for what is GNU's.

mod layout;

use super::image::{DECLARATIONS, Image, Part, Place};
use super::slot::Slot;
use super::stub::Code;
use super::{Input, ShimError, Target, check};
use layout::{Layout, Span};
use object::Endianness;
use object::elf::*;
use object::write::StringId;
use object::write::elf::{FileHeader, ProgramHeader, Rel, SectionHeader, Sym, Writer};

/// An address.
const WORD: u64 = 8;

/// What the architectures have differently.
struct Architecture {
    machine: Machine,
    /// The largest page that a kernel may have: no two segments share one.
    page: u64,
    relative: RelocationType,
    glob_dat: RelocationType,
}

fn architecture(target: Target) -> Architecture {
    match target {
        Target::X86_64Linux => Architecture {
            machine: EM_X86_64,
            page: 0x1000,
            relative: R_X86_64_RELATIVE,
            glob_dat: R_X86_64_GLOB_DAT,
        },
        Target::Aarch64Linux => Architecture {
            machine: EM_AARCH64,
            page: 0x1_0000,
            relative: R_AARCH64_RELATIVE,
            glob_dat: R_AARCH64_GLOB_DAT,
        },
    }
}

pub(super) fn write(input: &Input<'_>, image: &Image, code: &Code) -> Result<Vec<u8>, ShimError> {
    let architecture = architecture(input.target);
    let mut file = Vec::new();
    let mut writer = Writer::new(Endianness::Little, true, &mut file);
    let layout = Layout::reserve(&mut writer, input, image, code, architecture.page)?;
    let relocations = Relocations::new(&layout, image, &architecture);
    let code = code.place(layout.text.address, layout.got.address)?;

    // From here on everything is in the order in which it was reserved.
    write_headers(&mut writer, &layout, &architecture)?;
    write_symbols(&mut writer, &layout, input.symbol);
    writer.write_align_relocation();
    for relocation in relocations.all() {
        writer.write_relocation(true, relocation);
    }
    put(&mut writer, layout.rodata, &image.constants);
    put(&mut writer, layout.text, &code);
    put(&mut writer, layout.relocated, &image.relocated);
    write_dynamic(&mut writer, &layout, relocations.relative.len())?;
    put(&mut writer, layout.got, &[0; Slot::TABLE]);
    put(&mut writer, layout.data, &image.writable);
    let (header, length) = metadata_header(input.metadata);
    put(&mut writer, layout.metadata, header);
    writer.write(&length);
    writer.write(input.metadata);
    writer.write_shstrtab();
    write_section_headers(&mut writer, &layout);
    Ok(file)
}

/// What stands before the metadata in `.rustc`: the header that the metadata itself begins with, and
/// its length. (rustc's `rustc_codegen_ssa::back::metadata::create_compressed_metadata_file`, which
/// compresses nothing any more.)
fn metadata_header(metadata: &[u8]) -> (&[u8], [u8; 8]) {
    let header = metadata.get(..check::METADATA_HEADER).unwrap_or_default();
    (header, (metadata.len() as u64).to_le_bytes())
}

/// Writes a section's bytes where it was reserved.
fn put(writer: &mut Writer<'_>, section: Span, bytes: &[u8]) {
    writer.pad_until(section.offset);
    writer.write(bytes);
}

/// What ld.so has to put in.
struct Relocations {
    relative: Vec<Rel>,
    imported: Vec<Rel>,
}

impl Relocations {
    fn new(layout: &Layout, image: &Image, architecture: &Architecture) -> Relocations {
        let slot = |slot: Slot| layout.got.address + slot.offset() as u64;
        let slots = image.slots.iter();
        let mut relative: Vec<_> = image
            .pointers
            .iter()
            .map(|&(at, to)| (layout.address(at), layout.address(to)))
            .chain(slots.map(|&(at, to)| (slot(at), layout.address(to))))
            .map(|(at, to)| Rel {
                r_offset: at,
                r_sym: 0,
                r_type: architecture.relative,
                r_addend: to as i64,
            })
            .collect();
        // In the order of addresses, as linkers have them.
        relative.sort_unstable_by_key(|relocation| relocation.r_offset);
        let imported = layout.imports.iter().zip(Slot::ALL);
        let imported = imported
            .map(|(symbol, at)| Rel {
                r_offset: slot(at),
                r_sym: symbol.index.0,
                r_type: architecture.glob_dat,
                r_addend: 0,
            })
            .collect();
        Relocations { relative, imported }
    }

    /// The relative ones first: that is what `RELACOUNT` is about.
    fn all(&self) -> impl Iterator<Item = &Rel> {
        self.relative.iter().chain(&self.imported)
    }
}

impl Layout {
    fn address(&self, place: Place) -> u64 {
        let part = match place.part {
            Part::Constants => self.rodata,
            Part::Code => self.text,
            Part::Relocated => self.relocated,
            Part::Writable => self.data,
        };
        part.address + place.offset as u64
    }
}

fn write_headers(
    writer: &mut Writer<'_>,
    layout: &Layout,
    architecture: &Architecture,
) -> Result<(), ShimError> {
    writer.write_file_header(&FileHeader {
        os_abi: ELFOSABI_NONE,
        abi_version: 0,
        e_type: ET_DYN,
        e_machine: architecture.machine,
        e_entry: 0,
        e_flags: FileFlags(0),
    })?;
    writer.write_align_program_headers();
    let page = architecture.page;
    let relro = layout.relocated.to(layout.got);
    // The rest of its last page has no bytes in the file.
    let relro_memory = layout.relocated.to(layout.padding);
    let constants = Span::START.to(layout.rodata);
    let headers: [_; layout::PROGRAM_HEADERS] = [
        (PT_LOAD, PF_R, constants, constants, page),
        (PT_LOAD, PF_R | PF_X, layout.text, layout.text, page),
        (PT_LOAD, PF_R | PF_W, relro, relro_memory, page),
        (PT_LOAD, PF_R | PF_W, layout.data, layout.data, page),
        (
            PT_DYNAMIC,
            PF_R | PF_W,
            layout.dynamic,
            layout.dynamic,
            WORD,
        ),
        (PT_GNU_RELRO, PF_R, relro, relro_memory, 1),
        // Only its flags mean something: the stack isn't executable.
        (
            PT_GNU_STACK,
            PF_R | PF_W,
            Span::START,
            Span::START,
            layout::ALIGN,
        ),
    ];
    for (kind, flags, file, memory, align) in headers {
        writer.write_program_header(&ProgramHeader {
            p_type: kind,
            p_flags: flags,
            p_offset: file.offset,
            p_vaddr: file.address,
            p_paddr: file.address,
            p_filesz: file.size,
            p_memsz: memory.size,
            p_align: align,
        });
    }
    Ok(())
}

/// The imported symbols, and the exported one with its hash table and the names.
fn write_symbols(writer: &mut Writer<'_>, layout: &Layout, symbol: &str) {
    // One bucket, and a filter of one word whose two bits are the same.
    let hash = gnu_hash(symbol.as_bytes());
    writer.write_gnu_hash(layout.declarations.0, 0, 1, 1, 1, |_| hash);
    writer.write_null_dynamic_symbol();
    for import in &layout.imports {
        writer.write_dynamic_symbol(&Sym {
            section: None,
            st_name: writer.dynamic_string_offset(Some(import.name)),
            st_info: SymbolInfo::new(STB_GLOBAL, STT_FUNC),
            st_other: SymbolOther(0),
            st_shndx: SHN_UNDEF,
            st_value: 0,
            st_size: 0,
        });
    }
    writer.write_dynamic_symbol(&Sym {
        section: Some(layout.relocated_index.0),
        st_name: writer.dynamic_string_offset(Some(layout.declarations_name)),
        st_info: SymbolInfo::new(STB_GLOBAL, STT_OBJECT),
        st_other: SymbolOther(0),
        st_shndx: SHN_UNDEF,
        st_value: layout.address(DECLARATIONS),
        st_size: 2 * WORD,
    });
    writer.write_dynstr();
}

fn write_dynamic(
    writer: &mut Writer<'_>,
    layout: &Layout,
    relative: usize,
) -> Result<(), ShimError> {
    let text = |name: StringId| u64::from(writer.dynamic_string_offset(Some(name)));
    let entries: [_; layout::DYNAMIC] = [
        (DT_SONAME, text(layout.soname)),
        (DT_GNU_HASH, layout.gnu_hash.address),
        (DT_STRTAB, layout.dynstr.address),
        (DT_STRSZ, layout.dynstr.size),
        (DT_SYMTAB, layout.dynsym.address),
        (DT_SYMENT, size_of::<Sym64<Endianness>>() as u64),
        (DT_RELA, layout.rela.address),
        (DT_RELASZ, layout.rela.size),
        (DT_RELAENT, size_of::<Rela64<Endianness>>() as u64),
        (DT_RELACOUNT, relative as u64),
        // As rustc links.
        (DT_FLAGS, DF_BIND_NOW.0),
        (DT_FLAGS_1, DF_1_NOW.0),
        (DT_NULL, 0),
    ];
    writer.write_align_dynamic();
    for (tag, value) in entries {
        writer.write_dynamic(tag, value)?;
    }
    Ok(())
}

fn write_section_headers(writer: &mut Writer<'_>, layout: &Layout) {
    let symbols = writer.dynsym_index().0;
    let header = |writer: &mut Writer<'_>, name, kind, flags, span: Span, align| {
        let (link, entry) = match kind {
            SHT_RELA => (symbols, size_of::<Rela64<Endianness>>() as u64),
            _ => (0, 0),
        };
        writer.write_section_header(&SectionHeader {
            sh_name: writer.section_name_offset(Some(name)),
            sh_type: kind,
            sh_flags: flags,
            sh_addr: span.address,
            sh_offset: span.offset,
            sh_size: span.size,
            sh_link: link,
            sh_info: 0,
            sh_addralign: align,
            sh_entsize: entry,
        });
    };
    let read = SHF_ALLOC;
    let execute = SHF_ALLOC | SHF_EXECINSTR;
    let write = SHF_ALLOC | SHF_WRITE;
    let names = &layout.section_names;
    let align = layout::ALIGN;
    writer.write_null_section_header();
    writer.write_gnu_hash_section_header(layout.gnu_hash.address);
    writer.write_dynsym_section_header(layout.dynsym.address, 1);
    writer.write_dynstr_section_header(layout.dynstr.address);
    header(writer, names.rela, SHT_RELA, read, layout.rela, WORD);
    header(
        writer,
        names.rodata,
        SHT_PROGBITS,
        read,
        layout.rodata,
        align,
    );
    header(
        writer,
        names.text,
        SHT_PROGBITS,
        execute,
        layout.text,
        align,
    );
    header(
        writer,
        names.relocated,
        SHT_PROGBITS,
        write,
        layout.relocated,
        align,
    );
    writer.write_dynamic_section_header(layout.dynamic.address);
    header(writer, names.got, SHT_PROGBITS, write, layout.got, align);
    // lld's: without it `strip` would make the segment as short as its sections are.
    header(writer, names.padding, SHT_NOBITS, write, layout.padding, 1);
    header(writer, names.data, SHT_PROGBITS, write, layout.data, align);
    // No flags, as rustc's: it isn't loaded, and yet `strip` leaves it.
    header(
        writer,
        names.metadata,
        SHT_PROGBITS,
        SectionFlags(0),
        layout.metadata,
        1,
    );
    writer.write_shstrtab_section_header();
}
