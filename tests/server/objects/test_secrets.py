"""No secret leaves the endpoint but to the one it was issued to."""

import contextlib
import logging

import obstore
import pytest
from botocore.exceptions import ClientError

from tests.server.objects.live import BUCKET, LiveEndpoint, boto_client, exchange, obstore_client, signed_headers


def test_no_secret_is_logged_or_answered(live: LiveEndpoint, caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG, over good, refused and broken requests."""
    caplog.set_level(logging.DEBUG, logger="arkitekt_di")
    caplog.set_level(logging.DEBUG, logger="aiohttp")
    good = live.credentials()
    secrets = [value.get_secret_value() for value in (good.secret_key, good.session_token)]
    store = obstore_client(live, good)
    wrong = boto_client(live, good, aws_secret_access_key="wrong")

    obstore.put(store, "x", b"x")
    obstore.get(store, "x")
    for client in (wrong, boto_client(live, live.credentials("a/c"))):
        with contextlib.suppress(ClientError):
            client.put_object(Bucket=BUCKET, Key="a/b/x", Body=b"")
    signed = signed_headers(live, good, "PUT", "/zarr/a/b/x", payload="0" * 64)
    answers = [
        exchange(live, "PUT", "/zarr/a/b/x", signed, b"not what was signed"),
        exchange(live, "GET", "/zarr/a/b/y", signed),
    ]
    live.clock.offset = 10_000
    answers.append(exchange(live, "GET", "/zarr/a/b/x", signed))

    assert [answer.status for answer in answers] == [400, 403, 403]
    assert any("refused" in record.getMessage() for record in caplog.records)
    # Tests of botocore's own loggers are not ours: only the hub's are looked through.
    logged = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("boto"))
    shown = logged + "".join(answer.body.decode() for answer in answers) + repr(live.grants)
    assert not [secret for secret in secrets if secret in shown]
    assert live.secret.decode() not in shown
    assert signed["Authorization"] not in shown


def test_a_signed_address_is_not_logged(live: LiveEndpoint, caplog: pytest.LogCaptureFixture) -> None:
    """The endpoint's own log names the path only; the site must keep queries out of its access log, too."""
    caplog.set_level(logging.DEBUG, logger="arkitekt_di")
    credentials = live.credentials()
    url = boto_client(live, credentials).generate_presigned_url(
        "get_object", Params={"Bucket": BUCKET, "Key": "a/b/none"}, ExpiresIn=60
    )

    assert exchange(live, "GET", url.removeprefix(live.url), {}).status == 404

    own = [record.getMessage() for record in caplog.records if record.name.startswith("arkitekt_di")]
    assert own
    assert not [message for message in own if credentials.session_token.get_secret_value() in message]
