"""Lets ``python -m arkitekt_di`` stand for ``arkitekt-di``."""

from arkitekt_di.cli import main

if __name__ == "__main__":
    main()
