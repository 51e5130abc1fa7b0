"""Settings of every service: one frozen section each, named as its container and its attribute on the app."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class Section(BaseModel):
    """Part of the settings; a key that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)  # nothing waits for ever


class KoilSettings(Section):
    """The app's event loop.

    Attributes
    ----------
    loop : {'asyncio', 'uvloop'}
        Which event loop runs in the app's thread; ``uvloop`` needs the extra of that name.
    grace_s : float
        Longest wait, in seconds, for cancelled work to clean up.
    threads : int
        Most sync functions that coroutines run in threads at once, for each depth of nesting.
    """

    loop: Literal["asyncio", "uvloop"] = "asyncio"
    grace_s: float = Field(default=2.0, gt=0)
    threads: int = Field(default=64, ge=1)


class TransportSettings(Section):
    """Connections to the hub.

    Attributes
    ----------
    connect_timeout_s : float
        Longest wait for a connection, in seconds.
    request_timeout_s : float
        Longest wait for a whole answer, in seconds.
    insecure : bool
        Send logins over plain http to other machines too, where anyone on the way can take them; said for one call, so
        no file may set it.
    give_up_s : float
        Seconds without a connection after which a live subscription ends with an error; until then it comes back.
    """

    connect_timeout_s: float = Field(default=5.0, gt=0)
    request_timeout_s: float = Field(default=30.0, gt=0)
    insecure: bool = False
    give_up_s: float = Field(default=300.0, gt=0)


class FaktsSettings(Section):
    """Discovery of the hub and the configuration it gives.

    Attributes
    ----------
    url : str or None
        Address of the hub; None looks for one, and starts the user's local hub where there is none.
    fingerprint : str or None
        Fingerprint of the hub's key, as the hub shows it; a hub that cannot prove it is not used.
    lan : bool
        Whether hubs that announce themselves on the local network are looked for where none is named or remembered; a
        person has to say yes to a new one.
    facts : str or None
        Configuration that holds whatever the hub says, as JSON: what ``app.fakts.get`` shows, with ``self`` and
        ``instances``.
    facts_file : Path or None
        File with such a configuration, as JSON or YAML.
    token : SecretStr or None
        Login that was made elsewhere, as ``client_id:refresh_token``; good for one first start, then kept renewed.
    mandate_key : SecretStr or None
        Key that lets the app in without a person.
    mandate_key_file : Path or None
        File with such a key.
    discovery_timeout_s : float
        Longest wait for the hub's well-known document, in seconds.
    challenge_timeout_s : float
        Longest wait for one address of a service, in seconds.
    browser : {'open', 'print'}
        Whether the login link is opened in a browser or printed.
    person : {'terminal', 'nobody'}
        Who is asked whether a new hub is trusted: whoever sits at the terminal, or nobody, so that it is refused.
    login_timeout_s : float
        Longest wait for a person to log in, in seconds; whoever issues a code may give them less.
    cache : {'file', 'none'}
        Whether configuration and tokens are kept between runs.
    """

    url: str | None = None
    fingerprint: str | None = None
    lan: bool = False
    facts: str | None = None
    facts_file: Path | None = None
    token: SecretStr | None = None
    mandate_key: SecretStr | None = None
    mandate_key_file: Path | None = None
    discovery_timeout_s: float = Field(default=3.0, gt=0)
    challenge_timeout_s: float = Field(default=3.0, gt=0)
    browser: Literal["open", "print"] = "open"
    person: Literal["terminal", "nobody"] = "terminal"
    login_timeout_s: float = Field(default=300.0, gt=0)
    cache: Literal["file", "none"] = "file"


class HerreSettings(Section):
    """Login and tokens.

    Attributes
    ----------
    login : {'auto', 'code', 'device', 'headless', 'never'}
        How a person is asked: in the browser of this machine (``code``), by a code that works anywhere (``device``),
        not at all (``never``), or as it fits where the app runs; ``headless`` shows a code too, asks nothing, and ends
        with the command that logs in where nobody approves it.
    token : SecretStr or None
        Access token to use as it is: neither renewed nor kept.
    issuer : str or None
        OpenID Connect issuer that gives tokens in place of the hub, such as ``https://login.lab.org/realms/lab``.
    client_id : str or None
        Identifier under which the app is registered at the issuer, or at the hub.
    client_secret : SecretStr or None
        Secret of that client; with it the app logs in as itself, without a person.
    store : {'auto', 'file'}
        Where logins are kept: in the system's keyring where the extra ``keyring`` is installed and finds one, or in
        files that only the user may read.
    expiry_skew_s : float
        A token that expires within this many seconds is renewed before it is sent.
    lock_timeout_s : float
        Longest wait, in seconds, for another process that is renewing the same token.
    """

    login: Literal["auto", "code", "device", "headless", "never"] = "auto"
    token: SecretStr | None = None
    issuer: str | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    store: Literal["auto", "file"] = "auto"
    expiry_skew_s: float = Field(default=60.0, ge=0)
    lock_timeout_s: float = Field(default=30.0, gt=0)


