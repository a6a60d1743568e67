//! Named ranges of bytes: on a phone, in an image, in an archive, staged, guarded and read back.
