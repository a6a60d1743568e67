//! What was typed, checked by clap and nothing opened yet. There is no argument that takes an identity to be written,
//! and there must never be one (promise 2).

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::keys::{KeyWords, LockWords};

/// nvkeep keeps a MediaTek phone's identity.
#[derive(Debug, Parser)]
#[command(
    name = "nvkeep",
    version,
    about = "Keeps a MediaTek phone's identity: IMEI, addresses, calibration, SIM lock",
    long_about = "Keeps a MediaTek phone's identity. Reads NVRAM from a phone in its preloader over USB, decodes it, archives it \
                  verified, and puts the phone's own data back after any flash.\n\nTry it without a phone: nvkeep demo",
    after_help = "Exit codes: 0 done, 1 other failure, 2 bad arguments, 3 no phone or time-out, 4 permission or key missing, port busy, \
                  5 handshake or security refused, 6 read incomplete, 7 verify mismatch, 8 refused by a safety rule, \
                  9 identity damaged, 10 archive corrupt, 130 interrupted.",
    propagate_version = true
)]
pub struct Arguments {
    /// Options of every verb.
    #[command(flatten)]
    pub common: Common,
    /// The verb; the screen where there is none and a terminal to show it on.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// Options of every verb.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Where the phone is: usb, usb:BUS-PORT, tcp://HOST:PORT, a serial path, or sim:SCENARIO
    #[arg(long, global = true, default_value = "usb", value_name = "PORT", help_heading = "Phone")]
    pub port: String,
    /// Seconds to wait for a phone, and for any answer
    #[arg(long, global = true, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86400), help_heading = "Phone")]
    pub timeout: u64,
    /// Which way to the flash
    #[arg(long, global = true, value_enum, default_value_t = EngineChoice::Auto, help_heading = "Phone")]
    pub engine: EngineChoice,
    /// How blocks are read: strict waits for the controller's answer every 128 bytes, fast once a block
    #[arg(long, global = true, value_enum, default_value_t = PaceChoice::Strict, help_heading = "Phone")]
    pub pace: PaceChoice,
    /// Download Agent file of this phone's flash package (MTK_AllInOne_DA.bin), for the legacy engine; NVKEEP_DA names one for every phone
    #[arg(long, global = true, value_name = "FILE", help_heading = "Phone")]
    pub da: Option<PathBuf>,
    /// Scatter file of this phone's firmware, for phones without a partition table (PMT)
    #[arg(long, global = true, value_name = "FILE", help_heading = "Phone")]
    pub scatter: Option<PathBuf>,
    /// Folder of real data a simulated phone (sim:…) is built from
    #[arg(long, global = true, value_name = "DIR", help_heading = "Phone")]
    pub data: Option<PathBuf>,
    /// Write everything said on the cable to FILE
    #[arg(long, global = true, value_name = "FILE", help_heading = "Phone", conflicts_with = "replay")]
    pub record: Option<PathBuf>,
    /// Answer from a recorded session instead of a phone
    #[arg(long, global = true, value_name = "FILE", help_heading = "Phone")]
    pub replay: Option<PathBuf>,
    /// Folder of descriptions laid over the built-in ones
    #[arg(long, global = true, value_name = "DIR", help_heading = "Output")]
    pub formats: Option<PathBuf>,
    /// Print one JSON document on stdout
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,
    /// Show identities masked (49015420****518)
    #[arg(long, global = true, help_heading = "Output")]
    pub mask: bool,
    /// No progress on stderr
    #[arg(long, short, global = true, help_heading = "Output")]
    pub quiet: bool,
}

/// Ways to the flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EngineChoice {
    /// The best this phone allows
    Auto,
    /// The eMMC controller through the preloader's register commands; needs no vendor file
    Direct,
    /// The user's Download Agent file (--da), for chips whose agents speak the legacy protocol
    Legacy,
}

/// Paces of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PaceChoice {
    /// The proven form
    Strict,
    /// Fewer questions per block; falls back to strict on any doubt
    Fast,
}

