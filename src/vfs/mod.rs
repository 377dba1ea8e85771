//! Files on disk: reads, fingerprints, watching. Only user of `notify`.
