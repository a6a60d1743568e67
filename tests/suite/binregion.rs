//! Claims about binregion.
