//! Claims about hostile.
