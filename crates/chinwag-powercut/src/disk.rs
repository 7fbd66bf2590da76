//! The disk: files as they look to a process, and as they would look after a cut.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::vfs;

/// The unit in which a disk writes: the least that a sector ever was.
const SECTOR: usize = 512;

/// A disk. It is there as long as the process.
#[derive(Clone, Copy)]
pub struct Disk(pub(crate) &'static Mutex<State>);

/// The power is off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dead;

/// All of a disk.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) files: BTreeMap<String, File>,
    /// Deleted, but that was not synced: what is on the disk of them.
    ghosts: BTreeMap<String, Vec<u8>>,
    /// Writes, syncs, truncations and deletions so far.
    operations: u64,
    /// The operation in which the power is cut.
    cut_at: Option<u64>,
    is_dead: bool,
}

/// One file.
#[derive(Default)]
pub(crate) struct File {
    /// As a process sees it.
    pub(crate) seen: Vec<u8>,
    /// As it is on the disk for sure. `None`: it has no name there yet.
    synced: Option<Vec<u8>>,
    /// What was done since.
    pending: Vec<Change>,
}

/// Something that was done to a file.
#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, written) => {
                let end = at + written.len();
                bytes.resize(bytes.len().max(end), 0);
                bytes[*at..end].copy_from_slice(written);
            }
            Self::Truncate(len) => bytes.resize(*len, 0),
        }
    }

    /// The pieces that reach the disk one by one.
    fn pieces(&self) -> Vec<Self> {
        let Self::Write(at, written) = self else { return vec![self.clone()] };
        let mut pieces = Vec::new();
        let mut done = 0;
        while done < written.len() {
            let len = (SECTOR - (at + done) % SECTOR).min(written.len() - done);
            pieces.push(Self::Write(at + done, written[done..done + len].to_vec()));
            done += len;
        }
        pieces
    }
}

impl Disk {
    /// An empty disk that SQLite knows as the file system `name`.
    ///
    /// # Panics
    ///
    /// If SQLite does not want it.
    pub fn register(name: &'static CStr) -> Self {
        let state: &'static Mutex<State> = Box::leak(Box::default());
        vfs::register(name, state);
        Self(state)
    }

    /// Deletes everything and turns the power on.
    pub fn wipe(&self) {
        *self.lock() = State::default();
    }

    /// Cuts the power in the middle of an operation, the first being 1; counts from here.
    pub fn cut_at(&self, operation: u64) {
        let mut state = self.lock();
        state.operations = 0;
        state.cut_at = Some(operation);
    }

    /// How many operations there were.
    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// Turns the power on after a cut. What the seed says is there.
    pub fn restart(&self, seed: u64) {
        let mut state = self.lock();
        let mut dice = Dice(seed);
        let mut files = BTreeMap::new();
        for (name, file) in &state.files {
            files.extend(file.after_a_cut(&mut dice).map(|bytes| (name.clone(), bytes)));
        }
        for (name, bytes) in &state.ghosts {
            if dice.falls_below(0.5) {
                files.entry(name.clone()).or_insert_with(|| bytes.clone());
            }
        }
        let whole =
            |bytes: Vec<u8>| File { seen: bytes.clone(), synced: Some(bytes), pending: Vec::new() };
        let files = files.into_iter().map(|(name, bytes)| (name, whole(bytes))).collect();
        *state = State { files, ..State::default() };
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(self.0)
    }
}

pub(crate) fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl File {
    /// What there is of it after a cut.
    fn after_a_cut(&self, dice: &mut Dice) -> Option<Vec<u8>> {
        let mut bytes = match &self.synced {
            Some(bytes) => bytes.clone(),
            None if dice.falls_below(0.5) => Vec::new(),
            None => return None,
        };
        // Now and then nothing of it or all of it: those are the likely ones.
        let share = [0.0, 0.3, 0.5, 0.9, 1.0][dice.up_to(5)];
        let pieces = self.pending.iter().flat_map(Change::pieces);
        pieces.filter(|_| dice.falls_below(share)).for_each(|piece| piece.apply(&mut bytes));
        Some(bytes)
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.pending.push(change);
    }
}

