//! Claims about direct.
