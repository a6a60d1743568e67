//! The calibration files of an MT6572 and their sizes (modem-nvram.md 3.1 to 3.3), in title order.

/// Returns name and file size, checksum included, of every file in CALIBRAT.
pub fn calibration() -> Vec<(String, usize)> {
    let mut files = Vec::new();
    let mut series = |prefix: &str, ids: &str, version: &str, size: usize| {
        for id in ids.split(' ') {
            files.push((format!("{prefix}{id}_{version}"), size));
        }
    };
    series("MP", "09", "001", 66);
    series("MT", "05", "002", 262);
    series("MT", "06 07 08 09 0A 0B 0C 0D", "002", 666);
    series("MT", "0E 0F 0G 0H", "002", 66);
    series("MT", "0I", "002", 10);
    series("MT", "0J", "004", 46);
    series("MT", "0K", "006", 466);
    series("MT", "0L 0M 0N 0O", "002", 18);
    series("MT", "0P", "003", 34);
    series("MT", "0Q", "002", 6);
    series("MT", "0R 0S", "000", 22);
    series("MT", "0T 0U", "000", 246);
    series("MT", "1V", "000", 6);
    series("UL", "10", "000", 18);
    series("UL", "11 12 13 14 15 16 17 18 19 1A", "000", 722);
    series("UL", "1B 1C 1D 1E 1F 1G 1H 1I 1J 1K", "000", 710);
    series("UL", "1M 1N 1O 1P 1Q 1R 1S 1T 1U 1V", "000", 98);
    series("HL", "10 11 12 13 14 15 16 17 18 19", "000", 100);
    series("HL", "1A 1B 1C 1D 1E 1F 1G 1H 1I 1J", "000", 74);
    series("UL", "1W 1X 1Y 1Z 20 21 22 23 24 25", "000", 98);
    series("UL", "B0 B1", "000", 722);
    series("UL", "B2 B3", "000", 710);
    series("UL", "B4 B5 BA BB", "000", 98);
    series("UL", "B6 B7", "000", 100);
    series("UL", "B8 B9", "000", 74);
    series("MP", "A2", "000", 314);
    series("MP", "A8", "000", 1354);
    series("MT", "1F", "001", 10);
    files
}
