//! A translator of WebAssembly's legacy exceptions, which LLVM 19 and older write, to the final
//! form, which wasmtime runs.
//!
//! ```text
//! try T                        block T                             ;; L
//!   body                         block (T of tag, exnref)          ;; C
//! catch tag            =>          try_table T (catch_ref tag C)
//!   handler                          body
//!   rethrow 0                      end
//! end                              br L
//!                                end
//!                                local.set $exception
//!                                handler
//!                                local.get $exception
//!                                throw_ref
//!                              end
//! ```
//!
//! `try … delegate` becomes a `try_table` that branches into the body of the `try` that it names,
//! where a `throw_ref` throws once more. The rest of a module stays as it is, except for types that
//! are added at the end of their section.

use std::collections::BTreeMap;
use std::fmt;

/// A module that isn't understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Error {
    /// Offset in the module.
    pub(crate) at: usize,
    /// The fault.
    pub(crate) what: &'static str,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at offset {:#x})", self.what, self.at)
    }
}

type Result<T> = std::result::Result<T, Error>;

const TRY: u8 = 0x06;
const CATCH: u8 = 0x07;
const RETHROW: u8 = 0x09;
const DELEGATE: u8 = 0x18;
const CATCH_ALL: u8 = 0x19;

const BLOCK: u8 = 0x02;
const LOOP: u8 = 0x03;
const IF: u8 = 0x04;
const END: u8 = 0x0b;
const BR: u8 = 0x0c;
const RETURN: u8 = 0x0f;
const LOCAL_GET: u8 = 0x20;
const LOCAL_SET: u8 = 0x21;
const THROW_REF: u8 = 0x0a;
const TRY_TABLE: u8 = 0x1f;

/// The value type `exnref`.
const EXNREF: u8 = 0x69;
/// The block type without values.
const EMPTY: u8 = 0x40;

/// The translated module; one without legacy exceptions stays as it is.
///
/// # Errors
/// When the bytes aren't a module, or one with instructions that no LLVM of that age writes.
pub(crate) fn translate(module: &[u8]) -> Result<Vec<u8>> {
    let sections = sections(module)?;
    let mut types = Types::default();
    let mut functions = Vec::new();
    let mut tags = Vec::new();
    let mut code = None;
    for section in &sections {
        let mut reader = section.reader(module);
        match section.id {
            1 => types = Types::read(&mut reader)?,
            2 => imported_tags(&mut reader, &mut tags)?,
            3 => functions = reader.list(Reader::u32)?,
            10 => code = Some(section),
            13 => tags.extend(reader.list(tag)?),
            _ => {}
        }
    }
    let Some(code) = code else {
        return Ok(module.to_vec());
    };
    let mut reader = code.reader(module);
    let count = reader.u32()?;
    let mut bodies = Vec::new();
    write_u32(&mut bodies, count);
    let mut changed = false;
    for index in 0..count as usize {
        let size = reader.u32()? as usize;
        let body = reader.part(size)?;
        let own = functions.get(index).copied();
        let own = own.ok_or_else(|| reader.error("a function without a type"))?;
        let parameters = types.get(own, &reader)?.parameters.len() as u32;
        match function(body, parameters, &mut types, &tags)? {
            Some(new) => {
                changed = true;
                write_bytes(&mut bodies, &new);
            }
            None => write_bytes(&mut bodies, body.rest()),
        }
    }
    if !changed {
        return Ok(module.to_vec());
    }
    let mut output = module[..8].to_vec();
    for section in &sections {
        output.push(section.id);
        match section.id {
            1 => write_bytes(&mut output, &types.section),
            10 => write_bytes(&mut output, &bodies),
            _ => write_bytes(&mut output, &module[section.start..section.end]),
        }
    }
    Ok(output)
}

/// A section's number, and where its content is.
struct Section {
    id: u8,
    start: usize,
    end: usize,
}

impl Section {
    fn reader<'a>(&self, module: &'a [u8]) -> Reader<'a> {
        Reader {
            bytes: &module[..self.end],
            at: self.start,
        }
    }
}

fn sections(module: &[u8]) -> Result<Vec<Section>> {
    let mut reader = Reader {
        bytes: module,
        at: 0,
    };
    if reader.part(8).ok().map(|header| header.rest()) != Some(b"\0asm\x01\0\0\0") {
        reader.at = 0;
        return Err(reader.error("not a WebAssembly module"));
    }
    let mut sections = Vec::new();
    while reader.at < module.len() {
        let id = reader.byte()?;
        let size = reader.u32()? as usize;
        let start = reader.at;
        reader.part(size)?;
        sections.push(Section {
            id,
            start,
            end: start + size,
        });
    }
    Ok(sections)
}

