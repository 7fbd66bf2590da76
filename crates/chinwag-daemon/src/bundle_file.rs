//! A file with bundles: one for each device of whoever it is for.
//!
//! It begins with a line that says what it is, then come bundles, each after its length in four
//! bytes. What is in them is sealed; the file adds nothing to what a carrier learns.

use chinwag_api::error::{ApiError, Kind};

const MAGIC: &[u8] = b"chinwag bundles 1\n";

/// Bytes of a file: what fits into one answer, in base64.
const FILE_MAX: usize = 22 * 1_024 * 1_024;

/// A file with these bundles.
pub(crate) fn write(bundles: impl Iterator<Item = Vec<u8>>) -> Result<Vec<u8>, ApiError> {
    let mut file = MAGIC.to_vec();
    for bundle in bundles {
        let len = u32::try_from(bundle.len()).unwrap_or(u32::MAX);
        file.extend_from_slice(&len.to_be_bytes());
        file.extend_from_slice(&bundle);
    }
    if file.len() > FILE_MAX {
        let text = format!("the bundles of {} bytes are over the limit of {FILE_MAX}", file.len());
        return Err(ApiError::new(Kind::Limit, text));
    }
    Ok(file)
}

/// The bundles in a file.
pub(crate) fn read(file: &[u8]) -> Result<Vec<&[u8]>, ApiError> {
    let wrong = |text: &str| ApiError::new(Kind::Usage, text.to_owned());
    let mut rest = file
        .strip_prefix(MAGIC)
        .ok_or_else(|| wrong("this is no file of bundles, or one of a newer version"))?;
    let mut bundles = Vec::new();
    while !rest.is_empty() {
        let cut_off = || wrong("the file of bundles is cut off: copy it again");
        let (len, after) = rest.split_first_chunk::<4>().ok_or_else(cut_off)?;
        let len = usize::try_from(u32::from_be_bytes(*len)).unwrap_or(usize::MAX);
        let (bundle, after) = after.split_at_checked(len).ok_or_else(cut_off)?;
        bundles.push(bundle);
        rest = after;
    }
    Ok(bundles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundles_come_back_from_their_file_and_nothing_else_does() {
        let bundles = [vec![1, 2, 3], vec![], vec![4]];
        let file = write(bundles.clone().into_iter()).unwrap();
        assert_eq!(read(&file).unwrap(), bundles.iter().map(Vec::as_slice).collect::<Vec<_>>());
        for len in MAGIC.len() + 1..file.len() {
            let at_a_border = [file.len() - 5, file.len() - 9].contains(&len);
            assert_eq!(read(&file[..len]).is_ok(), at_a_border, "{len}");
        }
        assert!(read(b"").is_err());
        assert!(read(b"chinwag bundles 2\n").is_err());
    }
}
