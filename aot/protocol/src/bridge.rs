//! A bridge as it was read, and the profile that it is.

use crate::ProtocolError;
use crate::api::{self, Api, Form};
use crate::definitions::Definitions;
use crate::error::Place;
use crate::source::{Items, Sources};
use crate::types::Types;
use crate::{calls, encodings, handles, layout, width};
use pm_abi::schema::{Difference, Method, Schema};
use pm_abi::{ArgumentOrder, DeclarationLayout, Profile, Tag, UsizeEncoding};
use std::collections::BTreeMap;

/// The parts of a [`Profile`] that the sources say.
#[derive(Debug)]
pub(crate) struct Bridge {
    tag: Tag,
    arguments: ArgumentOrder,
    usize_encoding: UsizeEncoding,
    declarations: DeclarationLayout,
    pub(crate) schema: Schema,
    places: Places,
}

/// The places of what a profile may differ in.
#[derive(Debug)]
struct Places {
    /// By the name of a type.
    types: BTreeMap<String, Place>,
    /// The methods, in the order of their tags.
    methods: Vec<(String, Place)>,
    /// `with_api!`.
    api: Place,
    /// Those of the other parts.
    arguments: Place,
    usize_encoding: Place,
    client: Place,
    counters: Place,
}

impl Bridge {
    /// Reads the bridge.
    pub(crate) fn read(
        sources: &Sources,
        items: &Items<'_>,
        api: &Api<'_>,
    ) -> Result<Self, ProtocolError> {
        let form = api.form;
        let arguments = calls::read(items, form)?;
        let usize_encoding = width::read(items)?;
        let handles = handles::read(&sources.root, items, form)?;
        let declarations = layout::read(items, form, &handles)?;
        let (schema, types) = schema(sources, api, &handles)?;
        let client = items.one("bridge/client.rs", CLIENT)?.place();
        let counters = match items.get(COUNTERS)? {
            Some(item) => item.place(),
            // A macro makes it.
            None => client.clone(),
        };
        let place = |file, name| Ok::<_, ProtocolError>(items.one(file, name)?.place());
        let methods = api.methods.iter().map(|method| {
            let mut place = api.place.clone();
            place.line = method.line;
            (method.name.clone(), place)
        });
        Ok(Self {
            tag: match form {
                Form::Flat => Tag::Method,
                Form::Grouped => Tag::GroupAndMethod,
            },
            arguments,
            usize_encoding,
            declarations,
            schema,
            places: Places {
                types,
                methods: methods.collect(),
                api: api.place.clone(),
                arguments: place("bridge/client.rs", ARGUMENTS)?,
                usize_encoding: place("bridge/rpc.rs", USIZE)?,
                client,
                counters,
            },
        })
    }

