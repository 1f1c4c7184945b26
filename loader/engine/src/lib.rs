//! The one engine configuration that snapshot, compiler and loader share.
