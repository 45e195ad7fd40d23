//! One integration binary: a module a promise, against the real executable and real files.

mod support;
