//! The chassis from outside.

mod db;
