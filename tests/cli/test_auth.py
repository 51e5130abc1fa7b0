"""``arkitekt-di auth`` against a hub that lives in the test."""

import asyncio
import json
import os
import ssl
import stat
import sys
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

from arkitekt_di.cli.main import app, exit_code
from arkitekt_di.errors import (
    HubChangedError,
    HubNotTrustedError,
    HubUnreachableError,
    InsecureTransportError,
    LoginRequiredError,
)
from arkitekt_di.messages.fakts import ChallengeKey
from arkitekt_di.testing.hub import InMemoryHub, public_key

pytestmark = pytest.mark.anyio


@pytest.fixture
async def hub():
    async with InMemoryHub(mandate_key="the mandate key") as hub:
        hub.interval_s = 1
        yield hub


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Let the user's folders be empty, and nothing be set."""
    for name in os.environ:
        if name.startswith(("ARKITEKT_", "FAKTS")):
            monkeypatch.delenv(name)
    for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    monkeypatch.setenv("ARKITEKT_FAKTS__BROWSER", "print")
    monkeypatch.setenv("ARKITEKT_HERRE__STORE", "file")  # not the keyring of whoever runs the tests
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def auth(folders):
    """Run the command beside the loop of the hub."""

    async def auth(*arguments):
        return await asyncio.to_thread(CliRunner().invoke, app, ["auth", *arguments])

    return auth


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


async def told(auth, *arguments):
    ran = await auth(*arguments, "--json")
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    return ran.exit_code, json.loads(ran.stdout)


async def test_a_login_is_made_looked_at_used_and_ended(auth, hub, folders):
    code, about = await told(auth, "login", hub.url)
    assert (code, about["user"], about["hub"]) == (0, "ada", hub.url)

    code, about = await told(auth, "status")
    assert (code, about["logged_in"], about["scopes"], about["organization"]) == (0, True, ["openid"], "lab")
    [kept] = (folders / "state" / "arkitekt" / "tokens").glob("*.json")
    assert about["kept"] == str(kept)
    assert [mode_of(path) for path in (kept, kept.parent)] == [0o600, 0o700]

    ran = await auth("token")
    assert ran.stdout.strip() in hub.good_access
    assert ran.stderr == ""

    assert await told(auth, "logout") == (0, {"hub": hub.url, "was_logged_in": True})
    assert hub.revocations == 1
    assert list(kept.parent.glob("*.json")) == []
    code, about = await told(auth, "status")
    assert (code, about["logged_in"], about["known"]) == (4, False, [hub.url])
    assert await told(auth, "logout") == (0, {"hub": hub.url, "was_logged_in": False})
    assert (hub.claims, hub.revocations) == (1, 1)


async def test_only_the_command_for_it_prints_a_token(auth, hub, folders):
    ran = [await auth(*command) for command in (["login", hub.url], ["status"], ["status", "--json"], ["logout"])]

    assert [run.exit_code for run in ran] == [0, 0, 0, 0]
    everything = "".join(run.output for run in ran)
    assert "http" in everything
    assert [secret for secret in hub.secrets_given if secret in everything] == []
    assert "BCDF-GHJK" in everything


async def test_each_app_has_its_own_login(auth, hub):
    await auth("login", hub.url)

    code, _ = await told(auth, "--app", "my-analysis", "status")

    assert code == 4
    code, about = await told(auth, "--app", "my-analysis", "login", hub.url)
    assert (code, about["app"], hub.claims) == (0, "my-analysis", 2)


async def test_a_token_that_nobody_can_give_is_an_error_with_the_command_that_helps(auth, hub):
    ran = await auth("--app", "my analysis", "--app-version", "2", "token", hub.url)

    assert isinstance(ran.exception, LoginRequiredError)
    assert exit_code(ran.exception) == 4
    assert f"`arkitekt-di auth --app 'my analysis' --app-version 2 login {hub.url}`" in str(ran.exception)
    assert ran.stdout == ""


async def test_a_hub_is_chosen_without_a_login(auth, hub):
    async with InMemoryHub() as other:
        await auth("login", hub.url)
        assert await told(auth, "switch", other.url) == (0, {"hub": other.url})

        code, about = await told(auth, "status")
        assert (code, about["hub"], about["known"]) == (4, other.url, [other.url, hub.url])

        await auth("switch", hub.url)
        code, about = await told(auth, "status")
        assert (code, about["logged_in"]) == (0, True)


async def test_what_is_no_hub_is_not_remembered(auth, hub):
    hub.document["protocol_version"] = "1"
    assert (await auth("switch", hub.url)).exit_code != 0
    hub.document.clear()

    code, about = await told(auth, "status", hub.url)

    assert (code, about["known"]) == (4, [])


async def test_variables_go_before_the_remembered_hub(auth, hub, monkeypatch):
    async with InMemoryHub() as other:
        await auth("switch", hub.url)
        monkeypatch.setenv("FAKTS_URL", other.url)

        _, about = await told(auth, "status")

        assert about["hub"] == other.url


async def test_a_file_goes_before_the_remembered_hub(auth, hub, folders):
    async with InMemoryHub() as other:
        await auth("switch", hub.url)
        file = folders / "config" / "arkitekt" / "config.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(f"fakts: {{url: '{other.url}'}}\n")

        _, about = await told(auth, "status")

        assert about["hub"] == other.url


