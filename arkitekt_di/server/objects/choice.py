"""Where the hub's objects are kept."""

from pathlib import Path

from arkitekt_di.server.objects.folder import ObjectFolder
from arkitekt_di.server.objects.promise import Objects
from arkitekt_di.server.objects.s3_objects import S3Objects
from arkitekt_di.settings.models import ObjectSettings


def chosen_objects(folder: Path, settings: ObjectSettings) -> Objects:
    """Return the store that the settings name; *folder* is the hub's own, and has the drafts in any case."""
    if settings.store == "s3":
        return S3Objects(settings.s3, folder)
    return ObjectFolder(folder, takes_files=settings.local_drafts)