class MikroSettings(Section):
    """Images.

    Attributes
    ----------
    kind : {'hub', 'in_memory'}
        Whether records and pixels are kept by the hub, or in the memory of this process, which forgets them at its end.
    chunk_px : int
        Longest edge of a chunk along y and x, or along the two last axes, in pixels.
    shard_mib : float
        Largest shard before compression, in MiB.
    codec : {'lz4', 'zstd', 'none'}
        Compression inside blosc with bit shuffle; ``none`` stores plain bytes.
    transfers : int
        Shards that are encoded and sent at the same time; of a Dask array three quarters as many, as what is computed
        needs more memory.
    access_margin_s : float
        A grant that expires within this many seconds is renewed before it is used.
    layout : {'planes', 'cubes'}
        Whether a chunk is a piece of a plane, or a cube of 64 pixels, for volumes that are looked at from all sides.
    levels : int
        Most levels of resolution, the finest included; 1 makes no coarser ones.
    level_px : int
        Coarser levels are made until y and x are no longer than this, in pixels.
    scale_method : {'auto', 'mean', 'mode', 'nearest'}
        How pixels become one on a coarser level; ``auto`` is the mean, and for masks the nearest pixel.
    progress : {'auto', 'never'}
        Whether a transfer that takes long shows a bar in a terminal or notebook.
    resume : bool
        Whether a large upload that was interrupted is gone on with when the same array is stored again.
    local_drafts : bool
        Whether pixels are written into the hub's folder where it is on this machine and of the same user; they are sent
        otherwise.
    """

    kind: Literal["hub", "in_memory"] = "hub"
    chunk_px: int = Field(default=512, ge=1)
    shard_mib: float = Field(default=16.0, gt=0)
    codec: Literal["lz4", "zstd", "none"] = "lz4"
    transfers: int = Field(default=4, ge=1, le=64)
    access_margin_s: float = Field(default=60.0, ge=0)
    layout: Literal["planes", "cubes"] = "planes"
    levels: int = Field(default=8, ge=1, le=32)
    level_px: int = Field(default=512, ge=1)
    scale_method: Literal["auto", "mean", "mode", "nearest"] = "auto"
    progress: Literal["auto", "never"] = "auto"
    resume: bool = True
    local_drafts: bool = True


class RekuestSettings(Section):
    """Functions: offered to other apps, and called.

    Attributes
    ----------
    kind : {'hub', 'in_memory'}
        Whether functions are offered at the hub, or in the memory of this process, where this app alone can call them.
    limit : int
        Most bodies that run at once, of all functions together.
    processes : int
        Most processes for bodies that want one of their own.
    dask : str or None
        Address of the scheduler of the Dask cluster for bodies that want one, such as ``tcp://scheduler:8786``; None is
        the one that Dask itself is configured for (``DASK_SCHEDULER_ADDRESS``), or a cluster on this machine.
    heartbeat : {'process', 'loop'}
        Who answers the hub's heartbeats: a small process of its own, which bodies that hold the interpreter's lock
        cannot keep from it, or the app's own loop.
    patience_s : float
        Longest silence of the app's own process, in seconds, that the heartbeat process covers.
    force : bool
        Take the place of another process that offers functions as the same app.
    give_up_s : float
        Seconds without a connection to the hub after which serving ends with an error; until then it comes back.
    grace_s : float
        Longest wait, in seconds, for bodies to end when serving ends, and before a process is killed.
    journal : {'file', 'none'}
        Whether reports that the hub has not confirmed survive the process.
    registration : {'auto', 'graphql'}
        How an agent says what it offers: when it registers, and over GraphQL where the hub refuses that; or, for hubs
        of the generation before, over GraphQL from the first.
    """

    kind: Literal["hub", "in_memory"] = "hub"
    limit: int = Field(default=100, ge=1)
    processes: int = Field(default=4, ge=1)
    dask: str | None = None
    heartbeat: Literal["process", "loop"] = "process"
    patience_s: float = Field(default=600.0, gt=0)
    force: bool = False
    give_up_s: float = Field(default=86400.0, gt=0)
    grace_s: float = Field(default=5.0, gt=0)
    journal: Literal["file", "none"] = "file"
    registration: Literal["auto", "graphql"] = "auto"


class HubSettings(Section):
    """The hub that an app may bring along: the user's local one, or one inside the app.

    Attributes
    ----------
    folder : Path or None
        Data folder; None is the user's own for the local hub, and a temporary one inside the app.
    idle_s : float
        The local hub ends after this many seconds without a request.
    start_timeout_s : float
        Longest wait for the local hub to come up, in seconds.
    """

    folder: Path | None = None
    idle_s: float = Field(default=1800.0, gt=0)
    start_timeout_s: float = Field(default=60.0, gt=0)


