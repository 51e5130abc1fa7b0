"""Declarative containers: every service, its collaborators and its settings, one file a service.

This is the only package that knows ``dependency_injector``.
"""
