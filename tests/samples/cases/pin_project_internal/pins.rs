//! Structural pinning of structs and enums.
//!
//! `#[pin_project]` emits a derive by its path in the facade, so this crate poses as the facade to have that derive, too,
//! from the macro crate that was named directly.
#![allow(dead_code, unused_variables, private_bounds, private_interfaces)]

extern crate pin_project as facade;
extern crate self as pin_project;

pub use facade::UnsafeUnpin;
pub use pin_project_internal::{pin_project, pinned_drop};

#[doc(hidden)]
pub mod __private {
    pub use super::facade::__private::{
        AlwaysUnpin, Drop, PhantomData, PhantomPinned, Pin, PinnedDrop, PinnedFieldsOf, UnsafeDropInPlaceGuard,
        UnsafeOverwriteGuard, Unpin, Wrapper, ptr,
    };
    pub use pin_project_internal::__PinProjectInternalDerive;
}

use std::future::Future;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Documented.
#[pin_project]
pub struct Struct<T, U> {
    /// Pinned.
    #[pin]
    pub pinned: T,
    unpinned: U,
}

impl<T, U> Struct<T, U> {
    fn method(self: Pin<&mut Self>) -> (Pin<&mut T>, &mut U) {
        let this = self.project();
        (this.pinned, this.unpinned)
    }
    fn shared(self: Pin<&Self>) -> Pin<&T> {
        self.project_ref().pinned
    }
}

#[pin_project(project = TupleProj, project_ref = TupleProjRef, project_replace = TupleOwned)]
#[derive(Debug, Clone)]
struct Tuple<'a, T: 'a + ?Sized, const N: usize>(#[pin] [u8; N], pub(crate) &'a T, #[pin] PhantomPinned)
where
    T: std::fmt::Debug;

#[pin_project(project = StateProj, project_ref = StateRef, project_replace = StateReplace)]
pub(crate) enum State<F, T = Vec<u8>>
where
    F: Future,
{
    Running {
        #[pin]
        future: F,
        started: std::time::Instant,
    },
    Done(#[pin] T, Option<F::Output>),
    Empty,
    Braces {},
    Parens(),
}

impl<F: Future> Future for State<F> {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        match self.as_mut().project() {
            StateProj::Running { future, .. } => {
                let output = match future.poll(cx) {
                    Poll::Ready(output) => output,
                    Poll::Pending => return Poll::Pending,
                };
                self.set(State::Done(Vec::new(), Some(output)));
                Poll::Ready(0)
            }
            StateProj::Done(list, _) => Poll::Ready(list.len()),
            StateProj::Empty | StateProj::Braces {} | StateProj::Parens() => Poll::Ready(1),
        }
    }
}

#[pin_project(PinnedDrop)]
struct Droppable<T> {
    #[pin]
    inner: T,
    name: String,
}

#[pinned_drop]
impl<T> PinnedDrop for Droppable<T> {
    fn drop(self: Pin<&mut Self>) {
        let this = self.project();
        this.name.clear();
        fn nested() {}
        nested();
    }
}

#[pin_project(PinnedDrop, project = EnumDropProj)]
enum EnumDrop<'a, T: 'a> {
    A { #[pin] x: T, y: &'a str },
    B(u8),
}

#[pinned_drop]
impl<'a, T: 'a> PinnedDrop for EnumDrop<'a, T> {
    fn drop(mut self: Pin<&mut Self>) {
        match self.as_mut().project() {
            EnumDropProj::A { x, y } => {
                let _: (Pin<&mut T>, &mut &'a str) = (x, y);
            }
            EnumDropProj::B(ref mut b) => **b = 0,
        }
    }
}

#[pin_project(UnsafeUnpin)]
struct Manual<T> {
    #[pin]
    field: T,
}

unsafe impl<T: Unpin> UnsafeUnpin for Manual<T> {}

#[pin_project(!Unpin)]
struct NotUnpin<T>(#[pin] T);

#[pin_project(project_replace)]
struct Unnamed<T> {
    #[pin]
    a: T,
    r#type: u8,
    größe: Vec<u8>,
}

#[pin_project]
struct NoPins {
    a: u8,
}

#[pin_project]
#[repr(C)]
#[must_use]
struct Bounds<T: Iterator<Item = u8> + ?Sized, U>
where
    U: for<'x> Fn(&'x T) -> Box<dyn Send + 'x>,
    Box<T>: Clone,
{
    #[pin]
    item: Option<<Vec<u8> as IntoIterator>::IntoIter>,
    f: U,
    last: Box<T>,
}

pub mod outer {
    pub mod inner {
        #[pin_project_internal::pin_project(project = Proj)]
        pub(in super::super) struct Visible<T> {
            #[pin]
            pub(super) a: T,
            pub b: T,
            pub(in crate::outer) c: T,
        }
    }
}

macro_rules! combinator {
    ($(#[$meta:meta])* $vis:vis $name:ident<$($g:ident),*> { $(#[pin] $pinned:ident: $pty:ty,)* ; $($field:ident: $ty:ty = $default:expr),* $(,)? }) => {
        $(#[$meta])*
        #[pin_project]
        $vis struct $name<$($g),*> {
            $(#[pin] $pinned: $pty,)*
            $($field: $ty),*
        }
        impl<$($g),*> $name<$($g),*> {
            fn make($($pinned: $pty),*) -> Self {
                Self { $($pinned,)* $($field: $default),* }
            }
            fn go(self: Pin<&mut Self>) {
                let this = self.project();
                $(let _: Pin<&mut $pty> = this.$pinned;)*
                $(let _: &mut $ty = this.$field;)*
            }
        }
    };
}

combinator! {
    /// Made by a macro.
    #[derive(Debug)]
    pub(crate) Zip<A, B> {
        #[pin] left: Option<A>,
        #[pin] right: [B; 2],
        ;
        count: usize = 1 + 1,
        text: &'static str = concat!("a", "b"),
    }
}

fn local() {
    #[pin_project]
    struct Local<T> {
        #[pin]
        t: T,
    }
    let local = Box::pin(Local { t: 1 });
    let _ = local.as_ref().project_ref().t;
}
