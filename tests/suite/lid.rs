//! Claims about lid.