/// A tag's type.
fn tag(reader: &mut Reader<'_>) -> Result<u32> {
    reader.byte()?;
    reader.u32()
}

/// The types of the tags among the imports.
fn imported_tags(reader: &mut Reader<'_>, tags: &mut Vec<u32>) -> Result<()> {
    for _ in 0..reader.u32()? {
        for _ in 0..2 {
            let size = reader.u32()? as usize;
            reader.part(size)?;
        }
        match reader.byte()? {
            0 => drop(reader.u32()?),
            1 => {
                reader.byte()?;
                limits(reader)?;
            }
            2 => limits(reader)?,
            3 => drop((reader.byte()?, reader.byte()?)),
            4 => tags.push(tag(reader)?),
            _ => return Err(reader.error("an import of an unknown kind")),
        }
    }
    Ok(())
}

fn limits(reader: &mut Reader<'_>) -> Result<()> {
    let flags = reader.byte()?;
    reader.leb()?;
    if flags & 1 != 0 {
        reader.leb()?;
    }
    Ok(())
}

/// A function's type: the bytes of its value types.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Signature {
    parameters: Vec<u8>,
    results: Vec<u8>,
}

/// The type section, to which types can be added.
#[derive(Default)]
struct Types {
    known: Vec<Signature>,
    section: Vec<u8>,
    added: BTreeMap<Signature, u32>,
}

impl Types {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let known = reader.list(|reader| {
            if reader.byte()? != 0x60 {
                return Err(reader.error("a type that is not a function's"));
            }
            Ok(Signature {
                parameters: reader.list(Reader::value_type)?,
                results: reader.list(Reader::value_type)?,
            })
        })?;
        let mut types = Self {
            known,
            ..Self::default()
        };
        types.write();
        Ok(types)
    }

    fn get(&self, index: u32, reader: &Reader<'_>) -> Result<&Signature> {
        let known = self.known.get(index as usize);
        known.ok_or_else(|| reader.error("a type that does not exist"))
    }

    /// The block type without parameters that has these results.
    fn block(&mut self, results: &[u8]) -> Vec<u8> {
        match results {
            [] => return vec![EMPTY],
            [one] => return vec![*one],
            _ => {}
        }
        let signature = Signature {
            parameters: Vec::new(),
            results: results.to_vec(),
        };
        let next = self.known.len() as u32;
        let index = *self.added.entry(signature.clone()).or_insert(next);
        if index == next {
            self.known.push(signature);
            self.write();
        }
        let mut bytes = Vec::new();
        write_s33(&mut bytes, index);
        bytes
    }

    fn write(&mut self) {
        let mut section = Vec::new();
        write_u32(&mut section, self.known.len() as u32);
        for Signature {
            parameters,
            results,
        } in &self.known
        {
            section.push(0x60);
            write_bytes(&mut section, parameters);
            write_bytes(&mut section, results);
        }
        self.section = section;
    }
}

/// The properties of a `try`, found by a first pass over its function.
#[derive(Clone, Debug, Default)]
struct Try {
    /// The tags that it catches; `None` is `catch_all`.
    catches: Vec<Option<u32>>,
    /// True if it ends with `delegate`.
    delegates: bool,
    /// True if one of its handlers throws what it caught again.
    rethrown: bool,
    /// True if a `delegate` names it.
    named: bool,
}

/// A construct that encloses an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    /// A block, a loop, an `if` or the function.
    Plain,
    /// A `try`, by its number, before its first `catch`.
    Body(usize),
    /// A `try`, by its number, after that.
    Handler(usize),
}

/// The tries of a function in their order, and whether a `delegate` names the function's caller.
struct Survey {
    tries: Vec<Try>,
    to_caller: bool,
}

