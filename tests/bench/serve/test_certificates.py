"""Certificates for our servers, read by OpenSSL's own program."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from bench.serve.certificates import write_certificate

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


def openssl(*words: object) -> str:
    done = subprocess.run(
        ["openssl", *map(str, words)], capture_output=True, text=True, check=True, timeout=20
    )
    return done.stdout


def test_a_certificate_is_for_this_machine_and_its_authority_vouches_for_it(tmp_path: Path) -> None:
    made = write_certificate(tmp_path)
    for name in ("localhost", "127.0.0.1", "::1"):
        by = "-verify_hostname" if name == "localhost" else "-verify_ip"
        assert "OK" in openssl("verify", "-CAfile", made.ca, by, name, made.cert)
    held = openssl("pkey", "-in", made.key, "-pubout")
    assert held == openssl("x509", "-in", made.cert, "-noout", "-pubkey")


def test_the_key_is_its_owners_alone_and_in_the_form_that_all_servers_read(tmp_path: Path) -> None:
    made = write_certificate(tmp_path)
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    assert made.key.read_text().startswith("-----BEGIN PRIVATE KEY-----\n"), "PKCS #8 (RFC 5208)"


def test_all_servers_of_a_process_have_one_authority(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    one, other = map(write_certificate, folders)
    assert one.ca.read_bytes() == other.ca.read_bytes()
