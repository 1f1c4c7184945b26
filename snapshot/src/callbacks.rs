//! Adds to an initialised module what lets a host run its macros: the host's functions as imports
//! with fixed table slots, and the entry points as exports.
//!
//! This comes after Wizer, which refuses modules whose tables change. Then no table grows at run
//! time, the module need not have been linked with a growable table, and all the linking is done
//! once, in an `InstancePre`.
//!
//! What the macro calls as `dispatch` is a function of the module: it asks the host for an answer in
//! place, and only where there is none for one that may have to leave the macro's stack. The second is an
//! asynchronous function of the host, whose calls take longer whether it waits or not.

use crate::SnapshotError;
use pm_abi::Declaration;
use pm_abi::contract::{Callbacks, EXPORTS, FUNCTIONS, HostFunction, IMPORT_MODULE, run_export};
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, ExportKind, ExportSection,
    Function, FunctionSection, ImportSection, Module, SectionId, TableSection, TypeSection,
    ValType,
};
use wasmparser::{ElementItems, ElementKind, Operator, Parser, Payload, TypeRef};

// The places of the host's functions among [`FUNCTIONS`].
const IN_PLACE: u32 = 0;
const DISPATCH: u32 = 1;
const RESERVE: u32 = 2;
const DROP: u32 = 3;

/// How many slots of the table the host gets: for `dispatch`, `reserve` and `drop`.
const SLOTS: u32 = 3;

/// Writes the module again, with the host's functions in it. Custom sections are dropped.
pub(crate) fn add(
    wasm: &[u8],
    declarations: &[Declaration],
) -> Result<(Vec<u8>, Callbacks), SnapshotError> {
    let layout = Layout::read(wasm)?;
    let mut runs = Vec::new();
    for declaration in declarations {
        let function = layout
            .slots
            .get(declaration.run as usize)
            .copied()
            .flatten();
        // (sret, config)
        let function = function.filter(|&function| layout.takes_two_i32(function));
        runs.push(function.ok_or_else(|| SnapshotError::EntryPoint {
            declaration: declaration.to_string(),
            slot: declaration.run,
        })?);
    }
    let slot = layout.table_size;
    let mut module = Module::new();
    let mut adder = Adder {
        layout,
        runs,
        types_done: false,
        imports_done: false,
    };
    adder
        .parse_core_module(&mut module, Parser::new(0), wasm)
        .map_err(SnapshotError::rewrite)?;
    let callbacks = Callbacks {
        dispatch: slot,
        reserve: slot + 1,
        drop: slot + 2,
    };
    Ok((module.finish(), callbacks))
}

/// What has to be known of a module before it is written again.
#[derive(Default)]
struct Layout {
    types: u32,
    /// Which types are `(i32, i32) -> ()`.
    two_i32: Vec<bool>,
    /// The type of each function, imported ones first.
    functions: Vec<u32>,
    imported_functions: u32,
    table_size: u32,
    /// The function in each slot of the table.
    slots: Vec<Option<u32>>,
}

impl Layout {
    fn read(wasm: &[u8]) -> Result<Layout, SnapshotError> {
        let mut layout = Layout::default();
        let mut tables = 0;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.map_err(SnapshotError::rewrite)? {
                Payload::TypeSection(section) => {
                    for ty in section.into_iter_err_on_gc_types() {
                        let ty = ty.map_err(SnapshotError::rewrite)?;
                        let two = [wasmparser::ValType::I32; 2];
                        layout
                            .two_i32
                            .push(ty.params() == two && ty.results().is_empty());
                        layout.types += 1;
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.map_err(SnapshotError::rewrite)?;
                        if let TypeRef::Func(ty) = import.ty {
                            layout.functions.push(ty);
                            layout.imported_functions += 1;
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    for ty in section {
                        layout.functions.push(ty.map_err(SnapshotError::rewrite)?);
                    }
                }
                Payload::TableSection(section) => {
                    tables = section.count();
                    for table in section.into_iter().take(1) {
                        let size = table.map_err(SnapshotError::rewrite)?.ty.initial;
                        layout.table_size = u32::try_from(size).map_err(SnapshotError::rewrite)?;
                    }
                }
                Payload::ElementSection(section) => {
                    for element in section {
                        layout.element(&element.map_err(SnapshotError::rewrite)?)?;
                    }
                }
                _ => {}
            }
        }
        match tables {
            1 => Ok(layout),
            0 => Err(SnapshotError::Shape("it has no function table")),
            _ => Err(SnapshotError::Shape("it has more than one table")),
        }
    }

    /// Records what an active segment puts into the table.
    fn element(&mut self, element: &wasmparser::Element<'_>) -> Result<(), SnapshotError> {
        let ElementKind::Active { offset_expr, .. } = &element.kind else {
            return Ok(());
        };
        let shape = SnapshotError::Shape("its table isn't filled by constants");
        let mut offset = offset_expr.get_operators_reader();
        let Ok(Operator::I32Const { value }) = offset.read() else {
            return Err(shape);
        };
        let ElementItems::Functions(functions) = &element.items else {
            return Err(shape);
        };
        let first = value.cast_unsigned() as usize;
        for (slot, function) in (first..).zip(functions.clone()) {
            let function = function.map_err(SnapshotError::rewrite)?;
            if slot >= self.table_size as usize {
                return Err(SnapshotError::Shape("its table is filled beyond its end"));
            }
            if self.slots.len() <= slot {
                self.slots.resize(slot + 1, None);
            }
            self.slots[slot] = Some(function);
        }
        Ok(())
    }

    fn takes_two_i32(&self, function: u32) -> bool {
        self.functions
            .get(function as usize)
            .and_then(|&ty| self.two_i32.get(ty as usize))
            .is_some_and(|&two| two)
    }
}

struct Adder {
    layout: Layout,
    /// The entry point of each declaration, by its index in the module that is read.
    runs: Vec<u32>,
    types_done: bool,
    imports_done: bool,
}

type Result1<T> = Result<T, reencode::Error>;

impl Adder {
    /// The index of one of the host's functions.
    fn host(&self, function: u32) -> u32 {
        self.layout.imported_functions + function
    }