/// Finds out what the translation needs to know beforehand.
fn survey(mut code: Reader<'_>) -> Result<Survey> {
    let mut tries: Vec<Try> = Vec::new();
    let mut to_caller = false;
    let mut frames = vec![Frame::Plain];
    while !frames.is_empty() {
        let opcode = code.byte()?;
        match opcode {
            BLOCK | LOOP | IF | TRY_TABLE => frames.push(Frame::Plain),
            TRY => {
                frames.push(Frame::Body(tries.len()));
                tries.push(Try::default());
            }
            CATCH | CATCH_ALL => {
                let Some(Frame::Body(index) | Frame::Handler(index)) = frames.pop() else {
                    return Err(code.error("`catch` outside of `try`"));
                };
                let tag = (opcode == CATCH).then(|| code.peek()).transpose()?;
                tries[index].catches.push(tag);
                frames.push(Frame::Handler(index));
            }
            RETHROW => match frame(&frames, &code)? {
                (_, Frame::Handler(index)) => tries[index].rethrown = true,
                _ => return Err(code.error("`rethrow` outside of a handler")),
            },
            DELEGATE => {
                let Some(Frame::Body(index)) = frames.pop() else {
                    return Err(code.error("`delegate` outside of `try`"));
                };
                tries[index].delegates = true;
                let (named, _) = frame(&frames, &code)?;
                match handler(&frames[..=named]) {
                    Some((_, index)) => tries[index].named = true,
                    None => to_caller = true,
                }
            }
            END => drop(frames.pop()),
            _ => {}
        }
        immediates(opcode, &mut code, &mut |_| {})?;
    }
    Ok(Survey { tries, to_caller })
}

/// The frame that a label names, which is read but not passed.
fn frame(frames: &[Frame], code: &Reader<'_>) -> Result<(usize, Frame)> {
    let label = code.peek()? as usize;
    let index = frames.len().checked_sub(label + 1);
    let index = index.ok_or_else(|| code.error("a label that does not exist"))?;
    Ok((index, frames[index]))
}

/// The innermost frame that gets what is thrown in the last one, with the number of its `try`.
fn handler(frames: &[Frame]) -> Option<(usize, usize)> {
    let mut inner = frames.iter().enumerate().rev();
    inner.find_map(|(at, frame)| match frame {
        Frame::Body(index) => Some((at, *index)),
        _ => None,
    })
}

/// A frame, and its label's place among those of the translated function.
struct Open {
    frame: Frame,
    label: u32,
    /// The label of the block whose value is thrown there.
    throws: u32,
    /// The local with what it caught.
    exception: u32,
}

/// A translated function; nothing for one without legacy exceptions.
fn function(
    mut body: Reader<'_>,
    parameters: u32,
    types: &mut Types,
    tags: &[u32],
) -> Result<Option<Vec<u8>>> {
    let groups = body.list(|reader| Ok((reader.u32()?, reader.value_type()?)))?;
    let survey = survey(body)?;
    if survey.tries.is_empty() {
        return Ok(None);
    }
    let locals = groups
        .iter()
        .fold(parameters, |sum, (count, _)| sum + count);
    let mut writer = Writer {
        survey,
        types,
        tags,
        code: Vec::new(),
        labels: 1,
        open: Vec::new(),
        begun: 0,
        locals,
        caught: 0,
        most_caught: 0,
    };
    writer.function(&mut body)?;

    let mut output = Vec::new();
    let added = writer.most_caught;
    write_u32(&mut output, (groups.len() + usize::from(added > 0)) as u32);
    for (count, kind) in groups {
        write_u32(&mut output, count);
        output.push(kind);
    }
    if added > 0 {
        write_u32(&mut output, added);
        output.push(EXNREF);
    }
    output.extend(writer.code);
    Ok(Some(output))
}

struct Writer<'a> {
    survey: Survey,
    types: &'a mut Types,
    tags: &'a [u32],
    code: Vec<u8>,
    /// The labels that are open in what was written, the function's included.
    labels: u32,
    open: Vec<Open>,
    /// The tries that have begun.
    begun: usize,
    /// The first local that is added.
    locals: u32,
    /// The handlers around that keep what they caught.
    caught: u32,
    most_caught: u32,
}

