"""A certificate authority of the tests' own, and certificates for any name."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Authority:
    """Issues certificates; `trust` is its own, in PEM, for those who shall believe it."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    name: x509.Name

    @property
    def trust(self) -> Path:
        """The authority's certificate."""
        return self.folder / "authority.pem"

    def issue(self, host: str, *, days: int = 1) -> Path:
        """A certificate for a name or an address, with its key; expired with negative days."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(_name(host), key, self.name, self.key, days, _alternative(host))
        path = self.folder / f"{host.replace(':', '-')}{days}.pem"
        path.write_bytes(_pem(certificate) + _key_pem(key))
        return path


def make_authority(folder: Path) -> Authority:
    """A new authority that keeps its files in a folder."""
    folder.mkdir(exist_ok=True)
    key, name = ec.generate_private_key(ec.SECP256R1()), _name("Tests")
    usage = x509.KeyUsage(True, *[False] * 4, True, True, False, False)
    basic = x509.BasicConstraints(ca=True, path_length=None)
    certificate = _certificate(name, key, name, key, 1, basic, usage)
    authority = Authority(folder, key, name)
    authority.trust.write_bytes(_pem(certificate))
    return authority


def _certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    days: int,
    *extensions: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
    )
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    subject_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    for extension in (*extensions, authority_id, subject_id):
        critical = isinstance(extension, x509.BasicConstraints | x509.KeyUsage)
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


def _alternative(host: str) -> x509.SubjectAlternativeName:
    try:
        return x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    except ValueError:
        return x509.SubjectAlternativeName([x509.DNSName(host)])


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
