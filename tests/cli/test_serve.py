"""``arkitekt-di serve``, as a person and as a program meet it."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

BOUND_S = 60.0


def serve(data: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-u", "-m", "arkitekt_di", "serve", "--port", "0", "--data", str(data), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_person_reads_the_address_and_ends_it_with_a_signal(tmp_path: Path, how: signal.Signals):
    with serve(tmp_path / "data") as hub:
        assert hub.stdout is not None
        said = [hub.stdout.readline() for _ in range(4)]
        hub.send_signal(how)
        rest, errors = hub.communicate(timeout=BOUND_S)

    assert said[0].startswith("Arkitekt hub listens at http://127.0.0.1:")
    assert said[1] == f"Data are in {tmp_path / 'data'}\n"
    assert "/setup/" in said[2]
    assert said[3] == "Ctrl-C stops it.\n"
    assert (hub.returncode, rest, errors) == (0, "Stopped: asked to.\n", "")


def test_a_program_reads_json(tmp_path: Path):
    with serve(tmp_path / "data", "--json", "--set", "idle_s=0.05") as hub:
        output, errors = hub.communicate(timeout=BOUND_S)
    ready, stopped = map(json.loads, output.splitlines())

    assert set(ready) == {"url", "pid", "data", "setup_url", "key_fingerprint"}
    assert ready["key_fingerprint"].startswith("SHA256:")
    assert ready["pid"] == hub.pid
    assert stopped == {"stopped": "nobody needed it"}
    assert (hub.returncode, errors) == (0, "")


def test_an_option_goes_before_a_file_also_where_it_is_zero(tmp_path: Path):
    file = tmp_path / "hub.yaml"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        file.write_text(f"idle_s: 0.05\nlisten:\n  port: {taken.getsockname()[1]}\n")
        with serve(tmp_path / "data", "--json", "--config", str(file)) as hub:
            output, errors = hub.communicate(timeout=BOUND_S)

    assert (hub.returncode, errors) == (0, "")
    assert json.loads(output.splitlines()[-1]) == {"stopped": "nobody needed it"}


def test_a_program_reads_why_it_did_not_start(tmp_path: Path):
    with serve(tmp_path / "data", "--json") as first:
        assert first.stdout is not None
        first.stdout.readline()
        with serve(tmp_path / "data", "--json") as second:
            output, _errors = second.communicate(timeout=BOUND_S)
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=BOUND_S)

    error = json.loads(output)["error"]
    assert error["type"] == "DataFolderInUseError"
    assert str(tmp_path / "data") in error["message"]
    assert second.returncode == 1


@pytest.mark.parametrize("public", [None, "http://hub.lab.org"])
def test_a_hub_on_every_interface_says_what_others_reach_and_what_its_issuer_needs(tmp_path: Path, public: str | None):
    named = [] if public is None else ["--set", f"listen.public_url={public}"]
    everywhere = "0.0.0.0"  # noqa: S104  # what the test is about
    with serve(tmp_path / "data", "--host", everywhere, "--set", "idle_s=0.05", *named) as hub:
        output, _errors = hub.communicate(timeout=BOUND_S)

    said = [line for line in output.splitlines() if "issuer" in line]
    assert len(said) == (1 if public is None else 0)
    assert all(line.startswith(f"Others reach it at http://{socket.gethostname().lower()}:") for line in said)
    assert all("--set listen.public_url=http://" in line for line in said)


def test_automatic_approval_warns(tmp_path: Path):
    with serve(tmp_path / "data", "--auto-approve", "--set", "idle_s=0.05") as hub:
        _output, errors = hub.communicate(timeout=BOUND_S)

    assert "WARNING" in errors
    assert "--auto-approve" in errors


def test_a_hub_with_a_certificate_of_its_own_shows_what_to_compare(tmp_path: Path):
    with serve(tmp_path / "data", "--tls-self-signed", "--json", "--set", "idle_s=0.05") as hub:
        output, errors = hub.communicate(timeout=BOUND_S)
    ready = json.loads(output.splitlines()[0])

    assert ready["url"].startswith("https://127.0.0.1:")
    assert len(ready["certificate_fingerprint"].split(":")) == 32
    assert (hub.returncode, errors) == (0, "")


def test_a_certificate_that_cannot_be_used_is_told_before_anything_listens(tmp_path: Path):
    missing = ("--tls-cert", str(tmp_path / "no.pem"), "--tls-key", str(tmp_path / "no.key"))
    with serve(tmp_path / "data", "--json", *missing) as hub:
        output, _errors = hub.communicate(timeout=BOUND_S)

    assert json.loads(output)["error"]["type"] == "CertificateUnusableError"
    assert hub.returncode == 1
