"""The lab's own builder, and the app that is made with it."""

from pathlib import Path

from arkitekt_di import builder, easy

lab = builder("lab", base=easy, config=Path(__file__).with_name("lab.yaml"))
"""Has the arguments of `easy` and the lab's settings; other packages of the lab use it too."""

app = lab("segmenter", version="0.1.0")
