//! Mended files: this phone's own file with a value that evidence holds in it, sums and cipher made anew. The only place
//! that encodes an identity; it takes evidence, never a typed number.

use super::evidence::{self, Evidence, Kind, Value};
use super::scheme::Scheme;
use crate::formats::ap_file;
use crate::formats::imei::ImeiField;
use crate::formats::mac::MacAddress;
use crate::formats::product_info;

/// Returns the phone's IMEI file with every slot that evidence speaks of; software version and padding of each record
/// stay. `None` when a record's sum is wrong, or the file is not one that may be made anew.
pub(super) fn imei_file(file: &[u8], evidence: &[Evidence], scheme: &Scheme<'_>) -> Option<Vec<u8>> {
    let mut mended = file.to_vec();
    for (slot, field) in scheme.imei_slots(file)?.iter().enumerate() {
        let known = evidence::best(evidence, Kind::Imei(slot)).map(|piece| &piece.value);
        if let Some(Value::Imei(imei)) = known
            && *field != ImeiField::Digits(*imei)
        {
            mended = scheme.with_imei(&mended, slot, imei)?;
        }
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

/// Returns PRODUCT_INFO with the numbers of evidence in slots that hold none; everything else is the vendor's and stays.
pub(super) fn product_info(record: &[u8], evidence: &[Evidence]) -> Option<Vec<u8>> {
    let info = product_info::decode(record)?;
    let mut mended = record.to_vec();
    for (slot, field) in info.imeis.iter().enumerate() {
        let known = evidence::best(evidence, Kind::Imei(slot)).map(|piece| &piece.value);
        if let Some(Value::Imei(imei)) = known
            && *field != ImeiField::Digits(*imei)
        {
            let at = product_info::IMEIS.start + slot * product_info::IMEI_LEN;
            let mut digits = imei.to_modem_bcd();
            // The AP's writers leave the last nibble 0 (ap-nvram.md 4.3).
            digits[7] &= 0x0F;
            *mended.get_mut(at..)?.first_chunk_mut()? = digits;
        }
    }
    Some(mended)
}
