//! Every message, news, outcome and command has its test. A new variant does not compile before somebody names one here,
//! and a name that is no test fails.

use nvkeep::tui::keymap::Command;
use nvkeep::tui::message::{Message, News, Outcome, Signal};

fn of_message(message: &Message) -> &'static str {
    match message {
        Message::Key(_) => "keys::digits_and_tabs_lead_to_every_screen",
        Message::Paste(_) => "keys::pasted_text_is_no_command",
        Message::Mouse(_) => "keys::clicks_choose_tabs_and_wheels_scroll",
        Message::Resize(..) => "keys::a_smaller_terminal_keeps_every_place_inside",
        Message::Tick(_) => "keys::time_goes_forward_and_takes_notices_along",
        Message::Signal(Signal::Terminate) => "quit::at_once_when_nothing_runs",
        Message::Signal(Signal::Continue) => "keys::waking_up_draws_anew",
        Message::Event(_) => "news::events_go_to_the_job_and_the_log",
        Message::News(news) => of_news(news),
    }
}

fn of_news(news: &News) -> &'static str {
    match news {
        News::Watching { .. } | News::Resting => "news::watching_and_resting_are_told",
        News::Bus(_) => "news::a_device_in_a_boot_mode_has_its_time",
        News::Began(_) => "news::a_job_begins_and_is_no_longer_on_its_way",
        News::Connected(..) => "news::a_phone_that_comes_is_shown_and_the_last_one_is_not",
        News::Offered(_) => "news::an_offer_comes_to_the_front",
        News::Unfinished(_) => "news::an_unfinished_write_is_told_as_the_phone_comes",
        News::Left => "news::a_phone_that_was_let_go_is_no_trouble",
        News::Gone(_) => "news::a_phone_that_leaves_takes_its_plan_with_it",
        News::Ended(outcome) => of_outcome(outcome),
    }
}

fn of_outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Looked(_) => "outcomes::a_look_shows_the_phone_or_the_file",
        Outcome::Saved(_) => "outcomes::an_archive_is_told_and_the_list_is_read_again",
        Outcome::Written(..) => "outcomes::a_write_is_told_and_counted",
        Outcome::Resumed(_) => "outcomes::a_write_that_was_finished_is_told",
        Outcome::Compared(_) => "outcomes::a_comparison_is_shown",
        Outcome::Listed(_) => "outcomes::a_list_is_kept_and_its_numbers_are_learnt",
        Outcome::Verified(..) => "outcomes::a_check_is_shown_with_its_archive",
        Outcome::Kept(_) => "outcomes::a_file_that_was_written_is_named",
        Outcome::Done(_) => "outcomes::what_has_nothing_to_tell_only_ends",
        Outcome::Failed(..) => "outcomes::every_failure_is_told_where_it_belongs",
    }
}

fn of_command(command: Command) -> &'static str {
    match command {
        Command::Quit => "quit::asks_while_something_runs",
        Command::Back => "keys::esc_takes_one_step_back",
        Command::Help => "keys::help_lies_over_every_screen_and_goes",
        Command::Go(_) | Command::NextScreen | Command::PreviousScreen => {
            "keys::digits_and_tabs_lead_to_every_screen"
        }
        Command::NextPhone => "keys::the_next_phone_is_waited_for",
        Command::Sleep => "keys::sleep_waits_while_the_phone_is_written_to",
        Command::Redraw => "keys::waking_up_draws_anew",
        Command::Up
        | Command::Down
        | Command::PageUp
        | Command::PageDown
        | Command::Top
        | Command::Bottom => "lists::moves_stay_inside_every_list",
        Command::Enter | Command::Left | Command::Right => {
            "lists::folders_open_and_close_and_files_show_their_fields"
        }
        Command::Filter => "lists::a_search_that_changes_starts_at_the_top",
        Command::Wait | Command::Rest => "keys::waiting_is_stopped_and_begun",
        Command::SwitchSource => "keys::the_source_is_switched_where_there_are_two",
        Command::ReadAgain => "keys::a_connected_phone_is_read_again",
        Command::Raw | Command::Export => "lists::a_file_is_written_beside_the_archives_as_it_is_shown",
        Command::StartBackup | Command::EditNote | Command::Full => "keys::a_backup_is_wanted_as_it_was_set",
        Command::RepairWith | Command::Part(_) | Command::NewMac | Command::Deep | Command::Plan => {
            "restore::a_plan_is_asked_for_what_is_chosen"
        }
        Command::EditLabel => "restore::a_label_that_is_none_is_told_at_once",
        Command::Finish | Command::Undo => "lists::an_unfinished_write_is_finished_or_taken_back",
        Command::SideA | Command::SideB | Command::Swap | Command::OnlyDifferences => {
            "lists::two_sides_are_chosen_and_swapped"
        }
        Command::OpenPath => "lists::a_path_is_opened_wherever_it_lies",
        Command::Open
        | Command::Check
        | Command::CompareWithPhone
        | Command::PutBack
        | Command::ListAgain => "lists::archives_are_checked_opened_compared_and_put_back",
        Command::Wire | Command::SaveLog | Command::Follow => "lists::the_log_is_filtered_followed_and_saved",
        Command::SaveRule => "keys::the_rule_is_written_for_the_device_that_could_not_be_opened",
    }
}

#[test]
fn every_variant_has_a_test_that_exists() {
    // The tables above compile only while they are complete; they are used, so that nobody deletes them.
    let tables = (of_message as fn(&Message) -> &'static str, of_command as fn(Command) -> &'static str);
    assert_eq!((tables.0)(&Message::Tick(0)), "keys::time_goes_forward_and_takes_notices_along");
    assert_eq!((tables.1)(Command::Quit), "quit::asks_while_something_runs");
    let files = [
        ("keys", include_str!("keys.rs")),
        ("lists", include_str!("lists.rs")),
        ("news", include_str!("news.rs")),
        ("outcomes", include_str!("outcomes.rs")),
        ("quit", include_str!("quit.rs")),
        ("restore", include_str!("restore.rs")),
    ];
    let mut named = 0;
    for name in
        include_str!("covered.rs").split('"').filter(|name| name.contains("::") && !name.contains(' '))
    {
        let (module, claim) = name.split_once("::").unwrap();
        let Some((_, text)) = files.iter().find(|(file, _)| *file == module) else { continue };
        assert!(text.contains(&format!("#[test]\nfn {claim}()")), "{name} is no test");
        named += 1;
    }
    assert!(named > 40, "{named}");
}
