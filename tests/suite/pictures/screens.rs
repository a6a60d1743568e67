//! The pictures: every screen whole, damaged, refused, unplugged and empty.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use nvkeep::app::Device;
use nvkeep::simulator::agent::{Dialect, Recipe, container};
use nvkeep::tui::message::{Message, News, Outcome, Task};
use nvkeep::tui::model::{LogKind, LogLine, Screen, Stage};
use nvkeep::tui::trouble::Trouble;

use super::desk::{AGENT, Desk, desk, desk_on};
use crate::support::workbench::Workbench;

/// The archive of a healthy phone of this page, made once.
fn archive_of(page: &str) -> Vec<u8> {
    let bench = Workbench::with(page);
    let result = bench.backup("made.nvk").unwrap();
    std::fs::read(result.file).unwrap()
}

static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| archive_of("mt6572"));
static OTHER: LazyLock<Vec<u8>> = LazyLock::new(|| archive_of("mt6572-other-phone"));

fn vault(folder: &Path) {
    std::fs::write(folder.join("whole.nvk"), &*WHOLE).unwrap();
    std::fs::write(folder.join("other.nvk"), &*OTHER).unwrap();
    std::fs::write(folder.join("torn.nvk"), &WHOLE[..5000]).unwrap();
}

fn nothing(_: &Path) {}

fn trouble(code: &str, message: &str, advice: &str, exit: u8) -> Trouble {
    Trouble { code: code.into(), message: message.into(), advice: Some(advice.into()), exit, causes: vec![] }
}

fn device(port: &str, ids: &str, mode: &str, boot: bool, obstacle: Option<&str>) -> Device {
    Device {
        port: port.into(),
        ids: ids.into(),
        mode: mode.into(),
        boot,
        obstacle: obstacle.map(str::to_owned),
    }
}

fn gone() -> Trouble {
    trouble("link-gone", "the phone disconnected", "Plug it in again; nothing was written.", 6)
}

#[test]
fn connect() {
    desk("usb", nothing, |desk| {
        desk.shot("connect-resting");
        desk.news(News::Watching { fresh: false });
        desk.feed(Message::Tick(12_000));
        desk.shot("connect-waiting");
        let denied = device(
            "usb:1-4",
            "0e8d:2000",
            "preloader",
            true,
            Some("no permission to open usb 1-4 (0e8d:2000)"),
        );
        let charging = device("usb:1-2", "0e8d:2008", "charging only: not in a boot mode", false, None);
        desk.news(News::Bus(vec![charging, denied]));
        desk.feed(Message::Tick(13_100));
        desk.shot("connect-denied");
        desk.feed(Message::Tick(15_100));
        desk.shot("connect-window-over");
        desk.news(News::Watching { fresh: true });
        desk.shot("connect-unplug-first");
        desk.news(News::Began(Task::Connect));
        desk.shot("connect-connecting");
        let refusal = trouble(
            "chip-not-supported",
            "the phone has NAND, and the direct engine reads eMMC only",
            "Give the Download Agent of its firmware as soon as nvkeep has an engine for it.",
            5,
        );
        desk.news(News::Ended(Outcome::Failed(Task::Connect, refusal)));
        desk.shot("connect-refused");
    });
}

#[test]
fn phones_of_a_session() {
    desk("sim:mt6572-imei-null", nothing, |desk| {
        desk.read();
        desk.press("5<Enter>");
        desk.until(|model| model.restore.offer.is_some());
        desk.press("repair<Enter>");
        desk.until(|model| model.restore.ended.is_some());
        desk.until(|model| model.phone.as_ref().is_some_and(|subject| subject.report.is_healthy()));
        desk.press("1");
        desk.shot("connect-connected");
        desk.news(News::Gone(gone()));
        desk.shot("connect-unplugged");
    });
}

#[test]
fn phone() {
    desk("sim:mt6572", nothing, |desk| {
        desk.until(|model| {
            model.work.as_ref().is_some_and(|work| work.task == Task::Look && work.transfer().is_some())
        });
        desk.shot("phone-reading");
        desk.read();
        desk.shot("phone-good");
        desk.press("<PgDn>");
        desk.shot("phone-good-scrolled");
        desk.news(News::Unfinished(Some("restore of /bench/vault/whole.nvk".into())));
        desk.press("<PgUp>");
        desk.shot("phone-unfinished");
        desk.press("?");
        desk.shot("help-phone");
    });
    for page in [
        "mt6572-imei-null",
        "mt6572-format-all",
        "mt6572-format-all-pro-info-lost",
        "lr12a",
        "mt6572-torn-binregion",
    ] {
        desk(&format!("sim:{page}"), nothing, |desk| {
            desk.read();
            desk.shot(&format!("phone-{page}"));
        });
    }
    desk("usb", nothing, |desk| {
        desk.press("2");
        desk.shot("phone-empty");
    });
}

