"""Every error of arkitekt_di, in one tree, grouped by what the reader can do about it.

::

    ArkitektError
    ├── ConfigurationError       (ValueError)       fix the named file, line and key
    ├── CompositionError         (RuntimeError)     fix the containers: cycle, hole, misspelt provider
    ├── MissingExtraError        (ImportError)      install the named extra
    ├── AppNotLoadedError        (ImportError)      name the app's module, or mend it
    ├── AppStateError            (RuntimeError)     open, close or name the app
    │   ├── NoAppError
    │   ├── AmbiguousAppError
    │   ├── AppClosedError
    │   ├── AppElsewhereError
    │   └── AppEnteredError
    ├── KoilError                (RuntimeError)     call from another place
    │   ├── OwnLoopError
    │   ├── NotAwaitedError      (AttributeError)   await what the function returned
    │   ├── NotPicklableError    (TypeError)
    │   ├── KoilClosedError
    │   └── ForkedError
    │       └── ForkedStoreError
    ├── CallTimeoutError         (TimeoutError)     give the call more time
    ├── DiscoveryError           (ConnectionError)  name a hub that can be reached
    │   ├── HubUnreachableError
    │   ├── NotAHubError
    │   ├── HubNotTrustedError
    │   ├── HubChangedError
    │   └── HubStartError
    ├── ServiceUnreachableError  (ConnectionError)  every address of a service failed
    ├── LoginError                                  log in again
    │   ├── LoginRequiredError
    │   ├── LoginRefusedError
    │   ├── LoginExpiredError
    │   ├── LoginWayClosedError
    │   └── InsecureTransportError
    ├── NotFoundError            (LookupError)      ask for something else
    │   ├── ImageNotFoundError
    │   ├── FolderNotFoundError
    │   ├── StoredFileNotFoundError
    │   ├── TableNotFoundError
    │   ├── MetricNotFoundError
    │   ├── RoiNotFoundError
    │   ├── CommentNotFoundError
    │   ├── StoreNotFoundError
    │   ├── ActionNotFoundError
    │   ├── TaskNotFoundError
    │   ├── AgentNotFoundError
    │   ├── ServiceNotGrantedError
    │   ├── UserNotFoundError
    │   ├── ClientNotFoundError
    │   ├── MandateNotFoundError
    │   ├── OrganizationNotFoundError
    │   └── HubDataNotFoundError
    ├── PermissionDeniedError    (PermissionError)  ask an administrator
    ├── LinkRefusedError         (PermissionError)  ask for a new link
    │   └── LinkExpiredError
    ├── FileRefusedError         (ValueError)       name another file, or say what it holds
    ├── RecordRefusedError       (ValueError)       change the arguments
    │   ├── ImageRefusedError                       change the array or its arguments
    │   └── TableRefusedError                       change the frame or its arguments
    ├── RoiRefusedError          (ValueError)       draw the region in another way
    ├── ImageDamagedError                           restore the hub's data, or store the image anew
    ├── UploadIncompleteError                       send what is missing
    ├── AppendConflictError                         let one writer append, or begin anew after the other
    ├── UploadPendingError                          ask again
    ├── FileDamagedError                            restore the hub's data, or store the file anew
    ├── ConnectionLostError      (ConnectionError)  try again later
    │   ├── CertificateError
    │   ├── ObjectStoreLostError
    │   └── TransferError
    ├── AccountRefusedError      (ValueError)       choose another name or password
    ├── ClientRefusedError       (ValueError)       register the client with other words
    ├── MandateRefusedError      (ValueError)       make the key with other words
    ├── StorageFullError         (OSError)          free space
    ├── OfferRefusedError        (ValueError)       change the function, or its annotations
    ├── ValueRefusedError        (ValueError)       give a value that fits the port
    ├── AgentRefusedError                           end the other agent, or change what is offered
    ├── LeaseLostError                              another connection speaks for the agent now
    ├── TaskError                                   the task did not end well
    │   ├── RemoteError                             read .remote_traceback
    │   ├── TaskStoppedError
    │   ├── TaskDeniedError
    │   ├── AgentLostError                          look whether it started, then call again
    │   └── WorkerDiedError                         the body took its process down
    ├── HubRefusedError                             the hub answered with an error
    ├── ObjectRefusedError                          change the request to the object store
    ├── ProtocolMismatchError                       update client or hub
    └── ServeError               (RuntimeError)     the hub cannot start here
        ├── PortTakenError
        ├── DataFolderInUseError
        ├── CertificateUnusableError
        ├── ObjectStoreUnusableError            mend the named setting
        ├── BeaconError
        └── AutomaticApprovalError

An error takes data, not a sentence: the data are its attributes and, in the same order, its
``args``, so that every error survives pickling.  ``str()`` builds the text, which ends with the
next step.  No error ever carries a token, a password or a secret key.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class ArkitektError(Exception):
    """Anything that arkitekt_di raises on purpose."""


# --- fix the configuration -----------------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in one place of the configuration.

    Attributes
    ----------
    origin : str
        Where the value came from: a file, ``environment``, ``argument``.
    line, column : int or None
        Position in the file, counted from 1; None where the origin has no lines.
    key : str
        Dotted name, such as ``mikro.shard_mib``; empty for the whole file.
    message : str
        What is wrong, and what was probably meant.
    """

    origin: str
    line: int | None
    column: int | None
    key: str
    message: str

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.origin, self.line, self.column) if part is not None)
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ConfigurationError(ArkitektError, ValueError):
    """The settings are wrong; every problem found is listed.

    Attributes
    ----------
    problems : tuple of Problem
        In the order of the files.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(tuple(problems))
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class CompositionError(ArkitektError, RuntimeError):
    """The containers do not fit together.

    Attributes
    ----------
    reason : str
        What is wrong with the graph.
    path : tuple of str
        The providers that lead to the fault, in order; may be empty.
    """

    def __init__(self, reason: str, path: Sequence[str] = ()) -> None:
        super().__init__(reason, tuple(path))
        self.reason = reason
        self.path = tuple(path)

    def __str__(self) -> str:
        return f"{self.reason}: {' -> '.join(self.path)}" if self.path else self.reason


class MissingExtraError(ArkitektError, ImportError):
    """Something needs a package that is not installed.

    Attributes
    ----------
    extra : str
        Extra of arkitekt-di that brings it.
    purpose : str
        What needs it.
    """

    def __init__(self, extra: str, purpose: str) -> None:
        super().__init__(extra, purpose)
        self.extra = extra
        self.purpose = purpose

    def __str__(self) -> str:
        return f"{self.purpose} needs the extra {self.extra!r}. Install it: pip install 'arkitekt-di[{self.extra}]'"


class AppNotLoadedError(ArkitektError, ImportError):
    """The app that was named cannot be had from its module.

    Attributes
    ----------
    target : str
        What was named, such as ``app.py:app``.
    reason : str
        Why not.
    """

    def __init__(self, target: str, reason: str) -> None:
        super().__init__(target, reason)
        self.target = target
        self.reason = reason

    def __str__(self) -> str:
        return f"there is no app to run in {self.target!r}: {self.reason}. Name it as MODULE:APP, such as app.py:app"


# --- open, close or name the app -----------------------------------------------------------------

_OPEN_AN_APP = 'app = easy("my-app")\nwith app:\n    ...  # call it here, or pass app=app'


class AppStateError(ArkitektError, RuntimeError):
    """The app is not in the state that the call needs."""


class NoAppError(AppStateError):
    """No app is open where a helper needs one."""

    def __str__(self) -> str:
        return f"no app is open here. Open one around the call:\n\n{_OPEN_AN_APP}"


class AmbiguousAppError(AppStateError):
    """Several apps are open and nothing says which one governs here.

    Attributes
    ----------
    identifiers : tuple of str
        The apps that are open.
    """

    def __init__(self, identifiers: Sequence[str]) -> None:
        super().__init__(tuple(identifiers))
        self.identifiers = tuple(identifiers)

    def __str__(self) -> str:
        names = ", ".join(repr(name) for name in self.identifiers)
        return (
            f"{len(self.identifiers)} apps are open ({names}) and this thread belongs to none of them. "
            "Pass app=..., or start the thread with app.thread(...)"
        )


class AppClosedError(AppStateError):
    """The app that was asked is not open.

    Attributes
    ----------
    identifier : str
        The app.
    """

    def __init__(self, identifier: str) -> None:
        super().__init__(identifier)
        self.identifier = identifier

    def __str__(self) -> str:
        return f"the app {self.identifier!r} is not open. Open it around the call:\n\nwith app:\n    ..."


class AppElsewhereError(AppStateError):
    """Lazy pixels came from another process, and this one has no app that can read them.

    Attributes
    ----------
    reason : str
        What is wrong here.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"these pixels were opened by an app of another process, and {self.reason}. Open an app of the same hub in "
            "each process that computes, such as in the initializer of its pool, or compute with threads"
        )


