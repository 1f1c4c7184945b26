//! Derives on what they are not for, with attributes that they refuse.
#![allow(dead_code)]

mod derive_more {
    use derive_more_impl::*;

    #[derive(Add, Not, Index, Deref)]
    enum Enum {
        A,
    }
    #[derive(AsRef)]
    struct AsRefs {
        #[as_ref(skip)]
        a: u8,
        #[as_ref(forward)]
        b: u8,
    }
    #[derive(IsVariant, Unwrap, TryUnwrap)]
    enum Raw {
        r#Match(i64),
    }
    #[derive(Display)]
    #[display("{missing} {0}")]
    struct Shown;
    #[derive(From, Into)]
    union Union {
        a: u8,
    }
    #[derive(Debug, FromStr, Error)]
    #[debug(nonsense)]
    struct Two(u8, u8);
}

mod strum {
    use strum_macros::*;

    #[derive(EnumString, EnumIter, Display, AsRefStr)]
    struct NotAnEnum;

    #[derive(EnumString, Display)]
    #[strum(serialize_all = "nonsense", unknown)]
    enum Bad {
        #[strum(default)]
        A,
        #[strum(default)]
        B(String),
        #[strum(to_string = "a", to_string = "b")]
        C,
        #[strum(props(a))]
        D,
    }

    #[derive(EnumDiscriminants, EnumIter)]
    #[strum_discriminants(derive(Nonsense), name(1))]
    enum Discriminants<'a> {
        A(&'a u8),
    }

    #[derive(FromRepr)]
    #[repr(C)]
    enum Repr {
        A = 1,
    }
}

mod layout {
    use bytemuck_derive::*;

    #[derive(Clone, Copy, Pod, Zeroable)]
    struct NoRepr {
        a: u8,
    }
    #[derive(Clone, Copy, Pod, Zeroable)]
    #[repr(C)]
    struct Padding {
        a: u8,
        b: u32,
    }
    #[derive(Clone, Copy, Contiguous, CheckedBitPattern)]
    #[repr(u8)]
    enum Expression {
        A = 1 + 1,
    }
    #[derive(TransparentWrapper)]
    struct Opaque(u8, u8);
    #[derive(Clone, Copy, Zeroable)]
    #[bytemuck(bound = "T: bytemuck::Pod")]
    struct Bound<T>(T);

    #[derive(zerocopy_derive::FromBytes, zerocopy_derive::IntoBytes, zerocopy_derive::Unaligned)]
    struct Zerocopy {
        a: bool,
        b: u32,
    }
    #[derive(zerocopy_derive::FromBytes)]
    #[repr(u8)]
    enum Few {
        A,
    }
    #[derive(zerocopy_derive::IntoBytes)]
    #[repr(C, packed, align(2), transparent)]
    union Union {
        a: u8,
    }
}

mod texts {
    #[derive(displaydoc::Display)]
    struct NoDoc;

    /// {missing} {0}
    #[derive(displaydoc::Display)]
    struct Missing {
        present: u8,
    }

    /** first
    second */
    #[derive(displaydoc::Display)]
    enum NotPublic {
        A,
    }

    #[derive(displaydoc::Display)]
    enum Where<T, E>
    where
        E: std::error::Error,
    {
        /// {0}
        A(T),
        /// {0}
        B(E),
    }

    #[derive(enum_as_inner::EnumAsInner)]
    struct NotAnEnum;

    #[derive(enum_as_inner::EnumAsInner)]
    enum Empty {
        A(),
    }
}

mod attributes {
    #[derive(darling_macro::FromMeta)]
    #[darling(rename_all = "nonsense", unknown, default = 3)]
    struct Meta {
        #[darling(skip, rename = "a", rename = "b", flaten)]
        a: u8,
        #[darling(flatten)]
        b: u8,
        #[darling(flatten)]
        c: u8,
    }

    #[derive(darling_macro::FromDeriveInput)]
    #[darling(supports(struct_nonsense), forward_attrs = 1)]
    struct Input {
        ident: u8,
    }

    #[derive(darling_macro::FromMetaItem, darling_macro::FromField)]
    enum Old {
        A,
    }
}

mod errors {
    use snafu_derive::Snafu;

    #[derive(Debug, Snafu)]
    #[snafu(display("{missing}"), unknown)]
    struct Bad {
        #[snafu(source, source)]
        a: u8,
    }
    #[derive(Debug, Snafu)]
    enum More {
        #[snafu(display("{0}"))]
        A { x: u8 },
        #[snafu(source(from(u8)), context(1))]
        B(u8),
        #[snafu(backtrace)]
        C,
    }
}

mod wire {
    #[derive(Clone, PartialEq, prost_derive::Message)]
    struct Bad {
        #[prost(string, tag = "x")]
        a: String,
    }
    #[derive(Clone, PartialEq, prost_derive::Message)]
    struct Same {
        #[prost(string, tag = "1")]
        a: String,
        #[prost(string, tag = "1")]
        b: String,
    }
    #[derive(prost_derive::Enumeration)]
    enum Data {
        A(u8),
    }
    #[derive(prost_derive::Oneof)]
    struct NotAnEnum;

    #[derive(rkyv_derive::Archive, rkyv_derive::Serialize)]
    #[rkyv(unknown, as = u8, archived = X)]
    struct Rkyv {
        #[rkyv(with = )]
        a: u8,
    }
    #[derive(rkyv_derive::Archive)]
    union Union {
        a: u8,
    }
    #[derive(rkyv_derive::Portable)]
    struct NoRepr(u8);
}

mod numbers {
    use num_enum_derive::*;

    #[derive(IntoPrimitive)]
    enum NoRepr {
        A,
    }
    #[derive(TryFromPrimitive)]
    #[repr(u8)]
    enum Same {
        A = 1,
        #[num_enum(alternatives = [1])]
        B = 2,
    }
    #[derive(FromPrimitive)]
    #[repr(u8)]
    enum NotAll {
        A,
        #[num_enum(catch_all)]
        B(u16),
        #[num_enum(default)]
        C,
    }
    #[derive(Default)]
    #[repr(u8)]
    enum NoDefault {
        A,
    }
}
