//! A macro of any profile, in wasm32 or native.

use crate::client::serve;
use crate::schema::{Value, read, text, write};
use pm_abi::schema::{HandleKind, MethodId};
use pm_abi::{ArgumentOrder, Dispatch, Profile, Width};
use pm_bridge::{Handles, Streams, Transcoder};
use pm_server::{Input, Server, Standalone, TokenStream};
use std::slice::from_ref;

/// A server in an expansion, and the macro's side of it.
pub(crate) struct Session {
    pub(crate) server: Server<Standalone>,
    pub(crate) profile: &'static Profile,
    pub(crate) def_site: Value,
    pub(crate) call_site: Value,
    pub(crate) input: Value,
    width: Width,
    /// The check on what the two sides hold, for a macro in wasm32.
    transcoder: Option<Transcoder>,
    handles: Handles,
}

impl Session {
    /// An expansion in wasm32, on all of a file, called from its first `call` bytes.
    pub(crate) fn new(profile: &'static Profile, text: &str, call: u32) -> Self {
        let width = profile.width_in_wasm32();
        let (server, input) = serve(profile, width, text, call);
        let transcoder = Transcoder::new(profile, pm_bridge::Server::Wasm32);
        let mut handles = Handles::new();
        let mut out = Vec::new();
        let passed = transcoder.input(Streams::One, &input, &mut handles, &mut out);
        assert_eq!(passed, Ok(&input[..]), "{profile}");
        let mut session = Session::start(server, &input, width);
        session.transcoder = Some(transcoder);
        session.handles = handles;
        session
    }

    /// The same, of a native macro.
    pub(crate) fn native(profile: &'static Profile, text: &str, call: u32) -> Self {
        let (server, input) = serve(profile, Width::Eight, text, call);
        Session::start(server, &input, Width::Eight)
    }

    fn start(server: Server<Standalone>, input: &[u8], width: Width) -> Self {
        let profile = server.profile();
        let input = read(&profile.schema, profile.schema.one_stream, input, width);
        let [globals, input] = input.parts().try_into().expect("globals and a stream");
        let [def_site, call_site, _] = globals.parts().try_into().expect("three spans");
        Session {
            server,
            profile,
            def_site,
            call_site,
            input,
            width,
            transcoder: None,
            handles: Handles::new(),
        }
    }

    pub(crate) fn method(&self, name: &str) -> MethodId {
        let mut methods = self.profile.schema.methods.iter();
        let id = methods.position(|method| method.name == name);
        MethodId(id.unwrap_or_else(|| panic!("no method {name}")) as u8)
    }

    /// Calls a method as an honest macro does; returns the whole reply.
    pub(crate) fn call(&mut self, name: &str, arguments: &[Value]) -> Value {
        let request = self.request(name, arguments);
        if let Some(transcoder) = &self.transcoder {
            let mut out = Vec::new();
            let passed = transcoder.request(&request, &mut self.handles, &mut out);
            assert_eq!(passed, Ok((self.method(name), &request[..])));
        }
        self.send(name, &request)
    }

    /// The value of a reply that is not a panic.
    pub(crate) fn value(&mut self, name: &str, arguments: &[Value]) -> Value {
        self.call(name, arguments).payload("Ok")
    }

    pub(crate) fn request(&self, name: &str, arguments: &[Value]) -> Vec<u8> {
        let id = self.method(name);
        let types = &self.profile.method(id).arguments;
        assert_eq!(types.len(), arguments.len(), "{name}");
        let mut arguments: Vec<_> = types.iter().zip(arguments).collect();
        if self.profile.arguments == ArgumentOrder::Reverse {
            arguments.reverse();
        }
        let mut request = self.profile.tag_of(id);
        for (ty, value) in arguments {
            write(&self.profile.schema, *ty, value, self.width, &mut request);
        }
        request
    }

    /// Sends a request of this method, which nobody has checked; the reply is checked.
    pub(crate) fn send(&mut self, name: &str, request: &[u8]) -> Value {
        let id = self.method(name);
        let method = self.profile.method(id);
        let mut reply = Vec::new();
        let in_place = self.server.dispatch_in_place(request, &mut reply);
        assert_eq!(in_place, method.may_run_on_macro_stack(), "{name}");
        if !in_place {
            assert_eq!(reply, [], "{name}");
            self.server.dispatch(request, &mut reply);
        }
        if let Some(transcoder) = &self.transcoder {
            let mut out = Vec::new();
            let passed = transcoder.reply(id, &reply, &mut self.handles, &mut out);
            assert_eq!(passed, Ok(&reply[..]), "{name} in {}", self.profile);
        }
        read(&self.profile.schema, method.reply, &reply, self.width)
    }

    /// Reads tokens.
    pub(crate) fn parse(&mut self, source: &str) -> Value {
        match self.value("ts_from_str", &[text(source)]) {
            stream @ Value::Handle(..) => stream,
            result => result.payload("Ok"),
        }
    }

    /// The tokens of a stream, which stays.
    pub(crate) fn print(&mut self, stream: &Value) -> String {
        match self.value("ts_to_string", from_ref(stream)) {
            Value::Str(text) => text,
            value => panic!("{value} is not text"),
        }
    }

    /// The spans of the input's tokens, none of which is a group.
    pub(crate) fn spans(&mut self) -> Vec<Value> {
        let input = self.input.clone();
        let copy = self.value("ts_clone", &[input]);
        let span = |tree: Value| match tree {
            Value::Variant(name, Some(tree)) if name != "Group" => tree.parts().pop(),
            tree => panic!("{tree} is not a token"),
        };
        let trees = self.value("ts_into_trees", &[copy]).parts();
        trees.into_iter().filter_map(span).collect()
    }

    /// The texts of what was emitted.
    pub(crate) fn diagnostics(&mut self) -> Vec<String> {
        let diagnostics = self.server.backend_mut().take_diagnostics();
        diagnostics.into_iter().map(|it| it.message).collect()
    }

    /// Ends the expansion; the next one has an empty input.
    pub(crate) fn restart(&mut self) {
        self.server
            .encode_input(Input::Bang(TokenStream::default()));
    }

    /// A handle of this kind that no message gave the macro.
    pub(crate) fn unknown(kind: HandleKind) -> Value {
        Value::Handle(kind, u32::MAX)
    }
}
