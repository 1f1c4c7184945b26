//! Maps a precompiled proc macro, checks that it fits, and expands with it.
