//! Mended files: this phone's own file with a value that evidence holds in it, sums and cipher made anew. The only place
//! that encodes an identity; it takes evidence, never a typed number.

use super::evidence::{Evidence, Kind, Value};
use crate::formats::ap_file;
use crate::formats::lid::{self, DEFAULT_KEY, IMEI_RECORD};
use crate::formats::mac::MacAddress;

/// Returns the phone's `MP0B` file with every slot that evidence speaks of; software version and padding of each record
/// stay. `None` when a record's sum is wrong.
pub(super) fn imei_file(file: &[u8], evidence: &[Evidence]) -> Option<Vec<u8>> {
    let mut mended = Vec::with_capacity(file.len());
    for (slot, record) in lid::records(file, IMEI_RECORD)?.into_iter().enumerate() {
        let mut plain = lid::rc4_record(record, DEFAULT_KEY);
        if let Some(Value::Imei(imei)) =
            super::evidence::best(evidence, Kind::Imei(slot)).map(|piece| piece.value)
            && let Some(digits) = plain.first_chunk_mut::<8>()
            && crate::formats::imei::Imei::from_bcd(digits) != crate::formats::imei::ImeiField::Digits(imei)
        {
            *digits = imei.to_modem_bcd();
        }
        let stored = lid::rc4_record(&plain, DEFAULT_KEY);
        mended.extend_from_slice(&stored);
        mended.extend_from_slice(&lid::checksum2(&stored));
    }
    Some(mended)
}

/// Returns a whole AP file with another address at `at`; `None` when its trailer is wrong.
pub(super) fn mac_file(file: &[u8], at: usize, mac: MacAddress) -> Option<Vec<u8>> {
    let mut body = ap_file::body(file)?.to_vec();
    *body.get_mut(at..)?.first_chunk_mut()? = mac.0;
    let trailer = ap_file::trailer(&body);
    body.extend_from_slice(&trailer);
    Some(body)
}
