//! What several roles and commands use: settings, stores, the web, API keys, health.

pub mod cache;
pub mod stores;
pub mod config;
pub mod scopes;
pub mod keys;
pub mod publishers;
pub mod running;
pub mod sealed;
pub mod https;
pub mod refusal;
pub mod suggest;
pub mod api_client;
pub mod back_off;
pub mod publisher;
pub mod clocks;
pub mod health;
pub mod supervise;
pub mod following;
pub mod http;
pub mod merkle_log;
pub mod placed;
pub mod plot;
pub mod plots;