class AppEnteredError(AppStateError):
    """The app is open, and an open app cannot be changed or entered again.

    Attributes
    ----------
    identifier : str
        The app.
    action : str
        What was tried, such as ``set 'mikro'``.
    """

    def __init__(self, identifier: str, action: str) -> None:
        super().__init__(identifier, action)
        self.identifier = identifier
        self.action = action

    def __str__(self) -> str:
        return (
            f"cannot {self.action}: the app {self.identifier!r} is open. "
            "Configure an app before it is entered: leave the `with` block first"
        )


# --- koil ----------------------------------------------------------------------------------------


class KoilError(ArkitektError, RuntimeError):
    """The bridge between sync and async code cannot be crossed from here."""


class OwnLoopError(KoilError):
    """A blocking call was made on the very loop that would have to do the work.

    Attributes
    ----------
    call : str
        Name of the function that was called.
    instead : str or None
        What can be awaited, where it is not the function itself, such as ``image.adata()``.
    """

    def __init__(self, call: str, instead: str | None = None) -> None:
        super().__init__(call, instead)
        self.call = call
        self.instead = instead

    def __str__(self) -> str:
        called = f"{self.call}()" if self.instead is None else self.call
        awaited = self.instead or f"{self.call}(...)"
        return f"{called} would block the app's own event loop for ever. Await it instead: await {awaited}"


