//! Amounts for human eyes: bytes, times, speeds.

use std::time::Duration;

use super::Progress;

/// Returns a byte count: `512 B`, `35.2 KiB`, `2.5 MiB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a size for human eyes")]
    let exact = count as f64;
    match count {
        0..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{:.1} KiB", exact / 1024.0),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", exact / 1_048_576.0),
        _ => format!("{:.1} GiB", exact / 1_073_741_824.0),
    }
}

/// Returns a duration: `8 s`, `3 min 05 s`, `2 h 10 min`.
#[must_use]
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// What took less than this came from the cache of an earlier step: its speed says nothing.
const NO_TIME: Duration = Duration::from_millis(5);

/// Returns whether a transfer moved nothing, because an earlier step had it all.
#[must_use]
pub fn is_cached(progress: &Progress) -> bool {
    progress.total > 0 && progress.done >= progress.total && progress.elapsed < NO_TIME
}

/// Returns amount, speed and time left of a transfer.
#[must_use]
pub fn transfer(progress: &Progress) -> String {
    let amount = match progress.total {
        0 => bytes(progress.done),
        total => format!("{} of {}", bytes(progress.done), bytes(total)),
    };
    if is_cached(progress) {
        return format!("{amount}, already read");
    }
    let mut text = amount;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a speed for human eyes")]
    if let Some(speed) = progress.speed() {
        text.push_str(&format!(", {}/s", bytes(speed as u64)));
    }
    if progress.done < progress.total
        && let Some(left) = progress.left()
    {
        text.push_str(&format!(", {} left", duration(left)));
    }
    text
}
