"""The hub: login, images and an object store for apps, in one process on a laptop or spread over a lab."""