class KoilClosedError(KoilError):
    """The loop is closed, so no work can be handed to it."""

    def __str__(self) -> str:
        return "the app's event loop is closed. Make the call inside `with app:`"


class ForkedError(KoilError):
    """The loop belongs to the parent process of this fork."""

    def __str__(self) -> str:
        return "this process was forked from the one that opened the app. Open a new app here, or start it with 'spawn'"


class ForkedStoreError(ForkedError):
    """Pixels had been moved before this process was forked; what moves them does not survive a fork."""

    def __str__(self) -> str:
        return (
            "this process was forked from one that had moved pixels, and the threads that move them stayed there. "
            "Start processes with 'spawn' or 'forkserver'"
        )


class NotAwaitedError(KoilError, AttributeError):
    """The result of a call was used on the loop before it was awaited.

    Attributes
    ----------
    call : str
        Name of the function that was called.
    """

    def __init__(self, call: str) -> None:
        super().__init__(call)
        self.call = call

    def __str__(self) -> str:
        return f"{self.call}() was called on the event loop, so it has to be awaited first: await {self.call}(...)"


class NotPicklableError(KoilError, TypeError):
    """A loop cannot travel to another process."""

    def __str__(self) -> str:
        return "a Koil cannot be pickled: its thread and loop stay in this process. Open a new one in the other process"


class CallTimeoutError(ArkitektError, TimeoutError):
    """A call was given a time, did not end within it, and was cancelled.

    Attributes
    ----------
    call : str
        Name of the function that was called.
    seconds : float
        The time that it was given.
    """

    def __init__(self, call: str, seconds: float) -> None:
        super().__init__(call, seconds)
        self.call = call
        self.seconds = seconds

    def __str__(self) -> str:
        return f"{self.call}() did not end within {self.seconds:g} s and was cancelled. Give it more time"


# --- find the hub and its services ---------------------------------------------------------------


class DiscoveryError(ArkitektError, ConnectionError):
    """No hub could be found or used.

    Attributes
    ----------
    url : str
        The address that was tried.
    reason : str
        Why it failed.
    """

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason


class HubUnreachableError(DiscoveryError):
    """Nothing answers at the address of the hub."""

    def __str__(self) -> str:
        return f"no hub answers at {self.url}: {self.reason}. Check the address and that the hub is running"


class NotAHubError(DiscoveryError):
    """Something answers, but not an Arkitekt hub that can be used."""

    def __str__(self) -> str:
        return f"{self.url} does not answer like an Arkitekt hub: {self.reason}. Check the address with who runs it"


class HubNotTrustedError(DiscoveryError):
    """Nobody has said yet that this hub is the right one, and nothing but its own word says so.

    Attributes
    ----------
    fingerprint : str or None
        Of the key that the hub proved to have; None where it proved none.
    """

    def __init__(self, url: str, reason: str, fingerprint: str | None = None) -> None:
        super().__init__(url, reason)
        self.args = (url, reason, fingerprint)
        self.fingerprint = fingerprint

    def __str__(self) -> str:
        if self.fingerprint is None:
            return f"the hub at {self.url} is not trusted: {self.reason}. Ask who runs it for its https address"
        return (
            f"the hub at {self.url} is not trusted: {self.reason}. Its key is {self.fingerprint}: if the hub shows the "
            f"same, trust it with `arkitekt-di auth trust {self.url} --fingerprint {self.fingerprint}`"
        )


class HubChangedError(DiscoveryError):
    """Another hub answers than the one that was trusted at this address; nothing was sent to it.

    Attributes
    ----------
    known : str
        Fingerprint of the key that was trusted.
    found : str or None
        Fingerprint of the key that answers; None where it proves none.
    """

    def __init__(self, url: str, known: str, found: str | None) -> None:
        super().__init__(url, "another hub answers")
        self.args = (url, known, found)
        self.known = known
        self.found = found

    def __str__(self) -> str:
        found = f"it is {self.found}" if self.found else "none is proven"
        return (
            f"the hub at {self.url} is not the one that was trusted: its key was {self.known}, now {found}. Somebody "
            "may stand in between: ask who runs the hub. If its key has changed on purpose, run "
            f"`arkitekt-di auth distrust {self.url}` and log in again, or correct fakts.fingerprint"
        )


class HubStartError(DiscoveryError):
    """The user's local hub could not be started.

    Here ``url`` is the data folder of the local hub.
    """

    def __str__(self) -> str:
        return (
            f"the local hub in {self.url} did not start: {self.reason}. "
            f"See its log with `arkitekt-di hub status`, or name another hub with url=..."
        )


