//! Claims about `doctor`: each finding on a made-up machine, with the command that mends it; and machines made to mislead it.

use std::path::Path;

use nvkeep::app::doctor::{Check, Examination, Places, State, examine};
use nvkeep::app::udev::rule_for;

use crate::support::Random;
use crate::support::program::Home;

const RULE: &str = "etc/udev/rules.d/70-nvkeep.rules";
const DEVICE: &str = "sys/bus/usb/devices/1-2";
/// Higher than any process has.
const PROCESS: &str = "proc/9999991";
const INSTALL: &str = "nvkeep doctor --install-udev";

/// A made-up machine.
struct Machine(tempfile::TempDir);

impl Machine {
    /// One without anything.
    fn bare() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One on which nothing is amiss, with a phone plugged in.
    fn well() -> Self {
        let machine = Self::bare();
        for (path, text) in [
            (RULE, rule_for("0e8d").as_str()),
            ("etc/group", "root:x:0:\ndialout:x:20:\nplugdev:x:46:\nme:x:1000:\n"),
            (
                "proc/self/status",
                "Name:\tnvkeep\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nGroups:\t20 1000\n",
            ),
            ("run/systemd/seats/seat0", "IS_SEAT0=1\nACTIVE_UID=1000\n"),
        ] {
            machine.file(path, text);
        }
        machine.process("bash", "/dev/null");
        machine.device("480");
        machine
    }