#[test]
fn a_phone_with_raw_nand() {
    let with_agent = |vault: &Path| {
        let da = vault.parent().unwrap().join(AGENT);
        std::fs::write(da, container(&Recipe::of(Dialect::D19))).unwrap();
    };
    desk("sim:mt6572-nand", with_agent, |desk| {
        desk.read();
        desk.shot("nand-phone");
        desk.press("<PgDn>");
        desk.shot("nand-phone-scrolled");
        desk.press("4");
        desk.shot("nand-backup");
        desk.press("5<Enter>");
        desk.until(|model| model.work.is_none() && model.restore.ended.is_some());
        desk.shot("nand-refused");
    });
}

#[test]
fn a_phone_that_could_not_be_read() {
    desk("sim:mt6572", nothing, |desk| {
        desk.read();
        desk.news(News::Began(Task::Look));
        desk.model.phone = None;
        desk.news(News::Ended(Outcome::Failed(Task::Look, gone())));
        desk.shot("phone-unknown");
    });
}

#[test]
fn a_file() {
    desk_on("whole.nvk", vault, |desk| {
        desk.done();
        desk.shot("phone-file");
        desk.press("3");
        desk.shot("records-file");
    });
    desk_on("torn.nvk", vault, |desk| {
        desk.done();
        desk.shot("phone-file-bad");
        desk.press("3");
        desk.shot("records-file-bad");
    });
}

#[test]
fn records() {
    desk("sim:mt6572", nothing, |desk| {
        desk.press("3");
        desk.shot("records-empty");
        desk.read();
        desk.press("3");
        desk.shot("records-tree");
        desk.press("<Down><Down><Down><Down>");
        desk.shot("records-file-open");
        desk.press("<Right><Down><Down>");
        desk.shot("records-field");
        desk.press("x");
        desk.shot("records-raw");
        desk.press("x<Left>/ramp<Enter><Down><Down><Right><Down><Down><Down><Down>");
        desk.shot("records-ramp");
        desk.press("<Esc><Esc>/AGC path<Enter><Down><Down><Right><Down>");
        desk.shot("records-path-loss");
        desk.press("<Esc><Esc>/no such thing");
        desk.shot("records-nothing-found");
    });
    desk("sim:mt6572-calibration-short-file", nothing, |desk| {
        desk.read();
        desk.press("3/damaged<Enter><Down><Down>");
        desk.shot("records-damaged");
    });
}

#[test]
fn backup() {
    desk("sim:mt6572", nothing, |desk| {
        desk.press("4");
        desk.shot("backup-no-phone");
        desk.read();
        desk.press("4");
        desk.press("tbefore the flash");
        desk.shot("backup-note");
        desk.press("<Enter>f");
        desk.shot("backup-full");
        desk.press("f<Enter>");
        let half = |model: &nvkeep::tui::model::Model| {
            let transfer = model.work.as_ref().and_then(|work| work.transfer());
            transfer.is_some_and(|transfer| transfer.what == "USRDATA" || transfer.what == "PROTECT_F")
        };
        desk.until(half);
        desk.shot("backup-running");
        desk.press("q");
        desk.shot("leaving-asked");
        desk.press("n");
        desk.done();
        desk.feed(Message::Tick(60_000));
        desk.shot("backup-done");
        desk.news(News::Began(Task::Backup));
        desk.news(News::Ended(Outcome::Failed(Task::Backup, gone())));
        desk.shot("backup-unplugged");
    });
    desk("sim:mt6572-imei-null", nothing, |desk| {
        desk.read();
        desk.press("4");
        desk.shot("backup-damaged");
        desk.press("<Enter>");
        desk.done();
        desk.feed(Message::Tick(60_000));
        desk.shot("backup-damaged-done");
    });
}

