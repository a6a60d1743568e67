//! Claims about partitions.
