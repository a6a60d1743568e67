//! Archives at rest: named blobs, a manifest, digests; and the journal of a write. Knows nothing of phones or formats:
//! what the blobs mean is somebody else's business.
