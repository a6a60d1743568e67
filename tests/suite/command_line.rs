//! Claims about command_line.
