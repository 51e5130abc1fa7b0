"""What ``arkitekt-di run segmenter.serve`` serves: the functions of `nuclei`, by the lab's app."""

from segmenter import nuclei
from segmenter.apps import app

__all__ = ["app", "nuclei"]
