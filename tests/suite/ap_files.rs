//! Claims about ap_files.
