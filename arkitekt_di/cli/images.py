"""``arkitekt-di images``: files into a hub and out of it, and what is there."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from arkitekt_di.cli.foreign_text import harmless

app = typer.Typer(help="Import, export, list and show images.", no_args_is_help=True)

Url = Annotated[str | None, typer.Option(help="Hub to use; without it the one that apps use here.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ImageId = Annotated[str, typer.Argument(help="Identifier, as `images list` shows it.")]


@app.command("import")
def import_(  # noqa: PLR0913  # each is an option of the command
    paths: Annotated[list[Path], typer.Argument(help="Files, OME-Zarr folders, or with --pattern folders of files.")],
    *,
    pattern: Annotated[
        str | None, typer.Option(help="How files are named, such as '{well}_{field}_{c}.tif'; c, t and z are stacked.")
    ] = None,
    dims: Annotated[
        str | None, typer.Option(help="Dimensions, where files do not tell them, such as zyx or 'lifetime,y,x'.")
    ] = None,
    folder: Annotated[
        str | None, typer.Option(help="Where to put the images, such as '2026/november'; made where it is not there.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Word to find them by; may be given again.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Store every image of the files in a hub.

    TIFF, OME-TIFF, PNG, JPEG, OME-Zarr 0.4 and 0.5, .npy and .npz are known by what they hold; with the extra bioio
    also CZI, ND2 and LIF.  What takes long shows a bar in a terminal.
    """
    from arkitekt_di.mikro import import_images

    names = None if dims is None else tuple(dims.split(",")) if "," in dims else tuple(dims)
    with _hub(url):
        stored = []
        for path in paths:
            images = import_images(path, pattern=pattern, dims=names, folder=folder, tags=tag or ())
            stored += images
            if not as_json:  # said at once: what was stored stays, whatever becomes of the next file
                for image in images:
                    typer.echo(harmless(f"{image.id}  {image.name}  {_sizes(image)}"))
        if as_json:
            _print_json([_about(image) for image in stored])


@app.command()
def export(
    image_id: ImageId,
    path: Annotated[Path, typer.Argument(help="What to write: .ome.zarr, .ome.tif, .png, .npy or .npz.")],
    *,
    at: Annotated[
        list[str] | None, typer.Option("--at", help="One place along a dimension, such as z=4; may be given again.")
    ] = None,
    ngff: Annotated[str, typer.Option(help="Version of OME-Zarr: 0.5, or 0.4 for programs of zarr 2.")] = "0.5",
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Write an image to a file; pixels are exact, and what the format does not keep is told."""
    from arkitekt_di.mikro import export_image, get_image
    from arkitekt_di.mikro.pixels.progress import ProgressBar

    places = dict(_place(text) for text in at or ())
    with _hub(url), ProgressBar("auto") as bar:
        exported = export_image(get_image(image_id), path, isel=places or None, ngff=ngff, progress=bar)
    if as_json:
        _print_json({"path": str(exported.path), "left_out": list(exported.left_out)})
        return
    typer.echo(f"wrote {exported.path}")
    for what in exported.left_out:
        typer.echo(f"left out: {what}", err=True)


@app.command("list")
def list_(
    text: Annotated[str | None, typer.Argument(help="Part of the name; all images without it.")] = None,
    *,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Most images that are listed.")] = 50,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List images, newest first."""
    from rich.table import Table

    from arkitekt_di.mikro import search_images

    with _hub(url) as console:
        images = search_images(text, limit=limit)
        if as_json:
            _print_json([_about(image) for image in images])
            return
        table = Table(box=None)
        for column in ("id", "name", "size", "type", "created"):
            table.add_column(column, no_wrap=column == "id")
        for image in images:
            created = "" if image.created_at is None else f"{image.created_at:%Y-%m-%d %H:%M}"
            table.add_row(*map(_cell, (image.id, image.name, _sizes(image), str(image.dtype), created)))
        console.print(table if images else "no images")


@app.command()
def show(image_id: ImageId, *, url: Url = None, as_json: AsJson = False) -> None:
    """Show what is known about an image."""
    from rich.table import Table

    from arkitekt_di.mikro import get_image

    with _hub(url) as console:
        about = _about(get_image(image_id), is_whole=True)
        if as_json:
            _print_json(about)
            return
        table = Table(show_header=False, box=None)
        for label, value in about.items():
            table.add_row(label.replace("_", " "), _cell(_text(value)))
        console.print(table)


@contextmanager
def _hub(url: str | None) -> Iterator[Any]:
    from rich.console import Console

    from arkitekt_di.builders import easy

    console = Console()
    with easy("arkitekt-di", version="1", url=url):
        yield console


def _about(image: Any, *, is_whole: bool = False) -> dict[str, Any]:
    from arkitekt_di.mikro import get_folder

    about = {
        "id": image.id,
        "name": image.name,
        "sizes": dict(image.sizes),
        "dtype": str(image.dtype),
        "created_at": None if image.created_at is None else image.created_at.isoformat(),
    }
    if not is_whole:
        return about
    labels = image.data.coords["c"].values.tolist() if "c" in image.data.coords else None
    names = [channel.name for channel in image.channels]
    return {
        **about,
        "folder": None if image.folder_id is None else get_folder(image.folder_id).path,
        "tags": list(image.tags),
        "pixel_size": image.pixel_size,
        "unit": image.unit,
        "channels": names or labels,
    }


def _cell(text: str) -> Any:  # a rich.text.Text: what others wrote is no markup
    from rich.text import Text

    return Text(harmless(text))


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {item}" for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _joined(value)
    return "" if value is None else str(value)


def _joined(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values)


def _sizes(image: Any) -> str:
    return _joined(f"{dim} {size}" for dim, size in image.sizes.items())


def _place(text: str) -> tuple[str, int]:
    dim, _, number = text.partition("=")
    if not dim or not number.removeprefix("-").isdecimal():
        raise typer.BadParameter(f"{text!r} is not such as z=4", param_hint="--at")
    return dim, int(number)


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2))
