//! The mobile app's edge.
