//! What HTTP asks of a server: whatever is sent, the answer is one that the contract describes, and nobody but the server's own names
//! and pages gets one.

mod bodies;
mod heads;
mod hosts;
mod methods;
mod slow;
