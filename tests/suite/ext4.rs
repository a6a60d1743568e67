//! Claims about ext4.
