//! Introductions: who somebody is, in a file. An account log, as a session would send it, for
//! somebody who has no session and no key to seal a bundle with.
//!
//! Nothing in it is secret from a contact, and nothing is sealed: whoever carries it reads the
//! names of the account and its devices. Each operation is signed by the account; so nothing can
//! be changed, and only the end be cut off.

use crate::identity::{AccountLog, OperationFault, SignedOperation};
use crate::ids::AccountId;
use crate::wire::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::wire::limits::{BUNDLE_MAX, OPERATIONS_MAX};

const MAGIC: &[u8] = b"chinwag introduction";
const VERSION: u8 = 1;

/// Who an account is, in a file. All in it was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introduction(AccountLog);

/// Why something is no introduction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntroductionError {
    /// It is something else, or of another version.
    #[error("this is no introduction: {0}")]
    NoIntroduction(DecodeError),
    /// It is too long to be made or read.
    #[error("an introduction of {0} bytes is over the limit of {BUNDLE_MAX}")]
    TooLong(usize),
    /// What it says is not what its account has signed.
    #[error("this introduction was damaged or changed on its way: {0}")]
    Changed(OperationFault),
}

impl Introduction {
    /// The introduction of an account. An error: its log is too long for a file.
    pub fn of(log: AccountLog) -> Result<Self, IntroductionError> {
        let introduction = Self(log);
        let len = introduction.to_bytes().len();
        if len > BUNDLE_MAX {
            return Err(IntroductionError::TooLong(len));
        }
        Ok(introduction)
    }

    /// Whether these bytes say that they are an introduction.
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    /// Reads an introduction, and checks all of it.
    pub fn parse(bytes: &[u8]) -> Result<Self, IntroductionError> {
        if bytes.len() > BUNDLE_MAX {
            return Err(IntroductionError::TooLong(bytes.len()));
        }
        let mut from = Reader::new(bytes);
        let (account, operations) = read(&mut from).map_err(IntroductionError::NoIntroduction)?;
        let mut log = AccountLog::new(account);
        for operation in operations {
            log.add(operation).map_err(IntroductionError::Changed)?;
        }
        let introduction = Self(log);
        let what = "the order of operations";
        let is_canonical = introduction.to_bytes() == bytes;
        let wrong = IntroductionError::NoIntroduction(DecodeError::NotCanonical { what });
        if is_canonical { Ok(introduction) } else { Err(wrong) }
    }

    /// Whose it is.
    pub const fn account(&self) -> AccountId {
        self.0.account()
    }

    /// What it says of the account.
    pub const fn log(&self) -> &AccountLog {
        &self.0
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.fixed(MAGIC);
        to.u8(VERSION);
        to.fixed(self.account().as_bytes());
        let operations = self.0.operations();
        to.count_u16(operations.len());
        for operation in operations {
            operation.encode(&mut to);
        }
        to.finish()
    }
}

fn read(from: &mut Reader<'_>) -> Result<(AccountId, Vec<SignedOperation>), DecodeError> {
    if from.fixed("the beginning of an introduction", MAGIC.len())? != MAGIC {
        return Err(DecodeError::NotCanonical { what: "the beginning of an introduction" });
    }
    from.version("version of an introduction", VERSION)?;
    let account = AccountId::new(from.key("an account")?);
    let count = from.count_u16("operations", OPERATIONS_MAX)?;
    let operations = (0..count).map(|_| SignedOperation::decode(from));
    let operations = operations.collect::<Result<_, _>>()?;
    from.end()?;
    Ok((account, operations))
}