impl Writer<'_> {
    fn function(&mut self, source: &mut Reader<'_>) -> Result<()> {
        let to_caller = self.survey.to_caller;
        self.open(Frame::Plain, 0);
        if to_caller {
            self.begin(BLOCK, &[EXNREF]);
            self.open[0].throws = self.labels - 1;
        }
        while !self.open.is_empty() {
            let start = source.at;
            let opcode = source.byte()?;
            match opcode {
                BLOCK | LOOP | IF => {
                    let kind = block_type(source)?;
                    self.begin(opcode, &kind);
                    self.open(Frame::Plain, self.labels - 1);
                }
                TRY => self.begin_try(source)?,
                CATCH | CATCH_ALL => self.catch(opcode, source)?,
                DELEGATE => self.delegate(source)?,
                RETHROW => {
                    let label = source.u32()?;
                    let exception = self.at(label, source)?.exception;
                    self.instruction(LOCAL_GET, exception);
                    self.code.push(THROW_REF);
                }
                END => self.end(),
                TRY_TABLE => return Err(source.error("both forms of exceptions")),
                _ => {
                    // Labels are rewritten, everything else is copied.
                    let mut copied = start;
                    let mut labels = Vec::new();
                    immediates(opcode, source, &mut |label| labels.push(label))?;
                    for Label { from, to, value } in labels {
                        self.code.extend_from_slice(&source.bytes[copied..from]);
                        let label = self.at(value, source)?.label;
                        let relative = self.labels - 1 - label;
                        write_u32(&mut self.code, relative);
                        copied = to;
                    }
                    self.code
                        .extend_from_slice(&source.bytes[copied..source.at]);
                }
            }
        }
        Ok(())
    }

    /// The construct that a label of the source names.
    fn at(&self, label: u32, source: &Reader<'_>) -> Result<&Open> {
        let index = self.open.len().checked_sub(label as usize + 1);
        let index = index.ok_or_else(|| source.error("a label that does not exist"))?;
        Ok(&self.open[index])
    }

    fn open(&mut self, frame: Frame, label: u32) {
        self.open.push(Open {
            frame,
            label,
            throws: 0,
            exception: 0,
        });
    }

    fn instruction(&mut self, opcode: u8, immediate: u32) {
        self.code.push(opcode);
        write_u32(&mut self.code, immediate);
    }

    /// Writes the beginning of a block, which has a label.
    fn begin(&mut self, opcode: u8, kind: &[u8]) {
        self.code.push(opcode);
        self.code.extend_from_slice(kind);
        self.labels += 1;
    }

    fn finish(&mut self) {
        self.code.push(END);
        self.labels -= 1;
    }

    fn begin_try(&mut self, source: &mut Reader<'_>) -> Result<()> {
        let kind = block_type(source)?;
        let parameters = match type_index(&kind) {
            Some(index) => self.types.get(index, source)?.parameters.len(),
            None => 0,
        };
        if parameters > 0 {
            return Err(source.error("a `try` with parameters"));
        }
        let number = self.begun;
        self.begun += 1;
        let Try {
            catches,
            delegates,
            rethrown,
            named,
        } = self.survey.tries[number].clone();

        let label = self.labels;
        if delegates {
            // The target is written after the body, but must be known here.
            let throws = self.delegated(source)?;
            let relative = self.labels - 1 - throws;
            self.begin(TRY_TABLE, &kind);
            self.code.extend([1, 3]);
            write_u32(&mut self.code, relative);
        } else {
            self.begin(BLOCK, &kind);
            let mut blocks = Vec::new();
            for tag in &catches {
                let mut results = match tag {
                    None => Vec::new(),
                    Some(tag) => {
                        let tag = self.tags.get(*tag as usize).copied();
                        let tag = tag.ok_or_else(|| source.error("a tag that does not exist"))?;
                        self.types.get(tag, source)?.parameters.clone()
                    }
                };
                results.extend(rethrown.then_some(EXNREF));
                blocks.push(self.types.block(&results));
            }
            for block in blocks.iter().rev() {
                self.begin(BLOCK, block);
            }
            if !catches.is_empty() {
                self.begin(TRY_TABLE, &kind);
                write_u32(&mut self.code, catches.len() as u32);
                for (to, tag) in catches.iter().enumerate() {
                    match tag {
                        Some(tag) => self.instruction(u8::from(rethrown), *tag),
                        None => self.code.push(2 + u8::from(rethrown)),
                    }
                    write_u32(&mut self.code, to as u32);
                }
            }
        }
        self.open(Frame::Body(number), label);
        if named {
            self.begin(BLOCK, &[EXNREF]);
            let throws = self.labels - 1;
            self.open.last_mut().expect("just opened").throws = throws;
        }
        Ok(())
    }

    /// The label of the block that throws what the `try` that begins here delegates.
    fn delegated(&self, source: &Reader<'_>) -> Result<u32> {
        let label = delegate_of(*source)? as usize;
        let frames: Vec<Frame> = self.open.iter().map(|open| open.frame).collect();
        let last = frames.len().checked_sub(label + 1);
        let last = last.ok_or_else(|| source.error("a label that does not exist"))?;
        let to = handler(&frames[..=last]).map_or(0, |(at, _)| at);
        Ok(self.open[to].throws)
    }

    /// Ends the body of a `try`, which may be where others' exceptions are thrown.
    fn end_body(&mut self, number: usize) {
        if self.survey.tries[number].named {
            // Out of the block that is around the body.
            self.instruction(BR, 1);
            self.finish();
            self.code.push(THROW_REF);
        }
    }

    fn catch(&mut self, opcode: u8, source: &mut Reader<'_>) -> Result<()> {
        if opcode == CATCH {
            source.u32()?;
        }
        let Some(Open { frame, label, .. }) = self.open.pop() else {
            return Err(source.error("`catch` outside of `try`"));
        };
        let number = match frame {
            Frame::Body(number) => {
                self.end_body(number);
                self.finish();
                number
            }
            Frame::Handler(number) => {
                self.caught -= u32::from(self.survey.tries[number].rethrown);
                number
            }
            Frame::Plain => return Err(source.error("`catch` outside of `try`")),
        };
        let relative = self.labels - 1 - label;
        self.instruction(BR, relative);
        self.finish();
        let exception = self.locals + self.caught;
        if self.survey.tries[number].rethrown {
            self.caught += 1;
            self.most_caught = self.most_caught.max(self.caught);
            self.instruction(LOCAL_SET, exception);
        }
        self.open(Frame::Handler(number), label);
        self.open.last_mut().expect("just opened").exception = exception;
        Ok(())
    }

    fn delegate(&mut self, source: &mut Reader<'_>) -> Result<()> {
        source.u32()?;
        match self.open.pop().map(|open| open.frame) {
            Some(Frame::Body(number)) => self.end_body(number),
            _ => return Err(source.error("`delegate` outside of `try`")),
        }
        self.finish();
        Ok(())
    }

    fn end(&mut self) {
        match self.open.pop().map(|open| open.frame) {
            // Without a `catch`.
            Some(Frame::Body(number)) => self.end_body(number),
            Some(Frame::Handler(number)) => {
                self.caught -= u32::from(self.survey.tries[number].rethrown);
            }
            Some(Frame::Plain) | None => {}
        }
        if self.open.is_empty() && self.survey.to_caller {
            self.code.push(RETURN);
            self.finish();
            self.code.push(THROW_REF);
        }
        self.finish();
    }
}

