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
/// trust it. `names`: the host names and IP addresses in the addresses of the relay.
pub fn sign_own(folder: &Path, names: &[String]) -> Result<(PathBuf, PathBuf), CertificateError> {
    let (chain, key) = (folder.join("relay.pem"), folder.join("relay.key"));
    if chain.exists() && key.exists() {
        return Ok((chain, key));
    }
    let made = rcgen::generate_simple_self_signed(names)
        .map_err(|error| CertificateError::Making(error.to_string()))?;
    fs::create_dir_all(folder).map_err(|e| of(folder)(&e))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&key).map_err(|e| of(&key)(&e))?;
    file.write_all(made.signing_key.serialize_pem().as_bytes()).map_err(|e| of(&key)(&e))?;
    file.sync_all().map_err(|e| of(&key)(&e))?;
    fs::write(&chain, made.cert.pem()).map_err(|e| of(&chain)(&e))?;
    Ok((chain, key))
}
