//! Random bytes for addresses nobody knows any more; what becomes of them is not decided here.

use super::{Exit, Failure};

/// Random bytes for a Wi-Fi and a Bluetooth address.
///
/// # Errors
/// When the system gives none.
pub fn addresses() -> Result<[[u8; 6]; 2], Failure> {
    let mut addresses = [[0; 6]; 2];
    getrandom::fill(addresses.as_flattened_mut()).map_err(|error| {
        Failure::new(Exit::Other, "no-randomness", format!("the system gives no random bytes: {error}"))
    })?;
    Ok(addresses)
}
