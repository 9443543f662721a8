//! Checks the stored documents against the supergraph and compiles them in.

use braid_documents::{Audience, build};

fn main() {
    build::embed("operations", "../schema/supergraph.graphql", Audience::Everything);
}
