//! Claims about catalog.