@dataclass(frozen=True)
class AliasFailure:
    """Why one address of a service could not be used, and what may help."""

    url: str
    reason: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.url}: {self.reason}{hint}"


class ServiceUnreachableError(ArkitektError, ConnectionError):
    """Every address of a service failed its challenge.

    Attributes
    ----------
    service : str
        Key of the service, such as ``mikro``.
    failures : tuple of AliasFailure
        Each address with its reason.
    """

    def __init__(self, service: str, failures: Sequence[AliasFailure]) -> None:
        super().__init__(service, tuple(failures))
        self.service = service
        self.failures = tuple(failures)

    def __str__(self) -> str:
        tried = "".join(f"\n  {failure}" for failure in self.failures)
        return f"no address of the service {self.service!r} can be reached. Ask who runs the hub. Tried:{tried}"


# --- log in again --------------------------------------------------------------------------------


class LoginError(ArkitektError):
    """The hub does not accept who is asking.

    Attributes
    ----------
    url : str
        The hub.
    reason : str
        What the hub or the login flow said.
    """

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        return f"the hub at {self.url} did not log this app in: {self.reason}"


class LoginRequiredError(LoginError):
    """The stored login is gone or worn out, and nobody can be asked here."""

    def __str__(self) -> str:
        return f"a new login at {self.url} is needed: {self.reason}. Open the app again to log in"


class LoginRefusedError(LoginError):
    """A person, or the hub, said no."""

    def __str__(self) -> str:
        return f"the login at {self.url} was refused: {self.reason}. Open the app again to ask once more"


class LoginExpiredError(LoginError):
    """Nobody approved the code before it expired."""

    def __str__(self) -> str:
        return f"the login at {self.url} was not approved in time: {self.reason}. Open the app again for a new code"


class LoginWayClosedError(LoginError):
    """A way of logging in that is not open here; another may be."""

    def __str__(self) -> str:
        return f"this way of logging in at {self.url} is not open here: {self.reason}. Set herre.login to another one"


class InsecureTransportError(LoginError):
    """Credentials would travel where others could read them."""

    def __str__(self) -> str:
        return f"refused to send credentials to {self.url}: {self.reason}. Use the hub's own https address"


# --- ask for something else ----------------------------------------------------------------------


class NotFoundError(ArkitektError, LookupError):
    """What was asked for does not exist, or not for this user."""


class ImageNotFoundError(NotFoundError):
    """No image has this identifier, or this user may not read it.

    Attributes
    ----------
    image_id : str
        The identifier.
    """

    def __init__(self, image_id: str) -> None:
        super().__init__(image_id)
        self.image_id = image_id

    def __str__(self) -> str:
        return f"no image {self.image_id!r} that you may read. List what there is with search_images()"


class FolderNotFoundError(NotFoundError):
    """No folder has this identifier or path, or this user may not see it.

    Attributes
    ----------
    folder : str
        The identifier or the path.
    """

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.folder = folder

    def __str__(self) -> str:
        return f"no folder {self.folder!r} that you may see. List what there is with search_folders()"


class StoredFileNotFoundError(NotFoundError):
    """No file has this identifier, or this user may not read it.

    Attributes
    ----------
    file_id : str
        The identifier.
    """

    def __init__(self, file_id: str) -> None:
        super().__init__(file_id)
        self.file_id = file_id

    def __str__(self) -> str:
        return f"no file {self.file_id!r} that you may read. List what there is with search_files()"


class TableNotFoundError(NotFoundError):
    """No table has this identifier, or this user may not read it.

    Attributes
    ----------
    table_id : str
        The identifier.
    """

    def __init__(self, table_id: str) -> None:
        super().__init__(table_id)
        self.table_id = table_id

    def __str__(self) -> str:
        return f"no table {self.table_id!r} that you may read. List what there is with search_tables()"


class MetricNotFoundError(NotFoundError):
    """No metric has this identifier, or this user may not see it.

    Attributes
    ----------
    metric_id : str
        The identifier.
    """

    def __init__(self, metric_id: str) -> None:
        super().__init__(metric_id)
        self.metric_id = metric_id

    def __str__(self) -> str:
        return f"no metric {self.metric_id!r} that you may see. List what there is with get_metrics()"


class RoiNotFoundError(NotFoundError):
    """There is no such region of interest, or not for this user.

    Attributes
    ----------
    roi_id : str
        What was asked for.
    """

    def __init__(self, roi_id: str) -> None:
        super().__init__(roi_id)
        self.roi_id = roi_id

    def __str__(self) -> str:
        found = f"no region of interest has the identifier {self.roi_id!r}"
        return f"{found}. It may have been deleted; find those of an image with get_rois()"


class CommentNotFoundError(NotFoundError):
    """There is no such comment, or not for this user.

    Attributes
    ----------
    comment_id : str
        What was asked for.
    """

    def __init__(self, comment_id: str) -> None:
        super().__init__(comment_id)
        self.comment_id = comment_id

    def __str__(self) -> str:
        return f"no comment has the identifier {self.comment_id!r}. Read those on a record with get_comments()"


