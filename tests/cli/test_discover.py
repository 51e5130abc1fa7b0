"""``arkitekt-di serve --lan`` and ``arkitekt-di discover``, on a network of their own."""

import json
import shutil
import socket
import subprocess
import sys
import textwrap
import threading
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from arkitekt_di.cli.main import app
from arkitekt_di.messages.beacon import Beacon

ON_A_NETWORK_OF_ITS_OWN = textwrap.dedent(
    """
    import json, os, signal, subprocess, sys
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    command = [sys.executable, "-m", "arkitekt_di"]
    options = ["--lan", "--tls-self-signed", "--json", "--data", sys.argv[1]]
    with subprocess.Popen([*command, "serve", *options], stdout=subprocess.PIPE, text=True) as hub:
        ready = json.loads(hub.stdout.readline())
        try:
            heard = subprocess.run([*command, "discover", "--wait", "2", "--json"], capture_output=True, text=True)
        finally:
            hub.send_signal(signal.SIGINT)
    print(json.dumps([ready, heard.returncode, heard.stdout]))
    """
)


def has_networks_of_its_own() -> bool:
    if not (sys.platform == "linux" and shutil.which("unshare") and shutil.which("ip")):
        return False
    return subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not has_networks_of_its_own(), reason="needs network namespaces")
def test_a_hub_that_is_announced_is_listed_with_the_key_that_it_shows(tmp_path):
    ran = subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", ON_A_NETWORK_OF_ITS_OWN, str(tmp_path / "data")],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": str(tmp_path)},
    )

    ready, code, heard = json.loads(ran.stdout.splitlines()[-1])
    [hub] = json.loads(heard)["hubs"]
    assert code == 0
    assert hub["fingerprint"] == ready["key_fingerprint"]
    assert hub["url"].startswith("https://")
    assert (hub["name"], hub["trusted"]) == ("Arkitekt hub", False)


@pytest.fixture
def port(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
    monkeypatch.setattr("arkitekt_di.fakts.lan.BEACON_PORT", free)
    return free


@contextmanager
def announced(port):
    """Send beacons until the block ends."""
    over = threading.Event()

    def speak():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
            while not over.wait(0.05):
                beacon = Beacon(name="Lab", url="https://lab.example", fingerprint="SHA256:the-key")
                mouth.sendto(beacon.datagram(), ("127.0.0.1", port))

    speaker = threading.Thread(target=speak)
    speaker.start()
    try:
        yield
    finally:
        over.set()
        speaker.join()


def test_a_person_reads_what_was_heard_and_how_to_log_in(port, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    with announced(port):
        ran = CliRunner().invoke(app, ["discover", "--wait", "0.5"])

    assert ran.exit_code == 0
    assert [word for word in ("Lab", "https://lab.example", "SHA256:the-key") if word not in ran.stdout] == []
    assert "arkitekt-di auth login https://lab.example" in ran.stdout
    assert "Anybody can announce anything" in ran.stdout


def test_silence_has_an_exit_code_of_its_own(port):
    ran = CliRunner().invoke(app, ["discover", "--wait", "0.1", "--json"])
    assert (ran.exit_code, ran.stdout) == (5, '{"hubs": []}\n')

    ran = CliRunner().invoke(app, ["discover", "--wait", "0.1"])
    assert (ran.exit_code, ran.stdout) == (5, "")
    assert "arkitekt-di serve --lan" in ran.stderr


def test_a_wait_without_bounds_is_wrong_usage():
    assert CliRunner().invoke(app, ["discover", "--wait", "3600"]).exit_code == 2
    assert CliRunner().invoke(app, ["discover", "--wait", "-1"]).exit_code == 2


def test_a_port_that_another_program_keeps_for_itself_is_told(monkeypatch):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("", 0))  # without sharing it
        monkeypatch.setattr("arkitekt_di.fakts.lan.BEACON_PORT", other.getsockname()[1])
        ran = CliRunner().invoke(app, ["discover", "--wait", "0.1"])

    assert ran.exit_code != 0
    assert "nothing can be heard" in str(ran.exception)
