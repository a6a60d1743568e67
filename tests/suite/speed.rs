//! Claims about speed.
