//! The phone's half of the cable answers to recordings and frozen values, not to the host's half.

mod agent;
mod android;
mod card;
mod dialects;
mod host;
mod nand;
mod preloader;
mod scenarios;
mod vectors;
