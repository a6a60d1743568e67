//! Claims about usb.
