//! The one place where things are put together: which cable a port name means, real or simulated.
