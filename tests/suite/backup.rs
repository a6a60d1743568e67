//! Claims about backup.