class StoreNotFoundError(NotFoundError):
    """No upload and no stored array has this identifier, or this user may not use it.

    Attributes
    ----------
    store_id : str
        The identifier.
    """

    def __init__(self, store_id: str) -> None:
        super().__init__(store_id)
        self.store_id = store_id

    def __str__(self) -> str:
        return f"no store {self.store_id!r} that you may use. Request a new upload, or read the image again"


class ActionNotFoundError(NotFoundError):
    """No function of this name is offered, or several are, or not to this user.

    Attributes
    ----------
    wanted : str
        What was asked for.
    reason : str
        Whether there is none, or which there are.
    """

    def __init__(self, wanted: str, reason: str) -> None:
        super().__init__(wanted, reason)
        self.wanted = wanted
        self.reason = reason

    def __str__(self) -> str:
        return f"cannot tell which function {self.wanted!r} is: {self.reason}. List what there is with find()"


class TaskNotFoundError(NotFoundError):
    """No task has this identifier, or this user may not see it.

    Attributes
    ----------
    task_id : str
    """

    def __init__(self, task_id: str) -> None:
        super().__init__(task_id)
        self.task_id = task_id

    def __str__(self) -> str:
        return f"no task {self.task_id!r} that you may see; it may be older than the hub keeps them. Call again"


class AgentNotFoundError(NotFoundError):
    """No agent fits what was asked for.

    Attributes
    ----------
    target : str
        What was asked for.
    """

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target

    def __str__(self) -> str:
        return f"no agent {self.target!r} that you may use. Start the app that offers it, then call again"


class ServiceNotGrantedError(NotFoundError):
    """The hub did not grant this service to the app.

    Attributes
    ----------
    service : str
        Key of the service, such as ``mikro``.
    granted : tuple of str
        Keys of the services that were granted.
    """

    def __init__(self, service: str, granted: Sequence[str]) -> None:
        super().__init__(service, tuple(granted))
        self.service = service
        self.granted = tuple(granted)

    def __str__(self) -> str:
        granted = ", ".join(self.granted) or "none"
        return f"the hub did not grant the service {self.service!r} to this app (granted: {granted}). Log in again"


class UserNotFoundError(NotFoundError):
    """The hub has no user of this name.

    Attributes
    ----------
    name : str
        The name that was asked for.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"this hub has no user {self.name!r}. Check the spelling, or create the user first"


class ClientNotFoundError(NotFoundError):
    """The hub has no registered client of this identifier, or it has no secret.

    Attributes
    ----------
    client_id : str
    """

    def __init__(self, client_id: str) -> None:
        super().__init__(client_id)
        self.client_id = client_id

    def __str__(self) -> str:
        return f"this hub has no such client {self.client_id!r}. `arkitekt-di clients list` shows those that it has"


class MandateNotFoundError(NotFoundError):
    """The hub has no mandate key of this identifier, or it is somebody else's.

    Attributes
    ----------
    mandate_id : str
    """

    def __init__(self, mandate_id: str) -> None:
        super().__init__(mandate_id)
        self.mandate_id = mandate_id

    def __str__(self) -> str:
        return f"this hub has no such mandate key {self.mandate_id!r}. `arkitekt-di mandates list` shows those it has"


class OrganizationNotFoundError(NotFoundError):
    """The hub has no organization of this name, or several where none was named.

    Attributes
    ----------
    slug : str or None
        What was asked for; None where nothing was named.
    """

    def __init__(self, slug: str | None = None) -> None:
        super().__init__(slug)
        self.slug = slug

    def __str__(self) -> str:
        if self.slug is None:
            return "this hub has none or several organizations. Name one with --organization"
        return f"this hub has no organization {self.slug!r}. `arkitekt-di users list` shows those that it has"


class HubDataNotFoundError(NotFoundError):
    """There are no records of a hub in the folder.

    Attributes
    ----------
    folder : str
    """

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.folder = folder

    def __str__(self) -> str:
        return (
            f"no hub has been in {self.folder}. Name its data folder with --data, or start it once: arkitekt-di serve"
        )


class ClientRefusedError(ArkitektError, ValueError):
    """A client cannot be registered like this; nothing has been stored.

    Attributes
    ----------
    reason : str
        What is wrong.
    remedy : str
        What to do about it.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.reason}. {self.remedy}"


class MandateRefusedError(ArkitektError, ValueError):
    """A mandate key cannot be made like this; nothing has been stored.

    Attributes
    ----------
    reason : str
        What is wrong.
    remedy : str
        What to do about it.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.reason}. {self.remedy}"


class AccountRefusedError(ArkitektError, ValueError):
    """A user cannot be created or changed like this; nothing has been stored.

    Attributes
    ----------
    reason : str
        What is wrong; never the password.
    remedy : str
        What to do about it.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.reason}. {self.remedy}"


