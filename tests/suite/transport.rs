//! Claims about transport.
