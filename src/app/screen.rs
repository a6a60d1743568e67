//! What a screen is asked to show, between the face that reads the command line and the one that draws.

use std::path::PathBuf;

/// How the screen begins.
#[derive(Debug, Clone, Default)]
pub struct ScreenRequest {
    /// A source to open instead of waiting for a phone.
    pub file: Option<PathBuf>,
    /// Where archives are looked for and made.
    pub folder: PathBuf,
    /// Write everything that happens on the screen to this file, identities masked.
    pub record: Option<PathBuf>,
    /// Play such a file instead.
    pub replay: Option<PathBuf>,
    /// Take clicks and the wheel.
    pub mouse: bool,
    /// Mask identities on the screen.
    pub masked: bool,
    /// No colours.
    pub plain: bool,
}