/// What is asked for.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List MediaTek boot devices on USB and what keeps them from being used
    Detect,
    /// Chip, security, storage, partitions and engine of the phone
    Info,
    /// Read, check and archive the phone's whole identity set
    Backup {
        /// Archive to write; made from chip, card and time when absent
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// A note kept in the archive
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
        /// Read every byte of the identity partitions, not only what is in use
        #[arg(long)]
        full: bool,
        /// Replace an existing file
        #[arg(long)]
        force: bool,
        /// Whom it is sealed to
        #[command(flatten)]
        lock: LockWords,
    },
    /// Show everything decoded, layer by layer
    Inspect {
        /// Archive, image or folder; the phone when absent
        source: Option<PathBuf>,
        /// Take every file apart into its fields
        #[arg(long)]
        records: bool,
        /// What opens it where it is sealed
        #[command(flatten)]
        keys: KeyWords,
    },
    /// Say which layer is good, which is broken, and what would repair it
    Diagnose {
        /// Archive, image or folder; the phone when absent
        source: Option<PathBuf>,
        /// What opens it where it is sealed
        #[command(flatten)]
        keys: KeyWords,
    },
    /// Compare two sources by meaning: what is the same, changed, default or lost
    #[command(
        after_help = "Exit code 0 whether or not they differ (JSON says so in \"same\"), but 9 when identity that is whole in A is \
                            damaged in B. Only what both hold is compared; what is left out is named."
    )]
    Diff {
        /// Archive, image or folder; the word `phone` for the phone at --port
        a: PathBuf,
        /// The other one
        b: PathBuf,
        /// What opens those that are sealed
        #[command(flatten)]
        keys: KeyWords,
    },
    /// Put an archive of this phone back
    Restore {
        /// The archive
        archive: PathBuf,
        /// Stop after the plan
        #[arg(long)]
        dry_run: bool,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// Only these parts
        #[arg(long, value_delimiter = ',', value_enum, value_name = "PARTS")]
        only: Vec<PartWord>,
        /// What opens it where it is sealed
        #[command(flatten)]
        keys: KeyWords,
    },
    /// Mend the phone's identity from what survives on it, and from its archive
    Repair {
        /// An archive of this phone, as more evidence
        #[arg(long, value_name = "ARCHIVE")]
        from: Option<PathBuf>,
        /// Where no Wi-Fi or Bluetooth address survives, make a random, locally administered one
        #[arg(long)]
        new_mac: bool,
        /// The number on the label, only to be confirmed: when the evidence says otherwise, nothing is written
        #[arg(long, value_name = "N")]
        label_imei: Option<String>,
        /// Look for the IMEI of deleted files too, in every unused block of nvdata: minutes on a phone
        #[arg(long)]
        deep: bool,
        /// Stop after the plan
        #[arg(long)]
        dry_run: bool,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// What opens it where it is sealed
        #[command(flatten)]
        keys: KeyWords,
    },
    /// Finish or undo a write that was interrupted
    Resume {
        /// Put the old content back instead of finishing
        #[arg(long)]
        undo: bool,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Back up, run any flasher, wait for the phone, compare, put back what was damaged
    #[command(
        after_help = "The phone is let go for the flasher after the backup; bring it back into its preloader when the flasher is done (off the \
                            cable, switched off, plugged in). Ctrl-C meanwhile is the flasher's. Exit code 0: the identity is whole in the \
                            end, whatever the flasher said; 9: it is not; 8: another phone, or a rule forbids; 3: the phone did not come back.\n\n\
                            Example: nvkeep guard --yes -- ./flash.sh firmware/"
    )]
    Guard {
        /// Archive to write; made from chip, card and time when absent
        #[arg(short, long, value_name = "ARCHIVE")]
        output: Option<PathBuf>,
        /// A note kept in the archive
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
        /// Do not ask before putting back
        #[arg(long, short)]
        yes: bool,
        /// Seconds the phone may take to come back after the flasher
        #[arg(long, default_value_t = 600, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86400))]
        return_timeout: u64,
        /// The flasher and its arguments, after --
        #[arg(last = true, required = true, value_name = "COMMAND")]
        command: Vec<std::ffi::OsString>,
    },
    /// Check an archive: every digest, every format
    Verify {
        /// The archive
        archive: PathBuf,
        /// What opens it where it is sealed
        #[command(flatten)]
        keys: KeyWords,
    },
    /// Judge a ROM package before it is flashed: chip, storage, partition map, images, foreign identity, what it would overwrite
    #[command(
        after_help = "Exit code 0 safe, 9 risky, 8 do not flash. Only what was compared can be safe: give --phone or --archive. \
                            Nothing is written and nothing is unpacked to disk."
    )]
    Preflight {
        /// Folder or zip of the ROM, or its scatter file with the images beside it
        #[arg(value_name = "ROM")]
        package: PathBuf,
        /// Compare with the phone at --port
        #[arg(long, conflicts_with = "archive")]
        phone: bool,
        /// Compare with an archive of the phone
        #[arg(long, value_name = "FILE")]
        archive: Option<PathBuf>,
        /// What opens it where it is sealed
        #[command(flatten)]
        keys: KeyWords,
    },
    /// Look through kept archives, and give their content back as plain files
    Vault {
        /// What is asked for
        #[command(subcommand)]
        verb: VaultVerb,
    },
    /// Serve a simulated phone to anyone's tool
    Sim {
        /// Scenario name or file; `list` prints the built-in ones
        #[arg(required_unless_present = "make_agent")]
        scenario: Option<String>,
        /// Write a DA file made of filler, which simulated phones play, and stop
        #[arg(long, value_name = "FILE", conflicts_with_all = ["scenario", "listen", "state", "connections"])]
        make_agent: Option<PathBuf>,
        /// How the agent in that file speaks
        #[arg(long, value_enum, default_value = "d19", requires = "make_agent")]
        dialect: DialectWord,
        /// Where to listen: tcp://HOST:PORT or pty
        #[arg(long, default_value = "tcp://127.0.0.1:0", value_name = "ADDR")]
        listen: String,
        /// File the phone's state is kept in between runs
        #[arg(long, value_name = "FILE")]
        state: Option<PathBuf>,
        /// Stop after this many connections
        #[arg(long, value_name = "N")]
        connections: Option<u32>,
    },
    /// Say what keeps this machine from reaching a phone, and what mends it
    #[command(
        after_help = "Exit code 0: nothing is bad; 1: something is. A warning does not count. Nothing but the journals' folder and, when asked for, \
                            the udev rule is written."
    )]
    Doctor {
        /// Print the udev rule and do nothing else
        #[arg(long, conflicts_with = "install_udev")]
        print_udev: bool,
        /// Put the udev rule in its place, after asking; root is asked for only then
        #[arg(long)]
        install_udev: bool,
    },
    /// The main job on the built-in simulated phone, for newcomers: save, lose everything, put back
    Demo,
    /// Everything in one window: connect, diagnose, back up, put back, compare; for one phone or a bench of them
    #[command(
        after_help = "Without a verb nvkeep opens it too. ? shows the keys of each screen. A recording (--record-ui) is masked and has no \
                            bytes of files in it."
    )]
    Tui {
        /// Archive, image or folder to open; without one a phone is waited for
        source: Option<PathBuf>,
        /// Folder where archives are looked for and made
        #[arg(long, value_name = "DIR", default_value = ".")]
        dir: PathBuf,
        /// Write everything that happens on the screen to FILE
        #[arg(long, value_name = "FILE", conflicts_with = "replay_ui")]
        record_ui: Option<PathBuf>,
        /// Play a recorded screen
        #[arg(long, value_name = "FILE")]
        replay_ui: Option<PathBuf>,
        /// Take clicks on the tabs, and the wheel
        #[arg(long)]
        mouse: bool,
        /// What opens sealed archives
        #[command(flatten)]
        keys: KeyWords,
    },
    /// Print shell completions
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// What can be done with kept archives.
#[derive(Debug, Subcommand)]
pub enum VaultVerb {
    /// List the archives of a folder: IMEI, barcode, chip, card, date, note; bad ones are listed as such
    List {
        /// The folder
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// Only those with this text in one of these fields or in the file's name, whatever its case
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// What opens sealed archives
        #[command(flatten)]
        keys: KeyWords,
    },
    /// Make a copy that is safe to publish: every identity replaced by a textbook value in every layer
    Redact {
        /// The archive
        archive: PathBuf,
        /// The copy to write
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
        /// Replace an existing file
        #[arg(long)]
        force: bool,
        /// What opens it where it is sealed
        #[command(flatten)]
        keys: KeyWords,
    },
    /// Make an archive of another tool's backup: partition or whole-flash images, TWRP, SP Flash Tool, a tar or folder of NV files
    #[command(
        after_help = "An imported archive has no card's CID: it can be written only to a phone where a surviving copy agrees with it, \
                            by `repair --from`; by `restore` only where it also knows the places of the partitions."
    )]
    Import {
        /// The file or folder
        source: PathBuf,
        /// Archive to write; made from chip and time when absent
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// The phone's chip, such as MT6572, where the source does not tell
        #[arg(long, value_name = "CHIP")]
        chip: Option<String>,
        /// A note kept in the archive
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
    },
    /// Print the proofs of finished writes: what was written, from which evidence, and that it was read back
    #[command(
        after_help = "Each proof is chained to the one before by its digest and held against its journal; exit code 10 where the chain was changed. \
                            That the last ones were cut off whole cannot be seen from the chain itself: note the last digest elsewhere."
    )]
    Proof {
        /// Only this one, in full
        number: Option<usize>,
    },
    /// Write an archive's partitions as plain images and its NV files as a tree
    #[command(
        after_help = "NAME.img has every byte where it lay; what the archive does not hold is zeros, and NAME.ranges.json says which. \
                            The folder appears whole or not at all."
    )]
    Export {
        /// The archive
        archive: PathBuf,
        /// The folder to make; an empty one is taken
        dir: PathBuf,
        /// What opens it where it is sealed
        #[command(flatten)]
        keys: KeyWords,
    },
    /// Seal an archive for the way out: a file of age, to public keys or to a passphrase
    #[command(
        after_help = "Ordinary `age -d` opens it. The archive is checked before it is sealed, the file is read back, and with a passphrase or the \
                            --identity of a recipient it is opened again and compared; without, the result says that it was not. \
                            The archive itself stays where it is."
    )]
    Seal {
        /// The archive
        archive: PathBuf,
        /// The sealed file to write, such as A.nvk.age
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
        /// Replace an existing file
        #[arg(long)]
        force: bool,
        /// Whom it is sealed to; without a word of it a terminal is asked for a passphrase
        #[command(flatten)]
        lock: LockWords,
    },
    /// Write the archive that is in a sealed file
    #[command(
        after_help = "Seldom needed: every verb that takes an archive takes a sealed one with its key, and keeps what is in it off the disk."
    )]
    Open {
        /// The sealed file
        archive: PathBuf,
        /// The archive to write
        #[arg(long, short, value_name = "FILE")]
        output: PathBuf,
        /// Replace an existing file
        #[arg(long)]
        force: bool,
        /// What opens it where it is sealed
        #[command(flatten)]
        keys: KeyWords,
    },
}

/// Dialects of a simulated agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DialectWord {
    /// As agents of SP Flash Tool 5.x
    D19,
    /// As agents of SP Flash Tool 3.x
    D13,
}

/// Parts a restore can be narrowed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PartWord {
    /// IMEI in every layer
    Imei,
    /// Wi-Fi address and settings
    Wifi,
    /// Bluetooth address and settings
    Bt,
    /// RF calibration
    Calibration,
    /// SIM lock
    Simlock,
}
