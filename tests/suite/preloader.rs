//! Claims about preloader.
