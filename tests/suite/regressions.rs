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
