//! Claims about wire.
