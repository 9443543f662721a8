//! Checks the stored documents against the supergraph and compiles them in.

fn main() {
    braid_documents::build::embed("operations", "../schema/supergraph.graphql");
}
