//! The certificate by which a relay shows that it is who its name says.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WantsServerCert;
use rustls::{ConfigBuilder, ServerConfig, WantsVerifier};

/// Something is wrong with a certificate or its key.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file can't be read.
    #[error("{path}: {why}")]
    File {
        /// Which.
        path: String,
        /// Why not.
        why: String,
    },
    /// The two do not fit together, or are of a kind that is not known.
    #[error("the certificate can't be used with this key: {0}")]
    Unfit(String),
    /// There is one, for others.
    #[error(
        "the certificate in {} is for {made_for}: choose another --folder, or take the files there away",
        .folder.display()
    )]
    OtherNames {
        /// Where it is.
        folder: PathBuf,
        /// For whom it is.
        made_for: String,
    },
    /// A certificate can't be made.
    #[error("a certificate can't be made: {0}")]
    Making(String),
}

fn of(path: &Path) -> impl Fn(&dyn std::fmt::Display) -> CertificateError {
    let path = path.display().to_string();
    move |why| CertificateError::File { path: path.clone(), why: why.to_string() }
}

/// TLS 1.3 alone, with the hybrid key exchange first: devices offer no other.
pub(crate) fn builder() -> Result<ConfigBuilder<ServerConfig, WantsVerifier>, CertificateError> {
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| CertificateError::Unfit(error.to_string()))
}

/// A server's TLS with the certificate and key in these files.
pub(crate) fn from_files(chain: &Path, key: &Path) -> Result<ServerConfig, CertificateError> {
    let certificates = CertificateDer::pem_file_iter(chain).map_err(|e| of(chain)(&e))?;
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>().map_err(|e| of(chain)(&e))?;
    if certificates.is_empty() {
        return Err(of(chain)(&"there is no certificate in it"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|e| of(key)(&e))?;
    let builder: ConfigBuilder<ServerConfig, WantsServerCert> = builder()?.with_no_client_auth();
    let fitting = builder.with_single_cert(certificates, private);
    fitting.map_err(|error| CertificateError::Unfit(error.to_string()))
}

/// Makes a certificate that nobody but its own key vouches for, and its key, unless both are in this
/// folder already; for relays without a name that a public authority would vouch for. Devices are told to
/// trust it. `names`: the host names and IP addresses in the addresses of the relay. An error: what is there
/// is for other names, or can't be written.
pub fn sign_own(folder: &Path, names: &[String]) -> Result<(PathBuf, PathBuf), CertificateError> {
    let (chain, key) = (folder.join("relay.pem"), folder.join("relay.key"));
    let for_whom = folder.join("relay.names");
    if chain.exists() {
        let made_for = fs::read_to_string(&for_whom).map_err(|e| of(&for_whom)(&e))?;
        if made_for.lines().ne(names) {
            let made_for = made_for.lines().collect::<Vec<_>>().join(", ");
            return Err(CertificateError::OtherNames { folder: folder.to_owned(), made_for });
        }
        return Ok((chain, key));
    }
    let made = rcgen::generate_simple_self_signed(names)
        .map_err(|error| CertificateError::Making(error.to_string()))?;
    fs::create_dir_all(folder).map_err(|e| of(folder)(&e))?;
    // The certificate last: where it is the others are, whenever this is broken off.
    put(&key, &made.signing_key.serialize_pem())?;
    put(&for_whom, &(names.join("\n") + "\n"))?;
    put(&chain, &made.cert.pem())?;
    Ok((chain, key))
}

/// Writes a file that others can't read: whole, or not at all.
fn put(path: &Path, text: &str) -> Result<(), CertificateError> {
    let partial = path.with_extension("partial");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = || {
        let mut file = options.open(&partial)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(|error| of(path)(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_stays_and_is_for_the_names_that_it_was_made_for() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["relay.example".to_owned(), "192.0.2.7".to_owned()];
        let (chain, key) = sign_own(folder.path(), &names).unwrap();
        let before = fs::read(&chain).unwrap();
        assert!(from_files(&chain, &key).is_ok());
        sign_own(folder.path(), &names).unwrap();
        assert_eq!(fs::read(&chain).unwrap(), before);
        let other = sign_own(folder.path(), &names[..1]).unwrap_err();
        assert!(other.to_string().contains("relay.example, 192.0.2.7"), "{other}");
    }

    #[test]
    fn what_was_broken_off_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("relay.key"), "half").unwrap();
        let (chain, key) = sign_own(folder.path(), &["relay.example".to_owned()]).unwrap();
        assert!(from_files(&chain, &key).is_ok());
    }
}
