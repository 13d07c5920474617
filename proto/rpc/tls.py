"""TLS between clients and authorities, pinned by the key that the committee knows an authority by.

There is nothing to distribute: an authority signs a fresh certificate with its own key each time it starts,
and a client makes the trust anchor from the public key in its committee file. Whoever cannot sign with that
key cannot show a certificate that is accepted, whatever the address or the network in between.

The TLS key itself is ECDSA on P-256: TLS libraries do not offer Ed25519 for handshakes, but do check Ed25519
signatures of certificates. Certificates do not expire, for the committee says how long a key is trusted.
"""

from __future__ import annotations

import ssl
from base64 import b32encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from tempfile import NamedTemporaryFile

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from proto.committee import AuthorityName
from proto.crypto import Ed25519KeyPair

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
"""Where clocks stand that do not know the time: they keep nobody out."""
_END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""RFC 5280, 4.1.2.5: no well-defined expiration."""

_NOBODY = Ed25519PrivateKey.from_private_bytes(bytes(32))
"""Signs anchors: what a client trusts from the start proves nothing by its signature."""


def server_name(authority: AuthorityName) -> str:
    """The host name in an authority's certificate: its key, for Base32 fits into a label of DNS."""
    return f"{b32encode(authority).decode().rstrip('=').lower()}.authority.movelite"


def trust_anchor(authority: AuthorityName) -> bytes:
    """What a client trusts to name an authority's TLS key, as PEM. Raises: ValueError if it is no key."""
    builder = (
        _builder()
        .subject_name(_issuer(authority))
        .issuer_name(_issuer(authority))
        .public_key(Ed25519PublicKey.from_public_bytes(authority))
        .serial_number(1)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    )
    return builder.sign(_NOBODY, None).public_bytes(Encoding.PEM)


@dataclass(frozen=True, slots=True)
class TlsIdentity:
    """A TLS key of an authority's server and its certificate, both as PEM."""

    private_key: bytes = field(repr=False)
    certificate: bytes

    def grpc_credentials(self) -> grpc.ServerCredentials:
        """For a server of gRPC."""
        return grpc.ssl_server_credentials([(self.private_key, self.certificate)])

    def server_context(self) -> ssl.SSLContext:
        """For a server on plain sockets."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        with NamedTemporaryFile() as file:  # readable by its owner alone; Python reads keys from files only
            file.write(self.private_key + self.certificate)
            file.flush()
            context.load_cert_chain(file.name)
        return context


def tls_identity(key: Ed25519KeyPair) -> TlsIdentity:
    """A new TLS key, certified by an authority's key."""
    authority = AuthorityName(key.public_key)
    tls_key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder()
        .subject_name(x509.Name([]))
        .issuer_name(_issuer(authority))
        .public_key(tls_key.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(server_name(authority))]), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    certificate = builder.sign(Ed25519PrivateKey.from_private_bytes(key.secret), None)
    private = tls_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return TlsIdentity(private, certificate.public_bytes(Encoding.PEM))


def channel_credentials(authority: AuthorityName) -> grpc.ChannelCredentials:
    """Credentials of a client that speaks to this authority alone. Raises: ValueError if it is no key."""
    return grpc.ssl_channel_credentials(trust_anchor(authority))


def client_context(authority: AuthorityName) -> ssl.SSLContext:
    """TLS of a client on a plain socket, for this authority alone, to be used with server_name.

    Raises: ValueError if it is no key.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # the anchor needs no more than its key
    context.load_verify_locations(cadata=trust_anchor(authority).decode())
    return context


def _builder() -> x509.CertificateBuilder:
    return x509.CertificateBuilder().not_valid_before(_BEGIN).not_valid_after(_END)


def _issuer(authority: AuthorityName) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"movelite authority {authority.hex()[:16]}")])
