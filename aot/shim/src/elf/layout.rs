//! The first of the writer's two phases: where everything will be, before any of it is written.
//!
//! The file has no padding between segments: each one's addresses start on a page of their own, at
//! the place in it that the bytes have in theirs.

use crate::image::Image;
use crate::slot::Slot;
use crate::stub::Code;
use crate::{Input, ShimError};
use object::write::StringId;
use object::write::elf::{SectionIndex, SymbolIndex, Writer};

/// At what a section starts: more than any of them needs.
pub(super) const ALIGN: u64 = 16;
/// How many program headers there are.
pub(super) const PROGRAM_HEADERS: usize = 7;
/// How many entries `.dynamic` has.
pub(super) const DYNAMIC: usize = 13;

/// Where a section or a segment is, in the file and in memory.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) address: u64,
}

impl Span {
    /// The start of both.
    pub(super) const START: Span = Span {
        offset: 0,
        size: 0,
        address: 0,
    };

    fn end(self) -> u64 {
        self.address + self.size
    }

    /// From here to the end of another.
    pub(super) fn to(self, last: Span) -> Span {
        Span {
            size: last.end() - self.address,
            ..self
        }
    }
}

/// Where everything is, and the numbers by which the headers name it.
pub(super) struct Layout {
    pub(super) gnu_hash: Span,
    pub(super) dynsym: Span,
    pub(super) dynstr: Span,
    pub(super) rela: Span,
    pub(super) rodata: Span,
    pub(super) text: Span,
    pub(super) relocated: Span,
    pub(super) dynamic: Span,
    pub(super) got: Span,
    /// The rest of the page, which becomes read only with what is before it.
    pub(super) padding: Span,
    pub(super) data: Span,
    /// `.rustc`, which isn't in memory.
    pub(super) metadata: Span,

    pub(super) section_names: SectionNames,
    pub(super) relocated_index: SectionIndex,
    /// The imported symbols, as [`Slot::IMPORTS`] has them.
    pub(super) imports: Vec<Import>,
    /// The exported symbol.
    pub(super) declarations: SymbolIndex,
    pub(super) declarations_name: StringId,
    pub(super) soname: StringId,
}

/// An imported symbol.
pub(super) struct Import {
    pub(super) index: SymbolIndex,
    pub(super) name: StringId,
}

/// The names of the sections that the writer has none for.
pub(super) struct SectionNames {
    pub(super) rela: StringId,
    pub(super) rodata: StringId,
    pub(super) text: StringId,
    pub(super) relocated: StringId,
    pub(super) got: StringId,
    pub(super) padding: StringId,
    pub(super) data: StringId,
    pub(super) metadata: StringId,
}

