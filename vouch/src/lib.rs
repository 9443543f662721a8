//! How the router vouches for a request to a subgraph: signing and verifying.
