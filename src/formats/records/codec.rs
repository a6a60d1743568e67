//! Which decoder a description's `codec` names. Knows names only; `opaque` and unknown names decode nothing.

use super::{
    DecodedRecord, adc, barcode, bookkeeping, cssd, gsm_clock, gsm_power, gsm_ramp, gsm_receive,
    gsm_transmit, imei, manifest, meid, security, simlock, system, ul1_receive, ul1_transmit,
};

/// A decoder: plain bytes to fields, `None` for a length it does not know.
type Decoder = fn(&[u8]) -> Option<DecodedRecord>;

const MODEM: &[(&str, Decoder)] = &[
    ("adc", adc::decode),
    ("agc-path-loss", gsm_receive::agc_path_loss),
    ("afc", gsm_clock::afc),
    ("barcode", barcode::decode),
    ("c-load", gsm_clock::c_load),
    ("calibration-flag", bookkeeping::calibration_flag),
    ("counter", bookkeeping::counter),
    ("crystal-afc", gsm_clock::crystal_afc),
    ("crystal-cap", gsm_clock::crystal_cap),
    ("cssd", cssd::decode),
    ("imei", imei::decode),
    ("inter-slot-8psk", gsm_ramp::inter_slot_8psk),
    ("inter-slot-gmsk", gsm_ramp::inter_slot_gmsk),
    ("lna-path-loss", gsm_receive::lna_path_loss),
    ("lock-pattern", system::lock_pattern),
    ("manifest", manifest::decode),
    ("meid", meid::decode),
    ("ms-security", security::decode),
    ("ramp-table", gsm_ramp::ramp_table),
    ("rf-special", gsm_transmit::rf_special),
    ("simlock", simlock::decode),
    ("system-record", system::decode),
    ("tx-iq", gsm_transmit::tx_iq),
    ("tx-rollback", gsm_power::rollback),
    ("txpc", gsm_power::closed_loop),
    ("ul1-drift", ul1_transmit::drift),
    ("ul1-pathloss", ul1_receive::path_loss),
    ("ul1-pathloss2", ul1_receive::path_loss_diversity),
    ("ul1-prach", ul1_transmit::prach),
    ("ul1-temperature-dac", ul1_receive::temperature_dac),
    ("ul1-txdac", ul1_transmit::tx_dac),
    ("ul1-txpaoctlev", ul1_transmit::pa_octet_level),
];

/// Decodes by the name a description gives.
pub(super) fn modem(codec: &str, plain: &[u8]) -> Option<DecodedRecord> {
    MODEM.iter().find(|(name, _)| *name == codec).and_then(|(_, decode)| decode(plain))
}