impl Layout {
    pub(super) fn reserve<'a>(
        writer: &mut Writer<'a>,
        input: &Input<'a>,
        image: &Image,
        code: &Code,
        page: u64,
    ) -> Result<Layout, ShimError> {
        // In the order of the section headers.
        let named = |writer: &mut Writer<'a>, name: &'static str| {
            let id = writer.add_section_name(name.as_bytes());
            (id, writer.reserve_section_index())
        };
        writer.reserve_gnu_hash_section_index();
        writer.reserve_dynsym_section_index();
        writer.reserve_dynstr_section_index();
        let (rela_name, _) = named(writer, ".rela.dyn");
        let (rodata_name, _) = named(writer, ".rodata");
        let (text_name, _) = named(writer, ".text");
        let (relocated_name, relocated_index) = named(writer, ".data.rel.ro");
        writer.reserve_dynamic_section_index();
        let (got_name, _) = named(writer, ".got");
        let (padding_name, _) = named(writer, ".relro_padding");
        let (data_name, _) = named(writer, ".data");
        let (metadata_name, _) = named(writer, ".rustc");
        writer.reserve_shstrtab_section_index();

        // A GNU hash table is about the last symbols: the exported ones.
        let imports = Slot::IMPORTS
            .map(|name| Import {
                name: writer.add_dynamic_string(name.as_bytes()),
                index: writer.reserve_dynamic_symbol_index(),
            })
            .into();
        let declarations_name = writer.add_dynamic_string(input.symbol.as_bytes());
        let declarations = writer.reserve_dynamic_symbol_index();
        let soname = writer.add_dynamic_string(input.soname.as_bytes());

        writer.reserve_file_header();
        writer.reserve_program_headers(PROGRAM_HEADERS as u32);
        let mut plan = Plan {
            writer,
            page,
            delta: 0,
            end: 0,
        };
        let gnu_hash = plan.section(|writer| writer.reserve_gnu_hash(1, 1, 1));
        let dynsym = plan.section(|writer| writer.reserve_dynsym());
        let dynstr = plan.try_section(|writer| Ok(writer.reserve_dynstr()?))?;
        let relocations = image.pointers.len() + Slot::ALL.len();
        let rela = plan.section(|writer| writer.reserve_relocations(relocations, true));
        let rodata = plan.bytes(image.constants.len());
        plan.segment();
        let text = plan.bytes(code.bytes.len());
        plan.segment();
        let relocated = plan.bytes(image.relocated.len());
        let dynamic = plan.section(|writer| writer.reserve_dynamic(DYNAMIC));
        let got = plan.bytes(Slot::TABLE);
        let padding = plan.rest_of_page();
        plan.segment();
        let data = plan.bytes(image.writable.len());

        let size = super::metadata_header(input.metadata);
        let size = size.0.len() + size.1.len() + input.metadata.len();
        let metadata = Span {
            offset: writer.reserve(size as u64, 1),
            size: size as u64,
            address: 0,
        };
        writer.reserve_shstrtab()?;
        writer.reserve_section_headers();
        Ok(Layout {
            gnu_hash,
            dynsym,
            dynstr,
            rela,
            rodata,
            text,
            relocated,
            dynamic,
            got,
            padding,
            data,
            metadata,
            section_names: SectionNames {
                rela: rela_name,
                rodata: rodata_name,
                text: text_name,
                relocated: relocated_name,
                got: got_name,
                padding: padding_name,
                data: data_name,
                metadata: metadata_name,
            },
            relocated_index,
            imports,
            declarations,
            declarations_name,
            soname,
        })
    }
}

/// Gives addresses to what the writer reserves.
struct Plan<'w, 'a> {
    writer: &'w mut Writer<'a>,
    page: u64,
    /// How far this segment's addresses are from its offsets.
    delta: u64,
    /// The first free address.
    end: u64,
}

impl<'a> Plan<'_, 'a> {
    /// Begins a segment.
    fn segment(&mut self) {
        let offset = self.writer.reserve(0, ALIGN);
        let address = self.end.next_multiple_of(self.page) + offset % self.page;
        self.delta = address - offset;
    }

    /// A section of so many bytes.
    fn bytes(&mut self, size: usize) -> Span {
        self.section(|writer| writer.reserve(size as u64, ALIGN))
    }

    /// A section that the writer knows; `reserve` gives its offset.
    fn section(&mut self, reserve: impl FnOnce(&mut Writer<'a>) -> u64) -> Span {
        let offset = reserve(self.writer);
        self.since(offset)
    }

    /// The same, for one that may fail.
    fn try_section(
        &mut self,
        reserve: impl FnOnce(&mut Writer<'a>) -> Result<u64, ShimError>,
    ) -> Result<Span, ShimError> {
        let offset = reserve(self.writer)?;
        Ok(self.since(offset))
    }

    /// What has been reserved from an offset on.
    fn since(&mut self, offset: u64) -> Span {
        let span = Span {
            offset,
            size: self.writer.reserved_len() - offset,
            address: offset + self.delta,
        };
        self.end = span.end();
        span
    }

    /// Addresses without bytes.
    fn rest_of_page(&mut self) -> Span {
        let padding = Span {
            offset: self.writer.reserved_len(),
            size: self.end.next_multiple_of(self.page) - self.end,
            address: self.end,
        };
        self.end = padding.end();
        padding
    }
}
