//! What one request loads in batches.

use std::collections::HashMap;
use std::sync::Arc;

use braid_service::fault::Fault;
use braid_service::loader::{Batch, Loader};

use crate::domain::product::{Category, Product};
use crate::store::Store;

/// The loaders of one request.
pub struct Loaders {
    /// Products by id.
    pub products: Loader<ProductsById>,
    /// Products by SKU.
    pub products_by_sku: Loader<ProductsBySku>,
    /// Categories by id.
    pub categories: Loader<CategoriesById>,
}

/// Loads products by id.
pub struct ProductsById(Store);

/// Loads products by SKU.
pub struct ProductsBySku(Store);

/// Loads categories by id.
pub struct CategoriesById(Store);

impl Loaders {
    /// Fresh loaders over a store.
    pub fn new(store: &Store) -> Self {
        Self {
            products: Loader::new(ProductsById(store.clone())),
            products_by_sku: Loader::new(ProductsBySku(store.clone())),
            categories: Loader::new(CategoriesById(store.clone())),
        }
    }
}

impl Batch for ProductsById {
    type Key = String;
    type Value = Arc<Product>;

    async fn load(&self, keys: Vec<String>) -> Result<HashMap<String, Arc<Product>>, Fault> {
        Ok(self.0.products_by_id(keys).await?)
    }
}

impl Batch for ProductsBySku {
    type Key = String;
    type Value = Arc<Product>;

    async fn load(&self, keys: Vec<String>) -> Result<HashMap<String, Arc<Product>>, Fault> {
        Ok(self.0.products_by_sku(keys).await?)
    }
}

impl Batch for CategoriesById {
    type Key = String;
    type Value = Category;

    async fn load(&self, keys: Vec<String>) -> Result<HashMap<String, Category>, Fault> {
        Ok(self.0.categories_by_id(keys).await?)
    }
}