class PermissionDeniedError(ArkitektError, PermissionError):
    """The user is known but may not do this.

    Attributes
    ----------
    action : str
        What was tried.
    """

    def __init__(self, action: str) -> None:
        super().__init__(action)
        self.action = action

    def __str__(self) -> str:
        return f"you may not {self.action}. Ask who runs the hub for the right"


class LinkRefusedError(ArkitektError, PermissionError):
    """A link to an image is not one of this hub's, or is not good any more.

    Attributes
    ----------
    reason : str
        What is wrong; never the link.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.reason}. Ask for a new link with image.ngff_url()"


class LinkExpiredError(LinkRefusedError):
    """The link was good once: its time is over, or its image is gone."""


# --- images --------------------------------------------------------------------------------------


class FileRefusedError(ArkitektError, ValueError):
    """A file cannot be imported, or written, as it is; nothing was stored.

    Attributes
    ----------
    path : str
        The file.
    reason : str
        What is wrong.
    remedy : str
        What to do about it.
    """

    def __init__(self, path: str, reason: str, remedy: str) -> None:
        super().__init__(path, reason, remedy)
        self.path = path
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}. {self.remedy}"


class RecordRefusedError(ArkitektError, ValueError):
    """What is to be kept, or the question for it, will not do; nothing has been changed.

    Attributes
    ----------
    reason : str
        What is wrong.
    remedy : str
        What to do about it.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.reason}. {self.remedy}"


class ImageRefusedError(RecordRefusedError):
    """The array cannot be stored as it is; nothing has been sent."""


class TableRefusedError(RecordRefusedError):
    """The table cannot be stored so that it comes back as it is; nothing has been sent."""


class FileDamagedError(ArkitektError):
    """Stored bytes of a file are missing or are not what was written.

    Attributes
    ----------
    file_id : str
        The file.
    reason : str
        What is wrong with it.
    """

    def __init__(self, file_id: str, reason: str) -> None:
        super().__init__(file_id, reason)
        self.file_id = file_id
        self.reason = reason

    def __str__(self) -> str:
        return f"file {self.file_id} is damaged: {self.reason}. Restore the hub's data, or upload the file anew"


class RoiRefusedError(ArkitektError, ValueError):
    """A region of interest cannot be drawn, or not be turned into what was asked for.

    Attributes
    ----------
    reason : str
        What is wrong.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.reason}. Draw it in another way, or ask for another form"


class ImageDamagedError(ArkitektError):
    """Stored bytes of an image are missing or are not what was written; no pixels were made up in their place.

    Attributes
    ----------
    image_id : str
        The image.
    key : str
        The object, relative to the image.
    reason : str
        What is wrong with it.
    """

    def __init__(self, image_id: str, key: str, reason: str) -> None:
        super().__init__(image_id, key, reason)
        self.image_id = image_id
        self.key = key
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"the image {self.image_id} is damaged: {self.key}: {self.reason}. "
            "Ask who runs the hub to restore its data folder, or store the image anew"
        )


class UploadIncompleteError(ArkitektError):
    """Parts of an upload have not arrived; it stays open for them.

    Attributes
    ----------
    store_id : str
        The upload.
    missing : tuple of str
        Objects, relative to the upload, that are not there or have another size; the first few.
    count : int
        How many there are.
    """

    def __init__(self, store_id: str, missing: Sequence[str], count: int) -> None:
        super().__init__(store_id, tuple(missing), count)
        self.store_id = store_id
        self.missing = tuple(missing)
        self.count = count

    def __str__(self) -> str:
        more = f" and {self.count - len(self.missing)} more" if self.count > len(self.missing) else ""
        names = ", ".join(self.missing)
        return f"the upload {self.store_id} lacks {names}{more}. Send them and finish it again, or discard it"


class UploadPendingError(ArkitektError):
    """Everything has arrived, and the hub is still putting it together.

    Attributes
    ----------
    store_id : str
        The upload.
    """

    def __init__(self, store_id: str) -> None:
        super().__init__(store_id)
        self.store_id = store_id

    def __str__(self) -> str:
        return f"the upload {self.store_id} is still being put together. Ask to finish it again"


class AppendConflictError(ArkitektError):
    """Somebody else appends to the image, or what comes next is not what was sent.

    Attributes
    ----------
    image_id : str
        The image.
    reason : str
        What stands in the way.
    """

    def __init__(self, image_id: str, reason: str) -> None:
        super().__init__(image_id, reason)
        self.image_id = image_id
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"nothing was appended to the image {self.image_id}: {self.reason}. "
            "Let one writer append at a time; image_writer(image=...) goes on where the image ends"
        )


# --- try again later -----------------------------------------------------------------------------


class ConnectionLostError(ArkitektError, ConnectionError):
    """The hub or one of its services does not answer any more.

    Attributes
    ----------
    url : str
        What was asked.
    reason : str
        What went wrong.
    """

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        return f"lost the connection to {self.url}: {self.reason}. Check that the hub is running, then try again"


class CertificateError(ConnectionLostError):
    """The server's certificate is not trusted, so nothing was sent."""

    def __str__(self) -> str:
        return (
            f"the certificate of {self.url} is not trusted: {self.reason}. "
            "Ask who runs the hub; nothing was sent, and plain http is not tried instead"
        )