    fn file(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    fn link(&self, path: &str, target: &str) -> &Self {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(&path);
        std::os::unix::fs::symlink(target, path).unwrap();
        self
    }

    fn without(&self, path: &str) -> &Self {
        let path = self.0.path().join(path);
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
        self
    }

    fn process(&self, name: &str, open: &str) -> &Self {
        self.file(&format!("{PROCESS}/comm"), format!("{name}\n")).link(&format!("{PROCESS}/fd/3"), open)
    }

    fn device(&self, speed: &str) -> &Self {
        for (file, word) in [
            ("idVendor", "0e8d"),
            ("idProduct", "2000"),
            ("busnum", "1"),
            ("devnum", "5"),
            ("speed", speed),
            ("power/control", "on"),
            ("power/autosuspend_delay_ms", "2000"),
        ] {
            self.file(&format!("{DEVICE}/{file}"), format!("{word}\n"));
        }
        self.file(&format!("{DEVICE}/1-2:1.1/tty/ttyACM0/dev"), "166:0\n")
    }

    fn places(&self) -> Places {
        let root = self.0.path().to_path_buf();
        let (journals, archives) = (root.join("journals"), root.clone());
        Places { root, journals, archives, free: |_| Some(1 << 40), usb: || Ok(()) }
    }

    fn examined(&self) -> Examination {
        examine(&self.places())
    }

    fn check(&self, name: &str) -> Check {
        found(&self.examined(), name)
    }
}

fn found(examination: &Examination, name: &str) -> Check {
    examination.checks.iter().find(|check| check.name == name).unwrap().clone()
}

#[track_caller]
fn is(check: &Check, state: State, says: &str) {
    assert_eq!(check.state, state, "{check:?}");
    assert!(check.says.contains(says), "{check:?}");
}

fn mend(check: &Check) -> &str {
    check.mend.as_deref().unwrap_or_else(|| panic!("{check:?}"))
}

#[test]
fn a_machine_as_it_should_be_is_well() {
    let examination = Machine::well().examined();
    assert!(examination.well);
    for check in &examination.checks {
        assert_eq!((check.state, &check.mend), (State::Ok, &None), "{check:?}");
    }
    let names: Vec<&str> = examination.checks.iter().map(|check| check.name).collect();
    let wanted = "rule groups modemmanager brltty holder cable autosuspend libusb journals journal-space archive-space";
    assert_eq!(names.join(" "), wanted);
}

#[test]
fn a_machine_that_tells_nothing_is_called_unknown_and_not_bad() {
    let machine = Machine::bare();
    let examination = machine.examined();
    for name in ["rule", "groups", "holder", "cable", "autosuspend"] {
        assert_eq!(found(&examination, name).state, State::Unknown, "{name}");
    }
    assert!(examination.well);
}

#[test]
fn a_missing_rule_is_bad_but_root_is_only_warned() {
    let machine = Machine::well();
    machine.without(RULE);
    let check = machine.check("rule");
    is(&check, State::Bad, "/etc/udev/rules.d/70-nvkeep.rules");
    assert_eq!(mend(&check), INSTALL);
    assert!(!machine.examined().well);
    machine.file("proc/self/status", "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nGroups:\t0\n");
    is(&machine.check("rule"), State::Warn, "root may");
    is(&machine.check("groups"), State::Ok, "you are root");
}

#[test]
fn a_rule_counts_in_every_folder_unless_one_before_it_hides_it() {
    for folder in ["run/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d"] {
        let machine = Machine::well();
        machine.without(RULE).file(&format!("{folder}/70-nvkeep.rules"), rule_for("0e8d"));
        is(&machine.check("rule"), State::Ok, folder);
        machine.link(RULE, "/dev/null");
        is(&machine.check("rule"), State::Bad, "no udev rule");
    }
}

#[test]
fn a_tag_that_comes_after_the_seat_rule_has_no_effect() {
    let machine = Machine::well();
    machine.without(RULE).file("etc/udev/rules.d/99-phones.rules", rule_for("0e8d"));
    let check = machine.check("rule");
    is(&check, State::Bad, "sorts behind 73-seat-late.rules");
    assert_eq!(mend(&check), INSTALL);
    // A mode for everybody is never too late.
    let everybody = rule_for("0e8d").replace("0660", "0666");
    machine.file("etc/udev/rules.d/99-phones.rules", everybody);
    is(&machine.check("rule"), State::Ok, "everybody");
}

#[test]
fn a_rule_for_a_group_lets_its_members_in() {
    let machine = Machine::well();
    machine.file(RULE, "SUBSYSTEM==\"usb\", ATTR{idVendor}==\"0e8d\", MODE=\"0660\", GROUP=\"plugdev\"\n");
    is(&machine.check("rule"), State::Ok, "group plugdev");
    let check = machine.check("groups");
    is(&check, State::Bad, "not in it");
    assert!(mend(&check).starts_with("sudo usermod -aG plugdev "), "{check:?}");
    machine.file("proc/self/status", "Uid:\t1000\t1000\nGid:\t1000\t1000\nGroups:\t46\n");
    is(&machine.check("groups"), State::Ok, "plugdev");
}

#[test]
fn rules_that_are_not_for_a_preloader_do_not_count() {
    let good = rule_for("0e8d");
    for (rule, counts) in [
        (good.clone(), true),
        (good.replace("0e8d", "18d1|0e8d"), true),
        (good.replace("0e8d", "0e8*"), true),
        (good.replace("0e8d", "0E8D"), false),
        (good.replace(", ", ", \\\n  "), true),
        (good.replace("ATTR{idVendor}", "ATTR{idProduct}==\"2000\", ATTR{idVendor}"), true),
        (format!("# {good}"), false),
        (good.replace("0e8d", "18d1"), false),
        (good.replace("ATTR{idVendor}==", "ATTR{idVendor}!="), false),
        (good.replace("ATTR{idVendor}", "ATTR{idProduct}==\"201c\", ATTR{idVendor}"), false),
        (good.replace("SUBSYSTEM==\"usb\"", "SUBSYSTEM==\"tty\""), false),
        (good.replace("MODE=\"0660\", TAG+=\"uaccess\"", "MODE=\"0600\""), false),
    ] {
        let machine = Machine::well();
        machine.file(RULE, &rule);
        assert_eq!(machine.check("rule").state == State::Ok, counts, "{rule}");
    }
}

#[test]
fn who_is_not_at_the_desk_is_told_what_to_add() {
    let machine = Machine::well();
    machine.file("run/systemd/seats/seat0", "ACTIVE_UID=1001\n");
    let check = machine.check("groups");
    is(&check, State::Warn, "at the desk");
    assert!(mend(&check).contains("plugdev"), "{check:?}");
    machine.without("run/systemd/seats");
    is(&machine.check("groups"), State::Unknown, "dialout");
}

#[test]
fn modem_manager_is_bad_when_it_runs_and_nothing_keeps_it_away() {
    let machine = Machine::well();
    let unit = "usr/lib/systemd/system/ModemManager.service";
    machine.file(unit, "[Unit]\n");
    is(
        &machine.check("modemmanager"),
        State::Ok,
        "kept away from phones by /etc/udev/rules.d/70-nvkeep.rules",
    );
    machine.file(RULE, rule_for("0e8d").replace("IGNORE}=\"1\"", "IGNORE}=\"0\""));
    let check = machine.check("modemmanager");
    is(&check, State::Warn, "does not run now");
    assert_eq!(mend(&check), INSTALL);
    machine.process("ModemManager", "/dev/null");
    is(&machine.check("modemmanager"), State::Bad, "short window");
    machine.process("bash", "/dev/null").link("etc/systemd/system/ModemManager.service", "/dev/null");
    is(&machine.check("modemmanager"), State::Ok, "masked");
}

#[test]
fn brltty_is_bad_when_a_rule_gives_it_the_phone() {
    let machine = Machine::well();
    machine.file("usr/bin/brltty", "");
    is(&machine.check("brltty"), State::Ok, "does not run");
    machine.process("brltty", "/dev/null");
    is(&machine.check("brltty"), State::Warn, "Braille");
    let rule = "SUBSYSTEM==\"usb\", ATTRS{idVendor}==\"0e8d\", RUN+=\"brltty\"\n";
    machine.file("usr/lib/udev/rules.d/85-brltty.rules", rule);
    let check = machine.check("brltty");
    is(&check, State::Bad, "85-brltty.rules");
    assert!(mend(&check).contains("mask"), "{check:?}");
}

#[test]
fn whoever_holds_the_device_is_named() {
    for node in ["/dev/bus/usb/001/005", "/dev/ttyACM0"] {
        let machine = Machine::well();
        machine.process("flash_tool", node);
        let check = machine.check("holder");
        is(&check, State::Bad, &format!("flash_tool (process 9999991) holds {node}"));
        assert!(mend(&check).starts_with("kill 9999991"), "{check:?}");
    }
    // Another device's node is nobody's business.
    let machine = Machine::well();
    machine.process("flash_tool", "/dev/bus/usb/001/006");
    is(&machine.check("holder"), State::Ok, "no program");
    // A program that cannot be looked into may be the one.
    machine.without(&format!("{PROCESS}/fd"));
    is(&machine.check("holder"), State::Unknown, "could not be looked into: 1");
}

#[test]
fn a_slow_cable_and_a_sleepy_port_are_warned_of() {
    let machine = Machine::well();
    is(
        &machine.check("cable"),
        State::Ok,
        "usb:1-2 (0e8d:2000) has 480 Mbit/s, plugged into the machine itself",
    );
    machine.device("12").file(&format!("{DEVICE}/power/control"), "auto\n");
    is(&machine.check("cable"), State::Warn, "12 Mbit/s instead of 480");
    let check = machine.check("autosuspend");
    is(&check, State::Warn, "usb:1-2");
    assert!(mend(&check).contains("/sys/bus/usb/devices/1-2/power/control"), "{check:?}");
    machine.file(&format!("{DEVICE}/power/autosuspend_delay_ms"), "-1000\n");
    is(&machine.check("autosuspend"), State::Ok, "does not");
    for odd in ["NaN", "inf", "", "fast"] {
        machine.device(odd);
        assert_eq!(machine.check("cable").state, State::Unknown, "{odd}");
    }
    assert!(machine.examined().well, "warnings are not bad");
}

#[test]
fn what_nvkeep_needs_of_the_machine_is_checked() {
    let machine = Machine::well();
    let places = Places { usb: || Err("no USB here".into()), ..machine.places() };
    is(&found(&examine(&places), "libusb"), State::Bad, "no USB here");
    let places = Places { free: |_| Some(1 << 20), ..machine.places() };
    is(&found(&examine(&places), "journal-space"), State::Bad, "1.0 MiB");
    let places = Places { free: |_| Some(100 << 20), ..machine.places() };
    is(&found(&examine(&places), "archive-space"), State::Warn, "100");
    let places = Places { free: |_| None, ..machine.places() };
    is(&found(&examine(&places), "archive-space"), State::Unknown, "does not tell");
    let journals = machine.file("a-file", "").0.path().join("a-file/journals");
    let check = found(&examine(&Places { journals, ..machine.places() }), "journals");
    is(&check, State::Bad, "no journal can be kept");
    assert!(mend(&check).contains("NVKEEP_HOME"), "{check:?}");
}

#[test]
fn a_rule_behind_the_end_of_what_is_read_is_unknown() {
    let machine = Machine::well();
    let huge = "#".repeat(600 << 10) + "\n" + &rule_for("0e8d");
    machine.file(RULE, huge);
    is(&machine.check("rule"), State::Unknown, "too large");
}

#[test]
fn links_that_lead_in_circles_and_pipes_are_files_that_are_not_there() {
    let machine = Machine::well();
    machine
        .link(RULE, "70-nvkeep.rules")
        .link("etc/group", "group")
        .link("proc/self/status", "../self/status")
        .link("run/systemd/seats/seat0", "seat0")
        .link(&format!("{DEVICE}/speed"), "speed")
        .link("etc/udev/rules.d/10-up.rules", "..");
    let pipe = machine.0.path().join("etc/udev/rules.d/20-pipe.rules");
    assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
    let examination = machine.examined();
    is(&found(&examination, "rule"), State::Bad, "no udev rule");
    assert_eq!(found(&examination, "cable").state, State::Unknown);
}

#[test]
fn names_from_the_system_steer_no_terminal_and_no_shell() {
    let machine = Machine::well();
    machine.process("a\x1b[2Jb", "/dev/ttyACM0").file(
        RULE,
        "SUBSYSTEM==\"usb\", ATTR{idVendor}==\"0e8d\", MODE=\"0660\", GROUP=\"x; \x1b[2Jreboot\"\n",
    );
    let examination = machine.examined();
    assert!(mend(&found(&examination, "groups")).starts_with("sudo usermod -aG GROUP "));
    assert!(mend(&found(&examination, "holder")).starts_with("kill 9999991 "));
    no_controls(&examination);
}

fn no_controls(examination: &Examination) {
    for check in &examination.checks {
        let texts = [Some(&check.says), check.mend.as_ref()];
        assert!(!texts.into_iter().flatten().any(|text| text.contains(char::is_control)), "{check:?}");
    }
}

#[test]
fn damaged_files_of_the_system_end_in_findings() {
    let mut random = Random::new(7);
    let machine = Machine::well();
    let files = [RULE, "etc/group", "proc/self/status", "run/systemd/seats/seat0"]
        .map(|path| (path, std::fs::read(machine.0.path().join(path)).unwrap()));
    let mut states = std::collections::BTreeSet::new();
    for _ in 0..300 {
        for (path, whole) in &files {
            machine.file(path, random.damage(whole));
        }
        let examination = machine.examined();
        no_controls(&examination);
        states.insert(format!("{:?}", found(&examination, "rule").state));
    }
    assert!(states.len() >= 2, "the damage reached the rule: {states:?}");
}

#[test]
fn the_document_has_every_check_and_the_exit_code_follows_it() {
    let home = Home::new();
    let said = home.run(&["doctor", "--json"]);
    let document = said.json();
    assert_eq!((&document["verb"], &document["ok"]), (&"doctor".into(), &true.into()));
    let checks = document["result"]["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 11, "{checks:#?}");
    let bad = checks.iter().any(|check| check["state"] == "bad");
    assert_eq!(document["result"]["well"], !bad);
    assert_eq!(said.code, Some(i32::from(bad)));
    let text = home.run(&["doctor"]).exits(i32::from(bad)).out;
    assert!(checks.iter().all(|check| text.contains(check["says"].as_str().unwrap())), "{text}");
    assert_eq!(home.files(), [""; 0], "nothing is left behind");
}

#[test]
fn the_rule_is_printed_as_it_is_installed() {
    let home = Home::new();
    let said = home.run(&["doctor", "--print-udev"]).exits(0);
    assert_eq!(said.out, rule_for("0e8d"));
    assert!(said.out.contains("ATTR{idVendor}==\"0e8d\"") && said.out.contains("TAG+=\"uaccess\""));
    assert_eq!(home.run(&["doctor", "--print-udev", "--json"]).json()["result"]["rule"], said.out);
}

#[test]
fn the_rule_is_not_installed_without_a_terminal_to_ask_at() {
    let home = Home::new();
    let target = Path::new("/etc/udev/rules.d/70-nvkeep.rules");
    let before = std::fs::read(target).ok();
    let said = home.run(&["doctor", "--install-udev", "--json"]).exits(8);
    let error = &said.json()["error"];
    assert_eq!(error["code"], "not-confirmed");
    assert!(error["advice"].as_str().unwrap().contains("--print-udev"), "{error}");
    assert_eq!(std::fs::read(target).ok(), before);
}

/// Runs `--install-udev` in a terminal where the way to root only writes down what it was told.
#[cfg(unix)]
fn installing(answer: &str, exit: &str) -> (crate::support::pty::Left, Option<(String, String)>) {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let folder = home.path("programs");
    std::fs::create_dir(&folder).unwrap();
    let record = home.path("told");
    let script = format!(
        "#!/bin/sh\nfor word in \"$@\"; do echo \"$word\"; done > {0}.words\n/bin/cat > {0}.input\nexit {exit}\n",
        record.display()
    );
    // For a user `sudo` is asked; who is root already needs only the shell.
    for name in ["sudo", "sh"] {
        std::fs::write(folder.join(name), &script).unwrap();
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = home.command(&["doctor", "--install-udev"]);
    command.env("PATH", &folder);
    let terminal = crate::support::pty::Terminal::run(&command, 100, 30);
    terminal.shows("Run it?");
    terminal.keys(answer);
    let left = terminal.left();
    let read = |end: &str| std::fs::read_to_string(format!("{}.{end}", record.display())).ok();
    (left, read("words").zip(read("input")))
}

/// Returns whether this machine has the rule already; then there is nothing to install.
#[cfg(unix)]
fn is_installed() -> bool {
    let there = std::fs::read_to_string("/etc/udev/rules.d/70-nvkeep.rules")
        .is_ok_and(|rule| rule == rule_for("0e8d"));
    if there {
        println!("SKIPPED: the rule is installed on this machine");
    }
    there
}

#[test]
#[cfg(unix)]
fn the_rule_is_installed_by_the_command_that_was_shown_and_only_after_yes() {
    if is_installed() {
        return;
    }
    let (left, told) = installing("yes\r", "0");
    let screen = left.screen.contents();
    assert_eq!(left.code, 0, "{screen}");
    assert!(screen.contains("Installed: /etc/udev/rules.d/70-nvkeep.rules"), "{screen}");
    let (words, input) = told.unwrap();
    assert_eq!(input, rule_for("0e8d"));
    let script = words.lines().last().unwrap();
    assert!(
        script.starts_with("install -m 0644 /dev/stdin /etc/udev/rules.d/70-nvkeep.rules && "),
        "{script}"
    );
    let shown: String = screen.split_whitespace().collect();
    let run: String = script.split_whitespace().collect();
    assert!(shown.contains(&run), "{screen}");

    let (left, told) = installing("y\r", "0");
    assert_eq!((left.code, told), (8, None), "{}", left.screen.contents());
}

#[test]
#[cfg(unix)]
fn a_password_that_was_wrong_installs_nothing_and_says_so() {
    if is_installed() {
        return;
    }
    let (left, _) = installing("yes\r", "1");
    let screen = left.screen.contents();
    assert_eq!(left.code, 4, "{screen}");
    assert!(screen.contains("was not installed") && screen.contains("--print-udev"), "{screen}");
}
