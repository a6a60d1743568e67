//! What an image is: a whole flash, or one partition, told by its content. A name helps only where the content says
//! nothing, and then the partition is shown as what it is: blank or corrupt.

use super::{Piece, flash, unknown};
use crate::app::gather::is_blank;
use crate::app::{Context, Failure};
use crate::formats::ext4::Volume;
use crate::formats::imei::ImeiField;
use crate::formats::{ReadAt, binregion, product_info};
use crate::storage::{Layout, Place, Shared, Window, shared::lock};

/// The mark of Android's sparse images, which `fastboot` takes.
pub(in crate::app) const ANDROID_SPARSE: [u8; 4] = [0x3A, 0xFF, 0x26, 0xED];
/// Longest image whose one trailing byte is checked as the sum that SP Flash Tool puts there.
const MAX_SUMMED: u64 = 256 << 20;

/// Recognises an image. `hint` is the identity partition that its name speaks of.
///
/// # Errors
/// `unknown-source`, with what was seen; `readback-sum`; the device's.
pub fn recognise(
    context: &Context<'_>,
    name: &str,
    disk: Shared,
    hint: Option<&'static str>,
) -> Result<Piece, Failure> {
    let whole = lock(&disk).len();
    if whole == 0 {
        return Err(unknown(format!("{name}: it is empty")));
    }
    let (disk, len) = without_sum(context, name, disk, whole)?;
    if let Some((layout, user_area)) = flash::recognise(context, &disk)? {
        return Ok(Piece { name: name.into(), disk, layout, user_area });
    }
    let (place, what) = partition(name, &disk, len, hint)?;
    let layout = Layout {
        places: vec![Place { name: place.into(), start: 0, len }],
        learned_from: what,
        ..Layout::default()
    };
    Ok(Piece { name: name.into(), disk, layout, user_area: None })
}

/// Takes the 8-bit sum off an image that carries it as its last byte, and checks it.
fn without_sum(context: &Context<'_>, name: &str, disk: Shared, len: u64) -> Result<(Shared, u64), Failure> {
    let blocks = len / 512 * 512;
    if len - blocks != 1 || blocks == 0 || len > MAX_SUMMED {
        return Ok((disk, len));
    }
    let (mut sum, mut at) = (0u8, 0u64);
    let mut piece = vec![0; 64 << 10];
    while at < len {
        context.go_on()?;
        let take = usize::try_from((len - at).min(64 << 10)).unwrap_or(0);
        lock(&disk).read_at(at, &mut piece[..take])?;
        at += take as u64;
        let summed = if at == len { take - 1 } else { take };
        sum = piece[..summed].iter().fold(sum, |sum, byte| sum.wrapping_add(*byte));
        if at == len && piece[take - 1] != sum {
            context.warn(format!(
                "{name}: the byte behind the image is {:#04x}, and not the sum {sum:#04x} of the bytes before it",
                piece[take - 1]
            ));
        }
    }
    let window = Window::new(disk, 0, blocks);
    Ok((crate::storage::share(window), blocks))
}

/// Tells a single partition.
fn partition(
    name: &str,
    disk: &Shared,
    len: u64,
    hint: Option<&'static str>,
) -> Result<(&'static str, String), Failure> {
    let found = |place: &'static str| Ok((place, format!("an image of the {place} partition")));
    let mut window = Window::new(disk.clone(), 0, len);
    let mut start = vec![0u8; usize::try_from(len.min(1024)).unwrap_or(0)];
    window.read_at(0, &mut start)?;
    if start.starts_with(&ANDROID_SPARSE) {
        return Err(unknown(format!(
            "{name}: it is an Android sparse image; unpack it with simg2img and give the raw image"
        )));
    }
    if start.starts_with(b"PK\x03\x04") {
        return Err(unknown(format!("{name}: it is an archive or a zip of its own; give it by itself")));
    }
    if binregion::parse(&mut window).is_ok() {
        return found("NVRAM");
    }
    if let Some(place) = volume(disk, 0, len) {
        // From LR12A on both lock partitions hold files of the same names: only the image's own name tells them apart.
        let second = hint == Some("PROTECT_S") && place == "PROTECT_F" && names_tell_nothing(disk, len);
        return found(if second { "PROTECT_S" } else { place });
    }
    if is_product_info(&start) {
        return found("PRO_INFO");
    }
    if let Some(hint) = hint {
        return Ok((hint, format!("an image of the {hint} partition, by its name only")));
    }
    Err(unknown(if is_blank(&start) {
        format!("{name}: its start is blank")
    } else if Volume::open(window).is_ok() {
        format!("{name}: it is an ext4 volume without NV files")
    } else {
        format!("{name}: it is neither an archive, a flash or partition image, nor a folder of NV files")
    }))
}

/// Tells an ext4 volume of the identity set by its files.
pub(super) fn volume(disk: &Shared, start: u64, len: u64) -> Option<&'static str> {
    let mut volume = Volume::open(Window::new(disk.clone(), start, len)).ok()?;
    let (top, modem) = (names(&mut volume, "/"), names(&mut volume, "/md"));
    let has = |names: &[String], start: &str| names.iter().any(|name| name.starts_with(start));
    if has(&modem, "ST33A") || has(&modem, "ST33_") {
        Some("PROTECT_F")
    } else if has(&modem, "ST33B") {
        Some("PROTECT_S")
    } else if top.iter().any(|name| name == "nvram") {
        Some("USRDATA")
    } else if top.iter().any(|name| name == "APCFG" || name == "md") {
        Some("NVDATA")
    } else {
        None
    }
}

/// Returns whether a lock partition's files are called the same in both.
fn names_tell_nothing(disk: &Shared, len: u64) -> bool {
    let volume = Volume::open(Window::new(disk.clone(), 0, len));
    volume.is_ok_and(|mut volume| names(&mut volume, "/md").iter().any(|name| name.starts_with("ST33_")))
}

fn names(volume: &mut Volume<'_>, folder: &str) -> Vec<String> {
    let found = volume.read_dir(folder).unwrap_or_default();
    found.into_iter().map(|(name, _)| name).collect()
}

/// A record with an IMEI of fifteen digits whose check digit holds.
pub(super) fn is_product_info(start: &[u8]) -> bool {
    product_info::decode(start).is_some_and(|record| {
        record.imeis.iter().any(|field| matches!(field, ImeiField::Digits(imei) if imei.check_digit_holds()))
    })
}