class AppSettings(Section):
    """All sections of an app.

    Attributes
    ----------
    overrides : Mapping of str to str
        Classes of your own that stand for services, as ``module:Class`` by dotted name, such as ``mikro.records:
        our_lab.records:LabRecords``; each gets the arguments of the class that it stands for.
    """

    overrides: Mapping[str, str] = {}
    koil: KoilSettings = KoilSettings()
    transport: TransportSettings = TransportSettings()
    fakts: FaktsSettings = FaktsSettings()
    herre: HerreSettings = HerreSettings()
    mikro: MikroSettings = MikroSettings()
    rekuest: RekuestSettings = RekuestSettings()
    hub: HubSettings = HubSettings()


class ListenSettings(Section):
    """Where the hub listens.

    Attributes
    ----------
    host : str
        Address to bind; anything but loopback makes the hub reachable for others.
    port : int
        0 takes any free port.
    public_url : str or None
        Address that clients use, where it differs, as behind a proxy.
    hosts : tuple of str
        More names that a hub off loopback answers to; without them, its public name, its machine's name and numbers.
    tls_cert, tls_key : Path or None
        Certificate chain and private key, in PEM; the hub then speaks https itself.
    tls_self_signed : bool
        Speak https with a certificate of the hub's own, which clients pin.
    hsts_s : int
        How long, in seconds, browsers remember to come by https only (RFC 6797); 0 leaves it out.
    lan : bool
        Announce the hub to everyone on the local network, so that ``arkitekt-di discover`` lists it.
    """

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    public_url: str | None = None
    hosts: tuple[str, ...] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_self_signed: bool = False
    hsts_s: int = Field(default=365 * 24 * 3600, ge=0)
    lan: bool = False

    @model_validator(mode="after")
    def _has_one_certificate(self) -> "ListenSettings":
        if (self.tls_cert is None) != (self.tls_key is None):
            message = "tls_cert and tls_key go together"
            raise ValueError(message)
        if self.tls_self_signed and self.tls_cert is not None:
            message = "tls_self_signed and tls_cert exclude each other"
            raise ValueError(message)
        return self

    @property
    def speaks_tls(self) -> bool:
        """Whether the hub itself speaks https."""
        return self.tls_self_signed or self.tls_cert is not None


class DatabaseSettings(Section):
    """Records of the hub.

    Attributes
    ----------
    url : str or None
        SQLAlchemy address with an async driver; None is SQLite in the data folder.
    """

    url: str | None = Field(default=None, repr=False)  # may hold a password


class IdentitySettings(Section):
    """Login and tokens that the hub issues.

    Attributes
    ----------
    access_token_s, refresh_token_s : int
        Lifetime of tokens, in seconds; a refresh token's is counted from its last use.
    device_code_s : int
        How long a device code may be approved, in seconds.
    approval : {'person', 'automatic'}
        Who approves device codes; ``automatic`` is for tests and is refused off loopback.
    audit_s : int
        How long the audit log is kept, in seconds.
    audit_events : int
        Most events in the audit log; the oldest are forgotten first.
    """

    access_token_s: int = Field(default=3600, gt=0)
    refresh_token_s: int = Field(default=30 * 24 * 3600, gt=0)
    device_code_s: int = Field(default=300, gt=0)
    approval: Literal["person", "automatic"] = "person"
    audit_s: int = Field(default=365 * 24 * 3600, gt=0)
    audit_events: int = Field(default=200_000, gt=0)


class S3Settings(Section):
    """The S3 on which the hub keeps its objects, where ``objects.store`` says so.

    Attributes
    ----------
    endpoint : str or None
        Its address, such as ``https://s3.lab.org``.
    bucket : str or None
        Name of a bucket that is there already.
    prefix : str or None
        Folder in the bucket, so that others may use the bucket too; None is all of it.
    region : str
        Region that requests are signed for; many stores take any.
    access_key : SecretStr or None
        Name of the key that the hub signs with.
    secret_key : SecretStr or None
        The key itself.
    timeout_s : float
        Longest time for one request, in seconds, and for trying it again.
    """

    endpoint: str | None = Field(default=None, pattern=r"^https?://[^/?#@\s]+/?$")
    bucket: str | None = Field(default=None, min_length=1)
    prefix: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$")
    region: str = Field(default="us-east-1", min_length=1)
    access_key: SecretStr | None = None
    secret_key: SecretStr | None = None
    timeout_s: float = Field(default=60.0, gt=0)