class ObjectStoreLostError(ConnectionLostError):
    """The S3 on which the hub keeps its objects does not answer, or not as it should."""

    def __str__(self) -> str:
        return f"{self.url} failed: {self.reason}. Try again; if it stays so, tell who runs the hub"


class TransferError(ConnectionLostError):
    """Pixels could not be moved; no half image is visible."""

    def __str__(self) -> str:
        return f"could not move pixels to or from {self.url}: {self.reason}. Nothing was stored in part; try again"


class StorageFullError(ArkitektError, OSError):
    """There is no space left for the data.

    Attributes
    ----------
    where : str
        The hub or folder that is full.
    """

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where

    def __str__(self) -> str:
        return f"no space left at {self.where}. Free some space there, then try again; nothing was stored in part"


# --- functions and tasks --------------------------------------------------------------------------


class OfferRefusedError(ArkitektError, ValueError):
    """A function cannot be offered as it is written.

    Attributes
    ----------
    function : str
        Its name.
    parameter : str
        The parameter that cannot be mapped; ``return`` for what it returns, empty for the whole function.
    reason : str
        What is wrong.
    remedy : str
        What to do about it.
    """

    def __init__(self, function: str, parameter: str, reason: str, remedy: str) -> None:
        super().__init__(function, parameter, reason, remedy)
        self.function = function
        self.parameter = parameter
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.function}()" + (f", {self.parameter}" if self.parameter else "")
        return f"cannot offer {place}: {self.reason}. {self.remedy}"


class ValueRefusedError(ArkitektError, ValueError):
    """A value does not fit the port that it is for; nothing was run.

    Attributes
    ----------
    port : str
        Path of the port, such as ``options.sizes[2]``.
    reason : str
        What does not fit.
    """

    def __init__(self, port: str, reason: str) -> None:
        super().__init__(port, reason)
        self.port = port
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.port}: {self.reason}. Give a value that fits the port"


class AgentRefusedError(ArkitektError):
    """The hub does not take this app as an agent, and asking again would not help.

    Attributes
    ----------
    url : str
        Where it was tried.
    code : int
        Close code of the socket.
    reason : str
        What the hub said.
    """

    def __init__(self, url: str, code: int, reason: str) -> None:
        super().__init__(url, code, reason)
        self.url = url
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"{self.url} does not take this app as an agent ({self.code}): {self.reason}. "
            "Where another process of this app offers functions already, end it, or set rekuest.force"
        )


class LeaseLostError(ArkitektError):
    """Another connection speaks for the agent now: what this one says is not recorded.

    Attributes
    ----------
    agent_id : str
    epoch : int
        The lease that is worth nothing any more.
    """

    def __init__(self, agent_id: str, epoch: int) -> None:
        super().__init__(agent_id, epoch)
        self.agent_id = agent_id
        self.epoch = epoch

    def __str__(self) -> str:
        return f"lease {self.epoch} of agent {self.agent_id!r} was given to another. End one of the two processes"


class TaskError(ArkitektError):
    """A task did not end well.

    Attributes
    ----------
    task : str
        Identifier of the task; empty where it never got one.
    message : str
        What was said about it.
    """

    def __init__(self, task: str, message: str) -> None:
        super().__init__(task, message)
        self.task = task
        self.message = message

    def __str__(self) -> str:
        return f"the task {self.task} did not end well: {self.message}"


class RemoteError(TaskError):
    """The function raised, in another process.

    Attributes
    ----------
    kind : str
        Name of the type that was raised there, such as ``ValueError``; empty where the agent did not say.
    remote_traceback : str
        The traceback as text; empty where the agent did not send it.
    """

    def __init__(self, task: str, message: str, kind: str = "", remote_traceback: str = "") -> None:
        super().__init__(task, message)
        self.args = (task, message, kind, remote_traceback)
        self.kind = kind
        self.remote_traceback = remote_traceback

    def __str__(self) -> str:
        raised = f"{self.kind}: {self.message}" if self.kind else self.message
        return raised if not self.remote_traceback else f"{raised}\n\nremote traceback:\n{self.remote_traceback}"


class TaskStoppedError(TaskError):
    """The task was cancelled or interrupted."""

    def __str__(self) -> str:
        return f"the task {self.task} was stopped: {self.message}. Call again where its result is still wanted"


class TaskDeniedError(TaskError):
    """A person refused to let the task go on."""

    def __str__(self) -> str:
        return f"a person did not let the task {self.task} go on: {self.message}"