async def test_without_any_hub_there_is_nothing_to_tell(auth):
    ran = await auth("status")

    assert isinstance(ran.exception, HubUnreachableError)
    assert exit_code(ran.exception) == 5


async def test_a_key_logs_in_and_is_kept_nowhere(auth, hub, monkeypatch):
    monkeypatch.setenv("FAKTS_MANDATE_KEY", "the mandate key")

    code, about = await told(auth, "status", hub.url)

    assert (code, about["user"], about["kept"]) == (0, "ada", "nowhere")
    assert await told(auth, "logout", hub.url) == (0, {"hub": hub.url, "was_logged_in": False})


async def test_a_login_from_elsewhere_runs_a_program(auth, hub, monkeypatch, folders):
    await auth("login", hub.url)
    [kept] = (folders / "state" / "arkitekt" / "tokens").glob("*.json")
    token = json.loads(kept.read_text())
    monkeypatch.setenv("FAKTS_TOKEN", f"{token['client_id']}:{token['refresh_token']}")
    kept.unlink()

    for _ in range(2):
        ran = await auth("token")
        assert ran.stdout.strip() in hub.good_access

    assert (hub.claims, hub.refreshes) == (1, 1)


async def test_an_app_that_is_none_is_wrong_usage(auth, hub):
    assert (await auth("--app", "a/b", "status", hub.url)).exit_code == 2


async def test_the_program_exits_as_it_says(hub, folders):
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "arkitekt_di", "auth", "token", hub.url, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2],
    )  # fmt: skip

    output, errors = await program.communicate()

    assert (program.returncode, output) == (4, b"")
    assert b"arkitekt-di auth --app arkitekt-di login" in errors
    assert b"Traceback" not in errors


# --- hubs that are known by their key ------------------------------------------------------------


@pytest.fixture
async def own_hub():
    """Run a hub with a key and a certificate that no authority has signed."""
    hub = InMemoryHub(mandate_key="the mandate key")
    hub.interval_s = 1
    hub.identity_key = Ed25519PrivateKey.generate()
    issued = trustme.CA().issue_cert("127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    issued.configure_cert(context)
    hub.certificates = [issued.cert_chain_pems[0].bytes().decode()]
    await hub.start(context)
    yield hub
    await hub.stop()


def fingerprint_of(hub):
    return ChallengeKey.model_validate(public_key(hub.identity_key)).fingerprint


async def test_a_hub_of_its_own_certificate_is_trusted_once_and_then_logged_in_to(auth, own_hub):
    fingerprint = fingerprint_of(own_hub)
    ran = await auth("login", own_hub.url)
    assert isinstance(ran.exception, HubNotTrustedError)
    assert ran.exception.fingerprint == fingerprint
    assert own_hub.claims == 0

    code, told_about = await told(auth, "trust", own_hub.url, "--fingerprint", fingerprint)
    assert (code, told_about["fingerprint"]) == (0, fingerprint)
    code, about = await told(auth, "login", own_hub.url)
    assert (code, about["user"], about["key"]) == (0, "ada", fingerprint)

    code, about = await told(auth, "distrust", own_hub.url)
    assert about == {"forgotten": [{"hub": own_hub.url, "fingerprint": fingerprint}]}
    assert (await told(auth, "distrust", own_hub.url))[1] == {"forgotten": []}
    assert isinstance((await auth("login", own_hub.url)).exception, HubNotTrustedError)


async def test_another_fingerprint_than_that_of_the_hub_is_refused(auth, own_hub):
    ran = await auth("trust", own_hub.url, "--fingerprint", "SHA256:of-another-hub")

    assert isinstance(ran.exception, HubChangedError)
    assert (ran.exception.known, ran.exception.found) == ("SHA256:of-another-hub", fingerprint_of(own_hub))
    assert isinstance((await auth("login", own_hub.url)).exception, HubNotTrustedError)


async def test_a_login_goes_to_no_other_hub_that_comes_to_be_trusted_at_the_same_address(auth, own_hub):
    await auth("trust", own_hub.url, "--fingerprint", fingerprint_of(own_hub))
    assert (await told(auth, "login", own_hub.url))[0] == 0
    own_hub.identity_key = Ed25519PrivateKey.generate()

    ran = await auth("status", own_hub.url)
    assert isinstance(ran.exception, HubChangedError)
    await auth("distrust", own_hub.url)
    await auth("trust", own_hub.url, "--fingerprint", fingerprint_of(own_hub))

    code, about = await told(auth, "status", own_hub.url)
    assert (code, about["logged_in"]) == (4, False)
    assert own_hub.refreshes == 0


async def test_plain_http_to_another_machine_is_allowed_for_one_call_only(auth):
    ran = await auth("login", "http://hub.invalid:1")
    assert isinstance(ran.exception, InsecureTransportError)

    ran = await auth("--insecure", "login", "http://hub.invalid:1")
    assert isinstance(ran.exception, HubUnreachableError)  # it was asked

    ran = await auth("login", "http://hub.invalid:1")
    assert isinstance(ran.exception, InsecureTransportError)