#[test]
fn restore() {
    desk("sim:mt6572-format-all", vault, |desk| {
        desk.read();
        desk.press("5");
        desk.done();
        desk.shot("restore-sources");
        desk.press("<Down><Down>i");
        desk.shot("restore-parts");
        desk.press("i<Enter>");
        desk.until(|model| model.restore.offer.is_some());
        desk.shot("restore-plan");
        desk.press("restor");
        desk.shot("restore-typing");
        desk.press("<Enter>");
        desk.shot("restore-wrong-word");
        desk.feed(Message::Tick(30_000));
        desk.press("restore<Enter>");
        let writing = |model: &nvkeep::tui::model::Model| {
            let transfer = model.work.as_ref().and_then(|work| work.transfer());
            transfer.is_some_and(|transfer| transfer.what == "writing" && transfer.done > transfer.total / 2)
        };
        desk.until(writing);
        assert_eq!(desk.model.work.as_ref().map(|work| work.stage), Some(Stage::Writing));
        desk.shot("restore-writing");
        desk.press("q");
        desk.shot("leaving-while-writing");
        desk.press("n");
        desk.until(|model| model.restore.ended.is_some());
        desk.done();
        desk.shot("restore-proof");
    });
}

#[test]
fn restore_refused() {
    desk("sim:mt6572", vault, |desk| {
        desk.read();
        desk.press("5");
        desk.done();
        desk.press("<Down><Enter>");
        desk.until(|model| model.restore.ended.is_some());
        desk.shot("restore-refused");
        desk.press("<Esc>");
        desk.news(News::Unfinished(Some("restore of /bench/vault/whole.nvk".into())));
        desk.shot("restore-unfinished");
        desk.press("?");
        desk.shot("help-restore");
    });
    desk("usb", nothing, |desk| {
        desk.press("5");
        desk.done();
        desk.shot("restore-no-phone");
    });
}

#[test]
fn repair() {
    desk("sim:lr12a-imei-null", nothing, |desk| {
        desk.read();
        desk.press("5");
        desk.done();
        desk.press("m<Enter>");
        desk.until(|model| model.restore.offer.is_some());
        desk.shot("repair-plan");
        desk.press("repair<Enter>");
        desk.until(|model| model.restore.ended.is_some());
        desk.done();
        desk.shot("repair-proof");
    });
}

#[test]
fn compare() {
    desk("sim:mt6572-imei-null", vault, |desk| {
        desk.read();
        desk.press("6");
        desk.done();
        desk.shot("compare-choose");
        desk.press("b<Down><Down>a<Enter>");
        desk.until(|model| model.compare.last.is_some());
        desk.shot("compare-different");
        desk.press("o");
        desk.shot("compare-only-differences");
    });
    desk("sim:mt6572", vault, |desk| {
        desk.read();
        desk.press("6");
        desk.done();
        desk.press("b<Down><Down>a<Enter>");
        desk.until(|model| model.compare.last.is_some());
        desk.shot("compare-same");
    });
}

#[test]
fn archive() {
    desk("usb", vault, |desk| {
        desk.press("7");
        desk.done();
        desk.shot("archive-list");
        desk.press("<Down><Enter>");
        desk.done();
        desk.shot("archive-checked");
        desk.press("/3569");
        desk.shot("archive-search");
        desk.press("<Esc>?");
        desk.shot("help-archive");
    });
    desk("usb", nothing, |desk| {
        desk.press("7");
        desk.done();
        desk.shot("archive-empty");
    });
}

#[test]
fn log() {
    desk("sim:mt6572", nothing, |desk| {
        desk.read();
        desk.press("8");
        desk.shot("log-following");
        desk.press("<PgUp><PgUp>");
        desk.shot("log-held");
        desk.press("fw");
        desk.shot("log-without-wire");
        desk.press("/identity<Enter>");
        desk.shot("log-filtered");
    });
    desk("usb", nothing, |desk| {
        desk.press("8");
        desk.shot("log-empty");
    });
}

#[test]
fn masked_for_others_to_see() {
    let secrets = ["490154203237518", "02:4e:56:4b:50:01", "02:4e:56:4b:50:02", "NVKEEPSYNTHETIC1"];
    desk("sim:mt6572", vault, |desk: &mut Desk| {
        desk.model.setup.masked = true;
        // Flash content passes before any identity is known.
        let private = Some("94104502237315f8".to_owned());
        let text = "512 bytes from the data FIFO".to_owned();
        desk.model.log.add(LogLine { at: Duration::ZERO, kind: LogKind::Wire, text, private });
        desk.press("8");
        let shown = super::desk::text(&desk.picture());
        assert!(shown.contains("from the data FIFO") && !shown.contains("9410450223"), "{shown}");
        desk.read();
        for screen in Screen::ALL {
            desk.press(&(screen.index() + 1).to_string());
            desk.done();
            if screen == Screen::Records {
                desk.press("/NVD_IMEI<Enter><Down><Down>");
            }
            desk.feed(Message::Resize(200, 60));
            let shown = super::desk::text(&desk.picture());
            for secret in secrets {
                assert!(!shown.contains(secret), "{secret} on {screen:?}:\n{shown}");
            }
        }
    });
}
