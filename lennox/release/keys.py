"""What may be done with keys: which may be trusted for what, which are refused, where a private half may lie."""

from __future__ import annotations

from pathlib import Path

from lennox.errors import InputError, has_visible_text
from lennox.gate.predicates import is_channel, now
from lennox.gate.statement import PrivateKey, PublicKey, is_sha256
from lennox.gate.trust import Refusal, Trust, TrustedKey, user_file
from lennox.gate.trust_file import add_key, add_refusal


def make_key(name: str, path: Path | None = None, passphrase: str | None = None) -> tuple[PublicKey, Path]:
    """Make a key pair; the private half goes to a new file that only its owner may read.

    path : ~/.config/lennox/keys/NAME.pem unless given. Raises InputError for a name that is none, a file that exists,
    or one within a repository, where it would be published.
    """
    if Path(name).name != name or name.startswith("."):
        raise InputError(f"'{name}' cannot name a file; choose a plain name such as auditor.")
    file = path or user_file().parent / "keys" / f"{name}.pem"
    if any((parent / ".git").exists() for parent in file.absolute().parents):
        raise InputError(f"'{file.name}' would lie within a repository; keep private keys elsewhere.")
    key = PrivateKey.new()
    key.write(file, passphrase)
    return key.public, file


def trust_key(path: Path, key: TrustedKey, trust: Trust) -> None:
    """Let a key count, in a trust file. trust : what counts there already

    Raises InputError for a key that is listed or was revoked, and for a name that nobody can read.
    """
    if not has_visible_text(key.name) or (key.body and not has_visible_text(key.body)):
        raise InputError("a key has a name that can be read: one line with letters or digits.")
    if not key.channels or not all(map(is_channel, key.channels)):
        raise InputError("channels have names such as workshop or clinic.")
    if key.public.identity in trust.revoked_identities():
        raise InputError("this key was revoked and can count no more; its owner makes a new one with `lennox keygen`.")
    if any(one.public == key.public for one in trust.keys):
        raise InputError("this key is listed already; change its entry in the trust file.")
    add_key(path, key)


def refuse(what: str, why: str, trust: Trust, trust_file: Path | None = None) -> None:
    """Let a key, by its text or by the name that it is trusted under, or a release, by its statement, count no more."""
    today = now().date()
    if is_sha256(what) and not any(one.name == what for one in trust.keys):
        add_refusal(Refusal(today, why, statement=what), trust_file)
        return
    named = [one.public for one in trust.keys if one.name == what]
    if not named:
        try:
            named = [PublicKey.from_text(what)]
        except InputError as error:
            raise InputError(
                f"'{what[:64]}' is no name or key that `lennox trust show` lists, no public key, and no number of a "
                "release: 64 hex digits, statement_sha256 of `lennox verify --format json`."
            ) from error
    for public in dict.fromkeys(named):
        add_refusal(Refusal(today, why, key=public), trust_file)
