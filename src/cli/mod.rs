//! Words in, text or JSON out. The only room that prints.
