//! Checks the stored documents against what partners see of the supergraph and compiles them in.

use braid_documents::{Audience, build};

fn main() {
    // As `AUDIENCE` in the library.
    let partners = Audience::Tagged { include: "partner", exclude: "internal" };
    build::embed("operations", "../schema/supergraph.graphql", partners);
}
