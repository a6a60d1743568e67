//! PRODUCT_INFO and the IMEI fields in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nvkeep::formats::imei::{Imei, ImeiField};
use nvkeep::formats::product_info::decode;

fuzz_target!(|bytes: &[u8]| {
    let bytes = &bytes[..bytes.len().min(2048)];
    if let Some(info) = decode(bytes) {
        assert_eq!(info.imeis.len(), 4);
        for field in info.imeis {
            if let ImeiField::Digits(imei) = field {
                check(imei);
            }
        }
    }
    if let Some(imei) = std::str::from_utf8(bytes).ok().and_then(Imei::parse) {
        assert_eq!(imei.to_string().as_bytes(), bytes);
        check(imei);
    }
});

fn check(imei: Imei) {
    assert_eq!(Imei::parse(&imei.to_string()), Some(imei));
    assert_eq!(imei.masked().len(), 15);
    let _ = (imei.check_digit_holds(), imei.is_monotonous());
}