    /// The index of the function that the macro calls to dispatch, the last of the module.
    fn dispatcher(&self) -> u32 {
        (self.layout.functions.len() + FUNCTIONS.len()) as u32
    }

    fn add_imports(&mut self, imports: &mut ImportSection) {
        for (index, HostFunction { name, .. }) in (0..).zip(FUNCTIONS) {
            let ty = wasm_encoder::EntityType::Function(self.layout.types + index);
            imports.import(IMPORT_MODULE, name, ty);
        }
        self.imports_done = true;
    }
}

impl Reencode for Adder {
    type Error = std::convert::Infallible;

    /// The new imports come last among the imports and before all other functions.
    fn function_index(&mut self, function: u32) -> Result1<u32> {
        let new = FUNCTIONS.len() as u32;
        Ok(if function < self.layout.imported_functions {
            function
        } else {
            function + new
        })
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result1<()> {
        reencode::utils::parse_type_section(self, types, section)?;
        for HostFunction {
            parameters,
            results,
            ..
        } in FUNCTIONS
        {
            types
                .ty()
                .function(vec![ValType::I32; parameters], vec![ValType::I32; results]);
        }
        self.types_done = true;
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result1<()> {
        reencode::utils::parse_import_section(self, imports, section)?;
        self.add_imports(imports);
        Ok(())
    }

    /// A module without imports has no section for them.
    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _after: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result1<()> {
        let at_types = matches!(before, Some(SectionId::Type | SectionId::Import));
        if self.types_done && !self.imports_done && !at_types {
            let mut imports = ImportSection::new();
            self.add_imports(&mut imports);
            module.section(&imports);
        }
        Ok(())
    }

    fn parse_table_section(
        &mut self,
        tables: &mut TableSection,
        section: wasmparser::TableSectionReader<'_>,
    ) -> Result1<()> {
        for table in section {
            let mut ty = self.table_type(table?.ty)?;
            ty.minimum = u64::from(self.layout.table_size + SLOTS);
            // Nothing grows it: wasm code that did would have been refused by Wizer.
            ty.maximum = Some(ty.minimum);
            tables.table(ty);
        }
        Ok(())
    }

    fn parse_element_section(
        &mut self,
        elements: &mut ElementSection,
        section: wasmparser::ElementSectionReader<'_>,
    ) -> Result1<()> {
        reencode::utils::parse_element_section(self, elements, section)?;
        let functions: [u32; SLOTS as usize] =
            [self.dispatcher(), self.host(RESERVE), self.host(DROP)];
        let slot = ConstExpr::i32_const(self.layout.table_size.cast_signed());
        elements.active(None, &slot, Elements::Functions((&functions).into()));
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result1<()> {
        reencode::utils::parse_function_section(self, functions, section)?;
        functions.function(self.layout.types + DISPATCH);
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result1<()> {
        reencode::utils::parse_code_section(self, code, section)?;
        let mut dispatcher = Function::new([]);
        let mut body = dispatcher.instructions();
        body.local_get(0).local_get(1).local_get(2);
        body.call(self.host(IN_PLACE)).i32_eqz();
        body.if_(BlockType::Empty);
        body.local_get(0).local_get(1).local_get(2);
        body.call(self.host(DISPATCH)).end().end();
        code.function(&dispatcher);
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result1<()> {
        for export in section {
            let export = export?;
            if EXPORTS.contains(&export.name) {
                self.parse_export(exports, export)?;
            }
        }
        for (index, function) in self.runs.clone().into_iter().enumerate() {
            let function = self.function_index(function)?;
            exports.export(&run_export(index), ExportKind::Func, function);
        }
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        _module: &mut Module,
        _section: wasmparser::CustomSectionReader<'_>,
    ) -> Result1<()> {
        Ok(())
    }
}
