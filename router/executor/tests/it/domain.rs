//! The domain's operations, over the supergraph that the planner's tests use.

use std::fs;
use std::path::Path;

use braid_model::Supergraph;
use braid_model::bits::AuthSet;
use braid_planner::document::{Conditions, ValidDocument};
use braid_planner::validate::Options;
use braid_planner::view::View;

/// Every plan of the planner's compiles: all that it refers to is there.
#[test]
fn all_operations_compile() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../planner/tests/it/fixtures");
    let schema = fs::read_to_string(fixtures.join("corridor.graphql")).unwrap();
    let schema = Supergraph::read(&schema).unwrap();
    let options = Options { stored: true, ..Options::default() };
    let mut count = 0;
    let folders = ["mobile", "web", "rest"].map(|edge| fixtures.join("operations").join(edge));
    for entry in folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()) {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "graphql") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let view = View::api(&schema);
        let document = ValidDocument::read(&schema, &view, &text, None, &options);
        let document = document.unwrap_or_else(|errors| panic!("{}: {errors:?}", path.display()));
        let operation = document.normalise(&schema, Conditions::default(), &AuthSet::default());
        let plan = braid_planner::plan(&schema, &operation, &Default::default()).unwrap();
        let compiled = braid_executor::compile(&schema, &plan);
        let compiled = compiled.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(compiled.weight() > 1000 && !compiled.introspects());
        count += 1;
    }
    assert_eq!(count, 48);
}