impl State {
    /// Counts an operation. An error: the power is off, or goes off now.
    fn tick(&mut self) -> Result<(), Dead> {
        if self.is_dead {
            return Err(Dead);
        }
        self.operations += 1;
        self.is_dead = Some(self.operations) == self.cut_at;
        if self.is_dead { Err(Dead) } else { Ok(()) }
    }

    pub(crate) fn must_have_power(&self) -> Result<(), Dead> {
        if self.is_dead { Err(Dead) } else { Ok(()) }
    }

    pub(crate) fn open(&mut self, name: &str) -> Result<(), Dead> {
        self.must_have_power()?;
        self.files.entry(name.to_owned()).or_default();
        Ok(())
    }

    /// A write in whose middle the power goes off may be there in part.
    pub(crate) fn write(&mut self, name: &str, at: usize, bytes: &[u8]) -> Result<(), Dead> {
        self.change(name, Change::Write(at, bytes.to_vec()))
    }

    pub(crate) fn truncate(&mut self, name: &str, len: usize) -> Result<(), Dead> {
        self.change(name, Change::Truncate(len))
    }

    fn change(&mut self, name: &str, change: Change) -> Result<(), Dead> {
        self.must_have_power()?;
        let power = self.tick();
        self.files.entry(name.to_owned()).or_default().change(change);
        power
    }

    pub(crate) fn sync(&mut self, name: &str) -> Result<(), Dead> {
        self.tick()?;
        let file = self.files.entry(name.to_owned()).or_default();
        let is_new = file.synced.replace(file.seen.clone()).is_none();
        file.pending.clear();
        if is_new {
            // With a new file SQLite syncs its folder, and so what was deleted there.
            self.ghosts.clear();
        }
        Ok(())
    }

    pub(crate) fn delete(&mut self, name: &str, is_synced: bool) -> Result<(), Dead> {
        self.tick()?;
        let synced = self.files.remove(name).and_then(|file| file.synced);
        if let Some(bytes) = synced.filter(|_| !is_synced) {
            self.ghosts.insert(name.to_owned(), bytes);
        }
        Ok(())
    }
}

/// Numbers that depend on the seed alone (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn up_to(&mut self, count: u32) -> usize {
        usize::try_from(self.roll() % u64::from(count)).unwrap_or_default()
    }

    fn falls_below(&mut self, share: f64) -> bool {
        let top = u32::try_from(self.roll() >> 32).unwrap_or_default();
        f64::from(top) < share * f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(changes: &[Change], synced: Option<&[u8]>) -> File {
        let mut file = File { synced: synced.map(<[u8]>::to_vec), ..File::default() };
        file.seen = synced.unwrap_or_default().to_vec();
        for change in changes {
            file.change(change.clone());
        }
        file
    }

    #[test]
    fn what_was_synced_is_always_there() {
        let file = with(&[], Some(b"synced"));
        assert!(
            (0..100).all(|seed| file.after_a_cut(&mut Dice(seed)).as_deref() == Some(b"synced"))
        );
    }

    #[test]
    fn what_was_not_is_there_whole_in_part_and_not_at_all() {
        let file = with(&[Change::Write(0, vec![1; 4 * SECTOR])], Some(&[0; 4 * SECTOR]));
        let left = |seed| {
            let bytes = file.after_a_cut(&mut Dice(seed)).unwrap();
            bytes.chunks(SECTOR).filter(|sector| sector[0] == 1).count()
        };
        let seen: std::collections::BTreeSet<usize> = (0..100).map(left).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_file_that_was_never_synced_may_be_gone() {
        let file = with(&[Change::Write(0, vec![1])], None);
        let is_there = |seed| file.after_a_cut(&mut Dice(seed)).is_some();
        assert!((0..100).any(is_there) && !(0..100).all(is_there));
    }
}