class AgentLostError(TaskError):
    """The agent that worked on a task is gone; how far the task came is not known.

    Attributes
    ----------
    started : bool
        Whether the body had begun; where not, calling again repeats nothing.
    last_progress : int or None
        The last that was heard, in percent.
    """

    def __init__(self, task: str, message: str, *, started: bool = True, last_progress: int | None = None) -> None:
        super().__init__(task, message)
        self.started = started
        self.last_progress = last_progress

    def __str__(self) -> str:
        far = "" if self.last_progress is None else f" at {self.last_progress} %"
        state = (
            f"after it had started{far}: look what it left behind, then call again"
            if self.started
            else ("before it had started: call again")
        )
        return f"the agent of the task {self.task} was lost ({self.message}), {state}"


class WorkerDiedError(TaskError):
    """The process that ran the body ended without a word.

    Attributes
    ----------
    exit_code : int
        Negative where a signal ended it, such as -11 for a segmentation fault.
    """

    def __init__(self, task: str, message: str, exit_code: int = 0) -> None:
        super().__init__(task, message)
        self.args = (task, message, exit_code)
        self.exit_code = exit_code

    def __str__(self) -> str:
        return f"the process that ran the task {self.task} ended: {self.message}. The agent goes on with a new process"


class HubRefusedError(ArkitektError):
    """The hub understood the request and answered with an error.

    Attributes
    ----------
    operation : str
        What was asked, such as the name of a GraphQL operation.
    messages : tuple of str
        What the hub said.
    codes : tuple of str
        Machine-readable kinds of the messages, such as ``NOT_FOUND``, where the hub gave any.
    """

    def __init__(self, operation: str, messages: Sequence[str], codes: Sequence[str] = ()) -> None:
        super().__init__(operation, tuple(messages), tuple(codes))
        self.operation = operation
        self.messages = tuple(messages)
        self.codes = tuple(codes)

    def __str__(self) -> str:
        return f"the hub refused {self.operation}: {'; '.join(self.messages)}"


class ObjectRefusedError(ArkitektError):
    """The hub's object store does not do what it was asked.

    Attributes
    ----------
    code : str
        S3's name for the reason, such as ``AccessDenied``.
    reason : str
        What is wrong, and what to do about it.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason

    def __str__(self) -> str:
        return f"the object store refused the request ({self.code}): {self.reason}"


class ProtocolMismatchError(ArkitektError):
    """Client and hub do not speak the same version.

    Attributes
    ----------
    peer : str
        Who answered.
    expected, found : str
        What was needed and what came.
    """

    def __init__(self, peer: str, expected: str, found: str) -> None:
        super().__init__(peer, expected, found)
        self.peer = peer
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        return f"{self.peer} speaks {self.found}, but {self.expected} is needed. Update arkitekt-di on both sides"


# --- the hub itself ------------------------------------------------------------------------------


class ServeError(ArkitektError, RuntimeError):
    """The hub cannot start here."""


class PortTakenError(ServeError):
    """Another program listens on the port.

    Attributes
    ----------
    host : str
    port : int
    """

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.host = host
        self.port = port

    def __str__(self) -> str:
        return f"port {self.port} on {self.host} is taken. Choose another with --port, or 0 for any free one"


class DataFolderInUseError(ServeError):
    """Another hub already serves this data folder.

    Attributes
    ----------
    folder : str
    """

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.folder = folder

    def __str__(self) -> str:
        return f"another hub already serves {self.folder}. Stop it, or choose another folder with --data"


class CertificateUnusableError(ServeError):
    """The hub cannot speak https with the certificate or the key that it was given.

    Attributes
    ----------
    path : str
        The file with the certificate.
    reason : str
        What is wrong.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"the certificate in {self.path} cannot be used: {self.reason}. "
            "Check listen.tls_cert and listen.tls_key: both in PEM, the key without a password"
        )


class ObjectStoreUnusableError(ServeError):
    """The hub cannot keep its objects on the S3 that it was given.

    Attributes
    ----------
    endpoint : str
        Address of the S3.
    reason : str
        What it answers.
    setting : str
        The setting to look at first.
    """

    def __init__(self, endpoint: str, reason: str, setting: str) -> None:
        super().__init__(endpoint, reason, setting)
        self.endpoint = endpoint
        self.reason = reason
        self.setting = setting

    def __str__(self) -> str:
        return f"the object store at {self.endpoint} cannot be used: {self.reason}. Check {self.setting}"


class BeaconError(ServeError):
    """The hub cannot be announced on the local network.

    Attributes
    ----------
    url : str
        Where the hub is.
    reason : str
        Why nobody may be told.
    """

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        return f"the hub at {self.url} cannot be announced: {self.reason}. Listen on --host 0.0.0.0, or leave --lan out"


class AutomaticApprovalError(ServeError):
    """Logins would be approved without a person, on a hub that others can reach.

    Attributes
    ----------
    address : str
        The host or public address that makes the hub reachable.
    """

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address

    def __str__(self) -> str:
        return (
            f"refused to approve logins without a person on {self.address}: anyone who reaches the hub would be let "
            "in. Listen on 127.0.0.1, or leave automatic approval out"
        )
