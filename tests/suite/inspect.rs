//! Claims about inspect.