class ObjectSettings(Section):
    """The hub's own object store.

    Attributes
    ----------
    store : {'folder', 's3'}
        Whether objects are kept in the data folder or on another S3; clients see the hub's own endpoint in any case.
    grant_s : int
        Lifetime of a grant, in seconds.
    max_object_mib : float
        Largest single object, in MiB.
    max_upload_gib : float
        Largest upload under one grant, in GiB.
    abandoned_after_s : float
        An upload that was not finished is removed this many seconds after its grant has expired.
    local_drafts : bool
        Whether clients on the hub's machine are told a folder into which those of its own user write objects as files;
        to be switched off where a proxy on this machine lets others in.
    """

    store: Literal["folder", "s3"] = "folder"
    grant_s: int = Field(default=3600, gt=0)
    max_object_mib: float = Field(default=512.0, gt=0)
    max_upload_gib: float = Field(default=1024.0, gt=0)
    abandoned_after_s: float = Field(default=3600.0, ge=0)
    local_drafts: bool = True
    s3: S3Settings = S3Settings()

    @model_validator(mode="after")
    def _names_its_s3(self) -> "ObjectSettings":
        needed = ("endpoint", "bucket", "access_key", "secret_key")
        missing = [f"s3.{name}" for name in needed if getattr(self.s3, name) is None]
        if self.store == "s3" and missing:
            message = f"store s3 needs {', '.join(missing)}"
            raise ValueError(message)
        return self


class NgffSettings(Section):
    """Images as OME-Zarr, for other tools.

    Attributes
    ----------
    origins : tuple of str
        Web pages that may read images with a link, such as ``https://viewer.lab.org``; ``*`` is every page, which still
        needs the link.
    link_s : int
        How long a link is good, in seconds, where nobody asks for another time.
    max_link_s : int
        Longest time that a link may be good, in seconds.
    """

    origins: tuple[str, ...] = ("*",)
    link_s: int = Field(default=24 * 3600, gt=0)
    max_link_s: int = Field(default=30 * 24 * 3600, gt=0)


class TrashSettings(Section):
    """What becomes of deleted records.

    Attributes
    ----------
    keep_s : float
        How long a deleted image, folder, file or table can be restored, in seconds.
    """

    keep_s: float = Field(default=30 * 24 * 3600.0, ge=0)


class TaskSettings(Section):
    """Tasks between apps.

    Attributes
    ----------
    durability : {'process', 'power'}
        Whether what was answered survives the end of the hub's process, or that of the machine too; the latter waits
        for the disk. SQLite only: other databases decide for themselves.
    heartbeat_s : float
        Seconds between two heartbeats of an agent.
    heartbeat_answer_s : float
        Longest wait for the answer to one, in seconds.
    lost_after_s : float
        An agent that does not come back within this many seconds has lost its tasks.
    restart_grace_s : float
        The same, counted from the start of the hub.
    pickup_s : float
        A task of which its agent says nothing for this many seconds is sent once more, and then lost.
    redeliveries : int
        How often a task that may run again is given out again after its agent was lost.
    resumes : int
        The same for workflows, which go on where they were.
    window : int
        Most tasks that an agent is given at the same time; the others wait in the hub, where they can be cancelled.
    max_frame_mib : float
        Largest frame of an agent and largest request of a caller, in MiB.
    feed_events : int
        Events that wait in memory for one caller; more wait on disk.
    keep_days : float
        Days that tasks are kept after they have ended.
    """

    durability: Literal["process", "power"] = "process"
    heartbeat_s: float = Field(default=10.0, gt=0)
    heartbeat_answer_s: float = Field(default=5.0, gt=0)
    lost_after_s: float = Field(default=5.0, gt=0)
    restart_grace_s: float = Field(default=60.0, gt=0)
    pickup_s: float = Field(default=30.0, gt=0)
    redeliveries: int = Field(default=3, ge=0)
    resumes: int = Field(default=16, ge=0)
    window: int = Field(default=256, ge=1)
    max_frame_mib: float = Field(default=32.0, gt=0)
    feed_events: int = Field(default=1024, ge=1)
    keep_days: float = Field(default=30.0, gt=0)


class ServerSettings(Section):
    """All sections of a hub.

    Attributes
    ----------
    name : str
        Shown to people who log in.
    data : Path
        Data folder: records, pixels and keys.
    idle_s : float or None
        End after this many seconds without a request; None never ends.
    """

    name: str = "Arkitekt hub"
    data: Path = Path("arkitekt-data")
    idle_s: float | None = Field(default=None, gt=0)
    listen: ListenSettings = ListenSettings()
    database: DatabaseSettings = DatabaseSettings()
    identity: IdentitySettings = IdentitySettings()
    objects: ObjectSettings = ObjectSettings()
    trash: TrashSettings = TrashSettings()
    ngff: NgffSettings = NgffSettings()
    tasks: TaskSettings = TaskSettings()
