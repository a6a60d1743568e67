//! Claims about restore.
