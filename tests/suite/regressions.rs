//! Claims about regressions: one test for each thing that once went wrong, named issue_N_what_happened.

use nvkeep::transport::Session;

/// Found by the fuzz target `session`. A failure whose words are only control characters parses; they are written as
/// nothing, the line then ends in `failed`, and that is no failure of the format.
#[test]
fn issue_1_a_recorded_failure_without_printable_words_is_read_again() {
    let session = Session::parse("nvkeep session 1\nplug unknown\n! 0.0 receive failed \u{1}").unwrap();
    let written = session.to_string();
    let again = Session::parse(&written);
    assert_eq!(again.map(|again| again.to_string()).as_deref(), Ok(written.as_str()));
}

#[test]
fn issue_5_bytes_that_do_not_print_show_as_one_character_each() {
    // `ap_file`'s first input of ten minutes of fuzzing: its claim was older than what texts are. A barcode's length was
    // counted in the bytes of the characters shown.
    assert_eq!(nvkeep::formats::ap_file::text(&[1, 0, 0, 0, 1]), "\u{FFFD}");
    assert_eq!(nvkeep::formats::ap_file::text(b"A\xFFB  \0rest").chars().count(), 3);
}
