//! Corridor driven from outside, as its clients and its operators do: the program is started, and
//! everything goes over HTTP.

mod access;
mod availability;
mod crash;
mod credit;
mod edges;
mod harness;
mod mobile;
mod readme;
mod rest;
mod sign_in;
mod split;
mod start;
mod web;
