//! What the watch and the scorer promise, a module a promise.

mod data;
mod real;