/// The label of the `delegate` at the end of a `try`, whose body begins here.
fn delegate_of(mut code: Reader<'_>) -> Result<u32> {
    let mut depth = 0u32;
    loop {
        let opcode = code.byte()?;
        match opcode {
            BLOCK | LOOP | IF | TRY | TRY_TABLE => depth += 1,
            DELEGATE if depth == 0 => return code.u32(),
            END | DELEGATE => {
                let outer = depth.checked_sub(1);
                depth = outer.ok_or_else(|| code.error("a `try` without its `delegate`"))?;
            }
            _ => {}
        }
        immediates(opcode, &mut code, &mut |_| {})?;
    }
}

/// A label in the source.
struct Label {
    from: usize,
    to: usize,
    value: u32,
}

/// Passes what follows an opcode, and tells each label of a branch.
fn immediates(opcode: u8, code: &mut Reader<'_>, label: &mut dyn FnMut(Label)) -> Result<()> {
    let mut branch = |code: &mut Reader<'_>| {
        let from = code.at;
        let value = code.u32()?;
        label(Label {
            from,
            to: code.at,
            value,
        });
        Ok(())
    };
    match opcode {
        BLOCK | LOOP | IF | TRY => drop(block_type(code)?),
        TRY_TABLE => {
            block_type(code)?;
            for _ in 0..code.u32()? {
                if code.byte()? < 2 {
                    code.u32()?;
                }
                code.u32()?;
            }
        }
        // br, br_if, br_on_null, br_on_non_null
        0x0c | 0x0d | 0xd5 | 0xd6 => branch(code)?,
        // br_table
        0x0e => {
            for _ in 0..=code.u32()? {
                branch(code)?;
            }
        }
        // catch, throw, rethrow, call, return_call, call_ref, return_call_ref, delegate
        0x07..=0x09 | 0x10 | 0x12 | 0x14 | 0x15 | 0x18 => drop(code.u32()?),
        // call_indirect, return_call_indirect
        0x11 | 0x13 => drop((code.u32()?, code.u32()?)),
        // select with types
        0x1c => drop(code.list(Reader::value_type)?),
        // locals, globals, tables; ref.null, ref.func
        0x20..=0x26 | 0xd0 | 0xd2 => drop(code.leb()?),
        // loads and stores
        0x28..=0x3e => memory_argument(code)?,
        // memory.size, memory.grow
        0x3f | 0x40 => drop(code.leb()?),
        // i32.const, i64.const, f32.const, f64.const
        0x41 | 0x42 => drop(code.leb()?),
        0x43 => drop(code.part(4)?),
        0x44 => drop(code.part(8)?),
        0xfc => match code.u32()? {
            0..=7 => {}
            // memory.init, memory.copy, table.init, table.copy
            8 | 10 | 12 | 14 => drop((code.u32()?, code.u32()?)),
            // data.drop, memory.fill, elem.drop, table.grow, table.size, table.fill
            9 | 11 | 13 | 15..=17 => drop(code.u32()?),
            _ => return Err(code.error("an unknown instruction")),
        },
        0xfd => match code.u32()? {
            0..=11 | 92 | 93 => memory_argument(code)?,
            12 | 13 => drop(code.part(16)?),
            21..=34 => drop(code.byte()?),
            84..=91 => {
                memory_argument(code)?;
                code.byte()?;
            }
            _ => {}
        },
        0xfe => match code.u32()? {
            3 => drop(code.byte()?),
            _ => memory_argument(code)?,
        },
        // Without immediates.
        0x00
        | 0x01
        | 0x05
        | 0x0a
        | 0x0b
        | 0x0f
        | 0x19
        | 0x1a
        | 0x1b
        | 0x45..=0xc4
        | 0xd1
        | 0xd3
        | 0xd4 => {}
        _ => return Err(code.error("an unknown instruction")),
    }
    Ok(())
}

