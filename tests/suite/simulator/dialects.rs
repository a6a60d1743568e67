//! Files of later families as the simulator writes them, against the vectors of the reference (modem-nvram.md 6.3, 6.4).

use md5::{Digest, Md5};
use nvkeep::simulator::Family;
use nvkeep::simulator::build::later::imei_file;

const BOTH: [&str; 2] = ["490154203237518", "356938035643809"];

#[test]
fn imei_files_are_those_of_the_reference_byte_for_byte() {
    for (family, wanted) in [
        (Family::Wr8, None),
        (Family::Lr11, Some("e9a0dcc3dead9bd306db75abe284812f")),
        (Family::Lr12a, Some("f4fee75fa8a91e61326a9bd2608c9138")),
    ] {
        let digest: String =
            Md5::digest(imei_file(family, &BOTH)).iter().map(|byte| format!("{byte:02x}")).collect();
        // The MT6572's own unused slots hold its default, so no vector of the reference is its file.
        assert_eq!(Some(digest.as_str()).filter(|_| wanted.is_some()), wanted, "{family:?}");
    }
}
