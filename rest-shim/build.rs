//! Checks the stored documents against what partners see of the supergraph and compiles them in.

use braid_documents::{Rules, build};

fn main() {
    build::embed("operations", "../schema/supergraph.graphql", Rules::PARTNER);
}
