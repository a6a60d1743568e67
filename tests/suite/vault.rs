//! Claims about vault.
