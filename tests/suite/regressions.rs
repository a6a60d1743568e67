//! Claims about regressions.
