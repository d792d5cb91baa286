// A TLS client as Rust has them: is the certificate in a file trusted by the authorities
// of the system?
use rustls::client::{ServerCertVerifier, WebPkiVerifier};
use rustls::{Certificate, RootCertStore, ServerName};

fn main() {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs().expect("certificates of the system");
    println!("{} certificates", system.len());
    for cert in system {
        // some are of kinds that it does not know
        let _ = roots.add(&Certificate(cert.0));
    }
    println!("{} are of use", roots.len());
    let text = std::fs::read("/mnt/cert.der").expect("a certificate");
    let moment = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    let name = ServerName::try_from("example.org").unwrap();
    let verdict = WebPkiVerifier::new(roots, None).verify_server_cert(
        &Certificate(text), &[], &name, &mut std::iter::empty(), &[], moment);
    println!("{:?}", verdict.err());
}
