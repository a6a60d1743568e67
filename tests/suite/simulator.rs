//! Claims about simulator.