    /// The profile that it is, or the first difference from the one that is most like it. `hint` is
    /// the profile of the release that the sources seem to be.
    pub(crate) fn profile(
        &self,
        hint: Option<&Profile>,
    ) -> Result<&'static Profile, ProtocolError> {
        let all = Profile::all();
        if let Some(same) = all
            .iter()
            .find(|profile| self.difference(profile).is_none())
        {
            return Ok(same);
        }
        let likeness = |profile: &&Profile| {
            let ours = std::mem::discriminant(&self.declarations);
            let theirs = std::mem::discriminant(&profile.declarations);
            (
                self.tag == profile.tag,
                ours == theirs,
                hint == Some(*profile),
                self.common_methods(profile),
                self.usize_encoding == profile.usize_encoding,
            )
        };
        let nearest = all.iter().max_by_key(likeness).unwrap_or(&all[0]);
        match self.difference(nearest) {
            None => Ok(nearest),
            Some(difference) => Err(ProtocolError::Profile {
                place: self.place(&difference),
                difference,
                profile: nearest,
            }),
        }
    }

    /// The number of methods at the start that have the same names, and of those anywhere.
    fn common_methods(&self, profile: &Profile) -> (usize, usize) {
        let (ours, theirs) = (&self.schema.methods, &profile.schema.methods);
        let pairs = ours.iter().zip(theirs);
        let start = pairs.take_while(|(a, b)| a.name == b.name).count();
        let is_theirs = |name: &str| theirs.iter().any(|method| method.name == name);
        let all = ours.iter().filter(|method| is_theirs(&method.name)).count();
        (start, all)
    }

    fn difference(&self, profile: &Profile) -> Option<Difference> {
        // Destructured, so that a new part can't be forgotten.
        let Profile {
            name: _,
            releases: _,
            tag,
            arguments,
            usize_encoding,
            declarations,
            // The compiler's own, not its `proc_macro`'s.
            lex_errors: _,
            schema,
        } = profile;
        if let Some(difference) = self.schema.difference(schema) {
            return Some(difference);
        }
        let width = |width| match width {
            UsizeEncoding::Native => "the width of the target",
            UsizeEncoding::Eight => "eight bytes",
        };
        let tags = |tag| match tag {
            Tag::Method => "one list",
            Tag::GroupAndMethod => "groups",
        };
        let client = match (self.declarations, *declarations) {
            (
                DeclarationLayout::ProcMacros { counters: ours },
                DeclarationLayout::ProcMacros { counters: theirs },
            ) => (
                COUNTERS,
                format!("{ours} counters"),
                format!("{theirs} counters"),
            ),
            (ours, theirs) => {
                let text = |layout| match layout {
                    DeclarationLayout::ProcMacros { .. } => "counters and an entry point",
                    DeclarationLayout::Clients => "an entry point alone",
                };
                (CLIENT, text(ours).to_owned(), text(theirs).to_owned())
            }
        };
        let parts = [
            (METHODS, tags(self.tag).to_owned(), tags(*tag).to_owned()),
            (
                ARGUMENTS,
                calls::text(self.arguments).to_owned(),
                calls::text(*arguments).to_owned(),
            ),
            (
                USIZE,
                width(self.usize_encoding).to_owned(),
                width(*usize_encoding).to_owned(),
            ),
            client,
        ];
        let different = parts
            .into_iter()
            .find(|(_, found, expected)| found != expected);
        different.map(|(item, found, expected)| Difference {
            item: item.to_owned(),
            found,
            expected,
        })
    }

    /// The place of the item of a difference.
    fn place(&self, difference: &Difference) -> Place {
        let places = &self.places;
        let item = difference.item.as_str();
        let method = if let Some(tag) = item.strip_prefix("method ") {
            tag.parse()
                .ok()
                .and_then(|tag: usize| places.methods.get(tag))
        } else if let Some(name) = item.strip_prefix("fn ") {
            let name = name.split(['.', ',', ':']).next().unwrap_or(name);
            places.methods.iter().find(|(known, _)| known == name)
        } else {
            None
        };
        let ty = item.split(['.', ',', ':']).next().unwrap_or(item);
        let place = match item {
            ARGUMENTS => Some(&places.arguments),
            USIZE => Some(&places.usize_encoding),
            CLIENT => Some(&places.client),
            COUNTERS => Some(&places.counters),
            _ => method.map(|(_, place)| place).or(places.types.get(ty)),
        };
        place.unwrap_or(&places.api).clone()
    }
}

/// The items of differences outside the schema.
const METHODS: &str = "macro_rules! with_api";
const ARGUMENTS: &str = "macro_rules! define_client_side";
const USIZE: &str = width::NATIVE;
const CLIENT: &str = "struct Client";
const COUNTERS: &str = "struct HandleCounters";

/// The messages, and the places of the types that have a name.
pub(crate) fn schema(
    sources: &Sources,
    api: &api::Api<'_>,
    handles: &handles::Handles,
) -> Result<(Schema, BTreeMap<String, Place>), ProtocolError> {
    let definitions = Definitions::new(sources);
    let encodings = encodings::read(sources)?;
    let mut types = Types::new(&definitions, &encodings, handles);

    let panic = types.panic_message()?;
    let mut methods = Vec::new();
    for method in &api.methods {
        let arguments = method.arguments.iter();
        let arguments = arguments.map(|ty| types.argument(ty));
        let arguments = arguments.collect::<Result<_, _>>()?;
        let result = match &method.result {
            Some(ty) => types.argument(ty)?,
            None => types.unit(),
        };
        methods.push(Method {
            name: method.name.clone(),
            group: method.group,
            arguments,
            reply: types.result(result, panic)?,
        });
    }

    // `run_client` and `run_server`.
    let (globals, stream) = (types.globals()?, types.stream());
    let one_stream = types.tuple(vec![globals, stream]);
    let streams = types.tuple(vec![stream, stream]);
    let two_streams = types.tuple(vec![globals, streams]);
    let output = types.option(stream)?;
    let output = types.result(output, panic)?;
    let (types, places) = types.finish();
    let schema = Schema {
        types,
        methods,
        one_stream,
        two_streams,
        output,
        panic,
    };
    Ok((schema, places))
}
