//! Claims about samples.
