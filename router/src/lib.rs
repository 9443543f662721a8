//! The router's server and the braid command line.