fn memory_argument(code: &mut Reader<'_>) -> Result<()> {
    let alignment = code.u32()?;
    if alignment & 0x40 != 0 {
        code.u32()?;
    }
    code.leb()
}

/// A block's type, as its bytes.
fn block_type(code: &mut Reader<'_>) -> Result<Vec<u8>> {
    let start = code.at;
    code.leb()?;
    Ok(code.bytes[start..code.at].to_vec())
}

/// The index of a block's type, unless it's a single value or none.
fn type_index(block_type: &[u8]) -> Option<u32> {
    let last = *block_type.last()?;
    if last & 0x40 != 0 {
        return None;
    }
    let parts = block_type.iter().enumerate();
    Some(parts.fold(0, |index, (at, byte)| {
        index | (u32::from(byte & 0x7f) << (7 * at))
    }))
}

/// Bytes that are read from their beginning; offsets are the module's.
#[derive(Clone, Copy)]
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn error(&self, what: &'static str) -> Error {
        Error { at: self.at, what }
    }

    fn byte(&mut self) -> Result<u8> {
        let byte = self.bytes.get(self.at).copied();
        let byte = byte.ok_or_else(|| self.error("an unexpected end"))?;
        self.at += 1;
        Ok(byte)
    }

    /// A number of any kind, which isn't needed.
    fn leb(&mut self) -> Result<()> {
        while self.byte()? & 0x80 != 0 {}
        Ok(())
    }

    fn u32(&mut self) -> Result<u32> {
        let mut value = 0u32;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.error("a number that is too large"))
    }

    /// The next number, which isn't passed.
    fn peek(&self) -> Result<u32> {
        let mut ahead = *self;
        ahead.u32()
    }

    fn value_type(&mut self) -> Result<u8> {
        match self.byte()? {
            // i32, i64, f32, f64, v128, funcref, externref, exnref
            kind @ (0x7b..=0x7f | 0x70 | 0x6f | EXNREF) => Ok(kind),
            _ => Err(self.error("an unknown value type")),
        }
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let count = self.u32()?;
        (0..count).map(|_| item(self)).collect()
    }

    /// The next bytes, which are passed.
    fn part(&mut self, size: usize) -> Result<Self> {
        let end = self
            .at
            .checked_add(size)
            .filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| self.error("an unexpected end"))?;
        let part = Self {
            bytes: &self.bytes[..end],
            at: self.at,
        };
        self.at = end;
        Ok(part)
    }

    fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }
}

fn write_u32(output: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        output.push(value as u8 | 0x80);
        value >>= 7;
    }
    output.push(value as u8);
}

/// A type's index as the signed number that a block's type is.
fn write_s33(output: &mut Vec<u8>, mut value: u32) {
    while value >= 0x40 {
        output.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    output.push(value as u8);
}

fn write_bytes(output: &mut Vec<u8>, bytes: &[u8]) {
    write_u32(output, bytes.len() as u32);
    output.extend_from_slice(bytes);
}
