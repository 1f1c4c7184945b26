//! The calls as a guest makes them, each through a module that is made from text.

mod ambient;
mod errno;
mod guest;
mod hostile;
mod link;
mod paths;
mod streams;
