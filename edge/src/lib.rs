//! Client bundles: stored documents, shaping and limits that every edge shares.
