//! Claims about faults.
